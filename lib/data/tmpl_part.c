/*
 * Rendering what stands elsewhere: includes, blocks, macros; and the sections
 * that a filter takes whole.
 */
#include <string.h>

#include "data/tmpl_int.h"

/* ---- how deep it may go */

static bool
may_enter(struct tmpl_run *r)
{
	const char *here = __builtin_frame_address(0);

	if (r->calls >= TMPL_CALLS || r->stack - here > TMPL_STACK)
		return false;
	r->calls++;
	return true;
}

static int
enter(struct tmpl_run *r, size_t at, const char *what)
{
	return may_enter(r)
		 ? 0
		 : tmpl_fail(r, at, "%s goes on without an end: %d levels",
		       what, r->calls);
}

/* ---- include */

/* One turn of the circle that includes go round in. */
static int
fail_circle(struct tmpl_run *r, size_t at, const struct tmpl_file *to)
{
	const struct tmpl_frame *up = r->frame;
	AUTO_BUF chain = BUF_INIT, before = BUF_INIT;

	buf_adds(&chain, to->path);
	for (; up && chain.len < 300; up = up->outer) {
		buf_reset(&before);
		buf_addf(&before, "%s → %s", up->to->path, chain.s);
		buf_reset(&chain);
		buf_add(&chain, before.s, before.len);
		if (up->to == to)
			break;
	}
	return tmpl_fail(
	    r, at, "this include goes on without an end: %s", chain.s);
}

static int
not_there(struct tmpl_run *r, const struct tmpl_ref *name)
{
	tmpl_fail(r, name->at, "the template '%.*s' is not there",
	    (int)(name->name.len < 200 ? name->name.len : 200), name->name.s);
	tmpl_hint_where(r->t, r->file, r->e);
	tmpl_hint_calls(r);
	r->t->fault = TMPL_FILE;
	return -1;
}

/* Render a file where r is; what it sets is gone behind it. */
static int
render_file(struct tmpl_run *r, struct tmpl_file *f, size_t at)
{
	struct tmpl_file *back = r->file, *lowest = r->lowest;
	const struct tmpl_inner *inner = r->inner;
	const struct tmpl_frame frame = {r->frame, r->file, at, f, true};
	AUTO_ARENA arena = {0};
	struct value vars = {.kind = VALUE_TABLE};
	struct tmpl_scope s = {
	    .outer = r->scope, .vars = &vars, .arena = &arena};
	int got;

	r->scope = &s;
	r->file = r->lowest = f;
	r->inner = NULL;
	r->frame = &frame;
	got = tmpl_nodes(r, f->module->body);
	r->frame = frame.outer;
	r->scope = s.outer;
	r->file = back;
	r->lowest = lowest;
	r->inner = inner;
	r->kept -= arena.size;
	return got;
}

int
tmpl_include(struct tmpl_run *r, const struct tmpl_node *n)
{
	const struct tmpl_ref *name = n->include->name;
	struct tmpl_file *f;
	int got;

	while (name && !r->file->ref[name->number])
		name = name->next;
	if (!name)
		return n->include->may_miss ? 0
					    : not_there(r, n->include->name);
	f = r->file->ref[name->number];
	if (f->module->parent)
		return tmpl_fail(r, name->at,
		    "'%.*s' extends another template, and so cannot be "
		    "included",
		    (int)name->name.len, name->name.s);
	if (tmpl_work(r, name->at, TMPL_CALL) < 0)
		return -1;
	if (!may_enter(r))
		return fail_circle(r, name->at, f);
	got = render_file(r, f, name->at);
	r->calls--;
	return got;
}

/* ---- blocks */

/* The definition of a block in f or the nearest file above it. */
static const struct tmpl_block *
find_block(struct tmpl_file **f, const struct tmpl_str *name)
{
	for (; *f; *f = tmpl_parent(*f))
		for (const struct tmpl_block *b = (*f)->module->block; b;
		     b = b->next)
			if (tmpl_same(name, &b->name))
				return b;
	return NULL;
}

