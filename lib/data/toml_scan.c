/* How far the same kind of bytes goes: most of the time is spent here. */
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "data/toml_int.h"

enum { B = TOML_BARE | TOML_TOKEN, T = TOML_TOKEN };

const unsigned char toml_class[256] = {
    ['-'] = B,
    ['_'] = B,
    ['+'] = T,
    ['.'] = T,
    [':'] = T,
    ['0' ... '9'] = B,
    ['A' ... 'Z'] = B,
    ['a' ... 'z'] = B,
};

/* From s[i] to the next byte beyond ASCII, or n; zeros follow s[n]. */
static size_t
ascii(const char *s, size_t i, size_t n)
{
	for (; i < n; i += 32) {
		uint64_t w[4];

		memcpy(w, s + i, sizeof w);
		if ((w[0] | w[1] | w[2] | w[3]) & 0x8080808080808080u)
			break;
	}
	while (i < n && !(s[i] & 0x80))
		i++;
	return i < n ? i : n;
}

void
toml_widen(struct toml *p, size_t offset)
{
	if (p->base + 1 < offset)
		for (size_t i = p->wide; i < offset; i++)
			p->base += (p->s[i] & 0xc0) == 0x80;
	p->wide = ascii(p->s, offset, p->n);
}

#ifdef __SSE2__

size_t
toml_plain(const char *s, char one, char other)
{
	const __m128i last = _mm_set1_epi8(0x1f), tab = _mm_set1_epi8('\t');
	const __m128i a = _mm_set1_epi8(one), b = _mm_set1_epi8(other);
	const __m128i del = _mm_set1_epi8(0x7f);

	for (size_t n = 0;; n += 16) {
		__m128i c = _mm_loadu_si128((const __m128i *)(s + n));
		__m128i is_low = _mm_cmpeq_epi8(_mm_min_epu8(c, last), c);
		__m128i is_end = _mm_or_si128(
		    _mm_or_si128(_mm_cmpeq_epi8(c, a), _mm_cmpeq_epi8(c, b)),
		    _mm_or_si128(_mm_cmpeq_epi8(c, del),
			_mm_andnot_si128(_mm_cmpeq_epi8(c, tab), is_low)));
		unsigned at = (unsigned)_mm_movemask_epi8(is_end);

		if (at)
			return n + (size_t)__builtin_ctz(at);
	}
}

/* The bytes of c from `first` on, so many. */
static __m128i
between(__m128i c, char first, char many)
{
	__m128i from = _mm_sub_epi8(c, _mm_set1_epi8(first));
	__m128i last = _mm_set1_epi8((char)(many - 1));

	return _mm_cmpeq_epi8(_mm_min_epu8(from, last), from);
}

size_t
toml_bare(const char *s)
{
	const __m128i small = _mm_set1_epi8(' ');
	const __m128i low = _mm_set1_epi8('_'), dash = _mm_set1_epi8('-');

	for (size_t n = 0;; n += 16) {
		__m128i c = _mm_loadu_si128((const __m128i *)(s + n));
		__m128i is_bare = _mm_or_si128(
		    _mm_or_si128(between(_mm_or_si128(c, small), 'a', 26),
			between(c, '0', 10)),
		    _mm_or_si128(
			_mm_cmpeq_epi8(c, low), _mm_cmpeq_epi8(c, dash)));
		unsigned at = ~(unsigned)_mm_movemask_epi8(is_bare) & 0xffff;

		if (at)
			return n + (size_t)__builtin_ctz(at);
	}
}

#else

size_t
toml_bare(const char *s)
{
	size_t n = 0;

	while (toml_is(s[n], TOML_BARE))
		n++;
	return n;
}

size_t
toml_plain(const char *s, char one, char other)
{
	size_t n = 0;

	while (s[n] != one && s[n] != other && s[n] != 0x7f &&
	       ((unsigned char)s[n] >= ' ' || s[n] == '\t'))
		n++;
	return n;
}

#endif
