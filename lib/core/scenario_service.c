/*
 * The services of a scenario: each in the world of its image, begun when those
 * that it depends on are ready, watched until it is ready itself.
 */
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/scenario_service.h"

enum { TAIL = 2000 }; /* bytes of a log that explain a failure */

/* ---- what there is */

static const char *
text(const struct value *v, const char *key)
{
	return value_str_or(value_get(v, key), NULL);
}

struct service *
scenario_service_named(const struct scenario *s, const char *name)
{
	for (size_t i = 0; name && i < s->services; i++)
		if (!strcmp(s->service[i].name, name))
			return &s->service[i];
	return NULL;
}

/* Is anything to be waited for? Then its image's command runs. */
static bool
has_check(const struct value *ready)
{
	return value_count(value_get(ready, "tcp")) || text(ready, "http") ||
	       text(ready, "log") || text(ready, "span") ||
	       value_count(value_get(ready, "command"));
}

static bool
is_place(const struct service *v)
{
	return !value_count(value_get(v->spec, "command")) &&
	       !value_count(value_get(v->spec, "args")) &&
	       !has_check(value_get(v->spec, "ready"));
}

int
scenario_find_image(
    struct scenario *s, const char *name, struct image *to, struct err *e)
{
	struct image_set *images;

	if (s->host->dock)
		return dock_image(s->host->dock, name, &s->arena, to, e);
	images = scenario_images(s->host, e);
	return images ? image_resolve(images, name, &s->arena, to, e) : -1;
}

static int
resolve(struct scenario *s, struct service *v, struct err *e)
{
	const char *image = text(v->spec, "image");

	if (!image)
		return 0;
	if (scenario_find_image(s, image, &v->image, e) < 0)
		return -1;
	v->has_image = !v->image.is_host;
	if (v->has_image)
		v->room = (unsigned)++*(v->is_reused ? &s->lodgers : &s->rooms);
	return 0;
}

struct image_set *
scenario_images(struct scenario_host *h, struct err *e)
{
	if (!h->has_images && image_set_open(&h->images, NULL, e) < 0)
		return NULL;
	h->has_images = true;
	return &h->images;
}

const char *
scenario_room_name(const struct scenario *s, bool reused, unsigned room)
{
	for (size_t i = 0; room && i < s->services; i++)
		if (s->service[i].room == room &&
		    s->service[i].is_reused == reused)
			return s->service[i].name;
	return NULL;
}

struct sandbox *
scenario_service_sandbox(const struct service *v)
{
	return v->is_reused ? scenario_reuse_sandbox(v->scenario)
			    : v->scenario->sandbox;
}

unsigned
scenario_service_room(const struct service *v)
{
	return v->room;
}

void
scenario_service_span(struct scenario *s, const char *name, size_t n)
{
	for (size_t i = 0; i < s->services; i++)
		scenario_probe_span(&s->service[i], name, n);
}

int
scenario_take_services(struct scenario *s, struct err *e)
{
	const struct value *list = value_get(s->test->plan, "services");
	size_t n = value_count(list);

	s->service = arena_alloc(&s->arena, (n + 1) * sizeof *s->service);
	for (size_t i = 0; i < n; i++) {
		struct service *v = &s->service[i];

		v->scenario = s;
		v->spec = list->list.item[i];
		v->name = value_str_or(value_get(v->spec, "name"), "");
		v->id = SERVICE_ID + 2 * (uint32_t)i;
		v->is_reused = test_is_reused(v->spec);
		v->image.root = v->image.held = -1;
		v->probe.fd = -1;
		v->probe.answer = v->line[0] = v->line[1] =
		    (struct buf)BUF_INIT;
		s->services++;
		if (resolve(s, v, e) < 0)
			return -1;
	}
	if (s->rooms <= SANDBOX_ROOMS && s->lodgers <= SANDBOX_ROOMS)
		return 0;
	return err_set(e, "%zu services with images; %d are possible",
	    s->rooms + s->lodgers, SANDBOX_ROOMS);
}

/* ---- its command */

