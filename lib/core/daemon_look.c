/* What a machine's container engines are and hold, for a person. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/mem.h"
#include "core/daemon.h"
#include "core/doctor.h"

#define GIB ((int64_t)1 << 30)

static int
say_images(const struct value *info, struct buf *out)
{
	AUTO_BUF text = BUF_INIT;
	int64_t n = value_int_or(value_get(info, "Images"), 0);

	buf_addf(&text, "%" PRId64 "%s", n,
	    n ? "" : ": pull those that the tests name");
	doctor_line(out, n ? "ok" : "note", "  images", text.s);
	return 0;
}

/* A remote engine's is not told, nor one that is not ours to see. */
static int
say_disk(const struct daemon *d, const struct value *info, struct buf *out)
{
	const char *root = value_str_or(value_get(info, "DockerRootDir"), "");
	AUTO_BUF text = BUF_INIT;
	struct statvfs st;
	int64_t n;

	if (!d->socket || statvfs(root, &st) < 0)
		return 0;
	n = (int64_t)st.f_bavail * (int64_t)st.f_frsize;
	buf_addf(&text, "%" PRId64 " GiB free at %s", n / GIB, root);
	doctor_line(out, n < GIB ? "missing" : "ok", "  disk", text.s);
	if (n >= GIB)
		return 0;
	doctor_line(
	    out, "", "", "`docker system prune` removes what is unused");
	return 1;
}

static int
say_limits(const struct value *info, struct buf *out)
{
	static const struct {
		const char *key, *name;
	} limit[] = {{"MemoryLimit", "  memory_mb"},
	    {"CpuCfsQuota", "  cpu_millicores"}, {"PidsLimit", "  processes"}};
	const char *version =
	    value_str_or(value_get(info, "CgroupVersion"), "?");
	int missing = 0;

	for (size_t i = 0; i < COUNT(limit); i++) {
		bool is = value_bool_or(value_get(info, limit[i].key), false);
		AUTO_BUF text = BUF_INIT;

		buf_addf(&text, "%s by cgroup v%s",
		    is ? "held" : "no engine's limit", version);
		doctor_line(out, is ? "ok" : "missing", limit[i].name, text.s);
		if (!is)
			doctor_line(out, "", "",
			    "its controller is not mounted, or not delegated "
			    "to this user: systemctl set-property, Delegate=");
		missing += !is;
	}
	return missing;
}

static int
say_engine(struct daemon *d, struct buf *out)
{
	AUTO_ARENA a = {0};
	AUTO_BUF text = BUF_INIT;
	struct value *info;
	struct err e = {0};
	int got;

	buf_addf(&text, "%s at %s, API %s", d->version, d->place, d->api);
	doctor_line(out, "ok", daemon_name(d), text.s);
	got = daemon_ask(
	    d, &(struct daemon_call){.path = "/info"}, &a, &info, &e);
	if (got < 0 || got >= 400) {
		doctor_line(out, "missing", "", e.text);
		return 1;
	}
	return say_images(info, out) + say_disk(d, info, out) +
	       say_limits(info, out);
}

/* -1: there is none. */
static int
look_at(const char *kind, struct buf *out)
{
	struct daemon d = {0};
	struct err e = {0};
	int missing = -1;

	if (!daemon_find(&d, kind, &e)) {
		missing = say_engine(&d, out);
	} else if (d.place) {
		doctor_line(out, "missing", kind, e.text);
		doctor_line(out, "", "", e.hint);
		missing = 1;
	}
	daemon_free(&d);
	return missing;
}

int
daemon_look(const char *kind, struct buf *out)
{
	static const char *const kinds[] = {"docker", "podman"};
	bool is_auto = !strcmp(kind, "auto"), is_any = false;
	int missing = 0;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		int got = is_auto || !strcmp(kind, kinds[i])
			    ? look_at(kinds[i], out)
			    : -1;

		is_any |= got >= 0;
		missing += got > 0 ? got : 0;
	}
	if (is_any)
		return missing;
	doctor_line(out, is_auto ? "note" : "missing", "engine",
	    "none is found, which --backend needs");
	doctor_line(out, "", "",
	    "start dockerd or podman system service, or name its socket: "
	    "DOCKER_HOST, CONTAINER_HOST");
	return !is_auto;
}
