/*
 * The whole test kit: each test is a function without arguments, named as a
 * sentence; main() is TAP_MAIN(first_test, second_test, …).
 */
#ifndef UNIT_TAP_H
#define UNIT_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool tap_failed;
static const char *tap_skipped;

/* This machine cannot run the test; return then. Fails under MUST_RUN=1. */
static inline void
tap_skip(const char *why)
{
	tap_skipped = why;
	if (getenv("MUST_RUN") && !strcmp(getenv("MUST_RUN"), "1")) {
		printf("# must run, but: %s\n", why);
		tap_failed = true;
	}
}

static inline bool
tap_check(bool ok, const char *file, int line, const char *what)
{
	if (!ok) {
		printf("# %s:%d: %s\n", file, line, what);
		tap_failed = true;
	}
	return ok;
}

static inline bool
tap_strings(const char *got, const char *want, const char *file, int line)
{
	bool same = got == want || (got && want && !strcmp(got, want));

	if (!tap_check(same, file, line, "the texts differ"))
		printf("#   got:  %s\n#   want: %s\n", got ? got : "(null)",
		    want ? want : "(null)");
	return same;
}

static inline bool
tap_numbers(long long got, long long want, const char *file, int line)
{
	if (!tap_check(got == want, file, line, "the numbers differ"))
		printf("#   got:  %lld\n#   want: %lld\n", got, want);
	return got == want;
}

#define is_true(x) tap_check((x), __FILE__, __LINE__, #x)
#define is_null(x) tap_check((x) == NULL, __FILE__, __LINE__, #x " is NULL")
#define is_str(got, want) tap_strings((got), (want), __FILE__, __LINE__)
#define is_int(got, want) \
	tap_numbers((long long)(got), (long long)(want), __FILE__, __LINE__)

struct tap_test {
	void (*fn)(void);
	const char *name;
};

static inline int
tap_run(const struct tap_test test[], size_t n)
{
	int bad = 0;

	printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		char name[256];

		snprintf(name, sizeof name, "%s", test[i].name);
		for (char *c = name; *c; c++)
			if (*c == '_')
				*c = ' ';
		tap_failed = false;
		tap_skipped = NULL;
		fflush(stdout);
		test[i].fn();
		bad += tap_failed;
		printf(
		    "%sok %zu - %s\n", tap_failed ? "not " : "", i + 1, name);
	}
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define TEST(fn)        \
	{               \
		fn, #fn \
	}
#define TAP_MAIN(...)                                                 \
	int main(void)                                                \
	{                                                             \
		static const struct tap_test tests[] = {__VA_ARGS__}; \
		return tap_run(tests, sizeof tests / sizeof *tests);  \
	}

#endif
