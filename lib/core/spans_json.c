#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/mem.h"
#include "base/mix.h"
#include "core/spans_int.h"

enum field {
	F_OTHER,
	F_TYPE,
	F_RUN,
	F_SOURCE,
	F_VIA,
	F_BOUND,
	F_COUNTED,
	F_TRACE,
	F_ID,
	F_PARENT,
	F_NAME,
	F_KIND,
	F_START,
	F_END,
	F_STATUS,
	F_ATTRS,
	F_EVENTS,
	F_LINKS,
	F_RESOURCE,
	F_RESOURCE_ATTRS,
	F_SCOPE,
	F_DEPTH,
	F_IGNORE,
	F_RUNS,
	F_SPANS, /* whatever holds spans further in */
};

#define FIELD(name, field)                    \
	{                                     \
		name, sizeof(name) - 1, field \
	}

/* Records have their members in this order, OTLP in one like it: then the
 * next name to look for is the next one here. */
static const struct {
	const char *name;
	size_t n;
	enum field field;
} fields[] = {
    FIELD("type", F_TYPE),
    FIELD("id", F_RUN),
    FIELD("source", F_SOURCE),
    FIELD("gen", F_OTHER),
    FIELD("variant", F_OTHER),
    FIELD("service", F_OTHER),
    FIELD("via", F_VIA),
    FIELD("bound", F_BOUND),
    FIELD("trace_id", F_TRACE),
    FIELD("span_id", F_ID),
    FIELD("parent_span_id", F_PARENT),
    FIELD("trace_state", F_OTHER),
    FIELD("flags", F_OTHER),
    FIELD("name", F_NAME),
    FIELD("kind", F_KIND),
    FIELD("start_unix_nano", F_START),
    FIELD("end_unix_nano", F_END),
    FIELD("status", F_STATUS),
    FIELD("attributes", F_ATTRS),
    FIELD("dropped_attributes", F_OTHER),
    FIELD("events", F_EVENTS),
    FIELD("dropped_events", F_OTHER),
    FIELD("links", F_LINKS),
    FIELD("dropped_links", F_OTHER),
    FIELD("resource", F_RESOURCE),
    FIELD("scope", F_SCOPE),
    FIELD("traceId", F_TRACE),
    FIELD("spanId", F_ID),
    FIELD("traceState", F_OTHER),
    FIELD("flags", F_OTHER),
    FIELD("name", F_NAME),
    FIELD("parentSpanId", F_PARENT),
    FIELD("kind", F_KIND),
    FIELD("startTimeUnixNano", F_START),
    FIELD("endTimeUnixNano", F_END),
    FIELD("attributes", F_ATTRS),
    FIELD("droppedAttributesCount", F_OTHER),
    FIELD("events", F_EVENTS),
    FIELD("droppedEventsCount", F_OTHER),
    FIELD("links", F_LINKS),
    FIELD("droppedLinksCount", F_OTHER),
    FIELD("status", F_STATUS),
    FIELD("parentSpanId", F_PARENT),
    FIELD("start_time_unix_nano", F_START),
    FIELD("end_time_unix_nano", F_END),
    FIELD("parent_id", F_PARENT),
    FIELD("resource_attributes", F_RESOURCE_ATTRS),
    FIELD("instrumentationScope", F_SCOPE),
    FIELD("resourceSpans", F_SPANS),
    FIELD("resource_spans", F_SPANS),
    FIELD("batches", F_SPANS),
    FIELD("scopeSpans", F_SPANS),
    FIELD("scope_spans", F_SPANS),
    FIELD("instrumentationLibrarySpans", F_SPANS),
    FIELD("spans", F_SPANS),
    FIELD("depth", F_DEPTH),
    FIELD("counted", F_COUNTED),
    FIELD("ignore", F_IGNORE),
    FIELD("runs", F_RUNS),
};

