#include "core/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/bundle_int.h"
#include "core/finding.h"
#include "data/ndjson.h"

enum {
	MAX_NAME = 80,	  /* bytes of a part of a path */
	GATHER = 1 << 16, /* bytes that wait for a file */
};

/* Letters of any script, digits, and what no shell or path reads. */
static bool
is_plain(uint32_t c)
{
	return c > 0xa0 || (c < 0x80 && (c - '0' < 10 || (c | 32) - 'a' < 26 ||
					    strchr("._+=@,-", (int)c)));
}

void
bundle_name(struct buf *b, const char *name)
{
	size_t n = strlen(name), from = b->len;

	if (!n || *name == '.')
		buf_addc(b, '_');
	for (size_t len; n && b->len - from < MAX_NAME; name += len, n -= len) {
		uint32_t c;

		len = utf8_next(name, n, &c);
		if (len && is_plain(c))
			buf_add(b, name, len);
		else
			buf_addc(b, '_');
		len += !len;
	}
}

static void
add(struct bundle *u, const char *name, const char *s, size_t n, mode_t mode)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_FD fd = -1;
	struct err e;

	buf_addf(&path, "%s/%s", u->path, name);
	if (u->failed)
		return;
	if (file_mkparent(path.s, &e) == 0)
		fd = open(path.s,
		    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
		    mode);
	if (fd < 0 || fd_write(fd, s, n) < 0)
		u->failed = errno ? errno : EIO;
}

static void
gather(struct bundle *u, struct buf *to, const char *name, const char *s,
    size_t n, size_t limit)
{
	buf_add(to, s, n);
	if (to->len <= limit)
		return;
	add(u, name, to->s, to->len, 0666);
	buf_reset(to);
}

/* ---- records */

static void
take_plan(struct bundle *u, const struct record *r, const struct value *v)
{
	struct value *own = record_value(r, &u->a);
	AUTO_JSON j = JSON_INIT;

	(void)v;
	if (u->scenario)
		plan_narrow(&u->a, own, u->scenario);
	json_value(&j, NULL, own);
	buf_addc(&j.text, '\n');
	add(u, "plan.json", j.text.s, j.text.len, 0666);
}

static void
take_start(struct bundle *u, const struct record *r, const struct value *v)
{
	(void)r;
	u->backend =
	    arena_str(&u->a, value_str_or(value_get(v, "backend"), NULL));
}

static void
put_stream(struct bundle *u, const struct value *v, const char *ending,
    const char *key)
{
	int64_t index = value_int_or(value_get(v, "index"), 0);
	const struct value *text = value_get(v, key);
	AUTO_BUF name = BUF_INIT;

	buf_addf(&name, "steps/%02" PRId64 "-", index + 1);
	bundle_name(&name, value_str_or(value_get(v, "step"), ""));
	buf_adds(&name, ending);
	if (text && text->kind == VALUE_STR)
		add(u, name.s, text->str.s, text->str.len, 0666);
}

static void
take_step(struct bundle *u, const struct record *r, const struct value *v)
{
	(void)r;
	put_stream(u, v, ".out", "stdout");
	put_stream(u, v, ".err", "stderr");
}

static void
take_log(struct bundle *u, const struct record *r, const struct value *v)
{
	const struct value *text = value_get(v, "text");
	AUTO_BUF name = BUF_INIT;

	(void)r;
	buf_adds(&name, "logs/");
	bundle_name(&name, value_str_or(value_get(v, "service"), ""));
	buf_adds(&name, ".log");
	if (text && text->kind == VALUE_STR)
		add(u, name.s, text->str.s, text->str.len, 0666);
}

static void
take_span(struct bundle *u, const struct record *r, const struct value *v)
{
	(void)v;
	gather(u, &u->spans, "spans.ndjson", r->line, r->len, SIZE_MAX);
	gather(u, &u->spans, "spans.ndjson", "\n", 1, GATHER);
}

static void
take_check(struct bundle *u, const struct record *r, const struct value *v)
{
	struct finding_source src = FINDING_SOURCE_INIT;
	AUTO_BUF text = BUF_INIT;
	struct finding f;

	(void)r;
	if (value_bool_or(value_get(v, "ok"), false))
		return;
	f = finding_of(&u->a, v);
	finding_print(&text, &f, &src, false);
	finding_source_free(&src);
	gather(u, &u->checks, "checks.txt", text.s, text.len, GATHER);
}

