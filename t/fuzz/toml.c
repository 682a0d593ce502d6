/*
 * Any bytes as TOML: it is told what is wrong, or all places lie in the text
 * and strict TOML is lenient TOML. In pieces it is the same as at once.
 */
#include <stdint.h>

#include "../unit/tree.h"
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

static void
check_pieces(struct arena *a, const char *s, size_t n, const struct value *v,
    const struct toml_finds *whole)
{
	struct toml_finds cut;
	struct toml_stream *t = toml_open(a, "-", false, NULL, &cut);
	size_t each = 1 + n % 7 * (n / 8);

	for (size_t i = 0; i < n; i += each)
		toml_feed(t, s + i, n - i < each ? n - i : each);
	BUG_IF(!tree_same(v, toml_close(t)));
	BUG_IF(cut.n != whole->n || cut.errors != whole->errors);
	for (size_t i = 0; i < cut.n; i++)
		BUG_IF(strcmp(cut.find[i].err.text, whole->find[i].err.text) ||
		       !tree_same_place(&cut.find[i].at, &whole->find[i].at));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const char *s = n ? (const char *)bytes : "";
	AUTO_ARENA a = {0};
	struct toml_finds strict, loose;
	const struct value *v;

	toml_check(&a, "-", s, n, true, &strict);
	v = toml_check(&a, "-", s, n, false, &loose);
	check(v, n);
	BUG_IF(loose.errors && !strict.errors);
	check_pieces(&a, s, n, v, &loose);
	return 0;
}
