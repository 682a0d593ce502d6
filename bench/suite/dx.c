/*
 * What someone waits for who writes tests, in one process.
 */
#include <dirent.h>
#include <unistd.h>

#include "base/file.h"
#include "core/lint.h"
#include "core/template.h"
#include "data/layout.h"
#include "data/tmpl.h"
#include "data/toml.h"
#include "kit.h"
#include "text.h"

static struct buf text = BUF_INIT, out = BUF_INIT;
static struct arena kept;
static struct value *context;
static char dir[] = "/tmp/clnrm-bench-dx-XXXXXX";
static char path[64];
static long files;

static void
remove_dir(void)
{
	file_remove_tree(dir);
}

static void
make_dir(void)
{
	if (!mkdtemp(dir))
		die(EXIT_RUN, "cannot make %s", dir);
	atexit(remove_dir);
}

static void
make_context(void)
{
	context = value_new(&kept, VALUE_TABLE);
	for (int i = 0; i < 3; i++)
		value_put(&kept, context, arena_fmt(&kept, "v%d", i),
		    value_text(&kept, "value"));
}

/* size: 1 simple, 2 medium, 3 complex */
static void
make_template(int64_t size)
{
	make_context();
	text_make(&text,
	    size == 1	? "template-simple"
	    : size == 2 ? "template-medium"
			: "template-complex",
	    1, 0);
}

static uint64_t
render(void)
{
	AUTO_ARENA a = {0};
	struct tmpl_how how = {.is_pure = true};
	struct err e = {0};
	struct tmpl t;

	buf_reset(&out);
	if (tmpl_parse(&a, "t", text.s, text.len, &how, &t, &e) < 0 ||
	    tmpl_render(&t, context, &out, NULL, &e) < 0)
		return 0;
	return out.len;
}

static void
make_toml(int64_t size)
{
	text_make(&text, "toml", size, 0);
}

static uint64_t
parse(void)
{
	AUTO_ARENA a = {0};
	struct err e = {0};
	struct value *v = toml_parse(&a, "t", text.s, text.len, &e);

	return v ? value_count(v) : 0;
}

/* ---- files */

