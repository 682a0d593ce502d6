#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "sys/cgroup.h"
#include "sys/kin.h"
#include "sys/sandbox_int.h"

enum {
	NAMESPACES = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
		     CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
	CONTROL = 3,
};

/* What who joins a world has in common with it. */
struct shared {
	int userns, netns; /* -1: the spawner's */
	bool is_root, has_ids, is_shifted;
	char ids[400];
};

/* One init. `far` stays open until it is reaped and its cgroup removed: the
 * hang-up tells the runner that nothing is left. */
struct kept {
	pid_t pid;
	int far;
	bool is_own;
	bool is_ending, is_dead;
	struct shared *shared; /* NULL: nobody joins it */
	char *fresh; /* what a supervisor that was killed does not remove */
	struct cgroup group;
};

static struct {
	struct kept *kept;
	size_t n, cap;
	struct pollfd *poll;
	size_t polls;
	int children;	 /* a signalfd for SIGCHLD */
	int life[2];	 /* hangs up when we die */
	bool has_looked; /* for a home of cgroups */
	struct err no_home;
	struct cgroup_home home;
} sp;

/* The runner's output must not seem open because we hold it. */
static void
let_go(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	if (null > CONTROL)
		close(null);
}

static void
start(int control)
{
	sigset_t all;

	setsid();
	prctl(PR_SET_NAME, "clnrm-spawn");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	umask(022);
	if (chdir("/") < 0)
		_exit(EXIT_FAILURE);
	/* A program that its caller may not read could not write the id maps of
	 * its child. */
	prctl(PR_SET_DUMPABLE, 1);
	/* Our life follows the runner's, not the terminal's. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	if (control != CONTROL)
		dup3(control, CONTROL, O_CLOEXEC);
	close_range(CONTROL + 1, ~0U, 0);
	let_go();
	sigemptyset(&all);
	sigaddset(&all, SIGCHLD);
	sp.children = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (sp.children < 0 || pipe2(sp.life, O_CLOEXEC) < 0)
		_exit(EXIT_FAILURE);
}

static int
read_plan(struct wire *w, struct arena *a, struct world *world)
{
	struct sandbox_plan plan;

	if (w->type != WIRE_PLAN || sandbox_plan_parse(w, a, &plan) < 0)
		return -1;
	world_take_plan(world, &plan);
	world->control = wire_get_fd(w);
	world->life = sp.life[0];
	return world->control < 0 ? -1 : 0;
}

/* The kinds of groups are those of limits. */
_Static_assert((int)SANDBOX_PROCESSES == CGROUP_PIDS &&
		   (int)SANDBOX_MEMORY == CGROUP_MEMORY &&
		   (int)SANDBOX_CPU == CGROUP_CPU &&
		   (int)SANDBOX_LIMITS == CGROUP_KINDS,
    "");

static const char *const limit_name[SANDBOX_LIMITS] = {
    [SANDBOX_PROCESSES] = "processes",
    [SANDBOX_MEMORY] = "memory",
    [SANDBOX_CPU] = "cpu",
};

static void
note_group(struct world *w, int i, const struct cgroup *g, const struct err *e)
{
	if (*g->dir[i])
		snprintf(w->held_by[i], sizeof w->held_by[i], "%s",
		    cgroup_name(&sp.home, i));
	else if (*e->text)
		world_note(w, "%s: %s", limit_name[i], e->text);
	else
		world_note(w, "%s: no cgroup for it is writable; %s",
		    limit_name[i], sp.no_home.hint);
}

static void
make_group(struct world *w, struct cgroup *g)
{
	int64_t most[CGROUP_KINDS];
	struct err e = {0};
	bool has_any = false;

	for (int i = 0; i < SANDBOX_LIMITS; i++) {
		most[i] = w->limit[i];
		has_any |= most[i] > 0;
	}
	if (!has_any)
		return;
	if (!sp.has_looked)
		cgroup_find(&sp.home, &sp.no_home);
	sp.has_looked = true;
	/* Init is one of them. */
	if (most[CGROUP_PIDS] > 0)
		most[CGROUP_PIDS]++;
	cgroup_make(&sp.home, most, g, &e);
	for (int i = 0; i < SANDBOX_LIMITS; i++)
		if (most[i] > 0)
			note_group(w, i, g, &e);
	snprintf(w->memory_group, sizeof w->memory_group, "%s",
	    g->dir[CGROUP_MEMORY]);
}

/* ---- others join it */

static int
open_ns(pid_t pid, const char *kind)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)pid, kind);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Before init is let go: from then on it shows them to nobody. */
static struct shared *
share(pid_t pid, const struct world *w)
{
	struct shared *s;

	if (!w->is_shared || !world_has_net(w))
		return NULL;
	s = mem_new(1, sizeof *s);
	s->userns = w->has_userns ? open_ns(pid, "user") : -1;
	s->netns = open_ns(pid, "net");
	s->is_root = w->is_root;
	s->has_ids = w->has_ids;
	s->is_shifted = w->is_shifted;
	memcpy(s->ids, w->ids, sizeof s->ids);
	return s;
}

