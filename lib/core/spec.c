#include "core/spec.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "core/spec_int.h"
#include "data/hash.h"

static int64_t
entry(const struct value *map, size_t i, size_t k)
{
	const struct value *e = map->list.item[i];

	return k < spec_count(e) ? value_int_or(e->list.item[k], 0) : 0;
}

/* The last entry of the map at or before that rendered line, or n. */
static size_t
last_entry(const struct value *map, int64_t line)
{
	size_t low = 0, high = spec_count(map);

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (entry(map, mid, 0) <= line)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? low - 1 : spec_count(map);
}

struct spec_place
spec_place(const struct spec_source *src, const struct value_pos *at)
{
	struct spec_place p = {src->path, at->line, at->column};
	size_t i = last_entry(src->map, at->line), dep;
	int64_t past, column;

	if (i >= spec_count(src->map))
		return p;
	past = at->line - entry(src->map, i, 0);
	dep = (size_t)entry(src->map, i, 1);
	column = entry(src->map, i, 3);
	if (dep < spec_count(src->deps))
		p.file = value_str_or(
		    value_get(src->deps->list.item[dep], "path"), src->path);
	p.line = (uint32_t)(entry(src->map, i, 2) + past);
	if (!past && column > 1)
		p.column += (uint32_t)column - 1;
	return p;
}

void
spec_at(
    struct spec_write *w, const struct value_pos *pos, const char *rule, ...)
{
	struct spec_place p = spec_place(w->src, pos);
	char name[512];
	va_list ap;

	va_start(ap, rule);
	vsnprintf(name, sizeof name, rule, ap);
	va_end(ap);
	json_open(&w->at, name, '[');
	json_str(&w->at, NULL, p.file);
	json_int(&w->at, NULL, p.line);
	json_int(&w->at, NULL, p.column);
	json_close(&w->at, ']');
}

void
spec_put(struct json *j, const char *key, const struct value *v)
{
	if (v)
		json_value(j, key, v);
	else
		json_null(j, key);
}

void
spec_list(struct json *j, const char *key, const struct value *v)
{
	if (v) {
		json_value(j, key, v);
		return;
	}
	json_open(j, key, '[');
	json_close(j, ']');
}

const char *
spec_text(struct spec_write *w, const struct value *v)
{
	struct json j = {w->text, false};

	buf_reset(&j.text);
	if (v->kind == VALUE_STR)
		buf_add(&j.text, v->str.s, v->str.len);
	else if (v->kind == VALUE_FLOAT && !isfinite(v->f))
		buf_addf(&j.text, "%g", v->f); /* which JSON cannot say */
	else
		json_value(&j, NULL, v);
	w->text = j.text;
	return w->text.s;
}

void
spec_texts(struct spec_write *w, const char *key, const struct value *v)
{
	json_open(&w->body, key, '{');
	for (size_t i = 0; i < value_count(v); i++) {
		const struct value_member *m = &v->table.member[i];

		json_keyn(&w->body, m->key, m->len);
		spec_text(w, m->value);
		json_strn(&w->body, NULL, w->text.s, w->text.len);
	}
	json_close(&w->body, '}');
}

static const struct value *
metadata(const struct spec_write *w, const char *key)
{
	const struct value *v = value_get(value_get(w->root, "meta"), key);

	return v ? v : value_get(value_find(w->root, "test.metadata"), key);
}

static void
write_meta(struct spec_write *w)
{
	static const char *const keys[] = {"name", "version", "description"};

	json_open(&w->body, "meta", '{');
	for (size_t i = 0; i < COUNT(keys); i++)
		spec_put(&w->body, keys[i], metadata(w, keys[i]));
	spec_list(&w->body, "tags", metadata(w, "tags"));
	json_close(&w->body, '}');
	spec_list(&w->body, "pass_env", value_find(w->root, "env.pass"));
}

static void
put_seconds(struct json *j, const char *key, const struct value *v)
{
	if (v && v->kind == VALUE_INT && v->i <= INT64_MAX / 1000)
		json_int(j, key, v->i * 1000);
	else
		json_null(j, key);
}

/* What stands in a step, else in its scenario, for all steps. */
static const struct value *
own_or(const struct value *step, const struct value *scenario, const char *key)
{
	const struct value *v = value_get(step, key);

	return v ? v : value_get(scenario, key);
}

static void
write_command(struct json *j, const struct value *step)
{
	const struct value *run = value_get(step, "run");

	if (!run) {
		json_value(j, "command", value_get(step, "command"));
		return;
	}
	json_open(j, "command", '[');
	json_str(j, NULL, "/bin/sh");
	json_str(j, NULL, "-c");
	json_value(j, NULL, run);
	json_close(j, ']');
}

