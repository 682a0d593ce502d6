#include "data/instant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "data/toml.h"

enum { SECOND = 1000000000 };

/* The digits behind a point; *s moves past them. */
static int64_t
fraction(const char **s)
{
	int64_t ns = 0, unit = SECOND / 10;

	if (**s != '.')
		return 0;
	for (++*s; **s >= '0' && **s <= '9'; ++*s, unit /= 10)
		ns += (**s - '0') * unit;
	return ns;
}

/* Z, or +01:00, in seconds. */
static int
offset(const char *s)
{
	int hours = 0, minutes = 0;

	sscanf(s + 1, "%2d:%2d", &hours, &minutes);
	return (*s == '-' ? -60 : 60) * (hours * 60 + minutes);
}

int
instant_parse(const char *text, int64_t *ns, struct err *e)
{
	enum value_time kind;
	struct tm tm = {0};
	int64_t s, part;
	int n = 0;

	if (!toml_is_time(text, strlen(text), &kind) ||
	    kind != VALUE_OFFSET_DATE_TIME)
		return err_set(e, "'%.80s' is no RFC 3339 time", text);
	sscanf(text, "%4d-%2d-%2d%*c%2d:%2d%n", &tm.tm_year, &tm.tm_mon,
	    &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &n);
	text += n;
	if (*text == ':' && sscanf(text, ":%2d%n", &tm.tm_sec, &n) == 1)
		text += n;
	part = fraction(&text);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	s = timegm(&tm) - offset(text);
	if (__builtin_mul_overflow(s, SECOND, ns) ||
	    __builtin_add_overflow(*ns, part, ns))
		return err_set(e, "a time that is too far from now");
	return 0;
}
