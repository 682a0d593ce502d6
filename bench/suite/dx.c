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
    {DX "template_rendering/simple_template", make_template, render, 1, NULL,
	MS(100), 0, 0, NULL, NULL},
    {DX "template_rendering/medium_template_with_loops", make_template, render,
	2, NULL, MS(300), 0, 0, NULL, NULL},
    {DX "template_rendering/complex_template", make_template, render, 3, NULL,
	MS(500), 0, 0, NULL, NULL},
    {DX "toml_parsing/simple_toml", make_toml, parse, 300, "bytes", MS(50), 0,
	0, NULL, NULL},
    {DX "toml_parsing/medium_toml", make_toml, parse, 1000, "bytes", MS(100), 0,
	0, NULL, NULL},
    {DX "toml_parsing/large_toml", make_toml, parse, 12000, "bytes", MS(200), 0,
	0, NULL, NULL},
    {DX "file_operations/read_template_file", make_template_file, read_file, 1,
	NULL, MS(50), 0, 0, NULL, NULL},
    {DX "file_operations/write_rendered_file", make_empty, write_file, 0, NULL,
	MS(100), 0, 0, NULL, NULL},
    {DX "file_operations/scan_template_directory", make_tree, scan, 100, NULL,
	MS(200), 0, 0, NULL, NULL},
    {DX "scalability/1_files", make_empty, write_scan_render, 1, NULL, MS(500),
	0, 0, NULL, NULL},
    {DX "scalability/10_files", make_empty, write_scan_render, 10, NULL,
	MS(2000), 0, 0, NULL, NULL},
    {DX "scalability/100_files", make_empty, write_scan_render, 100, NULL,
	MS(10000), 0, 0, NULL, NULL},
    {DX "command_performance/dry_run_validation", make_toml, lint, 10000,
	"bytes", MS(1000), 0, 0, NULL, NULL},
    {DX "command_performance/fmt_check", make_toml, format, 10000, "bytes",
	MS(500), 0, 0, NULL, NULL},
    {DX "command_performance/lint_validation", make_toml, lint, 2000, "bytes",
	MS(1000), 0, 0, NULL, NULL},
    {DX "hot_reload_workflow/complete_reload_cycle", make_reload, reload, 1,
	NULL, MS(3000), 0, 0, NULL, NULL},
    {"path/render", make_template, render, 1, NULL, MS(500), 0, 0, NULL, NULL},
    {"path/parse", make_toml, parse, 1000, NULL, MS(200), 0, 0, NULL, NULL},
    {"path/validate", make_toml, lint, 1000, NULL, MS(200), 0, 0, NULL, NULL},
    {"micro/validate/1K", make_toml, lint, 1000, "bytes", MS(0.5), 0, 0, NULL,
	NULL},
    {"micro/validate/10K", make_toml, lint, 10000, "bytes", MS(3), 0, 0, NULL,
	NULL},
    {"micro/validate/100K", make_toml, lint, 100000, "bytes", MS(25), 0, 0,
	NULL, NULL},
    {"op/dry_run", make_toml, lint, 10000, "bytes", MS(50), MS(200), MS(500),
	NULL, NULL},
    {"op/render", make_template, render, 3, NULL, MS(20), MS(100), MS(200),
	NULL, NULL},
};

int
main(int argc, char *argv[])
{
	return kit_main(argc, argv, benches, COUNT(benches));
}
