#include "data/instant.h"

#include "tap.h"

static const char *
said(const char *text)
{
	static char to[1200];
	struct err e = {0};
	int64_t ns = 0;

	if (instant_parse(text, &ns, &e) < 0)
		return strcpy(to, e.text);
	snprintf(to, sizeof to, "%lld", (long long)ns);
	return to;
}

static void
a_time_is_its_nanoseconds_since_the_epoch(void)
{
	is_str(said("1970-01-01T00:00:00Z"), "0");
	is_str(said("2025-01-01T00:00:00Z"), "1735689600000000000");
	is_str(said("2024-02-29 23:59:59.5z"), "1709251199500000000");
	is_str(said("1969-12-31T23:59:59.9Z"), "-100000000");
}

static void
the_offset_is_taken_away(void)
{
	is_str(said("1970-01-01T01:00:00+01:00"), "0");
	is_str(said("1969-12-31T19:30:00-04:30"), "0");
	is_str(said("1970-01-01T00:00:00.25-00:30"), "1800250000000");
}

static void
digits_finer_than_nanoseconds_are_dropped(void)
{
	is_str(said("1970-01-01T00:00:00.1234567899999Z"), "123456789");
}

static void
what_is_no_time_is_refused(void)
{
	is_str(said("now"), "'now' is no RFC 3339 time");
	is_str(said(""), "'' is no RFC 3339 time");
	is_str(said("2025-01-01"), "'2025-01-01' is no RFC 3339 time");
	is_str(said("2025-01-01T00:00:00"),
	    "'2025-01-01T00:00:00' is no RFC 3339 time");
	is_str(said("2025-02-30T00:00:00Z"),
	    "'2025-02-30T00:00:00Z' is no RFC 3339 time");
}

static void
a_time_too_far_from_now_is_refused(void)
{
	is_str(said("2262-04-11T23:47:16Z"), "9223372036000000000");
	is_str(said("2262-04-12T00:00:00Z"), "a time that is too far from now");
	is_str(said("1600-01-01T00:00:00Z"), "a time that is too far from now");
}

TAP_MAIN(TEST(a_time_is_its_nanoseconds_since_the_epoch),
    TEST(the_offset_is_taken_away),
    TEST(digits_finer_than_nanoseconds_are_dropped),
    TEST(what_is_no_time_is_refused), TEST(a_time_too_far_from_now_is_refused))
