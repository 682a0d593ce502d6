/*
 * The filter for dates and times.
 *
 * src: RFC 3339; chrono's strftime, as its users know it
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "data/tmpl_int.h"

/* A time, and how it is shown. */
struct when {
	int64_t unix_s;
	int ns;
	int offset; /* seconds east */
	char zone[16];
	struct tm tm; /* filled last */
};

/* ---- reading */

/* Exactly n digits; -1 when they are not. */
static int
digits(const char **s, const char *end, int n)
{
	int v = 0;

	while (n-- > 0) {
		if (*s == end || **s < '0' || **s > '9')
			return -1;
		v = v * 10 + (*(*s)++ - '0');
	}
	return v;
}

static bool
take(const char **s, const char *end, char c)
{
	if (*s == end || **s != c)
		return false;
	++*s;
	return true;
}

static int
month_days(int year, int month)
{
	static const char days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = !(year % 4) && (year % 100 || !(year % 400));

	return month == 2 && is_leap ? 29 : days[month - 1];
}

static bool
read_date(const char **s, const char *end, struct tm *tm)
{
	int year = digits(s, end, 4), month, day;

	if (year < 0 || !take(s, end, '-'))
		return false;
	month = digits(s, end, 2);
	if (month < 1 || month > 12 || !take(s, end, '-'))
		return false;
	day = digits(s, end, 2);
	if (day < 1 || day > month_days(year, month))
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return true;
}

static bool
read_clock(const char **s, const char *end, struct tm *tm, int *ns)
{
	int place = 100000000;

	tm->tm_hour = digits(s, end, 2);
	if (!take(s, end, ':'))
		return false;
	tm->tm_min = digits(s, end, 2);
	if (!take(s, end, ':'))
		return false;
	tm->tm_sec = digits(s, end, 2);
	if (tm->tm_hour < 0 || tm->tm_hour > 23 || tm->tm_min < 0 ||
	    tm->tm_min > 59 || tm->tm_sec < 0 || tm->tm_sec > 59)
		return false;
	if (!take(s, end, '.'))
		return true;
	if (*s == end || **s < '0' || **s > '9')
		return false;
	for (; *s < end && **s >= '0' && **s <= '9'; ++*s, place /= 10)
		*ns += (**s - '0') * place;
	return true;
}

/* `Z`, ±HH:MM, or nothing, which is UTC without a zone. */
static bool
read_offset(const char *s, const char *end, int *offset, bool *is_local)
{
	int sign, hours, minutes;

	*is_local = s == end;
	if (s == end)
		return true;
	if (take(&s, end, 'Z') || take(&s, end, 'z'))
		return s == end;
	sign = *s == '-' ? -1 : 1;
	if (!take(&s, end, '-') && !take(&s, end, '+'))
		return false;
	hours = digits(&s, end, 2);
	if (!take(&s, end, ':'))
		return false;
	minutes = digits(&s, end, 2);
	*offset = sign * (hours * 3600 + minutes * 60);
	return s == end && hours >= 0 && hours < 24 && minutes >= 0 &&
	       minutes < 60;
}

/* A text as a time; *is_local: no time zone goes with it. */
static bool
read_text(const struct value *v, struct when *w, bool *is_local)
{
	const char *s = v->str.s, *end = s + v->str.len;
	struct tm tm = {0};

	*is_local = true;
	if (!read_date(&s, end, &tm))
		return false;
	if (memchr(v->str.s, 'T', v->str.len) &&
	    (!take(&s, end, 'T') || !read_clock(&s, end, &tm, &w->ns) ||
		!read_offset(s, end, &w->offset, is_local)))
		return false;
	if (*is_local && s != end)
		return false;
	w->unix_s = timegm(&tm) - w->offset;
	return true;
}

/* ---- time zones */

/* What the C library knows of a zone is read by way of TZ alone. */
static bool
in_zone(const struct tmpl_str *name, struct when *w)
{
	const char *was = getenv("TZ"), *dir = getenv("TZDIR");
	char path[512], *keep = was ? strdup(was) : NULL;
	time_t t = (time_t)w->unix_s;
	struct tm tm;

	snprintf(path, sizeof path, "%s/%.*s",
	    dir ? dir : "/usr/share/zoneinfo", (int)name->len, name->s);
	setenv("TZ", name->s, 1);
	tzset();
	localtime_r(&t, &tm);
	w->offset = (int)tm.tm_gmtoff;
	snprintf(w->zone, sizeof w->zone, "%s", tm.tm_zone);
	if (keep)
		setenv("TZ", keep, 1);
	else
		unsetenv("TZ");
	tzset();
	free(keep);
	return !access(path, R_OK) || !strcmp(name->s, "UTC");
}

/* Letters, digits, `_`, `+`, `-` and `/`, as the names in the database. */
static bool
is_zone_name(const struct tmpl_str *s)
{
	if (!s->len || s->len > 100 || *s->s < 'A')
		return false;
	return strspn(s->s,
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		   "0123456789_+-/") == s->len;
}

/* ---- printing */

static void
add_fraction(struct buf *b, int ns, int n)
{
	char text[16];

	snprintf(text, sizeof text, "%09d", ns);
	buf_add(b, text, (size_t)n);
}

/* %.f: as many digits as it takes, in threes. */
static void
add_short_fraction(struct buf *b, int ns)
{
	if (!ns)
		return;
	buf_addc(b, '.');
	add_fraction(b, ns, ns % 1000 ? 9 : ns % 1000000 ? 6 : 3);
}

