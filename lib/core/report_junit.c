#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/report_int.h"

/*
 * src: the XML that Surefire and Jenkins read, as testmoapp/junitxml puts it
 * together
 */

enum {
	HOLD = 1 << 20, /* bytes held before they go to a file */
	MAX_RERUNS = 20,
};

/* A suite is one source and variant. Totals stand before what they count. */
struct junit {
	struct buf suite; /* the cases of the one that is being told */
	struct totals now;
	char *source, *variant;
	uint64_t number; /* of its entry, or 0 */
	struct buf done; /* suites that are whole, behind those in `spill` */
	FILE *spill;	 /* nameless, or NULL; it holds `spilled` bytes */
	size_t spilled;
	bool is_full; /* it takes no more */
};

static void
attribute(struct buf *b, const char *name, const char *text)
{
	if (!text)
		return;
	buf_addf(b, " %s=\"", name);
	page_escapes(b, text);
	buf_addc(b, '"');
}

/* Whole arithmetic, since a locale may have a comma. */
static void
seconds(struct buf *b, const char *name, int64_t ns)
{
	int64_t us = (ns > 0 ? ns : 0) / 1000;

	buf_addf(b, " %s=\"%" PRId64 ".%06" PRId64 "\"", name, us / 1000000,
	    us % 1000000);
}

static void
counts(struct buf *b, const struct totals *t)
{
	buf_addf(b,
	    " tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\" errors=\"%" PRIu64
	    "\" skipped=\"%" PRIu64 "\"",
	    report_tests(t) + t->not_run, t->fail + t->fake,
	    t->error + t->not_run, t->skip);
	seconds(b, "time", t->duration_ns);
}

void
report_junit_property(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	buf_adds(b, "<property");
	attribute(b, "name", name);
	attribute(b, "value", value);
	buf_adds(b, "/>");
}

static void
number(struct buf *b, const char *name, int64_t n)
{
	char text[32];

	snprintf(text, sizeof text, "%" PRId64, n);
	report_junit_property(b, name, text);
}

static void
evidence(struct buf *b, const struct result *v)
{
	buf_adds(b, "<properties>");
	report_junit_property(
	    b, "clnrm.verdict", v->verdict ? v->verdict : "not run");
	number(b, "clnrm.spans", v->spans);
	number(b, "clnrm.spans_required", v->required);
	number(b, "clnrm.spans_found", v->found);
	report_junit_property(b, "clnrm.isolation", v->level);
	report_junit_property(b, "clnrm.trace_sha256", v->digest);
	report_junit_property(b, "clnrm.not_judged", v->unjudged);
	buf_adds(b, "</properties>\n");
}

/* `element` is failure, error or flakyFailure. */
static void
problem(struct view *w, struct buf *b, const char *element, const char *type,
    const struct finding *f)
{
	AUTO_BUF text = BUF_INIT;

	finding_print(&text, f, &w->r->text, false);
	buf_addf(b, "<%s", element);
	attribute(b, "message", f->message);
	attribute(b, "type", type);
	buf_addc(b, '>');
	page_escape(b, text.s, text.len);
	buf_addf(b, "</%s>\n", element);
}

static const char *
type_of(const struct result *v, const struct finding *f)
{
	if (v && !v->verdict)
		return "not-run";
	if (v && !strcmp(v->verdict, "fake"))
		return "fake-green";
	return f->code ? f->code : "error";
}

static const char *
element_of(const struct result *v)
{
	if (!v || !v->verdict)
		return "error";
	if (!strcmp(v->verdict, "flaky"))
		return "flakyFailure";
	return strcmp(v->verdict, "fail") && strcmp(v->verdict, "fake")
		 ? "error"
		 : "failure";
}

/* A case has one failure or error; all checks are told in it. */
static void
problems(struct view *w, struct buf *b, const struct entry *e,
    const struct result *v)
{
	struct finding first = report_reason(e, v);
	const char *element = element_of(v);
	AUTO_BUF text = BUF_INIT;

	if (v && v->verdict && !strcmp(v->verdict, "flaky")) {
		for (size_t i = 0; i < v->findings; i++)
			problem(w, b, element, type_of(v, &v->finding[i]),
			    &v->finding[i]);
		return;
	}
	buf_addf(b, "<%s", element);
	attribute(b, "message", first.message);
	attribute(b, "type", type_of(v, &first));
	buf_addc(b, '>');
	finding_print(&text, &first, &w->r->text, false);
	for (size_t i = 1; v && i < v->findings; i++)
		finding_print(&text, &v->finding[i], &w->r->text, false);
	page_escape(b, text.s, text.len);
	buf_addf(b, "</%s>\n", element);
}

