/*
 * clnrm-diff: tell what changed from one trace to another.
 */
#include <poll.h>
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
#include "core/recording.h"
#include "core/setting.h"
#include "core/spans_stream.h"
#include "data/hash.h"
#include "data/match.h"
#include "sys/stop.h"

enum { PLANS_MAX = 64 << 20 };

static struct cli_list ignores, also;
static const char *format = "ndjson", *color = "auto", *ignore_from, *tolerance;
static const char *show, *name, *attr, *code, *against, *source, *recorded;
static int64_t least_ns = 1000000, longer_ns;
static long max_depth = -1;
static int all, live, loose, only_changes, quiet, stat;

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
    {0, "live", NULL, "tell what is found while standard input comes", CLI_FLAG,
	&live},
    {0, "longer", "TIME", "with --show, spans that took longer", CLI_TIME,
	&longer_ns},
    {0, "loose", NULL, "take a stream that was cut by hand", CLI_FLAG, &loose},
    {0, "max-depth", "N", "print no more levels of the tree", CLI_INT,
	&max_depth},
    {0, "name", "GLOB", "with --show, spans of this name", CLI_TEXT, &name},
    {0, "only-changes", NULL, "leave out what did not change", CLI_FLAG,
	&only_changes},
    {'q', "quiet", NULL, "the exit status alone", CLI_FLAG, &quiet},
    {0, "recorded", "DIR",
	"hold the tests of a stream against what is recorded below DIR",
	CLI_TEXT, &recorded},
    {0, "show",
	"tree|table|ndjson|json|dot|mermaid|svg|html|normal|baseline|digest",
	"show one trace, compare nothing", CLI_WORD, &show},
    {0, "source", "FILE", "of a run, the spans of this test alone", CLI_TEXT,
	&source},
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
warn_of(const struct spans *t, const char *path)
{
	if (t->lost)
		warn("%s (%zu in all)", t->first_lost.text, t->lost);
	if (t->clashes)
		warn("%s: %zu spans bear the id of another", path, t->clashes);
	if (t->circles)
		warn("%s: %zu spans are their own ancestors", path, t->circles);
}

static void
read_trace(struct spans *t, struct span_keys *keys, const char *path)
{
	struct err e = {0};

	t->keys = keys;
	t->source = source;
	if (spans_read(t, path, &e) < 0) {
		warn("%s", e.text);
		if (*e.hint)
			warn("%s", e.hint);
		exit(EXIT_INPUT);
	}
	if (source && !t->n)
		die(EXIT_INPUT, "%s: no spans of %s: it did not run", path,
		    source);
	warn_of(t, path);
}

static bool
begins(const char *s, size_t n, const char *type)
{
	return n > strlen(type) && !strncmp(s, type, strlen(type));
}

/* Where the last line begins. */
static size_t
last_line(const char *s, size_t n)
{
	while (n && s[n - 1] == '\n')
		n--;
	while (n && s[n - 1] != '\n')
		n--;
	return n;
}

/* What comes in as a stream goes out, and its last `end` behind what is owed
 * for it. */
struct passing {
	bool is_stream, is_begun;
	struct buf end;
};

static struct passing passing = {.end = BUF_INIT};

static void
pass(struct passing *p, const char *s, size_t n)
{
	size_t last = last_line(s, n);

	if (!p->is_begun)
		p->is_stream = begins(s, n, "{\"type\":\"begin\"");
	p->is_begun = p->is_begun || n;
	if (!p->is_stream || !n)
		return;
	if (!begins(s + last, n - last, "{\"type\":\"end\""))
		last = n;
	if (!quiet && !strcmp(format, "ndjson")) {
		out_add(&out_std, p->end.s, p->end.len);
		out_add(&out_std, s, last);
	}
	buf_reset(&p->end);
	buf_add(&p->end, s + last, n - last);
}

static void
die_of_cut(const char *path)
{
	die(EXIT_RUN,
	    "%s: the stream was cut: its last record is no \"end\" (--loose "
	    "takes it)",
	    path);
}

/* A stream of records that has no `end` was cut: then nothing is the same. */
static void
check_cut(const struct spans *t, const char *path)
{
	const char *s = t->text.s;
	size_t n = t->text.len, last = last_line(s, n);

	if (!loose && begins(s, n, "{\"type\":\"begin\"") &&
	    !begins(s + last, n - last, "{\"type\":\"end\""))
		die_of_cut(path);
}

static struct stage stage = {.name = "diff", .out = &out_std};

