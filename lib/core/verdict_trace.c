#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/verdict_int.h"

static uint64_t
nano(const struct value *v)
{
	const char *text = value_str_or(v, NULL);

	if (text)
		return strtoull(text, NULL, 10);
	return (uint64_t)value_int_or(v, 0);
}

/*
 * The SDK for JavaScript reads the wall clock in milliseconds once, when a span
 * begins, and adds a finer duration: who ran second can be over first.
 */
static uint64_t
blur(uint64_t start_ns)
{
	return start_ns % NS_OF_MS ? 0 : NS_OF_MS - 1;
}

static bool
is_word(const struct value *v, const char *word)
{
	return !strcmp(value_str_or(v, ""), word);
}

static bool
is_bound(const struct verdict_file *f, const struct value *v)
{
	const struct value *bound = value_get(v, "bound");
	const struct value *want = value_find(f->plan, "otel.identity");

	if (is_word(bound, "trace") || is_word(bound, "run") || f->is_trace)
		return true;
	return is_word(bound, "listener") && !is_word(want, "strict");
}

/* Runnings may use the same ids. */
static const char *
full_id(struct arena *a, const struct seen *s, const char *id)
{
	return arena_fmt(a, "%zu:%s:%s", s->round, s->trace, id);
}

static struct running *
running_of(struct verdict_file *f, const struct value *v)
{
	const char *id = value_str_or(value_get(v, "id"), "");

	for (size_t i = 0; i < f->runs; i++)
		if (f->run[i].id && !strcmp(f->run[i].id, id))
			return &f->run[i];
	return NULL;
}

static struct seen
seen_of(struct verdict_file *f, const struct value *v)
{
	const struct value *name = value_get(v, "name");
	struct seen s = {
	    .id = value_str_or(value_get(v, "span_id"), ""),
	    .trace = value_str_or(value_get(v, "trace_id"), ""),
	    .parent = value_str_or(value_get(v, "parent_span_id"), ""),
	    .name = value_str_or(name, ""),
	    .kind = value_str_or(value_get(v, "kind"), ""),
	    .tree = v,
	    .start_ns = nano(value_get(v, "start_unix_nano")),
	    .end_ns = nano(value_get(v, "end_unix_nano")),
	    .up = SIZE_MAX,
	};

	s.blur_ns = blur(s.start_ns);
	s.name_len = name && name->kind == VALUE_STR ? name->str.len : 0;
	s.is_ours = is_word(value_get(v, "via"), "clnrm");
	s.is_counted = !s.is_ours && is_bound(f, v);
	s.has_trace = is_word(value_get(v, "bound"), "trace");
	return s;
}

static struct value *
copy(struct arena *a, const struct value *v)
{
	struct value *to = value_new(a, v->kind);

	switch (v->kind) {
	case VALUE_STR:
		return value_str(a, v->str.s, v->str.len);
	case VALUE_LIST:
		for (size_t i = 0; i < v->list.n; i++)
			value_add(a, to, copy(a, v->list.item[i]));
		return to;
	case VALUE_TABLE:
		for (size_t i = 0; i < v->table.n; i++) {
			const struct value_member *m = &v->table.member[i];

			value_set(a, to, m->key, m->len, copy(a, m->value));
		}
		return to;
	default:
		*to = *v;
		return to;
	}
}

/* A long trace is kept whole until the verdict, so only what is asked for. */
static void
keep(struct arena *a, struct seen *s)
{
	static const char *const asked[] = {
	    "attributes", "events", "status", "resource"};
	struct value *slim = value_new(a, VALUE_TABLE);

	for (size_t i = 0; i < COUNT(asked); i++) {
		const struct value *v = value_get(s->tree, asked[i]);

		if (v)
			value_put(a, slim, asked[i], copy(a, v));
	}
	s->tree = slim;
	s->id = arena_str(a, s->id);
	s->trace = arena_str(a, s->trace);
	s->parent = arena_str(a, s->parent);
	s->name = arena_dup(a, s->name, s->name_len);
	s->kind = arena_str(a, s->kind);
}

