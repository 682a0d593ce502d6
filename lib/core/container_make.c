/* The containers of a cleanroom: what is asked of the engine for each. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/container_int.h"
#include "core/freight.h"

#define S 1000000000LL

/* The linker names what it takes in as bytes. */
extern const char _binary_guest_start[], _binary_guest_end[];

/* Where the guest stands, in a volume of its own. */
#define PLACE "/.clnrm"

/* What init needs to become the users of an image, and to end them. */
static const char *const capabilities[] = {"CHOWN", "DAC_OVERRIDE", "FOWNER",
    "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETPCAP", "SETUID"};

static const int64_t copying_ns = 300 * S;

/* ---- what it shall be */

static const struct sandbox_room *
room_of(const struct container_guest *g)
{
	return g->room ? &g->of->plan.room[g->room - 1] : NULL;
}

static void
put_list(struct json *j, const char *key, const char *const *s, size_t n)
{
	json_open(j, key, '[');
	for (size_t i = 0; i < n; i++)
		json_str(j, NULL, s[i]);
	json_close(j, ']');
}

static void
put_volume(struct json *j, const char *path)
{
	json_open(j, path, '{');
	json_close(j, '}');
}

/* A private copy of each directory that can be written. */
static void
put_volumes(struct json *j, const struct container_guest *g)
{
	const struct sandbox_room *room = room_of(g);

	json_open(j, "Volumes", '{');
	put_volume(j, PLACE);
	put_volume(j, g->of->plan.project);
	for (size_t i = 0; room && i < room->volumes; i++)
		if (!room->volume[i].is_read_only)
			put_volume(j, room->volume[i].inside);
	json_close(j, '}');
}

static void
put_binds(struct json *j, const struct container_guest *g)
{
	const struct sandbox_room *room = room_of(g);

	json_open(j, "Binds", '[');
	for (size_t i = 0; room && i < room->volumes; i++) {
		const struct sandbox_volume *v = &room->volume[i];
		AUTO_BUF bind = BUF_INIT;

		buf_addf(&bind, "%s:%s:ro", v->host, v->inside);
		if (v->is_read_only)
			json_str(j, NULL, bind.s);
	}
	json_close(j, ']');
}

/* Whose network it has; NULL: its own. */
static const char *
host_of(const struct container_guest *g)
{
	if (g->of->plan.joins)
		return g->of->plan.joins;
	return g->room ? g->of->guest[0].id : NULL;
}

/* All share one loopback, which the first one has, or whom the plan joins. */
static void
put_network(struct json *j, const struct container_guest *g)
{
	AUTO_BUF mode = BUF_INIT;

	if (g->of->plan.has_host_net)
		buf_adds(&mode, "host");
	else if (host_of(g))
		buf_addf(&mode, "container:%s", host_of(g));
	else
		buf_adds(&mode, "none");
	json_str(j, "NetworkMode", mode.s);
}

/*
 * "127.0.0.1 NAME NAME" of a hosts file, as the engine wants it, of who has
 * the network; others write their own.
 */
static void
put_hosts(struct json *j, const struct container_guest *g)
{
	const char *hosts = g->of->plan.hosts;
	const char *end = hosts ? strchr(hosts, '\n') : NULL;
	AUTO_BUF line = BUF_INIT;
	char *at, *name;

	if (!end || host_of(g) || g->of->plan.has_host_net)
		return;
	buf_add(&line, hosts, (size_t)(end - hosts));
	at = line.s;
	strsep(&at, " ");
	json_open(j, "ExtraHosts", '[');
	while ((name = strsep(&at, " "))) {
		AUTO_BUF pair = BUF_INIT;

		buf_addf(&pair, "%s:127.0.0.1", name);
		if (*name && strcmp(name, "localhost") != 0)
			json_str(j, NULL, pair.s);
	}
	json_close(j, ']');
}

/* The relay and init are processes too. */
enum { OURS = 2 };

