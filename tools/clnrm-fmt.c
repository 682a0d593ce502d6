/*
 * clnrm-fmt: put test files in their canonical layout.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/out.h"
#include "base/utf8.h"
#include "core/finding.h"
#include "core/project.h"
#include "core/setting.h"
#include "data/layout.h"
#include "data/patch.h"
#include "sys/jobs.h"
#include "sys/stop.h"

static const char *jobs, *stdin_name;
static int check, diff, sort;

static const struct cli_opt opts[] = {
    {0, "check", NULL, "list what would change, write nothing", CLI_FLAG,
	&check},
    {0, "diff", NULL, "print what would change, write nothing", CLI_FLAG,
	&diff},
    {'j', "jobs", "N|auto", "files at a time (auto: one a processor)", CLI_TEXT,
	&jobs},
    {0, "sort", NULL, "sort the keys between empty lines", CLI_FLAG, &sort},
    {0, "stdin-filename", "NAME",
	"format standard input, the text of this file, to standard output",
	CLI_TEXT, &stdin_name},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-fmt",
    .does = "put test files in their canonical layout",
    .operands = "[FILE | DIR ...]",
    .examples = "  clnrm-fmt tests\n"
		"  clnrm-fmt --check --diff tests/a.clnrm.toml\n",
    .opts = opts,
};

/* A file, and what came of it. */
struct job {
	char *path;
	bool is_stdin;
	bool is_done; /* nothing to format: what is told is all */
	int status;
	struct buf said, told; /* for standard output, and for people */
};

static struct job *job;
static size_t many, job_cap;

static struct job *
add(const char *path)
{
	struct job *j;

	job = mem_more(job, many, &job_cap, sizeof *job);
	j = &job[many++];
	j->path = mem_str(path);
	j->said = j->told = (struct buf)BUF_INIT;
	return j;
}

/* The column behind what is meant, where that ends on the same line. */
static unsigned
end_column(const struct buf *text, const struct value_pos *at)
{
	size_t len = at->end - at->offset;

	if (at->end <= at->offset || at->end > text->len ||
	    memchr(text->s + at->offset, '\n', len))
		return 0;
	return at->column + (unsigned)utf8_count(text->s + at->offset, len);
}

/* What is told of a file, in the form that clnrm-lint has. */
static void
tell(struct job *j, const struct buf *text, const char *severity,
    const char *code, const struct value_pos *at, const struct err *e)
{
	struct finding_source src = FINDING_SOURCE_INIT;
	struct finding f = {.severity = severity,
	    .code = code,
	    .file = j->path,
	    .message = err_message(e),
	    .hint = *e->hint ? e->hint : NULL};
	size_t path = strlen(j->path);

	/* The path is told already */
	if (!strncmp(f.message, j->path, path) && f.message[path] == ':')
		f.message += path + 1 + (f.message[path + 1] == ' ');
	if (at) {
		f.line = at->line;
		f.column = at->column;
		f.end = end_column(text, at);
		finding_source_set(&src, j->path, text->s, text->len);
	}
	finding_print(&j->told, &f, &src, false);
	finding_source_free(&src);
}

static void
fail(struct job *j, const char *code, int status, const struct err *e)
{
	tell(j, NULL, "error", code, NULL, e);
	j->status = exit_worse(j->status, status);
}

static void
tell_wrong(
    struct job *j, const struct buf *text, const struct toml_finds *found)
{
	bool is_text = utf8_check(text->s, text->len) == text->len;

	for (size_t i = 0; i < found->n; i++)
		if (!found->find[i].is_warning)
			tell(j, text, "error", is_text ? "E301" : "E102",
			    &found->find[i].at, &found->find[i].err);
	j->status = EXIT_INPUT;
}

/* Has nobody touched the file since it was read? */
static int
check_untouched(const char *path, const struct stat *was, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(e, "%s:", path);
	if (st.st_dev == was->st_dev && st.st_ino == was->st_ino &&
	    st.st_size == was->st_size &&
	    st.st_mtim.tv_sec == was->st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == was->st_mtim.tv_nsec)
		return 0;
	return err_set(e, "changed while it was formatted, and left alone");
}

/* In place, and where a link leads to. */
static void
replace(struct job *j, const struct buf *to, const struct stat *was)
{
	char real[PATH_MAX];
	struct err e = {0};
	int got = 0;

	if (check_untouched(j->path, was, &e) < 0)
		got = -1;
	else if (!realpath(j->path, real))
		got = err_set(&e, "%s:", j->path);
	if (got < 0 || file_replace(real, to->s, to->len, 0644, &e) < 0) {
		fail(j, NULL, EXIT_RUN, &e);
		return;
	}
	buf_addf(&j->said, "%s\n", j->path);
}

