#include "data/otlp_pen.h"

#include <endian.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* From here on fifteen digits need not be enough. */
#define MANTISSA 1e15

char *
pen_number(char *p, uint64_t v)
{
	static const char pair[] = "00010203040506070809"
				   "10111213141516171819"
				   "20212223242526272829"
				   "30313233343536373839"
				   "40414243444546474849"
				   "50515253545556575859"
				   "60616263646566676869"
				   "70717273747576777879"
				   "80818283848586878889"
				   "90919293949596979899";
	char digits[PEN_NUMBER];
	size_t at = sizeof digits;

	if (v < 10) {
		*p = (char)('0' + v);
		return p + 1;
	}
	for (; v >= 100; v /= 100)
		memcpy(digits + (at -= 2), pair + v % 100 * 2, 2);
	if (v >= 10)
		memcpy(digits + (at -= 2), pair + v * 2, 2);
	else
		digits[--at] = (char)('0' + v);
	return pen_put(p, digits + at, sizeof digits - at);
}

#define EACH(byte) (0x0101010101010101u * (byte))

/* Four bytes: each half of them in a byte of one word, all at once. */
static void
put_hex8(char *p, const unsigned char *s)
{
	uint32_t four;
	uint64_t w;

	memcpy(&four, s, sizeof four);
	w = be32toh(four);
	w = (w << 16 | w) & 0x0000ffff0000ffffu;
	w = (w << 8 | w) & 0x00ff00ff00ff00ffu;
	w = (w << 4 | w) & EACH(0x0f);
	w += EACH('0') + ((w + EACH(6)) >> 4 & EACH(1)) * ('a' - '0' - 10);
	w = htobe64(w);
	memcpy(p, &w, sizeof w);
}

char *
pen_hex(char *p, const unsigned char *s, size_t n)
{
	static const char digit[] = "0123456789abcdef";

	for (; n >= 4; s += 4, n -= 4, p += 8)
		put_hex8(p, s);
	for (; n; s++, n--) {
		*p++ = digit[*s >> 4];
		*p++ = digit[*s & 15];
	}
	return p;
}

/*
 * The least precision at which %g may read back equal. Fifteen digits decide
 * it for normal numbers; for the small ones there is no such bound.
 */
static int
least_precision(double d)
{
	char s[32];
	int digits = 15;

	if (fabs(d) < DBL_MIN)
		return 1;
	snprintf(s, sizeof s, "%.14e", d);
	if (strtod(s, NULL) != d)
		return 16;
	for (char *c = strchr(s, 'e'); digits > 1 && c[-1] == '0'; c--)
		digits--;
	return digits;
}

/*
 * Numbers as people write them, 0.25 or 9.5: of all decimals with at most
 * fifteen digits one at most is this double, and a quotient of whole numbers
 * below 2^53 is rounded as a decimal is.
 *
 * out: NULL for all others
 */
static char *
short_decimal(char *p, double d)
{
	static const double scale[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};
	static const unsigned unit[] = {
	    1, 10, 100, 1000, 10000, 100000, 1000000};
	double size = fabs(d);
	unsigned k = 0;
	uint64_t whole;

	if (size < 1e-4 || size * 1e6 >= MANTISSA)
		return NULL;
	while (round(size * scale[k]) / scale[k] != size)
		if (++k == sizeof scale / sizeof *scale)
			return NULL;
	whole = (uint64_t)round(size * scale[k]);
	if (!k && whole % 10 == 0)
		return NULL; /* 1e+02 */
	if (d < 0)
		*p++ = '-';
	p = pen_number(p, whole / unit[k]);
	*p++ = '.';
	if (!k) {
		*p++ = '0';
		return p;
	}
	for (unsigned u = unit[k] / 10; u; u /= 10)
		*p++ = (char)('0' + whole / u % 10);
	return p;
}

char *
pen_double(char *p, double d)
{
	char *end = short_decimal(p, d);

	if (end)
		return end;
	for (int digits = least_precision(d); digits <= 17; digits++) {
		snprintf(p, PEN_DOUBLE, "%.*g", digits, d);
		if (strtod(p, NULL) == d)
			break;
	}
	if (!strpbrk(p, ".e"))
		strcat(p, ".0");
	return p + strlen(p);
}
