#include "core/keep.h"

#include "core/runs.h"
#include "scratch.h"
#include "tap.h"

static void
take(struct keep *k, const char *line)
{
	struct record r;
	struct err e;

	if (record_read(line, strlen(line), &r, &e) < 0)
		abort();
	keep_take(k, &r);
}

static struct keep *
start(size_t limit)
{
	struct err e;
	struct keep *k;

	scratch_write("clnrm.conf", "");
	file_remove_tree(".clnrm");
	k = keep_start(3, limit, &e);
	if (!k)
		abort();
	take(k, "{\"type\":\"begin\",\"v\":1,\"run\":\"abcdef0123456789\"}");
	return k;
}

/* The text of the newest run's stream. */
static void
read_last(struct buf *text)
{
	AUTO_BUF path = BUF_INIT;
	struct err e = {0};

	buf_reset(text);
	is_int(runs_find("last", &path, &e), 1);
	is_int(file_read(path.s, text, &e), 0);
}

static void
a_stream_beyond_the_limit_ends_in_a_diagnostic_that_says_so(void)
{
	struct keep *k = start(200);
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};

	for (int i = 0; i < 100; i++)
		take(k, "{\"type\":\"later\",\"text\":\"0123456789\"}");
	take(k, "{\"type\":\"end\",\"stage\":\"verify\",\"status\":0}");
	is_int(keep_finish(k, &e), 0);
	read_last(&text);
	is_true(strstr(text.s, "\"code\":\"W407\"") != NULL);
	is_true(strstr(text.s, "larger than 200 bytes") != NULL);
	is_true(strstr(text.s, "\"type\":\"end\"") == NULL);
	is_true(text.len < 700);
	keep_del(k);
}

static void
what_is_within_the_limit_is_kept_byte_for_byte(void)
{
	struct keep *k = start(1000);
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};

	take(k, "{\"type\":\"later\"}");
	is_int(keep_finish(k, &e), 0);
	read_last(&text);
	is_str(text.s,
	    "{\"type\":\"begin\",\"v\":1,\"run\":\"abcdef0123456789\"}\n"
	    "{\"type\":\"later\"}\n");
	keep_del(k);
}

static void
what_is_not_finished_leaves_nothing(void)
{
	AUTO_BUF dir = BUF_INIT;
	struct err e = {0};
	struct runs r;

	keep_del(start(1000));
	is_int(runs_directory(&dir, &e), 0);
	r = runs_list(dir.s);
	is_int(r.n, 0);
	runs_free(&r);
	is_int(system("test -z \"$(ls .clnrm/runs)\""), 0);
}

static void
a_scenario_that_passes_in_the_end_has_no_folder(void)
{
	struct keep *k = start(10000);
	struct record_key key = {"1", "a.toml", 0, NULL};
	struct err e = {0};

	take(k, "{\"type\":\"verdict\",\"id\":\"1\",\"source\":\"a.toml\","
		"\"gen\":0,\"variant\":null,\"scenario\":\"s\",\"name\":\"a\","
		"\"verdict\":\"fail\"}");
	take(k, "{\"type\":\"verdict\",\"id\":\"2\",\"source\":\"b.toml\","
		"\"gen\":0,\"variant\":\"x=1\",\"scenario\":\"s\",\"name\":"
		"\"b/s\",\"verdict\":\"fake\"}");
	take(k, "{\"type\":\"verdict\",\"id\":\"1\",\"source\":\"a.toml\","
		"\"gen\":0,\"variant\":null,\"scenario\":\"s\",\"name\":\"a\","
		"\"verdict\":\"pass\"}");
	is_null(keep_folder(k, &key, "s"));
	is_int(keep_finish(k, &e), 0);
	is_null(keep_folder(k, &key, "s"));
	key.source = "b.toml";
	key.variant = "x=1";
	is_true(strstr(keep_folder(k, &key, "s"), "/failed/b~x=1/s") != NULL);
	is_null(keep_folder(k, &key, NULL));
	keep_del(k);
}

TAP_MAIN(TEST(a_stream_beyond_the_limit_ends_in_a_diagnostic_that_says_so),
    TEST(what_is_within_the_limit_is_kept_byte_for_byte),
    TEST(what_is_not_finished_leaves_nothing),
    TEST(a_scenario_that_passes_in_the_end_has_no_folder))
