#include "core/metric.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "data/value.h"

enum kind { COUNTER, GAUGE, HISTOGRAM };

/* src: OpenTelemetry SDK, explicit bucket histogram, its default bounds */
static const int bounds[] = {
    0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000};

struct metric {
	const char *name, *unit, *key;
	char *value;
	enum kind kind;
	uint64_t n;    /* counted, tried, or measured */
	uint64_t hits; /* of what was tried */
	double sum, min, max;
	uint64_t bucket[COUNT(bounds) + 1];
};

struct metrics {
	struct map by_name; /* with the attribute: struct metric */
	int64_t start_ns;
};

/*
 * What records say of the work behind them. A row with a member in nanoseconds
 * is a distribution, one with a boolean for a hit is a share, any other counts.
 */
static const struct {
	const char *type, *name, *unit;
	const char *key;    /* the attribute … */
	const char *member; /* … and the member that it has, or a text */
	const char *ns, *hit;
} rows[] = {
    {"change", "watch.changes", "{change}", "event", "event", NULL, NULL},
    {"rendered", "render.duration_ms", NULL, NULL, NULL, "duration_ns", NULL},
    {"rendered", "cache.hit_rate", NULL, "cache", "render", NULL, "cached"},
    {"step", "executor.step_duration_ms", NULL, NULL, NULL, "duration_ns",
	NULL},
    {"span", "executor.spans", "{span}", "via", "via", NULL, NULL},
    {"scenario.end", "executor.scenarios_completed", "{scenario}", "status",
	"status", NULL, NULL},
    {"scenario.end", "executor.scenario_duration_ms", NULL, NULL, NULL,
	"duration_ns", NULL},
    {"check", "validation.checks", "{check}", "ok", "ok", NULL, NULL},
    {"verdict", "validation.verdicts", "{verdict}", "verdict", "verdict", NULL,
	NULL},
};

struct metrics *
metrics_new(void)
{
	struct metrics *m = mem_new(1, sizeof *m);

	m->start_ns = clock_wall_ns();
	return m;
}

static struct metric *
find(struct metrics *m, const char *name, const char *key, const char *value)
{
	AUTO_ARENA a = {0};
	const char *full =
	    arena_fmt(&a, "%s\n%s", name, key && value ? value : "");
	struct metric *it = map_get(&m->by_name, full, strlen(full));

	if (it)
		return it;
	it = mem_new(1, sizeof *it);
	*it = (struct metric){.name = name,
	    .unit = "ms",
	    .key = value ? key : NULL,
	    .value = mem_str(value)};
	map_set(&m->by_name, full, strlen(full), it);
	return it;
}

void
metric_count(struct metrics *m, const char *name, const char *unit,
    const char *key, const char *value)
{
	struct metric *it;

	if (!m)
		return;
	it = find(m, name, key, value);
	it->unit = unit;
	it->n++;
}

void
metric_try(struct metrics *m, const char *name, const char *key,
    const char *value, bool is_hit)
{
	struct metric *it;

	if (!m)
		return;
	it = find(m, name, key, value);
	it->kind = GAUGE;
	it->unit = "1";
	it->n++;
	it->hits += is_hit;
}

void
metric_sample(struct metrics *m, const char *name, double ms)
{
	struct metric *it;
	size_t i = 0;

	if (!m)
		return;
	it = find(m, name, NULL, NULL);
	it->kind = HISTOGRAM;
	if (!it->n++)
		it->min = it->max = ms;
	it->sum += ms;
	it->min = ms < it->min ? ms : it->min;
	it->max = ms > it->max ? ms : it->max;
	while (i < COUNT(bounds) && ms > bounds[i])
		i++;
	it->bucket[i]++;
}

/* ---- records */

/* Between what happened and the line that tells of it. */
static void
see_reaction(struct metrics *m, const struct value *v)
{
	const char *from = value_str_or(value_get(v, "event_unix_nano"), NULL);
	const char *to = value_str_or(value_get(v, "emit_unix_nano"), NULL);
	const char *event = value_str_or(value_get(v, "event"), "initial");

	if (from && to && strcmp(event, "initial"))
		metric_sample(m, "watch.reaction_time_ms",
		    (double)(strtoll(to, NULL, 10) - strtoll(from, NULL, 10)) /
			1e6);
}

static const char *
word(const struct value *v, const char *member)
{
	const struct value *of = value_get(v, member);

	if (of && of->kind == VALUE_BOOL)
		return of->b ? "true" : "false";
	return value_str_or(of, NULL);
}

static void
see_row(struct metrics *m, size_t i, const struct value *v)
{
	if (rows[i].ns)
		metric_sample(m, rows[i].name,
		    (double)value_int_or(value_get(v, rows[i].ns), 0) / 1e6);
	else if (rows[i].hit)
		metric_try(m, rows[i].name, rows[i].key, rows[i].member,
		    value_bool_or(value_get(v, rows[i].hit), false));
	else
		metric_count(m, rows[i].name, rows[i].unit, rows[i].key,
		    word(v, rows[i].member));
}

void
metric_see(struct metrics *m, const char *s, size_t n)
{
	AUTO_ARENA a = {0};
	const struct value *v = m ? json_parse(&a, s, n, NULL) : NULL;
	const char *type = value_str_or(value_get(v, "type"), "");

	if (!v)
		return;
	if (!strcmp(type, "change"))
		see_reaction(m, v);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (!strcmp(type, rows[i].type))
			see_row(m, i, v);
}

/* ---- out */

static void
print_histogram(const struct metric *it, struct json *j)
{
	json_open(j, "value", '{');
	json_int(j, "count", (int64_t)it->n);
	json_float(j, "sum", it->sum);
	json_float(j, "min", it->min);
	json_float(j, "max", it->max);
	json_open(j, "bounds", '[');
	for (size_t i = 0; i < COUNT(bounds); i++)
		json_int(j, NULL, bounds[i]);
	json_close(j, ']');
	json_open(j, "buckets", '[');
	for (size_t i = 0; i <= COUNT(bounds); i++)
		json_int(j, NULL, (int64_t)it->bucket[i]);
	json_close(j, ']');
	json_close(j, '}');
}

static void
print_value(const struct metric *it, struct json *j)
{
	if (it->kind == HISTOGRAM)
		print_histogram(it, j);
	else if (it->kind == GAUGE)
		json_float(j, "value", (double)it->hits / (double)it->n);
	else
		json_int(j, "value", (int64_t)it->n);
}

bool
metric_print(const struct metrics *m, size_t *at, struct json *j)
{
	static const char *const kinds[] = {"counter", "gauge", "histogram"};
	const struct metric *it;

	if (!m || *at >= m->by_name.n)
		return false;
	it = m->by_name.entry[(*at)++].value;
	json_str(j, "name", it->name);
	json_str(j, "kind", kinds[it->kind]);
	print_value(it, j);
	json_str(j, "unit", it->unit);
	json_open(j, "attributes", '{');
	if (it->key)
		json_str(j, it->key, it->value);
	json_close(j, '}');
	json_nano(j, "start_unix_nano", (uint64_t)m->start_ns);
	json_nano(j, "unix_nano", (uint64_t)clock_wall_ns());
	return true;
}

void
metrics_del(struct metrics *m)
{
	for (size_t i = 0; m && i < m->by_name.n; i++) {
		struct metric *it = m->by_name.entry[i].value;

		free(it->value);
		free(it);
	}
	if (m)
		map_free(&m->by_name);
	free(m);
}
