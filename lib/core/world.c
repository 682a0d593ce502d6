#include "core/world.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "data/json.h"

/* One of a list in a variable: percent-encoded, as baggage. */
static void
add_pair(struct buf *b, const char *key, const char *value)
{
	if (b->len)
		buf_addc(b, ',');
	buf_addf(b, "%s=", key);
	for (; *value; value++)
		if (isalnum((unsigned char)*value) || strchr("-._~/:@", *value))
			buf_addc(b, *value);
		else
			buf_addf(b, "%%%02X", (unsigned char)*value);
}

static void
add_pairs(struct buf *b, const struct value *table)
{
	for (size_t i = 0; i < value_count(table); i++) {
		const struct value_member *m = &table->table.member[i];

		add_pair(b, m->key, value_str_or(m->value, ""));
	}
}

/* The run's id stands last: of equal keys the last one wins. */
static char *
resource_attributes(struct arena *a, const struct world *w)
{
	AUTO_BUF text = BUF_INIT;

	add_pairs(&text, value_get(w->otel, "resources"));
	add_pair(&text, "test.run.id", w->run_id);
	return arena_dup(a, text.s, text.len);
}

static void
set(struct map *env, const char *name, const char *value)
{
	map_set(env, name, strlen(name), (void *)value);
}

static bool
is_number(const struct value *v)
{
	return v && (v->kind == VALUE_FLOAT || v->kind == VALUE_INT);
}

bool
world_is_sampled(const struct world *w)
{
	return value_num_or(value_get(w->otel, "sample_ratio"), 1) > 0;
}

/* A child of ours does what its parent does, or a test would be green by
 * chance; the traces that the code begins are taken at the ratio. */
static void
set_sampler(struct map *env, struct arena *a, const struct world *w)
{
	const struct value *ratio = value_get(w->otel, "sample_ratio");
	AUTO_JSON j = JSON_INIT;

	if (!is_number(ratio)) {
		set(env, "OTEL_TRACES_SAMPLER", "always_on");
		return;
	}
	json_value(&j, NULL, ratio);
	set(env, "OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
	set(env, "OTEL_TRACES_SAMPLER_ARG", arena_str(a, j.text.s));
}

/* What the file asks the SDKs for, where it does. */
static void
set_asked(struct map *env, struct arena *a, const struct world *w)
{
	const struct value *names = value_get(w->otel, "propagators");
	AUTO_BUF headers = BUF_INIT;
	AUTO_BUF list = BUF_INIT;

	add_pairs(&headers, value_get(w->otel, "headers"));
	if (headers.len)
		set(env, "OTEL_EXPORTER_OTLP_HEADERS", arena_str(a, headers.s));
	for (size_t i = 0; i < value_count(names); i++)
		buf_addf(&list, "%s%s", i ? "," : "",
		    value_str_or(names->list.item[i], ""));
	if (value_count(names))
		set(env, "OTEL_PROPAGATORS", arena_str(a, list.s));
}

static void
set_telemetry(struct map *env, struct arena *a, const struct world *w,
    const char *traceparent)
{
	set(env, "OTEL_EXPORTER_OTLP_ENDPOINT",
	    arena_fmt(a, "http://127.0.0.1:%u", w->port));
	set(env, "OTEL_EXPORTER_OTLP_PROTOCOL", w->protocol);
	set(env, "OTEL_EXPORTER_OTLP_TIMEOUT", "2000");
	set(env, "OTEL_TRACES_EXPORTER", w->prints_spans ? "console" : "otlp");
	set(env, "OTEL_METRICS_EXPORTER", "none");
	set(env, "OTEL_LOGS_EXPORTER", "none");
	set_sampler(env, a, w);
	set_asked(env, a, w);
	set(env, "OTEL_BSP_SCHEDULE_DELAY", "100");
	set(env, "OTEL_SERVICE_NAME", w->service_name);
	set(env, "OTEL_RESOURCE_ATTRIBUTES", resource_attributes(a, w));
	set(env, "TRACEPARENT", traceparent);
	set(env, "no_proxy", "localhost,127.0.0.1,::1");
}

static void
set_some(struct map *env, const char *name, const char *value)
{
	if (value)
		set(env, name, value);
}

/* What makes one run like the other; each name is somebody's convention. */
static void
set_determinism(struct map *env, const struct world *w)
{
	set_some(env, "CLNRM_SEED", w->seed);
	set_some(env, "PYTHONHASHSEED", w->seed_32);
	set_some(env, "PERL_HASH_SEED", w->seed_32);
	set_some(env, "FREEZE_CLOCK", w->freeze_clock);
	set_some(env, "CLNRM_CLOCK_NS", w->clock_ns);
	if (w->clock_s && *w->clock_s != '-')
		set(env, "SOURCE_DATE_EPOCH", w->clock_s);
}

/* A step may preload more; ours comes first. */
static void
set_preload(struct map *env, struct arena *a, const struct world *w)
{
	static const char name[] = "LD_PRELOAD";
	const char *more = map_get(env, name, sizeof name - 1);

	if (w->preload)
		set(env, name,
		    more && *more ? arena_fmt(a, "%s:%s", w->preload, more)
				  : w->preload);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **
as_list(struct arena *a, const struct map *env)
{
	char **list = arena_alloc(a, (env->n + 1) * sizeof *list);
	size_t n = 0;

	for (size_t i = 0; i < env->n; i++)
		if (env->entry[i].value)
			list[n++] = arena_fmt(a, "%s=%s", env->entry[i].key,
			    (const char *)env->entry[i].value);
	qsort(list, n, sizeof *list, compare);
	return list;
}

char **
world_environ(struct arena *a, const struct world *w, const char *traceparent,
    const struct value *own)
{
	AUTO_MAP env = {0};

	set(&env, "PATH", WORLD_PATH);
	set(&env, "HOME", w->home);
	set(&env, "TMPDIR", w->tmpdir);
	set(&env, "CLNRM_TMPDIR", w->tmpdir);
	set(&env, "CLNRM_TEST_NAME", w->test);
	set(&env, "CLNRM_SCENARIO", w->scenario);
	set(&env, "TZ", "UTC");
	set(&env, "LC_ALL", "C.UTF-8");
	set(&env, "HOSTNAME", "clnrm");
	set_determinism(&env, w);
	set_telemetry(&env, a, w, traceparent);
	for (size_t i = 0; i < value_count(w->pass); i++) {
		const char *name = value_str_or(w->pass->list.item[i], "");
		const char *value = getenv(name);

		if (value)
			set(&env, name, value);
	}
	for (size_t i = 0; i < value_count(own); i++) {
		const struct value_member *m = &own->table.member[i];

		set(&env, m->key, value_str_or(m->value, ""));
	}
	set_preload(&env, a, w);
	return as_list(a, &env);
}
