#include "core/report_int.h"
#include "data/json.h"

void
report_json_flush(struct view *w)
{
	struct report_document *d = w->state;

	report_put(w, &d->j.text);
	buf_reset(&d->j.text);
}

void
report_json_forget(struct view *w)
{
	struct report_document *d = w->state;

	if (d->is_begun)
		json_free(&d->j);
}

static struct json *
begin(struct view *w)
{
	struct report_document *d = w->state;
	struct json *j = &d->j;

	if (d->is_begun)
		return j;
	*d = (struct report_document){JSON_INIT, true};
	json_open(j, NULL, '{');
	json_str(j, "report", "clnrm");
	json_int(j, "v", 1);
	json_str(j, "version", VERSION);
	json_open(j, "tests", '[');
	return j;
}

static void
put_number(struct json *j, const char *key, unsigned n)
{
	if (n)
		json_int(j, key, n);
	else
		json_null(j, key);
}

static void
put_finding(struct json *j, const struct finding *f)
{
	json_open(j, NULL, '{');
	json_str(j, "severity", f->severity);
	json_str(j, "code", f->code);
	json_str(j, "message", f->message);
	json_str(j, "file", f->file);
	put_number(j, "line", f->line);
	put_number(j, "column", f->column);
	json_str(j, "expected", f->expected);
	json_str(j, "actual", f->actual);
	json_str(j, "hint", f->hint);
	json_close(j, '}');
}

static void
put_failures(struct json *j, const struct entry *e, const struct result *v)
{
	const struct finding *f = v ? v->finding : e->finding;
	size_t n = v ? v->findings : e->findings;

	json_open(j, "failures", '[');
	for (size_t i = 0; i < n; i++)
		if (v || !strcmp(f[i].severity, "error"))
			put_finding(j, &f[i]);
	if (v && !n && report_is_red(v)) {
		struct finding why = report_reason(e, v);

		put_finding(j, &why);
	}
	json_close(j, ']');
}

/* What the steps of a red test printed. */
static void
put_outputs(struct json *j, const struct result *v)
{
	json_open(j, "outputs", '[');
	for (size_t i = 0; v && report_is_red(v) && i < v->shots; i++) {
		const struct shot *s = &v->shot[i];

		json_open(j, NULL, '{');
		json_str(j, "step", s->step);
		json_str(j, "stdout", s->out ? s->out : "");
		json_str(j, "stderr", s->err ? s->err : "");
		json_bool(j, "is_cut", s->is_out_cut || s->is_err_cut);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void
put_start(struct json *j, const struct result *v)
{
	if (v->start_ns > 0)
		json_nano(j, "start_unix_nano", (uint64_t)v->start_ns);
	else
		json_null(j, "start_unix_nano");
}

static void
put_judged(struct json *j, const struct result *v)
{
	json_int(j, "duration_ns", v->duration_ns);
	put_start(j, v);
	put_number(j, "line", v->line);
	json_open(j, "spans", '{');
	json_int(j, "seen", v->spans);
	json_int(j, "required", v->required);
	json_int(j, "found", v->found);
	json_close(j, '}');
	json_str(j, "isolation", v->level);
	json_str(j, "digest", v->digest);
	json_str(j, "unjudged", v->unjudged);
}

static void
json_result(struct view *w, const struct entry *e, const struct result *v)
{
	static const struct result none = {.name = ""};
	AUTO_ARENA a = {0};
	struct json *j = begin(w);

	json_open(j, NULL, '{');
	json_str(j, "name", report_name(&a, e, v));
	json_str(j, "source", e->source);
	json_str(j, "variant", e->variant);
	json_str(j, "scenario", v ? v->scenario : NULL);
	json_str(j, "verdict",
	    !v		 ? "error"
	    : v->verdict ? v->verdict
			 : "not_run");
	put_judged(j, v ? v : &none);
	put_failures(j, e, v);
	put_outputs(j, v);
	json_close(j, '}');
	report_json_flush(w);
}

/* What was said of sources, and of the run. */
static void
put_diagnostics(struct json *j, const struct view *w)
{
	const struct report *r = w->r;

	json_open(j, "diagnostics", '[');
	for (size_t i = 0; i < r->keeps; i++)
		for (size_t k = 0; k < r->kept[i]->findings; k++)
			if (report_shows(w, r->kept[i]))
				put_finding(j, &r->kept[i]->finding[k]);
	for (size_t i = 0; i < r->loose.findings && !w->is_own; i++)
		put_finding(j, &r->loose.finding[i]);
	json_close(j, ']');
}

static void
put_totals(struct json *j, const struct totals *t)
{
	json_open(j, "summary", '{');
	json_int(j, "tests", (int64_t)(report_tests(t) + t->not_run));
	json_int(j, "passed", (int64_t)t->pass);
	json_int(j, "flaky", (int64_t)t->flaky);
	json_int(j, "failed", (int64_t)t->fail);
	json_int(j, "fake", (int64_t)t->fake);
	json_int(j, "errors", (int64_t)t->error);
	json_int(j, "skipped", (int64_t)t->skip);
	json_int(j, "not_run", (int64_t)t->not_run);
	json_int(j, "warnings", (int64_t)t->warnings);
	json_int(j, "duration_ns", t->duration_ns);
	json_close(j, '}');
}

static void
json_summary(struct view *w, bool is_last)
{
	struct json *j = begin(w);
	const struct report *r = w->r;

	(void)is_last;
	json_close(j, ']');
	put_diagnostics(j, w);
	put_totals(j, report_totals(w));
	json_open(j, "isolation", '[');
	for (size_t i = 0; i < r->isolation.n; i++)
		json_str(j, NULL, r->isolation.entry[i].key);
	json_close(j, ']');
	report_catalogue_json(w, j);
	json_str(j, "incomplete", r->incomplete);
	json_bool(j, "is_green", report_is_green(w));
	json_close(j, '}');
	buf_addc(&j->text, '\n');
	report_json_flush(w);
}

const struct report_form report_json = {.name = "json",
    .size = sizeof(struct report_document),
    .is_document = true,
    .result = json_result,
    .summary = json_summary,
    .forget = report_json_forget};
