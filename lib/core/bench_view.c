#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/die.h"
#include "base/out.h"
#include "base/utf8.h"
#include "core/bench.h"
#include "data/json.h"

static bool
is_type(const char *line, size_t n, const char *type)
{
	AUTO_BUF begin = BUF_INIT;

	buf_addf(&begin, "{\"type\":\"%s\"", type);
	return n > begin.len && !memcmp(line, begin.s, begin.len);
}

static void
show_line(struct bench_view *v, const char *line, size_t n)
{
	AUTO_ARENA a = {0};
	AUTO_BUF b = BUF_INIT;

	if (is_type(line, n, "bench_env") || is_type(line, n, "bench_result")) {
		buf_add(&v->results, line, n);
		buf_addc(&v->results, '\n');
	}
	if (!v->is_text) {
		out_add(v->to, line, n);
		out_add(v->to, "\n", 1);
		return;
	}
	bench_print(&b, json_parse(&a, line, n, NULL));
	out_add(v->to, b.s, b.len);
}

void
bench_tick(const struct bench_plan *plan, const char *fmt, ...)
{
	AUTO_BUF line = BUF_INIT;
	char text[512];
	va_list arg;

	if (!ticker_is_due(plan->ticker))
		return;
	va_start(arg, fmt);
	vsnprintf(text, sizeof text, fmt, arg);
	va_end(arg);
	utf8_print(&line, text, strlen(text));
	ticker_draw(plan->ticker, line.s, line.len);
	out_flush(plan->ticker->to);
}

void
bench_view_show(struct bench_view *v)
{
	const char *line = v->held.pending.s, *lf;

	if (v->ticker) {
		ticker_wipe(v->ticker);
		out_flush(v->ticker->to);
	}
	for (; (lf = strchr(line, '\n')); line = lf + 1)
		show_line(v, line, (size_t)(lf - line));
	buf_reset(&v->held.pending);
	out_flush(v->to);
}

const struct value *
bench_view_last(const struct bench_view *v, struct arena *a)
{
	size_t at = v->results.len ? v->results.len - 1 : 0;

	while (at && v->results.s[at - 1] != '\n')
		at--;
	return json_parse(a, v->results.s + at, v->results.len - at, NULL);
}

bool
bench_view_next(struct bench_view *v, struct stage *st, struct record *r)
{
	struct err e = {0};

	while (!stage_pull(st, r)) {
		bench_view_show(v);
		if (out_std.lost) {
			stage_status(st, 128 + SIGPIPE);
			return false;
		}
		if (!st->in.is_eof && ndjson_fill(&st->in, &e) >= 0)
			continue;
		if (*e.text) {
			stage_diagnose(st, NULL, "error", "E101", &e);
			stage_status(st, EXIT_INPUT);
		}
		stage_check_cut(st);
		return false;
	}
	return true;
}

static const char *
type_of(const struct value *v)
{
	return value_str_or(value_get(v, "type"), "");
}

static void
hold_back(struct buf *ends, const struct record *r)
{
	buf_add(ends, r->line, r->len);
	buf_addc(ends, '\n');
}

void
bench_view_samples(struct bench_view *v, struct stage *st,
    struct bench_samples *to, struct buf *ends)
{
	struct record r;

	while (bench_view_next(v, st, &r)) {
		AUTO_ARENA a = {0};
		const struct value *got = record_value(&r, &a);
		struct err e = {.line = (unsigned)r.number};

		if (r.type == RECORD_END) {
			hold_back(ends, &r);
		} else if (strcmp(type_of(got), "sample") != 0) {
			record_pass(&r, st->out);
		} else if (bench_samples_take(to, got, &e) < 0) {
			stage_diagnose(st, NULL, "error", "E431", &e);
			stage_status(st, EXIT_INPUT);
		}
	}
}

void
bench_view_gather(struct bench_view *v, struct stage *st, struct bench_set *to,
    struct bench_budget *limits, struct buf *ends)
{
	struct record r;

	while (bench_view_next(v, st, &r)) {
		struct value *got = record_value(&r, &to->kept);

		bench_set_take(to, got);
		if (limits && !strcmp(type_of(got), "bench"))
			bench_budget_take(limits, got);
		if (r.type == RECORD_END)
			hold_back(ends, &r);
		else if (limits && !v->is_text)
			record_pass(&r, st->out);
	}
}
