#include "core/load.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sys/machine.h"

enum { MOST_AT_ONCE = 16, MB = 1 << 20 };

static const struct need light = {256 * MB, 500};

/* Kinds of services, by a word in the plugin's or the image's name. */
static const struct {
	const char *word;
	struct need need;
} kinds[] = {
    {"postgres", {1024LL * MB, 1000}},
    {"mysql", {1024LL * MB, 1000}},
    {"mariadb", {1024LL * MB, 1000}},
    {"mongo", {1024LL * MB, 1000}},
    {"surrealdb", {1024LL * MB, 1000}},
    {"clickhouse", {1024LL * MB, 1000}},
    {"cassandra", {1024LL * MB, 1000}},
    {"elasticsearch", {1024LL * MB, 1000}},
    {"ollama", {4096LL * MB, 1000}},
    {"vllm", {4096LL * MB, 1000}},
    {"tgi", {4096LL * MB, 1000}},
    {"text-generation", {4096LL * MB, 1000}},
};

void
load_open(struct load *l, size_t jobs)
{
	size_t cores = (size_t)machine_processors();

	*l = (struct load){.is_auto = !jobs, .least = jobs, .most = jobs};
	if (jobs)
		return;
	l->most = 2 * cores < MOST_AT_ONCE ? 2 * cores : MOST_AT_ONCE;
	l->least = cores < l->most ? cores : l->most;
	l->free = (struct need){machine_memory(), (int64_t)cores * 2000};
	l->busy = 1;
}

void
load_close(struct load *l)
{
	for (size_t i = 0; i < l->seen.n; i++)
		free(l->seen.entry[i].value);
	map_free(&l->seen);
}

/* ---- what one needs */

static void
name_of(struct buf *key, const struct test *t, size_t index)
{
	const struct value *s = t->scenarios->list.item[index];

	buf_addf(key, "%s%c%s%c%s", t->source, 0, t->variant ? t->variant : "",
	    0, value_str_or(value_get(s, "name"), ""));
}

static void
add_kind(struct need *n, const struct value *service)
{
	const char *of[] = {value_str_or(value_get(service, "plugin"), ""),
	    value_str_or(value_get(service, "image"), "")};
	struct need own = light;

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcasestr(of[0], kinds[i].word) ||
		    strcasestr(of[1], kinds[i].word))
			own = kinds[i].need;
	n->bytes += own.bytes;
	n->millicores += own.millicores;
}

static int64_t
limit(const struct test *t, const char *name)
{
	return value_int_or(value_get(value_get(t->plan, "limits"), name), 0);
}

struct need
load_need(const struct load *l, const struct test *t, size_t index)
{
	const struct value *services = value_get(t->plan, "services");
	struct need n = light;
	const struct need *seen;
	AUTO_BUF key = BUF_INIT;

	name_of(&key, t, index);
	seen = map_get(&l->seen, key.s, key.len);
	for (size_t i = 0; i < value_count(services); i++)
		add_kind(&n, services->list.item[i]);
	if (seen)
		n = *seen;
	if (limit(t, "memory_mb") > 0)
		n.bytes = limit(t, "memory_mb") * MB;
	if (limit(t, "cpu_millicores") > 0)
		n.millicores = limit(t, "cpu_millicores");
	return n;
}

void
load_learn(struct load *l, const struct test *t, size_t index,
    const struct rusage *usage, int64_t duration_ns)
{
	double used_ns =
	    1e9 * (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
	    1e3 * (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
	double busy = duration_ns > 0 ? used_ns / (double)duration_ns : 1;
	AUTO_BUF key = BUF_INIT;
	struct need *n;

	l->busy += (busy - l->busy) / 4;
	/* What services use is not in it. */
	if (value_count(value_get(t->plan, "services")))
		return;
	name_of(&key, t, index);
	n = map_get(&l->seen, key.s, key.len);
	if (!n) {
		n = mem_new(1, sizeof *n);
		map_set(&l->seen, key.s, key.len, n);
	}
	*n = (struct need){usage->ru_maxrss * 1024LL, (int64_t)(busy * 1000)};
}

/* ---- who runs together */

/* The fewer processors one keeps busy, the more may run. */
static size_t
at_once(const struct load *l)
{
	double n = l->busy > 0.01 ? (double)l->least / l->busy : 1e3;

	return n <= (double)l->least ? l->least
	     : n >= (double)l->most  ? l->most
				     : (size_t)n;
}

bool
load_admits(const struct load *l, const struct need *n)
{
	if (!l->running)
		return true;
	if (!l->is_auto)
		return l->running < l->most;
	return l->running < at_once(l) &&
	       l->held.bytes + n->bytes <= l->free.bytes &&
	       l->held.millicores + n->millicores <= l->free.millicores;
}

void
load_add(struct load *l, const struct need *n)
{
	l->running++;
	l->held.bytes += n->bytes;
	l->held.millicores += n->millicores;
}

void
load_sub(struct load *l, const struct need *n)
{
	l->running--;
	l->held.bytes -= n->bytes;
	l->held.millicores -= n->millicores;
}