static int
render_block(struct tmpl_run *r, struct tmpl_file *f,
    const struct tmpl_str *name, const struct tmpl_node *body)
{
	struct tmpl_inner inner = {r->inner, *name, f};
	struct tmpl_file *back = r->file;
	int got;

	r->file = f;
	r->inner = &inner;
	got = tmpl_nodes(r, body);
	r->inner = inner.outer;
	r->file = back;
	return got;
}

int
tmpl_block(struct tmpl_run *r, const struct tmpl_node *n)
{
	struct tmpl_file *f = r->lowest;
	const struct tmpl_block *b = find_block(&f, &n->text);

	if (!b)
		return render_block(r, r->file, &n->text, n->body);
	return render_block(r, f, &n->text, b->node->body);
}

static int
fail_super(struct tmpl_run *r, const struct tmpl_node *n)
{
	return tmpl_fail(r, n->expr->at,
	    "no parent has this block, so super() has nothing to give");
}

int
tmpl_super(struct tmpl_run *r, const struct tmpl_node *n)
{
	const struct tmpl_inner *at = r->inner;
	struct tmpl_file *f = at ? tmpl_parent(at->level) : NULL;
	const struct tmpl_block *b = f ? find_block(&f, &at->name) : NULL;
	int got;

	if (!b)
		return fail_super(r, n);
	if (enter(r, n->expr->at, "super()") < 0)
		return -1;
	got = render_block(r, f, &at->name, b->node->body);
	r->calls--;
	return got;
}

/* ---- macros */

static const struct tmpl_macro *
macro_in(const struct tmpl_file *f, const struct tmpl_str *name)
{
	const struct tmpl_macro *m = f->module->macro;

	while (m && !tmpl_same(name, &m->name))
		m = m->next;
	return m;
}

/*
 * What a namespace stands for in f: its last import of that name goes first,
 * then what the imported files import themselves.
 */
static struct tmpl_file *
space_in(struct tmpl_run *r, struct tmpl_file *f, const struct tmpl_str *space)
{
	struct tmpl_file *found = NULL;

	if (f->mark == r->mark)
		return NULL;
	f->mark = r->mark;
	for (const struct tmpl_ref *i = f->module->import; i; i = i->next)
		if (tmpl_same(space, &i->space))
			found = f->ref[i->number];
	for (const struct tmpl_ref *i = f->module->import; i && !found;
	     i = i->next)
		found = space_in(r, f->ref[i->number], space);
	return found;
}

static struct tmpl_file *
find_space(struct tmpl_run *r, const struct tmpl_call *c)
{
	struct tmpl_file *f = r->file, *found = NULL;

	if (tmpl_is_name(&c->space, "self"))
		return f;
	r->mark = ++r->t->marks;
	for (; f && !found; f = tmpl_parent(f))
		found = space_in(r, f, &c->space);
	if (!found)
		tmpl_fail(r, c->at, "no macros are imported as `%.*s`",
		    (int)c->space.len, c->space.s);
	return found;
}

static const struct tmpl_target *
find_macro(struct tmpl_run *r, const struct tmpl_call *c)
{
	struct tmpl_target *to = &r->file->target[c->link];

	if (to->macro)
		return to;
	to->file = find_space(r, c);
	if (!to->file)
		return NULL;
	to->macro = macro_in(to->file, &c->name);
	if (to->macro)
		return to;
	tmpl_fail(r, c->at, "'%s' has no macro `%.*s`", to->file->path,
	    (int)c->name.len, c->name.s);
	return NULL;
}

/* The argument for a parameter: by name, else the one at its position. */
static const struct tmpl_arg *
find_arg(const struct tmpl_call *c, const struct tmpl_param *p, size_t position)
{
	const struct tmpl_arg *a;

	for (a = c->arg; a; a = a->next)
		if (tmpl_same(&p->name, &a->name))
			return a;
	for (a = c->arg; a; a = a->next)
		if (!a->name.len && !position--)
			return a;
	return NULL;
}

/* The value that is given, where the call stands; else the default. */
static struct value *
value_of_param(struct tmpl_run *r, const struct tmpl_target *to,
    const struct tmpl_param *p, const struct tmpl_arg *a)
{
	struct tmpl_file *back = r->file;
	struct value *v;

	if (a)
		return tmpl_eval(r, a->value);
	r->file = to->file;
	v = tmpl_eval(r, p->value);
	r->file = back;
	return v;
}

