#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/image_int.h"
#include "core/setting.h"
#include "data/conf.h"
#include "data/match.h"

static const int64_t max_bytes = (int64_t)16 << 30, max_entries = 2000000;

struct reading {
	struct image_set *set;
	const char *store; /* from a file; the nearest goes before */
	struct err *e;
	int got;
};

static void
add_rule(struct reading *r, const char *path, const struct conf_entry *it)
{
	struct image_set *set = r->set;
	struct err why = {0};
	struct image_rule *rule;
	const char *slash = strrchr(path, '/');

	set->rule = mem_more(set->rule, set->rules, &set->cap, sizeof *rule);
	rule = &set->rule[set->rules];
	rule->pattern =
	    match_compile(MATCH_GLOB, it->key, strlen(it->key), NULL, &why);
	if (!rule->pattern) {
		r->got = err_at(r->e, path, it->line, 0, "'%s': %s", it->key,
		    err_message(&why));
		return;
	}
	rule->value = it->value;
	rule->file = arena_str(&set->kept, path);
	rule->dir = arena_dup(&set->kept, path, (size_t)(slash - path));
	rule->line = it->line;
	set->rules++;
}

/* Keys that are options of clnrm-images(1) are no names. */
static bool
is_option(struct reading *r, const struct conf_entry *it)
{
	if (!strcmp(it->key, "store") && !r->store)
		r->store = it->value;
	return !strcmp(it->key, "store") || !strcmp(it->key, "max-size") ||
	       !strcmp(it->key, "max-files");
}

static void
read_file(void *arg, const char *path)
{
	struct reading *r = arg;
	struct conf c = {0};

	if (r->got < 0)
		return;
	r->got = conf_read(path, &r->set->kept, &c, r->e);
	for (size_t i = 0; i < c.n && r->got >= 0; i++)
		if (!strcmp(c.entry[i].section, "images") &&
		    !is_option(r, &c.entry[i]))
			add_rule(r, path, &c.entry[i]);
}

static int
find_store(struct image_set *set, const char *given, struct err *e)
{
	const char *base = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	char here[PATH_MAX];
	AUTO_BUF path = BUF_INIT;

	if (given && *given == '/')
		buf_adds(&path, given);
	else if (given && *given && getcwd(here, sizeof here))
		buf_addf(&path, "%s/%s", here, given);
	else if (given)
		return err_set(e, "the store: '%s' is no directory", given);
	else if (base && *base == '/')
		buf_addf(&path, "%s/clnrm/images", base);
	else if (home && *home == '/')
		buf_addf(&path, "%s/.local/share/clnrm/images", home);
	else
		return err_set(e, "no place for images: HOME is not set, and "
				  "neither is --store");
	set->store = buf_steal(&path);
	return 0;
}

int
image_set_open(struct image_set *set, const char *store, struct err *e)
{
	struct reading r = {.set = set, .e = e};

	*set = (struct image_set){
	    .max_bytes = max_bytes, .max_entries = max_entries};
	setting_files(read_file, &r);
	if (r.got < 0)
		return -1;
	if (!store)
		store = getenv("CLNRM_STORE");
	return find_store(set, store ? store : r.store, e);
}

void
image_set_free(struct image_set *set)
{
	for (size_t i = 0; i < set->rules; i++)
		match_free(&set->rule[i].pattern);
	free(set->rule);
	free(set->store);
	arena_free(&set->kept);
	*set = (struct image_set){0};
}
