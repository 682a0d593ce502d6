#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "core/verdict_int.h"

/*
 * Attributes that speak of another party. Where one names a host, it may be
 * one inside the cleanroom; the newer names are also used by servers about
 * themselves, so they count on spans that call out.
 */
static const struct {
	const char *key;
	bool names_host, is_callers;
} peers[] = {
    {"net.peer.name", true, false},
    {"net.peer.ip", true, false},
    {"net.peer.port", false, false},
    {"http.host", true, false},
    {"http.url", true, false},
    {"db.connection_string", true, false},
    {"rpc.service", false, false},
    {"messaging.destination", false, false},
    {"messaging.url", true, false},
    {"server.address", true, true},
    {"network.peer.address", true, true},
    {"url.full", true, true},
};

/* The host in "host", "host:port", "[v6]:port", "scheme://user@host/path". */
static const char *
host_of(struct arena *a, const char *text)
{
	const char *at = strstr(text, "://");
	size_t n;

	if (at)
		text = at + 3;
	n = strcspn(text, "/?#");
	for (size_t i = n; i; i--)
		if (text[i - 1] == '@') {
			text += i;
			n -= i;
			break;
		}
	if (*text == '[')
		return arena_dup(a, text + 1, strcspn(text + 1, "]"));
	if (memchr(text, ':', n) && !strchr(strchr(text, ':') + 1, ':'))
		n = strcspn(text, ":");
	return arena_dup(a, text, n);
}

static bool
is_loopback(const char *host)
{
	return !strncmp(host, "127.", 4) || !strcmp(host, "::1") ||
	       !strcmp(host, "0.0.0.0") || !strcasecmp(host, "localhost") ||
	     *host == '/' || !*host;
}

static bool
is_inside(struct judging *j, const char *text)
{
	const struct value *services = value_get(j->file->plan, "services");
	const char *host = host_of(&j->a, text);

	if (is_loopback(host))
		return true;
	for (size_t i = 0; i < value_count(services); i++) {
		const struct value *s = services->list.item[i];

		if (!strcasecmp(value_str_or(value_get(s, "name"), ""), host))
			return true;
	}
	return false;
}

static bool
calls_out(const struct seen *s)
{
	return !strcasecmp(s->kind, "CLIENT") ||
	       !strcasecmp(s->kind, "PRODUCER");
}

/* What of the span speaks of the world outside: "key=value", or NULL. */
static const char *
outside(struct judging *j, const struct seen *s)
{
	const struct span_attrs *attrs = &verdict_span(j->file, s)->attrs;
	const char *found = NULL;
	bool has_inner_host = false;

	for (size_t i = 0; i < COUNT(peers); i++) {
		const struct value *v =
		    verdict_value(&j->a, attrs, peers[i].key);
		const char *text;

		if (!v || (peers[i].is_callers && !calls_out(s)))
			continue;
		text = verdict_text(&j->a, v);
		if (peers[i].names_host && is_inside(j, text)) {
			has_inner_host = true;
			continue;
		}
		text = arena_fmt(&j->a, "%s=%s", peers[i].key, text);
		if (peers[i].names_host)
			return text;
		found = text;
	}
	return has_inner_host ? NULL : found;
}

void
verdict_charge(struct verdict_file *f, const struct value *v)
{
	struct running *r = verdict_run_of(f, v);

	if (!r)
		return;
	r->violation = arena_more(&f->a, r->violation, r->violations,
	    &r->violation_cap, sizeof *r->violation);
	r->violation[r->violations++] = v;
}

/* The next violation of a kind, of all runs; *at counts all from 0. */
static const struct value *
next_violation(const struct judging *j, const char *kind, size_t *at)
{
	size_t n = *at;

	for (size_t i = 0; i < j->file->runs; i++) {
		const struct running *r = &j->file->run[i];

		for (; n < r->violations; n++) {
			const struct value *v = r->violation[n];
			const char *of = value_str_or(value_get(v, "kind"), "");

			++*at;
			if (!strcmp(of, kind))
				return v;
		}
		n -= r->violations;
	}
	return NULL;
}

