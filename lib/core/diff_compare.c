#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/diff_int.h"
#include "data/json.h"

struct diff_change *
diff_add(struct diff *d, enum diff_op op, const char *part)
{
	struct diff_change *c;

	d->change =
	    mem_more(d->change, d->changes, &d->changes_cap, sizeof *d->change);
	c = &d->change[d->changes++];
	*c = (struct diff_change){.op = op, .part = part};
	d->count[op]++;
	return c;
}

static struct pull_text
quoted(struct diff *d, struct pull_text t)
{
	AUTO_BUF b = BUF_INIT;

	json_quote(&b, t.s, t.n);
	return (struct pull_text){arena_dup(&d->arena, b.s, b.len), b.len};
}

static void
set_texts(struct diff *d, struct diff_change *c, struct pull_text before,
    struct pull_text after)
{
	c->before = quoted(d, before);
	c->after = quoted(d, after);
}

static void
compare_text(struct diff *d, const char *part, struct pull_text before,
    struct pull_text after)
{
	if (!diff_is_text(before, after))
		set_texts(d, diff_add(d, DIFF_CHANGED, part), before, after);
}

/* "ERROR" alone, or with what it says. */
static struct pull_text
status(struct diff *d, const struct span *s)
{
	char *text;

	if (!s->message.n)
		return s->code;
	text = arena_fmt(&d->arena, "%.*s: %.*s", (int)s->code.n, s->code.s,
	    (int)s->message.n, s->message.s);
	return (struct pull_text){text, strlen(text)};
}

static void
compare_attr(struct diff *d, const char *part, const struct span_attr *x,
    const struct span_attr *y)
{
	const struct span_key *key = x ? x->key : y->key;
	struct diff_change *c;

	if (key->is_ignored || (x && y && x->hash == y->hash))
		return;
	c = diff_add(d, DIFF_CHANGED, part);
	c->key = (struct pull_text){key->s, key->n};
	if (x)
		c->before = x->value;
	if (y)
		c->after = y->value;
}

static void
compare_attrs(struct diff *d, const char *part, const struct span_attrs *a,
    const struct span_attrs *b)
{
	uint32_t i = 0, k = 0;

	if (a->hash == b->hash)
		return;
	while (i < a->n || k < b->n) {
		const struct span_attr *x = i < a->n ? &a->item[i] : NULL;
		const struct span_attr *y = k < b->n ? &b->item[k] : NULL;
		int sign = !x		    ? 1
			 : !y		    ? -1
			 : x->key == y->key ? 0
					    : strcmp(x->key->s, y->key->s);

		compare_attr(
		    d, part, sign <= 0 ? x : NULL, sign >= 0 ? y : NULL);
		i += sign <= 0;
		k += sign >= 0;
	}
}

static struct pull_text
attrs_text(struct diff *d, const struct span_attrs *a)
{
	AUTO_JSON j = JSON_INIT;

	json_open(&j, NULL, '{');
	for (uint32_t i = 0; i < a->n; i++) {
		json_keyn(&j, a->item[i].key->s, a->item[i].key->n);
		json_raw(&j, NULL, a->item[i].value.s, a->item[i].value.n);
	}
	json_close(&j, '}');
	return (struct pull_text){
	    arena_dup(&d->arena, j.text.s, j.text.len), j.text.len};
}

/* The first event of that hash which was not taken; they are few. */
static bool
take(const struct span_event *list, uint32_t n, bool taken[], uint64_t hash)
{
	for (uint32_t i = 0; i < n; i++)
		if (!taken[i] && list[i].hash == hash) {
			taken[i] = true;
			return true;
		}
	return false;
}

static void
tell_event(struct diff *d, const char *part, const struct span_event *x,
    const struct span_event *y)
{
	struct diff_change *c = diff_add(d, DIFF_CHANGED, part);

	c->key = x ? x->name : y->name;
	if (x)
		c->before = attrs_text(d, &x->attrs);
	if (y)
		c->after = attrs_text(d, &y->attrs);
}

static const struct span_event *
take_named(const struct span_event *list, uint32_t n, bool taken[],
    struct pull_text name)
{
	for (uint32_t i = 0; i < n; i++)
		if (!taken[i] && diff_is_text(list[i].name, name)) {
			taken[i] = true;
			return &list[i];
		}
	return NULL;
}

/* Beyond so many they are compared in order: a square would be too much. */
enum { EVENTS = 512 };

static void
compare_long(struct diff *d, const char *part, const struct span_event *x,
    uint32_t n, const struct span_event *y, uint32_t m)
{
	for (uint32_t i = 0; i < n || i < m; i++)
		if (i >= n || i >= m || x[i].hash != y[i].hash)
			tell_event(d, part, i < n ? &x[i] : NULL,
			    i < m ? &y[i] : NULL);
}

