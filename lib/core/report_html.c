#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/report_int.h"

/* All in all it stays below 5 MB. */
enum {
	MAX_RED = 3600 << 10,
	MAX_GREEN = 700 << 10,
	MAX_LINKS = 100 << 10,
	MAX_TEST = 600 << 10, /* bytes of one test, about */
	MAX_NEWS = 150 << 10, /* of traces that are not as recorded */
};

struct html {
	struct buf green, red, links;
	struct buf news, rows; /* the rows are of the test that comes */
	uint64_t tests, greens_cut, reds_cut, rows_cut, news_cut;
};

static struct html *
state(struct view *w)
{
	struct html *h = w->state;

	if (!h->green.s)
		h->green = h->red = h->links = h->news = h->rows =
		    (struct buf)BUF_INIT;
	return h;
}

static void
put_news(struct html *h, const struct value *tree)
{
	bool is_same = value_bool_or(value_get(tree, "same"), true);

	if (!is_same && h->news.len >= MAX_NEWS)
		h->news_cut++;
	else if (!is_same)
		report_recorded_table(&h->news, tree, &h->rows, h->rows_cut);
	buf_reset(&h->rows);
	h->rows_cut = 0;
}

/* What differs from recorded traces comes behind the verdicts. */
static void
html_record(struct view *w, const struct record *r)
{
	struct html *h = state(w);
	AUTO_ARENA a = {0};
	const struct value *tree;

	if (r->type != RECORD_DIFF && r->type != RECORD_DIFF_SUMMARY)
		return;
	tree = record_value(r, &a);
	if (!value_get(tree, "source"))
		return;
	if (r->type == RECORD_DIFF_SUMMARY)
		put_news(h, tree);
	else if (h->news.len + h->rows.len < MAX_NEWS)
		report_recorded_row(&h->rows, tree);
	else
		h->rows_cut++;
}

/* What a terminal would obey is not for a page either. */
static void
put_pre(struct buf *b, const char *text)
{
	buf_adds(b, "<pre tabindex=\"0\">");
	page_escapes(b, text);
	buf_adds(b, "</pre>\n");
}

static void
put_findings(struct view *w, struct buf *b, const struct entry *e,
    const struct result *v)
{
	const struct finding *f = v ? v->finding : e->finding;
	size_t n = v ? v->findings : e->findings;
	struct finding why = report_reason(e, v);

	if (!n && (!v || report_is_red(v))) {
		f = &why;
		n = 1;
	}
	for (size_t i = 0; i < n && b->len < MAX_TEST; i++) {
		AUTO_BUF text = BUF_INIT;

		finding_print(&text, &f[i], &w->r->text, false);
		buf_cut(&text, text.len - (text.len > 0));
		put_pre(b, text.s);
	}
}

static void
put_stream(struct buf *b, const struct shot *s, const char *stream,
    const char *text, bool is_cut)
{
	if (!text || b->len >= MAX_TEST)
		return;
	buf_addf(b, "<h4>%s of step ", stream);
	page_escapes(b, s->step ? s->step : "?");
	buf_addf(b, "%s</h4>\n", is_cut ? " (its end)" : "");
	put_pre(b, text);
}

static void
put_proofs(struct buf *b, const struct result *v)
{
	if (!v->proofs)
		return;
	buf_adds(b, "<h4>Evidence</h4>\n<table><thead><tr><th "
		    "scope=\"col\">holds</th><th scope=\"col\">rule</th><th "
		    "scope=\"col\">what</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < v->proofs && b->len < MAX_TEST; i++) {
		const struct proof *p = &v->proof[i];

		buf_addf(b, "<tr><td class=\"%s\">%s</td><td>",
		    p->is_ok ? "pass" : "fail", p->is_ok ? "yes" : "no");
		page_escapes(b, p->rule ? p->rule : "?");
		buf_adds(b, "</td><td>");
		page_escapes(b, p->message ? p->message : "");
		buf_adds(b, "</td></tr>\n");
	}
	buf_adds(b, "</tbody></table>\n");
}

