#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/report_int.h"

/* The file that was told last. */
struct failed {
	char *source;
};

/* Verdicts of one file stand together. */
static void
failed_result(struct view *w, const struct entry *e, const struct result *v)
{
	struct failed *f = w->state;

	if ((v && !report_is_red(v)) || !e->source ||
	    report_is_same(f->source, e->source))
		return;
	free(f->source);
	f->source = mem_str(e->source);
	report_say(w, "%s\n", e->source);
}

static void
failed_forget(struct view *w)
{
	struct failed *f = w->state;

	free(f->source);
}

const struct report_form report_failed = {.name = "failed",
    .size = sizeof(struct failed),
    .result = failed_result,
    .forget = failed_forget};
