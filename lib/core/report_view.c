#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/report_int.h"

enum { NAMES_MAX = 100 };

static const struct report_form *const forms[] = {&report_text, &report_tap,
    &report_plan, &report_junit, &report_json, &report_ctrf, &report_github,
    &report_ndjson, &report_html, &report_failed};

const struct report_form *
report_form_of(const char *name, size_t len)
{
	for (size_t i = 0; i < COUNT(forms); i++)
		if (strlen(forms[i]->name) == len &&
		    !memcmp(forms[i]->name, name, len))
			return forms[i];
	return NULL;
}

void
report_put(struct view *w, const struct buf *b)
{
	out_add(w->out, b->s, b->len);
}

void
report_say(struct view *w, const char *fmt, ...)
{
	char text[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n > 0)
		out_add(w->out, text,
		    (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

/* Without a name, as long as it grows: what runs meanwhile may look at the
   names there. Not every file system has that. */
static int
open_beside(struct view *w, struct err *e)
{
	AUTO_BUF beside = BUF_INIT;
	const char *slash = strrchr(w->path, '/');

	if (file_mkparent(w->path, e) < 0)
		return -1;
	buf_add(&beside, w->path, slash ? (size_t)(slash + 1 - w->path) : 0);
	buf_addc(&beside, '.');
	if (access("/proc/self/fd", X_OK) == 0)
		w->file.fd =
		    open(beside.s, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (w->file.fd >= 0)
		return 0;
	buf_reset(&beside);
	buf_addf(&beside, "%s.XXXXXX", w->path);
	w->file.fd = mkostemp(beside.s, O_CLOEXEC);
	if (w->file.fd >= 0)
		w->temp = buf_steal(&beside);
	return 0;
}

/* A pipe, a device or a link is written to, and not replaced. */
static int
open_place(struct view *w, struct err *e)
{
	struct stat st;

	if (w->form == &report_markdown) {
		w->file.fd = open(w->path,
		    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
	} else if (!lstat(w->path, &st) && !S_ISREG(st.st_mode)) {
		if (w->is_own)
			return err_set(
			    e, "%s: this is no regular file", w->path);
		w->file.fd = open(w->path,
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	} else if (open_beside(w, e) < 0) {
		return -1;
	} else {
		w->is_new = true;
	}
	return w->file.fd < 0 ? err_set(e, "%s:", w->path) : 0;
}

/* What umask(2) leaves of rw-rw-rw-, or what the file had before. */
static mode_t
mode_of(const char *path)
{
	struct stat st;
	mode_t mask;

	if (!stat(path, &st))
		return st.st_mode & 07777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

/* The name that it is renamed from. */
static int
name(struct view *w)
{
	AUTO_BUF fd = BUF_INIT, to = BUF_INIT;

	buf_addf(&fd, "/proc/self/fd/%d", w->file.fd);
	for (int i = 0; i < NAMES_MAX; i++) {
		buf_reset(&to);
		buf_addf(&to, "%s.%ld-%d", w->path, (long)getpid(), i);
		if (linkat(AT_FDCWD, fd.s, AT_FDCWD, to.s, AT_SYMLINK_FOLLOW) ==
		    0) {
			w->temp = buf_steal(&to);
			return 0;
		}
		if (errno != EEXIST)
			break;
	}
	return -1;
}

static int
put_in_place(struct view *w)
{
	if (fchmod(w->file.fd, mode_of(w->path)) < 0 || fsync(w->file.fd) < 0 ||
	    (!w->temp && name(w) < 0))
		return -1;
	return rename(w->temp, w->path);
}

static int
commit(struct view *w, struct err *e)
{
	if (out_flush(&w->file) < 0) {
		errno = w->file.lost;
		return err_set(e, "%s:", w->path);
	}
	if (w->is_new && put_in_place(w) < 0)
		return err_set(e, "%s:", w->path);
	free(w->temp);
	w->temp = NULL;
	w->is_new = false;
	return 0;
}

static void
close_place(struct view *w)
{
	fd_close(&w->file.fd);
	out_free(&w->file);
	w->file = (struct out){.fd = -1, .pending = BUF_INIT};
	if (w->temp)
		unlink(w->temp);
	free(w->temp);
	w->temp = NULL;
	w->is_new = false;
}

static void
forget(struct view *w)
{
	if (w->form->forget && w->state)
		w->form->forget(w);
	if (w->state)
		memset(w->state, 0, w->form->size);
	w->now = (struct totals){0};
	w->is_used = false;
}

static struct view *
view_new(const struct report_form *form, const char *path, struct out *out)
{
	struct view *w = mem_new(1, sizeof *w);

	w->form = form;
	w->path = mem_str(path);
	w->file = (struct out){.fd = -1, .pending = BUF_INIT};
	w->out = out ? out : &w->file;
	if (form->size)
		w->state = mem_new(1, form->size);
	return w;
}

void
report_view_del(struct view *w)
{
	forget(w);
	close_place(w);
	free(w->state);
	free(w->path);
	free(w);
}

static struct view *
view_add(struct report *r, struct view *w)
{
	w->r = r;
	r->has_bars |= w->form->has_bars;
	r->view = mem_more(r->view, r->views, &r->view_cap, sizeof *r->view);
	r->view[r->views++] = w;
	return w;
}

struct view *
report_view(struct report *r, const struct report_form *form, const char *path,
    struct out *out, struct err *e)
{
	struct view *w = view_new(form, path, out);

	if (path && open_place(w, e) < 0) {
		report_view_del(w);
		return NULL;
	}
	return view_add(r, w);
}

struct view *
report_view_later(
    struct report *r, const struct report_form *form, const char *path)
{
	struct view *w = view_add(r, view_new(form, path, NULL));

	w->is_own = true;
	return w;
}

/* What GitHub shows beside the log. */
void
report_on_github(struct report *r)
{
	const char *path = r->how.github_summary;
	struct err e = {0};

	if (r->how.is_on_github && r->view[0]->form != &report_github &&
	    r->how.err)
		report_view(r, &report_github, NULL, r->how.err, NULL);
	if (path && !report_view(r, &report_markdown, path, NULL, &e))
		report_lose(r, path, &e);
}

int
report_also(struct report *r, const char *target, int *status, struct err *e)
{
	size_t n = strcspn(target, "=");
	const char *path = target + n + (target[n] == '=');
	const struct report_form *form = report_form_of(target, n);

	*status = EXIT_INPUT;
	if (!form || form == &report_plan)
		return err_set(e,
		    "--report %s: write FORMAT=FILE; the formats are "
		    "text, tap, junit, json, ctrf, github, ndjson, html "
		    "and failed",
		    target);
	if (!*path || !strcmp(path, "-"))
		return err_set(e,
		    "--report %s: it goes to a file; for standard output there "
		    "is --format %s",
		    target, form->name);
	if (r->is_plan)
		return err_set(e,
		    "--report %s: there is nothing to report of what is only "
		    "planned",
		    target);
	for (size_t i = 0; i < r->views; i++)
		if (r->view[i]->path && !strcmp(r->view[i]->path, path))
			return err_set(
			    e, "--report: two reports go to %s", path);
	*status = EXIT_RUN;
	return report_view(r, form, path, NULL, e) ? 0 : -1;
}

bool
report_shows(const struct view *w, const struct entry *e)
{
	if (!w->is_own)
		return true;
	for (size_t i = 0; i < COUNT(e->own); i++)
		if (e->own[i] == w)
			return true;
	return false;
}

const struct totals *
report_totals(const struct view *w)
{
	return w->is_own ? &w->now : &w->r->now;
}

bool
report_is_green(const struct view *w)
{
	const struct totals *t = report_totals(w);

	return !t->fail && !t->fake && !t->error && !t->not_run &&
	       !w->r->incomplete && report_tests(t);
}

/* Where a batch before has closed the file, a new one begins. */
static void
use(struct view *w)
{
	struct err e = {0};

	if (w->path && w->file.fd < 0 && !w->is_used && open_place(w, &e) < 0)
		report_lose(w->r, w->path, &e);
	w->is_used = true;
}

void
report_show(struct report *r, const struct entry *e, const struct result *v)
{
	report_count(&r->now, v);
	for (size_t i = 0; i < r->views; i++) {
		struct view *w = r->view[i];

		if (!report_shows(w, e))
			continue;
		use(w);
		if (w->is_own)
			report_count(&w->now, v);
		if (w->form->result)
			w->form->result(w, e, v);
	}
}

static void
tell(struct report *r, const struct finding *f)
{
	struct entry *to = &r->loose;

	to->finding = arena_more(&to->a, to->finding, to->findings,
	    &to->finding_cap, sizeof *to->finding);
	to->finding[to->findings] = *f;
	to->finding[to->findings++].file = arena_str(&to->a, f->file);
}

void
report_lose(struct report *r, const char *path, const struct err *e)
{
	struct finding f = {.severity = "error",
	    .code = "E421",
	    .message = arena_fmt(
		&r->loose.a, "a report cannot be written: %s", err_message(e)),
	    .hint = "give it another place, or make room",
	    .file = path};

	r->file_status = EXIT_RUN;
	tell(r, &f);
}

void
report_void(struct view *w, const char *why)
{
	struct finding f = {.severity = "warning",
	    .code = "W405",
	    .message = arena_fmt(&w->r->loose.a, "the %s is not written: %s",
		w->form->name, why),
	    .file = w->path};

	close_place(w);
	w->r->now.warnings++;
	tell(w->r, &f);
}

static void
finish_file(struct view *w)
{
	struct err e = {0};

	if (w->file.fd >= 0 && commit(w, &e) < 0)
		report_lose(w->r, w->path, &e);
	close_place(w);
}

static bool
is_due(const struct view *w, bool is_last)
{
	if (w->path && w->form->record) /* a stream has one end */
		return is_last;
	if (!w->path && !w->form->is_document)
		return true;
	return w->is_used || (is_last && !w->is_written && !w->is_own);
}

/* The files come first, so that the rest can tell what became of them. */
void
report_summary(struct report *r, bool is_last)
{
	for (size_t i = r->views; i--;) {
		struct view *w = r->view[i];

		if (!is_due(w, is_last))
			continue;
		if (w->form->summary)
			w->form->summary(w, is_last || w->path);
		if (w->path)
			finish_file(w);
		if (w->path || w->form->is_document)
			forget(w);
		w->is_written = true;
	}
	r->has_error_verdict |= r->now.error > 0;
}
