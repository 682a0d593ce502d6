/*
 * The cleanroom: a world of its own for one scenario, that leaves nothing
 * behind, even when the runner is killed.
 *
 *	runner <-> spawner (one, small) -> init (one a sandbox) -> steps
 *
 * The runner and each init speak over a socket that the runner polls:
 *
 *	sandbox_start(&spawner, &e);                first thing in main
 *	s = sandbox_new(&spawner, &plan, &e);       returns at once
 *	... poll sandbox_fd(s) for POLLIN, then sandbox_event() while it gives 1
 *	READY:     sandbox_run(s, &step, &e);
 *	STEP_DONE: the next one, or sandbox_finish(s, 0, grace, &e);
 *	GONE:      sandbox_del(s);
 *	... sandbox_stop(&spawner);
 *
 * Only one thread may use a spawner, and nothing here starts a thread.
 */
#ifndef SYS_SANDBOX_H
#define SYS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "sys/seccomp.h"
#include "sys/wire.h"

/* Each lacks something that the next one has. */
enum sandbox_level {
	SANDBOX_PROCESS, /* a supervisor: fresh HOME and TMPDIR, no more */
	SANDBOX_NO_NET,	 /* the network is the machine's */
	SANDBOX_NO_PROC, /* /proc is the machine's, with its process ids */
	SANDBOX_FULL,	 /* own users, mounts, processes, network, … */
};

enum { SANDBOX_LEVELS = SANDBOX_FULL + 1 };

#define SANDBOX_NO_STEP UINT32_MAX

/* "process", "no-net", "no-proc", "full", and back: -1 when it is none. */
const char *sandbox_level_name(enum sandbox_level level);
int sandbox_level_of(const char *name);

struct sandbox_spawner {
	int fd;
	pid_t pid;
	bool is_copying; /* what a plan names is seen as it was when made */
};

/* What a control group holds for all processes of a sandbox. */
enum sandbox_limit {
	SANDBOX_PROCESSES, /* and threads, at once, without init */
	SANDBOX_MEMORY,	   /* bytes */
	SANDBOX_CPU,	   /* thousandths of a processor */
	SANDBOX_LIMITS,
};

/* A directory of the host that a room sees. */
struct sandbox_volume {
	const char *host, *inside; /* both absolute */
	bool is_read_only;	   /* else below a private layer */
};

/*
 * A world of files of its own within a sandbox: a root directory and volumes
 * below private layers, and the project. Processes, network and ids it shares.
 */
struct sandbox_room {
	const char *root; /* absolute, no symlink on the way */
	const struct sandbox_volume *volume;
	size_t volumes;
};

/* What a sandbox shall be. All of it is copied. */
struct sandbox_plan {
	enum sandbox_level level;
	const char *project; /* its root: absolute, no symlink on the way */
	const char *root;   /* of an engine, the image of its own world; that of
			       the machine is the machine's */
	int64_t disk_bytes; /* what may be written in all; 0: half the RAM */
	int64_t limit[SANDBOX_LIMITS]; /* 0: none */
	long open_files;	       /* RLIMIT_NOFILE; 0: as it is */
	long user_processes;  /* RLIMIT_NPROC, of each user; 0: as it is */
	const uint16_t *port; /* port[ports]: to listen at on its loopback; */
	size_t ports;	      /* without an own network free ones take their
				 place */
	unsigned allow;	      /* enum seccomp_deny that is not denied */
	const struct sandbox_room *room; /* room[rooms]; not at level process */
	size_t rooms;
	const char *hosts; /* what /etc/hosts says in there; NULL: as it is */
	bool is_observed;  /* READY brings listeners, that are to be served; not
			      at level process */
	bool has_host_net; /* asked for; ports are as without an own network */
	bool is_shared;	   /* others may join it */
	const char *joins; /* the address of one that is shared, whose network
			      it has, without ports; NULL: its own */
	bool is_read_only; /* but for the project, HOME, /tmp, /dev/shm and
			      volumes; not at level process */
	char *const *deny; /* absolute paths of programs that cannot be started,
			      in any room, ended by NULL; NULL: none; not at
			      level process */
};

enum { SANDBOX_ROOMS = 16, SANDBOX_VOLUMES = 8 };
enum { SANDBOX_PORTS = 4, SANDBOX_LISTENERS = 2 * SANDBOX_PORTS };

struct sandbox_listener {
	int fd;		     /* listening, non-blocking, close-on-exec */
	uint16_t asked, got; /* the port of the plan; the port it is */
	bool is_v6;	     /* [::1], else 127.0.0.1 */
};

