#include "core/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "core/bundle.h"
#include "core/runs.h"
#include "core/stage.h"

enum {
	MAX_FOLDERS = 200, /* of what did not pass; the rest is in the stream */
	MAX_TRACES = 65536,
	TRACE = 32, /* digits of an id */
};

/* What did not pass. */
struct red {
	struct record_key key;
	const char *scenario, *test;
	char *path; /* of its folder, from the run's directory */
};

struct keep {
	struct arena a;
	size_t runs;
	char *dir;  /* .clnrm/runs of the project */
	char *temp; /* our directory; NULL: it has its name */
	struct buf name;
	struct out stream;
	size_t size, limit;
	bool is_cut;
	struct map red;	   /* by source, variant and scenario */
	struct map folder; /* names that are taken */
	struct map trace;
	struct buf traces; /* the ids, a line each */
	char last[TRACE];
	bool is_done;
};

/* ---- begin */

static int
ignore_all(const char *dir, struct err *e)
{
	AUTO_BUF path = BUF_INIT;

	buf_addf(&path, "%s/.gitignore", dir);
	if (!access(path.s, F_OK))
		return 0;
	return file_replace(path.s, "*\n", 2, 0666, e);
}

static int
open_stream(struct keep *k, struct err *e)
{
	AUTO_BUF path = BUF_INIT;

	buf_addf(&path, "%s/.new-XXXXXX", k->dir);
	if (!mkdtemp(path.s) || chmod(path.s, 0755) < 0)
		return err_set(e, "%s:", k->dir);
	k->temp = mem_str(path.s);
	buf_adds(&path, "/" RUNS_STREAM);
	k->stream.fd =
	    open(path.s, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (k->stream.fd < 0)
		return err_set(e, "%s:", path.s);
	flock(k->stream.fd, LOCK_EX | LOCK_NB); /* see runs_prune() */
	return 0;
}

struct keep *
keep_start(size_t runs, size_t limit, struct err *e)
{
	struct keep *k = mem_new(1, sizeof *k);
	AUTO_BUF dir = BUF_INIT;

	k->runs = runs;
	k->limit = limit;
	k->name = k->traces = (struct buf)BUF_INIT;
	k->stream = (struct out){.fd = -1, .pending = BUF_INIT};
	if (runs_directory(&dir, e) == 0) {
		k->dir = mem_str(dir.s);
		if (file_mkdirs(dir.s, 0777, e) == 0 &&
		    ignore_all(dir.s, e) == 0 && open_stream(k, e) == 0)
			return k;
	}
	keep_del(k);
	return NULL;
}

/* ---- records */

/* One folder each, whatever the names are. */
static char *
folder(struct keep *k, const struct red *red)
{
	AUTO_BUF b = BUF_INIT;
	size_t n;

	buf_adds(&b, "failed/");
	bundle_name(&b, red->test);
	if (red->key.variant) {
		buf_addc(&b, '~');
		bundle_name(&b, red->key.variant);
	}
	buf_addc(&b, '/');
	bundle_name(&b, red->scenario ? red->scenario : "file");
	n = b.len;
	for (int i = 2; map_get(&k->folder, b.s, b.len); i++) {
		buf_cut(&b, n);
		buf_addf(&b, "~%d", i);
	}
	map_set(&k->folder, b.s, b.len, k);
	return arena_str(&k->a, b.s);
}

/* "test/scenario" is the name where there are several. */
static const char *
test_of(struct arena *a, const char *name, const char *scenario)
{
	size_t n = strlen(name), m = scenario ? strlen(scenario) : 0;

	if (m && n > m + 1 && name[n - m - 1] == '/' &&
	    !strcmp(name + n - m, scenario))
		n -= m + 1;
	return arena_dup(a, name, n);
}

static const char *
red_key(struct arena *a, const struct record_key *key, const char *scenario)
{
	return arena_fmt(a, "%s\n%s\n%s", key->source ? key->source : "",
	    key->variant ? key->variant : "", scenario ? scenario : "\n");
}

static void
add_red(struct keep *k, const struct value *v, const struct record_key *key,
    const char *scenario)
{
	struct red *red = arena_alloc(&k->a, sizeof *red);
	const char *as = red_key(&k->a, key, scenario);

	if (k->red.alive >= MAX_FOLDERS)
		return;
	red->key = (struct record_key){arena_str(&k->a, key->id),
	    arena_str(&k->a, key->source), key->gen,
	    arena_str(&k->a, key->variant)};
	red->scenario = arena_str(&k->a, scenario);
	red->test =
	    test_of(&k->a, value_str_or(value_get(v, "name"), "?"), scenario);
	red->path = folder(k, red);
	map_set(&k->red, as, strlen(as), red);
}

/* The last verdict on a scenario is the one that counts. */
static void
take_verdict(struct keep *k, const struct record *r)
{
	AUTO_ARENA a = {0};
	const struct value *v = record_value(r, &a);
	const char *verdict = value_str_or(value_get(v, "verdict"), "");
	const char *name = value_str_or(value_get(v, "scenario"), NULL);
	struct record_key key = record_key_of(v);
	const char *as = red_key(&a, &key, name);

	map_del(&k->red, as, strlen(as));
	if (strcmp(verdict, "pass") && strcmp(verdict, "skip") &&
	    strcmp(verdict, "flaky"))
		add_red(k, v, &key, name);
}

/* The member stands before all that a test could have a say in. */
static void
take_span(struct keep *k, const struct record *r)
{
	static const char member[] = "\"trace_id\":\"";
	const char *id = memmem(r->line, r->len, member, sizeof member - 1);
	size_t left;

	if (!id)
		return;
	id += sizeof member - 1;
	left = r->len - (size_t)(id - r->line);
	if (left < TRACE || !memcmp(id, k->last, TRACE) ||
	    k->trace.n >= MAX_TRACES)
		return;
	memcpy(k->last, id, TRACE);
	if (map_set(&k->trace, id, TRACE, k))
		return;
	buf_add(&k->traces, id, TRACE);
	buf_addc(&k->traces, '\n');
}

static void
take_begin(struct keep *k, const struct record *r)
{
	AUTO_ARENA a = {0};
	const struct value *v = record_value(r, &a);

	if (!k->name.len)
		runs_name(&k->name, clock_wall_ns(),
		    value_str_or(value_get(v, "run"), NULL));
}

static void
cut(struct keep *k)
{
	struct stage st = {.name = "report", .out = &k->stream};
	struct err e = {0};

	err_set(&e,
	    "the stream of this run is kept up to here: it is larger than "
	    "%zu bytes",
	    k->limit);
	err_hint(&e, "--report ndjson=FILE writes all of it");
	stage_diagnose(&st, NULL, "warning", "W407", &e);
	k->is_cut = true;
}

void
keep_take(struct keep *k, const struct record *r)
{
	if (k->is_cut)
		return;
	if (r->type == RECORD_BEGIN)
		take_begin(k, r);
	if (r->type == RECORD_VERDICT)
		take_verdict(k, r);
	if (r->type == RECORD_SPAN)
		take_span(k, r);
	k->size += r->len + 1;
	if (k->size > k->limit) {
		cut(k);
		return;
	}
	record_pass(r, &k->stream);
}

/* ---- the end */

static int
write_folders(struct keep *k, struct err *e)
{
	AUTO_BUF stream = BUF_INIT;
	struct bundle *list = mem_new(k->red.alive + 1, sizeof *list);
	size_t n = 0;
	int rc = 0;

	buf_addf(&stream, "%s/" RUNS_STREAM, k->temp);
	for (size_t i = 0; i < k->red.n; i++) {
		const struct red *red = k->red.entry[i].value;

		if (!red)
			continue;
		list[n++] = (struct bundle){.key = red->key,
		    .scenario = red->scenario,
		    .test = red->test,
		    .path = arena_fmt(&k->a, "%s/%s", k->temp, red->path)};
	}
	if (n)
		rc = bundle_write(list, n, stream.s, k->name.s, e);
	free(list);
	return rc;
}

static int
write_traces(struct keep *k, struct err *e)
{
	AUTO_BUF path = BUF_INIT;

	buf_addf(&path, "%s/" RUNS_TRACES, k->temp);
	return file_replace(path.s, k->traces.s, k->traces.len, 0666, e);
}

static int
write_all(struct keep *k, struct err *e)
{
	AUTO_BUF to = BUF_INIT;

	if (out_flush(&k->stream) < 0) {
		errno = k->stream.lost;
		return err_set(e, "%s:", k->dir);
	}
	if (!k->name.len)
		runs_name(&k->name, clock_wall_ns(), NULL);
	buf_addf(&to, "%s/%s", k->dir, k->name.s);
	if (write_folders(k, e) < 0 || write_traces(k, e) < 0)
		return -1;
	if (rename(k->temp, to.s) < 0)
		return err_set(e, "%s:", to.s);
	free(k->temp);
	k->temp = NULL;
	return 0;
}

/* A path below the working directory needs no more than its end. */
static void
show_paths(struct keep *k)
{
	char cwd[PATH_MAX];
	size_t n = getcwd(cwd, sizeof cwd) ? strlen(cwd) : 0;
	const char *dir = k->dir;

	if (n && !strncmp(dir, cwd, n) && dir[n] == '/')
		dir += n + 1;
	for (size_t i = 0; i < k->red.n; i++) {
		struct red *red = k->red.entry[i].value;

		if (red)
			red->path = arena_fmt(
			    &k->a, "%s/%s/%s", dir, k->name.s, red->path);
	}
	k->is_done = true;
}

int
keep_finish(struct keep *k, struct err *e)
{
	if (!k->size)
		return 0;
	if (write_all(k, e) < 0)
		return -1;
	show_paths(k);
	runs_prune(k->dir, k->runs);
	return 0;
}

const char *
keep_folder(
    const struct keep *k, const struct record_key *key, const char *scenario)
{
	AUTO_ARENA a = {0};
	const char *as = red_key(&a, key, scenario);
	const struct red *red = map_get(&k->red, as, strlen(as));

	return red && k->is_done ? red->path : NULL;
}

void
keep_del(struct keep *k)
{
	if (!k)
		return;
	fd_close(&k->stream.fd);
	out_free(&k->stream);
	if (k->temp)
		file_remove_tree(k->temp);
	free(k->temp);
	free(k->dir);
	buf_free(&k->name);
	buf_free(&k->traces);
	map_free(&k->red);
	map_free(&k->folder);
	map_free(&k->trace);
	arena_free(&k->a);
	free(k);
}
