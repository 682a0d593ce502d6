#include "data/pull.h"

#include "base/buf.h"
#include "tap.h"

/* A text pulled apart and written with a bar behind each word; "!why" where it
 * is malformed. */
static int
spell(struct pull *p, struct buf *b)
{
	struct pull_text t;
	int c = pull_peek(p), got;

	if (c != '{' && c != '[') {
		if ((c == '"' ? pull_string(p, &t) : pull_scalar(p, &t)) < 0)
			return -1;
		buf_add(b, t.s, t.n);
		buf_addc(b, '|');
		return 0;
	}
	buf_addc(b, (char)c);
	if (pull_open(p, (char)c) < 0)
		return -1;
	for (bool more = false; (got = c == '{' ? pull_member(p, &t, more)
						: pull_item(p, more)) > 0;
	     more = true) {
		if (c == '{') {
			buf_add(b, t.s, t.n);
			buf_addc(b, ':');
		}
		if (spell(p, b) < 0)
			return -1;
	}
	return got;
}

static void
check(const char *text, const char *want)
{
	AUTO_ARENA a = {0};
	AUTO_BUF b = BUF_INIT;
	struct pull p = {.s = text, .n = strlen(text), .arena = &a};

	if (spell(&p, &b) < 0)
		buf_addf(&b, "!%s", p.why);
	is_str(b.s, want);
	p = (struct pull){.s = text, .n = strlen(text), .arena = &a};
	is_int(pull_skip(&p, NULL) < 0, strchr(want, '!') != NULL);
}

static void
words_come_one_by_one(void)
{
	check(
	    "{\"a\": [1, -2.5e+3, true], \"b\": {}}", "{a:[1|-2.5e+3|true|b:{");
	check(" null ", "null|");
	check("\"exactly8\"", "exactly8|");
}

static void
escapes_are_resolved(void)
{
	check("\"a\\n\\u00e9\\ud83d\\ude00\\\"\"",
	    "a\n\xc3\xa9\xf0\x9f\x98\x80\"|");
	check("\"\\ud800x\"", "\xef\xbf\xbdx|");
}

static void
malformed_text_says_why(void)
{
	check("[1 2]", "[1|!no comma");
	check("{\"a\" 1}", "{!no colon");
	check("{a:1}", "{!no string");
	check("\"abc", "!a string that does not end");
	check("\"a\nb\"", "!a string that does not end");
	check("[01]", "[!no value");
	check("[1.]", "[!no value");
	check("[", "[!no value");
}

static void
depth_has_a_bound(void)
{
	char text[2 * PULL_DEPTH + 2];
	struct pull p = {.s = text, .n = sizeof text};

	memset(text, '[', PULL_DEPTH + 1);
	memset(text + PULL_DEPTH + 1, ']', PULL_DEPTH + 1);
	is_int(pull_skip(&p, NULL), -1);
	is_str(p.why, "nested too deep");
	p = (struct pull){.s = text + 1, .n = sizeof text - 2};
	is_int(pull_skip(&p, NULL), 0);
}

TAP_MAIN(TEST(words_come_one_by_one), TEST(escapes_are_resolved),
    TEST(malformed_text_says_why), TEST(depth_has_a_bound))
