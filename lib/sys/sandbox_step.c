#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "base/arena.h"
#include "sys/sandbox_int.h"

struct launch {
	char *const *argv, *const *env;
	char *const *path; /* what argv[0] may stand for */
	const char *cwd;
	const int *fd;
	const struct step_limits *limits;
	/* Written by the child, in our memory. */
	volatile int error;
	volatile bool is_cwd;
};

static const char *
search_path(char *const env[])
{
	for (; *env; env++)
		if (!strncmp(*env, "PATH=", 5))
			return *env + 5;
	return "/usr/local/bin:/usr/bin:/bin";
}

/* The child of a vfork must not allocate: all paths are made before it. */
static char **
candidates(struct arena *a, const char *name, char *const env[])
{
	const char *p = search_path(env);
	size_t n = 0, cap = 0;
	char **list = NULL;

	for (bool more = true; more; n++) {
		size_t len = strcspn(p, ":");

		list = arena_more(a, list, n, &cap, sizeof *list);
		if (strchr(name, '/') || !*name) {
			list[n] = arena_str(a, name);
			more = false;
			continue;
		}
		list[n] =
		    arena_fmt(a, "%.*s%s%s", (int)len, p, len ? "/" : "", name);
		more = p[len] != 0;
		p += len + more;
	}
	list = arena_more(a, list, n, &cap, sizeof *list);
	list[n] = NULL;
	return list;
}

static void
limit(int what, int64_t asked)
{
	struct rlimit r;

	if (getrlimit(what, &r) < 0)
		return;
	if ((rlim_t)asked < r.rlim_max)
		r.rlim_max = (rlim_t)asked;
	r.rlim_cur = r.rlim_max;
	setrlimit(what, &r);
}

static int
try_all(const struct launch *l)
{
	int seen = ENOENT;

	for (char *const *path = l->path; *path; path++) {
		execve(*path, l->argv, l->env);
		if (errno == EACCES)
			seen = EACCES;
		else if (errno != ENOENT && errno != ENOTDIR)
			return errno;
	}
	return seen;
}

/* The calls themselves: the memory, libc's too, is init's. */
static int
take_user(const struct sandbox_user *u)
{
	if (!u)
		return 0;
	if (syscall(SYS_setgroups, u->groups, u->group) < 0 ||
	    syscall(SYS_setresgid, u->gid, u->gid, u->gid) < 0)
		return -1;
	return (int)syscall(SYS_setresuid, u->uid, u->uid, u->uid);
}

static _Noreturn void
become(struct launch *l)
{
	sigset_t none;

	setsid();
	for (int i = 0; i < 3; i++)
		if (l->fd[i] >= 0)
			dup2(l->fd[i], i);
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	if (l->cwd && chdir(l->cwd) < 0) {
		l->error = errno;
		l->is_cwd = true;
		_exit(127);
	}
	limit(RLIMIT_CORE, 0);
	if (l->limits->open_files > 0)
		limit(RLIMIT_NOFILE, l->limits->open_files);
	if (l->limits->user_processes > 0)
		limit(RLIMIT_NPROC, l->limits->user_processes);
	if (l->limits->memory_bytes > 0)
		limit(RLIMIT_AS, l->limits->memory_bytes);
	if (take_user(l->limits->user) < 0) {
		l->error = errno;
		_exit(127);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	l->error = try_all(l);
	_exit(127);
}

pid_t
step_start(char *const argv[], char *const env[], const char *cwd,
    const int fd[3], const struct step_limits *limits, bool *is_cwd)
{
	AUTO_ARENA a = {0};
	struct launch l = {
	    .argv = argv, .env = env, .cwd = cwd, .fd = fd, .limits = limits};
	pid_t pid;

	if (!argv[0]) {
		errno = EINVAL;
		return -1;
	}
	l.path = candidates(&a, argv[0], env);
	pid = vfork();
	if (!pid)
		become(&l);
	*is_cwd = l.is_cwd;
	if (pid < 0 || !l.error)
		return pid;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	errno = l.error;
	return -1;
}
