/*
 * What the words of JSON are made of, for who reads its text byte by byte.
 *
 * src: RFC 8259
 */
#ifndef DATA_TOKEN_H
#define DATA_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool
token_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * How much of s[n] a string holds as it stands: up to a quote, a backslash or
 * a byte below 0x20. Eight bytes at a time.
 */
static inline size_t
token_plain(const char *s, size_t n)
{
	const uint64_t ones = 0x0101010101010101u, high = ones * 0x80;
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t v, quote, back, stop;

		memcpy(&v, s + i, 8);
		quote = v ^ ones * '"';
		back = v ^ ones * '\\';
		stop = (((v - ones * 0x20) & ~v) | ((quote - ones) & ~quote) |
			   ((back - ones) & ~back)) &
		       high;
		if (!stop)
			continue;
		if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
			break;
		return i + (size_t)__builtin_ctzll(stop) / 8;
	}
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
