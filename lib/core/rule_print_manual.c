/* The table of keys for people: a part of the manual, and a list. */
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/rule_int.h"
#include "core/rule_print.h"

/* ---- types in words */

static const char *const type_words[] = {
    [RULE_BOOL] = "boolean",
    [RULE_INT] = "integer",
    [RULE_NUMBER] = "number",
    [RULE_STR] = "string",
    [RULE_SCALAR] = "string, number or boolean",
    [RULE_STRS] = "array of strings",
    [RULE_STRS_ARRAY] = "array of arrays of strings",
    [RULE_INTS] = "array of integers",
    [RULE_TABLE] = "table",
    [RULE_TABLES] = "array of tables",
    [RULE_TABLE_MAP] = "table of tables",
    [RULE_STR_MAP] = "table of strings",
    [RULE_SCALAR_MAP] = "table of strings, numbers or booleans",
    [RULE_STRS_MAP] = "table of arrays of strings",
    [RULE_ANY_MAP] = "table",
    [RULE_MATCH] = "string, number, boolean or table",
    [RULE_MATCH_MAP] = "table of strings, numbers, booleans or tables",
    [RULE_ATTRS] = "table of strings, numbers, booleans or tables",
};

static void
add_words(struct buf *b, const char *words)
{
	const char *w = words;

	buf_adds(b, w == words ? ": " : "");
	while (*w) {
		size_t n = strcspn(w, "|");

		buf_add(b, w, n);
		w += n;
		if (*w)
			buf_adds(b, strchr(++w, '|') ? ", " : " or ");
	}
}

static void
add_type(struct buf *b, const struct rule_key *k)
{
	if (k->shape == RULE_ITEMS) {
		add_type(b, k->sub);
		return;
	}
	buf_adds(b, type_words[k->shape]);
	if (k->flags & RULE_WORDS)
		add_words(b, k->words);
	if (!(k->flags & RULE_RANGE))
		return;
	if (isinf(k->max))
		buf_addf(b, " from %g", k->min);
	else
		buf_addf(b, ", %g to %g", k->min, k->max);
}

/* ---- the list */

/* What a path has behind a key that holds many tables. */
static const char *
behind(const struct rule_key *k)
{
	switch (k->shape) {
	case RULE_TABLES:
		return "[]";
	case RULE_TABLE_MAP:
	case RULE_MATCH_MAP:
	case RULE_ATTRS:
		return ".NAME";
	default:
		return "";
	}
}

static void
list_keys(struct buf *b, struct buf *path, const struct rule_key keys[])
{
	for (const struct rule_key *k = keys; k->name; k++) {
		size_t was = path->len;

		buf_addf(path, "%s%s", was ? "." : "", k->name);
		buf_addf(b, "%s\t", path->s);
		add_type(b, k);
		buf_addf(b, "\t%s\n", k->does);
		if (k->sub && k->shape != RULE_ITEMS) {
			buf_adds(path, behind(k));
			list_keys(b, path, k->sub);
		}
		buf_cut(path, was);
	}
}

void
rule_print_keys(struct buf *b)
{
	AUTO_BUF path = BUF_INIT;

	list_keys(b, &path, rule_root);
}

/* ---- the manual */

/* Text as mdoc reads it, each sentence on a line of its own. */
static void
add_text(struct buf *b, const char *s)
{
	bool is_first = true;

	for (; *s; s++) {
		if (is_first && (*s == '.' || *s == '\''))
			buf_adds(b, "\\&");
		is_first = *s == '.' && s[1] == ' ';
		if (*s == '\\')
			buf_adds(b, "\\e");
		else
			buf_addc(b, *s);
		if (is_first) {
			buf_addc(b, '\n');
			s++;
		}
	}
	buf_addc(b, '\n');
}

static bool
is_section(const struct rule_key *k)
{
	return k->sub && k->shape != RULE_ITEMS && !(k->flags & RULE_BRIEF);
}

static void
add_item(struct buf *b, const char *path, const struct rule_key *k)
{
	buf_addf(
	    b, ".It Cm %s%s\n", path, k->flags & RULE_NEEDED ? " No *" : "");
	add_type(b, k);
	buf_adds(b, ".\n");
	add_text(b, k->does);
}

/* The keys of one section, and those of the small tables in it. */
static void
add_items(struct buf *b, struct buf *path, const struct rule_key keys[])
{
	for (const struct rule_key *k = keys; k->name; k++) {
		size_t was = path->len;

		buf_addf(path, "%s%s", was ? "." : "", k->name);
		if (is_section(k)) {
			buf_adds(path, behind(k));
			add_items(b, path, k->sub);
		} else {
			add_item(b, path->s, k);
		}
		buf_cut(path, was);
	}
}

static void
add_section(struct buf *b, const char *outer, const struct rule_key *k)
{
	AUTO_BUF path = BUF_INIT;
	bool is_list = k->shape == RULE_TABLES;

	buf_addf(b, ".Ss %s%s%s%s%s\n", is_list ? "[[" : "[", outer, k->name,
	    k->shape == RULE_TABLE_MAP ? ".NAME" : "", is_list ? "]]" : "]");
	add_text(b, k->does);
	if (!is_section(k))
		return;
	buf_adds(b, ".Pp\n.Bl -tag -width Ds -compact\n");
	add_items(b, &path, k->sub);
	buf_adds(b, ".El\n");
}

void
rule_print_manual(struct buf *b)
{
	for (const struct rule_key *k = rule_root; k->name; k++) {
		if (strcmp(k->name, "expect") != 0) {
			add_section(b, "", k);
			continue;
		}
		for (const struct rule_key *e = k->sub; e->name; e++)
			add_section(b, "expect.", e);
	}
}
