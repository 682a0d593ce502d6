/* A plan in words: what would run, where, and what must be seen of it. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "core/report_int.h"

enum { STEP = 21 }; /* where what is said of a step begins */

static const char *
text(const struct value *v, const char *key)
{
	return value_str_or(value_get(v, key), "");
}

static void
add_clean(struct buf *b, const char *s)
{
	utf8_print(b, s, strlen(s));
}

/* "in the directory x", on a line of its own; nothing where there is none. */
static void
add_text(struct buf *b, int indent, const char *what, const char *s)
{
	if (!s || !*s)
		return;
	buf_addf(b, "%*s%s ", indent, "", what);
	add_clean(b, s);
	buf_addc(b, '\n');
}

static void
add_int(struct buf *b, int indent, const char *what, const struct value *n,
    const char *unit)
{
	if (value_int_or(n, 0))
		buf_addf(b, "%*s%s %" PRId64 "%s\n", indent, "", what,
		    value_int_or(n, 0), unit);
}

static void
add_json(struct buf *b, const struct value *v)
{
	AUTO_JSON j = JSON_INIT;

	json_value(&j, NULL, v);
	add_clean(b, j.text.s);
}

/* A list of texts, or a table's NAME=VALUE, on one line. */
static void
add_all(struct buf *b, int indent, const char *what, const struct value *v)
{
	size_t n = value_count(v);

	if (!n)
		return;
	buf_addf(b, "%*s%s", indent, "", what);
	for (size_t i = 0; i < n; i++) {
		bool is_table = v->kind == VALUE_TABLE;
		const struct value *it =
		    is_table ? v->table.member[i].value : v->list.item[i];

		buf_addc(b, ' ');
		if (is_table) {
			add_clean(b, v->table.member[i].key);
			buf_addc(b, '=');
		}
		if (it->kind == VALUE_INT)
			buf_addf(b, "%" PRId64, it->i);
		else if (it->kind == VALUE_TABLE)
			add_json(b, it);
		else
			add_clean(b, value_str_or(it, ""));
	}
	buf_addc(b, '\n');
}

/* ---- commands */

/* A word that a shell would read back. */
static void
add_word(struct buf *b, const char *word)
{
	if (*word && !strpbrk(word, " \t\n\"'$\\`*?&|;<>()")) {
		add_clean(b, word);
		return;
	}
	buf_addc(b, '\'');
	for (size_t n; *word; word += n + (word[n] == '\'')) {
		n = strcspn(word, "'");
		utf8_print(b, word, n);
		buf_adds(b, word[n] ? "'\\''" : "");
	}
	buf_addc(b, '\'');
}

/* `run` lines stand as they were written. */
static void
add_command(struct buf *b, const struct value *argv)
{
	size_t n = value_count(argv);
	const char *first = n ? value_str_or(argv->list.item[0], "") : "";

	if (n == 3 && !strcmp(first, "/bin/sh") &&
	    !strcmp(value_str_or(argv->list.item[1], ""), "-c")) {
		add_clean(b, value_str_or(argv->list.item[2], ""));
		return;
	}
	for (size_t i = 0; i < n; i++) {
		buf_adds(b, i ? " " : "");
		add_word(b, value_str_or(argv->list.item[i], ""));
	}
}

/* ---- what runs */

static void
add_service(struct buf *b, const struct value *s)
{
	const char *image = value_str_or(value_get(s, "image"), NULL);

	buf_adds(b, "  service ");
	add_clean(b, text(s, "name"));
	buf_adds(b, "  image ");
	add_clean(b, image ? image : "none");
	buf_addc(b, '\n');
	if (value_bool_or(value_get(s, "reuse"), false))
		buf_adds(b, "    reused by all scenarios\n");
	add_all(b, 4, "arguments", value_get(s, "args"));
	add_all(b, 4, "env", value_get(s, "env"));
	add_all(b, 4, "ports", value_get(s, "ports"));
}

