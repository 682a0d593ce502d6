/* What a scenario may do: its network, hosts and programs. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/rule_int.h"

static bool
is_host(const struct value *of)
{
	return !strcmp(value_str_or(value_get(of, "network"), ""), "host");
}

static bool
is_low(const struct value *scenario)
{
	const struct value *level =
	    value_find(scenario, "policy.security_level");

	return !strcasecmp(value_str_or(level, ""), "low");
}

/* Has every scenario a policy that leaves the host's network open? */
static bool
is_open(const struct rule_ctx *c)
{
	const struct value *list = value_get(c->root, "scenario");

	for (size_t i = 0; i < rule_count(list); i++)
		if (!is_low(list->list.item[i]))
			return false;
	return rule_count(list) && !rule_count(value_get(c->root, "steps"));
}

static void
tell_closed(struct rule_ctx *c, const struct value *of, const char *where)
{
	rule_tell(c, "E304", &value_get(of, "network")->at,
	    "the host's network needs a policy that allows it");
	rule_hint(c, "policy.security_level = \"low\" in %s", where);
}

/* Services are those of every scenario, with the network of each. */
static bool
check_services(struct rule_ctx *c)
{
	static const char *const tables[] = {"services", "service"};
	bool has_host = false;

	for (size_t t = 0; t < 2; t++) {
		const struct value *all = value_get(c->root, tables[t]);

		for (size_t i = 0; i < rule_members(all); i++) {
			const struct value *s = all->table.member[i].value;

			if (!is_host(s))
				continue;
			has_host = true;
			if (!is_open(c))
				tell_closed(c, s, "every scenario");
		}
	}
	return has_host;
}

/* ---- hosts */

/* Without the port, and without the brackets of an address before one. */
static size_t
host_of(const char **s)
{
	size_t n = strcspn(*s, ":");

	if (**s == '[') {
		++*s;
		return strcspn(*s, "]");
	}
	return strchr(*s + n + !!(*s)[n], ':') ? strlen(*s) : n;
}

static bool
is_word(const char *s, size_t n, const char *word)
{
	return n == strlen(word) && !strncasecmp(s, word, n);
}

/* Of 127.0.0.0/8, as four numbers. */
static bool
is_loopback(const char *s, size_t n)
{
	unsigned dots = 0;

	for (size_t i = 0; i < n; i++) {
		dots += s[i] == '.';
		if (!strchr("0123456789.", s[i]))
			return false;
	}
	return dots == 3 && !strncmp(s, "127.", 4);
}

static bool
is_inside(const struct rule_ctx *c, const char *s)
{
	size_t n = host_of(&s);

	return is_loopback(s, n) || is_word(s, n, "localhost") ||
	       is_word(s, n, "::1") || is_word(s, n, "clnrm") ||
	       value_member(value_get(c->root, "service"), s, n) ||
	       value_member(value_get(c->root, "services"), s, n);
}

static void
check_hosts(struct rule_ctx *c, const struct value *policy, bool has_host_net)
{
	const struct value *list = value_get(policy, "allowed_network_hosts");

	if (list && has_host_net) {
		rule_tell(c, "E304", &list->at,
		    "%s.allowed_network_hosts: nobody holds the host's network "
		    "to a list",
		    c->path.s);
		rule_hint(c, "leave it out, or network = \"host\"");
		return;
	}
	for (size_t i = 0; i < rule_count(list); i++) {
		const struct value *it = list->list.item[i];

		if (it->kind != VALUE_STR || is_inside(c, it->str.s))
			continue;
		rule_tell(c, "E304", &it->at,
		    "a cleanroom reaches no outside host: '%.80s' cannot be "
		    "allowed",
		    it->str.s);
		rule_hint(c, "make it a service of this file, or take network "
			     "= \"host\" with security_level = \"low\"");
	}
}

/* ---- programs */

static void
check_commands(struct rule_ctx *c, const struct value *policy)
{
	const struct value *list = value_get(policy, "disallowed_commands");

	for (size_t i = 0; i < rule_count(list); i++) {
		const struct value *it = list->list.item[i];
		const char *s = value_str_or(it, "-");
		const char *slash = strrchr(s, '/');

		if (*s && (!slash || (*s == '/' && slash[1])))
			continue;
		rule_tell(c, "E304", &it->at,
		    "'%.80s' is neither the name of a program nor its absolute "
		    "path",
		    s);
		rule_hint(c, "such as curl or /usr/bin/curl");
	}
}

void
rule_policies(struct rule_ctx *c)
{
	const struct value *list = value_get(c->root, "scenario");
	bool has_host = check_services(c);
	size_t outer = rule_enter(c, "scenario");

	for (size_t i = 0; i < rule_count(list); i++) {
		const struct value *s = list->list.item[i];
		const struct value *policy = value_get(s, "policy");
		size_t was = rule_enter_item(c, i);

		rule_enter(c, "policy");
		if (is_host(s) && !is_low(s))
			tell_closed(c, s, "the scenario");
		check_hosts(c, policy, has_host || is_host(s));
		check_commands(c, policy);
		buf_cut(&c->path, was);
	}
	buf_cut(&c->path, outer);
}
