/* Where a byte of a string's value stands in the file. */
#include <string.h>

#include "core/rule_int.h"

struct walk {
	const char *s, *end; /* what is left of the string, as written */
	struct value_pos at; /* of *s */
};

static void
step(struct walk *w, size_t n)
{
	for (; n && w->s < w->end; n--, w->s++) {
		w->at.offset++;
		if (*w->s == '\n') {
			w->at.line++;
			w->at.column = 1;
		} else if ((*w->s & 0xc0) != 0x80) {
			w->at.column++;
		}
	}
}

/* Bytes of UTF-8 that a \u escape of so many digits stands for. */
static size_t
escaped(const char *digits, size_t n)
{
	unsigned long c = 0;

	for (size_t i = 0; i < n; i++) {
		const char *hex = "0123456789abcdef";
		const char *at = strchr(hex, digits[i] | 32);

		c = c * 16 + (digits[i] && at ? (unsigned long)(at - hex) : 0);
	}
	return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

/* Go past an escape; returns how many bytes of the value it makes. */
static size_t
step_escape(struct walk *w)
{
	size_t left = (size_t)(w->end - w->s);
	char c = left > 1 ? w->s[1] : 0;
	size_t digits = c == 'u' ? 4 : c == 'U' ? 8 : 0, made = 1;

	if (digits && left > 2 + digits)
		made = escaped(w->s + 2, digits);
	if (!c || !strchr(" \t\r\n", c)) {
		step(w, 2 + digits);
		return made;
	}
	step(w, 1); /* a line that goes on in the next */
	while (w->s < w->end && strchr(" \t\r\n", *w->s))
		step(w, 1);
	return 0;
}

struct value_pos
rule_inside(const struct rule_ctx *c, const struct value *v, size_t byte)
{
	struct walk w = {c->text + v->at.offset, c->text + v->at.end, v->at};
	char quote = w.s < w.end ? *w.s : 0;
	size_t many = 1;

	if (quote != '"' && quote != '\'')
		return v->at;
	if (w.end - w.s >= 6 && w.s[1] == quote && w.s[2] == quote)
		many = 3;
	step(&w, many);
	if (many == 3 && *w.s == '\r')
		step(&w, 1);
	if (many == 3 && *w.s == '\n')
		step(&w, 1);
	while (byte && w.s < w.end) {
		bool is_escape = *w.s == '\\' && quote == '"';
		size_t made = is_escape ? step_escape(&w) : 1;

		if (!is_escape)
			step(&w, 1);
		byte -= made < byte ? made : byte;
	}
	w.at.end = w.at.offset;
	return w.at;
}
