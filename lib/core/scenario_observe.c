/*
 * A scenario that is observed: each call of its processes that names a file or
 * an address comes by here, and goes on.
 */
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/reading.h"
#include "core/scenario_service.h"
#include "sys/observe.h"

struct room {
	struct scenario_watch *of;
	struct service *service; /* NULL: the scenario's own world */
	int fd;			 /* -1: nobody is left */
	pid_t own;
};

/* An address outside, and by whom it was called. */
struct stray {
	const struct room *room;
	char *program, *target;
	pid_t pid;
	int64_t count;
};

struct scenario_watch {
	struct scenario *scenario;
	struct room room[SANDBOX_ROOMS + 1];
	size_t rooms;
	struct stray *stray; /* that are not told yet */
	size_t strays, cap;
	struct reading inputs;
	bool is_blind; /* something could not be seen */
};

enum { STRAYS_MAX = 10000, BURST = 64, LINKS_MAX = 40 };

/* ---- what is seen */

static void
note_stray(struct room *r, const struct observe_seen *seen)
{
	struct scenario_watch *w = r->of;
	struct stray *to;

	for (size_t i = 0; i < w->strays; i++)
		if (w->stray[i].room == r &&
		    !strcmp(w->stray[i].program, seen->path) &&
		    !strcmp(w->stray[i].target, seen->target)) {
			w->stray[i].count++;
			return;
		}
	if (w->strays == STRAYS_MAX)
		return;
	w->stray = mem_more(w->stray, w->strays, &w->cap, sizeof *w->stray);
	to = &w->stray[w->strays++];
	*to = (struct stray){.room = r, .pid = seen->pid, .count = 1};
	to->program = mem_str(seen->path);
	to->target = mem_str(seen->target);
}

static bool
is_at(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	while (n && dir[n - 1] == '/')
		n--;
	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

/* What a path of a room is on the host; false: it is the image's. */
static bool
to_host(const struct room *r, const char *path, struct buf *host)
{
	const struct value *list =
	    r->service ? value_get(r->service->spec, "volumes") : NULL;

	if (!r->service || !r->service->room ||
	    is_at(path, r->of->scenario->project)) {
		buf_adds(host, path);
		return true;
	}
	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *v = list->list.item[i];
		const char *inside =
		    value_str_or(value_get(v, "container_path"), "");

		if (!is_at(path, inside))
			continue;
		buf_addf(host, "%s/%s",
		    value_str_or(value_get(v, "host_path"), ""),
		    strlen(path) > strlen(inside) ? path + strlen(inside) : "");
		return true;
	}
	return false;
}

/* By the files and directories that a process has open there is a way to all
   that it sees. */
static bool
is_roundabout(const char *path)
{
	const char *at;

	if (strncmp(path, "/proc/", 6) != 0 && strncmp(path, "/dev/fd/", 8))
		return false;
	at = strstr(path, "/fd/");
	return strstr(path, "/cwd/") || strstr(path, "/root/") ||
	       (at && strchr(at + 4, '/'));
}

/* Where the links of an image lead, as far as it has them: that may be into a
   volume. */
static void
follow_image(const struct service *v, const char *name, struct buf *path)
{
	char target[PATH_MAX];
	AUTO_BUF rest = BUF_INIT, next = BUF_INIT;
	int links = 0;

	buf_adds(&rest, name);
	while (rest.len) {
		size_t skip = strspn(rest.s, "/");
		size_t n = strcspn(rest.s + skip, "/");
		AUTO_BUF at = BUF_INIT;
		ssize_t got;

		buf_addf(&at, "%s%s/%.*s", v->image.path, path->s, (int)n,
		    rest.s + skip);
		got = readlink(at.s, target, sizeof target - 1);
		if (got > 0 && links++ < LINKS_MAX) {
			target[got] = 0;
			buf_reset(&next);
			buf_addf(&next, "%s%s", target, rest.s + skip + n);
			if (*target == '/')
				buf_reset(path);
			buf_reset(&rest);
			buf_adds(&rest, next.s);
			continue;
		}
		if (n == 2 && !strncmp(rest.s + skip, "..", 2)) {
			char *slash = strrchr(path->s, '/');

			buf_cut(path, slash ? (size_t)(slash - path->s) : 0);
		} else if (n && (n != 1 || rest.s[skip] != '.')) {
			buf_addf(path, "/%.*s", (int)n, rest.s + skip);
		}
		buf_drop(&rest, skip + n);
	}
}

