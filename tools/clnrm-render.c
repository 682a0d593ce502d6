/*
 * Expand templates to TOML.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/out.h"
#include "base/utf8.h"
#include "core/project.h"
#include "core/setting.h"
#include "core/stage.h"
#include "core/template.h"
#include "core/template_users.h"
#include "data/tmpl_cache.h"
#include "sys/stop.h"

enum { KEPT_BYTES = 32 << 20, KEPT = 1000 }; /* parsed templates */

static const char *format, *output, *root_dir, *stdin_name, *context_file;
static const char *warm_dir;
static struct cli_list given;
static int loose, strict, show_map, show_vars, show_stats, metrics;

static const struct cli_opt opts[] = {
    {0, "context", "FILE", "render one template with this JSON alone", CLI_TEXT,
	&context_file},
    {0, "format", "text|ndjson", "the TOML, or records", CLI_WORD, &format},
    {0, "loose", NULL, "take an input without `end` as whole", CLI_FLAG,
	&loose},
    {0, "map", NULL, "print where each line came from", CLI_FLAG, &show_map},
    {0, "metrics", NULL, "tell what was measured as `metric` records", CLI_FLAG,
	&metrics},
    {'o', "output", "FILE", "write the TOML of one file there", CLI_TEXT,
	&output},
    {0, "root", "DIR", "the project's root", CLI_TEXT, &root_dir},
    {0, "show-vars", NULL, "print the variables, and where each is from",
	CLI_FLAG, &show_vars},
    {0, "stats", NULL, "say how many parsed templates were used again",
	CLI_FLAG, &show_stats},
    {0, "stdin-filename", "NAME", "standard input is a template of that name",
	CLI_TEXT, &stdin_name},
    {'s', "strict", NULL, "count warnings as errors", CLI_FLAG, &strict},
    {0, "var", "NAME=VALUE", "set a variable; repeatable", CLI_LIST, &given},
    {0, "warm", "DIR", "parse the templates below it before anything else",
	CLI_TEXT, &warm_dir},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-render",
    .does = "expand templates to TOML",
    .operands = "[FILE|DIR ... | -]",
    .examples = "  clnrm-render --format text tests/api.clnrm.toml\n"
		"  clnrm-render --var svc=api tests | clnrm-lint -\n"
		"  clnrm-watch tests | clnrm-render - | clnrm-lint -\n",
    .opts = opts,
};

static struct stage stage;
static bool is_text;
static size_t shown; /* files whose text was printed */
static struct tmpl_cache *cache;
static struct template_users *users; /* in a stream of changes */

/* One file on its way. */
struct job {
	const char *path;
	int64_t gen, start_ns;
	bool is_alone, is_user;
	struct template_file file;
};

/* ---- telling */

/* Of a place in another file than the source. */
static void
diagnose_in(const char *path, const char *file, const char *severity,
    const char *code, const struct err *e)
{
	AUTO_JSON j = stage_record(&stage, "diagnostic");

	json_str(&j, "stage", stage.name);
	json_str(&j, "source", path);
	json_str(&j, "severity", severity);
	json_str(&j, "code", code);
	json_str(&j, "message", err_message(e));
	json_int(&j, "line", e->line ? e->line : 1);
	json_int(&j, "column", e->column ? e->column : 1);
	json_null(&j, "end_line");
	json_null(&j, "end_column");
	json_str(&j, "hint", *e->hint ? e->hint : NULL);
	json_str(&j, "file", file);
	stage_put(&stage, &j);
}

static void
print_hint(const char *hint)
{
	while (*hint) {
		size_t n = strcspn(hint, "\n");

		fprintf(stderr, "  = %s%.*s\n",
		    strncmp(hint, "note:", 5) ? "fix: " : "", (int)n, hint);
		hint += n + (hint[n] == '\n');
	}
}

static void
tell_in(const char *path, const char *file, const char *severity,
    const char *code, const struct err *e)
{
	bool is_error = !strcmp(severity, "error");

	if (is_error || (strict && !strcmp(severity, "warning")))
		stage_status(&stage, EXIT_INPUT);
	if (!is_text) {
		if (strcmp(path, file) != 0)
			diagnose_in(path, file, severity, code, e);
		else
			stage_diagnose(&stage, path, severity, code, e);
		return;
	}
	fprintf(stderr, "%s:", file);
	if (e->line)
		fprintf(stderr, "%u:%u:", e->line, e->column);
	fprintf(stderr, " %s: %s", severity, err_message(e));
	if (code)
		fprintf(stderr, " [%s]", code);
	fputc('\n', stderr);
	print_hint(e->hint);
}

