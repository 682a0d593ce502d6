/* Which containers are ours, and of which run; none without our labels is
 * touched. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/container_int.h"
#include "core/trace.h"
#include "sys/jobs.h"

#define S 1000000000LL

/* How long a removal is tried, and how soon again. */
static const int64_t patience_ns = 30 * S, again_ns = S / 50;

/* No run is that long. */
static const int64_t longest_s = 24 * 3600LL;

static void
boot_id(char to[64])
{
	AUTO_BUF text = BUF_INIT;

	file_read("/proc/sys/kernel/random/boot_id", &text, NULL);
	snprintf(to, 64, "%.*s", (int)strcspn(text.s, "\n"), text.s);
}

/* "PID:START"; a number may be given anew, with a start it is one's own. */
static void
process_name(int pid, char to[64])
{
	AUTO_BUF text = BUF_INIT;
	unsigned long long start = 0;
	char path[40];
	const char *end;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	*to = 0;
	if (file_read(path, &text, NULL) < 0)
		return;
	end = strrchr(text.s, ')');
	if (end && sscanf(end + 1,
		       " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u"
		       " %*d %*d %*d %*d %*d %*d %llu",
		       &start) == 1)
		snprintf(to, 64, "%d:%llu", pid, start);
}

int
container_session_begin(
    struct container_session *s, struct daemon *d, struct err *e)
{
	AUTO_ARENA a = {0};
	struct value *info;
	int got;

	s->daemon = d;
	trace_new_span(s->id);
	boot_id(s->host);
	process_name(getppid(), s->runner);
	got =
	    daemon_ask(d, &(struct daemon_call){.path = "/info"}, &a, &info, e);
	if (got < 0 || got >= 400)
		return -1;
	s->holds_memory = value_bool_or(value_get(info, "MemoryLimit"), false);
	s->holds_cpu = value_bool_or(value_get(info, "CpuCfsQuota"), false);
	s->holds_processes = value_bool_or(value_get(info, "PidsLimit"), false);
	return 0;
}

void
container_session_label(const struct container_session *s, struct json *j)
{
	char until[32];

	snprintf(until, sizeof until, "%lld",
	    (long long)(clock_wall_ns() / S + longest_s));
	json_open(j, "Labels", '{');
	json_str(j, "clnrm.session", s->id);
	json_str(j, "clnrm.host", s->host);
	json_str(j, "clnrm.pid", s->runner);
	json_str(j, "clnrm.deadline", until);
	json_close(j, '}');
}

int
container_remove(struct daemon *d, const char *id, struct err *e)
{
	int64_t until = clock_mono_ns() + patience_ns;
	AUTO_BUF path = BUF_INIT;
	AUTO_BUF body = BUF_INIT;
	int got = 0;

	buf_addf(&path, "/containers/%s?force=1&v=1", id);
	while (clock_mono_ns() < until) {
		got = daemon_call(d,
		    &(struct daemon_call){.method = "DELETE", .path = path.s},
		    &body, e);
		if (got < 0 || got < 300 || got == 404)
			return got < 0 ? -1 : 0;
		/* It is being removed already, or is just beginning; or, with
		 * Podman, others have its network. */
		nanosleep(&(struct timespec){.tv_nsec = again_ns}, NULL);
	}
	return -1;
}

struct removal {
	struct daemon *d, twin[SANDBOX_ROOMS + 1]; /* of a worker each */
	const char *const *id;
	struct err *e;
	bool has_failed;
};

struct removed {
	struct err e;
	bool is_left;
};

static void *
remove_one(void *arg, size_t worker, size_t i)
{
	struct removal *all = arg;
	struct removed *one = mem_new(1, sizeof *one);

	if (!all->twin[worker].transfer)
		daemon_twin(all->d, &all->twin[worker]);
	one->is_left =
	    container_remove(&all->twin[worker], all->id[i], &one->e) < 0;
	return one;
}

static void
count_one(void *arg, size_t i, void *result)
{
	struct removal *all = arg;
	struct removed *one = result;

	(void)i;
	if (one->is_left) {
		*all->e = one->e;
		all->has_failed = true;
	}
	free(one);
}

int
container_remove_all(
    struct daemon *d, const char *const id[], size_t n, struct err *e)
{
	struct removal all = {.d = d, .id = id, .e = e};
	const struct jobs jobs = {.n = n,
	    .is_long = true,
	    .arg = &all,
	    .work = remove_one,
	    .hand_on = count_one};

	if (n)
		jobs_run(&jobs, n < COUNT(all.twin) ? n : COUNT(all.twin));
	for (size_t i = 0; i < COUNT(all.twin); i++)
		if (all.twin[i].transfer)
			daemon_free(&all.twin[i]);
	return all.has_failed ? -1 : 0;
}

/* Is it of a run that is over? */
static bool
is_left(const struct value *label)
{
	const char *host = value_str_or(value_get(label, "clnrm.host"), "");
	const char *pid = value_str_or(value_get(label, "clnrm.pid"), "");
	long long until = strtoll(
	    value_str_or(value_get(label, "clnrm.deadline"), ""), NULL, 10);
	char here[64], now[64];

	boot_id(here);
	process_name(atoi(pid), now);
	return (!strcmp(host, here) && strcmp(pid, now) != 0) ||
	       (until && until < clock_wall_ns() / S);
}

/* session NULL: of all that are over. */
static int
remove_labelled(struct daemon *d, const char *session, struct err *e)
{
	AUTO_ARENA a = {0};
	AUTO_BUF filter = BUF_INIT;
	AUTO_BUF path = BUF_INIT;
	const char **id;
	struct value *list;
	size_t n = 0;
	int got;

	buf_addf(&filter, "{\"label\":[\"clnrm.session%s%s\"]}",
	    session ? "=" : "", session ? session : "");
	buf_adds(&path, "/containers/json?all=1&filters=");
	daemon_escape(&path, filter.s);
	got =
	    daemon_ask(d, &(struct daemon_call){.path = path.s}, &a, &list, e);
	if (got < 0 || got >= 400)
		return -1;
	id = arena_alloc(&a, (value_count(list) + 1) * sizeof *id);
	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *c = list->list.item[i];

		if (session || is_left(value_get(c, "Labels")))
			id[n++] = value_str_or(value_get(c, "Id"), "");
	}
	return container_remove_all(d, id, n, e) < 0 ? -1 : (int)n;
}

int
container_session_end(struct container_session *s, struct err *e)
{
	return remove_labelled(s->daemon, s->id, e);
}

int
container_sweep(struct daemon *d, struct err *e)
{
	return remove_labelled(d, NULL, e);
}
