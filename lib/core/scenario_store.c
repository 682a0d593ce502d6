/*
 * A scenario is stored as it was told, with what its inputs are on the disk, if
 * all of them are known and none has changed while it ran.
 */
#include <stdlib.h>
#include <string.h>

#include "core/replay.h"
#include "core/scenario_service.h"

enum {
	TICK_NS = 10000000, /* the clock of files may be late by that */
	HEAD = 64,	    /* the key of a record stands at its beginning */
	MEMBER = 6,	    /* characters of "id":" */
};

void
scenario_begin_store(struct scenario *s)
{
	struct scenario_host *h = s->host;

	if (!h->replay)
		return;
	replay_key(h->replay, s->test, s->index, sandbox_level_name(s->level),
	    s->replay_key);
	s->is_unchanged =
	    replay_is_unchanged(h->replay, s->test, s->replay_key);
	s->next_stored = h->stored;
	h->stored = s;
}

void
scenario_end_store(struct scenario *s)
{
	struct scenario **at = &s->host->stored;

	while (*at && *at != s)
		at = &(*at)->next_stored;
	if (*at)
		*at = s->next_stored;
}

/* The first of its reasons is told. */
static void
refuse(struct scenario *s, const char *why)
{
	if (!s->unstored.len)
		buf_adds(&s->unstored, why);
}

static void
keep_line(struct scenario *s, const char *line, size_t n)
{
	if (s->script.len + n > REPLAY_SCRIPT)
		refuse(s, "it has more than 16 MiB of records");
	else if (!s->unstored.len)
		buf_add(&s->script, line, n);
}

void
scenario_hear(void *host, const char *line, size_t n)
{
	static const char member[] = "\"id\":\"";
	struct scenario_host *h = host;
	const char *id = memmem(line, n < HEAD ? n : HEAD, member, MEMBER);

	for (struct scenario *s = h->stored; s; s = s->next_stored) {
		if (!id) /* nobody knows whose it is */
			refuse(s, "a record has no id");
		else if (!strncmp(id + MEMBER, s->id, strlen(s->id)))
			keep_line(s, line, n);
	}
}

static void
add_environment(struct scenario *s)
{
	const struct value *pass = value_get(s->test->plan, "pass_env");

	for (size_t i = 0; i < value_count(pass); i++) {
		const char *name = value_str_or(pass->list.item[i], "");
		const char *value = getenv(name);
		char hex[HASH_HEX] = "-";

		if (value)
			hash_hex(value, strlen(value), hex);
		buf_addf(&s->inputs, "= e %s %s\n", hex, name);
	}
}

static void
add_images(struct scenario *s)
{
	for (size_t i = 0; i < s->services; i++) {
		const struct service *v = &s->service[i];
		const char *name =
		    value_str_or(value_get(v->spec, "image"), NULL);

		if (name && (v->image.key || v->image.is_host))
			buf_addf(&s->inputs, "= i %s %s\n",
			    v->image.is_host ? "host" : v->image.key, name);
	}
}

void
scenario_take_inputs(struct scenario *s, const struct reading *in)
{
	struct err e;

	if (!*s->replay_key || !s->inputs_whole)
		return;
	add_environment(s);
	add_images(s);
	if (reading_print(in, &s->host->digests, s->start_unix_ns - TICK_NS,
		&s->inputs, &e) < 0)
		refuse(s, e.text);
}

/* What it leaves behind, or found on its way, is no file of the host's. */
const char *
scenario_unstored(struct scenario *s)
{
	if (s->is_cancelled || !strcmp(s->status, "error"))
		refuse(s, "it did not run to its end");
	if (s->level == SANDBOX_PROCESS)
		refuse(s, "level process is not observed");
	if (!s->inputs_whole)
		refuse(s, "not all that it read is known");
	if (value_count(value_get(s->spec, "artifacts")))
		refuse(s, "files are kept of it");
	if (scenario_has_host_net(s))
		refuse(s, "it has the network of the machine");
	if (s->test->has_reuse)
		refuse(s, "services of it are reused");
	return s->unstored.len ? s->unstored.s : NULL;
}

void
scenario_store(struct scenario *s)
{
	const struct replay_kept k = {.key = s->replay_key,
	    .record = s->key,
	    .inputs = &s->inputs,
	    .script = &s->script};

	if (!*s->replay_key || s->is_cancelled)
		return;
	if (!s->unstored.len)
		replay_keep(s->host->replay, &k);
	else
		replay_forget(s->host->replay, s->key.source, s->replay_key);
}
