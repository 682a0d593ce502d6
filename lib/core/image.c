#include "core/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "core/image_int.h"
#include "data/json.h"
#include "data/match.h"

/* ---- what the configuration says */

/* The texts of a list, ended by NULL; what is no text is left out. */
static char **
texts(struct arena *a, const struct value *list)
{
	bool is_list = list && list->kind == VALUE_LIST;
	char **to =
	    arena_alloc(a, ((is_list ? list->list.n : 0) + 1) * sizeof *to);
	size_t n = 0;

	for (size_t i = 0; is_list && i < list->list.n; i++) {
		const char *s = value_str_or(list->list.item[i], NULL);

		if (s)
			to[n++] = (char *)s;
	}
	return to;
}

static int64_t
duration(const struct value *health, const char *key)
{
	int64_t ns = value_int_or(value_get(health, key), 0);

	return ns > 0 ? ns : 0;
}

void
image_take_config(struct image *to, struct arena *a, const struct value *config)
{
	const struct value *c = value_get(config, "config");
	const struct value *health = value_get(c, "Healthcheck");

	to->env = texts(a, value_get(c, "Env"));
	to->entrypoint = texts(a, value_get(c, "Entrypoint"));
	to->cmd = texts(a, value_get(c, "Cmd"));
	to->workdir = value_str_or(value_get(c, "WorkingDir"), "");
	to->user = value_str_or(value_get(c, "User"), "");
	if (!health)
		return;
	to->health.test = texts(a, value_get(health, "Test"));
	to->health.interval_ns = duration(health, "Interval");
	to->health.timeout_ns = duration(health, "Timeout");
	to->health.start_period_ns = duration(health, "StartPeriod");
	to->health.retries = duration(health, "Retries");
}

