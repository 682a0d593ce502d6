#include "core/image_user.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "sys/rootdir.h"

enum { FILE_MAX = 1 << 20, FIELDS = 7, IDS = 65536 };

static void
read_file(int root, const char *name, struct buf *text)
{
	struct rootdir r = {root, false};
	AUTO_FD fd = rootdir_look(
	    &r, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode))
		fd_drain(fd, name, FILE_MAX, text, NULL);
}

void
image_accounts_read(int root, struct image_accounts *to)
{
	read_file(root, "etc/passwd", &to->passwd);
	read_file(root, "etc/group", &to->group);
}

void
image_accounts_free(struct image_accounts *of)
{
	buf_free(&of->passwd);
	buf_free(&of->group);
}

/* The fields of the next line, which is cut up; false at the end. */
static bool
next_line(char **at, char *field[FIELDS])
{
	char *line = strsep(at, "\n");

	for (size_t i = 0; i < FIELDS; i++) {
		field[i] = line ? strsep(&line, ":") : NULL;
		if (!field[i])
			field[i] = (char *)"";
	}
	return *at || **field;
}

static bool
is_id(const char *s, unsigned *id)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (*s < '0' || *s > '9' || *end || strlen(s) > 10)
		return false;
	*id = n < IDS ? (unsigned)n : IDS;
	return true;
}

/* A line of the name goes before one of the number. */
static bool
find(struct buf *text, const char *who, char *field[FIELDS])
{
	char *at = text->s;

	while (text->len && next_line(&at, field))
		if (!strcmp(field[0], who))
			return true;
	return false;
}

static bool
find_id(struct buf *text, unsigned id, char *field[FIELDS])
{
	char *at = text->s;
	unsigned n;

	while (text->len && next_line(&at, field))
		if (is_id(field[2], &n) && n == id)
			return true;
	return false;
}

static int
too_large(const char *what, const char *who, struct err *e)
{
	return err_set(e, "%s %.80s is not below %d", what, who, IDS);
}

/* His line may give a group, a home and a name to look for in groups. */
static int
find_user(const struct image_accounts *of, const char *who, struct arena *a,
    struct image_user *to, const char **name, struct err *e)
{
	AUTO_BUF by_name = BUF_INIT;
	AUTO_BUF by_id = BUF_INIT;
	char *field[FIELDS];
	unsigned id = 0, gid = 0;
	bool is_there;

	buf_add(&by_name, of->passwd.s, of->passwd.len);
	buf_add(&by_id, of->passwd.s, of->passwd.len);
	is_there = find(&by_name, who, field);
	if (is_there && !is_id(field[2], &id))
		return err_set(e, "user %.80s has no id in /etc/passwd", who);
	if (!is_there && !is_id(who, &id))
		return err_set(e, "user %.80s is not in /etc/passwd", who);
	if (id >= IDS)
		return too_large("user", who, e);
	if (!is_there)
		is_there = find_id(&by_id, id, field);
	if (is_there && is_id(field[3], &gid) && gid >= IDS)
		return too_large("the group of user", who, e);
	if (is_there && *field[5] == '/')
		to->home = arena_str(a, field[5]);
	to->ids.uid = id;
	to->ids.gid = gid;
	*name = is_there ? arena_str(a, field[0]) : NULL;
	return 0;
}

static int
find_group(const struct image_accounts *of, const char *who,
    struct image_user *to, struct err *e)
{
	AUTO_BUF text = BUF_INIT;
	char *field[FIELDS];
	unsigned id = 0;
	bool is_there;

	buf_add(&text, of->group.s, of->group.len);
	is_there = find(&text, who, field) && is_id(field[2], &id);
	if (!is_there && !is_id(who, &id))
		return err_set(e, "group %.80s is not in /etc/group", who);
	if (id >= IDS)
		return too_large("group", who, e);
	to->ids.gid = id;
	return 0;
}

static bool
has_word(char *list, const char *word)
{
	for (char *one; (one = strsep(&list, ","));)
		if (!strcmp(one, word))
			return true;
	return false;
}

static void
find_groups(
    const struct image_accounts *of, const char *name, struct image_user *to)
{
	AUTO_BUF text = BUF_INIT;
	char *field[FIELDS], *at;
	unsigned id;

	buf_add(&text, of->group.s, of->group.len);
	at = text.s;
	while (text.len && to->ids.groups < SANDBOX_GROUPS &&
	       next_line(&at, field))
		if (is_id(field[2], &id) && id < IDS &&
		    has_word(field[3], name))
			to->ids.group[to->ids.groups++] = id;
}

int
image_user(const struct image_accounts *of, const char *text, struct arena *a,
    struct image_user *to, struct err *e)
{
	size_t n = strcspn(text, ":");
	const char *group = text[n] ? text + n + 1 : NULL, *name = NULL;

	*to = (struct image_user){0};
	if (find_user(of, arena_dup(a, text, n), a, to, &name, e) < 0)
		return -1;
	if (group && *group)
		return find_group(of, group, to, e);
	if (name)
		find_groups(of, name, to);
	return 0;
}
