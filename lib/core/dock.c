#include "core/dock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "data/json.h"

enum { CONTROL = 3 };

int
dock_check(const char *backend, struct err *e)
{
	static const char *const known[] = {
	    "sandbox", "docker", "podman", "auto"};

	for (size_t i = 0; i < COUNT(known); i++)
		if (!strcmp(backend, known[i]))
			return 0;
	return err_set(e,
	    "--backend: '%.80s' is none of sandbox, docker, podman, auto",
	    backend);
}

/* Beside us, as all our programs are; else in PATH. */
static _Noreturn void
become(const char *const argv[])
{
	char own[4096];
	ssize_t n = readlink("/proc/self/exe", own, sizeof own - 32);
	char *slash;

	own[n > 0 ? n : 0] = 0;
	slash = strrchr(own, '/');
	if (slash) {
		strcpy(slash + 1, argv[0]);
		execv(own, (char **)argv);
	}
	execvp(argv[0], (char **)argv);
	_exit(127);
}

static _Noreturn void
run(int control, const char *engine)
{
	const char *argv[] = {"clnrm-contain", "--serve", engine, NULL};
	sigset_t all;

	/* Its life follows ours, not the terminal's. */
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (control == CONTROL)
		fcntl(control, F_SETFD, 0);
	else
		dup2(control, CONTROL);
	close_range(CONTROL + 1, ~0U, 0);
	become(argv);
}

bool
dock_look(const char *engine)
{
	const char *argv[] = {
	    "clnrm-contain", "--probe", "--backend", engine, NULL};
	pid_t pid = fork();
	int status = -1;

	if (!pid)
		become(argv);
	if (pid > 0)
		waitpid(pid, &status, 0);
	return status == 0;
}

/* It serves, or says why not. */
static int
hear(struct dock *d, struct wire *w, enum wire_type awaited, struct err *e)
{
	const char *hint;
	int got = wire_receive(d->spawner.fd, w, 0);

	if (got <= 0) {
		err_set(e, "clnrm-contain has ended unasked");
		return err_hint(e, "it stands beside clnrm-exec, or in PATH");
	}
	if (w->type == awaited)
		return 0;
	err_set(e, "%s", wire_get_str(w));
	wire_get_int(w);
	hint = wire_get_str(w);
	return hint && *hint ? err_hint(e, "%s", hint) : -1;
}

int
dock_start(struct dock *d, const char *engine, struct err *e)
{
	AUTO_WIRE w = WIRE_INIT;
	int pair[2];

	signal(SIGCHLD, SIG_DFL);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, "a socket:");
	d->spawner = (struct sandbox_spawner){
	    .fd = pair[0], .pid = fork(), .is_copying = true};
	if (!d->spawner.pid)
		run(pair[1], engine);
	close(pair[1]);
	if (d->spawner.pid < 0 || hear(d, &w, WIRE_READY, e) < 0) {
		sandbox_stop(&d->spawner);
		return -1;
	}
	snprintf(d->name, sizeof d->name, "%s", wire_get_str(&w));
	return 0;
}

static int
ask(struct dock *d, enum wire_type type, const char *text, struct wire *w,
    struct err *e)
{
	AUTO_WIRE question = WIRE_INIT;

	question.type = type;
	wire_str(&question, text);
	if (wire_send(d->spawner.fd, &question, 0) < 0)
		return err_set(e, "clnrm-contain has ended unasked:");
	return hear(d, w, type, e);
}

int
dock_image(struct dock *d, const char *name, struct arena *a, struct image *to,
    struct err *e)
{
	AUTO_WIRE w = WIRE_INIT;
	const struct value *config;
	const char *text;

	if (ask(d, WIRE_IMAGE, name, &w, e) < 0)
		return -1;
	*to = (struct image){.root = -1, .held = -1};
	to->path = to->key = arena_str(a, wire_get_str(&w));
	text = wire_get_str(&w);
	config = text ? json_parse(a, text, strlen(text), e) : NULL;
	if (!config)
		return err_set(
		    e, "image %.200s: the engine tells nothing of it", name);
	image_take_config(to, a, config);
	return 0;
}

int
dock_accounts(struct dock *d, const struct image *image,
    struct image_accounts *to, struct err *e)
{
	AUTO_WIRE w = WIRE_INIT;
	const char *text[2];

	if (ask(d, WIRE_USERS, image->path, &w, e) < 0)
		return -1;
	for (size_t i = 0; i < 2; i++) {
		text[i] = wire_get_str(&w);
		buf_adds(i ? &to->group : &to->passwd, text[i] ? text[i] : "");
	}
	return 0;
}
