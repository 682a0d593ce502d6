#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/color.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/keep.h"
#include "core/report_int.h"

enum {
	MIN_NAME = 20,
	MAX_NAME = 48,
	MAX_LINES = 200,
	MAX_FINDINGS = 50,
};

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
color_of(const struct result *v)
{
	static const struct {
		const char *verdict, *color;
	} colors[] = {{"pass", COLOR_GREEN}, {"flaky", COLOR_YELLOW},
	    {"fake", COLOR_MAGENTA}, {"skip", COLOR_YELLOW}};

	for (size_t i = 0; v && i < COUNT(colors); i++)
		if (!strcmp(v->verdict, colors[i].verdict))
			return colors[i].color;
	return COLOR_RED;
}

/* Cut to the terminal's width; `from` is where the detail begins. */
static void
detail(const struct view *w, struct buf *b, size_t from, const char *text)
{
	size_t n = strcspn(text, "\n"), room = w->r->how.width;

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
    const struct view *w, struct buf *b, const struct result *v, size_t from)
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
		detail(w, b, from + 2, v->message);
	}
}

static void
add_remark(struct buf *b, const char *text)
{
	buf_adds(b, "  (");
	clean(b, text);
	buf_addc(b, ')');
}

/* `text` stands for what there is no verdict on. */
static void
put_line(struct view *w, const struct entry *e, const char *name,
    const struct result *v, const char *text)
{
	const struct report *r = w->r;
	const char *why = report_edit_why(r, e);
	size_t width = r->name_width < MIN_NAME ? MIN_NAME
		     : r->name_width > MAX_NAME ? MAX_NAME
						: r->name_width;
	const char *word = report_word(v);
	size_t from = 7 + width;
	AUTO_BUF b = BUF_INIT;
	AUTO_BUF time = BUF_INIT;

	color_add(&b, r->how.has_color, color_of(v), word);
	pad(&b, strlen(word), 5);
	buf_addc(&b, ' ');
	clean(&b, name);
	pad(&b, utf8_count(name, strlen(name)), width);
	if (v) {
		buf_addf(&time, "%.2fs", (double)v->duration_ns / 1e9);
		buf_addf(&b, "  %6s", time.s);
		say_detail(w, &b, v, from + 8);
		if (v->is_cached)
			add_remark(&b, "steps unchanged");
		if (v->unjudged)
			add_remark(&b, v->unjudged);
	} else {
		buf_adds(&b, "  ");
		detail(w, &b, from + 2, text);
	}
	if (why)
		add_remark(&b, why);
	buf_addc(&b, '\n');
	report_put(w, &b);
}

static void
text_result(struct view *w, const struct entry *e, const struct result *v)
{
	AUTO_ARENA a = {0};

	report_edit_put(w, true);
	if (!v || v->verdict)
		put_line(w, e, report_name(&a, e, v), v,
		    report_reason(e, NULL).message);
}

static void
put_output(struct view *w, const char *step, const char *stream,
    const char *text, bool is_cut)
{
	AUTO_BUF b = BUF_INIT;
	size_t n = strlen(text);
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
	report_put(w, &b);
}

static void
put_finding(struct view *w, const struct finding *f, size_t *left)
{
	AUTO_BUF b = BUF_INIT;

	finding_print(&b, f, &w->r->text, w->r->how.has_color);
	report_put(w, &b);
	--*left;
}

static void
put_folder(struct view *w, const struct entry *e, const struct result *v)
{
	struct record_key key = {v->id, e->source, e->gen, e->variant};
	const char *folder = w->r->how.keep && report_is_red(v)
			       ? keep_folder(w->r->how.keep, &key, v->scenario)
			       : NULL;

	if (folder)
		report_say(w, "kept: %s\n\n", folder);
}

static void
put_result(
    struct view *w, const struct entry *e, const struct result *v, size_t *left)
{
	AUTO_ARENA a = {0};
	const char *name = report_name(&a, e, v);
	struct finding none = {.severity = "error",
	    .file = e->source,
	    .message = v->message ? v->message : "no verdict was reached",
	    .in = name};

	for (size_t i = 0; i < v->findings && *left; i++) {
		struct finding f = v->finding[i];

		f.in = name;
		put_finding(w, &f, left);
	}
	if (!v->findings && !e->has_error && *left)
		put_finding(w, &none, left);
	for (size_t i = 0; i < v->shots && *left; i++) {
		const struct shot *s = &v->shot[i];

		put_output(
		    w, s->step, "stdout", s->out ? s->out : "", s->is_out_cut);
		put_output(
		    w, s->step, "stderr", s->err ? s->err : "", s->is_err_cut);
	}
	put_folder(w, e, v);
}

/* What a flaky test failed by is told as well. */
static bool
is_told(const struct result *v)
{
	return report_is_red(v) || v->findings;
}

