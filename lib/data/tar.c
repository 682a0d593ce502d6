#include "data/tar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BLOCK = 512 };

/* Where the fields of a header are. */
enum {
	NAME = 0,
	MODE = 100,
	UID = 108,
	GID = 116,
	SIZE = 124,
	MTIME = 136,
	SUM = 148,
	TYPE = 156,
	LINK = 157,
	MAGIC = 257,
	PREFIX = 345,
};

/* What pax records say of one entry, and so its header does not. */
struct told {
	bool has_path, has_link, has_size, has_uid, has_gid, has_mtime;
	uint64_t size, uid, gid;
	int64_t mtime_s;
	uint32_t mtime_ns;
};

static int
malformed(const struct tar *t, struct err *e, const char *what)
{
	return err_set(e, "%s: no good tar archive: %s", t->in->name, what);
}

void
tar_begin(struct tar *t, struct source *in)
{
	*t = (struct tar){.in = in};
	t->name = t->link = t->meta = (struct buf)BUF_INIT;
}

/* ---- numbers */

static int
base256(const unsigned char *s, size_t n, int64_t *to)
{
	bool is_negative = s[0] & 0x40;
	uint64_t v = is_negative ? ~(uint64_t)0 : 0;

	for (size_t i = 0; i < n; i++) {
		unsigned byte = i ? s[i] : (s[i] & 0x7f) | (is_negative << 7);

		if (v >> 55 != (is_negative ? 0x1ff : 0))
			return -1;
		v = v << 8 | byte;
	}
	*to = (int64_t)v;
	return 0;
}

static int
octal(const unsigned char *s, size_t n, int64_t *to)
{
	size_t i = 0;
	int64_t v = 0;

	while (i < n && s[i] == ' ')
		i++;
	for (; i < n && s[i] >= '0' && s[i] <= '7'; i++)
		v = v * 8 + (s[i] - '0'); /* 12 digits at most */
	for (; i < n; i++)
		if (s[i] != ' ' && s[i])
			return -1;
	*to = v;
	return 0;
}

/* A field of n bytes. */
static int
number(const unsigned char *s, size_t n, int64_t *to)
{
	return s[0] & 0x80 ? base256(s, n, to) : octal(s, n, to);
}

static int
whole(const unsigned char *s, size_t n, uint64_t *to)
{
	int64_t v;

	if (number(s, n, &v) < 0 || v < 0)
		return -1;
	*to = (uint64_t)v;
	return 0;
}

/* ---- the header */

/* The sum is over unsigned bytes; some old writers took signed ones. */
static bool
has_sum(const unsigned char h[BLOCK])
{
	int64_t want;
	long plain = 8L * ' ', with_sign = 8L * ' ';

	if (number(h + SUM, 8, &want) < 0)
		return false;
	for (int i = 0; i < BLOCK; i++) {
		if (i >= SUM && i < SUM + 8)
			continue;
		plain += h[i];
		with_sign += (signed char)h[i];
	}
	return want == plain || want == with_sign;
}

static bool
is_zero(const unsigned char h[BLOCK])
{
	return !h[0] && !memcmp(h, h + 1, BLOCK - 1);
}

static int
read_block(struct tar *t, unsigned char h[BLOCK], struct err *e)
{
	ssize_t n = source_read(t->in, (char *)h, BLOCK, e);

	if (n < 0)
		return -1;
	if (!n)
		return malformed(t, e, "it was cut, or is empty");
	if (n != BLOCK)
		return malformed(t, e, "it was cut within a header");
	return 0;
}

/* 1 and a header, or 0 at the end of the archive. */
static int
read_header(struct tar *t, unsigned char h[BLOCK], struct err *e)
{
	if (read_block(t, h, e) < 0)
		return -1;
	if (!is_zero(h))
		return has_sum(h) ? 1
				  : malformed(t, e, "a header's sum is wrong");
	t->is_over = true;
	return 0;
}

static void
set_text(struct buf *to, const unsigned char *s, size_t n)
{
	buf_reset(to);
	buf_add(to, (const char *)s, strnlen((const char *)s, n));
}

static void
header_names(
    struct tar *t, const unsigned char h[BLOCK], const struct told *told)
{
	/* GNU's old form has other things in the prefix' place */
	bool has_prefix = !memcmp(h + MAGIC, "ustar", 6) && h[PREFIX];

	if (!told->has_path) {
		buf_reset(&t->name);
		if (has_prefix) {
			set_text(&t->name, h + PREFIX, 155);
			buf_addc(&t->name, '/');
		}
		buf_add(&t->name, (const char *)h + NAME,
		    strnlen((const char *)h + NAME, 100));
	}
	if (!told->has_link)
		set_text(&t->link, h + LINK, 100);
}

/* ---- what stands before an entry: pax records and GNU long names */