static void
note_file(struct room *r, const struct observe_seen *seen)
{
	static const unsigned use[] = {[OBSERVE_OPEN] = READING_USE_OPEN,
	    [OBSERVE_RUN] = READING_USE_RUN,
	    [OBSERVE_LOOK] = READING_USE_LOOK,
	    [OBSERVE_LINK] = READING_USE_LINK,
	    [OBSERVE_NAME] = READING_USE_NAME};
	unsigned how = use[seen->kind];
	AUTO_BUF path = BUF_INIT, host = BUF_INIT;

	if (seen->kind == OBSERVE_OPEN && seen->is_place)
		how = READING_USE_LOOK;
	if (seen->kind == OBSERVE_OPEN && seen->is_made)
		how = READING_USE_MADE;
	if (is_roundabout(seen->path)) {
		r->of->is_blind = true;
		return;
	}
	if (r->service && r->service->room)
		follow_image(r->service, seen->path, &path);
	else
		buf_adds(&path, seen->path);
	if (to_host(r, path.s, &host))
		reading_note(&r->of->inputs, host.s, how);
}

static void
drop(struct room *r)
{
	if (r->fd < 0)
		return;
	loop_drop(r->of->scenario->host->loop, r->fd);
	fd_close(&r->fd);
}

static void
take_one(struct room *r)
{
	static struct observe_seen seen;
	int got = observe_next(r->fd, r->own, &seen);

	if (got == -1)
		drop(r);
	else if (got == -2)
		r->of->is_blind = true;
	else if (got && seen.kind == OBSERVE_CALL)
		note_stray(r, &seen);
	else if (got)
		note_file(r, &seen);
}

static void
on_call(void *arg, int events)
{
	struct room *r = arg;
	struct pollfd p = {.fd = r->fd, .events = POLLIN};

	if (!(events & POLLIN)) {
		drop(r);
		return;
	}
	/* Who has asked once asks again soon. */
	for (int i = 0; i < BURST && r->fd >= 0; i++) {
		take_one(r);
		if (r->fd < 0 || poll(&p, 1, 0) <= 0 || !(p.revents & POLLIN))
			break;
	}
}

/* ---- the scenario */

static void
show_volumes(struct scenario_watch *w, const struct service *v)
{
	const struct value *list = value_get(v->spec, "volumes");

	for (size_t i = 0; i < value_count(list); i++)
		reading_show(&w->inputs,
		    value_str_or(
			value_get(list->list.item[i], "host_path"), ""));
}

static struct service *
service_of(struct scenario *s, size_t room)
{
	for (size_t i = 0; room && i < s->services; i++)
		if (s->service[i].room == room && !s->service[i].is_reused)
			return &s->service[i];
	return NULL;
}

void
scenario_watch(struct scenario *s)
{
	struct scenario_watch *w;

	if (!s->host->observe)
		return;
	w = s->watch = mem_new(1, sizeof *w);
	w->scenario = s;
	w->inputs.project = s->project;
	w->inputs.has_own_hosts = s->services > 0;
	for (size_t i = 0; i < s->services; i++)
		show_volumes(w, &s->service[i]);
	w->rooms = s->ready.observers;
	for (size_t i = 0; i < w->rooms; i++) {
		struct room *r = &w->room[i];

		*r = (struct room){.of = w,
		    .service = service_of(s, i),
		    .fd = s->ready.observer[i].fd,
		    .own = s->ready.observer[i].own};
		loop_add(s->host->loop, r->fd, POLLIN, on_call, r);
	}
}

int64_t
scenario_name_strays(struct scenario *s, const char *step)
{
	struct scenario_watch *w = s->watch;
	int64_t count = 0;

	for (size_t i = 0; w && i < w->strays; i++) {
		struct stray *t = &w->stray[i];
		const struct service *v = t->room->service;
		AUTO_JSON j = scenario_violation(s, step, "network", t->count);

		json_str(&j, "target", t->target);
		json_str(&j, "program", t->program);
		json_int(&j, "pid", t->pid);
		json_str(&j, "service", v ? v->name : NULL);
		stage_put(s->host->stage, &j);
		count += t->count;
		free(t->target);
		free(t->program);
	}
	if (w)
		w->strays = 0;
	return count;
}

