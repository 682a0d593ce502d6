#include "core/plan.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "data/hash.h"
#include "data/json.h"

/* That of the members from `meta` to `inputs`. */
void
plan_digest(struct arena *a, struct value *plan)
{
	AUTO_JSON body = JSON_INIT;
	char hex[HASH_HEX];
	bool is_in = false;

	for (size_t i = 0; i < plan->table.n; i++) {
		const struct value_member *m = &plan->table.member[i];

		is_in |= !strcmp(m->key, "meta");
		if (is_in)
			json_value(&body, m->key, m->value);
		is_in &= strcmp(m->key, "inputs") != 0;
	}
	hash_hex(body.text.s, body.text.len, hex);
	value_put(a, plan, "sha256", value_text(a, hex));
}

/* "scenarios[3].steps[0]" becomes "scenarios[0].steps[0]"; of others, none. */
static void
keep_place(struct arena *a, struct value *to, const struct value_member *m,
    size_t index)
{
	static const char prefix[] = "scenarios[";
	char *end;

	if (strncmp(m->key, "expect", 6) == 0)
		return;
	if (strncmp(m->key, prefix, sizeof prefix - 1) != 0) {
		value_set(a, to, m->key, m->len, m->value);
		return;
	}
	if (strtoul(m->key + sizeof prefix - 1, &end, 10) == index)
		value_put(a, to, arena_fmt(a, "scenarios[0%s", end), m->value);
}

static void
narrow_places(struct arena *a, struct value *plan, size_t index)
{
	const struct value *at = value_get(plan, "at");
	struct value *to = value_new(a, VALUE_TABLE);

	if (!at || at->kind != VALUE_TABLE)
		return;
	for (size_t i = 0; i < at->table.n; i++)
		keep_place(a, to, &at->table.member[i], index);
	value_put(a, plan, "at", to);
}

void
plan_narrow(struct arena *a, struct value *plan, const char *scenario)
{
	const struct value *list = value_get(plan, "scenarios");
	struct value *one = value_new(a, VALUE_LIST);
	size_t n = value_count(list), i = 0;

	if (n < 2 || list->kind != VALUE_LIST)
		return;
	while (i < n &&
	       strcmp(value_str_or(value_get(list->list.item[i], "name"), ""),
		   scenario) != 0)
		i++;
	if (i == n)
		return;
	value_add(a, one, list->list.item[i]);
	value_put(a, plan, "scenarios", one);
	value_put(a, plan, "expect", value_new(a, VALUE_NULL));
	narrow_places(a, plan, i);
	plan_digest(a, plan);
}
