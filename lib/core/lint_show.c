#include "core/lint.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "core/record.h"

/* Diagnostics that are told together. */
struct batch {
	struct arena a;
	const struct value **item;
	size_t n, cap;
};

static void
say(struct lint_show *w, const struct buf *b)
{
	out_add(w->out, b->s, b->len);
}

static bool
is_severity(const struct value *diagnostic, const char *severity)
{
	return !strcmp(
	    value_str_or(value_get(diagnostic, "severity"), "error"), severity);
}

static bool
is_a_note(const struct value *diagnostic)
{
	return !is_severity(diagnostic, "error") &&
	       !is_severity(diagnostic, "warning");
}

static void
print(struct lint_show *w, const struct value *diagnostic)
{
	AUTO_ARENA a = {0};
	AUTO_BUF b = BUF_INIT;
	struct finding f = finding_of(&a, diagnostic);

	if (w->form == LINT_LINES)
		finding_print_line(&b, &f);
	else
		finding_print(&b, &f, &w->source, w->has_color);
	say(w, &b);
}

static void
add_member(struct json *j, const char *key, const struct value *v)
{
	if (v)
		json_value(j, key, v);
	else
		json_null(j, key);
}

static void
add_json(struct lint_show *w, const struct value *diagnostic)
{
	static const char *const keys[] = {"line", "column", "end_line",
	    "end_column", "severity", "code", "message", "hint"};
	const struct value *file = value_get(diagnostic, "file");
	struct json *j = &w->json;

	json_open(j, NULL, '{');
	add_member(j, "file", file ? file : value_get(diagnostic, "source"));
	for (size_t i = 0; i < COUNT(keys); i++)
		add_member(j, keys[i], value_get(diagnostic, keys[i]));
	json_close(j, '}');
}

/* Count it, and its source where that is a file. */
static void
count(struct lint_show *w, const struct value *diagnostic)
{
	const char *source =
	    value_str_or(value_get(diagnostic, "source"), NULL);
	const struct finding f = {
	    .code = value_str_or(value_get(diagnostic, "code"), NULL)};

	w->errors += is_severity(diagnostic, "error");
	w->warnings += is_severity(diagnostic, "warning");
	if (source && !finding_is_about_stream(&f) && !is_a_note(diagnostic))
		lint_show_source(w, source, false);
}

/* How many more may be told. */
static size_t
room(const struct lint_show *w)
{
	size_t told = w->errors + w->warnings - w->left_out;

	return w->max ? w->max - told : SIZE_MAX;
}

static void
print_batch(struct lint_show *w, const struct batch *b)
{
	size_t most = room(w), all = 0, errors, warnings;

	for (size_t i = 0; i < b->n; i++)
		all += is_severity(b->item[i], "error");
	errors = all < most ? all : most;
	warnings = most - errors;
	for (size_t i = 0; i < b->n; i++) {
		const struct value *it = b->item[i];
		size_t *left = is_severity(it, "error") ? &errors : &warnings;
		bool is_note = is_a_note(it);

		count(w, it);
		if (!is_note && !*left) {
			w->left_out++;
			continue;
		}
		*left -= !is_note;
		if (!is_note || !w->is_quiet)
			print(w, it);
	}
}

/* Records are whole lines, since a stage of ours wrote or passed them. */
static void
read_batch(struct batch *b, const char *s, size_t n)
{
	for (const char *end = s + n, *lf; s < end; s = lf + 1) {
		struct record r = {0};

		lf = memchr(s, '\n', (size_t)(end - s));
		if (record_read(s, (size_t)(lf - s), &r, NULL) < 0 ||
		    r.type != RECORD_DIAGNOSTIC)
			continue;
		b->item =
		    arena_more(&b->a, b->item, b->n, &b->cap, sizeof *b->item);
		b->item[b->n++] = record_value(&r, &b->a);
	}
}

void
lint_show_records(struct lint_show *w, const char *s, size_t n)
{
	struct batch b = {0};

	read_batch(&b, s, n);
	if (w->form != LINT_JSON)
		print_batch(w, &b);
	else
		for (size_t i = 0; i < b.n; i++) {
			count(w, b.item[i]);
			add_json(w, b.item[i]);
		}
	arena_free(&b.a);
}

void
lint_show_source(struct lint_show *w, const char *path, bool is_ok)
{
	AUTO_BUF b = BUF_INIT;

	if (!w->last || strcmp(w->last, path)) {
		free(w->last);
		w->last = mem_str(path);
		w->files++;
	}
	if (!is_ok || w->is_quiet || w->form != LINT_TEXT)
		return;
	utf8_print(&b, path, strlen(path));
	buf_adds(&b, ": ok\n");
	say(w, &b);
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void
end_text(struct lint_show *w)
{
	AUTO_BUF b = BUF_INIT;

	if (w->left_out)
		buf_addf(&b,
		    "… and %zu more finding%s; --max-errors 0 shows all\n",
		    w->left_out, plural(w->left_out));
	if (w->form == LINT_TEXT && !w->is_quiet && (w->errors || w->warnings))
		buf_addf(&b, "%zu error%s, %zu warning%s\n", w->errors,
		    plural(w->errors), w->warnings, plural(w->warnings));
	say(w, &b);
}

static void
end_json(struct lint_show *w)
{
	AUTO_JSON j = JSON_INIT;

	json_open(&j, NULL, '{');
	json_int(&j, "files", (int64_t)w->files);
	json_int(&j, "errors", (int64_t)w->errors);
	json_int(&j, "warnings", (int64_t)w->warnings);
	json_open(&j, "findings", '[');
	buf_add(&j.text, w->json.text.s, w->json.text.len);
	json_close(&j, ']');
	json_close(&j, '}');
	buf_addc(&j.text, '\n');
	say(w, &j.text);
}

void
lint_show_end(struct lint_show *w)
{
	if (w->form == LINT_JSON)
		end_json(w);
	else
		end_text(w);
	json_free(&w->json);
	finding_source_free(&w->source);
	free(w->last);
	w->last = NULL;
}