/* The scenario's environment, and the step's over it. */
static void
write_env(struct spec_write *w, const struct value *step,
    const struct value *scenario)
{
	const struct value *own = value_get(step, "env");
	const struct value *all = value_get(scenario, "env");

	if (own == all || !value_count(all) || !value_count(own)) {
		spec_texts(w, "env", value_count(own) ? own : all);
		return;
	}
	json_open(&w->body, "env", '{');
	for (size_t i = 0; i < all->table.n; i++) {
		const struct value_member *m = &all->table.member[i];

		if (value_member(own, m->key, m->len))
			continue;
		json_keyn(&w->body, m->key, m->len);
		json_value(&w->body, NULL, m->value);
	}
	for (size_t i = 0; i < own->table.n; i++) {
		json_keyn(&w->body, own->table.member[i].key,
		    own->table.member[i].len);
		json_value(&w->body, NULL, own->table.member[i].value);
	}
	json_close(&w->body, '}');
}

static void
step_places(struct spec_write *w, const struct value *step, size_t s, size_t i)
{
	static const char *const keys[][2] = {
	    {"expected_exit_code", "exit_code"},
	    {"expected_output_regex", "stdout_regex"},
	    {"timeout_ms", "timeout"}};

	spec_at(w, &step->at, "scenarios[%zu].steps[%zu]", s, i);
	for (size_t k = 0; k < COUNT(keys); k++) {
		const struct value_member *m =
		    value_member(step, keys[k][0], strlen(keys[k][0]));

		if (m)
			spec_at(w, &m->at, "scenarios[%zu].steps[%zu].%s", s, i,
			    keys[k][1]);
	}
}

/* A scenario with `run` is a step itself, the first. */
static void
write_step(struct spec_write *w, const struct value *step,
    const struct value *scenario, size_t s, size_t i)
{
	bool is_own = step == scenario;
	struct json *j = &w->body;

	json_open(j, NULL, '{');
	spec_put(j, "name", value_get(step, "name"));
	write_command(j, step);
	write_env(w, step, scenario);
	spec_put(j, "workdir", own_or(step, scenario, "workdir"));
	spec_put(j, "service", own_or(step, scenario, "service"));
	spec_put(j, "user", is_own ? NULL : value_get(step, "user"));
	json_int(j, "exit_code",
	    value_int_or(value_get(step, "expected_exit_code"), 0));
	spec_put(j, "stdout_regex", value_get(step, "expected_output_regex"));
	spec_put(
	    j, "timeout_ms", is_own ? NULL : value_get(step, "timeout_ms"));
	json_bool(j, "continue_on_failure",
	    value_bool_or(value_get(step, "continue_on_failure"), false));
	json_close(j, '}');
	step_places(w, step, s, i);
}

static void
write_timeout(struct spec_write *w, const struct value *scenario)
{
	const struct value *own = value_get(scenario, "timeout_ms");
	const struct value *most =
	    value_find(scenario, "policy.max_execution_time");
	const struct value *text = metadata(w, "timeout");

	if (own)
		json_value(&w->body, "timeout_ms", own);
	else if (most)
		put_seconds(&w->body, "timeout_ms", most);
	else if (text)
		json_int(&w->body, "timeout_ms",
		    spec_duration(value_str_or(text, "")));
	else
		json_null(&w->body, "timeout_ms");
}

static void
write_policy(struct json *j, const struct value *p)
{
	static const char *const keys[] = {"security_level",
	    "max_execution_time", "max_memory_mb", "max_cpu_usage"};

	if (!p) {
		json_null(j, "policy");
		return;
	}
	json_open(j, "policy", '{');
	for (size_t i = 0; i < COUNT(keys); i++)
		spec_put(j, keys[i], value_get(p, keys[i]));
	spec_list(
	    j, "allowed_network_hosts", value_get(p, "allowed_network_hosts"));
	spec_list(
	    j, "disallowed_commands", value_get(p, "disallowed_commands"));
	json_close(j, '}');
}

/* A failure that is known. */
static void
write_known(struct spec_write *w, const struct value *known, size_t s)
{
	struct json *j = &w->body;

	if (!known) {
		json_null(j, "expect_fail");
		return;
	}
	json_open(j, "expect_fail", '{');
	spec_put(j, "until", value_get(known, "until"));
	spec_put(j, "why", value_get(known, "why"));
	json_close(j, '}');
	spec_at(w, &known->at, "scenarios[%zu].expect_fail", s);
}

/*
 * in:  scenario, its table, or NULL for the one of the top-level steps
 */
static void
write_scenario(struct spec_write *w, const struct value *scenario,
    const struct value *steps, size_t s)
{
	const struct value *isolation = value_get(scenario, "isolation");
	const struct value *name = value_get(scenario, "name");
	const struct value *priority = value_get(scenario, "priority");
	struct json *j = &w->body;
	size_t n = 0;

	if (!isolation)
		isolation = metadata(w, "isolation");
	if (!priority)
		priority = metadata(w, "priority");
	json_open(j, NULL, '{');
	spec_put(j, "name", name ? name : metadata(w, "name"));
	json_str(j, "isolation", value_str_or(isolation, "full"));
	write_timeout(w, scenario);
	spec_put(j, "service", value_get(scenario, "service"));
	json_str(
	    j, "network", value_str_or(value_get(scenario, "network"), "none"));
	json_int(j, "priority", value_int_or(priority, 0));
	json_bool(j, "concurrent",
	    value_bool_or(value_get(scenario, "concurrent"), false));
	write_policy(j, value_get(scenario, "policy"));
	write_known(w, value_get(scenario, "expect_fail"), s);
	spec_list(j, "artifacts", value_find(scenario, "artifacts.collect"));
	spec_at(w, scenario ? &scenario->at : &steps->at, "scenarios[%zu]", s);
	json_open(j, "steps", '[');
	if (value_get(scenario, "run"))
		write_step(w, scenario, scenario, s, n++);
	for (size_t i = 0; i < spec_count(steps); i++)
		write_step(w, steps->list.item[i], scenario, s, n++);
	json_close(j, ']');
	json_close(j, '}');
}