static void
tell(const char *path, const char *severity, const char *code,
    const struct err *e)
{
	tell_in(path, path, severity, code, e);
}

/* The reason alone: the record names the path itself. */
static void
tell_unreadable(const char *path, const struct err *e, bool is_warning)
{
	size_t n = strlen(path);
	struct err why = *e;

	if (!why.message && !strncmp(why.text, path, n) &&
	    !strncmp(why.text + n, ": ", 2))
		why.message = (unsigned)n + 2;
	if (!is_warning && access(path, F_OK) < 0 && !*why.hint)
		err_hint(&why, "name test files, or directories of them; "
			       "without a name the whole project is meant");
	tell(path, is_warning ? "warning" : "error", "E101", &why);
}

/* ---- what comes out */

/* Of several texts each is headed by what it is. */
static void
print_heading(const struct job *j, const struct template_text *text)
{
	AUTO_BUF b = BUF_INIT;

	buf_addf(&b, "%s# %s", shown++ ? "\n" : "", j->path);
	if (text && text->variant)
		buf_addf(&b, " (%s)", text->variant);
	buf_addc(&b, '\n');
	out_add(&out_std, b.s, b.len);
}

static void
print_text(const struct job *j, const struct template_text *text)
{
	AUTO_BUF lines = BUF_INIT;
	struct err e = {0};

	if (output) {
		if (file_replace(
			output, text->text.s, text->text.len, 0666, &e) < 0) {
			warn("%s", e.text);
			stage_status(&stage, EXIT_RUN);
		}
		return;
	}
	if (!j->is_alone || text->variant)
		print_heading(j, text);
	if (show_map)
		template_show_map(&j->file, text, &lines);
	else
		buf_add(&lines, text->text.s, text->text.len);
	out_add(&out_std, lines.s, lines.len);
}

static void
print_vars(const struct job *j)
{
	AUTO_BUF lines = BUF_INIT;

	if (!j->is_alone)
		print_heading(j, NULL);
	template_show_vars(&j->file, &lines);
	out_add(&out_std, lines.s, lines.len);
}

static void
write_record(const struct job *job, const struct template_text *text)
{
	AUTO_JSON j = stage_record(&stage, "rendered");

	json_str(&j, "source", job->path);
	json_int(&j, "gen", job->gen);
	template_record(&j, &job->file, text);
	json_bool(&j, "cached", template_is_kept(&job->file));
	json_int(&j, "duration_ns", clock_mono_ns() - job->start_ns);
	stage_put(&stage, &j);
}

/* ---- one file */

static bool
is_stopped(void)
{
	return stop_signal() || out_std.lost;
}

static int
not_utf8(const char *path, const struct buf *in)
{
	size_t at = utf8_check(in->s, in->len), line = 1, start = 0;
	struct err e = {0};

	if (at == in->len)
		return 0;
	for (size_t i = 0; i < at; i++)
		if (in->s[i] == '\n') {
			line++;
			start = i + 1;
		}
	err_at(&e, NULL, (unsigned)line,
	    (unsigned)utf8_count(in->s + start, at - start) + 1,
	    "byte 0x%02x is not UTF-8", (unsigned char)in->s[at]);
	tell(path, "error", "E102", &e);
	return -1;
}

static void
told(void *arg, const char *file, const char *severity, const char *code,
    const struct err *e)
{
	tell_in(arg, file, severity, code, e);
}

/* One record, or one text, for each cell. */
static void
render_cells(struct job *j)
{
	size_t cells = j->file.matrix.cells;
	struct template_text text;

	if (output && cells > 1) {
		warn("%s has %zu variants, and -o takes one text", j->path,
		    cells);
		stage_status(&stage, EXIT_INPUT);
		return;
	}
	for (size_t i = 0; i < cells && !is_stopped(); i++) {
		if (template_render(&j->file, i, &text) < 0)
			i = cells; /* what fails in one fails in all */
		else if (is_text)
			print_text(j, &text);
		else
			write_record(j, &text);
		template_text_free(&text);
		j->start_ns = clock_mono_ns();
	}
}

/* From the text to the records or what is printed. */
static void
render_text(struct job *j, const struct buf *in)
{
	if (not_utf8(j->path, in) < 0)
		return;
	j->start_ns = clock_mono_ns();
	j->file = (struct template_file){.path = j->path,
	    .s = in->s,
	    .n = in->len,
	    .given = &given,
	    .root = root_dir,
	    .cache = cache,
	    .tell = told,
	    .arg = (void *)(uintptr_t)j->path};
	if (show_vars)
		print_vars(j);
	else if (!template_open(&j->file))
		render_cells(j);
	if (users)
		template_users_set(users, &j->file, j->gen, j->is_user);
	template_close(&j->file);
}