static enum field
field_of(struct spans_draft *d, struct pull_text key)
{
	for (size_t i = 0; i < COUNT(fields); i++) {
		size_t at = d->hint + i;

		if (at >= COUNT(fields))
			at -= COUNT(fields);
		if (fields[at].n == key.n &&
		    !memcmp(fields[at].name, key.s, key.n)) {
			d->hint = at + 1;
			return fields[at].field;
		}
	}
	return F_OTHER;
}

int
spans_string(struct spans_reader *r, struct pull_text *to)
{
	*to = (struct pull_text){"", 0};
	return pull_peek(&r->p) == '"' ? pull_string(&r->p, to)
				       : pull_skip(&r->p, NULL);
}

static int
read_id(struct spans_reader *r, struct pull_text *to)
{
	char *low = NULL;
	size_t zeros = 0;

	if (spans_string(r, to) < 0)
		return -1;
	while (zeros < to->n && to->s[zeros] == '0')
		zeros++;
	for (size_t i = zeros; i < to->n; i++) {
		if (to->s[i] < 'A' || to->s[i] > 'F')
			continue;
		if (!low) {
			low = arena_dup(&r->t->arena, to->s, to->n);
			to->s = low;
		}
		low[i] |= 0x20;
	}
	if (zeros == to->n)
		*to = (struct pull_text){"", 0};
	return 0;
}

static int
read_time(struct spans_reader *r, uint64_t *to)
{
	struct pull_text t;
	int c = pull_peek(&r->p);

	*to = 0;
	if (c == '{' || c == '[')
		return pull_skip(&r->p, NULL);
	if ((c == '"' ? pull_string(&r->p, &t) : pull_scalar(&r->p, &t)) < 0)
		return -1;
	for (size_t i = 0; i < t.n && t.s[i] >= '0' && t.s[i] <= '9'; i++)
		*to = *to * 10 + (uint64_t)(t.s[i] - '0');
	return 0;
}

/* A number or a name, SPAN_KIND_CLIENT and Client too, as a word of ours. */
static int
read_word(struct spans_reader *r, const char *prefix, const char *const word[],
    size_t words, struct pull_text *to)
{
	size_t skip = strlen(prefix);
	struct pull_text t;
	int c = pull_peek(&r->p);

	if (c == '{' || c == '[' || c == 'n')
		return pull_skip(&r->p, NULL);
	if ((c == '"' ? pull_string(&r->p, &t) : pull_scalar(&r->p, &t)) < 0)
		return -1;
	if (t.n > skip && !memcmp(t.s, prefix, skip))
		t = (struct pull_text){t.s + skip, t.n - skip};
	for (size_t i = 0; i < words; i++) {
		size_t n = strlen(word[i]);

		if ((t.n == 1 && *t.s == (char)('0' + i)) ||
		    (t.n >= n && !strncasecmp(t.s, word[i], n) &&
			(t.n == n || t.s[n] == ' '))) {
			*to = (struct pull_text){word[i], n};
			return 0;
		}
	}
	*to = t;
	return 0;
}

static int
read_kind(struct spans_reader *r, struct span *s)
{
	/* unspecified may be read as internal */
	static const char *const kind[] = {"UNSPECIFIED", "INTERNAL", "SERVER",
	    "CLIENT", "PRODUCER", "CONSUMER"};

	struct pull_text said = {0};

	if (read_word(r, "SPAN_KIND_", kind, COUNT(kind), &said) < 0)
		return -1;
	if (said.s)
		s->kind = s->said = said;
	if (s->said.s == kind[0])
		s->kind = span_text(kind[1]);
	return 0;
}

static int
read_code(struct spans_reader *r, struct pull_text *to)
{
	static const char *const code[] = {"UNSET", "OK", "ERROR"};

	return read_word(r, "STATUS_CODE_", code, COUNT(code), to);
}

