#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "core/report_int.h"

/* src: GitHub Actions, "Workflow commands"; more than ten are not shown */

enum { MAX_SHOWN = 10 };

struct tally {
	const char *severity;
	uint64_t all, shown;
};

static void
escape(struct buf *b, const char *text, bool is_property)
{
	AUTO_BUF plain = BUF_INIT;

	for (const char *s = text; *s;) {
		size_t n = strcspn(s, "\n");

		utf8_print(&plain, s, n);
		if (s[n])
			buf_addc(&plain, '\n');
		s += n + (s[n] != 0);
	}
	for (const char *s = plain.s; *s; s++)
		if (*s == '%' || *s == '\n' ||
		    (is_property && (*s == ':' || *s == ',')))
			buf_addf(b, "%%%02X", (unsigned char)*s);
		else
			buf_addc(b, *s);
}

static void
property(struct buf *b, const char *name, const char *text)
{
	if (!text)
		return;
	buf_addf(b, "%s%s=", b->s[b->len - 1] == ' ' ? "" : ",", name);
	escape(b, text, true);
}

static void
number(struct buf *b, const char *name, unsigned n)
{
	if (n)
		buf_addf(b, ",%s=%u", name, n);
}

static void
note(struct buf *b, const char *word, const char *text)
{
	if (!text)
		return;
	buf_addf(b, "\n%s: %s", word, text);
}

static void
annotate(
    struct view *w, struct tally *t, const struct finding *f, const char *name)
{
	AUTO_BUF b = BUF_INIT;
	AUTO_BUF text = BUF_INIT;

	t->all++;
	if (t->shown == MAX_SHOWN - 1)
		return; /* the last one counts the rest */
	t->shown++;
	buf_adds(&text, f->message);
	note(&text, "test", name);
	note(&text, "expected", f->expected);
	note(&text, "found", f->actual);
	note(&text, "fix", f->hint);
	buf_addf(&b, "::%s ", t->severity);
	property(&b, "file", f->file);
	if (f->file) {
		number(&b, "line", f->line);
		number(&b, "col", f->line ? f->column : 0);
		number(&b, "endColumn",
		    f->line && f->column && f->end < INT32_MAX ? f->end : 0);
	}
	property(&b, "title", f->code ? f->code : "clnrm");
	buf_adds(&b, "::");
	escape(&b, text.s, false);
	buf_addc(&b, '\n');
	report_put(w, &b);
}

static void
annotate_source(struct view *w, struct tally *t, const struct entry *e)
{
	for (size_t i = 0; i < e->findings; i++)
		if (!strcmp(e->finding[i].severity, t->severity))
			annotate(w, t, &e->finding[i], NULL);
}

static void
annotate_result(struct view *w, struct tally *t, const struct entry *e,
    const struct result *v)
{
	bool is_due = report_is_red(v) == !strcmp(t->severity, "error");
	struct finding why = report_reason(e, v);
	AUTO_ARENA a = {0};
	const char *name = report_name(&a, e, v);

	for (size_t i = 0; is_due && i < v->findings; i++)
		annotate(w, t, &v->finding[i], name);
	if (is_due && !v->findings && report_is_red(v) && !e->has_error)
		annotate(w, t, &why, name);
}

static void
annotate_all(struct view *w, const char *severity)
{
	struct tally t = {.severity = severity};
	const struct report *r = w->r;

	for (size_t i = 0; i < r->keeps; i++) {
		const struct entry *e = r->kept[i];

		annotate_source(w, &t, e);
		for (size_t k = 0; k < e->n; k++)
			if (e->result[k].is_done)
				annotate_result(w, &t, e, &e->result[k]);
	}
	annotate_source(w, &t, &r->loose);
	if (t.all > t.shown)
		report_say(w,
		    "::%s title=clnrm::%" PRIu64 " more, which the log tells\n",
		    severity, t.all - t.shown);
}

static void
github_summary(struct view *w, bool is_last)
{
	const struct report *r = w->r;
	AUTO_BUF b = BUF_INIT;

	annotate_all(w, "error");
	annotate_all(w, "warning");
	if (is_last && r->incomplete)
		report_say(w, "::error title=clnrm::%s\n", r->incomplete);
	report_totals_put(&b, report_totals(w));
	buf_addc(&b, '\n');
	if (w->out != r->how.err)
		report_put(w, &b);
}

const struct report_form report_github = {
    .name = "github", .summary = github_summary};
