#include "core/login.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "data/json.h"

enum {
	ANSWER_MAX = 64 << 10,
	PATIENCE_S = 30, /* some ask the person */
	NS_OF_MS = 1000000,
	NS_OF_S = 1000000000
};

extern char **environ;

void
login_free(struct login *l)
{
	buf_free(&l->user);
	buf_free(&l->secret);
	buf_free(&l->token);
}

/* ---- the helper */

struct helper {
	const char *name; /* the program */
	pid_t pid;
	int in, out;
};

static int
start(struct helper *h, struct err *e)
{
	char *argv[] = {(char *)h->name, (char *)"get", NULL};
	posix_spawn_file_actions_t act;
	int in[2], out[2], got;

	if (pipe2(in, O_CLOEXEC) < 0)
		return err_set(e, "%s:", h->name);
	if (pipe2(out, O_CLOEXEC) < 0) {
		close(in[0]);
		close(in[1]);
		return err_set(e, "%s:", h->name);
	}
	posix_spawn_file_actions_init(&act);
	posix_spawn_file_actions_adddup2(&act, in[0], 0);
	posix_spawn_file_actions_adddup2(&act, out[1], 1);
	got = posix_spawnp(&h->pid, h->name, &act, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&act);
	close(in[0]);
	close(out[1]);
	h->in = in[1];
	h->out = out[0];
	if (!got)
		return 0;
	h->pid = -1;
	errno = got;
	err_set(e, "%s:", h->name);
	return err_hint(e, "the config.json of docker names it; it must be in "
			   "PATH");
}

