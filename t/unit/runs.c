#include "core/runs.h"

#include "scratch.h"
#include "tap.h"

/* A run of that name is there. */
static void
keep(const char *name)
{
	AUTO_BUF path = BUF_INIT;

	scratch_write("clnrm.conf", "");
	buf_addf(&path, ".clnrm/runs/%s/stream.ndjson", name);
	file_replace(path.s, "", 0, 0666, NULL);
}

static void
start(void)
{
	scratch_enter();
	file_remove_tree(".clnrm");
	keep("20260101T000000.000Z-aaaa1111");
	keep("20260101T000000.001Z-aaaa2222");
	keep("20260102T000000.000Z-bbbb3333");
	keep("notes");
	keep(".new-XXXXXX");
}

/* What a name finds: the end of the path, or how it does not. */
static const char *
found(const char *name)
{
	static struct buf path = BUF_INIT;
	static struct err e;
	int got;

	buf_reset(&path);
	got = runs_find(name, &path, &e);
	return got < 0 ? e.text : !got ? "none" : strstr(path.s, "runs/") + 5;
}

static void
a_name_has_the_time_and_the_beginning_of_the_id(void)
{
	AUTO_BUF b = BUF_INIT;

	runs_name(&b, 1795253400125000000, "ab12cd34ef567890");
	is_str(b.s, "20261121T093000.125Z-ab12cd34");
	buf_reset(&b);
	runs_name(&b, 0, "../../x\ny");
	is_str(b.s, "19700101T000000.000Z-xy");
}

static void
the_last_and_those_before_it_are_found(void)
{
	start();
	is_str(found("last"), "20260102T000000.000Z-bbbb3333/stream.ndjson");
	is_str(found("last~0"), found("last"));
	is_str(found("last~2"), "20260101T000000.000Z-aaaa1111/stream.ndjson");
	is_true(strstr(found("last~3"), "last~3: 3 runs are kept in ") != NULL);
	is_str(found("last~x"), "none");
	is_str(found("last~"), "none");
	is_str(found("last~-1"), "none");
}

static void
an_id_or_a_time_that_is_no_others_is_found(void)
{
	start();
	is_str(found("bbbb"), found("last"));
	is_str(found("20260102"), found("last"));
	is_str(
	    found("aaaa2222"), "20260101T000000.001Z-aaaa2222/stream.ndjson");
	is_true(strstr(found("aaaa"), "aaaa: several runs begin so") != NULL);
	is_str(found("bbb"), "none");
	is_str(found("cccc"), "none");
	is_str(found("notes"), "none");
	is_str(found("-"), "none");
	is_str(found(""), "none");
}

static void
a_file_of_that_name_goes_first(void)
{
	start();
	scratch_write("last", "");
	is_str(found("last"), "none");
	unlink("last");
}

static void
without_a_kept_run_there_is_no_last(void)
{
	start();
	file_remove_tree(".clnrm");
	is_true(strstr(found("last"), "last: 0 runs are kept in ") != NULL);
	is_str(found("bbbb"), "none");
}

static void
the_oldest_are_removed_and_nothing_else(void)
{
	AUTO_BUF dir = BUF_INIT;
	struct err e = {0};
	struct runs r;

	start();
	is_int(runs_directory(&dir, &e), 0);
	runs_prune(dir.s, 1);
	r = runs_list(dir.s);
	is_int(r.n, 1);
	is_str(r.name[0], "20260102T000000.000Z-bbbb3333");
	runs_free(&r);
	is_int(access(".clnrm/runs/notes", F_OK), 0);
	is_int(access(".clnrm/runs/.new-XXXXXX", F_OK), -1);
	runs_prune("/nowhere", 1);
}

TAP_MAIN(TEST(a_name_has_the_time_and_the_beginning_of_the_id),
    TEST(the_last_and_those_before_it_are_found),
    TEST(an_id_or_a_time_that_is_no_others_is_found),
    TEST(a_file_of_that_name_goes_first),
    TEST(without_a_kept_run_there_is_no_last),
    TEST(the_oldest_are_removed_and_nothing_else))
