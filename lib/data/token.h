/*
 * What the words of JSON are made of, for who reads its text byte by byte.
 *
 * src: RFC 8259
 */
#ifndef DATA_TOKEN_H
#define DATA_TOKEN_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool
token_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

#define TOKEN_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/*
 * A bit in each byte of s[8] that ends what a string holds as it stands, up to
 * the first of them: what is carried from there may mark others behind it.
 */
static inline uint64_t
token_stops(const char *s)
{
	uint64_t v, quote, back;

	memcpy(&v, s, sizeof v);
	v = le64toh(v);
	quote = v ^ TOKEN_EACH('"');
	back = v ^ TOKEN_EACH('\\');
	return (((v - TOKEN_EACH(0x20)) & ~v) |
		   ((quote - TOKEN_EACH(1)) & ~quote) |
		   ((back - TOKEN_EACH(1)) & ~back)) &
	       TOKEN_EACH(0x80);
}

/*
 * How much of s[n] a string holds as it stands: up to a quote, a backslash or
 * a byte below 0x20. Eight bytes at a time, the last ones twice where that is
 * quicker.
 */
static inline size_t
token_plain(const char *s, size_t n)
{
	size_t i = 0;

	for (; n - i >= 8; i += 8) {
		uint64_t stops = token_stops(s + i);

		if (stops)
			return i + (size_t)__builtin_ctzll(stops) / 8;
	}
	if (i && i < n && !token_stops(s + n - 8))
		return n;
	while (
	    i < n && s[i] != '"' && s[i] != '\\' && (unsigned char)s[i] >= 0x20)
		i++;
	return i;
}

static inline size_t
token_digits(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] >= '0' && s[i] <= '9')
		i++;
	return i;
}

/* How much of s[n] is a number; 0: nothing. */
static inline size_t
token_number(const char *s, size_t n)
{
	size_t i = n && *s == '-', got = token_digits(s + i, n - i);

	if (!got || (got > 1 && s[i] == '0'))
		return 0;
	i += got;
	if (i < n && s[i] == '.') {
		got = token_digits(s + i + 1, n - i - 1);
		i += 1 + got;
	}
	if (got && i < n && (s[i] | 0x20) == 'e') {
		i++;
		i += i < n && (s[i] == '+' || s[i] == '-');
		got = token_digits(s + i, n - i);
		i += got;
	}
	return got ? i : 0;
}

/* The same of true, false and null. */
static inline size_t
token_word(const char *s, size_t n)
{
	if (n >= 4 && (!memcmp(s, "true", 4) || !memcmp(s, "null", 4)))
		return 4;
	return n >= 5 && !memcmp(s, "false", 5) ? 5 : 0;
}

#endif
