#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/magic.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "sys/cgroup.h"
#include "sys/kin.h"
#include "sys/sandbox_int.h"

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

void
order_begin(struct world *w)
{
	sigset_t child;

	me.w = w;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	me.children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

void
order_begin_room(void)
{
	me.is_room = true;
}

static bool
is_own(void)
{
	return world_is_own(me.w);
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
_Noreturn void
order_leave(void)
{
	while (!is_own() && (reap_quietly(), has_children())) {
		kin_signal(getpid(), SIGKILL);
		wait_for_child(AGAIN_NS);
	}
	if (*me.w->fresh)
		file_remove_tree(me.w->fresh);
	_exit(0);
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
	me.is_quiet = is_empty() && !world_joins(me.w);
	if (me.lost == before)
		return;
	m.type = WIRE_STRAYS;
	wire_int(&m, step);
	wire_int(&m, me.lost - before);
	wire_send(INIT_CONTROL, &m, 0);
}

/* What others have tried before a step begins is not its own. */
static void
part_strays(void)
{
	if (!me.is_quiet && (me.n || me.w->rooms))
		tell_strays(SANDBOX_NO_STEP);
	me.is_quiet = false;
}

/* Who asked knows by the answer that it is done. */
static void
take_count(struct wire *m)
{
	AUTO_WIRE answer = WIRE_INIT;
	uint32_t step = (uint32_t)wire_get_int(m);

	tell_strays(step);
	answer.type = WIRE_COUNT;
	wire_int(&answer, step);
	wire_send(INIT_CONTROL, &answer, 0);
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
	wire_int(&m, me.w->is_guest && *me.w->memory_group &&
			 cgroup_out_of_memory(me.w->memory_group) > 0);
	wire_send(INIT_CONTROL, &m, 0);
	tell_strays(id);
}

static void
run(struct wire *m)
{
	struct running r = {.id = (uint32_t)wire_get_int(m)};
	struct step_limits limits = {.open_files = me.w->open_files,
	    .user_processes = me.w->user_processes,
	    .memory_bytes = world_address_space(me.w)};
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
		privilege_search(true);
	layer_send(me.w, INIT_CONTROL);
	if (is_touched)
		privilege_search(false);
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
	wire_int(&m, me.w->is_guest && guest_is_touched());
	wire_send(INIT_CONTROL, &m, 0);
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
	wire_send(INIT_CONTROL, &m, 0);
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
	int got = wire_receive(INIT_CONTROL, &m, MSG_DONTWAIT);

	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0)
		order_leave();
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
	else if (m.type == WIRE_COUNT)
		take_count(&m);
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
	wire_send(INIT_CONTROL, &m, 0);
	/* Of the network there is one, and one who counts. */
	if (m.type == WIRE_STEP)
		tell_strays((uint32_t)wire_get_int(&m));
}

_Noreturn void
order_serve(void)
{
	size_t rooms = me.is_room ? 0 : me.w->rooms;
	struct pollfd p[3 + SANDBOX_ROOMS] = {
	    {.fd = INIT_CONTROL, .events = POLLIN | POLLRDHUP},
	    {.fd = me.children, .events = POLLIN}, {.fd = INIT_LIFE}};
	struct signalfd_siginfo info;

	for (;;) {
		for (size_t i = 0; i < rooms; i++)
			p[3 + i] = (struct pollfd){
			    .fd = me.w->room[i].fd, .events = POLLIN};
		if (poll(p, 3 + rooms, advance()) < 0)
			continue;
		if (wire_has_hung_up(&p[0]) || wire_has_hung_up(&p[2]))
			order_leave();
		if (p[1].revents && read(me.children, &info, sizeof info) > 0)
			reap();
		for (size_t i = 0; i < rooms; i++)
			if (p[3 + i].revents)
				pass_on(&me.w->room[i]);
		if (p[0].revents)
			take_order();
	}
}
