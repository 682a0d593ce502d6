/* Names of images, and what [images] makes of them, from inside. */
#include "core/image.h"

#include <sys/stat.h>

#include "base/mem.h"
#include "scratch.h"
#include "tap.h"

static struct image_set set;

/* A project with a store, and these lines in [images]. */
static void
begin(const char *rules)
{
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};

	scratch_enter();
	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	unsetenv("CLNRM_STORE");
	buf_addf(&text, "[images]\n%s", rules);
	scratch_write("clnrm.conf", text.s);
	is_int(image_set_open(&set, "store", &e), 0);
	is_str(e.text, "");
}

static void
end(void)
{
	image_set_free(&set);
}

static void
names_have_one_full_and_one_short_form(void)
{
	static const char *const names[][3] = {
	    {"alpine", "docker.io/library/alpine:latest", "alpine:latest"},
	    {"alpine:3", "docker.io/library/alpine:3", "alpine:3"},
	    {"docker.io/library/alpine", "docker.io/library/alpine:latest",
		"alpine:latest"},
	    {"index.docker.io/alpine", "docker.io/library/alpine:latest",
		"alpine:latest"},
	    {"grafana/tempo:2", "docker.io/grafana/tempo:2", "grafana/tempo:2"},
	    {"ghcr.io/a/b/c", "ghcr.io/a/b/c:latest", "ghcr.io/a/b/c:latest"},
	    {"localhost:5000/x", "localhost:5000/x:latest",
		"localhost:5000/x:latest"},
	    {"a@sha256:00", "docker.io/library/a@sha256:00", "a@sha256:00"},
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		AUTO_BUF full = BUF_INIT, brief = BUF_INIT;
		struct err e = {0};

		is_int(image_name_full(names[i][0], &full, &e), 0);
		is_str(full.s, names[i][1]);
		image_name_short(full.s, &brief);
		is_str(brief.s, names[i][2]);
	}
}

static void
what_is_no_name_is_refused(void)
{
	static const char *const bad[] = {
	    "", "/a", "a/", "a b", "../a", "a//b", "a:", ":a", "-a", "a\nb"};

	for (size_t i = 0; i < COUNT(bad); i++) {
		AUTO_BUF full = BUF_INIT;
		struct err e = {0};

		is_int(image_name_full(bad[i], &full, &e), -1);
		is_true(*e.hint);
	}
}

static void
the_first_pattern_that_fits_any_form_counts(void)
{
	AUTO_ARENA a = {0};
	struct image image;
	struct err e = {0};

	begin("alpine:* = one\n"
	      "alp* = two\n"
	      "docker.io/library/redis:7 = two\n"
	      "ghcr.io/* = host\n");
	mkdir("one", 0755);
	mkdir("two", 0755);
	is_int(image_resolve(&set, "alpine", &a, &image, &e), 0);
	is_true(strstr(image.path, "/one"));
	is_true(image.root >= 0 && !image.key && !*image.env);
	image_free(&image);
	is_int(image_resolve(&set, "alps", &a, &image, &e), 0);
	is_true(strstr(image.path, "/two"));
	image_free(&image);
	is_int(image_resolve(&set, "redis:7", &a, &image, &e), 0);
	image_free(&image);
	is_int(image_resolve(&set, "ghcr.io/a/b", &a, &image, &e), 0);
	is_true(image.is_host && image.root < 0);
	is_str(e.text, "");
	end();
}

static void
an_image_that_is_not_there_is_told_with_the_way_to_it(void)
{
	AUTO_ARENA a = {0};
	struct image image;
	struct err e = {0};

	begin("a = gone.tar\nb = nosuch\n");
	is_int(image_resolve(&set, "redis:7", &a, &image, &e), -1);
	is_str(e.text, "the image 'redis:7' is not in the store");
	is_true(strstr(e.hint, "clnrm images import redis:7 FILE"));
	is_int(image_resolve(&set, "a", &a, &image, &e), -1);
	is_true(strstr(e.text, "clnrm.conf:2: "));
	is_true(strstr(e.text, "gone.tar: No such file"));
	is_int(image_resolve(&set, "b", &a, &image, &e), -1);
	is_true(strstr(e.text, "clnrm.conf:3: 'nosuch' is neither"));
	is_int(access("store", F_OK), -1);
	end();
}

static void
a_directory_is_kept_by_its_content(void)
{
	struct image_done one = IMAGE_DONE_INIT, two = IMAGE_DONE_INIT;
	AUTO_ARENA a = {0};
	struct image image;
	struct err e = {0};

	begin("");
	mkdir("tree", 0755);
	scratch_write("tree/a", "text");
	is_int(image_import(&set, "tree", "tree", &one, &e), 0);
	is_true(one.is_new && one.entries == 2 && one.bytes == 4);
	is_int(image_import(&set, "again", "tree", &two, &e), 0);
	is_true(!two.is_new);
	is_str(two.key, one.key);
	scratch_write("tree/a", "other");
	is_int(image_import(&set, "tree", "tree", &two, &e), 0);
	is_true(strcmp(two.key, one.key));
	is_int(image_resolve(&set, "again", &a, &image, &e), 0);
	is_str(image.key, one.key);
	image_free(&image);
	is_str(e.text, "");
	end();
}

static void
an_image_in_use_is_not_removed(void)
{
	AUTO_ARENA a = {0};
	struct image image;
	struct image_gone gone;
	struct err e = {0};

	begin("");
	is_int(image_resolve(&set, "again", &a, &image, &e), 0);
	is_int(image_remove(&set, "again", &e), 0);
	is_int(image_gc(&set, &gone, &e), 0);
	is_int(gone.images, 0);
	is_int(gone.busy, 1);
	is_int(faccessat(image.root, "a", F_OK, 0), 0);
	image_free(&image);
	is_int(image_gc(&set, &gone, &e), 0);
	is_int(gone.images, 1);
	is_int(gone.bytes, 4);
	is_int(image_resolve(&set, "again", &a, &image, &e), -1);
	is_int(image_resolve(&set, "tree", &a, &image, &e), 0);
	image_free(&image);
	end();
}

TAP_MAIN(TEST(names_have_one_full_and_one_short_form),
    TEST(what_is_no_name_is_refused),
    TEST(the_first_pattern_that_fits_any_form_counts),
    TEST(an_image_that_is_not_there_is_told_with_the_way_to_it),
    TEST(a_directory_is_kept_by_its_content),
    TEST(an_image_in_use_is_not_removed))
