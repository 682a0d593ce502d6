#include "sys/kin.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

struct process {
	pid_t pid, parent, session;
	unsigned long long start;
};

struct table {
	struct process *p;
	size_t n, cap;
};

static int
look(pid_t pid, struct process *p)
{
	char path[32], text[1024];
	const char *end;
	ssize_t n;
	AUTO_FD fd = -1;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (n = read(fd, text, sizeof text - 1)) <= 0)
		return -1;
	text[n] = 0;
	end = strrchr(text, ')'); /* a name may hold anything */
	p->pid = pid;
	if (!end || sscanf(end + 1,
			" %*c %d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d"
			" %*d %*d %*d %*d %*d %llu",
			&p->parent, &p->session, &p->start) != 3)
		return -1;
	return 0;
}

static int
by_pid(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static void
read_table(struct table *t)
{
	DIR *d = opendir("/proc");
	struct dirent *ent;

	while (d && (ent = readdir(d))) {
		int pid = atoi(ent->d_name);

		if (pid <= 0)
			continue;
		t->p = mem_more(t->p, t->n, &t->cap, sizeof *t->p);
		if (!look(pid, &t->p[t->n]))
			t->n++;
	}
	if (d)
		closedir(d);
	if (t->n)
		qsort(t->p, t->n, sizeof *t->p, by_pid);
}

/* The child of `from` that a process is or descends from; or 0. */
static pid_t
branch(const struct table *t, const struct process *p, pid_t from)
{
	/* A table read while processes come and go may hold a circle. */
	for (size_t i = 0; p && i < t->n; i++) {
		struct process up = {.pid = p->parent};

		if (p->parent == from)
			return p->pid;
		p = bsearch(&up, t->p, t->n, sizeof *t->p, by_pid);
	}
	return 0;
}

/* By a pidfd, so that nobody who has inherited the number is hit. */
static bool
strike(const struct process *p, int sig)
{
	AUTO_FD fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	struct process now;

	if (fd < 0 && errno == ENOSYS)
		return !kill(p->pid, sig);
	if (fd < 0 || look(p->pid, &now) < 0 || now.start != p->start)
		return false;
	return !syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0);
}

static size_t
signal_all(pid_t from, pid_t session, bool (*is_spared)(pid_t child), int sig)
{
	struct table t = {0};
	size_t hit = 0;

	read_table(&t);
	for (size_t i = 0; i < t.n; i++) {
		pid_t child = branch(&t, &t.p[i], from);

		if ((session && t.p[i].session == session) ||
		    (child && !(is_spared && is_spared(child))))
			hit += strike(&t.p[i], sig);
	}
	free(t.p);
	return hit;
}

size_t
kin_signal(pid_t ancestor, int sig)
{
	return signal_all(ancestor, 0, NULL, sig);
}

size_t
kin_signal_session(pid_t leader, int sig)
{
	return signal_all(leader, leader, NULL, sig);
}

size_t
kin_signal_but(pid_t ancestor, bool (*is_spared)(pid_t child), int sig)
{
	return signal_all(ancestor, 0, is_spared, sig);
}
