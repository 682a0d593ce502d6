#include "data/conf.h"

#include "scratch.h"
#include "tap.h"

/* What a file says, as "LINE [SECTION] KEY=VALUE;", or what is wrong. */
static const char *
say(const char *text)
{
	static char said[512];
	AUTO_ARENA a = {0};
	struct conf c = {0};
	struct err e = {0};

	scratch_write("x.conf", text);
	if (conf_read("x.conf", &a, &c, &e) < 0)
		return strcpy(said, e.text);
	*said = 0;
	for (size_t i = 0; i < c.n; i++)
		sprintf(said + strlen(said), "%u [%s] %s=%s;", c.entry[i].line,
		    c.entry[i].section, c.entry[i].key, c.entry[i].value);
	return said;
}

static void
entries_carry_section_and_line(void)
{
	is_str(say("# first\n[exec]\njobs = 2\n\n  root=/x y \n[watch]\n"
		   "; old\nignore = .git target\n"),
	    "3 [exec] jobs=2;5 [exec] root=/x y;8 [watch] ignore=.git "
	    "target;");
	is_str(say(""), "");
}

static void
equal_keys_are_all_handed_out(void)
{
	is_str(
	    say("[a]\nk=1\nk=2\n[b]\nk=3\n"), "2 [a] k=1;3 [a] k=2;5 [b] k=3;");
}

static void
a_key_that_begins_another_is_found_on_its_own_line(void)
{
	is_str(say("[a]\nroots=1\nroot=2\n"), "2 [a] roots=1;3 [a] root=2;");
}

static void
a_line_that_is_no_ini_is_told_with_its_number(void)
{
	is_str(say("[a]\nk=1\nnonsense\n"),
	    "x.conf:3:1: neither a [section] nor a key = value");
	is_str(say("[a\nk=1\n"),
	    "x.conf:1:1: neither a [section] nor a key = value");
}

static void
a_file_that_is_not_there_says_nothing(void)
{
	AUTO_ARENA a = {0};
	struct conf c = {0};
	struct err e = {0};

	scratch_enter();
	is_int(conf_read("absent.conf", &a, &c, &e), 0);
	is_int(conf_read("absent/x.conf", &a, &c, &e), 0);
	is_int(conf_read(".", &a, &c, &e), -1);
	is_str(e.text, ".: Is a directory");
	is_int(c.n, 0);
}

static void
a_nul_byte_is_refused(void)
{
	AUTO_ARENA a = {0};
	AUTO_FD fd = -1;
	struct conf c = {0};
	struct err e = {0};

	scratch_enter();
	fd = open("nul.conf", O_WRONLY | O_CREAT, 0600);
	is_int(fd_write(fd, "[a]\nk=1\0\n", 9), 0);
	is_int(conf_read("nul.conf", &a, &c, &e), -1);
	is_str(e.text, "nul.conf:1: holds a NUL byte");
}

static void
a_colon_within_a_key_is_part_of_it(void)
{
	AUTO_ARENA a = {0};
	struct conf c = {0};
	struct err e = {0};

	scratch_write("colon.conf", "[images]\n"
				    "  a.io:5000/b:3 = x:y\n"
				    "old: k=v\n"
				    "c:* = z\n");
	is_int(conf_read("colon.conf", &a, &c, &e), 1);
	is_int(c.n, 3);
	is_str(c.entry[0].key, "a.io:5000/b:3");
	is_str(c.entry[0].value, "x:y");
	is_str(c.entry[1].key, "old");
	is_str(c.entry[1].value, "k=v");
	is_str(c.entry[2].key, "c:*");
	is_int(c.entry[2].line, 4);
}

TAP_MAIN(TEST(entries_carry_section_and_line),
    TEST(equal_keys_are_all_handed_out),
    TEST(a_key_that_begins_another_is_found_on_its_own_line),
    TEST(a_line_that_is_no_ini_is_told_with_its_number),
    TEST(a_file_that_is_not_there_says_nothing), TEST(a_nul_byte_is_refused),
    TEST(a_colon_within_a_key_is_part_of_it))
