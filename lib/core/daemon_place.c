/* Where an engine is: the environment, docker's contexts, the usual sockets. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/daemon_int.h"
#include "data/hash.h"
#include "data/json.h"

/* What is named; all NULL: nothing is. */
struct named {
	const char *place;
	const char *certs; /* the directory of ca.pem, …; NULL: no TLS */
	bool is_unchecked; /* whoever answers is believed */
	bool needs_ca;	   /* the system's certificates are not enough */
};

static const char *
env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static const char *
home_file(struct daemon *d, const char *name)
{
	const char *own = env("DOCKER_CONFIG"), *home = env("HOME");

	if (own)
		return arena_fmt(&d->a, "%s/%s", own, name);
	return arena_fmt(&d->a, "%s/.docker/%s", home ? home : "", name);
}

static const struct value *
read_json(struct daemon *d, const char *path)
{
	AUTO_BUF text = BUF_INIT;
	struct err why;

	if (file_read(path, &text, &why) < 0)
		return NULL;
	return json_parse(&d->a, text.s, text.len, &why);
}

/* ---- contexts of docker(1) */

static const char *
context_name(struct daemon *d)
{
	const char *name = env("DOCKER_CONTEXT");

	if (!name)
		name = value_str_or(
		    value_get(read_json(d, home_file(d, "config.json")),
			"currentContext"),
		    NULL);
	return name && *name && strcmp(name, "default") != 0 ? name : NULL;
}

static bool
has_file(const char *dir, const char *name)
{
	AUTO_BUF path = BUF_INIT;

	buf_addf(&path, "%s/%s", dir, name);
	return !access(path.s, F_OK);
}

/* 1: one is named; 0: none is. */
static int
find_context(struct daemon *d, struct named *to, struct err *e)
{
	const char *name = context_name(d), *certs;
	const struct value *v;
	char hex[HASH_HEX];

	if (!name)
		return 0;
	hash_hex(name, strlen(name), hex);
	v = value_find(
	    read_json(d, home_file(d, arena_fmt(&d->a,
					  "contexts/meta/%s/meta.json", hex))),
	    "Endpoints.docker");
	to->place = value_str_or(value_get(v, "Host"), NULL);
	if (!to->place) {
		err_set(e, "docker's context %.100s names no engine", name);
		return err_hint(e, "docker context ls tells which do; "
				   "DOCKER_CONTEXT or docker context use "
				   "names one");
	}
	certs = home_file(d, arena_fmt(&d->a, "contexts/tls/%s/docker", hex));
	to->is_unchecked = value_bool_or(value_get(v, "SkipTLSVerify"), false);
	if (to->is_unchecked || has_file(certs, "ca.pem") ||
	    has_file(certs, "cert.pem"))
		to->certs = certs;
	return 1;
}

/* ---- what is named, and what is there */

/* Certificates, as docker(1) has them. */
static void
find_host(struct daemon *d, const char *place, struct named *to)
{
	bool is_checked = env("DOCKER_TLS_VERIFY");
	const char *certs = env("DOCKER_CERT_PATH");

	to->place = place;
	to->is_unchecked = !is_checked;
	to->needs_ca = is_checked;
	if (certs || is_checked)
		to->certs = certs ? certs : home_file(d, "");
}

static const char *
user_socket(struct daemon *d, const char *below)
{
	const char *dir = env("XDG_RUNTIME_DIR");

	return dir ? arena_fmt(&d->a, "%s/%s", dir, below) : "";
}

/* A socket that is there, as a place; or NULL. */
static const char *
first_socket(struct daemon *d, bool is_podman)
{
	const char *path[2];
	struct stat st;

	path[0] = is_podman ? user_socket(d, "podman/podman.sock")
			    : "/var/run/docker.sock";
	path[1] = is_podman ? "/run/podman/podman.sock"
			    : user_socket(d, "docker.sock");
	for (size_t i = 0; i < COUNT(path); i++)
		if (!stat(path[i], &st) && S_ISSOCK(st.st_mode))
			return arena_fmt(&d->a, "unix://%s", path[i]);
	return NULL;
}

static int
find_docker(struct daemon *d, struct named *to, struct err *e)
{
	const char *host = env("DOCKER_HOST");
	int got = 0;

	if (host)
		find_host(d, host, to);
	else
		got = find_context(d, to, e);
	if (!to->place && got == 0)
		to->place = first_socket(d, false);
	return got < 0 ? -1 : 0;
}

static void
find_podman(struct daemon *d, struct named *to)
{
	const char *host = env("CONTAINER_HOST");

	to->place = host ? host : first_socket(d, true);
}

/* ---- how it is reached */

static const char *
certificate(struct daemon *d, const char *dir, const char *name)
{
	return arena_fmt(&d->a, "%s/%s", dir, name);
}

/* What is missing is the system's, or not shown. */
static void
use_tls(struct daemon *d, const struct named *n)
{
	d->is_unchecked = n->is_unchecked;
	if (!n->is_unchecked && (n->needs_ca || has_file(n->certs, "ca.pem")))
		d->ca = certificate(d, n->certs, "ca.pem");
	if (!has_file(n->certs, "cert.pem"))
		return;
	d->cert = certificate(d, n->certs, "cert.pem");
	d->key = certificate(d, n->certs, "key.pem");
}

static bool
has_port(const char *host)
{
	const char *end = strrchr(host, ']'); /* of an address of IPv6 */

	return strchr(end ? end : host, ':');
}

static int
take_tcp(struct daemon *d, const struct named *n)
{
	size_t len = strcspn(n->place + 6, "/");
	const char *host = arena_dup(&d->a, n->place + 6, len);

	d->origin = arena_fmt(&d->a, "http%s://%s%s", n->certs ? "s" : "", host,
	    has_port(host) ? ""
	    : n->certs	   ? ":2376"
			   : ":2375");
	if (n->certs)
		use_tls(d, n);
	return 0;
}

static int
take(struct daemon *d, const struct named *n, struct err *e)
{
	d->place = arena_str(&d->a, n->place);
	if (!strncmp(n->place, "tcp://", 6))
		return take_tcp(d, n);
	if (!strncmp(n->place, "unix://", 7)) {
		d->socket = d->place + 7;
		d->origin = "http://localhost";
		return 0;
	}
	err_set(e, "the engine at %.200s: only unix:// and tcp:// are spoken",
	    n->place);
	return err_hint(
	    e, "ssh -L forwards a socket of a machine that ssh reaches");
}

int
daemon_place(struct daemon *d, struct err *e)
{
	bool is_podman = !strcmp(d->kind, "podman");
	struct named n = {0};

	if (!is_podman && find_docker(d, &n, e) < 0)
		return -1;
	if (!n.place && (is_podman || !strcmp(d->kind, "auto")))
		find_podman(d, &n);
	if (n.place)
		return take(d, &n, e);
	err_set(e, "no container engine is found");
	return err_hint(e,
	    "start dockerd, or podman system service; or name its socket: "
	    "%s=unix:///path",
	    is_podman ? "CONTAINER_HOST" : "DOCKER_HOST");
}
