#include <string.h>

#include "base/cli.h"
#include "base/mem.h"
#include "data/tmpl_int.h"

/* A row of nodes that grows. */
struct row {
	struct tmpl_node *first, *last;
	bool trim_next; /* a dash before it trims the next node, if a text */
};

/* The tag that ended a body. */
struct tag {
	struct tmpl_str name; /* empty at the end of the text */
	size_t at;
	bool trim_left;
};

static int body(struct tmpl_parser *p, struct row *row, struct tag *end);

static void
trim_start(struct tmpl_parser *p, struct tmpl_node *n)
{
	size_t len = n->text.len;
	const char *s = tmpl_trim(n->text.s, &len, true, false);
	struct tmpl_parser here = {
	    .s = n->text.s, .line = n->line, .column = n->column};

	(void)p;
	tmpl_place_to(&here, (size_t)(s - n->text.s));
	n->line = here.line;
	n->column = here.column;
	n->text = (struct tmpl_str){s, len};
}

static void
trim_end(struct tmpl_node *n)
{
	if (n && n->tag == NODE_TEXT && !n->is_fixed)
		tmpl_trim(n->text.s, &n->text.len, false, true);
}

static struct tmpl_node *
new_node(struct tmpl_parser *p, enum tmpl_tag tag, size_t at)
{
	struct tmpl_node *n = arena_alloc(p->a, sizeof *n);

	n->tag = tag;
	tmpl_place_to(p, at);
	n->line = p->line;
	n->column = p->column;
	return n;
}

static void
add(struct row *row, struct tmpl_node *n)
{
	if (row->last)
		row->last->next = n;
	else
		row->first = n;
	row->last = n;
}

static void
text(struct tmpl_parser *p, struct row *row, size_t end)
{
	struct tmpl_node *n = new_node(p, NODE_TEXT, p->pos);

	n->text = (struct tmpl_str){p->s + p->pos, end - p->pos};
	if (row->trim_next)
		trim_start(p, n);
	row->trim_next = false;
	add(row, n);
	p->pos = end;
}

/* The end of a tag; whether a dash there trims what follows. */
static int
close_tag(struct tmpl_parser *p, const char *mark, bool *trim)
{
	tmpl_blank(p);
	*trim = tmpl_take(p, "-");
	if (tmpl_take(p, mark))
		return 0;
	p->pos -= *trim;
	if (*mark == '}')
		return tmpl_expected(p, "an operator, a filter or `}}`");
	return tmpl_expected(p, "an operator, a filter or `%}`");
}

static int
output(struct tmpl_parser *p, struct row *row, size_t at)
{
	struct tmpl_node *n = new_node(p, NODE_OUTPUT, at);

	n->expr = tmpl_logic_or_array(p);
	if (!n->expr)
		return -1;
	add(row, n);
	return close_tag(p, "}}", &row->trim_next);
}

static int
comment(struct tmpl_parser *p, struct row *row, size_t at)
{
	const char *from = p->s + p->pos, *end;

	end = memmem(from, p->n - p->pos, "#}", 2);
	if (!end)
		return tmpl_bad(p, at, "the comment does not end: no `#}`");
	if (end == from || (end == from + 1 && *from == '-'))
		return tmpl_bad(p, at, "an empty comment");
	add(row, new_node(p, NODE_COMMENT, at));
	row->trim_next = end[-1] == '-';
	p->pos = (size_t)(end - p->s) + 2;
	return 0;
}

/* ---- tags */

static int
set(struct tmpl_parser *p, struct row *row, const struct tag *tag)
{
	struct tmpl_node *n = new_node(p, NODE_SET, tag->at);

	n->is_global = tag->name.len > 3;
	tmpl_blank(p);
	if (!tmpl_ident(p, &n->text))
		return tmpl_expected(p, "the name to set");
	tmpl_blank(p);
	if (!tmpl_take(p, "="))
		return tmpl_expected(p, "`=` after the name to set");
	n->expr = tmpl_logic_or_array(p);
	if (!n->expr)
		return -1;
	add(row, n);
	return close_tag(p, "%}", &row->trim_next);
}

static bool
is_named(const struct tag *t, const char *name)
{
	return t->name.len == strlen(name) &&
	       !memcmp(t->name.s, name, t->name.len);
}

