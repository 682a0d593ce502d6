#include "core/diff.h"

#include <stdlib.h>

#include "core/diff_int.h"
#include "tap.h"

enum { SPANS = 150, SEEDS = 40 };

static uint64_t state;

static unsigned
any(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

struct made {
	int id, up; /* up < 0: a root */
	unsigned name, value, start;
	bool is_gone;
};

static void
print(struct buf *b, const struct made *s)
{
	buf_addf(b, "{\"trace_id\":\"1\",\"span_id\":\"%x\",", s->id + 1);
	if (s->up >= 0)
		buf_addf(b, "\"parent_span_id\":\"%x\",", s->up + 1);
	buf_addf(b,
	    "\"name\":\"n%u\",\"start_unix_nano\":\"%u\",\"end_unix_nano\":"
	    "\"%u\",\"attributes\":{\"k\":%u}}\n",
	    s->name, s->start, s->start + 10, s->value);
}

/* A tree, as wide or as deep as it comes. */
static void
make(struct made s[], int n)
{
	int back = 1 + (int)any(30);

	for (int i = 0; i < n; i++) {
		int low = i > back ? i - back : 0;

		s[i] = (struct made){i, i ? low + (int)any(i - low) : -1,
		    any(6), any(5), 1000 + (unsigned)i * 10, false};
	}
}

/* Some have other values, names, times or parents, be they circles; some have
 * gone, so that those below them are orphans. */
static void
change(struct made s[], int n)
{
	for (int k = (int)any(12); k--;) {
		struct made *it = &s[any((unsigned)n)];

		switch (any(6)) {
		case 0:
			it->value = any(100);
			break;
		case 1:
			it->name = any(100);
			break;
		case 2:
			it->start += any(200);
			break;
		case 3:
			it->up = (int)any((unsigned)n);
			break;
		default:
			it->is_gone = true;
		}
	}
}

static void
shuffle(struct made s[], int n)
{
	for (int i = n; i-- > 1;) {
		int k = (int)any((unsigned)i + 1);
		struct made it = s[i];

		s[i] = s[k];
		s[k] = it;
	}
}

static void
reverse(struct made s[], int n)
{
	for (int i = 0; i < n / 2; i++) {
		struct made it = s[i];

		s[i] = s[n - 1 - i];
		s[n - 1 - i] = it;
	}
}

static struct span_keys keys;

static void
read(struct spans *t, const char *s, size_t n)
{
	AUTO_BUF text = BUF_INIT;
	struct err e;

	*t = (struct spans){.keys = &keys};
	buf_add(&text, s, n);
	spans_parse(t, "x", &text, &e);
}

static bool
is_told(const struct diff *a, const struct diff *b)
{
	if (memcmp(a->count, b->count, sizeof a->count))
		return false;
	for (size_t i = 0; i < a->now->n; i++)
		if (a->node[NOW][i].mate != b->node[NOW][i].mate)
			return false;
	return true;
}

/* Is the comparison with what has come what it is with all of that at once? */
static bool
is_same(const struct diff *live, struct spans *base, const char *s, size_t n)
{
	struct spans now;
	struct diff d = {.base = base, .now = &now, .tolerance = 2};
	bool is;

	read(&now, s, n);
	diff_run(&d);
	is = is_told(live, &d);
	diff_free(&d);
	spans_free(&now);
	return is;
}

static void
lines_come(const char *text, size_t len, struct spans *base)
{
	struct spans now = {.keys = &keys, .name = "y"};
	struct diff d = {.base = base, .now = &now, .tolerance = 2};
	size_t at = 0, wrong = 0;
	struct err e;

	while (at < len) {
		size_t from = at;

		for (unsigned lines = 1 + any(20); lines-- && at < len; at++)
			at += strcspn(text + at, "\n");
		spans_grow(&now, text + from, at - from, &e);
		if (at < len && !any(4))
			continue;
		diff_update(&d, NULL, NULL);
		wrong += !is_same(&d, base, text, at);
	}
	is_int(wrong, 0);
	diff_finish(&d);
	is_true(is_same(&d, base, text, len));
	diff_free(&d);
	spans_free(&now);
}

static void
a_trace_that_grows_is_compared_as_the_same_at_once(void)
{
	static struct made s[SPANS];

	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		AUTO_BUF was = BUF_INIT, is = BUF_INIT;
		struct spans base;

		state = seed;
		make(s, SPANS);
		for (int i = 0; i < SPANS; i++)
			print(&was, &s[i]);
		change(s, SPANS);
		if (seed % 3 == 1)
			shuffle(s, SPANS);
		else if (seed % 3 == 2)
			reverse(s, SPANS);
		for (int i = 0; i < SPANS; i++)
			for (int k = any(20) ? 1 : 2; k-- && !s[i].is_gone;)
				print(&is, &s[i]);
		read(&base, was.s, was.len);
		lines_come(is.s, is.len, &base);
		spans_free(&base);
	}
	span_keys_free(&keys);
	keys = (struct span_keys){0};
}

struct heard {
	struct buf text;
};

static void
hear(void *arg, const struct diff *d, uint32_t base, uint32_t now,
    const struct diff_change change[], size_t n)
{
	struct heard *to = arg;

	(void)base;
	diff_path_of(d->now, now, &to->text);
	for (size_t i = 0; i < n; i++) {
		buf_addc(&to->text, ' ');
		diff_field(&change[i], &to->text);
		buf_addf(&to->text, " %.*s", (int)change[i].after.n,
		    change[i].after.s);
	}
	buf_addc(&to->text, '\n');
}

static void
a_change_is_told_once_and_with_the_span_that_it_is_of(void)
{
	static const char *const line[] = {
	    "{\"span_id\":\"1\",\"name\":\"a\"}\n",
	    ("{\"span_id\":\"2\",\"parent_span_id\":\"1\",\"name\":\"b\","
	     "\"attributes\":{\"k\":2}}\n"),
	    "{\"span_id\":\"3\",\"parent_span_id\":\"1\",\"name\":\"c\"}\n"};
	struct spans base, now = {.keys = &keys, .name = "y"};
	struct diff d = {.base = &base, .now = &now, .tolerance = 2};
	struct heard heard = {BUF_INIT};
	AUTO_BUF was = BUF_INIT;
	struct err e;

	buf_addf(&was,
	    "%s{\"span_id\":\"2\",\"parent_span_id\":\"1\",\"name\":\"b\","
	    "\"attributes\":{\"k\":1}}\n%s",
	    line[0], line[2]);
	read(&base, was.s, was.len);
	for (size_t i = 0; i < COUNT(line); i++) {
		spans_grow(&now, line[i], strlen(line[i]), &e);
		diff_update(&d, hear, &heard);
		is_int(d.count[DIFF_REMOVED], 2 - i);
	}
	is_str(heard.text.s, "a/b attributes.k 2\n");
	is_int(d.count[DIFF_CHANGED], 1);
	buf_free(&heard.text);
	diff_free(&d);
	spans_free(&now);
	spans_free(&base);
	span_keys_free(&keys);
	keys = (struct span_keys){0};
}

TAP_MAIN(TEST(a_trace_that_grows_is_compared_as_the_same_at_once),
    TEST(a_change_is_told_once_and_with_the_span_that_it_is_of))
