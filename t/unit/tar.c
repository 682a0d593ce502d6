/* The reader of tar archives, and what unpacks them, from inside. */
#include "data/tar.h"

#include <zlib.h>

#include "base/mem.h"
#include "data/gzip_source.h"
#include "data/zstd.h"
#include "tap.h"

enum { BLOCK = 512 };

/* ---- archives made by hand */

static void
sum(char h[BLOCK])
{
	unsigned total = 0;

	memset(h + 148, ' ', 8);
	for (int i = 0; i < BLOCK; i++)
		total += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", total);
}

static void
header(struct buf *b, char type, const char *name, const char *link,
    const char *size)
{
	char h[BLOCK] = {0};

	memcpy(h, name, strnlen(name, 100));
	memcpy(h + 100, "0000644", 8);
	memcpy(h + 108, "0001750", 8);
	memcpy(h + 116, "0000000", 8);
	memcpy(h + 124, size, strnlen(size, 12));
	memcpy(h + 136, "14000000000", 12);
	h[156] = type;
	memcpy(h + 157, link, strnlen(link, 100));
	memcpy(h + 257, "ustar\00000", 8);
	sum(h);
	buf_add(b, h, sizeof h);
}

static void
content(struct buf *b, const char *s, size_t n)
{
	static const char zeros[BLOCK];

	buf_add(b, s, n);
	buf_add(b, zeros, -n & (BLOCK - 1));
}

static void
entry(struct buf *b, char type, const char *name, const char *s, size_t n)
{
	char size[24];

	snprintf(size, sizeof size, "%011zo", n);
	header(b, type, name, "", size);
	content(b, s, n);
}

static void
end(struct buf *b)
{
	static const char zeros[2 * BLOCK];

	buf_add(b, zeros, sizeof zeros);
}

/* Read all entries; their names in *names. What tar_next() gave last. */
static int
read_all(const struct buf *b, struct buf *names, struct err *e)
{
	AUTO_SOURCE *in = source_bytes(b->s, b->len, "x.tar");
	struct tar_entry it;
	AUTO_TAR t;
	int got;

	tar_begin(&t, in);
	while ((got = tar_next(&t, &it, e)) > 0)
		buf_addf(
		    names, "%s%s%s;", it.name, *it.link ? ">" : "", it.link);
	return got;
}

static void
reads(const struct buf *b, const char *want)
{
	AUTO_BUF names = BUF_INIT;
	struct err e = {0};

	is_int(read_all(b, &names, &e), 0);
	is_str(e.text, "");
	is_str(names.s, want);
}

static void
fails(const struct buf *b, const char *want)
{
	AUTO_BUF names = BUF_INIT;
	struct err e = {0};

	is_int(read_all(b, &names, &e), -1);
	if (!is_true(strstr(e.text, want)))
		printf("#   %s\n", e.text);
}

/* ---- tests */

static void
entries_come_with_their_numbers_and_contents(void)
{
	AUTO_BUF b = BUF_INIT;
	AUTO_SOURCE *in = NULL;
	struct tar_entry it;
	struct err e = {0};
	char text[16] = "";
	AUTO_TAR t;

	entry(&b, '0', "a", "hello", 5);
	entry(&b, '5', "d/", "", 0);
	end(&b);
	in = source_bytes(b.s, b.len, "x.tar");
	tar_begin(&t, in);
	is_int(tar_next(&t, &it, &e), 1);
	is_str(it.name, "a");
	is_int(it.kind, TAR_FILE);
	is_int(it.mode, 0644);
	is_int(it.uid, 1000);
	is_int(it.mtime_s, 014000000000);
	is_int(it.size, 5);
	is_int(it.at, BLOCK);
	is_int(tar_read(&t, text, 3, &e), 3);
	is_int(tar_read(&t, text + 3, 9, &e), 2);
	is_int(tar_read(&t, text, 9, &e), 0);
	is_str(text, "hello");
	is_int(tar_next(&t, &it, &e), 1);
	is_int(it.kind, TAR_DIR);
	is_int(tar_next(&t, &it, &e), 0);
	is_int(tar_next(&t, &it, &e), 0);
}

static void
long_names_of_pax_and_gnu_hold_for_one_entry(void)
{
	char name[301];
	AUTO_BUF b = BUF_INIT, want = BUF_INIT, record = BUF_INIT;

	memset(name, 'n', 300);
	name[300] = 0;
	buf_addf(&record, "310 path=%s\n", name);
	is_int(record.len, 310);
	entry(&b, 'x', "PaxHeaders/a", record.s, record.len);
	entry(&b, '0', "short", "", 0);
	entry(&b, 'L', "././@LongLink", name, 301);
	entry(&b, 'K', "././@LongLink", name, 300);
	header(&b, '2', "cut", "too", "0");
	entry(&b, '0', "other", "", 0);
	end(&b);
	buf_addf(&want, "%s;%s>%s;other;", name, name, name);
	reads(&b, want.s);
}

