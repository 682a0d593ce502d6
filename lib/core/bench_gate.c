#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "core/bench.h"

/* What is said of one benchmark. */
struct verdict_of {
	const char *id, *metric, *status, *level, *note;
	const struct bench_limit *limit; /* NULL: none */
	bool has_actual, is_unacceptable, is_compared, fails;
	double actual, green, red; /* the bounds of the limit */
	struct bench_compare c;
	double change, p;
	struct stats_interval ci;
	const char *word;
};

static bool
is_selected(const struct bench_gate *g, const char *id)
{
	const char *const *prefix = g->prefixes;

	if (!prefix || !*prefix)
		return true;
	for (; *prefix; prefix++)
		if (!strncmp(id, *prefix, strlen(*prefix)))
			return true;
	return false;
}

static const struct value *
get(const struct map *m, const char *id)
{
	return map_get(m, id, strlen(id));
}

/* A result that can be judged, or NULL and why not. */
static const struct value *
usable(const struct bench_gate *g, const char *id, const char **why)
{
	const struct value *r = get(&g->now->result, id);

	*why = "no result";
	if (!r)
		return NULL;
	*why = "the benchmark failed";
	if (strcmp(value_str_or(value_get(r, "status"), ""), "ok") != 0)
		return NULL;
	*why = "a quick result; --allow-quick takes it";
	if (value_bool_or(value_get(r, "quick"), false) && !g->allows_quick)
		return NULL;
	*why = NULL;
	return r;
}

/* ---- absolute limits */

static void
judge_limit(const struct bench_gate *g, struct verdict_of *v)
{
	const struct bench_limit *l = v->limit;
	const struct bench_levels *levels = &g->budget->levels;
	double red = l->red >= 0  ? l->red
		   : g->is_strict ? levels->tolerance
				  : levels->red;

	v->green = l->target * (1 + levels->yellow);
	v->red = l->acceptable ? l->acceptable : l->target * (1 + red);
	v->status = v->actual <= v->green ? "green"
		  : v->actual <= v->red	  ? "yellow"
					  : "red";
	v->is_unacceptable = l->unacceptable && v->actual > l->unacceptable;
	v->fails |= v->actual > v->green && v->actual > v->red;
}

/* ---- what was before */

static void
take_compare(struct verdict_of *v, const struct value *compare)
{
	const struct value *by =
	    value_get(compare, value_str_or(value_get(compare, "by"), "wall"));
	const struct value *noise = value_get(compare, "noise");

	v->is_compared = true;
	v->change = value_num_or(value_get(by, "change"), 0);
	v->ci.low = value_num_or(value_find(by, "change_ci95.0"), 0);
	v->ci.high = value_num_or(value_find(by, "change_ci95.1"), 0);
	v->p = value_num_or(value_get(by, "p"), 0);
	v->word = value_str_or(value_get(compare, "verdict"), "");
	v->c.pairs = (size_t)value_int_or(value_get(compare, "pairs"), 0);
	v->c.noise.score = value_num_or(value_get(noise, "score"), 0);
}

static void
compare_stored(
    struct verdict_of *v, const struct value *old, const struct value *new)
{
	const struct bench_change *by;

	bench_compare_results(&v->c, old, new, true);
	by = v->c.by && !strcmp(v->c.by, "cpu") ? &v->c.cpu : &v->c.wall;
	v->is_compared = true;
	v->change = by->change;
	v->ci = by->ci;
	v->p = by->p;
	v->word = bench_word(v->c.word);
}

static bool
is_word(const struct verdict_of *v, enum bench_word w)
{
	return !strcmp(v->word, bench_word(w));
}

/*
 * What was measured in pairs is disturbed by the mean of as many; what was
 * measured at two times, by all of the noise.
 */
static double
widening(const struct verdict_of *v)
{
	double pairs = (double)v->c.pairs;

	return v->c.noise.score / (pairs > 1 ? sqrt(pairs) : 1);
}

static void
judge_change(const struct bench_gate *g, struct verdict_of *v)
{
	const struct bench_levels *l = &g->budget->levels;
	double change = v->change - widening(v);
	bool is_worse = is_word(v, BENCH_REGRESSED) ||
			(is_word(v, BENCH_SUSPECT) && v->change > 0);

	v->level = !is_worse		 ? "none"
		 : change >= l->blocker	 ? "blocker"
		 : change >= l->critical ? "critical"
		 : change >= l->ci	 ? "ci"
		 : change >= l->warning	 ? "warning"
					 : "none";
	v->fails |= is_worse && change >= l->critical;
	v->fails |= g->is_strict && is_word(v, BENCH_REGRESSED);
}

static bool
is_same_machine(const struct value *old, const struct value *new)
{
	const char *a = value_str_or(value_get(old, "env"), "");

	return !strcmp(a, value_str_or(value_get(new, "env"), ""));
}