static void
put_spans(struct buf *b, const struct result *v)
{
	if (!v->bars)
		return;
	waterfall_sort(v->bar, v->bars);
	buf_adds(b, "<h4>Spans</h4>\n");
	waterfall_print(
	    b, &(struct waterfall){.bar = v->bar,
		   .bars = v->bars,
		   .label = "the table below has the same as text"});
	buf_adds(b, "<details><summary>The same as a table</summary>\n<table>"
		    "<thead><tr><th scope=\"col\">span</th><th "
		    "scope=\"col\">takes</th><th scope=\"col\">depth</th><th "
		    "scope=\"col\">status</th><th scope=\"col\">says</th></tr>"
		    "</thead><tbody>\n");
	for (size_t i = 0; i < v->bars && b->len < MAX_TEST; i++) {
		const struct bar *s = &v->bar[i];

		buf_adds(b, "<tr><td>");
		page_escapes(b, s->name ? s->name : "?");
		buf_addf(b, "</td><td>%.3f ms</td><td>%u</td><td>%s</td><td>",
		    (double)(s->end_ns - s->start_ns) / 1e6, s->depth,
		    s->is_error ? "ERROR" : "");
		page_escapes(b, s->words ? s->words : "");
		buf_adds(b, "</td></tr>\n");
	}
	buf_adds(b, "</tbody></table></details>\n");
	if (v->bars_left_out)
		buf_addf(b,
		    "<p class=\"cut\">%zu more spans are not drawn.</p>\n",
		    v->bars_left_out);
}

static void
put_head(struct buf *b, const struct entry *e, const struct result *v,
    uint64_t number)
{
	static const char *const classes[][2] = {{"PASS", "pass"},
	    {"FAKE", "fake"}, {"SKIP", "skipped"}, {"FLAKY", "flaky"}};
	const char *word = report_word(v), *class = "fail";
	AUTO_ARENA a = {0};

	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (!strcmp(word, classes[i][0]))
			class = classes[i][1];
	buf_addf(b,
	    "<details class=\"test\" id=\"t%" PRIu64 "\"%s>\n<summary><span "
	    "class=\"word %s\">%s</span> <h3>",
	    number, !v || report_is_red(v) ? " open" : "", class, word);
	page_escapes(b, report_name(&a, e, v));
	buf_adds(b, "</h3>");
	if (v)
		buf_addf(b, " <span class=\"dim\">%.2f s",
		    (double)v->duration_ns / 1e9);
	if (v && v->required)
		buf_addf(b, ", %" PRId64 " of %" PRId64 " required span%s",
		    v->found, v->required, v->required == 1 ? "" : "s");
	else if (v && v->spans)
		buf_addf(b, ", %" PRId64 " span%s", v->spans,
		    v->spans == 1 ? "" : "s");
	buf_addf(b, "%s</summary>\n", v ? "</span>" : "");
}

static void
put_place(struct buf *b, const struct entry *e, const struct result *v)
{
	if (!e->source)
		return;
	buf_adds(b, "<p><code>");
	page_escapes(b, e->source);
	if (v && v->line)
		buf_addf(b, ":%u", v->line);
	buf_adds(b, "</code>");
	if (v && v->level) {
		buf_adds(b, ", isolation ");
		page_escapes(b, v->level);
	}
	if (v && v->unjudged) {
		buf_adds(b, ", ");
		page_escapes(b, v->unjudged);
	}
	buf_adds(b, "</p>\n");
}

static void
put_test(struct view *w, struct buf *b, const struct entry *e,
    const struct result *v)
{
	struct html *h = w->state;

	put_head(b, e, v, ++h->tests);
	put_place(b, e, v);
	put_findings(w, b, e, v);
	for (size_t i = 0; v && i < v->shots; i++) {
		put_stream(b, &v->shot[i], "stdout", v->shot[i].out,
		    v->shot[i].is_out_cut);
		put_stream(b, &v->shot[i], "stderr", v->shot[i].err,
		    v->shot[i].is_err_cut);
	}
	if (v && b->len < MAX_TEST)
		put_spans(b, v);
	if (v && b->len < MAX_TEST)
		put_proofs(b, v);
	if (b->len >= MAX_TEST)
		buf_adds(b,
		    "<p class=\"cut\">The rest of this test is cut; the "
		    "stream has it.</p>\n");
	buf_adds(b, "</details>\n");
}

static void
put_link(struct html *h, const struct entry *e, const struct result *v)
{
	AUTO_ARENA a = {0};

	if (h->links.len > MAX_LINKS)
		return;
	buf_addf(&h->links, "<li><a href=\"#t%" PRIu64 "\">%s ", h->tests,
	    report_word(v));
	page_escapes(&h->links, report_name(&a, e, v));
	buf_adds(&h->links, "</a></li>\n");
}

static void
html_result(struct view *w, const struct entry *e, const struct result *v)
{
	struct html *h = state(w);
	bool is_red = !v || report_is_red(v);
	struct buf *to = is_red ? &h->red : &h->green;
	AUTO_BUF b = BUF_INIT;

	put_test(w, &b, e, v);
	if (is_red)
		put_link(h, e, v);
	if (to->len + b.len > (is_red ? MAX_RED : MAX_GREEN))
		++*(is_red ? &h->reds_cut : &h->greens_cut);
	else
		buf_add(to, b.s, b.len);
}

