#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/verdict_int.h"
#include "data/match.h"

enum { MAX_SHOWN = 2000 }; /* bytes of an output in a check */

/* One step of the plan and what came of it. */
struct judged {
	struct judging *j;
	const struct value *want; /* its part of the plan */
	const struct value *got;  /* its record, or NULL */
	const char *prefix, *name;
};

static const char *
rule_of(struct judged *s, const char *what)
{
	return arena_fmt(&s->j->a, "%s.%s", s->prefix, what);
}

static void
check_run(struct judged *s, const char *failed_before)
{
	struct check c = {.code = "E207", .outcome = FAILS, .is_output = true};

	c.rule = rule_of(s, "exit_code");
	c.expected = "the step runs";
	c.actual = "it did not run";
	c.message = failed_before
		      ? arena_fmt(&s->j->a,
			    "step \"%s\" did not run: step \"%s\" before "
			    "it failed",
			    s->name, failed_before)
		      : arena_fmt(&s->j->a, "step \"%s\" did not run", s->name);
	verdict_check(s->j, &c);
}

/* out: is it in time? */
static bool
check_time(struct judged *s)
{
	bool is_late = value_bool_or(value_get(s->got, "timed_out"), false);
	int64_t limit = value_int_or(value_get(s->want, "timeout_ms"), 0);
	int64_t ns = value_int_or(value_get(s->got, "duration_ns"), 0);
	struct check c = {.code = "E203", .outcome = HOLDS, .is_output = true};

	if (!is_late && !limit)
		return true;
	c.rule = rule_of(s, "timeout");
	c.expected = limit
		       ? arena_fmt(&s->j->a, "at most %" PRId64 " ms", limit)
		       : "an end in time";
	c.message = arena_fmt(&s->j->a, "step \"%s\" ended in time", s->name);
	if (is_late) {
		c.outcome = FAILS;
		c.actual = arena_fmt(
		    &s->j->a, "stopped after %" PRId64 " ms", ns / 1000000);
		c.message = arena_fmt(&s->j->a, "step \"%s\" timed out%s%s%s",
		    s->name, limit ? " (" : "", limit ? c.expected : "",
		    limit ? ")" : "");
		c.hint = limit ? NULL
			       : "note: the limit is the scenario's or "
				 "the run's";
	}
	verdict_check(s->j, &c);
	return !is_late;
}

static const char *
exit_text(struct judged *s)
{
	const struct value *code = value_get(s->got, "exit_code");
	const struct value *error = value_get(s->got, "error");
	int64_t sig = value_int_or(value_get(s->got, "signal"), 0);

	if (value_str_or(error, NULL))
		return arena_fmt(&s->j->a, "exit %" PRId64 " (%s)",
		    value_int_or(code, -1), value_str_or(error, ""));
	if (code && code->kind == VALUE_INT)
		return arena_fmt(&s->j->a, "exit %" PRId64, code->i);
	if (sig)
		return arena_fmt(&s->j->a, "killed by signal %" PRId64 " (%s)",
		    sig, strsignal((int)sig));
	return "no exit status";
}

static void
check_exit(struct judged *s)
{
	int64_t want = value_int_or(value_get(s->want, "exit_code"), 0);
	const struct value *got = value_get(s->got, "exit_code");
	struct check c = {.code = "E201", .outcome = FAILS, .is_output = true};

	c.rule = rule_of(s, "exit_code");
	c.actual = exit_text(s);
	c.expected = arena_fmt(&s->j->a, "exit %" PRId64, want);
	c.message = arena_fmt(&s->j->a, "step \"%s\": %s, expected %" PRId64,
	    s->name, c.actual, want);
	if (got && got->kind == VALUE_INT && got->i == want) {
		c.outcome = HOLDS;
		c.message =
		    arena_fmt(&s->j->a, "step \"%s\": %s", s->name, c.actual);
	}
	verdict_check(s->j, &c);
}

static bool
is_blank(char c)
{
	return c && strchr(" \t\n\v\f\r", c);
}

static void
trim(const char **s, size_t *n)
{
	while (*n && is_blank(**s)) {
		++*s;
		--*n;
	}
	while (*n && is_blank((*s)[*n - 1]))
		--*n;
}

