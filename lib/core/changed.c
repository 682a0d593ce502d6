#include "core/changed.h"

#include <string.h>

#include "core/engine.h"
#include "core/project.h"
#include "core/replay.h"

struct changed {
	struct scenario_host *host;
	struct map seen;
	struct buf *text;
	void (*complain)(const char *message);
};

static void
tell(struct changed *c, const char *source)
{
	if (!map_set(&c->seen, source, strlen(source), c))
		buf_addf(c->text, "%s\n", source);
}

static void
take_plan(struct changed *c, const struct record *r)
{
	struct err e;
	struct test *t = test_new(r, &e);

	if (!t) {
		c->complain(e.text);
		return;
	}
	if (replay_runs(c->host->replay, t, sandbox_level_name(SANDBOX_FULL)))
		tell(c, t->source);
	test_release(t);
}

static void
take_finding(struct changed *c, const struct record *r)
{
	AUTO_ARENA a = {0};
	const struct value *v = record_value(r, &a);
	const char *source = value_str_or(value_get(v, "source"), NULL);

	if (strcmp(value_str_or(value_get(v, "severity"), ""), "error"))
		return;
	if (source && project_is_test(source))
		tell(c, source);
	else
		c->complain(value_str_or(value_get(v, "message"), "?"));
}

void
changed_tell(struct scenario_host *host, struct buf *text,
    void (*complain)(const char *message))
{
	struct changed c = {.host = host, .text = text, .complain = complain};
	struct stage *s = host->stage;
	struct record r;
	struct err e;

	engine_store(host);
	do {
		while (stage_pull(s, &r)) {
			if (r.type == RECORD_PLAN)
				take_plan(&c, &r);
			else if (r.type == RECORD_DIAGNOSTIC)
				take_finding(&c, &r);
		}
	} while (!s->in.is_eof && ndjson_fill(&s->in, &e) >= 0);
	stage_check_cut(s);
	map_free(&c.seen);
}
