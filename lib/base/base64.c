#include "base/base64.h"

#include <stdint.h>

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_print(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i += 3) {
		uint32_t three = 0;

		for (size_t j = 0; j < 3; j++)
			three = three << 8 |
				(i + j < n ? (unsigned char)s[i + j] : 0);
		for (size_t j = 0; j < 4; j++)
			buf_addc(b, i + j <= n
					? letters[three >> (18 - 6 * j) & 63]
					: '=');
	}
}

int
base64_parse(struct buf *b, const char *s, size_t n)
{
	uint32_t bits = 0;
	unsigned held = 0;

	for (int i = 0; i < 2 && n && s[n - 1] == '='; i++)
		n--;
	if (n % 4 == 1)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *at = s[i] ? strchr(letters, s[i]) : NULL;

		if (!at)
			return -1;
		bits = bits << 6 | (uint32_t)(at - letters);
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		buf_addc(b, (char)(bits >> held & 255));
	}
	return 0;
}
