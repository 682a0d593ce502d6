#include "base/err.h"

#include <errno.h>

#include "tap.h"

static void
a_message_stands_as_it_is(void)
{
	struct err e = {.hint = "old"};

	is_int(err_set(&e, "no %s", "shell"), -1);
	is_str(e.text, "no shell");
	is_str(err_message(&e), "no shell");
	is_str(e.hint, "");
	is_int(e.line, 0);
}

static void
a_colon_at_the_end_asks_for_the_errno(void)
{
	struct err e = {0};

	errno = ENOENT;
	err_set(&e, "a/b:");
	is_str(e.text, "a/b: No such file or directory");
}

static void
a_colon_in_a_value_asks_for_nothing(void)
{
	struct err e = {0};

	errno = ENOENT;
	err_set(&e, "%s", "a:");
	is_str(e.text, "a:");
}

static void
a_position_stands_before_the_message(void)
{
	struct err e = {0};

	is_int(err_at(&e, "x.toml", 2, 7, "key '%s'", "a"), -1);
	is_str(e.text, "x.toml:2:7: key 'a'");
	is_str(err_message(&e), "key 'a'");
	is_int(e.line, 2);
	is_int(e.column, 7);
}

static void
parts_of_a_position_can_be_missing(void)
{
	struct err e = {0};

	err_at(&e, "x.toml", 2, 0, "m");
	is_str(e.text, "x.toml:2: m");
	err_at(&e, "x.toml", 0, 0, "m");
	is_str(e.text, "x.toml: m");
	err_at(&e, NULL, 2, 7, "m");
	is_str(e.text, "m");
	is_int(e.line, 2);
}

static void
an_endless_path_leaves_room_for_the_message(void)
{
	struct err e = {0};
	char path[4096];

	memset(path, 'p', sizeof path - 1);
	path[sizeof path - 1] = 0;
	err_at(&e, path, 1, 1, "what is wrong");
	is_str(err_message(&e), "what is wrong");
	err_set(&e, "%s", path);
	is_int(strlen(e.text), sizeof e.text - 1);
}

static void
a_hint_is_kept_beside_the_message(void)
{
	struct err e = {0};

	err_set(&e, "m");
	is_int(err_hint(&e, "do %d", 7), -1);
	is_str(e.text, "m");
	is_str(e.hint, "do 7");
}

static void
nobody_need_listen(void)
{
	is_int(err_set(NULL, "m"), -1);
	is_int(err_at(NULL, "x", 1, 1, "m"), -1);
	is_int(err_hint(NULL, "m"), -1);
}

TAP_MAIN(TEST(a_message_stands_as_it_is),
    TEST(a_colon_at_the_end_asks_for_the_errno),
    TEST(a_colon_in_a_value_asks_for_nothing),
    TEST(a_position_stands_before_the_message),
    TEST(parts_of_a_position_can_be_missing),
    TEST(an_endless_path_leaves_room_for_the_message),
    TEST(a_hint_is_kept_beside_the_message), TEST(nobody_need_listen))
