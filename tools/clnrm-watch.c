/*
 * Say which files changed.
 */
#include <fcntl.h>
#include <signal.h>
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
#include "core/setting.h"
#include "core/stage.h"
#include "core/territory.h"
#include "sys/keys.h"
#include "sys/loop.h"
#include "sys/stop.h"
#include "sys/watch.h"

static const char CACHE_FILE[] = ".clnrm/cache/hashes",
		  SETTINGS[] = "clnrm.conf";
enum {
	AHEAD = 64 << 10, /* bytes that may wait for a slow reader */
	LINE = 64 << 10,  /* bytes of a line of another program */
	TOKEN = 256,	  /* bytes of the cookie that are told */
	SECOND = 1000000000,
	TICK_NS = 20000000, /* the clock of files is behind by less */
};

static const char *debounce = "auto", *given_root, *sync_file, *from;
static int64_t cap_ns = 1000000000, lone_ns = -1, poll_ns = -1;
static int has_around, has_baseline, has_keys, metrics;
static struct cli_list ignored;
static struct territory territory;

static const struct cli_opt opts[] = {
    {0, "around", NULL, "watch the rest of the project, too", CLI_FLAG,
	&has_around},
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
    {0, "keys", NULL, "take orders by single keys at the terminal", CLI_FLAG,
	&has_keys},
    {0, "metrics", NULL, "tell what was measured as `metric` records", CLI_FLAG,
	&metrics},
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
static struct loop loop;
static struct change_cache cache;
static struct ndjson lines; /* of --from */

/* The batch that is being written. */
static struct {
	int64_t gen, size, debounce_ms;
	bool is_partial, is_ready, has_patterns, has_token, has_settings;
	bool has_volumes;
	struct buf token;
} now = {.token = BUF_INIT};

static struct buf cookie = BUF_INIT; /* the sync file, as it is found */
static bool reader_is_gone, input_is_over, is_paused;

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

static void
tell_unreadable(const char *path, const struct err *e)
{
	stage_diagnose(&stage, path, "warning", "W402", e);
}

static bool
skips(void *arg, const char *path, bool is_dir)
{
	if (sync_file && !strcmp(path, cookie.s))
		return false;
	return territory_skips(arg, path, is_dir);
}

static bool
is_foreign(const char *path)
{
	return territory_is_foreign(&territory, path);
}

static bool
holds(void *arg)
{
	(void)arg;
	return change_is_locked(territory.root.s);
}

static void
put_change(const struct change *c)
{
	AUTO_JSON j = stage_record(&stage, "change");

	json_str(&j, "source", territory_shown(&territory, c->source));
	json_str(&j, "event", change_event_name(c->event));
	json_str(
	    &j, "from", c->from ? territory_shown(&territory, c->from) : NULL);
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
	if (territory_is_beside(&territory, c->source))
		json_bool(&j, "beside", true);
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
	buf_addf(to, "%s/%s", territory.root.s, CACHE_FILE);
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

/* All stages have read them at their start. */
static void
tell_settings(void)
{
	struct err e = {0};

	now.has_settings = false;
	if (stop_begin_anew())
		return;
	err_set(&e, "the settings changed, and count from the next start on");
	stage_diagnose(&stage, SETTINGS, "note", NULL, &e);
}

/* What is watched became other. */
static int
look_anew(struct err *e)
{
	bool is_wider = now.has_volumes && territory_widen(&territory, watch);
	bool is_other = now.has_patterns;

	now.has_patterns = now.has_volumes = false;
	if (is_other)
		territory_read(&territory);
	table.is_widened |= is_wider;
	return is_wider || is_other ? watch_start(watch, e) : 0;
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
	if (now.has_settings)
		tell_settings();
	return look_anew(e);
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

	if (sync_file && !strcmp(c.source, cookie.s)) {
		take_cookie(&c);
		return;
	}
	if (!is_change)
		return;
	if (territory_is_list(&territory, c.source)) {
		now.has_volumes = true;
		return;
	}
	now.size++;
	put_change(&c);
	if (!now.is_ready)
		return;
	slash = strrchr(c.source, '/');
	slash = slash ? slash + 1 : c.source;
	now.has_patterns |= !strcmp(slash, TERRITORY_PATTERNS);
	now.has_settings |= territory_is_own(&territory, c.source, SETTINGS);
}

/* Changes are kept for when a key says to go on. */
static bool
is_resting(void)
{
	return is_paused && now.is_ready;
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

	if (!is_open && (is_resting() || !open_batch(false)))
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

/* An order is a batch of its own: what is to be done is owed for it. */
static void
put_request(const char *what)
{
	AUTO_JSON j = stage_record(&stage, "request");

	json_str(&j, "what", what);
	json_int(&j, "gen", now.gen);
	stage_put(&stage, &j);
	put_batch();
}

static void
take_key(int key)
{
	switch (key) {
	case '\n':
	case '\r':
	case 'a':
		put_request("all");
		break;
	case 'f':
		put_request("failed");
		break;
	case 'p':
		is_paused = !is_paused;
		put_request(is_paused ? "pause" : "resume");
		break;
	case 'u':
		put_request("accept");
		break;
	case 'q': /* as ^C does it, to the whole pipe */
		kill(0, SIGINT);
		break;
	case '?':
	case 'h':
		put_request("help");
		break;
	default:
		break;
	}
}

static void
on_key(void *arg, int events)
{
	int key = -1;

	(void)arg;
	(void)events;
	while (!change_is_open(&table) && (key = keys_next(0)) >= 0)
		take_key(key);
	if (key != -2)
		return;
	has_keys = false;
	loop_drop(&loop, 0);
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
	if (!change_is_open(&table) && !is_resting() && due < at)
		at = due;
	if (at == INT64_MAX)
		return -1;
	left = at - clock_mono_ns();
	return left > 0 ? left : 0;
}

/* Within a batch no other begins, and keys wait. */
static void
set_events(void)
{
	bool takes_keys = now.is_ready && !change_is_open(&table);

	loop_set(&loop, 1, out_pending(&out_std) ? POLLOUT : 0);
	if (has_keys)
		loop_set(&loop, 0, takes_keys ? POLLIN : 0);
}

static int
follow(struct err *e)
{
	int more = 1;

	while (!stop_signal() && !reader_is_gone && !out_std.lost &&
	       !(input_is_over && now.is_ready)) {
		set_events();
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

	if (territory_add(&territory, watch, &e) < 0) {
		fail(EXIT_INPUT, "E101", &e);
		return;
	}
	if (from && open_lines(&e) < 0) {
		fail(EXIT_INPUT, "E101", &e);
		return;
	}
	territory_widen(&territory, watch);
	territory_read(&territory);
	read_cache();
	has_keys = has_keys && keys_open(0);
	if (has_keys)
		loop_add(&loop, 0, POLLIN, on_key, NULL);
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
	struct err e = {0};
	bool is_found;

	territory.operand = setting_start(&tool, argc, argv);
	territory.has_around = has_around;
	territory.given = given_root;
	territory.ignored = &ignored;
	territory.tell = tell_unreadable;
	if (!poll_ns)
		die(EXIT_INPUT, "--poll: a time above 0 is needed");
	if (from && !strcmp(from, "-") && isatty(0))
		cli_misuse(&tool);
	stop_catch(true);
	out_std.is_held = true;
	stage_source(&stage, "watch", &out_std, argv);
	if (metrics)
		stage_measure(&stage);
	is_found = !territory_find(&territory, &e);
	if (sync_file)
		territory_found(&territory, sync_file, &cookie);
	how = (struct watch_opts){.quiet_ns = quiet_ns(),
	    .lone_ns = lone_ns,
	    .cap_ns = cap_ns,
	    .poll_ns = from	   ? INT64_MAX
		     : poll_ns < 0 ? SECOND
				   : poll_ns,
	    .is_polled = from || poll_ns >= 0,
	    .holds = holds,
	    .cookie = sync_file ? cookie.s : NULL,
	    .marker = TERRITORY_PATTERNS,
	    .enters = territory_enters,
	    .skips = skips,
	    .tell = tell,
	    .arg = &territory};
	watch = watch_new(&how);
	change_init(&table, watch, out_std.fd);
	table.is_foreign = is_foreign;
	table.since_ns = clock_wall_ns() - TICK_NS;
	if (is_found)
		run();
	else
		fail(EXIT_INPUT, "E101", &e);
	keys_close(0);
	stage_end(&stage);
	change_free(&table);
	change_cache_free(&cache);
	ndjson_free(&lines);
	buf_free(&now.token);
	buf_free(&cookie);
	watch_free(watch);
	territory_free(&territory);
	loop_free(&loop);
	return cli_finish(stage.status);
}
