#include <string.h>

#include "base/mem.h"
#include "core/normal.h"
#include "core/verdict_int.h"

/* Of an earlier round it is none of what is judged. */
static bool
is_of(const struct owner *o, const struct verdict_file *f,
    const struct running *run)
{
	if (!o->is_counted)
		return false;
	if (!o->run)
		return !run || f->runs == 1;
	return o->round == o->run->round && (!run || run == o->run);
}

/* Of a running, or (NULL) of all. A long trace is not copied. */
static void
gather(struct verdict_file *f, const struct running *run, struct spans *to)
{
	struct spans *from = &f->spans;
	size_t n = from->n;

	to->span = from->span;
	if (f->runs == 1) {
		from->span = NULL;
		from->n = from->cap = f->n = 0;
	} else {
		to->span = mem_new(n + 1, sizeof *to->span);
		if (n)
			memcpy(to->span, from->span, n * sizeof *to->span);
	}
	for (size_t i = 0; i < n; i++)
		if (to->span[i].is_whole && is_of(&f->owner[i], f, run)) {
			to->span[to->n] = to->span[i];
			/* counted, whatever its record says of it */
			to->span[to->n++].is_stranger = false;
		}
}

void
verdict_digest(const struct judging *j, const char *verdict, struct json *to)
{
	struct spans t = {.keys = &j->file->keys, .text = BUF_INIT};
	char hex[HASH_HEX];

	if (!strcmp(verdict, "error") || !strcmp(verdict, "skip")) {
		json_null(to, "digest");
		return;
	}
	gather(j->file, j->run, &t);
	spans_tree(&t);
	normal_digest(&t, hex);
	spans_free(&t);
	json_str(to, "digest", hex);
}
