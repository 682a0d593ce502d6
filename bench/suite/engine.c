/*
 * What a container engine takes: Docker or Podman, where one answers. Where
 * none does these benchmarks are not listed, and the reason is told.
 */
#include <signal.h>

#include "core/daemon.h"
#include "place.h"

enum { LIST_S = 5, SCENARIOS = 20 };

static struct daemon daemon_here, daemon_next;
static char image[64];
static struct buf container = BUF_INIT;
static struct place_program runner;
static struct buf plan = BUF_INIT, command = BUF_INIT;

/* ---- calls */

static bool
call(const struct daemon_call *c, struct buf *body)
{
	struct err e = {0};
	int status = daemon_call(&daemon_here, c, body, &e);

	return status >= 200 && status < 300;
}

static void
must(bool is_done, const char *what)
{
	if (!is_done)
		die(EXIT_RUN, "the engine does not %s", what);
}

/* One path of containers or images, and a method. */
static bool
ask(const char *method, const char *fmt, const char *name)
{
	AUTO_BUF path = BUF_INIT, body = BUF_INIT;

	buf_addf(&path, fmt, name);
	return call(
	    &(struct daemon_call){.method = method, .path = path.s}, &body);
}

/* Ask with an object, of whose answer the id is wanted. */
static bool
ask_id(const char *path, const char *json, struct buf *id)
{
	struct daemon_call c = {.path = path, .json = json};
	struct value *reply = NULL;
	struct err e = {0};
	AUTO_ARENA a = {0};
	const char *s;

	if (daemon_ask(&daemon_here, &c, &a, &reply, &e) != 201)
		return false;
	s = value_str_or(value_get(reply, "Id"), "");
	buf_reset(id);
	buf_adds(id, s);
	return *s;
}

static void
find(void)
{
	struct err e = {0};

	if (daemon_find(&daemon_here, "auto", &e) < 0)
		die(EXIT_RUN, "%s", err_message(&e));
}

/* ---- one request */

static void
connect_once(int64_t unused)
{
	(void)unused;
	find();
}

static bool
ping(struct daemon *d)
{
	AUTO_BUF body = BUF_INIT;
	struct err e = {0};

	return daemon_call(d, &(struct daemon_call){.path = "/_ping"}, &body,
		   &e) == 200;
}

static uint64_t
ping_reused(void)
{
	return ping(&daemon_here);
}

static uint64_t
ping_fresh(void)
{
	uint64_t is_there;

	daemon_twin(&daemon_here, &daemon_next);
	is_there = ping(&daemon_next);
	daemon_free(&daemon_next);
	return is_there;
}

/* ---- an image of one program, which is ours and needs no other file */

static void
drop_container(void)
{
	if (container.len)
		ask("DELETE", "/containers/%s?force=1&v=1", container.s);
	buf_reset(&container);
}

static void
drop_image(void)
{
	ask("DELETE", "/images/%s?force=1", image);
}

static void
drop_all(void)
{
	drop_container();
	drop_image();
}

static bool
import(void)
{
	AUTO_FD fd = open("image.tar", O_RDONLY | O_CLOEXEC);
	AUTO_BUF path = BUF_INIT, body = BUF_INIT;

	buf_addf(&path, "/images/create?fromSrc=-&repo=%s&tag=latest", image);
	return fd >= 0 && call(&(struct daemon_call){.method = "POST",
				   .path = path.s,
				   .upload = &fd},
			      &body);
}

static void
make_image(void)
{
	const char *argv[] = {"sh", "-c",
	    "mkdir -p root/bin && cp \"$(command -v clnrm-collect)\" root/bin "
	    "&& tar -C root -cf image.tar .",
	    NULL};

	find();
	place_make();
	snprintf(image, sizeof image, "clnrm-bench-%ld", (long)getpid());
	must(!place_run(argv, NULL) && import(), "take an image");
	kit_others_kb = 0;
	atexit(drop_all);
}

/* ---- a container's stages */

static uint64_t
create(void)
{
	AUTO_BUF json = BUF_INIT;

	buf_addf(&json,
	    "{\"Image\":\"%s\",\"HostConfig\":{\"NetworkMode\":\"none\"},"
	    "\"Cmd\":[\"/bin/clnrm-collect\",\"--listen\",\"127.0.0.1:0\"]}",
	    image);
	return ask_id("/containers/create", json.s, &container);
}

static uint64_t
start(void)
{
	return ask("POST", "/containers/%s/start", container.s);
}

static void
to_create(void)
{
	drop_container();
}

static void
to_start(void)
{
	drop_container();
	must(create(), "create a container");
}

static void
to_check(void)
{
	to_start();
	must(start(), "start a container");
}

