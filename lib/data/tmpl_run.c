#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/tmpl_int.h"

enum { SCRATCH = 1 << 20 }; /* before it is emptied */

/* ---- new values */

struct value *
tmpl_new(struct tmpl_run *r, enum value_kind kind)
{
	return value_new(r->arena, kind);
}

struct value *
tmpl_new_str(struct tmpl_run *r, const char *s, size_t len)
{
	return value_str(r->arena, s, len);
}

struct value *
tmpl_new_bool(struct tmpl_run *r, bool b)
{
	struct value *v = tmpl_new(r, VALUE_BOOL);

	v->b = b;
	return v;
}

struct value *
tmpl_new_int(struct tmpl_run *r, int64_t i)
{
	struct value *v = tmpl_new(r, VALUE_INT);

	v->i = i;
	return v;
}

struct value *
tmpl_new_float(struct tmpl_run *r, double f)
{
	struct value *v = tmpl_new(r, VALUE_FLOAT);

	v->f = f;
	return v;
}

struct value *
tmpl_new_buf(struct tmpl_run *r, struct buf *b)
{
	struct value *v = tmpl_new_str(r, b->s, b->len);

	buf_free(b);
	return v;
}

void
tmpl_push(struct tmpl_run *r, struct value *list, struct value *item)
{
	value_add(r->arena, list, item);
}

int
tmpl_work(struct tmpl_run *r, size_t at, int much)
{
	r->work += much;
	if (r->work <= TMPL_WORK)
		return 0;
	return tmpl_fail(r, at,
	    "more than %d turns of loops, or a tenth of that in calls of "
	    "macros and includes",
	    TMPL_WORK);
}

static bool
copy_inside(struct arena *a, struct value *to, const struct value *v, int depth)
{
	if (v->kind == VALUE_LIST) {
		to->list.item = NULL;
		to->list.n = to->list.cap = 0;
		for (size_t i = 0; i < v->list.n; i++) {
			struct value *c =
			    tmpl_copy(a, v->list.item[i], depth + 1);

			if (!c)
				return false;
			value_add(a, to, c);
		}
		return true;
	}
	memset(&to->table, 0, sizeof to->table);
	for (size_t i = 0; i < v->table.n; i++) {
		const struct value_member *m = &v->table.member[i];
		struct value *c = tmpl_copy(a, m->value, depth + 1);

		if (!c)
			return false;
		value_set(a, to, m->key, m->len, c);
	}
	return true;
}

struct value *
tmpl_copy(struct arena *a, const struct value *v, int depth)
{
	struct value *to = arena_alloc(a, sizeof *to);

	*to = *v;
	if (depth > TMPL_NESTING || a->size > TMPL_MEMORY)
		return NULL;
	if (v->kind == VALUE_STR || v->kind == VALUE_TIME)
		to->str.s = arena_dup(a, v->str.s, v->str.len);
	else if ((v->kind == VALUE_LIST || v->kind == VALUE_TABLE) &&
		 !copy_inside(a, to, v, depth))
		return NULL;
	return to;
}

/* ---- output, and where it came from */

static void
add_place(struct tmpl_map *map, struct tmpl_place new)
{
	const struct tmpl_place *last = map->n ? &map->place[map->n - 1] : NULL;

	if (last && new.column == 1 &&
	    new.file == last->file &&new.line ==
		last->line + (new.rendered - last->rendered))
		return;
	map->place =
	    mem_more(map->place, map->n, &map->cap, sizeof *map->place);
	map->place[map->n++] = new;
}

void
tmpl_map_free(struct tmpl_map *map)
{
	free(map->place);
	*map = (struct tmpl_map){0};
}

/* Text moves on line by line in the template; an output stays at its tag. */
static void
trace(struct tmpl_run *r, const char *s, size_t n, const struct tmpl_node *from)
{
	const char *end = s + n;
	uint32_t line, column;

	if (!r->is_line_start && !memchr(s, '\n', n))
		return;
	tmpl_place(r->file->module, from);
	line = from->line;
	column = from->column;
	while (s < end) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));

		if (r->is_line_start)
			add_place(r->map, (struct tmpl_place){r->out_line,
					      r->file->index, line, column});
		r->is_line_start = nl != NULL;
		if (!nl)
			return;
		r->out_line++;
		s = nl + 1;
		if (from->tag == NODE_TEXT) {
			line++;
			column = 1;
		}
	}
}

