#include <string.h>

#include "base/cli.h"
#include "base/key.h"
#include "base/mem.h"
#include "data/tmpl_int.h"

static void
trim_start(struct tmpl_node *n)
{
	size_t len = n->text.len;
	const char *s = tmpl_trim(n->text.s, &len, true, false);

	n->at += (uint32_t)(s - n->text.s);
	n->text = (struct tmpl_str){s, len};
}

static void
trim_end(struct tmpl_node *n)
{
	if (n && n->tag == NODE_TEXT && !n->is_fixed)
		tmpl_trim(n->text.s, &n->text.len, false, true);
}

void
tmpl_trim_last(struct tmpl_row *row)
{
	trim_end(row->last);
}

struct tmpl_node *
tmpl_new_node(struct tmpl_parser *p, enum tmpl_tag tag, size_t at)
{
	struct tmpl_node *n = arena_take(p->a, sizeof *n);

	*n = (struct tmpl_node){.tag = tag, .at = (uint32_t)at};
	return n;
}

void
tmpl_add_node(struct tmpl_row *row, struct tmpl_node *n)
{
	if (row->last)
		row->last->next = n;
	else
		row->first = n;
	row->last = n;
}

void
tmpl_text(struct tmpl_parser *p, struct tmpl_row *row, size_t end)
{
	struct tmpl_node *n = tmpl_new_node(p, NODE_TEXT, p->pos);

	n->text = (struct tmpl_str){p->s + p->pos, end - p->pos};
	if (row->trim_next)
		trim_start(n);
	row->trim_next = false;
	tmpl_add_node(row, n);
	p->pos = end;
}

int
tmpl_close_tag(struct tmpl_parser *p, const char *mark, bool *trim)
{
	tmpl_blank(p);
	*trim = tmpl_take(p, "-");
	if (p->n - p->pos >= 2 && p->s[p->pos] == *mark &&
	    p->s[p->pos + 1] == '}') {
		p->pos += 2;
		return 0;
	}
	p->pos -= *trim;
	if (*mark == '}')
		return tmpl_expected(p, "an operator, a filter or `}}`");
	return tmpl_expected(p, "an operator, a filter or `%}`");
}

/* `super()` alone, where Tera knows it: in a block, not in a loop there. */
static bool
is_super(const struct tmpl_parser *p, const struct tmpl_expr *x)
{
	return p->blocks && !p->all_loops && x->kind == EXPR_CALL &&
	       tmpl_is_name(&x->call->name, "super") && !x->call->arg &&
	       !x->filter && !x->is_not;
}

int
tmpl_output(struct tmpl_parser *p, struct tmpl_row *row, size_t at)
{
	struct tmpl_node *n = tmpl_new_node(p, NODE_OUTPUT, at);

	n->expr = tmpl_logic_or_array(p);
	if (!n->expr)
		return -1;
	if (is_super(p, n->expr))
		n->tag = NODE_SUPER;
	tmpl_add_node(row, n);
	if (tmpl_close_tag(p, "}}", &row->trim_next) < 0)
		return -1;
	n->end = (uint32_t)p->pos;
	return 0;
}

int
tmpl_comment(struct tmpl_parser *p, struct tmpl_row *row, size_t at)
{
	const char *from = p->s + p->pos, *end;

	end = memmem(from, p->n - p->pos, "#}", 2);
	if (!end)
		return tmpl_bad(p, at, "the comment does not end: no `#}`");
	if (end == from || (end == from + 1 && *from == '-'))
		return tmpl_bad(p, at, "an empty comment");
	tmpl_add_node(row, tmpl_new_node(p, NODE_COMMENT, at));
	row->trim_next = end[-1] == '-';
	p->pos = (size_t)(end - p->s) + 2;
	return 0;
}

/* ---- tags */

static int
set(struct tmpl_parser *p, struct tmpl_row *row, const struct tmpl_open *tag)
{
	struct tmpl_node *n = tmpl_new_node(p, NODE_SET, tag->at);

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
	tmpl_add_node(row, n);
	return tmpl_close_tag(p, "%}", &row->trim_next);
}

int
tmpl_unclosed(struct tmpl_parser *p, const struct tmpl_open *open,
    const struct tmpl_open *end)
{
	p->is_lost = true;
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
    struct tmpl_row *row, struct tmpl_open *end)
{
	*row = (struct tmpl_row){0};
	if (has_condition && !(b->when = tmpl_logic(p)))
		return -1;
	if (tmpl_close_tag(p, "%}", &row->trim_next) < 0 ||
	    tmpl_body(p, row, end) < 0)
		return -1;
	if (end->trim_left)
		tmpl_trim_last(row);
	b->body = row->first;
	return 0;
}

static int
if_tag(
    struct tmpl_parser *p, struct tmpl_row *row, const struct tmpl_open *open)
{
	struct tmpl_node *n = tmpl_new_node(p, NODE_IF, open->at);
	struct tmpl_branch **last = &n->branch;
	struct tmpl_open end = *open;
	bool is_else = false;
	struct tmpl_row inner;

	tmpl_add_node(row, n);
	while (!tmpl_is_name(&end.name, "endif")) {
		bool was_else = is_else;

		is_else = tmpl_is_name(&end.name, "else");
		if (end.at != open->at &&
		    (was_else ||
			(!is_else && !tmpl_is_name(&end.name, "elif"))))
			return tmpl_unclosed(p, open, &end);
		*last = arena_alloc(p->a, sizeof **last);
		if (branch(p, *last, !is_else, &inner, &end) < 0)
			return -1;
		last = &(*last)->next;
	}
	return tmpl_close_tag(p, "%}", &row->trim_next);
}

