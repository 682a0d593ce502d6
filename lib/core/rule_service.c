/* Services, and what an environment may hold. */
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "core/rule_int.h"
#include "core/spec.h"

static bool
is_secret(const char *name)
{
	static const char *const words[] = {"API_KEY", "PASSWORD", "SECRET",
	    "TOKEN", "PRIVATE_KEY", "CREDENTIALS", "ACCESS_KEY"};

	for (size_t i = 0; i < COUNT(words); i++)
		if (strstr(name, words[i]))
			return true;
	return false;
}

void
rule_env(struct rule_ctx *c, const struct value *env)
{
	for (size_t i = 0; i < rule_members(env); i++) {
		const struct value_member *m = &env->table.member[i];
		const char *s = value_str_or(m->value, "");

		if (!spec_is_variable(m->key) || strlen(m->key) != m->len)
			rule_tell(c, "E304", &m->at,
			    "'%.80s' is no name of a variable", m->key);
		else if (is_secret(m->key) && *s && *s != '$') {
			rule_tell(c, "W303", &m->at,
			    "%s looks like a secret "
			    "in plain text",
			    m->key);
			rule_hint(c,
			    "let the caller's in: [env] pass = "
			    "[\"%.80s\"]",
			    m->key);
		}
	}
}

static void
check_plugin(struct rule_ctx *c, const char *name, const struct value *s)
{
	struct spec_plugin p = spec_plugin(s);
	const struct value *told = p.told ? p.told : s;
	bool has_image = value_get(s, "image");

	if (told->kind != VALUE_STR && told != s)
		return;
	if (p.is_from_type) {
		rule_tell(c, "W302", &told->at,
		    "service '%.80s' names its plugin by 'type'", name);
		rule_hint(c, "write plugin = \"%s\"", p.name);
	}
	if (!p.is_known && has_image) {
		rule_tell(c, "W302", &told->at,
		    "there is no plugin '%.80s': "
		    "its image runs as generic_container",
		    told->str.s);
	} else if (!p.is_known) {
		rule_tell(c, "E304", &told->at,
		    "there is no plugin '%.80s', "
		    "and the service has no image",
		    told->str.s);
		rule_hint(c, "plugin = \"generic_container\" with image = "
			     "\"…\"");
	} else if (p.needs_image && !has_image) {
		rule_tell(
		    c, "E302", &s->at, "service '%.80s' has no 'image'", name);
		if (p.health)
			rule_hint(c,
			    "a cleanroom reaches no %s outside: name the image "
			    "that runs in it",
			    p.name);
	}
}

static void
check_image(struct rule_ctx *c, const struct value *s)
{
	const struct value *v = value_get(s, "image");
	unsigned slashes = 0;

	if (!v || v->kind != VALUE_STR || !v->str.len)
		return;
	for (const char *p = v->str.s; *p; p++)
		slashes += *p == '/';
	if (strpbrk(v->str.s, " \t\n!?*") || slashes > 2)
		rule_tell(c, "E304", &v->at, "'%.80s' is no name of an image",
		    v->str.s);
}

static void
check_ports(struct rule_ctx *c, const char *name, const struct value *s,
    struct map *taken)
{
	const struct value *ports = value_get(s, "ports");

	for (size_t i = 0; i < rule_count(ports); i++) {
		const struct value *p = ports->list.item[i];
		char key[24];
		const char *by;

		if (p->kind != VALUE_INT)
			continue;
		snprintf(key, sizeof key, "%lld", (long long)p->i);
		by = map_get(taken, key, strlen(key));
		if (by && strcmp(by, name))
			rule_tell(c, "W303", &p->at,
			    "port %s is that of service '%.80s' too", key, by);
		else if (by)
			rule_tell(
			    c, "W303", &p->at, "port %s is listed twice", key);
		else if (p->i > 0 && p->i < 1024)
			rule_tell(c, "W303", &p->at,
			    "port %s is a reserved one", key);
		map_set(taken, key, strlen(key), (void *)(by ? by : name));
	}
}

static bool
is_system(const char *path)
{
	static const char *const dirs[] = {"/etc", "/var", "/proc", "/sys",
	    "/dev", "/boot", "/root", "/bin", "/sbin", "/lib", "/lib64",
	    "/usr/bin", "/usr/sbin"};

	for (size_t i = 0; i < COUNT(dirs); i++) {
		size_t n = strlen(dirs[i]);

		if (!strncmp(path, dirs[i], n) && (!path[n] || path[n] == '/'))
			return true;
	}
	return false;
}

