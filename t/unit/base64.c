/* Bytes as letters, and back: the vectors of RFC 4648. */
#include "base/base64.h"

#include "base/mem.h"
#include "tap.h"

static const char *const vector[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="},
    {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"}, {"\xff\xfe\xfd", "//79"}};

static void
texts_are_printed_as_the_standard_has_them(void)
{
	for (size_t i = 0; i < COUNT(vector); i++) {
		AUTO_BUF b = BUF_INIT;

		base64_print(&b, vector[i][0], strlen(vector[i][0]));
		is_str(b.s, vector[i][1]);
	}
}

static void
they_are_read_again_with_padding_and_without(void)
{
	for (size_t i = 0; i < COUNT(vector); i++) {
		const char *s = vector[i][1];
		AUTO_BUF b = BUF_INIT, bare = BUF_INIT;

		is_int(base64_parse(&b, s, strlen(s)), 0);
		is_str(b.s, vector[i][0]);
		is_int(base64_parse(&bare, s, strcspn(s, "=")), 0);
		is_str(bare.s, vector[i][0]);
	}
}

static void
other_letters_and_lengths_are_errors(void)
{
	static const char *const bad[] = {"Z", "Zm9vY", "Zm 9", "Zm9-", "Z=g="};

	for (size_t i = 0; i < COUNT(bad); i++) {
		AUTO_BUF b = BUF_INIT;

		is_int(base64_parse(&b, bad[i], strlen(bad[i])), -1);
	}
}

TAP_MAIN(TEST(texts_are_printed_as_the_standard_has_them),
    TEST(they_are_read_again_with_padding_and_without),
    TEST(other_letters_and_lengths_are_errors))
