/* clnrm-exec: runs plans in cleanrooms. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "core/changed.h"
#include "core/dock.h"
#include "core/doctor.h"
#include "core/earlier.h"
#include "core/engine.h"
#include "core/replay.h"
#include "core/setting.h"
#include "core/stored.h"
#include "sys/stop.h"

enum { MAX_JOBS = 256 };

static const char *jobs = "auto", *root, *stored, *backend = "sandbox", *image;
static int64_t timeout_ns = 60000000000, grace_ns = 2000000000;
static int64_t capture = 1 << 20;
static int allow_degraded, cache, changed, force, loose, no_cache, observe,
    probe, strict, metrics;

static const struct cli_opt opts[] = {
    {'j', "jobs", "N|auto", "scenarios at a time (auto: as the machine bears)",
	CLI_TEXT, &jobs},
    {0, "timeout", "TIME", "of a scenario that sets none (60s)", CLI_TIME,
	&timeout_ns},
    {0, "grace", "TIME", "between TERM and KILL (2s)", CLI_TIME, &grace_ns},
    {0, "capture", "SIZE", "output kept of each stream (1M)", CLI_SIZE,
	&capture},
    {0, "allow-degraded", NULL, "run where full isolation cannot be had",
	CLI_FLAG, &allow_degraded},
    {0, "metrics", NULL, "tell what was measured as `metric` records", CLI_FLAG,
	&metrics},
    {0, "cache", NULL, "let what passed and is unchanged come again", CLI_FLAG,
	&cache},
    {0, "no-cache", NULL, "run all, and store nothing", CLI_FLAG, &no_cache},
    {0, "force", NULL, "with --cache: run all, and store it anew", CLI_FLAG,
	&force},
    {0, "changed", NULL, "name the test files that would run; run nothing",
	CLI_FLAG, &changed},
    {0, "observe", NULL, "tell what is read, and who calls outside", CLI_FLAG,
	&observe},
    {0, "backend", "NAME",
	"where: sandbox, docker, podman or auto: an engine (sandbox)", CLI_TEXT,
	&backend},
    {0, "image", "NAME", "with an engine: of steps that name no service",
	CLI_TEXT, &image},
    {0, "root", "DIR", "the project's root", CLI_TEXT, &root},
    {0, "probe", NULL, "tell which isolation this machine reaches", CLI_FLAG,
	&probe},
    {0, "stored", "WHAT", "list what is stored, or remove it (gc, clear)",
	CLI_TEXT, &stored},
    {0, "strict", NULL, "with --probe: exit 1 when something is missing",
	CLI_FLAG, &strict},
    {0, "loose", NULL, "take a stream without an end", CLI_FLAG, &loose},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-exec",
    .does = "run plans in cleanrooms (a filter)",
    .operands = "[FILE | -]",
    .examples =
	"  clnrm-render t | clnrm-lint - | clnrm-exec - | clnrm-verify\n"
	"  clnrm-exec --probe         which isolation is there?\n",
    .opts = opts,
};

/* 0: auto. */
static size_t
count_jobs(void)
{
	char *end;
	long n;

	if (!strcmp(jobs, "auto"))
		return 0;
	n = strtol(jobs, &end, 10);
	if (*end || end == jobs || n < 1 || n > MAX_JOBS)
		die(EXIT_INPUT, "--jobs: '%s' is neither auto nor 1 to %d",
		    jobs, MAX_JOBS);
	return (size_t)n;
}

/* The world that is tried for has an empty project. */
static bool
is_sandbox(void)
{
	return !strcmp(backend, "sandbox");
}

/* The sandbox is looked at, and engines where one is asked for. */
static int
look(struct sandbox_spawner *sp)
{
	const char *base = getenv("TMPDIR");
	AUTO_BUF dir = BUF_INIT;
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};
	int missing;

	buf_addf(&dir, "%s/clnrm.XXXXXX", base && *base == '/' ? base : "/tmp");
	if (!mkdtemp(dir.s))
		die(EXIT_RUN, "%s: %s", dir.s, strerror(errno));
	missing = doctor_look(sp, dir.s, &text, &e);
	rmdir(dir.s);
	out_add(&out_std, text.s, text.len);
	out_flush(&out_std);
	if (missing < 0)
		warn("%s", e.text);
	if (!is_sandbox() && !dock_look(backend))
		missing += missing >= 0;
	if (missing < 0)
		return EXIT_RUN;
	return missing && strict ? EXIT_NO : EXIT_YES;
}

