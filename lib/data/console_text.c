#include "data/console_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

enum { LABEL = 18 }; /* "  name          : " */

/*
 * A tree of lines: two blanks and a padded label begin a member, a tab begins
 * an attribute or a bracket of an event, and any other line goes on with the
 * value before it. Events and links lie one tab deeper.
 */
struct text {
	struct arena *a;
	struct value *member; /* of the span, the event or the link */
	struct value *list;   /* where attributes are set; NULL: nowhere */
	struct value **last;  /* the value that another line may go on with */
};

struct line {
	const char *s;
	size_t n;
};

/* The next line without its end; false: there is none. */
static bool
next(const char **s, const char *end, struct line *l)
{
	const char *eol;

	if (*s >= end)
		return false;
	eol = memchr(*s, '\n', (size_t)(end - *s));
	*l = (struct line){*s, (size_t)((eol ? eol : end) - *s)};
	*s = eol ? eol + 1 : end;
	return true;
}

/* A label at the line's beginning: how long its name is; 0: none. */
static size_t
label(const struct line *l)
{
	size_t n = LABEL - 2;

	if (l->n < LABEL - 1 || memcmp(l->s, "  ", 2) || l->s[2] == ' ' ||
	    l->s[n] != ':')
		return 0;
	while (l->s[n - 1] == ' ')
		n--;
	return n - 2;
}

static void
go_on(struct text *t, const struct line *l)
{
	const struct value *was = t->last ? *t->last : NULL;
	AUTO_BUF b = BUF_INIT;

	if (!was || was->kind != VALUE_STR)
		return;
	buf_add(&b, was->str.s, was->str.len);
	buf_addc(&b, '\n');
	buf_add(&b, l->s, l->n);
	*t->last = value_str(t->a, b.s, b.len);
}

static void
set(struct text *t, struct value *table, const char *key, size_t n,
    const char *s, size_t len)
{
	char *name = arena_dup(t->a, key, n);

	t->last =
	    &value_set(t->a, table, name, n, value_str(t->a, s, len))->value;
}

/* A label's text; a label without one heads the attributes that follow. */
static void
set_label(struct text *t, const struct line *l, size_t n)
{
	size_t from = l->n < LABEL ? l->n : LABEL;
	struct value *table;

	if (from < l->n || (n != 10 && n != 9) ||
	    (memcmp(l->s + 2, "attributes", n) &&
		memcmp(l->s + 2, "resources", n))) {
		t->list = NULL;
		set(t, t->member, l->s + 2, n, l->s + from, l->n - from);
		return;
	}
	table = value_new(t->a, VALUE_TABLE);
	value_set(t->a, t->member, arena_dup(t->a, l->s + 2, n), n, table);
	t->list = table;
	t->last = NULL;
}

static bool
set_attribute(struct text *t, const struct line *l)
{
	const char *colon = memmem(l->s, l->n, ": ", 2);
	size_t n;

	if (!t->list || l->n < 2 || *l->s != '\t' || !colon)
		return false;
	n = (size_t)(colon - l->s - 1);
	set(t, t->list, l->s + 1, n, colon + 2, l->n - n - 3);
	return true;
}

static void
take(struct text *t, const struct line *l)
{
	size_t n = label(l);

	if (n)
		set_label(t, l, n);
	else if (!set_attribute(t, l))
		go_on(t, l);
}

static bool
is(const struct line *l, const char *s)
{
	return l->n == strlen(s) && !memcmp(l->s, s, l->n);
}

/* The lines up to the closing bracket, each behind its tab. */
static struct value *
nested(struct arena *a, const char **s, const char *end)
{
	struct text t = {.a = a, .member = value_new(a, VALUE_TABLE)};
	struct line l;

	while (next(s, end, &l) && !is(&l, "\t}")) {
		if (l.n && *l.s == '\t') {
			l.s++;
			l.n--;
		}
		take(&t, &l);
	}
	return t.member;
}

static uint64_t
number(const struct value *v)
{
	return strtoull(value_str_or(v, "0"), NULL, 10);
}

static int
find_word(const char *const word[], size_t n, const struct value *v)
{
	for (size_t i = 0; i < n; i++)
		if (!strcasecmp(word[i], value_str_or(v, "")))
			return (int)i;
	return 0;
}

static void
add(struct arena *a, struct console_span *to, struct value *v, bool is_link)
{
	if (is_link)
		*console_add_link(a, to) = (struct console_link){
		    .trace_id = console_id(value_get(v, "trace_id"), 32),
		    .span_id = console_id(value_get(v, "span_id"), 16),
		    .state = value_get(v, "tracestate"),
		    .attributes = value_get(v, "attributes")};
	else
		*console_add_event(a, to) =
		    (struct console_event){number(value_get(v, "timestamp")),
			value_get(v, "name"), value_get(v, "attributes"), 0};
}

/* "depot.main-0.1": the version is behind the last dash, if it is one. */
static void
set_scope(struct arena *a, struct console_span *to, const struct value *v)
{
	const char *s = value_str_or(v, ""), *dash = strrchr(s, '-');

	if (!dash || dash[1] < '0' || dash[1] > '9') {
		to->scope = v;
		return;
	}
	to->scope = value_str(a, s, (size_t)(dash - s));
	to->version = value_text(a, dash + 1);
}

static bool
set_span(struct arena *a, struct console_span *to, const struct value *v)
{
	static const char *const kinds[] = {"Unspecified", "Internal", "Server",
	    "Client", "Producer", "Consumer"};
	static const char *const codes[] = {"Unset", "Ok", "Error"};

	to->form = CONSOLE_CPP;
	to->trace_id = console_id(value_get(v, "trace_id"), 32);
	to->span_id = console_id(value_get(v, "span_id"), 16);
	to->parent_id = console_parent(value_get(v, "parent_span_id"));
	to->name = value_get(v, "name");
	to->state = value_get(v, "tracestate");
	to->start_ns = number(value_get(v, "start"));
	to->end_ns = to->start_ns + number(value_get(v, "duration"));
	to->message = value_get(v, "description");
	to->kind = find_word(kinds, COUNT(kinds), value_get(v, "span kind"));
	to->code = find_word(codes, COUNT(codes), value_get(v, "status"));
	to->attributes = value_get(v, "attributes");
	to->resource = value_get(v, "resources");
	set_scope(a, to, value_get(v, "instr-lib"));
	return to->trace_id && to->span_id;
}

bool
console_is_text_span(
    struct arena *a, const char *s, size_t n, struct console_span *to)
{
	struct text t = {.a = a, .member = value_new(a, VALUE_TABLE)};
	const char *end = s + n;
	bool is_link = false;
	struct line l;

	*to = (struct console_span){0};
	while (next(&s, end, &l)) {
		size_t k = label(&l);

		if (k == 5 && !memcmp(l.s + 2, "links", k))
			is_link = true;
		if (!t.list && is(&l, "\t{"))
			add(a, to, nested(a, &s, end), is_link);
		else
			take(&t, &l);
	}
	return set_span(a, to, t.member);
}
