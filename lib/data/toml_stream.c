/*
 * A document to its parser, in pieces of whole lines. A piece ends where no
 * string and no bracket is open: up to the first error the look ahead for that
 * place and the parser agree on what is open, and after it nothing is cut.
 */
#include <string.h>

#include "base/utf8.h"
#include "data/toml_int.h"

/* The look ahead: so much was seen of what the parser has not. */
struct ahead {
	size_t i;
	size_t safe; /* the last start of a line where nothing is open */
	size_t open; /* brackets */
	char quote;  /* of the open string, '#' in a comment, or 0 */
	bool is_multi;
};

struct toml_stream {
	struct toml p;
	struct buf rest; /* what the parser has not seen */
	struct ahead ahead;
	bool is_over; /* nothing more is read */
};

static void
start(struct toml *p, struct arena *a, const char *path, bool strict,
    struct toml_finds *to)
{
	struct value_pos top = {1, 1, 0, 0};

	*p = (struct toml){.a = a,
	    .path = path,
	    .is_strict = strict,
	    .line = 1,
	    .base = (size_t)-1,
	    .finds = to,
	    .scratch = BUF_INIT};
	*to = (struct toml_finds){0};
	p->root = p->table = toml_cell(p, VALUE_TABLE, TOML_HEADER, 0, &top);
}

/*
 * Go on with the parser's own copy of s[n], which follows on what was read. It
 * begins with a line, or with the rest of one that is not read any more.
 */
static void
copy(struct toml *p, const char *s, size_t n)
{
	p->from += p->i;
	p->base -= p->i;
	p->s = arena_take(p->a, n + TOML_PAD);
	if (n)
		memcpy(p->s, s, n);
	memset(p->s + n, 0, TOML_PAD);
	p->n = n;
	p->i = 0;
	if (!p->from && n >= 3 && !memcmp(s, "\xef\xbb\xbf", 3))
		p->i = 3;
	p->base += p->i;
	p->wide = p->i;
	toml_widen(p, p->i);
}

/* The one thing that is told then: what else was found may be a part of it. */
static void
not_utf8(struct toml *p, size_t bad)
{
	struct value_pos at = p->root->v.at;
	const char *lf;

	p->root = toml_cell(p, VALUE_TABLE, TOML_HEADER, 0, &at);
	p->finds->n = p->finds->errors = 0;
	while ((lf = memchr(p->s + p->i, '\n', bad - p->i))) {
		p->i = (size_t)(lf - p->s);
		toml_newline(p);
	}
	at = toml_place(p, bad);
	toml_fail(p, &at, "byte 0x%02x is not UTF-8", (unsigned char)p->s[bad]);
}

/* Read s[n], which follows on what was read; false when all is over. */
static bool
piece(struct toml *p, const char *s, size_t n, bool is_last)
{
	size_t bad;

	copy(p, s, n);
	p->is_last = is_last;
	/* What is ASCII was found to be */
	bad = p->wide + utf8_check(p->s + p->wide, n - p->wide);
	if (bad < n)
		not_utf8(p, bad);
	else
		toml_lines(p);
	return bad == n;
}

struct value *
toml_check(struct arena *a, const char *path, const char *s, size_t n,
    bool strict, struct toml_finds *to)
{
	struct toml p;

	start(&p, a, path, strict, to);
	piece(&p, s, n, true);
	buf_free(&p.scratch);
	return &p.root->v;
}

struct value *
toml_parse(
    struct arena *a, const char *path, const char *s, size_t n, struct err *e)
{
	struct toml_finds found;
	struct value *root = toml_check(a, path, s, n, false, &found);

	for (size_t i = 0; i < found.n; i++)
		if (!found.find[i].is_warning) {
			if (e)
				*e = found.find[i].err;
			return NULL;
		}
	return root;
}

struct toml_stream *
toml_open(struct arena *a, const char *path, bool strict,
    const struct toml_handler *handler, struct toml_finds *to)
{
	struct toml_stream *t = arena_alloc(a, sizeof *t);

	start(&t->p, a, path, strict, to);
	t->p.handler = handler;
	t->rest = (struct buf)BUF_INIT;
	return t;
}

/* How often the quote at s[i] is there: up to five may end a string. */
static size_t
quotes(const struct buf *b, size_t i)
{
	size_t n = 1;

	while (n < 5 && i + n < b->len && b->s[i + n] == b->s[i])
		n++;
	return n;
}

/* A quote that begins or ends a string; false when more has to be seen. */
static bool
see_quote(struct ahead *l, const struct buf *b)
{
	size_t n = quotes(b, l->i);
	char c = b->s[l->i];

	if (l->quote && !l->is_multi) {
		l->quote = 0;
		l->i++;
		return true;
	}
	if (n < 5 && l->i + n == b->len)
		return false;
	if (l->quote) {
		l->quote = n < 3 ? c : 0;
		l->i += n;
	} else {
		l->is_multi = n >= 3;
		l->quote = n == 2 ? 0 : c;
		l->i += n > 3 ? 3 : n;
	}
	return true;
}

static void
see_newline(struct ahead *l)
{
	l->i++;
	if (l->quote && l->quote != '#' && l->is_multi)
		return;
	l->quote = 0;
	if (!l->open)
		l->safe = l->i;
}

/* A byte that opens or closes nothing that has quotes. */
static void
see_byte(struct ahead *l, char c)
{
	if (l->quote == '"' && c == '\\')
		l->i++; /* and the byte behind it, even if that is to come */
	else if (!l->quote && c == '#')
		l->quote = '#';
	else if (!l->quote && (c == '[' || c == '{'))
		l->open++;
	else if (!l->quote && (c == ']' || c == '}'))
		l->open -= l->open > 0;
	l->i++;
}

static void
look(struct ahead *l, const struct buf *b)
{
	while (l->i < b->len) {
		char c = b->s[l->i];

		if (c == '\n')
			see_newline(l);
		else if (l->quote ? c != l->quote || c == '#'
				  : c != '"' && c != '\'')
			see_byte(l, c);
		else if (!see_quote(l, b))
			return;
	}
}

void
toml_feed(struct toml_stream *t, const char *s, size_t n)
{
	size_t seen;

	if (t->is_over)
		return;
	buf_add(&t->rest, s, n);
	if (t->p.is_held)
		return;
	look(&t->ahead, &t->rest);
	seen = t->ahead.safe;
	if (!seen)
		return;
	t->is_over = !piece(&t->p, t->rest.s, seen, false);
	buf_drop(&t->rest, t->p.i);
	t->ahead.i -= seen;
	t->ahead.safe = 0;
}

struct value *
toml_close(struct toml_stream *t)
{
	if (!t->is_over)
		piece(&t->p, t->rest.s, t->rest.len, true);
	buf_free(&t->rest);
	buf_free(&t->p.scratch);
	return &t->p.root->v;
}
