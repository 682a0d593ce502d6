#include "core/diff_write.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/diff_int.h"

/* Of what is on one side only: the spans that its change stands for. */
static uint32_t *
sizes(const struct diff *d)
{
	uint32_t *size = mem_new(d->entries + 1, sizeof *size);

	for (size_t i = d->entries; i--;) {
		const struct diff_entry *e = &d->entry[i];

		size[i]++;
		if (!e->changes && e->up != SPAN_NONE &&
		    (e->base == SPAN_NONE || e->now == SPAN_NONE))
			size[e->up] += size[i];
	}
	return size;
}

static void
put_value(struct json *j, const char *key, struct pull_text v)
{
	if (v.s)
		json_raw(j, key, v.s, v.n);
	else
		json_null(j, key);
}

static void
put_id(struct json *j, const char *key, const struct spans *t, uint32_t i)
{
	if (i == SPAN_NONE || !t->span[i].id.n)
		json_null(j, key);
	else
		json_strn(j, key, t->span[i].id.s, t->span[i].id.n);
}

/* A change, of a span or of what is on one side only. */
struct place {
	const struct buf *path;
	uint32_t base, now, size;
};

static void
put_change(struct json *j, const struct diff *d, const struct place *at,
    const struct diff_change *c)
{
	const struct span *s = at->now == SPAN_NONE ? &d->base->span[at->base]
						    : &d->now->span[at->now];
	AUTO_BUF field = BUF_INIT;

	diff_field(c, &field);
	json_str(j, "op", diff_op_name(c->op));
	json_strn(j, "path", at->path->s, at->path->len);
	json_strn(j, "name", s->name.s, s->name.n);
	if (c->part)
		json_strn(j, "field", field.s, field.len);
	else
		json_null(j, "field");
	put_value(j, "before", c->before);
	put_value(j, "after", c->after);
	put_id(j, "base_span", d->base, at->base);
	put_id(j, "span", d->now, at->now);
	json_int(j, "spans",
	    c->op == DIFF_ADDED || c->op == DIFF_REMOVED ? at->size : 1);
}

static void
put_entry(struct json *j, const struct diff *d, size_t entry,
    const struct diff_change *c, uint32_t size)
{
	const struct diff_entry *e = &d->entry[entry];
	AUTO_BUF path = BUF_INIT;

	diff_path(d, entry, &path);
	put_change(j, d, &(struct place){&path, e->base, e->now, size}, c);
}

static void
put_summary(struct json *j, const struct diff *d)
{
	bool is_same = true;

	for (int op = 0; op < DIFF_OPS; op++)
		is_same = is_same && !d->count[op];
	json_bool(j, "same", is_same);
	json_int(j, "base_spans", (int64_t)d->base->n);
	json_int(j, "spans", (int64_t)d->now->n);
	for (int op = 0; op < DIFF_OPS; op++)
		json_int(j, diff_op_name(op), (int64_t)d->count[op]);
}

typedef void change_fn(void *arg, const struct diff *d, size_t entry,
    const struct diff_change *c, uint32_t size);

static void
each_change(const struct diff *d, change_fn *fn, void *arg)
{
	uint32_t *size = sizes(d);

	for (size_t i = 0; i < d->entries; i++)
		for (uint32_t k = 0; k < d->entry[i].changes; k++)
			fn(arg, d, i, &d->change[d->entry[i].change + k],
			    size[i]);
	free(size);
}

struct telling {
	struct stage *to;
	const struct diff_test *test;
};

static struct json
begin(const struct telling *t, const char *type)
{
	struct json j = stage_record(t->to, type);

	if (t->test) {
		json_str(&j, "source", t->test->source);
		json_int(&j, "gen", t->test->gen);
	}
	return j;
}

static void
write_record(void *arg, const struct diff *d, size_t entry,
    const struct diff_change *c, uint32_t size)
{
	const struct telling *t = arg;
	AUTO_JSON j = begin(t, "diff");

	put_entry(&j, d, entry, c, size);
	stage_put(t->to, &j);
}

void
diff_write_records(
    const struct diff *d, const struct diff_test *test, struct stage *s)
{
	struct telling t = {s, test};

	each_change(d, write_record, &t);
	AUTO_JSON j = begin(&t, "diff.summary");
	if (test)
		json_str(&j, "verdict", test->verdict);
	put_summary(&j, d);
	stage_put(s, &j);
}

void
diff_write_so_far(void *arg, const struct diff *d, uint32_t base, uint32_t now,
    const struct diff_change change[], size_t n)
{
	AUTO_BUF path = BUF_INIT;
	struct place at = {&path, base, now, 1};

	diff_path_of(d->now, now, &path);
	for (size_t i = 0; i < n; i++) {
		AUTO_JSON j = stage_record(arg, "diff");
		json_bool(&j, "so_far", true);
		put_change(&j, d, &at, &change[i]);
		stage_put(arg, &j);
	}
}

void
diff_write_summary_so_far(const struct diff *d, struct stage *s)
{
	AUTO_JSON j = stage_record(s, "diff.summary");

	json_bool(&j, "so_far", true);
	put_summary(&j, d);
	stage_put(s, &j);
}

struct writing {
	struct out *to;
	bool is_next;
};

static void
write_item(void *arg, const struct diff *d, size_t entry,
    const struct diff_change *c, uint32_t size)
{
	struct writing *w = arg;
	AUTO_JSON j = JSON_INIT;

	json_open(&j, NULL, '{');
	put_entry(&j, d, entry, c, size);
	json_close(&j, '}');
	out_add(w->to, w->is_next ? ",\n" : "\n", w->is_next ? 2 : 1);
	out_add(w->to, j.text.s, j.text.len);
	w->is_next = true;
}

void
diff_write_json(const struct diff *d, struct out *to)
{
	struct writing w = {.to = to};
	AUTO_JSON j = JSON_INIT;

	json_open(&j, NULL, '{');
	json_open(&j, "summary", '{');
	put_summary(&j, d);
	json_close(&j, '}');
	buf_adds(&j.text, ",\n\"changes\":[");
	out_add(to, j.text.s, j.text.len);
	each_change(d, write_item, &w);
	out_add(to, "]}\n", 3);
}

/* src: GitHub Actions, workflow commands: what ends a message is escaped */
static void
escape(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strchr("%\r\n", s[i]) && s[i])
			buf_addf(b, "%%%02X", s[i]);
		else
			buf_addc(b, s[i]);
}

static void
write_command(void *arg, const struct diff *d, size_t entry,
    const struct diff_change *c, uint32_t size)
{
	AUTO_BUF path = BUF_INIT, field = BUF_INIT, b = BUF_INIT;

	diff_path(d, entry, &path);
	diff_field(c, &field);
	buf_addf(&b, "::error title=trace: %s::", diff_op_name(c->op));
	escape(&b, path.s, path.len);
	if (c->part) {
		buf_addc(&b, ' ');
		escape(&b, field.s, field.len);
	}
	if (c->before.s || c->after.s) {
		buf_adds(&b, ": ");
		if (c->before.s)
			escape(&b, c->before.s, c->before.n);
		buf_adds(&b, " -> ");
		if (c->after.s)
			escape(&b, c->after.s, c->after.n);
	}
	if (size > 1)
		buf_addf(&b, " (%u spans)", size);
	buf_addc(&b, '\n');
	out_add(arg, b.s, b.len);
}

void
diff_write_github(const struct diff *d, struct out *to)
{
	each_change(d, write_command, to);
}
