#include "core/finding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/color.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"

enum {
	WIDE = 400,	 /* bytes of a line that no screen shows */
	MAX_LABEL = 120, /* bytes of a text beside the carets */
	MAX_LINES = 200, /* of a note */
};

struct print {
	struct buf *b;
	const struct finding *f;
	const char *s; /* s[len], the line of the source; NULL: none */
	size_t len;
	int gutter; /* columns of the line number */
	bool has_color;
};

void
finding_source_set(
    struct finding_source *src, const char *path, const char *s, size_t n)
{
	finding_source_free(src);
	src->path = mem_str(path);
	buf_add(&src->text, s, n);
}

void
finding_source_take(
    struct finding_source *src, const char *path, struct buf *text)
{
	finding_source_free(src);
	src->path = mem_str(path);
	src->text = *text;
	*text = (struct buf)BUF_INIT;
}

void
finding_source_free(struct finding_source *src)
{
	free(src->path);
	src->path = NULL;
	buf_free(&src->text);
}

static const char *
text_of(struct arena *a, const struct value *record, const char *key)
{
	return arena_str(a, value_str_or(value_get(record, key), NULL));
}

static unsigned
count_or_0(const struct value *v)
{
	int64_t n = value_int_or(v, 0);

	return n > 0 && n < INT32_MAX ? (unsigned)n : 0;
}

struct finding
finding_of(struct arena *a, const struct value *record)
{
	const char *severity = text_of(a, record, "severity");
	const char *message = text_of(a, record, "message");
	const char *file = text_of(a, record, "file");
	unsigned line = count_or_0(value_get(record, "line"));
	unsigned end_line = count_or_0(value_get(record, "end_line"));
	unsigned end = count_or_0(value_get(record, "end_column"));

	return (struct finding){
	    .severity = severity ? severity : "error",
	    .message = message ? message : "no message",
	    .code = text_of(a, record, "code"),
	    .file = file ? file : text_of(a, record, "source"),
	    .expected = text_of(a, record, "expected"),
	    .actual = text_of(a, record, "actual"),
	    .hint = text_of(a, record, "hint"),
	    .rendered = text_of(a, record, "rendered"),
	    .line = line,
	    .column = count_or_0(value_get(record, "column")),
	    .end = end_line > line ? INT32_MAX : end,
	};
}

static void
read_source(struct finding_source *src, const char *path)
{
	AUTO_BUF text = BUF_INIT;
	struct stat st;

	/* A fifo would block, and a device may do anything. */
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
	    file_read(path, &text, NULL) < 0)
		buf_reset(&text);
	finding_source_set(src, path, text.s, text.len);
}

/* The line without its end; NULL when it is not there, empty or endless. */
static const char *
find_line(struct finding_source *src, const struct finding *f, size_t *len)
{
	const char *s, *end, *lf;

	if (!f->file || !f->line)
		return NULL;
	if (!src->path || strcmp(src->path, f->file))
		read_source(src, f->file);
	s = src->text.s;
	end = s + src->text.len;
	for (unsigned line = f->line; line > 1; line--) {
		s = memchr(s, '\n', (size_t)(end - s));
		if (!s)
			return NULL;
		s++;
	}
	lf = memchr(s, '\n', (size_t)(end - s));
	*len = (size_t)((lf ? lf : end) - s);
	while (*len && s[*len - 1] == '\r')
		--*len;
	return *len && *len <= WIDE ? s : NULL;
}

static void
clean(struct buf *b, const char *text)
{
	utf8_print(b, text, strlen(text));
}

/* Bytes of the first `many` characters of s[n]. */
static size_t
skip(const char *s, size_t n, unsigned many)
{
	size_t i = 0;

	for (; many && i < n; many--) {
		uint32_t c;
		size_t len = utf8_next(s + i, n - i, &c);

		i += len ? len : 1;
	}
	return i;
}

/* Bytes of the word or quoted text at s[n]. */
static size_t
token(const char *s, size_t n)
{
	size_t i = 0;

	if (n && (*s == '"' || *s == '\'')) {
		for (i = 1; i < n && s[i] != *s; i++)
			if (s[i] == '\\' && *s == '"')
				i++;
		return i < n ? i + 1 : n;
	}
	while (i < n && !strchr(" ,]}#=\t", s[i]))
		i++;
	return i;
}

/* A text of one line that stands well beside the carets. */
static const char *
label_of(const struct finding *f)
{
	if (!f->actual || strchr(f->actual, '\n') ||
	    strlen(f->actual) > MAX_LABEL)
		return NULL;
	return f->actual;
}

/* Columns and carets are counted in what is printed, not in what is read. */
static void
put_carets(struct print *p)
{
	const struct finding *f = p->f;
	size_t from = skip(p->s, p->len, f->column - 1);
	const char *s = p->s + from;
	size_t left = p->len - from;
	size_t n = f->end > f->column ? skip(s, left, f->end - f->column)
				      : token(s, left);
	AUTO_BUF before = BUF_INIT;
	AUTO_BUF meant = BUF_INIT;
	AUTO_BUF carets = BUF_INIT;

	utf8_print(&before, p->s, from);
	utf8_print(&meant, s, n);
	n = utf8_count(meant.s, meant.len);
	do
		buf_addc(&carets, '^');
	while (carets.len < n);
	buf_addf(p->b, "%*s | %*s", p->gutter, "",
	    (int)utf8_count(before.s, before.len), "");
	color_add(p->b, p->has_color, COLOR_RED, carets.s);
	if (label_of(f)) {
		buf_addc(p->b, ' ');
		clean(p->b, label_of(f));
	}
	buf_addc(p->b, '\n');
}

