#include "core/change.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "tap.h"

static struct change_table table;

static void
put(const char *path, const char *s)
{
	AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	is_true(fd >= 0 && !fd_write(fd, s, strlen(s)));
}

static void
begin(void)
{
	char dir[] = "/tmp/change.XXXXXX";

	is_true(mkdtemp(dir) && !chdir(dir));
	change_init(&table, NULL, -1);
}

static void
end(void)
{
	char dir[4096];

	change_free(&table);
	is_true(getcwd(dir, sizeof dir) && !file_remove_tree(dir));
}

/* Look at paths; "to<from" was renamed, one that ends in '/' is a tree. */
static const char *
look_at(const char *paths)
{
	static char seen[4096];
	struct watch_batch b = {.item = mem_new(16, sizeof *b.item)};
	char *copy = mem_str(paths), *rest = copy, *path;

	while ((path = strsep(&rest, " "))) {
		struct watch_item *it = &b.item[b.n++];
		char *from = strchr(path, '<');

		if (from)
			*from++ = 0;
		it->is_tree = path[strlen(path) - 1] == '/';
		if (it->is_tree)
			path[strlen(path) - 1] = 0;
		it->path = mem_str(path);
		it->from = mem_str(from);
	}
	free(copy);
	watch_batch_sort(&b);
	change_open(&table, &b);
	*seen = 0;
	while (change_is_open(&table)) {
		size_t n = strlen(seen);
		struct change c;

		if (!change_step(&table, &c))
			continue;
		snprintf(seen + n, sizeof seen - n, "%s%s %s%s%s",
		    n ? ", " : "", change_event_name(c.event), c.source,
		    c.from ? " from " : "", c.from ? c.from : "");
	}
	return seen;
}

static void
the_first_batch_is_initial_and_later_ones_are_not(void)
{
	begin();
	put("a", "1");
	is_str(look_at("a"), "initial a");
	put("b", "1");
	is_str(look_at("a b"), "created b");
	end();
}

static void
a_touch_and_an_undo_are_no_changes(void)
{
	begin();
	put("a", "1");
	look_at("a");
	is_int(utimensat(AT_FDCWD, "a", NULL, 0), 0);
	is_str(look_at("a"), "");
	put("a", "2");
	put("a", "1");
	is_str(look_at("a"), "");
	put("a", "2");
	is_str(look_at("a"), "modified a");
	end();
}

