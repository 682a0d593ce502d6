/*
 * clnrm-lint: hold rendered test files against the rules, and write their
 * plans.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/color.h"
#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/lint.h"
#include "core/project.h"
#include "core/rule_print.h"
#include "core/setting.h"
#include "data/toml.h"
#include "sys/jobs.h"
#include "sys/stop.h"

static const char *format, *jobs, *schema, *stdin_name;
static int strict, deny, quiet, loose, tagged, metrics;
static long max_errors = 50;

static const struct cli_opt opts[] = {
    {0, "deny-warnings", NULL, "the same as --strict", CLI_FLAG, &deny},
    {0, "format", "text|json|ndjson|github", "how findings are written",
	CLI_WORD, &format},
    {'j', "jobs", "N|auto", "files at a time (auto: one a processor)", CLI_TEXT,
	&jobs},
    {0, "loose", NULL, "take a stream that was cut by hand", CLI_FLAG, &loose},
    {0, "metrics", NULL, "tell what was measured as `metric` records", CLI_FLAG,
	&metrics},
    {0, "max-errors", "N", "findings that text tells (50; 0: all)", CLI_INT,
	&max_errors},
    {'q', "quiet", NULL, "with text, print findings only", CLI_FLAG, &quiet},
    {0, "schema", "json|keys|mdoc", "print the table of a test file's keys",
	CLI_WORD, &schema},
    {0, "stdin-filename", "NAME", "standard input is the text of this file",
	CLI_TEXT, &stdin_name},
    {0, "strict", NULL, "count warnings as findings", CLI_FLAG, &strict},
    {0, "tagged-json", NULL, "parse TOML strictly, print it as tagged JSON",
	CLI_FLAG, &tagged},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-lint",
    .does = "report what breaks the rules of a test file",
    .operands = "[FILE | DIR ... | -]",
    .examples = "  clnrm-lint --format text tests/a.clnrm.toml\n"
		"  clnrm-render tests | clnrm-lint - | clnrm-exec -\n",
    .opts = opts,
};

#define HELD                                                   \
	{                                                      \
		.fd = -1, .pending = BUF_INIT, .is_held = true \
	}

static struct stage st;
static struct out held = HELD;
static struct lint_show show = {
    .source = FINDING_SOURCE_INIT, .out = &out_std, .json = JSON_INIT};
static bool is_shown; /* findings, and no records */

static struct lint
lint_of(const char *path)
{
	return (struct lint){
	    .src.path = path, .is_strict = strict, .has_plan = !is_shown};
}

/* ---- files, several at a time */

struct result {
	struct out said;
	struct stage st;
	struct buf text; /* kept to show what was found in it */
	size_t found;	 /* errors and warnings */
	double took_ms;
};

struct target {
	char *path;
	bool is_stdin;
	struct result *result; /* nothing to read: what is told is all */
};

static struct {
	struct target *target;
	size_t n, cap;
	struct buf text[JOBS_MAX]; /* of each worker */
} files;

static struct target *
add(const char *path)
{
	struct target *t;

	files.target =
	    mem_more(files.target, files.n, &files.cap, sizeof *files.target);
	t = &files.target[files.n++];
	t->path = mem_str(path);
	return t;
}

static struct result *
result_new(void)
{
	struct result *r = mem_new(1, sizeof *r);

	r->said = (struct out)HELD;
	r->text = (struct buf)BUF_INIT;
	r->st = (struct stage){.name = "lint", .out = &r->said};
	return r;
}

static void
fail(struct result *r, const char *path, const struct err *e)
{
	stage_diagnose(&r->st, path, "error", "E101", e);
	stage_status(&r->st, EXIT_INPUT);
	r->found = 1;
}

static void
lint(struct result *r, const char *path, struct buf *text)
{
	struct lint l = lint_of(path);
	int64_t start_ns = clock_mono_ns();

	l.s = text->s;
	l.n = text->len;
	r->found = lint_text(&r->st, &l);
	r->took_ms = (double)(clock_mono_ns() - start_ns) / 1e6;
	if (r->said.pending.len && is_shown) {
		r->text = *text;
		*text = (struct buf)BUF_INIT;
	}
}

static void *
work(void *arg, size_t worker, size_t i)
{
	struct target *t = &files.target[i];
	struct buf *text = &files.text[worker];
	struct result *r = t->result;
	struct err e = {0};
	int got;

	(void)arg;
	if (r)
		return r;
	r = result_new();
	buf_reset(text);
	got = t->is_stdin ? fd_drain(0, t->path, 0, text, &e)
			  : file_read(t->path, text, &e);
	if (got < 0)
		fail(r, t->path, &e);
	else
		lint(r, t->path, text);
	return r;
}