static int
read_meta(struct tar *t, uint64_t size, struct err *e)
{
	size_t padded;
	ssize_t got;

	if (size > TAR_META_MAX)
		return malformed(t, e, "more than 1 MiB of names");
	padded = (size_t)(size + BLOCK - 1) / BLOCK * BLOCK;
	buf_reset(&t->meta);
	buf_room(&t->meta, padded + 1);
	got = source_read(t->in, t->meta.s, padded, e);
	if (got < 0)
		return -1;
	if ((size_t)got < padded)
		return malformed(t, e, "it was cut within names");
	t->meta.len = (size_t)size;
	t->meta.s[size] = 0;
	return 0;
}

static int
take_name(struct tar *t, struct buf *to, const char *s, size_t n, struct err *e)
{
	if (memchr(s, 0, n))
		return malformed(t, e, "a name with a NUL byte");
	if (n > TAR_PATH_MAX)
		return malformed(t, e, "a name of more than 4095 bytes");
	buf_reset(to);
	buf_add(to, s, n);
	return 0;
}

/* GNU: the whole name, perhaps with a NUL behind. */
static int
take_long_name(struct tar *t, uint64_t size, struct buf *to, struct err *e)
{
	if (read_meta(t, size, e) < 0)
		return -1;
	if (t->meta.len && !t->meta.s[t->meta.len - 1])
		t->meta.len--;
	return take_name(t, to, t->meta.s, t->meta.len, e);
}

/* Digits alone; -1 when it is no number or does not fit 63 bits. */
static int
decimal(const char *s, size_t n, uint64_t *to)
{
	uint64_t v = 0;

	if (!n || n > 18)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	*to = v;
	return 0;
}

/* Seconds, perhaps with a sign and a fraction. */
static int
decimal_time(const char *s, size_t n, struct told *told)
{
	bool is_negative = n && *s == '-';
	const char *dot = memchr(s, '.', n), *end = s + n;
	uint64_t v;
	uint32_t ns = 0, unit = 100000000;

	s += is_negative;
	if (decimal(s, (size_t)((dot ? dot : end) - s), &v) < 0)
		return -1;
	for (const char *c = dot ? dot + 1 : end; c < end; c++, unit /= 10) {
		if (*c < '0' || *c > '9')
			return -1;
		ns += (uint32_t)(*c - '0') * unit;
	}
	told->mtime_s = is_negative ? -(int64_t)v - (ns != 0) : (int64_t)v;
	told->mtime_ns = is_negative && ns ? 1000000000 - ns : ns;
	told->has_mtime = true;
	return 0;
}

/* One record; `value` has `n` bytes. Those that are not known are of no use. */
static int
take_record(struct tar *t, const char *key, const char *value, size_t n,
    struct told *told, struct err *e)
{
	int bad = 0;

	if (!strcmp(key, "path")) {
		told->has_path = true;
		return take_name(t, &t->name, value, n, e);
	}
	if (!strcmp(key, "linkpath")) {
		told->has_link = true;
		return take_name(t, &t->link, value, n, e);
	}
	if (!strncmp(key, "GNU.sparse.", 11))
		return malformed(t, e, "it holds a sparse file");
	if (!strcmp(key, "size"))
		bad = decimal(value, n, &told->size), told->has_size = true;
	else if (!strcmp(key, "uid"))
		bad = decimal(value, n, &told->uid), told->has_uid = true;
	else if (!strcmp(key, "gid"))
		bad = decimal(value, n, &told->gid), told->has_gid = true;
	else if (!strcmp(key, "mtime"))
		bad = decimal_time(value, n, told);
	return bad < 0 ? malformed(t, e, "a pax record's number") : 0;
}

/* "LENGTH KEY=VALUE\n", again and again. */
static int
take_records(struct tar *t, struct told *told, struct err *e)
{
	char *s = t->meta.s, *end = s + t->meta.len;

	while (s < end) {
		char *blank = memchr(s, ' ', (size_t)(end - s)), *equals;
		uint64_t len;

		if (!blank || decimal(s, (size_t)(blank - s), &len) < 0 ||
		    len > (uint64_t)(end - s) || s + len < blank + 3 ||
		    s[len - 1] != '\n')
			return malformed(t, e, "a pax record's length");
		equals = memchr(blank, '=', (size_t)(s + len - blank));
		if (!equals || memchr(blank, 0, (size_t)(equals - blank)))
			return malformed(t, e, "a pax record's key");
		*equals = 0;
		if (take_record(t, blank + 1, equals + 1,
			(size_t)(s + len - 1 - (equals + 1)), told, e) < 0)
			return -1;
		s += len;
	}
	return 0;
}

/* Global records may say when and by whom, but not what. */
static int
check_global(struct tar *t, struct err *e)
{
	struct told global = {0};

	if (take_records(t, &global, e) < 0)
		return -1;
	if (global.has_path || global.has_link || global.has_size)
		return malformed(t, e, "one name or size for all its entries");
	return 0;
}

