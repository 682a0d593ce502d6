#include "data/toml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "data/toml_int.h"

static struct toml_find *
find(struct toml *p, const struct value_pos *at, bool is_warning)
{
	struct toml_finds *f = p->finds;
	size_t same = is_warning ? f->n - f->errors : f->errors;

	if (same >= TOML_ERRORS)
		return NULL;
	f->find = arena_more(p->a, f->find, f->n, &f->cap, sizeof *f->find);
	f->errors += !is_warning;
	f->find[f->n].is_warning = is_warning;
	f->find[f->n].at = *at;
	return &f->find[f->n++];
}

bool
toml_fail(struct toml *p, const struct value_pos *at, const char *fmt, ...)
{
	struct toml_find *f = find(p, at, false);
	char text[512];
	va_list ap;

	if (!f)
		return false;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	err_at(&f->err, p->path, at->line, at->column, "%s", text);
	return false;
}

bool
toml_hint(struct toml *p, const char *fmt, ...)
{
	struct toml_finds *f = p->finds;
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (f->n)
		err_hint(&f->find[f->n - 1].err, "%s", text);
	return false;
}

bool
toml_lenient(struct toml *p, const struct value_pos *at, const char *what)
{
	struct toml_find *f;

	if (p->is_strict)
		return toml_fail(p, at, "%s in an inline table", what);
	f = find(p, at, true);
	if (f) {
		err_at(&f->err, p->path, at->line, at->column,
		    "%s in an inline table is TOML 1.1", what);
		err_hint(
		    &f->err, "keep the table on one line, or give it a header");
	}
	return true;
}

bool
toml_expected(struct toml *p, const char *what)
{
	struct value_pos at = toml_place(p, p->i);
	uint32_t c = 0;
	size_t len;

	if (p->i == p->n)
		return toml_fail(p, &at,
		    "expected %s, found the end of the "
		    "file",
		    what);
	len = utf8_next(p->s + p->i, p->n - p->i, &c);
	at.end += (uint32_t)len;
	if (c == '\n' || c == '\r')
		return toml_fail(p, &at,
		    "expected %s, found the end of the "
		    "line",
		    what);
	if (c < ' ' || c == 0x7f)
		return toml_fail(p, &at, "control character U+%04X", c);
	return toml_fail(
	    p, &at, "expected %s, found '%.*s'", what, (int)len, p->s + p->i);
}

int
toml_return(struct toml *p)
{
	struct value_pos at;

	if (p->s[p->i + 1] == '\n') {
		p->i++;
		return toml_newline(p);
	}
	at = toml_place(p, p->i);
	toml_fail(p, &at, "carriage return without line feed");
	return -1;
}

bool
toml_comment(struct toml *p)
{
	int c;

	p->i++;
	p->i += toml_plain(p->s + p->i, '\n', '\n');
	c = toml_peek(p);
	return c < 0 || c == '\n' || c == '\r' || toml_expected(p, "a comment");
}

static bool
too_deep(struct toml *p, const struct value_pos *at)
{
	return toml_fail(p, at, "nested deeper than %d levels", TOML_DEPTH);
}

struct toml_cell *
toml_cell(struct toml *p, enum value_kind kind, enum toml_how how,
    unsigned depth, const struct value_pos *at)
{
	struct toml_cell *c;

	if (depth > TOML_DEPTH) {
		too_deep(p, at);
		return NULL;
	}
	c = arena_take(p->a, sizeof *c);
	*c = (struct toml_cell){
	    {.kind = kind, .at = *at}, how, p->section, depth};
	return c;
}

/* One part of a dotted key and the blanks behind it. */
static bool
key_part(struct toml *p, struct toml_key *k)
{
	size_t from = p->i;
	char c = p->s[from];

	k->at = toml_place(p, from);
	if (c == '"' || c == '\'') {
		struct toml_text text;

		if (!toml_string(p, true, &text))
			return false;
		k->s = text.s;
		k->len = text.len;
	} else {
		k->s = p->s + from;
		k->len = toml_bare(k->s);
		p->i += k->len;
		if (!k->len)
			return toml_expected(p, "a key");
	}
	k->at.end = toml_offset(p);
	toml_blanks(p);
	return true;
}

/* For messages: a key as short as it takes. */
static int
shown(const struct toml_key *k)
{
	return k->len < 80 ? (int)k->len : 80;
}

/*
 * The member of that key, made when it is not there: its value is NULL then.
 * What stands behind the key has been read.
 */
static struct value_member *
claim(struct toml *p, struct toml_cell *table, const struct toml_key *k)
{
	struct value_member *m = value_claim(p->a, &table->v, k->s, k->len);

	if (!m->value) {
		k->s[k->len] = 0;
		m->at = k->at;
	}
	return m;
}

static bool
is_taken(
    struct toml *p, const struct toml_key *k, const struct value_member *first)
{
	toml_fail(p, &k->at, "key '%.*s' is set twice", shown(k), k->s);
	return toml_hint(p, "it is set at line %u first", first->at.line);
}

