/*
 * Say which files changed.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/out.h"
#include "core/change.h"
#include "core/ignore.h"
#include "core/project.h"
#include "core/setting.h"
#include "core/stage.h"
#include "sys/loop.h"
#include "sys/stop.h"
#include "sys/watch.h"

static const char IGNORE_FILE[] = ".clnrmignore",
		  CACHE_FILE[] = ".clnrm/cache/hashes";
enum {
	AHEAD = 64 << 10, /* bytes that may wait for a slow reader */
	LINE = 64 << 10,  /* bytes of a line of another program */
	TOKEN = 256,	  /* bytes of the cookie that are told */
	SECOND = 1000000000,
};

static const char *debounce = "auto", *given_root, *sync_file, *from;
static int64_t cap_ns = 1000000000, lone_ns = -1, poll_ns = -1;
static int has_baseline;
static struct cli_list ignored;

static const struct cli_opt opts[] = {
    {0, "baseline", NULL, "keep digests from one run to the next", CLI_FLAG,
	&has_baseline},
    {0, "debounce", "TIME", "silence that ends a batch, or auto", CLI_TEXT,
	&debounce},
    {0, "debounce-max", "TIME", "a batch waits no longer (1s)", CLI_TIME,
	&cap_ns},
    {0, "debounce-min", "TIME", "the silence after one lone save (20ms)",
	CLI_TIME, &lone_ns},
    {0, "from", "FILE|-", "take lines of inotifywait -m or fswatch", CLI_TEXT,
	&from},
    {0, "ignore", "PATTERN", "ignore such paths, as in .gitignore", CLI_LIST,
	&ignored},
    {0, "poll", "TIME", "look that often, without the kernel's notices",
	CLI_TIME, &poll_ns},
    {0, "root", "DIR", "the project's root", CLI_TEXT, &given_root},
    {0, "sync-file", "FILE", "when it is written, tell all at once", CLI_TEXT,
	&sync_file},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-watch",
    .does = "say which files changed",
    .operands = "[PATH ...]",
    .examples = "  clnrm-watch tests | clnrm-render - | clnrm-lint -\n"
		"  clnrm-watch --ignore target/ | jq -r '.source // empty'\n",
    .opts = opts,
};

static struct stage stage;
static struct watch *watch;
static struct change_table table;
static struct ignore ignore;
static struct loop loop;
static struct change_cache cache;
static struct ndjson lines; /* of --from */

/* The batch that is being written. */
static struct {
	int64_t gen, size, debounce_ms;
	bool is_partial, is_ready, has_patterns, has_token;
	struct buf token;
} now = {.token = BUF_INIT};

static struct buf root_dir = BUF_INIT;
static char **operand; /* lives as long as the process */
static bool reader_is_gone, input_is_over;

static int64_t
quiet_ns(void)
{
	int64_t ns = -1;
	struct cli_opt time = *cli_find(opts, "debounce");
	struct err e = {0};

	if (!strcmp(debounce, "auto"))
		return -1;
	time.kind = CLI_TIME;
	time.to = &ns;
	if (cli_set(&time, debounce, &e) < 0)
		die(EXIT_INPUT, "%s", e.text);
	return ns;
}

static void
tell(void *arg, const char *path, const struct err *e)
{
	(void)arg;
	stage_diagnose(
	    &stage, path && *path ? path : NULL, "warning", "W401", e);
}

static bool
skips(void *arg, const char *path, bool is_dir)
{
	if (sync_file && !strcmp(path, sync_file))
		return false;
	return ignore_skips(arg, path, is_dir);
}

static bool
holds(void *arg)
{
	(void)arg;
	return change_is_locked(root_dir.s);
}

/* The patterns of one directory, as seen from the project's root. */
static void
read_file(const char *dir, const char *path)
{
	struct err e = {0};

	if (ignore_read(&ignore, dir, path, &e) < 0)
		stage_diagnose(&stage, path, "warning", "W402", &e);
}

/* A directory is listed: its own patterns count from here on. */
static void
enters(void *arg, const char *dir, bool has_patterns)
{
	AUTO_BUF at = BUF_INIT, path = BUF_INIT;
	const char *placed = ignore_placed(arg, dir, &at);

	if (!has_patterns && !ignore_has(arg, placed))
		return;
	buf_addf(&path, "%s%s%s", dir,
	    *dir && dir[strlen(dir) - 1] != '/' ? "/" : "", IGNORE_FILE);
	read_file(placed, path.s);
}

