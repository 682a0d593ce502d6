#include "core/stored.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/mark.h"
#include "core/replay.h"

/* Scenarios of one test file are a line. */
struct line {
	size_t scenarios, come, flaky;
	int64_t bytes, used_s;
};

static void
add(void *arg, const struct replay_told *told)
{
	struct map *lines = arg;
	size_t n = strlen(told->source);
	struct line *l = map_get(lines, told->source, n);

	if (!l) {
		l = mem_new(1, sizeof *l);
		map_set(lines, told->source, n, l);
	}
	l->scenarios++;
	l->come += told->comes;
	l->flaky += told->is_flaky;
	l->bytes += told->bytes;
	if (told->used_s > l->used_s)
		l->used_s = told->used_s;
}

static int
by_name(const void *a, const void *b)
{
	const struct map_entry *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static void
print_line(struct buf *text, const char *source, const struct line *l)
{
	int64_t days = (clock_wall_ns() / 1000000000 - l->used_s) / 86400;

	buf_addf(text, "%s: %zu stored, %zu as passed", source, l->scenarios,
	    l->come);
	if (l->flaky)
		buf_addf(text, ", %zu flaky", l->flaky);
	buf_addf(text, ", %" PRId64 " KiB, of use ", (l->bytes + 1023) / 1024);
	if (days > 0)
		buf_addf(text, "%" PRId64 " day%s ago\n", days,
		    days == 1 ? "" : "s");
	else
		buf_adds(text, "today\n");
}

static void
list(const char *dir, struct buf *text)
{
	struct map lines = {0};
	size_t scenarios = 0;
	int64_t bytes = 0;

	replay_each(dir, add, &lines);
	if (lines.n)
		qsort(lines.entry, lines.n, sizeof *lines.entry, by_name);
	for (size_t i = 0; i < lines.n; i++) {
		struct line *l = lines.entry[i].value;

		print_line(text, lines.entry[i].key, l);
		scenarios += l->scenarios;
		bytes += l->bytes;
		free(l);
	}
	buf_addf(text, "%zu scenario%s, %" PRId64 " KiB in %s\n", scenarios,
	    scenarios == 1 ? "" : "s", (bytes + 1023) / 1024, dir);
	map_free(&lines);
}

int
stored_tell(const char *what, const char *root, struct buf *text, struct err *e)
{
	bool clears = !strcmp(what, "clear");
	AUTO_BUF dir = BUF_INIT;
	struct replay_size size;

	if (!clears && strcmp(what, "gc") && strcmp(what, "list")) {
		err_set(e, "'%s' is nothing to do with what is stored", what);
		return err_hint(e, "list, gc or clear");
	}
	if (mark_directory(".", root, &dir, e) < 0)
		return -1;
	if (!strcmp(what, "list")) {
		list(dir.s, text);
		return 0;
	}
	replay_prune(dir.s, clears ? 0 : REPLAY_BYTES, REPLAY_AGE_NS, &size);
	buf_addf(text,
	    "removed %zu files, %" PRId64 " KiB; %zu, %" PRId64
	    " KiB, are left in %s\n",
	    size.removed, size.removed_bytes / 1024, size.files,
	    size.bytes / 1024, dir.s);
	return 0;
}
