#include <errno.h>
#include <fcntl.h>
#include <grp.h>
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
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/magic.h>

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
	bool is_room; /* a process of init's, that starts steps elsewhere */
	int children; /* a signalfd for SIGCHLD */
	struct running *step;
	size_t n, cap;
	enum phase phase;
	int64_t grace_ns, until_ns;
	int64_t lost;  /* what net_count_lost() last said, */
	bool is_quiet; /* and nothing has run since */
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
is_own(void)
{
	return world_is_own(me.w);
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
	while (!is_own() && (reap_quietly(), has_children())) {
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

static void
take_tree(void *m, struct world_source *s)
{
	s->tree = wire_get_int(m) ? wire_get_fd(m) : -1;
}

static void
take_go(struct world *w, struct wire *m)
{
	w->is_root = wire_get_int(m) != 0;
	w->has_ids = wire_get_int(m) != 0 || (is_own() && w->is_root);
	w->is_shifted = wire_get_int(m) != 0;
	snprintf(w->notes, sizeof w->notes, "%s", wire_get_str(m));
	for (int i = 0; i < SANDBOX_LIMITS; i++)
		snprintf(
		    w->held_by[i], sizeof w->held_by[i], "%s", wire_get_str(m));
	snprintf(
	    w->memory_group, sizeof w->memory_group, "%s", wire_get_str(m));
	snprintf(w->ids, sizeof w->ids, "%s", wire_get_str(m));
	w->trees = (size_t)wire_get_int(m);
	for (size_t i = 0; i < w->trees; i++) {
		snprintf(w->tree[i].path, sizeof w->tree[i].path, "%s",
		    wire_get_str(m));
		w->tree[i].fd = wire_get_fd(m);
	}
	world_each_source(w, take_tree, m);
}

/* Our getppid() is 0 with and without a parent: only the pipe can tell. */
static void
await_go(struct world *w)
{
	struct pollfd p[] = {{.fd = GO_FD, .events = POLLIN}, {.fd = LIFE},
	    {.fd = CONTROL, .events = POLLRDHUP}};
	AUTO_WIRE m = WIRE_INIT;

	while (poll(p, COUNT(p), -1) < 0)
		;
	if (has_hung_up(&p[1]) || has_hung_up(&p[2]) ||
	    wire_receive(GO_FD, &m, 0) <= 0)
		leave();
	take_go(w, &m);
	close(GO_FD);
}

/* Those who were outside become those inside. */
static int
take_ids(struct world *w)
{
	if (!w->is_shifted)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 ||
	    setresuid(0, 0, 0) < 0)
		return world_fails(w, "setresuid");
	w->is_outer_root = false;
	/* The change has cleared it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

/* What needs no ids is done while the spawner maps them. */
static int
prepare(struct world *w)
{
	if (is_own() && sethostname("clnrm", 5) < 0)
		return world_fails(w, "hostname");
	return world_has_net(w) ? net_up(w) : 0;
}

static int
make_own(struct world *w)
{
	snprintf(w->home, sizeof w->home, "/home/clnrm");
	snprintf(w->tmpdir, sizeof w->tmpdir, "/tmp");
	if (take_ids(w) < 0 || room_begin_all(w) < 0 || root_enter(w) < 0)
		return -1;
	if (world_has_net(w))
		net_look();
	return room_await_all(w);
}

/*
 * Without own mounts root's rights to files stay, for the files are the
 * machine's and may be anybody's; all others go. In a room they stay too, as
 * far as there are users to become: images are made for it. KILL is the
 * supervisor's alone: a step may change its user, and must end all the same.
 */
enum {
	KEPT = 1 << CAP_CHOWN | 1 << CAP_DAC_OVERRIDE |
	       1 << CAP_DAC_READ_SEARCH | 1 << CAP_FOWNER | 1 << CAP_FSETID |
	       1 << CAP_SETGID | 1 << CAP_SETUID | 1 << CAP_NET_BIND_SERVICE,
};

static unsigned
kept_capabilities(const struct world *w)
{
	return is_own() && !(me.is_room && w->has_ids) ? 0 : KEPT;
}

static int
drop_capabilities(unsigned keep, unsigned own)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct has[2] = {{0}};

	if (syscall(SYS_capget, &head, has) < 0)
		return -1;
	for (int cap = 0; has[0].effective & 1 << CAP_SETPCAP; cap++) {
		if (cap < 32 && keep & 1u << cap)
			continue;
		if (!prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			continue;
		if (errno != EINVAL)
			return -1;
		break; /* the end of those that the kernel knows */
	}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	has[0].permitted &= keep | own;
	has[0].effective =
	    has[0].permitted & ~(unsigned)(own & 1 << CAP_DAC_READ_SEARCH);
	has[1].permitted = has[1].effective = 0;
	has[0].inheritable = has[1].inheritable = 0;
	return (int)syscall(SYS_capset, &head, has);
}

/* No program that a step runs gets these. */
static unsigned
own_capabilities(const struct world *w)
{
	unsigned kill = !is_own() || w->has_ids ? 1 << CAP_KILL : 0;

	return kill | (is_own() && !me.is_room ? 1 << CAP_DAC_READ_SEARCH : 0);
}

/* Users inside may have shut their directories: this looks into them. */
static void
use_read_search(bool on)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct has[2] = {{0}};

	if (syscall(SYS_capget, &head, has) < 0)
		return;
	has[0].effective &= ~(1u << CAP_DAC_READ_SEARCH);
	if (on)
		has[0].effective |=
		    has[0].permitted & 1u << CAP_DAC_READ_SEARCH;
	syscall(SYS_capset, &head, has);
}

static int
drop_privileges(struct world *w)
{
	const struct seccomp_rules rules = {SECCOMP_DENY_ALL & ~w->allow};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return world_fails(w, "no_new_privs");
	if (drop_capabilities(kept_capabilities(w), own_capabilities(w)) < 0)
		return world_fails(w, "capabilities");
	/* Hides our descriptors from those inside. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* Init makes none of these calls either. */
	if (!seccomp_enter(&rules))
		return 0;
	if (is_own())
		return world_fails(w, "seccomp");
	world_note(w, "seccomp: %s", strerrorname_np(errno));
	return 0;
}

static int
make(struct world *w)
{
	if (is_own() && make_own(w) < 0)
		return -1;
	if (chdir(w->project) < 0)
		return world_fails(w, "project %s", w->project);
	return 0;
}

/* Where no group holds all together, each is held by itself. */
static int64_t
address_space(void)
{
	const struct world *w = me.w;

	return *w->memory_group ? 0 : w->limit[SANDBOX_MEMORY];
}

/* Of a user of the machine it would count what runs outside as well. */
static bool
holds_users(const struct world *w)
{
	return w->user_processes > 0 && w->has_userns && !w->is_outer_root;
}

/* From here on no call may be made that is heard, but by those who serve. */
static int
listen_to_me(struct world *w, struct world_observer *o)
{
	o->pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	o->listener = o->pidfd < 0 ? -1 : seccomp_listen();
	if (o->listener >= 0)
		return 0;
	world_note(
	    w, "not observed: seccomp listener: %s", strerrorname_np(errno));
	fd_close(&o->pidfd);
	return -1;
}

static void
put_observers(struct world *w, struct wire *m)
{
	wire_int(m, w->is_observed ? (int64_t)w->rooms + 1 : 0);
	for (size_t i = 0; w->is_observed && i <= w->rooms; i++) {
		wire_fd(m, w->observer[i].listener);
		wire_fd(m, w->observer[i].pidfd);
	}
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
	layer_begin();
	if (address_space())
		snprintf(w->held_by[SANDBOX_MEMORY],
		    sizeof w->held_by[SANDBOX_MEMORY],
		    "RLIMIT_AS of each process");
	if (holds_users(w))
		snprintf(w->held_by[SANDBOX_PROCESSES],
		    sizeof w->held_by[SANDBOX_PROCESSES],
		    "RLIMIT_NPROC of each user");
	else if (w->user_processes > 0)
		world_note(
		    w, "processes: none is held for users of the machine");
	getrlimit(RLIMIT_NOFILE, &files);
	if (w->open_files > 0)
		files.rlim_cur = (rlim_t)w->open_files < files.rlim_max
				   ? (rlim_t)w->open_files
				   : files.rlim_max;
	if (w->is_observed && listen_to_me(w, &w->observer[0]) < 0) {
		if (w->rooms) /* theirs would wait for ever */
			return world_fails(w, "seccomp listener");
		w->is_observed = false;
	}
	m.type = WIRE_READY;
	wire_str(&m, w->home);
	wire_str(&m, w->tmpdir);
	wire_str(&m, w->notes);
	for (int i = 0; i < SANDBOX_LIMITS; i++)
		wire_str(&m, w->held_by[i]);
	wire_str(&m, w->memory_group);
	wire_int(&m, (int64_t)files.rlim_cur);
	wire_str(&m, w->ids);
	wire_int(&m, w->has_ids);
	wire_int(&m, (int64_t)n);
	for (size_t i = 0; i < n; i++) {
		wire_int(&m, l[i].asked);
		wire_int(&m, l[i].got);
		wire_int(&m, l[i].is_v6);
		wire_fd(&m, l[i].fd);
	}
	put_observers(w, &m);
	if (wire_send(CONTROL, &m, 0) < 0)
		return world_fails(w, "answer");
	for (size_t i = 0; w->is_observed && i <= w->rooms; i++) {
		close(w->observer[i].listener);
		close(w->observer[i].pidfd);
	}
	for (size_t i = 0; i < n; i++)
		close(l[i].fd);
	return 0;
}

/* Attempts to reach outside. */

static bool
is_empty(void)
{
	return !me.w->rooms && !has_children();
}

/*
 * Tell what was tried since the last look, in the time of a step or none's.
 * The look costs more than a message: nobody waits for it.
 */
static void
tell_strays(uint32_t step)
{
	int64_t before = me.lost;
	AUTO_WIRE m = WIRE_INIT;

	if (me.is_room || me.is_quiet)
		return;
	me.lost = net_count_lost();
	me.is_quiet = is_empty();
	if (me.lost == before)
		return;
	m.type = WIRE_STRAYS;
	wire_int(&m, step);
	wire_int(&m, me.lost - before);
	wire_send(CONTROL, &m, 0);
}

/* What others have tried before a step begins is not its own. */
static void
part_strays(void)
{
	if (!me.is_quiet && (me.n || me.w->rooms))
		tell_strays(SANDBOX_NO_STEP);
	me.is_quiet = false;
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
	tell_strays(id);
}

static void
run(struct wire *m)
{
	struct running r = {.id = (uint32_t)wire_get_int(m)};
	struct step_limits limits = {.open_files = me.w->open_files,
	    .user_processes = me.w->user_processes,
	    .memory_bytes = address_space()};
	const char *cwd = wire_get_str(m);
	char **argv = wire_get_list(m), **env = wire_get_list(m);
	struct sandbox_user user;
	bool is_cwd = false;
	int fd[3];

	if (wire_get_int(m)) {
		wire_get_raw(m, &user, sizeof user);
		limits.user = me.is_room && me.w->has_ids ? &user : NULL;
	}
	for (int i = 0; i < 3; i++)
		fd[i] = wire_get_int(m) ? wire_get_fd(m) : -1;
	r.start_ns = clock_mono_ns();
	errno = EPROTO;
	if (!m->is_bad)
		r.pid = step_start(argv, env, cwd, fd, &limits, &is_cwd);
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

/* Are the numbers in /proc those that we know processes by? */
static bool
has_numbers(void)
{
	return !is_own() || me.w->has_own_proc;
}

static void
signal_step(struct wire *m)
{
	uint32_t id = (uint32_t)wire_get_int(m);
	int sig = (int)wire_get_int(m);

	reap(); /* its number must still be its own */
	for (size_t i = 0; !m->is_bad && i < me.n; i++)
		if (me.step[i].id == id) {
			if (sig == SIGKILL && has_numbers())
				kin_signal_session(me.step[i].pid, sig);
			kill(-me.step[i].pid, sig);
		}
}

/* The finish. */

static void
signal_all(int sig)
{
	if (is_own())
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
tell_writes(void)
{
	bool is_touched = is_own() && layer_is_touched(me.w);

	if (!is_own())
		return;
	if (is_touched)
		use_read_search(true);
	layer_send(me.w, CONTROL);
	if (is_touched)
		use_read_search(false);
}

static void
answer_gone(void)
{
	static const enum sandbox_gone how[] = {[LINGER] = SANDBOX_GONE_SELF,
	    [TERM] = SANDBOX_GONE_TERM,
	    [KILL] = SANDBOX_GONE_KILL};
	AUTO_WIRE m = WIRE_INIT;

	tell_strays(SANDBOX_NO_STEP);
	tell_writes();
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

/* Orders for rooms. */

static void
hand_on(size_t room, const struct wire *m)
{
	if (room < me.w->rooms && me.w->room[room].fd >= 0)
		wire_send(me.w->room[room].fd, m, 0);
}

static void
take_run(struct wire *m)
{
	size_t room = (size_t)wire_get_int(m);

	part_strays();
	if (room && !me.is_room)
		hand_on(room - 1, m);
	else
		run(m);
}

static void
take_signal(struct wire *m)
{
	for (size_t i = 0; i < me.w->rooms && !me.is_room; i++)
		hand_on(i, m);
	signal_step(m);
}

/* Without rooms their steps are ours, and end as ours do. */
static void
take_finish(struct wire *m)
{
	for (size_t i = 0; i < me.w->rooms; i++)
		fd_close(&me.w->room[i].fd);
	finish(m);
}

static void
answer(enum wire_type type, uint32_t id, int fd)
{
	int error = fd < 0 ? errno : 0;
	AUTO_WIRE m = WIRE_INIT;

	m.type = type;
	wire_int(&m, id);
	wire_int(&m, error);
	if (fd >= 0)
		wire_fd(&m, fd);
	wire_send(CONTROL, &m, 0);
}

static void
take_dial(struct wire *m)
{
	uint32_t id = (uint32_t)wire_get_int(m);
	AUTO_FD fd = net_dial((uint16_t)wire_get_int(m));

	answer(WIRE_DIALED, id, fd);
}

/* A file of the kernel's is none: it tells of us, not of the steps. */
static int
open_file(const char *path)
{
	AUTO_FD fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct statfs fs;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return -1;
	if (S_ISREG(st.st_mode) && fs.f_type != PROC_SUPER_MAGIC &&
	    fs.f_type != SYSFS_MAGIC)
		return fd_steal(&fd);
	errno = S_ISDIR(st.st_mode) ? EISDIR : EACCES;
	return -1;
}

static void
take_open(struct wire *m)
{
	size_t room = (size_t)wire_get_int(m);
	uint32_t id;
	AUTO_FD fd = -1;

	if (room && !me.is_room) {
		hand_on(room - 1, m);
		return;
	}
	id = (uint32_t)wire_get_int(m);
	fd = open_file(wire_get_str(m));
	answer(WIRE_OPENED, id, fd);
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
		take_run(&m);
	else if (m.type == WIRE_SIGNAL)
		take_signal(&m);
	else if (m.type == WIRE_FINISH)
		take_finish(&m);
	else if (m.type == WIRE_DIAL)
		take_dial(&m);
	else if (m.type == WIRE_OPEN)
		take_open(&m);
}

/* What a room says is for the runner. */
static void
pass_on(struct world_room *r)
{
	AUTO_WIRE m = WIRE_INIT;

	if (wire_receive(r->fd, &m, MSG_DONTWAIT) <= 0) {
		fd_close(&r->fd);
		return;
	}
	wire_send(CONTROL, &m, 0);
	/* Of the network there is one, and one who counts. */
	if (m.type == WIRE_STEP)
		tell_strays((uint32_t)wire_get_int(&m));
}

static _Noreturn void
serve(void)
{
	size_t rooms = me.is_room ? 0 : me.w->rooms;
	struct pollfd p[3 + SANDBOX_ROOMS] = {
	    {.fd = CONTROL, .events = POLLIN | POLLRDHUP},
	    {.fd = me.children, .events = POLLIN}, {.fd = LIFE}};
	struct signalfd_siginfo info;

	for (;;) {
		for (size_t i = 0; i < rooms; i++)
			p[3 + i] = (struct pollfd){
			    .fd = me.w->room[i].fd, .events = POLLIN};
		if (poll(p, 3 + rooms, advance()) < 0)
			continue;
		if (has_hung_up(&p[0]) || has_hung_up(&p[2]))
			leave();
		if (p[1].revents && read(me.children, &info, sizeof info) > 0)
			reap();
		for (size_t i = 0; i < rooms; i++)
			if (p[3 + i].revents)
				pass_on(&me.w->room[i]);
		if (p[0].revents)
			take_order();
	}
}

_Noreturn void
init_room(struct world *w, int control)
{
	AUTO_WIRE m = WIRE_INIT;

	me.is_room = true;
	dup3(control, CONTROL, O_CLOEXEC);
	prctl(PR_SET_NAME, "clnrm-room");
	if ((chdir(w->project) < 0 && world_fails(w, "project")) ||
	    drop_privileges(w) < 0) {
		world_send_failure(w, CONTROL, errno);
		_exit(EXIT_FAILURE);
	}
	if (w->is_observed && listen_to_me(w, &w->observer[0]) < 0)
		w->is_observed = false;
	m.type = WIRE_READY;
	wire_str(&m, w->notes);
	layer_give(&m);
	wire_int(&m, w->is_observed);
	if (w->is_observed) {
		wire_fd(&m, w->observer[0].listener);
		wire_fd(&m, w->observer[0].pidfd);
	}
	wire_send(CONTROL, &m, 0);
	if (w->is_observed)
		close(w->observer[0].listener);
	serve();
}

_Noreturn void
init_main(struct world *w)
{
	sigset_t child;
	int got, error;

	me.w = w;
	if (is_own())
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	else
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_NAME, is_own() ? "clnrm-init" : "clnrm-super");
	keep_descriptors();
	setsid();
	umask(022);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	me.children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	got = prepare(w);
	error = errno;
	await_go(w);
	if (!got) {
		got = make(w) < 0 || answer_ready(w) < 0 ? -1 : 0;
		error = errno;
	}
	if (got < 0) {
		world_send_failure(w, CONTROL, error);
		leave();
	}
	serve();
}