/* Patterns are separated by blanks, as in clnrm.conf. */
static void
add_patterns(const char *text)
{
	char *copy = mem_str(text), *rest = copy, *word;

	while ((word = strsep(&rest, " \t")))
		ignore_add(&ignore, word);
	free(copy);
}

/* Those between the project's root and an operand, which no walk finds. */
static void
read_above(const char *at)
{
	for (size_t n = 0;; n += strcspn(at + n, "/")) {
		AUTO_BUF path = BUF_INIT, dir = BUF_INIT;

		buf_add(&dir, at, n);
		buf_addf(&path, "%s/%s%s%s", root_dir.s, dir.s, n ? "/" : "",
		    IGNORE_FILE);
		read_file(dir.s, path.s);
		if (!at[n])
			return;
		n += n > 0;
	}
}

static void
read_patterns(void)
{
	ignore_reset(&ignore);
	ignore_defaults(&ignore);
	for (size_t i = 0; i < ignore.places; i++)
		read_above(ignore.place[i].at);
	for (size_t i = 0; i < ignored.n; i++)
		add_patterns(ignored.item[i]);
}

/* Where below the project's root an operand lies: for bound patterns. */
static void
place(const char *path)
{
	char *real = realpath(path, NULL);
	bool is_cwd = !strcmp(path, ".") || !strcmp(path, "./");
	AUTO_BUF name = BUF_INIT;
	const char *at = "";

	if (real && watch_is_below(real, root_dir.s))
		at = real + root_dir.len;
	at += strspn(at, "/");
	buf_adds(&name, is_cwd ? "" : path);
	while (name.len > 1 && name.s[name.len - 1] == '/')
		buf_cut(&name, name.len - 1);
	ignore_place(&ignore, name.s, at);
	free(real);
}

static void
put_change(const struct change *c)
{
	AUTO_JSON j = stage_record(&stage, "change");

	json_str(&j, "source", c->source);
	json_str(&j, "event", change_event_name(c->event));
	json_str(&j, "from", c->from);
	json_int(&j, "gen", now.gen);
	json_str(&j, "sha256", c->sha256);
	json_str(&j, "sha256_before", c->sha256_before);
	if (c->size < 0)
		json_null(&j, "size");
	else
		json_int(&j, "size", c->size);
	json_bool(&j, "partial", now.is_partial);
	json_int(&j, "debounce_ms", now.debounce_ms);
	json_nano(&j, "event_unix_nano", (uint64_t)c->wall_ns);
	json_nano(&j, "emit_unix_nano", (uint64_t)clock_wall_ns());
	stage_put(&stage, &j);
}

static void
put_batch(void)
{
	AUTO_JSON j = stage_record(&stage, "batch");

	json_int(&j, "gen", now.gen);
	json_int(&j, "size", now.size);
	if (now.has_token)
		json_str(&j, "sync", now.token.s);
	stage_put(&stage, &j);
	now.has_token = false;
	now.gen++;
}

static void
put_ready(void)
{
	AUTO_JSON j = stage_record(&stage, "ready");

	json_int(&j, "files", (int64_t)change_files(&table));
	json_int(&j, "directories", (int64_t)watch_dirs(watch));
	json_int(&j, "duration_ns", clock_mono_ns() - stage.start_ns);
	stage_put(&stage, &j);
	now.is_ready = true;
}

static void
cache_path(struct buf *to)
{
	buf_addf(to, "%s/%s", root_dir.s, CACHE_FILE);
}

static void
read_cache(void)
{
	AUTO_BUF path = BUF_INIT;

	if (!has_baseline)
		return;
	cache_path(&path);
	change_cache_read(&cache, path.s);
	table.cache = &cache;
}

/* Where there is anything new. */
static void
write_cache(void)
{
	AUTO_BUF path = BUF_INIT;
	struct err e = {0};

	if (!has_baseline || !table.hashed)
		return;
	cache_path(&path);
	if (change_cache_write(&table, path.s, &e) < 0)
		stage_diagnose(&stage, NULL, "warning", "W403", &e);
	table.hashed = 0;
}

