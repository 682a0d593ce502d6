#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/report_int.h"

enum {
	MIN_NAME = 20,
	MAX_NAME = 48,
	MAX_LABEL = 120, /* characters of a text beside the caret */
	MAX_LINES = 200,
	MAX_FAULTS = 50,

};

static const char red[] = "1;31", green[] = "32", blue[] = "34";
static const char yellow[] = "33", magenta[] = "1;35", bold[] = "1";

static void
colour(
    const struct report *r, struct buf *b, const char *code, const char *text)
{
	if (r->how.has_color)
		buf_addf(b, "\033[%sm%s\033[0m", code, text);
	else
		buf_adds(b, text);
}

static void
put(struct report *r, const struct buf *b)
{
	out_add(r->out, b->s, b->len);
}

static void
clean(struct buf *b, const char *text)
{
	report_clean(b, text, strlen(text));
}

static void
pad(struct buf *b, size_t have, size_t want)
{
	for (; have < want; have++)
		buf_addc(b, ' ');
}

static const char *
word_of(const char *verdict, const char **code)
{
	static const char *const words[][2] = {{"pass", "PASS"},
	    {"fail", "FAIL"}, {"fake", "FAKE"}, {"skip", "SKIP"}};
	static const char *const codes[] = {green, red, magenta, yellow};

	for (size_t i = 0; i < COUNT(words); i++)
		if (!strcmp(verdict, words[i][0])) {
			*code = codes[i];
			return words[i][1];
		}
	*code = red;
	return "ERROR";
}

/* Cut to the terminal's width; `from` is where the detail begins. */
static void
detail(const struct report *r, struct buf *b, size_t from, const char *text)
{
	size_t n = strcspn(text, "\n"), room = r->how.width;

	if (room && from + 20 < room) {
		size_t used = 0, count = from;

		while (used < n && count < room) {
			uint32_t c;
			size_t len = utf8_next(text + used, n - used, &c);

			used += len ? len : 1;
			count++;
		}
		n = used;
	}
	report_clean(b, text, n);
}

static void
say_detail(
    const struct report *r, struct buf *b, const struct result *v, size_t from)
{
	bool is_pass = !strcmp(v->verdict, "pass");

	if (!strcmp(v->verdict, "fake") && v->required)
		buf_addf(b, "  %2" PRId64 " of %" PRId64 " required span%s",
		    v->found, v->required, v->required == 1 ? "" : "s");
	else if (is_pass && (v->spans || v->required))
		buf_addf(b, "  %2" PRId64 " span%s", v->spans,
		    v->spans == 1 ? "" : "s");
	else if (!is_pass && v->message) {
		buf_adds(b, "  ");
		detail(r, b, from + 2, v->message);
	}
}

static void
put_line(struct report *r, const char *verdict, const char *name,
    const struct result *v, const char *text)
{
	size_t width = r->name_width < MIN_NAME ? MIN_NAME
		     : r->name_width > MAX_NAME ? MAX_NAME
						: r->name_width;
	const char *code, *word = word_of(verdict, &code);
	size_t from = 7 + width;
	AUTO_BUF b = BUF_INIT;
	AUTO_BUF time = BUF_INIT;

	colour(r, &b, code, word);
	pad(&b, strlen(word), 5);
	buf_addc(&b, ' ');
	clean(&b, name);
	pad(&b, utf8_count(name, strlen(name)), width);
	if (v) {
		buf_addf(&time, "%.2fs", (double)v->duration_ns / 1e9);
		buf_addf(&b, "  %6s", time.s);
		say_detail(r, &b, v, from + 8);
	} else {
		buf_adds(&b, "  ");
		detail(r, &b, from + 2, text);
	}
	buf_addc(&b, '\n');
	put(r, &b);
}

static const struct fault *
first_error(const struct entry *e)
{
	for (size_t i = 0; i < e->faults; i++)
		if (!strcmp(e->fault[i].severity, "error"))
			return &e->fault[i];
	return NULL;
}

static const char *
name_of(struct arena *a, const struct entry *e, const struct result *v)
{
	if (!e->variant)
		return v->name;
	return arena_fmt(a, "%s [%s]", v->name, e->variant);
}

