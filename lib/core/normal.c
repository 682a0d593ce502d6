#include "core/normal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "data/hash_stream.h"
#include "data/json.h"

/* Where the line of a span is, less its depth; and where its kind of subtree
 * stands among all. */
struct line {
	size_t at, len;
	uint32_t rank;
};

/* What is another in each run. src: OpenTelemetry semantic conventions */
static const char *const volatile_keys[] = {"process.*", "host.*", "os.*",
    "thread.*", "service.instance.id", "telemetry.sdk.version", "test.run.id",
    "container.id", "k8s.pod.*"};

struct normal {
	const struct spans *t;
	struct line *line;
	struct buf text;
	uint32_t *order; /* as spans.order, and by rank */
	bool has_runs;
};

static void
put_attrs(struct json *j, const char *key, const struct span_attrs *a)
{
	bool is_open = false;

	for (uint32_t i = 0; i < a->n; i++) {
		const struct span_attr *it = &a->item[i];

		if (it->key->is_ignored)
			continue;
		if (!is_open)
			json_open(j, key, '{');
		is_open = true;
		json_keyn(j, it->key->s, it->key->n);
		json_raw(j, NULL, it->value.s, it->value.n);
	}
	if (is_open)
		json_close(j, '}');
}

static void
put_events(
    struct json *j, const char *key, const struct span_event *list, uint32_t n)
{
	if (!n)
		return;
	json_open(j, key, '[');
	for (uint32_t i = 0; i < n; i++) {
		json_open(j, NULL, '{');
		if (list[i].name.n)
			json_strn(j, "name", list[i].name.s, list[i].name.n);
		put_attrs(j, "attributes", &list[i].attrs);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static bool
is_text(struct pull_text a, struct pull_text b)
{
	return a.n == b.n && !memcmp(a.s, b.s, a.n);
}

/* Only where it is another than the parent's. */
static void
put_resource(struct json *j, const struct spans *t, const struct span *s)
{
	const struct span_resource *r = s->resource, *up;

	up = s->up == SPAN_NONE ? NULL : t->span[s->up].resource;
	if (up && up->attrs.hash == r->attrs.hash)
		return;
	if (!up && !r->attrs.hash)
		return;
	if (!r->attrs.hash) {
		json_open(j, "resource_attributes", '{');
		json_close(j, '}');
	}
	put_attrs(j, "resource_attributes", &r->attrs);
}

static void
put_span(struct json *j, const struct spans *t, const struct span *s)
{
	json_strn(j, "name", s->name.s, s->name.n);
	if (!is_text(s->kind, (struct pull_text){"INTERNAL", 8}))
		json_strn(j, "kind", s->kind.s, s->kind.n);
	put_resource(j, t, s);
	if (!is_text(s->code, (struct pull_text){"UNSET", 5}) || s->message.n) {
		json_open(j, "status", '{');
		json_strn(j, "code", s->code.s, s->code.n);
		if (s->message.n)
			json_strn(j, "message", s->message.s, s->message.n);
		json_close(j, '}');
	}
	put_attrs(j, "attributes", &s->attrs);
	put_events(j, "events", s->event, s->events);
	put_events(j, "links", s->link, s->links);
}

static void
print_lines(struct normal *n)
{
	struct json j = JSON_INIT;

	for (size_t i = 0; i < n->t->n; i++) {
		n->line[i].at = j.text.len;
		j.is_next = false;
		put_span(&j, n->t, &n->t->span[i]);
		n->line[i].len = j.text.len - n->line[i].at;
	}
	n->text = j.text;
}

/* Its own line, then the ranks of its children, which are known by now. */
static int
compare(const void *left, const void *right, void *arg)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const struct normal *n = arg;
	const struct line *x = &n->line[a], *y = &n->line[b];
	const struct span *s = &n->t->span[a], *o = &n->t->span[b];
	size_t len = x->len < y->len ? x->len : y->len;
	int sign = memcmp(n->text.s + x->at, n->text.s + y->at, len);

	if (sign || x->len != y->len)
		return sign ? sign : x->len < y->len ? -1 : 1;
	for (uint32_t i = 0; i < s->kids && i < o->kids; i++) {
		uint32_t p = n->line[n->order[s->kid + i]].rank;
		uint32_t q = n->line[n->order[o->kid + i]].rank;

		if (p != q)
			return p < q ? -1 : 1;
	}
	return s->kids < o->kids ? -1 : s->kids > o->kids;
}

static int
by_rank(const void *left, const void *right, void *arg)
{
	const struct normal *n = arg;
	uint32_t a = n->line[*(const uint32_t *)left].rank;
	uint32_t b = n->line[*(const uint32_t *)right].rank;

	return a < b ? -1 : a > b;
}

static uint32_t
height_of(const struct spans *t, uint32_t height[])
{
	uint32_t most = 0;

	for (size_t i = t->n; i--;) {
		uint32_t at = t->walk[i], up = t->span[at].up;

		if (height[at] > most)
			most = height[at];
		if (up != SPAN_NONE && height[up] <= height[at])
			height[up] = height[at] + 1;
	}
	return most;
}

/*
 * Subtrees get ranks by their height, the leaves first: each is compared by
 * the ranks of its children alone, so that a deep tree is no square.
 */
static void
rank(struct normal *n)
{
	const struct spans *t = n->t;
	uint32_t *height = mem_new(t->n + 1, sizeof *height);
	uint32_t most = height_of(t, height), done = 0;
	uint32_t *first = mem_new((size_t)most + 2, sizeof *first);
	uint32_t *list = mem_new(t->n + 1, sizeof *list);

	for (size_t i = 0; i < t->n; i++)
		first[height[i] + 1]++;
	for (uint32_t h = 0; h <= most; h++)
		first[h + 1] += first[h];
	for (uint32_t i = 0; i < t->n; i++)
		list[first[height[i]]++] = i;
	for (uint32_t h = 0, at = 0; t->n && h <= most; h++) {
		uint32_t from = at;

		for (; at < first[h]; at++)
			qsort_r(n->order + t->span[list[at]].kid,
			    t->span[list[at]].kids, sizeof *n->order, by_rank,
			    n);
		qsort_r(list + from, at - from, sizeof *list, compare, n);
		for (uint32_t i = from; i < at; i++) {
			done += i == from ||
				compare(&list[i - 1], &list[i], n) != 0;
			n->line[list[i]].rank = done;
		}
	}
	qsort_r(n->order, t->roots, sizeof *n->order, by_rank, n);
	free(height);
	free(first);
	free(list);
}

static void
put_runs(struct buf *b, const struct span *s)
{
	for (uint32_t i = 0; i < s->runs_n; i++)
		buf_addf(b, "%s%" PRIu64, i ? "," : ",\"runs\":[", s->runs[i]);
	if (s->runs_n)
		buf_addc(b, ']');
}

static void
put_line(const struct normal *n, uint32_t i, struct buf *b)
{
	buf_adds(b, "{\"type\":\"node\",\"depth\":");
	buf_addi(b, n->t->span[i].depth);
	buf_addc(b, ',');
	if (n->t->span[i].is_stranger)
		buf_adds(b, "\"counted\":false,");
	buf_add(b, n->text.s + n->line[i].at, n->line[i].len);
	if (n->has_runs)
		put_runs(b, &n->t->span[i]);
	buf_adds(b, "}\n");
}

/* A digest takes the text as it comes, so that nobody holds all of it. */
static void
print(const struct spans *t, bool has_runs, struct buf *b,
    struct hash_stream *digest)
{
	struct normal n = {.t = t, .text = BUF_INIT, .has_runs = has_runs};
	uint32_t *stack = mem_new(t->n + 1, sizeof *stack);
	size_t top = 0;

