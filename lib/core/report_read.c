#include <stdlib.h>
#include <string.h>

#include "core/report_int.h"
#include "data/json.h"

enum {
	TAIL_BYTES = 8192,
	MAX_WORDS = 2000, /* bytes about a span */
};

const char *
report_text_of(struct arena *a, const struct value *tree, const char *key)
{
	return arena_str(a, value_str_or(value_get(tree, key), NULL));
}

/* Sums and differences of two such times are times. */
static int64_t
within(int64_t ns)
{
	return ns < 0 ? 0 : ns < INT64_MAX / 2 ? ns : INT64_MAX / 2;
}

int64_t
report_nano(const struct value *tree, const char *key)
{
	const char *text = value_str_or(value_get(tree, key), NULL);

	return within(text ? strtoll(text, NULL, 10) : 0);
}

/* A copy that ends at its own NUL only. */
static const char *
visible(struct arena *a, const char *s, size_t n)
{
	AUTO_BUF b = BUF_INIT;

	if (!memchr(s, 0, n))
		return arena_dup(a, s, n);
	for (size_t i = 0; i < n; i++)
		if (s[i])
			buf_addc(&b, s[i]);
		else
			buf_adds(&b, "\\x00");
	return arena_dup(a, b.s, b.len);
}

static const char *
tail_of(struct arena *a, const struct value *v, bool *is_cut)
{
	const char *s;
	size_t n;

	if (!v || v->kind != VALUE_STR || !v->str.len)
		return NULL;
	s = v->str.s;
	n = v->str.len;
	if (n > TAIL_BYTES) {
		*is_cut = true;
		s += n - TAIL_BYTES;
		n = TAIL_BYTES;
		while (n && ((unsigned char)*s & 0xc0) == 0x80) {
			s++;
			n--;
		}
	}
	return visible(a, s, n);
}

struct shot
report_shot(struct arena *a, const struct value *tree)
{
	struct shot s = {0};

	s.step = report_text_of(a, tree, "step");
	s.is_out_cut = value_int_or(value_find(tree, "truncated.stdout"), 0);
	s.is_err_cut = value_int_or(value_find(tree, "truncated.stderr"), 0);
	s.out = tail_of(a, value_get(tree, "stdout"), &s.is_out_cut);
	s.err = tail_of(a, value_get(tree, "stderr"), &s.is_err_cut);
	return s;
}

static const char *
unjudged(struct arena *a, const struct value *list)
{
	size_t n = value_count(list);
	AUTO_BUF names = BUF_INIT;

	for (size_t i = 0; i < n && i < 4 && list->kind == VALUE_LIST; i++) {
		buf_adds(&names, i ? ", " : "");
		buf_adds(&names, value_str_or(list->list.item[i], "?"));
	}
	if (!n)
		return NULL;
	return arena_fmt(a, "%zu table%s not judged: %s%s", n,
	    n == 1 ? "" : "s", names.s, n > 4 ? ", ..." : "");
}

void
report_fill(struct arena *a, struct result *v, const struct value *tree)
{
	const char *name = report_text_of(a, tree, "name");
	const char *verdict = report_text_of(a, tree, "verdict");
	const struct value *first = value_get(tree, "first_failure");
	const struct value *counts = value_get(tree, "counts");

	v->name = name ? name : v->name ? v->name : "?";
	v->verdict = verdict && *verdict ? verdict : "error";
	v->message = report_text_of(a, first, "message");
	v->duration_ns =
	    within(value_int_or(value_get(tree, "duration_ns"), 0));
	v->spans = value_int_or(value_get(counts, "spans"), 0);
	v->required = value_int_or(value_get(counts, "spans_required"), 0);
	v->found = value_int_or(value_get(counts, "spans_found"), 0);
	v->digest = report_text_of(a, tree, "digest");
	v->unjudged = unjudged(a, value_get(tree, "unjudged"));
	v->is_done = true;
	v->is_cached = value_bool_or(value_get(tree, "cached"), false);
}

/* "key=value" of each attribute, and the events by name. */
static const char *
words_of(struct arena *a, const struct value *tree)
{
	const struct value *attributes = value_get(tree, "attributes");
	const struct value *events = value_get(tree, "events");
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < value_count(attributes) && b.len < MAX_WORDS &&
			   attributes->kind == VALUE_TABLE;
	     i++) {
		const struct value_member *m = &attributes->table.member[i];
		AUTO_JSON j = JSON_INIT;

		json_value(&j, NULL, m->value);
		buf_addf(&b, "%s%s=", i ? "  " : "", m->key);
		buf_add(&b, j.text.s, j.text.len);
	}
	for (size_t i = 0; i < value_count(events) && b.len < MAX_WORDS; i++) {
		const struct value *e = events->list.item[i];

		buf_addf(&b, "%sevent %s", b.len ? "  " : "",
		    value_str_or(value_get(e, "name"), "?"));
	}
	if (b.len > MAX_WORDS)
		buf_cut(&b, MAX_WORDS);
	return b.len ? arena_dup(a, b.s, b.len) : NULL;
}

struct bar
report_bar(struct arena *a, const struct value *tree)
{
	const char *code = value_str_or(value_find(tree, "status.code"), "");
	const char *via = value_str_or(value_get(tree, "via"), "");

	return (struct bar){
	    .id = report_text_of(a, tree, "span_id"),
	    .parent = report_text_of(a, tree, "parent_span_id"),
	    .name = report_text_of(a, tree, "name"),
	    .kind = report_text_of(a, tree, "kind"),
	    .service = report_text_of(a, tree, "service"),
	    .words = words_of(a, tree),
	    .start_ns = report_nano(tree, "start_unix_nano"),
	    .end_ns = report_nano(tree, "end_unix_nano"),
	    .is_error = !strcmp(code, "ERROR"),
	    .is_ours = !strcmp(via, "clnrm"),
	};
}