/* Who hears of all files and addresses of a room; see sys/observe.h. */
struct sandbox_observer {
	int fd;
	pid_t own; /* the process that starts its steps */
};

enum sandbox_kind {
	SANDBOX_READY,
	SANDBOX_FAILED,	   /* it could not be built, or an engine has left it;
			      only _del() is left */
	SANDBOX_STEP_DONE, /* as soon as the step's own process has ended */
	SANDBOX_DIALED,	   /* after _dial() */
	SANDBOX_OPENED,	   /* after _open() */
	SANDBOX_STRAYS,	   /* addresses outside were called, in a step's time;
			      not known without an own network */
	SANDBOX_WRITES,	   /* before GONE: files outside of the project, HOME,
			      TMPDIR and volumes, of one room */
	SANDBOX_GONE,	   /* after _finish(): no process is left inside */
	SANDBOX_CLOSED,	   /* after _kill(): nothing is left at all */
	SANDBOX_LOST,	   /* init or the spawner died unasked */
};

enum sandbox_op {
	SANDBOX_CREATED,
	SANDBOX_CHANGED, /* its content, kind, owner, mode or time */
	SANDBOX_DELETED,
};

struct sandbox_write {
	enum sandbox_op op;
	const char *path;
};

/* How the processes that a scenario left behind came to their end. */
enum sandbox_gone {
	SANDBOX_GONE_SELF,
	SANDBOX_GONE_TERM,
	SANDBOX_GONE_KILL,
};

struct sandbox_event {
	enum sandbox_kind kind;

	/* READY; `listener` belongs to the caller, who closes them */
	struct sandbox_listener listener[SANDBOX_LISTENERS];
	size_t listeners;
	struct sandbox_observer observer[SANDBOX_ROOMS + 1]; /* by room; */
	size_t observers;	     /* the caller's; 0: nobody can observe */
	char home[256], tmpdir[256]; /* as the steps see them */
	char address[80];	     /* by which others join it */
	char notes[2048]; /* what is less than asked for, a line each */
	char held_by[SANDBOX_LIMITS][40]; /* who holds each limit of the plan:
					     "cgroup v1 pids"; empty: nobody,
					     and `notes` says why */
	char disk_held_by[40];		  /* who holds what may be written */
	char memory_group[576];		  /* where memory is held; or empty */
	long open_files;		  /* RLIMIT_NOFILE of the steps */
	char ids[400]; /* whose the users inside are, for a person */
	bool has_ids;  /* there are users other than 0 */

	/* FAILED: the first thing that failed: "clone", "uid_map",
	   "overlay of /usr", "pivot_root", "loopback", …, and how to mend it */
	char what[320];
	char hint[256];
	int error; /* its errno. STEP_DONE: why it could not start, or 0 */

	/* STEP_DONE */
	uint32_t step; /* its id; DIALED: that of the call; STRAYS: of the one
			  that has ended, or SANDBOX_NO_STEP */
	bool is_cwd;   /* `error` is about the directory, not the command */
	int status;    /* as of wait(2); undefined when `error` is set */
	struct rusage usage;	  /* of it and of what it has waited for */
	int64_t start_ns, end_ns; /* clock_mono_ns() */
	bool is_starved; /* memory ran out, as far as those inside know */

	int64_t strays; /* STRAYS: attempts since the last look */

	/* WRITES: write[writes], to be freed by the caller in one go */
	unsigned room;
	struct sandbox_write *write;
	size_t writes;
	int64_t more; /* that are not listed */

	enum sandbox_gone gone; /* GONE */

	int fd; /* DIALED, OPENED: the caller's; or -1 and `error` */
};

enum { SANDBOX_GROUPS = 32 };

/* Who a step of a room runs as, where the sandbox has ids for it. */
struct sandbox_user {
	uint32_t uid, gid;
	uint32_t group[SANDBOX_GROUPS]; /* group[groups]: further ones */
	uint32_t groups;
};

struct sandbox_step {
	uint32_t id;	   /* the caller's, unique among those that run */
	char *const *argv; /* argv[0] is looked up in the PATH of `env` */
	char *const *env;
	unsigned room;	  /* 0: the sandbox's own world; 1: room[0], … */
	const char *cwd;  /* from the project's root on; NULL: there */
	int in, out, err; /* -1: /dev/null; the caller keeps and closes his */
	const struct sandbox_user *user; /* NULL: 0 */
};

