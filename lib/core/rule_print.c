/* The table of keys as a JSON Schema. */
#include "core/rule_print.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "core/rule_int.h"
#include "data/json.h"

struct schema {
	struct json j;
	enum rule_since generation;
};

static void put_table(struct schema *s, const struct rule_key keys[]);

/* A word as people write it, where its case does not matter. */
static void
put_word(struct json *j, const char *word, size_t n, bool any_case)
{
	AUTO_BUF b = BUF_INIT;

	json_strn(j, NULL, word, n);
	for (int round = 0; any_case && round < 3; round++) {
		buf_reset(&b);
		for (size_t i = 0; i < n; i++)
			buf_addc(&b, (char)(round == 1 || (round == 2 && !i)
						? toupper(word[i])
						: tolower(word[i])));
		if (memcmp(b.s, word, n) != 0)
			json_strn(j, NULL, b.s, b.len);
	}
}

static void
put_words(struct json *j, const struct rule_key *k)
{
	const char *w = k->words;

	json_open(j, "enum", '[');
	for (; *w; w += strcspn(w, "|"), w += *w == '|')
		put_word(j, w, strcspn(w, "|"), k->flags & RULE_ANY_CASE);
	json_close(j, ']');
}

static void
put_string(struct json *j, const struct rule_key *k)
{
	json_str(j, "type", "string");
	if (k->flags & RULE_NAME)
		json_str(j, "pattern", "\\S");
	if (k->flags & RULE_WORDS)
		put_words(j, k);
}

static void
put_number(struct json *j, const struct rule_key *k, const char *type)
{
	json_str(j, "type", type);
	if (!(k->flags & RULE_RANGE))
		return;
	json_float(j, "minimum", k->min);
	if (!isinf(k->max))
		json_float(j, "maximum", k->max);
}

static void
put_scalar(struct json *j)
{
	json_open(j, "type", '[');
	json_str(j, NULL, "string");
	json_str(j, NULL, "number");
	json_str(j, NULL, "boolean");
	json_close(j, ']');
}

/* What stands for any name: in a map, or in a list. */
static void put_each(struct schema *s, const struct rule_key *k,
    enum rule_shape shape, const char *type, const char *member);

static void put_either(struct schema *s, const struct rule_key *k,
    enum rule_shape one, enum rule_shape other);

static void
put_shape(struct schema *s, const struct rule_key *k, enum rule_shape shape)
{
	struct json *j = &s->j;

	switch (shape) {
	case RULE_BOOL:
		json_str(j, "type", "boolean");
		break;
	case RULE_INT:
		put_number(j, k, "integer");
		break;
	case RULE_NUMBER:
		put_number(j, k, "number");
		break;
	case RULE_STR:
		put_string(j, k);
		break;
	case RULE_SCALAR:
		put_scalar(j);
		break;
	case RULE_STRS:
		put_each(s, k, RULE_STR, "array", "items");
		break;
	case RULE_INTS:
		put_each(s, k, RULE_INT, "array", "items");
		break;
	case RULE_STRS_ARRAY:
		put_each(s, k, RULE_STRS, "array", "items");
		break;
	case RULE_TABLE:
		put_table(s, k->sub);
		break;
	case RULE_TABLES:
		put_each(s, k, RULE_TABLE, "array", "items");
		break;
	case RULE_TABLE_MAP:
		put_each(s, k, RULE_TABLE, "object", "additionalProperties");
		break;
	case RULE_STR_MAP:
		put_each(s, k, RULE_STR, "object", "additionalProperties");
		break;
	case RULE_SCALAR_MAP:
		put_each(s, k, RULE_SCALAR, "object", "additionalProperties");
		break;
	case RULE_STRS_MAP:
		put_each(s, k, RULE_STRS, "object", "additionalProperties");
		break;
	case RULE_ANY_MAP:
		json_str(j, "type", "object");
		break;
	case RULE_MATCH:
		put_either(s, k, RULE_SCALAR, RULE_TABLE);
		break;
	case RULE_MATCH_MAP:
		put_each(s, k, RULE_MATCH, "object", "additionalProperties");
		break;
	case RULE_ATTRS: /* the list is an older form of the table */
		put_either(s, k, RULE_MATCH_MAP, RULE_STRS);
		break;
	case RULE_ITEMS:
		put_shape(s, k->sub, k->sub->shape);
		break;
	}
}

