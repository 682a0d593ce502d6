/*
 * toml parse NAME LIMIT FILE: times the parser and toml++ over one text, in
 * turn, and prints a `sample` record: ns for one parse, tree made and freed.
 *
 * toml first NAME LIMIT FILE: the same for a text that comes through a pipe: ns
 * to the first table that is handed on, and to the tree of the whole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/file.h"
#include "data/toml.h"

enum { ROUNDS = 41, BATCH_NS = 10000000, READ = 8192 };

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

struct times {
	double a[ROUNDS], b[ROUNDS], ratio[ROUNDS];
};

static void
time_parse(const struct buf *text, struct times *t)
{
	long ours = calls(our_parse, text), peers = calls(peer_parse, text);

	for (int i = 0; i < ROUNDS; i++) {
		t->a[i] = batch_ns(our_parse, text, ours);
		t->b[i] = batch_ns(peer_parse, text, peers);
	}
}

/* The end of a pipe through which another process sends the text. */
static int
sent(const struct buf *text, pid_t *from)
{
	int fd[2];

	if (pipe(fd) < 0 || (*from = fork()) < 0)
		die(EXIT_RUN, "no pipe, or no process");
	if (!*from) {
		size_t i = 0;
		ssize_t n = 1;

		for (; n > 0 && i < text->len; i += (size_t)n)
			n = write(fd[1], text->s + i, text->len - i);
		_exit(n > 0 ? 0 : 1);
	}
	close(fd[1]);
	return fd[0];
}

static void
first_table(
    void *ctx, const struct toml_part *part, size_t n, struct value *table)
{
	double *at = ctx;

	(void)part;
	(void)n;
	(void)table;
	if (*at == 0)
		*at = now_ns();
}

/* From the first byte asked for to the first table; the tree is made too. */
static double
first_ns(const struct buf *text)
{
	AUTO_ARENA a = {0};
	struct toml_finds found;
	double at = 0, start;
	struct toml_handler h = {first_table, &at};
	struct toml_stream *t = toml_open(&a, "-", false, &h, &found);
	char piece[READ];
	pid_t from;
	int fd = sent(text, &from);
	ssize_t n;

	start = now_ns();
	while ((n = read(fd, piece, sizeof piece)) > 0)
		toml_feed(t, piece, (size_t)n);
	if (!value_count(toml_close(t)) || found.errors)
		die(EXIT_RUN, "the text was not parsed");
	close(fd);
	waitpid(from, NULL, 0);
	return at - start;
}

static double
whole_ns(const struct buf *text)
{
	AUTO_BUF all = BUF_INIT;
	pid_t from;
	int fd = sent(text, &from);
	double start = now_ns(), took;

	if (fd_drain(fd, "-", 0, &all, NULL) < 0 || !our_parse(all.s, all.len))
		die(EXIT_RUN, "the text was not parsed");
	took = now_ns() - start;
	close(fd);
	waitpid(from, NULL, 0);
	return took;
}

static void
time_first(const struct buf *text, struct times *t)
{
	for (int i = 0; i < ROUNDS; i++) {
		t->a[i] = first_ns(text);
		t->b[i] = whole_ns(text);
	}
}

static void
print(const char *name, double limit, size_t bytes, struct times *t)
{
	double a, b, ratio;

	for (int i = 0; i < ROUNDS; i++)
		t->ratio[i] = t->a[i] / t->b[i];
	a = median(t->a);
	b = median(t->b);
	ratio = median(t->ratio);
	printf("{\"type\":\"sample\",\"name\":\"%s\",\"bytes\":%zu,"
	       "\"a_ns\":%.0f,\"b_ns\":%.0f,\"a_mb_s\":%.1f,\"b_mb_s\":%.1f,",
	    name, bytes, a, b, (double)bytes * 1e3 / a,
	    (double)bytes * 1e3 / b);
	printf("\"ratio\":%.4f,\"limit\":%g,\"holds\":%s}\n", ratio, limit,
	    ratio <= limit ? "true" : "false");
}

int
main(int argc, char *argv[])
{
	AUTO_BUF text = BUF_INIT;
	struct times t;
	struct err e = {0};

	if (argc != 5 || file_read(argv[4], &text, &e) < 0)
		die(EXIT_RUN, "usage: toml parse|first NAME LIMIT FILE %s",
		    e.text);
	if (!strcmp(argv[1], "first"))
		time_first(&text, &t);
	else
		time_parse(&text, &t);
	print(argv[2], strtod(argv[3], NULL), text.len, &t);
	return 0;
}
