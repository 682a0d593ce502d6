#include "core/finding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { WIDE = 400 }; /* bytes of a line that no screen shows */

void
finding_source(struct finding *f, const char *path, const char *s, size_t n)
{
	free(f->path);
	f->path = mem_str(path);
	buf_reset(&f->text);
	buf_add(&f->text, s, n);
}

void
finding_free(struct finding *f)
{
	free(f->path);
	buf_free(&f->text);
}

/* What a terminal takes for an order is not for this one. */
static void
add_safe(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addc(b,
		    ((unsigned char)s[i] < ' ' && s[i] != '\t') || s[i] == 0x7f
			? '?'
			: s[i]);
}

static void
add_text(struct buf *b, const struct value *v, const char *key)
{
	const struct value *s = value_get(v, key);

	if (s && s->kind == VALUE_STR)
		add_safe(b, s->str.s, s->str.len);
}

/* Line number `line` of the file, without its end; NULL when not at hand. */
static const char *
source_line(struct finding *f, const char *path, int64_t line, size_t *len)
{
	const char *s, *end, *lf;

	if (!f->path || strcmp(f->path, path)) {
		AUTO_BUF text = BUF_INIT;

		if (file_read(path, &text, NULL) < 0)
			buf_reset(&text);
		finding_source(f, path, text.s, text.len);
	}
	s = f->text.s;
	end = s + f->text.len;
	while (--line > 0) {
		lf = memchr(s, '\n', (size_t)(end - s));
		if (!lf)
			return NULL;
		s = lf + 1;
	}
	lf = memchr(s, '\n', (size_t)(end - s));
	*len = (size_t)((lf ? lf : end) - s);
	if (*len && s[*len - 1] == '\r')
		--*len;
	return *len && *len <= WIDE ? s : NULL;
}

/* Blanks up to the column, then carets below what is meant. */
static void
add_carets(
    struct buf *b, const char *s, size_t len, int64_t column, int64_t width)
{
	size_t i = 0;
	uint32_t c;

	for (; --column > 0 && i < len; i += utf8_next(s + i, len - i, &c) ?: 1)
		buf_addc(b, s[i] == '\t' ? '\t' : ' ');
	width = width > 0 ? width : 1;
	if (width > (int64_t)utf8_count(s + i, len - i))
		width = (int64_t)utf8_count(s + i, len - i);
	do
		buf_addc(b, '^');
	while (--width > 0);
}

static void
add_excerpt(
    struct finding *f, struct buf *b, const struct value *v, const char *file)
{
	int64_t line = value_int_or(value_get(v, "line"), 0);
	int64_t column = value_int_or(value_get(v, "column"), 1);
	int64_t end_line = value_int_or(value_get(v, "end_line"), line);
	int64_t end = value_int_or(value_get(v, "end_column"), 0);
	char number[24];
	size_t len = 0;
	const char *s = source_line(f, file, line, &len);

	if (!s)
		return;
	snprintf(number, sizeof number, "%lld", (long long)line);
	buf_addf(b, "%*s |\n%s | ", (int)strlen(number), "", number);
	add_safe(b, s, len);
	buf_addf(b, "\n%*s | ", (int)strlen(number), "");
	add_carets(b, s, len, column, end_line > line ? WIDE : end - column);
	buf_addc(b, '\n');
}

/* Did rendering make another line of this one? */
static bool
is_changed(struct finding *f, const struct value *v, const char *file)
{
	const struct value *r = value_get(v, "rendered");
	int64_t line = value_int_or(value_get(v, "line"), 0);
	size_t len = 0;
	const char *s = line ? source_line(f, file, line, &len) : NULL;

	return r && r->kind == VALUE_STR &&
	       (!s || len != r->str.len || memcmp(s, r->str.s, len));
}

static void
add_block(
    struct finding *f, struct buf *b, const struct value *v, const char *file)
{
	int64_t line = value_int_or(value_get(v, "line"), 0);

	add_text(b, v, "severity");
	if (value_str_or(value_get(v, "code"), NULL)) {
		buf_addc(b, '[');
		add_text(b, v, "code");
		buf_addc(b, ']');
	}
	buf_adds(b, ": ");
	add_text(b, v, "message");
	buf_adds(b, "\n  --> ");
	add_safe(b, file, strlen(file));
	if (line)
		buf_addf(b, ":%lld:%lld", (long long)line,
		    (long long)value_int_or(value_get(v, "column"), 1));
	buf_addc(b, '\n');
	if (line)
		add_excerpt(f, b, v, file);
	if (value_str_or(value_get(v, "hint"), NULL)) {
		buf_adds(b, "   = fix:  ");
		add_text(b, v, "hint");
		buf_addc(b, '\n');
	}
	if (is_changed(f, v, file)) {
		buf_adds(b, "   = note: rendered as: ");
		add_text(b, v, "rendered");
		buf_addc(b, '\n');
	}
	buf_addc(b, '\n');
}

static void
add_line(struct buf *b, const struct value *v, const char *file, bool has_code)
{
	int64_t line = value_int_or(value_get(v, "line"), 0);
	int64_t column = value_int_or(value_get(v, "column"), 0);

	add_safe(b, file, strlen(file));
	if (line)
		buf_addf(b, ":%lld", (long long)line);
	if (line && column)
		buf_addf(b, ":%lld", (long long)column);
	buf_adds(b, ": ");
	add_text(b, v, "severity");
	buf_adds(b, ": ");
	add_text(b, v, "message");
	if (has_code && value_str_or(value_get(v, "code"), NULL)) {
		buf_adds(b, " [");
		add_text(b, v, "code");
		buf_addc(b, ']');
	}
	buf_addc(b, '\n');
}

void
finding_print(struct finding *f, const struct value *v)
{
	const char *severity = value_str_or(value_get(v, "severity"), "");
	const char *code = value_str_or(value_get(v, "code"), "");
	const char *source = value_str_or(value_get(v, "source"), "-");
	const char *file = value_str_or(value_get(v, "file"), source);
	AUTO_BUF b = BUF_INIT;

	f->errors += !strcmp(severity, "error");
	f->warnings += !strcmp(severity, "warning");
	if (f->form == FINDING_GITHUB)
		add_line(&b, v, file, true);
	else if (!strncmp(code, "E5", 2)) /* about the stream, no file */
		add_line(&b, v, file, false);
	else
		add_block(f, &b, v, file);
	out_add(f->out, b.s, b.len);
}
