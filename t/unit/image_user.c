/* Users of an image, from its own files, from inside. */
#include "core/image_user.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "scratch.h"
#include "tap.h"

static struct arena arena;
static struct image_user user;
static struct err e;

static void
begin(void)
{
	arena_free(&arena);
	scratch_enter();
	mkdir("etc", 0755);
	scratch_write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
				    "app:x:1000:100::/home/app:/bin/sh\n"
				    "\n"
				    "short\n"
				    "1000:x:7:8::relative:\n"
				    "huge:x:70000:1::/:\n"
				    "wide:x:5:99999999999::/:\n"
				    "last:x:65535:65535::/srv:/bin/sh");
	scratch_write("etc/group",
	    "root:x:0:\nwheel:x:10:root,app\nusers:x:100:\n"
	    "docker:x:999:appx,app\nodd:x:no:app\nbig:x:80000:app\n");
}

static int
look_up(const char *text)
{
	AUTO_FD root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_ACCOUNTS accounts = IMAGE_ACCOUNTS_INIT;

	e = (struct err){0};
	image_accounts_read(root, &accounts);
	return image_user(&accounts, text, &arena, &user, &e);
}

static void
a_name_has_its_id_its_group_its_home_and_the_groups_that_name_it(void)
{
	begin();
	is_int(look_up("app"), 0);
	is_int(user.ids.uid, 1000);
	is_int(user.ids.gid, 100);
	is_str(user.home, "/home/app");
	is_int(user.ids.groups, 2);
	is_int(user.ids.group[0], 10);
	is_int(user.ids.group[1], 999);
	is_int(look_up("last"), 0);
	is_int(user.ids.uid, 65535);
	is_str(user.home, "/srv");
}

static void
a_group_that_is_said_is_the_only_one(void)
{
	begin();
	is_int(look_up("app:wheel"), 0);
	is_int(user.ids.gid, 10);
	is_int(user.ids.groups, 0);
	is_int(look_up("app:4242"), 0);
	is_int(user.ids.gid, 4242);
	is_int(look_up("app:"), 0);
	is_int(user.ids.gid, 100);
}

static void
a_number_need_not_be_in_the_files(void)
{
	begin();
	is_int(look_up("4711"), 0);
	is_int(user.ids.uid, 4711);
	is_int(user.ids.gid, 0);
	is_null(user.home);
	is_int(look_up("4711:12"), 0);
	is_int(user.ids.gid, 12);
	is_int(look_up("65535"), 0);
	is_str(user.home, "/srv");
}

static void
a_name_that_looks_like_a_number_is_a_name_first(void)
{
	begin();
	is_int(look_up("1000"), 0);
	is_int(user.ids.uid, 7);
	is_int(user.ids.gid, 8);
	is_null(user.home);
}

static void
what_is_not_there_or_too_large_is_an_error(void)
{
	static const char *const bad[][2] = {
	    {"nobody", "user nobody is not in /etc/passwd"},
	    {"app:none", "group none is not in /etc/group"},
	    {"app:odd", "group odd is not in /etc/group"},
	    {"short", "user short has no id in /etc/passwd"},
	    {"huge", "user huge is not below 65536"},
	    {"99999999999", "user 99999999999 is not in /etc/passwd"},
	    {"65536", "user 65536 is not below 65536"},
	    {"app:big", "group big is not below 65536"},
	    {"-1", "user -1 is not in /etc/passwd"},
	    {":100", "user  has no id in /etc/passwd"},
	};

	begin();
	for (size_t i = 0; i < COUNT(bad); i++) {
		is_int(look_up(bad[i][0]), -1);
		is_str(e.text, bad[i][1]);
	}
}

static void
links_of_the_image_stay_inside_of_it(void)
{
	begin();
	unlink("etc/group");
	unlink("etc/passwd");
	is_int(symlink("/etc/group", "etc/passwd"), 0);
	is_int(look_up("root"), -1);
	scratch_write("etc/group", "root:x:3:4::/r:\n");
	is_int(look_up("root"), 0);
	is_int(user.ids.uid, 3);
	is_int(unlink("etc/passwd"), 0);
	is_int(mkfifo("etc/passwd", 0644), 0);
	is_int(look_up("0"), 0);
	arena_free(&arena);
	unlink("etc/passwd");
}

TAP_MAIN(TEST(a_name_has_its_id_its_group_its_home_and_the_groups_that_name_it),
    TEST(a_group_that_is_said_is_the_only_one),
    TEST(a_number_need_not_be_in_the_files),
    TEST(a_name_that_looks_like_a_number_is_a_name_first),
    TEST(what_is_not_there_or_too_large_is_an_error),
    TEST(links_of_the_image_stay_inside_of_it))
