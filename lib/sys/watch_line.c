#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "sys/watch_int.h"

enum { LONG = 16 << 10 }; /* bytes; no path is so long */

/* What such programs call what happened; a look alone is nothing. */
static const char *const happened[] = {"MODIFY", "ATTRIB", "CLOSE_WRITE",
    "MOVED_TO", "MOVED_FROM", "MOVE_SELF", "MOVE", "CREATE", "DELETE",
    "DELETE_SELF", "UNMOUNT", "Q_OVERFLOW", "IGNORED", "PlatformSpecific",
    "Created", "Updated", "Removed", "Renamed", "OwnerModified",
    "AttributeModified", "MovedFrom", "MovedTo", "CloseWrite", "Link", "IsFile",
    "IsSymLink", "IsDir", "Overflow"};
static const char *const looked[] = {
    "ACCESS", "OPEN", "CLOSE_NOWRITE", "CLOSE", "ISDIR", "NoOp"};

static bool
is_among(const char *s, size_t n, const char *const word[], size_t words)
{
	for (size_t i = 0; i < words; i++)
		if (strlen(word[i]) == n && !memcmp(word[i], s, n))
			return true;
	return false;
}

/* CREATE,ISDIR: 1 events, 0 no such word, -1 none that counts. */
static int
events(const char *s, size_t n)
{
	bool did_happen = false;

	for (const char *end = s + n; s < end;) {
		size_t len = strcspn(s, ", ");

		if (is_among(s, len, happened, COUNT(happened)))
			did_happen = true;
		else if (!is_among(s, len, looked, COUNT(looked)))
			return 0;
		s += len + 1;
	}
	return !n ? 0 : did_happen ? 1 : -1;
}

static bool
is_ignored(
    struct watch *w, const struct watch_root *root, char *path, bool is_dir)
{
	char *at = path + strlen(root->path);
	bool skips = false;

	for (at += *at == '/'; !skips && *at; at++) {
		char *slash = strchrnul(at, '/'), was = *slash;

		*slash = 0;
		skips = w->opts.skips(w->opts.arg, path, was || is_dir);
		*slash = was;
		at = slash;
		if (!was)
			break;
	}
	return skips;
}

/* It may have changed, or all that is below it. */
static void
hint(struct watch *w, struct watch_root *root, char *path)
{
	struct stat st;
	bool is_gone = lstat(*path ? path : ".", &st) < 0, is_dir;

	if (root->only.alive) {
		w->scan_ns = w->now_ns;
		return;
	}
	is_dir = !is_gone && S_ISDIR(st.st_mode);
	if (is_ignored(w, root, path, is_dir))
		return;
	if (is_dir) {
		/* New ones are not watched at once by such programs. */
		w->scan_ns = w->now_ns;
		w->looks_again = true;
		return;
	}
	watch_dirty(w, path, strlen(path))->is_tree |= is_gone;
}

/* The path under the operand's name; it may be given as it really is. */
static bool
place(struct watch *w, const char *s, size_t n)
{
	AUTO_BUF raw = BUF_INIT, path = BUF_INIT;

	while (n > 2 && !strncmp(s, "./", 2))
		s += 2, n -= 2;
	while (n > 1 && s[n - 1] == '/')
		n--;
	if (n == 1 && *s == '.')
		n = 0;
	buf_add(&raw, s, n);
	for (size_t i = 0; i < w->roots; i++) {
		struct watch_root *r = w->root[i];

		buf_reset(&path);
		if (watch_is_below(raw.s, r->path))
			buf_adds(&path, raw.s);
		else if (!strcmp(raw.s, r->real))
			buf_adds(&path, r->path);
		else if (watch_is_below(raw.s, r->real))
			watch_join(&path, r->path,
			    raw.s + strlen(r->real) + (r->real[1] != 0));
		else
			continue;
		hint(w, r, path.s);
		return true;
	}
	return false;
}

/* DIR EVENTS NAME, wherever a blank could end DIR; or PATH EVENTS. */
static int
split(struct watch *w, const char *line, bool *is_placed)
{
	int kind = 0;

	for (const char *s = line; (s = strchr(s, ' ')); s++) {
		const char *word = s + 1, *name;
		int said = events(word, strcspn(word, " "));
		AUTO_BUF path = BUF_INIT;

		if (!said)
			continue;
		kind = kind > 0 ? kind : said;
		if (said < 0)
			continue;
		name = word + strcspn(word, " ");
		buf_add(&path, line, (size_t)(s - line));
		if (*name && path.len && path.s[path.len - 1] == '/')
			buf_adds(&path, name + 1);
		*is_placed |= place(w, path.s, path.len);
	}
	return kind;
}

void
watch_line(struct watch *w, const char *line)
{
	bool is_placed = false;
	size_t n = strlen(line);
	int kind;

	watch_now(w);
	kind = n < LONG ? split(w, line, &is_placed) : 1;
	if (kind < 0)
		return;
	if (!kind)
		is_placed = place(w, line, n);
	if (!is_placed || strstr(line, "Q_OVERFLOW") ||
	    strstr(line, " Overflow")) {
		w->scan_ns = w->now_ns;
		w->looks_again = true;
	}
}