static int
close_batch(struct err *e)
{
	if (now.size || !now.is_ready || now.has_token)
		put_batch();
	now.size = 0;
	if (!now.is_ready) {
		put_ready();
		out_trickle(&out_std);
		write_cache();
	}
	if (!now.has_patterns)
		return 0;
	now.has_patterns = false;
	read_patterns();
	return watch_start(watch, e);
}

/* Take the next batch when it is time; the first one is. */
static bool
open_batch(bool at_once)
{
	struct watch_batch b = {0};

	if (!watch_take(watch, at_once || !now.is_ready, &b) && now.is_ready)
		return false;
	now.is_partial = b.is_partial;
	now.debounce_ms = now.is_ready ? b.quiet_ns / 1000000 : 0;
	change_open(&table, &b);
	return true;
}

/* Its text tells those who wait which one it is. */
static void
take_cookie(const struct change *c)
{
	AUTO_BUF text = BUF_INIT;

	if (!c->is_written || !now.is_ready ||
	    file_read(c->source, &text, NULL) < 0)
		return;
	buf_cut(&text, text.len < TOKEN ? text.len : TOKEN);
	buf_reset(&now.token);
	buf_add(&now.token, text.s, strcspn(text.s, "\r\n"));
	now.has_token = true;
}

static void
step(void)
{
	struct change c;
	const char *slash;
	bool is_change = change_step(&table, &c);

	if (sync_file && !strcmp(c.source, sync_file)) {
		take_cookie(&c);
		return;
	}
	if (!is_change)
		return;
	now.size++;
	put_change(&c);
	slash = strrchr(c.source, '/');
	if (now.is_ready && !strcmp(slash ? slash + 1 : c.source, IGNORE_FILE))
		now.has_patterns = true;
}

/*
 * Write what is due, as far as the reader keeps up. Notices are read in
 * between: the kernel's queue is short.
 *
 * out: 1 there is more to do at once, 0 wait
 */
static int
work(struct err *e)
{
	bool is_open = change_is_open(&table);
	int64_t until = clock_mono_ns() + 5000000;

	if (!is_open && !open_batch(false))
		return 0;
	while (change_is_open(&table)) {
		if (out_pending(&out_std) >= AHEAD)
			return 0;
		if (clock_mono_ns() >= until)
			return 1;
		step();
	}
	return close_batch(e);
}

static void
on_notice(void *arg, int events)
{
	(void)arg;
	(void)events;
}

/* What another program says, instead of the kernel. */
static void
on_line(void *arg, int events)
{
	const char *line;
	struct err e = {0};
	size_t n;
	int got;

	(void)arg;
	(void)events;
	if (ndjson_fill(&lines, &e) < 0) {
		stage_diagnose(&stage, NULL, "error", "E101", &e);
		stage_status(&stage, EXIT_RUN);
		lines.is_eof = true;
	}
	while ((got = ndjson_pull(&lines, &line, &n, &e)) > 0) {
		AUTO_BUF text = BUF_INIT;

		if (got == 1)
			buf_add(&text, line, n);
		watch_line(watch, text.s);
	}
	if (!lines.is_eof)
		return;
	input_is_over = true;
	loop_drop(&loop, lines.fd);
}

static void
on_stdout(void *arg, int events)
{
	(void)arg;
	if (events & POLLOUT)
		out_trickle(&out_std);
	if (events & (POLLERR | POLLHUP | POLLNVAL))
		reader_is_gone = true;
}

/* How long nothing is to be done; a reader that is slow says when it can. */
static int64_t
wait_ns(int more)
{
	int64_t at = watch_wake_ns(watch), left;
	int64_t due = watch_due_ns(watch);

	if (more)
		return 0;
	if (!change_is_open(&table) && due < at)
		at = due;
	if (at == INT64_MAX)
		return -1;
	left = at - clock_mono_ns();
	return left > 0 ? left : 0;
}

static int
follow(struct err *e)
{
	int more = 1;

	while (!stop_signal() && !reader_is_gone && !out_std.lost &&
	       !(input_is_over && now.is_ready)) {
		loop_set(&loop, 1, out_pending(&out_std) ? POLLOUT : 0);
		if (loop_once(&loop, wait_ns(more)) < 0)
			return err_set(e, "cannot wait:");
		if (watch_read(watch, e) < 0)
			return -1;
		more = work(e);
		if (more < 0)
			return -1;
	}
	return 0;
}