static int
unclosed(struct tmpl_parser *p, const struct tag *open, const struct tag *end)
{
	if (!end->name.len)
		return tmpl_bad(p, open->at, "this `%.*s` is not closed",
		    (int)open->name.len, open->name.s);
	return tmpl_bad(p, end->at,
	    "a `%.*s` that does not belong to the open `%.*s`",
	    (int)end->name.len, end->name.s, (int)open->name.len, open->name.s);
}

/* One branch's condition, tag end and body. */
static int
branch(struct tmpl_parser *p, struct tmpl_branch *b, bool has_condition,
    struct row *row, struct tag *end)
{
	*row = (struct row){0};
	if (has_condition && !(b->when = tmpl_logic(p)))
		return -1;
	if (close_tag(p, "%}", &row->trim_next) < 0 || body(p, row, end) < 0)
		return -1;
	if (end->trim_left)
		trim_end(row->last);
	b->body = row->first;
	return 0;
}

static int
if_tag(struct tmpl_parser *p, struct row *row, const struct tag *open)
{
	struct tmpl_node *n = new_node(p, NODE_IF, open->at);
	struct tmpl_branch **last = &n->branch;
	struct tag end = *open;
	bool is_else = false;
	struct row inner;

	add(row, n);
	while (!is_named(&end, "endif")) {
		bool was_else = is_else;

		is_else = is_named(&end, "else");
		if (end.at != open->at &&
		    (was_else || (!is_else && !is_named(&end, "elif"))))
			return unclosed(p, open, &end);
		*last = arena_alloc(p->a, sizeof **last);
		if (branch(p, *last, !is_else, &inner, &end) < 0)
			return -1;
		last = &(*last)->next;
	}
	return close_tag(p, "%}", &row->trim_next);
}

static int
for_names(struct tmpl_parser *p, struct tmpl_node *n)
{
	tmpl_blank(p);
	if (!tmpl_ident(p, &n->name))
		return tmpl_expected(p, "the name of the loop's variable");
	tmpl_blank(p);
	if (tmpl_take(p, ",")) {
		n->key = n->name;
		tmpl_blank(p);
		if (!tmpl_ident(p, &n->name))
			return tmpl_expected(p, "the name for the value");
		tmpl_blank(p);
	}
	if (!tmpl_take_word(p, "in"))
		return tmpl_expected(p, "`in`");
	n->expr = tmpl_container(p);
	return n->expr ? 0 : -1;
}

static int
for_tag(struct tmpl_parser *p, struct row *row, const struct tag *open)
{
	struct tmpl_node *n = new_node(p, NODE_FOR, open->at);
	struct row turns = {0};
	struct tag end;
	bool unused;

	if (for_names(p, n) < 0 || close_tag(p, "%}", &turns.trim_next) < 0)
		return -1;
	p->loops++;
	if (body(p, &turns, &end) < 0)
		return -1;
	while (is_named(&end, "else")) {
		struct row other = {0};

		if (close_tag(p, "%}", &unused) < 0 ||
		    body(p, &other, &end) < 0)
			return -1;
		n->other = other.first;
	}
	p->loops--;
	if (!is_named(&end, "endfor"))
		return unclosed(p, open, &end);
	if (end.trim_left)
		trim_end(turns.last);
	n->body = turns.first;
	add(row, n);
	return close_tag(p, "%}", &row->trim_next);
}

/* At `{%`: an endraw tag? Then its dashes, and go behind it. */
static bool
end_raw(struct tmpl_parser *p, bool *left, bool *right)
{
	size_t back = p->pos;

	p->pos += 2;
	*left = tmpl_take(p, "-");
	tmpl_blank(p);
	if (tmpl_take(p, "endraw")) {
		tmpl_blank(p);
		*right = tmpl_take(p, "-");
		if (tmpl_take(p, "%}"))
			return true;
	}
	p->pos = back;
	return false;
}

static int
raw(struct tmpl_parser *p, struct row *row, const struct tag *open)
{
	bool trim, left, right;
	struct tmpl_node *n;
	const char *end;
	size_t start;

	if (close_tag(p, "%}", &trim) < 0)
		return -1;
	start = p->pos;
	n = new_node(p, NODE_TEXT, start);
	for (;; p->pos++) {
		end = memmem(p->s + p->pos, p->n - p->pos, "{%", 2);
		if (!end)
			return tmpl_bad(
			    p, open->at, "this `raw` is not closed");
		p->pos = (size_t)(end - p->s);
		if (end_raw(p, &left, &right))
			break;
	}
	n->text = (struct tmpl_str){p->s + start, (size_t)(end - p->s) - start};
	if (trim)
		trim_start(p, n);
	if (left)
		trim_end(n);
	n->is_fixed = true;
	add(row, n);
	row->trim_next = right;
	return 0;
}

