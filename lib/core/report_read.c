#include <string.h>

#include "core/report_int.h"

enum { TAIL_BYTES = 8192 };

const char *
report_text_of(struct arena *a, const struct value *tree, const char *key)
{
	return arena_str(a, value_str_or(value_get(tree, key), NULL));
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
	return arena_dup(a, s, n);
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
	    n == 1 ? "" : "s", names.s, n > 4 ? ", …" : "");
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
	v->duration_ns = value_int_or(value_get(tree, "duration_ns"), 0);
	v->spans = value_int_or(value_get(counts, "spans"), 0);
	v->required = value_int_or(value_get(counts, "spans_required"), 0);
	v->found = value_int_or(value_get(counts, "spans_found"), 0);
	v->unjudged = unjudged(a, value_get(tree, "unjudged"));
	v->is_done = true;
}
