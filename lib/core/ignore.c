#include "core/ignore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

enum kind {
	LITERAL, /* the name itself */
	SUFFIX,	 /* a star and then no more of them */
	GLOB,
};

struct ignore_pattern {
	char *text;
	enum kind kind;
	bool is_bound; /* to the whole path, not to the name alone */
	bool is_for_dirs, is_negated;
};

static enum kind
kind_of(const char *text)
{
	if (!text[strcspn(text, "*?[\\")])
		return LITERAL;
	if (*text == '*' && !text[1 + strcspn(text + 1, "*?[\\")])
		return SUFFIX;
	return GLOB;
}

/* Blanks at the end count only behind a backslash. */
static size_t
trimmed(const char *s)
{
	size_t n = strcspn(s, "\n");

	n -= n && s[n - 1] == '\r';
	while (n && s[n - 1] == ' ' && !(n > 1 && s[n - 2] == '\\'))
		n--;
	return n;
}

static void
add(struct ignore_list *to, const char *s)
{
	struct ignore_pattern p = {0};
	size_t n = trimmed(s);

	if (!n || *s == '#')
		return;
	if (*s == '!') {
		p.is_negated = true;
		s++, n--;
	}
	if (n && s[n - 1] == '/') {
		p.is_for_dirs = true;
		n--;
	}
	p.is_bound = memchr(s, '/', n);
	if (n && *s == '/')
		s++, n--;
	if (!n)
		return;
	p.text = mem_dup(s, n);
	p.kind = kind_of(p.text);
	to->pattern = mem_more(to->pattern, to->n, &to->cap, sizeof p);
	to->pattern[to->n++] = p;
}

static void
list_reset(struct ignore_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->pattern[i].text);
	l->n = 0;
}

static void
list_free(struct ignore_list *l)
{
	list_reset(l);
	free(l->pattern);
	free(l->dir);
}

void
ignore_defaults(struct ignore *ig)
{
#define ALNUM "[A-Za-z0-9]"
	/* sed -i writes into sedXXXXXX; vim tries whether it may write 4913 */
	static const char *const pattern[] = {".git/", ".hg/", ".svn/",
	    ".clnrm/", "*~", "*.swp", "*.swx", "*.swo", "\\#*#", ".#*", "4913",
	    "sed" ALNUM ALNUM ALNUM ALNUM ALNUM ALNUM};

	for (size_t i = 0; i < COUNT(pattern); i++)
		add(&ig->base, pattern[i]);
}

void
ignore_add(struct ignore *ig, const char *pattern)
{
	add(&ig->own, pattern);
}

static struct ignore_list *
list_at(const struct ignore *ig, const char *dir)
{
	for (size_t i = 0; i < ig->files; i++)
		if (!strcmp(ig->file[i].dir, dir))
			return &ig->file[i];
	return NULL;
}

bool
ignore_has(const struct ignore *ig, const char *dir)
{
	return list_at(ig, dir);
}

/* The list of a directory, made where it belongs: deeper ones behind. */
static struct ignore_list *
list_for(struct ignore *ig, const char *dir)
{
	struct ignore_list *l = list_at(ig, dir);
	size_t at = ig->files;

	if (l) {
		list_reset(l);
		return l;
	}
	ig->file = mem_more(ig->file, ig->files, &ig->file_cap, sizeof *l);
	while (at && strlen(ig->file[at - 1].dir) > strlen(dir))
		at--;
	memmove(
	    ig->file + at + 1, ig->file + at, (ig->files++ - at) * sizeof *l);
	ig->file[at] = (struct ignore_list){.dir = mem_str(dir)};
	return &ig->file[at];
}

static void
drop(struct ignore *ig, const char *dir)
{
	struct ignore_list *l = list_at(ig, dir);

	if (!l)
		return;
	list_free(l);
	memmove(l, l + 1, (size_t)(ig->file + --ig->files - l) * sizeof *l);
}

