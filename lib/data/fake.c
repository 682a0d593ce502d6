#include "data/fake.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/die.h"
#include "data/fake_words.h"
#include "data/uuid.h"

struct fake_draw {
	struct rng *r;
	const int64_t *arg;
	struct arena *a;
};

static struct value *
text(struct fake_draw *d, const struct buf *b)
{
	return value_str(d->a, b->s, b->len);
}

/* ---- patterns */

static void expand(struct buf *to, struct rng *r, const char *pattern);

static void
add_word(struct buf *to, struct rng *r, const char *name, size_t n)
{
	bool is_small = *name == '-';
	const struct fake_list *list =
	    fake_words(name + is_small, n - is_small);
	size_t start = to->len;

	BUG_IF(!list);
	expand(to, r, list->word[rng_below64(r, list->n)]);
	for (size_t i = start; is_small && i < to->len; i++)
		if (to->s[i] >= 'A' && to->s[i] <= 'Z')
			to->s[i] |= 32;
}

static void
expand(struct buf *to, struct rng *r, const char *pattern)
{
	for (const char *c = pattern; *c; c++) {
		if (*c == '{') {
			size_t n = strcspn(c + 1, "}");

			add_word(to, r, c + 1, n);
			c += n + 1;
		} else if (*c == '#') {
			buf_addc(to, (char)('0' + rng_below16(r, 10)));
		} else if (*c == '!') {
			buf_addc(to, (char)('2' + rng_below16(r, 8)));
		} else {
			buf_addc(to, *c);
		}
	}
}

/* ---- numbers */

static struct value *
make_int(struct fake_draw *d)
{
	return value_int(d->a, rng_below32(d->r, 1000));
}

/* From the first argument up to the second, without it. */
static int64_t
between(struct fake_draw *d)
{
	uint64_t span = (uint64_t)d->arg[1] - (uint64_t)d->arg[0];

	return d->arg[0] + (int64_t)rng_below64(d->r, span);
}

static struct value *
make_int_range(struct fake_draw *d)
{
	uint32_t span = (uint32_t)(d->arg[1] - d->arg[0]);

	return value_int(d->a, d->arg[0] + rng_below32(d->r, span));
}

static struct value *
make_float(struct fake_draw *d)
{
	return value_float(d->a, rng_between(d->r, 0, 1000));
}

static struct value *
make_bool(struct fake_draw *d)
{
	return value_bool(d->a, rng_float(d->r) * 100 < (double)d->arg[0]);
}

static struct value *
make_port(struct fake_draw *d)
{
	return value_int(d->a, 1024 + rng_below16(d->r, 65535 - 1024));
}

/* ---- what is made of numbers */

static struct value *
make_degrees(struct fake_draw *d, double most)
{
	char s[32];
	int n = snprintf(s, sizeof s, "%.6f", (rng_float(d->r) * 2 - 1) * most);

	return value_str(d->a, s, (size_t)n);
}

static struct value *
make_latitude(struct fake_draw *d)
{
	return make_degrees(d, 90);
}

static struct value *
make_longitude(struct fake_draw *d)
{
	return make_degrees(d, 180);
}

static struct value *
make_ipv4(struct fake_draw *d)
{
	AUTO_BUF b = BUF_INIT;

	for (int i = 0; i < 4; i++)
		buf_addf(&b, "%s%u", i ? "." : "", rng_below16(d->r, 256));
	return text(d, &b);
}

static struct value *
make_mac_address(struct fake_draw *d)
{
	AUTO_BUF b = BUF_INIT;

	for (int i = 0; i < 6; i++)
		buf_addf(&b, "%s%02X", i ? ":" : "", rng_below16(d->r, 256));
	return text(d, &b);
}

static struct value *
make_ipv6(struct fake_draw *d)
{
	AUTO_BUF b = BUF_INIT;

	for (int i = 0; i < 8; i++)
		buf_addf(&b, "%s%X", i ? ":" : "", rng_below16(d->r, 65536));
	return text(d, &b);
}