static void
render_job(struct job *j, bool is_change)
{
	AUTO_BUF in = BUF_INIT;
	struct err e = {0};

	errno = 0;
	if (!file_read(j->path, &in, &e))
		render_text(j, &in);
	else
		tell_unreadable(j->path, &e, is_change && errno == ENOENT);
}

static void
render_file(const char *path, bool is_alone)
{
	render_job(&(struct job){.path = path, .is_alone = is_alone}, false);
}

/* ---- sources */

static void
found(void *arg, const char *path, const struct err *e)
{
	++*(size_t *)arg;
	if (is_stopped())
		return;
	if (e)
		tell_unreadable(path, e, false);
	else
		render_file(path, false);
	out_flush(&out_std);
}

static void
render_below(const char *dir)
{
	struct err e = {0};
	size_t n = 0;

	project_find(dir, found, &n);
	if (n)
		return;
	err_set(&e, "no test file below this directory");
	err_hint(&e, "test files are *.clnrm.toml and *.clnrm.toml.tera");
	tell(dir, "note", NULL, &e);
	stage_status(&stage, EXIT_NONE);
}

static bool
is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static void
start_source(char *argv[])
{
	stop_catch(true);
	if (warm_dir)
		template_warm(cache, warm_dir, root_dir);
	if (is_text)
		stage = (struct stage){.name = "render", .out = &out_std};
	else
		stage_source(&stage, "render", &out_std, argv);
	if (metrics && !is_text)
		stage_measure(&stage);
}

static void
print_stats(void)
{
	struct tmpl_cache_use use = tmpl_cache_use(cache);

	fprintf(stderr,
	    "parsed templates: %" PRIu64 " hits, %" PRIu64 " misses, %" PRIu64
	    " dropped; %zu kept in %zu KiB\n",
	    use.hits, use.misses, use.dropped, use.count, use.bytes >> 10);
}

static int
finish(void)
{
	if (show_stats)
		print_stats();
	if (stop_signal())
		stage_status(&stage, 128 + stop_signal());
	return cli_finish(is_text ? stage.status : stage_end(&stage));
}

static int
render_paths(char *path[], char *argv[])
{
	bool is_alone = !path[1] && !is_directory(path[0]);

	if (output && !is_alone)
		die(EXIT_INPUT, "-o takes one file");
	start_source(argv);
	for (; *path && !is_stopped(); path++) {
		if (is_directory(*path))
			render_below(*path);
		else
			render_file(*path, is_alone);
		out_flush(&out_std);
	}
	return finish();
}

static int
render_project(char *argv[])
{
	AUTO_BUF root = BUF_INIT;
	struct err e = {0};
	char *here = realpath(".", NULL), *path[] = {NULL, NULL};
	int status;

	if (project_root(".", root_dir, &root, &e) < 0) {
		warn("%s", e.text);
		if (*e.hint)
			warn("%s", e.hint);
		free(here);
		return EXIT_INPUT;
	}
	path[0] = here && !strcmp(here, root.s) ? (char[]){"."} : root.s;
	status = render_paths(path, argv);
	free(here);
	return status;
}

/* Standard input is a template. */
static int
render_stdin(char *argv[])
{
	struct job j = {.path = stdin_name, .is_alone = true};
	AUTO_BUF in = BUF_INIT;
	struct err e = {0};

	if (isatty(0))
		cli_misuse(&tool);
	start_source(argv);
	if (fd_drain(0, stdin_name, 0, &in, &e) < 0)
		tell_unreadable(stdin_name, &e, false);
	else
		render_text(&j, &in);
	return finish();
}

/* ---- a stream of changes */

struct cause {
	const char *by; /* NULL: an order */
	int64_t gen;
};

static void
put_affected(const char *path, const struct cause *c)
{
	AUTO_JSON j = stage_record(&stage, "affected");

	json_str(&j, "source", path);
	json_int(&j, "gen", c->gen);
	json_str(&j, "by", c->by);
	json_str(&j, "how", "template");
	stage_put(&stage, &j);
}

/* A test that is made of what changed. */
static int
render_user(void *arg, const char *path)
{
	const struct cause *c = arg;
	struct job j = {.path = path, .gen = c->gen, .is_user = true};

	if (c->by && !is_text)
		put_affected(path, c);
	render_job(&j, true);
	return is_stopped();
}

/* One that nobody asked for is a template at most. */
static bool
is_test(const struct value *change, const char *path)
{
	return project_is_test(path) &&
	       !value_bool_or(value_get(change, "beside"), false);
}

