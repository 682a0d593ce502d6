/*
 * Any bytes as JSON: what looks it over and what builds its tree agree whether
 * it is, and on the members that are asked for; what pulls its words ends where
 * it ends.
 */
#include <stdint.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "data/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n);

static bool
is_same(const struct value *a, const struct value *b)
{
	AUTO_JSON one = JSON_INIT;
	AUTO_JSON other = JSON_INIT;

	json_value(&one, NULL, a);
	json_value(&other, NULL, b);
	return one.text.len == other.text.len &&
	       !memcmp(one.text.s, other.text.s, one.text.len);
}

static void
hold(const struct json_want *want, const struct value *tree, struct arena *a)
{
	const struct value_member *m = value_member(tree, want->key, want->len);
	const struct value *found;

	BUG_IF(!m != !want->text.s);
	if (!m)
		return;
	found = json_parse(a, want->text.s, want->text.n, NULL);
	BUG_IF(!found || !is_same(found, m->value));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const char *s = (const char *)bytes;
	struct json_want want[] = {JSON_WANT("type"), JSON_WANT("a")};
	AUTO_ARENA a = {0};
	struct pull p = {.s = s, .n = n, .arena = &a};
	struct err e = {0};
	const struct value *tree = json_parse(&a, s, n, NULL);
	bool is_object = tree && tree->kind == VALUE_TABLE;

	BUG_IF((json_look(s, n, want, COUNT(want), &e) == 0) != is_object);
	BUG_IF(!is_object != (*e.text != '\0'));
	for (size_t i = 0; is_object && i < COUNT(want); i++)
		hold(&want[i], tree, &a);
	/* Who skips a string does not look at its escapes. */
	if (tree)
		BUG_IF(pull_skip(&p, NULL) < 0 || pull_peek(&p) >= 0);
	return 0;
}
