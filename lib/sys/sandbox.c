#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "sys/observe.h"
#include "sys/sandbox_int.h"

struct sandbox {
	int fd;
	bool is_killed; /* its end is asked for */
	bool is_over;	/* nothing more will come */
	bool is_ahead;	/* it waits to be claimed */
};

/* How to mend it, by the beginning of the step and its errno (0: any). */
static const struct {
	const char *what;
	int error;
	const char *hint;
} remedies[] = {
    {"clone", ENOSPC,
	"namespaces are off: sysctl user.max_user_namespaces=15000 "
	"user.max_net_namespaces=15000"},
    {"clone", EPERM,
	"user namespaces are not allowed here; on a host: sysctl "
	"kernel.unprivileged_userns_clone=1; in a container: "
	"--security-opt seccomp=unconfined; or accept level process"},
    {"clone", EINVAL, "the kernel is built without some namespace"},
    {"clone", EAGAIN, "too many processes: see ulimit -u"},
    {"proc", EPERM,
	"the container engine masks /proc; start it with "
	"--security-opt systempaths=unconfined, or accept level no-proc"},
    {"loopback", EPERM,
	"the network may not be set up here: --cap-add NET_ADMIN, or accept "
	"level no-net"},
    {"seccomp", 0, "the kernel is built without CONFIG_SECCOMP_FILTER"},
    {"overlay", ENODEV, "the kernel has no overlayfs: modprobe overlay"},
    {"overlay", EINVAL, "overlays of a user need Linux 5.11 or newer"},
    {"tmpfs", EINVAL, "the size of the disk limit is not valid"},
    {"project", ENOENT, "the project's root does not exist"},
    {"project", EACCES, "the project's root must be readable"},
    {"listener", EADDRINUSE, "two ports of the plan are the same"},
    {"fresh directories", 0, "TMPDIR must be a writable directory"},
    {"", EMFILE, "too many open files: see ulimit -n"},
    {"", ENFILE, "too many open files: see sysctl fs.file-max"},
    {"", ENOMEM, "out of memory"},
    {"", ENOSPC,
	"no space: the disk limit is too small, or a sysctl "
	"fs.mount-max, user.max_*_namespaces is reached"},
    {"", EPERM,
	"AppArmor may restrict user namespaces: sysctl "
	"kernel.apparmor_restrict_unprivileged_userns=0; or accept "
	"level process"},
    {"", EACCES,
	"AppArmor may restrict user namespaces: sysctl "
	"kernel.apparmor_restrict_unprivileged_userns=0; or accept "
	"level process"},
};

static const char *
remedy(const char *what, int error)
{
	for (size_t i = 0; i < COUNT(remedies); i++)
		if (!strncmp(
			what, remedies[i].what, strlen(remedies[i].what)) &&
		    (!remedies[i].error || remedies[i].error == error))
			return remedies[i].hint;
	return "";
}

static const char *const level_name[SANDBOX_LEVELS] = {
    [SANDBOX_PROCESS] = "process",
    [SANDBOX_NO_NET] = "no-net",
    [SANDBOX_NO_PROC] = "no-proc",
    [SANDBOX_FULL] = "full",
};

const char *
sandbox_level_name(enum sandbox_level level)
{
	return level_name[level];
}

int
sandbox_level_of(const char *name)
{
	for (int i = 0; i < SANDBOX_LEVELS; i++)
		if (!strcmp(name, level_name[i]))
			return i;
	return -1;
}

int
sandbox_start(struct sandbox_spawner *sp, struct err *e)
{
	int pair[2];

	signal(SIGCHLD, SIG_DFL);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, "the spawner's socket:");
	sp->fd = pair[0];
	sp->pid = fork();
	if (!sp->pid)
		spawn_main(pair[1]);
	close(pair[1]);
	if (sp->pid > 0)
		return 0;
	err_set(e, "the spawner:");
	fd_close(&sp->fd);
	return -1;
}

