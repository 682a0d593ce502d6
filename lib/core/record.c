#include "core/record.h"

#include <string.h>

#include "base/die.h"
#include "base/mem.h"

static const struct {
	const char *name;
	enum record_type type;
} types[] = {
    {"begin", RECORD_BEGIN},
    {"change", RECORD_CHANGE},
    {"batch", RECORD_BATCH},
    {"ready", RECORD_READY},
    {"request", RECORD_REQUEST},
    {"affected", RECORD_AFFECTED},
    {"rendered", RECORD_RENDERED},
    {"diagnostic", RECORD_DIAGNOSTIC},
    {"plan", RECORD_PLAN},
    {"scenario.start", RECORD_SCENARIO_START},
    {"service", RECORD_SERVICE},
    {"step", RECORD_STEP},
    {"log", RECORD_LOG},
    {"span", RECORD_SPAN},
    {"violation", RECORD_VIOLATION},
    {"input", RECORD_INPUT},
    {"artifact", RECORD_ARTIFACT},
    {"scenario.end", RECORD_SCENARIO_END},
    {"check", RECORD_CHECK},
    {"verdict", RECORD_VERDICT},
    {"listening", RECORD_LISTENING},
    {"metric", RECORD_METRIC},
    {"end", RECORD_END},
};

int
record_read(const char *line, size_t len, struct record *r, struct err *e)
{
	const char *type;
	size_t n;

	*r = (struct record){RECORD_OTHER, line, len, r->number};
	if (json_peek(line, len, "type", &type, &n, e) < 0)
		return -1;
	if (!type)
		return err_at(e, NULL, 1, 1, "a record without a \"type\"");
	for (size_t i = 0; i < COUNT(types); i++)
		if (strlen(types[i].name) == n &&
		    !memcmp(types[i].name, type, n))
			r->type = types[i].type;
	return 0;
}

struct value *
record_value(const struct record *r, struct arena *a)
{
	struct value *v = json_parse(a, r->line, r->len, NULL);

	BUG_IF(!v);
	return v;
}

void
record_pass(const struct record *r, struct out *out)
{
	out_add(out, r->line, r->len);
	out_add(out, "\n", 1);
}

struct json
record_begin(const char *type)
{
	struct json j = JSON_INIT;

	json_open(&j, NULL, '{');
	json_str(&j, "type", type);
	return j;
}

void
record_key(struct json *j, const struct record_key *key)
{
	json_str(j, "id", key->id);
	json_str(j, "source", key->source);
	json_int(j, "gen", key->gen);
	json_str(j, "variant", key->variant);
}

void
record_end(struct json *j, struct out *out)
{
	json_close(j, '}');
	buf_addc(&j->text, '\n');
	out_add(out, j->text.s, j->text.len);
}

struct record_key
record_key_of(const struct value *v)
{
	return (struct record_key){
	    value_str_or(value_get(v, "id"), NULL),
	    value_str_or(value_get(v, "source"), NULL),
	    value_int_or(value_get(v, "gen"), 0),
	    value_str_or(value_get(v, "variant"), NULL),
	};
}
