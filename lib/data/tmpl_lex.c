#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "data/tmpl_int.h"

bool
tmpl_is_template(const char *s, size_t n)
{
	for (const char *p = s, *end = s + n; p < end; p++) {
		p = memchr(p, '{', (size_t)(end - p));
		if (!p || p + 1 == end)
			return false;
		if (p[1] == '{' || p[1] == '%' || p[1] == '#')
			return true;
	}
	return false;
}

int
tmpl_bad(struct tmpl_parser *p, size_t at, const char *fmt, ...)
{
	struct tmpl_spot here;
	char text[512];
	va_list ap;

	here = tmpl_spot(p->module, at < p->n ? at : p->n);
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	p->t->fault_path = p->file->path;
	p->wrong_at = at;
	return err_at(p->e, p->file->path, here.line, here.column, "%s", text);
}

int
tmpl_expected(struct tmpl_parser *p, const char *what)
{
	uint32_t c;
	size_t len;

	if (p->pos >= p->n)
		return tmpl_bad(
		    p, p->pos, "the template ends here; expected %s", what);
	len = utf8_next(p->s + p->pos, p->n - p->pos, &c);
	if (c < 0x20 || c == 0x7f)
		return tmpl_bad(p, p->pos,
		    "unexpected byte 0x%02x; "
		    "expected %s",
		    (unsigned)c, what);
	return tmpl_bad(p, p->pos, "unexpected '%.*s'; expected %s",
	    (int)(len ? len : 1), p->s + p->pos, what);
}

int
tmpl_enter(struct tmpl_parser *p)
{
	if (++p->depth > TMPL_DEPTH)
		return tmpl_bad(
		    p, p->pos, "nested deeper than %d levels", TMPL_DEPTH);
	return 0;
}

/* What a name is made of: 1 a letter, 2 a digit. */
static const unsigned char name_class[256] = {
    ['a' ... 'z'] = 1, ['A' ... 'Z'] = 1, ['_'] = 1, ['0' ... '9'] = 2};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
tmpl_ident(struct tmpl_parser *p, struct tmpl_str *name)
{
	const unsigned char *s = (const unsigned char *)p->s;
	size_t at = p->pos;

	if (at >= p->n || name_class[s[at]] != 1)
		return false;
	while (at < p->n && name_class[s[at]])
		at++;
	*name = (struct tmpl_str){p->s + p->pos, at - p->pos};
	p->pos = at;
	return true;
}

bool
tmpl_is_number(const struct tmpl_parser *p)
{
	const char *s = p->s + p->pos;
	size_t n = p->n - p->pos;

	return (n && is_digit(*s)) || (n > 1 && *s == '-' && is_digit(s[1]));
}

struct value *
tmpl_number(struct tmpl_parser *p)
{
	size_t start = p->pos, i = start + (p->s[start] == '-');
	bool is_float;
	long long v;
	char *text;

	if (p->s[i] == '0')
		i++;
	else
		while (i < p->n && is_digit(p->s[i]))
			i++;
	is_float = i + 1 < p->n && p->s[i] == '.' && is_digit(p->s[i + 1]);
	if (is_float)
		for (i++; i < p->n && is_digit(p->s[i]);)
			i++;
	text = arena_dup(p->a, p->s + start, i - start);
	p->pos = i;
	if (is_float)
		return value_float(p->a, strtod(text, NULL));
	errno = 0;
	v = strtoll(text, NULL, 10);
	if (!errno)
		return value_int(p->a, v);
	tmpl_bad(p, start, "the integer does not fit into 64 bits");
	return NULL;
}

/* The quote that ends the string at `start`, past those behind a backslash. */
static const char *
end_of_string(const char *start, const char *end, bool *has_escape)
{
	char quote = *start;

	for (const char *s = start + 1; s < end; s++) {
		if (*s == quote)
			return s;
		if (*s == '\\' && s + 1 < end) {
			*has_escape |= s[1] == quote;
			s++;
		}
	}
	return NULL;
}