/* Does a program run in it, and end well? */
static uint64_t
check(void)
{
	AUTO_BUF path = BUF_INIT, id = BUF_INIT, said = BUF_INIT;

	buf_addf(&path, "/containers/%s/exec", container.s);
	if (!ask_id(path.s,
		"{\"AttachStdout\":true,"
		"\"Cmd\":[\"/bin/clnrm-collect\",\"--version\"]}",
		&id))
		return 0;
	buf_reset(&path);
	buf_addf(&path, "/exec/%s/start", id.s);
	if (!call(&(struct daemon_call){.path = path.s, .json = "{}"}, &said))
		return 0;
	buf_reset(&path);
	buf_reset(&said);
	buf_addf(&path, "/exec/%s/json", id.s);
	return call(&(struct daemon_call){.path = path.s}, &said) &&
	       strstr(said.s, "\"ExitCode\":0") != NULL;
}

static void
have_image(int64_t unused)
{
	(void)unused;
	make_image();
}

/* ---- a test in a container */

static void
put_test(int scenarios)
{
	AUTO_BUF b = BUF_INIT;

	buf_adds(&b, "[meta]\nname = \"a\"\nversion = \"1\"\n");
	for (int i = 0; i < scenarios; i++)
		buf_addf(&b,
		    "[[scenario]]\nname = \"s%d\"\n[[scenario.steps]]\n"
		    "name = \"p\"\n"
		    "command = [\"/bin/clnrm-collect\", \"--version\"]\n",
		    i);
	place_put("a.clnrm.toml", "%s", b.s);
	buf_addf(&command,
	    "exec clnrm run --backend %s --image %s a.clnrm.toml",
	    daemon_name(&daemon_here), image);
}

static void
have_test(int64_t unused)
{
	have_image(unused);
	put_test(1);
}

static uint64_t
run_test(void)
{
	const char *argv[] = {"sh", "-c", command.s, NULL};

	return place_run(argv, NULL) == EXIT_YES;
}

static uint64_t
import_and_run(void)
{
	return import() && run_test();
}

/* A plan of many scenarios: the containers of the next one are created while
 * one is at work. */
static void
stop(void)
{
	kill(runner.pid, SIGTERM);
	while (place_hear(&runner))
		;
	place_stop(&runner);
}

static void
start_runner(int64_t unused)
{
	const char *lint[] = {"sh", "-c",
	    "clnrm-render a.clnrm.toml | clnrm-lint - | "
	    "grep '^{\"type\":\"plan\"'",
	    NULL};
	const char *argv[] = {
	    "clnrm-exec", "--backend", NULL, "--image", image, "-", NULL};

	have_image(unused);
	put_test(SCENARIOS);
	must(!place_run(lint, &plan), "get a plan");
	kit_others_kb = 0;
	argv[2] = daemon_name(&daemon_here);
	runner = place_start(argv);
	kit_other = runner.pid;
	atexit(stop);
}

static uint64_t
run_next(void)
{
	static long scenario;

	if (scenario++ % SCENARIOS == 0 &&
	    fd_write(runner.in, plan.s, plan.len) < 0)
		return 0;
	return place_await(&runner, "\"status\":\"ok\",\"complete\"", 1);
}

#define C "op/container/"

static const struct kit_bench benches[] = {
    {"op/connect/fresh", .setup = connect_once, .op = ping_fresh, .size = 1,
	.target = MS(50)},
    {"op/connect/reused", .setup = connect_once, .op = ping_reused, .size = 1,
	.target = MS(5)},
    {C "create", .setup = have_image, .op = create, .size = 1,
	.before = to_create, .target = MS(500)},
    {C "start", .setup = have_image, .op = start, .size = 1, .before = to_start,
	.target = MS(200)},
    {C "health", .setup = have_image, .op = check, .size = 1,
	.before = to_check, .target = MS(2000)},
    {C "cold", .setup = have_test, .op = import_and_run, .size = 1,
	.before = drop_image, .target = MS(8000), .acceptable = MS(33000)},
    {C "warm", .setup = have_test, .op = run_test, .size = 1,
	.target = MS(2700)},
    {C "ahead", .setup = start_runner, .op = run_next, .size = 1,
	.target = MS(2200), .metric = "p50_ns"},
};

/* ---- is there one at all? */

static void
tell_silent(int number)
{
	static const char text[] =
	    "engine: op/connect and op/container are skipped: the engine is "
	    "silent\n";

	(void)number;
	_exit(write(2, text, sizeof text - 1) < 0 ? EXIT_RUN : EXIT_YES);
}

static bool
is_there(void)
{
	struct err e = {0};

	signal(SIGALRM, tell_silent);
	alarm(LIST_S);
	if (daemon_find(&daemon_here, "auto", &e) == 0) {
		alarm(0);
		return true;
	}
	fprintf(stderr, "engine: op/connect and op/container are skipped: %s\n",
	    err_message(&e));
	return false;
}

int
main(int argc, char *argv[])
{
	if (argc == 2 && !strcmp(argv[1], "list") && !is_there())
		return EXIT_YES;
	return kit_main(argc, argv, benches, COUNT(benches));
}
