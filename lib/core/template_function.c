/*
 * The functions that tests have beyond those of the language.
 */
#include <stdlib.h>
#include <string.h>

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

/* As it was named, or as files name it all the same. */
static const struct value *
arg_or(struct tmpl_use *u, const char *name, const char *other)
{
	const struct value *v = tmpl_arg(u, name);

	if (v || !(v = tmpl_arg(u, other)))
		return v;
	return template_note_name(u, name, other), v;
}

static struct value *
digest(struct tmpl_use *u, const struct value *v)
{
	char hex[HASH_HEX];

	if (!v || v->kind != VALUE_STR)
		return tmpl_refuse(
		    u, v ? "wants a string" : "the argument `s` is missing");
	hash_hex(v->str.s, v->str.len, hex);
	return tmpl_new_str(u->r, hex, sizeof hex - 1);
}

static struct value *
sha256_fn(struct tmpl_use *u)
{
	return digest(u, arg_or(u, "s", "input"));
}

static struct value *
pure_sha256_fn(struct tmpl_use *u)
{
	return digest(u, tmpl_arg(u, "s"));
}

static struct value *
encoded(struct tmpl_use *u, const struct value *v)
{
	AUTO_BUF b = BUF_INIT;
	struct err e = {0};

	if (!v)
		return tmpl_refuse(u, "the argument `value` is missing");
	if (toml_write(&b, v, &e) < 0)
		return tmpl_refuse(u, "%.200s", err_message(&e));
	return tmpl_new_buf(u->r, &b);
}

static struct value *
toml_encode_fn(struct tmpl_use *u)
{
	return encoded(u, arg_or(u, "value", "s"));
}

/* Functions of the original that files use as filters. */
struct value *
template_sha256_filter(struct tmpl_use *u, struct value *v)
{
	tmpl_note_use(u, "write sha256(s=…)",
	    "`sha256` is a function in the original, no filter");
	return digest(u, v);
}

struct value *
template_encode_filter(struct tmpl_use *u, struct value *v)
{
	tmpl_note_use(u, "write toml_encode(value=…)",
	    "`toml_encode` is a function in the original, no filter");
	return encoded(u, v);
}

/* What is frozen by the environment alone. */
static struct value *
pure_now_fn(struct tmpl_use *u)
{
	struct template_draw draw = {.frozen = getenv("FREEZE_CLOCK")};

	return template_now(u, &draw);
}

const struct tmpl_function template_base_functions[] = {
    {"env", env_or_default_fn},
    {"sha256", sha256_fn},
    {"toml_encode", toml_encode_fn},
    {0},
};

const struct tmpl_function template_pure_functions[] = {
    {"env", env_fn},
    {"now_rfc3339", pure_now_fn},
    {"sha256", pure_sha256_fn},
    {0},
};
