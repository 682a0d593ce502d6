/*
 * The functions that tests have beyond those of the language.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "core/template_int.h"
#include "data/hash.h"
#include "data/toml.h"

static struct value *
env_fn(struct tmpl_use *u)
{
	struct tmpl_str name;
	const char *v;

	if (tmpl_str_arg(u, "name", true, &name) < 0)
		return NULL;
	v = getenv(name.s);
	if (v)
		return tmpl_new_str(u->r, v, strlen(v));
	return tmpl_refuse(u, "the environment has no variable '%.*s'",
	    (int)(name.len < 100 ? name.len : 100), name.s);
}

/* With a default of its own, which Tera's cases do not know. */
static struct value *
env_or_default_fn(struct tmpl_use *u)
{
	struct value *otherwise = tmpl_arg(u, "default");
	struct tmpl_str name;

	if (!otherwise || tmpl_str_arg(u, "name", true, &name) < 0 ||
	    getenv(name.s))
		return env_fn(u);
	tmpl_note_use(u, "write get_env(name=…, default=…)",
	    "`default` of `env` is not of the original");
	return otherwise;
}

static struct value *
now_fn(struct tmpl_use *u)
{
	const char *frozen = getenv("FREEZE_CLOCK");
	int64_t ns = clock_wall_ns();
	time_t s = (time_t)(ns / 1000000000);
	struct tm tm;
	char text[64];
	int n;

	if (frozen && *frozen)
		return tmpl_new_str(u->r, frozen, strlen(frozen));
	gmtime_r(&s, &tm);
	n = snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, (int)(ns % 1000000000));
	return tmpl_new_str(u->r, text, (size_t)n);
}

static struct value *
sha256_fn(struct tmpl_use *u)
{
	char hex[HASH_HEX];
	struct tmpl_str s;

	if (tmpl_str_arg(u, "s", true, &s) < 0)
		return NULL;
	hash_hex(s.s, s.len, hex);
	return tmpl_new_str(u->r, hex, sizeof hex - 1);
}

static struct value *
toml_encode_fn(struct tmpl_use *u)
{
	const struct value *v = tmpl_arg(u, "value");
	AUTO_BUF b = BUF_INIT;
	struct err e = {0};

	if (!v)
		return tmpl_refuse(u, "the argument `value` is missing");
	if (toml_write(&b, v, &e) < 0)
		return tmpl_refuse(u, "%.200s", err_message(&e));
	return tmpl_new_buf(u->r, &b);
}

const struct tmpl_function template_base_functions[] = {
    {"env", env_or_default_fn},
    {"now_rfc3339", now_fn},
    {"sha256", sha256_fn},
    {"toml_encode", toml_encode_fn},
    {0},
};

const struct tmpl_function template_pure_functions[] = {
    {"env", env_fn},
    {"now_rfc3339", now_fn},
    {"sha256", sha256_fn},
    {0},
};
