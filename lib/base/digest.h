/*
 * A number that stands for some bytes: quick, and nothing that withstands who
 * looks for two texts of one number.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/*
 * Of s[n], on top of what came before: `seed` is its digest, or 0.
 *
 * out: never 0
 */
uint64_t digest_add(uint64_t seed, const char *s, size_t n);

#endif
