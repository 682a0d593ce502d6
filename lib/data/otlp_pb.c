#include <stdio.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "data/otlp_wire.h"
#include "data/token.h"

/* src: opentelemetry-proto 1.11 */

/* What may be wrong with a field: its text, what is in its message, or that it
 * is there. */
enum {
	PASS,
	PAIR,
	ANY,
	LIST,
	MAP,
	EVENT,
	LINK,
	STATUS,
	SCOPE,
	RESOURCE,
	SPAN,
	SCOPE_SPANS,
	MESSAGES,
	TEXT = MESSAGES,
	NO_KEY,
	NO_VALUE,
	TAGS = 128,
};

static const unsigned char rule[MESSAGES][TAGS] = {
    [PAIR] = {[TAG(1, LEN)] = TEXT,
	[TAG(2, LEN)] = ANY,
	[TAG(3, VARINT)] = NO_KEY},
    [ANY] = {[TAG(1, LEN)] = TEXT,
	[TAG(5, LEN)] = LIST,
	[TAG(6, LEN)] = MAP,
	[TAG(8, VARINT)] = NO_VALUE},
    [LIST] = {[TAG(1, LEN)] = ANY},
    [MAP] = {[TAG(1, LEN)] = PAIR},
    [EVENT] = {[TAG(2, LEN)] = TEXT, [TAG(3, LEN)] = PAIR},
    [LINK] = {[TAG(3, LEN)] = TEXT, [TAG(4, LEN)] = PAIR},
    [STATUS] = {[TAG(2, LEN)] = TEXT},
    [SCOPE] = {[TAG(1, LEN)] = TEXT,
	[TAG(2, LEN)] = TEXT,
	[TAG(3, LEN)] = PAIR},
    [RESOURCE] = {[TAG(1, LEN)] = PAIR},
    [SPAN] = {[TAG(3, LEN)] = TEXT,
	[TAG(5, LEN)] = TEXT,
	[TAG(9, LEN)] = PAIR,
	[TAG(11, LEN)] = EVENT,
	[TAG(13, LEN)] = LINK,
	[TAG(15, LEN)] = STATUS},
    [SCOPE_SPANS] = {[TAG(1, LEN)] = SCOPE, [TAG(3, LEN)] = TEXT},
};

static int check(
    struct otlp *o, unsigned message, struct wire in, unsigned level);

static int
check_nested(struct otlp *o, unsigned what, struct wire in, unsigned level)
{
	if (what != LIST && what != MAP)
		return check(o, what, in, level);
	if (level == OTLP_LEVELS)
		return wire_fail(o, in.s, "a value nested too deep");
	return check(o, what, in, level + 1);
}

static inline int
check_field(struct otlp *o, unsigned message, const struct wire_field *f,
    unsigned level)
{
	unsigned what = f->tag < TAGS ? rule[message][f->tag] : PASS;

	if (what == PASS)
		return 0;
	if (what < MESSAGES)
		return check_nested(o, what, f->s, level);
	if (what == NO_KEY)
		o->r->warnings |= OTLP_STRINDEX_KEY;
	else if (what == NO_VALUE)
		o->r->warnings |= OTLP_STRINDEX_VALUE;
	else if (utf8_check(f->s.s, wire_len(&f->s)) < wire_len(&f->s))
		o->r->warnings |= OTLP_BAD_UTF8;
	return 0;
}

static int
check(struct otlp *o, unsigned message, struct wire in, unsigned level)
{
	struct wire_field f;
	int got;

	while ((got = wire_next(o, &in, &f)) > 0)
		if (check_field(o, message, &f, level) < 0)
			return -1;
	return got;
}

/* ---- spans */

struct ids {
	struct wire trace, span, parent;
};

static bool
is_zero(const struct wire *id)
{
	for (const char *s = id->s; s < id->end; s++)
		if (*s)
			return false;
	return true;
}

/* Why a span cannot be, in why[64]. */
static bool
is_rejected(const struct ids *id, char why[64])
{
	size_t trace = wire_len(&id->trace), span = wire_len(&id->span),
	       parent = wire_len(&id->parent);

	if (trace != 16)
		snprintf(why, 64, "trace_id is %zu bytes, not 16", trace);
	else if (is_zero(&id->trace))
		snprintf(why, 64, "trace_id is all zero");
	else if (span != 8)
		snprintf(why, 64, "span_id is %zu bytes, not 8", span);
	else if (is_zero(&id->span))
		snprintf(why, 64, "span_id is all zero");
	else if (parent && parent != 8)
		snprintf(
		    why, 64, "parent_span_id is %zu bytes, not 0 or 8", parent);
	else
		return false;
	return true;
}

static void
reject(struct otlp_result *r, const char *why)
{
	if (r->rejected < OTLP_REASONS)
		snprintf(
		    r->reason[r->rejected], sizeof r->reason[0], "%s", why);
	r->rejected++;
}

static void
set_ids(struct otlp *o, struct otlp_span *s, const struct ids *id)
{
	memcpy(s->trace_id, id->trace.s, sizeof s->trace_id);
	memcpy(s->span_id, id->span.s, sizeof s->span_id);
	if (id->parent.s == id->parent.end)
		return;
	s->has_parent = !is_zero(&id->parent);
	if (s->has_parent)
		memcpy(s->parent_id, id->parent.s, sizeof s->parent_id);
	else
		o->r->warnings |= OTLP_ZERO_PARENT;
}

/* How long the text of a message of n bytes is at most, besides the words that
 * it has of ours: a list of empty doubles has the most, or control bytes. */