/* What it failed by before, when it ran several times. */
static void
reruns(struct view *w, struct buf *b, const struct entry *e,
    const struct result *v)
{
	bool is_flaky = v->verdict && !strcmp(v->verdict, "flaky");
	size_t n = 0;

	for (v = v->before; v && n < MAX_RERUNS; v = v->before, n++) {
		struct finding why = report_reason(e, v);

		problem(w, b, is_flaky ? "flakyFailure" : "rerunFailure",
		    type_of(v, &why), &why);
	}
}

static void
streams(struct buf *b, const struct result *v, const char *element, bool is_err)
{
	bool is_begun = false;

	for (size_t i = 0; i < v->shots; i++) {
		const char *text = is_err ? v->shot[i].err : v->shot[i].out;

		if (!text)
			continue;
		if (!is_begun)
			buf_addf(b, "<%s>", element);
		is_begun = true;
		buf_adds(b, "[step ");
		page_escapes(b, v->shot[i].step ? v->shot[i].step : "?");
		buf_adds(b, "]\n");
		page_escapes(b, text);
	}
	if (is_begun)
		buf_addf(b, "</%s>\n", element);
}

/* tests/shop.clnrm.toml is a class shop of the package tests. */
static void
class_of(struct buf *b, const char *source)
{
	static const char *const ends[] = {".tera", ".toml", ".clnrm"};
	size_t n = source ? strlen(source) : 0;

	for (size_t i = 0; i < COUNT(ends); i++) {
		size_t len = strlen(ends[i]);

		if (n > len && !strncmp(source + n - len, ends[i], len))
			n -= len;
	}
	for (size_t i = 0; i < n; i++)
		buf_addc(b, source[i] == '/' ? '.' : source[i]);
}

static void
open_case(struct buf *b, const struct entry *e, const struct result *v)
{
	AUTO_ARENA a = {0};
	AUTO_BUF class = BUF_INIT;

	class_of(&class, e->source);
	buf_adds(b, "<testcase");
	attribute(b, "name", report_name(&a, e, v));
	attribute(b, "classname", class.len ? class.s : "clnrm");
	attribute(b, "file", e->source);
	if (v && v->line)
		buf_addf(b, " line=\"%u\"", v->line);
	seconds(b, "time", v ? v->duration_ns : 0);
	buf_adds(b, ">\n");
}

static FILE *
nameless(void)
{
	const char *dir = getenv("TMPDIR");
	AUTO_BUF path = BUF_INIT;
	AUTO_FD fd = -1;
	FILE *f;

	buf_addf(&path, "%s/clnrm-report.XXXXXX", dir && *dir ? dir : "/tmp");
	fd = mkostemp(path.s, O_CLOEXEC);
	if (fd < 0)
		return NULL;
	unlink(path.s);
	f = fdopen(fd, "w+");
	if (f)
		fd_steal(&fd);
	return f;
}

/* What is whole leaves memory, where there is a place for it. */
static void
spill(struct junit *t)
{
	if (t->done.len < HOLD || t->is_full)
		return;
	if (!t->spill)
		t->spill = nameless();
	t->is_full = !t->spill ||
		     fwrite(t->done.s, 1, t->done.len, t->spill) != t->done.len;
	if (t->is_full)
		return;
	t->spilled += t->done.len;
	buf_reset(&t->done);
}

static void
end_suite(struct junit *t)
{
	struct buf *b = &t->done;

	if (!t->number)
		return;
	buf_adds(b, "<testsuite");
	attribute(b, "name", t->source ? t->source : "clnrm");
	counts(b, &t->now);
	if (t->now.start_ns) {
		buf_adds(b, " timestamp=\"");
		report_time_put(b, t->now.start_ns);
		buf_addc(b, '"');
	}
	buf_adds(b, ">\n");
	if (t->variant) {
		buf_adds(b, "<properties>");
		report_junit_property(b, "clnrm.variant", t->variant);
		buf_adds(b, "</properties>\n");
	}
	buf_add(b, t->suite.s, t->suite.len);
	buf_adds(b, "</testsuite>\n");
	buf_free(&t->suite);
	t->suite = (struct buf)BUF_INIT;
	free(t->source);
	free(t->variant);
	t->source = t->variant = NULL;
	t->now = (struct totals){0};
	t->number = 0;
	spill(t);
}

