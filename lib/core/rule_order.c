/* What must come before what, and whether that can be. */
#include <string.h>

#include "base/map.h"
#include "core/rule_int.h"

struct rule_before {
	const char *from, *to;
	const struct value_pos *at;
};

void
rule_order_add(struct rule_order *o, const char *from, const char *to,
    const struct value_pos *at)
{
	if (!from || !to)
		return;
	o->before =
	    arena_more(&o->a, o->before, o->n, &o->cap, sizeof *o->before);
	o->before[o->n++] = (struct rule_before){from, to, at};
}

/* What a name still waits for, and who waits for it. */
struct waiter {
	const char *name;
	size_t waits;
	struct rule_before **next; /* next[n]: edges that begin here */
	size_t n, cap;
	struct rule_before *from; /* some edge that ends here */
	bool is_done, is_seen;
};

static struct waiter *
waiter(struct rule_order *o, struct map *names, const char *name)
{
	struct waiter *w = map_get(names, name, strlen(name));

	if (!w) {
		w = arena_alloc(&o->a, sizeof *w);
		w->name = name;
		map_set(names, name, strlen(name), w);
	}
	return w;
}

/* Take away, again and again, what waits for nothing: cycles remain. */
static void
settle(struct rule_order *o, struct map *names)
{
	struct waiter **ready = arena_alloc(&o->a, names->n * sizeof *ready);
	size_t n = 0;

	for (size_t i = 0; i < names->n; i++) {
		struct waiter *w = names->entry[i].value;

		if (!w->waits)
			ready[n++] = w;
	}
	while (n) {
		struct waiter *w = ready[--n];

		w->is_done = true;
		for (size_t i = 0; i < w->n; i++) {
			struct waiter *to = waiter(o, names, w->next[i]->to);

			if (!--to->waits)
				ready[n++] = to;
		}
	}
}

/* Tell the cycle that lies behind w, or that w is in. */
static void
tell_cycle(struct rule_ctx *c, struct rule_order *o, struct map *names,
    struct waiter *w, const char *what)
{
	AUTO_BUF text = BUF_INIT;
	const struct waiter *start;

	for (size_t i = 0; i < o->n; i++)
		if (!waiter(o, names, o->before[i].from)->is_done)
			waiter(o, names, o->before[i].to)->from = &o->before[i];
	for (; !w->is_seen; w = waiter(o, names, w->from->from))
		w->is_seen = true;
	start = w;
	buf_adds(&text, w->name);
	do {
		w = waiter(o, names, w->from->from);
		if (text.len < 300)
			buf_addf(&text, " after %.80s", w->name);
	} while (w != start);
	rule_tell(c, "E304", w->from->at, "%s: %s", what, text.s);
}

void
rule_order_check(struct rule_ctx *c, struct rule_order *o, const char *what)
{
	AUTO_MAP names = {0};

	for (size_t i = 0; i < o->n; i++) {
		struct waiter *w = waiter(o, &names, o->before[i].from);

		w->next =
		    arena_more(&o->a, w->next, w->n, &w->cap, sizeof *w->next);
		w->next[w->n++] = &o->before[i];
		waiter(o, &names, o->before[i].to)->waits++;
	}
	settle(o, &names);
	for (size_t i = 0; i < names.n; i++) {
		struct waiter *w = names.entry[i].value;

		if (!w->is_done) {
			tell_cycle(c, o, &names, w, what);
			break;
		}
	}
	arena_free(&o->a);
}