static void
take_test(const char *path, const char *event, int64_t gen)
{
	struct job j = {.path = path, .gen = gen};

	if (!strcmp(event, "deleted"))
		template_users_drop(users, path);
	else if (!template_users_has(users, path, gen))
		render_job(&j, true);
}

static void
take_change(const struct record *r)
{
	AUTO_ARENA a = {0};
	struct value *v = record_value(r, &a);
	const char *path = value_str_or(value_get(v, "source"), NULL);
	const char *from = value_str_or(value_get(v, "from"), NULL);
	const char *event = value_str_or(value_get(v, "event"), "");
	int64_t gen = value_int_or(value_get(v, "gen"), 0);
	struct cause cause = {path, gen};

	if (!path)
		return;
	if (from)
		template_users_drop(users, from);
	if (is_test(v, path))
		take_test(path, event, gen);
	template_users_each(users, path, gen, render_user, &cause);
	if (from)
		template_users_each(users, from, gen, render_user, &cause);
}

static void
take_request(const struct record *r)
{
	AUTO_ARENA a = {0};
	struct value *v = record_value(r, &a);
	struct cause nothing = {.gen = value_int_or(value_get(v, "gen"), 0)};
	const char *what = value_str_or(value_get(v, "what"), "");

	/* What did not fail and is unchanged comes again and does not run. */
	if (!strcmp(what, "all") || !strcmp(what, "failed"))
		template_users_each(
		    users, NULL, nothing.gen, render_user, &nothing);
}

static int
render_stream(void)
{
	struct record r;

	if (isatty(0))
		cli_misuse(&tool);
	if (output)
		die(EXIT_INPUT, "-o takes one file");
	stop_catch(false);
	if (warm_dir)
		template_warm(cache, warm_dir, root_dir);
	users = template_users_new();
	stage_filter(&stage, "render", &out_std, 0, loose);
	if (metrics && !is_text)
		stage_measure(&stage);
	while (stage_next(&stage, &r) > 0) {
		if (!is_text)
			record_pass(&r, &out_std);
		if (r.type == RECORD_CHANGE)
			take_change(&r);
		else if (r.type == RECORD_REQUEST)
			take_request(&r);
	}
	template_users_del(users);
	return finish();
}

/* ---- one template, one context */

static int
render_with_context(char *path[])
{
	AUTO_ARENA a = {0};
	AUTO_BUF json = BUF_INIT, in = BUF_INIT, text = BUF_INIT;
	struct value *context;
	struct err e = {0};

	if (!path[0] || path[1])
		die(EXIT_INPUT, "--context goes with one template");
	if (file_read(context_file, &json, &e) < 0 ||
	    file_read(path[0], &in, &e) < 0)
		die(EXIT_INPUT, "%s", e.text);
	context = json_parse(&a, json.s, json.len, &e);
	if (!context || context->kind != VALUE_TABLE)
		die(EXIT_INPUT, "%s: %s", context_file,
		    context ? "no JSON object" : e.text);
	if (template_pure(path[0], in.s, in.len, context, &text, &e) < 0)
		die(EXIT_INPUT, "%s%s%s", e.text, *e.hint ? "\n" : "", e.hint);
	out_add(&out_std, text.s, text.len);
	return cli_finish(EXIT_YES);
}

static bool
has_input(void)
{
	struct stat st;

	return !fstat(0, &st) &&
	       (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
		   S_ISREG(st.st_mode));
}

int
main(int argc, char *argv[])
{
	char **path = setting_start(&tool, argc, argv);
	struct err e = {0};

	if (vars_check(&given, &e) < 0)
		die(EXIT_INPUT, "%s; %s", e.text, e.hint);
	if (context_file)
		return render_with_context(path);
	is_text = format ? !strcmp(format, "text")
			 : output || show_map || show_vars || isatty(1);
	if (!is_text && (output || show_map || show_vars))
		die(EXIT_INPUT,
		    "-o, --map and --show-vars go with --format text");
	cache = tmpl_cache_new(KEPT_BYTES, KEPT);
	if (stdin_name && (*path && strcmp(*path, "-") != 0))
		die(EXIT_INPUT, "--stdin-filename reads standard input");
	if (stdin_name)
		return render_stdin(argv);
	for (char **p = path; *p; p++)
		if (!strcmp(*p, "-") && (p != path || p[1]))
			die(EXIT_INPUT, "- goes with no other operand");
	if (*path && !strcmp(*path, "-"))
		return render_stream();
	if (*path)
		return render_paths(path, argv);
	return has_input() ? render_stream() : render_project(argv);
}
