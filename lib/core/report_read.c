#include <string.h>

#include "base/utf8.h"
#include "core/report_int.h"

enum { TAIL_BYTES = 8192 };

void
report_clean(struct buf *b, const char *s, size_t n)
{
	while (n) {
		uint32_t c = 0;
		size_t len = utf8_next(s, n, &c);

		if (!len)
			buf_addf(b, "\\x%02x", (unsigned char)*s);
		else if (c == '\t')
			buf_addc(b, ' ');
		else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			buf_addf(b, "\\x%02x", c);
		else
			buf_add(b, s, len);
		len = len ? len : 1;
		s += len;
		n -= len;
	}
}

const char *
report_text_of(struct arena *a, const struct value *tree, const char *key)
{
	return arena_str(a, value_str_or(value_get(tree, key), NULL));
}

static unsigned
count_or_0(const struct value *v)
{
	int64_t n = value_int_or(v, 0);

	return n > 0 && n < INT32_MAX ? (unsigned)n : 0;
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

struct fault
report_fault(struct arena *a, const struct value *tree)
{
	const char *severity = report_text_of(a, tree, "severity");
	const char *message = report_text_of(a, tree, "message");
	const char *file = report_text_of(a, tree, "file");

	return (struct fault){
	    .severity = severity ? severity : "error",
	    .code = report_text_of(a, tree, "code"),
	    .file = file ? file : report_text_of(a, tree, "source"),
	    .message = message ? message : "no message",
	    .expected = report_text_of(a, tree, "expected"),
	    .actual = report_text_of(a, tree, "actual"),
	    .hint = report_text_of(a, tree, "hint"),
	    .line = count_or_0(value_get(tree, "line")),
	    .column = count_or_0(value_get(tree, "column")),
	};
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
	v->is_done = true;
}
