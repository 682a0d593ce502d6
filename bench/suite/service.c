/*
 * Real services, in cleanrooms of an image: started, found ready, stopped; and
 * a first test that has to get its image. Where the kernel gives no cleanroom
 * of another root these benchmarks are not listed, and the reason is told.
 */
#include <sched.h>
#include <sys/mount.h>

#include "place.h"

static struct place_program runner;
static struct buf plan = BUF_INIT;

/* ---- an image of one program, which is ours and needs no other file */

static void
make_place(void)
{
	const char *argv[] = {"sh", "-c",
	    "mkdir -p root/bin && cp \"$(command -v clnrm-collect)\" root/bin "
	    "&& tar -C root -cf image.tar .",
	    NULL};
	AUTO_BUF store = BUF_INIT;

	place_make();
	buf_addf(&store, "%s/store", place_dir);
	setenv("CLNRM_STORE", store.s, 1);
	if (place_run(argv, NULL) != 0)
		die(EXIT_RUN, "no image");
}

static bool
import(void)
{
	const char *argv[] = {
	    "clnrm-images", "import", "own:1", "image.tar", NULL};

	return place_run(argv, NULL) == EXIT_YES;
}

/* ---- a runner that stays */

static void
stop(void)
{
	place_stop(&runner);
}

/* So many services, ready once that holds. */
static void
put_services(int64_t n, const char *ready)
{
	AUTO_BUF b = BUF_INIT;

	buf_adds(&b, "[meta]\nname = \"t\"\nversion = \"1\"\n");
	for (long i = 0; i < n; i++) {
		buf_addf(&b,
		    "[service.v%ld]\nimage = \"own:1\"\n"
		    "command = [\"/bin/clnrm-collect\", \"--listen\", "
		    "\"127.0.0.1:%ld\"]\n",
		    i, 4400 + i);
		buf_addf(&b, ready, 4400 + i);
	}
	buf_adds(&b, "[[scenario]]\nname = \"s\"\n[[scenario.steps]]\n"
		     "name = \"p\"\nservice = \"v0\"\n"
		     "command = [\"/bin/clnrm-collect\", \"--version\"]\n");
	place_put("t.clnrm.toml", "%s", b.s);
}

static void
start_runner(int64_t n, const char *ready)
{
	const char *lint[] = {"sh", "-c",
	    "clnrm-render t.clnrm.toml | clnrm-lint - | "
	    "grep '^{\"type\":\"plan\"'",
	    NULL};
	const char *argv[] = {"clnrm-exec", "-", NULL};

	make_place();
	put_services(n, ready);
	if (!import() || place_run(lint, &plan) != 0)
		die(EXIT_RUN, "the test file is not right");
	kit_others_kb = 0;
	runner = place_start(argv);
	kit_other = runner.pid;
	atexit(stop);
}

static void
start_plain(int64_t n)
{
	start_runner(n, "");
}

static void
start_tcp(int64_t n)
{
	start_runner(n, "ready = { tcp = [%ld] }\n");
}

static void
start_command(int64_t n)
{
	start_runner(n,
	    "ready = { command = [\"/bin/clnrm-collect\", \"--version\"] }\n");
}

static bool
begin(void)
{
	return fd_write(runner.in, plan.s, plan.len) == 0;
}

static bool
await_end(void)
{
	return place_await(&runner, "\"status\":\"ok\",\"complete\"", 1);
}

static uint64_t
run_plan(void)
{
	return begin() && await_end();
}

/* Up to when the service is ready; the rest of its scenario is not timed. */
static uint64_t
run_to_ready(void)
{
	return begin() && place_await(&runner, "\"state\":\"ready\"", 1);
}

static void
end_last(void)
{
	static bool is_begun;

	if (is_begun && !await_end())
		die(EXIT_RUN, "the scenario does not end");
	is_begun = true;
}

/* ---- the first test of someone new, whose image is not here */

static void
make_first(int64_t unused)
{
	(void)unused;
	make_place();
	put_services(1, "ready = { tcp = [%ld] }\n");
	kit_others_kb = 0;
}

static void
have_nothing(void)
{
	file_remove_tree("store");
}

static uint64_t
import_and_run(void)
{
	const char *argv[] = {"clnrm", "run", "t.clnrm.toml", NULL};

	return import() && place_run(argv, NULL) == EXIT_YES;
}

#define N "elements"
#define HEALTH "clean/health/"

static const struct kit_bench benches[] = {
    {"clean/start/service", .setup = start_tcp, .op = run_to_ready, .size = 1,
	.before = end_last},
    {"clean/start_stop/service", .setup = start_plain, .op = run_plan,
	.size = 1},
    {HEALTH "tcp/1", .setup = start_tcp, .op = run_plan, .size = 1, .unit = N},
    {HEALTH "tcp/5", .setup = start_tcp, .op = run_plan, .size = 5, .unit = N},
    {HEALTH "tcp/10", .setup = start_tcp, .op = run_plan, .size = 10,
	.unit = N},
    {HEALTH "tcp/16", .setup = start_tcp, .op = run_plan, .size = 16,
	.unit = N},
    {HEALTH "command/1", .setup = start_command, .op = run_plan, .size = 1,
	.unit = N},
    {HEALTH "command/5", .setup = start_command, .op = run_plan, .size = 5,
	.unit = N},
    {HEALTH "command/10", .setup = start_command, .op = run_plan, .size = 10,
	.unit = N},
    {HEALTH "command/16", .setup = start_command, .op = run_plan, .size = 16,
	.unit = N},
    {"user/first_test_cold", .setup = make_first, .op = import_and_run,
	.size = 1, .before = have_nothing},
};

/* ---- does the kernel give a cleanroom? */

static bool
is_given(void)
{
	int how = CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0), status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(unshare(how) < 0 ||
		      mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		fputs("service: clean/start, clean/health and "
		      "user/first_test_cold are skipped: the kernel gives no "
		      "namespaces of mounts\n",
		    stderr);
	return !status;
}

int
main(int argc, char *argv[])
{
	if (argc == 2 && !strcmp(argv[1], "list") && !is_given())
		return EXIT_YES;
	return kit_main(argc, argv, benches, COUNT(benches));
}