static struct value *
make_hex_color(struct fake_draw *d)
{
	AUTO_BUF b = BUF_INIT;

	buf_addf(&b, "#%06x", rng_below32(d->r, 1 << 24));
	return text(d, &b);
}

static struct value *
make_rgb_color(struct fake_draw *d)
{
	uint32_t c = rng_below32(d->r, 1 << 24);
	AUTO_BUF b = BUF_INIT;

	buf_addf(&b, "rgb(%u, %u, %u)", c >> 16, c >> 8 & 255, c & 255);
	return text(d, &b);
}

static struct value *
make_semver(struct fake_draw *d)
{
	unsigned major = rng_below16(d->r, 10);
	unsigned minor = rng_below16(d->r, 20);
	AUTO_BUF b = BUF_INIT;

	buf_addf(&b, "%u.%u.%u", major, minor, rng_below16(d->r, 100));
	return text(d, &b);
}

/* The last digit makes the sum of all a multiple of ten. src: ISO/IEC 7812 */
static struct value *
make_credit_card(struct fake_draw *d)
{
	AUTO_BUF b = BUF_INIT;
	int sum = 0;

	expand(&b, d->r, "{card}");
	for (size_t i = 0; i < b.len; i++) {
		int v = b.s[b.len - 1 - i] - '0';

		sum += i % 2 ? v : v / 5 + v * 2 % 10;
	}
	buf_addc(&b, (char)('0' + (10 - sum % 10) % 10));
	return text(d, &b);
}

/* ---- time */

enum { TIME_END = 2082758400 }; /* 2036-01-01, and after 1970 */

static struct value *
make_timestamp(struct fake_draw *d)
{
	return value_int(d->a, rng_below32(d->r, TIME_END));
}

static struct value *
make_moment(struct fake_draw *d, const char *form)
{
	time_t at = rng_below32(d->r, TIME_END);
	struct tm tm;
	char s[40];

	gmtime_r(&at, &tm);
	return value_str(d->a, s, strftime(s, sizeof s, form, &tm));
}

static struct value *
make_date(struct fake_draw *d)
{
	return make_moment(d, "%Y-%m-%d");
}

static struct value *
make_time(struct fake_draw *d)
{
	return make_moment(d, "%H:%M:%S");
}

static struct value *
make_datetime(struct fake_draw *d)
{
	return make_moment(d, "%Y-%m-%dT%H:%M:%S+00:00");
}

/* ---- texts of a length */

static struct value *
make_string(struct fake_draw *d)
{
	AUTO_BUF b = BUF_INIT;

	for (int64_t i = 0; i < d->arg[0]; i++)
		buf_addc(&b, (char)('a' + rng_below16(d->r, 26)));
	return text(d, &b);
}

