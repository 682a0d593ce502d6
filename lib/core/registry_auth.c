#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "core/login.h"
#include "core/registry_int.h"
#include "data/json.h"

enum { TOKEN_MAX = 64 << 10, NS_OF_S = 1000000000, PATIENCE_S = 60 };

/* ---- a challenge */

/*
 * The value of a parameter of `Bearer realm="…",service="…"`. A comma may
 * stand within quotes.
 */
static bool
parameter(const char *s, const char *name, struct buf *to)
{
	size_t n = strlen(name);
	bool is_quoted = false;

	for (const char *at = s; *at && *at != '\n'; at++) {
		is_quoted ^= *at == '"';
		if (is_quoted || at == s || !strchr(" ,\t", at[-1]) ||
		    strncasecmp(at, name, n) || at[n] != '=')
			continue;
		at += n + 1;
		if (*at != '"') {
			buf_add(to, at, strcspn(at, ", \t\n"));
			return true;
		}
		for (at++; *at && *at != '"' && *at != '\n'; at++) {
			at += *at == '\\' && at[1] && at[1] != '\n';
			buf_addc(to, *at);
		}
		return true;
	}
	return false;
}

/* The line with that scheme, behind its name; or NULL. */
static const char *
scheme(const char *challenge, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = challenge; *s; s += strcspn(s, "\n") + 1)
		if (!strncasecmp(s, name, n) && (s[n] == ' ' || s[n] == '\n'))
			return s + n;
	return NULL;
}

/* ---- a token */

static void
add_escaped(struct buf *b, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP"
				    "QRSTUVWXYZ0123456789-._~";

	for (; *s; s++)
		if (strchr(plain, *s))
			buf_addc(b, *s);
		else
			buf_addf(b, "%%%02X", (unsigned char)*s);
}

static void
add_basic(struct buf *b, const struct login *l)
{
	AUTO_BUF both = BUF_INIT;

	buf_addf(&both, "%s:%s", l->user.s, l->secret.s);
	buf_adds(b, "Basic ");
	base64_print(b, both.s, both.len);
}

/* Where tokens are given out: never by a less secure way than the registry's.
 */
static int
check_realm(const struct visit *v, const char *realm, struct err *e)
{
	bool is_plain = !strncasecmp(realm, "http://", 7);

	if (strncasecmp(realm, "https://", 8) && !is_plain)
		return err_set(e,
		    "%s: it gives out tokens at '%.80s', which is no URL",
		    v->asked, realm);
	if (is_plain && strncmp(v->base, "http://", 7))
		return err_set(e,
		    "%s: it gives out tokens at %.80s, without TLS: refused",
		    v->asked, realm);
	return 0;
}

static void
add_scope(struct buf *b, const struct visit *v, const char *service)
{
	AUTO_BUF scope = BUF_INIT;

	if (*service) {
		buf_adds(b, "service=");
		add_escaped(b, service);
		buf_addc(b, '&');
	}
	buf_addf(&scope, "repository:%s:pull", v->path);
	buf_adds(b, "scope=");
	add_escaped(b, scope.s);
}

static bool
is_token(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	return n && n < TOKEN_MAX;
}

static int
take_token(struct visit *v, const struct transfer_reply *reply, struct err *e)
{
	AUTO_ARENA a = {0};
	struct err why = {0};
	const struct value *answer =
	    json_parse(&a, reply->body.s, reply->body.len, &why);
	const char *token = value_str_or(value_get(answer, "token"),
	    value_str_or(value_get(answer, "access_token"), ""));

	if (!is_token(token))
		return err_set(
		    e, "%s: what it gives out is no token", v->asked);
	buf_reset(&v->authorization);
	buf_addf(&v->authorization, "Bearer %s", token);
	return 0;
}

/* An identity token is changed for one of use by a form; else one asks. */
static void
add_form(struct buf *form, const struct visit *v, const char *token,
    const char *service)
{
	buf_adds(form, "grant_type=refresh_token&client_id=clnrm&"
		       "refresh_token=");
	add_escaped(form, token);
	buf_addc(form, '&');
	add_scope(form, v, service);
}

static int
fetch_token(struct visit *v, const struct login *l, const char *realm,
    const char *service, struct err *e)
{
	AUTO_BUF url = BUF_INIT, form = BUF_INIT, basic = BUF_INIT;
	AUTO_REPLY reply = TRANSFER_REPLY_INIT;
	struct transfer_request ask = {.ca = v->site ? v->site->ca : NULL,
	    .is_unchecked = v->site && v->site->is_insecure,
	    .stall_ns = v->r->how.stall_ns,
	    .whole_ns = (int64_t)PATIENCE_S * NS_OF_S};
	struct transfer *t;
	int got;

	buf_adds(&url, realm);
	if (l->token.len) {
		add_form(&form, v, l->token.s, service);
		ask.form = form.s;
	} else {
		buf_addc(&url, strchr(realm, '?') ? '&' : '?');
		add_scope(&url, v, service);
		if (l->user.len)
			add_basic(&basic, l);
	}
	ask.authorization = basic.s;
	ask.url = url.s;
	t = registry_take(v->r);
	got = transfer_run(t, &ask, &reply, e);
	registry_give(v->r, t);
	if (got < 0) {
		struct err why = *e;

		return err_set(e, "%s: no token: %s", v->asked, why.text);
	}
	if (reply.status != 200)
		return visit_refused(v, "a token", &reply, e);
	return take_token(v, &reply, e);
}

static int
bearer(struct visit *v, const char *challenge, const struct login *l,
    struct err *e)
{
	AUTO_BUF realm = BUF_INIT, service = BUF_INIT;

	if (!parameter(challenge, "realm", &realm) ||
	    utf8_check(realm.s, realm.len) != realm.len ||
	    strpbrk(realm.s, " \t\r"))
		return err_set(e,
		    "%s: it asks for a token, and does not say "
		    "where one gets it",
		    v->asked);
	parameter(challenge, "service", &service);
	return check_realm(v, realm.s, e) < 0
		 ? -1
		 : fetch_token(v, l, realm.s, service.s, e);
}

int
visit_let_in(struct visit *v, const char *challenge, struct err *e)
{
	const char *tokens = scheme(challenge, "Bearer");
	AUTO_LOGIN l = LOGIN_INIT;
	int got;

	if (!tokens && !scheme(challenge, "Basic"))
		return err_set(
		    e, "%s: it lets in by neither Bearer nor Basic", v->asked);
	got = login_find(v->asked, &l, e);
	if (got < 0)
		return -1;
	v->has_login = got;
	if (tokens)
		return bearer(v, tokens, &l, e);
	if (!got) {
		err_set(e, "%s: it wants a login", v->asked);
		return err_hint(e, "docker login %s", v->asked);
	}
	buf_reset(&v->authorization);
	add_basic(&v->authorization, &l);
	return 0;
}
