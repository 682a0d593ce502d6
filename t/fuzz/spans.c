/*
 * Any bytes as a trace: what is read whole has a tree and a digest; of records
 * that are read one by one, whose lines do not last, it is the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "core/normal.h"
#include "core/record.h"
#include "core/spans.h"

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n);

/* Our own, or of another run: here all count. */
static void
count_all(struct spans *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->span[i].is_stranger = false;
}

static void
read_whole(const char *s, size_t n, char hex[HASH_HEX])
{
	struct span_keys keys = {0};
	struct spans t = {.keys = &keys};
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};

	buf_add(&text, s, n);
	*hex = 0;
	normal_ignore(&keys);
	if (spans_parse(&t, "x", &text, &e) == 0) {
		count_all(&t);
		normal_digest(&t, hex);
	}
	spans_free(&t);
	span_keys_free(&keys);
}

/* The line is gone when its span is looked at. */
static int
add(struct spans *to, const char *s, size_t n)
{
	char *line = memcpy(mem_new(n + 1, 1), s, n);
	int got = spans_add(to, line, n, NULL);

	free(line);
	return got;
}

/* Puts the lines together that were taken. */
static void
add_lines(struct spans *to, const char *s, size_t n, struct buf *taken)
{
	const char *end = s + n, *eol;
	struct record r = {0};
	size_t len;

	for (; s < end; s = eol + (eol < end)) {
		eol = memchr(s, '\n', (size_t)(end - s));
		eol = eol ? eol : end;
		len = (size_t)(eol - s);
		if (record_read(s, len, &r, NULL) < 0 ||
		    r.type != RECORD_SPAN || add(to, s, len) < 0)
			continue;
		if (!to->span[to->n - 1].is_whole) {
			to->n--;
			continue;
		}
		buf_add(taken, s, len);
		buf_addc(taken, '\n');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const char *s = (const char *)bytes;
	struct span_keys keys = {0};
	struct spans t = {.keys = &keys, .text = BUF_INIT};
	AUTO_BUF taken = BUF_INIT;
	char whole[HASH_HEX], hex[HASH_HEX];

	read_whole(s, n, whole);
	normal_ignore(&keys);
	add_lines(&t, s, n, &taken);
	if (t.n) {
		spans_tree(&t);
		normal_digest(&t, hex);
		read_whole(taken.s, taken.len, whole);
		BUG_IF(strcmp(hex, whole) != 0);
	}
	spans_free(&t);
	span_keys_free(&keys);
	return 0;
}
