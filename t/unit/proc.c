#include "sys/proc.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tap.h"

static const char *const is_true_argv[] = {"true", NULL};

static int
added(struct proc *p, const char *script, enum proc_output output,
    int64_t timeout_ns)
{
	const char *argv[] = {"sh", "-c", script, NULL};
	struct err e = {0};

	return proc_add(p,
	    &(struct proc_command){argv, NULL, NULL, output, timeout_ns}, &e);
}

static struct proc_run
once(struct proc *p, int number)
{
	unsigned char which = (unsigned char)number;
	struct proc_run run = {0};
	struct err e = {0};

	is_int(proc_run(p, &which, 1, &run, &e), 0);
	return run;
}

static void
a_schedule_runs_in_its_order(void)
{
	unsigned char order[] = {0, 1, 1, 0};
	struct proc_run run[4];
	struct err e = {0};
	AUTO_PROC p;

	is_int(proc_open(&p, -1, &e), 0);
	is_int(added(&p, "exit 3", PROC_NULL, 0), 0);
	is_int(added(&p, "exit 4", PROC_NULL, 0), 1);
	is_int(proc_run(&p, order, 4, run, &e), 0);
	for (int i = 0; i < 4; i++)
		is_int(WEXITSTATUS(run[i].status), 3 + order[i]);
}

static void
wall_time_and_processor_time_are_told_apart(void)
{
	struct proc_run idle, busy;
	struct err e = {0};
	AUTO_PROC p;

	is_int(proc_open(&p, -1, &e), 0);
	idle = once(&p, added(&p, "sleep 0.1", PROC_NULL, 0));
	is_true(idle.wall_ns >= 100000000);
	is_true(idle.user_ns + idle.system_ns < 60000000);
	busy = once(
	    &p, added(&p, "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done",
		    PROC_NULL, 0));
	is_true(busy.user_ns > 5000000);
	is_true(busy.user_ns + busy.system_ns < busy.wall_ns + 5000000);
}

static void
output_is_summed_up_however_it_is_cut(void)
{
	struct proc_run a, b, c;
	struct err e = {0};
	AUTO_PROC p;

	is_int(proc_open(&p, -1, &e), 0);
	a = once(&p, added(&p, "printf abc; printf def", PROC_PIPE, 0));
	b = once(&p, added(&p, "printf abcdef", PROC_PIPE, 0));
	c = once(&p, added(&p, "printf abcdeg", PROC_PIPE, 0));
	is_int(a.output, 6);
	is_true(a.sum == b.sum && a.sum != c.sum);
	c = once(&p, added(&p, "head -c 1000000 /dev/zero", PROC_PIPE, 0));
	is_int(c.output, 1000000);
}

static void
a_program_that_hangs_is_killed_with_its_children(void)
{
	struct proc_run run;
	struct err e = {0};
	int64_t start = clock_mono_ns();
	AUTO_PROC p;

	is_int(proc_open(&p, -1, &e), 0);
	run = once(&p, added(&p, "sleep 60 & sleep 61", PROC_PIPE, 50000000));
	is_true(run.timed_out);
	is_true(WIFSIGNALED(run.status));
	is_true(clock_mono_ns() - start < 20000000000);
	run = once(&p, added(&p, "exit 0", PROC_NULL, 50000000000));
	is_true(!run.timed_out && run.status == 0);
}

static void
what_has_left_its_group_is_killed_too(void)
{
	struct proc_run run;
	struct err e = {0};
	int64_t start = clock_mono_ns();
	AUTO_PROC p;

	is_int(proc_open(&p, -1, &e), 0);
	run = once(
	    &p, added(&p, "setsid sleep 62 & sleep 63", PROC_PIPE, 50000000));
	is_true(run.timed_out);
	run = once(&p, added(&p, "setsid sleep 64 & exit 0", PROC_NULL, 0));
	is_true(!run.timed_out && run.status == 0);
	proc_close(&p);
	is_true(clock_mono_ns() - start < 40000000000);
}

static void
output_that_is_kept_is_there_until_the_next_schedule(void)
{
	const unsigned char twice[] = {0, 0};
	struct proc_run run[2];
	struct err e = {0};
	AUTO_PROC p;

	is_int(proc_open(&p, -1, &e), 0);
	is_int(added(&p, "echo one", PROC_KEEP, 0), 0);
	is_int(proc_run(&p, twice, 2, run, &e), 0);
	is_str(p.kept.s, "one\none\n");
	is_int(run[1].kept, 4);
	run[0] = once(&p, added(&p, "head -c 5000000 /dev/zero", PROC_KEEP, 0));
	is_int(p.kept.len, 5000000);
	is_int(run[0].output, 5000000);
	run[0] = once(&p, added(&p, "exec yes", PROC_KEEP, 0));
	is_int(run[0].error, EFBIG);
	run[0] = once(&p, 0);
	is_str(p.kept.s, "one\n");
}

