#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "core/bench.h"
#include "sys/stop.h"

enum { PATIENCE_S = 600, LIST_S = 30 };

static bool
is_selected(const char *id, const char *const *prefix)
{
	if (!prefix || !*prefix)
		return true;
	for (; *prefix; prefix++)
		if (!strncmp(id, *prefix, strlen(*prefix)))
			return true;
	return false;
}

/* What a program prints; -1 and *e when it fails or hangs. */
static int
ask(const char *const argv[], int64_t patience_ns, const struct bench_plan *how,
    struct buf *to, struct err *e)
{
	const struct proc_command c = {
	    .argv = argv, .output = PROC_KEEP, .timeout_ns = patience_ns};
	const unsigned char first = 0;
	struct proc_run run;
	char why[128];
	AUTO_PROC p;

	if (proc_open(&p, how->cpu, e) < 0 || proc_add(&p, &c, e) < 0 ||
	    proc_run(&p, &first, 1, &run, e) < 0)
		return -1;
	if (bench_trouble(&run, false, why))
		return err_set(e, "%s", why);
	buf_add(to, p.kept.s, p.kept.len);
	return 0;
}

/* Call fn with each record that a text holds. */
static int
each_record(const char *program, const struct buf *text, struct arena *a,
    int (*fn)(void *arg, const struct value *v, struct err *e), void *arg,
    struct err *e)
{
	const char *line = text->s, *end = text->s + text->len;

	while (line < end) {
		const char *lf = memchr(line, '\n', (size_t)(end - line));
		size_t n = (size_t)((lf ? lf : end) - line);
		struct err why = {0};
		const struct value *v = n ? json_parse(a, line, n, &why) : NULL;

		if (n && !v)
			return err_set(e, "%s prints no records: %s", program,
			    err_message(&why));
		if (v && fn(arg, v, e) < 0)
			return -1;
		line += n + 1;
	}
	return 0;
}

static int
is_shown(const struct dirent *d)
{
	return *d->d_name != '.';
}

static bool
is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* A benchmark that is to be run. */
struct chosen {
	const char *program, *id;
	const struct value *record;
};

struct walk {
	const char *const *prefixes;
	const struct bench_plan *plan;
	struct stage *st;
	const char *program;
	bool runs;
	long found;
	struct chosen *chosen; /* chosen[found], where it runs them */
	size_t cap;
	struct arena kept;
};

static int
take_sample(void *arg, const struct value *v, struct err *e)
{
	if (strcmp(value_str_or(value_get(v, "type"), ""), "sample") != 0)
		return 0;
	return bench_samples_take(arg, v, e);
}

static bool
has_error(const struct bench_samples *s)
{
	for (size_t i = 0; i < s->by_id.n; i++)
		if (((struct bench_series *)s->by_id.entry[i].value)->error)
			return true;
	return false;
}

static void
run_one(struct walk *w, const char *program, const char *id)
{
	struct bench_samples samples = {0};
	struct bench_series none = {.id = id, .batch = 1, .setup_ns = -1};
	struct bench_probe probe;
	struct bench_noise noise;
	AUTO_BUF text = BUF_INIT;
	AUTO_ARENA a = {0};
	struct err e = {0};
	const char *argv[] = {program, "run", id,
	    arena_fmt(&a, "%ld", w->plan->samples),
	    arena_fmt(&a, "%lld", (long long)w->plan->warm_up_ns),
	    arena_fmt(&a, "%lld", (long long)w->plan->measure_ns), NULL};
	int64_t patience = w->plan->timeout_ns
			     ? w->plan->timeout_ns
			     : (int64_t)PATIENCE_S * 1000000000;

	bench_noise_begin(&probe);
	if (ask(argv, patience, w->plan, &text, &e) < 0 ||
	    each_record(program, &text, &a, take_sample, &samples, &e) < 0)
		bench_series_fail(&none, "%s", e.text);
	noise = bench_noise_end(&probe);
	for (size_t i = 0; i < samples.by_id.n; i++)
		((struct bench_series *)samples.by_id.entry[i].value)->noise =
		    noise;
	if (none.error || !samples.by_id.n || has_error(&samples))
		stage_status(w->st, EXIT_RUN);
	if (none.error || !samples.by_id.n)
		bench_series_put(&none, w->plan, w->st);
	else
		bench_samples_put(&samples, w->plan, w->st);
	bench_series_free(&none);
	bench_samples_free(&samples);
}