static void
add_step(struct buf *b, const struct value *step)
{
	int64_t code = value_int_or(value_get(step, "exit_code"), 0);

	buf_adds(b, "    ");
	add_clean(b, text(step, "name"));
	for (size_t n =
		 utf8_count(text(step, "name"), strlen(text(step, "name")));
	     n < STEP - 5; n++)
		buf_addc(b, ' ');
	buf_addc(b, ' ');
	add_command(b, value_get(step, "command"));
	buf_addc(b, '\n');
	add_text(b, STEP, "in service", text(step, "service"));
	add_text(b, STEP, "in directory", text(step, "workdir"));
	add_all(b, STEP, "env", value_get(step, "env"));
	add_int(b, STEP, "at most", value_get(step, "timeout_ms"), " ms");
	if (value_bool_or(value_get(step, "continue_on_failure"), false))
		buf_addf(b, "%*sand on, though it fails\n", STEP, "");
	buf_addf(b, "%*sexpects exit %" PRId64 "\n", STEP, "", code);
	add_text(b, STEP, "expects output ~", text(step, "stdout_regex"));
}

static void
add_scenario(struct buf *b, const struct value *s)
{
	const struct value *steps = value_get(s, "steps");

	buf_adds(b, "  scenario ");
	add_clean(b, text(s, "name"));
	buf_addf(b, "  in a cleanroom of its own, isolation %s\n",
	    text(s, "isolation"));
	add_int(b, 4, "at most", value_get(s, "timeout_ms"), " ms");
	add_all(b, 4, "keeps", value_get(s, "artifacts"));
	if (value_bool_or(value_get(s, "concurrent"), false))
		buf_adds(b, "    all steps at once\n");
	for (size_t k = 0; k < value_count(steps); k++)
		add_step(b, steps->list.item[k]);
}

/* What holds for all of the test's scenarios. */
static void
add_limits(struct buf *b, const struct value *plan)
{
	static const char *const names[][2] = {{"processes", ""},
	    {"open_files", ""}, {"memory_mb", " MB"}, {"disk_mb", " MB"},
	    {"output_bytes", " bytes"}, {"cpu_millicores", "/1000"}};
	const struct value *limits = value_get(plan, "limits");
	const struct value *d = value_get(plan, "determinism");

	for (size_t i = 0; i < COUNT(names); i++) {
		AUTO_BUF what = BUF_INIT;

		buf_addf(&what, "limit %s", names[i][0]);
		add_int(
		    b, 2, what.s, value_get(limits, names[i][0]), names[i][1]);
	}
	add_all(b, 2,
	    "limits that may go unenforced:", value_get(limits, "optional"));
	add_int(b, 2, "seed", value_get(d, "seed"), "");
	add_text(b, 2, "clock stands at", text(d, "freeze_clock"));
	add_all(b, 2,
	    "sees of the caller's environment:", value_get(plan, "pass_env"));
}

/* ---- what is expected */

static void
add_bound(struct buf *b, const char *name, const struct value *bound)
{
	static const char *const ops[][2] = {
	    {"eq", "="}, {"gte", ">="}, {"lte", "<="}};

	for (size_t i = 0; i < COUNT(ops); i++) {
		int64_t n = value_int_or(value_get(bound, ops[i][0]), -1);

		if (n < 0)
			continue;
		buf_adds(b, "  expects ");
		add_clean(b, name);
		buf_addf(b, " %s %" PRId64 "\n", ops[i][1], n);
	}
}

static void
add_counts(struct buf *b, const struct value *counts)
{
	static const char *const totals[] = {
	    "spans_total", "events_total", "errors_total"};
	const struct value *names = value_get(counts, "by_name");

	for (size_t i = 0; i < COUNT(totals); i++)
		add_bound(b, totals[i], value_get(counts, totals[i]));
	for (size_t i = 0; i < value_count(names); i++) {
		AUTO_BUF what = BUF_INIT;

		buf_addf(&what, "spans %s", names->table.member[i].key);
		add_bound(b, what.s, names->table.member[i].value);
	}
}

static void
add_duration(struct buf *b, const struct value *span)
{
	static const char *const ends[][2] = {
	    {"duration_min_ms", ">="}, {"duration_max_ms", "<="}};

	for (size_t i = 0; i < COUNT(ends); i++) {
		const struct value *v = value_get(span, ends[i][0]);

		if (v && v->kind == VALUE_INT)
			buf_addf(b, "    takes %s %" PRId64 " ms\n", ends[i][1],
			    v->i);
		else if (v && v->kind == VALUE_FLOAT)
			buf_addf(b, "    takes %s %g ms\n", ends[i][1], v->f);
	}
}

