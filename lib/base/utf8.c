#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

size_t
utf8_next(const char *s, size_t n, uint32_t *c)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)s;
	size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	uint32_t v;

	if (len == 1) {
		*c = p[0];
		return 1;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4 || len > n)
		return 0;
	v = p[0] & (0xff >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (p[i] & 0x3f);
	}
	if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*c = v;
	return len;
}

size_t
utf8_put(char to[4], uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

#define HIGH 0x8080808080808080u

/* Words and short strings, of which most texts are made. */
static bool
is_ascii(const char *s, size_t n)
{
	uint64_t word, last;
	uint32_t half, other;
	size_t i = 0;

	if (n < sizeof half)
		return !((n ? s[0] | s[n / 2] | s[n - 1] : 0) & 0x80);
	if (n < sizeof word) {
		memcpy(&half, s, sizeof half);
		memcpy(&other, s + n - sizeof other, sizeof other);
		return !((half | other) & (uint32_t)HIGH);
	}
	memcpy(&last, s + n - sizeof last, sizeof last);
	for (; n - i >= sizeof word; i += sizeof word) {
		memcpy(&word, s + i, sizeof word);
		if (word & HIGH)
			return false;
	}
	return !(last & HIGH);
}

size_t
utf8_check(const char *s, size_t n)
{
	size_t i = 0;

	if (is_ascii(s, n))
		return n;

	while (i < n) {
		uint64_t word;
		uint32_t c;
		size_t len;

		if (n - i >= sizeof word) {
			memcpy(&word, s + i, sizeof word);
			if (!(word & HIGH)) {
				i += sizeof word;
				continue;
			}
		}
		if (!(s[i] & 0x80)) {
			i++;
			continue;
		}
		len = utf8_next(s + i, n - i, &c);
		if (!len)
			return i;
		i += len;
	}
	return n;
}

size_t
utf8_count(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; count++) {
		uint32_t c;
		size_t len = utf8_next(s + i, n - i, &c);

		i += len ? len : 1;
	}
	return count;
}

bool
utf8_is_turn(uint32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void
utf8_print(struct buf *b, const char *s, size_t n)
{
	while (n) {
		uint32_t c = 0;
		size_t len = utf8_next(s, n, &c);

		if (!len)
			buf_addf(b, "\\x%02x", (unsigned char)*s);
		else if (c == '\t')
			buf_addc(b, ' ');
		else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			buf_addf(b, "\\x%02x", c);
		else if (utf8_is_turn(c))
			buf_addf(b, "\\u%04x", c);
		else
			buf_add(b, s, len);
		len = len ? len : 1;
		s += len;
		n -= len;
	}
}
