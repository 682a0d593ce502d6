#include "sys/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "scratch.h"
#include "tap.h"

static const char *
file_of(const char *text)
{
	scratch_enter();
	scratch_write("subuid", text);
	return "subuid";
}

static void
the_largest_range_of_a_user_is_found_by_name_and_number(void)
{
	struct idmap_range r;

	is_true(
	    idmap_subordinate(file_of("root:100000:65536\nx:1:2\n"), 0, &r));
	is_int(r.first, 100000);
	is_int(r.count, 65536);
	is_true(idmap_subordinate(
	    file_of("root:7:8\n0:900000:70000\n0:5:1"), 0, &r));
	is_int(r.first, 900000);
	is_int(r.count, 70000);
}

static void
what_is_no_range_is_none(void)
{
	static const char *const bad[] = {"", "\n\n", "root", "root:", "root:1",
	    "root:x:1", "roo:1:2\nroott:1:2", ":1:2", "root:0:65536",
	    "root:1:0", "root::::::\n:::"};
	struct idmap_range r;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		is_true(!idmap_subordinate(file_of(bad[i]), 0, &r));
	is_true(!idmap_subordinate("/nonexistent/subuid", 0, &r));
	is_int(r.count, 0);
}

/* A process that waits in a user namespace of its own. */
static pid_t
wait_inside(void)
{
	pid_t pid = (pid_t)syscall(
	    SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0);

	if (!pid) {
		pause();
		_exit(0);
	}
	return pid;
}

static void
bury(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int
users_of(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void
a_file_of_root_is_one_of_the_range_in_a_mapped_mount(void)
{
	const struct idmap_range r = {IDMAP_FIRST, IDMAP_IDS};
	pid_t pid = wait_inside();
	AUTO_FD users = -1, tree = -1;
	bool is_begun = false;
	struct stat st;

	if (pid < 0 || idmap_write(pid, &r, &r, &is_begun) < 0) {
		tap_skip("ids cannot be mapped here");
	} else {
		users = users_of(pid);
		file_of("x");
		tree = idmap_clone(".", users);
		if (tree < 0 && errno == EINVAL)
			tap_skip("no id-mapped mounts on this file system");
		else if (is_true(tree >= 0) &&
			 is_true(!fstatat(tree, "subuid", &st, 0)))
			is_int(st.st_uid, IDMAP_FIRST);
		is_true(tree < 0 ||
			(openat(tree, "new", O_WRONLY | O_CREAT, 0600) < 0 &&
			    errno == EROFS));
	}
	if (pid > 0)
		bury(pid);
}

static void
a_map_is_written_once(void)
{
	const struct idmap_range r = {IDMAP_FIRST, IDMAP_IDS};
	pid_t pid = wait_inside();
	bool is_begun = false;
	const char *what = "";

	if (pid < 0 || idmap_write(pid, &r, &r, &is_begun) < 0) {
		tap_skip("ids cannot be mapped here");
	} else {
		is_true(is_begun);
		is_int(idmap_write_one(pid, &what), -1);
		is_str(what, "setgroups");
	}
	if (pid > 0)
		bury(pid);
}

TAP_MAIN(TEST(the_largest_range_of_a_user_is_found_by_name_and_number),
    TEST(what_is_no_range_is_none),
    TEST(a_file_of_root_is_one_of_the_range_in_a_mapped_mount),
    TEST(a_map_is_written_once))
