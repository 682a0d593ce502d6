#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "core/report_int.h"
#include "data/json.h"

struct tap {
	uint64_t points;
	bool has_head;
};

/* `#` would begin a directive, and `\` escapes it. */
static void
describe(struct buf *b, const char *text)
{
	AUTO_BUF plain = BUF_INIT;

	utf8_print(&plain, text, strlen(text));
	for (const char *c = plain.s; *c; c++) {
		if (*c == '#' || *c == '\\')
			buf_addc(b, '\\');
		buf_addc(b, *c);
	}
}

/* A JSON string is a YAML one, whatever is in it. */
static void
member(struct buf *b, unsigned indent, const char *key, const char *text)
{
	if (!text)
		return;
	buf_addf(b, "%*s%s: ", (int)indent, "", key);
	json_quote(b, text, strlen(text));
	buf_addc(b, '\n');
}

static void
place(struct buf *b, const struct finding *f)
{
	if (!f->file)
		return;
	buf_adds(b, "  at:\n");
	member(b, 4, "file", f->file);
	if (f->line)
		buf_addf(b, "    line: %u\n", f->line);
	if (f->line && f->column)
		buf_addf(b, "    column: %u\n", f->column);
}

static void
failures(struct buf *b, const struct finding f[], size_t n)
{
	if (n < 2)
		return;
	buf_adds(b, "  failures:\n");
	for (size_t i = 0; i < n; i++) {
		buf_adds(b, "    - ");
		json_quote(b, f[i].message, strlen(f[i].message));
		buf_addc(b, '\n');
	}
}

static void
problem(struct buf *b, const char *severity, const struct finding *f)
{
	member(b, 2, "message", f->message);
	buf_addf(b, "  severity: %s\n", severity);
	member(b, 2, "code", f->code);
	place(b, f);
	member(b, 2, "expected", f->expected);
	member(b, 2, "actual", f->actual);
	member(b, 2, "hint", f->hint);
}

static void
outputs(struct buf *b, const struct result *v)
{
	bool is_begun = false;

	for (size_t i = 0; i < v->shots; i++) {
		const struct shot *s = &v->shot[i];

		if (!s->out && !s->err)
			continue;
		if (!is_begun)
			buf_adds(b, "  output:\n");
		is_begun = true;
		member(b, 4, "- step", s->step);
		member(b, 6, "stdout", s->out);
		member(b, 6, "stderr", s->err);
	}
}

static void
details(struct buf *b, const struct entry *e, const struct result *v)
{
	buf_adds(b, "  ---\n");
	if (report_is_red(v) || v->findings) {
		struct finding why = report_reason(e, v);

		problem(b, v->verdict, &why);
		failures(b, v->finding, v->findings);
		outputs(b, v);
	}
	member(b, 2, "not_judged", v->unjudged);
	if (v->is_cached)
		buf_adds(b, "  cached: true\n");
	buf_addf(b, "  duration_ms: %.3f\n  spans: %" PRId64 "\n  ...\n",
	    (double)v->duration_ns / 1e6, v->spans);
}

static void
comment(struct buf *b, const struct finding *f)
{
	buf_addf(b, "# %s", f->severity);
	if (f->code)
		buf_addf(b, "[%s]", f->code);
	buf_addc(b, ' ');
	if (f->file)
		utf8_print(b, f->file, strlen(f->file));
	if (f->line)
		buf_addf(b, ":%u", f->line);
	if (f->line && f->column)
		buf_addf(b, ":%u", f->column);
	buf_adds(b, f->file ? ": " : "");
	utf8_print(b, f->message, strlen(f->message));
	if (f->hint)
		buf_adds(b, "; ");
	if (f->hint)
		utf8_print(b, f->hint, strlen(f->hint));
	buf_addc(b, '\n');
}

static void
head(struct view *w)
{
	struct tap *t = w->state;

	if (!t->has_head)
		report_say(w, "TAP version 14\n");
	t->has_head = true;
}

static void
point(struct view *w, struct buf *b, bool is_ok, const struct entry *e,
    const struct result *v)
{
	struct tap *t = w->state;

	buf_addf(b, "%sok %" PRIu64 " - ", is_ok ? "" : "not ", ++t->points);
	describe(b, v ? v->name : e->source);
	if (v && e->variant) {
		buf_adds(b, " [");
		describe(b, e->variant);
		buf_adds(b, "]");
	}
}

static void
broken(struct view *w, struct buf *b, const struct entry *e)
{
	struct finding f = report_reason(e, NULL);

	point(w, b, false, e, NULL);
	buf_adds(b, "\n  ---\n");
	problem(b, "error", &f);
	buf_adds(b, "  ...\n");
}

static void
judged(struct view *w, struct buf *b, const struct entry *e,
    const struct result *v)
{
	bool is_skip = !strcmp(v->verdict, "skip");

	point(w, b, !report_is_red(v), e, v);
	if (is_skip)
		buf_addf(b, " # SKIP%s", v->message ? " " : "");
	if (is_skip && v->message)
		utf8_print(b, v->message, strlen(v->message));
	buf_addc(b, '\n');
	if (!is_skip)
		details(b, e, v);
}

/* Diagnostics stand before the first point of their source. */
static void
tap_result(struct view *w, const struct entry *e, const struct result *v)
{
	AUTO_BUF b = BUF_INIT;

	head(w);
	for (size_t i = 0; i < e->findings && !e->shown; i++)
		comment(&b, &e->finding[i]);
	if (!v)
		broken(w, &b, e);
	else if (v->verdict)
		judged(w, &b, e, v);
	report_put(w, &b);
}

static void
comments(struct view *w)
{
	const struct report *r = w->r;
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < r->keeps; i++)
		for (size_t k = 0; k < r->kept[i]->findings; k++)
			if (!r->kept[i]->has_plan && !r->kept[i]->has_error)
				comment(&b, &r->kept[i]->finding[k]);
	for (size_t i = 0; i < r->loose.findings; i++)
		comment(&b, &r->loose.finding[i]);
	for (size_t i = 0; i < r->isolation.n; i++)
		buf_addf(&b, "# isolation: %s\n", r->isolation.entry[i].key);
	if (r->now.not_run)
		buf_addf(&b, "# not run: %" PRIu64 "\n", r->now.not_run);
	report_put(w, &b);
}

static void
tap_summary(struct view *w, bool is_last)
{
	const struct report *r = w->r;
	const struct tap *t = w->state;

	head(w);
	comments(w);
	report_catalogue_text(w, "# ");
	if (!is_last)
		return;
	if (r->is_interrupted)
		report_say(w, "# %s\n", r->incomplete);
	if (r->incomplete && !r->is_interrupted)
		report_say(w, "Bail out! %s\n", r->incomplete);
	else if (t->points)
		report_say(w, "1..%" PRIu64 "\n", t->points);
	else
		report_say(w, "1..0 # SKIP nothing was selected\n");
}

const struct report_form report_tap = {.name = "tap",
    .size = sizeof(struct tap),
    .result = tap_result,
    .summary = tap_summary};