static void
term(struct buf *b, const char *name, const char *text)
{
	if (!text)
		return;
	buf_addf(b, "<dt>%s</dt><dd>", name);
	page_escapes(b, text);
	buf_adds(b, "</dd>\n");
}

static void
put_environment(struct view *w, struct buf *b)
{
	const struct report *r = w->r;
	const struct totals *t = report_totals(w);
	AUTO_BUF at = BUF_INIT;
	AUTO_BUF took = BUF_INIT;

	if (t->start_ns)
		report_time_put(&at, t->start_ns);
	buf_adds(&at, at.len ? " UTC" : "");
	buf_addf(&took, "%.2f s in all tests", (double)t->duration_ns / 1e9);
	buf_adds(b, "<dl>\n");
	term(b, "began", at.len ? at.s : NULL);
	term(b, "took", took.s);
	term(b, "command", r->command);
	for (size_t i = 0; i < r->isolation.n; i++)
		term(b, "isolation", r->isolation.entry[i].key);
	term(b, "clnrm", VERSION);
	buf_adds(b, "</dl>\n");
}

/* Diagnostics of files that have a test, and of none. */
static void
put_diagnostics(struct view *w, struct buf *b)
{
	const struct report *r = w->r;
	AUTO_BUF text = BUF_INIT;

	for (size_t i = 0; i < r->keeps && text.len < MAX_LINKS; i++)
		for (size_t k = 0; k < r->kept[i]->findings; k++)
			if (r->kept[i]->has_plan || !r->kept[i]->has_error)
				finding_print(&text, &r->kept[i]->finding[k],
				    &w->r->text, false);
	for (size_t i = 0; i < r->loose.findings && text.len < MAX_LINKS; i++)
		finding_print(&text, &r->loose.finding[i], &w->r->text, false);
	if (!text.len)
		return;
	buf_cut(&text, text.len - 1); /* the empty line */
	buf_adds(b, "<h2>Diagnostics</h2>\n");
	put_pre(b, text.s);
}

static void
put_cut(struct view *w, uint64_t n, const char *what)
{
	if (n)
		report_say(w,
		    "<p class=\"cut\">%" PRIu64 " %s tests are not shown: "
		    "with them this page would be larger than 5 MB. The "
		    "formats json and ndjson have all.</p>\n",
		    n, what);
}

static void
put_top(struct view *w)
{
	const struct html *h = w->state;
	AUTO_BUF b = BUF_INIT;
	AUTO_BUF totals = BUF_INIT;

	report_totals_put(&totals, report_totals(w));
	page_begin(&b, &(struct page){.title = totals.s,
			   .style = waterfall_style,
			   .main = "tests",
			   .skip = "the tests"});
	buf_addf(&b, "<header>\n<h1>%s</h1>\n", totals.s);
	if (w->r->incomplete)
		buf_addf(&b, "<p class=\"cut\"><strong>%s</strong></p>\n",
		    w->r->incomplete);
	put_environment(w, &b);
	buf_adds(&b, "</header>\n");
	if (h->links.len)
		buf_addf(&b,
		    "<nav aria-label=\"Failed tests\"><ul>\n%s</ul></nav>\n",
		    h->links.s);
	buf_adds(&b, "<main id=\"tests\">\n");
	report_put(w, &b);
}

static void
html_summary(struct view *w, bool is_last)
{
	const struct html *h = state(w);
	AUTO_BUF b = BUF_INIT;

	(void)is_last;
	put_top(w);
	if (h->red.len)
		report_say(w, "<h2>Failed</h2>\n");
	report_put(w, &h->red);
	put_cut(w, h->reds_cut, "failed");
	put_diagnostics(w, &b);
	report_put(w, &b);
	if (h->green.len)
		report_say(
		    w, "<h2>%s</h2>\n", h->red.len ? "Others" : "Passed");
	report_put(w, &h->green);
	put_cut(w, h->greens_cut, "other");
	if (h->news.len)
		report_say(w, "<h2>Changed since recorded</h2>\n");
	report_put(w, &h->news);
	put_cut(w, h->news_cut, "changed");
	buf_reset(&b);
	report_catalogue_html(w, &b);
	buf_adds(&b, "</main>\n");
	page_end(&b, &(struct page){0});
	report_put(w, &b);
}

static void
html_forget(struct view *w)
{
	struct html *h = state(w);

	buf_free(&h->green);
	buf_free(&h->red);
	buf_free(&h->links);
	buf_free(&h->news);
	buf_free(&h->rows);
}

const struct report_form report_html = {.name = "html",
    .size = sizeof(struct html),
    .has_bars = true,
    .is_document = true,
    .record = html_record,
    .result = html_result,
    .summary = html_summary,
    .forget = html_forget};
