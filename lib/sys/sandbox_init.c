#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "sys/sandbox_int.h"

enum { CONTROL = 3, LIFE, GO_FD, FIRST_FREE };
enum { MS = 1000000, AGAIN_NS = 5 * MS };

struct running {
	uint32_t id;
	pid_t pid;
	int64_t start_ns;
};

enum phase { IDLE, LINGER, TERM, KILL };

static struct {
	struct world *w;
	int children; /* a signalfd for SIGCHLD */
	struct running *step;
	size_t n, cap;
	enum phase phase;
	int64_t grace_ns, until_ns;
} me;

int
world_fails(struct world *w, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->what, sizeof w->what, fmt, ap);
	va_end(ap);
	errno = saved;
	return -1;
}

void
world_note(struct world *w, const char *fmt, ...)
{
	size_t n = strlen(w->notes);
	va_list ap;

	if (n && n < sizeof w->notes - 1)
		w->notes[n++] = '\n';
	va_start(ap, fmt);
	vsnprintf(w->notes + n, sizeof w->notes - n, fmt, ap);
	va_end(ap);
}

void
world_send_failure(const struct world *w, int control, int error)
{
	AUTO_WIRE m = WIRE_INIT;

	m.type = WIRE_FAILED;
	wire_str(&m, w->what);
	wire_int(&m, error);
	wire_send(control, &m, 0);
}

static bool
is_full(void)
{
	return me.w->level == SANDBOX_FULL;
}

static bool
has_hung_up(const struct pollfd *p)
{
	return p->revents & (POLLHUP | POLLRDHUP | POLLERR);
}

/* The end. */

static void
reap_quietly(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static bool
has_children(void)
{
	siginfo_t info;

	return !waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) ||
	       errno != ECHILD;
}

static void
wait_for_child(int64_t ns)
{
	struct pollfd p = {.fd = me.children, .events = POLLIN};
	struct signalfd_siginfo info;

	if (poll(&p, 1, (int)(ns / MS)) > 0 &&
	    read(me.children, &info, sizeof info) < 0)
		return;
}

/* Without a pid namespace nobody else kills what is left. */
static _Noreturn void
leave(void)
{
	while (!is_full() && (reap_quietly(), has_children())) {
		kin_signal(getpid(), SIGKILL);
		wait_for_child(AGAIN_NS);
	}
	if (*me.w->fresh)
		file_remove_tree(me.w->fresh);
	_exit(0);
}

/* The set-up. */

static void
keep_descriptors(void)
{
	/* The spawner's own take the first numbers: none of ours is there. */
	dup3(me.w->control, CONTROL, O_CLOEXEC);
	dup3(me.w->life, LIFE, O_CLOEXEC);
	dup3(me.w->go, GO_FD, O_CLOEXEC);
	close_range(FIRST_FREE, ~0U, 0);
}

/* Our getppid() is 0 with and without a parent: only the pipe can tell. */
static void
await_go(void)
{
	struct pollfd p[] = {{.fd = GO_FD, .events = POLLIN}, {.fd = LIFE},
	    {.fd = CONTROL, .events = POLLRDHUP}};
	uint64_t how = 0;

	while (poll(p, COUNT(p), -1) < 0)
		;
	if (has_hung_up(&p[1]) || has_hung_up(&p[2]) ||
	    read(GO_FD, &how, sizeof how) < 0)
		leave();
	close(GO_FD);
	me.w->is_root = !(how & GO_ONE_ID);
	if (how & GO_NO_GROUP) {
		world_note(me.w, "processes: the cgroup cannot be entered");
		me.w->processes_by[0] = 0;
	}
}

static int
make_fresh(struct world *w)
{
	const char *tmp = getenv("TMPDIR");

	if (!tmp || *tmp != '/' || strlen(tmp) > sizeof w->fresh - 32)
		tmp = "/tmp";
	snprintf(w->fresh, sizeof w->fresh, "%s/clnrm.XXXXXX", tmp);
	if (!mkdtemp(w->fresh)) {
		w->fresh[0] = 0;
		return world_fails(w, "fresh directories in %s", tmp);
	}
	snprintf(w->home, sizeof w->home, "%.240s/home", w->fresh);
	snprintf(w->tmpdir, sizeof w->tmpdir, "%.240s/tmp", w->fresh);
	if (mkdir(w->home, 0755) < 0 || mkdir(w->tmpdir, 0755) < 0)
		return world_fails(w, "fresh directories in %s", tmp);
	return 0;
}

