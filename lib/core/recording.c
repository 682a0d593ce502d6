#include "core/recording.h"

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

/* Its durations are those of the recording, where they take in the new ones. */
static void
make_next(struct recorded *t, struct diff *d)
{
	AUTO_ARENA a = {0};
	size_t n;
	const char **ignored = ignored_by(d->base, &a, &n);

	diff_take_runs(d->now, d->base);
	buf_free(&t->text);
	recording_print(d->now, ignored, n, &t->text);
}

static int
compare(struct recorded *t, struct diff *d, struct stage *stage, struct err *e)
{
	struct diff_test test = {t->source, t->gen, t->verdict};

	/* Only when its names are read is it known what does not count. */
	if (spans_read(d->base, t->path, e) < 0 ||
	    spans_parse(d->now, t->source, &t->text, e) < 0)
		return -1;
	diff_run(d);
	diff_write_records(d, &test, stage);
	t->differs = diff_changes(d) > 0;
	if (t->differs)
		make_next(t, d);
	return 0;
}

int
recording_compare(struct recorded *t, const struct recording_rules *rules,
    struct stage *stage, struct err *e)
{
	struct span_keys keys = {0};
	struct spans base = {.keys = &keys, .text = BUF_INIT};
	struct spans now = {.keys = &keys, .text = BUF_INIT};
	struct diff d = {.base = &base,
	    .now = &now,
	    .tolerance = rules->tolerance,
	    .least_ns = rules->least_ns};
	int failed;

	if (!rules->all)
		normal_ignore(&keys);
	for (size_t i = 0; i < rules->ignores->n; i++)
		diff_ignore(&d, rules->ignores->item[i], NULL);
	failed = compare(t, &d, stage, e);
	diff_free(&d);
	spans_free(&base);
	spans_free(&now);
	span_keys_free(&keys);
	return failed;
}
