/*
 * Any bytes as a text to lay out, sorted when there are many: the result is
 * proven, and laid out again it stays.
 */
#include <stdint.h>
#include <string.h>

#include "base/die.h"
#include "data/layout.h"
#include "data/patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const char *s = n ? (const char *)bytes : "";
	AUTO_ARENA a = {0};
	AUTO_BUF once = BUF_INIT, twice = BUF_INIT, patch = BUF_INIT;
	struct toml_finds found;
	struct err e = {0};
	bool sort = n % 2;
	enum layout_kind kind =
	    layout_text(&a, "-", s, n, sort, &once, &found, &e);

	BUG_IF(kind == LAYOUT_BUG);
	if (kind == LAYOUT_WRONG)
		return 0;
	BUG_IF(layout_text(&a, "-", once.s, once.len, sort, &twice, &found,
		   &e) != kind);
	BUG_IF(once.len != twice.len || memcmp(once.s, twice.s, once.len));
	patch_print(&patch, "-", s, n, once.s, once.len);
	return 0;
}
