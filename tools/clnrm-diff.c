/*
 * clnrm-diff: tell what changed from one trace to another.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/color.h"
#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/diff_write.h"
#include "core/draw.h"
#include "core/normal.h"
#include "core/setting.h"
#include "data/hash.h"
#include "data/match.h"

enum { PLANS_MAX = 64 << 20 };

static struct cli_list ignores, also;
static const char *format = "ndjson", *color = "auto", *ignore_from, *tolerance;
static const char *show, *name, *attr, *code, *against;
static int64_t least_ns = 1000000, longer_ns;
static long max_depth = -1;
static int all, loose, only_changes, quiet, stat;

static const struct cli_opt opts[] = {
    {0, "against", "FILE", "with --show, mark what its tests miss", CLI_TEXT,
	&against},
    {0, "all", NULL, "compare what differs from run to run, too", CLI_FLAG,
	&all},
    {0, "also", "FILE",
	"another run of BASELINE, for its durations; repeatable", CLI_LIST,
	&also},
    {0, "attr", "KEY[=VALUE]", "with --show, spans that have it", CLI_TEXT,
	&attr},
    {0, "color", "auto|always|never", "colour the tree", CLI_WORD, &color},
    {0, "format", "text|json|ndjson|html|github",
	"how the difference is written", CLI_WORD, &format},
    {0, "ignore", "NAME", "attributes (a glob), duration or order; repeatable",
	CLI_LIST, &ignores},
    {0, "ignore-from", "FILE", "ignore what this recorded trace ignores",
	CLI_TEXT, &ignore_from},
    {0, "least", "TIME", "durations that differ by less are the same (1ms)",
	CLI_TIME, &least_ns},
    {0, "longer", "TIME", "with --show, spans that took longer", CLI_TIME,
	&longer_ns},
    {0, "loose", NULL, "take a stream that was cut by hand", CLI_FLAG, &loose},
    {0, "max-depth", "N", "print no more levels of the tree", CLI_INT,
	&max_depth},
    {0, "name", "GLOB", "with --show, spans of this name", CLI_TEXT, &name},
    {0, "only-changes", NULL, "leave out what did not change", CLI_FLAG,
	&only_changes},
    {'q', "quiet", NULL, "the exit status alone", CLI_FLAG, &quiet},
    {0, "show",
	"tree|table|ndjson|json|dot|mermaid|svg|html|normal|baseline|digest",
	"show one trace, compare nothing", CLI_WORD, &show},
    {0, "stat", NULL, "how much of each name changed, no tree", CLI_FLAG,
	&stat},
    {0, "status", "UNSET|OK|ERROR", "with --show, spans of this status",
	CLI_WORD, &code},
    {0, "tolerance", "FACTOR", "durations up to so many times are the same (2)",
	CLI_TEXT, &tolerance},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-diff",
    .does = "tell what changed from one trace to another, or show one",
    .operands = "BASELINE [CURRENT | -]",
    .examples = "  clnrm-diff --format text before.json after.json\n"
		"  clnrm-diff before.ndjson - <run.ndjson | jq .field\n"
		"  clnrm-diff --show tree trace.json\n",
    .opts = opts,
};

static void
ignore(struct diff *d, struct span_keys *keys, const char *what)
{
	struct err e = {0};

	if (!strcmp(what, "duration"))
		d->no_durations = true;
	else if (!strcmp(what, "order"))
		d->no_order = true;
	else if (span_keys_ignore(keys, what, strlen(what), &e) < 0)
		die(EXIT_INPUT, "--ignore %s: %s", what, e.text);
}

static void
read_trace(struct spans *t, struct span_keys *keys, const char *path)
{
	struct err e = {0};

	t->keys = keys;
	if (spans_read(t, path, &e) < 0) {
		warn("%s", e.text);
		if (*e.hint)
			warn("%s", e.hint);
		exit(EXIT_INPUT);
	}
	if (t->lost)
		warn("%s (%zu in all)", t->first_lost.text, t->lost);
	if (t->clashes)
		warn("%s: %zu spans bear the id of another", path, t->clashes);
	if (t->circles)
		warn("%s: %zu spans are their own ancestors", path, t->circles);
}

static bool
begins(const struct buf *text, const char *type)
{
	return text->len > strlen(type) &&
	       !strncmp(text->s, type, strlen(type));
}

/* Where the last line of a stream begins. */
static size_t
last_line(const struct buf *text)
{
	size_t at = text->len;

	while (at && text->s[at - 1] == '\n')
		at--;
	while (at && text->s[at - 1] != '\n')
		at--;
	return at;
}