static void
give(struct job *j, const struct buf *text, const struct buf *to,
    const struct stat *was)
{
	bool is_same = text->len == to->len && !memcmp(text->s, to->s, to->len);

	if (j->is_stdin && !check && !diff) {
		buf_add(&j->said, to->s, to->len);
		return;
	}
	if (is_same)
		return;
	if (!check && !diff) {
		replace(j, to, was);
		return;
	}
	if (diff)
		patch_print(
		    &j->said, j->path, text->s, text->len, to->s, to->len);
	else
		buf_addf(&j->said, "%s\n", j->path);
	j->status = exit_worse(j->status, EXIT_NO);
}

static int
read_text(struct job *j, struct buf *text, struct stat *st, struct err *e)
{
	if (j->is_stdin)
		return fd_drain(0, j->path, 0, text, e);
	if (stat(j->path, st) < 0)
		return err_set(e, "%s:", j->path);
	return file_read(j->path, text, e);
}

static void
format(struct job *j)
{
	AUTO_BUF text = BUF_INIT, to = BUF_INIT;
	AUTO_ARENA a = {0};
	struct toml_finds found;
	struct err e = {0};
	struct stat st = {0};
	enum layout_kind kind;

	if (read_text(j, &text, &st, &e) < 0) {
		fail(j, "E101", EXIT_INPUT, &e);
		return;
	}
	kind =
	    layout_text(&a, j->path, text.s, text.len, sort, &to, &found, &e);
	if (kind == LAYOUT_WRONG) {
		tell_wrong(j, &text, &found);
	} else if (kind == LAYOUT_BUG) {
		err_hint(&e, "this is a bug of clnrm-fmt: please report it; "
			     "the file is as it was");
		fail(j, NULL, EXIT_BUG, &e);
	} else {
		if (kind == LAYOUT_KEPT)
			tell(j, NULL, "note", NULL, NULL, &e);
		give(j, &text, &to, &st);
	}
}

static void *
work(void *arg, size_t worker, size_t i)
{
	(void)arg;
	(void)worker;
	if (!job[i].is_done)
		format(&job[i]);
	return &job[i];
}

/* A test file that was found, or what could not be looked into. */
static void
add_found(void *arg, const char *path, const struct err *e)
{
	struct job *j = add(path);

	(void)arg;
	if (!e)
		return;
	fail(j, "E101", EXIT_INPUT, e);
	j->is_done = true;
}

static void
add_directory(const char *dir)
{
	size_t before = many;
	struct err e = {0};
	struct job *j;

	project_find(dir, add_found, NULL);
	if (many > before)
		return;
	j = add(dir);
	j->is_done = true;
	err_set(&e, "no test file below this directory");
	err_hint(&e, "test files are *.clnrm.toml and *.clnrm.toml.tera");
	tell(j, NULL, "note", NULL, NULL, &e);
	j->status = EXIT_NONE;
}

/* No operand: all of the project. */
static void
add_project(void)
{
	AUTO_BUF root = BUF_INIT;
	struct err e = {0};

	if (project_root(".", NULL, &root, &e) < 0)
		die(EXIT_INPUT, "%s", e.text);
	add_directory(root.s);
}

static void
add_operands(char **path)
{
	struct stat st;

	if (!*path)
		add_project();
	for (; *path; path++)
		if (!stat(*path, &st) && S_ISDIR(st.st_mode))
			add_directory(*path);
		else
			add(*path);
}

static void
print(void *arg, size_t i, void *result)
{
	struct job *j = result;

	(void)i;
	out_add(&out_std, j->said.s, j->said.len);
	out_add(arg, j->told.s, j->told.len);
	buf_free(&j->said);
	buf_free(&j->told);
}

static int
format_all(size_t threads)
{
	struct out err_out = {.fd = 2, .pending = BUF_INIT};
	const struct jobs all = {
	    .n = many, .arg = &err_out, .work = work, .hand_on = print};
	size_t done = jobs_run(&all, threads);
	int status = stop_signal() ? 128 + stop_signal() : 0;

	for (size_t i = 0; i < many; i++) {
		if (i < done)
			status = exit_worse(status, job[i].status);
		buf_free(&job[i].told);
		free(job[i].path);
	}
	out_flush(&err_out);
	out_free(&err_out);
	free(job);
	return status;
}

int
main(int argc, char *argv[])
{
	char **path = setting_start(&tool, argc, argv);
	bool is_dash = *path && !strcmp(*path, "-");
	struct err e = {0};
	size_t threads;

	if (jobs_count(jobs, &threads, &e) < 0)
		die(EXIT_INPUT, "%s", e.text);
	if (is_dash && !stdin_name)
		cli_misuse(&tool);
	if (stdin_name && path[is_dash])
		die(EXIT_INPUT, "--stdin-filename takes no operand");
	stop_catch(true);
	if (stdin_name)
		add(stdin_name)->is_stdin = true;
	else
		add_operands(path);
	return cli_finish(format_all(threads));
}