static void
write_records(const struct diff *d)
{
	diff_write_records(d, NULL, &stage);
	if (!passing.is_stream)
		return;
	out_add(&out_std, passing.end.s, passing.end.len);
	stage.status = diff_changes(d) ? EXIT_NO : EXIT_YES;
	stage.start_ns = clock_mono_ns();
	stage_end(&stage);
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
write_diff(const struct diff *d)
{
	struct diff_view view = {only_changes,
	    !strcmp(color, "always") ||
		(!strcmp(color, "auto") && color_is_on(1)),
	    max_depth};

	if (quiet)
		return;
	if (!strcmp(format, "ndjson"))
		write_records(d);
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
	AUTO_BUF text = BUF_INIT;

	(void)f;
	recording_print(t, ignores.item, ignores.n, &text);
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
	struct err e = {0};

	if (!all)
		normal_ignore(keys);
	for (size_t i = 0; i < ignores.n; i++)
		if (diff_ignore(d, ignores.item[i], &e) < 0)
			die(EXIT_INPUT, "--ignore %s: %s", ignores.item[i],
			    e.text);
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

static void
set_depth(struct diff *d)
{
	if (max_depth > 0 && !stat &&
	    (!strcmp(format, "text") || !strcmp(format, "html")))
		d->max_depth = (uint32_t)max_depth;
}

static int
end_with(struct diff *d)
{
	int status = diff_changes(d) ? EXIT_NO : EXIT_YES;

	write_diff(d);
	diff_free(d);
	return status;
}

/* Compare the two that were read. */
static int
compare(struct diff *d, const char *path)
{
	if (!strcmp(path, "-"))
		pass(&passing, d->now->text.s, d->now->text.len);
	set_depth(d);
	diff_run(d);
	return end_with(d);
}

/* What is new is compared; what was found so far is told when nothing more is
 * there to be read. */
static void
tell_so_far(struct diff *d)
{
	static struct buf said = BUF_INIT;
	AUTO_BUF summary = BUF_INIT;
	bool is_text = !strcmp(format, "text");

	if (quiet)
		return;
	diff_update(d, is_text ? diff_print_so_far : diff_write_so_far,
	    is_text ? (void *)&out_std : &stage);
	diff_summary(d, &summary);
	if (!strcmp(summary.s, said.s))
		return;
	buf_reset(&said);
	buf_add(&said, summary.s, summary.len);
	if (is_text) {
		out_add(&out_std, "so far: ", 8);
		diff_print_summary(d, &out_std);
	} else {
		diff_write_summary_so_far(d, &stage);
	}
}

/* Wait for more; false when there is none before that time (0: for ever). */
static bool
wait_input(int64_t until_ns)
{
	struct pollfd p = {.fd = 0, .events = POLLIN};
	int64_t left = until_ns - clock_mono_ns();

	out_flush(&out_std);
	return poll(&p, 1,
		   !until_ns  ? -1
		   : left > 0 ? (int)(left / 1000000 + 1)
			      : 0) != 0;
}

/* No more than half of the time goes into what is told so far. */
static void
follow(struct diff *d, struct spans_stream *in)
{
	int64_t next_ns = 1, now_ns;
	bool is_new = false;
	struct err e = {0};
	int got;

	do {
		while (is_new && !wait_input(next_ns)) {
			now_ns = clock_mono_ns();
			tell_so_far(d);
			next_ns = 2 * clock_mono_ns() - now_ns;
			is_new = false;
		}
		if (!is_new)
			wait_input(0);
		got = spans_stream_read(in, 0, "-", &e);
		if (got < 0 ||
		    spans_grow(d->now, in->text.s, in->whole, &e) < 0)
			die(EXIT_INPUT, "%s", e.text);
		pass(&passing, in->text.s, in->whole);
		is_new = is_new || in->whole;
		spans_stream_drop(in);
	} while (got > 0);
}

/* Compare with standard input while it comes. */
static int
compare_live(struct diff *d)
{
	struct spans_stream in = {.text = BUF_INIT};

	d->now->name = "-";
	set_depth(d);
	follow(d, &in);
	spans_stream_free(&in);
	warn_of(d->now, "-");
	if (!d->now->n && !d->now->has_json)
		die(EXIT_INPUT, "-: no spans");
	if (passing.is_stream && !passing.end.len && !loose)
		die_of_cut("-");
	diff_update(d, NULL, NULL);
	diff_finish(d);
	return end_with(d);
}

static void
check_usage(char **path)
{
	bool is_stream = !path[0] || !path[1] || !strcmp(path[1], "-");

	if (recorded && (show || live))
		die(EXIT_INPUT,
		    "--recorded goes with neither --show nor --live");
	if (recorded)
		return;
	if (!path[0] || (path[1] && (show || path[2])) ||
	    (!show && !strcmp(path[0], "-") && is_stream))
		cli_misuse(&tool);
	if (live && (show || !is_stream ||
			(strcmp(format, "text") && strcmp(format, "ndjson"))))
		die(EXIT_INPUT, "--live is for standard input, and for "
				"--format text or ndjson");
}

/* One trace against another, or one alone. */
static int
hold(struct diff *d, char **path)
{
	const char *current = path[1] ? path[1] : "-";

	read_trace(d->base, d->base->keys, path[0]);
	check_cut(d->base, path[0]);
	add_runs(d->base, d->base->keys);
	if (show) {
		show_trace(d->base);
		return EXIT_YES;
	}
	if (live)
		return compare_live(d);
	read_trace(d->now, d->now->keys, current);
	check_cut(d->now, current);
	return compare(d, current);
}

/* The stream of a run, or of one run after another. */
static int
hold_recorded(const struct diff *d, char **path)
{
	struct recordings all_of = {.stage = &stage,
	    .dir = recorded,
	    .rules = {&ignores, all, d->tolerance, d->least_ns},
	    .limit = RECORDINGS_LIMIT};
	int fd = stage_input(&tool, path);
	struct record r;

	stop_catch(false);
	stage_filter(&stage, "diff", &out_std, fd, loose);
	while (stage_next(&stage, &r) > 0)
		recordings_take(&all_of, &r);
	recordings_free(&all_of);
	return stage_end(&stage);
}

int
main(int argc, char *argv[])
{
	char **path = setting_start(&tool, argc, argv);
	struct span_keys keys = {0};
	struct spans base = {.keys = &keys};
	struct spans now = {.keys = &keys, .source = source};
	struct diff d = {.base = &base,
	    .now = &now,
	    .tolerance = factor(),
	    .least_ns = least_ns};
	int status;

	check_usage(path);
	set_ignored(&d, &keys);
	status = recorded ? hold_recorded(&d, path) : hold(&d, path);
	spans_free(&base);
	spans_free(&now);
	span_keys_free(&keys);
	buf_free(&passing.end);
	return cli_finish(status);
}
