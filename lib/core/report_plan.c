#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "core/report_int.h"

static const char *
text(const struct value *v, const char *key)
{
	return value_str_or(value_get(v, key), "");
}

/* Words a shell would read back; `run` lines stand as they were written. */
static void
add_command(struct buf *b, const struct value *argv)
{
	size_t n = value_count(argv);
	const char *first = n ? value_str_or(argv->list.item[0], "") : "";

	if (n == 3 && !strcmp(first, "/bin/sh") &&
	    !strcmp(value_str_or(argv->list.item[1], ""), "-c")) {
		const char *run = value_str_or(argv->list.item[2], "");

		utf8_print(b, run, strlen(run));
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const char *word = value_str_or(argv->list.item[i], "");
		bool is_plain =
		    *word && !strpbrk(word, " \t\n\"'$\\`*?&|;<>()");

		buf_adds(b, i ? " " : "");
		buf_adds(b, is_plain ? "" : "'");
		utf8_print(b, word, strlen(word));
		buf_adds(b, is_plain ? "" : "'");
	}
}

static void
add_pairs(struct buf *b, const struct value *table)
{
	for (size_t i = 0; i < value_count(table); i++)
		buf_addf(b, " %s=%s", table->table.member[i].key,
		    value_str_or(table->table.member[i].value, ""));
}

static void
add_step(struct buf *b, const struct value *step)
{
	int64_t code = value_int_or(value_get(step, "exit_code"), 0);
	const char *regex = value_str_or(value_get(step, "stdout_regex"), NULL);

	buf_addf(b, "    %-16s ", text(step, "name"));
	add_command(b, value_get(step, "command"));
	buf_addc(b, '\n');
	if (value_count(value_get(step, "env"))) {
		buf_addf(b, "    %-16s env", "");
		add_pairs(b, value_get(step, "env"));
		buf_addc(b, '\n');
	}
	if (code || regex)
		buf_addf(b, "    %-16s expects exit %" PRId64 "%s%s\n", "",
		    code, regex ? ", output ~ " : "", regex ? regex : "");
}

static void
add_bound(struct buf *b, const char *name, const struct value *bound)
{
	static const char *const ops[][2] = {
	    {"eq", "="}, {"gte", ">="}, {"lte", "<="}};

	for (size_t i = 0; i < 3; i++) {
		int64_t n = value_int_or(value_get(bound, ops[i][0]), -1);

		if (n >= 0)
			buf_addf(b, "  expects %s %s %" PRId64 "\n", name,
			    ops[i][1], n);
	}
}

static void
add_expect(struct buf *b, const struct value *expect)
{
	static const char *const totals[] = {
	    "spans_total", "events_total", "errors_total"};
	static const char *const others[] = {
	    "graph", "windows", "order", "status", "hermeticity"};
	const struct value *spans = value_get(expect, "spans");
	const struct value *counts = value_get(expect, "counts");

	for (size_t i = 0; i < value_count(spans); i++) {
		const struct value *span = spans->list.item[i];

		buf_addf(b, "  expects span %s", text(span, "name"));
		add_pairs(b, value_get(span, "attrs_all"));
		add_pairs(b, value_get(span, "attrs_any"));
		buf_addc(b, '\n');
	}
	for (size_t i = 0; i < 3; i++)
		add_bound(b, totals[i], value_get(counts, totals[i]));
	for (size_t i = 0; i < 5; i++) {
		const struct value *v = value_get(expect, others[i]);

		if (value_count(v))
			buf_addf(b, "  expects %s\n", others[i]);
	}
}

void
report_plan(struct report *r, const struct value *plan)
{
	const struct value *scenarios = value_get(plan, "scenarios");
	const struct value *services = value_get(plan, "services");
	const char *variant = value_str_or(value_get(plan, "variant"), NULL);
	AUTO_BUF b = BUF_INIT;

	buf_addf(&b, "%s%s%s%s  (%s)\n",
	    value_str_or(value_find(plan, "meta.name"), "?"),
	    variant ? " [" : "", variant ? variant : "", variant ? "]" : "",
	    text(plan, "source"));
	for (size_t i = 0; i < value_count(services); i++) {
		const struct value *s = services->list.item[i];

		buf_addf(&b, "  service %s  image %s\n", text(s, "name"),
		    value_str_or(value_get(s, "image"), "none"));
	}
	for (size_t i = 0; i < value_count(scenarios); i++) {
		const struct value *s = scenarios->list.item[i];
		const struct value *steps = value_get(s, "steps");

		buf_addf(&b, "  scenario %s  isolation %s\n", text(s, "name"),
		    text(s, "isolation"));
		for (size_t k = 0; k < value_count(steps); k++)
			add_step(&b, steps->list.item[k]);
	}
	add_expect(&b, value_get(plan, "expect"));
	buf_addc(&b, '\n');
	out_add(r->out, b.s, b.len);
}