static void
set(struct arena *a, struct value *to, const char *pair)
{
	size_t n = strcspn(pair, "=");

	if (pair[n])
		value_set(a, to, arena_dup(a, pair, n), n,
		    value_text(a, pair + n + 1));
}

/* The image's variables, the service's over them, and those of a step. */
const struct value *
scenario_service_env(
    struct service *v, const struct image_user *user, const struct value *step)
{
	const struct value *of[] = {value_get(v->spec, "env"), step};
	struct arena *a = &v->scenario->arena;
	struct value *env = value_new(a, VALUE_TABLE);

	if (user && user->home)
		value_put(a, env, "HOME", value_text(a, user->home));
	for (char **p = v->image.env; v->has_image && p && *p; p++)
		set(a, env, *p);
	if (!step)
		value_put(a, env, "OTEL_SERVICE_NAME", value_text(a, v->name));
	for (size_t i = 0; i < COUNT(of); i++)
		for (size_t k = 0; k < value_count(of[i]); k++) {
			const struct value_member *m = &of[i]->table.member[k];

			value_set(a, env, m->key, m->len, m->value);
		}
	return env;
}

static void
add_words(struct arena *a, struct value *to, char **words)
{
	for (; words && *words; words++)
		value_add(a, to, value_text(a, *words));
}

/* The test's command, else the image's with the test's arguments. */
static const struct value *
command_of(struct service *v)
{
	const struct value *own = value_get(v->spec, "command");
	const struct value *args = value_get(v->spec, "args");
	struct arena *a = &v->scenario->arena;
	struct value *list;

	if (value_count(own) && !value_count(args))
		return own;
	list = value_new(a, VALUE_LIST);
	for (size_t i = 0; i < value_count(own); i++)
		value_add(a, list, own->list.item[i]);
	if (v->has_image && !value_count(own))
		add_words(a, list, v->image.entrypoint);
	for (size_t i = 0; i < value_count(args); i++)
		value_add(a, list, args->list.item[i]);
	if (v->has_image && !value_count(own) && !value_count(args))
		add_words(a, list, v->image.cmd);
	return list;
}

static const char *
directory_of(const struct service *v)
{
	const char *own = text(v->spec, "workdir");

	if (own || !v->has_image)
		return own;
	return *v->image.workdir ? v->image.workdir : "/";
}

/* ---- records */

static void
tell(struct service *v, const char *state, const char *detail)
{
	struct scenario *s = v->scenario;
	AUTO_JSON j = stage_record(s->host->stage, "service");

	record_key(&j, &s->key);
	json_str(&j, "scenario", s->name);
	json_str(&j, "service", v->name);
	json_str(&j, "state", state);
	json_str(&j, "detail", detail);
	if (v->is_reused && scenario_was_left(s))
		json_bool(&j, "reused", true);
	stage_put(s->host->stage, &j);
}

static void
write_log(struct service *v, bool is_err, const char *line, size_t n)
{
	struct scenario *s = v->scenario;
	AUTO_JSON j = stage_record(s->host->stage, "log");

	record_key(&j, &s->key);
	json_str(&j, "scenario", s->name);
	json_str(&j, "service", v->name);
	json_str(&j, "stream", is_err ? "stderr" : "stdout");
	json_strn(&j, "text", line, n);
	json_nano(&j, "unix_nano", (uint64_t)clock_wall_ns());
	stage_put(s->host->stage, &j);
}

/* A line may come in pieces, and need not end. */
void
scenario_service_log(struct service *v, bool is_err, const char *s, size_t n)
{
	struct buf *line = &v->line[is_err];

	while (n) {
		const char *lf = memchr(s, '\n', n);
		size_t len = lf ? (size_t)(lf - s) : n;

		buf_add(line, s, len);
		if (lf || line->len > SERVICE_LINE) {
			write_log(v, is_err, line->s, line->len);
			scenario_probe_log(v, line->s, line->len);
			buf_reset(line);
		}
		len += lf != NULL;
		s += len;
		n -= len;
	}
}