static int
make_full(struct world *w)
{
	snprintf(w->home, sizeof w->home, "/home/clnrm");
	snprintf(w->tmpdir, sizeof w->tmpdir, "/tmp");
	if (root_enter(w) < 0 || net_up(w) < 0)
		return -1;
	if (sethostname("clnrm", 5) < 0)
		return world_fails(w, "hostname");
	return 0;
}

static int
drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};

	for (int cap = 0; !prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); cap++)
		;
	if (errno != EINVAL) /* the end of those that the kernel knows */
		return -1;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return (int)syscall(SYS_capset, &head, none);
}

static int
drop_privileges(struct world *w)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return world_fails(w, "no_new_privs");
	if (is_full() && drop_capabilities() < 0)
		return world_fails(w, "capabilities");
	/* Hides our descriptors from those inside. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return 0;
}

static int
make(struct world *w)
{
	if (is_full() ? make_full(w) : make_fresh(w))
		return -1;
	if (chdir(w->project) < 0)
		return world_fails(w, "project %s", w->project);
	return 0;
}

static int
answer_ready(struct world *w)
{
	struct sandbox_listener l[SANDBOX_LISTENERS];
	struct rlimit files = {0};
	size_t n = 0;
	AUTO_WIRE m = WIRE_INIT;

	if (net_listen(w, l, &n) < 0 || drop_privileges(w) < 0)
		return -1;
	getrlimit(RLIMIT_NOFILE, &files);
	if (w->open_files > 0)
		files.rlim_cur = (rlim_t)w->open_files < files.rlim_max
				   ? (rlim_t)w->open_files
				   : files.rlim_max;
	m.type = WIRE_READY;
	wire_str(&m, w->home);
	wire_str(&m, w->tmpdir);
	wire_str(&m, w->notes);
	wire_str(&m, w->processes_by);
	wire_int(&m, (int64_t)files.rlim_cur);
	wire_int(&m, (int64_t)n);
	for (size_t i = 0; i < n; i++) {
		wire_int(&m, l[i].asked);
		wire_int(&m, l[i].got);
		wire_int(&m, l[i].is_v6);
		wire_fd(&m, l[i].fd);
	}
	if (wire_send(CONTROL, &m, 0) < 0)
		return world_fails(w, "answer");
	for (size_t i = 0; i < n; i++)
		close(l[i].fd);
	return 0;
}

/* The steps. */

static void
report(uint32_t id, int error, bool is_cwd, int status, int64_t start_ns,
    const struct rusage *usage)
{
	AUTO_WIRE m = WIRE_INIT;

	m.type = WIRE_STEP;
	wire_int(&m, id);
	wire_int(&m, error);
	wire_int(&m, is_cwd);
	wire_int(&m, status);
	wire_int(&m, start_ns);
	wire_int(&m, clock_mono_ns());
	wire_raw(&m, usage, sizeof *usage);
	wire_send(CONTROL, &m, 0);
}

static void
run(struct wire *m)
{
	struct running r = {.id = (uint32_t)wire_get_int(m)};
	const char *cwd = wire_get_str(m);
	char **argv = wire_get_list(m), **env = wire_get_list(m);
	bool is_cwd = false;
	int fd[3];

	for (int i = 0; i < 3; i++)
		fd[i] = wire_get_int(m) ? wire_get_fd(m) : -1;
	r.start_ns = clock_mono_ns();
	errno = EPROTO;
	if (!m->is_bad)
		r.pid =
		    step_start(argv, env, cwd, fd, me.w->open_files, &is_cwd);
	if (m->is_bad || r.pid < 0) {
		report(r.id, errno, is_cwd, 0, r.start_ns, &(struct rusage){0});
	} else {
		me.step = mem_more(me.step, me.n, &me.cap, sizeof r);
		me.step[me.n++] = r;
	}
	for (int i = 0; i < 3; i++)
		fd_close(&fd[i]);
	free(argv);
	free(env);
}

