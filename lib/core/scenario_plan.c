/*
 * What a scenario is to have around it: the plan of its cleanroom, the
 * environment, and who listens to its spans.
 */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "core/project.h"
#include "core/scenario_service.h"
#include "data/json.h"

enum { OTLP_PORT = 4318, GRPC_PORT = 4317 };

static const char *
text(const struct value *v, const char *key)
{
	return value_str_or(value_get(v, key), NULL);
}

/* ---- its own root */

/* Is anybody to run in the scenario's own world, or in that of `reuse`? */
static bool
has_own_world(const struct scenario *s, bool reused)
{
	bool has = false;

	for (size_t i = 0; i < s->services; i++)
		has |= !s->service[i].room && s->service[i].is_reused == reused;
	for (size_t i = 0; i < s->steps && !reused; i++) {
		const struct service *v =
		    scenario_service_named(s, text(s->step[i].spec, "service"));

		has |= !v || (!v->room && !v->is_reused);
	}
	return has;
}

/* Where nobody looks at it. */
static const char *
any_image(const struct scenario *s)
{
	for (size_t i = 0; i < s->services; i++)
		if (s->service[i].has_image)
			return s->service[i].image.path;
	return NULL;
}

static int
choose_root(
    struct scenario *s, bool reused, struct sandbox_plan *plan, struct err *e)
{
	struct image own;

	if (!s->host->dock)
		return 0;
	if (s->host->image) {
		if (scenario_find_image(s, s->host->image, &own, e) < 0)
			return -1;
		plan->root = own.path;
		return 0;
	}
	plan->root = has_own_world(s, reused) ? NULL : any_image(s);
	if (plan->root)
		return 0;
	err_set(e,
	    "%s has steps or services without an image, and an engine "
	    "does not have the machine's own root",
	    s->name);
	return err_hint(e, "--image NAME names an image for them");
}

/* ---- rooms */

static void
fill_volumes(
    struct scenario *s, struct sandbox_room *room, const struct value *list)
{
	struct sandbox_volume *volume =
	    arena_alloc(&s->arena, (value_count(list) + 1) * sizeof *volume);

	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *v = list->list.item[i];

		volume[i].host = text(v, "host_path");
		volume[i].inside = text(v, "container_path");
		volume[i].is_read_only =
		    value_bool_or(value_get(v, "read_only"), false);
	}
	room->volume = volume;
	room->volumes = value_count(list);
}

/* All share one loopback, so every name stands for it. */
static const char *
hosts(struct scenario *s)
{
	AUTO_BUF names = BUF_INIT;

	for (size_t i = 0; i < s->services; i++)
		buf_addf(&names, " %s", s->service[i].name);
	return arena_fmt(&s->arena,
	    "127.0.0.1 localhost clnrm%s\n::1 localhost ip6-localhost%s\n",
	    names.s, names.s);
}

static void
plan_rooms(struct scenario *s, bool reused, struct sandbox_plan *plan)
{
	size_t n = reused ? s->lodgers : s->rooms;
	struct sandbox_room *room =
	    arena_alloc(&s->arena, (n + 1) * sizeof *room);

	for (size_t i = 0; i < s->services; i++) {
		const struct service *v = &s->service[i];

		if (!v->room || v->is_reused != reused)
			continue;
		room[v->room - 1].root = v->image.path;
		fill_volumes(
		    s, &room[v->room - 1], value_get(v->spec, "volumes"));
	}
	plan->room = room;
	plan->rooms = n;
	if (s->services && s->level > SANDBOX_PROCESS)
		plan->hosts = hosts(s);
}

/* ---- all of it */

static const uint16_t ports[] = {OTLP_PORT, GRPC_PORT};

/* The cleanroom of the scenario, or that of services that outlive it. */
int
scenario_plan(
    struct scenario *s, bool reused, struct sandbox_plan *plan, struct err *e)
{
	AUTO_BUF root = BUF_INIT;

	*plan = (struct sandbox_plan){
	    .level = s->level,
	    .limit = {[SANDBOX_PROCESSES] = scenario_asked(s, "processes"),
		[SANDBOX_MEMORY] = scenario_limit(s, "memory_mb") << 20,
		[SANDBOX_CPU] = scenario_limit(s, "cpu_millicores")},
	    .open_files = scenario_limit(s, "open_files"),
	    .disk_bytes = scenario_limit(s, "disk_mb") << 20,
	    .port = ports,
	    .ports = reused || !s->reuse ? COUNT(ports) : 0,
	    .is_observed = s->host->observe && !reused,
	    .is_shared = reused,
	};
	if (project_root(s->key.source, s->host->root, &root, e) < 0)
		return -1;
	plan->project = s->project = arena_str(&s->arena, root.s);
	plan_rooms(s, reused, plan);
	scenario_plan_policy(s, plan);
	return choose_root(s, reused, plan, e);
}

/* ---- once it is built */

/* The port that was got for the one asked for. */
static uint16_t
port_of(const struct sandbox_event *ready, uint16_t asked)
{
	for (size_t i = 0; i < ready->listeners; i++)
		if (ready->listener[i].asked == asked)
			return ready->listener[i].got;
	return 0;
}

static const char *
protocol_of(const struct value *otel)
{
	static const char *const known[] = {"grpc", "http/json"};
	const char *asked = value_str_or(value_get(otel, "protocol"), "");

	if (!strcasecmp(
		value_str_or(value_get(otel, "exporter"), ""), "otlp-grpc"))
		asked = "grpc";
	for (size_t i = 0; i < COUNT(known); i++)
		if (!strcasecmp(asked, known[i]))
			return known[i];
	return "http/protobuf";
}

void
scenario_make_world(struct scenario *s)
{
	const struct value *plan = s->test->plan;
	const struct sandbox_event *ready = &s->ready;
	const char *protocol = protocol_of(value_get(plan, "otel"));

	s->world = (struct world){
	    .test = s->test->name,
	    .scenario = s->name,
	    .home = ready->home,
	    .tmpdir = ready->tmpdir,
	    .run_id = s->id,
	    .service_name = value_str_or(
		value_find(plan, "otel.service_name"), s->test->name),
	    .protocol = protocol,
	    .port = port_of(
		ready, strcmp(protocol, "grpc") ? OTLP_PORT : GRPC_PORT),
	    .prints_spans = scenario_prints_spans(s),
	    .otel = value_get(plan, "otel"),
	    .pass = value_get(plan, "pass_env"),
	};
}

static void
on_span(void *arg, const char *span, size_t n)
{
	struct scenario *s = arg;
	const char *name;
	size_t len;

	scenario_keep_span(s, span, n);
	if (!json_peek(span, n, "name", &name, &len, NULL) && name)
		scenario_service_span(s, name, len);
}

void
scenario_collector(struct scenario *s)
{
	s->collector = collector_new(s->host->loop,
	    &(struct collector_config){.stage = s->host->stage,
		.key = s->key,
		.trace_id = s->trace_id,
		.parent_id = s->span_id,
		.run_id = s->id,
		.trusts_listener = s->level >= SANDBOX_NO_PROC &&
				   !s->world.preload && !s->reuse &&
				   !scenario_has_host_net(s),
		.from_unix_nano = s->start_unix_ns,
		.earlier = s->host->earlier,
		.drops_signals = true,
		.on_span = on_span,
		.arg = s});
	for (size_t i = 0; i < s->ready.listeners; i++)
		collector_listen(s->collector, s->ready.listener[i].fd,
		    s->ready.listener[i].asked == GRPC_PORT ? COLLECTOR_GRPC
							    : COLLECTOR_HTTP);
}