static void
compare_events(struct diff *d, const char *part, const struct span_event *x,
    uint32_t n, const struct span_event *y, uint32_t m)
{
	bool gone[EVENTS], taken[EVENTS];

	if (n > EVENTS || m > EVENTS) {
		compare_long(d, part, x, n, y, m);
		return;
	}
	memset(taken, 0, m);
	for (uint32_t i = 0; i < n; i++)
		gone[i] = take(y, m, taken, x[i].hash);
	for (uint32_t i = 0; i < n; i++)
		if (!gone[i])
			tell_event(
			    d, part, &x[i], take_named(y, m, taken, x[i].name));
	for (uint32_t i = 0; i < m; i++)
		if (!taken[i])
			tell_event(d, part, NULL, &y[i]);
}

static void
compare_took(struct diff *d, const struct span *x, const struct span *y)
{
	int64_t a = span_took(x), b = span_took(y);
	double band[3] = {(double)a, (double)a, (double)a};
	double new_band[3] = {(double)b, (double)b, (double)b};
	double took, low, high;
	struct diff_change *c;
	char *text;

	if (diff_band(x, band))
		a = (int64_t)band[1];
	if (b < 0 && diff_band(y, new_band))
		b = (int64_t)new_band[1];
	took = (double)b;
	low = took < band[0] ? took : band[2];
	high = took < band[0] ? band[0] : took;
	if (d->no_durations || a < 0 || b < 0 ||
	    high - low < (double)d->least_ns || high <= low * d->tolerance)
		return;
	c = diff_add(d, DIFF_CHANGED, "duration_ns");
	text = arena_fmt(&d->arena, "%lld", (long long)a);
	c->before = (struct pull_text){text, strlen(text)};
	text = arena_fmt(&d->arena, "%lld", (long long)b);
	c->after = (struct pull_text){text, strlen(text)};
}

static struct pull_text
path_above(struct diff *d, const struct spans *t, uint32_t i)
{
	AUTO_BUF b = BUF_INIT;

	if (t->span[i].up != SPAN_NONE)
		diff_path_of(t, t->span[i].up, &b);
	return quoted(d, (struct pull_text){b.s, b.len});
}

static void
compare_place(struct diff *d, uint32_t b, uint32_t c)
{
	struct diff_change *ch;

	if (d->node[BASE][diff_up(d, BASE, b)].mate == diff_up(d, NOW, c)) {
		if (d->node[NOW][c].is_displaced)
			diff_add(d, DIFF_REORDERED, NULL);
		return;
	}
	ch = diff_add(d, DIFF_MOVED, NULL);
	ch->before = path_above(d, d->base, b);
	ch->after = path_above(d, d->now, c);
}

/* A resource is the same in many spans: told with the topmost. */
static void
compare_resource(struct diff *d, uint32_t b, uint32_t c)
{
	const struct span *x = &d->base->span[b], *y = &d->now->span[c];
	struct pull_text was = x->resource->service;
	struct pull_text is = y->resource->service;

	compare_text(d, "service", was, is);
	if (!diff_is_text(was, is) ||
	    (x->up != SPAN_NONE && y->up != SPAN_NONE &&
		d->base->span[x->up].resource->attrs.hash ==
		    x->resource->attrs.hash &&
		d->now->span[y->up].resource->attrs.hash ==
		    y->resource->attrs.hash))
		return;
	compare_attrs(d, "resource", &x->resource->attrs, &y->resource->attrs);
}

void
diff_pair(struct diff *d, uint32_t b, uint32_t c)
{
	const struct diff_sum *was = &d->sum[BASE][b], *is = &d->sum[NOW][c];
	const struct span *x = &d->base->span[b], *y = &d->now->span[c];

	if (was->said && was->said == is->said) {
		compare_place(d, b, c);
		return;
	}
	if (!diff_is_text(x->name, y->name))
		set_texts(d, diff_add(d, DIFF_RENAMED, NULL), x->name, y->name);
	compare_place(d, b, c);
	compare_took(d, x, y);
	compare_resource(d, b, c);
	if (was->own == is->own)
		return;
	compare_text(d, "kind", x->kind, y->kind);
	compare_text(d, "status", status(d, x), status(d, y));
	compare_attrs(d, "attributes", &x->attrs, &y->attrs);
	compare_events(d, "events", x->event, x->events, y->event, y->events);
	compare_events(d, "links", x->link, x->links, y->link, y->links);
}
