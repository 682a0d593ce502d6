#include "data/console_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char text_begin[] = "  name          : ";
static const char text_end[] = "  instr-lib ";

struct console {
	struct console_user user;
	struct buf line; /* the part of it that came */
	bool is_long;	 /* the rest of this line is passed over */
	unsigned long number;
	struct buf object;  /* its lines up to now */
	unsigned long from; /* the line where it begins */
	bool is_open, is_text, is_huge;
	bool has_end; /* the last label of a text came */
	unsigned depth;
	char quote; /* 0: outside of strings */
};

const char *
console_form_name(enum console_form form)
{
	static const char *const names[CONSOLE_FORMS] = {
	    "otlp", "js", "python", "go", "cpp"};

	return names[form];
}

/* A trace id is in it; most that programs print needs no closer look. */
static bool
is_promising(const char *s, size_t n)
{
	static const char *const names[] = {
	    "traceId", "trace_id", "TraceID", "\"resourceSpans\""};

	for (size_t i = 0; i < COUNT(names); i++)
		if (memmem(s, n, names[i], strlen(names[i])))
			return true;
	return false;
}

static void
lose(struct console *c, const char *what)
{
	struct err e = {0};

	err_set(&e, "a span printed from line %lu on %s", c->from, what);
	c->user.lost(c->user.arg, &e);
}

/* otlp_decode() tells spans; it does not know of what form. */
struct teller {
	struct console *c;
	enum console_form form;
};

static void
on_span(void *arg, const struct otlp_span *span)
{
	const struct teller *t = arg;

	t->c->user.span(t->c->user.arg, t->form, span);
}

static void
decode(struct console *c, enum console_form form, const char *s, size_t n)
{
	struct teller t = {c, form};
	struct otlp_result r;
	struct err e = {0}, told = {0};

	if (otlp_decode(OTLP_JSON, s, n, on_span, &t, &r, &e) < 0)
		err_set(&told, "spans printed on line %lu are lost: %s",
		    c->from, e.text);
	else if (r.rejected)
		err_set(&told, "%zu span%s printed on line %lu: %s", r.rejected,
		    r.rejected == 1 ? "" : "s", c->from, r.reason[0]);
	if (*told.text)
		c->user.lost(c->user.arg, &told);
}

static bool
is_request(const char *s, size_t n)
{
	static const char name[] = "\"resourceSpans\"";
	size_t i = 1;

	while (i < n && s[i] == ' ')
		i++;
	return n - i >= sizeof name - 1 &&
	       !memcmp(s + i, name, sizeof name - 1);
}

static void
tell(struct console *c, const struct console_span *span)
{
	AUTO_JSON j = JSON_INIT;

	console_write(span, &j);
	decode(c, span->form, j.text.s, j.text.len);
}

/* s[n] is an object with balanced brackets. */
static void
take_object(struct console *c, const char *s, size_t n)
{
	AUTO_ARENA a = {0};
	struct console_span span;
	struct value *v;

	if (!is_promising(s, n))
		return;
	if (is_request(s, n)) {
		decode(c, CONSOLE_OTLP, s, n);
		return;
	}
	if (n > CONSOLE_SPAN) {
		lose(c, "is longer than 2 MiB");
		return;
	}
	v = console_object(&a, s, n);
	if (!v)
		lose(c, "cannot be read");
	else if (console_is_span(&a, v, &span))
		tell(c, &span);
}

static void
take_text(struct console *c)
{
	AUTO_ARENA a = {0};
	struct console_span span;

	if (console_is_text_span(&a, c->object.s, c->object.len, &span))
		tell(c, &span);
}

static void
shut(struct console *c)
{
	c->is_open = c->is_text = c->is_huge = c->has_end = false;
	c->depth = 0;
	c->quote = 0;
	if (c->object.cap > CONSOLE_SPAN)
		buf_free(&c->object);
	buf_reset(&c->object);
}

/* What comes now does not belong to the object that is open. */
static void
cut(struct console *c)
{
	if (c->is_huge)
		lose(c, "is longer than 2 MiB");
	else if (is_promising(c->object.s, c->object.len))
		lose(c, "is cut off");
	shut(c);
}

/* Follow brackets and strings; true at the bracket that closes the first:
 * then *at is behind it. */
static bool
follow(struct console *c, const char *s, size_t n, size_t *at)
{
	for (size_t i = 0; i < n; i++) {
		char ch = s[i];

		if (c->quote) {
			if (ch == '\\')
				i++;
			else if (ch == c->quote)
				c->quote = 0;
		} else if (ch == '"' || ch == '\'' || ch == '`') {
			c->quote = ch;
		} else if (ch == '{' || ch == '[') {
			c->depth++;
		} else if ((ch == '}' || ch == ']') && --c->depth == 0) {
			*at = i + 1;
			return true;
		}
	}
	return false;
}

