#include "core/catalogue.h"

#include "base/mem.h"
#include "tap.h"

static void
plan(struct catalogue *c, const char *source, const char *expect)
{
	AUTO_ARENA a = {0};
	const char *text =
	    arena_fmt(&a, "{\"source\":\"%s\",\"expect\":%s}", source, expect);

	catalogue_plan(c, json_parse(&a, text, strlen(text), NULL));
}

static void
span_of(struct catalogue *c, const char *name, const char *more)
{
	AUTO_ARENA a = {0};
	const char *line = arena_fmt(&a,
	    "{\"type\":\"span\",\"id\":\"1\",\"source\":\"s\",%s\"name\":\"%"
	    "s\"}",
	    more, name);
	struct record r = {0};
	struct err e;

	is_int(record_read(line, strlen(line), &r, &e), 0);
	catalogue_span(c, &r);
}

static void
seen(struct catalogue *c, const char *name)
{
	span_of(c, name, "\"via\":\"otlp\",\"bound\":\"trace\",");
}

/* "required, never seen|seen, never required" */
static const char *
told(struct catalogue *c)
{
	static char text[512];
	struct catalogue_list list[2];
	AUTO_BUF b = BUF_INIT;

	catalogue_sum(c, &list[0], &list[1]);
	for (size_t k = 0; k < 2; k++) {
		buf_adds(&b, k ? "|" : "");
		for (size_t i = 0; i < list[k].n; i++)
			buf_addf(
			    &b, "%s%s", i ? " " : "", list[k].name[i]->name);
	}
	snprintf(text, sizeof text, "%s", b.s ? b.s : "");
	return text;
}

static void
all_tables_require_names(void)
{
	struct catalogue c = {0};

	plan(&c, "a",
	    "{\"spans\":[{\"name\":\"n\",\"parent\":\"p\",\"follows\":\"f\","
	    "\"count\":null}],"
	    "\"counts\":{\"by_name\":{\"c\":{\"gte\":1,\"lte\":null,\"eq\":"
	    "null}}},"
	    "\"graph\":{\"must_include\":[[\"g\",\"h\"]],"
	    "\"must_not_cross\":[[\"x\",\"y\"]]},"
	    "\"windows\":[{\"outer\":\"o\",\"contains\":[\"i\"]}],"
	    "\"order\":{\"must_precede\":[[\"k\",\"l\"]],\"must_follow\":[]},"
	    "\"status\":{\"all\":null,\"by_name\":{\"z\":\"OK\"}}}");
	is_str(told(&c), "c f g h i k l n o p z|");
	catalogue_free(&c);
}

static void
what_may_be_absent_is_not_required(void)
{
	struct catalogue c = {0};

	plan(&c, "a",
	    "{\"spans\":[{\"name\":\"n\",\"count\":{\"gte\":null,\"lte\":3,"
	    "\"eq\":null}},{\"name\":\"*\"},{\"name\":\"clnrm.run\"}],"
	    "\"counts\":{\"by_name\":{\"c\":{\"eq\":0}}}}");
	is_str(told(&c), "|");
	plan(&c, "b", "null");
	plan(&c, "b", "{\"spans\":7,\"windows\":{\"a\":1},\"graph\":[]}");
	is_str(told(&c), "|");
	catalogue_free(&c);
}

static void
a_span_of_any_test_meets_and_own_and_foreign_ones_do_not(void)
{
	struct catalogue c = {0};

	plan(&c, "a", "{\"spans\":[{\"name\":\"one\"},{\"name\":\"two\"}]}");
	seen(&c, "three");
	seen(&c, "two");
	seen(&c, "three");
	span_of(&c, "one", "\"via\":\"clnrm\",\"bound\":\"trace\",");
	span_of(&c, "one", "\"via\":\"otlp\",\"bound\":\"no\",");
	seen(&c, "clnrm.step:one");
	is_str(told(&c), "one|three");
	is_int(
	    ((struct catalogue_name *)map_get(&c.names, "three", 5))->spans, 2);
	plan(&c, "b", "{\"spans\":[{\"name\":\"three\"}]}");
	is_str(told(&c), "one|");
	catalogue_free(&c);
}

static void
a_glob_meets_all_that_it_takes(void)
{
	struct catalogue c = {0};

	plan(&c, "a", "{\"spans\":[{\"name\":\"db.*\"},{\"name\":\"ui.*\"}]}");
	seen(&c, "db.get");
	seen(&c, "db.put");
	seen(&c, "\\u0064b");
	is_str(told(&c), "ui.*|db");
	catalogue_free(&c);
}

static void
names_without_end_are_counted_and_not_kept(void)
{
	struct catalogue c = {0};
	char name[16];

	plan(&c, "a", "{\"spans\":[{\"name\":\"x.*\"},{\"name\":\"last\"}]}");
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "n%d", i);
		seen(&c, name);
	}
	is_int(c.left_out, 5000 - 4096);
	plan(&c, "b", "{\"spans\":[{\"name\":\"late\"}]}");
	seen(&c, "last");
	is_true(!strncmp(told(&c), "late|n0 n1 n10 ", 15));
	catalogue_free(&c);
}

TAP_MAIN(TEST(all_tables_require_names),
    TEST(what_may_be_absent_is_not_required),
    TEST(a_span_of_any_test_meets_and_own_and_foreign_ones_do_not),
    TEST(a_glob_meets_all_that_it_takes),
    TEST(names_without_end_are_counted_and_not_kept))