static void
write_scenarios(struct spec_write *w)
{
	const struct value *list = value_get(w->root, "scenario");
	const struct value *steps = value_get(w->root, "steps");
	size_t s = 0;

	json_open(&w->body, "scenarios", '[');
	if (spec_count(steps))
		write_scenario(w, NULL, steps, s++);
	for (size_t i = 0; i < spec_count(list); i++) {
		const struct value *it = list->list.item[i];

		write_scenario(w, it, value_get(it, "steps"), s++);
	}
	json_close(&w->body, ']');
}

/* A key, or its older name at the top of the file. */
static const struct value *
either(const struct spec_write *w, const char *key, const char *old)
{
	const struct value *v = value_find(w->root, key);

	return v ? v : value_find(w->root, old);
}

static void
write_otel(struct spec_write *w)
{
	static const char *const keys[] = {
	    "exporter", "endpoint", "protocol", "sample_ratio"};
	const struct value *o = value_get(w->root, "otel");
	const struct value *resources = value_get(o, "resources");
	const struct value *headers = either(w, "otel.headers", "otel_headers");
	const struct value *names =
	    either(w, "otel.propagators.use", "otel_propagators.use");
	struct json *j = &w->body;

	json_open(j, "otel", '{');
	json_str(j, "identity", value_str_or(value_get(o, "identity"), "any"));
	spec_put(j, "service_name", value_get(resources, "service.name"));
	spec_texts(w, "resources", resources);
	for (size_t i = 0; i < COUNT(keys); i++)
		spec_put(j, keys[i], value_get(o, keys[i]));
	spec_texts(w, "headers", headers);
	spec_list(j, "propagators", names);
	json_close(j, '}');
}

static void
write_limits(struct spec_write *w)
{
	static const char *const keys[] = {"processes", "open_files",
	    "memory_mb", "cpu_millicores", "output_bytes", "disk_mb"};
	const struct value *l = value_get(w->root, "limits");

	json_open(&w->body, "limits", '{');
	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct value_member *m =
		    value_member(l, keys[i], strlen(keys[i]));

		spec_put(&w->body, keys[i], m ? m->value : NULL);
		if (m)
			spec_at(w, &m->at, "limits.%s", keys[i]);
	}
	spec_list(&w->body, "optional", value_get(l, "optional"));
	json_close(&w->body, '}');
}

static void
write_rest(struct spec_write *w)
{
	static const char *const paths[][2] = {{"json", "report.json"},
	    {"junit", "junit.xml"}, {"digest", "digest.txt"}};
	const struct value *d = value_get(w->root, "determinism");
	const struct value *r = value_get(w->root, "report");
	struct json *j = &w->body;

	if (d) {
		json_open(j, "determinism", '{');
		spec_put(j, "seed", value_get(d, "seed"));
		spec_put(j, "freeze_clock", value_get(d, "freeze_clock"));
		json_close(j, '}');
	} else {
		json_null(j, "determinism");
	}
	if (r) {
		json_open(j, "report", '{');
		for (size_t i = 0; i < COUNT(paths); i++)
			json_str(j, paths[i][0],
			    value_str_or(
				value_get(r, paths[i][0]), paths[i][1]));
		json_close(j, '}');
	} else {
		json_null(j, "report");
	}
	spec_list(j, "inputs", value_find(w->root, "meta.inputs"));
}

static void
append(struct json *j, const struct buf *members)
{
	buf_addc(&j->text, ',');
	buf_add(&j->text, members->s, members->len);
}

void
spec_plan(const struct spec_source *src, const struct value *root,
    const struct value *unjudged, struct json *j)
{
	struct spec_write w = {src, root, JSON_INIT, JSON_INIT, BUF_INIT};
	char hex[HASH_HEX];

	json_open(&w.at, "at", '{');
	write_meta(&w);
	spec_services(&w);
	write_scenarios(&w);
	spec_expect(&w);
	write_otel(&w);
	write_limits(&w);
	write_rest(&w);
	json_close(&w.at, '}');
	hash_hex(w.body.text.s, w.body.text.len, hex);
	json_str(j, "source", src->path);
	json_int(j, "gen", src->gen);
	json_str(j, "variant", src->variant);
	json_str(j, "sha256", hex);
	append(j, &w.body.text);
	spec_list(j, "unjudged", unjudged);
	append(j, &w.at.text);
	json_free(&w.body);
	json_free(&w.at);
	buf_free(&w.text);
}
