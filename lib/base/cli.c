#include "base/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/out.h"

enum { MAX_OPTS = 64 };

/* Bit i: option i of the tool's table stood on the command line. */
static uint64_t given;

/* The rows of a terminal that -h leaves for examples and options. */
enum { SCREEN = 15 };

static const struct cli_opt common[] = {
    {'h', "help", NULL, "the short help (-h) or all of it", CLI_FLAG, NULL},
    {'V', "version", NULL, "print the version", CLI_FLAG, NULL},
    {0},
};

static size_t
count(const struct cli_opt *opts)
{
	size_t n = 0;

	while (opts[n].name)
		n++;
	return n;
}

const struct cli_opt *
cli_find(const struct cli_opt *opts, const char *name)
{
	for (; opts->name; opts++)
		if (!strcmp(opts->name, name))
			return opts;
	return NULL;
}

bool
cli_was_given(const struct cli_opt *opts, const struct cli_opt *opt)
{
	return given >> (opt - opts) & 1;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's, where two letters that changed places are one mistake. */
static size_t
distance(const char *a, const char *b)
{
	size_t n = strlen(b), rows[3][64], i = 0;

	if (n >= COUNT(rows[0]))
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		rows[0][j] = j;
	while (a[i]) {
		size_t *before = rows[(i + 2) % 3], *above = rows[i % 3];
		size_t *row = rows[++i % 3];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]),
			    least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[i % 3][n];
}

const char *
cli_nearest(const char *word, const char *const words[], size_t n)
{
	size_t best = strlen(word) / 3 + 2;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(word, words[i]);

		if (d < best) {
			best = d;
			found = words[i];
		}
	}
	return found;
}

static int
bad(const struct cli_opt *o, const char *text, const char *want, struct err *e)
{
	return err_set(e, "--%s: '%s' is not %s", o->name, text, want);
}

