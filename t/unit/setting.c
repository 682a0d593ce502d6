#include "core/setting.h"

#include <stdint.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "scratch.h"
#include "tap.h"

static int strict;
static const char *jobs = "auto", *root = "none";
static int64_t timeout_ns = 1;

static const struct cli_opt opts[] = {
    {'j', "jobs", "N", "at a time", CLI_TEXT, &jobs},
    {0, "root", "DIR", "where", CLI_TEXT, &root},
    {0, "strict", NULL, "be strict", CLI_FLAG, &strict},
    {0, "drain-time", "TIME", "how long", CLI_TIME, &timeout_ns},
    {0},
};

static const struct cli tool = {.name = "clnrm-try",
    .does = "try",
    .operands = "",
    .examples = "",
    .opts = opts};

/* Prints what the options became. */
static int
start(void *arg)
{
	char *argv[] = {(char *)"clnrm-try", arg, NULL};

	free(setting_start(&tool, arg ? 2 : 1, argv));
	printf("%s %s %d %lld", jobs, root, strict,
	    (long long)(timeout_ns / 1000000));
	return 0;
}

/* Runs with these files, "" for none, from the directory p/a/b. */
static int
try(struct buf *said, const char *project, const char *user, char *argument)
{
	int status;

	scratch_enter();
	if (chdir(scratch_path) < 0)
		abort();
	file_mkdirs("p/a/b", 0777, NULL);
	file_mkdirs("xdg/clnrm", 0777, NULL);
	scratch_write("p/clnrm.conf", project);
	scratch_write("xdg/clnrm/clnrm.conf", user);
	setenv("XDG_CONFIG_HOME", "/nowhere", 1);
	if (*user) {
		AUTO_BUF xdg = BUF_INIT;

		buf_addf(&xdg, "%s/xdg", scratch_path);
		setenv("XDG_CONFIG_HOME", xdg.s, 1);
	}
	if (chdir("p/a/b") < 0)
		abort();
	status = scratch_child(start, argument, said);
	if (chdir(scratch_path) < 0)
		abort();
	return status;
}

static void
without_settings_the_defaults_hold(void)
{
	AUTO_BUF said = BUF_INIT;

	is_int(try(&said, "", "", NULL), 0);
	is_str(said.s, "auto none 0 0");
}

static void
the_project_wins_over_the_user_key_by_key(void)
{
	AUTO_BUF said = BUF_INIT;

	is_int(try(&said, "[try]\njobs = 2\n",
		   "[try]\njobs = 3\nroot = /u\nstrict = yes\n", NULL),
	    0);
	is_str(said.s, "2 /u 1 0");
}

static void
a_variable_wins_over_files_and_a_flag_over_all(void)
{
	AUTO_BUF said = BUF_INIT;

	setenv("CLNRM_JOBS", "5", 1);
	setenv("CLNRM_DRAIN_TIME", "70ms", 1);
	is_int(try(&said, "[try]\njobs = 2\nroot = /p\n", "", NULL), 0);
	is_str(said.s, "5 /p 0 70");
	is_int(try(&said, "[try]\njobs = 2\n", "", (char *)"-j9"), 0);
	is_str(said.s, "9 none 0 70");
	unsetenv("CLNRM_JOBS");
	unsetenv("CLNRM_DRAIN_TIME");
}

static void
sections_of_other_tools_are_not_read(void)
{
	AUTO_BUF said = BUF_INIT;

	is_int(try(&said, "[exec]\njobs = 2\nodd = 1\n[try]\nroot = /p\n", "",
		   NULL),
	    0);
	is_str(said.s, "auto /p 0 0");
}

static void
an_unknown_key_is_a_warning_with_the_nearest_one(void)
{
	AUTO_BUF said = BUF_INIT;
	AUTO_BUF want = BUF_INIT;

	is_int(try(&said, "[try]\njbos = 2\n", "", NULL), 0);
	buf_addf(&want,
	    "clnrm-try: %s/p/clnrm.conf:2: unknown key 'jbos' in [try]; did "
	    "you mean 'jobs'?\nauto none 0 0",
	    scratch_path);
	is_str(said.s, want.s);
}

static void
a_value_that_does_not_fit_is_told_with_its_line(void)
{
	AUTO_BUF said = BUF_INIT;
	AUTO_BUF want = BUF_INIT;

	is_int(try(&said, "# x\n[try]\n\ndrain-time = 5\n", "", NULL), 2);
	buf_addf(&want,
	    "clnrm-try: %s/p/clnrm.conf:4: --drain-time: '5' has no unit; "
	    "write 5s or 5ms\n",
	    scratch_path);
	is_str(said.s, want.s);
	setenv("CLNRM_STRICT", "maybe", 1);
	is_int(try(&said, "", "", NULL), 2);
	is_str(said.s, "clnrm-try: CLNRM_STRICT: --strict: 'maybe' is not true "
		       "or false\n");
	unsetenv("CLNRM_STRICT");
}

static void
a_line_that_is_no_ini_is_told(void)
{
	AUTO_BUF said = BUF_INIT;

	is_int(try(&said, "[try]\nnonsense\n", "", NULL), 2);
	is_true(strstr(said.s, "p/clnrm.conf:2:1: neither a [section]"));
}

static void
the_nearest_file_upwards_is_the_projects(void)
{
	AUTO_BUF said = BUF_INIT;

	scratch_enter();
	file_mkdirs("p/a", 0777, NULL);
	scratch_write("p/a/clnrm.conf", "[try]\njobs = near\n");
	is_int(try(&said, "[try]\njobs = far\nroot = /far\n", "", NULL), 0);
	is_str(said.s, "near none 0 0");
	unlink("p/a/clnrm.conf");
}

TAP_MAIN(TEST(without_settings_the_defaults_hold),
    TEST(the_project_wins_over_the_user_key_by_key),
    TEST(a_variable_wins_over_files_and_a_flag_over_all),
    TEST(sections_of_other_tools_are_not_read),
    TEST(an_unknown_key_is_a_warning_with_the_nearest_one),
    TEST(a_value_that_does_not_fit_is_told_with_its_line),
    TEST(a_line_that_is_no_ini_is_told),
    TEST(the_nearest_file_upwards_is_the_projects))