static int
jump(struct tmpl_parser *p, struct row *row, const struct tag *tag)
{
	enum tmpl_tag kind =
	    is_named(tag, "break") ? NODE_BREAK : NODE_CONTINUE;

	if (!p->loops)
		return tmpl_bad(p, tag->at, "`%.*s` outside of a `for`",
		    (int)tag->name.len, tag->name.s);
	add(row, new_node(p, kind, tag->at));
	return close_tag(p, "%}", &row->trim_next);
}

static int
unknown(struct tmpl_parser *p, const struct tag *tag)
{
	static const char *const later[] = {"extends", "block", "endblock",
	    "include", "import", "macro", "endmacro", "filter", "endfilter"};
	static const char *const tags[] = {"if", "elif", "else", "endif", "for",
	    "endfor", "set", "set_global", "raw", "break", "continue"};
	char word[32] = "";
	const char *near;

	if (!tag->name.len)
		return tmpl_expected(p, "the name of a tag");
	for (size_t i = 0; i < COUNT(later); i++)
		if (is_named(tag, later[i]))
			return tmpl_bad(p, tag->at,
			    "the tag `%s` is not supported yet", later[i]);
	tmpl_bad(p, tag->at, "unknown tag `%.*s`",
	    (int)(tag->name.len < 60 ? tag->name.len : 60), tag->name.s);
	if (tag->name.len < sizeof word) {
		memcpy(word, tag->name.s, tag->name.len);
		near = cli_nearest(word, tags, COUNT(tags));
		if (near)
			err_hint(p->e, "did you mean `%s`?", near);
	}
	return -1;
}

static bool
ends_body(const struct tag *t)
{
	return is_named(t, "elif") || is_named(t, "else") ||
	       is_named(t, "endif") || is_named(t, "endfor");
}

/* One tag, `{%` is behind us. */
static int
tag_at(struct tmpl_parser *p, struct row *row, const struct tag *tag)
{
	int got;

	if (is_named(tag, "set") || is_named(tag, "set_global"))
		return set(p, row, tag);
	if (is_named(tag, "break") || is_named(tag, "continue"))
		return jump(p, row, tag);
	if (is_named(tag, "raw"))
		return raw(p, row, tag);
	if (!is_named(tag, "if") && !is_named(tag, "for"))
		return unknown(p, tag);
	if (tmpl_enter(p) < 0)
		return -1;
	got = is_named(tag, "if") ? if_tag(p, row, tag) : for_tag(p, row, tag);
	p->depth--;
	return got;
}

/* What stands at a marker; 1 when it ends the body. */
static int
marker(struct tmpl_parser *p, struct row *row, struct tag *end)
{
	size_t at = p->pos;
	char kind = p->s[at + 1];

	*end = (struct tag){.at = at};
	p->pos += 2;
	end->trim_left = tmpl_take(p, "-");
	row->trim_next = false;
	if (kind == '%') {
		tmpl_blank(p);
		tmpl_ident(p, &end->name);
		if (ends_body(end)) /* its dash is the caller's affair */
			return 1;
	}
	if (end->trim_left)
		trim_end(row->last);
	if (kind == '{')
		return output(p, row, at);
	return kind == '#' ? comment(p, row, at) : tag_at(p, row, end);
}

static int
body(struct tmpl_parser *p, struct row *row, struct tag *end)
{
	for (;;) {
		size_t next = tmpl_next_marker(p, p->pos);
		int got;

		if (next > p->pos)
			text(p, row, next);
		if (next == p->n) {
			*end = (struct tag){.at = next};
			return 0;
		}
		got = marker(p, row, end);
		if (got)
			return got < 0 ? -1 : 0;
	}
}

int
tmpl_parse(struct arena *a, const char *path, const char *s, size_t n,
    bool pure, struct tmpl *t, struct err *e)
{
	struct tmpl_parser p = {.t = t,
	    .a = a,
	    .s = s,
	    .n = n,
	    .line = 1,
	    .column = 1,
	    .is_pure = pure,
	    .e = e};
	struct row row = {0};
	struct tag end;

	*t = (struct tmpl){.path = path, .text = s, .len = n};
	if (body(&p, &row, &end) < 0)
		return -1;
	if (end.name.len)
		return tmpl_bad(&p, end.at, "a stray `%.*s`", (int)end.name.len,
		    end.name.s);
	t->body = row.first;
	return 0;
}