/* A stream of records that has no `end` was cut: then nothing is the same. */
static void
check_cut(const struct spans *t, const char *path)
{
	if (loose || !begins(&t->text, "{\"type\":\"begin\"") ||
	    !strncmp(t->text.s + last_line(&t->text), "{\"type\":\"end\"", 13))
		return;
	die(EXIT_RUN,
	    "%s: the stream was cut: its last record is no \"end\" (--loose "
	    "takes it)",
	    path);
}

/* A filter: what came in goes out, and its `end` behind what is owed. */
static void
write_records(const struct diff *d, const char *path)
{
	struct stage st = {.name = "diff", .out = &out_std};
	const struct buf *text = &d->now->text;
	bool is_stream =
	    !strcmp(path, "-") && begins(text, "{\"type\":\"begin\"");
	size_t end = is_stream ? last_line(text) : 0;

	out_add(&out_std, text->s, end);
	diff_write_records(d, &st);
	if (!is_stream)
		return;
	out_add(&out_std, text->s + end, text->len - end);
	st.status = diff_changes(d) ? EXIT_NO : EXIT_YES;
	st.start_ns = clock_mono_ns();
	stage_end(&st);
}

static void
write_text(const struct diff *d, const struct diff_view *view)
{
	if (stat)
		diff_print_stat(d, &out_std);
	else if (diff_changes(d) || !only_changes)
		diff_print(d, view, &out_std);
	diff_print_summary(d, &out_std);
}

static void
write_diff(const struct diff *d, const char *path)
{
	struct diff_view view = {only_changes,
	    !strcmp(color, "always") ||
		(!strcmp(color, "auto") && color_is_on(1)),
	    max_depth};

	if (quiet)
		return;
	if (!strcmp(format, "ndjson"))
		write_records(d, path);
	else if (!strcmp(format, "json"))
		diff_write_json(d, &out_std);
	else if (!strcmp(format, "github"))
		diff_write_github(d, &out_std);
	else if (!strcmp(format, "html"))
		diff_write_html(d, &view, &out_std);
	else
		write_text(d, &view);
}

static void
show_baseline(
    const struct spans *t, const struct draw_filter *f, struct out *to)
{
	AUTO_JSON j = record_begin("baseline");
	AUTO_BUF text = BUF_INIT;
	char hex[HASH_HEX];

	(void)f;
	json_int(&j, "v", 1);
	normal_print(t, true, &text);
	normal_digest(t, hex);
	json_str(&j, "digest", hex);
	json_int(&j, "spans", (int64_t)t->n);
	json_open(&j, "ignore", '[');
	for (size_t i = 0; i < ignores.n; i++)
		json_str(&j, NULL, ignores.item[i]);
	json_close(&j, ']');
	record_end(&j, to);
	out_add(to, text.s, text.len);
}

static void
show_normal(const struct spans *t, const struct draw_filter *f, struct out *to)
{
	AUTO_BUF text = BUF_INIT;

	(void)f;
	normal_print(t, false, &text);
	out_add(to, text.s, text.len);
}

static void
show_digest(const struct spans *t, const struct draw_filter *f, struct out *to)
{
	char hex[HASH_HEX];

	(void)f;
	normal_digest(t, hex);
	out_add(to, hex, HASH_HEX - 1);
	out_add(to, "\n", 1);
}

static const struct {
	const char *name;
	void (*fn)(
	    const struct spans *t, const struct draw_filter *f, struct out *to);
} shows[] = {
    {"tree", draw_tree},
    {"table", draw_table},
    {"ndjson", draw_ndjson},
    {"json", draw_json},
    {"dot", draw_dot},
    {"mermaid", draw_mermaid},
    {"svg", draw_svg},
    {"html", draw_html},
    {"normal", show_normal},
    {"baseline", show_baseline},
    {"digest", show_digest},
};

