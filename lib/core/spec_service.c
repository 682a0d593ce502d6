/* The member `services`: what runs beside the steps, and when it is ready. */
#include <string.h>

#include "base/mem.h"
#include "core/spec_int.h"

enum { READY_MS = 60000, SPAN_MS = 30000 };

static bool
is_plugin(const struct value *s, const char *name)
{
	return !strcmp(spec_plugin(s).name, name);
}

/* ---- what a plugin has where the file is silent */

static void
write_command(struct json *j, const struct value *s)
{
	spec_put(j, "command", value_get(s, "command"));
	if (value_get(s, "args") || !is_plugin(s, "surrealdb")) {
		spec_put(j, "args", value_get(s, "args"));
		return;
	}
	json_open(j, "args", '[');
	json_str(j, NULL, "start");
	json_str(j, NULL, "--user");
	json_str(j, NULL, value_str_or(value_get(s, "username"), "root"));
	json_str(j, NULL, "--pass");
	json_str(j, NULL, value_str_or(value_get(s, "password"), "root"));
	if (value_bool_or(value_get(s, "strict"), false))
		json_str(j, NULL, "--strict");
	json_str(j, NULL, "memory");
	json_close(j, ']');
}

static void
write_image(struct json *j, const struct value *s)
{
	const char *image = value_str_or(value_get(s, "image"), NULL);

	if (!image && is_plugin(s, "surrealdb"))
		image = "surrealdb/surrealdb:latest";
	json_str(j, "image", image);
}

static void
write_ports(struct json *j, const char *key, const struct value *s)
{
	const struct value *ports = value_get(s, "ports");
	int port = spec_plugin(s).port;

	if (ports || !port) {
		spec_list(j, key, ports);
		return;
	}
	json_open(j, key, '[');
	json_int(j, NULL, port);
	json_close(j, ']');
}

static void
write_volumes(struct json *j, const struct value *volumes)
{
	json_open(j, "volumes", '[');
	for (size_t i = 0; i < spec_count(volumes); i++) {
		const struct value *v = volumes->list.item[i];

		json_open(j, NULL, '{');
		spec_put(j, "host_path", value_get(v, "host_path"));
		spec_put(j, "container_path", value_get(v, "container_path"));
		json_bool(j, "read_only",
		    value_bool_or(value_get(v, "read_only"), false));
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* ---- when it is ready */

/* Seconds of the older forms; a whole number of them. */
static int64_t
ms_of(const struct value *seconds, int64_t otherwise)
{
	int64_t n = value_int_or(seconds, -1);

	return n < 0 || n > INT64_MAX / 1000 ? otherwise : n * 1000;
}

static void
write_times(struct json *j, const struct value *s)
{
	const struct value *ready = value_get(s, "ready");
	const struct value *health = value_get(s, "health_check");
	const struct value *span = value_get(s, "wait_for_span");
	const struct value *limit = value_get(ready, "timeout_ms");
	int64_t interval = ms_of(value_get(health, "interval"), 0);

	interval = value_int_or(value_get(ready, "interval_ms"), interval);
	if (interval > 0)
		json_int(j, "interval_ms", interval);
	else
		json_null(j, "interval_ms");
	json_int(j, "timeout_ms",
	    limit  ? value_int_or(limit, READY_MS)
	    : span ? ms_of(value_get(s, "wait_for_span_timeout_secs"), SPAN_MS)
		   : READY_MS);
	json_int(j, "try_ms", ms_of(value_get(health, "timeout"), 0));
}

/* Where the plugin answers, at the first port. */
static void
write_health(struct json *j, const struct value *s)
{
	const struct value *ports = value_get(s, "ports");
	struct spec_plugin p = spec_plugin(s);
	AUTO_BUF url = BUF_INIT;

	buf_addf(&url, "http://127.0.0.1:%lld%s",
	    (long long)(spec_count(ports)
			    ? value_int_or(ports->list.item[0], p.port)
			    : p.port),
	    p.health);
	json_str(j, "http", url.s);
}

static void
write_ready(struct json *j, const struct value *s)
{
	const struct value *ready = value_get(s, "ready");
	const struct value *health = value_get(s, "health_check");
	const struct value *span = value_get(s, "wait_for_span");
	const struct value *command = value_get(ready, "command");

	json_open(j, "ready", '{');
	if (ready || health || span)
		spec_list(j, "tcp", value_get(ready, "tcp"));
	else
		write_ports(j, "tcp", s);
	if (ready || health || span || !spec_plugin(s).health)
		spec_put(j, "http", value_get(ready, "http"));
	else
		write_health(j, s);
	spec_put(j, "log", value_get(ready, "log"));
	spec_list(j, "command", command ? command : value_get(health, "cmd"));
	spec_put(j, "span", span);
	write_times(j, s);
	json_close(j, '}');
}

/* ---- all of it */

static void
write_service(struct spec_write *w, const struct value_member *m)
{
	const struct value *s = m->value;
	struct json *j = &w->body;

	json_open(j, NULL, '{');
	json_strn(j, "name", m->key, m->len);
	json_str(j, "plugin", spec_plugin(s).name);
	write_image(j, s);
	write_command(j, s);
	spec_texts(w, "env", value_get(s, "env"));
	spec_put(j, "workdir", value_get(s, "workdir"));
	spec_put(j, "user", value_get(s, "user"));
	write_ports(j, "ports", s);
	write_volumes(j, value_get(s, "volumes"));
	spec_list(j, "depends_on", value_get(s, "depends_on"));
	json_str(j, "network", value_str_or(value_get(s, "network"), "none"));
	if (value_bool_or(value_get(s, "reuse"), false))
		json_bool(j, "reuse", true);
	write_ready(j, s);
	json_close(j, '}');
}

void
spec_services(struct spec_write *w)
{
	static const char *const tables[] = {"services", "service"};
	size_t n = 0;

	json_open(&w->body, "services", '[');
	for (size_t t = 0; t < COUNT(tables); t++) {
		const struct value *all = value_get(w->root, tables[t]);

		for (size_t i = 0; i < value_count(all); i++) {
			write_service(w, &all->table.member[i]);
			spec_at(
			    w, &all->table.member[i].at, "services[%zu]", n++);
		}
	}
	json_close(&w->body, ']');
}