/* What was saved before the order to stop is told. */
static int
finish(struct err *e)
{
	if (!now.is_ready || reader_is_gone)
		return 0;
	if (input_is_over)
		watch_look(watch);
	if (watch_read(watch, e) < 0)
		return -1;
	do {
		while (change_is_open(&table))
			step();
		if (close_batch(e) < 0)
			return -1;
	} while (open_batch(true));
	return 0;
}

/* Without operands it is the whole project, named as render names it. */
static int
find_root(struct err *e)
{
	static char *project[2];
	char *here;

	if (project_root(*operand ? *operand : ".", given_root, &root_dir, e)) {
		if (!*operand || given_root)
			return -1;
		/* No project's, but named: its own patterns then. */
		here = realpath(".", NULL);
		buf_reset(&root_dir);
		buf_adds(&root_dir, here ? here : ".");
		free(here);
	}
	if (*operand)
		return 0;
	here = realpath(".", NULL);
	project[0] =
	    here && !strcmp(here, root_dir.s) ? (char *)"." : root_dir.s;
	free(here);
	operand = project;
	return 0;
}

static int
add_operands(struct err *e)
{
	for (char **path = operand; *path; path++) {
		if (watch_add(watch, *path, e) < 0)
			return -1;
		place(*path);
	}
	return 0;
}

static void
fail(int status, const char *code, const struct err *e)
{
	stage_diagnose(&stage, NULL, "error", code, e);
	stage_status(&stage, status);
}

static int
open_lines(struct err *e)
{
	int fd = strcmp(from, "-") != 0 ? open(from, O_RDONLY | O_CLOEXEC) : 0;

	if (fd < 0)
		return err_set(e, "%s:", from);
	ndjson_open(&lines, fd, from);
	lines.limit = LINE;
	loop_add(&loop, fd, POLLIN, on_line, NULL);
	return 0;
}

static void
run(void)
{
	struct err e = {0};

	if (find_root(&e) < 0 || add_operands(&e) < 0) {
		fail(EXIT_INPUT, "E101", &e);
		return;
	}
	if (from && open_lines(&e) < 0) {
		fail(EXIT_INPUT, "E101", &e);
		return;
	}
	read_patterns();
	read_cache();
	loop_add(&loop, stop_fd(), POLLIN, on_notice, NULL);
	loop_add(&loop, out_std.fd, 0, on_stdout, NULL);
	if (watch_start(watch, &e) < 0) {
		fail(EXIT_RUN, "E406", &e);
		return;
	}
	loop_add(&loop, watch_fd(watch), POLLIN, on_notice, NULL);
	if (follow(&e) < 0 || finish(&e) < 0)
		fail(EXIT_RUN, "E406", &e);
	write_cache();
	if (stop_signal())
		stage_status(&stage, 128 + stop_signal());
}

int
main(int argc, char *argv[])
{
	struct watch_opts how;

	operand = setting_start(&tool, argc, argv);
	if (!poll_ns)
		die(EXIT_INPUT, "--poll: a time above 0 is needed");
	if (from && !strcmp(from, "-") && isatty(0))
		cli_misuse(&tool);
	how = (struct watch_opts){.quiet_ns = quiet_ns(),
	    .lone_ns = lone_ns,
	    .cap_ns = cap_ns,
	    .poll_ns = from	   ? INT64_MAX
		     : poll_ns < 0 ? SECOND
				   : poll_ns,
	    .is_polled = from || poll_ns >= 0,
	    .holds = holds,
	    .cookie = sync_file,
	    .marker = IGNORE_FILE,
	    .enters = enters,
	    .skips = skips,
	    .tell = tell,
	    .arg = &ignore};

	stop_catch(true);
	out_std.is_held = true;
	stage_source(&stage, "watch", &out_std, argv);
	watch = watch_new(&how);
	change_init(&table, watch, out_std.fd);
	run();
	stage_end(&stage);
	change_free(&table);
	change_cache_free(&cache);
	ndjson_free(&lines);
	buf_free(&now.token);
	watch_free(watch);
	ignore_free(&ignore);
	loop_free(&loop);
	buf_free(&root_dir);
	return cli_finish(stage.status);
}