static void
check_volumes(struct rule_ctx *c, const struct value *s)
{
	static const char *const keys[] = {"host_path", "container_path"};
	const struct value *volumes = value_get(s, "volumes");

	for (size_t i = 0; i < rule_count(volumes) * 2; i++) {
		const char *key = keys[i % 2];
		const struct value *v =
		    value_get(volumes->list.item[i / 2], key);

		if (!v || v->kind != VALUE_STR || !v->str.len)
			continue;
		if (*v->str.s != '/')
			rule_tell(c, "E304", &v->at,
			    "%s '%.80s' is not absolute", key, v->str.s);
		else if (i % 2 && is_system(v->str.s))
			rule_tell(c, "W303", &v->at,
			    "%s '%.80s' covers a directory of the system", key,
			    v->str.s);
	}
}

static void
check_ready(struct rule_ctx *c, const struct value *s)
{
	const struct value *ready = value_get(s, "ready");
	const struct value *url = value_get(ready, "http");

	rule_pattern(c, MATCH_REGEX, value_get(ready, "log"), "ready.log");
	rule_pattern(
	    c, MATCH_GLOB, value_get(s, "wait_for_span"), "wait_for_span");
	if (!url || url->kind != VALUE_STR ||
	    !strncmp(url->str.s, "http://", 7))
		return;
	rule_tell(c, "E304", &url->at, "ready.http '%.80s' is no http URL",
	    url->str.s);
	rule_hint(c, "http://127.0.0.1:8080/health");
}

static const struct value_member *
service_named(const struct rule_ctx *c, const char *name, size_t len)
{
	const struct value_member *m =
	    value_member(value_get(c->root, "service"), name, len);

	return m ? m : value_member(value_get(c->root, "services"), name, len);
}

/* It would go on without what it needs. */
static void
check_reuse(
    struct rule_ctx *c, const struct value_member *m, const struct value *need)
{
	const char *name = value_str_or(need, NULL);
	const struct value_member *on =
	    name ? service_named(c, name, need->str.len) : NULL;

	if (!on || !value_bool_or(value_get(m->value, "reuse"), false) ||
	    value_bool_or(value_get(on->value, "reuse"), false))
		return;
	rule_tell(c, "E304", &need->at,
	    "service '%.80s' is reused, and depends on '%.80s', which is not",
	    m->key, name);
	rule_hint(c, "reuse = true in [service.%.80s] too", name);
}

static void
check_needs(
    struct rule_ctx *c, const struct value_member *m, struct rule_order *order)
{
	const struct value *needs = value_get(m->value, "depends_on");

	for (size_t i = 0; i < rule_count(needs); i++) {
		const struct value *it = needs->list.item[i];
		const char *s = value_str_or(it, NULL);

		rule_order_add(order, s, m->key, &it->at);
		if (s && !service_named(c, s, it->str.len))
			rule_tell(c, "E304", &it->at,
			    "service '%.80s' depends on '%.80s', which is not "
			    "there",
			    m->key, s);
		check_reuse(c, m, it);
	}
}

static void
check_service(
    struct rule_ctx *c, const struct value_member *m, struct map *taken)
{
	if (m->value->kind != VALUE_TABLE)
		return;
	check_plugin(c, m->key, m->value);
	check_image(c, m->value);
	check_ports(c, m->key, m->value, taken);
	check_volumes(c, m->value);
	check_ready(c, m->value);
	rule_env(c, value_get(m->value, "env"));
}

void
rule_services(struct rule_ctx *c)
{
	const struct value *old = value_get(c->root, "services");
	const struct value *new = value_get(c->root, "service");
	struct rule_order order = {0};
	AUTO_MAP taken = {0};

	for (size_t i = 0; i < rule_members(old); i++) {
		check_service(c, &old->table.member[i], &taken);
		check_needs(c, &old->table.member[i], &order);
	}
	for (size_t i = 0; i < rule_members(new); i++) {
		const struct value_member *m = &new->table.member[i];
		const struct value_member *first =
		    value_member(old, m->key, m->len);

		check_service(c, m, &taken);
		check_needs(c, m, &order);
		if (!first)
			continue;
		rule_tell(c, "E305", &m->at,
		    "service '%.80s' is in [services] "
		    "and in [service]",
		    m->key);
		rule_hint(c, "the first is at line %u", first->at.line);
	}
	rule_order_check(c, &order, "no service can start");
}