/* "in step "a" of scenario "s"", as far as it is known. */
static const char *
where_of(struct judging *j, const struct value *v)
{
	const char *step = value_str_or(value_get(v, "step"), NULL);
	const char *scenario = value_str_or(value_get(v, "scenario"), "");

	return step ? arena_fmt(&j->a, "in step \"%s\"", step)
		    : arena_fmt(&j->a, "in scenario \"%s\", in no step's time",
			  scenario);
}

/* Did the network see what no span tells of? */
static bool
check_strays(struct judging *j, struct check *c)
{
	const struct value *v, *first = NULL;
	int64_t count = 0;
	const char *target;

	for (size_t at = 0; (v = next_violation(j, "network", &at));) {
		first = first ? first : v;
		count += value_int_or(value_get(v, "count"), 1);
	}
	if (!first)
		return false;
	target = value_str_or(value_get(first, "target"), NULL);
	c->outcome = FAILS;
	c->is_open = false;
	c->actual = arena_fmt(&j->a, "%lld attempt%s to reach outside%s%s",
	    (long long)count, count == 1 ? "" : "s", target ? ": " : "",
	    target ? target : "");
	c->message =
	    arena_fmt(&j->a, "%s, the first %s", c->actual, where_of(j, first));
	if (!target)
		c->hint = "clnrm run --observe tells the program and the "
			  "address";
	return true;
}

static void
check_services(struct judging *j)
{
	struct check c = {.rule = "expect.hermeticity.no_external_services",
	    .code = "E205",
	    .outcome = HOLDS,
	    .is_open = true,
	    .expected = "no peer outside the cleanroom",
	    .message = "no span speaks of a peer outside the cleanroom"};

	bool is_found = check_strays(j, &c);

	for (size_t i = 0; i < j->file->n && !is_found; i++) {
		const struct seen *s = &j->file->seen[i];
		const char *what = s->is_counted ? outside(j, s) : NULL;

		if (!what)
			continue;
		c.outcome = FAILS;
		c.is_open = false;
		c.actual = what;
		c.message = arena_fmt(&j->a,
		    "span \"%s\" speaks of a service outside: %s", s->name,
		    what);
		verdict_name_span(j, &c, s);
		break;
	}
	verdict_check(j, &c);
}

static bool
may_write(const struct value *writes, const char *path)
{
	bool may = false;

	for (size_t i = 0; i < value_count(writes) && !may; i++) {
		const char *glob = value_str_or(writes->list.item[i], "");
		struct err e = {0};
		AUTO_MATCH *m =
		    match_compile(MATCH_GLOB, glob, strlen(glob), NULL, &e);

		may = m && match_find(m, path, strlen(path), NULL, &e) > 0;
	}
	return may;
}

/* "changed /etc/passwd", and whose, where it is a service's. */
static const char *
say_write(struct judging *j, const struct value *v)
{
	const char *service = value_str_or(value_get(v, "service"), NULL);
	const char *path = value_str_or(value_get(v, "path"), NULL);

	if (!path)
		return "more files than are listed";
	return arena_fmt(&j->a, "%s %s%s%s",
	    value_str_or(value_get(v, "op"), "changed"), path,
	    service ? " in service " : "", service ? service : "");
}

static void
check_writes(struct judging *j, const struct value *want)
{
	struct check c = {.rule = "expect.hermeticity.no_outside_writes",
	    .code = "E205",
	    .outcome = HOLDS,
	    .expected = "no file written outside of the declared places",
	    .message = "no file was written outside of the declared places"};
	const struct value *v, *writes = value_get(want, "writes");
	const char *path;
	size_t count = 0;

	for (size_t at = 0; (v = next_violation(j, "file", &at));) {
		path = value_str_or(value_get(v, "path"), NULL);
		if (path && may_write(writes, path))
			continue;
		if (!count)
			c.actual = say_write(j, v);
		count += (size_t)value_int_or(value_get(v, "count"), 1);
	}
	if (count) {
		c.outcome = FAILS;
		c.message = arena_fmt(&j->a,
		    "%zu file%s written outside of the declared places: %s%s",
		    count, count == 1 ? "" : "s", c.actual,
		    count == 1 ? "" : ", …");
		c.hint = "expect.hermeticity.writes declares more places";
	}
	verdict_check(j, &c);
}

