#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "core/report_int.h"

enum {
	MAX_SHOWN = 5,	      /* names in a line */
	MAX_TABLE = 50 << 10, /* bytes of one on a page, about */
	MAX_VALUES = 1000,    /* properties of one list */
};

/* Part of a run, or what some tests asked for, is no suite. */
static bool
is_due(const struct view *w)
{
	return !w->is_own && !w->r->incomplete;
}

static void
put_line(struct view *w, const char *mark, const char *what,
    const struct catalogue_list *names)
{
	size_t n = names->n < MAX_SHOWN ? names->n : MAX_SHOWN;
	AUTO_BUF b = BUF_INIT;

	if (!n)
		return;
	buf_addf(&b, "%sspans %s:", mark, what);
	for (size_t i = 0; i < n; i++) {
		const char *name = names->name[i]->name;

		buf_adds(&b, i ? ", " : " ");
		utf8_print(&b, name, strlen(name));
	}
	if (n < names->n)
		buf_addf(&b, ", and %zu more", names->n - n);
	buf_addc(&b, '\n');
	report_put(w, &b);
}

void
report_catalogue_text(struct view *w, const char *mark)
{
	struct catalogue_list unseen, unasked;

	/* Of one test its own line tells what is missing. */
	if (!is_due(w) || report_tests(report_totals(w)) < 2)
		return;
	catalogue_sum(&w->r->catalogue, &unseen, &unasked);
	put_line(w, mark, "required and never seen", &unseen);
	put_line(w, mark, "seen and never required", &unasked);
}

static void
put_list(struct json *j, const char *key, const struct catalogue_list *names)
{
	json_open(j, key, '[');
	for (size_t i = 0; i < names->n; i++) {
		const struct catalogue_name *it = names->name[i];

		json_open(j, NULL, '{');
		json_str(j, "name", it->name);
		json_str(j, "source", it->source);
		json_int(j, "spans", (int64_t)it->spans);
		json_close(j, '}');
	}
	json_close(j, ']');
}

void
report_catalogue_json(struct view *w, struct json *j)
{
	struct catalogue_list unseen, unasked;

	if (!is_due(w)) {
		json_null(j, "catalogue");
		return;
	}
	catalogue_sum(&w->r->catalogue, &unseen, &unasked);
	json_open(j, "catalogue", '{');
	put_list(j, "required_never_seen", &unseen);
	put_list(j, "seen_never_required", &unasked);
	json_int(j, "left_out", (int64_t)w->r->catalogue.left_out);
	json_close(j, '}');
}

static void
put_values(struct buf *b, const char *name, const struct catalogue_list *names)
{
	for (size_t i = 0; i < names->n && i < MAX_VALUES; i++)
		report_junit_property(b, name, names->name[i]->name);
}

void
report_catalogue_junit(struct view *w, struct buf *b)
{
	struct catalogue_list unseen, unasked;

	if (!is_due(w))
		return;
	catalogue_sum(&w->r->catalogue, &unseen, &unasked);
	put_values(b, "clnrm.required_never_seen", &unseen);
	put_values(b, "clnrm.seen_never_required", &unasked);
}

static void
put_rows(struct buf *b, const char *what, const struct catalogue_list *names)
{
	size_t i = 0, begun = b->len;

	if (!names->n)
		return;
	buf_addf(b,
	    "\n<details><summary>Spans %s: %zu</summary>\n\n"
	    "| span | seen | first in |\n|---|--:|---|\n",
	    what, names->n);
	for (; i < names->n && b->len - begun < MAX_TABLE; i++) {
		const struct catalogue_name *it = names->name[i];

		buf_adds(b, "| ");
		report_markdown_plain(b, it->name);
		buf_addf(b, " | %" PRIu64 " | ", it->spans);
		report_markdown_plain(b, it->source ? it->source : "");
		buf_adds(b, " |\n");
	}
	if (i < names->n)
		buf_addf(b, "\nand %zu more\n", names->n - i);
	buf_adds(b, "\n</details>\n");
}

void
report_catalogue_markdown(struct view *w, struct buf *b)
{
	struct catalogue_list unseen, unasked;

	if (!is_due(w))
		return;
	catalogue_sum(&w->r->catalogue, &unseen, &unasked);
	put_rows(b, "required and never seen", &unseen);
	put_rows(b, "seen and never required", &unasked);
}

static void
put_table(struct buf *b, const char *what, const struct catalogue_list *names)
{
	size_t i = 0, begun = b->len;

	if (!names->n)
		return;
	buf_addf(b,
	    "<details class=\"test\"><summary><h3>%s: %zu</h3></summary>\n"
	    "<table><thead><tr><th scope=\"col\">span</th><th scope=\"col\">"
	    "seen</th><th scope=\"col\">first in</th></tr></thead><tbody>\n",
	    what, names->n);
	for (; i < names->n && b->len - begun < MAX_TABLE; i++) {
		const struct catalogue_name *it = names->name[i];

		buf_adds(b, "<tr><td>");
		page_escapes(b, it->name);
		buf_addf(b, "</td><td>%" PRIu64 "</td><td>", it->spans);
		page_escapes(b, it->source ? it->source : "");
		buf_adds(b, "</td></tr>\n");
	}
	buf_adds(b, "</tbody></table></details>\n");
	if (i < names->n)
		buf_addf(b, "<p class=\"cut\">%zu more are not shown.</p>\n",
		    names->n - i);
}

void
report_catalogue_html(struct view *w, struct buf *b)
{
	struct catalogue_list unseen, unasked;

	if (!is_due(w))
		return;
	catalogue_sum(&w->r->catalogue, &unseen, &unasked);
	if (!unseen.n && !unasked.n)
		return;
	buf_adds(b, "<h2>Spans of the suite</h2>\n");
	put_table(b, "Required and never seen", &unseen);
	put_table(b, "Seen and never required", &unasked);
}
