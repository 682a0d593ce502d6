#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/color.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/report_int.h"

enum {
	MIN_NAME = 20,
	MAX_NAME = 48,
	MAX_LINES = 200,
	MAX_FINDINGS = 50,
};

static void
put(struct report *r, const struct buf *b)
{
	out_add(r->out, b->s, b->len);
}

static void
clean(struct buf *b, const char *text)
{
	utf8_print(b, text, strlen(text));
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
	static const char *const codes[] = {
	    COLOR_GREEN, COLOR_RED, COLOR_MAGENTA, COLOR_YELLOW};

	for (size_t i = 0; i < COUNT(words); i++)
		if (!strcmp(verdict, words[i][0])) {
			*code = codes[i];
			return words[i][1];
		}
	*code = COLOR_RED;
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
	utf8_print(b, text, n);
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
add_unjudged(struct buf *b, const char *text)
{
	buf_adds(b, "  (");
	clean(b, text);
	buf_addc(b, ')');
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

	color_add(&b, r->how.has_color, code, word);
	pad(&b, strlen(word), 5);
	buf_addc(&b, ' ');
	clean(&b, name);
	pad(&b, utf8_count(name, strlen(name)), width);
	if (v) {
		buf_addf(&time, "%.2fs", (double)v->duration_ns / 1e9);
		buf_addf(&b, "  %6s", time.s);
		say_detail(r, &b, v, from + 8);
		if (v->unjudged)
			add_unjudged(&b, v->unjudged);
	} else {
		buf_adds(&b, "  ");
		detail(r, &b, from + 2, text);
	}
	buf_addc(&b, '\n');
	put(r, &b);
}

static const struct finding *
first_error(const struct entry *e)
{
	for (size_t i = 0; i < e->findings; i++)
		if (!strcmp(e->finding[i].severity, "error"))
			return &e->finding[i];
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
	const struct finding *f = first_error(e);

	if (v)
		put_line(r, v->verdict, name_of(&a, e, v), v, NULL);
	else
		put_line(r, "error", e->source, NULL,
		    f ? f->message : "it does not render or lint");
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
		utf8_print(&b, s, (size_t)(end - s));
		buf_addc(&b, '\n');
		s = end + 1;
	}
	buf_addc(&b, '\n');
	put(r, &b);
}

static void
put_finding(struct report *r, const struct finding *f, size_t *left)
{
	AUTO_BUF b = BUF_INIT;

	finding_print(&b, f, &r->text, r->how.has_color);
	put(r, &b);
	--*left;
}

static void
put_result(struct report *r, const struct entry *e, const struct result *v,
    size_t *left)
{
	AUTO_ARENA a = {0};
	const char *name = name_of(&a, e, v);
	struct finding none = {.severity = "error",
	    .file = e->source,
	    .message = v->message ? v->message : "no verdict was reached",
	    .in = name};

	for (size_t i = 0; i < v->findings && *left; i++) {
		struct finding f = v->finding[i];

		f.in = name;
		put_finding(r, &f, left);
	}
	if (!v->findings && !e->has_error && *left)
		put_finding(r, &none, left);
	for (size_t i = 0; i < v->shots && *left; i++) {
		const struct shot *s = &v->shot[i];

		put_output(r, s->step, "stdout", s->out, s->is_out_cut);
		put_output(r, s->step, "stderr", s->err, s->is_err_cut);
	}
}

static void
put_entry(struct report *r, const struct entry *e, size_t *left)
{
	for (size_t i = 0; i < e->findings && *left; i++)
		put_finding(r, &e->finding[i], left);
	for (size_t i = 0; i < e->n; i++)
		if (e->result[i].is_done && report_is_red(&e->result[i]))
			put_result(r, e, &e->result[i], left);
}

static void
put_findings(struct report *r)
{
	size_t left = MAX_FINDINGS;

	if (r->keeps || r->loose.findings)
		report_say(r, "\n");
	for (size_t i = 0; i < r->keeps; i++)
		put_entry(r, r->kept[i], &left);
	put_entry(r, &r->loose, &left);
	finding_source_free(&r->text); /* it may be another at the next batch */
	if (!left)
		report_say(r, "(only the first %d errors are shown)\n\n",
		    MAX_FINDINGS);
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
	color_add(&line, r->how.has_color,
	    is_bad ? COLOR_RED
	    : n	   ? COLOR_GREEN
		   : COLOR_BOLD,
	    b.s);
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
		       !t->skip && !t->not_run && !r->keeps &&
		       !r->loose.findings;

	if (is_idle && (r->has_batch || !is_last))
		goto end;
	put_findings(r);
	if (!r->keeps && !r->loose.findings)
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
