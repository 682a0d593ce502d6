/*
 * Files: read, one after the other and side by side, with a page cache that is
 * warm or cold; and digests that are known from the run before.
 */
#include <sys/stat.h>

#include "core/change.h"
#include "core/workload.h"
#include "place.h"
#include "sys/jobs.h"

enum { CHUNK = 64 << 10 };

static char **paths;
static size_t files;
static bool has_place;

static void
make_files(int64_t n, int64_t size)
{
	struct workload w = {.size = size};
	AUTO_BUF text = BUF_INIT;
	struct err e = {0};

	if (!has_place)
		place_make();
	has_place = true;
	if (workload_text("file", &w, &text, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
	files = (size_t)n;
	paths = mem_new(files, sizeof *paths);
	for (size_t i = 0; i < files; i++) {
		AUTO_BUF path = BUF_INIT;

		buf_addf(&path, "f%zu", i);
		place_write(path.s, text.s, text.len);
		paths[i] = buf_steal(&path);
	}
}

static void
make_small(int64_t n)
{
	make_files(n, 10000);
}

static void
make_large(int64_t size)
{
	make_files(1, size);
}

/* The bytes of it, by their sum. */
static uint64_t
read_one(const char *path)
{
	static _Thread_local unsigned char some[CHUNK];
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t sum = 1;
	ssize_t n;

	while (fd >= 0 && (n = read(fd, some, sizeof some)) > 0)
		sum += (uint64_t)n * (uint64_t)(some[0] + 1);
	return fd < 0 ? 0 : sum;
}

static uint64_t
read_all(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < files; i++)
		sum += read_one(paths[i]);
	return sum;
}

static void *
read_job(void *arg, size_t worker, size_t i)
{
	(void)arg, (void)worker;
	return (void *)(uintptr_t)read_one(paths[i]);
}

static void
add_job(void *arg, size_t i, void *result)
{
	(void)i;
	*(uint64_t *)arg += (uintptr_t)result;
}

static uint64_t
read_side_by_side(void)
{
	uint64_t sum = 0;
	struct jobs j = {.n = files,
	    .is_long = true,
	    .arg = &sum,
	    .work = read_job,
	    .hand_on = add_job};
	struct err e = {0};
	size_t threads;

	if (jobs_count(NULL, &threads, &e) < 0 ||
	    jobs_run(&j, threads) != files)
		return 0;
	return sum;
}

/* What the page cache has of them is dropped. */
static void
cool(void)
{
	for (size_t i = 0; i < files; i++) {
		AUTO_FD fd = open(paths[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0 || fdatasync(fd) < 0 ||
		    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
			die(EXIT_RUN, "the page cache stays");
	}
}

/* ---- digests */

static struct change_table table;
static struct change_cache cache;

static struct watch_batch
batch(size_t from, size_t n)
{
	struct watch_batch b = {.item = mem_new(n, sizeof *b.item), .n = n};

	for (size_t i = 0; i < n; i++)
		b.item[i].path = mem_str(paths[from + i]);
	watch_batch_sort(&b);
	return b;
}

static uint64_t
look(size_t from, size_t n)
{
	struct watch_batch b = batch(from, n);
	struct change c;
	uint64_t changes = 0;

	change_open(&table, &b);
	while (change_is_open(&table))
		changes += change_step(&table, &c);
	return changes;
}

static void
make_table(int64_t n)
{
	make_small(n);
	change_init(&table, NULL, -1);
	if (look(0, files) != files)
		die(EXIT_RUN, "the files are not seen");
}

static void
make_cache(int64_t n)
{
	struct err e = {0};

	make_files(n, 100);
	usleep(2100000); /* what was changed just now is not kept */
	change_init(&table, NULL, -1);
	if (look(0, files) != files ||
	    change_cache_write(&table, "cache", &e) < 0)
		die(EXIT_RUN, "no cache: %s", e.text);
	change_cache_read(&cache, "cache");
}

/* Another process made it: what this one holds is for its reading. */
static void
make_cache_apart(int64_t n)
{
	pid_t pid;
	int status;

	place_make();
	has_place = true;
	pid = fork();
	if (!pid) {
		make_cache(n);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		die(EXIT_RUN, "no cache");
}

/* One file is saved with other bytes: it has changed. */
static void
save_one(void)
{
	static long saves;
	struct err e = {0};
	AUTO_BUF text = BUF_INIT;

	while (text.len < 10000)
		buf_addf(&text, "save %ld\n", saves);
	saves++;
	if (file_renew(paths[0], text.s, text.len, 0644, &e) < 0)
		die(EXIT_RUN, "%s", e.text);
}

static uint64_t
decide(void)
{
	return look(0, 1);
}

static uint64_t
look_up(void)
{
	static size_t next;
	const char *path = paths[next++ % files];
	const struct change_file *f = map_get(&table.file, path, strlen(path));

	return f && change_cache_get(&cache, f) != NULL;
}

static uint64_t
save_cache(void)
{
	struct err e = {0};

	return change_cache_write(&table, "again", &e) == 0;
}

static uint64_t
load_cache(void)
{
	struct change_cache c = {0};
	uint64_t n;

	change_cache_read(&c, "cache");
	n = c.file.n;
	change_cache_free(&c);
	return n;
}

static const struct kit_bench benches[] = {
    {"io/read1/warm", .setup = make_small, .op = read_all, .size = 1,
	.target = MS(50)},
    {"io/read1/cold", .setup = make_small, .op = read_all, .size = 1,
	.target = MS(50), .before = cool},
    {"io/read100/seq/warm", .setup = make_small, .op = read_all, .size = 100,
	.target = MS(1000)},
    {"io/read100/seq/cold", .setup = make_small, .op = read_all, .size = 100,
	.target = MS(1000), .before = cool},
    {"io/read100/par/warm", .setup = make_small, .op = read_side_by_side,
	.size = 100, .target = MS(1000)},
    {"io/read100/par/cold", .setup = make_small, .op = read_side_by_side,
	.size = 100, .target = MS(1000), .before = cool},
    {"io/read_large/warm", .setup = make_large, .op = read_all,
	.size = 100000000, .unit = "bytes"},
    {"io/read_large/cold", .setup = make_large, .op = read_all,
	.size = 100000000, .unit = "bytes", .before = cool},
    {"op/change_detection", .setup = make_table, .op = decide, .size = 1000,
	.target = MS(10), .acceptable = MS(50), .unacceptable = MS(100),
	.before = save_one},
    {"op/cache_lookup", .setup = make_cache, .op = look_up, .size = 10000,
	.target = MS(1), .acceptable = MS(5), .unacceptable = MS(10)},
    {"micro/hashcache/lookup/100", .setup = make_cache, .op = look_up,
	.size = 100, .target = 100},
    {"micro/hashcache/lookup/1000", .setup = make_cache, .op = look_up,
	.size = 1000, .target = 150},
    {"micro/hashcache/lookup/10000", .setup = make_cache, .op = look_up,
	.size = 10000, .target = 200},
    {"micro/hashcache/save/100", .setup = make_cache, .op = save_cache,
	.size = 100, .target = MS(5)},
    {"micro/hashcache/save/1000", .setup = make_cache, .op = save_cache,
	.size = 1000, .target = MS(50)},
    {"micro/hashcache/save/10000", .setup = make_cache, .op = save_cache,
	.size = 10000, .target = MS(500)},
    {"micro/hashcache/load/10000", .setup = make_cache, .op = load_cache,
	.size = 10000},
    {"mem/rss/hashcache", .setup = make_cache_apart, .op = load_cache,
	.size = 10000, .target = 5120, .acceptable = 51200,
	.metric = "peak_rss_kb"},
};

int
main(int argc, char *argv[])
{
	return kit_main(argc, argv, benches, COUNT(benches));
}
