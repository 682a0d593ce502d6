/*
 * Who made a span: all spans of a program say the same of it, so what is the
 * same text as before is not read.
 */
#include <string.h>

#include "core/spans_int.h"

static struct span_resource *
resource_new(struct spans_reader *r, struct span_attrs attrs)
{
	struct span_resource *to = arena_alloc(&r->t->arena, sizeof *to);
	struct pull_text t = span_attr(&attrs, "service.name");

	to->attrs = attrs;
	to->service = t.n > 1 && *t.s == '"'
			? (struct pull_text){t.s + 1, t.n - 2}
			: (struct pull_text){"", 0};
	return to;
}

static int
read_bare(struct spans_reader *r, struct spans_last *to)
{
	struct span_attrs attrs = {0};

	if (spans_attrs(r, &attrs) < 0)
		return -1;
	to->resource = resource_new(r, attrs);
	return 0;
}

static int
read_resource(struct spans_reader *r, struct spans_last *to)
{
	struct span_attrs attrs = {0};
	struct pull_text key;
	bool more = false;
	int got;

	to->resource = NULL;
	if (pull_peek(&r->p) != '{')
		return pull_skip(&r->p, NULL);
	if (pull_open(&r->p, '{') < 0)
		return -1;
	for (; (got = pull_member(&r->p, &key, more)) > 0; more = true)
		if ((PULL_IS(key, "attributes") ? spans_attrs(r, &attrs)
						: pull_skip(&r->p, NULL)) < 0)
			return -1;
	to->resource = resource_new(r, attrs);
	return got;
}

static int
read_scope(struct spans_reader *r, struct spans_last *to)
{
	struct pull_text key;
	bool more = false;
	int got;

	to->scope = (struct pull_text){"", 0};
	if (pull_peek(&r->p) != '{')
		return spans_string(r, &to->scope);
	if (pull_open(&r->p, '{') < 0)
		return -1;
	for (; (got = pull_member(&r->p, &key, more)) > 0; more = true)
		if ((PULL_IS(key, "name") ? spans_string(r, &to->scope)
					  : pull_skip(&r->p, NULL)) < 0)
			return -1;
	return got;
}

static bool
is_again(struct spans_reader *r, const struct spans_last *last)
{
	struct pull *p = &r->p;

	/* A bracket closes where it did, so what is behind is another value */
	if (!last->raw.n || p->n - p->at < last->raw.n ||
	    memcmp(p->s + p->at, last->raw.s, last->raw.n) != 0)
		return false;
	p->at += last->raw.n;
	return true;
}

/* From a copy, which what is read borrows from: the text may not last. */
static int
read_once(struct spans_reader *r, struct spans_last *last,
    int (*read)(struct spans_reader *, struct spans_last *))
{
	struct pull outer;
	int c = pull_peek(&r->p), got;

	if (is_again(r, last))
		return 0;
	if (pull_skip(&r->p, &last->raw) < 0) {
		last->raw.n = 0;
		return -1;
	}
	last->raw.s = arena_dup(&r->t->arena, last->raw.s, last->raw.n);
	outer = r->p;
	r->p = (struct pull){.s = last->raw.s,
	    .n = last->raw.n,
	    .depth = outer.depth,
	    .arena = outer.arena};
	got = read(r, last);
	outer.why = r->p.why;
	r->p = outer;
	if (got < 0 || (c != '{' && c != '['))
		last->raw.n = 0;
	return got;
}

int
spans_resource(struct spans_reader *r, bool is_bare, struct span_resource **to)
{
	struct spans_last *last = is_bare ? &r->bare : &r->resource;

	if (read_once(r, last, is_bare ? read_bare : read_resource) < 0)
		return -1;
	if (last->resource)
		*to = last->resource;
	return 0;
}

int
spans_scope(struct spans_reader *r, struct pull_text *to)
{
	if (read_once(r, &r->scope, read_scope) < 0)
		return -1;
	*to = r->scope.scope;
	return 0;
}
