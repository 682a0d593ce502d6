/*
 * Any bytes as TOML: it is told what is wrong, or all places lie in the text
 * and strict TOML is lenient TOML.
 */
#include <stdint.h>

#include "base/die.h"
#include "data/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n);

static void
check(const struct value *v, size_t n)
{
	BUG_IF(v->at.end > n || v->at.offset > v->at.end);
	if (v->kind == VALUE_LIST)
		for (size_t i = 0; i < v->list.n; i++)
			check(v->list.item[i], n);
	if (v->kind == VALUE_TABLE)
		for (size_t i = 0; i < v->table.n; i++) {
			BUG_IF(v->table.member[i].at.end > n);
			check(v->table.member[i].value, n);
		}
}

int
LLVMFuzzerTestOneInput(const uint8_t *s, size_t n)
{
	AUTO_ARENA a = {0};
	struct toml_finds strict, loose;

	toml_check(&a, "-", (const char *)s, n, true, &strict);
	check(toml_check(&a, "-", (const char *)s, n, false, &loose), n);
	BUG_IF(loose.errors && !strict.errors);
	return 0;
}
