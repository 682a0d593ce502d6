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
#include "core/vars.h"
#include "data/hash.h"
#include "data/tmpl.h"
#include "sys/stop.h"

static const char *format, *output, *root_dir, *stdin_name, *context_file;
static struct cli_list given;
static int loose, strict, show_map;

static const struct cli_opt opts[] = {
    {0, "context", "FILE", "render one template with this JSON alone", CLI_TEXT,
	&context_file},
    {0, "format", "text|ndjson", "the TOML, or records", CLI_WORD, &format},
    {0, "loose", NULL, "take an input without `end` as whole", CLI_FLAG,
	&loose},
    {0, "map", NULL, "print where each line came from", CLI_FLAG, &show_map},
    {'o', "output", "FILE", "write the TOML of one file there", CLI_TEXT,
	&output},
    {0, "root", "DIR", "the project's root", CLI_TEXT, &root_dir},
    {0, "stdin-filename", "NAME", "standard input is a template of that name",
	CLI_TEXT, &stdin_name},
    {'s', "strict", NULL, "count warnings as errors", CLI_FLAG, &strict},
    {0, "var", "NAME=VALUE", "set a variable; repeatable", CLI_LIST, &given},
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

/* One file on its way. */
struct job {
	const char *path;
	int64_t gen, start_ns;
	bool is_change;	    /* it may be gone by now */
	bool is_mapped;	    /* `map` holds */
	struct buf in, out; /* out is empty when the text is not a template */
	struct tmpl_map map;
};

/* ---- telling */

static void
tell(const char *path, const char *severity, const char *code,
    const struct err *e)
{
	bool is_error = !strcmp(severity, "error");

	if (is_error || (strict && !strcmp(severity, "warning")))
		stage_status(&stage, EXIT_INPUT);
	if (!is_text) {
		stage_diagnose(&stage, path, severity, code, e);
		return;
	}
	fprintf(stderr, "%s:", path);
	if (e->line)
		fprintf(stderr, "%u:%u:", e->line, e->column);
	fprintf(stderr, " %s: %s", severity, err_message(e));
	if (code)
		fprintf(stderr, " [%s]", code);
	fputc('\n', stderr);
	if (*e->hint)
		fprintf(stderr, "  = fix: %s\n", e->hint);
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
	tell(path, is_warning ? "warning" : "error", "E101", &why);
}

/* ---- what comes out */

static void
print_line(
    const struct job *j, size_t at, uint32_t number, const char *line, size_t n)
{
	const struct tmpl_place *p = at ? &j->map.place[at - 1] : NULL;
	AUTO_BUF b = BUF_INIT;

	buf_addf(&b, "%s:%" PRIu32 ":%" PRIu32 ": ", j->path,
	    p ? p->line + (number - p->rendered) : number,
	    p && p->rendered == number ? p->column : 1);
	buf_add(&b, line, n);
	buf_addc(&b, '\n');
	out_add(&out_std, b.s, b.len);
}

static void
print_map(const struct job *j, const struct buf *text)
{
	const char *s = text->s, *end = s + text->len;
	size_t at = 0;

	for (uint32_t number = 1; s < end; number++) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		const char *stop = nl ? nl : end;

		while (at < j->map.n && j->map.place[at].rendered <= number)
			at++;
		print_line(j, at, number, s, (size_t)(stop - s));
		s = stop + 1;
	}
}

static void
print_text(const struct job *j, const struct buf *text, bool is_alone)
{
	struct err e = {0};

	if (output) {
		if (file_replace(output, text->s, text->len, 0666, &e) < 0) {
			warn("%s", e.text);
			stage_status(&stage, EXIT_RUN);
		}
		return;
	}
	if (!is_alone) {
		const char *gap = shown++ ? "\n# " : "# ";

		out_add(&out_std, gap, strlen(gap));
		out_add(&out_std, j->path, strlen(j->path));
		out_add(&out_std, "\n", 1);
	}
	if (show_map)
		print_map(j, text);
	else
		out_add(&out_std, text->s, text->len);
}

static void
add_map(struct json *j, const struct job *job)
{
	if (!job->is_mapped) {
		json_null(j, "map");
		return;
	}
	json_open(j, "map", '[');
	for (size_t i = 0; i < job->map.n; i++) {
		const struct tmpl_place *p = &job->map.place[i];

		json_open(j, NULL, '[');
		json_int(j, NULL, p->rendered);
		json_int(j, NULL, 0);
		json_int(j, NULL, p->line);
		json_int(j, NULL, p->column);
		json_close(j, ']');
	}
	json_close(j, ']');
}

static void
write_record(const struct job *job, const struct buf *text)
{
	char of_text[HASH_HEX], of_file[HASH_HEX];
	AUTO_JSON j = stage_record(&stage, "rendered");

	hash_hex(text->s, text->len, of_text);
	hash_hex(job->in.s, job->in.len, of_file);
	json_str(&j, "source", job->path);
	json_int(&j, "gen", job->gen);
	json_null(&j, "variant");
	json_strn(&j, "text", text->s, text->len);
	json_str(&j, "sha256", of_text);
	add_map(&j, job);
	json_open(&j, "deps", '[');
	json_open(&j, NULL, '{');
	json_str(&j, "path", job->path);
	json_str(&j, "sha256", of_file);
	json_close(&j, '}');
	json_close(&j, ']');
	json_bool(&j, "cached", false);
	json_int(&j, "duration_ns", clock_mono_ns() - job->start_ns);
	stage_put(&stage, &j);
}

/* ---- one file */