int
ignore_read(struct ignore *ig, const char *dir, const char *path, struct err *e)
{
	AUTO_BUF text = BUF_INIT;
	struct ignore_list *to;
	char *rest, *line;

	if (file_read(path, &text, e) < 0) {
		bool is_none = errno == ENOENT || errno == ENOTDIR;

		drop(ig, dir);
		return is_none ? 0 : -1;
	}
	to = list_for(ig, dir);
	for (rest = text.s; (line = strsep(&rest, "\n"));)
		add(to, line);
	return 1;
}

void
ignore_place(struct ignore *ig, const char *operand, const char *at)
{
	ig->place =
	    mem_more(ig->place, ig->places, &ig->place_cap, sizeof *ig->place);
	ig->place[ig->places++] =
	    (struct ignore_place){mem_str(operand), mem_str(at)};
}

const char *
ignore_placed(const struct ignore *ig, const char *path, struct buf *to)
{
	const struct ignore_place *best = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < ig->places; i++) {
		const struct ignore_place *p = &ig->place[i];
		size_t n = strlen(p->operand);

		if (!strncmp(path, p->operand, n) &&
		    (!n || path[n] == '/' || p->operand[n - 1] == '/') &&
		    (!best || n > longest)) {
			best = p;
			longest = n;
		}
	}
	if (!best)
		return path;
	path += longest;
	path += strspn(path, "/");
	if (!*best->at)
		return path;
	buf_addf(to, *path ? "%s/%s" : "%s%s", best->at, path);
	return to->s;
}

static bool
fits(const struct ignore_pattern *p, const char *path, const char *name)
{
	const char *s = p->is_bound ? path : name;
	size_t n = strlen(s), len;

	switch (p->kind) {
	case LITERAL:
		return !strcmp(p->text, s);
	case SUFFIX:
		len = strlen(p->text) - 1;
		return n >= len && !strcmp(s + n - len, p->text + 1) &&
		       (!p->is_bound || !memchr(s, '/', n - len));
	case GLOB:
		break;
	}
	return p->is_bound ? ignore_fits(p->text, s)
			   : ignore_glob(p->text, strlen(p->text), s, n);
}

/* 1 ignored, 0 taken back, -1 the list does not speak of it. */
static int
ask(const struct ignore_list *l, const char *path, bool is_dir)
{
	const char *slash = strrchr(path, '/');

	for (size_t i = l->n; i-- > 0;) {
		const struct ignore_pattern *p = &l->pattern[i];

		if (p->is_for_dirs && !is_dir)
			continue;
		if (fits(p, path, slash ? slash + 1 : path))
			return !p->is_negated;
	}
	return -1;
}

/* The path as seen from a list's directory, or NULL. */
static const char *
below(const struct ignore_list *l, const char *path)
{
	size_t n = strlen(l->dir);

	if (!n)
		return path;
	return !strncmp(path, l->dir, n) && path[n] == '/' ? path + n + 1
							   : NULL;
}

bool
ignore_skips(const struct ignore *ig, const char *path, bool is_dir)
{
	AUTO_BUF whole = BUF_INIT;
	const char *from = ignore_placed(ig, path, &whole);
	int said = ask(&ig->own, from, is_dir);

	for (size_t i = ig->files; said < 0 && i-- > 0;) {
		const char *rest = below(&ig->file[i], from);

		if (rest)
			said = ask(&ig->file[i], rest, is_dir);
	}
	return (said < 0 ? ask(&ig->base, from, is_dir) : said) > 0;
}

void
ignore_reset(struct ignore *ig)
{
	list_reset(&ig->base);
	list_reset(&ig->own);
	for (size_t i = 0; i < ig->files; i++)
		list_free(&ig->file[i]);
	ig->files = 0;
}

void
ignore_free(struct ignore *ig)
{
	ignore_reset(ig);
	list_free(&ig->base);
	list_free(&ig->own);
	for (size_t i = 0; i < ig->places; i++) {
		free(ig->place[i].operand);
		free(ig->place[i].at);
	}
	free(ig->file);
	free(ig->place);
	*ig = (struct ignore){0};
}
