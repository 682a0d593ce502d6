/* Words of the test file that both the rules and the plan must read alike. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/spec.h"

static int64_t
unit_ms(const char *s)
{
	static const struct {
		const char *words; /* each followed by a blank */
		int64_t ms;
	} units[] = {{"ms millis millisecond milliseconds ", 1},
	    {"s sec secs second seconds ", 1000},
	    {"m min mins minute minutes ", 60000},
	    {"h hr hrs hour hours ", 3600000}, {"d day days ", 86400000}};
	size_t len = strlen(s);

	for (size_t i = 0; len && i < COUNT(units); i++)
		for (const char *w = units[i].words; *w;) {
			size_t n = strcspn(w, " ");

			if (n == len && !memcmp(w, s, n))
				return units[i].ms;
			w += n + 1;
		}
	return -1;
}

int64_t
spec_duration(const char *text)
{
	int64_t n = 0, ms;

	if (*text < '0' || *text > '9')
		return -1;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (n > INT64_MAX / 10 - 1)
			return -1;
		n = n * 10 + *text - '0';
	}
	ms = unit_ms(text + (*text == ' '));
	return ms < 0 || n > INT64_MAX / 1000000 / ms ? -1 : n * ms;
}

bool
spec_is_variable(const char *s)
{
	if (*s >= '0' && *s <= '9')
		return false;
	for (const char *p = s; *p; p++)
		if ((*p | 32) < 'a' || (*p | 32) > 'z')
			if (*p != '_' && (*p < '0' || *p > '9'))
				return false;
	return *s;
}

struct spec_plugin
spec_plugin(const struct value *service)
{
	static const struct spec_plugin known[] = {
	    {.name = "generic_container", .needs_image = true},
	    {.name = "surrealdb", .port = 8000},
	    {"ollama", .needs_image = true, .health = "/api/version",
		.port = 11434},
	    {"vllm", .needs_image = true, .health = "/health", .port = 8000},
	    {"tgi", .needs_image = true, .health = "/health", .port = 80},
	};
	const struct value *plugin = value_get(service, "plugin");
	const struct value *type = value_get(service, "type");
	struct spec_plugin p = known[0];
	const char *word = value_str_or(plugin ? plugin : type, "");

	p.told = plugin;
	p.is_known = !plugin;
	for (size_t i = 0; i < COUNT(known); i++)
		if (!strcmp(word, known[i].name)) {
			p = known[i];
			p.is_known = true;
			p.is_from_type = !plugin && i;
			p.told = plugin ? plugin : type;
		}
	return p;
}

const struct value_member *
spec_inner(const struct value *h, const char *table, const char *key)
{
	const struct value *sub = value_get(h, table);
	struct value_member *m = value_member(sub, key, strlen(key)), *inner;
	char alias[64];

	if (m)
		return m;
	strcpy(alias, table);
	strcat(alias, "_");
	strcat(alias, key);
	m = value_member(h, alias, strlen(alias));
	/* The alias may stand for the sub-table, or for what is inside it */
	inner = m ? value_member(m->value, key, strlen(key)) : NULL;
	return inner && value_count(m->value) == 1 &&
		       inner->value->kind >= VALUE_LIST
		 ? inner
		 : m;
}
