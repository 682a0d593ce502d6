/*
 * clnrm-select: pass on the plans of some tests, in some order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/mix.h"
#include "core/selection.h"
#include "core/setting.h"
#include "core/stage.h"
#include "sys/stop.h"

static const char *filter, *order = "given", *shard;
static long seed = -1;
static int loose;

static const struct cli_opt opts[] = {
    {0, "filter", "EXPR", "only tests that it takes: tag:db & !name:slow*",
	CLI_TEXT, &filter},
    {0, "loose", NULL, "take a stream that was cut by hand", CLI_FLAG, &loose},
    {0, "order", "given|name|random", "in which order tests go on", CLI_WORD,
	&order},
    {0, "seed", "N", "of the random order, to have it again", CLI_INT, &seed},
    {0, "shard", "I/N", "only the Ith part of N equal ones", CLI_TEXT, &shard},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-select",
    .does = "pass on the plans of some tests, in some order",
    .operands = "[FILE | RUN | -]",
    .examples =
	"  clnrm-lint tests | clnrm-select --filter 'tag:db & !slow' | "
	"clnrm-exec\n"
	"  clnrm-lint tests | clnrm-select --shard 1/4 --order random | "
	"clnrm-exec\n",
    .opts = opts,
};

static struct stage st;

/* Which part of how many, from 0; the place of a test is where it first was. */
static struct {
	unsigned long mine, all;
	struct map place;
} part = {.all = 1};

static struct {
	struct arena a;
	struct selection *takes;
} wanted;

/* Plans that wait until all are there. */
struct waiting {
	char *line;
	size_t len, came;
	char *name;
	uint64_t rank;
};

static struct {
	struct waiting *plan;
	size_t n, cap;
	size_t seen, taken;
} held;

static void
read_shard(void)
{
	int end = 0;

	if (!shard)
		return;
	if (sscanf(shard, "%lu/%lu%n", &part.mine, &part.all, &end) != 2 ||
	    shard[end] || !part.mine || part.mine > part.all ||
	    part.all > 1000000)
		die(EXIT_INPUT,
		    "--shard %s: not a part such as 1/4, from 1/4 "
		    "to 4/4",
		    shard);
	part.mine--;
}

static void
read_filter(void)
{
	struct err e = {0};

	if (!filter)
		return;
	wanted.takes = selection_parse(&wanted.a, filter, &e);
	if (!wanted.takes)
		die(EXIT_INPUT, "--filter: %s", e.text);
}

static bool
is_in_part(const struct record_key *key)
{
	AUTO_BUF k = BUF_INIT;
	uintptr_t at;

	buf_addf(&k, "%s\n%s", key->source ? key->source : "",
	    key->variant ? key->variant : "");
	at = (uintptr_t)map_get(&part.place, k.s, k.len);
	if (!at) {
		at = part.place.n + 1;
		map_set(&part.place, k.s, k.len, (void *)at);
	}
	return (at - 1) % part.all == part.mine;
}

/* Shards are parts of what the filter takes. */
static bool
is_wanted(const struct value *plan)
{
	struct record_key key = record_key_of(plan);

	return (!wanted.takes || selection_takes(wanted.takes, plan)) &&
	       is_in_part(&key);
}

static void
hold(const struct record *r, const struct value *plan)
{
	struct record_key key = record_key_of(plan);
	struct waiting *w;
	AUTO_BUF name = BUF_INIT;

	buf_addf(&name, "%s\n%s\n%s",
	    value_str_or(value_find(plan, "meta.name"), ""),
	    key.source ? key.source : "", key.variant ? key.variant : "");
	held.plan = mem_more(held.plan, held.n, &held.cap, sizeof *held.plan);
	w = &held.plan[held.n];
	*w = (struct waiting){.line = mem_dup(r->line, r->len),
	    .len = r->len,
	    .came = held.n++,
	    .rank = mix_pair((uint64_t)seed, mix_text(name.s, name.len))};
	w->name = buf_steal(&name);
}

static int
by_order(const void *x, const void *y)
{
	const struct waiting *a = x, *b = y;
	int by = 0;

	if (!strcmp(order, "name"))
		by = strcmp(a->name, b->name);
	else if (!strcmp(order, "random"))
		by = (a->rank > b->rank) - (a->rank < b->rank);
	return by ? by : (a->came > b->came) - (a->came < b->came);
}

static void
let_go(void)
{
	if (held.n)
		qsort(held.plan, held.n, sizeof *held.plan, by_order);
	for (size_t i = 0; i < held.n; i++) {
		out_add(&out_std, held.plan[i].line, held.plan[i].len);
		out_add(&out_std, "\n", 1);
		free(held.plan[i].line);
		free(held.plan[i].name);
	}
	held.n = 0;
}

/* What is left out is never silent; nor is what makes a run another one. */
static void
tell(void)
{
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};

	if (held.taken < held.seen)
		buf_addf(&text, "%zu of %zu tests are selected", held.taken,
		    held.seen);
	if (!strcmp(order, "random") && held.taken)
		buf_addf(&text, "%sthe order is that of --seed %ld",
		    text.len ? "; " : "", seed);
	held.seen = held.taken = 0;
	if (!text.len)
		return;
	err_set(&e, "%s", text.s);
	stage_diagnose(&st, NULL, "note", "W419", &e);
}

/* What was said of the source whose plan is due, all but errors. */
static struct buf said = BUF_INIT;

static bool
is_about_next(const struct record *r)
{
	AUTO_ARENA a = {0};
	const struct value *tree;

	if (r->type != RECORD_DIAGNOSTIC)
		return false;
	tree = record_value(r, &a);
	return value_str_or(value_get(tree, "source"), NULL) &&
	       strcmp(value_str_or(value_get(tree, "severity"), ""), "error") !=
		   0;
}

static void
say(bool is_wanted)
{
	if (is_wanted)
		out_add(&out_std, said.s, said.len);
	buf_reset(&said);
}

static void
take_plan(const struct record *r)
{
	AUTO_ARENA a = {0};
	const struct value *plan = record_value(r, &a);
	bool takes = is_wanted(plan);

	say(takes);
	held.seen++;
	held.taken += takes;
	if (!takes)
		return;
	if (!strcmp(order, "given"))
		record_pass(r, &out_std);
	else
		hold(r, plan);
}

static void
take(const struct record *r)
{
	if (r->type == RECORD_PLAN) {
		take_plan(r);
		return;
	}
	if (is_about_next(r)) {
		buf_add(&said, r->line, r->len);
		buf_addc(&said, '\n');
		return;
	}
	say(true);
	if (r->type == RECORD_BATCH || r->type == RECORD_END) {
		let_go();
		tell();
	}
	record_pass(r, &out_std);
}

int
main(int argc, char *argv[])
{
	char **path = setting_start(&tool, argc, argv);
	int fd = stage_input(&tool, path);
	struct record r;

	read_shard();
	read_filter();
	if (seed < 0)
		seed = (long)(clock_wall_ns() / 1000 % 1000000);
	stop_catch(false);
	stage_filter(&st, "select", &out_std, fd, loose);
	while (stage_next(&st, &r) > 0)
		take(&r);
	say(true);
	let_go();
	tell();
	selection_free(wanted.takes);
	arena_free(&wanted.a);
	map_free(&part.place);
	free(held.plan);
	buf_free(&said);
	return cli_finish(stage_end(&st));
}