static void
ended(pid_t pid, int status, const struct rusage *usage)
{
	for (size_t i = 0; i < me.n; i++)
		if (me.step[i].pid == pid) {
			report(me.step[i].id, 0, false, status,
			    me.step[i].start_ns, usage);
			me.step[i] = me.step[--me.n];
			return;
		}
}

static void
reap(void)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0)
		ended(pid, status, &usage);
}

static void
signal_step(struct wire *m)
{
	uint32_t id = (uint32_t)wire_get_int(m);
	int sig = (int)wire_get_int(m);

	reap(); /* its number must still be its own */
	for (size_t i = 0; !m->is_bad && i < me.n; i++)
		if (me.step[i].id == id) {
			if (sig == SIGKILL)
				kin_signal_session(me.step[i].pid, sig);
			kill(-me.step[i].pid, sig);
		}
}

/* The finish. */

static void
signal_all(int sig)
{
	if (is_full())
		kill(-1, sig); /* all of the namespace but us */
	else
		kin_signal(getpid(), sig);
}

static void
finish(struct wire *m)
{
	int64_t linger_ns = wire_get_int(m);

	me.grace_ns = wire_get_int(m);
	me.until_ns = clock_mono_ns() + linger_ns;
	me.phase = LINGER;
}

static void
answer_gone(void)
{
	static const enum sandbox_gone how[] = {[LINGER] = SANDBOX_GONE_SELF,
	    [TERM] = SANDBOX_GONE_TERM,
	    [KILL] = SANDBOX_GONE_KILL};
	AUTO_WIRE m = WIRE_INIT;

	m.type = WIRE_GONE;
	wire_int(&m, how[me.phase]);
	wire_send(CONTROL, &m, 0);
	me.phase = IDLE;
}

/* Go on with the finish; the milliseconds until the next look, or -1. */
static int
advance(void)
{
	int64_t now = clock_mono_ns();

	if (me.phase == IDLE)
		return -1;
	reap();
	if (!has_children()) {
		answer_gone();
		return -1;
	}
	if (me.phase == LINGER && now >= me.until_ns) {
		me.phase = TERM;
		me.until_ns = now + me.grace_ns;
		signal_all(SIGTERM);
		signal_all(SIGCONT);
	}
	if (me.phase >= TERM && now >= me.until_ns) {
		me.phase = KILL;
		me.until_ns = now + AGAIN_NS;
		signal_all(SIGKILL);
	}
	now = (me.until_ns - now + MS - 1) / MS;
	return now > 1000 ? 1000 : now > 0 ? (int)now : 1;
}

static void
take_order(void)
{
	AUTO_WIRE m = WIRE_INIT;
	int got = wire_receive(CONTROL, &m, MSG_DONTWAIT);

	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0)
		leave();
	if (m.type == WIRE_RUN)
		run(&m);
	else if (m.type == WIRE_SIGNAL)
		signal_step(&m);
	else if (m.type == WIRE_FINISH)
		finish(&m);
}

static _Noreturn void
serve(void)
{
	struct pollfd p[] = {{.fd = CONTROL, .events = POLLIN | POLLRDHUP},
	    {.fd = me.children, .events = POLLIN}, {.fd = LIFE}};
	struct signalfd_siginfo info;

	for (;;) {
		if (poll(p, COUNT(p), advance()) < 0)
			continue;
		if (has_hung_up(&p[0]) || has_hung_up(&p[2]))
			leave();
		if (p[1].revents && read(me.children, &info, sizeof info) > 0)
			reap();
		if (p[0].revents)
			take_order();
	}
}

_Noreturn void
init_main(struct world *w)
{
	sigset_t child;

	me.w = w;
	if (is_full())
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	else
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_NAME, is_full() ? "clnrm-init" : "clnrm-super");
	keep_descriptors();
	setsid();
	umask(022);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	me.children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	await_go();
	if (make(w) < 0 || answer_ready(w) < 0) {
		world_send_failure(w, CONTROL, errno);
		leave();
	}
	serve();
}
