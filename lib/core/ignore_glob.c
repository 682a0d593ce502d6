#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "core/ignore.h"

static const struct {
	const char *name;
	int (*fits)(int c);
} classes[] = {{"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank},
    {"cntrl", iscntrl}, {"digit", isdigit}, {"graph", isgraph},
    {"lower", islower}, {"print", isprint}, {"punct", ispunct},
    {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit}};

/* One byte of a set, which may be behind a backslash; 0: the end came. */
static size_t
member(const char *p, size_t n, unsigned char *c)
{
	size_t escaped = n > 1 && *p == '\\';

	if (!n)
		return 0;
	*c = (unsigned char)p[escaped];
	return 1 + escaped;
}

/* [:alpha:] at p[n]: its length, 0 when it is none. */
static size_t
class_fits(const char *p, size_t n, unsigned char c, bool *fits)
{
	const char *end =
	    n > 3 && p[1] == ':' ? memmem(p + 2, n - 2, ":]", 2) : NULL;
	size_t len = end ? (size_t)(end - p) - 2 : 0;

	if (*p != '[' || !end)
		return 0;
	for (size_t i = 0; i < COUNT(classes); i++)
		if (strlen(classes[i].name) == len &&
		    !memcmp(classes[i].name, p + 2, len))
			*fits |= classes[i].fits(c) != 0;
	return len + 4;
}

/* The set at p[n], behind its bracket: its length, 0 when it never ends. */
static size_t
set_fits(const char *p, size_t n, unsigned char c, bool *fits)
{
	bool is_not = n && (*p == '!' || *p == '^');
	size_t at = is_not, first = is_not, got;
	unsigned char from, to;

	*fits = false;
	while (at < n && (p[at] != ']' || at == first)) {
		got = class_fits(p + at, n - at, c, fits);
		if (got) {
			at += got;
			continue;
		}
		at += member(p + at, n - at, &from);
		to = from;
		if (at + 1 < n && p[at] == '-' && p[at + 1] != ']')
			at += 1 + member(p + at + 1, n - at - 1, &to);
		*fits |= from <= c && c <= to;
	}
	*fits ^= is_not;
	return at < n ? at + 1 : 0;
}

/* What stands for one byte at p[n]: its length if it fits c, else 0. */
static size_t
one(const char *p, size_t n, char c)
{
	bool fits;
	size_t got;

	if (!n)
		return 0;
	if (*p == '?')
		return 1;
	if (*p == '[') {
		got = set_fits(p + 1, n - 1, (unsigned char)c, &fits);
		return got && fits ? got + 1 : 0;
	}
	if (*p == '\\')
		return n > 1 && p[1] == c ? 2 : 0;
	return *p == c;
}

bool
ignore_glob(const char *p, size_t len, const char *s, size_t n)
{
	const char *end = p + len, *stop = s + n, *star = NULL, *from = NULL;

	/* Only the last star ever has to take more: no recursion. */
	while (s < stop) {
		size_t got;

		if (p < end && *p == '*') {
			star = ++p;
			from = s;
		} else if ((got = one(p, (size_t)(end - p), *s))) {
			p += got;
			s++;
		} else if (star) {
			p = star;
			s = ++from;
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

/* What is behind the first name, or NULL. */
static const char *
behind(const char *s)
{
	s = strchr(s, '/');
	return s ? s + 1 : NULL;
}

static bool
is_any_depth(const char *p)
{
	return p[0] == '*' && p[1] == '*' && (!p[2] || p[2] == '/');
}

bool
ignore_fits(const char *p, const char *s)
{
	const char *star = NULL, *from = NULL;

	while (p || s) {
		if (p && is_any_depth(p)) {
			star = behind(p);
			if (!star)
				return s;
			from = s;
			p = star;
		} else if (p && s &&
			   ignore_glob(
			       p, strcspn(p, "/"), s, strcspn(s, "/"))) {
			p = behind(p);
			s = behind(s);
		} else if (star && from && (from = behind(from))) {
			p = star;
			s = from;
		} else {
			return false;
		}
	}
	return true;
}
