#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "tap.h"

/* Entries of a directory, without "." and "..". */
static int
entries(const char *path)
{
	DIR *d = opendir(path);
	int n = -2;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void
a_file_is_read_whole(void)
{
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};

	scratch_write("whole", "one\ntwo\n");
	buf_adds(&text, "before ");
	is_int(file_read("whole", &text, &e), 0);
	is_str(text.s, "before one\ntwo\n");
}

static void
what_cannot_be_read_is_named(void)
{
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};

	scratch_enter();
	is_int(file_read("absent", &text, &e), -1);
	is_str(e.text, "absent: No such file or directory");
	is_int(file_read(".", &text, &e), -1);
	is_str(e.text, ".: Is a directory");
}

static void
draining_stops_at_its_limit(void)
{
	char large[3 << 10] = {0};
	AUTO_FD fd = scratch_input(large, sizeof large);
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};

	is_int(fd_drain(fd, "it", sizeof large - 1, &text, &e), -1);
	is_str(e.text, "it: larger than 0 MiB");
	lseek(fd, 0, SEEK_SET);
	is_int(fd_drain(fd, "it", sizeof large, &text, &e), 0);
}

static void
a_new_file_gets_its_directories_and_its_mode(void)
{
	AUTO_BUF text = BUF_INIT;
	struct stat st;
	struct err e = {0};

	scratch_enter();
	is_int(file_replace("a/b/c", "text", 4, 0640, &e), 0);
	is_int(file_read("a/b/c", &text, &e), 0);
	is_str(text.s, "text");
	stat("a/b/c", &st);
	is_int(st.st_mode & 07777, 0640);
	is_int(entries("a/b"), 1);
}

static void
a_file_that_is_replaced_keeps_its_mode(void)
{
	AUTO_BUF text = BUF_INIT;
	struct stat st;
	struct err e = {0};

	scratch_write("old", "old");
	chmod("old", 0751);
	is_int(file_replace("old", "new", 3, 0600, &e), 0);
	is_int(file_read("old", &text, &e), 0);
	is_str(text.s, "new");
	stat("old", &st);
	is_int(st.st_mode & 07777, 0751);
}

static void
who_reads_while_it_is_replaced_sees_the_old_one(void)
{
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};

	scratch_write("shared", "old");
	AUTO_FD fd = open("shared", O_RDONLY);
	is_int(file_replace("shared", "newer", 5, 0600, &e), 0);
	is_int(fd_drain(fd, "shared", 0, &text, &e), 0);
	is_str(text.s, "old");
}

/* Files of at most three bytes: the fourth is a write that fails. */
static int
replace_without_room(void *arg)
{
	struct rlimit three = {3, 3};
	struct err e = {0};

	(void)arg;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &three);
	if (file_replace("full/old", "newer", 5, 0600, &e) == 0)
		return 1;
	return strcmp(e.text, "full/old: File too large") ? 2 : 0;
}

static void
a_failed_write_leaves_the_old_file_and_nothing_else(void)
{
	AUTO_BUF text = BUF_INIT;
	AUTO_BUF said = BUF_INIT;
	struct err e = {0};

	scratch_enter();
	is_int(file_mkdirs("full", 0777, &e), 0);
	scratch_write("full/old", "old");
	is_int(scratch_child(replace_without_room, NULL, &said), 0);
	is_int(file_read("full/old", &text, &e), 0);
	is_str(text.s, "old");
	is_int(entries("full"), 1);
}

static void
a_directory_is_not_replaced(void)
{
	struct err e = {0};

	scratch_enter();
	file_mkdirs("dir/in", 0777, &e);
	is_int(file_replace("dir/in", "x", 1, 0600, &e), -1);
	is_str(e.text, "dir/in: Is a directory");
	is_int(entries("dir"), 1);
}

static void
directories_are_made_all_the_way_and_twice(void)
{
	struct err e = {0};

	scratch_enter();
	is_int(file_mkdirs("x/y/z", 0777, &e), 0);
	is_int(file_mkdirs("x/y/z", 0777, &e), 0);
	is_int(file_mkdirs("x//y/w/", 0777, &e), 0);
	is_int(access("x/y/w", F_OK), 0);
	scratch_write("plain", "");
	is_int(file_mkdirs("plain/below", 0777, &e), -1);
	is_str(e.text, "plain/below: Not a directory");
}

static void
a_tree_is_removed_and_nothing_that_it_points_to(void)
{
	struct err e = {0};

	scratch_write("kept", "kept");
	file_mkdirs("tree/deep/er", 0777, &e);
	file_mkdirs("outside", 0777, &e);
	scratch_write("tree/deep/file", "x");
	scratch_write("outside/file", "x");
	is_int(symlink("../../kept", "tree/deep/link"), 0);
	is_int(symlink("../outside", "tree/dir-link"), 0);
	chmod("tree/deep", 0);
	is_int(file_remove_tree("tree"), 0);
	is_int(access("tree", F_OK), -1);
	is_int(access("kept", F_OK), 0);
	is_int(access("outside/file", F_OK), 0);
	is_int(file_remove_tree("tree"), 0);
}

static void
a_link_to_a_tree_is_removed_alone(void)
{
	struct err e = {0};

	scratch_enter();
	file_mkdirs("there/in", 0777, &e);
	is_int(symlink("there", "link"), 0);
	is_int(file_remove_tree("link"), 0);
	is_int(access("there/in", F_OK), 0);
}

static void
a_descriptor_is_closed_at_the_end_of_its_scope_unless_stolen(void)
{
	int kept, closed;

	{
		AUTO_FD one = open("/dev/null", O_RDONLY);
		AUTO_FD two = open("/dev/null", O_RDONLY);

		closed = one;
		kept = fd_steal(&two);
		is_int(two, -1);
	}
	is_int(fcntl(closed, F_GETFD), -1);
	is_true(fcntl(kept, F_GETFD) >= 0);
	fd_close(&kept);
	is_int(kept, -1);
}

TAP_MAIN(TEST(a_file_is_read_whole), TEST(what_cannot_be_read_is_named),
    TEST(draining_stops_at_its_limit),
    TEST(a_new_file_gets_its_directories_and_its_mode),
    TEST(a_file_that_is_replaced_keeps_its_mode),
    TEST(who_reads_while_it_is_replaced_sees_the_old_one),
    TEST(a_failed_write_leaves_the_old_file_and_nothing_else),
    TEST(a_directory_is_not_replaced),
    TEST(directories_are_made_all_the_way_and_twice),
    TEST(a_tree_is_removed_and_nothing_that_it_points_to),
    TEST(a_link_to_a_tree_is_removed_alone),
    TEST(a_descriptor_is_closed_at_the_end_of_its_scope_unless_stolen))
