#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"

static void *
sure(void *p)
{
	if (!p)
		die(EXIT_RUN, "out of memory");
	return p;
}

void *
mem_new(size_t n, size_t size)
{
	return sure(calloc(n ? n : 1, size ? size : 1));
}

char *
mem_dup(const char *s, size_t n)
{
	char *p = sure(malloc(n + 1));

	if (n)
		memcpy(p, s, n);
	p[n] = 0;
	return p;
}

char *
mem_str(const char *s)
{
	return s ? mem_dup(s, strlen(s)) : NULL;
}

void *
mem_resize(void *p, size_t size)
{
	return sure(realloc(p, size ? size : 1));
}

void *
mem_more(void *p, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap * 2 : 8;

	if (n < *cap)
		return p;
	if (want > (size_t)-1 / size)
		die(EXIT_RUN, "out of memory");
	p = mem_resize(p, want * size);
	memset((char *)p + *cap * size, 0, (want - *cap) * size);
	*cap = want;
	return p;
}
