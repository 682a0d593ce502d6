/* What the SDKs of the code under test are to be told: [otel]. */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "core/rule_int.h"

/* src: OpenTelemetry, environment variables; for protocols in any case */
static const char *const protocols[] = {"http/protobuf", "http/json", "grpc"};
static const char *const propagators[] = {"tracecontext", "baggage", "b3",
    "b3multi", "jaeger", "xray", "ottrace", "none"};

static bool
is_among(const char *s, const char *const words[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcasecmp(s, words[i]))
			return true;
	return false;
}

static void
check_protocol(struct rule_ctx *c)
{
	const struct value *v = value_find(c->root, "otel.protocol");

	if (is_among(value_str_or(v, "grpc"), protocols, COUNT(protocols)))
		return;
	rule_tell(c, "W302", &v->at,
	    "otel.protocol is '%.80s', which is none that is known",
	    value_str_or(v, ""));
	rule_hint(c, "http/protobuf, http/json or grpc");
}

static void
check_propagators(struct rule_ctx *c, const struct value *use)
{
	for (size_t i = 0; i < rule_count(use); i++) {
		const struct value *v = use->list.item[i];
		const char *s = value_str_or(v, "none");

		/* They stand in one variable, with commas between them. */
		if (!*s || s[strcspn(s, ", \t\r\n")]) {
			rule_tell(c, "E304", &v->at,
			    "'%.80s' is no name of a propagator", s);
			rule_hint(c, "one name an item of the array");
		} else if (!is_among(s, propagators, COUNT(propagators))) {
			rule_tell(c, "W302", &v->at,
			    "the propagator '%.80s' is none that is known", s);
			rule_hint(c, "tracecontext, baggage, b3, b3multi, "
				     "jaeger, xray, ottrace or none");
		}
	}
}

/* src: RFC 9110, 5.6.2 */
static bool
is_token(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~' ||
		    strchr("\"(),/:;<=>?@[\\]{}", s[i]))
			return false;
	return n > 0;
}

static bool
has_control(const struct value *v)
{
	for (size_t i = 0; v->kind == VALUE_STR && i < v->str.len; i++)
		if ((unsigned char)v->str.s[i] < ' ' || v->str.s[i] == 0x7f)
			return true;
	return false;
}

static void
check_headers(struct rule_ctx *c, const struct value *headers)
{
	for (size_t i = 0; i < rule_members(headers); i++) {
		const struct value_member *m = &headers->table.member[i];

		if (!is_token(m->key, m->len))
			rule_tell(c, "E304", &m->at,
			    "'%.80s' is no name of a header", m->key);
		else if (has_control(m->value))
			rule_tell(c, "E304", &m->value->at,
			    "header '%.80s' has a control character", m->key);
	}
}

void
rule_otel(struct rule_ctx *c)
{
	check_protocol(c);
	check_propagators(c, value_find(c->root, "otel.propagators.use"));
	check_propagators(c, value_find(c->root, "otel_propagators.use"));
	check_headers(c, value_find(c->root, "otel.headers"));
	check_headers(c, value_get(c->root, "otel_headers"));
}