static void
unshare_it(struct shared *s)
{
	if (!s)
		return;
	fd_close(&s->userns);
	fd_close(&s->netns);
	free(s);
}

static const struct shared *
shared_at(const char *address)
{
	pid_t pid = atoi(address);

	for (size_t i = 0; i < sp.n; i++)
		if (sp.kept[i].pid == pid && !sp.kept[i].is_dead &&
		    !sp.kept[i].is_ending)
			return sp.kept[i].shared;
	return NULL;
}

static void
answer(int fd, pid_t made)
{
	pid_t said = made < 0 ? -errno : made;

	if (write(fd, &said, sizeof said) < 0)
		_exit(EXIT_FAILURE);
}

/*
 * A network is of users, and they have to be joined first. One between does
 * that, since there is no way back, and makes a sister of itself.
 */
static pid_t
clone_beside(struct world *w, unsigned long flags, const struct shared *with)
{
	pid_t between, made = -1;
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -1;
	between = fork();
	if (!between) {
		if ((with->userns < 0 || !setns(with->userns, CLONE_NEWUSER)) &&
		    !setns(with->netns, CLONE_NEWNET))
			made = (pid_t)syscall(SYS_clone,
			    flags | CLONE_PARENT | SIGCHLD, NULL, NULL, NULL,
			    0);
		if (!made)
			init_main(w);
		answer(pair[1], made);
		_exit(EXIT_SUCCESS);
	}
	close(pair[1]);
	if (between < 0 || read(pair[0], &made, sizeof made) != sizeof made)
		made = -EAGAIN;
	close(pair[0]);
	if (between > 0)
		waitpid(between, NULL, 0);
	errno = made < 0 ? -made : 0;
	return made < 0 ? -1 : made;
}

/* The ids are there already. */
static pid_t
join(struct world *w)
{
	const struct shared *with = shared_at(w->joins);

	if (!with) {
		errno = ESRCH;
		return -1;
	}
	w->has_userns = with->userns >= 0;
	w->is_root = with->is_root;
	w->has_ids = with->has_ids;
	w->is_shifted = with->is_shifted;
	memcpy(w->ids, with->ids, sizeof w->ids);
	return clone_beside(
	    w, NAMESPACES & ~(CLONE_NEWUSER | CLONE_NEWNET), with);
}

static pid_t
clone_world(struct world *w)
{
	unsigned long flags = world_is_own(w) ? NAMESPACES : 0;
	pid_t pid;

	if (world_joins(w))
		return join(w);
	if (!world_has_net(w))
		flags &= ~(unsigned long)CLONE_NEWNET;

	/* clone, not clone3: filters of containers know it. */
	w->has_userns = flags & CLONE_NEWUSER;
	pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, 0);
	if (pid < 0 && errno != EAGAIN && w->has_userns && w->is_root) {
		int first = errno;

		w->has_userns = false;
		flags &= ~(unsigned long)CLONE_NEWUSER;
		pid = (pid_t)syscall(
		    SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, 0);
		if (pid < 0)
			errno = first;
	}
	return pid;
}

static void
give_tree(void *m, struct world_source *s)
{
	wire_int(m, s->tree >= 0);
	if (s->tree >= 0)
		wire_fd(m, s->tree);
}

/* Once it goes, init has all ids and is in its group: what it makes is too. */
static int
let_init_go(pid_t pid, struct world *w, const struct cgroup *g, int go,
    struct shared **shared)
{
	AUTO_WIRE m = WIRE_INIT;
	int got = world_joins(w) ? id_join(pid, w) : id_map(pid, w);

	if (got)
		return got;
	*shared = share(pid, w);
	if (cgroup_add(g, pid, NULL) < 0) {
		world_note(w, "limits: the cgroup cannot be entered");
		memset(w->held_by, 0, sizeof w->held_by);
		w->memory_group[0] = 0;
	}
	m.type = WIRE_GO;
	wire_int(&m, w->is_root);
	wire_int(&m, w->has_ids);
	wire_int(&m, w->is_shifted);
	wire_str(&m, w->notes);
	for (int i = 0; i < SANDBOX_LIMITS; i++)
		wire_str(&m, w->held_by[i]);
	wire_str(&m, w->memory_group);
	wire_str(&m, w->ids);
	snprintf(w->address, sizeof w->address, "%d", (int)pid);
	wire_str(&m, w->address);
	wire_int(&m, (int64_t)w->trees);
	for (size_t i = 0; i < w->trees; i++) {
		wire_str(&m, w->tree[i].path);
		wire_fd(&m, w->tree[i].fd);
	}
	world_each_source(w, give_tree, &m);
	if (wire_send(go, &m, 0) < 0)
		return world_fails(w, "go");
	return 0;
}

static void
keep(pid_t pid, const struct world *w, struct shared *shared,
    const struct cgroup *g)
{
	sp.kept = mem_more(sp.kept, sp.n, &sp.cap, sizeof *sp.kept);
	sp.kept[sp.n++] = (struct kept){.pid = pid,
	    .far = w->control,
	    .is_own = world_is_own(w),
	    .shared = shared,
	    .fresh = *w->fresh ? mem_str(w->fresh) : NULL,
	    .group = *g};
}

