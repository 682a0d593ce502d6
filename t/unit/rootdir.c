/* Writing below a root by the words of strangers, from inside. */
#include "sys/rootdir.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/mem.h"
#include "scratch.h"
#include "tap.h"

static const struct rootdir_meta plain = {.mode = 0644};

/* An empty root, beside a file that nobody may touch. */
static void
begin(struct rootdir *r)
{
	struct err e = {0};

	scratch_enter();
	file_remove_tree("root");
	scratch_write("precious", "precious");
	mkdir("root", 0755);
	is_int(rootdir_open(r, "root", &e), 0);
}

static int
write_to(struct rootdir *r, const char *name, struct err *e)
{
	AUTO_FD fd = rootdir_file(r, name, e);

	if (fd < 0 || fd_write(fd, "new", 3) < 0)
		return -1;
	return rootdir_seal(r, fd, name, &plain, e);
}

static bool
holds(const char *path, const char *want)
{
	AUTO_BUF text = BUF_INIT;
	struct err e;

	return !file_read(path, &text, &e) && !strcmp(text.s, want);
}

static bool
is_kind(const char *path, mode_t kind)
{
	struct stat st;

	return !lstat(path, &st) && (st.st_mode & S_IFMT) == kind;
}

static void
names_are_cleaned_or_refused(void)
{
	static const char *const good[][2] = {{"./a//b/", "a/b"}, {".", ""},
	    {"a/./b", "a/b"}, {"..a/b..", "..a/b.."}, {"./", ""}};
	static const char *const bad[] = {
	    "", "/", "/etc/passwd", "..", "a/../b", "a/..", "../a"};
	AUTO_BUF to = BUF_INIT, deep = BUF_INIT;
	struct err e = {0};

	for (size_t i = 0; i < COUNT(good); i++) {
		is_int(rootdir_name(good[i][0], &to, &e), 0);
		is_str(to.s, good[i][1]);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		is_int(rootdir_name(bad[i], &to, &e), -1);
	for (int i = 0; i < ROOTDIR_DEPTH_MAX; i++)
		buf_adds(&deep, "d/");
	is_int(rootdir_name(deep.s, &to, &e), 0);
	buf_adds(&deep, "d");
	is_int(rootdir_name(deep.s, &to, &e), -1);
	buf_reset(&deep);
	for (int i = 0; i < 256; i++)
		buf_addc(&deep, 'n');
	is_int(rootdir_name(deep.s, &to, &e), -1);
}

static void
a_link_on_the_way_stays_below_the_root(void)
{
	AUTO_ROOTDIR r = ROOTDIR_INIT;
	struct err e = {0};

	begin(&r);
	is_int(rootdir_dir(&r, "tmp", &plain, &e), 0);
	is_int(rootdir_symlink(&r, "up", "..", &plain, &e), 0);
	is_int(rootdir_symlink(&r, "abs", "/tmp", &plain, &e), 0);
	is_int(rootdir_symlink(&r, "far", "../../../../tmp", &plain, &e), 0);
	is_int(write_to(&r, "up/precious", &e), 0);
	is_int(write_to(&r, "abs/clnrm-one", &e), 0);
	is_int(write_to(&r, "far/clnrm-two", &e), 0);
	is_true(holds("precious", "precious"));
	is_true(holds("root/precious", "new"));
	is_true(holds("root/tmp/clnrm-one", "new"));
	is_true(holds("root/tmp/clnrm-two", "new"));
	is_true(access("/tmp/clnrm-one", F_OK) < 0);
}

static void
the_last_component_is_replaced_and_never_followed(void)
{
	AUTO_ROOTDIR r = ROOTDIR_INIT;
	struct err e = {0};

	begin(&r);
	is_int(symlink("../precious", "root/link"), 0);
	is_int(write_to(&r, "link", &e), 0);
	is_true(is_kind("root/link", S_IFREG));
	is_true(holds("precious", "precious"));
	is_int(symlink("..", "root/dir"), 0);
	is_int(rootdir_dir(&r, "dir", &plain, &e), 0);
	is_true(is_kind("root/dir", S_IFDIR));
	is_int(write_to(&r, "dir/deep/file", &e), 0);
	is_int(write_to(&r, "dir", &e), 0);
	is_true(holds("root/dir", "new"));
}

static void
a_hard_link_reaches_nothing_outside(void)
{
	AUTO_ROOTDIR r = ROOTDIR_INIT;
	struct err e = {0};
	struct stat st;

	begin(&r);
	is_int(write_to(&r, "own", &e), 0);
	is_int(rootdir_link(&r, "other", "own", &e), 0);
	is_int(rootdir_link(&r, "other", "own", &e), 0);
	is_true(holds("root/other", "new"));
	is_int(symlink("..", "root/up"), 0);
	is_int(rootdir_link(&r, "got", "up/precious", &e), -1);
	is_true(access("root/got", F_OK) < 0);
	is_true(!stat("precious", &st) && st.st_nlink == 1);
}

static void
removing_follows_no_link_at_all(void)
{
	AUTO_ROOTDIR r = ROOTDIR_INIT;
	struct err e = {0};

	begin(&r);
	is_int(write_to(&r, "etc/passwd", &e), 0);
	is_int(symlink("etc", "root/way"), 0);
	is_int(symlink("..", "root/up"), 0);
	is_int(rootdir_remove(&r, "way/passwd", &e), 0);
	is_int(rootdir_empty(&r, "way", &e), 0);
	is_int(rootdir_empty(&r, "up", &e), 0);
	is_int(rootdir_remove(&r, "up/precious", &e), 0);
	is_true(holds("root/etc/passwd", "new"));
	is_true(holds("precious", "precious"));
	is_int(rootdir_remove(&r, "way", &e), 0);
	is_true(access("root/way", F_OK) < 0);
	is_int(rootdir_empty(&r, "", &e), 0);
	is_true(access("root/etc", F_OK) < 0);
}

static void
a_file_as_a_directory_and_a_dangling_link_are_errors(void)
{
	AUTO_ROOTDIR r = ROOTDIR_INIT;
	struct err e = {0};

	begin(&r);
	is_int(write_to(&r, "file", &e), 0);
	is_int(write_to(&r, "file/below", &e), -1);
	is_int(symlink("nowhere", "root/dangling"), 0);
	is_int(write_to(&r, "dangling/below", &e), -1);
	is_int(symlink("loop", "root/loop"), 0);
	is_int(write_to(&r, "loop/below", &e), -1);
	is_true(holds("root/file", "new"));
}

/* openat2 as on a kernel that has none. */
static int
refuse_openat2(void)
{
	struct sock_filter code[] = {
	    BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog prog = {COUNT(code), code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0;
}

static int
write_without_openat2(void *arg)
{
	struct rootdir *r = arg;
	struct err e = {0};

	if (refuse_openat2())
		return 9;
	return (write_to(r, "a/b/c", &e) < 0) +
	       2 * (write_to(r, "up/precious", &e) == 0);
}

static void
without_openat2_links_on_the_way_are_errors(void)
{
	AUTO_ROOTDIR r = ROOTDIR_INIT;
	AUTO_BUF said = BUF_INIT;
	int got;

	begin(&r);
	is_int(symlink("..", "root/up"), 0);
	got = scratch_child(write_without_openat2, &r, &said);
	if (got == 9) {
		tap_skip("system calls cannot be refused here");
		return;
	}
	is_int(got, 0);
	is_true(holds("root/a/b/c", "new"));
	is_true(holds("precious", "precious"));
}

static void
directories_can_always_be_entered(void)
{
	const struct rootdir_meta shut = {.mode = 01055};
	AUTO_ROOTDIR r = ROOTDIR_INIT;
	struct err e = {0};
	struct stat st;

	begin(&r);
	is_int(rootdir_dir(&r, "d", &shut, &e), 0);
	is_true(!stat("root/d", &st) && (st.st_mode & 07777) == 01755);
	is_int(rootdir_dir(&r, "", &shut, &e), 0);
	is_true(!stat("root", &st) && (st.st_mode & 07777) == 01755);
}

TAP_MAIN(TEST(names_are_cleaned_or_refused),
    TEST(a_link_on_the_way_stays_below_the_root),
    TEST(the_last_component_is_replaced_and_never_followed),
    TEST(a_hard_link_reaches_nothing_outside),
    TEST(removing_follows_no_link_at_all),
    TEST(a_file_as_a_directory_and_a_dangling_link_are_errors),
    TEST(without_openat2_links_on_the_way_are_errors),
    TEST(directories_can_always_be_entered))
