#include "data/otlp_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"

enum { BODY = 128 << 20 }; /* offsets of 32 bits suffice */

const char *
otlp_warning(enum otlp_warning w)
{
	switch (w) {
	case OTLP_STRINDEX_VALUE:
		return "string_value_strindex ignored";
	case OTLP_STRINDEX_KEY:
		return "key_strindex ignored";
	case OTLP_BAD_UTF8:
		return "invalid UTF-8 replaced";
	case OTLP_ZERO_PARENT:
		return "all-zero parent_span_id taken as none";
	case OTLP_BIG_INT:
		return "intValue outside int64 kept as a double";
	case OTLP_KIND_NAME:
		return "enum given by name: kind";
	case OTLP_STATUS_NAME:
		return "enum given by name: status.code";
	case OTLP_SNAKE_CASE:
		return "resource_spans ignored: JSON names are lowerCamelCase";
	}
	BUG_IF(true);
	return NULL;
}

int
otlp_fail(struct otlp *o, const char *what)
{
	return err_set(o->e, "%s at byte %zu", what, o->at);
}

void
otlp_event_reset(struct otlp_event *ev)
{
	buf_reset(&ev->name);
	otlp_attrs_reset(&ev->attrs);
	ev->time_ns = 0;
	ev->dropped = 0;
}

void
otlp_link_reset(struct otlp_link *l)
{
	l->trace_id = l->span_id = (struct otlp_id){0};
	buf_reset(&l->state);
	otlp_attrs_reset(&l->attrs);
	l->flags = l->dropped = 0;
}

void
otlp_draft_reset(struct otlp_draft *d)
{
	d->trace_id = d->span_id = d->parent_id = (struct otlp_id){0};
	buf_reset(&d->state);
	buf_reset(&d->name);
	buf_reset(&d->message);
	d->flags = d->dropped = d->dropped_events = d->dropped_links = 0;
	d->kind = d->code = 0;
	d->start_ns = d->end_ns = 0;
	otlp_attrs_reset(&d->attrs);
	buf_reset(&d->events);
	buf_reset(&d->links);
}

void
otlp_scope_reset(struct otlp_scope *s)
{
	buf_reset(&s->name);
	buf_reset(&s->version);
	otlp_attrs_reset(&s->attrs);
	s->dropped = 0;
}

void
otlp_resource_reset(struct otlp_resource *r)
{
	otlp_attrs_reset(&r->attrs);
	r->dropped = 0;
}

/* Every buf and every list of attributes of a decoding. */
static void
each(struct otlp *o, void (*buf)(struct buf *),
    void (*attrs)(struct otlp_attrs *))
{
	struct buf *const b[] = {&o->event.name, &o->link.state,
	    &o->draft.state, &o->draft.name, &o->draft.message,
	    &o->draft.events, &o->draft.links, &o->scope.name,
	    &o->scope.version, &o->scope.schema, &o->resource.schema,
	    &o->scratch, &o->number, &o->text};
	struct otlp_attrs *const a[] = {&o->event.attrs, &o->link.attrs,
	    &o->draft.attrs, &o->scope.attrs, &o->resource.attrs};

	for (size_t i = 0; i < sizeof b / sizeof *b; i++)
		buf(b[i]);
	for (size_t i = 0; i < sizeof a / sizeof *a; i++)
		attrs(a[i]);
	for (size_t i = 0; i <= OTLP_LEVELS; i++) {
		buf(&o->any[i].key);
		buf(&o->any[i].text);
		attrs(&o->any[i].map);
	}
}

static void
start_buf(struct buf *b)
{
	*b = (struct buf)BUF_INIT;
}

static void
start_attrs(struct otlp_attrs *a)
{
	*a = (struct otlp_attrs){.text = BUF_INIT};
}

static void
free_attrs(struct otlp_attrs *a)
{
	buf_free(&a->text);
	free(a->item);
}

/* The line of one span is put together only now: its resource is known. */
static void
deliver(struct otlp *o, otlp_fn *fn, void *arg)
{
	AUTO_BUF line = BUF_INIT;

	for (size_t i = 0; i < o->spans; i++) {
		struct otlp_kept *k = &o->kept[i];
		const struct otlp_tail *scope = &o->tail[k->scope];
		const struct otlp_tail *resource = &o->tail[k->resource];

		buf_reset(&line);
		buf_add(&line, o->text.s + k->at, k->len);
		buf_add(&line, o->text.s + resource->at, resource->len);
		buf_add(&line, o->text.s + scope->at, scope->len);
		k->span.text = line.s;
		k->span.len = line.len;
		if (resource->run) {
			k->span.run = o->text.s + resource->run;
			k->span.run_len = resource->run_len;
		}
		fn(arg, &k->span);
	}
}

/*
 * A resource is written out with each of its spans: one of 30 MiB and a
 * million spans would be more than any disk holds.
 */
static int
check_size(struct otlp *o)
{
	size_t total = 0;

	for (size_t i = 0; i < o->spans; i++) {
		size_t len = o->kept[i].len + o->tail[o->kept[i].scope].len +
			     o->tail[o->kept[i].resource].len;

		total += len;
		if (len <= OTLP_SPAN && total <= OTLP_TEXT)
			continue;
		o->r->is_too_large = true;
		return err_set(o->e, "written out, %s more than %d bytes",
		    len > OTLP_SPAN ? "a span takes" : "the spans take",
		    len > OTLP_SPAN ? OTLP_SPAN : OTLP_TEXT);
	}
	return 0;
}

int
otlp_decode(enum otlp_form form, const char *s, size_t n, otlp_fn *fn,
    void *arg, struct otlp_result *r, struct err *e)
{
	struct otlp *o = mem_new(1, sizeof *o);
	int failed;

	*r = (struct otlp_result){0};
	o->r = r;
	o->e = e;
	o->s = s;
	o->n = n;
	each(o, start_buf, start_attrs);
	if (n > BODY) {
		r->is_too_large = true;
		failed = err_set(e, "more than %d bytes", BODY);
	} else {
		failed = form == OTLP_JSON ? otlp_json(o) : otlp_pb(o);
		failed = failed ? failed : check_size(o);
	}
	if (!failed) {
		r->accepted = o->spans;
		deliver(o, fn, arg);
	}
	each(o, buf_free, free_attrs);
	free(o->kept);
	free(o->tail);
	free(o);
	return failed;
}
