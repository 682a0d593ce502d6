/*
 * Very many sandboxes, one after the other and at once. SOAK=10000 makes it
 * that many; `make soak`.
 */
#include <fcntl.h>
#include <sched.h>

#include "base/clock.h"
#include "sandbox_kit.h"

enum { SOME = 300, WARM = 20, AT_ONCE = 16 };

/* What was freed stays for a while under that sanitizer. */
#ifdef __SANITIZE_ADDRESS__
enum { GROWTH_KIB = 100 << 10 };
#else
enum { GROWTH_KIB = 600 };
#endif

static int
how_many(void)
{
	const char *n = getenv("SOAK");

	return n ? atoi(n) : SOME;
}

/* A number in a file of "NAME: NUMBER kB" lines. */
static long
number_in(const char *path, const char *name)
{
	AUTO_BUF text = BUF_INIT;
	const char *at;

	if (file_read(path, &text, NULL) < 0 || !(at = strstr(text.s, name)))
		return -1;
	return atol(at + strlen(name));
}

/* What the spawner and we hold. */
struct hold {
	long own_fds, fds, mounts, rss_kib, slab_kib;
};

static long
count_lines(const char *path)
{
	AUTO_BUF text = BUF_INIT;
	long n = 0;

	if (file_read(path, &text, NULL) < 0)
		return -1;
	for (size_t i = 0; i < text.len; i++)
		n += text.s[i] == '\n';
	return n;
}

static struct hold
measure(void)
{
	char fd[64], mounts[64], status[64];
	int pid = (int)t.spawner.pid;

	snprintf(fd, sizeof fd, "/proc/%d/fd", pid);
	snprintf(mounts, sizeof mounts, "/proc/%d/mountinfo", pid);
	snprintf(status, sizeof status, "/proc/%d/status", pid);
	return (struct hold){.own_fds = count_entries("/proc/self/fd"),
	    .fds = count_entries(fd),
	    .mounts = count_lines(mounts),
	    .rss_kib = number_in(status, "VmRSS:"),
	    .slab_kib = number_in("/proc/meminfo", "Slab:")};
}

static bool
one(void)
{
	if (!build())
		return false;
	is_int(sh("true"), 0);
	drop(&t.ready);
	sandbox_kill(t.s);
	is_int(next(t.s), SANDBOX_CLOSED);
	sandbox_del(t.s);
	t.s = NULL;
	return !tap_failed;
}

static void
compare(const struct hold *was, int n, int64_t took_ns)
{
	struct hold is = measure();

	printf("# %d sandboxes, %.2f ms each; the spawner's memory %+ld KiB, "
	       "the kernel's %+ld KiB\n",
	    n, (double)took_ns / 1e6 / n, is.rss_kib - was->rss_kib,
	    is.slab_kib - was->slab_kib);
	is_int(is.own_fds, was->own_fds);
	is_int(is.fds, was->fds);
	/* Others mount on this machine, too, but not one for each of ours. */
	is_true(is.mounts - was->mounts < n / 2);
	is_true(is.rss_kib - was->rss_kib < GROWTH_KIB);
}

static void
many_in_a_row_leave_all_as_it_was(void)
{
	struct hold was = {0};
	int64_t from = 0;
	int n = how_many();

	prepare(SANDBOX_FULL);
	t.plan.limit[SANDBOX_PROCESSES] = 50;
	for (int i = 0; i < n + WARM && !tap_skipped && !tap_failed; i++) {
		if (i == WARM) {
			was = measure();
			from = clock_mono_ns();
		}
		one();
	}
	if (!tap_skipped)
		compare(&was, n, clock_mono_ns() - from);
	end();
}

static void
put(const char *path, const char *text)
{
	AUTO_FD fd = open(path, O_WRONLY | O_CLOEXEC);

	is_true(fd >= 0 && !fd_write(fd, text, strlen(text)));
}

/* Where fewer namespaces may be than sandboxes come and go. */
static void
leave_no_namespace(void)
{
	static const char *const kinds[] = {
	    "user", "mnt", "pid", "net", "ipc", "uts", "cgroup"};
	int n = how_many();
	char path[64], most[16], users[64], groups[64];

	snprintf(users, sizeof users, "0 %u 1\n", (unsigned)geteuid());
	snprintf(groups, sizeof groups, "0 %u 1\n", (unsigned)getegid());
	if (unshare(CLONE_NEWUSER) < 0) {
		tap_skip("no user namespace");
		return;
	}
	put("/proc/self/setgroups", "deny");
	put("/proc/self/uid_map", users);
	put("/proc/self/gid_map", groups);
	snprintf(most, sizeof most, "%d", n / 2);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		snprintf(path, sizeof path, "/proc/sys/user/max_%s_namespaces",
		    kinds[i]);
		put(path, most);
	}
	prepare(SANDBOX_FULL);
	for (int i = 0; i < n && !tap_skipped && !tap_failed; i++)
		one();
	end();
}

static void
many_in_a_row_leave_no_namespace(void)
{
	as_a_user(leave_no_namespace);
}

static void
as_many_at_once_have_the_same_port(void)
{
	static const char *const argv[] = {"perl", "-MIO::Socket", "-e",
	    "$s = IO::Socket::INET->new(Listen => 1, LocalAddr => "
	    "'127.0.0.1:7777') or die $!; select undef, undef, undef, 0.5; "
	    "$c = IO::Socket::INET->new('127.0.0.1:7777') or die $!",
	    NULL};
	struct sandbox *all[AT_ONCE] = {0};

	prepare(SANDBOX_FULL);
	for (int i = 0; i < AT_ONCE && !tap_skipped && build(); i++) {
		is_int(t.ready.listener[0].got, ports[0]);
		drop(&t.ready);
		start_as(1, argv, NULL, -1);
		all[i] = t.s;
	}
	for (int i = 0; i < AT_ONCE && all[i]; i++) {
		is_int(next(all[i]), SANDBOX_STEP_DONE);
		is_int(t.last.error, 0);
		is_int(t.last.status, 0);
	}
	for (int i = 0; i < AT_ONCE; i++)
		sandbox_del(all[i]);
	t.s = NULL;
	end();
}

AS_A_USER(many_in_a_row_leave_all_as_it_was)
AS_A_USER(as_many_at_once_have_the_same_port)

TAP_MAIN(TEST(many_in_a_row_leave_all_as_it_was),
    TEST(many_in_a_row_leave_no_namespace),
    TEST(as_many_at_once_have_the_same_port),
    TEST(many_in_a_row_leave_all_as_it_was_as_a_user),
    TEST(as_many_at_once_have_the_same_port_as_a_user))