static void
hand_on(void *arg, size_t i, void *result)
{
	const char *path = files.target[i].path;
	struct result *r = result;
	struct buf *said = &r->said.pending;

	(void)arg;
	metric_sample(st.metrics, "lint.duration_ms", r->took_ms);
	st.records += r->st.records;
	stage_status(&st, r->st.status);
	if (is_shown) {
		if (r->text.len)
			finding_source_take(&show.source, path, &r->text);
		lint_show_records(&show, said->s, said->len);
		if (!files.target[i].result)
			lint_show_source(&show, path, !r->found);
	} else
		out_add(&out_std, said->s, said->len);
	buf_free(&r->text);
	out_free(&r->said);
	free(r);
}

/* A test file that was found, or what could not be looked into. */
static void
add_found(void *arg, const char *path, const struct err *e)
{
	struct target *t = add(path);

	(void)arg;
	if (!e)
		return;
	t->result = result_new();
	fail(t->result, path, e);
}

static void
add_directory(const char *dir)
{
	size_t before = files.n;
	struct err e = {0};
	struct result *r;

	project_find(dir, add_found, NULL);
	if (files.n > before || stop_signal())
		return;
	err_set(&e, "no test file below this directory");
	err_hint(&e, "test files are *.clnrm.toml and *.clnrm.toml.tera");
	r = add(dir)->result = result_new();
	stage_diagnose(&r->st, dir, "note", NULL, &e);
	stage_status(&r->st, EXIT_NONE);
}

/* No operand and no stream: all of the project. */
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
	struct stat s;

	for (; *path; path++)
		if (!stat(*path, &s) && S_ISDIR(s.st_mode))
			add_directory(*path);
		else
			add(*path);
}

static void
forget_files(size_t done)
{
	for (size_t i = 0; i < files.n; i++) {
		struct result *r = i < done ? NULL : files.target[i].result;

		if (r)
			out_free(&r->said);
		free(r);
		free(files.target[i].path);
	}
	for (size_t i = 0; i < COUNT(files.text); i++)
		buf_free(&files.text[i]);
	free(files.target);
}

static void
lint_files(char *const argv[], char **path)
{
	struct jobs j = {.work = work, .hand_on = hand_on};
	struct err e = {0};
	size_t threads;

	if (jobs_count(jobs, &threads, &e) < 0)
		die(EXIT_INPUT, "%s", e.text);
	stop_catch(true);
	stage_source(&st, "lint", is_shown ? &held : &out_std, argv);
	if (metrics)
		stage_measure(&st);
	for (size_t i = 0; i < COUNT(files.text); i++)
		files.text[i] = (struct buf)BUF_INIT;
	if (stdin_name)
		add(stdin_name)->is_stdin = true;
	else if (!*path)
		add_project();
	add_operands(path);
	j.n = files.n;
	forget_files(jobs_run(&j, threads));
	if (stop_signal())
		stage_status(&st, 128 + stop_signal());
}

/* ---- a stream of records */

static struct lint_cache cache = {
    .max_entries = 4096, .max_bytes = (size_t)32 << 20};

static void
show_held(void)
{
	if (is_shown)
		lint_show_records(&show, held.pending.s, held.pending.len);
	buf_reset(&held.pending);
}

static void
lint_record(const struct record *r)
{
	AUTO_ARENA a = {0};
	const struct value *v = record_value(r, &a);
	const struct value *text = value_get(v, "text");
	struct lint l = lint_of(value_str_or(value_get(v, "source"), "-"));
	struct err e = {0};

	finding_source_free(&show.source); /* it may have changed */
	l.src.gen = value_int_or(value_get(v, "gen"), 0);
	l.src.variant = value_str_or(value_get(v, "variant"), NULL);
	l.src.map = value_get(v, "map");
	l.src.deps = value_get(v, "deps");
	l.includes = value_get(v, "includes");
	if (l.src.map && l.src.map->kind != VALUE_LIST)
		l.src.map = NULL;
	if (text && text->kind == VALUE_STR) {
		bool is_ok;

		l.s = text->str.s;
		l.n = text->str.len;
		is_ok = !lint_cached(&cache, &st, &l);
		show_held();
		if (is_shown)
			lint_show_source(&show, l.src.path, is_ok);
		return;
	}
	err_at(&e, NULL, (unsigned)r->number, 1,
	    "a \"rendered\" record without \"text\"");
	stage_diagnose(&st, "-", "error", "E502", &e);
	stage_status(&st, EXIT_INPUT);
}

