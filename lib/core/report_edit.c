/*
 * What a person did, and what it led to: the files that were saved, why each
 * test ran, and how long the stages took.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/report_int.h"

enum { NAMES = 3, NS_OF_MS = 1000000 };

void
report_edit_free(struct edit *d)
{
	for (size_t i = 0; i < d->why.n; i++)
		free(d->why.entry[i].value);
	map_free(&d->why);
	buf_free(&d->names);
	*d = (struct edit){.names = BUF_INIT};
}

static void
begin(struct report *r, int64_t gen)
{
	if (gen == r->edit.gen)
		return;
	report_edit_free(&r->edit);
	r->edit.gen = gen;
	r->edit.begun_ns = r->begun_ns = clock_mono_ns();
}

static void
add_name(struct edit *d, const char *name)
{
	if (d->named++ >= NAMES)
		return;
	if (d->names.len)
		buf_adds(&d->names, ", ");
	utf8_print(&d->names, name, strlen(name));
}

void
report_edit_change(struct report *r, const struct value *tree)
{
	int64_t ns = report_nano(tree, "event_unix_nano");
	int64_t seen_ns = report_nano(tree, "emit_unix_nano") - ns;
	struct edit *d = &r->edit;

	begin(r, value_int_or(value_get(tree, "gen"), 0));
	if (!d->first_ns || ns < d->first_ns) {
		d->first_ns = ns;
		d->seen_ns = seen_ns;
	}
	add_name(d, value_str_or(value_get(tree, "source"), "?"));
}

void
report_edit_affected(struct report *r, const struct value *tree)
{
	const char *source = value_str_or(value_get(tree, "source"), "");
	AUTO_BUF why = BUF_INIT;

	begin(r, value_int_or(value_get(tree, "gen"), 0));
	buf_addf(&why, "%s %s",
	    value_str_or(value_get(tree, "how"), "because of"),
	    value_str_or(value_get(tree, "by"), "?"));
	free(map_set(&r->edit.why, source, strlen(source), buf_steal(&why)));
}

void
report_edit_request(struct report *r, const struct value *tree)
{
	static const char *const said[][2] = {
	    {"pause", "paused: p goes on\n"},
	    {"resume", "going on\n"},
	    {"help", "a, Return: all   f: failed   u: record changes   "
		     "p: pause   q: quit   ?: this\n"},
	};
	const char *what = value_str_or(value_get(tree, "what"), "");

	begin(r, value_int_or(value_get(tree, "gen"), 0));
	r->edit.is_order = true;
	for (size_t i = 0; i < COUNT(said); i++)
		if (!strcmp(what, said[i][0]) &&
		    r->view[0]->form == &report_text) {
			report_hush(r);
			report_say(r->view[0], "%s", said[i][1]);
		}
}

void
report_edit_planned(struct report *r, int64_t gen)
{
	if (gen == r->edit.gen)
		r->edit.planned_ns = clock_mono_ns();
}

void
report_edit_ran(struct report *r, int64_t gen)
{
	if (gen == r->edit.gen)
		r->edit.ran_ns = clock_mono_ns();
}

const char *
report_edit_why(const struct report *r, const struct entry *e)
{
	if (!e->source || e->gen != r->edit.gen)
		return NULL;
	return map_get(&r->edit.why, e->source, strlen(e->source));
}

void
report_edit_put(struct view *w, bool has_tests)
{
	struct edit *d = &w->r->edit;
	AUTO_BUF b = BUF_INIT;

	if (w != w->r->view[0] || d->is_told || !d->names.len)
		return;
	d->is_told = true;
	/* What was scrolled away stays. */
	if (has_tests && w->r->how.clears && w->form == &report_text)
		buf_adds(&b, "\033[H\033[2J");
	buf_addf(&b, "changed: %s", d->names.s);
	if (d->named > NAMES)
		buf_addf(&b, " and %zu more", d->named - NAMES);
	buf_adds(&b, has_tests ? "\n" : "; no test depends on it\n");
	report_put(w, &b);
}

/* Where a stage had nothing to do, the next one has its time. */
void
report_edit_times(struct view *w)
{
	const struct edit *d = &w->r->edit;
	int64_t ns = clock_wall_ns() - d->first_ns, now = clock_mono_ns();
	AUTO_BUF b = BUF_INIT;

	if (!d->is_due || !d->first_ns || ns < 0)
		return;
	buf_addf(&b, "edit to verdict: %" PRId64 " ms", ns / NS_OF_MS);
	if (d->planned_ns && d->ran_ns >= d->planned_ns)
		buf_addf(&b,
		    " (watch %" PRId64 ", plan %" PRId64 ", run %" PRId64
		    ", judge %" PRId64 ")",
		    d->seen_ns / NS_OF_MS,
		    (d->planned_ns - d->begun_ns) / NS_OF_MS,
		    (d->ran_ns - d->planned_ns) / NS_OF_MS,
		    (now - d->ran_ns) / NS_OF_MS);
	buf_addc(&b, '\n');
	report_put(w, &b);
}