/* An init that cannot be let go. */
static void
end_unborn(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Its pid; -1 with errno and w->what; or 0: try again. */
static pid_t
start_init(struct world *w, const struct cgroup *g, struct shared **shared)
{
	int pair[2], got, saved;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return world_fails(w, "go");
	w->go = pair[1];
	pid = clone_world(w);
	if (!pid)
		init_main(w);
	got = pid < 0 ? world_fails(w, "clone")
		      : let_init_go(pid, w, g, pair[0], shared);
	saved = errno;
	if (pid > 0 && got)
		end_unborn(pid);
	id_drop_trees(w);
	close(pair[0]);
	close(pair[1]);
	errno = saved;
	return got == ID_AGAIN ? 0 : got ? -1 : pid;
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

static void
make_world(struct world *w)
{
	struct cgroup group = {0};
	struct shared *shared = NULL;
	pid_t pid = 0;

	make_group(w, &group);
	if (!world_is_own(w))
		pid = make_fresh(w);
	while (!pid)
		pid = start_init(w, &group, &shared);
	if (pid > 0) {
		keep(pid, w, shared, &group);
		return;
	}
	unshare_it(shared);
	world_send_failure(w, w->control, errno);
	if (*w->fresh)
		file_remove_tree(w->fresh);
	cgroup_remove(&group);
	fd_close(&w->control);
}

static void
make(struct wire *plan)
{
	AUTO_ARENA a = {0};
	struct world w = {0};

	if (!read_plan(plan, &a, &w))
		make_world(&w);
}

static void
forget(size_t i)
{
	struct kept *k = &sp.kept[i];

	if (k->fresh)
		file_remove_tree(k->fresh);
	free(k->fresh);
	unshare_it(k->shared);
	cgroup_remove(&k->group);
	close(k->far);
	sp.kept[i] = sp.kept[--sp.n];
}

static struct kept *
kept_of(pid_t pid)
{
	for (size_t i = 0; i < sp.n; i++)
		if (sp.kept[i].pid == pid && !sp.kept[i].is_dead)
			return &sp.kept[i];
	return NULL;
}

static bool
is_kept(pid_t pid)
{
	return kept_of(pid) != NULL;
}

/*
 * Those that a supervisor leaves behind, since it was killed, are ours. They
 * may leave others behind.
 */
static size_t
strike_orphans(void)
{
	for (size_t i = 0; i < sp.n; i++)
		if (sp.kept[i].is_dead && !sp.kept[i].is_own)
			return kin_signal_but(getpid(), is_kept, SIGKILL);
	return 0;
}

static void
reap(int flags)
{
	size_t orphans;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, flags)) > 0) {
		struct kept *k = kept_of(pid);

		if (k)
			k->is_dead = true;
		strike_orphans();
	}
	orphans = strike_orphans();
	for (size_t i = sp.n; i-- > 0;)
		if (sp.kept[i].is_dead && (sp.kept[i].is_own || !orphans))
			forget(i);
}

/* A supervisor sees the hang-up itself, and cleans up behind it. */
static void
end(struct kept *k)
{
	k->is_ending = true;
	if (k->is_own)
		kill(k->pid, SIGKILL);
}

static _Noreturn void
end_all(void)
{
	for (size_t i = 0; i < sp.n; i++)
		end(&sp.kept[i]);
	fd_close(&sp.life[1]);
	reap(0);
	_exit(EXIT_SUCCESS);
}

static size_t
wait_for_any(void)
{
	size_t n = sp.n + 2;

	if (sp.polls < n) {
		sp.polls = 2 * n;
		sp.poll = mem_resize(sp.poll, sp.polls * sizeof *sp.poll);
	}
	sp.poll[0] = (struct pollfd){.fd = CONTROL, .events = POLLIN};
	sp.poll[1] = (struct pollfd){.fd = sp.children, .events = POLLIN};
	for (size_t i = 0; i < sp.n; i++)
		sp.poll[i + 2] = (struct pollfd){
		    .fd = sp.kept[i].is_ending ? -1 : sp.kept[i].far,
		    .events = POLLRDHUP};
	while (poll(sp.poll, n, -1) < 0)
		;
	return n - 2;
}

static void
take_order(void)
{
	AUTO_WIRE w = WIRE_INIT;
	int got = wire_receive(CONTROL, &w, MSG_DONTWAIT);

	if (got > 0)
		make(&w);
	else if (!got || errno != EAGAIN)
		end_all();
}

_Noreturn void
spawn_main(int control)
{
	struct signalfd_siginfo info;

	start(control);
	for (;;) {
		size_t n = wait_for_any();

		for (size_t i = 0; i < n; i++)
			if (sp.poll[i + 2].revents)
				end(&sp.kept[i]);
		if (sp.poll[1].revents &&
		    read(sp.children, &info, sizeof info) > 0)
			reap(WNOHANG);
		if (sp.poll[0].revents)
			take_order();
	}
}
