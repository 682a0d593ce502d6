/*
 * What the parts of core/diff share.
 */
#ifndef CORE_DIFF_INT_H
#define CORE_DIFF_INT_H

#include "base/mem.h"
#include "core/diff.h"

enum { BASE, NOW };

static inline struct spans *
diff_side(const struct diff *d, int side)
{
	return side == BASE ? d->base : d->now;
}

/* Children by start; of the node above the roots: the roots. */
static inline const uint32_t *
diff_kids(const struct diff *d, int side, uint32_t i, uint32_t *n)
{
	const struct diff_node *node = &d->node[side][i];

	*n = node->kids;
	return diff_side(d, side)->order + node->kid;
}

static inline uint32_t
diff_up(const struct diff *d, int side, uint32_t i)
{
	uint32_t up = d->node[side][i].up;

	return up == SPAN_NONE ? (uint32_t)diff_side(d, side)->n : up;
}

static inline bool
diff_is_text(struct pull_text a, struct pull_text b)
{
	return a.n == b.n && !memcmp(a.s, b.s, a.n);
}

/* Fill in the hashes of both sides. */
void diff_hash(struct diff *d);

/* The same of `now` again, once it has grown from so many spans: list[n] has
 * what is new and all above it. */
void diff_hash_grown(
    struct diff *d, size_t from, const uint32_t list[], size_t n);

/* How alike two spans are, 0 to 1. */
double diff_likeness(const struct diff *d, uint32_t b, uint32_t c);

/*
 * Which of b[nb] belong to which of c[nc], all equal but for details: in
 * order, those left out that fit least. mate[nb] gets indexes of c, or
 * SPAN_NONE.
 */
void diff_align(const struct diff *d, const uint32_t b[], uint32_t nb,
    const uint32_t c[], uint32_t nc, uint32_t mate[]);

struct diff_list {
	uint32_t *at;
	size_t n, cap;
};

static inline void
diff_list_add(struct diff_list *to, uint32_t i)
{
	to->at = mem_more(to->at, to->n, &to->cap, sizeof *to->at);
	to->at[to->n++] = i;
}

/* Spans of one side, with what they are looked up by. */
struct diff_item {
	uint64_t key;
	uint32_t at, rank;
};

struct diff_items {
	struct diff_item *item;
	size_t n, cap;
};

struct diff_guess {
	double score;
	uint32_t b, c;
};

/* What is kept from one match of the two to the next, when one has grown. */
struct diff_matcher {
	struct diff *d;
	struct diff_node *b, *c;
	struct diff_sum *x, *y; /* of these */
	uint32_t *queue; /* of base: those whose children are to be matched */
	size_t queued, done;
	size_t sure; /* of those: by their places alone */
	struct diff_items left, right;
	uint32_t *from, *to, *mate; /* one run of equal keys */
	size_t from_cap, to_cap, mate_cap;
	struct diff_guess *guess;
	size_t guesses, guesses_cap;
	struct diff_list rest[2]; /* without a mate, in reading order */
	struct diff_list todo;
	uint32_t *was;	/* of base: the mate before */
	uint32_t *seen; /* of base: in which search */
	uint32_t search;
	bool *is_grown; /* of now: it, or what is below it */
	bool is_new;	/* a match was made since it was cleared */
	bool is_loose;	/* what moved is known: likeness may decide */
};

/* Two belong together; their children are to be matched. */
void diff_match_pair(struct diff_matcher *m, uint32_t b, uint32_t c);

/* Children of two that belong together, by what they are. */
void diff_match_kids(struct diff_matcher *m, uint32_t b, uint32_t c);

/* Those that have another name, and all the rest the same. */
void diff_match_renamed(struct diff_matcher *m, uint32_t b, uint32_t c);

/* What is left of them, by likeness alone. */
void diff_match_rest(struct diff_matcher *m, uint32_t b, uint32_t c);

/* From the pairs that are queued down. */
void diff_match_down(struct diff_matcher *m);

/* Of all that is left: subtrees that went elsewhere. */
void diff_match_moved(struct diff_matcher *m);

/* Set the mates; again when `now` has grown by list[n]. */
void diff_match(struct diff *d, const uint32_t list[], size_t n);
void diff_matcher_free(struct diff_matcher *m);

/* Which of the children of two that belong together are displaced. */
void diff_order(struct diff *d, uint32_t b, uint32_t c);

/* Fill in entries and changes. */
void diff_compare(struct diff *d);

void diff_live_free(struct diff_live *l);

/* The differences between two spans with their entry. */
void diff_pair(struct diff *d, uint32_t b, uint32_t c);
struct diff_change *diff_add(struct diff *d, enum diff_op op, const char *part);

#endif