static void
what_cannot_run_is_told(void)
{
	static const char *const none[] = {"no-such-program", NULL};
	static const char *const text[] = {"/dev/null", NULL};
	struct err e = {0};
	AUTO_PROC p;

	is_int(proc_open(&p, -1, &e), 0);
	is_int(proc_add(&p, &(struct proc_command){.argv = none}, &e), -1);
	is_str(e.text, "cannot run no-such-program: it is not in PATH");
	is_int(proc_add(&p, &(struct proc_command){.argv = text}, &e), -1);
	is_int(
	    proc_add(&p,
		&(struct proc_command){.argv = is_true_argv, .input = "absent"},
		&e),
	    -1);
	is_str(e.text, "cannot read absent: No such file or directory");
}

static void
memory_of_ours_is_not_counted_as_a_program_s(void)
{
	enum { LARGE = 256 << 20 };
	struct proc_run small, large;
	struct err e = {0};
	char *waste;
	AUTO_PROC p;

	is_int(proc_open(&p, -1, &e), 0);
	is_int(
	    proc_add(&p, &(struct proc_command){.argv = is_true_argv}, &e), 0);
	small = once(&p, 0);
	waste = malloc(LARGE);
	memset(waste, 1, LARGE);
	large = once(&p, 0);
	is_true(waste[LARGE - 1] == 1);
	free(waste);
	is_true(small.peak_kb > 0);
	is_true(labs(large.peak_kb - small.peak_kb) < 1024);
}

static void
the_input_is_there_for_each_running(void)
{
	static const char *const argv[] = {"cat", NULL};
	struct proc_run first, second;
	struct err e = {0};
	AUTO_PROC p;

	is_int(proc_open(&p, -1, &e), 0);
	is_int(
	    proc_add(&p,
		&(struct proc_command){
		    .argv = argv, .input = "/etc/passwd", .output = PROC_PIPE},
		&e),
	    0);
	first = once(&p, 0);
	second = once(&p, 0);
	is_true(first.output > 0 && first.sum == second.sum);
}

static void
a_program_is_born_with_signals_as_by_default(void)
{
	struct proc_run run;
	struct err e = {0};
	AUTO_PROC p;

	signal(SIGPIPE, SIG_IGN);
	is_int(proc_open(&p, -1, &e), 0);
	run = once(&p, added(&p, "kill -PIPE $$", PROC_NULL, 0));
	signal(SIGPIPE, SIG_DFL);
	is_true(WIFSIGNALED(run.status) && WTERMSIG(run.status) == SIGPIPE);
}

static void
no_program_outlives_the_helper(void)
{
	char script[64];
	int fd[2];
	char c;
	struct err e = {0};
	struct proc p;
	struct proc_run run;

	/* The stray holds the pipe open until it is killed. */
	is_int(pipe(fd), 0);
	snprintf(script, sizeof script, "setsid sleep 60 >&%d & exit 0", fd[1]);
	is_int(proc_open(&p, -1, &e), 0);
	run = once(&p, added(&p, script, PROC_NULL, 0));
	is_int(run.status, 0);
	proc_close(&p);
	close(fd[1]);
	is_int(read(fd[0], &c, 1), 0);
	close(fd[0]);
}

static void
a_processor_that_is_not_there_is_refused(void)
{
	struct err e = {0};
	struct proc p;

	is_int(proc_open(&p, 1000, &e), -1);
	is_str(e.text, "processor 1000 is not ours to run on");
	is_int(proc_open(&p, 100000, &e), -1);
}

static void
instructions_are_counted_or_it_is_told_that_they_are_not(void)
{
	struct proc_run few, many;
	struct err e = {0};
	AUTO_PROC p;

	is_int(proc_open(&p, -1, &e), 0);
	few = once(&p, added(&p, "exit 0", PROC_NULL, 0));
	is_int(few.instructions, -1);
	if (proc_count(&p, &e) < 0) {
		is_true(!p.has_counters);
		is_true(!strncmp(
		    e.text, "this machine counts no instructions: ", 37));
		return;
	}
	few = once(&p, 0);
	many = once(
	    &p, added(&p, "i=0; while [ $i -lt 9999 ]; do i=$((i+1)); done",
		    PROC_NULL, 0));
	is_true(few.instructions > 10000);
	is_true(many.instructions > few.instructions + 1000000);
}

TAP_MAIN(TEST(a_schedule_runs_in_its_order),
    TEST(wall_time_and_processor_time_are_told_apart),
    TEST(output_is_summed_up_however_it_is_cut),
    TEST(a_program_that_hangs_is_killed_with_its_children),
    TEST(what_has_left_its_group_is_killed_too),
    TEST(output_that_is_kept_is_there_until_the_next_schedule),
    TEST(what_cannot_run_is_told),
    TEST(memory_of_ours_is_not_counted_as_a_program_s),
    TEST(the_input_is_there_for_each_running),
    TEST(a_program_is_born_with_signals_as_by_default),
    TEST(no_program_outlives_the_helper),
    TEST(a_processor_that_is_not_there_is_refused),
    TEST(instructions_are_counted_or_it_is_told_that_they_are_not))
