#include "core/inputs.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/ignore.h"
#include "core/project.h"

struct declared {
	struct test *test;
	struct buf root; /* what the patterns begin at; no text: none */
	char **volume;	 /* volume[volumes], real paths */
	size_t volumes, cap;
	char *by; /* the file that made it due, or NULL */
	const char *how;
};

static void
declared_del(struct declared *d)
{
	if (!d)
		return;
	while (d->volumes)
		free(d->volume[--d->volumes]);
	free(d->volume);
	free(d->by);
	buf_free(&d->root);
	test_release(d->test);
	free(d);
}

static void
add_volume(struct declared *d, const char *path)
{
	char *real = path ? realpath(path, NULL) : NULL;

	if (!path)
		return;
	d->volume = mem_more(d->volume, d->volumes, &d->cap, sizeof *d->volume);
	d->volume[d->volumes++] = real ? real : mem_str(path);
}

static void
add_volumes(struct declared *d, const struct value *services)
{
	for (size_t i = 0; i < value_count(services); i++) {
		const struct value *list =
		    value_get(services->list.item[i], "volumes");

		for (size_t n = 0; n < value_count(list); n++)
			add_volume(d, value_str_or(value_get(list->list.item[n],
						       "host_path"),
					  NULL));
	}
}

static void
key_of(const char *source, const char *variant, struct buf *to)
{
	buf_addf(to, "%s\n%s", source, variant ? variant : "");
}

/* What an earlier run has left there. */
static void
open_list(struct inputs *in, const char *root)
{
	buf_addf(&in->list, "%s/" INPUTS_VOLUMES, root);
	if (file_read(in->list.s, &in->kept, NULL) < 0)
		buf_reset(&in->kept);
}

void
inputs_set(struct inputs *in, struct test *t)
{
	struct declared *d = mem_new(1, sizeof *d);
	AUTO_BUF key = BUF_INIT;
	struct err e = {0};

	d->test = test_hold(t);
	d->root = (struct buf)BUF_INIT;
	add_volumes(d, value_get(t->plan, "services"));
	if ((d->volumes || value_count(value_get(t->plan, "inputs"))) &&
	    project_root(t->source, in->root, &d->root, &e) < 0)
		buf_reset(&d->root);
	if (d->volumes && d->root.len && !in->list.len)
		open_list(in, d->root.s);
	key_of(t->source, t->variant, &key);
	if (d->volumes || d->root.len) {
		declared_del(map_set(&in->by_test, key.s, key.len, d));
		return;
	}
	declared_del(d);
	declared_del(map_del(&in->by_test, key.s, key.len));
}

/* The path itself, or a directory above it. */
static bool
fits(const char *text, const char *path)
{
	AUTO_BUF at = BUF_INIT, pattern = BUF_INIT;

	text += strspn(text, "/");
	buf_adds(&pattern, text);
	while (pattern.len && pattern.s[pattern.len - 1] == '/')
		buf_cut(&pattern, pattern.len - 1);
	buf_adds(&at, path);
	for (;;) {
		const char *slash;

		if (ignore_fits(pattern.s, at.s))
			return true;
		slash = strrchr(at.s, '/');
		if (!slash || slash == at.s)
			return false;
		buf_cut(&at, (size_t)(slash - at.s));
	}
}

static bool
is_input(const struct declared *d, const char *path)
{
	const struct value *list = value_get(d->test->plan, "inputs");
	size_t n = d->root.len;

	if (!n || strncmp(path, d->root.s, n) != 0 || path[n] != '/')
		return false;
	for (size_t i = 0; i < value_count(list); i++) {
		const char *pattern = value_str_or(list->list.item[i], "");

		while (!strncmp(pattern, "./", 2))
			pattern += 2;
		if (fits(pattern, path + n + 1))
			return true;
	}
	return false;
}

static bool
is_in_volume(const struct declared *d, const char *path)
{
	for (size_t i = 0; i < d->volumes; i++) {
		size_t n = strlen(d->volume[i]);

		if (!strncmp(path, d->volume[i], n) &&
		    (!path[n] || path[n] == '/' || d->volume[i][n - 1] == '/'))
			return true;
	}
	return false;
}

/* Without links in its directory; what it names may be gone. */
static void
absolute(const char *path, struct buf *to)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? mem_dup(path, (size_t)(slash - path) + 1)
			  : mem_str("."),
	     *real = realpath(dir, NULL);

	if (real)
		buf_addf(to, "%s/%s", strcmp(real, "/") != 0 ? real : "",
		    slash ? slash + 1 : path);
	else
		buf_adds(to, path);
	free(real);
	free(dir);
}

void
inputs_change(struct inputs *in, const char *path, int64_t gen)
{
	AUTO_BUF real = BUF_INIT;

	if (in->by_test.alive)
		absolute(path, &real);
	for (size_t i = 0; in->by_test.alive && i < in->by_test.n; i++) {
		struct map_entry *it = &in->by_test.entry[i];
		struct declared *d = it->value;
		const char *how;

		if (!d || d->test->gen >= gen)
			continue;
		if (!strcmp(d->test->source, path)) {
			declared_del(map_del(&in->by_test, it->key, it->len));
			continue;
		}
		how = is_in_volume(d, real.s) ? "volume"
		    : is_input(d, real.s)     ? "input"
					      : NULL;
		if (how && !d->by) {
			d->how = how;
			d->by = mem_str(path);
		}
	}
}

void
inputs_due(struct inputs *in, int64_t gen, inputs_fn *fn, void *arg)
{
	size_t n = in->by_test.n;

	for (size_t i = 0; i < n && i < in->by_test.n; i++) {
		struct declared *d = in->by_test.entry[i].value;
		struct test *t;
		char *by;

		if (!d || !d->by)
			continue;
		by = d->by;
		d->by = NULL;
		t = test_hold(d->test);
		if (t->gen < gen)
			fn(arg, t, by, d->how);
		test_release(t);
		free(by);
	}
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A name of several lines cannot be told. */
static void
print_volumes(const struct inputs *in, struct buf *to)
{
	const char **path = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < in->by_test.n; i++) {
		const struct declared *d = in->by_test.entry[i].value;

		for (size_t k = 0; d && k < d->volumes; k++) {
			path = mem_more(path, n, &cap, sizeof *path);
			path[n++] = d->volume[k];
		}
	}
	if (n)
		qsort(path, n, sizeof *path, by_bytes);
	for (size_t i = 0; i < n; i++)
		if ((!i || strcmp(path[i], path[i - 1]) != 0) &&
		    !strchr(path[i], '\n'))
			buf_addf(to, "%s\n", path[i]);
	free(path);
}

int
inputs_keep(struct inputs *in, struct err *e)
{
	AUTO_BUF text = BUF_INIT;

	if (!in->list.len)
		return 0;
	print_volumes(in, &text);
	if (text.len == in->kept.len && !strcmp(text.s, in->kept.s))
		return 0;
	buf_reset(&in->kept);
	buf_add(&in->kept, text.s, text.len);
	return file_renew(in->list.s, text.s, text.len, 0666, e);
}

void
inputs_free(struct inputs *in)
{
	buf_free(&in->list);
	buf_free(&in->kept);
	for (size_t i = 0; i < in->by_test.n; i++)
		declared_del(in->by_test.entry[i].value);
	map_free(&in->by_test);
}
