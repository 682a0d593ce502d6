/*
 * clnrm-lint: hold rendered test files against the rules, and write their
 * plans.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/color.h"
#include "base/die.h"
#include "base/file.h"
#include "base/utf8.h"
#include "core/finding.h"
#include "core/project.h"
#include "core/rule.h"
#include "core/schema.h"
#include "core/setting.h"
#include "core/spec.h"
#include "core/stage.h"
#include "data/toml.h"
#include "sys/stop.h"

static const char *format, *stdin_name, *schema;
static int strict, quiet, loose, tagged;
static long max_errors = 50;

static const struct cli_opt opts[] = {
    {0, "format", "text|ndjson|github", "how findings are written", CLI_WORD,
	&format},
    {0, "strict", NULL, "count warnings as findings", CLI_FLAG, &strict},
    {'q', "quiet", NULL, "with text, print findings only", CLI_FLAG, &quiet},
    {0, "max-errors", "N", "findings of a file that are told (50)", CLI_INT,
	&max_errors},
    {0, "schema", "json|keys|mdoc",
	"print the keys of test files, of the generation VERSION if it is "
	"named",
	CLI_WORD, &schema},
    {0, "stdin-filename", "NAME", "standard input is the text of this file",
	CLI_TEXT, &stdin_name},
    {0, "loose", NULL, "take a stream that was cut by hand", CLI_FLAG, &loose},
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

static struct stage st;
static struct out held = {.fd = -1, .pending = BUF_INIT, .is_held = true};
static struct finding_source text_at_hand = FINDING_SOURCE_INIT;
static struct {
	size_t errors, warnings;
} printed;
static bool is_text;   /* findings, and no records */
static bool is_github; /* each on one line */

static void
print_finding(const struct value *diagnostic)
{
	AUTO_ARENA a = {0};
	AUTO_BUF b = BUF_INIT;
	struct finding f = finding_of(&a, diagnostic);

	printed.errors += !strcmp(f.severity, "error");
	printed.warnings += !strcmp(f.severity, "warning");
	if (is_github)
		finding_print_line(&b, &f);
	else
		finding_print(&b, &f, &text_at_hand, color_is_on(1));
	out_add(&out_std, b.s, b.len);
}

/* Print the diagnostics among the records held, and drop them all. */
static void
print_held(void)
{
	const char *s = held.pending.s, *end = s + held.pending.len;

	while (is_text && s < end) {
		AUTO_ARENA a = {0};
		const char *lf = memchr(s, '\n', (size_t)(end - s));
		struct record r = {0};

		if (record_read(s, (size_t)(lf - s), &r, NULL) == 0 &&
		    r.type == RECORD_DIAGNOSTIC)
			print_finding(record_value(&r, &a));
		s = lf + 1;
	}
	buf_reset(&held.pending);
}

/* The line of the rendered text, where it came of a template. */
static void
put_rendered(
    struct json *j, const char *s, size_t n, const struct value_pos *at)
{
	size_t from = at->offset < n ? at->offset : n, to = from;

	while (from && s[from - 1] != '\n')
		from--;
	while (to < n && s[to] != '\n' && s[to] != '\r')
		to++;
	if (to - from <= 400)
		json_strn(j, "rendered", s + from, to - from);
}

/* The end of a range on the line that it begins on, or beyond it. */
static void
put_end(struct json *j, const char *s, size_t n, const struct value_pos *at,
    const struct spec_place *p)
{
	size_t len =
	    at->end > at->offset && at->end <= n ? at->end - at->offset : 0;
	const char *lf = memchr(s + at->offset, '\n', len);

	if (!len || lf) {
		json_null(j, "end_line");
		json_null(j, "end_column");
		return;
	}
	json_int(j, "end_line", p->line);
	json_int(j, "end_column",
	    p->column + (int64_t)utf8_count(s + at->offset, len));
}

