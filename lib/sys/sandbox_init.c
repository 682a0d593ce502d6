#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "sys/sandbox_int.h"

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
	wire_str(&m, NULL);
	wire_send(control, &m, 0);
}

static void
keep_descriptors(const struct world *w)
{
	/* The spawner's own take the first numbers: none of ours is there. */
	dup3(w->control, INIT_CONTROL, O_CLOEXEC);
	dup3(w->life, INIT_LIFE, O_CLOEXEC);
	dup3(w->go, INIT_GO, O_CLOEXEC);
	close_range(INIT_FREE, ~0U, 0);
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
	w->has_ids = wire_get_int(m) != 0 || (world_is_own(w) && w->is_root);
	w->is_shifted = wire_get_int(m) != 0;
	snprintf(w->notes, sizeof w->notes, "%s", wire_get_str(m));
	for (int i = 0; i < SANDBOX_LIMITS; i++)
		snprintf(
		    w->held_by[i], sizeof w->held_by[i], "%s", wire_get_str(m));
	snprintf(
	    w->memory_group, sizeof w->memory_group, "%s", wire_get_str(m));
	snprintf(w->ids, sizeof w->ids, "%s", wire_get_str(m));
	snprintf(w->address, sizeof w->address, "%s", wire_get_str(m));
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
	struct pollfd p[] = {{.fd = INIT_GO, .events = POLLIN},
	    {.fd = INIT_LIFE}, {.fd = INIT_CONTROL, .events = POLLRDHUP}};
	AUTO_WIRE m = WIRE_INIT;

	while (poll(p, COUNT(p), -1) < 0)
		;
	if (wire_has_hung_up(&p[1]) || wire_has_hung_up(&p[2]) ||
	    wire_receive(INIT_GO, &m, 0) <= 0)
		order_leave();
	take_go(w, &m);
	close(INIT_GO);
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
	if (world_is_own(w) && sethostname("clnrm", 5) < 0)
		return world_fails(w, "hostname");
	return world_has_net(w) && !w->joins ? net_up(w) : 0;
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

static int
make(struct world *w)
{
	if (world_is_own(w) && make_own(w) < 0)
		return -1;
	if (chdir(w->project) < 0)
		return world_fails(w, "project %s", w->project);
	return 0;
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

static const char *
holder_of_disk(const struct world *w)
{
	return w->is_guest || !world_is_own(w) ? "" : "tmpfs";
}

static int
answer_ready(struct world *w, bool is_room)
{
	struct sandbox_listener l[SANDBOX_LISTENERS];
	struct rlimit files = {0};
	size_t n = 0;
	AUTO_WIRE m = WIRE_INIT;

	if (net_listen(w, l, &n) < 0 || privilege_drop(w, is_room) < 0)
		return -1;
	layer_begin();
	if (world_address_space(w))
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
	wire_str(&m, w->address);
	wire_str(&m, w->notes);
	for (int i = 0; i < SANDBOX_LIMITS; i++)
		wire_str(&m, w->held_by[i]);
	wire_str(&m, holder_of_disk(w));
	/* A guest's is nobody's outside. */
	wire_str(&m, w->is_guest ? "" : w->memory_group);
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
	if (wire_send(INIT_CONTROL, &m, 0) < 0)
		return world_fails(w, "answer");
	for (size_t i = 0; w->is_observed && i <= w->rooms; i++) {
		close(w->observer[i].listener);
		close(w->observer[i].pidfd);
	}
	for (size_t i = 0; i < n; i++)
		close(l[i].fd);
	return 0;
}

_Noreturn void
init_room(struct world *w, int control)
{
	AUTO_WIRE m = WIRE_INIT;

	order_begin_room();
	dup3(control, INIT_CONTROL, O_CLOEXEC);
	prctl(PR_SET_NAME, "clnrm-room");
	if ((chdir(w->project) < 0 && world_fails(w, "project")) ||
	    privilege_drop(w, true) < 0) {
		world_send_failure(w, INIT_CONTROL, errno);
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
	wire_send(INIT_CONTROL, &m, 0);
	if (w->is_observed)
		close(w->observer[0].listener);
	order_serve();
}

/* ---- in a container, which an engine has built */

/* Whom the plan shuts out is nobody's program: an empty file, for nobody. */
static int
deny_all(struct world *w)
{
	for (char *const *p = w->deny; *p; p++) {
		AUTO_FD fd = -1;
		struct stat st;

		if (lstat(*p, &st) < 0 || S_ISDIR(st.st_mode))
			continue;
		if (unlink(*p) < 0 ||
		    (fd = open(
			 *p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0)) < 0)
			return world_fails(w, "shutting of %s", *p);
	}
	return 0;
}

/* Where the engine's own, which says the same, can be written. */
static void
write_hosts(const struct world *w)
{
	AUTO_FD fd =
	    w->hosts ? open("/etc/hosts", O_WRONLY | O_TRUNC | O_CLOEXEC) : -1;

	if (fd >= 0)
		fd_write(fd, w->hosts, strlen(w->hosts));
}

/* Only the first has the network, and listens for all. */
static int
make_guest(struct world *w, bool is_room)
{
	if (is_room)
		w->ports = 0;
	else
		net_look();
	write_hosts(w);
	if (deny_all(w) < 0)
		return -1;
	if (chdir(w->project) < 0)
		return world_fails(w, "project %s", w->project);
	guest_begin();
	return answer_ready(w, is_room);
}

_Noreturn void
init_guest(struct world *w, bool is_room)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The relay is pid 1, but all that is left behind comes to us. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_NAME, "clnrm-init");
	keep_descriptors(w);
	setsid();
	umask(022);
	order_begin(w);
	if (is_room)
		order_begin_room();
	if (make_guest(w, is_room) < 0) {
		world_send_failure(w, INIT_CONTROL, errno);
		order_leave();
	}
	order_serve();
}

_Noreturn void
init_main(struct world *w)
{
	int got, error;

	if (world_is_own(w))
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	else
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_NAME, world_is_own(w) ? "clnrm-init" : "clnrm-super");
	keep_descriptors(w);
	setsid();
	umask(022);
	order_begin(w);
	got = prepare(w);
	error = errno;
	await_go(w);
	if (!got) {
		got = make(w) < 0 || answer_ready(w, false) < 0 ? -1 : 0;
		error = errno;
	}
	if (got < 0) {
		world_send_failure(w, INIT_CONTROL, error);
		order_leave();
	}
	order_serve();
}