/* Where an object may begin in a line; n: nowhere. */
static size_t
find_begin(const char *s, size_t n)
{
	const char *brace = n ? memchr(s, '{', n) : NULL;

	if (!brace)
		return n;
	if (brace == s)
		return 0;
	if (s[n - 1] == '{')
		return n - 1;
	brace = memmem(s, n, "{\"", 2);
	return brace ? (size_t)(brace - s) : n;
}

/* Objects that are whole on this line, and one that may go on. */
static void
begin(struct console *c, const char *s, size_t n)
{
	size_t at;

	for (;;) {
		at = find_begin(s, n);
		s += at;
		n -= at;
		c->from = c->number;
		c->depth = 0;
		c->quote = 0;
		if (!n || !follow(c, s, n, &at))
			break;
		take_object(c, s, at);
		s += at;
		n -= at;
	}
	if (!n)
		return;
	c->is_open = true;
	buf_add(&c->object, s, n);
	buf_addc(&c->object, '\n');
	/* A line's end ends a string in none of the forms. */
	if (c->quote || n > CONSOLE_SPAN)
		cut(c);
}

static bool
starts(const char *s, size_t n, const char *with)
{
	size_t len = strlen(with);

	return n >= len && !memcmp(s, with, len);
}

static void
keep(struct console *c, const char *s, size_t n)
{
	if (c->object.len + n >= CONSOLE_SPAN) {
		c->is_huge = true;
		return;
	}
	buf_add(&c->object, s, n);
	buf_addc(&c->object, '\n');
}

/* In a text any line may be a value's; all but those that begin and end it. */
static void
go_on_text(struct console *c, const char *s, size_t n)
{
	if (n == 1 && *s == '{') {
		cut(c);
		begin(c, s, n);
	} else if (n == 1 && *s == '}' && c->has_end) {
		if (c->is_huge)
			lose(c, "is longer than 2 MiB");
		else
			take_text(c);
		shut(c);
	} else {
		c->has_end = c->has_end || starts(s, n, text_end);
		keep(c, s, n);
	}
}

static void
go_on_object(struct console *c, const char *s, size_t n)
{
	size_t at = 0;

	keep(c, s, n);
	if (!follow(c, s, n, &at)) {
		if (c->quote)
			cut(c);
		return;
	}
	if (c->is_huge) {
		cut(c);
		return;
	}
	/* The end of this line is not of the object. */
	take_object(c, c->object.s, c->object.len - (n - at) - 1);
	shut(c);
	begin(c, s + at, n - at);
}

static void
go_on(struct console *c, const char *s, size_t n)
{
	if (c->object.len == 2 && starts(s, n, text_begin)) {
		buf_reset(&c->object);
		c->is_text = true;
	}
	if (c->is_text) {
		go_on_text(c, s, n);
	} else if (n && (*s == ' ' || *s == '\t' || *s == '}' || *s == ']')) {
		go_on_object(c, s, n);
	} else if (n && *s == '{') {
		cut(c);
		begin(c, s, n);
	}
}

static void
take_line(struct console *c, const char *s, size_t n)
{
	c->number++;
	if (n && s[n - 1] == '\r')
		n--;
	if (c->is_open)
		go_on(c, s, n);
	else
		begin(c, s, n);
}

static void
end_line(struct console *c)
{
	if (!c->is_long) {
		take_line(c, c->line.s, c->line.len);
	} else {
		c->number++;
		cut(c);
		c->from = c->number;
		if (is_promising(c->line.s, c->line.len))
			lose(c, "is in a line of more than 16 MiB");
	}
	c->is_long = false;
	if (c->line.cap > CONSOLE_SPAN)
		buf_free(&c->line);
	buf_reset(&c->line);
}

static void
gather(struct console *c, const char *s, size_t n)
{
	if (c->line.len + n > CONSOLE_LINE)
		c->is_long = true;
	if (!c->is_long)
		buf_add(&c->line, s, n);
}

void
console_feed(struct console *c, const char *s, size_t n)
{
	const char *end = s + n, *eol;

	for (; (eol = memchr(s, '\n', (size_t)(end - s))); s = eol + 1) {
		if (!c->line.len && !c->is_long &&
		    (size_t)(eol - s) <= CONSOLE_LINE) {
			take_line(c, s, (size_t)(eol - s));
			continue;
		}
		gather(c, s, (size_t)(eol - s));
		end_line(c);
	}
	gather(c, s, (size_t)(end - s));
}

void
console_end(struct console *c)
{
	if (c->line.len || c->is_long)
		end_line(c);
	if (c->is_open)
		cut(c);
}

struct console *
console_new(const struct console_user *user)
{
	struct console *c = mem_new(1, sizeof *c);

	*c = (struct console){
	    .user = *user, .line = BUF_INIT, .object = BUF_INIT};
	return c;
}

void
console_del(struct console *c)
{
	if (!c)
		return;
	buf_free(&c->line);
	buf_free(&c->object);
	free(c);
}