/* What is wrong goes first, what could be better after all of it. */
static void
put_own(struct view *w, const struct entry *e, bool has_errors, size_t *left)
{
	for (size_t i = 0; i < e->findings && *left; i++)
		if (!strcmp(e->finding[i].severity, "error") == has_errors)
			put_finding(w, &e->finding[i], left);
}

static void
put_entry(struct view *w, const struct entry *e, size_t *left)
{
	put_own(w, e, true, left);
	for (size_t i = 0; i < e->n; i++)
		if (e->result[i].is_done && is_told(&e->result[i]))
			put_result(w, e, &e->result[i], left);
}

static void
put_findings(struct view *w)
{
	struct report *r = w->r;
	size_t left = MAX_FINDINGS;

	if (r->keeps || r->loose.findings)
		report_say(w, "\n");
	for (size_t i = 0; i < r->keeps; i++)
		put_entry(w, r->kept[i], &left);
	put_entry(w, &r->loose, &left);
	for (size_t i = 0; i < r->keeps; i++)
		put_own(w, r->kept[i], false, &left);
	put_own(w, &r->loose, false, &left);
	finding_source_free(&r->text); /* it may be another at the next batch */
	if (!left)
		report_say(w, "(only the first %d errors are shown)\n\n",
		    MAX_FINDINGS);
}

/* In the middle of a wide terminal, at the end of a narrow one. */
static size_t
time_column(const struct report *r)
{
	enum { COLUMN = 60, ROOM = 8 };
	size_t width = r->how.width;

	return width && width < COLUMN + ROOM && width > ROOM ? width - ROOM
							      : COLUMN;
}

static void
put_totals(struct view *w)
{
	const struct report *r = w->r;
	const struct totals *t = report_totals(w);
	int64_t ns = r->stage_ns ? r->stage_ns : clock_mono_ns() - r->begun_ns;
	bool is_bad = t->fail || t->fake || t->error || t->not_run;
	AUTO_BUF b = BUF_INIT;
	AUTO_BUF line = BUF_INIT;

	report_totals_put(&b, t);
	color_add(&line, r->how.has_color,
	    is_bad	      ? COLOR_RED
	    : report_tests(t) ? COLOR_GREEN
			      : COLOR_BOLD,
	    b.s);
	pad(&line, b.len, time_column(r));
	buf_addf(&line, " %.2fs\n", (double)ns / 1e9);
	report_put(w, &line);
}

/* A word that the shell reads back as it is. */
static void
put_word(struct buf *b, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./:=@%+,-";

	if (*text && !text[strspn(text, plain)]) {
		buf_adds(b, text);
		return;
	}
	buf_addc(b, '\'');
	for (size_t n; *text; text += n) {
		n = strcspn(text, "'");
		utf8_print(b, text, n);
		if (text[n])
			buf_adds(b, "'\\''");
		n += text[n] != 0;
	}
	buf_addc(b, '\'');
}

static void
put_rerun(struct view *w)
{
	const struct report *r = w->r;
	AUTO_BUF b = BUF_INIT;
	const char *last = NULL;

	for (size_t i = 0; i < r->keeps; i++) {
		const struct entry *e = r->kept[i];

		if (!e->is_bad || !e->source)
			continue;
		if (last && !strcmp(e->source, last))
			continue;
		last = e->source;
		buf_addc(&b, ' ');
		put_word(&b, last);
	}
	buf_addc(&b, '\n');
	if (!last)
		return;
	report_say(w, "rerun: clnrm run");
	report_put(w, &b);
}

static void
put_isolation(struct view *w)
{
	const struct map *m = &w->r->isolation;

	for (size_t i = 0; i < m->n; i++)
		report_say(w, "isolation: %s\n", m->entry[i].key);
}

static bool
is_idle(const struct view *w)
{
	const struct totals *t = report_totals(w);

	return !report_tests(t) && !t->not_run && !w->r->keeps &&
	       !w->r->loose.findings;
}

static void
put_summary(struct view *w)
{
	const struct report *r = w->r;
	uint64_t planned = report_totals(w)->pass;

	put_findings(w);
	if (!r->keeps && !r->loose.findings)
		report_say(w, "\n");
	if (r->is_plan)
		report_say(w, "%" PRIu64 " test%s would run\n", planned,
		    planned == 1 ? "" : "s");
	else
		put_totals(w);
	report_edit_times(w);
	put_isolation(w);
	report_catalogue_text(w, "");
	put_rerun(w);
}

static void
text_summary(struct view *w, bool is_last)
{
	const struct report *r = w->r;

	if (r->edit.is_due)
		report_edit_put(w, w->r->keeps || !is_idle(w));
	if (!is_idle(w) || (is_last && !r->has_batch))
		put_summary(w);
	if (is_last && r->incomplete)
		report_say(w, "%s\n", r->incomplete);
}

const struct report_form report_text = {
    .name = "text", .result = text_result, .summary = text_summary};

const struct report_form report_plan = {
    .name = "plan", .result = text_result, .summary = text_summary};
