#include "core/diff_int.h"
#include "core/diff_write.h"
#include "core/page.h"
#include "core/waterfall.h"

enum {
	MAX_ROWS = 5000, /* a browser still likes */
	MAX_EM = 20,	 /* of indent */
};

struct row {
	const struct diff_entry *entry;
	const char *words; /* what changed, or NULL */
	char mark;
};

struct rows {
	struct arena arena;
	struct row *row;
	size_t n, cap, left_out;
};

static const char *
class_of(char mark)
{
	switch (mark) {
	case '+':
		return "added";
	case '-':
		return "removed";
	case '~':
		return "changed";
	case '>':
		return "moved";
	default:
		return NULL;
	}
}

static void
add(struct rows *to, const struct diff *d, const struct diff_entry *e)
{
	AUTO_BUF b = BUF_INIT;
	char mark = diff_mark(d, e);

	if (to->n >= MAX_ROWS) {
		to->left_out++;
		return;
	}
	for (uint32_t i = 0; i < e->changes && mark != '+' && mark != '-';
	     i++) {
		buf_adds(&b, i ? "; " : "");
		diff_print_change(&b, &d->change[e->change + i]);
	}
	to->row =
	    arena_more(&to->arena, to->row, to->n, &to->cap, sizeof *to->row);
	to->row[to->n++] = (struct row){
	    e, b.len ? arena_dup(&to->arena, b.s, b.len) : NULL, mark};
}

/* Of a great tree what did not change is left out first. */
static struct rows
rows_of(const struct diff *d, struct diff_view view)
{
	struct rows rows = {0};

	view.only_changes = view.only_changes || d->entries > MAX_ROWS;
	for (size_t i = 0; i < d->entries; i++)
		if (diff_is_shown(&d->entry[i], &view))
			add(&rows, d, &d->entry[i]);
	return rows;
}

/* When a trace begins, so that both begin at the same point. */
static uint64_t
begin_of(const struct spans *t)
{
	uint64_t at = UINT64_MAX;

	for (size_t i = 0; i < t->n; i++)
		if (span_took(&t->span[i]) >= 0 && t->span[i].start_ns < at)
			at = t->span[i].start_ns;
	return at;
}

static int64_t
since(uint64_t at, uint64_t begin)
{
	return at - begin < INT64_MAX ? (int64_t)(at - begin) : INT64_MAX;
}

static struct bar
bar_of(struct rows *rows, const struct diff *d, const struct row *row,
    const uint64_t begin[2])
{
	const struct diff_entry *e = row->entry;
	const struct span *s = diff_span(d, e);
	bool is_base = e->now == SPAN_NONE;
	struct bar bar = {.depth = e->depth,
	    .words = row->words,
	    .mark = class_of(row->mark)};

	if (span_took(s) < 0 && e->base != SPAN_NONE) {
		s = &d->base->span[e->base];
		is_base = true;
	}
	bar.name = arena_fmt(&rows->arena, "%c %.*s", row->mark,
	    (int)diff_span(d, e)->name.n, diff_span(d, e)->name.s);
	bar.is_error = *s->code.s == 'E';
	bar.is_timeless = span_took(s) < 0;
	if (!bar.is_timeless) {
		bar.start_ns = since(s->start_ns, begin[is_base ? BASE : NOW]);
		bar.end_ns = bar.start_ns + span_took(s);
	}
	return bar;
}

static void
put_waterfall(struct buf *b, const struct diff *d, struct rows *rows)
{
	struct bar *bar =
	    arena_alloc(&rows->arena, (rows->n + 1) * sizeof *bar);
	uint64_t begin[2] = {begin_of(d->base), begin_of(d->now)};

	for (size_t i = 0; i < rows->n; i++)
		bar[i] = bar_of(rows, d, &rows->row[i], begin);
	buf_adds(b, "<h2>Waterfall</h2>\n<p class=\"dim\">Both traces from "
		    "their beginning; what was removed stands where it "
		    "was.</p>\n<div>\n");
	waterfall_print(b, &(struct waterfall){.bar = bar,
			       .bars = rows->n,
			       .label = "the tree above says what changed",
			       .has_axis = true});
	buf_adds(b, "</div>\n");
}

static void
put_tree(struct buf *b, const struct diff *d, const struct rows *rows)
{
	buf_adds(b, "<h2>Tree</h2>\n<table><thead><tr><th scope=\"col\">"
		    "span</th><th scope=\"col\">what changed</th></tr></thead>"
		    "<tbody>\n");
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->row[i];
		const struct diff_entry *e = row->entry;
		const char *class = class_of(row->mark);
		struct pull_text name = diff_span(d, e)->name;

		buf_addf(b,
		    "<tr class=\"%s\"><td style=\"padding-left:%uem\"><code>%c"
		    "</code> ",
		    class ? class : "same",
		    e->depth < MAX_EM ? e->depth + 1 : MAX_EM, row->mark);
		page_escape(b, name.s, name.n);
		buf_adds(b, "</td><td>");
		page_escapes(b, row->words		    ? row->words
				: class && row->mark == '+' ? "added"
				: class && row->mark == '-' ? "removed"
							    : "");
		buf_adds(b, "</td></tr>\n");
	}
	buf_adds(b, "</tbody></table>\n");
}

void
diff_write_html(
    const struct diff *d, const struct diff_view *view, struct out *to)
{
	struct rows rows = rows_of(d, *view);
	AUTO_BUF summary = BUF_INIT;
	AUTO_BUF b = BUF_INIT;
	struct page page = {.main = "tree",
	    .skip = "the tree",
	    .style = waterfall_style,
	    .script = waterfall_script,
	    .script_hash = waterfall_script_hash};

	diff_summary(d, &summary);
	page.title = summary.s;
	page_begin(&b, &page);
	buf_adds(&b, "<header>\n<h1>");
	page_escapes(&b, summary.s);
	buf_adds(&b, "</h1>\n<dl>\n<dt>before</dt><dd>");
	page_escapes(&b, d->base->name);
	buf_adds(&b, "</dd>\n<dt>now</dt><dd>");
	page_escapes(&b, d->now->name);
	buf_adds(&b, "</dd>\n</dl>\n</header>\n<main id=\"tree\">\n");
	put_tree(&b, d, &rows);
	if (rows.left_out)
		buf_addf(&b,
		    "<p class=\"cut\">%zu more spans are not shown; the "
		    "formats text and ndjson have all.</p>\n",
		    rows.left_out);
	put_waterfall(&b, d, &rows);
	buf_adds(&b, "</main>\n");
	page_end(&b, &page);
	out_add(to, b.s, b.len);
	arena_free(&rows.arena);
}
