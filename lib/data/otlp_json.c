#include <math.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/hex.h"
#include "base/mem.h"
#include "data/otlp_pen.h"
#include "data/otlp_wire.h"
#include "data/otlp_word.h"

/*
 * A request in JSON becomes the one in protobuf that means the same, so that
 * there is one reader and one printer of spans.
 *
 * src: the JSON Protobuf Encoding of OTLP 1.11
 */

enum message {
	REQUEST,
	RESOURCE_SPANS,
	RESOURCE,
	SCOPE_SPANS,
	SCOPE,
	SPAN,
	EVENT,
	LINK,
	STATUS,
	PAIR,
	ANY,
	LIST,
	MAP
};

enum kind {
	ID,
	TEXT,
	BYTES,
	BOOL,
	INT,
	DOUBLE,
	NANO,
	COUNTER, /* 32 bits, a varint */
	FLAGS,
	SPAN_KIND,
	STATUS_CODE,
	ONE,	/* message */
	MANY,	/* messages, a list */
	UNHEARD /* passed over with a warning */
};

struct member {
	const char *name;
	unsigned char len;
	unsigned char kind;
	uint16_t tag;
	unsigned char of;   /* ONE, MANY */
	unsigned char spot; /* the same: one of struct spots */
	unsigned warning;   /* UNHEARD */
};

#define IS(name) name, sizeof(name) - 1

static const struct member request[] = {
    {IS("resourceSpans"), MANY, TAG(1, LEN), RESOURCE_SPANS, 0, 0},
    {IS("resource_spans"), UNHEARD, 0, 0, 0, OTLP_SNAKE_CASE},
};

static const struct member resource_spans[] = {
    {IS("resource"), ONE, TAG(1, LEN), RESOURCE, 0, 0},
    {IS("scopeSpans"), MANY, TAG(2, LEN), SCOPE_SPANS, 1, 0},
    {IS("schemaUrl"), TEXT, TAG(3, LEN), 0, 0, 0},
};

static const struct member resource[] = {
    {IS("attributes"), MANY, TAG(1, LEN), PAIR, 0, 0},
    {IS("droppedAttributesCount"), COUNTER, TAG(2, VARINT), 0, 0, 0},
};

static const struct member scope_spans[] = {
    {IS("scope"), ONE, TAG(1, LEN), SCOPE, 0, 0},
    {IS("spans"), MANY, TAG(2, LEN), SPAN, 1, 0},
    {IS("schemaUrl"), TEXT, TAG(3, LEN), 0, 0, 0},
};

static const struct member scope[] = {
    {IS("name"), TEXT, TAG(1, LEN), 0, 0, 0},
    {IS("version"), TEXT, TAG(2, LEN), 0, 0, 0},
    {IS("attributes"), MANY, TAG(3, LEN), PAIR, 0, 0},
    {IS("droppedAttributesCount"), COUNTER, TAG(4, VARINT), 0, 0, 0},
};

static const struct member span[] = {
    {IS("traceId"), ID, TAG(1, LEN), 0, 0, 0},
    {IS("spanId"), ID, TAG(2, LEN), 0, 0, 0},
    {IS("traceState"), TEXT, TAG(3, LEN), 0, 0, 0},
    {IS("parentSpanId"), ID, TAG(4, LEN), 0, 0, 0},
    {IS("flags"), FLAGS, TAG(16, I32), 0, 0, 0},
    {IS("name"), TEXT, TAG(5, LEN), 0, 0, 0},
    {IS("kind"), SPAN_KIND, TAG(6, VARINT), 0, 0, 0},
    {IS("startTimeUnixNano"), NANO, TAG(7, I64), 0, 0, 0},
    {IS("endTimeUnixNano"), NANO, TAG(8, I64), 0, 0, 0},
    {IS("attributes"), MANY, TAG(9, LEN), PAIR, 0, 0},
    {IS("droppedAttributesCount"), COUNTER, TAG(10, VARINT), 0, 0, 0},
    {IS("events"), MANY, TAG(11, LEN), EVENT, 1, 0},
    {IS("droppedEventsCount"), COUNTER, TAG(12, VARINT), 0, 0, 0},
    {IS("status"), ONE, TAG(15, LEN), STATUS, 2, 0},
    {IS("links"), MANY, TAG(13, LEN), LINK, 3, 0},
    {IS("droppedLinksCount"), COUNTER, TAG(14, VARINT), 0, 0, 0},
};

static const struct member event[] = {
    {IS("timeUnixNano"), NANO, TAG(1, I64), 0, 0, 0},
    {IS("name"), TEXT, TAG(2, LEN), 0, 0, 0},
    {IS("attributes"), MANY, TAG(3, LEN), PAIR, 0, 0},
    {IS("droppedAttributesCount"), COUNTER, TAG(4, VARINT), 0, 0, 0},
};

