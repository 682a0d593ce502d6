/* Spans that come one by one, as records: of each is kept what is asked for. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/spans_int.h"

/* Where the texts of one span go, that borrow from a line that will not last.
 */
struct texts {
	const struct pull *from;
	char *to;
};

static void
move(struct texts *m, struct pull_text *t)
{
	uintptr_t at = (uintptr_t)t->s - (uintptr_t)m->from->s;

	if (at >= m->from->n)
		return;
	memcpy(m->to, t->s, t->n);
	m->to[t->n] = 0;
	t->s = m->to;
	m->to += t->n + 1;
}

static void
move_attrs(struct texts *m, struct span_attrs *attrs)
{
	for (uint32_t i = 0; i < attrs->n; i++)
		move(m, &attrs->item[i].value);
}

static void
move_events(struct texts *m, struct span_event *event, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		move(m, &event[i].name);
		move_attrs(m, &event[i].attrs);
	}
}

/*
 * Words of one line are apart by a byte at least, which is room for the NULs.
 * A kind that is no word of ours may be there twice.
 */
static void
move_texts(struct spans *t, const struct pull *from, struct span *s)
{
	size_t room = from->n + s->said.n + 1;
	char *block = arena_take(&t->arena, room);
	struct texts m = {from, block};
	struct pull_text *const text[] = {&s->trace, &s->id, &s->parent,
	    &s->name, &s->said, &s->kind, &s->code, &s->message};

	for (size_t i = 0; i < COUNT(text); i++)
		move(&m, text[i]);
	move_attrs(&m, &s->attrs);
	move_events(&m, s->event, s->events);
	move_events(&m, s->link, s->links);
	arena_trim(&t->arena, block, room, (size_t)(m.to - block));
}

int
spans_add(struct spans *t, const char *line, size_t n, struct err *e)
{
	struct spans_reader *r = spans_reader(t);
	struct spans_draft d = spans_draft;

	d.is_record = true;
	r->p = (struct pull){.s = line, .n = n, .arena = &t->arena};
	if (spans_members(r, &d) < 0)
		return err_at(e, NULL, 1, (unsigned)r->p.at + 1,
		    "malformed span: %s", r->p.why);
	if (t->n == SPAN_NONE)
		return err_set(e, "more spans than can be counted");
	d.span.resource = d.resource;
	d.span.is_whole = d.has_name && d.has_id;
	move_texts(t, &r->p, &d.span);
	t->span = mem_more(t->span, t->n, &t->cap, sizeof *t->span);
	t->span[t->n++] = d.span;
	return 0;
}