static void
put_bench(struct stage *st, const struct value *v)
{
	AUTO_JSON j = stage_record(st, "bench");

	for (uint32_t i = 0; i < value_count(v); i++)
		if (strcmp(v->table.member[i].key, "type") != 0)
			json_value(&j, v->table.member[i].key,
			    v->table.member[i].value);
	stage_put(st, &j);
}

static int
take_bench(void *arg, const struct value *v, struct err *e)
{
	struct walk *w = arg;
	const char *id = value_str_or(value_get(v, "id"), NULL);

	(void)e;
	if (v->kind != VALUE_TABLE || !id || !is_selected(id, w->prefixes))
		return 0;
	if (w->runs) {
		w->chosen = mem_more(
		    w->chosen, (size_t)w->found, &w->cap, sizeof *w->chosen);
		w->chosen[w->found] = (struct chosen){w->program, id, v};
	} else {
		put_bench(w->st, v);
	}
	w->found++;
	return 0;
}

static int
ask_program(struct walk *w, struct err *e)
{
	const char *argv[] = {w->program, "list", NULL};
	AUTO_BUF text = BUF_INIT;
	struct err why = {0};

	if (ask(argv, (int64_t)LIST_S * 1000000000, w->plan, &text, &why) < 0)
		return err_set(e, "%s: %s", w->program, why.text);
	return each_record(w->program, &text, &w->kept, take_bench, w, e);
}

static int
walk(const char *dir, struct walk *w, struct err *e)
{
	struct dirent **name;
	int n = scandir(dir, &name, is_shown, alphasort), rc = 0;

	if (n < 0) {
		err_set(e, "%s:", dir);
		return err_hint(e, "--suites names the directory of the "
				   "programs that measure; make suites "
				   "builds ours");
	}
	for (int i = 0; i < n; i++) {
		w->program = arena_fmt(&w->kept, "%s/%s", dir, name[i]->d_name);
		if (!rc && is_program(w->program))
			rc = ask_program(w, e);
		free(name[i]);
	}
	free(name);
	return rc;
}

/* Each with its record before it, as soon as it begins. */
static int
run_chosen(struct walk *w, struct err *e)
{
	for (long i = 0; i < w->found; i++) {
		const struct chosen *one = &w->chosen[i];

		if (stop_signal())
			return err_set(e, "interrupted");
		put_bench(w->st, one->record);
		bench_tick(w->plan, "%ld of %ld: %s", i + 1, w->found, one->id);
		run_one(w, one->program, one->id);
	}
	return 0;
}

long
bench_suite_list(const char *dir, const char *const *prefixes,
    const struct bench_plan *plan, struct stage *st, struct err *e)
{
	struct walk w = {.prefixes = prefixes, .plan = plan, .st = st};
	int rc = walk(dir, &w, e);

	arena_free(&w.kept);
	return rc ? -1 : w.found;
}

long
bench_suite_run(const char *dir, const char *const *prefixes,
    const struct bench_plan *plan, struct stage *st, struct err *e)
{
	struct walk w = {
	    .prefixes = prefixes, .plan = plan, .st = st, .runs = true};
	int rc = walk(dir, &w, e);

	if (!rc)
		rc = run_chosen(&w, e);
	free(w.chosen);
	arena_free(&w.kept);
	return rc ? -1 : w.found;
}

const char *
bench_suite_dir(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 32);
	char *slash;

	path[n > 0 ? n : 0] = 0;
	slash = strrchr(path, '/');
	if (!slash)
		return "bench";
	strcpy(slash, "/../bench");
	return path;
}
