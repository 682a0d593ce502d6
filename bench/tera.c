/*
 * tera TEMPLATE CONTEXT: times the template engine over one text and prints
 * the medians of a parse with a render, and of a render alone, in ns.
 *
 * tera many N: parses and renders so many templates, each another one, and
 * prints by how many KiB the process grew after the first tenth of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/die.h"
#include "base/file.h"
#include "data/json.h"
#include "data/tmpl.h"

enum { ROUNDS = 7, BATCH_NS = 20000000 };

static struct value *context;
static struct buf text = BUF_INIT, out = BUF_INIT;

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void
parse(struct arena *a, struct tmpl *t)
{
	struct tmpl_how how = {.is_pure = true};
	struct err e = {0};

	if (tmpl_parse(a, "t", text.s, text.len, &how, t, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
}

static void
render(struct tmpl *t)
{
	struct err e = {0};

	buf_reset(&out);
	if (tmpl_render(t, context, &out, NULL, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
}

static void
parse_and_render(struct tmpl *unused)
{
	AUTO_ARENA a = {0};
	struct tmpl t;

	(void)unused;
	parse(&a, &t);
	render(&t);
}

static double
batch_ns(void (*fn)(struct tmpl *), struct tmpl *t, long many)
{
	double from = now_ns();

	for (long i = 0; i < many; i++)
		fn(t);
	return (now_ns() - from) / (double)many;
}

static int
ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median_ns(void (*fn)(struct tmpl *), struct tmpl *t)
{
	long many = 1 + (long)(BATCH_NS / batch_ns(fn, t, 20));
	double x[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		x[i] = batch_ns(fn, t, many);
	qsort(x, ROUNDS, sizeof *x, ascending);
	return x[ROUNDS / 2];
}

static long
peak_kib(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return use.ru_maxrss;
}

static void
many(long n)
{
	long first = 0;

	for (long i = 0; i < n; i++) {
		buf_reset(&text);
		for (long k = 0; k < 50; k++)
			buf_addf(&text,
			    "{%% if v0%02ld %%}k%ld = \"{{ v0%02ld | upper }}\""
			    "{%% endif %%}\n",
			    k % 50, i, k % 50);
		parse_and_render(NULL);
		if (i == n / 10)
			first = peak_kib();
	}
	printf("{\"templates\":%ld,\"grown_kib\":%ld,\"peak_kib\":%ld}\n", n,
	    peak_kib() - first, peak_kib());
}

static void
read_context(struct arena *a, const char *path)
{
	AUTO_BUF json = BUF_INIT;
	struct err e = {0};

	if (file_read(path, &json, &e) < 0 ||
	    !(context = json_parse(a, json.s, json.len, &e)))
		die(EXIT_RUN, "%s", e.text);
}

int
main(int argc, char *argv[])
{
	AUTO_ARENA a = {0};
	struct err e = {0};
	struct tmpl t;

	if (argc != 3)
		die(EXIT_RUN, "usage: tera TEMPLATE|N CONTEXT");
	read_context(&a, argv[2]);
	if (strspn(argv[1], "0123456789") == strlen(argv[1])) {
		many(strtol(argv[1], NULL, 10));
		return 0;
	}
	if (file_read(argv[1], &text, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
	parse(&a, &t);
	printf("{\"parse_render_ns\":%.0f,\"render_ns\":%.0f}\n",
	    median_ns(parse_and_render, NULL), median_ns(render, &t));
	return 0;
}