static int
read_status(struct spans_reader *r, struct span *s)
{
	struct pull_text key;
	bool more = false;
	int got;

	if (pull_peek(&r->p) != '{')
		return read_code(r, &s->code);
	if (pull_open(&r->p, '{') < 0)
		return -1;
	for (; (got = pull_member(&r->p, &key, more)) > 0; more = true) {
		if (PULL_IS(key, "code"))
			got = read_code(r, &s->code);
		else if (PULL_IS(key, "message") || PULL_IS(key, "description"))
			got = spans_string(r, &s->message);
		else
			got = pull_skip(&r->p, NULL);
		if (got < 0)
			return -1;
	}
	return got;
}

/* An event or a link; an event may be its name alone. */
static int
read_event(struct spans_reader *r, struct span_event *to)
{
	struct pull_text key;
	bool more = false;
	int got;

	*to = (struct span_event){.name = {"", 0}};
	if (pull_peek(&r->p) != '{')
		return spans_string(r, &to->name);
	if (pull_open(&r->p, '{') < 0)
		return -1;
	for (; (got = pull_member(&r->p, &key, more)) > 0; more = true) {
		if (PULL_IS(key, "name"))
			got = spans_string(r, &to->name);
		else if (PULL_IS(key, "attributes"))
			got = spans_attrs(r, &to->attrs);
		else
			got = pull_skip(&r->p, NULL);
		if (got < 0)
			return -1;
	}
	return got;
}

static int
read_events(struct spans_reader *r, struct span_event **to, uint32_t *count)
{
	struct span_event *list = NULL;
	size_t n = 0, cap = 0;
	int got;

	*count = 0;
	if (pull_peek(&r->p) != '[')
		return pull_skip(&r->p, NULL);
	if (pull_open(&r->p, '[') < 0)
		return -1;
	while ((got = pull_item(&r->p, n > 0)) > 0) {
		list = arena_more(&r->t->arena, list, n, &cap, sizeof *list);
		if (read_event(r, &list[n]) < 0)
			return -1;
		list[n].hash =
		    mix_pair(mix_text(list[n].name.s, list[n].name.n),
			list[n].attrs.hash);
		n++;
	}
	*to = list;
	*count = (uint32_t)n;
	return got;
}

static int
read_ignore(struct spans_reader *r)
{
	struct pull_text glob;
	bool more = false;
	int got;

	if (pull_peek(&r->p) != '[')
		return pull_skip(&r->p, NULL);
	if (pull_open(&r->p, '[') < 0)
		return -1;
	for (; (got = pull_item(&r->p, more)) > 0; more = true) {
		if (spans_string(r, &glob) < 0)
			return -1;
		if (span_keys_ignore(r->t->keys, glob.s, glob.n, NULL) < 0)
			return pull_fail(&r->p, "no glob");
	}
	return got;
}

static int
read_runs(struct spans_reader *r, struct span *s)
{
	size_t n = 0, cap = 0;
	int got;

	s->runs = NULL;
	if (pull_peek(&r->p) != '[')
		return pull_skip(&r->p, NULL);
	if (pull_open(&r->p, '[') < 0)
		return -1;
	while ((got = pull_item(&r->p, n > 0)) > 0) {
		s->runs =
		    arena_more(&r->t->arena, s->runs, n, &cap, sizeof *s->runs);
		if (read_time(r, &s->runs[n++]) < 0)
			return -1;
	}
	s->runs_n = (uint32_t)n;
	return got;
}

static int
read_type(struct spans_reader *r, struct spans_draft *d)
{
	struct pull_text t;

	if (spans_string(r, &t) < 0)
		return -1;
	d->is_node = PULL_IS(t, "node");
	d->is_baseline = PULL_IS(t, "baseline");
	d->is_other = !d->is_record && t.n && !d->is_node && !d->is_baseline &&
		      !PULL_IS(t, "span");
	return 0;
}

static int
read_source(struct spans_reader *r, struct spans_draft *d)
{
	const char *wanted = r->t->source;
	struct pull_text t;

	if (!wanted)
		return pull_skip(&r->p, NULL);
	if (spans_string(r, &t) < 0)
		return -1;
	d->is_other = t.n != strlen(wanted) || memcmp(t.s, wanted, t.n);
	return 0;
}