static int
not_utf8(const struct job *j)
{
	size_t at = utf8_check(j->in.s, j->in.len), line = 1, start = 0;
	struct err e = {0};

	if (at == j->in.len)
		return 0;
	for (size_t i = 0; i < at; i++)
		if (j->in.s[i] == '\n') {
			line++;
			start = i + 1;
		}
	err_at(&e, NULL, (unsigned)line,
	    (unsigned)utf8_count(j->in.s + start, at - start) + 1,
	    "byte 0x%02x is not UTF-8", (unsigned char)j->in.s[at]);
	tell(j->path, "error", "E102", &e);
	return -1;
}

static const char *
code_of(enum tmpl_fault fault)
{
	return fault == TMPL_SYNTAX ? "E110"
	     : fault == TMPL_EVAL   ? "E111"
				    : "E120";
}

static int
expand(struct job *j)
{
	AUTO_ARENA a = {0};
	struct err e = {0}, note = {0};
	struct tmpl t;
	struct value *vars;
	int got;

	got = tmpl_parse(&a, j->path, j->in.s, j->in.len, false, &t, &e);
	for (size_t i = 0; i < t.notes; i++)
		tell(j->path, "warning", "W302", &t.note[i]);
	if (!got) {
		vars = vars_of_file(&a, j->path, j->in.s, j->in.len, &note);
		if (*note.text)
			tell(j->path, "note", "E120", &note);
		got = tmpl_render(
		    &t, vars_context(&a, &given, vars), &j->out, &j->map, &e);
	}
	if (got < 0)
		tell(j->path, "error", code_of(t.fault), &e);
	return got;
}

/* From the text in j->in to the record or the printed text. */
static void
render_text(struct job *j, bool is_alone)
{
	const struct buf *text = &j->in;

	if (not_utf8(j) < 0)
		return;
	j->is_mapped = tmpl_is_template(j->in.s, j->in.len);
	if (j->is_mapped) {
		if (expand(j) < 0)
			return;
		text = &j->out;
	}
	if (is_text)
		print_text(j, text, is_alone);
	else
		write_record(j, text);
}

static void
free_job(struct job *j)
{
	buf_free(&j->in);
	buf_free(&j->out);
	tmpl_map_free(&j->map);
}

static void
render_file(const char *path, int64_t gen, bool is_change, bool is_alone)
{
	struct job j = {.path = path,
	    .gen = gen,
	    .start_ns = clock_mono_ns(),
	    .is_change = is_change,
	    .in = BUF_INIT,
	    .out = BUF_INIT};
	struct err e = {0};

	errno = 0;
	if (!file_read(path, &j.in, &e))
		render_text(&j, is_alone);
	else
		tell_unreadable(path, &e, is_change && errno == ENOENT);
	free_job(&j);
}

/* ---- sources */

static bool
is_stopped(void)
{
	return stop_signal() || out_std.lost;
}

static void
found(void *arg, const char *path, const struct err *e)
{
	++*(size_t *)arg;
	if (is_stopped())
		return;
	if (e)
		tell_unreadable(path, e, false);
	else
		render_file(path, 0, false, false);
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
	if (is_text)
		stage = (struct stage){.name = "render", .out = &out_std};
	else
		stage_source(&stage, "render", &out_std, argv);
}

static int
finish(void)
{
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
			render_file(*path, 0, false, is_alone);
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
	struct job j = {.path = stdin_name,
	    .start_ns = clock_mono_ns(),
	    .in = BUF_INIT,
	    .out = BUF_INIT};
	struct err e = {0};

	if (isatty(0))
		cli_misuse(&tool);
	start_source(argv);
	if (fd_drain(0, stdin_name, 0, &j.in, &e) < 0)
		tell_unreadable(stdin_name, &e, false);
	else
		render_text(&j, true);
	free_job(&j);
	return finish();
}

/* ---- a stream of changes */

static void
take_change(const struct record *r)
{
	AUTO_ARENA a = {0};
	struct value *v = record_value(r, &a);
	const char *path = value_str_or(value_get(v, "source"), NULL);
	const char *event = value_str_or(value_get(v, "event"), "");

	if (!path || !project_is_test(path) || !strcmp(event, "deleted"))
		return;
	render_file(path, value_int_or(value_get(v, "gen"), 0), true, false);
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
	stage_filter(&stage, "render", &out_std, 0, loose);
	while (stage_next(&stage, &r) > 0) {
		if (!is_text)
			record_pass(&r, &out_std);
		if (r.type == RECORD_CHANGE)
			take_change(&r);
	}
	return finish();
}

/* ---- one template, one context */

static int
render_with_context(char *path[])
{
	AUTO_ARENA a = {0};
	AUTO_BUF json = BUF_INIT, in = BUF_INIT, out = BUF_INIT;
	struct value *context;
	struct err e = {0};
	struct tmpl t;

	if (!path[0] || path[1])
		die(EXIT_INPUT, "--context goes with one template");
	if (file_read(context_file, &json, &e) < 0 ||
	    file_read(path[0], &in, &e) < 0)
		die(EXIT_INPUT, "%s", e.text);
	context = json_parse(&a, json.s, json.len, &e);
	if (!context || context->kind != VALUE_TABLE)
		die(EXIT_INPUT, "%s: %s", context_file,
		    context ? "no JSON object" : e.text);
	if (utf8_check(in.s, in.len) < in.len)
		die(EXIT_INPUT, "%s: not UTF-8", path[0]);
	if (tmpl_parse(&a, path[0], in.s, in.len, true, &t, &e) < 0 ||
	    tmpl_render(&t, context, &out, NULL, &e) < 0)
		die(EXIT_INPUT, "%s", e.text);
	out_add(&out_std, out.s, out.len);
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
	is_text =
	    format ? !strcmp(format, "text") : output || show_map || isatty(1);
	if (!is_text && (output || show_map))
		die(EXIT_INPUT, "-o and --map go with --format text");
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
