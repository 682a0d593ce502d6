#include "data/uuid.h"

#include "tap.h"

static const char dns[] = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

static struct rng
seeded(uint64_t seed)
{
	struct rng r;

	rng_seed(&r, seed);
	return r;
}

/* Is s of the form, where x is a hex digit, v one of 89ab? */
static bool
has_form(const char *s, const char *form)
{
	static const char hex[] = "0123456789abcdef";

	if (strlen(s) != strlen(form))
		return false;
	for (; *form; s++, form++)
		if (*form == 'x'   ? !strchr(hex, *s)
		    : *form == 'v' ? !strchr("89ab", *s)
				   : *s != *form)
			return false;
	return true;
}

static void
a_v4_says_its_version_and_variant(void)
{
	struct rng r = seeded(42), same = seeded(42);
	char one[UUID_TEXT], two[UUID_TEXT];

	for (int i = 0; i < 100; i++) {
		uuid_v4(one, &r);
		is_true(has_form(one, "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx"));
		uuid_v4(two, &same);
		is_str(one, two);
	}
	r = seeded(43);
	uuid_v4(two, &r);
	is_true(strcmp(one, two) != 0);
}

static void
a_v7_begins_with_its_time(void)
{
	struct rng r = seeded(1);
	char text[UUID_TEXT];

	uuid_v7(text, &r, 0x017f22e279b0); /* the example of the standard */
	is_true(has_form(text, "017f22e2-79b0-7xxx-vxxx-xxxxxxxxxxxx"));
	uuid_v7(text, &r, -1);
	is_true(has_form(text, "ffffffff-ffff-7xxx-vxxx-xxxxxxxxxxxx"));
}

static void
a_v5_is_that_of_its_name(void)
{
	struct err e = {0};
	char text[UUID_TEXT];

	is_int(uuid_v5(text, dns, "example.com", 11, &e), 0);
	is_str(text, "cfbff0d1-9375-5685-968c-48ce8b15ae17");
	is_int(uuid_v5(text, "6BA7B810-9DAD-11D1-80B4-00C04FD430C8",
		   "www.example.com", 15, &e),
	    0);
	is_str(text, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

static void
a_name_space_that_is_no_uuid_is_refused(void)
{
	static const char *const bad[] = {"", "dns",
	    "6ba7b810-9dad-11d1-80b4-00c04fd430c",
	    "6ba7b8109-dad-11d1-80b4-00c04fd430c8",
	    "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
	    "6ba7b810-9dad-11d1-80b4-00c04fd430c88"};
	char text[UUID_TEXT];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err e = {0};

		is_int(uuid_v5(text, bad[i], "x", 1, &e), -1);
		is_true(strstr(e.text, "is no UUID") != NULL);
		is_true(strstr(e.hint, dns) != NULL);
	}
}

static void
a_ulid_sorts_by_its_time(void)
{
	struct rng r = seeded(1);
	char early[UUID_ULID], late[UUID_ULID];

	uuid_ulid(early, &r, 1469918176385); /* the example of its authors */
	is_true(!strncmp(early, "01ARYZ6S41", 10));
	is_int(strlen(early), 26);
	is_int(strspn(early, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 26);
	uuid_ulid(late, &r, 1469918176386);
	is_true(strcmp(early, late) < 0);
	uuid_ulid(late, &r, INT64_MAX);
	is_true(!strncmp(late, "7ZZZZZZZZZ", 10));
}

static void
a_trace_is_handed_on_as_it_is_known(void)
{
	struct rng r = seeded(42);
	struct err e = {0};
	char trace[UUID_TRACE], span[UUID_SPAN], parent[UUID_PARENT];

	uuid_trace_id(trace, &r);
	is_str(trace, "28a6a20d86b28d3a087a4781729386a3");
	r = seeded(43);
	uuid_span_id(span, &r);
	is_int(uuid_traceparent(parent, trace, span, 1, &e), 0);
	is_str(
	    parent, "00-28a6a20d86b28d3a087a4781729386a3-c06614a0903d23f0-01");
	is_int(uuid_traceparent(parent, trace, span, 0, &e), 0);
	is_str(parent + 53, "00");
}

static void
ids_that_no_trace_can_have_are_refused(void)
{
	static const char trace[] = "28a6a20d86b28d3a087a4781729386a3";
	char to[UUID_PARENT];
	struct err e = {0};

	is_int(uuid_traceparent(to, "28a6", "c06614a0903d23f0", 1, &e), -1);
	is_str(e.text, "the trace id '28a6' is not 32 lower-case hex digits");
	is_int(uuid_traceparent(to, trace, "C06614A0903D23F0", 1, &e), -1);
	is_str(e.text,
	    "the span id 'C06614A0903D23F0' is not 16 lower-case hex digits");
	is_int(uuid_traceparent(to, trace, "c06614a0903d23f00", 1, &e), -1);
	is_int(uuid_traceparent(to, trace, "0000000000000000", 1, &e), -1);
	is_str(e.text, "the span id is all zero");
}

TAP_MAIN(TEST(a_v4_says_its_version_and_variant),
    TEST(a_v7_begins_with_its_time), TEST(a_v5_is_that_of_its_name),
    TEST(a_name_space_that_is_no_uuid_is_refused),
    TEST(a_ulid_sorts_by_its_time), TEST(a_trace_is_handed_on_as_it_is_known),
    TEST(ids_that_no_trace_can_have_are_refused))