static int read_spans(struct spans_reader *r);

/* Whether it counts. src: clnrm-records(7), the span and the node */
static int
read_tie(struct spans_reader *r, enum field f, struct spans_draft *d)
{
	struct pull_text t;

	if (f == F_RUN)
		d->has_run = pull_peek(&r->p) == '"';
	if (f == F_COUNTED)
		d->span.is_stranger = pull_peek(&r->p) == 'f';
	if (f == F_RUN || f == F_COUNTED)
		return pull_skip(&r->p, NULL);
	if (spans_string(r, &t) < 0)
		return -1;
	if (f == F_VIA)
		d->is_ours = PULL_IS(t, "clnrm");
	else
		d->is_unbound = PULL_IS(t, "no");
	return 0;
}

static int
read_member(struct spans_reader *r, enum field f, struct spans_draft *d)
{
	struct span *s = &d->span;
	uint64_t depth;

	switch (f) {
	case F_TYPE:
		return read_type(r, d);
	case F_SOURCE:
		return read_source(r, d);
	case F_RUN:
	case F_VIA:
	case F_BOUND:
	case F_COUNTED:
		return read_tie(r, f, d);
	case F_TRACE:
		return read_id(r, &s->trace);
	case F_ID:
		d->has_id = pull_peek(&r->p) == '"';
		return read_id(r, &s->id);
	case F_PARENT:
		return read_id(r, &s->parent);
	case F_NAME:
		d->has_name = pull_peek(&r->p) == '"';
		return spans_string(r, &s->name);
	case F_KIND:
		return read_kind(r, s);
	case F_START:
		return read_time(r, &s->start_ns);
	case F_END:
		return read_time(r, &s->end_ns);
	case F_STATUS:
		return read_status(r, s);
	case F_ATTRS:
		return spans_attrs(r, &s->attrs);
	case F_EVENTS:
		return read_events(r, &s->event, &s->events);
	case F_LINKS:
		return read_events(r, &s->link, &s->links);
	case F_RESOURCE:
	case F_RESOURCE_ATTRS:
		return spans_resource(r, f != F_RESOURCE, &d->resource);
	case F_SCOPE:
		return spans_scope(r, &s->scope);
	case F_DEPTH:
		d->has_depth = true;
		if (read_time(r, &depth) < 0)
			return -1;
		d->depth = depth < UINT32_MAX ? (uint32_t)depth : UINT32_MAX;
		return 0;
	case F_IGNORE:
		return d->is_baseline ? read_ignore(r) : pull_skip(&r->p, NULL);
	case F_RUNS:
		return read_runs(r, s);
	case F_SPANS:
		return d->is_record ? pull_skip(&r->p, NULL) : read_spans(r);
	case F_OTHER:
		break;
	}
	return pull_skip(&r->p, NULL);
}

/* A recorded span follows its parent, one deeper; the service goes down. */
static void
place_node(struct spans_reader *r, struct spans_draft *d)
{
	struct spans *t = r->t;
	struct spans_links *l = t->links;
	size_t depth = d->depth < l->lasts ? d->depth : l->lasts;

	d->span.up = depth ? l->last[depth - 1] : SPAN_NONE;
	if (!d->resource && depth)
		d->span.resource = t->span[d->span.up].resource;
	l->last = mem_more(l->last, depth, &l->lasts_cap, sizeof *l->last);
	l->last[depth] = (uint32_t)t->n;
	l->lasts = depth + 1;
}

static void
keep(struct spans_reader *r, struct spans_draft *d, size_t from)
{
	struct spans *t = r->t;
	bool is_node = d->is_node && d->has_depth;

	if (d->has_name && (d->has_id || is_node) && t->n < SPAN_NONE) {
		d->span.resource = d->resource;
		d->span.is_whole = true;
		d->span.is_stranger |=
		    d->is_ours || (d->has_run && d->is_unbound);
		if (is_node)
			place_node(r, d);
		t->span = mem_more(t->span, t->n, &t->cap, sizeof *t->span);
		t->span[t->n++] = d->span;
		return;
	}
	for (size_t i = from; d->resource && i < t->n; i++)
		if (!t->span[i].resource)
			t->span[i].resource = d->resource;
	for (size_t i = from; d->span.scope.n && i < t->n; i++)
		if (!t->span[i].scope.n)
			t->span[i].scope = d->span.scope;
}