static void
look_back(
    const struct bench_gate *g, struct verdict_of *v, const struct value *now)
{
	const struct value *compare = get(&g->now->compare, v->id);
	const struct value *old =
	    g->baseline ? get(&g->baseline->result, v->id) : NULL;

	v->level = "none";
	if (compare)
		take_compare(v, compare);
	else if (old && is_same_machine(old, now))
		compare_stored(v, old, now);
	else if (old)
		v->note = "the baseline is of another machine";
	if (v->is_compared)
		judge_change(g, v);
}

/* ---- the record */

static void
put_before(
    struct json *j, const struct bench_gate *g, const struct verdict_of *v)
{
	json_str(j, "baseline", g->baseline_name);
	json_float(j, "change", round(v->change * 1e5) / 1e5);
	json_open(j, "change_ci95", '[');
	json_float(j, NULL, round(v->ci.low * 1e5) / 1e5);
	json_float(j, NULL, round(v->ci.high * 1e5) / 1e5);
	json_close(j, ']');
	json_float(j, "p", v->p);
	json_str(j, "verdict", v->word);
}

static void
put_limit(struct json *j, const struct verdict_of *v)
{
	double limit = v->limit->target;
	bool is_time = strstr(v->metric, "_ns") != NULL;

	json_int(j, "limit", llround(limit));
	if (!v->has_actual)
		return;
	json_float(j, "ratio", round(v->actual / limit * 1e4) / 1e4);
	json_float(j, "headroom", round((1 - v->actual / limit) * 1e4) / 1e4);
	if (v->is_unacceptable)
		json_bool(j, "unacceptable", true);
	json_int(j, is_time ? "overage_ns" : "overage_kb",
	    v->actual > limit ? llround(v->actual - limit) : 0);
}

static void
put(struct bench_gate *g, struct stage *st, const struct verdict_of *v)
{
	AUTO_JSON j = stage_record(st, "bench_verdict");

	json_str(&j, "id", v->id);
	json_str(&j, "metric", v->metric);
	json_str(&j, "status", v->status);
	if (v->has_actual)
		json_int(&j, "actual", llround(v->actual));
	if (v->limit)
		put_limit(&j, v);
	if (v->is_compared)
		put_before(&j, g, v);
	json_str(&j, "level", v->level ? v->level : "none");
	json_bool(&j, "fails", v->fails);
	if (v->note)
		json_str(&j, "note", v->note);
	if (v->fails) {
		buf_add(&g->alert, j.text.s, j.text.len);
		buf_adds(&g->alert, "}\n");
	}
	stage_put(st, &j);
	g->judged++;
	g->failed += v->fails && v->has_actual;
	g->missing += !v->has_actual;
}

static void
judge(struct bench_gate *g, struct stage *st, const char *id,
    const struct bench_limit *limit)
{
	struct verdict_of v = {.id = id,
	    .metric = limit ? limit->metric : "median_ns",
	    .limit = limit,
	    .word = ""};
	const struct value *now = usable(g, id, &v.note);

	if (now && !bench_number(now, v.metric, &v.actual)) {
		v.note = "the result has no such metric";
		now = NULL;
	}
	if (!now) {
		v.status = "missing";
		v.fails = true;
		put(g, st, &v);
		return;
	}
	v.has_actual = true;
	if (limit)
		judge_limit(g, &v);
	look_back(g, &v, now);
	if (limit || v.is_compared || v.note)
		put(g, st, &v);
}

static bool
has_limit(const struct bench_gate *g, const char *id)
{
	for (size_t i = 0; i < g->budget->n; i++)
		if (!strcmp(g->budget->limit[i].id, id))
			return true;
	return false;
}

/* Each once that the limits have not named. */
static void
judge_rest(struct bench_gate *g, struct stage *st, const struct map *ids,
    const struct map *done)
{
	for (size_t i = 0; i < ids->n; i++) {
		const char *id = ids->entry[i].key;

		if (is_selected(g, id) && !has_limit(g, id) &&
		    !(done && get(done, id)))
			judge(g, st, id, NULL);
	}
}

void
bench_gate(struct bench_gate *g, struct stage *st)
{
	for (size_t i = 0; i < g->budget->n; i++)
		if (is_selected(g, g->budget->limit[i].id))
			judge(g, st, g->budget->limit[i].id,
			    &g->budget->limit[i]);
	judge_rest(g, st, &g->now->result, NULL);
	if (g->baseline)
		judge_rest(g, st, &g->baseline->result, &g->now->result);
}

int
bench_gate_alert(const struct bench_gate *g, const char *line, struct err *e)
{
	FILE *f = popen(line, "we");
	int status;

	if (!f || fwrite(g->alert.s, 1, g->alert.len, f) < g->alert.len) {
		if (f)
			pclose(f);
		return err_set(e, "cannot tell %s", line);
	}
	status = pclose(f);
	if (!status)
		return 0;
	return err_set(e, "%s: exit status %d", line,
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128);
}
