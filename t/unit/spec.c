#include "core/spec.h"

#include "core/rule.h"
#include "data/hash.h"
#include "tap.h"

#define META "[meta]\nname = \"x\"\nversion = \"1\"\n"
#define STEP "[[steps]]\nname = \"s\"\ncommand = [\"true\"]\n"

/* The plan of a test as a tree; NULL where it has an error. */
static struct value *
plan_from(struct arena *a, const struct spec_source *src, const char *text)
{
	AUTO_JSON j = JSON_INIT;
	struct rule_finds found;
	struct err e = {0};
	struct value *v = rule_check(
			 a, "t.clnrm.toml", text, strlen(text), false, &found),
		     *plan;

	if (found.errors) {
		for (size_t i = 0; i < found.n; i++)
			printf("# %u: %s\n", found.find[i].at.line,
			    found.find[i].message);
		return NULL;
	}
	json_open(&j, NULL, '{');
	spec_plan(src, v, found.unjudged, &j);
	json_close(&j, '}');
	plan = json_parse(a, j.text.s, j.text.len, &e);
	if (!plan)
		printf("# %s\n", e.text);
	return plan;
}

static struct value *
plan_of(struct arena *a, const char *text)
{
	struct spec_source src = {.path = "x.toml"};

	return plan_from(a, &src, text);
}

/* The JSON text of what stands at a path of the plan. */
static const char *
at(struct arena *a, const struct value *plan, const char *path)
{
	AUTO_JSON j = JSON_INIT;
	struct value *v = value_find(plan, path);

	if (!v)
		return "(absent)";
	json_value(&j, NULL, v);
	return arena_str(a, j.text.s);
}

/* The place of a rule: its key has dots, so that it is no path. */
static const char *
place(struct arena *a, const struct value *plan, const char *rule)
{
	AUTO_JSON j = JSON_INIT;
	struct value *v = value_get(value_get(plan, "at"), rule);

	if (!v)
		return "(absent)";
	json_value(&j, NULL, v);
	return arena_str(a, j.text.s);
}

static void
top_level_steps_are_one_scenario_named_after_the_test(void)
{
	AUTO_ARENA a = {0};
	struct value *p = plan_of(&a, "[test.metadata]\nname = \"old\"\n" STEP);

	is_int(value_count(value_get(p, "scenarios")), 1);
	is_str(at(&a, p, "scenarios.0.name"), "\"old\"");
	is_str(at(&a, p, "scenarios.0.steps.0.command"), "[\"true\"]");
	is_str(at(&a, p, "meta"), "{\"name\":\"old\",\"version\":null,"
				  "\"description\":null,\"tags\":[]}");
}

static void
run_goes_to_the_shell_in_a_step_of_its_scenario(void)
{
	AUTO_ARENA a = {0};
	struct value *p = plan_of(&a, META "[[scenario]]\nname = \"sc\"\n"
					   "run = \"exit 3\"\n"
					   "expected_exit_code = 3\n"
					   "env = { A = \"b\" }\n");

	is_str(at(&a, p, "scenarios.0.steps.0"),
	    "{\"name\":\"sc\",\"command\":[\"/bin/sh\",\"-c\",\"exit 3\"],"
	    "\"env\":{\"A\":\"b\"},\"workdir\":null,\"service\":null,\"user\":"
	    "null,"
	    "\"exit_code\":3,\"stdout_regex\":null,\"timeout_ms\":null,"
	    "\"continue_on_failure\":false}");
	is_str(place(&a, p, "scenarios[0].steps[0].exit_code"),
	    "[\"x.toml\",7,1]");
}

static void
a_scenario_gives_its_environment_to_its_steps(void)
{
	AUTO_ARENA a = {0};
	struct value *p =
	    plan_of(&a, META "[[scenario]]\nname = \"s\"\n"
			     "workdir = \"w\"\nenv = { A = \"1\", B = \"2\" }\n"
			     "[[scenario.steps]]\nname = \"t\"\nrun = \"x\"\n"
			     "env = { B = \"3\" }\n");

	is_str(
	    at(&a, p, "scenarios.0.steps.0.env"), "{\"A\":\"1\",\"B\":\"3\"}");
	is_str(at(&a, p, "scenarios.0.steps.0.workdir"), "\"w\"");
}

