/*
 * What the sides of the sandbox share: the world that the spawner hands to
 * init.
 */
#ifndef SYS_SANDBOX_INT_H
#define SYS_SANDBOX_INT_H

#include <limits.h>

#include "base/buf.h"
#include "sys/sandbox.h"
#include "sys/wire.h"

enum { WORLD_TREES = 24 };

/* The world that is being made. */

/* Files of the machine, as a detached mount that shows our ids. */
struct world_tree {
	char path[NAME_MAX + 2]; /* "/", "/NAME", or "": the project */
	int fd;
};

/* A directory to be shown: by its path, or as a tree when ids are shifted. */
struct world_source {
	const char *path;
	int tree; /* -1: none */
	int fd;	  /* once it is open */
};

struct world_room {
	struct world_source root, project;
	struct world_source volume[SANDBOX_VOLUMES];
	const char *inside[SANDBOX_VOLUMES]; /* where each volume is seen */
	bool is_read_only[SANDBOX_VOLUMES];
	size_t volumes;
	int fd; /* to its process */
};

struct world {
	enum sandbox_level level;
	const char *project;
	int64_t disk_bytes;
	int64_t limit[SANDBOX_LIMITS];
	long open_files, user_processes;
	uint16_t port[SANDBOX_PORTS];
	size_t ports;

	unsigned allow; /* enum seccomp_deny that is not denied */
	bool is_observed;
	struct world_observer {
		int listener, pidfd;
	} observer[SANDBOX_ROOMS + 1]; /* of our own world, then of rooms */
	const char *hosts;
	bool has_host_net; /* asked for */
	bool is_shared;
	const char *joins; /* NULL: nobody */
	bool is_read_only;
	char *const *deny; /* ended by NULL */
	struct world_room room[SANDBOX_ROOMS];
	size_t rooms;

	bool has_userns;    /* else it is built with the caller's root rights */
	bool is_root;	    /* many ids are mapped, or can be used */
	bool has_ids;	    /* the same, but for the machine's files */
	bool is_outer_root; /* of the machine, or of a container */
	bool is_shifted;    /* they are none that the machine uses: */
	struct world_tree tree[WORLD_TREES]; /* its files, for them */
	size_t trees;
	bool has_own_proc;
	int control; /* the socket to the runner */
	int life;    /* hangs up when the spawner dies */
	int go;	     /* WIRE_GO comes here, when the ids are mapped */

	char what[320]; /* the step of the set-up that failed */
	char notes[2048];
	char held_by[SANDBOX_LIMITS][40];
	char memory_group[576];
	char ids[400];
	char home[256], tmpdir[256];
	char address[80];
	char fresh[256]; /* level process: the directory of both */
	bool is_guest;	 /* in a container, which an engine has made */
};

/* Fill a new one; borrows the plan. */
void world_take_plan(struct world *w, const struct sandbox_plan *plan);

