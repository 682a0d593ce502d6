#include "core/selection.h"

#include <string.h>

#include "data/match.h"

enum { MAX_DEPTH = 64 };

enum kind { S_OR, S_AND, S_NOT, S_TAG, S_NAME, S_FILE, S_WORD };

struct selection {
	enum kind kind;
	struct selection *left, *right;
	struct match *glob;
	const char *word;
};

struct reader {
	struct arena *a;
	const char *text, *at;
	unsigned depth;
	struct err *e;
};

static struct selection *read_or(struct reader *r);

static char
peek(struct reader *r)
{
	r->at += strspn(r->at, " \t\n");
	return *r->at;
}

static struct selection *
node(struct reader *r, enum kind kind, struct selection *left,
    struct selection *right)
{
	struct selection *s = arena_alloc(r->a, sizeof *s);

	s->kind = kind;
	s->left = left;
	s->right = right;
	return s;
}

static struct selection *
wrong(struct reader *r, const char *what)
{
	err_set(r->e, "column %zu: %s", (size_t)(r->at - r->text) + 1, what);
	return NULL;
}

static struct selection *
read_term(struct reader *r)
{
	static const struct {
		const char *prefix;
		enum kind kind;
	} kinds[] = {{"tag:", S_TAG}, {"name:", S_NAME}, {"file:", S_FILE}};
	struct selection *s = node(r, S_WORD, NULL, NULL);
	size_t n = strcspn(r->at, " \t\n&|!()");
	const char *word = arena_dup(r->a, r->at, n);
	struct err why = {0};

	if (!n)
		return wrong(r, "a test is named here: tag:GLOB, name:GLOB, "
				"file:GLOB or a word");
	s->word = word;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t skip = strlen(kinds[i].prefix);

		if (strncmp(word, kinds[i].prefix, skip) != 0)
			continue;
		s->kind = kinds[i].kind;
		s->glob = match_compile(
		    MATCH_GLOB, word + skip, n - skip, NULL, &why);
		if (!s->glob)
			return wrong(r, why.text);
	}
	if (s->kind == S_WORD && strchr(word, ':'))
		return wrong(r, "no such kind; there are tag, name and file");
	r->at += n;
	return s;
}

static struct selection *
read_group(struct reader *r)
{
	struct selection *s;

	r->at++;
	if (!(s = read_or(r)))
		return NULL;
	if (peek(r) != ')') {
		selection_free(s);
		return wrong(r, "a parenthesis is not closed");
	}
	r->at++;
	return s;
}

static struct selection *
read_not(struct reader *r)
{
	struct selection *s;
	bool is_not = false;

	while (peek(r) == '!') {
		is_not = !is_not;
		r->at++;
	}
	s = *r->at == '(' ? read_group(r) : read_term(r);
	return s && is_not ? node(r, S_NOT, s, NULL) : s;
}

static struct selection *
read_more(struct reader *r, char sign, enum kind kind,
    struct selection *(*read)(struct reader *r))
{
	struct selection *s = read(r), *right;

	while (s && peek(r) == sign) {
		r->at++;
		if (!(right = read(r))) {
			selection_free(s);
			return NULL;
		}
		s = node(r, kind, s, right);
	}
	return s;
}

static struct selection *
read_and(struct reader *r)
{
	return read_more(r, '&', S_AND, read_not);
}

static struct selection *
read_or(struct reader *r)
{
	struct selection *s;

	if (++r->depth > MAX_DEPTH)
		return wrong(r, "too many parentheses");
	s = read_more(r, '|', S_OR, read_and);
	r->depth--;
	return s;
}

struct selection *
selection_parse(struct arena *a, const char *text, struct err *e)
{
	struct reader r = {.a = a, .text = text, .at = text, .e = e};
	struct selection *s = read_or(&r);

	if (!s || !peek(&r))
		return s;
	selection_free(s);
	return wrong(&r, "put & or | between two");
}

static bool
is_like(const struct selection *s, const char *text)
{
	struct err e = {0};

	if (!s->glob)
		return !strcmp(s->word, text);
	return match_find(s->glob, text, strlen(text), NULL, &e) > 0;
}

static bool
has_tag(const struct selection *s, const struct value *plan)
{
	const struct value *tags = value_find(plan, "meta.tags");

	for (size_t i = 0; i < value_count(tags); i++)
		if (is_like(s, value_str_or(tags->list.item[i], "")))
			return true;
	return false;
}

static bool
has_name(const struct selection *s, const struct value *plan)
{
	const struct value *list = value_get(plan, "scenarios");

	if (is_like(s, value_str_or(value_find(plan, "meta.name"), "")))
		return true;
	for (size_t i = 0; i < value_count(list); i++)
		if (is_like(s, value_str_or(
				   value_get(list->list.item[i], "name"), "")))
			return true;
	return false;
}

bool
selection_takes(const struct selection *s, const struct value *plan)
{
	switch (s->kind) {
	case S_OR:
		return selection_takes(s->left, plan) ||
		       selection_takes(s->right, plan);
	case S_AND:
		return selection_takes(s->left, plan) &&
		       selection_takes(s->right, plan);
	case S_NOT:
		return !selection_takes(s->left, plan);
	case S_TAG:
		return has_tag(s, plan);
	case S_NAME:
		return has_name(s, plan);
	case S_FILE:
		return is_like(s, value_str_or(value_get(plan, "source"), ""));
	case S_WORD:
		break;
	}
	return has_tag(s, plan) ||
	       strstr(value_str_or(value_find(plan, "meta.name"), ""), s->word);
}

void
selection_free(struct selection *s)
{
	if (!s)
		return;
	selection_free(s->left);
	selection_free(s->right);
	match_free(&s->glob);
}