static struct tmpl_str
unescape(struct tmpl_parser *p, const char *s, const char *end)
{
	char *to = arena_alloc(p->a, (size_t)(end - s) + 1), *at = to;

	while (s < end) {
		if (*s == '\\' && s + 1 < end && (s[1] == '\\' || s[1] == *end))
			s++;
		*at++ = *s++;
	}
	return (struct tmpl_str){to, (size_t)(at - to)};
}

bool
tmpl_string(struct tmpl_parser *p, struct tmpl_str *s)
{
	const char *start = p->s + p->pos, *end;
	size_t at = p->pos;
	bool has_escape = false;

	if (p->leeway == TMPL_ESCAPES)
		end = end_of_string(start, p->s + p->n, &has_escape);
	else
		end = memchr(start + 1, *start, p->n - p->pos - 1);
	if (!end) {
		tmpl_bad(p, p->pos, "the string does not end");
		return false;
	}
	p->pos = (size_t)(end - p->s) + 1;
	*s = (struct tmpl_str){start + 1, (size_t)(end - start) - 1};
	if (has_escape) {
		*s = unescape(p, start + 1, end);
		tmpl_warn(p, at, "use the other quotes around it",
		    "an escaped quote in a string is not Tera");
	}
	return true;
}

void
tmpl_warn(
    struct tmpl_parser *p, size_t at, const char *fix, const char *fmt, ...)
{
	struct tmpl_module *m = p->module;
	struct err *keep = p->e;
	char text[200];
	va_list ap;

	if (m->notes >= 50)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	m->note =
	    arena_more(p->a, m->note, m->notes, &m->note_cap, sizeof *m->note);
	m->note[m->notes].path = p->file->path;
	p->e = &m->note[m->notes++].err;
	tmpl_bad(p, at, "%s", text);
	err_hint(p->e, "%s", fix);
	p->e = keep;
}

static void
note(struct tmpl_parser *p, size_t at, const char *what, const char *why)
{
	tmpl_warn(p, at, "write {% raw %}…{% endraw %} around it",
	    "`%s` %s: taken as text", what, why);
}

/* Is there a `#}` at or behind `from`? */
static bool
has_comment_end(struct tmpl_parser *p, size_t from)
{
	if (p->no_comment_end && from >= p->no_comment_end)
		return false;
	if (memmem(p->s + from, p->n - from, "#}", 2))
		return true;
	p->no_comment_end = from;
	return false;
}

/* The shell's ${#NAME}: its brace is closed by no `#}`. */
static bool
is_shell_length(struct tmpl_parser *p, size_t at)
{
	const char *from = p->s + at + 2;
	size_t left = p->n - at - 2;
	const char *end;

	if (!at || p->s[at - 1] != '$')
		return false;
	end = memchr(from, '}', left < 256 ? left : 256);
	return end && (end == from || end[-1] != '#');
}

static bool
is_false_marker(struct tmpl_parser *p, size_t at)
{
	if (p->t->how.is_pure)
		return false;
	if (p->s[at + 1] == '{' && at + 2 < p->n && p->s[at + 2] == '.') {
		note(p, at, "{{.", "opens no tag");
		return true;
	}
	if (p->s[at + 1] != '#')
		return false;
	if (is_shell_length(p, at)) {
		note(p, at, "${#", "is the shell's length of a variable");
		return true;
	}
	if (!has_comment_end(p, at + 2)) {
		note(p, at, "{#", "has no `#}` after it");
		return true;
	}
	return false;
}

size_t
tmpl_next_marker(struct tmpl_parser *p, size_t from)
{
	while (from + 1 < p->n) {
		const char *b = memchr(p->s + from, '{', p->n - from);
		size_t at = b ? (size_t)(b - p->s) : p->n;

		if (at + 1 >= p->n)
			break;
		if (b[1] != '{' && b[1] != '%' && b[1] != '#') {
			from = at + 1;
			continue;
		}
		if (!is_false_marker(p, at))
			return at;
		from = at + 2;
	}
	return p->n;
}
