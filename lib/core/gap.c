#include "core/gap.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/json.h"
#include "data/value.h"

static bool
is_like(const struct match *m, const struct spans *t, uint32_t i)
{
	const struct pull_text name = t->span[i].name;

	return match_find(m, name.s, name.n, NULL, NULL) == 1;
}

static bool
is_there(const struct match *up, const struct match *down,
    const struct spans *t, struct gap *g)
{
	for (size_t i = 0; i < t->n; i++) {
		uint32_t at = t->walk[i];
		bool is_down = is_like(down, t, at);

		if (is_down && t->span[at].up != SPAN_NONE &&
		    is_like(up, t, t->span[at].up))
			return true;
		if (is_down && g->down_at == SPAN_NONE)
			g->down_at = at;
		if (g->up_at == SPAN_NONE && is_like(up, t, at))
			g->up_at = at;
	}
	return false;
}

static bool
is_known(const struct gaps *to, const struct gap *g)
{
	for (size_t i = 0; i < to->n; i++)
		if (!strcmp(to->gap[i].up, g->up) &&
		    !strcmp(to->gap[i].down, g->down))
			return true;
	return false;
}

static int
look(struct gaps *to, const struct spans *t, const char *up, const char *down,
    struct err *e)
{
	AUTO_MATCH *above = NULL;
	AUTO_MATCH *below = NULL;
	struct gap g = {up, down, SPAN_NONE, SPAN_NONE};

	if (!up || !down)
		return 0;
	above = match_compile(MATCH_GLOB, up, strlen(up), NULL, e);
	below = match_compile(MATCH_GLOB, down, strlen(down), NULL, e);
	if (!above || !below)
		return -1;
	if (is_there(above, below, t, &g) || is_known(to, &g))
		return 0;
	g.up = arena_str(&to->arena, up);
	g.down = arena_str(&to->arena, down);
	to->gap = mem_more(to->gap, to->n, &to->cap, sizeof *to->gap);
	to->gap[to->n++] = g;
	return 0;
}

static const char *
text_at(const struct value *v, const char *path)
{
	return value_str_or(value_find(v, path), NULL);
}

static int
take_plan(struct gaps *to, const struct spans *t, const struct value *plan,
    struct err *e)
{
	const struct value *pairs =
	    value_find(plan, "expect.graph.must_include");
	const struct value *spans = value_find(plan, "expect.spans");
	int failed = 0;

	for (size_t i = 0; i < value_count(pairs) && !failed; i++) {
		const struct value *pair = pairs->list.item[i];

		failed = look(to, t, text_at(pair, "0"), text_at(pair, "1"), e);
	}
	for (size_t i = 0; i < value_count(spans) && !failed; i++) {
		const struct value *s = spans->list.item[i];

		failed =
		    look(to, t, text_at(s, "parent"), text_at(s, "name"), e);
	}
	return failed;
}

int
gaps_find(struct gaps *to, const struct spans *t, const char *text, size_t n,
    struct err *e)
{
	static const char plan[] = "{\"type\":\"plan\",";

	for (size_t at = 0, len; at < n; at += len + 1) {
		const char *end = memchr(text + at, '\n', n - at);
		AUTO_ARENA a = {0};
		const struct value *v;

		len = end ? (size_t)(end - text) - at : n - at;
		if (len < sizeof plan ||
		    memcmp(text + at, plan, sizeof plan - 1) != 0)
			continue;
		v = json_parse(&a, text + at, len, e);
		if (!v || take_plan(to, t, v, e) < 0)
			return -1;
	}
	return 0;
}

void
gaps_free(struct gaps *g)
{
	free(g->gap);
	arena_free(&g->arena);
}
