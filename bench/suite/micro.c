/*
 * The parts that the programs are made of, in one process.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "core/diff.h"
#include "core/diff_write.h"
#include "data/hash.h"
#include "data/tmpl.h"
#include "data/toml.h"
#include "kit.h"
#include "text.h"

static struct buf text = BUF_INIT, out = BUF_INIT;
static struct arena kept;
static struct tmpl cached;
static struct value *context;
static int fd;

enum { PIECE = 4096 };

/* ---- digests of files */

static void
make_file(int64_t size)
{
	FILE *f = tmpfile();

	text_make(&text, "file", size, 0);
	fwrite(text.s, 1, text.len, f);
	fflush(f);
	fd = fileno(f);
}

static uint64_t
hash_file(void)
{
	char hex[HASH_HEX];

	if (lseek(fd, 0, SEEK_SET) < 0 || hash_fd(fd, hex) < 0)
		return 0;
	hex[15] = 0;
	return strtoull(hex, NULL, 16);
}

/* ---- templates */

static void
make_context(int64_t vars)
{
	context = value_new(&kept, VALUE_TABLE);
	for (int64_t i = 0; i < vars; i++)
		value_put(&kept, context,
		    arena_fmt(&kept, "v%lld", (long long)i),
		    value_text(&kept, "a value"));
}

static bool
parse(struct arena *a, struct tmpl *t)
{
	struct tmpl_how how = {.is_pure = true};
	struct err e = {0};

	return tmpl_parse(a, "t", text.s, text.len, &how, t, &e) == 0;
}

static uint64_t
render(struct tmpl *t)
{
	struct err e = {0};

	buf_reset(&out);
	return tmpl_render(t, context, &out, NULL, &e) < 0 ? 0 : out.len;
}

static void
make_vars(int64_t vars)
{
	make_context(vars);
	text_make(&text, "template-vars", vars, 0);
	if (!parse(&kept, &cached))
		die(EXIT_RUN, "the template does not parse");
}

static void
make_simple(int64_t unused)
{
	(void)unused;
	make_context(1);
	buf_adds(&text, "{{ v0 }}");
	if (!parse(&kept, &cached))
		die(EXIT_RUN, "the template does not parse");
}

static uint64_t
render_first(void)
{
	AUTO_ARENA a = {0};
	struct tmpl t;

	return parse(&a, &t) ? render(&t) : 0;
}

static uint64_t
render_cached(void)
{
	return render(&cached);
}

/* One of them has another value, of the same length. */
static void
change_one(void)
{
	static long turn;
	char value[16];

	snprintf(value, sizeof value, "%07ld", ++turn % 10000000);
	value_put(&kept, context, "v100", value_text(&kept, value));
}

/* ---- TOML */

static void
make_toml(int64_t size)
{
	text_make(&text, "toml", size, 0);
}

static uint64_t
parse_toml(void)
{
	AUTO_ARENA a = {0};
	struct err e = {0};
	struct value *v = toml_parse(&a, "t", text.s, text.len, &e);

	return v ? value_count(value_get(v, "scenario")) : 0;
}

static void
see_table(
    void *is_there, const struct toml_part *part, size_t n, struct value *table)
{
	(void)part, (void)n, (void)table;
	*(bool *)is_there = true;
}

/* Of a text that comes through a pipe: until its first table is there. */
static uint64_t
first_table(void)
{
	AUTO_ARENA a = {0};
	bool is_there = false;
	struct toml_handler h = {see_table, &is_there};
	struct toml_finds finds = {0};
	struct toml_stream *t = toml_open(&a, "t", false, &h, &finds);
	size_t at = 0;

	for (; !is_there && at < text.len; at += PIECE)
		toml_feed(t, text.s + at,
		    text.len - at < PIECE ? text.len - at : PIECE);
	toml_close(t);
	return is_there ? at : 0;
}

/* ---- traces, of whose spans one of ten differs */

static struct buf trace[2] = {BUF_INIT, BUF_INIT};

static void
make_traces(int64_t spans)
{
	text_make(&trace[0], "trace", spans, 0);
	text_make(&trace[1], "trace", spans, 10);
}

static bool
read_trace(struct spans *t, int which)
{
	AUTO_BUF copy = BUF_INIT;
	struct err e = {0};

	buf_add(&copy, trace[which].s, trace[which].len);
	return spans_parse(t, "t", &copy, &e) == 0;
}

static uint64_t
read_tree(void)
{
	struct span_keys keys = {0};
	struct spans t = {.keys = &keys};
	uint64_t n = read_trace(&t, 0) ? t.n + t.roots : 0;

	spans_free(&t);
	span_keys_free(&keys);
	return n;
}

static struct span_keys both_keys;
static struct spans both[2] = {{.keys = &both_keys}, {.keys = &both_keys}};

static void
read_traces(int64_t spans)
{
	make_traces(spans);
	if (!read_trace(&both[0], 0) || !read_trace(&both[1], 1))
		die(EXIT_RUN, "the traces cannot be read");
}

static uint64_t
compare(void)
{
	struct diff d = {.base = &both[0], .now = &both[1], .tolerance = 2};
	uint64_t sum;

	diff_run(&d);
	sum = d.entries + d.changes + 1;
	diff_free(&d);
	return sum;
}

/* What is seen of it down to the third level. */

static struct diff laid = {.base = &both[0], .now = &both[1], .tolerance = 2};

static void
lay_traces(int64_t spans)
{
	read_traces(spans);
	diff_run(&laid);
}