static size_t
text_most(size_t n)
{
	return n * 8;
}

enum { SPAN_WORDS = 768, PART_WORDS = 160, TAIL_WORDS = 256 };

static int
read_span(struct otlp *o, struct wire in)
{
	struct otlp_kept k = {.of = o, .s = in};
	struct ids id = {0};
	struct wire_field f;
	size_t parts = 0;
	char why[64];
	int got;

	while ((got = wire_next(o, &in, &f)) > 0)
		switch (f.tag) {
		case TAG(1, LEN):
			id.trace = f.s;
			break;
		case TAG(2, LEN):
			id.span = f.s;
			break;
		case TAG(4, LEN):
			id.parent = f.s;
			break;
		case TAG(7, I64):
			k.span.start_ns = f.v;
			break;
		case TAG(8, I64):
			k.span.end_ns = f.v;
			break;
		default:
			parts += f.tag == TAG(11, LEN) || f.tag == TAG(13, LEN);
			if (check_field(o, SPAN, &f, 0) < 0)
				return -1;
		}
	if (got < 0)
		return -1;
	if (is_rejected(&id, why)) {
		reject(o->r, why);
		return 0;
	}
	set_ids(o, &k.span, &id);
	k.most = text_most(wire_len(&k.s)) + SPAN_WORDS + parts * PART_WORDS;
	o->kept = mem_more(o->kept, o->spans, &o->spans_cap, sizeof *o->kept);
	o->kept[o->spans++] = k;
	return 0;
}

/* ---- what is around them */

static uint32_t
add_tail(struct otlp *o, struct wire s, size_t n)
{
	o->tail = mem_more(o->tail, o->tails, &o->tails_cap, sizeof *o->tail);
	o->tail[o->tails] =
	    (struct otlp_tail){s, text_most(n) + TAIL_WORDS, .text = BUF_INIT};
	return (uint32_t)o->tails++;
}

static int
read_scope_spans(struct otlp *o, struct wire in)
{
	struct wire whole = in;
	size_t from = o->spans, n = 0;
	struct wire_field f;
	int got;

	while ((got = wire_next(o, &in, &f)) > 0) {
		if (f.tag == TAG(2, LEN)) {
			if (read_span(o, f.s) < 0)
				return -1;
			continue;
		}
		if (check_field(o, SCOPE_SPANS, &f, 0) < 0)
			return -1;
		if ((f.tag & 7) == WIRE_LEN)
			n += wire_len(&f.s);
	}
	if (got < 0 || from == o->spans)
		return got;
	n = add_tail(o, whole, n);
	while (from < o->spans)
		o->kept[from++].scope = (uint32_t)n;
	return 0;
}

/* An id of ours has no escapes. */
static void
find_run(struct otlp *o, struct otlp_tail *t, struct wire pair)
{
	static const char key[] = "test.run.id";
	struct wire run;

	otlp_attr(o, 0, pair);
	o->attrs = 0;
	if (o->attr->key_len != strlen(key) ||
	    memcmp(o->attr->key, key, strlen(key)))
		return;
	run = otlp_attr_text(o, o->attr);
	t->run =
	    token_plain(run.s, wire_len(&run)) == wire_len(&run) ? run.s : NULL;
	t->run_len = wire_len(&run);
}

static int
read_resource(struct otlp *o, struct wire in, struct otlp_tail *t)
{
	struct wire_field f;
	int got;

	while ((got = wire_next(o, &in, &f)) > 0) {
		if (check_field(o, RESOURCE, &f, 0) < 0)
			return -1;
		if (f.tag == TAG(1, LEN))
			find_run(o, t, f.s);
	}
	return got;
}

static void
end_resource(struct otlp *o, size_t from, const struct otlp_tail *t, size_t n)
{
	uint32_t tail = add_tail(o, t->s, n);

	o->tail[tail].run = t->run;
	o->tail[tail].run_len = t->run_len;
	for (; from < o->spans; from++) {
		o->kept[from].resource = tail;
		o->kept[from].span.run = t->run;
		o->kept[from].span.run_len = t->run_len;
	}
}

static int
read_resource_spans(struct otlp *o, struct wire in)
{
	struct otlp_tail t = {.s = in};
	size_t from = o->spans, n = 0;
	struct wire_field f;
	int got;

	while ((got = wire_next(o, &in, &f)) > 0) {
		int failed = 0;

		if (f.tag == TAG(2, LEN)) {
			failed = read_scope_spans(o, f.s);
		} else if (f.tag == TAG(1, LEN)) {
			failed = read_resource(o, f.s, &t);
			n += wire_len(&f.s);
		} else if (f.tag == TAG(3, LEN)) {
			failed = check_field(o, SCOPE_SPANS, &f, 0);
			n += wire_len(&f.s);
		}
		if (failed)
			return -1;
	}
	if (!got && from < o->spans)
		end_resource(o, from, &t, n);
	return got;
}

enum { SPAN_BYTES = 128 }; /* that most have at least */

int
otlp_pb(struct otlp *o)
{
	struct wire in = {o->s, o->s + o->n};
	struct wire_field f;
	int got;

	o->spans_cap = o->n / SPAN_BYTES + 1;
	o->kept = mem_resize(NULL, o->spans_cap * sizeof *o->kept);
	while ((got = wire_next(o, &in, &f)) > 0)
		if (f.tag == TAG(1, LEN) && read_resource_spans(o, f.s) < 0)
			return -1;
	return got;
}