static void
make_template_file(int64_t unused)
{
	struct err e = {0};

	(void)unused;
	make_template(1);
	make_dir();
	snprintf(path, sizeof path, "%s/a.clnrm.toml.tera", dir);
	if (file_replace(path, text.s, text.len, 0644, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
}

static uint64_t
read_file(void)
{
	AUTO_BUF got = BUF_INIT;
	struct err e = {0};

	return file_read(path, &got, &e) < 0 ? 0 : got.len;
}

static uint64_t
write_file(void)
{
	struct err e = {0};

	snprintf(path, sizeof path, "%s/%ld", dir, files++);
	return file_replace(path, text.s, text.len, 0644, &e) < 0 ? 0
								  : text.len;
}

static void
write_all(int64_t n)
{
	struct err e = {0};

	for (int64_t i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/t%lld.clnrm.toml.tera", dir,
		    (long long)i);
		if (file_replace(path, text.s, text.len, 0644, &e) < 0)
			die(EXIT_RUN, "%s", e.text);
	}
	files = (long)n;
}

static void
make_tree(int64_t n)
{
	make_template(1);
	make_dir();
	write_all(n);
}

static int
count(void *arg, const char *file)
{
	(void)file;
	++*(uint64_t *)arg;
	return 0;
}

static uint64_t
scan(void)
{
	uint64_t n = 0;

	template_each(dir, count, &n);
	return n;
}

static uint64_t
write_scan_render(void)
{
	uint64_t n = files, sum = 0;

	write_all((int64_t)n);
	if (scan() != n)
		return 0;
	for (uint64_t i = 0; i < n; i++)
		sum += render();
	return sum;
}

static void
make_empty(int64_t n)
{
	make_template(1);
	make_dir();
	files = (long)n;
}

/* ---- commands, without their process */

/* Its records, by their size: what is not there was not found. */
static uint64_t
lint(void)
{
	struct out sink = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	struct stage st = {.name = "lint", .out = &sink};
	struct lint l = {.s = text.s, .n = text.len, .has_plan = true};
	uint64_t sum;

	l.src.path = "t.clnrm.toml";
	lint_text(&st, &l);
	sum = st.status == EXIT_YES ? sink.pending.len : 0;
	out_free(&sink);
	return sum;
}

static uint64_t
format(void)
{
	AUTO_ARENA a = {0};
	struct toml_finds finds = {0};
	struct err e = {0};

	if (layout_text(&a, "t", text.s, text.len, false, &out, &finds, &e) !=
	    LAYOUT_TOML)
		return 0;
	return out.len;
}

/* ---- save, read, render, parse, check, write: all but the watch */

static struct buf source = BUF_INIT;

static void
make_reload(int64_t unused)
{
	(void)unused;
	make_context();
	make_dir();
	buf_adds(&source, "[meta]\nname = \"{{ v0 }}\"\nversion = \"1\"\n"
			  "[[scenario]]\nname = \"{{ v1 }}\"\n"
			  "run = \"echo {{ v2 }}\"\n");
	snprintf(path, sizeof path, "%s/a.clnrm.toml.tera", dir);
}

static uint64_t
reload(void)
{
	char to[80];
	struct err e = {0};

	buf_reset(&text);
	if (file_renew(path, source.s, source.len, 0644, &e) < 0 ||
	    file_read(path, &text, &e) < 0 || !render())
		return 0;
	buf_reset(&text);
	buf_add(&text, out.s, out.len);
	if (!parse() || !lint())
		return 0;
	snprintf(to, sizeof to, "%s/a.clnrm.toml", dir);
	return file_renew(to, text.s, text.len, 0644, &e) < 0 ? 0 : text.len;
}

#define DX "dx/"

static const struct kit_bench benches[] = {
    {DX "template_rendering/simple_template", .setup = make_template,
	.op = render, .size = 1, .target = MS(100)},
    {DX "template_rendering/medium_template_with_loops", .setup = make_template,
	.op = render, .size = 2, .target = MS(300)},
    {DX "template_rendering/complex_template", .setup = make_template,
	.op = render, .size = 3, .target = MS(500)},
    {DX "toml_parsing/simple_toml", .setup = make_toml, .op = parse,
	.size = 300, .unit = "bytes", .target = MS(50)},
    {DX "toml_parsing/medium_toml", .setup = make_toml, .op = parse,
	.size = 1000, .unit = "bytes", .target = MS(100)},
    {DX "toml_parsing/large_toml", .setup = make_toml, .op = parse,
	.size = 12000, .unit = "bytes", .target = MS(200)},
    {DX "file_operations/read_template_file", .setup = make_template_file,
	.op = read_file, .size = 1, .target = MS(50)},
    {DX "file_operations/write_rendered_file", .setup = make_empty,
	.op = write_file, .target = MS(100)},
    {DX "file_operations/scan_template_directory", .setup = make_tree,
	.op = scan, .size = 100, .target = MS(200)},
    {DX "scalability/1_files", .setup = make_empty, .op = write_scan_render,
	.size = 1, .target = MS(500)},
    {DX "scalability/10_files", .setup = make_empty, .op = write_scan_render,
	.size = 10, .target = MS(2000)},
    {DX "scalability/100_files", .setup = make_empty, .op = write_scan_render,
	.size = 100, .target = MS(10000)},
    {DX "command_performance/dry_run_validation", .setup = make_toml,
	.op = lint, .size = 10000, .unit = "bytes", .target = MS(1000)},
    {DX "command_performance/fmt_check", .setup = make_toml, .op = format,
	.size = 10000, .unit = "bytes", .target = MS(500)},
    {DX "command_performance/lint_validation", .setup = make_toml, .op = lint,
	.size = 2000, .unit = "bytes", .target = MS(1000)},
    {DX "hot_reload_workflow/complete_reload_cycle", .setup = make_reload,
	.op = reload, .size = 1, .target = MS(3000)},
    {"path/render", .setup = make_template, .op = render, .size = 1,
	.target = MS(500)},
    {"path/parse", .setup = make_toml, .op = parse, .size = 1000,
	.target = MS(200)},
    {"path/validate", .setup = make_toml, .op = lint, .size = 1000,
	.target = MS(200)},
    {"micro/validate/1K", .setup = make_toml, .op = lint, .size = 1000,
	.unit = "bytes", .target = MS(0.5)},
    {"micro/validate/10K", .setup = make_toml, .op = lint, .size = 10000,
	.unit = "bytes", .target = MS(3)},
    {"micro/validate/100K", .setup = make_toml, .op = lint, .size = 100000,
	.unit = "bytes", .target = MS(25)},
    {"op/dry_run", .setup = make_toml, .op = lint, .size = 10000,
	.unit = "bytes", .target = MS(50), .acceptable = MS(200),
	.unacceptable = MS(500)},
    {"op/render", .setup = make_template, .op = render, .size = 3,
	.target = MS(20), .acceptable = MS(100), .unacceptable = MS(200)},
};

int
main(int argc, char *argv[])
{
	return kit_main(argc, argv, benches, COUNT(benches));
}