/* An exporter that tries again, or two ways in, bring the same span twice. */
static bool
is_known(struct verdict_file *f, const struct seen *s)
{
	const char *id = full_id(&f->a, s, s->id);

	if (*s->id && map_get(&f->by_id, id, strlen(id)))
		return true;
	map_set(&f->by_id, id, strlen(id), (void *)(uintptr_t)(f->n + 1));
	return false;
}

static size_t
name_no(struct verdict_file *f, const struct seen *s)
{
	uintptr_t known = (uintptr_t)map_get(&f->names, s->name, s->name_len);

	if (known)
		return known - 1;
	map_set(&f->names, s->name, s->name_len, (void *)(f->names.n + 1));
	return f->names.n - 1;
}

/* For the digest. */
static void
keep_line(struct verdict_file *f, struct running *run, const struct record *r)
{
	struct buf *to = run ? &run->trace : &f->trace;

	buf_add(to, r->line, r->len);
	buf_addc(to, '\n');
}

/* Without [expect] nothing is asked of spans: they are counted only. */
void
verdict_see(
    struct verdict_file *f, const struct value *v, const struct record *r)
{
	const struct value *expect = value_get(f->plan, "expect");
	struct seen s = seen_of(f, v);
	struct running *run = running_of(f, v);

	s.run = run;
	s.round = run ? run->round : 0;
	if (!s.is_counted && !s.is_ours) {
		f->strangers++;
		return;
	}
	if (s.is_counted)
		keep_line(f, run, r);
	if (value_count(expect) && is_known(f, &s))
		return;
	if (run)
		run->spans += s.is_counted;
	if (!value_count(expect))
		return;
	keep(&f->a, &s);
	s.name_no = name_no(f, &s);
	f->seen = arena_more(&f->a, f->seen, f->n, &f->cap, sizeof *f->seen);
	f->seen[f->n++] = s;
}

void
verdict_link(struct verdict_file *f)
{
	AUTO_ARENA a = {0};

	for (size_t i = 0; i < f->n; i++) {
		struct seen *s = &f->seen[i];
		const char *id;
		uintptr_t up;

		if (!*s->parent)
			continue;
		id = full_id(&a, s, s->parent);
		up = (uintptr_t)map_get(&f->by_id, id, strlen(id));
		s->up = up ? up - 1 : SIZE_MAX;
	}
}

bool
verdict_is_above(const struct verdict_file *f, size_t up, size_t i)
{
	for (size_t steps = 0; steps < f->n; steps++) {
		i = f->seen[i].up;
		if (i == SIZE_MAX)
			return false;
		if (i == up)
			return true;
	}
	return false; /* a circle that `up` is not on */
}

static const char *
float_text(struct arena *a, double v)
{
	char text[40];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	return strpbrk(text, ".en") ? arena_str(a, text)
				    : arena_fmt(a, "%s.0", text);
}

/* {"double":"NaN"} and {"bytes":"…"} stand for what JSON cannot say. */
static const struct value *
unwrapped(const struct value *v)
{
	const struct value *in;

	if (!v || v->kind != VALUE_TABLE || v->table.n != 1)
		return v;
	in = value_get(v, "double");
	if (!in)
		in = value_get(v, "bytes");
	return in ? in : v;
}

const char *
verdict_text(struct arena *a, const struct value *v)
{
	AUTO_JSON j = JSON_INIT;

	v = unwrapped(v);
	if (!v)
		return "";
	switch (v->kind) {
	case VALUE_STR:
	case VALUE_TIME:
		return v->str.s;
	case VALUE_FLOAT:
		return float_text(a, v->f);
	default:
		json_value(&j, NULL, v);
		return arena_str(a, j.text.s);
	}
}

bool
verdict_is_text(
    struct arena *a, const struct value *v, const struct value *want)
{
	v = unwrapped(v);
	if (v && want && v->kind == VALUE_STR && want->kind == VALUE_STR)
		return v->str.len == want->str.len &&
		       !memcmp(v->str.s, want->str.s, v->str.len);
	return v && !strcmp(verdict_text(a, v), verdict_text(a, want));
}