int
tmpl_emit(
    struct tmpl_run *r, const struct tmpl_node *from, const char *s, size_t n)
{
	struct buf *out = r->out;

	if (r->map)
		trace(r, s, n, from);
	if (n < out->cap - out->len) { /* as buf_add() does, without the call */
		memcpy(out->s + out->len, s, n);
		out->len += n;
		out->s[out->len] = 0;
	} else {
		buf_add(out, s, n);
	}
	if (out->len - r->out_start <= TMPL_OUTPUT)
		return 0;
	return tmpl_fail(
	    r, from->at, "the rendered text is larger than 64 MiB");
}

static int
too_deep(struct tmpl_run *r, const struct tmpl_node *n)
{
	return tmpl_fail(r, n->at,
	    "a value nested deeper than %d levels, or larger than 64 MiB",
	    TMPL_NESTING);
}

int
tmpl_emit_value(
    struct tmpl_run *r, const struct tmpl_node *from, const struct value *v)
{
	size_t start = r->out->len;

	if (v->kind == VALUE_STR)
		return tmpl_emit(r, from, v->str.s, v->str.len);
	if (tmpl_print(r->out, v, 0) < 0)
		return too_deep(r, from);
	if (r->map)
		trace(r, r->out->s + start, r->out->len - start, from);
	return 0;
}

/*
 * A tag in a comment of TOML that reads a variable that is not there: prose
 * about templates, and text.
 */
static bool
is_prose(const struct tmpl_run *r, const struct tmpl_node *n)
{
	return !r->t->how.is_pure && !r->quiet &&
	       r->t->fault == TMPL_VARIABLE &&
	       r->t->fault_path == r->file->path && r->fault_at > n->at &&
	       r->fault_at < n->end &&
	       tmpl_in_comment(r->file->module->s, n->at);
}

static int
take_as_text(struct tmpl_run *r, const struct tmpl_node *n)
{
	tmpl_note_run(r, n->at, "write {% raw %}…{% endraw %} around it",
	    "a tag in a comment whose variable is not defined: taken as text");
	if (r->e)
		*r->e = (struct err){0};
	return tmpl_emit(r, n, r->file->module->s + n->at, n->end - n->at);
}

static int
output(struct tmpl_run *r, const struct tmpl_node *n)
{
	const struct value *v;

	if (n->expr->kind == EXPR_MACRO && !n->expr->filter && !n->expr->is_not)
		return tmpl_print_macro(r, n->expr->call);
	v = tmpl_eval(r, n->expr);
	if (v)
		return tmpl_emit_value(r, n, v);
	return is_prose(r, n) ? take_as_text(r, n) : -1;
}

/* ---- variables */

static int
set(struct tmpl_run *r, const struct tmpl_node *n)
{
	struct arena *back = r->arena;
	struct tmpl_scope *s = r->scope;
	struct value *v;
	size_t before;

	while (n->is_global && s->loop)
		s = s->outer;
	r->arena = r->scope->arena;
	r->kept -= r->arena->size; /* it is at hand now */
	v = tmpl_eval(r, n->expr);
	r->kept += r->arena->size;
	before = s->arena->size;
	if (v && s != r->scope && !(v = tmpl_copy(s->arena, v, 0)))
		too_deep(r, n);
	r->arena = back;
	if (!v)
		return -1;
	value_set(s->arena, s->vars, n->text.s, n->text.len, v);
	r->kept += s->arena->size - before;
	return tmpl_afford(r, n->at);
}

int
tmpl_afford(struct tmpl_run *r, size_t at)
{
	size_t now = r->arena->size;

	if (r->arena != &r->scratch)
		now += r->scratch.size;
	if (r->kept + now <= TMPL_MEMORY)
		return 0;
	return tmpl_fail(r, at, "the values need more than %d MiB of memory",
	    TMPL_MEMORY >> 20);
}