static void
put_excerpt(struct print *p)
{
	buf_addf(p->b, "%*s |\n%*u | ", p->gutter, "", p->gutter, p->f->line);
	utf8_print(p->b, p->s, p->len);
	buf_addc(p->b, '\n');
	if (p->f->column)
		put_carets(p);
}

/* "= word:  text", the further lines of the text below it. */
static void
put_note(struct print *p, const char *word, const char *text, size_t n)
{
	unsigned lines = 0;

	buf_addf(p->b, "%*s = %s:%*s", p->gutter, "", word,
	    strlen(word) < 6 ? 6 - (int)strlen(word) : 1, "");
	while (n && lines++ < MAX_LINES) {
		const char *end = memchr(text, '\n', n);
		size_t len = end ? (size_t)(end - text) : n;

		if (lines > 1)
			buf_addf(p->b, "%*s   | ", p->gutter, "");
		utf8_print(p->b, text, len);
		buf_addc(p->b, '\n');
		len += end != NULL;
		text += len;
		n -= len;
	}
	if (!lines)
		buf_addc(p->b, '\n');
	if (n)
		buf_addf(p->b, "%*s   | (more lines are in the stream)\n",
		    p->gutter, "");
}

static void
put_text(struct print *p, const char *word, const char *text)
{
	if (text)
		put_note(p, word, text, strlen(text));
}

/* A hint's lines may say by a word what they are. */
static void
put_hint(struct print *p, const char *hint)
{
	static const char *const words[] = {"seen", "note", "fix"};

	while (hint && *hint) {
		size_t n = strcspn(hint, "\n");
		const char *word = "fix", *text = hint;

		for (size_t i = 0; i < COUNT(words); i++) {
			size_t len = strlen(words[i]);

			if (!strncmp(hint, words[i], len) && hint[len] == ':') {
				word = words[i];
				text = hint + len + 1 + (hint[len + 1] == ' ');
			}
		}
		put_note(p, word, text, n - (size_t)(text - hint));
		hint += n + (hint[n] == '\n');
	}
}

/* Where rendering made another line of the template's. */
static void
put_rendered(struct print *p)
{
	const char *text = p->f->rendered;
	AUTO_BUF note = BUF_INIT;

	if (!text ||
	    (p->s && strlen(text) == p->len && !memcmp(text, p->s, p->len)))
		return;
	buf_addf(&note, "rendered as: %s", text);
	put_text(p, "note", note.s);
}

static void
put_place(struct buf *b, const struct finding *f)
{
	clean(b, f->file ? f->file : "-");
	if (f->line)
		buf_addf(b, ":%u", f->line);
	if (f->line && f->column)
		buf_addf(b, ":%u", f->column);
}

static void
put_severity(struct print *p, const char *code)
{
	bool is_error = !strcmp(p->f->severity, "error");
	AUTO_BUF text = BUF_INIT;

	clean(&text, p->f->severity);
	if (code) {
		buf_addc(&text, '[');
		clean(&text, code);
		buf_addc(&text, ']');
	}
	color_add(
	    p->b, p->has_color, is_error ? COLOR_RED : COLOR_YELLOW, text.s);
	buf_adds(p->b, ": ");
}

static void
put_head(struct print *p)
{
	put_severity(p, p->f->code);
	clean(p->b, p->f->message);
	buf_addc(p->b, '\n');
	if (!p->f->file)
		return;
	buf_addf(p->b, "%*s", p->gutter, "");
	color_add(p->b, p->has_color, COLOR_BLUE, "-->");
	buf_addc(p->b, ' ');
	put_place(p->b, p->f);
	buf_addc(p->b, '\n');
}

static void
put_line(struct print *p)
{
	put_place(p->b, p->f);
	buf_adds(p->b, ": ");
	put_severity(p, NULL);
	clean(p->b, p->f->message);
}

bool
finding_is_about_stream(const struct finding *f)
{
	return f->code && !strncmp(f->code, "E5", 2);
}

void
finding_print(struct buf *b, const struct finding *f,
    struct finding_source *src, bool has_color)
{
	struct print p = {.b = b, .f = f, .has_color = has_color};

	if (!finding_is_about_stream(f))
		p.s = find_line(src, f, &p.len);
	p.gutter = p.s ? snprintf(NULL, 0, "%2u", f->line) : 2;
	if (finding_is_about_stream(f)) {
		put_line(&p);
		buf_addc(b, '\n');
	} else
		put_head(&p);
	if (p.s)
		put_excerpt(&p);
	put_text(&p, "in", f->in);
	put_text(&p, "expected", f->expected);
	if (!p.s || !f->column || !label_of(f))
		put_text(&p, "found", f->actual);
	put_hint(&p, f->hint);
	put_rendered(&p);
	buf_addc(b, '\n');
}

void
finding_print_line(struct buf *b, const struct finding *f)
{
	struct print p = {.b = b, .f = f};

	put_line(&p);
	if (f->code) {
		buf_adds(b, " [");
		clean(b, f->code);
		buf_addc(b, ']');
	}
	buf_addc(b, '\n');
}