void
sandbox_stop(struct sandbox_spawner *sp)
{
	fd_close(&sp->fd);
	if (sp->pid > 0)
		while (waitpid(sp->pid, NULL, 0) < 0 && errno == EINTR)
			;
	sp->pid = 0;
}

/* Is it within our bounds? */
static bool
can_be(const struct sandbox_plan *plan)
{
	bool ok = plan->ports <= SANDBOX_PORTS && *plan->project == '/' &&
		  plan->rooms <= SANDBOX_ROOMS &&
		  (!plan->rooms || plan->level != SANDBOX_PROCESS);

	for (size_t i = 0; ok && i < plan->rooms; i++)
		ok = plan->room[i].volumes <= SANDBOX_VOLUMES;
	return ok;
}

struct sandbox *
sandbox_new(
    struct sandbox_spawner *sp, const struct sandbox_plan *plan, struct err *e)
{
	AUTO_BUF text = BUF_INIT;

	if (!can_be(plan)) {
		err_set(e, "a plan of a sandbox that cannot be");
		return NULL;
	}
	sandbox_plan_print(plan, &text);
	return sandbox_new_of(sp, &text, e);
}

static struct sandbox *
ask_for(struct sandbox_spawner *sp, enum wire_type how, const struct buf *text,
    struct err *e)
{
	AUTO_WIRE w = WIRE_INIT;
	struct sandbox *s;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		err_set(e, "the sandbox's socket:");
		return NULL;
	}
	w.type = how;
	buf_add(&w.body, text->s, text->len);
	wire_fd(&w, pair[1]);
	if (wire_send(sp->fd, &w, 0) < 0) {
		err_set(e, "the spawner has died:");
		fd_close(&pair[0]);
	}
	close(pair[1]);
	if (pair[0] < 0)
		return NULL;
	s = mem_new(1, sizeof *s);
	s->fd = pair[0];
	s->is_ahead = how == WIRE_AHEAD;
	return s;
}

struct sandbox *
sandbox_new_of(
    struct sandbox_spawner *sp, const struct buf *text, struct err *e)
{
	return ask_for(sp, WIRE_PLAN, text, e);
}

struct sandbox *
sandbox_new_ahead(
    struct sandbox_spawner *sp, const struct buf *text, struct err *e)
{
	return ask_for(sp, sp->is_copying ? WIRE_AHEAD : WIRE_PLAN, text, e);
}

/* Where nobody is there to hear it, that is told as an event. */
void
sandbox_claim(struct sandbox *s)
{
	AUTO_WIRE w = WIRE_INIT;

	if (!s->is_ahead)
		return;
	w.type = WIRE_GO;
	wire_send(s->fd, &w, 0);
	s->is_ahead = false;
}

int
sandbox_fd(const struct sandbox *s)
{
	return s->fd;
}

static void
copy(char *to, size_t size, const char *s)
{
	size_t n = s ? strnlen(s, size - 1) : 0;

	memcpy(to, s ? s : "", n);
	to[n] = 0;
}

static void
read_observers(struct wire *w, struct sandbox_event *ev)
{
	int64_t n = wire_get_int(w);

	for (int64_t i = 0; i < n && i <= SANDBOX_ROOMS; i++) {
		struct sandbox_observer *o = &ev->observer[i];
		AUTO_FD pidfd = -1;

		o->fd = wire_get_fd(w);
		pidfd = wire_get_fd(w);
		o->own = observe_pid(pidfd);
		if (o->fd < 0)
			break;
		ev->observers++;
	}
}