static void
tell(const struct spec_source *src, const char *s, size_t n,
    const struct rule_find *f)
{
	struct spec_place p = spec_place(src, &f->at);
	AUTO_JSON j = stage_record(&st, "diagnostic");

	json_str(&j, "stage", st.name);
	json_str(&j, "source", src->path);
	json_str(&j, "severity", *f->code == 'E' ? "error" : "warning");
	json_str(&j, "code", f->code);
	json_str(&j, "message", f->message);
	json_int(&j, "line", p.line);
	json_int(&j, "column", p.column);
	put_end(&j, s, n, &f->at, &p);
	json_str(&j, "hint", f->hint);
	if (strcmp(p.file, src->path))
		json_str(&j, "file", p.file);
	if (src->map)
		put_rendered(&j, s, n, &f->at);
	stage_put(&st, &j);
}

/* Errors before warnings where there are too many, but in their order. */
static void
tell_all(const struct spec_source *src, const char *s, size_t n,
    const struct rule_finds *found)
{
	size_t most = (size_t)max_errors, told = 0;
	size_t errors = found->errors < most ? found->errors : most;
	size_t warnings = most - errors;
	struct err e = {0};

	for (size_t i = 0; i < found->n; i++) {
		const struct rule_find *f = &found->find[i];
		size_t *left = *f->code == 'E' ? &errors : &warnings;

		if (!*left)
			continue;
		--*left;
		told++;
		tell(src, s, n, f);
	}
	if (told == found->n)
		return;
	err_set(&e, "%zu more findings are not shown", found->n - told);
	stage_diagnose(&st, src->path, "note", NULL, &e);
}

/* A template that nobody rendered: say so with its first error. */
static void
hint_template(const char *s, size_t n, const struct rule_finds *found)
{
	if (!memmem(s, n, "{{", 2) && !memmem(s, n, "{%", 2))
		return;
	for (size_t i = 0; i < found->n; i++)
		if (!strcmp(found->find[i].code, "E301")) {
			found->find[i].hint =
			    "this is a template: "
			    "clnrm-render FILE | clnrm-lint -";
			return;
		}
}

/* One rendered text: its findings, then its plan where none is an error. */
static void
lint(const struct spec_source *src, const char *s, size_t n)
{
	AUTO_ARENA a = {0};
	struct rule_finds found;
	struct value *root = rule_check(&a, s, n, &found);
	bool is_text_file = utf8_check(s, n) == n;

	if (!src->map)
		hint_template(s, n, &found);
	tell_all(src, s, n, &found);
	if (found.errors) {
		stage_status(&st, is_text_file ? EXIT_NO : EXIT_INPUT);
	} else {
		AUTO_JSON j = stage_record(&st, "plan");

		spec_plan(src, root, &j);
		stage_put(&st, &j);
		if (found.n && strict)
			stage_status(&st, EXIT_NO);
	}
	if (is_text && !is_github && !found.n && !quiet) {
		out_add(&out_std, src->path, strlen(src->path));
		out_add(&out_std, ": ok\n", 5);
	}
}

static void
lint_file(const char *path)
{
	struct spec_source src = {.path = path};
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};
	int got = path == stdin_name ? fd_drain(0, path, 0, &text, &e)
				     : file_read(path, &text, &e);

	if (got < 0) {
		stage_diagnose(&st, path, "error", "E101", &e);
		stage_status(&st, EXIT_INPUT);
	} else {
		if (is_text)
			finding_source_set(
			    &text_at_hand, path, text.s, text.len);
		lint(&src, text.s, text.len);
	}
	print_held();
}

/* A test file that was found, or what could not be looked into. */
static void
lint_found(void *arg, const char *path, const struct err *e)
{
	size_t *many = arg;

	if (stop_signal())
		return;
	++*many;
	if (!e) {
		lint_file(path);
		return;
	}
	stage_diagnose(&st, path, "error", "E101", e);
	stage_status(&st, EXIT_INPUT);
	print_held();
}