static int
open_root(struct image *to, struct err *e)
{
	to->root = open(to->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return to->root < 0 ? err_set(e, "%s:", to->path) : 0;
}

/* An entry of the store, that is held already. */
static int
open_entry(const struct image_set *set, const char *key, struct arena *a,
    struct image *to, struct err *e)
{
	AUTO_BUF path = BUF_INIT, text = BUF_INIT;
	const struct value *config;
	int64_t bytes, entries;

	to->key = arena_str(a, key);
	to->path = arena_fmt(a, "%s/roots/%s/root", set->store, key);
	buf_addf(&path, "%s/roots/%s/config.json", set->store, key);
	if (file_read(path.s, &text, e) < 0)
		return -1;
	config = json_parse(a, text.s, text.len, e);
	if (!config)
		return -1;
	image_take_config(to, a, config);
	image_info_read(set, key, &bytes, &entries, &to->has_owners);
	return open_root(to, e);
}

/* 1 and *to, or 0 when there is no such entry. */
static int
take_entry(const struct image_set *set, const char *key, struct arena *a,
    struct image *to, struct err *e)
{
	AUTO_FD lock = image_lock(set, LOCK_SH, e);

	if (lock < 0)
		return -1;
	to->held = image_hold(set, key, LOCK_SH);
	if (to->held < 0)
		return errno == ENOENT ? 0 : err_set(e, "the image %s:", key);
	return open_entry(set, key, a, to, e) < 0 ? -1 : 1;
}

/* The same by a name in full. */
static int
take_name(const struct image_set *set, const char *full, struct arena *a,
    struct image *to, struct err *e)
{
	AUTO_ARENA names_arena = {0};
	AUTO_MAP names = {0};
	const char *key;

	if (image_names_read(set, &names_arena, &names, e) < 0)
		return -1;
	key = map_get(&names, full, strlen(full));
	return key ? take_entry(set, key, a, to, e) : 0;
}

/* ---- files that [images] names */

/* What changes when the file does. Of a directory: its index. */
static int
signature(const char *path, struct buf *to)
{
	static const char *const of[] = {"", "/index.json", "/manifest.json"};

	buf_reset(to);
	for (int i = 0; i < 3; i++) {
		AUTO_BUF name = BUF_INIT;
		struct stat st;

		buf_addf(&name, "%s%s", path, of[i]);
		if (stat(name.s, &st) < 0)
			continue;
		buf_addf(to, "%jx:%jx:%jx:%jx.%lx:%jx.%lx,",
		    (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
		    (uintmax_t)st.st_size, (uintmax_t)st.st_mtim.tv_sec,
		    (unsigned long)st.st_mtim.tv_nsec,
		    (uintmax_t)st.st_ctim.tv_sec,
		    (unsigned long)st.st_ctim.tv_nsec);
	}
	return to->len ? 0 : -1;
}

/* A line is "KEY SIGNATURE PATH". */
int
image_file_key(const char *path, char key[HASH_HEX])
{
	AUTO_BUF line = BUF_INIT, now = BUF_INIT;
	struct err e;
	char *told, *file;

	if (file_read(path, &line, &e) < 0 || line.len < HASH_HEX)
		return 0;
	told = line.s + HASH_HEX;
	file = strchr(told, ' ');
	if (!file || line.s[HASH_HEX - 1] != ' ')
		return 0;
	*file++ = 0;
	if (signature(file, &now) < 0 || strcmp(now.s, told))
		return 0;
	line.s[HASH_HEX - 1] = 0;
	strcpy(key, line.s);
	return 1;
}

static void
line_path(const struct image_set *set, const char *file, struct buf *to)
{
	char hex[HASH_HEX];

	hash_hex(file, strlen(file), hex);
	buf_addf(to, "%s/files/%s", set->store, hex);
}

static int
keep_key(const struct image_set *set, const char *file, const char *was,
    const char *key, struct err *e)
{
	AUTO_BUF path = BUF_INIT, line = BUF_INIT;

	line_path(set, file, &path);
	buf_addf(&line, "%s %s %s", key, was, file);
	return file_replace(path.s, line.s, line.len, 0600, e);
}

/* Unpack a file, unless that is done. 1 and *to, or -1. */
static int
take_file(struct image_set *set, const char *file, struct arena *a,
    struct image *to, struct err *e)
{
	AUTO_BUF was = BUF_INIT, path = BUF_INIT;
	char key[HASH_HEX];
	int got = 0;

	line_path(set, file, &path);
	if (image_file_key(path.s, key) > 0)
		got = take_entry(set, key, a, to, e);
	for (int i = 0; !got && i < 2; i++) { /* gc may come between, once */
		struct image_done done = IMAGE_DONE_INIT;

		if (signature(file, &was) < 0)
			return err_set(e, "%s:", file);
		got = image_import(set, NULL, file, &done, e);
		buf_free(&done.notes);
		if (got < 0 || keep_key(set, file, was.s, done.key, e) < 0)
			return -1;
		got = take_entry(set, done.key, a, to, e);
	}
	return got ? got : err_set(e, "%s: it is gone from the store", file);
}

/* Does a directory hold an image to be unpacked, or is it a root? */
static bool
is_root(const char *path)
{
	static const char *const markers[] = {"oci-layout", "manifest.json"};
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return false;
	for (int i = 0; i < 2; i++) {
		AUTO_BUF name = BUF_INIT;

		buf_addf(&name, "%s/%s", path, markers[i]);
		if (!access(name.s, F_OK))
			return false;
	}
	return true;
}

static int
take_path(struct image_set *set, const char *path, struct arena *a,
    struct image *to, struct err *e)
{
	char real[PATH_MAX];

	if (!realpath(path, real))
		return err_set(e, "%s:", path);
	if (!is_root(real))
		return take_file(set, real, a, to, e);
	to->path = arena_str(a, real);
	to->has_owners = !geteuid();
	image_take_config(to, a, NULL);
	return open_root(to, e) < 0 ? -1 : 1;
}

/* ---- [images] */

static bool
fits(const struct image_rule *rule, const char *name)
{
	return match_find(rule->pattern, name, strlen(name), NULL, NULL) > 0;
}

static const struct image_rule *
find_rule(const struct image_set *set, const char *name, const char *full)
{
	AUTO_BUF brief = BUF_INIT;

	image_name_short(full, &brief);
	for (size_t i = 0; i < set->rules; i++) {
		const struct image_rule *rule = &set->rule[i];

		if (fits(rule, name) || fits(rule, brief.s) || fits(rule, full))
			return rule;
	}
	return NULL;
}

/* A value that is no name: it is there, or looks like a file. */
static bool
is_path(const char *value, const char *path)
{
	size_t n = strcspn(value, "/");

	return !access(path, F_OK) || !n || !strncmp(value, "./", 2) ||
	       !strncmp(value, "../", 3) || strstr(value, ".tar") ||
	       strstr(value, ".tgz");
}

static int
of_rule(const struct image_rule *rule, struct err *e)
{
	struct err why = *e;

	err_at(e, rule->file, rule->line, 0, "%s", why.text);
	if (*why.hint)
		err_hint(e, "%s", why.hint);
	return -1;
}

static int
take_rule(struct image_set *set, const struct image_rule *rule, struct arena *a,
    struct image *to, struct err *e)
{
	AUTO_BUF path = BUF_INIT, full = BUF_INIT;
	int got;

	if (!strcmp(rule->value, "host")) {
		to->is_host = true;
		return 1;
	}
	if (*rule->value != '/')
		buf_addf(&path, "%s/", rule->dir);
	buf_adds(&path, rule->value);
	if (is_path(rule->value, path.s))
		got = take_path(set, path.s, a, to, e);
	else if (image_name_full(rule->value, &full, e) < 0)
		got = -1;
	else
		got = take_name(set, full.s, a, to, e);
	if (!got) {
		err_set(
		    e, "'%s' is neither a file nor in the store", rule->value);
		err_hint(e, "clnrm images import %s FILE", rule->value);
	}
	return got > 0 ? 1 : of_rule(rule, e);
}

static int
not_there(const char *name, struct err *e)
{
	err_set(e, "the image '%s' is not in the store", name);
	return err_hint(e,
	    "clnrm-pull %s; or clnrm images import %s FILE, where FILE is as "
	    "docker save writes it; or name a file for it in [images] of "
	    "clnrm.conf",
	    name, name);
}

/* By a name in full: is its key there? */
static int
stored(const struct image_set *set, const char *full, char key[HASH_HEX],
    struct err *e)
{
	AUTO_ARENA a = {0};
	AUTO_MAP names = {0};
	AUTO_BUF path = BUF_INIT;
	const char *told;

	if (image_names_read(set, &a, &names, e) < 0)
		return -1;
	told = map_get(&names, full, strlen(full));
	if (!told)
		return 0;
	buf_addf(&path, "%s/roots/%s", set->store, told);
	snprintf(key, HASH_HEX, "%s", told);
	return !access(path.s, F_OK);
}

int
image_state(struct image_set *set, const char *name, enum image_state *to,
    char key[HASH_HEX], struct err *e)
{
	AUTO_BUF full = BUF_INIT;
	int got;

	*to = IMAGE_MAPPED;
	if (!strcmp(name, "host"))
		return 0;
	if (image_name_full(name, &full, e) < 0)
		return -1;
	if (find_rule(set, name, full.s))
		return 0;
	got = stored(set, full.s, key, e);
	*to = got > 0 ? IMAGE_STORED : IMAGE_MISSING;
	return got < 0 ? -1 : 0;
}

static int
resolve(struct image_set *set, const char *name, struct arena *a,
    struct image *to, struct err *e)
{
	const struct image_rule *rule;
	AUTO_BUF full = BUF_INIT;
	int got;

	if (!strcmp(name, "host")) {
		to->is_host = true;
		return 0;
	}
	if (image_name_full(name, &full, e) < 0)
		return -1;
	rule = find_rule(set, name, full.s);
	got = rule ? take_rule(set, rule, a, to, e)
		   : take_name(set, full.s, a, to, e);
	return got > 0 ? 0 : got < 0 ? -1 : not_there(name, e);
}

int
image_resolve(struct image_set *set, const char *name, struct arena *a,
    struct image *to, struct err *e)
{
	int got;

	*to = (struct image){.root = -1, .held = -1};
	got = resolve(set, name, a, to, e);
	if (got < 0)
		image_free(to);
	return got;
}

void
image_free(struct image *image)
{
	fd_close(&image->root);
	fd_close(&image->held);
}
