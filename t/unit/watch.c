#include "sys/watch.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/clock.h"
#include "scratch.h"
#include "tap.h"

enum { MS = 1000000 };

static bool
skips(void *arg, const char *path, bool is_dir)
{
	(void)arg;
	return is_dir && !strcmp(path + strlen(path) - 1, "x");
}

static const struct watch_opts by_debounce = {
    .quiet_ns = -1,
    .lone_ns = -1,
    .cap_ns = 1000 * (int64_t)MS,
    .poll_ns = INT64_MAX,
    .is_polled = true,
    .skips = skips,
};

static int64_t start_ns;

/* From here on it is so many milliseconds after the start. */
static void
at(int ms)
{
	clock_freeze(start_ns + (int64_t)ms * MS);
}

static struct watch *
begin(const struct watch_opts *opts)
{
	start_ns = 1000000 * (int64_t)MS;
	at(0);
	return watch_new(opts);
}

static void
end(struct watch *w)
{
	clock_freeze(-1);
	watch_free(w);
}

static long
due_ms(const struct watch *w)
{
	int64_t due = watch_due_ns(w);

	return due == INT64_MAX ? -1 : (long)((due - start_ns) / MS);
}

static void
mark(struct watch *w, int from, int to)
{
	for (int i = from; i <= to; i++) {
		char path[16];

		snprintf(path, sizeof path, "f%d", i);
		watch_mark(w, path);
	}
}

static void
a_few_paths_wait_20_ms_and_many_50(void)
{
	struct watch *w = begin(&by_debounce);

	is_int(due_ms(w), -1);
	mark(w, 1, 1);
	is_int(due_ms(w), 20);
	at(5);
	mark(w, 2, 15);
	is_int(due_ms(w), 25);
	mark(w, 16, 16);
	is_int(due_ms(w), 55);
	end(w);
}

static void
what_never_falls_silent_is_cut_at_the_cap(void)
{
	struct watch *w = begin(&by_debounce);
	struct watch_batch b;

	for (int ms = 0; ms < 1000; ms += 10) {
		at(ms);
		mark(w, 1, 1);
		is_true(!watch_take(w, false, &b));
	}
	at(1000);
	is_int(due_ms(w), 1000);
	is_true(watch_take(w, false, &b) && b.is_partial);
	watch_batch_free(&b);
	end(w);
}

static void
one_path_after_a_calm_has_its_own_silence(void)
{
	struct watch_opts opts = by_debounce;
	struct watch_batch b;
	struct watch *w;

	opts.lone_ns = 4 * MS;
	w = begin(&opts);
	mark(w, 1, 1);
	is_int(due_ms(w), 4);
	mark(w, 2, 2);
	is_int(due_ms(w), 20);
	at(20);
	is_true(watch_take(w, false, &b) && !b.is_partial);
	watch_batch_free(&b);
	at(100);
	mark(w, 1, 1); /* no calm yet */
	is_int(due_ms(w), 120);
	end(w);
}

static void
the_cookie_makes_all_due_at_once(void)
{
	struct watch_opts opts = by_debounce;
	struct watch_batch b;
	struct watch *w;

	opts.cookie = "sync";
	w = begin(&opts);
	mark(w, 1, 1);
	is_true(!watch_take(w, false, &b));
	watch_mark(w, "sync");
	is_true(watch_take(w, false, &b) && !b.is_partial);
	is_int(b.n, 2);
	watch_batch_free(&b);
	at(1);
	mark(w, 1, 1);
	is_true(!watch_take(w, false, &b));
	end(w);
}

/* ---- lines of other programs */

static struct watch *told;

static void
listen_to(const char *operand)
{
	struct err e = {0};
	struct watch_batch b;

	scratch_enter();
	mkdir("t", 0777);
	mkdir("t/d", 0777);
	mkdir("t/x", 0777);
	scratch_write("t/a", "1");
	scratch_write("t/d/b c", "1");
	scratch_write("t/x/a", "1");
	told = begin(&by_debounce);
	is_int(watch_add(told, operand, &e), 0);
	is_int(watch_start(told, &e), 0);
	is_true(watch_take(told, true, &b));
	watch_batch_free(&b);
}

/* What a line marks: paths, "PATH/" as trees; "all" when it is read again. */
static const char *
says(const char *line)
{
	static struct buf text = BUF_INIT;
	struct watch_batch b;

	watch_line(told, line);
	buf_reset(&text);
	if (watch_wake_ns(told) <= clock_mono_ns()) {
		buf_adds(&text, "all");
		at(0);
		is_int(watch_read(told, NULL), 0);
		watch_take(told, true, &b);
		watch_batch_free(&b);
		return text.s;
	}
	if (!watch_take(told, true, &b))
		return "";
	for (size_t i = 0; i < b.n; i++)
		buf_addf(&text, "%s%s%s", i ? ", " : "", b.item[i].path,
		    b.item[i].is_tree ? "/" : "");
	watch_batch_free(&b);
	return text.s;
}

static void
lines_of_inotifywait_name_directory_events_and_name(void)
{
	listen_to("t");
	is_str(says("t/ CLOSE_WRITE,CLOSE a"), "t/a");
	is_str(says("./t/ MODIFY a"), "t/a");
	is_str(says("t/d/ MODIFY b c"), "t/d/b c");
	is_str(says("t/ DELETE gone"), "t/gone/");
	is_str(says("t/ OPEN a"), "");
	is_str(says("t/ CREATE,ISDIR d"), "all");
	is_str(says("t/ CREATE,ISDIR x"), ""); /* ignored */
	is_str(says("t/x/ MODIFY a"), "");
	is_str(says("t/ OPEN,ISDIR d"), "");
	is_str(says("t/ Q_OVERFLOW"), "all");
	end(told);
}

static void
lines_of_fswatch_name_a_path(void)
{
	AUTO_BUF line = BUF_INIT;

	listen_to("t");
	buf_addf(&line, "%s/t/a", scratch_path);
	is_str(says(line.s), "t/a");
	buf_adds(&line, " Updated");
	is_str(says(line.s), "t/a");
	is_str(says("t/d/b c"), "t/d/b c");
	is_str(says("t/d"), "all");
	end(told);
}

static void
what_cannot_be_understood_reads_all_again(void)
{
	listen_to("t");
	is_str(says("elsewhere"), "all");
	is_str(says("t/../etc"), "t/../etc/");
	is_str(says(" "), "all");
	is_str(says(" MODIFY "), "all");
	end(told);
	listen_to(".");
	is_str(says("t/ MODIFY a"), "t/a");
	is_str(says("./t/a"), "t/a");
	is_str(says("./"), "all");
	end(told);
}

TAP_MAIN(TEST(a_few_paths_wait_20_ms_and_many_50),
    TEST(what_never_falls_silent_is_cut_at_the_cap),
    TEST(one_path_after_a_calm_has_its_own_silence),
    TEST(the_cookie_makes_all_due_at_once),
    TEST(lines_of_inotifywait_name_directory_events_and_name),
    TEST(lines_of_fswatch_name_a_path),
    TEST(what_cannot_be_understood_reads_all_again))
