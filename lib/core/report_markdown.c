#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "core/report_int.h"

/* A job summary may have 1 MiB; src: GitHub Actions, "Job summaries" */
enum {
	MAX_GREEN = 64 << 10, /* bytes of rows */
	MAX_TOLD = 512 << 10, /* bytes in all */
};

struct markdown {
	struct buf green; /* rows */
	uint64_t left_out;
};

void
report_markdown_plain(struct buf *b, const char *text)
{
	AUTO_BUF line = BUF_INIT;

	utf8_print(&line, text, strcspn(text, "\n"));
	for (const char *s = line.s; *s; s++)
		if (strchr("&<>\"'|\\`*_[]#~$:@", *s))
			buf_addf(b, "&#%u;", (unsigned char)*s);
		else
			buf_addc(b, *s);
}

static void
row(struct buf *b, const struct entry *e, const struct result *v)
{
	AUTO_ARENA a = {0};
	struct finding why = report_reason(e, v);

	buf_addf(b, "| %s | ", report_word(v));
	report_markdown_plain(b, report_name(&a, e, v));
	buf_addf(b, " | %.2f s | ", v ? (double)v->duration_ns / 1e9 : 0.0);
	if (v && v->required)
		buf_addf(b, "%" PRId64 " of %" PRId64, v->found, v->required);
	else if (v)
		buf_addf(b, "%" PRId64, v->spans);
	buf_adds(b, " | ");
	if (!v || report_is_red(v) || v->findings)
		report_markdown_plain(b, why.message);
	buf_adds(b, " |\n");
}

static const char table[] = "| | test | time | spans | |\n"
			    "|---|---|--:|--:|---|\n";

static struct markdown *
state(struct view *w)
{
	struct markdown *m = w->state;

	if (!m->green.s)
		m->green = (struct buf)BUF_INIT;
	return m;
}

static void
markdown_result(struct view *w, const struct entry *e, const struct result *v)
{
	struct markdown *m = state(w);

	if (!v || (report_is_red(v) && v->verdict))
		return;
	if (m->green.len < MAX_GREEN)
		row(&m->green, e, v);
	else
		m->left_out++;
}

static void
tell(struct view *w, struct buf *b, const struct finding *f)
{
	AUTO_BUF text = BUF_INIT;

	if (!strcmp(f->severity, "note"))
		return;
	finding_print(&text, f, &w->r->text, false);
	buf_adds(b, "\n<pre>");
	page_escape(b, text.s, text.len);
	buf_adds(b, "</pre>\n");
}

static void
tell_entry(struct view *w, struct buf *b, const struct entry *e)
{
	for (size_t i = 0; i < e->findings && b->len < MAX_TOLD; i++)
		tell(w, b, &e->finding[i]);
	for (size_t i = 0; i < e->n; i++)
		for (size_t k = 0; k < e->result[i].findings; k++)
			if (b->len < MAX_TOLD)
				tell(w, b, &e->result[i].finding[k]);
}

static void
put_red(struct view *w, struct buf *b)
{
	const struct report *r = w->r;
	bool is_begun = false;

	for (size_t i = 0; i < r->keeps && b->len < MAX_TOLD; i++) {
		const struct entry *e = r->kept[i];

		if ((e->is_bad || !e->has_plan) && !is_begun)
			buf_adds(b, table);
		is_begun |= e->is_bad || !e->has_plan;
		if (!e->has_plan && e->has_error)
			row(b, e, NULL);
		for (size_t k = 0; k < e->n; k++)
			if (e->result[k].is_done &&
			    report_is_red(&e->result[k]))
				row(b, e, &e->result[k]);
	}
	for (size_t i = 0; i < r->keeps; i++)
		tell_entry(w, b, r->kept[i]);
	tell_entry(w, b, &r->loose);
	if (b->len >= MAX_TOLD)
		buf_adds(b, "\nThe rest is in the log.\n");
}

static void
markdown_summary(struct view *w, bool is_last)
{
	struct markdown *m = state(w);
	const struct report *r = w->r;
	AUTO_BUF b = BUF_INIT;

	buf_adds(&b, "### clnrm: ");
	report_totals_put(&b, report_totals(w));
	buf_adds(&b, "\n\n");
	if (is_last && r->incomplete)
		buf_addf(&b, "**%s**\n\n", r->incomplete);
	for (size_t i = 0; i < r->isolation.n; i++) {
		buf_adds(&b, "isolation: ");
		report_markdown_plain(&b, r->isolation.entry[i].key);
		buf_adds(&b, "\n\n");
	}
	put_red(w, &b);
	if (m->green.len)
		buf_addf(&b,
		    "\n<details><summary>The others</summary>\n\n%s%s\n", table,
		    m->green.s);
	if (m->left_out)
		buf_addf(&b, "and %" PRIu64 " more\n", m->left_out);
	if (m->green.len)
		buf_adds(&b, "\n</details>\n\n");
	report_catalogue_markdown(w, &b);
	report_put(w, &b);
}

static void
markdown_forget(struct view *w)
{
	buf_free(&state(w)->green);
}

const struct report_form report_markdown = {.name = "markdown",
    .size = sizeof(struct markdown),
    .result = markdown_result,
    .summary = markdown_summary,
    .forget = markdown_forget};