static void
put_limits(struct json *j, const struct container_guest *g)
{
	const struct container_session *s = g->of->session;
	const int64_t *limit = g->of->plan.limit;

	if (limit[SANDBOX_MEMORY] > 0 && s->holds_memory) {
		json_int(j, "Memory", limit[SANDBOX_MEMORY]);
		json_int(j, "MemorySwap", limit[SANDBOX_MEMORY]);
	}
	if (limit[SANDBOX_CPU] > 0 && s->holds_cpu)
		json_int(j, "NanoCpus", limit[SANDBOX_CPU] * 1000000);
	if (limit[SANDBOX_PROCESSES] > 0 && s->holds_processes)
		json_int(j, "PidsLimit", limit[SANDBOX_PROCESSES] + OURS);
}

static void
put_host_config(struct json *j, const struct container_guest *g)
{
	static const char *const all[] = {"ALL"};
	static const char *const none[] = {"no-new-privileges:true"};

	json_open(j, "HostConfig", '{');
	put_network(j, g);
	put_hosts(j, g);
	put_limits(j, g);
	put_binds(j, g);
	put_list(j, "CapDrop", all, COUNT(all));
	put_list(j, "CapAdd", capabilities, COUNT(capabilities));
	put_list(j, "SecurityOpt", none, COUNT(none));
	json_bool(j, "AutoRemove", true);
	json_bool(j, "ReadonlyRootfs", g->of->plan.is_read_only);
	json_open(j, "Tmpfs", '{');
	json_str(j, "/tmp", "rw,exec,nosuid,nodev,mode=1777");
	json_str(j, "/dev/shm", "rw,exec,nosuid,nodev,mode=1777");
	json_str(j, "/home/clnrm", "rw,exec,nosuid,nodev,mode=0755");
	json_close(j, '}');
	json_open(j, "LogConfig", '{');
	json_str(j, "Type", "none");
	json_close(j, '}');
	json_close(j, '}');
}

static void
print_container(struct json *j, const struct container_guest *g)
{
	static const char *const entry[] = {PLACE "/guest"};
	static const char *const no_health[] = {"NONE"};
	const struct sandbox_room *room = room_of(g);

	json_open(j, NULL, '{');
	json_str(j, "Image", room ? room->root : g->of->plan.root);
	put_list(j, "Entrypoint", entry, COUNT(entry));
	put_list(j, "Cmd", NULL, 0);
	json_str(j, "User", "0:0");
	json_str(j, "WorkingDir", "/");
	/* Podman would wait for who is asked in kind. */
	json_str(j, "StopSignal", "SIGKILL");
	if (!host_of(g) && !g->of->plan.has_host_net)
		json_str(j, "Hostname", "clnrm");
	json_bool(j, "Tty", false);
	json_bool(j, "OpenStdin", true);
	json_bool(j, "StdinOnce", true);
	json_bool(j, "AttachStdin", true);
	json_bool(j, "AttachStdout", true);
	json_bool(j, "AttachStderr", true);
	json_open(j, "Healthcheck", '{');
	put_list(j, "Test", no_health, COUNT(no_health));
	json_close(j, '}');
	container_session_label(g->of->session, j);
	put_volumes(j, g);
	put_host_config(j, g);
	json_close(j, '}');
}

/* ---- making it */

static int
create(struct container_guest *g, struct err *e)
{
	const struct container_room *r = g->of;
	AUTO_JSON j = JSON_INIT;
	AUTO_ARENA a = {0};
	AUTO_BUF path = BUF_INIT;
	struct value *v;
	const char *id;
	int got;

	print_container(&j, g);
	buf_addf(&path, "/containers/create?name=clnrm-%s-%u-%u",
	    r->session->id, r->number, g->room);
	got = daemon_ask(r->session->daemon,
	    &(struct daemon_call){.path = path.s, .json = j.text.s}, &a, &v, e);
	if (got < 0 || got >= 400)
		return -1;
	id = value_str_or(value_get(v, "Id"), "");
	if (!*id || strlen(id) >= sizeof g->id)
		return err_set(e, "the engine gives no id of a container");
	strcpy(g->id, id);
	return 0;
}