static bool
is_no_table(
    struct toml *p, const struct toml_key *k, const struct value_member *m)
{
	const struct toml_cell *c = (const struct toml_cell *)m->value;

	if (m->value->kind == VALUE_TABLE && c->how == TOML_CLOSED)
		toml_fail(p, &k->at, "inline table '%.*s' cannot be added to",
		    shown(k), k->s);
	else if (m->value->kind == VALUE_TABLE)
		toml_fail(p, &k->at,
		    "table '%.*s' has a header of its own: "
		    "dotted keys cannot add to it",
		    shown(k), k->s);
	else
		toml_fail(p, &k->at, "key '%.*s' is no table: it holds %s %s",
		    shown(k), k->s,
		    m->value->kind == VALUE_INT || m->value->kind == VALUE_LIST
			? "an"
			: "a",
		    value_kind_name(m->value->kind));
	return toml_hint(p, "it is set at line %u", m->at.line);
}

/* The same for a table so many levels below, unless that is too deep. */
static struct value_member *
room(struct toml *p, struct toml_cell *table, const struct toml_key *k,
    unsigned levels, const struct value_pos *at)
{
	if (table->depth + levels > TOML_DEPTH &&
	    !value_member(&table->v, k->s, k->len)) {
		too_deep(p, at);
		return NULL;
	}
	return claim(p, table, k);
}

/* A table or an array for a member that is new. */
static struct toml_cell *
fill(struct toml *p, struct value_member *m, enum value_kind kind,
    enum toml_how how, const struct toml_cell *table,
    const struct value_pos *at)
{
	struct toml_cell *c = toml_cell(p, kind, how, table->depth + 1, at);

	m->value = &c->v;
	return c;
}

/* The table that a part of a dotted key before the last one means. */
static struct toml_cell *
step_dotted(struct toml *p, struct toml_cell *table, const struct toml_key *k)
{
	struct value_member *m = room(p, table, k, 1, &k->at);
	struct toml_cell *c;

	if (!m)
		return NULL;
	if (!m->value)
		return fill(p, m, VALUE_TABLE, TOML_DOTTED, table, &k->at);
	c = (struct toml_cell *)m->value;
	if (c->v.kind == VALUE_TABLE && c->how == TOML_IMPLIED) {
		c->how = TOML_DOTTED;
		c->section = p->section;
	}
	if (c->v.kind == VALUE_TABLE && c->how == TOML_DOTTED &&
	    c->section == p->section)
		return c;
	is_no_table(p, k, m);
	return NULL;
}

bool
toml_pair(struct toml *p, struct toml_cell *table)
{
	struct value_member *m;
	struct toml_key k;
	struct value *v;

	if (!key_part(p, &k))
		return false;
	while (toml_take(p, '.')) {
		table = step_dotted(p, table, &k);
		toml_blanks(p);
		if (!table || !key_part(p, &k))
			return false;
	}
	if (!toml_take(p, '='))
		return toml_expected(p, "'=' behind the key");
	toml_blanks(p);
	v = toml_value(p, table->depth + 1);
	if (!v)
		return false;
	m = claim(p, table, &k);
	if (m->value)
		is_taken(p, &k, m); /* the line is well-formed: go on */
	else
		m->value = v;
	return true;
}

/* The table that a part of a header before the last one means. */
static struct toml_cell *
step_header(struct toml *p, struct toml_cell *table, const struct toml_key *k)
{
	struct value_member *m = room(p, table, k, 1, &k->at);
	struct toml_cell *c;

	if (!m)
		return NULL;
	if (!m->value)
		return fill(p, m, VALUE_TABLE, TOML_IMPLIED, table, &k->at);
	c = (struct toml_cell *)m->value;
	if (c->v.kind == VALUE_LIST && c->how == TOML_TABLES)
		return (struct toml_cell *)c->v.list.item[c->v.list.n - 1];
	if (c->v.kind == VALUE_TABLE && c->how != TOML_CLOSED)
		return c;
	is_no_table(p, k, m);
	return NULL;
}

static struct toml_cell *
open_table(struct toml *p, struct toml_cell *table, const struct toml_key *k,
    const struct value_pos *at)
{
	struct value_member *m = room(p, table, k, 1, at);
	struct toml_cell *c;

	if (!m)
		return NULL;
	if (!m->value)
		return fill(p, m, VALUE_TABLE, TOML_HEADER, table, at);
	c = (struct toml_cell *)m->value;
	if (m->value->kind == VALUE_TABLE && c->how == TOML_IMPLIED) {
		c->how = TOML_HEADER;
		c->v.at = *at;
		m->at = k->at;
		return c;
	}
	if (m->value->kind == VALUE_LIST && c->how == TOML_TABLES) {
		toml_fail(
		    p, &k->at, "'%.*s' is an array of tables", shown(k), k->s);
		toml_hint(p, "for one more of them write [[…]]");
	} else if (m->value->kind == VALUE_TABLE && c->how != TOML_CLOSED) {
		toml_fail(
		    p, &k->at, "table '%.*s' is defined twice", shown(k), k->s);
		toml_hint(p, "it is defined at line %u first", m->at.line);
	} else {
		is_taken(p, k, m);
	}
	return NULL;
}