/* Until it closes its output, or says too much, or for too long. */
static int
read_answer(struct helper *h, struct buf *answer, struct err *e)
{
	int64_t until = clock_mono_ns() + (int64_t)PATIENCE_S * NS_OF_S;

	for (;;) {
		struct pollfd p = {h->out, POLLIN, 0};
		int64_t left = until - clock_mono_ns();
		ssize_t n;

		if (left <= 0)
			return err_set(
			    e, "%s: no answer in %d s", h->name, PATIENCE_S);
		if (poll(&p, 1, (int)(left / NS_OF_MS) + 1) <= 0)
			continue;
		n = read(h->out, buf_room(answer, 4096), 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? err_set(e, "%s:", h->name) : 0;
		answer->len += (size_t)n;
		answer->s[answer->len] = 0;
		if (answer->len > ANSWER_MAX)
			return err_set(
			    e, "%s: its answer is too long", h->name);
	}
}

static int
run(struct helper *h, const char *host, struct buf *answer, struct err *e)
{
	int status = 0, got;

	if (start(h, e) < 0) {
		fd_close(&h->in);
		fd_close(&h->out);
		return -1;
	}
	fd_write(h->in, host, strlen(host)); /* it need not read it */
	fd_close(&h->in);
	got = read_answer(h, answer, e);
	if (got < 0)
		kill(h->pid, SIGKILL);
	fd_close(&h->out);
	while (waitpid(h->pid, &status, 0) < 0 && errno == EINTR)
		;
	return got < 0 ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* Helpers have no other word for that than these. */
static bool
says_none(const struct buf *answer)
{
	return strstr(answer->s, "credentials not found") != NULL;
}

static int
refused(const struct helper *h, const struct buf *answer, struct err *e)
{
	AUTO_BUF said = BUF_INIT;

	utf8_print(&said, answer->s, strcspn(answer->s, "\n"));
	return err_set(e, "%s: %.200s", h->name, said.len ? said.s : "failed");
}

static int
ask_helper(const char *name, const char *host, struct login *to, struct err *e)
{
	AUTO_ARENA a = {0};
	AUTO_BUF answer = BUF_INIT;
	struct helper h = {.pid = -1, .in = -1, .out = -1};
	const struct value *v;
	struct err why = {0};
	int got;

	if (!*name || strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP"
				   "QRSTUVWXYZ0123456789._-") != strlen(name))
		return err_set(e, "'%.80s' is no name of a helper", name);
	h.name = arena_fmt(&a, "docker-credential-%s", name);
	got = run(&h, host, &answer, e);
	if (got < 0)
		return -1;
	if (got)
		return says_none(&answer) ? 0 : refused(&h, &answer, e);
	v = json_parse(&a, answer.s, answer.len, &why);
	if (!v)
		return err_set(e, "%s: its answer is no JSON", h.name);
	buf_adds(&to->user, value_str_or(value_get(v, "Username"), ""));
	buf_adds(&to->secret, value_str_or(value_get(v, "Secret"), ""));
	if (strcmp(to->user.s, "<token>"))
		return 1;
	buf_adds(&to->token, to->secret.s);
	return 1;
}

/* ---- the file */

static int
config_path(struct buf *path)
{
	const char *dir = getenv("DOCKER_CONFIG"), *home = getenv("HOME");

	if (dir && *dir)
		buf_addf(path, "%s/config.json", dir);
	else if (home && *home)
		buf_addf(path, "%s/.docker/config.json", home);
	return path->len && !access(path->s, F_OK) ? 0 : -1;
}

/* Is it a key for that host? Old ones are URLs, with a path. */
static bool
is_for(const char *key, const char *host)
{
	size_t n;

	if (!strncmp(key, "https://", 8))
		key += 8;
	else if (!strncmp(key, "http://", 7))
		key += 7;
	n = strcspn(key, "/");
	return n == strlen(host) && !strncmp(key, host, n);
}

static const struct value *
member_for(const struct value *table, const char *host)
{
	const struct value *exact = value_get(table, host);

	if (!table || table->kind != VALUE_TABLE)
		return NULL;
	for (size_t i = 0; i < value_count(table) && !exact; i++)
		if (is_for(table->table.member[i].key, host))
			exact = table->table.member[i].value;
	return exact;
}

/* "user:secret" in base64, or both in plain. */
static int
take_auth(const struct value *v, struct login *to, struct err *e)
{
	const char *auth = value_str_or(value_get(v, "auth"), "");
	AUTO_BUF both = BUF_INIT;
	const char *colon;

	buf_adds(&to->token, value_str_or(value_get(v, "identitytoken"), ""));
	buf_adds(&to->user, value_str_or(value_get(v, "username"), ""));
	buf_adds(&to->secret, value_str_or(value_get(v, "password"), ""));
	if (!*auth)
		return to->token.len || to->user.len;
	if (base64_parse(&both, auth, strlen(auth)) < 0 ||
	    !(colon = strchr(both.s, ':')))
		return err_set(e, "'auth' is no user:password in base64");
	buf_reset(&to->user);
	buf_reset(&to->secret);
	buf_add(&to->user, both.s, (size_t)(colon - both.s));
	buf_adds(&to->secret, colon + 1);
	return 1;
}

static int
take(const struct value *config, const char *host, struct login *to,
    struct err *e)
{
	const char *own = value_str_or(
	    member_for(value_get(config, "credHelpers"), host), NULL);
	const char *all = value_str_or(value_get(config, "credsStore"), NULL);
	const char *key =
	    !strcmp(host, "docker.io") ? "https://index.docker.io/v1/" : host;
	const struct value *auth;
	int got = 0;

	if (own || all)
		got = ask_helper(own ? own : all, key, to, e);
	if (got)
		return got;
	auth = member_for(value_get(config, "auths"), host);
	if (!auth && key != host)
		auth =
		    member_for(value_get(config, "auths"), "index.docker.io");
	return auth ? take_auth(auth, to, e) : 0;
}

int
login_find(const char *host, struct login *to, struct err *e)
{
	AUTO_ARENA a = {0};
	AUTO_BUF path = BUF_INIT, text = BUF_INIT;
	const struct value *config;
	struct err why = {0};
	int got;

	if (config_path(&path) < 0)
		return 0;
	if (file_read(path.s, &text, e) < 0)
		return -1;
	config = json_parse(&a, text.s, text.len, &why);
	if (!config)
		return err_set(e, "%s: %s", path.s, why.text);
	got = take(config, host, to, &why);
	if (got >= 0)
		return got;
	err_set(e, "%s: %s", path.s, why.text);
	return err_hint(e, "%s",
	    *why.hint ? why.hint
		      : "docker login writes "
			"it anew");
}