const struct spans_draft spans_draft = {.span = {.trace = {"", 0},
					    .id = {"", 0},
					    .parent = {"", 0},
					    .name = {"", 0},
					    .kind = {"INTERNAL", 8},
					    .said = {"", 0},
					    .code = {"UNSET", 5},
					    .message = {"", 0},
					    .scope = {"", 0},
					    .up = SPAN_NONE}};

int
spans_members(struct spans_reader *r, struct spans_draft *d)
{
	struct pull_text key;
	bool more = false;
	int got;

	if (pull_open(&r->p, '{') < 0)
		return -1;
	for (; (got = pull_member(&r->p, &key, more)) > 0; more = true)
		if ((d->is_other ? pull_skip(&r->p, NULL)
				 : read_member(r, field_of(d, key), d)) < 0)
			return -1;
	return got;
}

static int
read_object(struct spans_reader *r)
{
	struct spans_draft d = spans_draft;
	size_t from = r->t->n;

	if (spans_members(r, &d) < 0)
		return -1;
	keep(r, &d, from);
	return 0;
}

/* Spans, or what holds them: in a list, or one alone. */
static int
read_spans(struct spans_reader *r)
{
	bool more = false;
	int c = pull_peek(&r->p), got;

	if (c == '{')
		return read_object(r);
	if (c != '[')
		return pull_skip(&r->p, NULL);
	if (pull_open(&r->p, '[') < 0)
		return -1;
	for (; (got = pull_item(&r->p, more)) > 0; more = true)
		if ((pull_peek(&r->p) == '{' ? read_object(r)
					     : pull_skip(&r->p, NULL)) < 0)
			return -1;
	return got;
}

/* Say where it is malformed; go on behind the end of that line. */
static void
lose(struct spans_reader *r, size_t from, size_t before)
{
	struct spans *t = r->t;
	const char *end;
	unsigned line = t->links->lines + 1;

	for (size_t i = 0; i < r->p.at && !t->lost; i++)
		line += r->p.s[i] == '\n';
	if (!t->lost++)
		err_at(&t->first_lost, t->name, line, 0, "malformed JSON: %s",
		    r->p.why);
	t->n = before;
	end = memchr(r->p.s + from, '\n', r->p.n - from);
	r->p.at = end ? (size_t)(end - r->p.s) + 1 : r->p.n;
	r->p.depth = 0;
	r->p.why = NULL;
}

void
spans_json(struct spans *t, const char *s, size_t n)
{
	struct spans_reader *r = spans_reader(t);
	const char *end;
	int c;

	if (!t->links)
		t->links = mem_new(1, sizeof *t->links);
	r->p = (struct pull){.s = s, .n = n, .arena = &t->arena};
	while ((c = pull_peek(&r->p)) >= 0) {
		size_t from = r->p.at, before = t->n;

		if (c != '{' && c != '[') {
			end = memchr(r->p.s + from, '\n', r->p.n - from);
			r->p.at = end ? (size_t)(end - r->p.s) : r->p.n;
		} else if (read_spans(r) < 0) {
			lose(r, from, before);
		} else {
			t->has_json = true;
		}
	}
}

struct spans_reader *
spans_reader(struct spans *t)
{
	if (!t->reader) {
		t->reader = mem_new(1, sizeof *t->reader);
		t->reader->t = t;
		t->reader->scratch = (struct buf)BUF_INIT;
	}
	return t->reader;
}

void
spans_reader_del(struct spans_reader *r)
{
	if (!r)
		return;
	buf_free(&r->scratch);
	free(r->attr);
	free(r);
}
