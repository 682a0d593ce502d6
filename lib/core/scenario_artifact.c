/*
 * What `artifacts.collect` keeps of a scenario: files, copied out of the
 * cleanroom before it goes, what the steps printed, and spans.
 */
#include <string.h>

#include "base/file.h"
#include "core/scenario_int.h"
#include "data/hash.h"

enum { ARTIFACT_ID = 0x20000000 }; /* of sandbox_open() */

static const char *
artifact(const struct scenario *s, size_t i)
{
	const struct value *list = value_get(s->spec, "artifacts");

	return i < value_count(list) ? value_str_or(list->list.item[i], "")
				     : NULL;
}

/* A name of one part, whatever was in it. */
static void
add_part(struct buf *to, const char *name)
{
	buf_addc(to, '/');
	if (*name == '.')
		buf_addc(to, '_');
	for (; *name; name++)
		buf_addc(to, *name == '/' ? '_' : *name);
}

/* .clnrm/artifacts/TEST/SCENARIO/NAME below the project's root. */
static void
make_path(const struct scenario *s, const char *name, struct buf *to)
{
	buf_addf(to, "%s/.clnrm/artifacts", s->project);
	add_part(to, s->test->name);
	if (s->key.variant)
		add_part(to, s->key.variant);
	add_part(to, s->name);
	add_part(to, name);
}

static void
tell(struct scenario *s, const char *what, const char *path,
    const struct buf *text)
{
	AUTO_JSON j = stage_record(s->host->stage, "artifact");
	char hex[HASH_HEX];

	hash_hex(text->s, text->len, hex);
	record_key(&j, &s->key);
	json_str(&j, "scenario", s->name);
	json_str(&j, "artifact", what);
	json_str(&j, "path", path);
	json_int(&j, "size", (int64_t)text->len);
	json_str(&j, "sha256", hex);
	stage_put(s->host->stage, &j);
}

static void
warn_of(struct scenario *s, const char *what, const struct err *why)
{
	struct err e = {0};

	err_set(&e, "artifact %s: %s", what, why->text);
	stage_diagnose(s->host->stage, s->key.source, "warning", "W406", &e);
}

static void
keep(struct scenario *s, const char *what, const char *name,
    const struct buf *text)
{
	AUTO_BUF path = BUF_INIT;
	struct err e = {0};

	make_path(s, name, &path);
	if (file_replace(path.s, text->s, text->len, 0644, &e) < 0)
		warn_of(s, what, &e);
	else
		tell(s, what, path.s, text);
}

/* ---- files */

static bool
ask(struct scenario *s)
{
	struct err e = {0};
	const char *what;

	for (; (what = artifact(s, s->artifact)); s->artifact++) {
		if (strncmp(what, "files:", 6) != 0)
			continue;
		if (!sandbox_open(s->sandbox,
			ARTIFACT_ID + (uint32_t)s->artifact, 0, what + 6, &e))
			return true;
		warn_of(s, what, &e);
	}
	return false;
}

bool
scenario_collect(struct scenario *s)
{
	if (s->phase == SCENARIO_COLLECTING || !s->collector)
		return false;
	s->phase = SCENARIO_COLLECTING;
	return ask(s);
}

bool
scenario_collected(struct scenario *s, const struct sandbox_event *ev)
{
	const char *what = artifact(s, ev->step - ARTIFACT_ID), *name;
	AUTO_FD fd = ev->fd;
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};

	if (fd < 0)
		err_set(&e, "%s", strerror(ev->error));
	else
		fd_drain(fd, what, 0, &text, &e);
	name = what + strcspn(what, ":") + 1;
	if (*e.text)
		warn_of(s, what, &e);
	else
		keep(s, what, *name == '/' ? name + 1 : name, &text);
	s->artifact++;
	return !ask(s);
}

/* ---- what comes by the way */

static bool
is_wanted(const struct scenario *s, const char *what)
{
	const char *it;

	for (size_t i = 0; (it = artifact(s, i)); i++)
		if (!strncmp(it, what, strlen(what)))
			return true;
	return false;
}

void
scenario_keep_output(const struct step *st)
{
	struct scenario *s = st->scenario;

	if (is_wanted(s, "logs:stdout"))
		capture_text(&st->out->kept, &s->printed[0]);
	if (is_wanted(s, "logs:stderr"))
		capture_text(&st->err->kept, &s->printed[1]);
}

void
scenario_keep_span(struct scenario *s, const char *span, size_t n)
{
	if (!is_wanted(s, "spans:"))
		return;
	buf_add(&s->emitted, span, n);
	buf_addc(&s->emitted, '\n');
}

void
scenario_write_artifacts(struct scenario *s)
{
	const char *what;

	for (size_t i = 0; s->collector && (what = artifact(s, i)); i++) {
		AUTO_BUF name = BUF_INIT;

		if (!strcmp(what, "logs:stdout")) {
			keep(s, what, "stdout.log", &s->printed[0]);
		} else if (!strcmp(what, "logs:stderr")) {
			keep(s, what, "stderr.log", &s->printed[1]);
		} else if (!strncmp(what, "spans:", 6)) {
			buf_adds(&name, "spans");
			if (strcmp(what + 6, "default") != 0)
				buf_addf(&name, "-%s", what + 6);
			buf_adds(&name, ".json");
			keep(s, what, name.s, &s->emitted);
		}
	}
}

void
scenario_drop_artifacts(struct scenario *s)
{
	buf_free(&s->printed[0]);
	buf_free(&s->printed[1]);
	buf_free(&s->emitted);
}