static void
add_all(struct arena *a, struct value *to, const struct value *from)
{
	for (size_t i = 0; i < from->table.n; i++) {
		const struct value_member *m = &from->table.member[i];

		if (!value_member(to, m->key, m->len))
			value_set(a, to, m->key, m->len, m->value);
	}
}

static void
add_one(struct arena *a, struct value *to, const struct tmpl_str *name,
    struct value *v)
{
	if (!value_member(to, name->s, name->len))
		value_set(a, to, name->s, name->len, v);
}

struct value *
tmpl_dump(struct tmpl_run *r, uint32_t at)
{
	struct value *all = tmpl_new(r, VALUE_TABLE);
	AUTO_BUF b = BUF_INIT;

	for (const struct tmpl_scope *s = r->scope; s; s = s->outer) {
		add_all(r->arena, all, s->vars);
		if (!s->loop)
			continue;
		add_one(r->arena, all, &s->loop->name.text, s->value);
		if (s->loop->key.text.s)
			add_one(r->arena, all, &s->loop->key.text,
			    tmpl_new_str(r, s->key, s->key_len));
	}
	add_all(r->arena, all, r->context);
	if (!tmpl_json(&b, all, 0, 0))
		return tmpl_new_buf(r, &b);
	tmpl_fail(r, at, "a value nested deeper than %d levels", TMPL_NESTING);
	return NULL;
}

/* ---- loops */

static struct value *
clusters(struct tmpl_run *r, const struct value *text)
{
	struct value *list = tmpl_new(r, VALUE_LIST);

	for (size_t i = 0; i < text->str.len;) {
		size_t n = tmpl_cluster(text->str.s + i, text->str.len - i);

		tmpl_push(r, list, tmpl_new_str(r, text->str.s + i, n));
		i += n;
	}
	return list;
}

static int
refuse(struct tmpl_run *r, const struct tmpl_node *n, const struct value *v)
{
	if (v->kind == VALUE_TABLE)
		return tmpl_fail(r, n->expr->at,
		    "a loop over an object needs two names: for key, value in");
	if (v->kind == VALUE_LIST || v->kind == VALUE_STR)
		return tmpl_fail(r, n->expr->at,
		    "two names go with an object, and this is %s %s",
		    v->kind == VALUE_LIST ? "an" : "a",
		    value_kind_name(v->kind));
	return tmpl_fail(r, n->expr->at, "cannot loop over a value of type %s",
	    value_kind_name(v->kind));
}

static bool
can_loop(const struct tmpl_node *n, const struct value *v)
{
	return n->loop->key.text.s
		 ? v->kind == VALUE_TABLE
		 : v->kind == VALUE_LIST || v->kind == VALUE_STR;
}

/* One turn; what it sets is gone after it. */
static int
turn(struct tmpl_run *r, struct tmpl_scope *s)
{
	AUTO_ARENA arena = {0};
	struct value vars = {.kind = VALUE_TABLE};
	int got;

	s->arena = &arena;
	s->vars = &vars;
	got = tmpl_nodes(r, s->loop->body);
	r->kept -= arena.size;
	if (r->flow == NODE_CONTINUE)
		r->flow = 0;
	return got;
}

static int
turns(struct tmpl_run *r, const struct tmpl_node *n, struct value *v)
{
	const struct value_member **member =
	    n->loop->key.text.s ? tmpl_sorted(r->arena, v) : NULL;
	struct tmpl_scope s = {
	    .outer = r->scope, .loop = n->loop, .turns = value_count(v)};
	int got = 0;

	r->scope = &s;
	r->arena = &r->scratch;
	for (; s.index < s.turns && !r->flow && got >= 0; s.index++) {
		if (tmpl_work(r, n->at, 1) < 0)
			return -1;
		s.value =
		    member ? member[s.index]->value : v->list.item[s.index];
		if (member) {
			s.key = member[s.index]->key;
			s.key_len = member[s.index]->len;
		}
		got = turn(r, &s);
	}
	if (r->flow == NODE_BREAK)
		r->flow = 0;
	r->scope = s.outer;
	return got;
}