/* What init of a container is told, whoever holds its limits. */
struct sandbox_guest {
	unsigned room;		 /* of the plan; 0: the sandbox's own world */
	const struct buf *plan;	 /* as it was printed */
	const char *notes, *ids; /* for READY, as is */
	const char *address;	 /* the same, of the container */
	const char *held_by[SANDBOX_LIMITS]; /* NULL: nobody */
};

struct sandbox;

/* Is this directory of "/" the machine's in no world with its own mounts? */
bool sandbox_is_fresh(const char *name);

/*
 * Fork the spawner, which makes the sandboxes. Call it first thing in main:
 * it costs more the larger the process, and must come before any thread.
 * SIGCHLD is as by default from here on.
 *
 * err: -1 and *e when there are no more processes or descriptors
 */
int sandbox_start(struct sandbox_spawner *sp, struct err *e);

/* End the spawner, and wait until nothing of any sandbox is left. */
void sandbox_stop(struct sandbox_spawner *sp);

/*
 * Ask for a sandbox. It comes as READY or FAILED, later.
 *
 * err: NULL and *e when the spawner has died or descriptors are out
 * mem: sandbox_del() it
 */
struct sandbox *sandbox_new(
    struct sandbox_spawner *sp, const struct sandbox_plan *plan, struct err *e);

/*
 * The same in two steps. Equal plans are equal bytes, and one can be kept to
 * make more sandboxes of it.
 */
void sandbox_plan_print(const struct sandbox_plan *plan, struct buf *to);
struct sandbox *sandbox_new_of(
    struct sandbox_spawner *sp, const struct buf *text, struct err *e);

/*
 * The same ahead of its use, which sandbox_claim() begins. Where what the plan
 * names is copied, that waits until then, and so does READY.
 */
struct sandbox *sandbox_new_ahead(
    struct sandbox_spawner *sp, const struct buf *text, struct err *e);
void sandbox_claim(struct sandbox *s);

/*
 * Read one in a message.
 *
 * err: -1 when it makes no sense
 * mem: texts are in *w, lists hang off *a
 */
int sandbox_plan_parse(
    struct wire *w, struct arena *a, struct sandbox_plan *plan);

/* The first message to a guest; and what becomes of who gets it: never returns.
 */
void sandbox_guest_print(const struct sandbox_guest *g, struct wire *to);
_Noreturn void sandbox_guest(int control, struct wire *m);

/* To be polled for POLLIN. */
int sandbox_fd(const struct sandbox *s);

/*
 * The next thing that happened, if any; never waits.
 *
 * out: 1 and *ev, or 0; after FAILED, CLOSED or LOST always 0
 * err: -1 and *e on a message that makes no sense
 */
int sandbox_event(struct sandbox *s, struct sandbox_event *ev, struct err *e);

/* Let go of what an event brought, where nobody takes it. */
void sandbox_event_close(struct sandbox_event *ev);

/*
 * Start a step, in a session and process group of its own. Several may run
 * at once. A command that cannot start is a STEP_DONE with its errno (ENOENT,
 * EACCES, ENOEXEC, E2BIG, …).
 *
 * err: -1 and *e when init does not take it
 */
int sandbox_run(
    struct sandbox *s, const struct sandbox_step *step, struct err *e);

/*
 * Connect to a port of the loopback in there. DIALED brings the socket.
 */
int sandbox_dial(struct sandbox *s, uint32_t id, uint16_t port, struct err *e);

/*
 * Open a regular file of a room to read it, as `cwd` and `room` of a step have
 * it. OPENED brings it; whatever links are on the way, it is one of the room's.
 */
int sandbox_open(struct sandbox *s, uint32_t id, unsigned room,
    const char *path, struct err *e);

/*
 * Signal a step: its process group; with SIGKILL also its session, and all
 * that descend from it. A step that has ended is fine.
 */
int sandbox_signal(struct sandbox *s, uint32_t step, int sig, struct err *e);

/*
 * Wait until no process is left inside: `linger_ns` long for them to end by
 * themselves, then TERM to all, after `grace_ns` more KILL. Then GONE comes;
 * what was written is still there, and steps can run again, but in rooms.
 */
int sandbox_finish(
    struct sandbox *s, int64_t linger_ns, int64_t grace_ns, struct err *e);

/* Kill all of it at once. CLOSED comes when nothing is left. */
void sandbox_kill(struct sandbox *s);

/* The same, not to be heard of again; returns at once. NULL is fine. */
void sandbox_del(struct sandbox *s);

#endif