static bool
loop_name(struct tmpl_parser *p, struct tmpl_key *key)
{
	if (!tmpl_ident(p, &key->text))
		return false;
	key->hash = key_hash(key->text.s, key->text.len);
	return true;
}

static int
for_names(struct tmpl_parser *p, struct tmpl_node *n)
{
	tmpl_blank(p);
	n->loop = arena_alloc(p->a, sizeof *n->loop);
	if (!loop_name(p, &n->loop->name))
		return tmpl_expected(p, "the name of the loop's variable");
	tmpl_blank(p);
	if (tmpl_take(p, ",")) {
		n->loop->key = n->loop->name;
		tmpl_blank(p);
		if (!loop_name(p, &n->loop->name))
			return tmpl_expected(p, "the name for the value");
		tmpl_blank(p);
	}
	if (!tmpl_take_word(p, "in"))
		return tmpl_expected(p, "`in`");
	n->expr = tmpl_container(p);
	return n->expr ? 0 : -1;
}

static int
for_tag(
    struct tmpl_parser *p, struct tmpl_row *row, const struct tmpl_open *open)
{
	struct tmpl_node *n = tmpl_new_node(p, NODE_FOR, open->at);
	struct tmpl_row turns = {0};
	struct tmpl_open end;
	bool unused;

	if (for_names(p, n) < 0 ||
	    tmpl_close_tag(p, "%}", &turns.trim_next) < 0)
		return -1;
	p->loops++;
	p->all_loops++;
	if (tmpl_body(p, &turns, &end) < 0)
		return -1;
	while (tmpl_is_name(&end.name, "else")) {
		struct tmpl_row other = {0};

		if (tmpl_close_tag(p, "%}", &unused) < 0 ||
		    tmpl_body(p, &other, &end) < 0)
			return -1;
		n->loop->other = other.first;
	}
	p->loops--;
	p->all_loops--;
	if (!tmpl_is_name(&end.name, "endfor"))
		return tmpl_unclosed(p, open, &end);
	if (end.trim_left)
		tmpl_trim_last(&turns);
	n->loop->body = turns.first;
	tmpl_add_node(row, n);
	return tmpl_close_tag(p, "%}", &row->trim_next);
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
raw(struct tmpl_parser *p, struct tmpl_row *row, const struct tmpl_open *open)
{
	bool trim, left, right;
	struct tmpl_node *n;
	const char *end;
	size_t start;

	if (tmpl_close_tag(p, "%}", &trim) < 0)
		return -1;
	start = p->pos;
	n = tmpl_new_node(p, NODE_TEXT, start);
	for (;; p->pos++) {
		end = memmem(p->s + p->pos, p->n - p->pos, "{%", 2);
		if (!end) {
			p->is_lost = true;
			return tmpl_bad(
			    p, open->at, "this `raw` is not closed");
		}
		p->pos = (size_t)(end - p->s);
		if (end_raw(p, &left, &right))
			break;
	}
	n->text = (struct tmpl_str){p->s + start, (size_t)(end - p->s) - start};
	if (trim)
		trim_start(n);
	if (left)
		trim_end(n);
	n->is_fixed = true;
	tmpl_add_node(row, n);
	row->trim_next = right;
	return 0;
}

static int
jump(struct tmpl_parser *p, struct tmpl_row *row, const struct tmpl_open *tag)
{
	enum tmpl_tag kind =
	    tmpl_is_name(&tag->name, "break") ? NODE_BREAK : NODE_CONTINUE;

	if (!p->loops)
		return tmpl_bad(p, tag->at, "`%.*s` outside of a `for`",
		    (int)tag->name.len, tag->name.s);
	tmpl_add_node(row, tmpl_new_node(p, kind, tag->at));
	return tmpl_close_tag(p, "%}", &row->trim_next);
}

static int
unknown(struct tmpl_parser *p, const struct tmpl_open *tag)
{
	static const char *const tags[] = {"if", "elif", "else", "endif", "for",
	    "endfor", "set", "set_global", "raw", "break", "continue",
	    "extends", "block", "endblock", "include", "import", "macro",
	    "endmacro", "filter", "endfilter"};
	char word[32] = "";
	const char *near;

	if (!tag->name.len)
		return tmpl_expected(p, "the name of a tag");
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

int
tmpl_tag_at(
    struct tmpl_parser *p, struct tmpl_row *row, const struct tmpl_open *tag)
{
	int got;

	if (tmpl_is_name(&tag->name, "set") ||
	    tmpl_is_name(&tag->name, "set_global"))
		return set(p, row, tag);
	if (tmpl_is_name(&tag->name, "break") ||
	    tmpl_is_name(&tag->name, "continue"))
		return jump(p, row, tag);
	if (tmpl_is_name(&tag->name, "raw"))
		return raw(p, row, tag);
	got = tmpl_module_tag(p, row, tag);
	if (got <= 0)
		return got;
	if (!tmpl_is_name(&tag->name, "if") && !tmpl_is_name(&tag->name, "for"))
		return unknown(p, tag);
	if (tmpl_enter(p) < 0)
		return -1;
	got = tmpl_is_name(&tag->name, "if") ? if_tag(p, row, tag)
					     : for_tag(p, row, tag);
	p->depth--;
	return got;
}
