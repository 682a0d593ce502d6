#include "sys/preload.h"

#include <errno.h>

#include "data/elf.h"
#include "sandbox_kit.h"
#include "scratch.h"

/* Run the program with itself as standard input. */
static int
become(void *arg)
{
	const char *const *argv = arg;
	struct err e = {0};
	AUTO_FD fd = preload_open(&e);

	dup2(fd, 0);
	execv("/proc/self/fd/0", (char *const *)argv);
	return 99;
}

static int
place(const char *path)
{
	const char *argv[] = {"freeze", path, NULL};
	AUTO_BUF said = BUF_INIT;
	int status = scratch_child(become, argv, &said);

	is_str(said.s, "");
	return status;
}

static void
it_leans_on_no_library(void)
{
	AUTO_ARENA a = {0};
	struct err e = {0};
	AUTO_FD fd = preload_open(&e);
	struct elf elf;

	is_int(elf_read(fd, "freeze", &a, &elf, &e), 1);
	is_true(elf.is_native);
	is_null(elf.interp);
	is_int(elf.needs, 0);
}

static void
it_writes_itself_where_it_is_told(void)
{
	AUTO_BUF got = BUF_INIT;
	struct err e = {0};
	size_t n;
	const char *s = preload_freeze(&n);

	scratch_enter();
	is_int(place("a.so"), 0);
	is_int(file_read("a.so", &got, &e), 0);
	is_true(got.len == n && !memcmp(got.s, s, n));
	is_int(access("a.so", R_OK | X_OK), 0);
}

static void
what_stands_there_already_stays(void)
{
	AUTO_BUF got = BUF_INIT;
	struct err e = {0};

	scratch_write("b.so", "mine");
	is_int(place("b.so"), EEXIST);
	is_int(file_read("b.so", &got, &e), 0);
	is_str(got.s, "mine");
	is_int(place("missing/c.so"), ENOENT);
}

static void
many_use_one_descriptor_without_moving_it(void)
{
	struct err e = {0};
	AUTO_FD fd = preload_open(&e);
	char head[4] = "";

	is_int(read(fd, head, sizeof head), 4);
	is_true(!memcmp(head,
	    "\x7f"
	    "ELF",
	    4));
	is_int(lseek(fd, 0, SEEK_CUR), 4);
	is_true(write(fd, head, sizeof head) < 0);
	is_int(place("d.so"), 0);
	is_int(lseek(fd, 0, SEEK_CUR), 4);
}

static void
place_at(enum sandbox_level level)
{
	struct err e = {0};
	AUTO_FD own = preload_open(&e);
	char path[300];
	const char *argv[] = {"/proc/self/fd/0", path, NULL};
	struct sandbox_step step = {.id = 7,
	    .argv = (char *const *)argv,
	    .env = (char *const *)t.env,
	    .in = own,
	    .out = -1,
	    .err = -1};

	if (!begin(level))
		return;
	snprintf(path, sizeof path, "%s/x.so", t.ready.tmpdir);
	is_true(!sandbox_run(t.s, &step, &e));
	is_int(next(t.s), SANDBOX_STEP_DONE);
	is_int(t.last.error, 0);
	is_int(t.last.status, 0);
	is_int(sh("LD_PRELOAD=$TMPDIR/x.so CLNRM_CLOCK_NS=7000000000 date +%s"),
	    0);
	is_str(t.out.s, "7\n");
	end();
}

static void
it_gets_into_a_cleanroom_of_each_level(void)
{
	for (int level = SANDBOX_PROCESS; level <= SANDBOX_FULL; level++)
		place_at((enum sandbox_level)level);
}

TAP_MAIN(TEST(it_leans_on_no_library), TEST(it_writes_itself_where_it_is_told),
    TEST(what_stands_there_already_stays),
    TEST(many_use_one_descriptor_without_moving_it),
    TEST(it_gets_into_a_cleanroom_of_each_level))