static const struct member link[] = {
    {IS("traceId"), ID, TAG(1, LEN), 0, 0, 0},
    {IS("spanId"), ID, TAG(2, LEN), 0, 0, 0},
    {IS("traceState"), TEXT, TAG(3, LEN), 0, 0, 0},
    {IS("attributes"), MANY, TAG(4, LEN), PAIR, 0, 0},
    {IS("droppedAttributesCount"), COUNTER, TAG(5, VARINT), 0, 0, 0},
    {IS("flags"), FLAGS, TAG(6, I32), 0, 0, 0},
};

static const struct member status[] = {
    {IS("message"), TEXT, TAG(2, LEN), 0, 0, 0},
    {IS("code"), STATUS_CODE, TAG(3, VARINT), 0, 0, 0},
};

static const struct member pair[] = {
    {IS("key"), TEXT, TAG(1, LEN), 0, 0, 0},
    {IS("value"), ONE, TAG(2, LEN), ANY, 0, 0},
    {IS("keyStrindex"), UNHEARD, 0, 0, 0, OTLP_STRINDEX_KEY},
};

static const struct member any[] = {
    {IS("stringValue"), TEXT, TAG(1, LEN), 0, 0, 0},
    {IS("boolValue"), BOOL, TAG(2, VARINT), 0, 0, 0},
    {IS("intValue"), INT, TAG(3, VARINT), 0, 0, 0},
    {IS("doubleValue"), DOUBLE, TAG(4, I64), 0, 0, 0},
    {IS("arrayValue"), ONE, TAG(5, LEN), LIST, 0, 0},
    {IS("kvlistValue"), ONE, TAG(6, LEN), MAP, 1, 0},
    {IS("bytesValue"), BYTES, TAG(7, LEN), 0, 0, 0},
    {IS("stringValueStrindex"), UNHEARD, 0, 0, 0, OTLP_STRINDEX_VALUE},
};

static const struct member list[] = {
    {IS("values"), MANY, TAG(1, LEN), ANY, 0, 0},
};

static const struct member map[] = {
    {IS("values"), MANY, TAG(1, LEN), PAIR, 0, 0},
};

#define OF(members)                     \
	{                               \
		members, COUNT(members) \
	}

static const struct {
	const struct member *member;
	size_t n;
} messages[] = {
    [REQUEST] = OF(request),
    [RESOURCE_SPANS] = OF(resource_spans),
    [RESOURCE] = OF(resource),
    [SCOPE_SPANS] = OF(scope_spans),
    [SCOPE] = OF(scope),
    [SPAN] = OF(span),
    [EVENT] = OF(event),
    [LINK] = OF(link),
    [STATUS] = OF(status),
    [PAIR] = OF(pair),
    [ANY] = OF(any),
    [LIST] = OF(list),
    [MAP] = OF(map),
};

/* ---- fields, written */

enum {
	HEAD = 12,  /* of a field: its tag and a varint */
	LENGTH = 4, /* bytes for that of a message, which is known later */
	SPOTS = 4   /* names of messages that one message has at most */
};

static char *
put_varint(char *p, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		*p++ = (char)(v | 0x80);
	*p++ = (char)v;
	return p;
}

static void
put_number(struct otlp *o, unsigned tag, uint64_t v)
{
	char *p = put_varint(buf_room(&o->wire, 2 * HEAD), tag);

	pen_end(&o->wire, put_varint(p, v));
}

static void
put_fixed(struct otlp *o, unsigned tag, uint64_t v, size_t n)
{
	char *p = put_varint(buf_room(&o->wire, 2 * HEAD), tag);

	v = htole64(v);
	pen_end(&o->wire, pen_put(p, (const char *)&v, n));
}

static void
put_bytes(struct otlp *o, unsigned tag, const char *s, size_t n)
{
	char *p = put_varint(buf_room(&o->wire, 2 * HEAD + n), tag);

	p = put_varint(p, n);
	pen_end(&o->wire, pen_put(p, s, n));
}

/* The length of what is since `at`: of a short message one byte, and what is in
 * it moves up; of others all of LENGTH. */
static void
put_length(struct otlp *o, size_t at)
{
	char *p = o->wire.s + at;
	size_t n = o->wire.len - at - LENGTH;
	uint32_t word = (n & 0x7f) | (n << 1 & 0x7f00) | (n << 2 & 0x7f0000) |
			(n << 3 & 0x7f000000) | 0x808080;

	BUG_IF(n >> 7 * LENGTH);
	if (n > 0x7f) {
		word = htole32(word);
		memcpy(p, &word, LENGTH);
		return;
	}
	*p = (char)n;
	memmove(p + 1, p + LENGTH, n + 1);
	o->wire.len -= LENGTH - 1;
}