/* Keeping house, without a stream. */
static int
keep_house(void)
{
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};

	if (stored_tell(stored, root, &text, &e) < 0)
		die(EXIT_INPUT, "%s%s%s", e.text, *e.hint ? "\nhint: " : "",
		    e.hint);
	out_add(&out_std, text.s, text.len);
	return EXIT_YES;
}

static bool has_complained;

static void
complain(const char *message)
{
	warn("%s", message);
	has_complained = true;
}

static int
name_changed(int fd)
{
	struct out held = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	struct stage stage;
	struct replay replay = {0};
	struct scenario_host host = {.stage = &stage,
	    .root = root,
	    .timeout_ns = timeout_ns,
	    .grace_ns = grace_ns,
	    .capture = (size_t)capture,
	    .replay = &replay,
	    .allow_degraded = allow_degraded};
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};
	int status;

	stage_filter(&stage, "exec", &held, fd, loose);
	if (replay_start(&replay, force, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
	changed_tell(&host, &text, complain);
	status = stage_end(&stage);
	out_add(&out_std, text.s, text.len);
	out_free(&held);
	reading_digests_free(&host.digests);
	if (host.has_images)
		image_set_free(&host.images);
	replay_free(&replay);
	return has_complained ? EXIT_INPUT : status;
}

static int
filter(struct sandbox_spawner *sp, struct dock *dock, int fd, size_t workers)
{
	struct loop loop = {0};
	struct stage stage;
	struct earlier earlier = {0};
	struct replay replay = {0};
	struct err e = {0};
	/* An engine does not tell what is read. */
	bool stores = cache && !no_cache && !dock;
	struct scenario_host host = {
	    .loop = &loop,
	    .stage = &stage,
	    .spawner = sp,
	    .dock = dock,
	    .image = image,
	    .root = root,
	    .timeout_ns = timeout_ns,
	    .grace_ns = grace_ns,
	    .capture = (size_t)capture,
	    .observe = observe || stores,
	    .replay = stores ? &replay : NULL,
	    .allow_degraded = allow_degraded,
	    .earlier = &earlier,
	};
	int sig, status;

	stage_filter(&stage, "exec", &out_std, fd, loose);
	if (metrics)
		stage_measure(&stage);
	earlier_read(&earlier);
	if (stores && replay_start(&replay, force, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
	sig = engine_run(&host, workers);
	if (sig)
		stage_status(&stage, 128 + sig);
	status = stage_end(&stage);
	reading_digests_free(&host.digests);
	if (host.has_images)
		image_set_free(&host.images);
	loop_free(&loop);
	earlier_free(&earlier);
	replay_free(&replay);
	return status;
}

static void
check_backend(void)
{
	struct err e = {0};

	if (dock_check(backend, &e) < 0)
		die(EXIT_INPUT, "%s", e.text);
}

int
main(int argc, char *argv[])
{
	char **operand = setting_start(&tool, argc, argv);
	struct sandbox_spawner spawner, *sp = &spawner;
	struct dock dock, *engine = NULL;
	struct err e = {0};
	size_t workers = count_jobs();
	int fd = -1, got, status;

	check_backend();
	if (probe && *operand)
		die(EXIT_INPUT, "--probe takes no operand");
	if (stored)
		return cli_finish(keep_house());
	if (!probe)
		fd = stage_input(&tool, operand);
	if (changed)
		return cli_finish(name_changed(fd));
	if (!probe && !is_sandbox()) {
		engine = &dock;
		sp = &dock.spawner;
	}
	got = engine ? dock_start(engine, backend, &e) : sandbox_start(sp, &e);
	if (got < 0)
		die(EXIT_RUN, "%s%s%s", e.text, *e.hint ? "; " : "", e.hint);
	stop_catch(false);
	status = probe ? look(sp) : filter(sp, engine, fd, workers);
	sandbox_stop(sp);
	return cli_finish(status);
}