static void
a_change_carries_both_hashes_and_the_size(void)
{
	struct watch_batch b = {.item = mem_new(1, sizeof *b.item), .n = 1};
	struct change c;

	begin();
	put("a", "abc");
	look_at("a");
	put("a", "");
	b.item[0].path = mem_str("a");
	change_open(&table, &b);
	is_true(change_step(&table, &c));
	is_str(c.sha256_before,
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	is_str(c.sha256,
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	is_int(c.size, 0);
	end();
}

static void
what_came_and_went_between_two_looks_is_silent(void)
{
	begin();
	put("a", "1");
	look_at("a");
	is_str(look_at("never"), "");
	unlink("a");
	put("a", "1");
	is_str(look_at("a"), "");
	unlink("a");
	is_str(look_at("a"), "deleted a");
	is_str(look_at("a"), "");
	end();
}

static void
a_rename_over_a_known_file_modifies_it(void)
{
	begin();
	put("a", "1");
	look_at("a");
	put("temp", "2");
	is_int(rename("temp", "a"), 0);
	is_str(look_at("temp a<temp"), "modified a");
	end();
}

static void
a_rename_to_a_new_name_is_a_move_and_no_deletion(void)
{
	begin();
	put("b", "1");
	look_at("b");
	is_int(rename("b", "a"), 0);
	is_str(look_at("b a<b"), "moved a from b");
	is_str(look_at("a b"), "");
	end();
}

static void
the_old_name_made_again_is_a_creation_not_a_move(void)
{
	begin();
	put("b", "1");
	look_at("b");
	is_int(rename("b", "a"), 0);
	put("b", "2");
	is_str(look_at("b a<b"), "created a, modified b");
	end();
}

static void
a_renamed_directory_moves_every_file_in_it(void)
{
	begin();
	is_true(!mkdir("d", 0777) && !mkdir("d/e", 0777));
	put("d/e/a", "1");
	put("d/b", "1");
	look_at("d/e/a d/b");
	is_int(rename("d", "n"), 0);
	is_str(look_at("d/ n/<d n/e/a n/b"),
	    "moved n/b from d/b, moved n/e/a from d/e/a");
	end();
}

static void
a_directory_renamed_within_a_renamed_one_is_traced_back(void)
{
	begin();
	is_true(!mkdir("d", 0777) && !mkdir("d/e", 0777));
	put("d/e/a", "1");
	look_at("d/e/a");
	is_int(rename("d", "n"), 0);
	is_int(rename("n/e", "n/f"), 0);
	is_str(
	    look_at("d/ n/<d n/e/ n/f/<n/e n/f/a"), "moved n/f/a from d/e/a");
	end();
}

static void
a_tree_that_is_gone_deletes_what_was_known_below_it(void)
{
	begin();
	is_true(!mkdir("d", 0777) && !mkdir("dd", 0777));
	put("d/a", "1");
	put("dd/a", "1");
	look_at("d/a dd/a");
	is_true(!file_remove_tree("d"));
	is_str(look_at("d/"), "deleted d/a");
	end();
}

static void
a_file_that_becomes_a_directory_is_deleted(void)
{
	begin();
	put("a", "1");
	look_at("a");
	unlink("a");
	is_int(mkdir("a", 0777), 0);
	is_str(look_at("a"), "deleted a");
	end();
}

static void
a_link_is_its_text_not_its_target(void)
{
	begin();
	put("a", "1");
	is_int(symlink("a", "l"), 0);
	look_at("a l");
	put("a", "2");
	is_str(look_at("a l"), "modified a");
	unlink("l");
	is_int(symlink("b", "l"), 0);
	is_str(look_at("l"), "modified l");
	end();
}

/* Its times as they would be an hour ago. */
static void
age(const char *path)
{
	struct change_file *f = map_get(&table.file, path, strlen(path));

	is_true(f);
	f->ctime_ns -= 3600 * (int64_t)1000000000;
	f->is_fresh = false;
}

static void
a_cache_gives_the_digest_of_what_is_the_same(void)
{
	struct change_file other, *f;
	struct change_cache c;

	begin();
	put("a", "1");
	put("b", "1");
	look_at("a b");
	age("a");
	is_int(change_cache_write(&table, "d/cache", NULL), 0);
	change_cache_read(&c, "d/cache");
	is_int(c.file.alive, 1); /* b is too fresh */
	f = map_get(&table.file, "a", 1);
	is_str(change_cache_get(&c, f), f->sha256);
	is_null(change_cache_get(NULL, f));
	other = *f;
	other.mtime_ns++;
	is_null(change_cache_get(&c, &other));
	other = *f;
	other.ctime_ns++;
	is_null(change_cache_get(&c, &other));
	other = *f;
	other.inode++;
	is_null(change_cache_get(&c, &other));
	change_cache_free(&c);
	end();
}

static void
a_cache_that_is_not_whole_is_empty(void)
{
	AUTO_BUF text = BUF_INIT, cut = BUF_INIT;
	struct change_cache c;

	begin();
	put("a", "1");
	look_at("a");
	age("a");
	is_int(change_cache_write(&table, "cache", NULL), 0);
	is_int(file_read("cache", &text, NULL), 0);
	for (size_t i = 0; i < text.len; i++) {
		buf_reset(&cut);
		buf_add(&cut, text.s, i);
		put("cache", cut.s);
		change_cache_read(&c, "cache");
		is_int(c.file.alive, 0);
		change_cache_free(&c);
	}
	change_cache_read(&c, "none");
	is_int(c.file.alive, 0);
	change_cache_free(&c);
	end();
}

static void
a_cache_keeps_what_it_had_behind_what_is_new(void)
{
	struct change_cache c;

	begin();
	put("a", "1");
	put("b", "1");
	look_at("a");
	age("a");
	is_int(change_cache_write(&table, "cache", NULL), 0);
	change_free(&table);
	change_init(&table, NULL, -1);
	look_at("b");
	age("b");
	is_int(change_cache_write(&table, "cache", NULL), 0);
	change_cache_read(&c, "cache");
	is_int(c.file.alive, 2);
	is_true(((struct change_file *)c.file.entry[0].value)->inode ==
		((struct change_file *)map_get(&table.file, "b", 1))->inode);
	change_cache_free(&c);
	end();
}

static void
a_cache_is_bounded(void)
{
	struct change_cache c;

	begin();
	for (int i = 0; i < CHANGE_CACHE_MAX + 10; i++) {
		struct change_file *f = mem_new(1, sizeof *f);
		char path[16];

		snprintf(path, sizeof path, "%d", i);
		f->inode = (ino_t)i + 1;
		memset(f->sha256, 'a', HASH_HEX - 1);
		map_set(&table.file, path, strlen(path), f);
	}
	is_int(change_cache_write(&table, "cache", NULL), 0);
	change_cache_read(&c, "cache");
	is_int(c.file.alive, CHANGE_CACHE_MAX);
	change_cache_free(&c);
	end();
}

static void
a_write_that_left_the_times_alone_is_seen_while_they_are_fresh(void)
{
	struct timespec same[2];
	struct change_file *f;
	struct stat st;

	begin();
	put("a", "1");
	look_at("a");
	put("a", "2");
	is_int(stat("a", &st), 0);
	same[0] = same[1] = st.st_mtim;
	is_int(utimensat(AT_FDCWD, "a", same, 0), 0);
	is_int(stat("a", &st), 0);
	/* As if the clock of files had stood still between the two. */
	f = map_get(&table.file, "a", 1);
	f->mtime_ns =
	    (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	f->ctime_ns =
	    (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
	is_str(look_at("a"), "modified a");
	end();
}

static void
our_own_output_is_never_a_change(void)
{
	int fd;

	begin();
	put("log", "1");
	put("a", "1");
	fd = open("log", O_WRONLY | O_CLOEXEC);
	change_free(&table);
	change_init(&table, NULL, fd);
	is_str(look_at("a log"), "initial a");
	close(fd);
	end();
}

TAP_MAIN(TEST(the_first_batch_is_initial_and_later_ones_are_not),
    TEST(a_touch_and_an_undo_are_no_changes),
    TEST(a_change_carries_both_hashes_and_the_size),
    TEST(what_came_and_went_between_two_looks_is_silent),
    TEST(a_rename_over_a_known_file_modifies_it),
    TEST(a_rename_to_a_new_name_is_a_move_and_no_deletion),
    TEST(the_old_name_made_again_is_a_creation_not_a_move),
    TEST(a_renamed_directory_moves_every_file_in_it),
    TEST(a_directory_renamed_within_a_renamed_one_is_traced_back),
    TEST(a_tree_that_is_gone_deletes_what_was_known_below_it),
    TEST(a_file_that_becomes_a_directory_is_deleted),
    TEST(a_link_is_its_text_not_its_target),
    TEST(a_cache_gives_the_digest_of_what_is_the_same),
    TEST(a_cache_that_is_not_whole_is_empty),
    TEST(a_cache_keeps_what_it_had_behind_what_is_new),
    TEST(a_cache_is_bounded),
    TEST(a_write_that_left_the_times_alone_is_seen_while_they_are_fresh),
    TEST(our_own_output_is_never_a_change))