static bool
is_left(void *room)
{
	const struct container_room *r = room;
	struct pollfd p = {.fd = r->control, .events = POLLRDHUP};

	return poll(&p, 1, 0) > 0 && wire_has_hung_up(&p);
}

/* Send a tar that a child of ours writes. */
static int
put_tar(struct container_guest *g, int tar, pid_t child, const char *to,
    struct err *e)
{
	AUTO_FD fd = tar;
	AUTO_BUF path = BUF_INIT;
	AUTO_BUF body = BUF_INIT;
	int got;

	if (fd < 0)
		return -1;
	buf_addf(&path, "/containers/%s/archive?path=", g->id);
	daemon_escape(&path, to);
	got = daemon_call(g->of->session->daemon,
	    &(struct daemon_call){.path = path.s,
		.upload = &fd,
		.wait_ns = copying_ns,
		.is_over = is_left,
		.arg = g->of},
	    &body, e);
	fd_close(&fd);
	waitpid(child, NULL, 0);
	return got < 0 || got >= 400 ? -1 : 0;
}

static int
put_tree(
    struct container_guest *g, const char *from, const char *to, struct err *e)
{
	pid_t child = 0;
	int tar = freight_tree(from, &child, e);

	return put_tar(g, tar, child, to, e);
}

static int
put_guest(struct container_guest *g, struct err *e)
{
	size_t n = (size_t)(_binary_guest_end - _binary_guest_start);
	pid_t child = 0;
	int tar =
	    freight_file("guest", 0555, _binary_guest_start, n, &child, e);

	return put_tar(g, tar, child, PLACE, e);
}

static int
put_files(struct container_guest *g, struct err *e)
{
	const struct sandbox_room *room = room_of(g);

	if (put_tree(g, g->of->plan.project, g->of->plan.project, e) < 0)
		return -1;
	for (size_t i = 0; room && i < room->volumes; i++)
		if (!room->volume[i].is_read_only &&
		    put_tree(
			g, room->volume[i].host, room->volume[i].inside, e) < 0)
			return -1;
	return 0;
}

static int
start(struct container_guest *g, struct err *e)
{
	struct daemon *d = g->of->session->daemon;
	AUTO_BUF path = BUF_INIT;
	AUTO_BUF body = BUF_INIT;
	int got;

	g->stream = daemon_attach(d, g->id, e);
	if (!g->stream)
		return -1;
	buf_addf(&path, "/containers/%s/start", g->id);
	got = daemon_call(d,
	    &(struct daemon_call){.method = "POST", .path = path.s}, &body, e);
	if (got >= 0 && got < 400)
		return 0;
	if (strstr(e->text, "rlimit"))
		err_hint(e, "default_ulimits = [] in containers.conf of Podman "
			    "leaves limits as they are");
	return -1;
}

/* ---- what it is told */

static const char *
held_by(const struct container_room *r, enum sandbox_limit limit)
{
	const struct container_session *s = r->session;
	const bool holds[SANDBOX_LIMITS] = {
	    [SANDBOX_PROCESSES] = s->holds_processes,
	    [SANDBOX_MEMORY] = s->holds_memory,
	    [SANDBOX_CPU] = s->holds_cpu,
	};

	return r->plan.limit[limit] > 0 && holds[limit] ? daemon_name(s->daemon)
							: NULL;
}

static void
add_note(struct buf *notes, const char *text)
{
	buf_addf(notes, "%s%s", notes->len ? "\n" : "", text);
}