/* Evaluate the arguments into the macro's frame. */
static int
set_args(struct tmpl_run *r, const struct tmpl_call *c,
    const struct tmpl_target *to, struct tmpl_scope *s)
{
	size_t position = 0;

	for (const struct tmpl_param *p = to->macro->param; p; p = p->next) {
		const struct tmpl_arg *a = find_arg(c, p, position++);
		struct value *v;

		if (!a && !p->value)
			return tmpl_fail(r, c->at,
			    "the macro `%.*s` needs its argument `%.*s`",
			    (int)c->name.len, c->name.s, (int)p->name.len,
			    p->name.s);
		v = value_of_param(r, to, p, a);
		if (!v)
			return -1;
		value_set(s->arena, s->vars, p->name.s, p->name.len, v);
	}
	return 0;
}

static int
run_macro(struct tmpl_run *r, const struct tmpl_call *c,
    const struct tmpl_target *to, struct tmpl_scope *s)
{
	const struct tmpl_frame frame = {
	    r->frame, r->file, c->at, to->file, false};
	struct tmpl_scope *back = r->scope;
	struct tmpl_file *file = r->file;
	const struct tmpl_inner *inner = r->inner;
	struct arena scratch = r->scratch;
	int got;

	/* The caller's values stay, whatever the macro makes and tidies. */
	r->kept += scratch.size;
	r->scratch = (struct arena){0};
	r->arena = &r->scratch;
	r->scope = s;
	r->file = to->file;
	r->inner = NULL;
	r->frame = &frame;
	got = tmpl_nodes(r, to->macro->body);
	arena_free(&r->scratch);
	r->frame = frame.outer;
	r->scratch = scratch;
	r->kept -= scratch.size;
	r->scope = back;
	r->file = file;
	r->inner = inner;
	return got;
}

int
tmpl_print_macro(struct tmpl_run *r, const struct tmpl_call *c)
{
	const struct tmpl_target *to = find_macro(r, c);
	AUTO_ARENA arena = {0};
	struct value vars = {.kind = VALUE_TABLE};
	struct tmpl_scope s = {.vars = &vars, .arena = &arena};
	struct arena *back = r->arena;
	size_t kept = r->kept;
	int got;

	if (!to || tmpl_work(r, c->at, TMPL_CALL) < 0 ||
	    enter(r, c->at, "this macro") < 0)
		return -1;
	r->kept += back == &r->scratch ? 0 : back->size;
	r->arena = &arena;
	got = set_args(r, c, to, &s);
	r->kept += arena.size;
	if (!got)
		got = run_macro(r, c, to, &s);
	r->kept = kept;
	r->arena = back;
	r->calls--;
	return got;
}

/* ---- output that goes elsewhere first */

struct capture {
	struct buf text, *out;
	struct tmpl_map *map;
	size_t out_start;
};

static void
begin_capture(struct tmpl_run *r, struct capture *c)
{
	*c = (struct capture){BUF_INIT, r->out, r->map, r->out_start};
	r->kept += r->out->len;
	r->out = &c->text;
	r->map = NULL;
	r->out_start = 0;
}

static void
end_capture(struct tmpl_run *r, const struct capture *c)
{
	r->out = c->out;
	r->kept -= r->out->len;
	r->map = c->map;
	r->out_start = c->out_start;
}

struct value *
tmpl_macro(struct tmpl_run *r, const struct tmpl_call *c)
{
	struct capture to;
	int got;

	begin_capture(r, &to);
	got = tmpl_print_macro(r, c);
	end_capture(r, &to);
	if (!got)
		return tmpl_new_buf(r, &to.text);
	buf_free(&to.text);
	return NULL;
}

int
tmpl_section(struct tmpl_run *r, const struct tmpl_node *n)
{
	struct value *v = NULL;
	struct capture to;
	int got;

	begin_capture(r, &to);
	got = tmpl_nodes(r, n->body);
	end_capture(r, &to);
	if (!got)
		v = tmpl_filter(r, n->call, tmpl_new_buf(r, &to.text));
	else
		buf_free(&to.text);
	return v ? tmpl_emit_value(r, n, v) : -1;
}
