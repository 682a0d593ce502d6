#include "core/vars.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "data/tmpl.h"
#include "data/toml.h"

static const struct {
	const char *name, *variable, *otherwise;
} standard[] = {
    {"svc", "SERVICE_NAME", "clnrm"},
    {"env", "ENV", "ci"},
    {"endpoint", "OTEL_ENDPOINT", "http://localhost:4318"},
    {"exporter", "OTEL_TRACES_EXPORTER", "otlp"},
    {"image", "CLNRM_IMAGE", "registry/clnrm:1.0.0"},
    {"freeze_clock", "FREEZE_CLOCK", "2025-01-01T00:00:00Z"},
    {"token", "OTEL_TOKEN", ""},
};

static const char GIVEN[] = "CLNRM_VAR_";

/* Bytes of a name at s. */
static size_t
name_len(const char *s)
{
	size_t n =
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
		      "0123456789");

	return *s >= '0' && *s <= '9' ? 0 : n;
}

int
vars_check(const struct cli_list *given, struct err *e)
{
	for (size_t i = 0; i < given->n; i++) {
		size_t n = name_len(given->item[i]);

		if (n && given->item[i][n] == '=')
			continue;
		err_set(e, "--var: '%s' is not NAME=VALUE", given->item[i]);
		return err_hint(
		    e, "a name is of letters, digits and `_`: --var svc=api");
	}
	return 0;
}

/* ---- the file's own */

/* The line's end, and the next one's start or NULL. */
static const char *
line_end(const char *line, const char *end, const char **next)
{
	const char *nl = memchr(line, '\n', (size_t)(end - line));

	*next = nl ? nl + 1 : NULL;
	return nl ? nl : end;
}

static const char *
skip_blank(const char *s, const char *end)
{
	while (s < end && (*s == ' ' || *s == '\t' || *s == '\r'))
		s++;
	return s;
}

/* Does the line open a table? Its name, without brackets, in *name[*n]. */
static bool
opens_table(const char *s, const char *end, const char **name, size_t *n)
{
	const char *close;

	s = skip_blank(s, end);
	if (s == end || *s != '[')
		return false;
	s++;
	if (s < end && *s == '[')
		s++;
	close = memchr(s, ']', (size_t)(end - s));
	if (!close)
		return false;
	*name = skip_blank(s, close);
	*n = (size_t)(close - *name);
	while (close < end && *close == ']')
		close++;
	close = skip_blank(close, end);
	while (*n && ((*name)[*n - 1] == ' ' || (*name)[*n - 1] == '\t'))
		--*n;
	return *n && (close == end || *close == '#');
}

/* The table itself, or one below it. */
static bool
is_table(const char *line, size_t n, const char *name, bool also_below)
{
	size_t len = strlen(name);

	if (n < len || memcmp(line, name, len) != 0)
		return false;
	return n == len || (also_below && line[len] == '.');
}

/* A line that is no TOML, for it begins with a tag. */
static bool
opens_tag(const char *s, const char *end)
{
	s = skip_blank(s, end);
	return end - s > 1 && *s == '{' && strchr("{%#", s[1]);
}

const char *
vars_lines(const char *s, const char *end, const char *name, const char **stop)
{
	const char *start = NULL, *next, *other;
	size_t n;

	for (; s; s = next) {
		const char *eol = line_end(s, end, &next);
		bool opens = opens_table(s, eol, &other, &n);

		if (start && (opens_tag(s, eol) ||
				 (opens && !is_table(other, n, name, true)))) {
			*stop = s;
			return start;
		}
		if (!start && opens && is_table(other, n, name, false))
			start = s;
	}
	*stop = end;
	return start;
}

/* The same table without the texts that are templates. */
static struct value *
without_templates(struct arena *a, const struct value *vars, struct err *e)
{
	struct value *to = value_new(a, VALUE_TABLE);

	for (size_t i = 0; i < vars->table.n; i++) {
		const struct value_member *m = &vars->table.member[i];

		if (m->value->kind != VALUE_STR ||
		    !tmpl_is_template(m->value->str.s, m->value->str.len))
			value_set(a, to, m->key, m->len, m->value);
		else
			err_set(e,
			    "'%s' in [vars] is a template itself, and so no "
			    "variable of this file",
			    m->key);
	}
	return to;
}

