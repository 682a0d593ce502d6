/*
 * clnrm-images: images without a registry.
 */
#include <inttypes.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/out.h"
#include "base/utf8.h"
#include "core/image.h"
#include "core/setting.h"

static const char *store;
static int64_t max_size;
static long max_files;

static const struct cli_opt opts[] = {
    {0, "max-files", "N", "files and directories an image may have", CLI_INT,
	&max_files},
    {0, "max-size", "SIZE", "bytes an image may have, unpacked", CLI_SIZE,
	&max_size},
    {0, "store", "DIR", "where images are kept", CLI_TEXT, &store},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-images",
    .does = "images for tests, without a registry",
    .operands = "import NAME FILE|DIR|- | list | show NAME |\n"
		"       remove NAME ... | gc | from-host NAME PROGRAM ...",
    .examples = "  docker save redis:7 | clnrm-images import redis:7 -\n"
		"  clnrm-images from-host tools sh curl jq\n",
    .opts = opts,
    .has_own_keys = true,
};

static _Noreturn void
fail(int status, const struct err *e)
{
	if (*e->hint)
		die(status, "%s\nhint: %s", e->text, e->hint);
	die(status, "%s", e->text);
}

/* ---- what is told */

static void
print_size(struct buf *b, int64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double n = (double)bytes;
	size_t u = 0;

	while (n >= 1023.95 && u + 1 < COUNT(units)) {
		n /= 1024;
		u++;
	}
	buf_addf(b, "%.*f %s", u && n < 100 ? 1 : 0, n, units[u]);
}

static void
say(struct buf *b)
{
	buf_addc(b, '\n');
	out_add(&out_std, b->s, b->len);
}

static void
tell_done(const char *name, struct image_done *done)
{
	AUTO_BUF b = BUF_INIT;

	buf_addf(&b, "%s %.12s ", name, done->key);
	if (done->is_new) {
		print_size(&b, done->bytes);
		buf_addf(&b, ", %" PRId64 " files", done->entries);
	} else {
		buf_adds(&b, "was there");
	}
	say(&b);
	if (done->devices)
		warn("%" PRId64 " devices were left out: a cleanroom has its "
		     "own",
		    done->devices);
	for (char *s = done->notes.s; *s; s += strcspn(s, "\n") + 1)
		warn("%.*s", (int)strcspn(s, "\n"), s);
	buf_free(&done->notes);
}

static void
print_entry(void *arg, const struct image_entry *entry)
{
	AUTO_BUF b = BUF_INIT;

	(void)arg;
	buf_addf(
	    &b, "%-32s %.12s ", entry->name ? entry->name : "-", entry->key);
	print_size(&b, entry->bytes);
	buf_addf(&b, ", %" PRId64 " files", entry->entries);
	say(&b);
}

/* ---- the verbs */

static int
import(struct image_set *set, char **word)
{
	struct image_done done = IMAGE_DONE_INIT;
	struct err e = {0};

	if (image_import(set, word[0], word[1], &done, &e) < 0)
		fail(EXIT_INPUT, &e);
	tell_done(word[0], &done);
	return EXIT_YES;
}

static int
from_host(struct image_set *set, char **word)
{
	struct image_done done = IMAGE_DONE_INIT;
	struct err e = {0};

	if (image_from_host(set, word[0], word + 1, &done, &e) < 0)
		fail(EXIT_INPUT, &e);
	tell_done(word[0], &done);
	return EXIT_YES;
}

static int
list(struct image_set *set, char **word)
{
	struct err e = {0};

	(void)word;
	if (image_list(set, print_entry, NULL, &e) < 0)
		fail(EXIT_RUN, &e);
	return EXIT_YES;
}

static void
show_texts(struct buf *b, const char *key, char **text)
{
	for (; *text; text++) {
		buf_addf(b, "%s: ", key);
		utf8_print(b, *text, strlen(*text));
		buf_addc(b, '\n');
	}
}

static void
show_text(struct buf *b, const char *key, const char *text)
{
	char *one[] = {(char *)text, NULL};

	if (text && *text)
		show_texts(b, key, one);
}

/* What a test would get. */
static int
show(struct image_set *set, char **word)
{
	AUTO_ARENA a = {0};
	AUTO_BUF b = BUF_INIT;
	struct image image;
	struct err e = {0};

	if (image_resolve(set, *word, &a, &image, &e) < 0)
		fail(EXIT_INPUT, &e);
	show_text(&b, "root", image.is_host ? "/" : image.path);
	show_text(&b, "key", image.key);
	if (!image.is_host) {
		show_texts(&b, "env", image.env);
		show_texts(&b, "entrypoint", image.entrypoint);
		show_texts(&b, "cmd", image.cmd);
		show_text(&b, "workdir", image.workdir);
		show_text(&b, "user", image.user);
	}
	if (image.health.test)
		show_texts(&b, "healthcheck", image.health.test);
	out_add(&out_std, b.s, b.len);
	image_free(&image);
	return EXIT_YES;
}

static int
gc(struct image_set *set, char **word)
{
	struct image_gone gone;
	AUTO_BUF b = BUF_INIT;
	struct err e = {0};

	(void)word;
	if (image_gc(set, &gone, &e) < 0)
		fail(EXIT_RUN, &e);
	buf_addf(&b, "removed: %" PRId64 " images, ", gone.images);
	print_size(&b, gone.bytes);
	buf_addf(&b, "; %" PRId64 " unfinished", gone.partial);
	if (gone.busy)
		buf_addf(&b, "; %" PRId64 " in use, and left", gone.busy);
	say(&b);
	return EXIT_YES;
}

static int
forget(struct image_set *set, char **word)
{
	int status = EXIT_YES;

	for (; *word; word++) {
		struct err e = {0};

		if (image_remove(set, *word, &e) == 0)
			continue;
		warn("%s%s%s", e.text, *e.hint ? "\nhint: " : "", e.hint);
		status = EXIT_INPUT;
	}
	return exit_worse(status, gc(set, word));
}

static const struct verb {
	const char *name;
	int least, most; /* words behind it */
	int (*run)(struct image_set *set, char **word);
} verbs[] = {
    {"import", 2, 2, import},
    {"list", 0, 0, list},
    {"show", 1, 1, show},
    {"remove", 1, 1000, forget},
    {"gc", 0, 0, gc},
    {"from-host", 2, 1000, from_host},
};

static const struct verb *
find_verb(char **word)
{
	int n = 0;

	while (word[n])
		n++;
	for (size_t i = 0; n && i < COUNT(verbs); i++)
		if (!strcmp(*word, verbs[i].name) && n > verbs[i].least &&
		    n - 1 <= verbs[i].most)
			return &verbs[i];
	return NULL;
}

int
main(int argc, char *argv[])
{
	char **word = setting_start(&tool, argc, argv);
	const struct verb *verb = find_verb(word);
	struct image_set set;
	struct err e = {0};
	int status;

	if (!verb)
		cli_misuse(&tool);
	if (image_set_open(&set, store, &e) < 0)
		fail(EXIT_INPUT, &e);
	if (max_size)
		set.max_bytes = max_size;
	if (max_files)
		set.max_entries = max_files;
	status = verb->run(&set, word + 1);
	image_set_free(&set);
	return cli_finish(status);
}