static void
put_either(struct schema *s, const struct rule_key *k, enum rule_shape one,
    enum rule_shape other)
{
	json_open(&s->j, "anyOf", '[');
	json_open(&s->j, NULL, '{');
	put_shape(s, k, one);
	json_close(&s->j, '}');
	json_open(&s->j, NULL, '{');
	put_shape(s, k, other);
	json_close(&s->j, '}');
	json_close(&s->j, ']');
}

static void
put_each(struct schema *s, const struct rule_key *k, enum rule_shape shape,
    const char *type, const char *member)
{
	json_str(&s->j, "type", type);
	json_open(&s->j, member, '{');
	put_shape(s, k, shape);
	json_close(&s->j, '}');
}

static void
put_property(struct schema *s, const struct rule_key *k)
{
	json_open(&s->j, k->name, '{');
	json_str(&s->j, "description", k->does);
	put_shape(s, k, k->shape);
	json_close(&s->j, '}');
}

static void
put_needed(struct schema *s, const struct rule_key keys[])
{
	bool is_open = false;

	for (const struct rule_key *k = keys; k->name; k++) {
		if (!(k->flags & RULE_NEEDED))
			continue;
		if (!is_open)
			json_open(&s->j, "required", '[');
		is_open = true;
		json_str(&s->j, NULL, k->name);
	}
	if (is_open)
		json_close(&s->j, ']');
}

/* One of the keys with that flag must be there. */
static void
put_choice(struct schema *s, const struct rule_key keys[], unsigned flag)
{
	json_open(&s->j, NULL, '{');
	json_open(&s->j, "anyOf", '[');
	for (const struct rule_key *k = keys; k->name; k++) {
		if (!(k->flags & flag) || !rule_is_of(k, s->generation))
			continue;
		json_open(&s->j, NULL, '{');
		json_open(&s->j, "required", '[');
		json_str(&s->j, NULL, k->name);
		json_close(&s->j, ']');
		json_close(&s->j, '}');
	}
	json_close(&s->j, ']');
	json_close(&s->j, '}');
}

static void
put_choices(struct schema *s, const struct rule_key keys[])
{
	static const unsigned flags[] = {RULE_EITHER, RULE_OR};
	unsigned all = 0;

	for (const struct rule_key *k = keys; k->name; k++)
		all |= k->flags;
	if (!(all & (RULE_EITHER | RULE_OR)))
		return;
	json_open(&s->j, "allOf", '[');
	for (size_t i = 0; i < COUNT(flags); i++)
		if (all & flags[i])
			put_choice(s, keys, flags[i]);
	json_close(&s->j, ']');
}

static void
put_table(struct schema *s, const struct rule_key keys[])
{
	json_str(&s->j, "type", "object");
	json_bool(&s->j, "additionalProperties", false);
	json_open(&s->j, "properties", '{');
	for (const struct rule_key *k = keys; k->name; k++)
		if (rule_is_of(k, s->generation))
			put_property(s, k);
	json_close(&s->j, '}');
	put_needed(s, keys);
	put_choices(s, keys);
}

int
rule_print_json(struct buf *b, const char *version)
{
	static const struct {
		const char *version;
		enum rule_since generation;
	} known[] = {{"0.4", RULE_V04}, {"0.6", RULE_V06}, {"1.0", RULE_V10}};
	struct schema s = {JSON_INIT, RULE_ALWAYS};

	for (size_t i = 0; version && i < COUNT(known); i++)
		if (!strcmp(version, known[i].version))
			s.generation = known[i].generation;
	if (version && s.generation == RULE_ALWAYS)
		return -1;
	json_open(&s.j, NULL, '{');
	json_str(&s.j, "$schema", "http://json-schema.org/draft-07/schema#");
	json_str(&s.j, "title", "clnrm test file");
	put_table(&s, rule_root);
	json_close(&s.j, '}');
	buf_add(b, s.j.text.s, s.j.text.len);
	buf_addc(b, '\n');
	json_free(&s.j);
	return 0;
}