static const struct value *
resource_attr(
    struct judging *j, const struct seen *s, const struct value_member *m)
{
	const struct span_resource *r = verdict_span(j->file, s)->resource;

	return r ? verdict_value(&j->a, &r->attrs, m->key) : NULL;
}

/* The first counted span whose resource says otherwise, or NULL. */
static const struct seen *
other_resource(struct judging *j, const struct value_member *m)
{
	for (size_t i = 0; i < j->file->n; i++) {
		const struct seen *s = &j->file->seen[i];

		if (s->is_counted &&
		    !verdict_is_text(&j->a, resource_attr(j, s, m), m->value))
			return s;
	}
	return NULL;
}

static void
check_resource(struct judging *j, const struct value_member *m)
{
	struct value any = {.kind = VALUE_STR, .str = {"*", 1}};
	struct picked p = verdict_pick(j, &any, true, false);
	const struct seen *s = other_resource(j, m);
	struct check c = {.code = "E205", .outcome = HOLDS, .is_open = true};
	const struct value *got = s ? resource_attr(j, s, m) : NULL;

	c.rule =
	    arena_fmt(&j->a, "expect.hermeticity.resource_attrs.%s", m->key);
	c.expected =
	    arena_fmt(&j->a, "%s=%s", m->key, verdict_text(&j->a, m->value));
	if (!p.n) {
		c.message = arena_fmt(
		    &j->a, "resource attribute %s: no span ever ran", m->key);
		verdict_missing(j, &c, &p);
	} else if (s) {
		c.outcome = FAILS;
		c.is_open = false;
		c.actual = got ? arena_fmt(&j->a, "%s=%s", m->key,
				     verdict_text(&j->a, got))
			       : arena_fmt(&j->a, "no %s", m->key);
		c.message = arena_fmt(&j->a,
		    "the resource of span \"%s\": expected %s, found %s",
		    s->name, c.expected, c.actual);
		verdict_name_span(j, &c, s);
	} else
		c.message =
		    arena_fmt(&j->a, "every resource has %s", c.expected);
	verdict_check(j, &c);
}

static void
check_forbidden(struct judging *j, const struct value *key, size_t at)
{
	const char *name = value_str_or(key, "");
	struct check c = {.code = "E205", .outcome = HOLDS, .is_open = true};

	c.rule = arena_fmt(&j->a, "expect.hermeticity.forbid_keys[%zu]", at);
	c.expected = arena_fmt(&j->a, "no attribute %s", name);
	c.message = arena_fmt(&j->a, "no span has attribute %s", name);
	for (size_t i = 0; i < j->file->n; i++) {
		const struct seen *s = &j->file->seen[i];
		const struct value *v = verdict_value(
		    &j->a, &verdict_span(j->file, s)->attrs, name);

		if (!s->is_counted || !v)
			continue;
		c.outcome = FAILS;
		c.is_open = false;
		c.actual =
		    arena_fmt(&j->a, "%s=%s", name, verdict_text(&j->a, v));
		c.message = arena_fmt(&j->a,
		    "span \"%s\" has the forbidden attribute %s", s->name,
		    name);
		verdict_name_span(j, &c, s);
		break;
	}
	verdict_check(j, &c);
}

void
verdict_hermeticity(struct judging *j, const struct value *want)
{
	const struct value *resource = value_get(want, "resource_attrs");
	const struct value *forbidden = value_get(want, "forbid_keys");

	if (value_bool_or(value_get(want, "no_external_services"), false))
		check_services(j);
	if (value_bool_or(value_get(want, "no_outside_writes"), false))
		check_writes(j, want);
	for (size_t i = 0; i < value_count(resource); i++) {
		check_resource(j, &resource->table.member[i]);
		arena_free(&j->a);
	}
	for (size_t i = 0; i < value_count(forbidden); i++) {
		check_forbidden(j, forbidden->list.item[i], i);
		arena_free(&j->a);
	}
}
