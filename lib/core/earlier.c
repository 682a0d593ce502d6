#include "core/earlier.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "core/runs.h"

enum { DIGITS = 2 * EARLIER_ID };

static void
add(struct earlier *to, const char *s)
{
	unsigned char id[EARLIER_ID];

	for (size_t i = 0; i < EARLIER_ID; i++) {
		int high = hex_value(s[2 * i]);
		int low = high < 0 ? -1 : hex_value(s[2 * i + 1]);

		if (low < 0)
			return;
		id[i] = (unsigned char)(high << 4 | low);
	}
	to->id = mem_more(to->id, to->n, &to->cap, sizeof *to->id);
	memcpy(to->id[to->n++], id, sizeof id);
}

static void
read_run(struct earlier *to, const char *dir, const char *name)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_BUF text = BUF_INIT;
	struct err e;

	buf_addf(&path, "%s/%s/" RUNS_TRACES, dir, name);
	if (file_read(path.s, &text, &e) < 0)
		return;
	for (const char *s = text.s, *end; (end = strchr(s, '\n')); s = end + 1)
		if (end - s == DIGITS)
			add(to, s);
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, EARLIER_ID);
}

void
earlier_read(struct earlier *to)
{
	AUTO_BUF dir = BUF_INIT;
	struct runs r;
	struct err e;

	if (runs_directory(&dir, &e) < 0)
		return;
	r = runs_list(dir.s);
	for (size_t i = 0; i < r.n; i++)
		read_run(to, dir.s, r.name[i]);
	runs_free(&r);
	if (to->n)
		qsort(to->id, to->n, sizeof *to->id, compare);
}

bool
earlier_has(const struct earlier *e, const unsigned char id[EARLIER_ID])
{
	return e->n && bsearch(id, e->id, e->n, sizeof *e->id, compare);
}

void
earlier_free(struct earlier *e)
{
	free(e->id);
	*e = (struct earlier){0};
}
