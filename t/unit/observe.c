#include "sys/observe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "sys/seccomp.h"
#include "tap.h"

static struct {
	pid_t pid;
	int listener, pidfd;
	struct observe_seen seen;
} t;

/* A child that is listened to, and then does what it should. */
static bool
begin(void (*act)(void))
{
	int said[2], number = -1;

	is_true(!pipe(said));
	t.pid = fork();
	if (!t.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		number = seccomp_listen();
		if (write(said[1], &number, sizeof number) > 0)
			act();
		_exit(0);
	}
	close(said[1]);
	is_true(read(said[0], &number, sizeof number) == sizeof number);
	close(said[0]);
	t.pidfd = (int)syscall(SYS_pidfd_open, t.pid, 0);
	t.listener =
	    number < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, t.pidfd, number, 0);
	if (t.listener >= 0)
		return true;
	tap_skip("no seccomp listener here");
	kill(t.pid, SIGKILL);
	waitpid(t.pid, NULL, 0);
	return false;
}

/* As observe_next() has it; 0 at the end. */
static int
take(pid_t own)
{
	struct pollfd p = {.fd = t.listener, .events = POLLIN};

	for (;;) {
		int got;

		if (poll(&p, 1, 10000) <= 0 || !(p.revents & POLLIN))
			return 0;
		got = observe_next(t.listener, own, &t.seen);
		if (got)
			return got;
	}
}

static int
next(void)
{
	return take(-1);
}

static void
end(void)
{
	int status = -1;

	close(t.listener);
	close(t.pidfd);
	kill(t.pid, SIGKILL);
	is_true(waitpid(t.pid, &status, 0) == t.pid);
}

static void
open_files(void)
{
	struct stat st;
	int at = open("/etc", O_RDONLY | O_DIRECTORY);

	close(openat(at, "passwd", O_RDONLY));
	stat("nothing/./here", &st);
	close(open("/tmp/../etc/group", O_PATH));
	close(open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0600));
	execl("/bin/true", "true", NULL);
}

static void
files_are_told_by_the_names_that_were_used(void)
{
	char cwd[PATH_MAX], want[2 * PATH_MAX];

	if (!begin(open_files))
		return;
	is_true(getcwd(cwd, sizeof cwd) != NULL);
	is_int(next(), 1);
	is_int(t.seen.kind, OBSERVE_OPEN);
	is_str(t.seen.path, "/etc");
	is_int(next(), 1);
	is_str(t.seen.path, "/etc/passwd");
	is_true(!t.seen.is_made && !t.seen.is_place);
	is_int(t.seen.pid, t.pid);
	is_int(next(), 1);
	snprintf(want, sizeof want, "%s/nothing/./here", cwd);
	is_int(t.seen.kind, OBSERVE_LOOK);
	is_str(t.seen.path, want);
	is_int(next(), 1);
	is_str(t.seen.path, "/tmp/../etc/group");
	is_true(t.seen.is_place);
	is_int(next(), 1);
	is_true(t.seen.is_made);
	is_int(next(), 1);
	is_int(t.seen.kind, OBSERVE_RUN);
	is_str(t.seen.path, "/bin/true");
	end();
}

static void
call_addresses(void)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(80)};
	struct sockaddr_in6 v6 = {
	    .sin6_family = AF_INET6, .sin6_port = htons(53)};
	char byte = 0;
	struct iovec x = {&byte, 1};
	struct mmsghdr many[2] = {{.msg_hdr = {.msg_iov = &x, .msg_iovlen = 1}},
	    {.msg_hdr = {.msg_name = &v6,
		 .msg_namelen = sizeof v6,
		 .msg_iov = &x,
		 .msg_iovlen = 1}}};
	int tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int udp = socket(AF_INET6, SOCK_DGRAM, 0);

	inet_pton(AF_INET, "127.0.0.2", &v4.sin_addr);
	connect(tcp, (void *)&v4, sizeof v4);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &v6.sin6_addr);
	sendto(udp, "x", 1, 0, (void *)&v6, sizeof v6);
	/* Multicast of TCP is refused at once, whatever the machine's routes.
	 */
	inet_pton(AF_INET, "224.0.0.1", &v4.sin_addr);
	connect(tcp, (void *)&v4, sizeof v4);
	inet_pton(AF_INET6, "100::1", &v6.sin6_addr);
	sendto(udp, "x", 1, 0, (void *)&v6, sizeof v6);
	sendmsg(udp, &many[1].msg_hdr, 0);
	sendmmsg(udp, many, 2, 0);
}

static void
addresses_outside_are_told_and_the_loopback_is_not(void)
{
	if (!begin(call_addresses))
		return;
	is_int(next(), 1);
	is_int(t.seen.kind, OBSERVE_CALL);
	is_str(t.seen.target, "224.0.0.1:80");
	is_true(strstr(t.seen.path, "observe") != NULL);
	for (int i = 0; i < 3; i++) {
		is_int(next(), 1);
		is_str(t.seen.target, "[100::1]:53/udp");
	}
	is_int(next(), 0);
	end();
}

static void
lie(void)
{
	syscall(SYS_openat, AT_FDCWD, 8, O_RDONLY);
	syscall(SYS_openat, 12345, "x", O_RDONLY);
	syscall(SYS_connect, 0, 8, 16);
	close(open("/", O_RDONLY));
}

static void
words_that_cannot_be_read_are_said_to_be_so(void)
{
	if (!begin(lie))
		return;
	is_int(next(), -2);
	is_int(next(), -2);
	is_int(next(), 1);
	is_str(t.seen.path, "/");
	end();
}

static void
the_process_that_is_not_to_be_told_of_goes_on(void)
{
	if (!begin(open_files))
		return;
	is_int(observe_pid(t.pidfd), t.pid);
	is_int(take(t.pid), 0);
	end();
}

TAP_MAIN(TEST(files_are_told_by_the_names_that_were_used),
    TEST(addresses_outside_are_told_and_the_loopback_is_not),
    TEST(words_that_cannot_be_read_are_said_to_be_so),
    TEST(the_process_that_is_not_to_be_told_of_goes_on))