void
report_text_result(
    struct report *r, const struct entry *e, const struct result *v)
{
	AUTO_ARENA a = {0};
	const struct fault *f = first_error(e);

	if (v)
		put_line(r, v->verdict, name_of(&a, e, v), v, NULL);
	else
		put_line(r, "error", e->source, NULL,
		    f ? f->message : "it does not render or lint");
}

/* The line of a regular file, without its end; -1 when there is none. */
static int
read_line(const char *path, unsigned line, struct buf *to)
{
	AUTO_BUF text = BUF_INIT;
	struct stat st;
	const char *s, *end;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
	    file_read(path, &text, NULL) < 0)
		return -1;
	s = text.s;
	for (; line > 1; line--) {
		s = memchr(s, '\n', (size_t)(text.s + text.len - s));
		if (!s++)
			return -1;
	}
	end = memchr(s, '\n', (size_t)(text.s + text.len - s));
	if (!end)
		end = text.s + text.len;
	while (end > s && end[-1] == '\r')
		end--;
	report_clean(to, s, (size_t)(end - s));
	return 0;
}

/* Characters of the word or quoted text at s. */
static size_t
token(const char *s)
{
	size_t n = strcspn(s, " ,]}#=\t");

	if (*s == '"' || *s == '\'') {
		for (n = 1; s[n] && s[n] != *s; n++)
			if (s[n] == '\\' && s[n + 1] && *s == '"')
				n++;
		n += s[n] != 0;
	}
	return n ? utf8_count(s, n) : 1;
}

/* A text of one line that stands well beside the caret. */
static const char *
label_of(const struct fault *f)
{
	if (!f->actual || strchr(f->actual, '\n') ||
	    strlen(f->actual) > MAX_LABEL)
		return NULL;
	return f->actual;
}

/* out: is there a caret, and the label beside it? */
static bool
put_excerpt(
    struct report *r, struct buf *b, const struct fault *f, const char *label)
{
	AUTO_BUF line = BUF_INIT;
	AUTO_BUF number = BUF_INIT;
	AUTO_BUF carets = BUF_INIT;
	size_t at = 0;

	if (!f->line || read_line(f->file, f->line, &line) < 0)
		return false;
	buf_addf(&number, "%2u", f->line);
	pad(b, 0, number.len + 1);
	buf_addf(b, "|\n%s | %s\n", number.s, line.s);
	if (!f->column)
		return false;
	for (unsigned c = 1; c < f->column && at < line.len; c++) {
		uint32_t point;

		at += utf8_next(line.s + at, line.len - at, &point);
	}
	pad(&carets, 0, f->column - 1 < line.len ? f->column - 1 : line.len);
	for (size_t n = token(line.s + at); n; n--)
		buf_addc(&carets, '^');
	pad(b, 0, number.len + 1);
	buf_adds(b, "| ");
	colour(r, b, red, carets.s);
	if (label) {
		buf_addc(b, ' ');
		clean(b, label);
	}
	buf_addc(b, '\n');
	return true;
}

/* "= word:  text", the further lines of the text below it. */
static void
put_note(struct buf *b, const char *word, const char *text, size_t n)
{
	unsigned lines = 0;

	buf_addf(b, "   = %s:", word);
	pad(b, strlen(word), 6);
	if (strlen(word) >= 6)
		buf_addc(b, ' ');
	while (n && lines++ < MAX_LINES) {
		const char *end = memchr(text, '\n', n);
		size_t len = end ? (size_t)(end - text) : n;

		if (lines > 1)
			buf_adds(b, "     | ");
		report_clean(b, text, len);
		buf_addc(b, '\n');
		len += end != NULL;
		text += len;
		n -= len;
	}
	if (n)
		buf_adds(b, "     | (more lines are in the stream)\n");
}

