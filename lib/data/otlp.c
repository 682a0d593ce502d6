#include "data/otlp_int.h"

#include <stdlib.h>

#include "base/die.h"

enum { BODY = 128 << 20 }; /* offsets of 32 bits suffice */

const char *
otlp_warning(enum otlp_warning w)
{
	switch (w) {
	case OTLP_STRINDEX_VALUE:
		return "string_value_strindex ignored";
	case OTLP_STRINDEX_KEY:
		return "key_strindex ignored";
	case OTLP_BAD_UTF8:
		return "invalid UTF-8 replaced";
	case OTLP_ZERO_PARENT:
		return "all-zero parent_span_id taken as none";
	case OTLP_BIG_INT:
		return "intValue outside int64 kept as a double";
	case OTLP_KIND_NAME:
		return "enum given by name: kind";
	case OTLP_STATUS_NAME:
		return "enum given by name: status.code";
	case OTLP_SNAKE_CASE:
		return "resource_spans ignored: JSON names are lowerCamelCase";
	}
	BUG_IF(true);
	return NULL;
}

int
otlp_fail(struct otlp *o, const char *what)
{
	return err_set(o->e, "%s at byte %zu", what, o->at);
}

/*
 * A resource is written out with each of its spans: one of 30 MiB and a
 * million spans would be more than any disk holds.
 */
static int
add_up(struct otlp *o, size_t len, size_t *total)
{
	*total += len;
	if (len <= OTLP_SPAN && *total <= OTLP_TEXT)
		return 0;
	o->r->is_too_large = true;
	return err_set(o->e, "written out, %s more than %d bytes",
	    len > OTLP_SPAN ? "a span takes" : "the spans take",
	    len > OTLP_SPAN ? OTLP_SPAN : OTLP_TEXT);
}

/* Nearly always it is clear from the size of the request. */
static bool
is_surely_small(const struct otlp *o)
{
	size_t total = 0;

	for (size_t i = 0; i < o->spans; i++) {
		const struct otlp_kept *k = &o->kept[i];
		size_t most = k->most + o->tail[k->scope].most +
			      o->tail[k->resource].most;

		total += most;
		if (most > OTLP_SPAN || total > OTLP_TEXT)
			return false;
	}
	return true;
}

static int
check_size(struct otlp *o)
{
	AUTO_BUF text = BUF_INIT;
	size_t total = 0;
	int failed = 0;

	if (is_surely_small(o))
		return 0;
	o->limit = OTLP_SPAN;
	for (size_t i = 0; i < o->spans && !failed; i++) {
		buf_reset(&text);
		otlp_span_print(&o->kept[i].span, &text);
		failed = add_up(o, text.len, &total);
	}
	o->limit = SIZE_MAX;
	return failed;
}

static int
read_request(struct otlp *o, enum otlp_form form)
{
	if (o->n > BODY) {
		o->r->is_too_large = true;
		return err_set(o->e, "more than %d bytes", BODY);
	}
	if (form == OTLP_JSON) {
		if (otlp_json(o) < 0)
			return -1;
		o->s = o->wire.s;
		o->n = o->wire.len;
	}
	return otlp_pb(o) < 0 ? -1 : check_size(o);
}

static void
forget(struct otlp *o)
{
	for (size_t i = 0; i < o->tails; i++)
		buf_free(&o->tail[i].text);
	buf_free(&o->scratch);
	buf_free(&o->number);
	buf_free(&o->wire);
	arena_free(&o->keys);
	free(o->kept);
	free(o->tail);
	free(o->attr);
}

int
otlp_decode(enum otlp_form form, const char *s, size_t n, otlp_fn *fn,
    void *arg, struct otlp_result *r, struct err *e)
{
	struct otlp o = {.r = r,
	    .e = e,
	    .s = s,
	    .n = n,
	    .scratch = BUF_INIT,
	    .number = BUF_INIT,
	    .wire = BUF_INIT,
	    .limit = SIZE_MAX};
	int failed;

	*r = (struct otlp_result){0};
	failed = read_request(&o, form);
	if (!failed) {
		r->accepted = o.spans;
		for (size_t i = 0; i < o.spans; i++)
			fn(arg, &o.kept[i].span);
	}
	forget(&o);
	return failed;
}
