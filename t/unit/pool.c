#include "core/pool.h"

#include "sandbox_kit.h"

static struct loop loop;
static struct pool *pool;
static struct sandbox_event ready;
static bool is_ready;

/* The lowest level: what is tried here is the pool, not the cleanroom. */
static void
open_pool(size_t most)
{
	prepare(SANDBOX_PROCESS);
	pool = pool_new(&loop, &t.spawner, most);
}

static void
close_pool(void)
{
	pool_del(pool);
	loop_free(&loop);
	loop = (struct loop){0};
	sandbox_stop(&t.spawner);
	file_remove_tree(t.dir);
	buf_free(&t.out);
}

static struct sandbox *
take(void)
{
	return pool_take(pool, &t.plan, &ready, &is_ready);
}

/* Take one, and give it back to nobody. */
static bool
takes(void)
{
	struct sandbox *s = take();

	if (s && is_ready)
		sandbox_event_close(&ready);
	sandbox_del(s);
	return s != NULL;
}

static size_t
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Until those that are being set up are. */
static void
settle(void)
{
	for (int i = 0; i < 50; i++)
		loop_once(&loop, 20000000);
}

static void
what_was_never_asked_for_is_not_set_up(void)
{
	open_pool(2);
	pool_fill(pool, 2);
	is_true(!takes());
	close_pool();
}

static void
one_that_waits_is_ready_and_runs_a_step(void)
{
	const char *const argv[] = {"sh", "-c", "echo $HOME", NULL};
	AUTO_FD out = memfd_create("out", MFD_CLOEXEC);
	struct sandbox_step step = {.id = 1,
	    .argv = (char *const *)argv,
	    .env = (char *const *)t.env,
	    .in = -1,
	    .out = out,
	    .err = -1};
	struct err e = {0};

	open_pool(2);
	is_true(!takes());
	pool_fill(pool, 1);
	settle();
	t.s = take();
	is_true(t.s && is_ready);
	is_int(ready.kind, SANDBOX_READY);
	is_int(ready.listeners > 0, true);
	t.ready = ready;
	fill_env();
	is_true(t.s && !sandbox_run(t.s, &step, &e));
	is_int(next(t.s), SANDBOX_STEP_DONE);
	is_int(t.last.status, 0);
	is_true(!takes());
	sandbox_event_close(&ready);
	sandbox_del(t.s);
	close_pool();
}

static void
one_that_is_being_set_up_is_taken_too(void)
{
	open_pool(2);
	is_true(!takes());
	pool_fill(pool, 1);
	t.s = take();
	is_true(t.s && !is_ready);
	is_int(next(t.s), SANDBOX_READY);
	sandbox_event_close(&t.last);
	sandbox_del(t.s);
	close_pool();
}

static void
no_more_wait_than_may(void)
{
	open_pool(2);
	is_true(!takes());
	pool_fill(pool, 100);
	is_true(takes() && takes() && !takes());
	close_pool();
}

static void
another_plan_gets_another_and_takes_the_place_of_the_oldest(void)
{
	open_pool(2);
	is_true(!takes());
	pool_fill(pool, 2);
	t.plan.open_files = 77;
	is_true(!takes());
	pool_fill(pool, 1);
	is_true(takes() && !takes());
	t.plan.open_files = 0;
	is_true(takes() && !takes());
	close_pool();
}

/* A program that saves by moving a folder into place, a checkout. */
static void
a_project_that_was_made_anew_is_another_one(void)
{
	open_pool(2);
	is_true(!takes());
	pool_fill(pool, 1);
	settle();
	usleep(20000); /* more than the grain of a file's birth */
	is_true(!rmdir(t.dir) && !mkdir(t.dir, 0755));
	is_true(!takes());
	close_pool();
}

static void
what_cannot_be_built_is_tried_once(void)
{
	open_pool(2);
	is_true(!takes());
	t.plan.project = "/nonexistent";
	is_true(!takes());
	pool_fill(pool, 1);
	settle();
	pool_fill(pool, 1);
	is_true(!takes());
	t.plan.project = t.dir;
	close_pool();
}

static void
nothing_is_left_of_those_that_waited(void)
{
	size_t before = descriptors(), after;

	open_pool(4);
	is_true(!takes());
	pool_fill(pool, 4);
	settle();
	close_pool();
	after = descriptors();
	is_int(after, before);
}

TAP_MAIN(TEST(what_was_never_asked_for_is_not_set_up),
    TEST(one_that_waits_is_ready_and_runs_a_step),
    TEST(one_that_is_being_set_up_is_taken_too), TEST(no_more_wait_than_may),
    TEST(another_plan_gets_another_and_takes_the_place_of_the_oldest),
    TEST(a_project_that_was_made_anew_is_another_one),
    TEST(what_cannot_be_built_is_tried_once),
    TEST(nothing_is_left_of_those_that_waited))
