/* Secrets in plain text: a test file is committed, and read by many. */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "core/rule_int.h"

/* How the well-known ones begin, and how long what follows is at least. */
static const struct {
	const char *head;
	size_t tail;
	const char *what;
} known[] = {
    {"AKIA", 16, "an access key of AWS"},
    {"ghp_", 36, "a token of GitHub"},
    {"gho_", 36, "a token of GitHub"},
    {"ghs_", 36, "a token of GitHub"},
    {"github_pat_", 22, "a token of GitHub"},
    {"glpat-", 20, "a token of GitLab"},
    {"xoxb-", 20, "a token of Slack"},
    {"xoxp-", 20, "a token of Slack"},
    {"sk_live_", 20, "a key of Stripe"},
    {"AIza", 35, "a key of Google"},
    {"-----BEGIN ", 16, "a private key"},
};

enum { SHORTEST = 20 }; /* of them all */

static bool
is_token(char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
	       c == '_' || c == '-';
}

/* Does the text at s go on like that kind of secret? */
static bool
goes_on(size_t kind, const char *s)
{
	size_t n = 0;

	if (known[kind].head[0] == '-')
		return strstr(s, "PRIVATE KEY-----");
	while (is_token(s[n]))
		n++;
	return n >= known[kind].tail;
}

static void
check_text(struct rule_ctx *c, const struct value *v)
{
	if (v->str.len < SHORTEST)
		return;
	for (size_t i = 0; i < COUNT(known); i++) {
		const char *at = strstr(v->str.s, known[i].head);
		struct value_pos place;

		if (!at || !goes_on(i, at + strlen(known[i].head)))
			continue;
		place = rule_inside(c, v, (size_t)(at - v->str.s));
		rule_tell(c, "W303", &place, "this looks like %s in plain text",
		    known[i].what);
		rule_hint(c, "let the caller's in: [env] pass = [\"NAME\"]");
		return;
	}
}

static void
check_texts(struct rule_ctx *c, const struct value *v)
{
	if (v->kind == VALUE_STR)
		check_text(c, v);
	for (size_t i = 0; i < rule_count(v); i++)
		check_texts(c, v->list.item[i]);
	for (size_t i = 0; i < rule_members(v); i++)
		check_texts(c, v->table.member[i].value);
}

/* What is sent to a collector with every span. */
static void
check_headers(struct rule_ctx *c, const struct value *headers)
{
	static const char *const names[] = {
	    "authorization", "api-key", "x-api-key", "proxy-authorization"};

	for (size_t i = 0; i < rule_members(headers); i++) {
		const struct value_member *m = &headers->table.member[i];
		const char *s = value_str_or(m->value, "");

		for (size_t n = 0; n < COUNT(names); n++)
			if (*s && *s != '$' && !strcasecmp(m->key, names[n]))
				rule_tell(c, "W303", &m->at,
				    "header '%.80s' looks like a secret in "
				    "plain text",
				    m->key);
	}
}

void
rule_secrets(struct rule_ctx *c)
{
	check_headers(c, value_find(c->root, "otel.headers"));
	check_headers(c, value_get(c->root, "otel_headers"));
	check_texts(c, c->root);
}
