/*
 * The parts that the programs are made of, in one process.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "core/diff.h"
#include "core/diff_write.h"
#include "data/hash.h"
#include "data/mention.h"
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

/* ---- words that are looked for in a text, as lint does with names of
 * services: one by one, or all together */

enum { WORDS = 300 };

static struct mention word[WORDS];

static void
make_words(int64_t size)
{
	make_toml(size);
	for (size_t i = 0; i < WORDS; i++) {
		word[i].s = arena_fmt(&kept, "absent_%03zu", i);
		word[i].n = strlen(word[i].s);
	}
	word[0] = (struct mention){.s = "scenario", .n = 8};
}

static uint64_t
find_each(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < WORDS; i++)
		sum += memmem(text.s, text.len, word[i].s, word[i].n) != NULL;
	return sum;
}

static uint64_t
find_together(void)
{
	struct mention *all[WORDS];
	uint64_t sum = 0;

	for (size_t i = 0; i < WORDS; i++)
		all[i] = &word[i];
	mention_find(text.s, text.len, all, WORDS);
	for (size_t i = 0; i < WORDS; i++)
		sum += word[i].is_there;
	return sum;
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
    {"micro/sha256/1K", .setup = make_file, .op = hash_file, .size = KB,
	.unit = BYTES, .target = US(50)},
    {"micro/sha256/10K", .setup = make_file, .op = hash_file, .size = 10 * KB,
	.unit = BYTES, .target = US(150)},
    {"micro/sha256/100K", .setup = make_file, .op = hash_file, .size = 100 * KB,
	.unit = BYTES, .target = MS(1.2)},
    {"micro/sha256/1M", .setup = make_file, .op = hash_file, .size = 1000 * KB,
	.unit = BYTES, .target = MS(12)},
    {"micro/sha256/10M", .setup = make_file, .op = hash_file,
	.size = 10000 * KB, .unit = BYTES, .target = MS(120)},
    {"micro/render/10vars/first", .setup = make_vars, .op = render_first,
	.size = 10, .target = MS(2)},
    {"micro/render/50vars/first", .setup = make_vars, .op = render_first,
	.size = 50, .target = MS(8)},
    {"micro/render/200vars/first", .setup = make_vars, .op = render_first,
	.size = 200, .target = MS(30)},
    {"micro/render/10vars/cached", .setup = make_vars, .op = render_cached,
	.size = 10, .target = MS(0.1)},
    {"micro/render/50vars/cached", .setup = make_vars, .op = render_cached,
	.size = 50, .target = MS(0.5)},
    {"micro/render/200vars/cached", .setup = make_vars, .op = render_cached,
	.size = 200, .target = MS(2)},
    {"micro/render_simple", .setup = make_simple, .op = render_cached,
	.size = 1},
    {"micro/render/incremental", .setup = make_vars, .op = render_cached,
	.size = 200, .target = MS(1.4), .before = change_one},
    {"micro/toml/1K", .setup = make_toml, .op = parse_toml, .size = KB,
	.unit = BYTES, .target = MS(0.2)},
    {"micro/toml/10K", .setup = make_toml, .op = parse_toml, .size = 10 * KB,
	.unit = BYTES, .target = MS(1.5)},
    {"micro/toml/100K", .setup = make_toml, .op = parse_toml, .size = 100 * KB,
	.unit = BYTES, .target = MS(15)},
    {"micro/toml_stream", .setup = make_toml, .op = first_table,
	.size = 100 * KB, .target = MS(7.5)},
    {"micro/words/each", .setup = make_words, .op = find_each,
	.size = 100 * KB},
    {"micro/words/together", .setup = make_words, .op = find_together,
	.size = 100 * KB},
    {"micro/tree_lazy", .setup = lay_traces, .op = print_top, .size = 10000,
	.target = MS(10)},
    {"micro/tree_whole", .setup = lay_traces, .op = print_all, .size = 10000,
	.target = MS(100)},
    {"micro/tree/10", .setup = make_traces, .op = read_tree, .size = 10,
	.unit = SPANS, .target = MS(0.1)},
    {"micro/tree/100", .setup = make_traces, .op = read_tree, .size = 100,
	.unit = SPANS, .target = MS(1)},
    {"micro/tree/1000", .setup = make_traces, .op = read_tree, .size = 1000,
	.unit = SPANS, .target = MS(10)},
    {"micro/tree/10000", .setup = make_traces, .op = read_tree, .size = 10000,
	.unit = SPANS, .target = MS(100)},
    {"micro/compare/10", .setup = read_traces, .op = compare, .size = 10,
	.unit = SPANS, .target = US(50)},
    {"micro/compare/100", .setup = read_traces, .op = compare, .size = 100,
	.unit = SPANS, .target = US(500)},
    {"micro/compare/1000", .setup = read_traces, .op = compare, .size = 1000,
	.unit = SPANS, .target = MS(5)},
    {"micro/compare/10000", .setup = read_traces, .op = compare, .size = 10000,
	.unit = SPANS, .target = MS(50)},
    {"micro/diff_incremental", .setup = read_base, .op = come_on, .size = 10000,
	.target = MS(5), .before = come_so_far},
};

int
main(int argc, char *argv[])
{
	return kit_main(argc, argv, benches, COUNT(benches));
}
