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
	bool is_alone;
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
	tell(path, is_warning ? "warning" : "error", "E101", &why);
}

/* ---- what comes out */

static void
print_line(const struct job *j, const struct tmpl_place *p, uint32_t number,
    const char *line, size_t n)
{
	const struct tmpl *t = &j->file.t;
	AUTO_BUF b = BUF_INIT;

	buf_addf(&b, "%s:%" PRIu32 ":%" PRIu32 ": ",
	    p && t->files ? t->file[p->file]->path : j->path,
	    p ? p->line + (number - p->rendered) : number,
	    p && p->rendered == number ? p->column : 1);
	buf_add(&b, line, n);
	buf_addc(&b, '\n');
	out_add(&out_std, b.s, b.len);
}

static void
print_map(const struct job *j, const struct template_text *text)
{
	const char *s = text->text.s, *end = s + text->text.len;
	const struct tmpl_map *map = &text->map;
	size_t at = 0;

	for (uint32_t number = 1; s < end; number++) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		const char *stop = nl ? nl : end;

		while (at < map->n && map->place[at].rendered <= number)
			at++;
		print_line(j, at ? &map->place[at - 1] : NULL, number, s,
		    (size_t)(stop - s));
		s = stop + 1;
	}
}

/* Of several texts each is headed by what it is. */
static void
print_heading(const struct job *j, const struct template_text *text)
{
	AUTO_BUF b = BUF_INIT;

	buf_addf(&b, "%s# %s", shown++ ? "\n" : "", j->path);
	if (text->variant)
		buf_addf(&b, " (%s)", text->variant);
	buf_addc(&b, '\n');
	out_add(&out_std, b.s, b.len);
}

static void
print_text(const struct job *j, const struct template_text *text)
{
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
		print_map(j, text);
	else
		out_add(&out_std, text->text.s, text->text.len);
}

static void
write_record(const struct job *job, const struct template_text *text)
{
	AUTO_JSON j = stage_record(&stage, "rendered");

	json_str(&j, "source", job->path);
	json_int(&j, "gen", job->gen);
	template_record(&j, &job->file, text);
	json_bool(&j, "cached", false);
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
	    .tell = told,
	    .arg = (void *)(uintptr_t)j->path};
	if (!template_open(&j->file))
		render_cells(j);
	template_close(&j->file);
}

static void
render_file(const char *path, int64_t gen, bool is_change, bool is_alone)
{
	struct job j = {.path = path, .gen = gen, .is_alone = is_alone};
	AUTO_BUF in = BUF_INIT;
	struct err e = {0};

	errno = 0;
	if (!file_read(path, &in, &e))
		render_text(&j, &in);
	else
		tell_unreadable(path, &e, is_change && errno == ENOENT);
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

struct others {
	struct tmpl *t;
	struct err *e;
};

static int
add_other(void *arg, const char *path)
{
	struct others *o = arg;

	return tmpl_add(o->t, path, o->e);
}

/* As Tera has it: all templates of the folder have to parse. */
static int
render_folder(struct arena *a, char *path, const struct buf *in,
    const struct value *context)
{
	char *dir = arena_str(a, path), *slash = strrchr(dir, '/');
	struct template_loader loader =
	    template_loader_flat(slash ? (*slash = 0, dir) : ".");
	struct tmpl_how how = {.is_pure = true,
	    .loader = &loader.base,
	    .function = template_pure_functions};
	AUTO_BUF out = BUF_INIT;
	struct err e = {0};
	struct tmpl t;
	struct others others = {&t, &e};

	if (tmpl_parse(a, path, in->s, in->len, &how, &t, &e) < 0 ||
	    template_each(loader.root, add_other, &others) < 0 ||
	    tmpl_render(&t, context, &out, NULL, &e) < 0)
		die(EXIT_INPUT, "%s%s%s", e.text, *e.hint ? "\n" : "", e.hint);
	out_add(&out_std, out.s, out.len);
	return cli_finish(EXIT_YES);
}

static int
render_with_context(char *path[])
{
	AUTO_ARENA a = {0};
	AUTO_BUF json = BUF_INIT, in = BUF_INIT;
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
	return render_folder(&a, path[0], &in, context);
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