/* The plans are in a stream of their own, or in that of the trace. */
static void
find_gaps(struct gaps *to, const struct spans *t)
{
	AUTO_BUF plans = BUF_INIT;
	const char *from = against ? against : t->name;
	struct err e = {0};

	if (against && (strcmp(against, "-")
			       ? file_read(against, &plans, &e)
			       : fd_drain(0, "-", PLANS_MAX, &plans, &e)) < 0)
		die(EXIT_INPUT, "%s", err_message(&e));
	if (gaps_find(to, t, against ? plans.s : t->text.s,
		against ? plans.len : t->text.len, &e) < 0)
		die(EXIT_INPUT, "%s: a plan cannot be read: %s", from, e.text);
}

static void
show_trace(const struct spans *t)
{
	struct gaps gaps = {0};
	struct draw_filter f = {.attr = attr,
	    .status = code,
	    .longer_ns = longer_ns,
	    .gaps = &gaps};
	struct err e = {0};

	find_gaps(&gaps, t);
	if (name) {
		f.name =
		    match_compile(MATCH_GLOB, name, strlen(name), NULL, &e);
		if (!f.name)
			die(EXIT_INPUT, "--name %s: %s", name, e.text);
	}
	for (size_t i = 0; i < COUNT(shows); i++)
		if (!strcmp(shows[i].name, show))
			shows[i].fn(t, &f, &out_std);
	match_free(&f.name);
	gaps_free(&gaps);
}

static double
factor(void)
{
	char *end;
	double v = tolerance ? strtod(tolerance, &end) : 2;

	if (tolerance && (*end || end == tolerance || !(v >= 1)))
		die(EXIT_INPUT, "--tolerance %s: not a factor such as 1.5",
		    tolerance);
	return v;
}

static void
set_ignored(struct diff *d, struct span_keys *keys)
{
	struct spans other = {0};

	if (!all)
		normal_ignore(keys);
	for (size_t i = 0; i < ignores.n; i++)
		ignore(d, keys, ignores.item[i]);
	if (ignore_from)
		read_trace(&other, keys, ignore_from);
	spans_free(&other);
}

/* What several runs took tells more than what one did. */
static void
add_runs(struct spans *base, struct span_keys *keys)
{
	for (size_t i = 0; i < also.n; i++) {
		struct spans other = {0};

		read_trace(&other, keys, also.item[i]);
		check_cut(&other, also.item[i]);
		diff_take_runs(base, &other);
		spans_free(&other);
	}
}

/* Compare the two that were read. */
static int
compare(struct diff *d, const char *path)
{
	int status;

	if (max_depth > 0 && !stat &&
	    (!strcmp(format, "text") || !strcmp(format, "html")))
		d->max_depth = (uint32_t)max_depth;
	diff_run(d);
	write_diff(d, path);
	status = diff_changes(d) ? EXIT_NO : EXIT_YES;
	diff_free(d);
	return status;
}

int
main(int argc, char *argv[])
{
	char **path = setting_start(&tool, argc, argv);
	struct span_keys keys = {0};
	struct spans base = {0}, now = {0};
	struct diff d = {.base = &base,
	    .now = &now,
	    .tolerance = factor(),
	    .least_ns = least_ns};
	const char *current = path[0] && path[1] ? path[1] : "-";
	int status = EXIT_YES;

	if (!path[0] || (path[1] && (show || path[2])) ||
	    (!show && !strcmp(path[0], "-") && !strcmp(current, "-")))
		cli_misuse(&tool);
	set_ignored(&d, &keys);
	read_trace(&base, &keys, path[0]);
	check_cut(&base, path[0]);
	add_runs(&base, &keys);
	if (show) {
		show_trace(&base);
	} else {
		read_trace(&now, &keys, current);
		check_cut(&now, current);
		status = compare(&d, current);
	}
	spans_free(&base);
	spans_free(&now);
	span_keys_free(&keys);
	return cli_finish(status);
}
