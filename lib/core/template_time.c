/*
 * The functions that tell the time, which a test file can freeze.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "core/template_int.h"
#include "data/instant.h"
#include "data/uuid.h"

enum { SECOND = 1000000000, MILLISECOND = 1000000 };

/* The year 9999, beyond which no RFC 3339 time is written. */
static const int64_t MOST_SECONDS = 253402300799;

static bool
is_frozen(const struct template_draw *d)
{
	return d && d->frozen && *d->frozen;
}

/* Nanoseconds since 1970; -1 after telling that what is frozen is no time. */
static int
now_ns(struct tmpl_use *u, const struct template_draw *d, int64_t *ns)
{
	struct err e = {0};

	*ns = is_frozen(d) ? 0 : clock_wall_ns();
	if (!is_frozen(d) || !instant_parse(d->frozen, ns, &e))
		return 0;
	tmpl_refuse(u, "the clock is frozen at what is no time: %.200s",
	    err_message(&e));
	return -1;
}

/* "2025-01-01T00:00:00+00:00", with 3, 6 or 9 digits behind it if need be. */
static struct value *
written(struct tmpl_use *u, int64_t seconds, int64_t ns)
{
	time_t s = (time_t)seconds;
	char text[80];
	struct tm tm;
	size_t n;

	if (seconds > MOST_SECONDS || seconds < -62167219200)
		return tmpl_refuse(u, "the time is outside of years 0 to 9999");
	gmtime_r(&s, &tm);
	n = (size_t)snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec);
	if (ns % 1000)
		n += (size_t)snprintf(
		    text + n, sizeof text - n, ".%09" PRId64, ns);
	else if (ns % MILLISECOND)
		n += (size_t)snprintf(
		    text + n, sizeof text - n, ".%06" PRId64, ns / 1000);
	else if (ns)
		n += (size_t)snprintf(
		    text + n, sizeof text - n, ".%03" PRId64, ns / MILLISECOND);
	n += (size_t)snprintf(text + n, sizeof text - n, "+00:00");
	return tmpl_new_str(u->r, text, n);
}

static int64_t
floor_seconds(int64_t ns)
{
	return ns / SECOND - (ns % SECOND < 0);
}

struct value *
template_now(struct tmpl_use *u, const struct template_draw *d)
{
	int64_t ns;

	if (is_frozen(d))
		return tmpl_new_str(u->r, d->frozen, strlen(d->frozen));
	if (now_ns(u, d, &ns) < 0)
		return NULL;
	return written(u, floor_seconds(ns), ns - floor_seconds(ns) * SECOND);
}

static struct value *
now_rfc3339_fn(struct tmpl_use *u)
{
	return template_now(u, tmpl_ctx(u));
}

/* Now and so many seconds of the argument of that name. */
static struct value *
now_and(struct tmpl_use *u, const char *name, bool need)
{
	int64_t ns, seconds, more = 0;

	if (tmpl_int_arg(u, name, need, INT64_MIN, &more) < 0 ||
	    now_ns(u, tmpl_ctx(u), &ns) < 0)
		return NULL;
	seconds = floor_seconds(ns);
	ns -= seconds * SECOND;
	if (__builtin_add_overflow(seconds, more, &seconds))
		seconds = INT64_MAX;
	return written(u, seconds, ns);
}

static struct value *
now_plus_fn(struct tmpl_use *u)
{
	return now_and(u, "seconds", true);
}

static struct value *
date_rfc3339_fn(struct tmpl_use *u)
{
	return now_and(u, "offset_seconds", false);
}

static struct value *
now_unix_fn(struct tmpl_use *u)
{
	int64_t ns;

	return now_ns(u, tmpl_ctx(u), &ns) < 0
		 ? NULL
		 : tmpl_new_int(u->r, floor_seconds(ns));
}

static struct value *
now_ms_fn(struct tmpl_use *u)
{
	int64_t ns;

	return now_ns(u, tmpl_ctx(u), &ns) < 0
		 ? NULL
		 : tmpl_new_int(u->r, ns / MILLISECOND);
}

/* The language's own, where nothing is frozen. */
static struct value *
now_fn(struct tmpl_use *u)
{
	const struct template_draw *d = tmpl_ctx(u);
	bool is_seconds = false;

	if (!is_frozen(d))
		return tmpl_own_function(u);
	if (tmpl_bool_arg(u, "timestamp", &is_seconds) < 0)
		return NULL;
	return is_seconds ? now_unix_fn(u) : template_now(u, d);
}

/* ---- identifiers that have the time in them */

static struct value *
uuid_v7_fn(struct tmpl_use *u)
{
	char text[UUID_TEXT];
	struct rng r;
	int64_t ns;

	if (now_ns(u, tmpl_ctx(u), &ns) < 0)
		return NULL;
	template_seed(u, &r);
	uuid_v7(text, &r, ns / MILLISECOND);
	return tmpl_new_str(u->r, text, strlen(text));
}

static struct value *
ulid_fn(struct tmpl_use *u)
{
	char text[UUID_ULID];
	struct rng r;
	int64_t ns;

	if (now_ns(u, tmpl_ctx(u), &ns) < 0)
		return NULL;
	template_seed(u, &r);
	uuid_ulid(text, &r, ns / MILLISECOND);
	return tmpl_new_str(u->r, text, strlen(text));
}

const struct tmpl_function template_time_functions[] = {
    {"date_rfc3339", date_rfc3339_fn},
    {"now", now_fn},
    {"now_ms", now_ms_fn},
    {"now_plus", now_plus_fn},
    {"now_rfc3339", now_rfc3339_fn},
    {"now_unix", now_unix_fn},
    {"ulid", ulid_fn},
    {"uuid_v7", uuid_v7_fn},
    {0},
};
