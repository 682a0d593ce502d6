#include "core/ignore.h"

#include <errno.h>
#include <fnmatch.h>
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

struct ignore_place {
	char *operand, *at;
};

void
ignore_defaults(struct ignore *ig)
{
#define ALNUM "[A-Za-z0-9]"
	/* sed -i writes into sedXXXXXX; vim tries whether it may write 4913 */
	static const char *const pattern[] = {".git/", ".hg/", ".svn/",
	    ".clnrm/", "*~", "*.swp", "*.swx", "*.swo", "\\#*#", ".#*", "4913",
	    "sed" ALNUM ALNUM ALNUM ALNUM ALNUM ALNUM};

	for (size_t i = 0; i < COUNT(pattern); i++)
		ignore_add(ig, pattern[i]);
}

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
	size_t n = strcspn(s, "\r\n");

	while (n && s[n - 1] == ' ' && !(n > 1 && s[n - 2] == '\\'))
		n--;
	return n;
}

void
ignore_add(struct ignore *ig, const char *s)
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
	while (n > 3 && !strncmp(s, "**/", 3) && !memchr(s + 3, '/', n - 3))
		s += 3, n -= 3;
	if (n > 3 && !strncmp(s + n - 3, "/**", 3))
		n--; /* what is within is cut off with what is in it */
	p.is_bound = memchr(s, '/', n);
	if (n && *s == '/')
		s++, n--;
	if (!n)
		return;
	p.text = mem_dup(s, n);
	p.kind = kind_of(p.text);
	ig->pattern =
	    mem_more(ig->pattern, ig->n, &ig->cap, sizeof *ig->pattern);
	ig->pattern[ig->n++] = p;
}

int
ignore_read(struct ignore *ig, const char *path, struct err *e)
{
	AUTO_BUF text = BUF_INIT;
	char *rest, *line;

	if (file_read(path, &text, e) < 0)
		return errno == ENOENT ? 0 : -1;
	for (rest = text.s; (line = strsep(&rest, "\n"));)
		ignore_add(ig, line);
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

/* The path as seen from where the patterns live. */
static const char *
placed(const struct ignore *ig, const char *path, struct buf *to)
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
	buf_addf(to, "%s/%s", best->at, path);
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
	if (p->is_bound && !strncmp(p->text, "**/", 3))
		for (const char *at = s; at; at = strchr(at, '/')) {
			at += at != s;
			if (!fnmatch(p->text + 3, at, FNM_PATHNAME))
				return true;
		}
	return !fnmatch(p->text, s, FNM_PATHNAME);
}

bool
ignore_skips(const struct ignore *ig, const char *path, bool is_dir)
{
	AUTO_BUF whole = BUF_INIT;
	const char *from = placed(ig, path, &whole);
	const char *slash = strrchr(from, '/');

	for (size_t i = ig->n; i-- > 0;) {
		const struct ignore_pattern *p = &ig->pattern[i];

		if (p->is_for_dirs && !is_dir)
			continue;
		if (fits(p, from, slash ? slash + 1 : from))
			return !p->is_negated;
	}
	return false;
}

void
ignore_reset(struct ignore *ig)
{
	for (size_t i = 0; i < ig->n; i++)
		free(ig->pattern[i].text);
	ig->n = 0;
}

void
ignore_free(struct ignore *ig)
{
	ignore_reset(ig);
	for (size_t i = 0; i < ig->places; i++) {
		free(ig->place[i].operand);
		free(ig->place[i].at);
	}
	free(ig->pattern);
	free(ig->place);
	*ig = (struct ignore){0};
}
