/*
 * A plan on its way through the cleanroom, shared by its scenarios.
 */
#ifndef CORE_TEST_H
#define CORE_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/record.h"

struct reuse;

struct test {
	struct arena arena;
	const struct value *plan;
	const struct value *scenarios; /* its list */
	const char *name, *source;
	const char *variant; /* or NULL */
	int64_t gen;
	bool has_reuse; /* some service outlives a scenario: they run one after
			   the other */
	size_t owed;	/* scenarios that wait */
	struct reuse *reuse; /* what is there for the next of them, or NULL */
	unsigned refs;
};

/*
 * Read a `plan` record that lint has checked. A foreign plan that lacks what
 * it must have is told.
 *
 * err: NULL and *e
 * mem: test_release() it as often as test_hold(), and once more
 */
struct test *test_new(const struct record *r, struct err *e);

struct test *test_hold(struct test *t);
void test_release(struct test *t);

/* Is it a service that outlives a scenario? */
bool test_is_reused(const struct value *service);

/* Is this about the same source and variant? */
bool test_is_of(const struct test *t, const char *source, const char *variant);

/* Write its plan as the line of a record, as of another generation. */
void test_plan(const struct test *t, int64_t gen, struct buf *line);

#endif