static void
add_offset(struct buf *b, int offset, const char *colon)
{
	int minutes = abs(offset) / 60;

	buf_addf(b, "%c%02d%s%02d", offset < 0 ? '-' : '+', minutes / 60, colon,
	    minutes % 60);
}

static bool
starts(const char **s, const char *end, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(end - *s) < n || memcmp(*s, word, n))
		return false;
	*s += n;
	return true;
}

/* The specifiers that the C library does not have, or has otherwise. */
static bool
add_own(struct buf *b, const struct when *w, const char **s, const char *end)
{
	if (starts(s, end, ".3f") || starts(s, end, ".6f") ||
	    starts(s, end, ".9f")) {
		buf_addc(b, '.');
		add_fraction(b, w->ns, (*s)[-2] - '0');
	} else if (starts(s, end, "3f") || starts(s, end, "6f") ||
		   starts(s, end, "9f"))
		add_fraction(b, w->ns, (*s)[-2] - '0');
	else if (starts(s, end, ".f"))
		add_short_fraction(b, w->ns);
	else if (starts(s, end, "f"))
		add_fraction(b, w->ns, 9);
	else if (starts(s, end, ":z"))
		add_offset(b, w->offset, ":");
	else if (starts(s, end, "z"))
		add_offset(b, w->offset, "");
	else if (starts(s, end, "Z") && *w->zone)
		buf_adds(b, w->zone);
	else if ((*s)[-1] == 'Z')
		add_offset(b, w->offset, ":");
	else if (starts(s, end, "s"))
		buf_addf(b, "%" PRId64, w->unix_s);
	else
		return false;
	return true;
}

/* Those made of others, and a year, which has four digits at least. */
static const char *
spelled_out(char c)
{
	static const char *const all[][2] = {{"F", "%Y-%m-%d"},
	    {"v", "%e-%b-%Y"}, {"c", "%a %b %e %T %Y"},
	    {"+", "%Y-%m-%dT%H:%M:%S%.f%:z"}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (*all[i][0] == c)
			return all[i][1];
	return NULL;
}

static bool add_all(
    struct buf *b, const struct when *w, const char *s, const char *end);

static bool
add_libc(struct buf *b, const struct when *w, const char **s, const char *end)
{
	char format[4] = "%", text[64];
	size_t n = 1;
	bool has_flag = *s < end && strchr("-_0", **s) && **s;

	if (has_flag)
		format[n++] = *(*s)++;
	if (*s == end || !**s)
		return false;
	format[n] = *(*s)++;
	if (!strchr(has_flag ? "CdegGHIjklmMSuUVwWyY"
			     : "aAbBCdDegGhHIjklmMnpPrRStTuUVwWxXyY%",
		format[n]))
		return false;
	if (format[n] == 'Y' && !has_flag)
		buf_addf(b, "%04d", w->tm.tm_year + 1900);
	else {
		n = strftime(text, sizeof text, format, &w->tm);
		buf_add(b, text, n);
	}
	return true;
}

static bool
add_all(struct buf *b, const struct when *w, const char *s, const char *end)
{
	while (s < end) {
		const char *out;

		if (*s != '%') {
			buf_addc(b, *s++);
			continue;
		}
		if (++s == end)
			return false;
		out = spelled_out(*s);
		if (out) {
			s++;
			if (!add_all(b, w, out, out + strlen(out)))
				return false;
		} else if (!add_own(b, w, &s, end) && !add_libc(b, w, &s, end))
			return false;
	}
	return true;
}

static struct value *
print(struct tmpl_use *u, struct when *w, const struct tmpl_str *format)
{
	time_t t = (time_t)(w->unix_s + w->offset);
	struct buf b = BUF_INIT;

	if (!gmtime_r(&t, &w->tm) || w->tm.tm_year > 262000 ||
	    w->tm.tm_year < -262000)
		return tmpl_refuse(u, "out of the range of dates");
	if (add_all(&b, w, format->s, format->s + format->len))
		return tmpl_new_buf(u->r, &b);
	buf_free(&b);
	return tmpl_refuse(u, "'%.*s' is no format of a date",
	    (int)(format->len < 100 ? format->len : 100), format->s);
}

static struct value *
date(struct tmpl_use *u, struct value *v)
{
	struct tmpl_str format = {"%Y-%m-%d", 8}, zone = {NULL, 0};
	bool is_local = false;
	struct when w = {0};

	if (tmpl_str_arg(u, "format", false, &format) < 0 ||
	    tmpl_str_arg(u, "timezone", false, &zone) < 0)
		return NULL;
	if (v->kind == VALUE_INT)
		w.unix_s = v->i;
	else if (v->kind != VALUE_STR && v->kind != VALUE_TIME)
		return tmpl_refuse(u,
		    "wants seconds or a string, this is of type %s",
		    value_kind_name(v->kind));
	else if (!read_text(v, &w, &is_local))
		return tmpl_refuse(u, "'%.*s' is no date",
		    (int)(v->str.len < 100 ? v->str.len : 100), v->str.s);
	if (w.unix_s > INT64_MAX / 2 || w.unix_s < INT64_MIN / 2)
		return tmpl_refuse(u, "out of the range of dates");
	if (zone.s &&
	    (!is_zone_name(&zone) || (!is_local && !in_zone(&zone, &w))))
		return tmpl_refuse(u,
		    "no time zone '%.*s' in this machine's database",
		    (int)(zone.len < 100 ? zone.len : 100), zone.s);
	return print(u, &w, &format);
}

const struct tmpl_filter tmpl_date_filters[] = {
    {"date", date, false},
    {0},
};