/* 1 when the header was of this kind, 0 when it is of an entry. */
static int
take_meta(struct tar *t, const unsigned char h[BLOCK], struct told *told,
    struct err *e)
{
	uint64_t size;
	int got;

	if (!h[TYPE] || !strchr("xgLK", h[TYPE]))
		return 0;
	if (whole(h + SIZE, 12, &size) < 0)
		return malformed(t, e, "a size");
	if (h[TYPE] == 'L' || h[TYPE] == 'K') {
		bool is_name = h[TYPE] == 'L';

		*(is_name ? &told->has_path : &told->has_link) = true;
		return take_long_name(
			   t, size, is_name ? &t->name : &t->link, e) < 0
			 ? -1
			 : 1;
	}
	got = read_meta(t, size, e);
	if (!got)
		got = h[TYPE] == 'x' ? take_records(t, told, e)
				     : check_global(t, e);
	return got < 0 ? -1 : 1;
}

/* ---- an entry */

static int
take_kind(
    struct tar *t, unsigned char type, struct tar_entry *to, struct err *e)
{
	static const struct {
		unsigned char type;
		enum tar_kind kind;
	} kinds[] = {{0, TAR_FILE}, {'0', TAR_FILE}, {'7', TAR_FILE},
	    {'1', TAR_LINK}, {'2', TAR_SYMLINK}, {'3', TAR_DEVICE},
	    {'4', TAR_DEVICE}, {'5', TAR_DIR}, {'6', TAR_FIFO}};

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (kinds[i].type == type) {
			to->kind = kinds[i].kind;
			return 0;
		}
	return malformed(t, e,
	    type == 'S' ? "it holds a sparse file"
			: "an entry of a kind that is not known");
}

static int
take_numbers(struct tar *t, const unsigned char h[BLOCK],
    const struct told *told, struct tar_entry *to, struct err *e)
{
	uint64_t mode;

	if (whole(h + MODE, 8, &mode) < 0 || whole(h + UID, 8, &to->uid) < 0 ||
	    whole(h + GID, 8, &to->gid) < 0 ||
	    whole(h + SIZE, 12, &to->size) < 0 ||
	    number(h + MTIME, 12, &to->mtime_s) < 0)
		return malformed(t, e, "a number in a header");
	to->mode = (uint32_t)mode & 07777;
	to->uid = told->has_uid ? told->uid : to->uid;
	to->gid = told->has_gid ? told->gid : to->gid;
	to->size = told->has_size ? told->size : to->size;
	if (told->has_mtime)
		to->mtime_s = told->mtime_s;
	to->mtime_ns = told->mtime_ns;
	return 0;
}

/* Whether content follows is a matter of the kind, not of the size. */
static void
take_content(struct tar *t, struct tar_entry *to)
{
	if (to->kind != TAR_FILE)
		to->size = 0;
	to->at = t->in->done;
	t->left = to->size;
	t->padding = (unsigned)(-to->size & (BLOCK - 1));
}

/* Old archives name a directory as a file with a slash behind. */
static void
take_slash(struct tar *t, struct tar_entry *to)
{
	if (to->kind == TAR_FILE && !to->size && t->name.len &&
	    t->name.s[t->name.len - 1] == '/')
		to->kind = TAR_DIR;
}

static int
pass_content(struct tar *t, struct err *e)
{
	int got = source_skip(t->in, t->left + t->padding, e);

	t->left = t->padding = 0;
	if (!got)
		return malformed(t, e, "it was cut within a file");
	return got < 0 ? -1 : 0;
}

int
tar_next(struct tar *t, struct tar_entry *to, struct err *e)
{
	struct told told = {0};
	unsigned char h[BLOCK];
	int got = 1;

	*to = (struct tar_entry){0};
	if (t->is_over)
		return 0;
	if (pass_content(t, e) < 0)
		return -1;
	for (unsigned n = 0; got > 0; n++) {
		got = read_header(t, h, e);
		if (got == 0 && n)
			return malformed(t, e, "a name without an entry");
		if (got <= 0)
			return got;
		if (n > 8)
			return malformed(t, e, "an entry with too many names");
		got = take_meta(t, h, &told, e);
	}
	if (got < 0 || take_kind(t, h[TYPE], to, e) < 0 ||
	    take_numbers(t, h, &told, to, e) < 0)
		return -1;
	header_names(t, h, &told);
	take_slash(t, to);
	take_content(t, to);
	to->name = t->name.s;
	to->link = t->link.s;
	return 1;
}

ssize_t
tar_read(struct tar *t, char *to, size_t n, struct err *e)
{
	ssize_t got;

	if (n > t->left)
		n = (size_t)t->left;
	got = source_read(t->in, to, n, e);
	if (got >= 0 && (size_t)got < n)
		return malformed(t, e, "it was cut within a file");
	if (got > 0)
		t->left -= (uint64_t)got;
	return got;
}

void
tar_free(struct tar *t)
{
	buf_free(&t->name);
	buf_free(&t->link);
	buf_free(&t->meta);
}