static void
begin_suite(struct junit *t, const struct entry *e)
{
	if (t->number == e->number)
		return;
	end_suite(t);
	if (!t->suite.s)
		t->suite = (struct buf)BUF_INIT;
	t->number = e->number;
	t->source = mem_str(e->source);
	t->variant = mem_str(e->variant);
}

static struct junit *
state(struct view *w)
{
	struct junit *t = w->state;

	if (!t->done.s) {
		t->done = (struct buf)BUF_INIT;
		t->suite = (struct buf)BUF_INIT;
	}
	return t;
}

static void
junit_result(struct view *w, const struct entry *e, const struct result *v)
{
	struct junit *t = state(w);
	struct buf *b = &t->suite;
	bool is_skip = v && v->verdict && !strcmp(v->verdict, "skip");

	begin_suite(t, e);
	report_count(&t->now, v);
	open_case(b, e, v);
	if (v)
		evidence(b, v);
	if (is_skip) {
		buf_adds(b, "<skipped");
		attribute(b, "message", v->message);
		buf_adds(b, "/>\n");
	} else if (!v || report_is_red(v) || v->findings) {
		problems(w, b, e, v);
	}
	if (v)
		reruns(w, b, e, v);
	if (v && report_is_red(v)) {
		streams(b, v, "system-out", false);
		streams(b, v, "system-err", true);
	}
	buf_adds(b, "</testcase>\n");
}

/* What was said of no source. */
static void
said(struct view *w, struct buf *b)
{
	const struct entry *e = &w->r->loose;
	AUTO_BUF text = BUF_INIT;

	for (size_t i = 0; i < e->findings; i++)
		finding_print_line(&text, &e->finding[i]);
	if (!text.len)
		return;
	buf_adds(b, "<system-err>");
	page_escape(b, text.s, text.len);
	buf_adds(b, "</system-err>\n");
}

/* What belongs to no test and makes the run red is a case of its own. */
static void
end_incomplete(struct view *w)
{
	struct junit *t = w->state;
	const struct report *r = w->r;
	struct entry run = {.number = UINT64_MAX};
	struct finding why = {.severity = "error", .message = r->incomplete};

	if (!r->incomplete)
		return;
	begin_suite(t, &run);
	t->now.error++;
	open_case(&t->suite, &run, &(struct result){.name = "the run"});
	problem(w, &t->suite, "error", "incomplete", &why);
	said(w, &t->suite);
	buf_adds(&t->suite, "</testcase>\n");
}

static void
copy_spilled(struct view *w, const struct junit *t)
{
	char part[16384];
	size_t left = t->spilled;

	if (left)
		rewind(t->spill);
	while (left && !w->out->lost) {
		size_t want = left < sizeof part ? left : sizeof part;
		size_t n = fread(part, 1, want, t->spill);

		if (!n)
			w->out->lost = EIO;
		out_add(w->out, part, n);
		left -= n;
	}
}

/* Of the suites, which have no properties, it is one without a test. */
static void
put_catalogue(struct view *w)
{
	AUTO_BUF values = BUF_INIT;
	AUTO_BUF b = BUF_INIT;

	report_catalogue_junit(w, &values);
	if (!values.len)
		return;
	buf_adds(&b, "<testsuite name=\"spans of the suite\"");
	counts(&b, &(struct totals){0});
	buf_addf(&b, "><properties>%s</properties></testsuite>\n", values.s);
	report_put(w, &b);
}

static void
junit_summary(struct view *w, bool is_last)
{
	struct junit *t = state(w);
	struct totals all = *report_totals(w);
	AUTO_BUF head = BUF_INIT;

	(void)is_last;
	end_incomplete(w);
	end_suite(t);
	all.error += w->r->incomplete != NULL;
	buf_adds(&head, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			"<testsuites name=\"clnrm\"");
	counts(&head, &all);
	buf_adds(&head, ">\n");
	report_put(w, &head);
	copy_spilled(w, t);
	report_put(w, &t->done);
	put_catalogue(w);
	report_say(w, "</testsuites>\n");
}

static void
junit_forget(struct view *w)
{
	struct junit *t = state(w);

	buf_free(&t->suite);
	buf_free(&t->done);
	free(t->source);
	free(t->variant);
	if (t->spill)
		fclose(t->spill);
}

const struct report_form report_junit = {.name = "junit",
    .size = sizeof(struct junit),
    .is_document = true,
    .result = junit_result,
    .summary = junit_summary,
    .forget = junit_forget};
