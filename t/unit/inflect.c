#include "data/inflect.h"

#include "tap.h"

/* What became of s in that spelling. */
static void
becomes(const char *name, const char *s, const char *want)
{
	AUTO_BUF to = BUF_INIT;

	for (const struct inflect *i = inflects; i->name; i++)
		if (!strcmp(i->name, name))
			i->fn(&to, s, strlen(s));
	is_str(to.s, want);
}

static const char *const table[][5] = {
    {"Hello World", "helloWorld", "HelloWorld", "hello_world", "hello-world"},
    {"HTTPServer", "httpserver", "Httpserver", "http_server", "http-server"},
    {"HTTP Server 2", "httpServer2", "HttpServer2", "http_server_2",
	"http-server-2"},
    {"APIKey2Go", "apikey2Go", "Apikey2Go", "api_key_2_go", "api-key-2-go"},
    {"user@example.com", "userExampleCom", "UserExampleCom", "user_example_com",
	"user-example-com"},
    {"v1.2.3", "v123", "V123", "v_1_2_3", "v-1-2-3"},
    {"123abc", "123Abc", "123Abc", "12_3abc", "12-3abc"},
    {"  lead trail", "leadTrail", "LeadTrail", "lead_trail", "lead-trail"},
    {"ÀÉ test", "ÀÉTest", "ÀÉTest", "À_É_test", "À-É-test"},
};

static void
each_spelling_is_as_it_was_measured(void)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		becomes("camel", table[i][0], table[i][1]);
		becomes("pascal", table[i][0], table[i][2]);
		becomes("snake", table[i][0], table[i][3]);
		becomes("kebab", table[i][0], table[i][4]);
		becomes("slug", table[i][0], table[i][4]);
	}
}

static void
nothing_comes_of_nothing_and_of_marks(void)
{
	for (const struct inflect *i = inflects; i->name; i++) {
		becomes(i->name, "", "");
		becomes(i->name, " --%~", "");
		becomes(i->name, "\xff\xc0", "");
	}
}

static void
marks_at_the_ends_are_dropped_and_runs_count_once(void)
{
	becomes("snake", "--a -- b--", "a_b");
	becomes("camel", "a – b", "aB");
	becomes("slug", "What's new? 100% more!", "what-s-new-100-more");
	becomes("camel", "--a -- b--", "aB");
	becomes("kebab",
	    "a\xff"
	    "b",
	    "a-b");
}

static void
capitals_behind_a_small_letter_stay(void)
{
	becomes("camel", "fooBAR", "fooBAR");
	becomes("camel", "éAb", "éAb");
	becomes("snake", "fooBAR", "foo_bar");
}

static void
what_is_there_stays_before_it(void)
{
	AUTO_BUF to = BUF_INIT;

	buf_adds(&to, "x=");
	inflect_camel(&to, "-Ab cd", 6);
	is_str(to.s, "x=abCd");
}

static void
the_names_are_in_order(void)
{
	for (const struct inflect *i = inflects; i[1].name; i++)
		is_true(strcmp(i->name, i[1].name) < 0);
}

TAP_MAIN(TEST(each_spelling_is_as_it_was_measured),
    TEST(nothing_comes_of_nothing_and_of_marks),
    TEST(marks_at_the_ends_are_dropped_and_runs_count_once),
    TEST(capitals_behind_a_small_letter_stay),
    TEST(what_is_there_stays_before_it), TEST(the_names_are_in_order))