static void
read_ready(struct wire *w, struct sandbox_event *ev)
{
	int64_t n;

	ev->kind = SANDBOX_READY;
	copy(ev->home, sizeof ev->home, wire_get_str(w));
	copy(ev->tmpdir, sizeof ev->tmpdir, wire_get_str(w));
	copy(ev->address, sizeof ev->address, wire_get_str(w));
	copy(ev->notes, sizeof ev->notes, wire_get_str(w));
	for (int i = 0; i < SANDBOX_LIMITS; i++)
		copy(ev->held_by[i], sizeof ev->held_by[i], wire_get_str(w));
	copy(ev->disk_held_by, sizeof ev->disk_held_by, wire_get_str(w));
	copy(ev->memory_group, sizeof ev->memory_group, wire_get_str(w));
	ev->open_files = wire_get_int(w);
	copy(ev->ids, sizeof ev->ids, wire_get_str(w));
	ev->has_ids = wire_get_int(w) != 0;
	n = wire_get_int(w);
	for (int64_t i = 0; i < n && i < SANDBOX_LISTENERS; i++) {
		struct sandbox_listener *l = &ev->listener[i];

		l->asked = (uint16_t)wire_get_int(w);
		l->got = (uint16_t)wire_get_int(w);
		l->is_v6 = wire_get_int(w) != 0;
		l->fd = wire_get_fd(w);
		if (l->fd < 0)
			break;
		ev->listeners++;
	}
	read_observers(w, ev);
}

static void
read_failure(struct wire *w, struct sandbox_event *ev)
{
	const char *hint;

	ev->kind = SANDBOX_FAILED;
	copy(ev->what, sizeof ev->what, wire_get_str(w));
	ev->error = (int)wire_get_int(w);
	hint = wire_get_str(w);
	copy(ev->hint, sizeof ev->hint,
	    hint ? hint : remedy(ev->what, ev->error));
}

static void
read_step(struct wire *w, struct sandbox_event *ev)
{
	ev->kind = SANDBOX_STEP_DONE;
	ev->step = (uint32_t)wire_get_int(w);
	ev->error = (int)wire_get_int(w);
	ev->is_cwd = wire_get_int(w) != 0;
	ev->status = (int)wire_get_int(w);
	ev->start_ns = wire_get_int(w);
	ev->end_ns = wire_get_int(w);
	wire_get_raw(w, &ev->usage, sizeof ev->usage);
	ev->is_starved = wire_get_int(w) != 0;
}

static void
read_writes(struct wire *w, struct sandbox_event *ev)
{
	size_t room = w->body.len - w->at, n;
	char *text;

	ev->kind = SANDBOX_WRITES;
	ev->room = (unsigned)wire_get_int(w);
	ev->more = wire_get_int(w);
	n = (size_t)wire_get_int(w);
	if (n > room / (2 * sizeof(int64_t))) {
		w->is_bad = true;
		return;
	}
	ev->write = mem_new(1, n * sizeof *ev->write + room + 1);
	text = (char *)(ev->write + n);
	for (size_t i = 0; i < n; i++) {
		enum sandbox_op op = (enum sandbox_op)wire_get_int(w);
		const char *path = wire_get_str(w);

		if (!path || op > SANDBOX_DELETED) {
			w->is_bad = true;
			return;
		}
		ev->write[ev->writes++] = (struct sandbox_write){op, text};
		text = stpcpy(text, path) + 1;
	}
}

static int
read_event(struct wire *w, struct sandbox_event *ev)
{
	switch (w->type) {
	case WIRE_READY:
		read_ready(w, ev);
		break;
	case WIRE_FAILED:
		read_failure(w, ev);
		break;
	case WIRE_STEP:
		read_step(w, ev);
		break;
	case WIRE_DIALED:
	case WIRE_OPENED:
		ev->kind =
		    w->type == WIRE_DIALED ? SANDBOX_DIALED : SANDBOX_OPENED;
		ev->step = (uint32_t)wire_get_int(w);
		ev->error = (int)wire_get_int(w);
		ev->fd = ev->error ? -1 : wire_get_fd(w);
		break;
	case WIRE_STRAYS:
		ev->kind = SANDBOX_STRAYS;
		ev->step = (uint32_t)wire_get_int(w);
		ev->strays = wire_get_int(w);
		break;
	case WIRE_WRITES:
		read_writes(w, ev);
		break;
	case WIRE_GONE:
		ev->kind = SANDBOX_GONE;
		ev->gone = (enum sandbox_gone)wire_get_int(w);
		break;
	default:
		return -1;
	}
	if (!w->is_bad)
		return 0;
	sandbox_event_close(ev);
	return -1;
}

