#include "core/spans.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/runs.h"
#include "core/spans_int.h"
#include "data/console.h"

enum { TEXT_MAX = 1 << 30 };

int64_t
span_took(const struct span *s)
{
	if (!s->start_ns || s->end_ns < s->start_ns)
		return -1;
	return (int64_t)(s->end_ns - s->start_ns);
}

void
span_took_print(struct buf *b, double ns)
{
	if (ns < 0)
		buf_adds(b, "-");
	else if (ns < 1e3)
		buf_addf(b, "%.0f ns", ns);
	else if (ns < 1e6)
		buf_addf(b, "%.1f us", ns / 1e3);
	else if (ns < 1e9)
		buf_addf(b, "%.1f ms", ns / 1e6);
	else
		buf_addf(b, "%.2f s", ns / 1e9);
}

/* Spans that were found in a log, as lines. */
static void
on_span(void *arg, enum console_form form, const struct otlp_span *span)
{
	struct buf *to = arg;

	(void)form;
	buf_addc(to, '{');
	otlp_span_print(span, to);
	buf_adds(to, "}\n");
}

static void
on_lost(void *arg, const struct err *e)
{
	(void)arg;
	(void)e;
}

/* Nothing that is a span by itself: it may be the log of a program. */
static void
read_log(struct spans *t)
{
	AUTO_BUF found = BUF_INIT;
	struct console_user user = {on_span, on_lost, &found};
	struct console *c = console_new(&user);

	console_feed(c, t->text.s, t->text.len);
	console_end(c);
	console_del(c);
	if (!found.len)
		return;
	buf_free(&t->text);
	t->text = found;
	found = (struct buf)BUF_INIT;
	t->lost = 0;
	spans_json(t, t->text.s, t->text.len);
}

int
spans_parse(struct spans *t, const char *name, struct buf *text, struct err *e)
{
	size_t good = utf8_check(text->s, text->len);

	t->name = name;
	t->text = *text;
	*text = (struct buf)BUF_INIT;
	if (good < t->text.len)
		return err_set(e, "%s: not UTF-8 at byte %zu", name, good + 1);
	spans_json(t, t->text.s, t->text.len);
	if (!t->n)
		read_log(t);
	if (!t->n && t->lost) {
		*e = t->first_lost;
		return -1;
	}
	if (!t->n && !t->has_json) {
		err_set(e, "%s: no spans", name);
		return err_hint(e, "OTLP in JSON, span records, or what a "
				   "console exporter prints is read");
	}
	spans_tree(t);
	return 0;
}

int
spans_grow(struct spans *t, const char *s, size_t n, struct err *e)
{
	size_t good = utf8_check(s, n);

	if (good < n)
		return err_set(e, "%s: not UTF-8 at byte %zu", t->name,
		    t->grown + good + 1);
	if (t->grown + n > TEXT_MAX)
		return err_set(
		    e, "%s: more than %d MiB", t->name, TEXT_MAX >> 20);
	spans_json(t, arena_dup(&t->arena, s, n), n);
	t->grown += n;
	for (size_t i = 0; i < n; i++)
		t->links->lines += s[i] == '\n';
	return 0;
}

static bool
has_ending(const char *name)
{
	static const char *const ending[] = {
	    ".json", ".jsonl", ".ndjson", ".log"};
	size_t n = strlen(name);

	for (size_t i = 0; i < COUNT(ending); i++)
		if (n > strlen(ending[i]) &&
		    !strcmp(name + n - strlen(ending[i]), ending[i]))
			return true;
	return false;
}

static int
is_wanted(const struct dirent *d)
{
	return *d->d_name != '.' && has_ending(d->d_name);
}

static int
read_file(int dir, const char *path, struct buf *to, struct err *e)
{
	AUTO_FD fd = openat(dir, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, "%s:", path);
	return fd_drain(fd, path, TEXT_MAX, to, e);
}

static int
read_directory(int dir, const char *path, struct buf *to, struct err *e)
{
	struct dirent **list;
	int n = scandirat(dir, ".", &list, is_wanted, alphasort), failed = 0;

	if (n < 0)
		return err_set(e, "%s:", path);
	for (int i = 0; i < n; i++) {
		failed = failed || read_file(dir, list[i]->d_name, to, e) < 0;
		buf_addc(to, '\n');
		free(list[i]);
	}
	free(list);
	return failed ? -1 : 0;
}

int
spans_read(struct spans *t, const char *path, struct err *e)
{
	AUTO_BUF text = BUF_INIT;
	AUTO_BUF run = BUF_INIT;
	AUTO_FD dir = -1;
	int failed = runs_find(path, &run, e);

	if (failed < 0)
		return -1;
	if (failed > 0)
		failed = read_file(AT_FDCWD, run.s, &text, e);
	else if (!strcmp(path, "-"))
		failed = fd_drain(0, path, TEXT_MAX, &text, e);
	else if ((dir = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC)) >= 0)
		failed = read_directory(dir, path, &text, e);
	else
		failed = read_file(AT_FDCWD, path, &text, e);
	return failed ? -1 : spans_parse(t, path, &text, e);
}

void
spans_free(struct spans *t)
{
	arena_free(&t->arena);
	buf_free(&t->text);
	free(t->span);
	free(t->order);
	free(t->walk);
	spans_links_free(t);
	spans_reader_del(t->reader);
}
