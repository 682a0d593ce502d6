/*
 * Bare calls of an engine's API: a command in a container that lives, by exec
 * (create, start, inspect), over a connection that is kept, and over a new one
 * for each call; and the smallest call there is. In turns.
 *
 *	engine SOCKET CONTAINER TURNS
 */
#include <curl/curl.h>
#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "figure.h"

enum { TURNS_MAX = 1000, PINGS = 100 };

static const char *sock;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static size_t
take(char *s, size_t size, size_t n, void *to)
{
	buf_add(to, s, size * n);
	return size * n;
}

static void
call(CURL *c, bool is_new, const char *path, const char *json, struct buf *to)
{
	struct curl_slist *type =
	    curl_slist_append(NULL, "Content-Type: application/json");
	long status = 0;
	AUTO_BUF url = BUF_INIT;

	buf_addf(&url, "http://engine/v1.41%s", path);
	buf_reset(to);
	curl_easy_reset(c);
	curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, sock);
	curl_easy_setopt(c, CURLOPT_URL, url.s);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, to);
	if (json) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, json);
		curl_easy_setopt(c, CURLOPT_HTTPHEADER, type);
	}
	if (is_new) {
		curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
	}
	if (curl_easy_perform(c) != CURLE_OK ||
	    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status) ||
	    status >= 300) {
		fprintf(stderr, "engine: %s: %ld %s\n", path, status, to->s);
		exit(1);
	}
	curl_slist_free_all(type);
}

static double
exec_once(CURL *c, bool is_new, const char *container)
{
	static const char what[] =
	    "{\"AttachStdout\":true,\"AttachStderr\":true,\"Cmd\":[\"true\"]}";
	double begun = now();
	char path[512], id[65] = "";
	AUTO_BUF said = BUF_INIT;

	snprintf(path, sizeof path, "/containers/%s/exec", container);
	call(c, is_new, path, what, &said);
	if (sscanf(said.s, "{\"Id\":\"%64[0-9a-f]", id) != 1)
		exit(1);
	snprintf(path, sizeof path, "/exec/%s/start", id);
	call(c, is_new, path, "{\"Detach\":false}", &said);
	snprintf(path, sizeof path, "/exec/%s/json", id);
	call(c, is_new, path, NULL, &said);
	return now() - begun;
}

static double
ping(CURL *c, bool is_new)
{
	double begun = now();
	AUTO_BUF said = BUF_INIT;

	call(c, is_new, "/_ping", NULL, &said);
	return now() - begun;
}

int
main(int argc, char *argv[])
{
	static double a[TURNS_MAX], b[TURNS_MAX];
	int n = argc == 4 ? atoi(argv[3]) : 0;
	CURL *c = curl_easy_init();

	if (n < 1 || n > TURNS_MAX)
		return 2;
	sock = argv[1];
	for (int i = 0; i < n; i++) {
		a[i] = exec_once(c, false, argv[2]);
		b[i] = exec_once(c, true, argv[2]);
	}
	figure_tell("exec.kept", a, b, n);
	for (int i = 0; i < PINGS; i++) {
		a[i] = ping(c, false);
		b[i] = ping(c, true);
	}
	figure_tell("ping.kept", a, b, PINGS);
	curl_easy_cleanup(c);
	return 0;
}