int
sandbox_event(struct sandbox *s, struct sandbox_event *ev, struct err *e)
{
	AUTO_WIRE w = WIRE_INIT;
	int got;

	memset(ev, 0, sizeof *ev);
	if (s->is_over)
		return 0;
	got = wire_receive(s->fd, &w, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (got < 0)
		return err_set(e, "the sandbox's socket:");
	if (!got)
		ev->kind = s->is_killed ? SANDBOX_CLOSED : SANDBOX_LOST;
	else if (read_event(&w, ev) < 0)
		return err_set(e, "a message of the sandbox makes no sense");
	s->is_over = !got || ev->kind == SANDBOX_FAILED;
	return 1;
}

void
sandbox_event_close(struct sandbox_event *ev)
{
	for (size_t i = 0; i < ev->listeners; i++)
		fd_close(&ev->listener[i].fd);
	for (size_t i = 0; i < ev->observers; i++)
		fd_close(&ev->observer[i].fd);
	ev->listeners = ev->observers = 0;
	free(ev->write);
	ev->write = NULL;
	ev->writes = 0;
}

static int
order(struct sandbox *s, const struct wire *w, struct err *e)
{
	/* Init never lags behind by a full buffer, unless it was stopped. */
	if (wire_send(s->fd, w, MSG_DONTWAIT) < 0)
		return err_set(e, "the sandbox does not answer:");
	return 0;
}

int
sandbox_run(struct sandbox *s, const struct sandbox_step *step, struct err *e)
{
	const int fd[3] = {step->in, step->out, step->err};
	AUTO_WIRE w = WIRE_INIT;

	w.type = WIRE_RUN;
	wire_int(&w, step->room);
	wire_int(&w, step->id);
	wire_str(&w, step->cwd);
	wire_list(&w, step->argv);
	wire_list(&w, step->env);
	wire_int(&w, step->user != NULL);
	if (step->user)
		wire_raw(&w, step->user, sizeof *step->user);
	for (int i = 0; i < 3; i++) {
		wire_int(&w, fd[i] >= 0);
		if (fd[i] >= 0)
			wire_fd(&w, fd[i]);
	}
	return order(s, &w, e);
}

int
sandbox_dial(struct sandbox *s, uint32_t id, uint16_t port, struct err *e)
{
	AUTO_WIRE w = WIRE_INIT;

	w.type = WIRE_DIAL;
	wire_int(&w, id);
	wire_int(&w, port);
	return order(s, &w, e);
}

int
sandbox_open(struct sandbox *s, uint32_t id, unsigned room, const char *path,
    struct err *e)
{
	AUTO_WIRE w = WIRE_INIT;

	w.type = WIRE_OPEN;
	wire_int(&w, room);
	wire_int(&w, id);
	wire_str(&w, path);
	return order(s, &w, e);
}

int
sandbox_signal(struct sandbox *s, uint32_t step, int sig, struct err *e)
{
	AUTO_WIRE w = WIRE_INIT;

	w.type = WIRE_SIGNAL;
	wire_int(&w, step);
	wire_int(&w, sig);
	return order(s, &w, e);
}

int
sandbox_finish(
    struct sandbox *s, int64_t linger_ns, int64_t grace_ns, struct err *e)
{
	AUTO_WIRE w = WIRE_INIT;

	w.type = WIRE_FINISH;
	wire_int(&w, linger_ns);
	wire_int(&w, grace_ns);
	return order(s, &w, e);
}

void
sandbox_kill(struct sandbox *s)
{
	/* Spawner and init both see it; what they still send arrives. */
	s->is_killed = true;
	shutdown(s->fd, SHUT_WR);
}

void
sandbox_del(struct sandbox *s)
{
	if (!s)
		return;
	/* A fork of ours may hold a copy: closing alone would say nothing. */
	shutdown(s->fd, SHUT_RDWR);
	fd_close(&s->fd);
	free(s);
}
