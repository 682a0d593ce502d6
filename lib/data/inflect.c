#include "data/inflect.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"

/* A text as its characters. */
struct chars {
	uint32_t *c;
	size_t n;
};

struct range {
	uint32_t first, last;
};

/* Beyond ASCII: the blocks of punctuation and symbols; small letters. */
static const struct range symbols[] = {{0x80, 0xa9}, {0xab, 0xb1}, {0xb4, 0xb4},
    {0xb6, 0xb8}, {0xbb, 0xbb}, {0xbf, 0xbf}, {0xd7, 0xd7}, {0xf7, 0xf7},
    {0x2c2, 0x2c5}, {0x2000, 0x206f}, {0x20a0, 0x20cf}, {0x2190, 0x245f},
    {0x2500, 0x2775}, {0x2794, 0x2bff}, {0x2e00, 0x2e7f}, {0x3000, 0x3004},
    {0x3008, 0x3020}, {0xe000, 0xf8ff}, {0xfe30, 0xfe6f}, {0xff01, 0xff0f},
    {0xff1a, 0xff20}, {0xfff0, 0xffff}, {0x1f000, 0x1f0ff}, {0x1f200, 0x1faff}};
static const struct range smalls[] = {{0xaa, 0xaa}, {0xb5, 0xb5}, {0xba, 0xba},
    {0xdf, 0xf6}, {0xf8, 0xff}, {0x250, 0x2af}, {0x3ac, 0x3ce}, {0x430, 0x45f},
    {0x561, 0x587}};

static bool
is_in(const struct range *r, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= r[i].first && c <= r[i].last)
			return true;
	return false;
}

static bool
is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_capital(uint32_t c)
{
	return c >= 'A' && c <= 'Z';
}

static uint32_t
small(uint32_t c)
{
	return is_capital(c) ? c | 32 : c;
}

static uint32_t
capital(uint32_t c)
{
	return c >= 'a' && c <= 'z' ? c & ~32U : c;
}

static bool
is_word(uint32_t c)
{
	if (c < 0x80)
		return is_digit(c) || is_capital(capital(c));
	return !is_in(symbols, COUNT(symbols), c);
}

/* In Latin Extended-A the small letters follow their capitals. */
static bool
is_small(uint32_t c)
{
	if (c >= 0x100 && c < 0x180)
		return (c > 0x138 && c < 0x149) || c > 0x178 ? !(c & 1) : c & 1;
	return capital(c) != c || is_in(smalls, COUNT(smalls), c);
}

static void
put(struct buf *to, uint32_t c)
{
	char s[4];

	buf_add(to, s, utf8_put(s, c));
}

/* What is not UTF-8 stands between words. */
static struct chars
decode(const char *s, size_t n)
{
	struct chars to = {mem_new(n + 1, sizeof(uint32_t)), 0};

	for (size_t i = 0; i < n;) {
		uint32_t c = ' ';
		size_t len = utf8_next(s + i, n - i, &c);

		to.c[to.n++] = len ? c : ' ';
		i += len ? len : 1;
	}
	return to;
}

static size_t
trimmed(const struct chars *from)
{
	size_t n = from->n;

	while (n && !is_word(from->c[n - 1]))
		n--;
	return n;
}

/*
 * The neighbours are looked up where Inflector does it: at the offset of the
 * character in bytes. The two are the same in ASCII.
 */
static bool
is_by_small(const struct chars *from, size_t offset)
{
	return (offset + 1 < from->n && is_small(from->c[offset + 1])) ||
	       (offset - 1 < from->n && is_small(from->c[offset - 1]));
}

static void
separate(struct buf *to, const char *s, size_t n, char by)
{
	struct chars from = decode(s, n);
	size_t end = trimmed(&from), offset = 0;
	bool is_first = true; /* in its word */
	char bytes[4];

	for (size_t i = 0; i < end; i++) {
		uint32_t c = from.c[i];

		if (is_word(c)) {
			if (!is_first && capital(c) == c &&
			    is_by_small(&from, offset))
				buf_addc(to, by);
			put(to, small(c));
			is_first = false;
		} else if (!is_first) {
			buf_addc(to, by);
			is_first = true;
		}
		offset += utf8_put(bytes, c);
	}
	free(from.c);
}

static void
join(struct buf *to, const char *s, size_t n, bool is_new)
{
	struct chars from = decode(s, n);
	size_t end = trimmed(&from), start = to->len;
	uint32_t last = ' '; /* that began no word */

	for (size_t i = 0; i < end; i++) {
		uint32_t c = from.c[i];

		if (!is_word(c)) {
			is_new |= to->len > start;
		} else if (is_digit(c)) {
			put(to, c);
			is_new = true;
		} else if (is_new || (is_small(last) && is_capital(c))) {
			put(to, capital(c));
			is_new = false;
		} else {
			put(to, small(c));
			last = c;
		}
	}
	free(from.c);
}

void
inflect_camel(struct buf *to, const char *s, size_t n)
{
	join(to, s, n, false);
}

void
inflect_pascal(struct buf *to, const char *s, size_t n)
{
	join(to, s, n, true);
}

void
inflect_snake(struct buf *to, const char *s, size_t n)
{
	separate(to, s, n, '_');
}

void
inflect_kebab(struct buf *to, const char *s, size_t n)
{
	separate(to, s, n, '-');
}

/* A slug is the letters, digits and single dashes of kebab: that is, all. */
const struct inflect inflects[] = {
    {"camel", inflect_camel},
    {"kebab", inflect_kebab},
    {"pascal", inflect_pascal},
    {"slug", inflect_kebab},
    {"snake", inflect_snake},
    {0},
};