	n.line = mem_new(t->n + 1, sizeof *n.line);
	n.order = mem_new(t->n + 1, sizeof *n.order);
	memcpy(n.order, t->order, t->n * sizeof *n.order);
	print_lines(&n);
	rank(&n);
	for (uint32_t i = t->roots; i--;)
		stack[top++] = n.order[i];
	while (top) {
		const struct span *s = &t->span[stack[--top]];

		put_line(&n, stack[top], b);
		if (digest) {
			hash_stream_add(digest, b->s, b->len);
			buf_reset(b);
		}
		for (uint32_t i = s->kids; i--;)
			stack[top++] = n.order[s->kid + i];
	}
	free(stack);
	free(n.line);
	free(n.order);
	buf_free(&n.text);
}

void
normal_print(const struct spans *t, bool has_runs, struct buf *b)
{
	print(t, has_runs, b, NULL);
}

void
normal_ignore(struct span_keys *keys)
{
	for (size_t i = 0; i < COUNT(volatile_keys); i++)
		span_keys_ignore(
		    keys, volatile_keys[i], strlen(volatile_keys[i]), NULL);
}

static bool
has_strangers(const struct spans *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->span[i].is_stranger)
			return true;
	return false;
}

void
normal_digest(const struct spans *t, char hex[HASH_HEX])
{
	struct spans counted = {.text = BUF_INIT};
	struct hash_stream digest;
	AUTO_BUF text = BUF_INIT;

	if (has_strangers(t)) {
		spans_counted(t, &counted);
		t = &counted;
	}
	hash_stream_begin(&digest);
	print(t, false, &text, &digest);
	hash_stream_end(&digest, hex);
	spans_free(&counted);
}
