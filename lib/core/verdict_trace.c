#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/key.h"
#include "base/mem.h"
#include "core/normal.h"
#include "core/verdict_int.h"

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
is_bound(const struct verdict_file *f, const struct record *r)
{
	const struct value *want = value_find(f->plan, "otel.identity");

	if (PULL_IS(r->bound, "\"trace\"") || PULL_IS(r->bound, "\"run\"") ||
	    f->is_trace)
		return true;
	return PULL_IS(r->bound, "\"listener\"") &&
	       strcmp(value_str_or(want, ""), "strict") != 0;
}

static struct running *
running_of(struct verdict_file *f, const char *id)
{
	for (size_t i = 0; id && i < f->runs; i++)
		if (f->run[i].id && !strcmp(f->run[i].id, id))
			return &f->run[i];
	return NULL;
}

static struct seen
seen_of(struct verdict_file *f, const struct record *r)
{
	size_t at = f->spans.n - 1;
	const struct span *s = &f->spans.span[at];

	return (struct seen){
	    .id = s->id.s,
	    .trace = s->trace.s,
	    .parent = s->parent.s,
	    .name = s->name.s,
	    .name_len = s->name.n,
	    .kind = s->said.s,
	    .at = (uint32_t)at,
	    .start_ns = s->start_ns,
	    .end_ns = s->end_ns,
	    .blur_ns = blur(s->start_ns),
	    .up = SIZE_MAX,
	    .is_counted = f->owner[at].is_counted,
	    .is_ours = !f->owner[at].is_counted,
	    .run = f->owner[at].run,
	    .round = f->owner[at].round,
	    .has_trace = PULL_IS(r->bound, "\"trace\""),
	};
}

static bool
is_text(struct pull_text a, struct pull_text b)
{
	return a.n == b.n && !memcmp(a.s, b.s, a.n);
}

static bool
is_it(const struct verdict_file *f, const struct seen *s, size_t round,
    struct pull_text trace, struct pull_text id)
{
	const struct span *own = verdict_span(f, s);

	return s->round == round && is_text(own->id, id) &&
	       is_text(own->trace, trace);
}

/* Where the span of that id is, or would be. Runnings may use the same ids. */
static struct slot *
find(const struct verdict_file *f, size_t round, struct pull_text trace,
    struct pull_text id)
{
	uint32_t hash =
	    key_hash_pair(key_hash(trace.s, trace.n), key_hash(id.s, id.n));
	struct slot *s;

	s = slots_first(&f->by_id, key_hash_pair(hash, (uint32_t)round));
	while (
	    s->number && !is_it(f, &f->seen[s->number - 1], round, trace, id))
		s = slots_next(&f->by_id, s);
	return s;
}

/* An exporter that tries again, or two ways in, bring the same span twice. */
static bool
is_known(struct verdict_file *f, const struct seen *s)
{
	const struct span *own = verdict_span(f, s);
	struct slot *slot;

	if (!*s->id)
		return false;
	slots_make_room(&f->by_id, 1);
	slot = find(f, s->round, own->trace, own->id);
	if (slot->number)
		return true;
	slots_put(&f->by_id, slot, (uint32_t)f->n + 1);
	return false;
}

/* The last one of its name. */
static uint32_t *
last_named(struct verdict_file *f, const struct seen *s)
{
	uintptr_t known = (uintptr_t)map_get(&f->names, s->name, s->name_len);
	size_t no = f->names.n;

	if (known)
		return &f->last[known - 1];
	f->last = mem_more(f->last, no, &f->lasts_cap, sizeof *f->last);
	map_set(&f->names, s->name, s->name_len, (void *)(no + 1));
	f->last[no] = 0;
	return &f->last[no];
}

/* For the rules and the digest. */
static int
keep(struct verdict_file *f, const struct record *r, const struct running *run,
    bool is_counted, struct err *e)
{
	if (!f->spans.keys) {
		f->spans.keys = &f->keys;
		normal_ignore(&f->keys);
	}
	if (spans_add(&f->spans, r->line, r->len, e) < 0)
		return -1;
	f->owner = mem_more(
	    f->owner, f->spans.n - 1, &f->owners_cap, sizeof *f->owner);
	f->owner[f->spans.n - 1] =
	    (struct owner){run, run ? run->round : 0, is_counted};
	return 0;
}

/* Without [expect] nothing is asked of spans: they are counted only. */
int
verdict_see(struct verdict_file *f, const struct record *r, const char *id,
    struct err *e)
{
	bool is_asked = value_count(value_get(f->plan, "expect"));
	struct running *run = running_of(f, id);
	bool is_ours = PULL_IS(r->via, "\"clnrm\"");
	bool is_counted = !is_ours && is_bound(f, r);
	uint32_t *last;
	struct seen s;

	f->strangers += !is_counted && !is_ours;
	if (!is_counted && !(is_ours && is_asked))
		return 0;
	if (keep(f, r, run, is_counted, e) < 0)
		return -1;
	s = seen_of(f, r);
	if (is_asked && is_known(f, &s))
		return 0;
	if (run)
		run->spans += is_counted;
	if (!is_asked)
		return 0;
	last = last_named(f, &s);
	s.before = *last;
	f->seen = mem_more(f->seen, f->n, &f->cap, sizeof *f->seen);
	f->seen[f->n++] = s;
	*last = (uint32_t)f->n;
	return 0;
}

void
verdict_unsee(struct verdict_file *f)
{
	spans_free(&f->spans);
	span_keys_free(&f->keys);
	map_free(&f->names);
	free(f->owner);
	free(f->seen);
	free(f->last);
	slots_free(&f->by_id);
	f->keys = (struct span_keys){0};
	f->spans = (struct spans){.text = BUF_INIT};
	f->names = (struct map){0};
	f->owner = NULL;
	f->seen = NULL;
	f->last = NULL;
	f->owners_cap = f->lasts_cap = f->n = f->cap = f->strangers = 0;
}

void
verdict_link(struct verdict_file *f)
{
	for (size_t i = 0; i < f->n && f->by_id.room; i++) {
		struct seen *s = &f->seen[i];
		const struct span *own = verdict_span(f, s);
		uint32_t up = 0;

		if (own->parent.n)
			up = find(f, s->round, own->trace, own->parent)->number;
		s->up = up ? up - 1 : SIZE_MAX;
	}
}

const struct value *
verdict_value(struct arena *a, const struct span_attrs *attrs, const char *key)
{
	return json_build(a, span_attr(attrs, key));
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
