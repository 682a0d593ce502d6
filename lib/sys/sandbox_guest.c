/* Init of a world that an engine has made: a container's. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "sys/sandbox_int.h"

enum { DEPTH_MAX = 64 };

/* Where a container sees its own group, of either version. */
static const char *
group_of_memory(void)
{
	static const char *const dir[] = {
	    "/sys/fs/cgroup/memory", "/sys/fs/cgroup"};

	for (size_t i = 0; i < COUNT(dir); i++)
		if (!access(dir[i], X_OK))
			return dir[i];
	return "/";
}

/* ---- its files, of which nothing lies above */

static struct timespec born;

void
guest_begin(void)
{
	/* As coarse as the times of files are. */
	clock_gettime(CLOCK_REALTIME_COARSE, &born);
}

static bool
is_new(const struct stat *st)
{
	return st->st_ctim.tv_sec > born.tv_sec ||
	       (st->st_ctim.tv_sec == born.tv_sec &&
		   st->st_ctim.tv_nsec >= born.tv_nsec);
}

/* What is mounted there is told of by nobody. */
static bool
is_touched_below(int fd, dev_t dev, int depth)
{
	DIR *d = fdopendir(fd);
	bool is = !d || depth > DEPTH_MAX;
	struct dirent *ent;
	struct stat st;

	while (!is && (ent = readdir(d))) {
		if (!strcmp(ent->d_name, ".") || !strcmp(ent->d_name, "..") ||
		    fstatat(fd, ent->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (!S_ISDIR(st.st_mode)) {
			is = is_new(&st);
		} else if (st.st_dev == dev) {
			int below = openat(fd, ent->d_name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			is = is_new(&st) || below < 0 ||
			     is_touched_below(below, dev, depth + 1);
		}
	}
	if (d)
		closedir(d);
	return is;
}

bool
guest_is_touched(void)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	return fd < 0 || fstat(fd, &st) < 0 || is_new(&st) ||
	       is_touched_below(fd, st.st_dev, 0);
}

void
sandbox_guest_print(const struct sandbox_guest *g, struct wire *w)
{
	w->type = WIRE_GUEST;
	wire_int(w, g->room);
	wire_str(w, g->notes);
	wire_str(w, g->ids);
	wire_str(w, g->address);
	for (int i = 0; i < SANDBOX_LIMITS; i++)
		wire_str(w, g->held_by[i]);
	wire_raw(w, g->plan->s, g->plan->len);
}

static void
copy(char *to, size_t size, const char *s)
{
	size_t n = s ? strnlen(s, size - 1) : 0;

	memcpy(to, s ? s : "", n);
	to[n] = 0;
}

/* The relay's streams and handlers are not ours, nor our steps'. */
static void
let_go(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t all;

	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
}

_Noreturn void
sandbox_guest(int control, struct wire *m)
{
	static struct arena a;
	static struct world w;
	struct sandbox_plan plan;
	unsigned room = (unsigned)wire_get_int(m);
	int life[2];

	let_go();
	copy(w.notes, sizeof w.notes, wire_get_str(m));
	copy(w.ids, sizeof w.ids, wire_get_str(m));
	copy(w.address, sizeof w.address, wire_get_str(m));
	for (int i = 0; i < SANDBOX_LIMITS; i++)
		copy(w.held_by[i], sizeof w.held_by[i], wire_get_str(m));
	if (sandbox_plan_parse(m, &a, &plan) < 0 || pipe(life) < 0)
		die(EXIT_RUN, "a plan that makes no sense");
	world_take_plan(&w, &plan);
	w.level = SANDBOX_FULL;
	w.is_guest = w.has_own_proc = w.has_ids = true;
	w.is_observed = false;
	if (*w.held_by[SANDBOX_MEMORY])
		copy(w.memory_group, sizeof w.memory_group, group_of_memory());
	else
		w.limit[SANDBOX_MEMORY] = 0;
	copy(w.home, sizeof w.home, "/home/clnrm");
	copy(w.tmpdir, sizeof w.tmpdir, "/tmp");
	/* They must not stand where init will have them. */
	w.control = fcntl(control, F_DUPFD_CLOEXEC, INIT_FREE);
	w.life = fcntl(life[0], F_DUPFD_CLOEXEC, INIT_FREE);
	w.go = life[1]; /* held open: only the relay ends us */
	init_guest(&w, room > 0);
}