static bool
is_container(enum tmpl_kind kind)
{
	return kind == EXPR_PATH || kind == EXPR_CALL || kind == EXPR_ARRAY ||
	       kind == EXPR_MAP || kind == EXPR_GROUP;
}

/* What a loop goes over, made in r->arena. */
static struct value *
container(struct tmpl_run *r, const struct tmpl_node *n)
{
	struct value *v = tmpl_eval(r, n->expr);

	if (v && !can_loop(n, v)) {
		refuse(r, n, v);
		return NULL;
	}
	if (!v || v->kind != VALUE_STR)
		return v;
	if (v->str.len <= TMPL_ITEMS)
		return clusters(r, v);
	tmpl_fail(r, n->expr->at, "a loop over a text of more than %d bytes",
	    TMPL_ITEMS);
	return NULL;
}

static int
loop(struct tmpl_run *r, const struct tmpl_node *n)
{
	AUTO_ARENA arena = {0};
	struct arena *back = r->arena;
	size_t kept = r->kept;
	struct value *v;
	int got = -1;

	if (!is_container(n->expr->kind))
		return tmpl_fail(r, n->expr->at,
		    "a loop goes over a name, a function or an array");
	r->arena = &arena;
	v = container(r, n);
	r->kept += arena.size;
	if (v)
		got = value_count(v) ? turns(r, n, v)
				     : tmpl_nodes(r, n->loop->other);
	r->kept = kept;
	r->arena = back;
	return got;
}

static int
branches(struct tmpl_run *r, const struct tmpl_branch *b)
{
	for (; b; b = b->next) {
		int got = b->when ? tmpl_test(r, b->when) : 1;

		if (got < 0)
			return -1;
		if (got)
			return tmpl_nodes(r, b->body);
	}
	return 0;
}

static int
node(struct tmpl_run *r, const struct tmpl_node *n)
{
	switch (n->tag) {
	case NODE_OUTPUT:
		return output(r, n);
	case NODE_TEXT:
	case NODE_COMMENT:
	case NODE_MACRO:
		return 0;
	case NODE_SET:
		return set(r, n);
	case NODE_IF:
		return branches(r, n->branch);
	case NODE_FOR:
		return loop(r, n);
	case NODE_INCLUDE:
		return tmpl_include(r, n);
	case NODE_BLOCK:
		return tmpl_block(r, n);
	case NODE_SUPER:
		return tmpl_super(r, n);
	case NODE_FILTER:
		return tmpl_section(r, n);
	case NODE_BREAK:
	case NODE_CONTINUE:
		r->flow = (int)n->tag;
		return 0;
	}
	return 0;
}

int
tmpl_nodes(struct tmpl_run *r, const struct tmpl_node *n)
{
	for (; n && !r->flow; n = n->next) {
		if (n->tag == NODE_TEXT) {
			if (tmpl_emit(r, n, n->text.s, n->text.len) < 0)
				return -1;
			continue;
		}
		if (node(r, n) < 0)
			return -1;
		if (r->scratch.size > SCRATCH)
			arena_free(&r->scratch);
	}
	return 0;
}

/* Whose text is rendered: the topmost parent's. */
static struct tmpl_file *
topmost(struct tmpl_file *f)
{
	struct tmpl_file *up;

	while ((up = tmpl_parent(f)))
		f = up;
	return f;
}

int
tmpl_render(struct tmpl *t, const struct value *context, struct buf *out,
    struct tmpl_map *map, struct err *e)
{
	AUTO_ARENA arena = {0};
	struct value vars = {.kind = VALUE_TABLE};
	struct tmpl_scope root = {.vars = &vars, .arena = &arena};
	struct tmpl_run r = {.t = t,
	    .file = topmost(t->file[0]),
	    .lowest = t->file[0],
	    .stack = __builtin_frame_address(0),
	    .context = context,
	    .scope = &root,
	    .out = out,
	    .out_start = out->len,
	    .map = map,
	    .out_line = 1,
	    .is_line_start = true,
	    .e = e};
	int got;

	r.arena = &r.scratch;
	got = tmpl_nodes(&r, r.file->module->body);
	arena_free(&r.scratch);
	return got;
}