static struct toml_cell *
open_tables(struct toml *p, struct toml_cell *table, const struct toml_key *k,
    const struct value_pos *at)
{
	struct value_member *m = room(p, table, k, 2, at);
	struct toml_cell *list, *c;

	if (!m)
		return NULL;
	list = (struct toml_cell *)m->value;
	if (!list) {
		list = fill(p, m, VALUE_LIST, TOML_TABLES, table, at);
	} else if (m->value->kind != VALUE_LIST || list->how != TOML_TABLES) {
		toml_fail(
		    p, &k->at, "'%.*s' is no array of tables", shown(k), k->s);
		toml_hint(p, "it is set at line %u", m->at.line);
		return NULL;
	}
	c = toml_cell(p, VALUE_TABLE, TOML_HEADER, list->depth + 1, at);
	if (!c)
		return NULL;
	value_add(p->a, &list->v, &c->v);
	return c;
}

/* Hand on the table whose section ends here. */
static void
hand_on(struct toml *p)
{
	const struct toml_handler *h = p->handler;

	if (h && !p->finds->errors && (p->parts || p->table->v.table.n))
		h->on_table(h->ctx, p->part, p->parts, &p->table->v);
	p->parts = 0;
}

/* One more part of the path; what stands behind the key has been read. */
static void
add_part(struct toml *p, const struct toml_key *k)
{
	if (!p->handler)
		return;
	k->s[k->len] = 0;
	p->part =
	    arena_more(p->a, p->part, p->parts, &p->part_cap, sizeof *p->part);
	p->part[p->parts++] = (struct toml_part){k->s, k->len};
}

/* [a.b] or [[a.b]] */
static bool
header(struct toml *p)
{
	struct value_pos at = toml_place(p, p->i++);
	bool is_array = toml_take(p, '[');
	struct toml_cell *t = p->root;
	struct toml_key k;

	hand_on(p);
	/* Until the header is known to be good, keys go nowhere */
	p->section = ++p->sections;
	p->table = toml_cell(p, VALUE_TABLE, TOML_HEADER, 1, &at);
	toml_blanks(p);
	if (!key_part(p, &k))
		return false;
	while (toml_take(p, '.')) {
		t = step_header(p, t, &k);
		add_part(p, &k);
		toml_blanks(p);
		if (!t || !key_part(p, &k))
			return false;
	}
	if (!toml_take(p, ']') || (is_array && !toml_take(p, ']')))
		return toml_expected(p, is_array ? "']]'" : "']'");
	at.end = toml_offset(p);
	t = is_array ? open_tables(p, t, &k, &at) : open_table(p, t, &k, &at);
	add_part(p, &k);
	if (t)
		p->table = t;
	return true;
}

static bool
end_of_line(struct toml *p)
{
	int got;

	toml_blanks(p);
	if (p->s[p->i] == '#' && !toml_comment(p))
		return false;
	got = toml_newline(p);
	if (got || p->i == p->n)
		return got >= 0;
	return toml_expected(p, "the end of the line");
}

/* Does a key or a header begin on this line, no deeper than `column`? */
static bool
is_start(const struct toml *p, uint32_t column)
{
	bool is_header = false;
	size_t i = p->i;

	while (i < p->n && (p->s[i] == ' ' || p->s[i] == '\t'))
		i++;
	if (i - p->i >= column)
		return false;
	for (; i < p->n && p->s[i] == '['; i++)
		is_header = true;
	if (i == p->n ||
	    (!toml_is(p->s[i], TOML_BARE) && !strchr(" \"'", p->s[i])))
		return false;
	while (i < p->n &&
	       (toml_is(p->s[i], TOML_BARE) || strchr(" .\"'", p->s[i])))
		i++;
	return i < p->n && p->s[i] == (is_header ? ']' : '=');
}

/*
 * Go to where a new key or header may begin. Where brackets were open, the
 * lines that follow are still inside them, most likely.
 */
static void
recover(struct toml *p)
{
	do {
		const char *lf = memchr(p->s + p->i, '\n', p->n - p->i);

		p->i = lf ? (size_t)(lf - p->s) : p->n;
		toml_newline(p);
	} while (p->i < p->n && p->open && !is_start(p, p->column));
}

/* A key or a header, unless the line has none. */
static bool
expression(struct toml *p)
{
	int c = toml_peek(p);

	if (c == '[')
		return header(p);
	return c < 0 || c == '#' || c == '\n' || c == '\r' ||
	       toml_pair(p, p->table);
}

void
toml_lines(struct toml *p)
{
	if (p->is_held)
		recover(p);
	while (p->i < p->n && p->finds->errors < TOML_ERRORS) {
		toml_blanks(p);
		p->column = toml_place(p, p->i).column;
		p->open = 0;
		if (expression(p) && end_of_line(p))
			continue;
		if (!p->is_last)
			break;
		recover(p);
	}
	p->is_held = p->i < p->n;
	if (p->is_last)
		hand_on(p);
}