/* Where the fields are that are messages of one name: JSON takes the last of
 * equal names, and protobuf merges them. */
struct spot {
	size_t from, end;
};

/* Each byte moves up for each other name at most once. */
static void
forget(struct otlp *o, struct spot spot[], struct spot *it)
{
	size_t from = it->from, n = it->end - it->from;

	if (!n)
		return;
	memmove(
	    o->wire.s + from, o->wire.s + it->end, o->wire.len - it->end + 1);
	o->wire.len -= n;
	*it = (struct spot){0};
	for (size_t i = 0; i < SPOTS; i++)
		if (spot[i].from > from) {
			spot[i].from -= n;
			spot[i].end -= n;
		}
}

/* ---- values, read */

static int
read_text(struct otlp *o, unsigned tag)
{
	struct otlp_word w;

	if (otlp_string(o, &w) < 0)
		return -1;
	put_bytes(o, tag, w.s, w.n);
	return 0;
}

static int
read_id(struct otlp *o, unsigned tag)
{
	struct otlp_word w;
	char *p;

	if (otlp_string(o, &w) < 0)
		return -1;
	if (w.n % 2)
		return otlp_fail(o, "an id of an odd number of hex digits");
	p = put_varint(buf_room(&o->wire, 2 * HEAD + w.n / 2), tag);
	p = put_varint(p, w.n / 2);
	for (size_t i = 0; i < w.n; i += 2) {
		int high = hex_value(w.s[i]), low = hex_value(w.s[i + 1]);

		if (high < 0 || low < 0)
			return otlp_fail(
			    o, "an id that is not hex (base64 is not meant)");
		*p++ = (char)(high << 4 | low);
	}
	pen_end(&o->wire, p);
	return 0;
}

static int
read_unsigned(struct otlp *o, uint64_t most, uint64_t *to)
{
	struct otlp_whole w;

	if (otlp_whole(o, &w) < 0)
		return -1;
	if (w.is_large || w.magnitude > most || (w.is_negative && w.magnitude))
		return otlp_fail(o, "a number out of range");
	*to = w.magnitude;
	return 0;
}

static int
read_number(struct otlp *o, unsigned kind, unsigned tag)
{
	uint64_t v = 0;

	if (read_unsigned(o, kind == NANO ? UINT64_MAX : UINT32_MAX, &v) < 0)
		return -1;
	if (kind == COUNTER)
		put_number(o, tag, v);
	else
		put_fixed(o, tag, v, kind == NANO ? 8 : 4);
	return 0;
}

/* Names are not allowed to be sent, but some do. */
static int
read_name(struct otlp *o, unsigned kind, unsigned tag)
{
	static const char *const names[][7] = {
	    {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
		"SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"},
	    {"STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"},
	};
	const char *const *name = names[kind == STATUS_CODE];
	struct otlp_word w;

	o->r->warnings |=
	    kind == STATUS_CODE ? OTLP_STATUS_NAME : OTLP_KIND_NAME;
	if (otlp_string(o, &w) < 0)
		return -1;
	for (unsigned i = 0; name[i]; i++)
		if (w.n == strlen(name[i]) && !memcmp(w.s, name[i], w.n)) {
			put_number(o, tag, i);
			return 0;
		}
	return otlp_fail(o, "an enum that is neither number nor name");
}

static int
read_enum(struct otlp *o, unsigned kind, unsigned tag)
{
	struct otlp_whole w;
	uint64_t most = INT32_MAX;

	if (otlp_is_word(o))
		return read_name(o, kind, tag);
	if (otlp_whole(o, &w) < 0)
		return -1;
	if (w.is_large || w.magnitude > most + w.is_negative)
		return otlp_fail(o, "a number out of range");
	put_number(o, tag, w.is_negative ? -w.magnitude : w.magnitude);
	return 0;
}

static void
put_double(struct otlp *o, double d)
{
	uint64_t bits;

	memcpy(&bits, &d, sizeof bits);
	put_fixed(o, TAG(4, I64), bits, sizeof bits);
}

static int
read_int(struct otlp *o, unsigned tag)
{
	struct otlp_whole w;
	double d;

	if (otlp_whole(o, &w) < 0)
		return -1;
	if (!w.is_large && w.magnitude <= (uint64_t)INT64_MAX + w.is_negative) {
		put_number(o, tag, w.is_negative ? -w.magnitude : w.magnitude);
		return 0;
	}
	d = strtod(o->number.s, NULL);
	if (!isfinite(d))
		return otlp_fail(o, "a number out of range");
	o->r->warnings |= OTLP_BIG_INT;
	put_double(o, d);
	return 0;
}

