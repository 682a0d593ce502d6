#include <string.h>

#include "core/registry_int.h"
#include "core/setting.h"
#include "data/conf.h"

struct reading {
	struct registry *r;
	struct err *e;
	int got;
};

const struct registry_site *
registry_site(const struct registry *r, const char *host)
{
	for (size_t i = 0; i < r->sites; i++)
		if (!strcmp(r->site[i].host, host))
			return &r->site[i];
	return NULL;
}

/* HOST[:PORT][/PREFIX] in the letters of names, and nothing that leads up. */
static bool
is_place(const char *s)
{
	return *s && !strchr("/.:-", *s) && !strstr(s, "..") &&
	       !strstr(s, "//") &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789._-/:[]") == strlen(s);
}

/* A path is one from the directory of its clnrm.conf. */
static const char *
beside(struct arena *a, const char *conf, const char *path)
{
	int dir = (int)(strrchr(conf, '/') - conf);

	return *path == '/' ? arena_str(a, path)
			    : arena_fmt(a, "%.*s/%s", dir, conf, path);
}

static int
take_word(struct registry *r, struct registry_site *s, const char *conf,
    const char *word)
{
	if (!strcmp(word, "insecure")) {
		s->is_insecure = true;
	} else if (!strncmp(word, "ca=", 3) && word[3]) {
		s->ca = beside(&r->a, conf, word + 3);
	} else if (!strncmp(word, "mirror=", 7) && is_place(word + 7)) {
		s->mirror = arena_more(
		    &r->a, s->mirror, s->mirrors, &s->cap, sizeof *s->mirror);
		s->mirror[s->mirrors++] = word + 7;
	} else {
		return -1;
	}
	return 0;
}

static int
take_line(struct reading *in, const char *conf, const struct conf_entry *it)
{
	struct registry *r = in->r;
	char *words = arena_str(&r->a, it->value), *word, *rest = NULL;
	struct registry_site s = {.host = arena_str(&r->a, it->key)};

	if (registry_site(r, it->key)) /* the nearest file goes before */
		return 0;
	if (!is_place(it->key) || strchr(it->key, '/'))
		return err_at(in->e, conf, it->line, 0,
		    "'%.80s' is no host of a registry", it->key);
	for (word = strtok_r(words, " \t", &rest); word;
	     word = strtok_r(NULL, " \t", &rest))
		if (take_word(r, &s, conf, word) < 0) {
			err_at(in->e, conf, it->line, 0,
			    "'%.80s' says nothing of a registry", word);
			return err_hint(in->e,
			    "words are mirror=HOST[:PORT][/PREFIX], ca=FILE "
			    "and insecure");
		}
	r->site = arena_more(&r->a, r->site, r->sites, &r->cap, sizeof s);
	r->site[r->sites++] = s;
	return 0;
}

static void
read_file(void *arg, const char *path)
{
	struct reading *in = arg;
	struct conf c = {0};

	if (in->got < 0)
		return;
	in->got = conf_read(path, &in->r->a, &c, in->e);
	for (size_t i = 0; i < c.n && in->got >= 0; i++)
		if (!strcmp(c.entry[i].section, "registries"))
			in->got = take_line(in, path, &c.entry[i]);
}

int
registry_sites_read(struct registry *r, struct err *e)
{
	struct reading in = {.r = r, .e = e};

	setting_files(read_file, &in);
	return in.got < 0 ? -1 : 0;
}