static void
lint_directory(const char *dir)
{
	struct err e = {0};
	size_t many = 0;

	project_find(dir, lint_found, &many);
	if (many || stop_signal())
		return;
	err_set(&e, "no test file below this directory");
	err_hint(&e, "test files are *.clnrm.toml and *.clnrm.toml.tera");
	stage_diagnose(&st, dir, "note", NULL, &e);
	stage_status(&st, EXIT_NONE);
}

/* No operand and no stream: all of the project. */
static void
lint_project(void)
{
	AUTO_BUF root = BUF_INIT;
	struct err e = {0};

	if (project_root(".", NULL, &root, &e) < 0)
		die(EXIT_INPUT, "%s", e.text);
	lint_directory(root.s);
}

static bool
is_directory(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static void
lint_record(const struct record *r)
{
	AUTO_ARENA a = {0};
	const struct value *v = record_value(r, &a);
	const struct value *text = value_get(v, "text");
	struct spec_source src = {
	    .path = value_str_or(value_get(v, "source"), "-"),
	    .gen = value_int_or(value_get(v, "gen"), 0),
	    .variant = value_str_or(value_get(v, "variant"), NULL),
	    .map = value_get(v, "map"),
	    .deps = value_get(v, "deps")};
	struct err e = {0};

	finding_source_free(&text_at_hand); /* it may have changed */
	if (src.map && src.map->kind != VALUE_LIST)
		src.map = NULL;
	if (text && text->kind == VALUE_STR) {
		lint(&src, text->str.s, text->str.len);
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
	if (is_text && r->type == RECORD_END)
		take_end(r);
	record_pass(r, st.out);
}

static void
lint_stream(void)
{
	struct err e = {0};
	struct record r;

	stop_catch(false);
	stage_filter(&st, "lint", is_text ? &held : &out_std, 0, loose);
	do {
		while (stage_pull(&st, &r)) {
			take(&r);
			print_held();
		}
		print_held();
		out_flush(&out_std);
	} while (!st.in.is_eof && ndjson_fill(&st.in, &e) >= 0);
	stage_check_cut(&st);
}

static void
lint_files(char *const argv[], char **path)
{
	stop_catch(true);
	stage_source(&st, "lint", is_text ? &held : &out_std, argv);
	if (stdin_name)
		lint_file(stdin_name);
	else if (!*path)
		lint_project();
	for (; *path && !stop_signal(); path++)
		if (is_directory(*path))
			lint_directory(*path);
		else
			lint_file(*path);
	if (stop_signal())
		stage_status(&st, 128 + stop_signal());
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
		schema_keys(&b);
	else if (!strcmp(schema, "mdoc"))
		schema_manual(&b);
	else if (schema_json(&b, *version) < 0)
		die(EXIT_INPUT,
		    "no generation '%s'; there are 0.4, 0.6 and 1.0", *version);
	out_add(&out_std, b.s, b.len);
	return EXIT_YES;
}

static void
print_summary(void)
{
	AUTO_BUF b = BUF_INIT;

	if (!printed.errors && !printed.warnings)
		return;
	buf_addf(&b, "%zu error%s, %zu warning%s\n", printed.errors,
	    printed.errors == 1 ? "" : "s", printed.warnings,
	    printed.warnings == 1 ? "" : "s");
	out_add(&out_std, b.s, b.len);
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

int
main(int argc, char *argv[])
{
	static char **path; /* it is never freed */
	bool is_dash;
	int status;

	path = setting_start(&tool, argc, argv);
	is_dash = *path && !strcmp(*path, "-");
	if (!format)
		format = isatty(1) ? "text" : "ndjson";
	is_text = strcmp(format, "ndjson");
	is_github = !strcmp(format, "github");
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
	print_held();
	if (is_text && !is_github && !quiet)
		print_summary();
	return cli_finish(status);
}