static int
read_scalar(struct otlp *o, const struct member *m)
{
	struct otlp_word w;
	double d;
	bool yes;

	switch (m->kind) {
	case ID:
		return read_id(o, m->tag);
	case TEXT:
		return read_text(o, m->tag);
	case SPAN_KIND:
	case STATUS_CODE:
		return read_enum(o, m->kind, m->tag);
	case INT:
		return read_int(o, m->tag);
	case DOUBLE:
		if (otlp_double(o, &d) < 0)
			return -1;
		put_double(o, d);
		return 0;
	case BOOL:
		if (otlp_bool(o, &yes) < 0)
			return -1;
		put_number(o, m->tag, yes);
		return 0;
	case BYTES:
		if (otlp_base64(o, &w) < 0)
			return -1;
		put_bytes(o, m->tag, w.s, w.n);
		return 0;
	}
	return read_number(o, m->kind, m->tag);
}

/* What null stands for. */
static void
put_default(struct otlp *o, const struct member *m)
{
	if (m->kind == NANO || m->kind == FLAGS)
		put_fixed(o, m->tag, 0, m->kind == NANO ? 8 : 4);
	else
		put_number(o, m->tag, 0); /* or bytes, none of them */
}

/* ---- messages */

static int read_object(struct otlp *o, unsigned message, unsigned level);

static int
read_message(struct otlp *o, const struct member *m, unsigned level)
{
	size_t at;

	put_number(o, m->tag, 0);
	o->wire.len += LENGTH - 1;
	at = o->wire.len - LENGTH;
	if (read_object(o, m->of, level) < 0)
		return -1;
	put_length(o, at);
	return 0;
}

static int
read_one(struct otlp *o, const struct member *m, unsigned level)
{
	if (m->of != LIST && m->of != MAP)
		return read_message(o, m, level);
	if (level == OTLP_LEVELS)
		return otlp_fail(o, "a value nested too deep");
	return read_message(o, m, level + 1);
}

static int
read_many(struct otlp *o, const struct member *m, unsigned level)
{
	int got;

	if (otlp_open(o, '[') < 0)
		return -1;
	for (bool more = false; (got = otlp_item(o, more)) > 0; more = true)
		if (read_message(o, m, level) < 0)
			return -1;
	return got;
}

static int
read_nested(
    struct otlp *o, const struct member *m, unsigned level, struct spot spot[])
{
	struct spot *it = &spot[m->spot];
	int got;

	forget(o, spot, it);
	if (otlp_take_null(o))
		return 0;
	it->from = o->wire.len;
	got = m->kind == ONE ? read_one(o, m, level) : read_many(o, m, level);
	it->end = o->wire.len;
	return got;
}

/*
 * The member whose key is next; NULL if it is none of them. Programs write them
 * in one order, and most of them in that of the table.
 */
static int
find(
    struct otlp *o, unsigned message, size_t *next, const struct member **found)
{
	const struct member *m = messages[message].member;
	size_t n = messages[message].n;
	bool is_quoted = otlp_peek(o) == '"';
	struct otlp_word key;

	for (size_t i = 0, k = *next; is_quoted && i < n; i++, k++) {
		k = k < n ? k : 0;
		if (!otlp_key_is(o, m[k].name, m[k].len))
			continue;
		*next = k + 1;
		*found = &m[k];
		return 0;
	}
	if (otlp_key(o, &key) < 0)
		return -1;
	*found = NULL;
	for (size_t k = 0; k < n; k++)
		if (m[k].len == key.n && !memcmp(m[k].name, key.s, key.n))
			*found = &m[k];
	return 0;
}

static int
read_member(struct otlp *o, unsigned message, const struct member *m,
    unsigned level, struct spot spot[])
{
	if (m->kind == UNHEARD)
		o->r->warnings |= m->warning;
	if (m->kind == UNHEARD)
		return otlp_skip(o);
	if (message == ANY && otlp_take_null(o))
		return 0; /* as if it were not there */
	if (m->kind == ONE || m->kind == MANY)
		return read_nested(o, m, level, spot);
	if (!otlp_take_null(o))
		return read_scalar(o, m);
	put_default(o, m);
	return 0;
}

static int
read_object(struct otlp *o, unsigned message, unsigned level)
{
	struct spot spot[SPOTS] = {0};
	const struct member *m;
	size_t next = 0;
	int got;

	if (otlp_take_null(o))
		return 0;
	if (otlp_open(o, '{') < 0)
		return -1;
	for (bool more = false; (got = otlp_next(o, more)) > 0; more = true)
		if (find(o, message, &next, &m) < 0 ||
		    (m ? read_member(o, message, m, level, spot)
		       : otlp_skip(o)) < 0)
			return -1;
	return got;
}

int
otlp_json(struct otlp *o)
{
	if (otlp_start(o) < 0 || read_object(o, REQUEST, 0) < 0)
		return -1;
	return otlp_stop(o);
}