static int
set_time(const struct cli_opt *o, const char *text, struct err *e)
{
	static const double MAX_NS = 9e18; /* what an int64_t holds */
	static const struct {
		const char *unit;
		double ns;
	} units[] = {{"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
	char *end;
	double v = strtod(text, &end);

	if (end != text && v >= 0)
		for (size_t i = 0; i < COUNT(units); i++)
			if (!strcmp(end, units[i].unit) &&
			    v * units[i].ns < MAX_NS) {
				*(int64_t *)o->to = (int64_t)(v * units[i].ns);
				return 0;
			}
	if (end != text && !*end)
		return err_set(e, "--%s: '%s' has no unit; write %ss or %sms",
		    o->name, text, text, text);
	return bad(o, text, "a duration such as 500ms, 10s, 2m", e);
}

static int
set_size(const struct cli_opt *o, const char *text, struct err *e)
{
	char *end;
	unsigned long long v;
	int shift = 0;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (end != text && *end && strchr("KMG", *end))
		shift = *end == 'K' ? 10 : *end == 'M' ? 20 : 30, end++;
	if (end == text || *end || errno || *text == '-' ||
	    v > (uint64_t)INT64_MAX >> shift)
		return bad(o, text, "a size such as 4096, 64K, 1M", e);
	*(int64_t *)o->to = (int64_t)(v << shift);
	return 0;
}

static int
set_int(const struct cli_opt *o, const char *text, struct err *e)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(text, &end, 10);
	if (end == text || *end || errno || v < 0)
		return bad(o, text, "a whole number", e);
	*(long *)o->to = v;
	return 0;
}

static int
set_word(const struct cli_opt *o, const char *text, struct err *e)
{
	size_t n = strlen(text);

	for (const char *w = o->arg; w; w = strchr(w, '|')) {
		w += *w == '|';
		if (strcspn(w, "|") != n)
			continue;
		if (!memcmp(w, text, n)) {
			*(const char **)o->to = text;
			return 0;
		}
	}
	return err_set(e, "--%s: '%s' is none of %s", o->name, text, o->arg);
}

static int
set_flag(const struct cli_opt *o, const char *text, struct err *e)
{
	static const char *const no[] = {"0", "false", "no", "off", ""};
	static const char *const yes[] = {"1", "true", "yes", "on"};

	for (size_t i = 0; text && i < COUNT(no); i++)
		if (!strcmp(text, no[i])) {
			*(int *)o->to = 0;
			return 0;
		}
	for (size_t i = 0; text && i < COUNT(yes); i++)
		if (!strcmp(text, yes[i])) {
			*(int *)o->to = 1;
			return 0;
		}
	if (text)
		return bad(o, text, "true or false", e);
	++*(int *)o->to;
	return 0;
}

int
cli_set(const struct cli_opt *o, const char *text, struct err *e)
{
	struct cli_list *list = o->to;

	switch (o->kind) {
	case CLI_FLAG:
		return set_flag(o, text, e);
	case CLI_TEXT:
		*(const char **)o->to = text;
		return 0;
	case CLI_LIST:
		list->item = mem_more(
		    list->item, list->n, &list->cap, sizeof *list->item);
		list->item[list->n++] = text;
		return 0;
	case CLI_INT:
		return set_int(o, text, e);
	case CLI_TIME:
		return set_time(o, text, e);
	case CLI_SIZE:
		return set_size(o, text, e);
	case CLI_WORD:
		return set_word(o, text, e);
	}
	return 0;
}

static void
usage(const struct cli *t, FILE *f)
{
	fprintf(f, "%s: %s\n\nusage: %s [OPTION ...]%s%s\n", t->name, t->does,
	    t->name, *t->operands ? " " : "", t->operands);
}

/* The first `n` options of a table; how many there are more. */
static int
print_opts(const struct cli_opt *o, int n)
{
	for (; o->name && n > 0; o++, n--) {
		char left[64];

		snprintf(left, sizeof left, "%c%c %s--%s%s%s",
		    o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
		    o->letter ? "" : " ", o->name, o->arg ? " " : "",
		    o->arg ? o->arg : "");
		printf("  %-30s %s\n", left, o->help);
	}
	for (n = 0; o->name; o++)
		n++;
	return n;
}

static int
count_lines(const char *s)
{
	int n = 0;

	while ((s = strchr(s, '\n')))
		s++, n++;
	return n;
}

static _Noreturn void
help(const struct cli *t, bool is_short)
{
	int more,
	    room = is_short ? SCREEN - count_lines(t->examples) : MAX_OPTS;

	usage(t, stdout);
	if (*t->examples)
		printf("\n%s", t->examples);
	printf("\n");
	more = print_opts(t->opts, room);
	print_opts(common, MAX_OPTS);
	if (more)
		printf("\n%s --help has %d more, man %s the rest.\n", t->name,
		    more, t->name);
	else if (is_short)
		printf("\nman %s tells the rest.\n", t->name);
	else
		printf(
		    "\nSettings come from flags, then CLNRM_* variables, then\n"
		    "clnrm.conf (found upwards), then the user's clnrm.conf.\n"
		    "Exit status: 0 it holds, 1 it does not, 2 wrong input,\n"
		    "3 could not run, 4 nothing selected, 70 a bug, 128+n "
		    "signal n.\nThe manual is %s(1).\n",
		    t->name);
	exit(fflush(stdout) ? EXIT_RUN : EXIT_YES);
}

static _Noreturn void
version(void)
{
	printf("clnrm %s\nrecords: 1\nlibc: glibc %d.%d\n", VERSION, __GLIBC__,
	    __GLIBC_MINOR__);
	exit(fflush(stdout) ? EXIT_RUN : EXIT_YES);
}

void
cli_misuse(const struct cli *t)
{
	usage(t, stderr);
	if (*t->examples)
		fprintf(stderr, "\n%s", t->examples);
	fprintf(stderr, "\n%s --help tells the rest.\n", t->name);
	exit(EXIT_INPUT);
}

static _Noreturn void
unknown(const struct cli *t, const char *arg)
{
	const char *names[MAX_OPTS + 2], *near;
	size_t n = 0, len = strcspn(arg, "=");
	char word[48];

	for (const struct cli_opt *o = t->opts; o->name; o++)
		names[n++] = o->name;
	for (const struct cli_opt *o = common; o->name; o++)
		names[n++] = o->name;
	snprintf(word, sizeof word, "%.*s", (int)len, arg);
	near = cli_nearest(word, names, n);
	if (near)
		die(EXIT_INPUT, "unknown option --%s; did you mean --%s?", word,
		    near);
	die(EXIT_INPUT, "unknown option --%s; see %s --help", word, t->name);
}

static void
take(const struct cli *t, const struct cli_opt *o, const char *text)
{
	struct err e = {0};

	given |= (uint64_t)1 << (o - t->opts);
	if (cli_set(o, text, &e) < 0)
		die(EXIT_INPUT, "%s", e.text);
}

static char **
take_long(const struct cli *t, char **arg)
{
	char *name = *arg + 2, *value = strchr(name, '=');
	char word[48];
	const struct cli_opt *o;

	snprintf(word, sizeof word, "%.*s", (int)strcspn(name, "="), name);
	if (!strcmp(word, "help") && !value)
		help(t, false);
	if (!strcmp(word, "version") && !value)
		version();
	o = cli_find(t->opts, word);
	if (!o)
		unknown(t, name);
	if (o->kind == CLI_FLAG && value)
		die(EXIT_INPUT, "--%s takes no value", o->name);
	if (value)
		value++;
	else if (o->kind != CLI_FLAG && !(value = *++arg))
		die(EXIT_INPUT, "--%s needs a value: --%s %s", o->name, o->name,
		    o->arg);
	take(t, o, value);
	return arg;
}

static char **
take_short(const struct cli *t, char **arg)
{
	for (char *c = *arg + 1; *c; c++) {
		const struct cli_opt *o = t->opts;

		if (*c == 'h')
			help(t, true);
		if (*c == 'V')
			version();
		while (o->name && o->letter != *c)
			o++;
		if (!o->name)
			die(EXIT_INPUT, "unknown option -%c; see %s --help", *c,
			    t->name);
		if (o->kind == CLI_FLAG) {
			take(t, o, NULL);
			continue;
		}
		if (!c[1] && !*++arg)
			die(EXIT_INPUT, "-%c needs a value: -%c %s", *c, *c,
			    o->arg);
		take(t, o, c[1] ? c + 1 : *arg);
		break;
	}
	return arg;
}

/*
 * What the caller has closed is not to become a file of ours: its place is
 * taken by what can be neither read nor written, the way it should be used.
 */
static void
take_closed(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) < 0)
			return;
}

char **
cli_start(const struct cli *t, int argc, char *argv[])
{
	static char **operand; /* within sight of a leak check when we die */
	size_t n = 0;

	take_closed();
	operand = mem_new((size_t)argc + 1, sizeof *operand);
	BUG_IF(count(t->opts) > MAX_OPTS);
	free(operand);
	operand = mem_new((size_t)argc + 1, sizeof *operand);
	die_name(t->name);
	if (argc < 1)
		return operand;
	for (char **arg = argv + 1; *arg; arg++) {
		if (!strcmp(*arg, "--")) {
			while (*++arg)
				operand[n++] = *arg;
			break;
		}
		if (!strncmp(*arg, "--", 2))
			arg = take_long(t, arg);
		else if (**arg == '-' && (*arg)[1])
			arg = take_short(t, arg);
		else
			operand[n++] = *arg;
	}
	return operand;
}

int
cli_finish(int status)
{
	if (out_flush(&out_std) < 0 && out_std.lost != EPIPE) {
		warn("standard output: %s", strerror(out_std.lost));
		status = exit_worse(status, EXIT_RUN);
	}
	out_free(&out_std);
	return status;
}
