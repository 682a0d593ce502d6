#include "core/lint.h"

#include <string.h>

#include "base/die.h"
#include "base/utf8.h"
#include "core/rule.h"

enum {
	WIDE = 400, /* bytes of a rendered line that is shown */
	LEVELS = 64 /* of inclusion that are told */
};

/* The line of the rendered text, where it came of a template. */
static void
put_rendered(struct json *j, const struct lint *l, const struct value_pos *at)
{
	const char *s = l->s;
	size_t from = at->offset < l->n ? at->offset : l->n, to = from;

	while (from && s[from - 1] != '\n')
		from--;
	while (to < l->n && s[to] != '\n' && s[to] != '\r')
		to++;
	if (to - from <= WIDE)
		json_strn(j, "rendered", s + from, to - from);
}

/* The end of a range on the line that it begins on, or beyond it. */
static void
put_end(struct json *j, const struct lint *l, const struct value_pos *at,
    const struct spec_place *p)
{
	size_t len =
	    at->end > at->offset && at->end <= l->n ? at->end - at->offset : 0;
	const char *s = l->s + at->offset;

	if (!len || memchr(s, '\n', len)) {
		json_null(j, "end_line");
		json_null(j, "end_column");
		return;
	}
	json_int(j, "end_line", p->line);
	json_int(j, "end_column", p->column + (int64_t)utf8_count(s, len));
}

static const struct value *
item(const struct value *list, size_t i)
{
	if (!list || list->kind != VALUE_LIST || i >= list->list.n)
		return NULL;
	return list->list.item[i];
}

static const char *
dep_path(const struct lint *l, size_t i)
{
	return value_str_or(value_get(item(l->src.deps, i), "path"), "-");
}

/* The dep of that path, or beyond all. */
static size_t
dep_of(const struct lint *l, const char *path)
{
	size_t i = 0;

	while (item(l->src.deps, i) && strcmp(dep_path(l, i), path))
		i++;
	return i;
}

/* "note: included from FILE:LINE:COLUMN", for each level above a file. */
static void
add_levels(struct buf *hint, const struct lint *l, const char *file)
{
	const struct value *by = item(l->includes, dep_of(l, file));

	for (int level = 0; value_count(by) == 3 && level < LEVELS; level++) {
		int64_t dep = value_int_or(item(by, 0), -1);

		if (dep < 0)
			return;
		buf_addf(hint, "%snote: included from %s:%lld:%lld",
		    hint->len ? "\n" : "", dep_path(l, (size_t)dep),
		    (long long)value_int_or(item(by, 1), 0),
		    (long long)value_int_or(item(by, 2), 0));
		by = item(l->includes, (size_t)dep);
	}
}

static void
put_hint(struct json *j, const struct lint *l, const struct rule_find *f,
    const char *file)
{
	AUTO_BUF hint = BUF_INIT;

	buf_adds(&hint, f->hint ? f->hint : "");
	if (l->includes)
		add_levels(&hint, l, file);
	json_str(j, "hint", hint.len ? hint.s : NULL);
}

static void
tell(struct stage *st, const struct lint *l, const struct rule_find *f)
{
	static const char *const severity[] = {[RULE_ERROR] = "error",
	    [RULE_WARNING] = "warning",
	    [RULE_NOTE] = "note"};
	const char *path = l->src.path;
	struct spec_place p = spec_place(&l->src, &f->at);
	AUTO_JSON j = stage_record(st, "diagnostic");

	json_str(&j, "stage", st->name);
	json_str(&j, "source", path);
	json_str(&j, "severity", severity[f->severity]);
	json_str(&j, "code", f->code);
	json_str(&j, "message", f->message);
	json_int(&j, "line", p.line);
	json_int(&j, "column", p.column);
	put_end(&j, l, &f->at, &p);
	put_hint(&j, l, f, p.file);
	if (strcmp(p.file, path))
		json_str(&j, "file", p.file);
	if (l->src.map)
		put_rendered(&j, l, &f->at);
	stage_put(st, &j);
}

/* A template that nobody rendered: say so with its first error. */
static void
hint_template(const struct lint *l, const struct rule_finds *found)
{
	size_t i = 0;

	while (i < found->n && strcmp(found->find[i].code, "E301"))
		i++;
	if (i < found->n &&
	    (memmem(l->s, l->n, "{{", 2) || memmem(l->s, l->n, "{%", 2)))
		found->find[i].hint = "this is a template: "
				      "clnrm-render FILE | clnrm-lint -";
}

static void
write_plan(struct stage *st, const struct lint *l, const struct value *root,
    const struct value *unjudged)
{
	AUTO_JSON j = stage_record(st, "plan");

	spec_plan(&l->src, root, unjudged, &j);
	stage_put(st, &j);
}

size_t
lint_text(struct stage *st, const struct lint *l)
{
	AUTO_ARENA a = {0};
	struct rule_finds found;
	size_t counted = 0;
	const struct value *root =
	    rule_check(&a, l->src.path, l->s, l->n, l->is_strict, &found);

	if (!l->src.map)
		hint_template(l, &found);
	for (size_t i = 0; i < found.n; i++) {
		tell(st, l, &found.find[i]);
		counted += found.find[i].severity != RULE_NOTE;
	}
	if (found.errors)
		stage_status(
		    st, utf8_check(l->s, l->n) == l->n ? EXIT_NO : EXIT_INPUT);
	if (!found.errors && found.is_test && l->has_plan)
		write_plan(st, l, root, found.unjudged);
	return counted;
}
