#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "data/toml.h"

static void
scalar(const struct value *v, const char **type, char text[64])
{
	if (v->kind == VALUE_BOOL) {
		*type = "bool";
		snprintf(text, 64, "%s", v->b ? "true" : "false");
	} else if (v->kind == VALUE_INT) {
		*type = "integer";
		snprintf(text, 64, "%" PRId64, v->i);
	} else {
		*type = "float";
		if (isnan(v->f))
			snprintf(text, 64, "nan");
		else
			snprintf(text, 64, "%.17g", v->f);
	}
}

void
toml_tagged(struct json *j, const char *key, const struct value *v)
{
	static const char *const times[] = {
	    "datetime", "datetime-local", "date-local", "time-local"};
	const char *type = "string";
	char text[64];

	if (v->kind == VALUE_LIST) {
		json_open(j, key, '[');
		for (size_t i = 0; i < v->list.n; i++)
			toml_tagged(j, NULL, v->list.item[i]);
		json_close(j, ']');
		return;
	}
	json_open(j, key, '{');
	if (v->kind == VALUE_TABLE) {
		for (size_t i = 0; i < v->table.n; i++) {
			const struct value_member *m = &v->table.member[i];

			json_keyn(j, m->key, m->len);
			toml_tagged(j, NULL, m->value);
		}
	} else if (v->kind == VALUE_STR || v->kind == VALUE_TIME) {
		json_str(j, "type",
		    v->kind == VALUE_TIME ? times[v->time] : "string");
		json_strn(j, "value", v->str.s, v->str.len);
	} else {
		scalar(v, &type, text);
		json_str(j, "type", type);
		json_str(j, "value", text);
	}
	json_close(j, '}');
}
