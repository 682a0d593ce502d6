#include <string.h>

#include "base/mem.h"
#include "core/report_int.h"
#include "data/hash.h"

/* What a test file asks for stays below the directory of the run. */
static bool
is_below(const char *path)
{
	if (!*path || *path == '/')
		return false;
	for (const char *s = path; s; s = strchr(s, '/')) {
		s += *s == '/';
		if (!strncmp(s, "..", 2) && (!s[2] || s[2] == '/'))
			return false;
	}
	return true;
}

static struct view *
view_at(const struct report *r, const char *path)
{
	for (size_t i = 0; i < r->views; i++)
		if (r->view[i]->path && !strcmp(r->view[i]->path, path))
			return r->view[i];
	return NULL;
}

/* Tests that name the same file share it. */
static struct view *
own_view(struct report *r, const struct report_form *form, const char *path,
    struct err *e)
{
	struct view *w = view_at(r, path);

	if (!is_below(path)) {
		err_set(e, "[report]: %s is not below this directory", path);
		return NULL;
	}
	if (w && (!w->is_own || w->form != form)) {
		err_set(e, "two reports go to %s", path);
		return NULL;
	}
	return w ? w : report_view_later(r, form, path);
}

void
report_own(struct report *r, struct entry *e, const struct value *plan)
{
	static const struct {
		const char *key;
		const struct report_form *form;
	} asked[] = {{"json", &report_json}, {"junit", &report_junit},
	    {"digest", &report_digest}};
	const struct value *report = value_get(plan, "report");
	size_t n = 0;

	for (size_t i = 0; i < COUNT(asked); i++) {
		const char *path =
		    value_str_or(value_get(report, asked[i].key), NULL);
		struct err err = {0};

		if (!path)
			continue;
		e->own[n] = own_view(r, asked[i].form, path, &err);
		if (e->own[n])
			n++;
		else
			report_lose(r, e->source, &err);
	}
}

/* The digests of the traces of the tests, in their order. */
struct digest {
	struct buf all; /* "DIGEST\n" of each */
	bool is_missing;
};

static struct digest *
state(struct view *w)
{
	struct digest *d = w->state;

	if (!d->all.s)
		d->all = (struct buf)BUF_INIT;
	return d;
}

static void
digest_result(struct view *w, const struct entry *e, const struct result *v)
{
	struct digest *d = state(w);

	(void)e;
	if (!v || !v->digest) {
		d->is_missing = true;
		return;
	}
	buf_adds(&d->all, v->digest);
	buf_addc(&d->all, '\n');
}

/* That of one test is as it is; of several, that of the list of theirs. */
static void
digest_summary(struct view *w, bool is_last)
{
	struct digest *d = state(w);
	char hex[HASH_HEX];

	(void)is_last;
	if (d->is_missing) {
		report_void(
		    w, "a trace has no digest, so there is none of all");
		return;
	}
	if (d->all.len > HASH_HEX) {
		hash_hex(d->all.s, d->all.len, hex);
		report_say(w, "%s\n", hex);
		return;
	}
	report_put(w, &d->all);
}

static void
digest_forget(struct view *w)
{
	buf_free(&state(w)->all);
}

const struct report_form report_digest = {.name = "digest",
    .size = sizeof(struct digest),
    .is_document = true,
    .result = digest_result,
    .summary = digest_summary,
    .forget = digest_forget};
