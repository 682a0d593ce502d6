/*
 * Does a test prove anything? The negative control: its steps and services are
 * replaced by stubs that end as expected and print what was expected, and a
 * test that stays green without the code proves nothing about it.
 *
 * src: clnrm-prove(1), clnrm-records(7)
 */
#ifndef CORE_PROOF_H
#define CORE_PROOF_H

#include "base/map.h"
#include "core/stage.h"

enum proof_part { PROOF_STEPS = 1, PROOF_SERVICES = 2 };

/*
 * Write a `plan` record with stubs in place of the parts. Where no stub can
 * print what an expression wants, a warning W309 goes in its place.
 */
void proof_stub(struct stage *st, const struct record *plan, unsigned parts);

enum proof_outcome {
	PROOF_YES,     /* without the code it is not green */
	PROOF_NO,      /* it is */
	PROOF_UNKNOWN, /* it could not be tried */
};

/* What became of one test file, or cell of its matrix. */
struct proof_result {
	const char *source, *variant, *name; /* variant NULL: none */
	enum proof_outcome outcome;
	const char *message; /* what tells that it is a stub, or why not */
	bool has_verdict, is_skipped;
};

/* The tests of a stream of such stubs. */
struct proof {
	struct arena a;
	struct map by_key;
	struct proof_result *result; /* result[n], in the order of plans */
	size_t n, cap;
};

/* Take note of a `plan`, a `verdict` or a W309. */
void proof_take(struct proof *p, const struct record *r);

/* Write a `proof` record for each test. */
void proof_put(const struct proof *p, struct stage *st);

void proof_free(struct proof *p);

#define AUTO_PROOF __attribute__((cleanup(proof_free))) struct proof

#endif