static void
add_span(struct buf *b, const struct value *span)
{
	const struct value *count = value_get(span, "count");

	add_text(b, 2, "expects span", text(span, "name"));
	add_text(b, 4, "below", text(span, "parent"));
	add_text(b, 4, "somewhere below", text(span, "ancestor"));
	add_text(b, 4, "beside", text(span, "sibling"));
	add_text(b, 4, "behind", text(span, "follows"));
	add_text(b, 4, "of kind", text(span, "kind"));
	add_all(b, 4, "with", value_get(span, "attrs_all"));
	add_all(b, 4, "with one of", value_get(span, "attrs_any"));
	add_all(b, 4, "with events", value_get(span, "events_all"));
	add_all(b, 4, "with one of the events", value_get(span, "events_any"));
	add_duration(b, span);
	if (value_count(count))
		add_bound(b, "spans that are so", count);
}

static void
add_pairs(struct buf *b, const struct value *pairs, const char *between)
{
	for (size_t i = 0; i < value_count(pairs); i++) {
		const struct value *p = pairs->list.item[i];

		if (value_count(p) != 2 || p->kind != VALUE_LIST)
			continue;
		buf_adds(b, "  expects ");
		add_clean(b, value_str_or(p->list.item[0], ""));
		buf_addf(b, " %s ", between);
		add_clean(b, value_str_or(p->list.item[1], ""));
		buf_addc(b, '\n');
	}
}

static void
add_shape(struct buf *b, const struct value *expect)
{
	const struct value *graph = value_get(expect, "graph");
	const struct value *order = value_get(expect, "order");
	const struct value *windows = value_get(expect, "windows");

	add_pairs(b, value_get(graph, "must_include"), "above");
	add_pairs(b, value_get(graph, "must_not_cross"), "never above");
	if (value_bool_or(value_get(graph, "acyclic"), false))
		buf_adds(b, "  expects no cycle\n");
	for (size_t i = 0; i < value_count(windows); i++) {
		const struct value *w = windows->list.item[i];

		add_text(b, 2, "expects within", text(w, "outer"));
		add_all(b, 4, "all of", value_get(w, "contains"));
	}
	add_pairs(b, value_get(order, "must_precede"), "before");
	add_pairs(b, value_get(order, "must_follow"), "after");
}

static void
add_rest(struct buf *b, const struct value *expect)
{
	const struct value *status = value_get(expect, "status");
	const struct value *h = value_get(expect, "hermeticity");

	add_text(b, 2, "expects every status", text(status, "all"));
	add_all(b, 2, "expects status", value_get(status, "by_name"));
	if (value_bool_or(value_get(h, "no_external_services"), false))
		buf_adds(b, "  expects no peer outside\n");
	if (value_bool_or(value_get(h, "no_outside_writes"), false))
		buf_adds(b, "  expects no file written outside\n");
	add_all(b, 4, "but", value_get(h, "writes"));
	add_all(b, 2, "expects resources with", value_get(h, "resource_attrs"));
	add_all(b, 2, "expects no attribute", value_get(h, "forbid_keys"));
}

static void
add_expect(struct buf *b, const struct value *expect)
{
	const struct value *spans = value_get(expect, "spans");

	for (size_t i = 0; i < value_count(spans); i++)
		add_span(b, spans->list.item[i]);
	add_counts(b, value_get(expect, "counts"));
	add_shape(b, expect);
	add_rest(b, expect);
}

void
report_plan_put(struct view *w, const struct value *plan)
{
	const struct value *scenarios = value_get(plan, "scenarios");
	const struct value *services = value_get(plan, "services");
	const char *variant = value_str_or(value_get(plan, "variant"), NULL);
	AUTO_BUF b = BUF_INIT;

	add_clean(&b, value_str_or(value_find(plan, "meta.name"), "?"));
	if (variant) {
		buf_adds(&b, " [");
		add_clean(&b, variant);
		buf_addc(&b, ']');
	}
	buf_adds(&b, "  (");
	add_clean(&b, text(plan, "source"));
	buf_adds(&b, ")\n");
	for (size_t i = 0; i < value_count(services); i++)
		add_service(&b, services->list.item[i]);
	for (size_t i = 0; i < value_count(scenarios); i++)
		add_scenario(&b, scenarios->list.item[i]);
	add_limits(&b, plan);
	add_expect(&b, value_get(plan, "expect"));
	add_all(&b, 2, "judged by nobody:", value_get(plan, "unjudged"));
	buf_addc(&b, '\n');
	report_put(w, &b);
}