static uint64_t
print_with(long depth)
{
	struct diff_view view = {.max_depth = depth};
	struct out sink = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	uint64_t sum;

	diff_print(&laid, &view, &sink);
	sum = sink.pending.len;
	out_free(&sink);
	return sum;
}

static uint64_t
print_top(void)
{
	return print_with(3);
}

static uint64_t
print_all(void)
{
	return print_with(-1);
}

/* A trace that comes, of which the last hundredth is compared. */

static size_t known; /* bytes of it */

static void
read_base(int64_t spans)
{
	make_traces(spans);
	if (!read_trace(&both[0], 0))
		die(EXIT_RUN, "the trace cannot be read");
	known = trace[1].len - trace[1].len / 100;
	while (trace[1].s[known - 1] != '\n')
		known++;
}

static void
come_so_far(void)
{
	struct err e = {0};

	diff_free(&laid);
	spans_free(&both[1]);
	both[1] = (struct spans){.keys = &both_keys, .name = "-"};
	laid = (struct diff){.base = &both[0], .now = &both[1], .tolerance = 2};
	if (spans_grow(&both[1], trace[1].s, known, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
	diff_update(&laid, NULL, NULL);
}

static uint64_t
come_on(void)
{
	struct err e = {0};

	if (spans_grow(&both[1], trace[1].s + known, trace[1].len - known, &e) <
	    0)
		return 0;
	diff_update(&laid, NULL, NULL);
	return laid.count[DIFF_ADDED] + laid.count[DIFF_REMOVED] +
	       laid.count[DIFF_CHANGED] + 1;
}

#define KB 1000
#define BYTES "bytes"
#define SPANS "elements"

static const struct kit_bench benches[] = {
    {"micro/sha256/1K", make_file, hash_file, KB, BYTES, US(50), 0, 0, NULL,
	NULL},
    {"micro/sha256/10K", make_file, hash_file, 10 * KB, BYTES, US(150), 0, 0,
	NULL, NULL},
    {"micro/sha256/100K", make_file, hash_file, 100 * KB, BYTES, MS(1.2), 0, 0,
	NULL, NULL},
    {"micro/sha256/1M", make_file, hash_file, 1000 * KB, BYTES, MS(12), 0, 0,
	NULL, NULL},
    {"micro/sha256/10M", make_file, hash_file, 10000 * KB, BYTES, MS(120), 0, 0,
	NULL, NULL},
    {"micro/render/10vars/first", make_vars, render_first, 10, NULL, MS(2), 0,
	0, NULL, NULL},
    {"micro/render/50vars/first", make_vars, render_first, 50, NULL, MS(8), 0,
	0, NULL, NULL},
    {"micro/render/200vars/first", make_vars, render_first, 200, NULL, MS(30),
	0, 0, NULL, NULL},
    {"micro/render/10vars/cached", make_vars, render_cached, 10, NULL, MS(0.1),
	0, 0, NULL, NULL},
    {"micro/render/50vars/cached", make_vars, render_cached, 50, NULL, MS(0.5),
	0, 0, NULL, NULL},
    {"micro/render/200vars/cached", make_vars, render_cached, 200, NULL, MS(2),
	0, 0, NULL, NULL},
    {"micro/render_simple", make_simple, render_cached, 1, NULL, 0, 0, 0, NULL,
	NULL},
    {"micro/render/incremental", make_vars, render_cached, 200, NULL, MS(1.4),
	0, 0, NULL, change_one},
    {"micro/toml/1K", make_toml, parse_toml, KB, BYTES, MS(0.2), 0, 0, NULL,
	NULL},
    {"micro/toml/10K", make_toml, parse_toml, 10 * KB, BYTES, MS(1.5), 0, 0,
	NULL, NULL},
    {"micro/toml/100K", make_toml, parse_toml, 100 * KB, BYTES, MS(15), 0, 0,
	NULL, NULL},
    {"micro/toml_stream", make_toml, first_table, 100 * KB, NULL, MS(7.5), 0, 0,
	NULL, NULL},
    {"micro/tree_lazy", lay_traces, print_top, 10000, NULL, MS(10), 0, 0, NULL,
	NULL},
    {"micro/tree_whole", lay_traces, print_all, 10000, NULL, MS(100), 0, 0,
	NULL, NULL},
    {"micro/tree/10", make_traces, read_tree, 10, SPANS, MS(0.1), 0, 0, NULL,
	NULL},
    {"micro/tree/100", make_traces, read_tree, 100, SPANS, MS(1), 0, 0, NULL,
	NULL},
    {"micro/tree/1000", make_traces, read_tree, 1000, SPANS, MS(10), 0, 0, NULL,
	NULL},
    {"micro/tree/10000", make_traces, read_tree, 10000, SPANS, MS(100), 0, 0,
	NULL, NULL},
    {"micro/compare/10", read_traces, compare, 10, SPANS, US(50), 0, 0, NULL,
	NULL},
    {"micro/compare/100", read_traces, compare, 100, SPANS, US(500), 0, 0, NULL,
	NULL},
    {"micro/compare/1000", read_traces, compare, 1000, SPANS, MS(5), 0, 0, NULL,
	NULL},
    {"micro/compare/10000", read_traces, compare, 10000, SPANS, MS(50), 0, 0,
	NULL, NULL},
    {"micro/diff_incremental", read_base, come_on, 10000, NULL, MS(5), 0, 0,
	NULL, come_so_far},
};

int
main(int argc, char *argv[])
{
	return kit_main(argc, argv, benches, COUNT(benches));
}