static void
the_nearest_time_out_holds(void)
{
	AUTO_ARENA a = {0};
	struct value *p = plan_of(&a,
	    META "timeout = \"2m\"\n"
		 "[[scenario]]\nname = \"a\"\nrun = \"x\"\ntimeout_ms = 5\n"
		 "[[scenario]]\nname = \"b\"\nrun = \"x\"\n"
		 "policy.max_execution_time = 7\n"
		 "[[scenario]]\nname = \"c\"\nrun = \"x\"\n");

	is_str(at(&a, p, "scenarios.0.timeout_ms"), "5");
	is_str(at(&a, p, "scenarios.1.timeout_ms"), "7000");
	is_str(at(&a, p, "scenarios.2.timeout_ms"), "120000");
}

static void
durations_have_units(void)
{
	is_int(spec_duration("250ms"), 250);
	is_int(spec_duration("1 hour"), 3600000);
	is_int(spec_duration("90"), -1);
	is_int(spec_duration("s"), -1);
	is_int(spec_duration("99999999999999999999s"), -1);
}

static void
attributes_are_texts_whatever_they_were(void)
{
	AUTO_ARENA a = {0};
	struct value *p = plan_of(&a,
	    META STEP "[[expect.span]]\nname = \"n\"\nkind = \"SERVER\"\n"
		      "attrs.all = { i = 1, f = 1.5, b = true, s = \"x\" }\n"
		      "attrs.any = [\"k=v=w\", \"e=\"]\n");

	is_str(at(&a, p, "expect.spans.0.attrs_all"),
	    "{\"i\":\"1\",\"f\":\"1.5\",\"b\":\"true\",\"s\":\"x\"}");
	is_str(at(&a, p, "expect.spans.0.attrs_any"),
	    "{\"k\":\"v=w\",\"e\":\"\"}");
	is_str(at(&a, p, "expect.spans.0.kind"), "\"server\"");
	is_str(place(&a, p, "expect.span[0]"), "[\"x.toml\",8,8]");
	is_str(place(&a, p, "expect.span[0].kind"), "[\"x.toml\",9,1]");
}

static void
no_expect_is_null_and_an_empty_one_is_not(void)
{
	AUTO_ARENA a = {0};

	is_str(at(&a, plan_of(&a, META STEP), "expect"), "null");
	is_int(value_get(plan_of(&a, META STEP "[expect]\n"), "expect")->kind,
	    VALUE_TABLE);
}

static void
otel_validation_becomes_expect(void)
{
	AUTO_ARENA a = {0};
	struct value *p = plan_of(&a,
	    META STEP "[otel_validation]\nenabled = true\n"
		      "[[otel_validation.expected_spans]]\nname = \"a\"\n"
		      "attributes = { k = \"v\" }\nmax_duration_ms = 9\n"
		      "[[otel_validation.expected_spans]]\nname = \"b\"\n"
		      "required = false\n"
		      "[[otel_validation.expected_traces]]\n"
		      "span_names = [\"a\", \"c\"]\ncomplete = true\n"
		      "parent_child = [[\"a\", \"c\"]]\n"
		      "[otel_validation.expect_counts]\n"
		      "spans_total = { gte = 1 }\n");

	is_int(value_count(value_find(p, "expect.spans")), 3);
	is_str(at(&a, p, "expect.spans.0.duration_max_ms"), "9");
	is_str(at(&a, p, "expect.spans.2.name"), "\"c\"");
	is_str(at(&a, p, "expect.graph.must_include"), "[[\"a\",\"c\"]]");
	is_str(at(&a, p, "expect.counts.spans_total.gte"), "1");
}