static struct value *
make_password(struct fake_draw *d)
{
	static const char from[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789!#%&*+-.:;=?@^_~";
	AUTO_BUF b = BUF_INIT;

	for (int64_t n = between(d); n > 0; n--)
		buf_addc(&b, from[rng_below64(d->r, sizeof from - 1)]);
	return text(d, &b);
}

static void
add_words(struct buf *b, struct rng *r, int64_t n)
{
	for (int64_t i = 0; i < n; i++) {
		if (i)
			buf_addc(b, ' ');
		expand(b, r, "{word}");
	}
}

static void
add_sentence(struct buf *b, struct rng *r, int64_t words)
{
	size_t start = b->len;

	add_words(b, r, words);
	if (b->len > start)
		b->s[start] &= ~32;
	buf_addc(b, '.');
}

static struct value *
make_words(struct fake_draw *d)
{
	AUTO_BUF b = BUF_INIT;

	add_words(&b, d->r, d->arg[0]);
	return text(d, &b);
}

static struct value *
make_sentence(struct fake_draw *d)
{
	AUTO_BUF b = BUF_INIT;

	add_sentence(&b, d->r, between(d));
	return text(d, &b);
}

static struct value *
make_paragraph(struct fake_draw *d)
{
	AUTO_BUF b = BUF_INIT;

	for (int64_t n = between(d); n > 0; n--) {
		add_sentence(&b, d->r, 5 + rng_below16(d->r, 8));
		if (n > 1)
			buf_addc(&b, ' ');
	}
	return text(d, &b);
}

static struct value *
make_uuid(struct fake_draw *d)
{
	char s[UUID_TEXT];

	uuid_v4(s, d->r);
	return value_text(d->a, s);
}

/* ---- the table */

enum { LONGEST = 65536, MOST_WORDS = 10000, MOST_SENTENCES = 1000 };

#define TEXT(kind, form)                      \
	{                                     \
		.name = kind, .pattern = form \
	}
#define MAKE(kind, fn, ...)                                      \
	{                                                        \
		.name = kind, .make = fn, .arg = { __VA_ARGS__ } \
	}

const struct fake_kind fake_kinds[] = {
    TEXT("fake_address", "{house} {street} {way}, {city}, {state} {zip}"),
    MAKE("fake_bool", make_bool, {"ratio", 50, 0, 100}),
    TEXT("fake_cell_phone", "{cell}"),
    TEXT("fake_city", "{city}"),
    TEXT("fake_color", "{colour}"),
    TEXT("fake_company", "{company}"),
    TEXT("fake_company_suffix", "{form}"),
    TEXT("fake_country", "{country}"),
    MAKE("fake_credit_card", make_credit_card, {0}),
    TEXT("fake_currency_code", "{code}"),
    TEXT("fake_currency_name", "{currency}"),
    TEXT("fake_currency_symbol", "{symbol}"),
    MAKE("fake_date", make_date, {0}),
    MAKE("fake_datetime", make_datetime, {0}),
    TEXT("fake_domain", "{word}.{domain}"),
    TEXT("fake_email", "{-first}@example.{safe}"),
    TEXT("fake_extension", "{extension}"),
    TEXT("fake_file_path", "/{root}/{file}/{file}/{file}.{extension}"),
    TEXT("fake_filename", "{file}.{extension}"),
    TEXT("fake_first_name", "{first}"),
    MAKE("fake_float", make_float, {0}),
    MAKE("fake_hex_color", make_hex_color, {0}),
    TEXT("fake_industry", "{industry}"),
    MAKE("fake_int", make_int, {0}),
    MAKE("fake_int_range", make_int_range, {"min", 0, INT32_MIN, INT32_MAX},
	{"max", 100, INT32_MIN, INT32_MAX}),
    MAKE("fake_ipv4", make_ipv4, {0}),
    MAKE("fake_ipv6", make_ipv6, {0}),
    TEXT("fake_last_name", "{last}"),
    MAKE("fake_latitude", make_latitude, {0}),
    MAKE("fake_longitude", make_longitude, {0}),
    MAKE("fake_mac_address", make_mac_address, {0}),
    TEXT("fake_mime_type", "{mime}"),
    TEXT("fake_name", "{first} {last}"),
    MAKE("fake_paragraph", make_paragraph, {"min", 3, 0, MOST_SENTENCES},
	{"max", 7, 0, MOST_SENTENCES}),
    MAKE("fake_password", make_password, {"min", 8, 0, LONGEST},
	{"max", 20, 0, LONGEST}),
    TEXT("fake_phone", "{phone}"),
    MAKE("fake_port", make_port, {0}),
    TEXT("fake_profession", "{profession}"),
    MAKE("fake_rgb_color", make_rgb_color, {0}),
    MAKE("fake_semver", make_semver, {0}),
    MAKE("fake_sentence", make_sentence, {"min", 4, 0, MOST_WORDS},
	{"max", 10, 0, MOST_WORDS}),
    TEXT("fake_state", "{state}"),
    TEXT("fake_street", "{street} {way}"),
    MAKE("fake_string", make_string, {"len", 10, 0, LONGEST}),
    TEXT("fake_suffix", "{suffix}"),
    MAKE("fake_time", make_time, {0}),
    MAKE("fake_timestamp", make_timestamp, {0}),
    TEXT("fake_title", "{title}"),
    TEXT("fake_url", "https://{word}.{domain}"),
    TEXT("fake_user_agent", "{agent}"),
    TEXT("fake_username", "{username}"),
    {.name = "fake_uuid", .make = make_uuid, .is_never_seeded = true},
    MAKE("fake_uuid_seeded", make_uuid, {0}),
    TEXT("fake_word", "{word}"),
    MAKE("fake_words", make_words, {"count", 3, 0, MOST_WORDS}),
    TEXT("fake_zip", "{zip}"),
    {0},
};

#undef TEXT
#undef MAKE

const struct fake_kind *
fake_find(const char *name)
{
	for (const struct fake_kind *k = fake_kinds; k->name; k++)
		if (!strcmp(k->name, name))
			return k;
	return NULL;
}

static int
check(const struct fake_kind *kind, const int64_t arg[], struct err *e)
{
	const struct fake_arg *want = kind->arg;

	for (int i = 0; i < FAKE_ARGS && want[i].name; i++)
		if (arg[i] < want[i].least || arg[i] > want[i].most)
			return err_set(e, "`%s` is %lld to %lld, not %lld",
			    want[i].name, (long long)want[i].least,
			    (long long)want[i].most, (long long)arg[i]);
	if (want[1].name && arg[0] >= arg[1]) {
		err_set(e, "`%s` is not below `%s`: %lld, %lld", want[0].name,
		    want[1].name, (long long)arg[0], (long long)arg[1]);
		return err_hint(e, "`%s` itself is never drawn", want[1].name);
	}
	return 0;
}

struct value *
fake_make(const struct fake_kind *kind, struct rng *r,
    const int64_t arg[FAKE_ARGS], struct arena *a, struct err *e)
{
	struct fake_draw d = {r, arg, a};
	AUTO_BUF b = BUF_INIT;

	if (check(kind, arg, e) < 0)
		return NULL;
	if (kind->make)
		return kind->make(&d);
	expand(&b, r, kind->pattern);
	return text(&d, &b);
}

const struct fake_example fake_examples[] = {
    {"address.city", "San Francisco"},
    {"address.country", "United States"},
    {"address.street.address", "123 Main St"},
    {"address.street.name", "Main Street"},
    {"address.tz", "America/Los_Angeles"},
    {"address.zip", "94102"},
    {"company.buzzword", "synergy"},
    {"company.industry", "Technology"},
    {"company.name", "Acme Corp"},
    {"company.profession", "Software Engineer"},
    {"internet.domain.suffix", "com"},
    {"internet.email.free", "user@gmail.com"},
    {"internet.email.safe", "user@example.com"},
    {"internet.ip.any", "192.168.1.1"},
    {"internet.ip.v4", "192.168.1.1"},
    {"internet.ip.v6", "2001:0db8::1"},
    {"internet.password", "P@ssw0rd123"},
    {"internet.username", "johndoe123"},
    {"lorem.paragraph",
	"Lorem ipsum dolor sit amet, consectetur adipiscing elit."},
    {"lorem.sentence", "Lorem ipsum dolor sit amet."},
    {"lorem.word", "lorem"},
    {"name.first", "John"},
    {"name.full", "John Doe"},
    {"name.last", "Doe"},
    {"name.title", "Mr."},
    {"phone.number", "+1-555-123-4567"},
    {"uuid.v4", NULL},
    {0},
};

const struct fake_example *
fake_example(const char *name)
{
	for (const struct fake_example *x = fake_examples; x->name; x++)
		if (!strcmp(x->name, name))
			return x;
	return NULL;
}
