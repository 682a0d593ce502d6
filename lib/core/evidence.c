#include "core/evidence.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "core/evidence_int.h"
#include "core/runs.h"
#include "data/console.h"
#include "data/ndjson.h"
#include "data/otlp.h"

struct reader {
	const struct evidence_user *user;
	struct console *console; /* what is nothing else */
	unsigned long line;
};

/* ---- spans that are no records yet */

static struct json
begin_span(const char *form)
{
	struct json j = record_begin("span");

	record_key(&j, &(struct record_key){0});
	json_null(&j, "service");
	json_str(&j, "via", "file");
	if (form)
		json_str(&j, "form", form);
	json_str(&j, "bound", "no");
	return j;
}

static void
tell(struct reader *r, struct json *j)
{
	struct record record;
	struct err e = {0};

	buf_addc(&j->text, '}');
	if (record_read(j->text.s, j->text.len, &record, &e) < 0) {
		r->user->lost(r->user->arg, &e);
		return;
	}
	record.number = r->line;
	r->user->record(r->user->arg, &record);
}

static void
put_canonical(struct reader *r, const char *form, const struct otlp_span *span)
{
	AUTO_JSON j = begin_span(form);

	buf_addc(&j.text, ',');
	otlp_span_print(span, &j.text);
	tell(r, &j);
}

static void
on_otlp(void *arg, const struct otlp_span *span)
{
	put_canonical(arg, "otlp", span);
}

static void
on_printed(void *arg, enum console_form form, const struct otlp_span *span)
{
	put_canonical(arg, console_form_name(form), span);
}

static void
on_lost(void *arg, const struct err *e)
{
	struct reader *r = arg;

	r->user->lost(r->user->arg, e);
}

/* ---- what a text is */

static bool
has(const char *s, size_t n, const char *word)
{
	return memmem(s, n, word, strlen(word));
}

static bool
is_request(const char *s, size_t n)
{
	return has(s, n, "\"resourceSpans\"") ||
	       has(s, n, "\"resource_spans\"");
}

static void
take_request(struct reader *r, const char *s, size_t n)
{
	struct otlp_result result = {0};
	struct err e = {0};

	if (otlp_decode(OTLP_JSON, s, n, on_otlp, r, &result, &e) < 0) {
		r->user->lost(r->user->arg, &e);
		return;
	}
	if (!result.rejected)
		return;
	err_set(&e, "%zu spans cannot be taken: %s", result.rejected,
	    result.reason[0]);
	r->user->lost(r->user->arg, &e);
}

/* out: were there any? */
static bool
take_plain(struct reader *r, const struct value *v)
{
	size_t n = v->kind == VALUE_LIST ? v->list.n : 0;
	bool any = false;

	if (evidence_is_plain(v)) {
		AUTO_JSON j = begin_span(NULL);

		evidence_plain(v, &j);
		tell(r, &j);
		return true;
	}
	for (size_t i = 0; i < n; i++)
		if (evidence_is_plain(v->list.item[i]))
			any |= take_plain(r, v->list.item[i]);
	return any;
}

/* out: is it a text of spans, and nothing else? */
static bool
take_text(struct reader *r, const char *s, size_t n)
{
	AUTO_ARENA a = {0};
	struct err e = {0};
	const struct value *v;
	size_t type = 0;
	const char *word = NULL;

	if (*s == '{' && json_peek(s, n, "type", &word, &type, &e) < 0)
		return false;
	if (*s == '{' && !word && is_request(s, n)) {
		take_request(r, s, n);
		return true;
	}
	if (!has(s, n, "\"trace_id\"") && !has(s, n, "\"traceId\""))
		return false;
	v = json_parse(&a, s, n, &e);
	return v && take_plain(r, v);
}

static bool
take_record(struct reader *r, const char *s, size_t n)
{
	struct record record;
	struct err e = {0};

	if (*s != '{' || record_read(s, n, &record, &e) < 0 ||
	    record.type == RECORD_OTHER)
		return false;
	record.number = r->line;
	r->user->record(r->user->arg, &record);
	return true;
}

static void
take_line(struct reader *r, const char *s, size_t n)
{
	size_t blank = 0;

	while (blank < n && (s[blank] == ' ' || s[blank] == '\t'))
		blank++;
	if (blank < n && strchr("{[", s[blank]) &&
	    (take_record(r, s + blank, n - blank) ||
		take_text(r, s + blank, n - blank)))
		return;
	console_feed(r->console, s, n);
	console_feed(r->console, "\n", 1);
}

/* One text over many lines. */
static bool
take_document(struct reader *r, const char *path, off_t size)
{
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};
	const char *word, *lf;
	size_t at, len;

	if (size > NDJSON_LIMIT || file_read(path, &text, &e) < 0)
		return false;
	at = strspn(text.s, " \t\r\n");
	lf = strchr(text.s + at, '\n');
	if (!text.s[at] || !strchr("{[", text.s[at]) || !lf ||
	    json_peek(text.s + at, (size_t)(lf - text.s) - at, "type", &word,
		&len, &e) == 0)
		return false;
	return take_text(r, text.s + at, text.len - at);
}

static int
take_lines(struct reader *r, int fd, const char *path, struct err *e)
{
	struct ndjson in = {0};
	const char *line;
	size_t n;
	int got = 1, more = 0;

	ndjson_open(&in, fd, path);
	while (got > 0 && (more = ndjson_fill(&in, e)) >= 0) {
		while ((got = ndjson_pull(&in, &line, &n, e)) > 0) {
			r->line = in.line;
			if (got == 1)
				take_line(r, line, n);
			else
				r->user->lost(r->user->arg, e);
		}
		got = more;
	}
	ndjson_free(&in);
	return more < 0 ? -1 : 0;
}

int
evidence_read(const char *path, const struct evidence_user *user, struct err *e)
{
	struct reader r = {.user = user};
	struct console_user printed = {on_printed, on_lost, &r};
	AUTO_BUF run = BUF_INIT;
	AUTO_FD fd = -1;
	struct stat st;
	int rc = 0;

	if (runs_find(path, &run, e) < 0)
		return -1;
	if (run.len)
		path = run.s;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, "%s:", path);
	r.console = console_new(&printed);
	if (!S_ISREG(st.st_mode) || !take_document(&r, path, st.st_size))
		rc = take_lines(&r, fd, path, e);
	console_end(r.console);
	console_del(r.console);
	return rc;
}