static void
write_input(
    void *arg, enum reading_kind kind, const char *path, const char *sha256)
{
	struct scenario *s = arg;
	AUTO_JSON j = stage_record(s->host->stage, "input");

	record_key(&j, &s->key);
	json_str(&j, "scenario", s->name);
	json_str(&j, "kind", reading_kind_name(kind));
	json_str(&j, "path", kind == READING_MORE ? NULL : path);
	json_str(&j, "sha256", sha256);
	stage_put(s->host->stage, &j);
}

static void
write_images(struct scenario *s)
{
	for (size_t i = 0; i < s->services; i++) {
		const struct service *v = &s->service[i];

		if (v->has_image)
			write_input(s, READING_IMAGE,
			    value_str_or(value_get(v->spec, "image"), ""),
			    v->image.key);
	}
}

static void
write_environment(struct scenario *s)
{
	const struct value *pass = value_get(s->test->plan, "pass_env");

	for (size_t i = 0; i < value_count(pass); i++) {
		const char *name = value_str_or(pass->list.item[i], "");
		const char *value = getenv(name);
		char hex[HASH_HEX];

		if (value)
			hash_hex(value, strlen(value), hex);
		write_input(s, READING_ENV, name, value ? hex : NULL);
	}
}

/* A step's own program is begun by init, whose words cannot always be read. */
static void
note_programs(struct scenario *s)
{
	const struct value *steps = value_get(s->spec, "steps");

	for (size_t i = 0; i < s->begun && i < value_count(steps); i++) {
		const struct value *argv =
		    value_get(steps->list.item[i], "command");
		const char *name = value_count(argv)
				     ? value_str_or(argv->list.item[0], "")
				     : "";

		if (*name == '/' &&
		    !value_str_or(
			value_get(steps->list.item[i], "service"), NULL))
			reading_note(&s->watch->inputs, name, READING_USE_RUN);
	}
}

/* A directory that may change: its files are not inputs one by one. */
static const char *
unnamed_image(const struct scenario *s)
{
	for (size_t i = 0; i < s->services; i++)
		if (s->service[i].has_image && !s->service[i].image.key)
			return value_str_or(
			    value_get(s->service[i].spec, "image"), "");
	return NULL;
}

void
scenario_add_observe_notes(const struct scenario *s, struct buf *notes)
{
	const char *image = s->watch ? unnamed_image(s) : NULL;

	if (s->watch && s->level == SANDBOX_PROCESS)
		buf_addf(notes, "%sinputs: level process is not observed",
		    notes->len ? "\n" : "");
	if (s->watch && s->watch->is_blind)
		buf_addf(notes, "%sinputs: a call could not be read",
		    notes->len ? "\n" : "");
	if (image)
		buf_addf(notes,
		    "%sinputs: image %s is a directory, and has no digest",
		    notes->len ? "\n" : "", image);
}

void
scenario_write_inputs(struct scenario *s)
{
	struct scenario_watch *w = s->watch;

	if (!w)
		return;
	scenario_name_strays(s, NULL);
	s->inputs_whole = w->rooms && !w->is_blind && s->is_gone &&
			  !unnamed_image(s) && !s->test->has_reuse;
	if (!w->rooms)
		return;
	note_programs(s);
	write_environment(s);
	write_images(s);
	if (!reading_tell(&w->inputs, &s->host->digests, write_input, s))
		s->inputs_whole = false;
	scenario_take_inputs(s, &w->inputs);
}

void
scenario_unwatch(struct scenario *s)
{
	struct scenario_watch *w = s->watch;

	if (!w)
		return;
	for (size_t i = 0; i < w->rooms; i++)
		drop(&w->room[i]);
	for (size_t i = 0; i < w->strays; i++) {
		free(w->stray[i].program);
		free(w->stray[i].target);
	}
	free(w->stray);
	reading_free(&w->inputs);
	free(w);
	s->watch = NULL;
}
