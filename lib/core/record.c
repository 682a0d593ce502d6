#include "core/record.h"

#include <string.h>

#include "base/die.h"
#include "base/mem.h"

#define TYPE(name, type)                     \
	{                                    \
		name, sizeof(name) - 1, type \
	}

static const struct {
	const char *name;
	size_t n;
	enum record_type type;
} types[] = {
    TYPE("begin", RECORD_BEGIN),
    TYPE("change", RECORD_CHANGE),
    TYPE("batch", RECORD_BATCH),
    TYPE("ready", RECORD_READY),
    TYPE("request", RECORD_REQUEST),
    TYPE("affected", RECORD_AFFECTED),
    TYPE("attempts", RECORD_ATTEMPTS),
    TYPE("rendered", RECORD_RENDERED),
    TYPE("diagnostic", RECORD_DIAGNOSTIC),
    TYPE("plan", RECORD_PLAN),
    TYPE("scenario.start", RECORD_SCENARIO_START),
    TYPE("service", RECORD_SERVICE),
    TYPE("step", RECORD_STEP),
    TYPE("log", RECORD_LOG),
    TYPE("span", RECORD_SPAN),
    TYPE("violation", RECORD_VIOLATION),
    TYPE("input", RECORD_INPUT),
    TYPE("artifact", RECORD_ARTIFACT),
    TYPE("scenario.end", RECORD_SCENARIO_END),
    TYPE("check", RECORD_CHECK),
    TYPE("verdict", RECORD_VERDICT),
    TYPE("diff", RECORD_DIFF),
    TYPE("diff.summary", RECORD_DIFF_SUMMARY),
    TYPE("recorded", RECORD_RECORDED),
    TYPE("listening", RECORD_LISTENING),
    TYPE("collected", RECORD_COLLECTED),
    TYPE("metric", RECORD_METRIC),
    TYPE("end", RECORD_END),
};

static enum record_type
type_of(struct pull_text name)
{
	for (size_t i = 0; i < COUNT(types); i++)
		if (types[i].n == name.n &&
		    !memcmp(types[i].name, name.s, name.n))
			return types[i].type;
	return RECORD_OTHER;
}

int
record_read(const char *line, size_t len, struct record *r, struct err *e)
{
	struct json_want want[] = {JSON_WANT("type"), JSON_WANT("id"),
	    JSON_WANT("source"), JSON_WANT("gen"), JSON_WANT("variant"),
	    JSON_WANT("via"), JSON_WANT("bound"), JSON_WANT("name")};
	struct pull_text type;

	if (json_look(line, len, want, COUNT(want), e) < 0)
		return -1;
	type = json_plain(want[0].text);
	if (!type.s)
		return err_at(e, NULL, 1, 1, "a record without a \"type\"");
	*r = (struct record){.type = type_of(type),
	    .line = line,
	    .len = len,
	    .number = r->number,
	    .id = want[1].text,
	    .source = want[2].text,
	    .gen = want[3].text,
	    .variant = want[4].text,
	    .via = want[5].text,
	    .bound = want[6].text,
	    .name = want[7].text};
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
record_key_read(const struct record *r, struct arena *a)
{
	return (struct record_key){
	    value_str_or(json_build(a, r->id), NULL),
	    value_str_or(json_build(a, r->source), NULL),
	    value_int_or(json_build(a, r->gen), 0),
	    value_str_or(json_build(a, r->variant), NULL),
	};
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