/* ---- running */

static void
stop_watching(struct service *v)
{
	struct loop *l = v->scenario->host->loop;

	loop_cancel(l, v->limit_timer);
	v->limit_timer = 0;
	scenario_probe_stop(v);
}

/* The last lines that it wrote, to explain why it is not there. */
static void
add_tail(struct buf *b, const struct service *v)
{
	const struct scenario_stream *st[] = {v->out, v->err};

	for (size_t i = 0; i < COUNT(st); i++) {
		AUTO_BUF kept = BUF_INIT;
		size_t from;

		if (!st[i])
			continue;
		capture_text(&st[i]->kept, &kept);
		from = kept.len > TAIL ? kept.len - TAIL : 0;
		while (kept.len && kept.s[kept.len - 1] == '\n')
			kept.len--;
		if (kept.len > from)
			buf_addf(b, "%sseen: %.*s", b->len ? "\n" : "",
			    (int)(kept.len - from), kept.s + from);
	}
}

void
scenario_service_failed(struct service *v, const char *why)
{
	AUTO_BUF tail = BUF_INIT;
	struct err e = {0};

	v->state = SERVICE_FAILED;
	stop_watching(v);
	scenario_take_rest(v->out);
	scenario_take_rest(v->err);
	add_tail(&tail, v);
	tell(v, "failed", why);
	err_set(&e, "service %s: %s", v->name, why);
	err_hint(&e, "%s", tail.s);
	scenario_refuse(v->scenario, "E409", EXIT_RUN, &e);
}

static void
on_limit(void *arg)
{
	struct service *v = arg;
	AUTO_BUF why = BUF_INIT;

	v->limit_timer = 0;
	buf_addf(&why, "not ready after %lld ms",
	    (long long)value_int_or(
		value_find(v->spec, "ready.timeout_ms"), 0));
	if (*v->probe.last)
		buf_addf(&why, ": %s", v->probe.last);
	scenario_service_failed(v, why.s);
}

void
scenario_service_ready(struct service *v)
{
	v->state = SERVICE_READY;
	stop_watching(v);
	tell(v, "ready", v->is_running ? NULL : "nothing runs in it");
	scenario_serve(v->scenario);
}

/* As its own sandbox has it. */
static struct world
world_of(const struct service *v)
{
	struct scenario *s = v->scenario;
	struct world w = s->world;

	if (v->is_reused) {
		const struct sandbox_event *ready = scenario_reuse_ready(s);

		w.home = ready->home;
		w.tmpdir = ready->tmpdir;
		w.preload = w.preload ? scenario_clock_place(s, ready) : NULL;
	}
	return w;
}

static int
start(struct service *v, struct err *e)
{
	struct scenario *s = v->scenario;
	struct world world = world_of(v);
	const struct value *command = command_of(v);
	struct sandbox_step step = {.id = v->id, .room = v->room, .in = -1};
	char parent[TRACE_PARENT];
	AUTO_FD out = -1;
	AUTO_FD err = -1;

	if (!value_count(command))
		return err_set(e,
		    "service %s: neither the test nor its image "
		    "has a command",
		    v->name);
	v->out = scenario_open_stream(s, &out, e);
	v->err = v->out ? scenario_open_stream(s, &err, e) : NULL;
	if (!v->err)
		return -1;
	v->out->service = v->err->service = v;
	v->err->is_err = true;
	trace_parent(
	    parent, s->trace_id, s->span_id, world_is_sampled(&s->world));
	step.argv = scenario_arguments(s, command);
	step.env = world_environ(
	    &s->arena, &world, parent, scenario_service_env(v, v->user, NULL));
	step.cwd = directory_of(v);
	scenario_become(s, v->user, &step);
	step.out = out;
	step.err = err;
	return sandbox_run(scenario_service_sandbox(v), &step, e);
}

/* One that runs since another scenario has only to be ready again. */
static int
start_anew(struct service *v, struct err *e)
{
	if (v->is_reused && scenario_was_left(v->scenario)) {
		scenario_adopt(v);
		return 0;
	}
	if (start(v, e) < 0)
		return -1;
	v->is_running = true;
	tell(v, "starting", NULL);
	return 0;
}

