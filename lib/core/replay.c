#include "core/replay.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/mark.h"
#include "core/project.h"
#include "core/reading.h"

static const char MAGIC[] = "clnrm-replay 1 ";
enum { HEAD = sizeof MAGIC - 1 + HASH_HEX, FRESH_BYTES = 16 << 20 };

int
replay_start(struct replay *r, bool is_forced, struct err *e)
{
	AUTO_FD fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	*r = (struct replay){.is_forced = is_forced, .options = BUF_INIT};
	if (fd < 0 || hash_fd(fd, r->program) < 0)
		return err_set(e, "/proc/self/exe:");
	return 0;
}

void
replay_free(struct replay *r)
{
	map_free(&r->places);
	buf_free(&r->options);
}

/* ---- its name */

/* Members of a plan that say what is to come of it, and whence it is. */
static bool
is_judged(const char *key)
{
	static const char *const judged[] = {"type", "gen", "sha256", "meta",
	    "scenarios", "expect", "report", "inputs", "unjudged", "at"};

	for (size_t i = 0; i < COUNT(judged); i++)
		if (!strcmp(key, judged[i]))
			return true;
	return false;
}

static void
put_steps(struct json *j, const struct value *steps)
{
	json_open(j, "steps", '[');
	for (size_t i = 0; i < value_count(steps); i++) {
		const struct value *step = steps->list.item[i];

		if (step->kind != VALUE_TABLE) { /* a foreign plan's */
			json_value(j, NULL, step);
			continue;
		}
		json_open(j, NULL, '{');
		for (size_t k = 0; k < step->table.n; k++)
			if (strcmp(step->table.member[k].key, "stdout_regex"))
				json_value(j, step->table.member[k].key,
				    step->table.member[k].value);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void
put_scenario(struct json *j, const struct value *s)
{
	json_open(j, "scenario", '{');
	for (size_t i = 0; i < s->table.n; i++) {
		const struct value_member *m = &s->table.member[i];

		if (!strcmp(m->key, "steps"))
			put_steps(j, m->value);
		else
			json_value(j, m->key, m->value);
	}
	json_close(j, '}');
}

static void
put_plan(struct json *j, const struct test *t)
{
	json_str(j, "name", t->name); /* a variable of its steps */
	json_open(j, "plan", '{');
	for (size_t i = 0; i < t->plan->table.n; i++) {
		const struct value_member *m = &t->plan->table.member[i];

		if (!is_judged(m->key))
			json_value(j, m->key, m->value);
	}
	json_close(j, '}');
}

/* What a step has of its caller. */
static void
put_caller(struct json *j)
{
	struct rlimit limit;
	mode_t mask = umask(0);

	umask(mask);
	json_int(j, "uid", getuid());
	json_int(j, "gid", getgid());
	json_int(j, "umask", mask);
	json_open(j, "limits", '[');
	for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
		if (getrlimit((__rlimit_resource_t)i, &limit) < 0)
			continue;
		json_int(j, NULL, (int64_t)limit.rlim_cur);
		json_int(j, NULL, (int64_t)limit.rlim_max);
	}
	json_close(j, ']');
}

void
replay_key(const struct replay *r, const struct test *t, size_t index,
    const char *level, char key[HASH_HEX])
{
	AUTO_JSON j = JSON_INIT;
	AUTO_BUF root = BUF_INIT;
	struct err e;

	json_open(&j, NULL, '{');
	json_str(&j, "program", r->program);
	json_str(&j, "level", level);
	json_str(&j, "options", r->options.s);
	if (project_root(t->source, r->root, &root, &e) == 0)
		json_str(&j, "root", root.s);
	put_caller(&j);
	put_plan(&j, t);
	put_scenario(&j, t->scenarios->list.item[index]);
	json_close(&j, '}');
	hash_hex(j.text.s, j.text.len, key);
}

/* ---- what is stored */

/* A stored running, as it was read. */
struct stored {
	struct buf text, path;
	char *inputs, *records;
	struct arena a;
	struct record_key key;
};

static void
stored_free(struct stored *s)
{
	buf_free(&s->text);
	buf_free(&s->path);
	arena_free(&s->a);
}

#define STORED_INIT                                \
	{                                          \
		.text = BUF_INIT, .path = BUF_INIT \
	}
#define AUTO_STORED __attribute__((cleanup(stored_free))) struct stored

static bool
is_whole(const struct buf *text)
{
	char digest[HASH_HEX];

	if (text->len < HEAD || memcmp(text->s, MAGIC, sizeof MAGIC - 1) != 0)
		return false;
	hash_hex(text->s + HEAD, text->len - HEAD, digest);
	return !memcmp(text->s + sizeof MAGIC - 1, digest, HASH_HEX - 1);
}

/* Take it apart. */
static bool
parse(struct stored *s)
{
	char *lf, *gap;
	struct value *head;
	struct err e;

	if (!is_whole(&s->text))
		return false;
	lf = strchr(s->text.s + HEAD, '\n');
	gap = lf ? strstr(lf, "\n\n") : NULL;
	if (!gap)
		return false;
	head = json_parse(
	    &s->a, s->text.s + HEAD, (size_t)(lf - s->text.s) - HEAD, &e);
	if (!head)
		return false;
	s->key = record_key_of(head);
	s->inputs = lf + 1;
	gap[1] = 0;
	s->records = gap + 2;
	return s->key.id && s->key.source;
}

/* What cannot be trusted goes. */
static bool
load(struct replay *r, const struct test *t, const char *key, struct stored *s)
{
	struct err e;

	if (mark_directory(t->source, r->root, &s->path, &e) < 0)
		return false;
	buf_addf(&s->path, "/%s", key);
	if (file_read(s->path.s, &s->text, NULL) < 0)
		return false;
	if (parse(s))
		return true;
	unlink(s->path.s);
	return false;
}

/* ---- whether it is as it was */

static bool
is_environment(const char *name, const char *sha256)
{
	const char *now = getenv(name);
	char hex[HASH_HEX] = "-";

	if (now)
		hash_hex(now, strlen(now), hex);
	return !strcmp(sha256, hex);
}

static bool
is_image(struct replay *r, const char *name, const char *key)
{
	struct image image = {.root = -1, .held = -1};
	struct image_set *images;
	AUTO_ARENA a = {0};
	struct err e;
	bool ok;

	images = r->images(r->images_arg, &e);
	if (!images || image_resolve(images, name, &a, &image, &e) < 0)
		return false;
	ok = image.is_host ? !strcmp(key, "host")
			   : image.key && !strcmp(key, image.key);
	image_free(&image);
	return ok;
}

/* Lines "= KIND DIGEST NAME" stand before those of files. */
static bool
are_inputs(struct replay *r, char *line)
{
	while (!strncmp(line, "= ", 2)) {
		char *lf = strchr(line, '\n');
		char *name =
		    lf ? memchr(line + 4, ' ', (size_t)(lf - line - 4)) : NULL;

		if (!name)
			return false;
		*lf = *name++ = 0;
		if (line[2] == 'e' ? !is_environment(name, line + 4)
				   : !is_image(r, name, line + 4))
			return false;
		line = lf + 1;
	}
	return reading_is_as_was(r->digests, line);
}

bool
replay_is_unchanged(struct replay *r, const struct test *t, const char *key)
{
	AUTO_STORED s = STORED_INIT;

	return load(r, t, key, &s) && are_inputs(r, s.inputs);
}

static bool
has_passed(const struct stored *s, const char *key)
{
	AUTO_BUF dir = BUF_INIT;
	struct mark m;

	buf_add(&dir, s->path.s, s->path.len - (HASH_HEX - 1) - 1);
	mark_read(dir.s, key, &m);
	return m.state == MARK_PASS && !strcmp(m.id, s->key.id);
}

/* ---- how it comes again */

static void
key_text(const struct record_key *key, struct buf *to)
{
	AUTO_JSON j = JSON_INIT;

	json_open(&j, NULL, '{');
	record_key(&j, key);
	buf_add(to, j.text.s + 1, j.text.len - 1);
}

/* A text of JSON members is nowhere inside of a string, whose quotes have a
   backslash each. */
static void
put_line(const char *line, size_t n, const struct buf *old,
    const struct buf *new, struct out *out)
{
	static const char ran[] = "\"cached\":false";
	static const char end[] = "{\"type\":\"scenario.end\"";
	const char *at = memmem(line, n, old->s, old->len);
	const char *rest = at ? at + old->len : line;
	const char *cached = NULL;

	if (n > sizeof end && !memcmp(line, end, sizeof end - 1))
		cached = memmem(line, n, ran, sizeof ran - 1);
	if (at) {
		out_add(out, line, (size_t)(at - line));
		out_add(out, new->s, new->len);
	}
	if (cached) {
		out_add(out, rest, (size_t)(cached - rest));
		out_add(out, "\"cached\":true", 13);
		rest = cached + sizeof ran - 1;
	}
	out_add(out, rest, (size_t)(line + n - rest));
}

static void
play(struct replay *r, const struct test *t, struct stored *s)
{
	AUTO_BUF old = BUF_INIT, new = BUF_INIT;
	struct record_key key = s->key;
	const char *lf;

	key_text(&key, &old);
	key.gen = t->gen;
	key_text(&key, &new);
	for (const char *line = s->records; (lf = strchr(line, '\n'));
	     line = lf + 1) {
		put_line(
		    line, (size_t)(lf + 1 - line), &old, &new, r->stage->out);
		r->stage->records++;
	}
	utimensat(AT_FDCWD, s->path.s, NULL, 0); /* it was of use */
}

static bool
is_bound_together(const struct test *t)
{
	const struct value *expect = value_get(t->plan, "expect");

	return expect && expect->kind == VALUE_TABLE;
}

/* Those that need not run are read to s[n], by the plan's order. */
static void
look_up(struct replay *r, const struct test *t, const char *level,
    struct stored s[], bool runs[])
{
	size_t n = t->scenarios->list.n, hits = 0;
	char key[HASH_HEX];

	for (size_t i = 0; i < n; i++) {
		s[i] = (struct stored)STORED_INIT;
		runs[i] = true;
		if (r->is_forced || r->is_asked)
			continue;
		replay_key(r, t, i, level, key);
		runs[i] = !(load(r, t, key, &s[i]) && has_passed(&s[i], key) &&
			    are_inputs(r, s[i].inputs));
		hits += !runs[i];
	}
	for (size_t i = 0; i < n; i++)
		runs[i] |= hits < n && is_bound_together(t);
}

void
replay_test(struct replay *r, struct test *t, const char *level, bool runs[])
{
	size_t n = t->scenarios->list.n;
	AUTO_ARENA a = {0};
	struct stored *s = arena_alloc(&a, n * sizeof *s);

	look_up(r, t, level, s, runs);
	for (size_t i = 0; i < n; i++) {
		if (!runs[i])
			play(r, t, &s[i]);
		stored_free(&s[i]);
	}
}

bool
replay_runs(struct replay *r, const struct test *t, const char *level)
{
	size_t n = t->scenarios->list.n;
	AUTO_ARENA a = {0};
	struct stored *s = arena_alloc(&a, n * sizeof *s);
	bool *runs = arena_alloc(&a, n * sizeof *runs);
	bool any = !n;

	look_up(r, t, level, s, runs);
	for (size_t i = 0; i < n; i++) {
		any |= runs[i];
		stored_free(&s[i]);
	}
	return any;
}

/* ---- how it is stored */

static void
look_after(struct replay *r, const char *dir, size_t n)
{
	struct replay_size size;
	size_t len = strlen(dir);

	r->written += n;
	if (map_get(&r->places, dir, len) && r->written < FRESH_BYTES)
		return;
	map_set(&r->places, dir, len, r);
	r->written = 0;
	replay_prune(dir, REPLAY_BYTES, REPLAY_AGE_NS, &size);
}

static void
path_of(struct replay *r, const char *source, const char *key, struct buf *dir,
    struct buf *path)
{
	struct err e;

	if (mark_directory(source, r->root, dir, &e) == 0)
		buf_addf(path, "%s/%s", dir->s, key);
}

void
replay_keep(struct replay *r, const struct replay_kept *k)
{
	AUTO_BUF dir = BUF_INIT, path = BUF_INIT, body = BUF_INIT;
	AUTO_BUF all = BUF_INIT;
	AUTO_JSON head = JSON_INIT;
	char digest[HASH_HEX];
	struct err e;

	path_of(r, k->record.source, k->key, &dir, &path);
	json_open(&head, NULL, '{');
	record_key(&head, &k->record);
	json_close(&head, '}');
	buf_add(&body, head.text.s, head.text.len);
	buf_addc(&body, '\n');
	buf_add(&body, k->inputs->s, k->inputs->len);
	buf_addc(&body, '\n');
	buf_add(&body, k->script->s, k->script->len);
	hash_hex(body.s, body.len, digest);
	buf_addf(&all, "%s%s\n", MAGIC, digest);
	buf_add(&all, body.s, body.len);
	if (file_renew(path.s, all.s, all.len, 0666, &e) < 0)
		unlink(path.s);
	else
		look_after(r, dir.s, all.len);
}

void
replay_forget(struct replay *r, const char *source, const char *key)
{
	AUTO_BUF dir = BUF_INIT, path = BUF_INIT;

	path_of(r, source, key, &dir, &path);
	unlink(path.s);
}

/* ---- what there is */

static void
tell_one(const char *dir, const char *name, replay_told_fn *fn, void *arg)
{
	AUTO_STORED s = STORED_INIT;
	struct replay_told told;
	struct mark m;
	struct stat st;

	buf_addf(&s.path, "%s/%s", dir, name);
	if (!mark_is_key(name) || lstat(s.path.s, &st) < 0 ||
	    !S_ISREG(st.st_mode) || file_read(s.path.s, &s.text, NULL) < 0 ||
	    !parse(&s))
		return;
	mark_read(dir, name, &m);
	told = (struct replay_told){.source = s.key.source,
	    .variant = s.key.variant,
	    .bytes = st.st_size,
	    .used_s = st.st_mtim.tv_sec,
	    .comes = m.state == MARK_PASS && !strcmp(m.id, s.key.id),
	    .is_flaky = m.state == MARK_FLAKY};
	fn(arg, &told);
}

void
replay_each(const char *dir, replay_told_fn *fn, void *arg)
{
	DIR *d = opendir(dir);
	struct dirent *ent;

	while (d && (ent = readdir(d)))
		tell_one(dir, ent->d_name, fn, arg);
	if (d)
		closedir(d);
}