struct value *
vars_of_file(
    struct arena *a, const char *path, const char *s, size_t n, struct err *e)
{
	const char *stop, *start = vars_lines(s, s + n, "vars", &stop);
	struct value *all, *vars;
	struct err why = {0};

	if (!start)
		return NULL;
	all = toml_parse(a, path, start, (size_t)(stop - start), &why);
	vars = all ? value_get(all, "vars") : NULL;
	if (vars && vars->kind == VALUE_TABLE)
		return without_templates(a, vars, e);
	err_set(e, "[vars] alone is not TOML, the file has no variables: %s",
	    all ? "it is an array" : err_message(&why));
	return NULL;
}

/* ---- what is fixed */

static void
read_fixed(struct vars_fixed *to, struct arena *a, const struct value *line)
{
	const struct value *seed = value_get(line, "seed");
	const char *clock = value_str_or(value_get(line, "freeze_clock"), NULL);

	if (seed && ((seed->kind == VALUE_INT && seed->i >= 0) ||
			seed->kind == VALUE_UINT)) {
		to->has_seed = true;
		to->seed = seed->u;
	}
	if (clock)
		to->clock = arena_str(a, clock);
}

struct vars_fixed
vars_read_fixed(struct arena *a, const char *s, size_t n)
{
	struct vars_fixed to = {0};
	const char *stop, *line = vars_lines(s, s + n, "determinism", &stop);
	const char *next;

	if (!line)
		return to;
	line_end(line, stop, &next);
	for (line = next; line && line < stop; line = next) {
		const char *end = line_end(line, stop, &next);

		read_fixed(&to, a,
		    toml_parse(a, "", line, (size_t)(end - line), NULL));
	}
	return to;
}

/* ---- all */

/* The variables, and where each is from. */
struct all {
	struct arena *arena;
	struct value *vars, *origin; /* no origin: nobody asks */
};

static void
add(struct all *to, const char *name, size_t n, struct value *v,
    const char *origin)
{
	value_set(to->arena, to->vars, name, n, v);
	if (to->origin)
		value_set(to->arena, to->origin, name, n,
		    value_text(to->arena, origin));
}

static void
add_given(struct all *to, const char *text, const char *origin)
{
	size_t n = name_len(text);

	if (n && text[n] == '=')
		add(to, text, n, value_text(to->arena, text + n + 1), origin);
}

static void
add_standard(struct all *to)
{
	for (size_t i = 0; i < COUNT(standard); i++) {
		const char *v = getenv(standard[i].variable);

		add(to, standard[i].name, strlen(standard[i].name),
		    value_text(to->arena, v ? v : standard[i].otherwise),
		    v ? standard[i].variable : "default");
	}
}

static void
add_environment(struct all *to)
{
	for (char **v = environ; *v; v++)
		if (!strncmp(*v, GIVEN, sizeof GIVEN - 1))
			add_given(to, *v + sizeof GIVEN - 1,
			    arena_dup(to->arena, *v, strcspn(*v, "=")));
}

struct value *
vars_context(struct arena *a, const struct cli_list *given,
    const struct value *of_file, struct value *matrix, struct value *origin)
{
	struct value *context = value_new(a, VALUE_TABLE);
	struct all all = {a, value_new(a, VALUE_TABLE), origin};

	add_standard(&all);
	for (size_t i = 0; i < value_count(of_file); i++) {
		const struct value_member *m = &of_file->table.member[i];

		add(&all, m->key, m->len, m->value, "[vars]");
	}
	add_environment(&all);
	for (size_t i = 0; i < given->n; i++)
		add_given(&all, given->item[i], "--var");
	value_put(a, context, "matrix", matrix);
	value_put(a, context, "otel", value_new(a, VALUE_TABLE));
	for (size_t i = 0; i < all.vars->table.n; i++) {
		const struct value_member *m = &all.vars->table.member[i];

		value_set(a, context, m->key, m->len, m->value);
	}
	value_put(a, context, "vars", all.vars);
	return context;
}