/* Say what failed; errno stays. Always -1. */
int world_fails(struct world *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Say what is less than was asked for. */
void world_note(struct world *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Send FAILED with w->what. */
void world_send_failure(const struct world *w, int control, int error);

/* The spawner; sandbox_spawn.c. Never returns. */
_Noreturn void spawn_main(int control);

/*
 * Map the ids of init's user namespace, and make the trees that go with them;
 * sandbox_id.c.
 *
 * out: 0; or ID_AGAIN: make another init, the kernel did not take this way
 * err: -1 with errno and w->what
 */
enum { ID_AGAIN = 1 };
int id_map(pid_t pid, struct world *w);

/* The trees alone, in a namespace whose ids are mapped; the same err. */
int id_join(pid_t pid, struct world *w);
void id_drop_trees(struct world *w);

/* Is there more than a supervisor? */
static inline bool
world_is_own(const struct world *w)
{
	return w->level != SANDBOX_PROCESS;
}

static inline bool
world_has_net(const struct world *w)
{
	return w->level >= SANDBOX_NO_PROC && !w->has_host_net;
}

/* All that a world shows by trees, in one order. Calls fn with each. */
void world_each_source(
    struct world *w, void (*fn)(void *arg, struct world_source *s), void *arg);

/* Another's network was set up by him, and is used by him too. */
static inline bool
world_joins(const struct world *w)
{
	return w->joins && world_has_net(w);
}

/* Where no group holds all together, each process is held by itself: to so
 * many bytes of address space, or 0. */
static inline int64_t
world_address_space(const struct world *w)
{
	return *w->memory_group ? 0 : w->limit[SANDBOX_MEMORY];
}

/* The descriptors of init and of a room's process. */
enum { INIT_CONTROL = 3, INIT_LIFE, INIT_GO, INIT_FREE };

/* Pid 1, or the supervisor; sandbox_init.c. Never returns. */
_Noreturn void init_main(struct world *w);

/* Go on as the process of a room that is built. Never returns. */
_Noreturn void init_room(struct world *w, int control);

/* Go on as init of a world that an engine has built. Never returns. */
_Noreturn void init_guest(struct world *w, bool is_room);

/*
 * What init may still do once its world is built: sandbox_privilege.c. A
 * room's process keeps what its steps need to become its users.
 *
 * err: -1 with errno and w->what
 */
int privilege_drop(struct world *w, bool is_room);

/* Users inside may have shut their directories: this looks into them. */
void privilege_search(bool on);

/*
 * The orders of the runner, and the steps that they start: sandbox_order.c.
 * Begin before there are children; a room's process has begun as init has.
 */
void order_begin(struct world *w);
void order_begin_room(void);

/* Take orders until the runner or the spawner goes; then leave. */
_Noreturn void order_serve(void);

/* End this process, and what is left of those below it. */
_Noreturn void order_leave(void);

/*
 * Rooms: sandbox_room.c. Their processes are begun before init leaves the old
 * root, and waited for once its own world is built.
 */
int room_begin_all(struct world *w);
int room_await_all(struct world *w);

/* What each process of a step is limited to; 0: as it is. */
struct step_limits {
	long open_files, user_processes;
	int64_t memory_bytes;		 /* of address space */
	const struct sandbox_user *user; /* whom it becomes; NULL: nobody */
};

/*
 * Start a command in a session of its own; sandbox_step.c.
 *
 * in:  fd[3]: its 0, 1 and 2; -1 leaves ours, which are /dev/null
 * out: its pid, or -1 with errno; *is_cwd when the directory is at fault
 */
pid_t step_start(char *const argv[], char *const env[], const char *cwd,
    const int fd[3], const struct step_limits *limits, bool *is_cwd);

/*
 * The new root: sandbox_root.c. Its base is a tmpfs in our own mount
 * namespace: r is the root, u and w hold the upper and work directories of
 * the overlays, m the trees, f what is fresh. One size limits all that is
 * written.
 */
struct root {
	struct world *w;
	const char *base;
	int host, root; /* the old "/" and the new */
	int upper, work;
};

/* Build the root and enter it. */
int root_enter(struct world *w);
int root_enter_room(struct world *w, struct world_room *room);

/* The directory of the new root, whatever links lead to it; made if need be. */
int root_make_dir(const struct root *r, const char *path);

/* Close what the plan closes, once all is in its place; sandbox_shut.c. */
int shut_world(const struct root *r, const struct world_room *room);

/* The host's files under private layers; sandbox_tree.c. */

/* Note what is mounted, before anything else is. Borrows r. */
int tree_look(const struct root *r);
/* Put the world's trees where they can be laid over: below the base. */
int tree_attach(void);

/* A tree for what is shown at `path`; -1 when there is none. */
int tree_open(const char *path);

/* The host's directories one by one; or the trees below that of "/". */
int tree_place_host(void);
int tree_place_tops(void);

/* Lay a private layer over `lower` and show it at to/name, or at `to`. What is
 * written to it is told of as below `path`, unless that is NULL. */
int tree_overlay(
    int lower, int to, const char *name, const char *path, bool is_read_only);

/* A copy of the open file `in`, in place of to/name. */
int tree_place_file(int in, int to, const char *name);

/* Open what a source shows: before the base is there, and after. */
int tree_open_path(struct world_source *s);
int tree_open_tree(struct world_source *s);
int tree_place_project(void);
void tree_forget(void);

/*
 * What was written outside of the places that are there for it:
 * sandbox_layer.c. Note a layer by the directories that it is made of, lower
 * -1: none; it is an overlay, or a directory of the base. Borrows all.
 */
void layer_note(const char *path, int lower, int upper, bool is_overlay);

/* The world is built: from here on what is written was written inside. */
void layer_begin(void);

/* A room's layer, from its process to init. */
void layer_give(struct wire *m);
void layer_take(struct wire *m, unsigned room);

/* Is there more to look at than files? */
bool layer_is_touched(const struct world *w);

/* Look through all, and send WRITES for each room where there is something. */
void layer_send(const struct world *w, int control);

/*
 * The files of a container: sandbox_guest.c. From the first call on what is
 * written was written inside; was anything? True when that cannot be seen.
 */
void guest_begin(void);
bool guest_is_touched(void);

/* The loopback: sandbox_net.c. */

int net_up(struct world *w);

/* Listen at the ports of the world; to[*n] is filled. */
int net_listen(
    struct world *w, struct sandbox_listener to[SANDBOX_LISTENERS], size_t *n);

/* A connection to a port of the loopback; -1 with errno. */
int net_dial(uint16_t port);

/* How often was an address called that no route leads to? Look first. */
void net_look(void);
int64_t net_count_lost(void);

#endif