/* A hint's lines may say by a word what they are. */
static void
put_hint(struct buf *b, const char *hint)
{
	static const char *const words[] = {"seen", "note", "fix"};

	while (*hint) {
		size_t n = strcspn(hint, "\n");
		const char *word = "fix", *text = hint;

		for (size_t i = 0; i < COUNT(words); i++) {
			size_t len = strlen(words[i]);

			if (!strncmp(hint, words[i], len) && hint[len] == ':') {
				word = words[i];
				text = hint + len + 1 + (hint[len + 1] == ' ');
			}
		}
		put_note(b, word, text, n - (size_t)(text - hint));
		hint += n + (hint[n] == '\n');
	}
}

static void
put_head(struct report *r, struct buf *b, const struct fault *f)
{
	bool is_error = !strcmp(f->severity, "error");
	AUTO_BUF head = BUF_INIT;

	buf_adds(&head, f->severity);
	if (f->code)
		buf_addf(&head, "[%s]", f->code);
	colour(r, b, is_error ? red : yellow, head.s);
	buf_adds(b, ": ");
	clean(b, f->message);
	buf_addc(b, '\n');
	if (!f->file)
		return;
	buf_adds(b, "  ");
	colour(r, b, blue, "-->");
	buf_addc(b, ' ');
	clean(b, f->file);
	if (f->line)
		buf_addf(b, ":%u", f->line);
	if (f->line && f->column)
		buf_addf(b, ":%u", f->column);
	buf_addc(b, '\n');
}

void
report_text_fault(struct report *r, const struct fault *f, const char *in)
{
	const char *label = label_of(f);
	bool is_beside;
	AUTO_BUF b = BUF_INIT;

	put_head(r, &b, f);
	is_beside = f->file && put_excerpt(r, &b, f, label) && label;
	if (in)
		put_note(&b, "in", in, strlen(in));
	if (f->expected)
		put_note(&b, "expected", f->expected, strlen(f->expected));
	if (f->actual && !is_beside)
		put_note(&b, "found", f->actual, strlen(f->actual));
	if (f->hint)
		put_hint(&b, f->hint);
	buf_addc(&b, '\n');
	put(r, &b);
}

static void
put_output(struct report *r, const char *step, const char *stream,
    const char *text, bool is_cut)
{
	AUTO_BUF b = BUF_INIT;
	size_t n = text ? strlen(text) : 0;
	unsigned lines = 0;
	const char *from = text + n;

	while (n && from > text && lines < MAX_LINES)
		if (--from > text && from[-1] == '\n')
			lines++;
	while (n && text[n - 1] == '\n')
		n--;
	if (!n)
		return;
	buf_addf(&b, "%s of step \"", stream);
	clean(&b, step ? step : "?");
	buf_addf(&b, "\"%s:\n", is_cut || from > text ? " (its end)" : "");
	for (const char *s = from; s < text + n;) {
		const char *end = memchr(s, '\n', (size_t)(text + n - s));

		if (!end)
			end = text + n;
		buf_adds(&b, "   | ");
		report_clean(&b, s, (size_t)(end - s));
		buf_addc(&b, '\n');
		s = end + 1;
	}
	buf_addc(&b, '\n');
	put(r, &b);
}

static void
put_result(struct report *r, const struct entry *e, const struct result *v,
    size_t *left)
{
	AUTO_ARENA a = {0};
	const char *name = name_of(&a, e, v);
	struct fault f = {.severity = "error",
	    .file = e->source,
	    .message = v->message ? v->message : "no verdict was reached"};

	for (size_t i = 0; i < v->faults && *left; i++, --*left)
		report_text_fault(r, &v->fault[i], name);
	if (!v->faults && !e->has_error && *left) {
		report_text_fault(r, &f, name);
		--*left;
	}
	for (size_t i = 0; i < v->shots && *left; i++) {
		const struct shot *s = &v->shot[i];

		put_output(r, s->step, "stdout", s->out, s->is_out_cut);
		put_output(r, s->step, "stderr", s->err, s->is_err_cut);
	}
}

static void
put_entry(struct report *r, const struct entry *e, size_t *left)
{
	for (size_t i = 0; i < e->faults && *left; i++, --*left)
		report_text_fault(r, &e->fault[i], NULL);
	for (size_t i = 0; i < e->n; i++)
		if (e->result[i].is_done && report_is_red(&e->result[i]))
			put_result(r, e, &e->result[i], left);
}