static void
a_prefix_goes_before_the_name(void)
{
	AUTO_BUF b = BUF_INIT;

	entry(&b, '0', "file", "", 0);
	memcpy(b.s + 345, "some/dir", 8);
	sum(b.s);
	end(&b);
	reads(&b, "some/dir/file;");
	memcpy(b.s + 257, "ustar  ", 8); /* GNU has times there */
	sum(b.s);
	reads(&b, "file;");
}

static void
pax_numbers_go_before_those_of_the_header(void)
{
	static const char records[] = "10 size=3\n"
				      "15 mtime=-1.25\n"
				      "15 uid=2000000\n"
				      "19 comment=a\nb=cde\n";
	AUTO_BUF b = BUF_INIT;
	AUTO_SOURCE *in = NULL;
	struct tar_entry it;
	struct err e = {0};
	AUTO_TAR t;

	entry(&b, 'x', "x", records, sizeof records - 1);
	header(&b, '0', "a", "", "0");
	content(&b, "abc", 3);
	end(&b);
	in = source_bytes(b.s, b.len, "x.tar");
	tar_begin(&t, in);
	is_int(tar_next(&t, &it, &e), 1);
	is_str(e.text, "");
	is_int(it.size, 3);
	is_int(it.uid, 2000000);
	is_int(it.mtime_s, -2);
	is_int(it.mtime_ns, 750000000);
	is_int(tar_next(&t, &it, &e), 0);
}

static void
base_256_numbers_are_read_and_negative_sizes_refused(void)
{
	char size[12] = {(char)0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1};
	AUTO_BUF b = BUF_INIT;
	struct err e = {0};
	struct tar_entry it;
	AUTO_SOURCE *in = NULL;
	AUTO_TAR t;

	entry(&b, '0', "a", "", 0);
	memcpy(b.s + 124, size, 12);
	sum(b.s);
	in = source_bytes(b.s, b.len, "x.tar");
	tar_begin(&t, in);
	is_int(tar_next(&t, &it, &e), 1);
	is_int(it.size, 513);
	memset(b.s + 124, 0xff, 12);
	sum(b.s);
	fails(&b, "a number in a header");
	memset(b.s + 124, 0x7f, 12); /* above 64 bits */
	b.s[124] = (char)0xbf;
	sum(b.s);
	fails(&b, "a number in a header");
}

static void
an_archive_that_is_cut_is_refused_wherever(void)
{
	AUTO_BUF b = BUF_INIT;
	size_t all;

	entry(&b, 'x', "x", "10 size=9\n", 10);
	entry(&b, '0', "a", "123456789", 9);
	end(&b);
	all = b.len;
	reads(&b, "a;");
	for (b.len = 0; b.len < all - BLOCK; b.len += 64)
		fails(&b, "it was cut");
}

static void
hostile_headers_are_refused(void)
{
	static const struct {
		const char *record, *why;
	} bad[] = {
	    {"9 path=\n", "a pax record's length"},
	    {"99999999999999999999 path=a\n", "a pax record's length"},
	    {"0 path=a\n", "a pax record's length"},
	    {"3 =\n", "a pax record's length"},
	    {"8 pathx\n", "a pax record's key"},
	    {"11 size=-1\n", "a pax record's number"},
	    {"32 size=99999999999999999999999\n", "a pax record's number"},
	    {"22 GNU.sparse.major=1\n", "sparse"},
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		AUTO_BUF b = BUF_INIT;

		entry(&b, 'x', "x", bad[i].record, strlen(bad[i].record));
		entry(&b, '0', "a", "", 0);
		end(&b);
		fails(&b, bad[i].why);
	}
}

static void
a_nul_in_a_name_is_refused(void)
{
	AUTO_BUF b = BUF_INIT, c = BUF_INIT;

	entry(&b, 'x', "x", "12 path=a\0b\n", 12);
	entry(&b, '0', "a", "", 0);
	end(&b);
	fails(&b, "NUL");
	entry(&c, 'L', "x", "a\0b", 4);
	entry(&c, '0', "a", "", 0);
	end(&c);
	fails(&c, "NUL");
}

static void
a_wrong_sum_and_a_foreign_kind_are_refused(void)
{
	AUTO_BUF b = BUF_INIT, c = BUF_INIT, d = BUF_INIT;

	entry(&b, '0', "a", "", 0);
	end(&b);
	b.s[1] = 'x';
	fails(&b, "sum is wrong");
	entry(&c, 'S', "a", "", 0);
	end(&c);
	fails(&c, "sparse");
	entry(&d, 'V', "a", "", 0);
	end(&d);
	fails(&d, "not known");
}

static void
one_name_for_all_entries_is_refused_but_a_comment_is_not(void)
{
	AUTO_BUF b = BUF_INIT, c = BUF_INIT;

	entry(&b, 'g', "x", "13 comment=a\n", 13);
	entry(&b, '0', "a", "", 0);
	end(&b);
	reads(&b, "a;");
	entry(&c, 'g', "x", "10 path=b\n", 10);
	entry(&c, '0', "a", "", 0);
	end(&c);
	fails(&c, "for all its entries");
}

