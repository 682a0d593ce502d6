#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/bench.h"

static bool
number_of(const struct value *v, double *to)
{
	if (v && v->kind == VALUE_INT)
		*to = (double)v->i;
	else if (v && v->kind == VALUE_FLOAT)
		*to = v->f;
	else
		return false;
	return isfinite(*to) && *to >= 0;
}

bool
bench_number(const struct value *result, const char *metric, double *to)
{
	char key[64];

	if (number_of(value_get(result, metric), to))
		return true;
	snprintf(key, sizeof key, "%s_ns", metric);
	return number_of(value_get(result, key), to);
}

static struct bench_series *
series_of(struct bench_samples *all, const char *id)
{
	struct bench_series *s = map_get(&all->by_id, id, strlen(id));

	if (s)
		return s;
	s = mem_new(1, sizeof *s);
	s->id = arena_str(&all->kept, id);
	s->batch = 1;
	s->setup_ns = s->instructions = -1;
	map_set(&all->by_id, id, strlen(id), s);
	return s;
}

/* One time, or a list of them, with processor times of the same number. */
static int
take_times(
    struct bench_series *s, const struct value *wall, const struct value *cpu)
{
	bool is_list = wall && wall->kind == VALUE_LIST;
	size_t n = is_list ? value_count(wall) : 1;
	double ns, cpu_ns = 0;

	s->has_cpu = cpu && (!s->n || s->has_cpu);
	for (size_t i = 0; i < n; i++) {
		const struct value *of_cpu =
		    is_list && cpu && i < value_count(cpu) ? cpu->list.item[i]
							   : cpu;

		if (!number_of(is_list ? wall->list.item[i] : wall, &ns))
			return -1;
		if (cpu && !number_of(of_cpu, &cpu_ns))
			return -1;
		bench_series_add(s, ns, cpu_ns);
	}
	return n ? 0 : -1;
}

static void
take_rest(
    struct bench_samples *all, struct bench_series *s, const struct value *v)
{
	const char *text = value_str_or(value_get(v, "checksum"), NULL);

	s->batch = value_int_or(value_get(v, "batch"), s->batch);
	if (s->batch < 1)
		s->batch = 1;
	s->size = value_int_or(value_get(v, "size"), s->size);
	s->setup_ns = value_int_or(value_get(v, "setup_ns"), s->setup_ns);
	s->peak_kb = value_int_or(value_get(v, "peak_rss_kb"), s->peak_kb);
	s->samples = value_int_or(value_get(v, "samples"), s->samples);
	if (text && s->checksum && strcmp(text, s->checksum) != 0)
		bench_series_fail(
		    s, "the checksum is %s, and it was %s", text, s->checksum);
	if (text && !s->checksum)
		s->checksum = arena_str(&all->kept, text);
	text = value_str_or(value_get(v, "unit"), NULL);
	if (text && !s->unit)
		s->unit = arena_str(&all->kept, text);
}

int
bench_samples_take(
    struct bench_samples *all, const struct value *v, struct err *e)
{
	const char *id = value_str_or(value_get(v, "id"), NULL);
	const char *error = value_str_or(value_get(v, "error"), NULL);
	struct bench_series *s;

	if (!id || !*id) {
		err_set(e, "a sample without an \"id\"");
		return err_hint(
		    e, "{\"type\":\"sample\",\"id\":\"NAME\",\"ns\":1234}");
	}
	s = series_of(all, id);
	take_rest(all, s, v);
	if (error)
		bench_series_fail(s, "%s", error);
	else if (take_times(s, value_get(v, "ns"), value_get(v, "cpu_ns")) <
		 0) {
		err_set(e, "the sample of %s has no time in \"ns\"", id);
		bench_series_fail(s, "%s", e->text);
		return err_hint(e, "\"ns\" is a number, 0 or more, or a list");
	}
	return 0;
}

/* ---- families over sizes */

/* micro/sha256/10K: the size, and where it begins; 0: none. */
static double
size_of(const char *id, size_t *family)
{
	const char *last = strrchr(id, '/');
	char *end;
	double v;

	if (!last || !isdigit((unsigned char)last[1]))
		return 0;
	v = strtod(last + 1, &end);
	v *= *end == 'K' ? 1e3 : *end == 'M' ? 1e6 : 1;
	*family = (size_t)(last - id);
	return v;
}

struct family {
	const char *id;
	size_t len;
	double x[64], y[64];
	size_t n;
};

static void
put_family(const struct family *f, struct stage *st)
{
	struct stats_fit fit = stats_scaling(f->x, f->y, f->n);
	AUTO_JSON j = stage_record(st, "bench_scaling");

	json_strn(&j, "id", f->id, f->len);
	json_open(&j, "sizes", '[');
	for (size_t i = 0; i < f->n; i++)
		json_float(&j, NULL, f->x[i]);
	json_close(&j, ']');
	json_open(&j, "median_ns", '[');
	for (size_t i = 0; i < f->n; i++)
		json_int(&j, NULL, llround(f->y[i]));
	json_close(&j, ']');
	json_float(&j, "exponent", round(fit.exponent * 1e4) / 1e4);
	json_float(&j, "r2", round(fit.r2 * 1e4) / 1e4);
	json_bool(&j, "linear", fit.exponent <= 1.1);
	stage_put(st, &j);
}

static double
median_of(const struct bench_series *s)
{
	double *x = mem_new(s->n, sizeof *x), median;

	memcpy(x, s->wall, s->n * sizeof *x);
	stats_sort(x, s->n);
	median = stats_quantile(x, s->n, 0.5);
	free(x);
	return median;
}

/* All of the family that begins at entry `first`; false: it began before. */
static bool
gather(const struct map *by_id, size_t first, struct family *f)
{
	const struct bench_series *s = by_id->entry[first].value;

	*f = (struct family){.id = s->id};
	if (!size_of(s->id, &f->len))
		return false;
	for (size_t i = 0; i < by_id->n && f->n < COUNT(f->x); i++) {
		const struct bench_series *o = by_id->entry[i].value;
		size_t len = 0;
		double size = size_of(o->id, &len);

		if (!size || len != f->len || memcmp(o->id, s->id, len) != 0 ||
		    o->error || !o->n || median_of(o) <= 0)
			continue;
		if (i < first)
			return false;
		f->x[f->n] = size;
		f->y[f->n++] = median_of(o);
	}
	return f->n > 2;
}

void
bench_samples_put(
    struct bench_samples *all, const struct bench_plan *plan, struct stage *st)
{
	for (size_t i = 0; i < all->by_id.n; i++)
		bench_series_put(all->by_id.entry[i].value, plan, st);
	for (size_t i = 0; i < all->by_id.n; i++) {
		struct family f;

		if (gather(&all->by_id, i, &f))
			put_family(&f, st);
	}
}

void
bench_samples_free(struct bench_samples *all)
{
	for (size_t i = 0; i < all->by_id.n; i++) {
		bench_series_free(all->by_id.entry[i].value);
		free(all->by_id.entry[i].value);
	}
	map_free(&all->by_id);
	arena_free(&all->kept);
}
