#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "core/report_int.h"

static const struct {
	const char *verdict, *word, *counted;
	size_t offset;
	bool is_red;
} kinds[] = {
    {"pass", "PASS", "passed", offsetof(struct totals, pass), false},
    {"flaky", "FLAKY", "flaky", offsetof(struct totals, flaky), false},
    {"fail", "FAIL", "failed", offsetof(struct totals, fail), true},
    {"fake", "FAKE", "fake-green", offsetof(struct totals, fake), true},
    {"error", "ERROR", "error", offsetof(struct totals, error), true},
    {"skip", "SKIP", "skipped", offsetof(struct totals, skip), false},
    {"not run", "NOT RUN", "not run", offsetof(struct totals, not_run), true},
};

enum { ERROR = 4, NOT_RUN = 6 };

static size_t
kind_of(const struct result *v)
{
	if (!v)
		return ERROR;
	if (!v->verdict)
		return NOT_RUN;
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (!strcmp(kinds[i].verdict, v->verdict))
			return i;
	return ERROR;
}

bool
report_is_red(const struct result *v)
{
	return kinds[kind_of(v)].is_red;
}

const char *
report_word(const struct result *v)
{
	return kinds[kind_of(v)].word;
}

static uint64_t *
count_of(const struct totals *t, size_t kind)
{
	return (uint64_t *)((char *)t + kinds[kind].offset);
}

void
report_count(struct totals *t, const struct result *v)
{
	++*count_of(t, kind_of(v));
	/* The time of what did not run now was another's. */
	if (!v || !v->verdict || v->is_cached)
		return;
	if (__builtin_add_overflow(
		t->duration_ns, v->duration_ns, &t->duration_ns))
		t->duration_ns = INT64_MAX;
	if (!v->start_ns)
		return;
	if (!t->start_ns || v->start_ns < t->start_ns)
		t->start_ns = v->start_ns;
	if (v->start_ns + v->duration_ns > t->stop_ns)
		t->stop_ns = v->start_ns + v->duration_ns;
}

uint64_t
report_tests(const struct totals *t)
{
	return t->pass + t->flaky + t->fail + t->fake + t->error + t->skip;
}

void
report_totals_put(struct buf *b, const struct totals *t)
{
	uint64_t n = report_tests(t);
	const char *before = "";

	buf_addf(b, "%" PRIu64 " test%s: ", n, n == 1 ? "" : "s");
	for (size_t i = 0; i < COUNT(kinds); i++) {
		uint64_t many = *count_of(t, i);

		if (!many)
			continue;
		buf_addf(b, "%s%" PRIu64 " %s%s", before, many,
		    kinds[i].counted, i == ERROR && many > 1 ? "s" : "");
		before = ", ";
	}
	if (t->warnings)
		buf_addf(b, "%s%" PRIu64 " warning%s", before, t->warnings,
		    t->warnings == 1 ? "" : "s");
	else if (!*before)
		buf_adds(b, "nothing was selected");
}

const char *
report_name(struct arena *a, const struct entry *e, const struct result *v)
{
	const char *name = v && v->name && *v->name ? v->name : e->source;

	if (!name || !*name)
		name = "?";
	return v && e->variant ? arena_fmt(a, "%s [%s]", name, e->variant)
			       : name;
}

const struct finding *
report_error_of(const struct entry *e)
{
	for (size_t i = 0; i < e->findings; i++)
		if (!strcmp(e->finding[i].severity, "error"))
			return &e->finding[i];
	return NULL;
}

struct finding
report_reason(const struct entry *e, const struct result *v)
{
	const struct finding *f = report_error_of(e);

	if (v && v->findings)
		return v->finding[0];
	if (f)
		return *f;
	return (struct finding){.severity = "error",
	    .file = e->source,
	    .message = !v	  ? "it does not render or lint"
		     : v->message ? v->message
		     : v->verdict ? "no verdict was reached"
				  : "it did not run"};
}

void
report_time_put(struct buf *b, int64_t ns)
{
	time_t at = (time_t)(ns / 1000000000);
	char text[64];
	struct tm tm;

	if (!gmtime_r(&at, &tm) ||
	    !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm))
		return;
	buf_adds(b, text);
}
