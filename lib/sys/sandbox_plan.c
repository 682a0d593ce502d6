/* What a sandbox shall be, as a text: from the runner to who makes it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "sys/sandbox_int.h"

static void
describe_room(struct wire *w, const struct sandbox_room *r)
{
	wire_str(w, r->root);
	wire_int(w, (int64_t)r->volumes);
	for (size_t i = 0; i < r->volumes; i++) {
		wire_str(w, r->volume[i].host);
		wire_str(w, r->volume[i].inside);
		wire_int(w, r->volume[i].is_read_only);
	}
}

static void
describe(struct wire *w, const struct sandbox_plan *plan)
{
	char *const none[] = {NULL};

	wire_int(w, plan->level);
	wire_str(w, plan->project);
	wire_str(w, plan->root);
	wire_int(w, plan->disk_bytes);
	for (int i = 0; i < SANDBOX_LIMITS; i++)
		wire_int(w, plan->limit[i]);
	wire_int(w, plan->open_files);
	wire_int(w, plan->user_processes);
	wire_int(w, (int64_t)plan->ports);
	for (size_t i = 0; i < plan->ports; i++)
		wire_int(w, plan->port[i]);
	wire_int(w, plan->allow);
	wire_str(w, plan->hosts);
	wire_int(w, plan->is_observed && plan->level != SANDBOX_PROCESS);
	wire_int(w, plan->has_host_net);
	wire_int(w, plan->is_shared);
	wire_str(w, plan->joins);
	wire_int(w, plan->is_read_only);
	wire_list(w, plan->deny ? plan->deny : none);
	wire_int(w, (int64_t)plan->rooms);
	for (size_t i = 0; i < plan->rooms; i++)
		describe_room(w, &plan->room[i]);
}

void
sandbox_plan_print(const struct sandbox_plan *plan, struct buf *to)
{
	AUTO_WIRE w = WIRE_INIT;

	describe(&w, plan);
	buf_add(to, w.body.s, w.body.len);
}

static char *const *
read_list(struct wire *w, struct arena *a)
{
	char **list = wire_get_list(w), **kept;
	size_t n = 1;

	while (list[n - 1])
		n++;
	kept = arena_alloc(a, n * sizeof *kept);
	memcpy(kept, list, n * sizeof *kept);
	free(list);
	return kept;
}

static void
read_room(struct wire *w, struct arena *a, struct sandbox_room *r)
{
	struct sandbox_volume *volume =
	    arena_alloc(a, SANDBOX_VOLUMES * sizeof *volume);
	int64_t n;

	r->root = wire_get_str(w);
	r->volume = volume;
	n = wire_get_int(w);
	for (int64_t i = 0; i < n && i < SANDBOX_VOLUMES; i++) {
		volume[i].host = wire_get_str(w);
		volume[i].inside = wire_get_str(w);
		volume[i].is_read_only = wire_get_int(w) != 0;
		r->volumes++;
	}
}

static void
read_ports(struct wire *w, struct arena *a, struct sandbox_plan *plan)
{
	uint16_t *port = arena_alloc(a, SANDBOX_PORTS * sizeof *port);
	int64_t n = wire_get_int(w);

	for (int64_t i = 0; i < n && i < SANDBOX_PORTS; i++)
		port[plan->ports++] = (uint16_t)wire_get_int(w);
	plan->port = port;
}

int
sandbox_plan_parse(struct wire *w, struct arena *a, struct sandbox_plan *plan)
{
	struct sandbox_room *room =
	    arena_alloc(a, SANDBOX_ROOMS * sizeof *room);
	int64_t rooms;

	*plan = (struct sandbox_plan){
	    .level = (enum sandbox_level)wire_get_int(w), .room = room};
	plan->project = wire_get_str(w);
	plan->root = wire_get_str(w);
	plan->disk_bytes = wire_get_int(w);
	for (int i = 0; i < SANDBOX_LIMITS; i++)
		plan->limit[i] = wire_get_int(w);
	plan->open_files = (long)wire_get_int(w);
	plan->user_processes = (long)wire_get_int(w);
	read_ports(w, a, plan);
	plan->allow = (unsigned)wire_get_int(w);
	plan->hosts = wire_get_str(w);
	plan->is_observed = wire_get_int(w) != 0;
	plan->has_host_net = wire_get_int(w) != 0;
	plan->is_shared = wire_get_int(w) != 0;
	plan->joins = wire_get_str(w);
	plan->is_read_only = wire_get_int(w) != 0;
	plan->deny = read_list(w, a);
	rooms = wire_get_int(w);
	for (int64_t i = 0; i < rooms && i < SANDBOX_ROOMS; i++)
		read_room(w, a, &room[plan->rooms++]);
	return w->is_bad || !plan->project ? -1 : 0;
}

static void
take_room(struct world *w, const struct sandbox_room *from)
{
	struct world_room *r = &w->room[w->rooms++];

	*r = (struct world_room){.root = {from->root, -1, -1},
	    .project = {w->project, -1, -1},
	    .fd = -1};
	for (size_t i = 0; i < from->volumes; i++) {
		r->volume[i] =
		    (struct world_source){from->volume[i].host, -1, -1};
		r->inside[i] = from->volume[i].inside;
		r->is_read_only[i] = from->volume[i].is_read_only;
		r->volumes++;
	}
}

void
world_take_plan(struct world *w, const struct sandbox_plan *plan)
{
	w->level = plan->level;
	w->project = plan->project;
	w->disk_bytes = plan->disk_bytes;
	memcpy(w->limit, plan->limit, sizeof w->limit);
	w->open_files = plan->open_files;
	w->user_processes = plan->user_processes;
	for (size_t i = 0; i < plan->ports; i++)
		w->port[w->ports++] = plan->port[i];
	w->allow = plan->allow;
	w->hosts = plan->hosts;
	w->is_observed = plan->is_observed;
	w->has_host_net = plan->has_host_net;
	w->is_shared = plan->is_shared;
	w->joins = plan->joins;
	w->is_read_only = plan->is_read_only;
	w->deny = plan->deny;
	for (size_t i = 0; i < plan->rooms; i++)
		take_room(w, &plan->room[i]);
	w->control = w->life = w->go = -1;
	w->is_root = w->is_outer_root = geteuid() == 0;
}
