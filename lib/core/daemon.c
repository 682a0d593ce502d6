#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"
#include "core/daemon_int.h"
#include "data/json.h"

#define S 1000000000LL

enum { BODY_MAX = 16 << 20, API_MAJOR = 1, API_OLDEST = 40, API_NEWEST = 47 };

static const int64_t patience_ns = 30 * S, first_ns = 2 * S;

/* ---- calls */

static void
request(const struct daemon *d, const struct daemon_call *call, const char *url,
    struct transfer_request *r)
{
	int64_t wait_ns = call->wait_ns ? call->wait_ns : patience_ns;

	*r = (struct transfer_request){.url = url,
	    .method = call->method,
	    .socket = d->socket,
	    .json = call->json,
	    .upload = call->upload,
	    .ca = d->ca,
	    .cert = d->cert,
	    .key = d->key,
	    .is_unchecked = d->is_unchecked,
	    .is_direct = true,
	    .header = call->header,
	    .take = call->take,
	    .is_over = call->is_over,
	    .arg = call->arg,
	    .connect_ns = first_ns,
	    .stall_ns = call->take ? wait_ns : 0,
	    .whole_ns = call->take ? 0 : wait_ns,
	    .is_terse = true,
	    .limit = BODY_MAX};
}

/* Can it be connected to at all? The errno of that, or 0. */
static int
knock(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	AUTO_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof a.sun_path)
		return 0;
	strcpy(a.sun_path, path);
	return connect(fd, (struct sockaddr *)&a, sizeof a) < 0 ? errno : 0;
}

static const char *
cure(int error)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		return "it is not running: start dockerd, or podman system "
		       "service";
	case EACCES:
	case EPERM:
		return "its socket is not yours: add yourself to the group "
		       "that owns it, or run Podman as yourself";
	default:
		return "does it run, and is it not too busy? clnrm doctor "
		       "tells";
	}
}

static int
unanswered(const struct daemon *d, enum transfer_why reason, struct err *e)
{
	struct err why = *e;

	errno = d->socket ? knock(d->socket) : 0;
	if (errno)
		err_set(e, "the engine at %.200s:", d->place);
	else
		err_set(e, "the engine at %.200s: %s", d->place, why.text);
	if (reason == TRANSFER_TLS)
		return err_hint(e,
		    "ca.pem, cert.pem and key.pem are those of its context, "
		    "else of DOCKER_CERT_PATH");
	return err_hint(e, "%s", cure(errno));
}

/* What it says is JSON, with a text in it. */
static void
complain(
    const struct daemon *d, const struct buf *body, int status, struct err *e)
{
	AUTO_ARENA a = {0};
	struct err why;
	const struct value *v = json_parse(&a, body->s, body->len, &why);
	const char *said = value_str_or(value_get(v, "message"), NULL);

	err_set(e, "%.600s", said ? said : body->len ? body->s : "refused");
	if (!said && !body->len)
		err_set(e, "the engine answers with %d", status);
	if (strcasestr(e->text, strerror(ENOSPC)))
		err_hint(e,
		    "the engine's disk is full: %s system prune makes "
		    "room",
		    daemon_name(d));
}

int
daemon_call(struct daemon *d, const struct daemon_call *call, struct buf *body,
    struct err *e)
{
	AUTO_REPLY reply = TRANSFER_REPLY_INIT;
	struct transfer_request r;
	AUTO_BUF url = BUF_INIT;

	buf_addf(&url, "%s", d->origin);
	if (d->api)
		buf_addf(&url, "/v%s", d->api);
	buf_addf(&url, "%s", call->path);
	request(d, call, url.s, &r);
	if (transfer_run(d->transfer, &r, &reply, e) < 0)
		return reply.why == TRANSFER_STOPPED
			 ? err_set(e, "stopped")
			 : unanswered(d, reply.why, e);
	buf_reset(body);
	buf_add(body, reply.body.s, reply.body.len);
	if (reply.status >= 400)
		complain(d, body, reply.status, e);
	return reply.status;
}

int
daemon_ask(struct daemon *d, const struct daemon_call *call, struct arena *a,
    struct value **reply, struct err *e)
{
	AUTO_BUF body = BUF_INIT;
	int status = daemon_call(d, call, &body, e);
	struct err why;