static void
begin(struct service *v)
{
	struct loop *l = v->scenario->host->loop;
	int64_t ms =
	    value_int_or(value_find(v->spec, "ready.timeout_ms"), 60000);
	struct err e = {0};

	if (is_place(v)) {
		scenario_service_ready(v);
		return;
	}
	v->state = SERVICE_STARTING;
	if (start_anew(v, &e) < 0) {
		scenario_refuse(v->scenario, "E409", EXIT_RUN, &e);
		return;
	}
	v->limit_timer =
	    loop_at(l, clock_mono_ns() + ms * 1000000, on_limit, v);
	scenario_probe_begin(v);
}

static bool
can_begin(const struct service *v)
{
	const struct value *needs = value_get(v->spec, "depends_on");

	for (size_t i = 0; i < value_count(needs); i++) {
		const struct service *on = scenario_service_named(
		    v->scenario, value_str_or(needs->list.item[i], NULL));

		if (on && on->state != SERVICE_READY)
			return false;
	}
	return v->state == SERVICE_WAITING;
}

void
scenario_serve(struct scenario *s)
{
	size_t ready = 0;

	if (s->is_serving)
		return; /* we are at it, further up */
	s->is_serving = true;
	for (size_t i = 0; i < s->services && s->phase == SCENARIO_SERVING; i++)
		if (can_begin(&s->service[i])) {
			begin(&s->service[i]);
			i = (size_t)-1; /* others may have waited for it */
		}
	s->is_serving = false;
	for (size_t i = 0; i < s->services; i++)
		ready += s->service[i].state == SERVICE_READY;
	if (s->phase == SCENARIO_SERVING && ready == s->services)
		scenario_served(s);
}

/* ---- what happens to it */

static struct service *
service_of(struct scenario *s, uint32_t id)
{
	size_t i = (id - SERVICE_ID) / 2;

	return id >= SERVICE_ID && i < s->services ? &s->service[i] : NULL;
}

static void
ended(struct service *v, const struct sandbox_event *ev)
{
	AUTO_BUF why = BUF_INIT;

	v->is_running = false;
	if (ev->error)
		buf_addf(&why, "cannot start %s: %s",
		    value_str_or(command_of(v)->list.item[0], "?"),
		    strerror(ev->error));
	else if (WIFSIGNALED(ev->status))
		buf_addf(&why, "ended by signal %d", WTERMSIG(ev->status));
	else
		buf_addf(&why, "ended with %d", WEXITSTATUS(ev->status));
	if (v->state == SERVICE_READY) {
		tell(v, "stopped", why.s);
	} else if (v->state == SERVICE_STARTING) {
		buf_adds(&why, " before it was ready");
		scenario_service_failed(v, why.s);
	}
}

bool
scenario_service_event(struct scenario *s, const struct sandbox_event *ev)
{
	struct service *v = service_of(s, ev->step);

	if (!v)
		return false;
	if (ev->kind == SANDBOX_DIALED)
		scenario_probe_dialed(v, ev);
	else if (ev->step == v->id)
		ended(v, ev);
	else
		scenario_probe_ran(v, ev);
	return true;
}

void
scenario_end_services(struct scenario *s)
{
	for (size_t i = 0; i < s->services; i++) {
		struct service *v = &s->service[i];

		stop_watching(v);
		for (int k = 0; k < 2; k++)
			if (v->line[k].len)
				write_log(v, k, v->line[k].s, v->line[k].len);
	}
}

void
scenario_drop_services(struct scenario *s)
{
	for (size_t i = 0; i < s->services; i++) {
		struct service *v = &s->service[i];

		stop_watching(v);
		image_free(&v->image);
		buf_free(&v->line[0]);
		buf_free(&v->line[1]);
		buf_free(&v->probe.answer);
		match_free(&v->probe.log);
		match_free(&v->probe.span);
	}
}