/* What is less than was asked for. */
static void
add_notes(const struct container_room *r, struct buf *notes)
{
	static const char *const name[SANDBOX_LIMITS] = {
	    [SANDBOX_PROCESSES] = "processes",
	    [SANDBOX_MEMORY] = "memory",
	    [SANDBOX_CPU] = "cpu",
	};

	if (r->plan.is_observed)
		add_note(notes, "not observed: engines show nobody's calls");
	if (r->plan.disk_bytes > 0)
		add_note(notes, "disk: engines do not hold it");
	if (r->plan.is_read_only && r->plan.rooms &&
	    r->session->daemon->is_podman)
		add_note(notes, "hosts: services of this engine with a "
				"read-only root know no names of others");
	for (int i = 0; i < SANDBOX_LIMITS; i++)
		if (r->plan.limit[i] > 0 && !held_by(r, (enum sandbox_limit)i))
			buf_addf(notes, "%s%s: this engine does not hold it",
			    notes->len ? "\n" : "", name[i]);
}

static void
tell(struct container_guest *g)
{
	const struct container_room *r = g->of;
	AUTO_BUF notes = BUF_INIT;
	AUTO_WIRE w = WIRE_INIT;
	struct sandbox_guest told = {.room = g->room,
	    .plan = &r->text,
	    .address = r->guest[0].id,
	    .ids = "users: those of the engine's containers"};

	add_notes(r, &notes);
	told.notes = notes.s;
	for (int i = 0; i < SANDBOX_LIMITS; i++)
		told.held_by[i] = held_by(r, (enum sandbox_limit)i);
	sandbox_guest_print(&told, &w);
	tunnel_send(&g->tunnel, &w);
}

typedef int make_fn(struct container_guest *g, struct err *e);

/* Nothing more is made for a runner that has gone. */
static int
take_steps(
    struct container_guest *g, make_fn *const step[], size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (is_left(g->of))
			return err_set(e, "the runner has gone");
		if (step[i](g, e) < 0)
			return -1;
	}
	return 0;
}

/* What knows nothing of the machine's files. */
static int
make_empty(struct container_room *r, struct err *e)
{
	static make_fn *const step[] = {create, put_guest};

	for (size_t i = 0; i <= r->plan.rooms; i++) {
		struct container_guest *g = &r->guest[i];

		g->of = r;
		g->room = (unsigned)i;
		r->guests++;
		if (take_steps(g, step, COUNT(step), e) < 0)
			return -1;
	}
	return 0;
}

static int
make_whole(struct container_room *r, struct err *e)
{
	static make_fn *const step[] = {put_files, start};

	for (size_t i = 0; i < r->guests; i++) {
		if (take_steps(&r->guest[i], step, COUNT(step), e) < 0)
			return -1;
		tell(&r->guest[i]);
	}
	return 0;
}

/* Until a scenario takes it. */
static int
wait_for_use(const struct container_room *r, struct err *e)
{
	AUTO_WIRE w = WIRE_INIT;
	int got = wire_receive(r->control, &w, 0);

	return got > 0 && w.type == WIRE_GO ? 0
					    : err_set(e, "the runner has gone");
}

static int
check(const struct container_room *r, struct err *e)
{
	if (r->plan.is_read_only && *r->plan.deny) {
		err_set(e, "an engine cannot both shut programs and make the "
			   "root read-only");
		return err_hint(e, "leave out disallowed_commands, or the "
				   "security level high");
	}
	for (size_t i = 0; i < r->plan.rooms; i++)
		for (size_t k = 0; k < r->plan.room[i].volumes; k++)
			if (r->plan.room[i].volume[k].is_read_only &&
			    !r->session->daemon->socket)
				return err_set(e,
				    "the volume %s is read-only, "
				    "which needs an engine of "
				    "this machine",
				    r->plan.room[i].volume[k].host);
	return 0;
}

int
container_make(struct container_room *r, struct err *e)
{
	if (check(r, e) < 0 || make_empty(r, e) < 0)
		return -1;
	if (r->is_ahead && wait_for_use(r, e) < 0)
		return -1;
	return make_whole(r, e);
}
