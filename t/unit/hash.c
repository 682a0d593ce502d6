#include "data/hash.h"

#include "scratch.h"
#include "tap.h"

static void
digests_are_those_of_the_standard(void)
{
	char hex[HASH_HEX];

	hash_hex("", 0, hex);
	is_str(hex, "e3b0c44298fc1c149afbf4c8996fb924"
		    "27ae41e4649b934ca495991b7852b855");
	hash_hex("abc", 3, hex);
	is_str(hex, "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad");
}

static void
a_file_has_the_digest_of_its_bytes(void)
{
	static char large[200001];
	char one[HASH_HEX], two[HASH_HEX];

	memset(large, 'x', sizeof large - 1);
	AUTO_FD fd = scratch_input(large, sizeof large);
	hash_hex(large, sizeof large, one);
	is_int(hash_fd(fd, two), 0);
	is_str(two, one);
	lseek(fd, 100000, SEEK_SET);
	hash_hex(large + 100000, sizeof large - 100000, one);
	is_int(hash_fd(fd, two), 0);
	is_str(two, one);
}

static void
what_cannot_be_read_has_none(void)
{
	AUTO_FD fd = open("/", O_RDONLY);
	char hex[HASH_HEX];

	is_int(hash_fd(fd, hex), -1);
}

static void
two_pieces_have_the_sha1_of_the_whole(void)
{
	static const char abc[] = "\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e"
				  "\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d";
	unsigned char digest[HASH_SHA1];

	hash_sha1("a", 1, "bc", 2, digest);
	is_true(!memcmp(digest, abc, sizeof digest));
}

TAP_MAIN(TEST(digests_are_those_of_the_standard),
    TEST(two_pieces_have_the_sha1_of_the_whole),
    TEST(a_file_has_the_digest_of_its_bytes),
    TEST(what_cannot_be_read_has_none))
