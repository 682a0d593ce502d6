#include <string.h>

#include "core/normal.h"
#include "core/verdict_int.h"

/* They were counted already, whatever their records say of it. */
static void
count_all(struct spans *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->span[i].is_stranger = false;
}

static void
digest(struct buf *text, char hex[HASH_HEX])
{
	struct span_keys keys = {0};
	struct spans t = {.keys = &keys, .text = BUF_INIT};
	struct err e;

	normal_ignore(&keys);
	spans_parse(&t, "-", text, &e); /* records that were read once */
	count_all(&t);
	normal_digest(&t, hex);
	spans_free(&t);
	span_keys_free(&keys);
}

/* Of a running, or (NULL) of all. A long trace is not copied. */
static void
gather(struct verdict_file *f, const struct running *run, struct buf *text)
{
	if (f->runs == 1 && !f->trace.len) {
		*text = f->run->trace;
		f->run->trace = (struct buf)BUF_INIT;
		return;
	}
	for (size_t i = 0; i < f->runs; i++)
		if (!run || run == &f->run[i])
			buf_add(text, f->run[i].trace.s, f->run[i].trace.len);
	if (!run || f->runs == 1)
		buf_add(text, f->trace.s, f->trace.len);
}

void
verdict_digest(const struct judging *j, const char *verdict, struct json *to)
{
	AUTO_BUF text = BUF_INIT;
	char hex[HASH_HEX];

	if (!strcmp(verdict, "error") || !strcmp(verdict, "skip")) {
		json_null(to, "digest");
		return;
	}
	gather(j->file, j->run, &text);
	if (text.len)
		digest(&text, hex);
	else
		hash_hex("", 0, hex);
	json_str(to, "digest", hex);
}
