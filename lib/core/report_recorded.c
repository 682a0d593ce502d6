/* How the trace of a test differs from the recorded one, and what was recorded
 * instead of that. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "core/report_int.h"

enum {
	MAX_CHANGES = 5, /* that are told one by one */
	MAX_VALUE = 120, /* bytes */
};

static const struct {
	const char *op;
	char mark;
} ops[] = {{"added", '+'}, {"removed", '-'}, {"changed", '~'}, {"renamed", '~'},
    {"moved", '>'}, {"reordered", '>'}};

static char
mark_of(const char *op)
{
	for (size_t i = 0; i < COUNT(ops); i++)
		if (!strcmp(ops[i].op, op))
			return ops[i].mark;
	return '?';
}

static bool
is_text(const struct report *r)
{
	return r->view[0]->form == &report_text;
}

static void
say(struct report *r, const char *text, size_t n)
{
	report_hush(r);
	out_add(r->view[0]->out, text, n);
}

static void
add_word(struct buf *b, const struct value *tree, const char *key)
{
	const char *text = value_str_or(value_get(tree, key), "?");

	utf8_print(b, text, strlen(text));
}

static void
add_value(struct buf *b, const struct value *v)
{
	AUTO_JSON j = JSON_INIT;
	size_t n;

	if (!v || v->kind == VALUE_NULL) {
		buf_adds(b, "none");
		return;
	}
	json_value(&j, NULL, v);
	n = j.text.len;
	if (n > MAX_VALUE)
		for (n = MAX_VALUE; ((unsigned char)j.text.s[n] & 0xc0) == 0x80;
		     n--)
			;
	utf8_print(b, j.text.s, n);
	if (n < j.text.len)
		buf_adds(b, "...");
}

/* "n: 1 -> 2", "renamed from \"pay\"" or nothing; and of how many spans. */
static void
add_change(struct buf *b, const struct value *tree)
{
	int64_t spans = value_int_or(value_get(tree, "spans"), 1);

	if (value_str_or(value_get(tree, "field"), NULL)) {
		add_word(b, tree, "field");
		buf_adds(b, ": ");
		add_value(b, value_get(tree, "before"));
		buf_adds(b, " -> ");
		add_value(b, value_get(tree, "after"));
	} else if (!strcmp(
		       value_str_or(value_get(tree, "op"), ""), "renamed")) {
		buf_adds(b, "renamed from ");
		add_value(b, value_get(tree, "before"));
	}
	if (spans > 1)
		buf_addf(b, "%s(%" PRId64 " spans)", b->len ? " " : "", spans);
}

void
report_recorded_change(struct report *r, const struct value *tree)
{
	struct buf *b = &r->news.text;
	AUTO_BUF what = BUF_INIT;

	if (!is_text(r) || !value_get(tree, "source") ||
	    r->news.n++ >= MAX_CHANGES)
		return;
	buf_addf(
	    b, "        %c ", mark_of(value_str_or(value_get(tree, "op"), "")));
	add_word(b, tree, "path");
	add_change(&what, tree);
	buf_addf(b, "%s%s\n", what.len ? " " : "", what.s);
}

/* A person is there, and the loop goes on: only then is it said how. */
static bool
is_acceptable(const struct report *r, const struct value *tree)
{
	return r->how.keep && r->how.width &&
	       !strcmp(value_str_or(value_get(tree, "verdict"), ""), "pass");
}

static void
add_counts(struct buf *b, const struct value *tree)
{
	const char *before = ": ";

	for (size_t i = 0; i < COUNT(ops); i++) {
		int64_t n = value_int_or(value_get(tree, ops[i].op), 0);

		if (!n)
			continue;
		buf_addf(b, "%s%" PRId64 " %s", before, n, ops[i].op);
		before = ", ";
	}
}

static void
print_news(struct report *r, const struct value *tree, struct buf *b)
{
	buf_adds(b, "      ");
	add_word(b, tree, "source");
	buf_adds(b, " changed since it was recorded");
	add_counts(b, tree);
	buf_adds(b, is_acceptable(r, tree) ? " (u takes it)\n" : "\n");
	buf_add(b, r->news.text.s, r->news.text.len);
	if (r->news.n > MAX_CHANGES)
		buf_addf(b, "        and %zu more\n", r->news.n - MAX_CHANGES);
}

/* Behind the verdict: that may wait for its turn. */
static void
tell(struct report *r, const struct value *tree, const struct buf *text)
{
	const char *source = value_str_or(value_get(tree, "source"), "");
	int64_t gen = value_int_or(value_get(tree, "gen"), 0);

	for (size_t i = r->n; i--;) {
		struct entry *e = r->queue[i];

		if (e->gen != gen || !report_is_same(e->source, source))
			continue;
		e->news = arena_dup(&e->a, text->s, text->len);
		return;
	}
	say(r, text->s, text->len);
}

void
report_recorded_summary(struct report *r, const struct value *tree)
{
	AUTO_BUF text = BUF_INIT;

	if (!is_text(r) || !value_get(tree, "source"))
		return;
	if (!value_bool_or(value_get(tree, "same"), true)) {
		print_news(r, tree, &text);
		tell(r, tree, &text);
	}
	buf_reset(&r->news.text);
	r->news.n = 0;
}

void
report_recorded_show(struct report *r, const struct entry *e)
{
	if (e->news)
		say(r, e->news, strlen(e->news));
}

void
report_recorded_take(struct report *r, const struct value *tree)
{
	const char *why = value_str_or(value_get(tree, "why_not"), NULL);
	AUTO_BUF b = BUF_INIT;

	if (!is_text(r))
		return;
	buf_adds(&b, why ? "not recorded: " : "recorded: ");
	if (why && value_str_or(value_get(tree, "source"), NULL)) {
		add_word(&b, tree, "source");
		buf_adds(&b, ": ");
	}
	add_word(&b, tree, why ? "why_not" : "path");
	buf_addc(&b, '\n');
	say(r, b.s, b.len);
}

void
report_recorded_row(struct buf *b, const struct value *tree)
{
	char mark = mark_of(value_str_or(value_get(tree, "op"), ""));
	AUTO_BUF path = BUF_INIT;
	AUTO_BUF what = BUF_INIT;

	add_word(&path, tree, "path");
	add_change(&what, tree);
	buf_addf(b, "<tr class=\"%s\"><td>%c ",
	    mark == '+'	  ? "added"
	    : mark == '-' ? "removed"
	    : mark == '>' ? "moved"
			  : "changed",
	    mark);
	page_escape(b, path.s, path.len);
	buf_adds(b, "</td><td>");
	page_escape(b, what.s, what.len);
	buf_adds(b, "</td></tr>\n");
}

void
report_recorded_table(struct buf *b, const struct value *tree,
    const struct buf *rows, uint64_t left_out)
{
	AUTO_BUF head = BUF_INIT;

	add_word(&head, tree, "source");
	add_counts(&head, tree);
	buf_adds(b, "<details class=\"test\" open><summary><h3>");
	page_escape(b, head.s, head.len);
	buf_addf(b,
	    "</h3></summary>\n<table><thead><tr><th scope=\"col\">span</th>"
	    "<th scope=\"col\">what changed</th></tr></thead><tbody>\n%s"
	    "</tbody></table>\n",
	    rows->s);
	if (left_out)
		buf_addf(b,
		    "<p class=\"cut\">%" PRIu64 " more are not shown.</p>\n",
		    left_out);
	buf_adds(b, "</details>\n");
}