	*reply = status < 0 ? NULL : json_parse(a, body.s, body.len, &why);
	return status;
}

int
daemon_image(struct daemon *d, const char *name, struct arena *a,
    struct value **to, struct err *e)
{
	AUTO_BUF path = BUF_INIT;
	int got;

	buf_adds(&path, "/images/");
	daemon_escape(&path, name);
	buf_adds(&path, "/json");
	got = daemon_ask(d, &(struct daemon_call){.path = path.s}, a, to, e);
	if (got != 404)
		return got >= 200 && got < 300 ? 1 : -1;
	err_set(e, "image %.200s is not there: the %s engine has none", name,
	    daemon_name(d));
	err_hint(e, "clnrm-pull --backend %s %.150s", d->kind, name);
	return 0;
}

struct transfer_stream *
daemon_attach(struct daemon *d, const char *container, struct err *e)
{
	struct transfer_request r;
	struct transfer_stream *s;
	AUTO_BUF path = BUF_INIT;

	request(d, &(struct daemon_call){0}, d->origin, &r);
	r.stall_ns = patience_ns;
	buf_addf(&path,
	    "/v%s/containers/%s/attach?stream=1&stdin=1&stdout=1&stderr=1",
	    d->api, container);
	s = transfer_open(&r, path.s, e);
	if (!s)
		unanswered(d, TRANSFER_CUT, e);
	return s;
}

void
daemon_escape(struct buf *to, const char *text)
{
	for (; *text; text++)
		if (isalnum((unsigned char)*text) || strchr("-._~/", *text))
			buf_addc(to, *text);
		else
			buf_addf(to, "%%%02X", (unsigned char)*text);
}

/* ---- what it is */

static int
minor(const char *version)
{
	int of_1 = -1;

	if (sscanf(version, "1.%d", &of_1) != 1)
		return -1;
	return of_1;
}

static int
agree(struct daemon *d, const struct value *v, struct err *e)
{
	int most = minor(value_str_or(value_get(v, "ApiVersion"), ""));
	int least = minor(value_str_or(value_get(v, "MinAPIVersion"), "1.0"));
	int we = most < API_NEWEST ? most : API_NEWEST;

	if (most < 0)
		return err_set(e, "%.200s is no container engine", d->place);
	if (most < API_OLDEST || least > API_NEWEST) {
		err_set(e,
		    "the engine at %.200s speaks versions 1.%d to 1.%d of "
		    "the API; 1.%d to 1.%d are known",
		    d->place, least, most, API_OLDEST, API_NEWEST);
		return err_hint(e, most < API_OLDEST
				       ? "Docker 19.03 or newer, or Podman"
				       : "a newer clnrm may know them");
	}
	d->api = arena_fmt(&d->a, "%d.%d", API_MAJOR, we);
	return 0;
}

static int
meet(struct daemon *d, struct err *e)
{
	struct value *v;
	int status = daemon_ask(d,
	    &(struct daemon_call){.path = "/version", .wait_ns = 20 * S}, &d->a,
	    &v, e);
	const struct value *parts = value_get(v, "Components");

	if (status < 0)
		return -1;
	for (size_t i = 0; i < value_count(parts); i++)
		if (!strncasecmp(
			value_str_or(
			    value_get(parts->list.item[i], "Name"), ""),
			"podman", 6))
			d->is_podman = true;
	d->version = value_str_or(value_get(v, "Version"), "");
	return agree(d, v, e);
}

int
daemon_find(struct daemon *d, const char *kind, struct err *e)
{
	d->transfer = transfer_new();
	d->kind = arena_str(&d->a, kind);
	return daemon_place(d, e) < 0 ? -1 : meet(d, e);
}

void
daemon_renew(struct daemon *d)
{
	/* Not deleted: a farewell over TLS would end our parent's. */
	d->transfer = transfer_new();
}

void
daemon_twin(const struct daemon *d, struct daemon *to)
{
	*to = *d;
	to->a = (struct arena){0};
	to->transfer = transfer_new();
}

void
daemon_free(struct daemon *d)
{
	transfer_del(d->transfer);
	arena_free(&d->a);
	*d = (struct daemon){0};
}

const char *
daemon_name(const struct daemon *d)
{
	return d->is_podman ? "podman" : "docker";
}
