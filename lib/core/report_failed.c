#include <string.h>

#include "base/mem.h"
#include "core/report_int.h"

/* What came of each file and variant in the last of its generations. */
struct failed {
	struct map red; /* "source\nvariant" -> generation + 1, and IS_RED */
};

enum { IS_RED = 1, GEN = 2 };

static void
failed_result(struct view *w, const struct entry *e, const struct result *v)
{
	struct failed *f = w->state;
	uintptr_t gen = ((uintptr_t)e->gen + 1) * GEN, was;
	AUTO_BUF key = BUF_INIT;

	if (!e->source)
		return;
	buf_addf(&key, "%s\n%s", e->source, e->variant ? e->variant : "");
	was = (uintptr_t)map_get(&f->red, key.s, key.len);
	if ((was & ~(uintptr_t)IS_RED) != gen)
		was = gen;
	if (!v || report_is_red(v))
		was |= IS_RED;
	map_set(&f->red, key.s, key.len, (void *)was);
}

/* A file's variants need not stand together. */
static void
failed_summary(struct view *w, bool is_last)
{
	const struct failed *f = w->state;
	AUTO_MAP told = {0};

	for (size_t i = 0; is_last && i < f->red.n; i++) {
		const struct map_entry *it = &f->red.entry[i];
		size_t n = (size_t)(strrchr(it->key, '\n') - it->key);

		if (!((uintptr_t)it->value & IS_RED) ||
		    map_set(&told, it->key, n, w))
			continue;
		report_say(w, "%.*s\n", (int)n, it->key);
	}
}

static void
failed_forget(struct view *w)
{
	struct failed *f = w->state;

	map_free(&f->red);
}

const struct report_form report_failed = {.name = "failed",
    .size = sizeof(struct failed),
    .result = failed_result,
    .summary = failed_summary,
    .forget = failed_forget};
