#include "core/workload.h"

#include <stdio.h>
#include <string.h>

#include "base/cli.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/workload_int.h"

/* ---- texts of other programs than tests */

static void
make_file(struct buf *to, const struct workload *w, struct rng *r)
{
	rng_bytes(r, (unsigned char *)buf_room(to, (size_t)w->size + 1),
	    (size_t)w->size);
	to->len += (size_t)w->size;
	to->s[to->len] = 0;
}

static void
make_index(struct buf *to, const struct workload *w, struct rng *r)
{
	(void)r;
	for (long long i = 0; i < w->size; i++)
		buf_addf(to,
		    "{\"name\":\"package-%lld\",\"versions\":[\"0.0.0\","
		    "\"1.0.0\",\"2.0.0\",\"3.0.0\",\"4.0.0\"],\"tags\":["
		    "\"tag%lld\",\"rust\"],\"keywords\":[\"keyword%lld\","
		    "\"cli\"],\"category\":\"development\","
		    "\"downloads\":%lld}\n",
		    i, i % 10, i % 20, 100 * i + (long long)w->seed);
}

static void
make_phases(struct buf *to, const struct workload *w, struct rng *r)
{
	(void)r;
	for (long long i = 0; i < w->size; i++) {
		if (w->has_hooks)
			buf_addf(to,
			    "[phase.before_phase_%lld]\n"
			    "command = \"echo 'Before %lld'\"\n\n",
			    i, i);
		buf_addf(to,
		    "[phase.phase_%lld]\ncommand = \"echo 'Phase %lld'\"\n", i,
		    i);
		if (w->has_hooks)
			buf_addf(to,
			    "before = [\"before_phase_%lld\"]\n"
			    "after = [\"after_phase_%lld\"]\n\n"
			    "[phase.after_phase_%lld]\n"
			    "command = \"echo 'After %lld'\"\n",
			    i, i, i, i);
		buf_addc(to, '\n');
	}
}

static void
make_state(struct buf *to, const struct workload *w, struct rng *r)
{
	for (long long i = 0; i < w->size; i++)
		buf_addf(to,
		    "{\"run\":%lld,\"phase\":\"phase_%lld\",\"took_ms\":%u}\n",
		    i, i % 10, rng_below32(r, 1000));
	for (long long i = 0; i < w->size; i++)
		buf_addf(to,
		    "{\"key\":\"phase_%lld\",\"sha256\":\"%016llx%016llx"
		    "%016llx%016llx\"}\n",
		    i, (unsigned long long)rng_u64(r),
		    (unsigned long long)rng_u64(r),
		    (unsigned long long)rng_u64(r),
		    (unsigned long long)rng_u64(r));
}

static void
make_executions(struct buf *to, const struct workload *w, struct rng *r)
{
	(void)r;
	for (long long i = 0; i < w->size; i++)
		buf_addf(to,
		    "{\"name\":\"test_%lld\",\"status\":\"%s\","
		    "\"took_ms\":100,\"cpu_percent\":25,\"memory_kb\":131072}"
		    "\n",
		    i, i % 5 == 4 ? "failed" : "passed");
}

static const struct kind {
	const char *name;
	const char *unit; /* of size */
	int64_t usual;
	workload_text_fn *text; /* NULL: of many files */
} kinds[] = {
    {"templates", "files", 100, NULL},
    {"template-simple", "one", 1, workload_template_simple},
    {"template-medium", "one", 1, workload_template_medium},
    {"template-complex", "one", 1, workload_template_complex},
    {"template-vars", "variables", 10, workload_template_vars},
    {"toml-simple", "one", 1, workload_toml_simple},
    {"toml-medium", "one", 1, workload_toml_medium},
    {"toml-large", "one", 1, workload_toml_large},
    {"toml", "bytes", 10000, workload_toml},
    {"tree", "files", 100, NULL},
    {"trace", "spans", 1000, workload_trace},
    {"file", "bytes", 1000, make_file},
    {"index", "packages", 1000, make_index},
    {"phases", "phases", 10, make_phases},
    {"state", "runs", 100, make_state},
    {"executions", "executions", 100, make_executions},
    {"scenario", "steps", 5, workload_scenario},
};

const char *
workload_kind(size_t i, const char **unit)
{
	if (i >= COUNT(kinds))
		return NULL;
	*unit = kinds[i].unit;
	return kinds[i].name;
}

static const struct kind *
find(const char *name, struct err *e)
{
	const char *names[COUNT(kinds)], *near;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		names[i] = kinds[i].name;
		if (!strcmp(name, kinds[i].name))
			return &kinds[i];
	}
	near = cli_nearest(name, names, COUNT(names));
	err_set(e, "no workload is called '%s'%s%s%s", name,
	    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	return NULL;
}

bool
workload_is_tree(const char *name)
{
	struct err e = {0};
	const struct kind *k = find(name, &e);

	return k && !k->text;
}

static struct workload
usual(const struct workload *w, const struct kind *k)
{
	struct workload full = *w;

	full.size = w->size > 0 ? w->size : k->usual;
	full.seed = w->seed ? w->seed : WORKLOAD_SEED;
	return full;
}

int
workload_text(
    const char *name, const struct workload *w, struct buf *to, struct err *e)
{
	const struct kind *k = find(name, e);
	struct workload full;
	struct rng r;

	if (!k)
		return -1;
	if (!k->text) {
		err_set(e, "'%s' are many files", name);
		return err_hint(e, "-o names the directory for them");
	}
	full = usual(w, k);
	rng_seed(&r, full.seed);
	k->text(to, &full, &r);
	return 0;
}

/* ---- many files */

static int
put(const char *dir, const char *name, const struct buf *text, struct err *e)
{
	AUTO_BUF path = BUF_INIT;

	buf_addf(&path, "%s/%s", dir, name);
	return file_renew(path.s, text->s, text->len, 0644, e);
}

static int
write_template(const char *dir, int64_t i, struct err *e)
{
	AUTO_BUF text = BUF_INIT;
	char name[64];

	workload_template(&text, i);
	snprintf(name, sizeof name, "test_%lld.clnrm.toml.tera", (long long)i);
	return put(dir, name, &text, e);
}

/* Twenty to a directory; and beside every tenth one that nobody looks at. */
static int
write_leaf(const char *dir, int64_t i, struct rng *r, struct err *e)
{
	static const char *const unseen[] = {".git", "target", "node_modules"};
	AUTO_BUF text = BUF_INIT;
	char name[96];
	long long n = i;

	buf_addf(
	    &text, "file %lld %016llx\n", n, (unsigned long long)rng_u64(r));
	snprintf(name, sizeof name, "d%lld/d%lld/f%lld", n / 400, n / 20, n);
	if (put(dir, name, &text, e) < 0 || i % 10)
		return i % 10 ? 0 : -1;
	snprintf(name, sizeof name, "%s/d%lld/f%lld", unseen[i / 10 % 3],
	    n / 400, n);
	return put(dir, name, &text, e);
}

long
workload_write(
    const char *name, const struct workload *w, const char *dir, struct err *e)
{
	const struct kind *k = find(name, e);
	struct workload full;
	struct rng r;

	if (!k)
		return -1;
	if (k->text)
		return err_set(e, "'%s' is one text", name);
	full = usual(w, k);
	rng_seed(&r, full.seed);
	for (int64_t i = 0; i < full.size; i++)
		if ((strcmp(name, "tree") ? write_template(dir, i, e)
					  : write_leaf(dir, i, &r, e)) < 0)
			return -1;
	return (long)full.size;
}
