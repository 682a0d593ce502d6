#include "data/uuid.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "data/hash.h"

enum { BYTES = 16 };

/* With its version and variant. */
static void
print(char to[UUID_TEXT], unsigned char b[], unsigned version)
{
	b[6] = (unsigned char)((b[6] & 0x0f) | version << 4);
	b[8] = (b[8] & 0x3f) | 0x80;
	for (int i = 0; i < BYTES; i++) {
		if (i >= 4 && i <= 10 && i % 2 == 0)
			*to++ = '-';
		*to++ = "0123456789abcdef"[b[i] >> 4];
		*to++ = "0123456789abcdef"[b[i] & 15];
	}
	*to = 0;
}

void
uuid_v4(char to[UUID_TEXT], struct rng *r)
{
	unsigned char b[BYTES];

	rng_bytes(r, b, sizeof b);
	print(to, b, 4);
}

void
uuid_v7(char to[UUID_TEXT], struct rng *r, int64_t unix_ms)
{
	unsigned char b[BYTES];

	for (int i = 0; i < 6; i++)
		b[i] = (unsigned char)((uint64_t)unix_ms >> (40 - 8 * i));
	rng_bytes(r, b + 6, sizeof b - 6);
	print(to, b, 7);
}

static int
parse(const char *s, unsigned char b[])
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	int digits = 0;

	if (strlen(s) != sizeof form - 1)
		return -1;
	for (int i = 0; form[i]; i++) {
		int v = hex_value(s[i]);

		if (form[i] == '-' ? s[i] != '-' : v < 0)
			return -1;
		if (form[i] == 'x' && digits++ % 2)
			b[digits / 2 - 1] |= (unsigned char)v;
		else if (form[i] == 'x')
			b[digits / 2] = (unsigned char)(v << 4);
	}
	return 0;
}

int
uuid_v5(char to[UUID_TEXT], const char *space, const char *name, size_t n,
    struct err *e)
{
	unsigned char b[BYTES], digest[HASH_SHA1];

	if (parse(space, b) < 0) {
		err_set(e, "the name space '%.60s' is no UUID", space);
		return err_hint(e, "that of host names is "
				   "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
	}
	hash_sha1((char *)b, sizeof b, name, n, digest);
	print(to, digest, 5);
	return 0;
}

void
uuid_ulid(char to[UUID_ULID], struct rng *r, int64_t unix_ms)
{
	static const char digit[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint64_t ms = (uint64_t)unix_ms & 0xffffffffffff;

	for (int i = 0; i < 10; i++)
		to[i] = digit[ms >> (45 - 5 * i) & 31];
	for (int i = 10; i < UUID_ULID - 1; i++)
		to[i] = digit[rng_below32(r, 32)];
	to[UUID_ULID - 1] = 0;
}

void
uuid_trace_id(char to[UUID_TRACE], struct rng *r)
{
	rng_hex(r, to, UUID_TRACE - 1);
	to[UUID_TRACE - 1] = 0;
}

void
uuid_span_id(char to[UUID_SPAN], struct rng *r)
{
	rng_hex(r, to, UUID_SPAN - 1);
	to[UUID_SPAN - 1] = 0;
}

static int
check(const char *what, const char *id, size_t len, struct err *e)
{
	if (strspn(id, "0123456789abcdef") != len || id[len])
		return err_set(e,
		    "the %s id '%.60s' is not %zu lower-case hex digits", what,
		    id, len);
	if (strspn(id, "0") == len)
		return err_set(e, "the %s id is all zero", what);
	return 0;
}

int
uuid_traceparent(char to[UUID_PARENT], const char *trace_id,
    const char *span_id, unsigned flags, struct err *e)
{
	if (check("trace", trace_id, UUID_TRACE - 1, e) < 0 ||
	    check("span", span_id, UUID_SPAN - 1, e) < 0)
		return -1;
	snprintf(
	    to, UUID_PARENT, "00-%s-%s-%02x", trace_id, span_id, flags & 255);
	return 0;
}