/* With text this is the end of the pipe: what failed before counts here. */
static void
take_end(const struct record *r)
{
	AUTO_ARENA a = {0};
	const struct value *v = record_value(r, &a);

	stage_status(&st, (int)value_int_or(value_get(v, "status"), 0));
}

static void
take(const struct record *r)
{
	if (r->type == RECORD_RENDERED) {
		lint_record(r);
		return;
	}
	if (is_shown && r->type == RECORD_END)
		take_end(r);
	record_pass(r, st.out);
}

static void
lint_stream(void)
{
	struct record r;
	int got;

	stop_catch(false);
	stage_filter(&st, "lint", is_shown ? &held : &out_std, 0, loose);
	if (metrics)
		stage_measure(&st);
	do {
		while (stage_pull(&st, &r)) {
			take(&r);
			show_held();
		}
		show_held();
		out_flush(&out_std);
		got = stage_fill(&st);
	} while (got > 0);
	if (!got)
		stage_check_cut(&st);
	lint_cache_free(&cache);
}

static int
print_tagged(void)
{
	AUTO_BUF text = BUF_INIT;
	AUTO_ARENA a = {0};
	AUTO_JSON j = JSON_INIT;
	struct toml_finds found;
	struct value *root;
	struct err e = {0};

	if (fd_drain(0, "-", 0, &text, &e) < 0)
		die(EXIT_INPUT, "%s", e.text);
	root = toml_check(&a, "-", text.s, text.len, true, &found);
	for (size_t i = 0; i < found.n; i++)
		warn("%s", found.find[i].err.text);
	if (found.errors)
		return EXIT_NO;
	toml_tagged(&j, NULL, root);
	buf_addc(&j.text, '\n');
	out_add(&out_std, j.text.s, j.text.len);
	return EXIT_YES;
}

static int
print_schema(char *version[])
{
	AUTO_BUF b = BUF_INIT;

	if (*version && (version[1] || strcmp(schema, "json") != 0))
		die(EXIT_INPUT,
		    "--schema json takes one VERSION, the others none");
	if (!strcmp(schema, "keys"))
		rule_print_keys(&b);
	else if (!strcmp(schema, "mdoc"))
		rule_print_manual(&b);
	else if (rule_print_json(&b, *version) < 0)
		die(EXIT_INPUT,
		    "no generation '%s'; there are 0.4, 0.6 and 1.0", *version);
	out_add(&out_std, b.s, b.len);
	return EXIT_YES;
}

/* Does a stream come in, where no operand says what to read? */
static bool
is_stream(void)
{
	struct stat s;

	return fstat(0, &s) == 0 &&
	       (S_ISFIFO(s.st_mode) || S_ISREG(s.st_mode) ||
		   S_ISSOCK(s.st_mode));
}

static void
choose_form(void)
{
	if (!format)
		format = isatty(1) ? "text" : "ndjson";
	is_shown = strcmp(format, "ndjson");
	show.form = !strcmp(format, "json")   ? LINT_JSON
		  : !strcmp(format, "github") ? LINT_LINES
					      : LINT_TEXT;
	show.is_quiet = quiet;
	show.has_color = color_is_on(1);
	show.max = (size_t)max_errors;
	strict |= deny;
}

int
main(int argc, char *argv[])
{
	static char **path; /* it is never freed */
	bool is_dash;
	int status;

	path = setting_start(&tool, argc, argv);
	is_dash = *path && !strcmp(*path, "-");
	choose_form();
	if (tagged)
		return cli_finish(print_tagged());
	if (schema)
		return cli_finish(print_schema(path));
	if (is_dash && path[1])
		die(EXIT_INPUT, "'-' is the only operand, or none");
	if (stdin_name)
		lint_files(argv, *path ? path + is_dash : path);
	else if ((is_dash && !isatty(0)) || (!*path && is_stream()))
		lint_stream();
	else if (is_dash)
		cli_misuse(&tool);
	else
		lint_files(argv, path);
	status = stage_end(&st);
	show_held();
	if (is_shown)
		lint_show_end(&show);
	out_free(&held);
	return cli_finish(status);
}
