#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/bench.h"
#include "data/elf.h"
#include "data/hash.h"

static const char DIR[] = ".clnrm/bench";

enum { LARGEST_PROGRAM = 64 << 20 };

void
bench_set_take(struct bench_set *s, const struct value *v)
{
	const char *type = value_str_or(value_get(v, "type"), "");
	const char *id = value_str_or(value_get(v, "id"), NULL);

	if (!strcmp(type, "bench_env") && !s->env)
		s->env = arena_str(
		    &s->kept, value_str_or(value_get(v, "hash"), NULL));
	if (!id)
		return;
	/* The last of an id counts: it was measured last. */
	if (!strcmp(type, "bench_result"))
		map_set(&s->result, id, strlen(id), (void *)v);
	else if (!strcmp(type, "bench_compare"))
		map_set(&s->compare, id, strlen(id), (void *)v);
}

static int
take_line(struct bench_set *s, const char *path, const char *line, size_t n,
    unsigned number, struct err *e)
{
	struct err why = {0};
	struct value *v = json_parse(&s->kept, line, n, &why);

	if (!v || v->kind != VALUE_TABLE)
		return err_at(e, path, number, why.column, "no record: %s",
		    v ? "no JSON object" : err_message(&why));
	bench_set_take(s, v);
	return 0;
}

int
bench_set_parse(struct bench_set *s, const char *name, const char *text,
    size_t len, struct err *e)
{
	unsigned number = 1;
	int rc = 0;

	for (const char *line = text, *end = text + len; !rc && line < end;
	     number++) {
		const char *lf = memchr(line, '\n', (size_t)(end - line));
		size_t n = (size_t)((lf ? lf : end) - line);

		if (n)
			rc = take_line(s, name, line, n, number, e);
		line += n + 1;
	}
	return rc;
}

int
bench_set_read(struct bench_set *s, const char *path, struct err *e)
{
	AUTO_BUF text = BUF_INIT;
	int rc = strcmp(path, "-") ? file_read(path, &text, e)
				   : fd_drain(0, "-", 0, &text, e);

	return rc ? rc : bench_set_parse(s, path, text.s, text.len, e);
}

void
bench_set_free(struct bench_set *s)
{
	map_free(&s->result);
	map_free(&s->compare);
	arena_free(&s->kept);
	*s = (struct bench_set){0};
}

int
bench_baseline_path(const char *name, struct buf *path, struct err *e)
{
	if (!*name || *name == '.' || strchr(name, '/') || strlen(name) > 200) {
		err_set(e, "'%s' is no name of a baseline", name);
		return err_hint(
		    e, "a name is a word such as main or ci-1a2b3c");
	}
	buf_addf(path, "%s/baselines/%s.ndjson", DIR, name);
	return 0;
}

int
bench_baseline_write(const char *name, const char *s, size_t n, struct err *e)
{
	AUTO_BUF path = BUF_INIT;

	if (bench_baseline_path(name, &path, e) < 0)
		return -1;
	return file_replace(path.s, s, n, 0644, e);
}

/* ---- programs that are kept beside their results */

static void
kept_path(const char *sha, struct buf *path)
{
	buf_reset(path);
	buf_addf(path, "%s/programs/%s", DIR, sha);
}

/* A script may look beside itself, and a library is found by its place. */
static bool
is_movable(int fd, const char *path)
{
	AUTO_ARENA a = {0};
	struct elf elf = {0};
	struct err e = {0};

	return elf_read(fd, path, &a, &elf, &e) > 0 && elf.is_native &&
	       !(elf.rpath && strstr(elf.rpath, "$ORIGIN")) &&
	       !(elf.runpath && strstr(elf.runpath, "$ORIGIN"));
}

static int
hash_file(const char *path, char sha[65], struct stat *st)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) < 0 || !S_ISREG(st->st_mode))
		return -1;
	return hash_fd(fd, sha);
}

void
bench_program_hash(const char *word, char sha[65])
{
	char path[PATH_MAX];
	struct err e = {0};
	struct stat st;

	if (proc_find(word, path, sizeof path, &e) < 0 ||
	    hash_file(path, sha, &st) < 0)
		*sha = 0;
}

void
bench_program_keep(const char *word)
{
	char path[PATH_MAX], sha[65];
	AUTO_BUF to = BUF_INIT, text = BUF_INIT;
	struct err e = {0};
	struct stat st;

	if (proc_find(word, path, sizeof path, &e) < 0 ||
	    hash_file(path, sha, &st) < 0 || st.st_size > LARGEST_PROGRAM)
		return;
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	kept_path(sha, &to);
	if (fd < 0 || !access(to.s, X_OK) || !is_movable(fd, path) ||
	    file_read(path, &text, &e) < 0)
		return;
	/* Without it a later comparison says "suspect" at most. */
	file_replace(to.s, text.s, text.len, 0755, &e);
}

int
bench_program_kept(const struct value *result, struct buf *path)
{
	const char *sha = value_str_or(value_get(result, "program"), "");
	const char *was = value_str_or(value_find(result, "argv.0"), "");
	char now[65];

	if (strlen(sha) != 64 || strspn(sha, "0123456789abcdef") != 64)
		return -1;
	kept_path(sha, path);
	if (!access(path->s, X_OK))
		return 0;
	bench_program_hash(was, now);
	if (strcmp(now, sha) != 0)
		return -1;
	buf_reset(path);
	buf_adds(path, was);
	return 0;
}

int
bench_baseline_read(struct bench_set *s, const char *name, struct err *e)
{
	AUTO_BUF path = BUF_INIT;

	if (bench_baseline_path(name, &path, e) < 0)
		return -1;
	return bench_set_read(s, path.s, e);
}

int
bench_look_back(struct bench_compare *c, struct proc *p, int number,
    const struct bench_ask *how, const struct bench_set *set, long most,
    const struct bench_plan *plan, const struct value *now, struct err *e)
{
	const struct value *old = map_get(&set->result, c->id, strlen(c->id));
	AUTO_BUF program = BUF_INIT;
	AUTO_ARENA a = {0};
	int both[] = {-1, number};

	if (!value_count(value_get(old, "argv")) ||
	    bench_program_kept(old, &program) < 0) {
		bench_compare_results(c, old, now, true);
		return 0;
	}
	both[0] = bench_add(p, how, bench_stored_words(&a, old), program.s, e);
	return both[0] < 0 ? -1 : bench_pairs(c, p, both, most, plan, e);
}