/* The end of an output, which tells more than its beginning. */
static const char *
shown(struct judged *s, const char *text, size_t n)
{
	size_t from = 0;

	if (!n)
		return "no output";
	if (n > MAX_SHOWN)
		from = n - MAX_SHOWN;
	while (from && from < n && ((unsigned char)text[from] & 0xc0) == 0x80)
		from++;
	return arena_fmt(
	    &s->j->a, "%s%.*s", from ? "…" : "", (int)(n - from), text + from);
}

static void
judge_output(
    struct judged *s, struct check *c, const struct match *m, int64_t cut)
{
	const struct value *out = value_get(s->got, "stdout");
	bool is_text = out && out->kind == VALUE_STR;
	const char *text = is_text ? out->str.s : "";
	size_t n = is_text ? out->str.len : 0;
	struct err e = {0};
	int found;

	trim(&text, &n);
	found = match_find(m, text, n, NULL, &e);
	if (found > 0) {
		c->outcome = HOLDS;
		c->message = arena_fmt(
		    &s->j->a, "step \"%s\": the output matches", s->name);
		return;
	}
	c->actual = shown(s, text, n);
	if (found < 0 || cut > 0) {
		c->outcome = UNDECIDED;
		c->message = arena_fmt(&s->j->a,
		    "step \"%s\": cannot be decided: %s", s->name,
		    found < 0 ? err_message(&e)
			      : arena_fmt(&s->j->a,
				    "nothing matches in what was kept of the "
				    "output, and %" PRId64 " bytes were "
				    "dropped",
				    cut));
	}
}

static void
check_output(struct judged *s)
{
	const struct value *want = value_get(s->want, "stdout_regex");
	const struct value *cut = value_find(s->got, "truncated.stdout");
	struct check c = {.code = "E202", .outcome = FAILS, .is_output = true};
	struct err e = {0};
	AUTO_MATCH *m = NULL;
	size_t at = 0;

	if (!want || want->kind != VALUE_STR)
		return;
	c.rule = rule_of(s, "stdout_regex");
	c.expected = arena_fmt(&s->j->a, "output that matches %s", want->str.s);
	c.message = arena_fmt(&s->j->a,
	    "step \"%s\": the output does not "
	    "match %s",
	    s->name, want->str.s);
	m = match_compile(MATCH_REGEX, want->str.s, want->str.len, &at, &e);
	if (m)
		judge_output(s, &c, m, value_int_or(cut, 0));
	else {
		c.outcome = UNDECIDED;
		c.message = arena_fmt(&s->j->a,
		    "step \"%s\": bad expression at offset %zu: %s", s->name,
		    at, err_message(&e));
	}
	verdict_check(s->j, &c);
}

/* A scenario over its own limit, with no step that was cut short by it. */
static void
check_scenario_time(struct judging *j, size_t index)
{
	struct check c = {.code = "E203",
	    .outcome = FAILS,
	    .is_output = true,
	    .expected = "an end in time",
	    .actual = "it was stopped"};

	c.rule = arena_fmt(&j->a, "scenarios[%zu].timeout", index);
	c.message = arena_fmt(&j->a, "scenario \"%s\" timed out", j->run->name);
	verdict_check(j, &c);
}

static void
check_step(struct judged *s, const char **failed_before)
{
	size_t bad = s->j->failed;

	if (!s->got) {
		check_run(s, *failed_before);
		return;
	}
	if (check_time(s)) {
		check_exit(s);
		check_output(s);
	}
	if (s->j->failed > bad)
		*failed_before = s->name;
}

void
verdict_steps(struct judging *j, size_t index)
{
	const struct value *plan = value_get(j->file->plan, "scenarios");
	const struct value *steps = value_get(plan->list.item[index], "steps");
	const char *status =
	    value_str_or(value_get(j->run->end, "status"), "error");
	bool was_stopped =
	    !strcmp(status, "error") || !strcmp(status, "cancelled");
	const char *failed = NULL;
	size_t bad = j->failed;

	for (size_t i = 0; i < j->run->steps; i++) {
		const struct value *want = steps->list.item[i];
		struct judged s = {j, want, j->run->step[i],
		    arena_fmt(&j->a, "scenarios[%zu].steps[%zu]", index, i),
		    value_str_or(value_get(want, "name"), "?")};

		if (s.got || !was_stopped)
			check_step(&s, &failed);
	}
	if (!strcmp(status, "timeout") && j->failed == bad)
		check_scenario_time(j, index);
	arena_free(&j->a);
}
