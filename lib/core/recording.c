#include "core/recording.h"

#include "base/file.h"
#include "core/diff_write.h"
#include "core/normal.h"

void
recording_print(
    const struct spans *t, const char *const ignored[], size_t n, struct buf *b)
{
	AUTO_JSON j = record_begin("baseline");
	char hex[HASH_HEX];

	json_int(&j, "v", 1);
	normal_digest(t, hex);
	json_str(&j, "digest", hex);
	json_int(&j, "spans", (int64_t)t->n);
	json_open(&j, "ignore", '[');
	for (size_t i = 0; i < n; i++)
		json_str(&j, NULL, ignored[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	buf_add(b, j.text.s, j.text.len);
	buf_addc(b, '\n');
	normal_print(t, true, b);
}

/* The names in the head of a recording. */
static const char **
ignored_by(const struct spans *t, struct arena *a, size_t *n)
{
	const struct value *head, *list;
	const char **name;

	head = json_parse(a, t->text.s, strcspn(t->text.s, "\n"), NULL);
	list = value_get(head, "ignore");
	*n = list && list->kind == VALUE_LIST ? list->list.n : 0;
	name = arena_alloc(a, (*n + 1) * sizeof *name);
	for (size_t i = 0; i < *n; i++)
		name[i] = value_str_or(list->list.item[i], "");
	return name;
}

/* A recording and the spans to be held against it. */
struct pair {
	struct span_keys keys;
	struct spans base, now;
	struct diff d;
};

static int
open_pair(struct pair *p, struct recorded *t,
    const struct recording_rules *rules, struct err *e)
{
	*p = (struct pair){
	    .base = {.keys = &p->keys, .text = BUF_INIT},
	    .now = {.keys = &p->keys, .text = BUF_INIT},
	    .d = {.base = &p->base,
		.now = &p->now,
		.tolerance = rules->tolerance,
		.least_ns = rules->least_ns},
	};
	if (!rules->all)
		normal_ignore(&p->keys);
	for (size_t i = 0; i < rules->ignores->n; i++)
		diff_ignore(&p->d, rules->ignores->item[i], NULL);
	/* Only when its names are read is it known what does not count. */
	if (spans_read(&p->base, t->path, e) < 0)
		return -1;
	return spans_parse(&p->now, t->source, &t->text, e);
}

/* The spans go back to the test. */
static void
close_pair(struct pair *p, struct recorded *t)
{
	if (p->now.text.len) {
		t->text = p->now.text;
		p->now.text = (struct buf)BUF_INIT;
	}
	diff_free(&p->d);
	spans_free(&p->base);
	spans_free(&p->now);
	span_keys_free(&p->keys);
}

int
recording_compare(struct recorded *t, const struct recording_rules *rules,
    struct stage *stage, struct err *e)
{
	struct diff_test test = {t->source, t->gen, t->verdict};
	struct pair p;
	int failed = open_pair(&p, t, rules, e);

	if (!failed) {
		diff_run(&p.d);
		diff_write_records(&p.d, &test, stage);
		t->differs = diff_changes(&p.d) > 0;
	}
	close_pair(&p, t);
	return failed;
}

int
recording_renew(
    struct recorded *t, const struct recording_rules *rules, struct err *e)
{
	AUTO_ARENA a = {0};
	AUTO_BUF text = BUF_INIT;
	const char **ignored;
	struct pair p;
	size_t n;
	int failed = open_pair(&p, t, rules, e);

	if (!failed) {
		ignored = ignored_by(&p.base, &a, &n);
		diff_take_runs(&p.now, &p.base);
		recording_print(&p.now, ignored, n, &text);
		failed = file_replace(t->path, text.s, text.len, 0666, e);
	}
	close_pair(&p, t);
	return failed;
}
