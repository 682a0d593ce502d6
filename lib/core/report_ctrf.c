#include <string.h>

#include "core/report_int.h"
#include "data/json.h"

/* src: ctrf.io, schema 0.0 */

enum { NS_OF_MS = 1000000 };

static struct json *
begin(struct view *w)
{
	struct report_document *d = w->state;
	struct json *j = &d->j;

	if (d->is_begun)
		return j;
	*d = (struct report_document){JSON_INIT, true};
	json_open(j, NULL, '{');
	json_str(j, "reportFormat", "CTRF");
	json_str(j, "specVersion", "0.0.0");
	json_str(j, "generatedBy", "clnrm-report");
	json_open(j, "results", '{');
	json_open(j, "tool", '{');
	json_str(j, "name", "clnrm");
	json_str(j, "version", VERSION);
	json_close(j, '}');
	json_open(j, "tests", '[');
	return j;
}

static const char *
status_of(const struct result *v)
{
	if (v && !v->verdict)
		return "other";
	if (v && !strcmp(v->verdict, "skip"))
		return "skipped";
	return v && !report_is_red(v) ? "passed" : "failed";
}

static void
put_times(struct json *j, const struct result *v)
{
	json_int(j, "duration", v->duration_ns / NS_OF_MS);
	if (v->start_ns <= 0)
		return;
	json_int(j, "start", v->start_ns / NS_OF_MS);
	json_int(j, "stop", (v->start_ns + v->duration_ns) / NS_OF_MS);
}

/* The findings as a person reads them. */
static void
put_trace(struct view *w, struct json *j, const struct result *v)
{
	AUTO_BUF b = BUF_INIT;

	for (size_t i = 0; i < v->findings; i++)
		finding_print(&b, &v->finding[i], &w->r->text, false);
	if (b.len)
		json_str(j, "trace", b.s);
}

static void
put_stream(struct json *j, const char *key, const struct result *v, bool is_err)
{
	json_open(j, key, '[');
	for (size_t i = 0; i < v->shots; i++) {
		const char *text = is_err ? v->shot[i].err : v->shot[i].out;

		if (text)
			json_str(j, NULL, text);
	}
	json_close(j, ']');
}

static void
put_failure(struct view *w, struct json *j, const struct entry *e,
    const struct result *v)
{
	struct finding why = report_reason(e, v);

	json_str(j, "message", why.message);
	if (why.line)
		json_int(j, "line", why.line);
	else if (v && v->line)
		json_int(j, "line", v->line);
	if (!v)
		return;
	put_trace(w, j, v);
	put_stream(j, "stdout", v, false);
	put_stream(j, "stderr", v, true);
}

static void
put_extra(struct json *j, const struct entry *e, const struct result *v)
{
	json_open(j, "extra", '{');
	json_str(j, "variant", e->variant);
	json_int(j, "spans", v->spans);
	json_int(j, "spans_required", v->required);
	json_int(j, "spans_found", v->found);
	json_str(j, "isolation", v->level);
	json_close(j, '}');
}

static void
ctrf_result(struct view *w, const struct entry *e, const struct result *v)
{
	static const struct result none = {.name = ""};
	AUTO_ARENA a = {0};
	struct json *j = begin(w);

	json_open(j, NULL, '{');
	json_str(j, "name", report_name(&a, e, v));
	json_str(j, "status", status_of(v));
	put_times(j, v ? v : &none);
	json_str(j, "rawStatus", report_word(v));
	if (e->source) {
		json_open(j, "suite", '[');
		json_str(j, NULL, e->source);
		json_close(j, ']');
		json_str(j, "filePath", e->source);
	}
	if (v && v->verdict && !strcmp(v->verdict, "flaky"))
		json_bool(j, "flaky", true);
	if (!v || report_is_red(v))
		put_failure(w, j, e, v);
	put_extra(j, e, v ? v : &none);
	json_close(j, '}');
	report_json_flush(w);
}

static void
put_totals(struct view *w, struct json *j)
{
	const struct totals *t = report_totals(w);

	json_open(j, "summary", '{');
	json_int(j, "tests", (int64_t)(report_tests(t) + t->not_run));
	json_int(j, "passed", (int64_t)(t->pass + t->flaky));
	json_int(j, "failed", (int64_t)(t->fail + t->fake + t->error));
	json_int(j, "skipped", (int64_t)t->skip);
	json_int(j, "pending", 0);
	json_int(j, "other", (int64_t)t->not_run);
	json_int(j, "flaky", (int64_t)t->flaky);
	json_int(j, "start", t->start_ns / NS_OF_MS);
	json_int(j, "stop", t->stop_ns / NS_OF_MS);
	json_open(j, "extra", '{');
	json_int(j, "fake", (int64_t)t->fake);
	json_int(j, "errors", (int64_t)t->error);
	report_catalogue_json(w, j);
	json_close(j, '}');
	json_close(j, '}');
}

static void
ctrf_summary(struct view *w, bool is_last)
{
	struct json *j = begin(w);
	const struct report *r = w->r;

	(void)is_last;
	json_close(j, ']');
	put_totals(w, j);
	json_open(j, "environment", '{');
	json_str(j, "osPlatform", "linux");
	json_bool(j, "healthy", !r->incomplete);
	json_open(j, "extra", '{');
	json_str(j, "incomplete", r->incomplete);
	json_open(j, "isolation", '[');
	for (size_t i = 0; i < r->isolation.n; i++)
		json_str(j, NULL, r->isolation.entry[i].key);
	json_close(j, ']');
	json_close(j, '}'); /* extra */
	json_close(j, '}'); /* environment */
	json_close(j, '}'); /* results */
	json_close(j, '}');
	buf_addc(&j->text, '\n');
	report_json_flush(w);
}

const struct report_form report_ctrf = {.name = "ctrf",
    .size = sizeof(struct report_document),
    .is_document = true,
    .result = ctrf_result,
    .summary = ctrf_summary,
    .forget = report_json_forget};