static void
otel_validation_that_is_off_expects_nothing(void)
{
	AUTO_ARENA a = {0};
	struct value *p = plan_of(&a,
	    META STEP "[otel_validation]\nenabled = false\n"
		      "[[otel_validation.expected_spans]]\nname = \"a\"\n");

	is_str(at(&a, p, "expect"), "null");
}

static void
an_alias_takes_the_inner_value(void)
{
	AUTO_ARENA a = {0};
	struct value *p = plan_of(&a,
	    META STEP "[expect.hermeticity]\n"
		      "resource_attrs_must_match = { \"service.name\" = "
		      "\"x\" }\n"
		      "span_attrs_forbid_keys = [\"k\"]\n"
		      "sdk_resource_attrs.must_match = { l = \"c\" }\n");

	is_str(at(&a, p, "expect.hermeticity"),
	    "{\"no_external_services\":false,\"resource_attrs\":"
	    "{\"service.name\":\"x\",\"l\":\"c\"},\"forbid_keys\":[\"k\"]}");
}

static void
the_type_of_a_service_may_name_its_plugin(void)
{
	AUTO_ARENA a = {0};
	struct value *p = plan_of(&a,
	    META STEP "[services.a]\ntype = \"surrealdb\"\n"
		      "[service.b]\nplugin = \"alpine\"\nimage = \"alpine\"\n");

	is_str(at(&a, p, "services.0.plugin"), "\"surrealdb\"");
	is_str(at(&a, p, "services.1.plugin"), "\"generic_container\"");
}

static void
the_digest_is_over_the_members_from_meta_to_inputs(void)
{
	AUTO_ARENA a = {0};
	AUTO_JSON j = JSON_INIT;
	struct spec_source src = {.path = "x.toml"};
	struct rule_finds found;
	const char *from, *to, *sha;
	char hex[HASH_HEX];

	json_open(&j, NULL, '{');
	spec_plan(&src,
	    rule_check(&a, "t.clnrm.toml", META STEP, strlen(META STEP), false,
		&found),
	    NULL, &j);
	from = strstr(j.text.s, "\"meta\":");
	to = strstr(j.text.s, ",\"unjudged\":");
	sha = strstr(j.text.s, "\"sha256\":\"");
	hash_hex(from, (size_t)(to - from), hex);
	is_true(!strncmp(sha + 10, hex, 64));
}

static void
places_are_those_of_the_template(void)
{
	AUTO_ARENA a = {0};
	static const char map[] = "[[1,0,1,1],[4,1,30,12],[5,1,40,1]]";
	static const char deps[] = "[{\"path\":\"t.tera\"},"
				   "{\"path\":\"m.tera\"}]";
	struct spec_source src = {.path = "t.tera",
	    .map = json_parse(&a, map, strlen(map), NULL),
	    .deps = json_parse(&a, deps, strlen(deps), NULL)};
	struct value *p = plan_from(&a, &src,
	    META "[[steps]]\nname = \"s\"\nrun = \"x\"\n"
		 "expected_exit_code = 1\n");

	is_str(place(&a, p, "scenarios[0]"), "[\"m.tera\",30,12]");
	is_str(place(&a, p, "scenarios[0].steps[0].exit_code"),
	    "[\"m.tera\",42,1]");
	is_str(
	    spec_place(&src, &(struct value_pos){2, 3, 0, 0}).file, "t.tera");
}

TAP_MAIN(TEST(top_level_steps_are_one_scenario_named_after_the_test),
    TEST(run_goes_to_the_shell_in_a_step_of_its_scenario),
    TEST(a_scenario_gives_its_environment_to_its_steps),
    TEST(the_nearest_time_out_holds), TEST(durations_have_units),
    TEST(attributes_are_texts_whatever_they_were),
    TEST(no_expect_is_null_and_an_empty_one_is_not),
    TEST(otel_validation_becomes_expect),
    TEST(otel_validation_that_is_off_expects_nothing),
    TEST(an_alias_takes_the_inner_value),
    TEST(the_type_of_a_service_may_name_its_plugin),
    TEST(the_digest_is_over_the_members_from_meta_to_inputs),
    TEST(places_are_those_of_the_template))