static void
put_faults(struct report *r)
{
	size_t left = MAX_FAULTS;

	if (r->keeps || r->loose.faults)
		report_say(r, "\n");
	for (size_t i = 0; i < r->keeps; i++)
		put_entry(r, r->kept[i], &left);
	put_entry(r, &r->loose, &left);
	if (!left)
		report_say(
		    r, "(only the first %d errors are shown)\n\n", MAX_FAULTS);
}

static void
part(struct buf *b, uint64_t n, const char *what)
{
	if (n)
		buf_addf(b, "%s%" PRIu64 " %s",
		    b->len && b->s[b->len - 1] != ' ' ? ", " : "", n, what);
}

static void
put_totals(struct report *r)
{
	const struct totals *t = &r->now;
	uint64_t n = t->pass + t->fail + t->fake + t->error + t->skip;
	int64_t ns = r->stage_ns ? r->stage_ns : clock_mono_ns() - r->begun_ns;
	bool is_bad = t->fail || t->fake || t->error || t->not_run;
	AUTO_BUF b = BUF_INIT;
	AUTO_BUF line = BUF_INIT;

	buf_addf(&b, "%" PRIu64 " test%s: ", n, n == 1 ? "" : "s");
	part(&b, t->pass, "passed");
	part(&b, t->fail, "failed");
	part(&b, t->fake, "fake-green");
	part(&b, t->error, t->error == 1 ? "error" : "errors");
	part(&b, t->skip, "skipped");
	part(&b, t->not_run, "not run");
	part(&b, t->warnings, t->warnings == 1 ? "warning" : "warnings");
	if (b.s[b.len - 1] == ' ')
		buf_adds(&b, "nothing was selected");
	colour(r, &line, is_bad ? red : n ? green : bold, b.s);
	pad(&line, b.len, 60);
	buf_addf(&line, " %.2fs\n", (double)ns / 1e9);
	put(r, &line);
}

static void
put_edit(struct report *r)
{
	int64_t ns = clock_wall_ns() - r->first_edit_ns;

	if (r->is_edit_due && ns >= 0)
		report_say(
		    r, "edit to verdict: %" PRId64 " ms\n", ns / 1000000);
}

static void
put_rerun(struct report *r)
{
	AUTO_BUF b = BUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < r->keeps; i++) {
		const struct entry *e = r->kept[i];

		if (!e->is_bad || !e->source)
			continue;
		if (n++ && !strcmp(e->source, r->kept[i - 1]->source))
			continue;
		buf_addc(&b, ' ');
		clean(&b, e->source);
	}
	buf_addc(&b, '\n');
	if (!n)
		return;
	report_say(r, "rerun: clnrm run");
	put(r, &b);
}

static void
put_isolation(struct report *r)
{
	for (size_t i = 0; i < r->isolation.n; i++)
		report_say(r, "isolation: %s\n", r->isolation.entry[i].key);
}

void
report_text_summary(struct report *r, bool is_last, int status)
{
	const struct totals *t = &r->now;
	bool is_idle = !t->pass && !t->fail && !t->fake && !t->error &&
		       !t->skip && !t->not_run && !r->keeps && !r->loose.faults;

	if (is_idle && (r->has_batch || !is_last))
		goto end;
	put_faults(r);
	if (!r->keeps && !r->loose.faults)
		report_say(r, "\n");
	if (r->how.format == REPORT_PLAN)
		report_say(r, "%" PRIu64 " test%s would run\n", t->pass,
		    t->pass == 1 ? "" : "s");
	else
		put_totals(r);
	put_edit(r);
	put_isolation(r);
	put_rerun(r);
end:
	if (is_last && r->is_interrupted)
		report_say(r, "interrupted: results are not complete\n");
	else if (is_last && r->is_cut)
		report_say(r, "the stream was cut: results are not complete\n");
	else if (is_last && status == 3 && !t->error && !is_idle)
		report_say(r, "a stage before could not run: results are not "
			      "complete\n");
}
