/* What was written in a container, outside of the places that are for it. */
#include <string.h>

#include "core/container_int.h"

enum { LISTED_MAX = 1000 };

struct writes {
	struct container_guest *guest;
	const struct value *list;
	struct wire body; /* those that are told */
	int64_t n, more;
};

/* Is `path` the same as `top`, or below it? */
static bool
is_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return !strncmp(path, top, n) && (!path[n] || path[n] == '/');
}

/* Is it on the way to, in, or in the place of what we have put there? */
static bool
is_ours(const struct container_guest *g, const char *path)
{
	static const char *const own[] = {"/.clnrm", "/tmp", "/home/clnrm",
	    "/dev", "/proc", "/sys", "/run", "/etc/hosts", "/etc/hostname",
	    "/etc/resolv.conf", "/etc/mtab"};
	const struct sandbox_plan *plan = &g->of->plan;
	const struct sandbox_room *room =
	    g->room ? &plan->room[g->room - 1] : NULL;

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (is_below(path, own[i]) || is_below(own[i], path))
			return strcmp(path, "/etc") != 0;
	if (is_below(path, plan->project) || is_below(plan->project, path))
		return true;
	for (size_t i = 0; room && i < room->volumes; i++)
		if (is_below(path, room->volume[i].inside) ||
		    is_below(room->volume[i].inside, path))
			return true;
	for (char *const *p = plan->deny; *p; p++)
		if (!strcmp(path, *p))
			return true;
	return false;
}

/* Podman makes up who is in none of an image's own files. */
static bool
is_made_up(
    const struct container_guest *g, const char *path, enum sandbox_op op)
{
	return g->of->session->daemon->is_podman && op == SANDBOX_CREATED &&
	       (!strcmp(path, "/etc/passwd") || !strcmp(path, "/etc/group"));
}

/* A directory that something below was changed in. */
static bool
is_way(const struct writes *w, const char *path)
{
	for (size_t i = 0; i < value_count(w->list); i++) {
		const char *other =
		    value_str_or(value_get(w->list->list.item[i], "Path"), "");

		if (strcmp(path, other) != 0 && is_below(other, path))
			return true;
	}
	return false;
}

static void
add(struct writes *w, const struct value *change)
{
	static const enum sandbox_op op[] = {
	    SANDBOX_CHANGED, SANDBOX_CREATED, SANDBOX_DELETED};
	const char *path = value_str_or(value_get(change, "Path"), "");
	int64_t kind = value_int_or(value_get(change, "Kind"), -1);

	if (kind < 0 || kind > 2 || is_ours(w->guest, path) ||
	    is_made_up(w->guest, path, op[kind]) || (!kind && is_way(w, path)))
		return;
	if (w->n == LISTED_MAX) {
		w->more++;
		return;
	}
	wire_int(&w->body, op[kind]);
	wire_str(&w->body, path);
	w->n++;
}

void
container_tell_writes(struct container_guest *g)
{
	AUTO_ARENA a = {0};
	AUTO_BUF path = BUF_INIT;
	struct writes w = {.guest = g, .body = WIRE_INIT};
	struct value *list;
	AUTO_WIRE m = WIRE_INIT;
	struct err e = {0};

	buf_addf(&path, "/containers/%s/changes", g->id);
	if (daemon_ask(g->of->session->daemon,
		&(struct daemon_call){.path = path.s}, &a, &list, &e) != 200)
		return;
	w.list = list;
	for (size_t i = 0; i < value_count(list); i++)
		add(&w, list->list.item[i]);
	if (w.n) {
		m.type = WIRE_WRITES;
		wire_int(&m, g->room);
		wire_int(&m, w.more);
		wire_int(&m, w.n);
		wire_raw(&m, w.body.body.s, w.body.body.len);
		wire_send(g->of->control, &m, 0);
	}
	wire_free(&w.body);
}
