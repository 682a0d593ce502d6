/*
 * toml NAME LIMIT FILE: times the parser and toml++ over one text, in turn, and
 * prints a `sample` record: ns for one parse, tree made and freed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/file.h"
#include "data/toml.h"

enum { ROUNDS = 41, BATCH_NS = 10000000 };

/* In C++, beside: the number of keys at the root. */
size_t peer_parse(const char *s, size_t n);

static size_t
our_parse(const char *s, size_t n)
{
	AUTO_ARENA a = {0};
	struct value *v = toml_parse(&a, "-", s, n, NULL);

	return value_count(v);
}

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double
batch_ns(size_t (*parse)(const char *, size_t), const struct buf *b, long many)
{
	double from = now_ns();

	for (long i = 0; i < many; i++)
		if (!parse(b->s, b->len))
			die(EXIT_RUN, "the text was not parsed");
	return (now_ns() - from) / (double)many;
}

static long
calls(size_t (*parse)(const char *, size_t), const struct buf *b)
{
	long many = 1 + (long)(BATCH_NS / batch_ns(parse, b, 3));

	batch_ns(parse, b, many); /* warm */
	return many;
}

static int
ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double x[ROUNDS])
{
	qsort(x, ROUNDS, sizeof *x, ascending);
	return x[ROUNDS / 2];
}

int
main(int argc, char *argv[])
{
	AUTO_BUF text = BUF_INIT;
	double a[ROUNDS], b[ROUNDS], ratio[ROUNDS], limit;
	struct err e = {0};
	long ours, peers;

	if (argc != 4 || file_read(argv[3], &text, &e) < 0)
		die(EXIT_RUN, "usage: toml NAME LIMIT FILE %s", e.text);
	limit = strtod(argv[2], NULL);
	ours = calls(our_parse, &text);
	peers = calls(peer_parse, &text);
	for (int i = 0; i < ROUNDS; i++) {
		a[i] = batch_ns(our_parse, &text, ours);
		b[i] = batch_ns(peer_parse, &text, peers);
		ratio[i] = a[i] / b[i];
	}
	printf("{\"type\":\"sample\",\"name\":\"%s\",\"bytes\":%zu,"
	       "\"a_ns\":%.0f,\"b_ns\":%.0f,\"a_mb_s\":%.1f,\"b_mb_s\":%.1f,",
	    argv[1], text.len, median(a), median(b),
	    (double)text.len * 1e3 / median(a),
	    (double)text.len * 1e3 / median(b));
	printf("\"ratio\":%.4f,\"limit\":%g,\"holds\":%s}\n", median(ratio),
	    limit, median(ratio) <= limit ? "true" : "false");
	return 0;
}