static void
names_without_end_or_without_an_entry_are_refused(void)
{
	AUTO_BUF b = BUF_INIT, c = BUF_INIT, d = BUF_INIT;

	for (int i = 0; i < 20; i++)
		entry(&b, 'L', "x", "a", 1);
	end(&b);
	fails(&b, "too many names");
	entry(&c, 'L', "x", "a", 1);
	end(&c);
	fails(&c, "a name without an entry");
	header(&d, 'L', "x", "", "77777777777");
	fails(&d, "more than 1 MiB");
}

/* ---- what unpacks */

static void
pack(struct buf *to, const char *s, size_t n)
{
	z_stream z = {.next_in = (Bytef *)s, .avail_in = (uInt)n};

	deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
	z.next_out = (Bytef *)buf_room(to, n + 1000);
	z.avail_out = (uInt)n + 1000;
	deflate(&z, Z_FINISH);
	to->len += z.total_out;
	deflateEnd(&z);
}

static void
members_of_gzip_follow_each_other(void)
{
	AUTO_BUF b = BUF_INIT;
	AUTO_SOURCE *s = NULL;
	struct err e = {0};
	char text[32] = "";

	pack(&b, "one ", 4);
	pack(&b, "two", 3);
	s = gzip_source(source_bytes(b.s, b.len, "x.gz"));
	is_int(source_read(s, text, sizeof text, &e), 7);
	is_str(text, "one two");
}

static void
gzip_that_is_cut_or_followed_by_something_is_refused(void)
{
	AUTO_BUF b = BUF_INIT;

	pack(&b, "some text", 9);
	for (size_t n = 1; n <= b.len; n++) {
		AUTO_SOURCE *s = gzip_source(source_bytes(b.s, n, "x.gz"));
		struct err e = {0};

		is_int(source_drain(s, &e), n < b.len ? -1 : 0);
	}
	buf_adds(&b, "junk");
	AUTO_SOURCE *s = gzip_source(source_bytes(b.s, b.len, "x.gz"));
	struct err e = {0};
	is_int(source_drain(s, &e), -1);
}

static void
what_comes_out_is_bounded(void)
{
	AUTO_BUF zeros = BUF_INIT, b = BUF_INIT;
	AUTO_SOURCE *s = NULL;
	struct err e = {0};

	memset(buf_room(&zeros, 1 << 20), 0, 1 << 20);
	zeros.len = 1 << 20;
	pack(&b, zeros.s, zeros.len);
	s = gzip_source(source_bytes(b.s, b.len, "x.gz"));
	s->limit = 100000;
	is_int(source_drain(s, &e), -1);
	is_true(strstr(e.text, "more than 100000 bytes"));
	is_true(s->done < 300000);
}

/* "hello\n", as zstd(1) packs it. */
static const char frame[] =
    "\x28\xb5\x2f\xfd\x04\x58\x31\0\0hello\n\x53\x88\xbd\x91";

static void
frames_of_zstd_follow_each_other_and_none_may_be_cut(void)
{
	AUTO_BUF b = BUF_INIT;
	size_t one = sizeof frame - 1;

	buf_add(&b, frame, one);
	buf_add(&b, frame, one);
	for (size_t n = 1; n <= b.len; n++) {
		AUTO_SOURCE *s = zstd_source(source_bytes(b.s, n, "x.zst"));
		struct err e = {0};
		char text[32] = "";
		ssize_t got = source_read(s, text, sizeof text, &e);

		is_int(got, n == one ? 6 : n == 2 * one ? 12 : -1);
	}
}

static void
zstd_is_read_in_the_smallest_pieces_too(void)
{
	AUTO_SOURCE *s =
	    zstd_source(source_bytes(frame, sizeof frame - 1, "x.zst"));
	struct err e = {0};
	char text[8] = "";

	for (int i = 0; i < 6; i++)
		is_int(source_read(s, text + i, 1, &e), 1);
	is_int(source_read(s, text + 6, 1, &e), 0);
	is_str(e.text, "");
	is_str(text, "hello\n");
}

TAP_MAIN(TEST(entries_come_with_their_numbers_and_contents),
    TEST(long_names_of_pax_and_gnu_hold_for_one_entry),
    TEST(a_prefix_goes_before_the_name),
    TEST(pax_numbers_go_before_those_of_the_header),
    TEST(base_256_numbers_are_read_and_negative_sizes_refused),
    TEST(an_archive_that_is_cut_is_refused_wherever),
    TEST(hostile_headers_are_refused), TEST(a_nul_in_a_name_is_refused),
    TEST(a_wrong_sum_and_a_foreign_kind_are_refused),
    TEST(one_name_for_all_entries_is_refused_but_a_comment_is_not),
    TEST(names_without_end_or_without_an_entry_are_refused),
    TEST(members_of_gzip_follow_each_other),
    TEST(gzip_that_is_cut_or_followed_by_something_is_refused),
    TEST(what_comes_out_is_bounded),
    TEST(frames_of_zstd_follow_each_other_and_none_may_be_cut),
    TEST(zstd_is_read_in_the_smallest_pieces_too))