static void
take_end(struct bundle *u, const struct record *r, const struct value *v)
{
	AUTO_BUF text = BUF_INIT;

	(void)r;
	bundle_environment(u, v, &text);
	add(u, "environment.txt", text.s, text.len, 0666);
}

static void
take_verdict(struct bundle *u, const struct record *r, const struct value *v)
{
	AUTO_BUF text = BUF_INIT;

	(void)v;
	buf_add(&text, r->line, r->len);
	buf_addc(&text, '\n');
	add(u, "verdict.json", text.s, text.len, 0666);
}

static const struct {
	enum record_type type;
	void (*take)(
	    struct bundle *u, const struct record *r, const struct value *v);
} kinds[] = {
    {RECORD_PLAN, take_plan},
    {RECORD_SCENARIO_START, take_start},
    {RECORD_STEP, take_step},
    {RECORD_LOG, take_log},
    {RECORD_SPAN, take_span},
    {RECORD_CHECK, take_check},
    {RECORD_SCENARIO_END, take_end},
    {RECORD_VERDICT, take_verdict},
};

/* ---- which is whose */

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Spans and logs name the running alone, the plan neither. */
static bool
is_of(const struct bundle *u, const struct record *r, const struct value *v)
{
	struct record_key key = record_key_of(v);
	const struct value *name = value_get(v, "scenario");

	if (key.gen != u->key.gen || !is_same(key.source, u->key.source) ||
	    !is_same(key.variant, u->key.variant))
		return false;
	if (r->type == RECORD_PLAN)
		return true;
	if (r->type == RECORD_CHECK || r->type == RECORD_VERDICT)
		return is_same(value_str_or(name, NULL), u->scenario);
	if (!u->scenario)
		return true;
	return name ? is_same(value_str_or(name, NULL), u->scenario)
		    : !u->key.id || is_same(key.id, u->key.id);
}

static void
take(struct bundle bundle[], size_t n, const struct record *r)
{
	AUTO_ARENA a = {0};
	const struct value *v;
	size_t kind = 0;

	while (kind < COUNT(kinds) && kinds[kind].type != r->type)
		kind++;
	if (kind == COUNT(kinds))
		return;
	v = record_value(r, &a);
	for (size_t i = 0; i < n; i++)
		if (is_of(&bundle[i], r, v))
			kinds[kind].take(&bundle[i], r, v);
}

static int
read_stream(struct bundle bundle[], size_t n, const char *stream, struct err *e)
{
	AUTO_FD fd = open(stream, O_RDONLY | O_CLOEXEC);
	struct ndjson in = {0};
	const char *line;
	struct record r;
	size_t len;
	int more = 1;

	if (fd < 0)
		return err_set(e, "%s:", stream);
	ndjson_open(&in, fd, stream);
	while (more > 0 && (more = ndjson_fill(&in, e)) >= 0)
		while (ndjson_pull(&in, &line, &len, e) == 1)
			if (record_read(line, len, &r, e) == 0)
				take(bundle, n, &r);
	ndjson_free(&in);
	return more;
}

static int
finish(struct bundle *u, const char *run, struct err *e)
{
	AUTO_BUF script = BUF_INIT;

	gather(u, &u->spans, "spans.ndjson", "", 0, 0);
	gather(u, &u->checks, "checks.txt", "", 0, 0);
	bundle_repeat(u, run, &script);
	add(u, "repeat", script.s, script.len, 0777);
	buf_free(&u->spans);
	buf_free(&u->checks);
	arena_free(&u->a);
	if (!u->failed)
		return 0;
	errno = u->failed;
	return err_set(e, "%s:", u->path);
}

int
bundle_write(struct bundle bundle[], size_t n, const char *stream,
    const char *run, struct err *e)
{
	int failed;

	for (size_t i = 0; i < n; i++)
		bundle[i].spans = bundle[i].checks = (struct buf)BUF_INIT;
	failed = read_stream(bundle, n, stream, e) < 0;
	for (size_t i = 0; i < n; i++)
		failed |= finish(&bundle[i], run, e) < 0;
	return failed ? -1 : 0;
}
