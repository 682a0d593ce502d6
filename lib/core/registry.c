#include "core/registry.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/registry_int.h"
#include "data/json.h"
#include "sys/stop.h"

enum {
	NS_OF_S = 1000000000,
	MS_OF_S = 1000,
	PATIENCE_S = 60, /* for what is small */
	TIMES = 4,	 /* that the same is asked */
	WAIT_S = 20,	 /* the longest that a registry is obeyed */
	PAUSE_MS = 200,
};

const char registry_manifests[] =
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json";

/* ---- all of them */

struct registry *
registry_new(
    struct image_set *set, const struct registry_how *how, struct err *e)
{
	struct registry *r = mem_new(1, sizeof *r);

	r->set = set;
	r->how = *how;
	pthread_mutex_init(&r->lock, NULL);
	if (registry_sites_read(r, e) == 0)
		return r;
	registry_del(r);
	return NULL;
}

void
registry_del(struct registry *r)
{
	if (!r)
		return;
	while (r->idles)
		transfer_del(r->idle[--r->idles]);
	pthread_mutex_destroy(&r->lock);
	arena_free(&r->a);
	free(r);
}

struct registry_progress *
registry_progress(struct registry *r)
{
	return &r->progress;
}

struct transfer *
registry_take(struct registry *r)
{
	struct transfer *t = NULL;

	pthread_mutex_lock(&r->lock);
	if (r->idles)
		t = r->idle[--r->idles];
	pthread_mutex_unlock(&r->lock);
	return t ? t : transfer_new();
}

void
registry_give(struct registry *r, struct transfer *t)
{
	pthread_mutex_lock(&r->lock);
	if (r->idles < REGISTRY_IDLE) {
		r->idle[r->idles++] = t;
		t = NULL;
	}
	pthread_mutex_unlock(&r->lock);
	transfer_del(t);
}

void
registry_pause(int ms)
{
	struct pollfd p = {stop_fd(), POLLIN, 0};

	poll(&p, 1, ms);
}

/* ---- what replies mean */

static const struct {
	int status;
	const char *means, *hint;
} meanings[] = {
    {401, "no access to it, or it is not there", "docker login %s"},
    {403, "access to it is denied", "docker login %s, as one who may read it"},
    {404, "it is not there", "is the name right, and the tag?"},
    {429, "too many requests", "try again in a while; a login may do more"},
};

/* The registry's own words, from {"errors":[{"message":…}]}. */
static void
add_message(struct buf *b, const struct transfer_reply *reply)
{
	AUTO_ARENA a = {0};
	struct err why;
	const struct value *v =
	    json_parse(&a, reply->body.s, reply->body.len, &why);
	const char *text =
	    value_str_or(value_find(v, "errors.0.message"), NULL);

	if (!text)
		text = value_str_or(value_get(v, "details"), "");
	if (!*text)
		return;
	buf_adds(b, " (");
	utf8_print(b, text, strnlen(text, 120));
	buf_addc(b, ')');
}

int
visit_refused(const struct visit *v, const char *what,
    const struct transfer_reply *reply, struct err *e)
{
	AUTO_BUF said = BUF_INIT;
	size_t i = 0;

	add_message(&said, reply);
	while (i < COUNT(meanings) && meanings[i].status != reply->status)
		i++;
	if (i == COUNT(meanings))
		return err_set(e, "%s: %s: status %d%s", v->asked, what,
		    reply->status, said.s);
	err_set(e, "%s: %s: status %d, %s%s", v->asked, what, reply->status,
	    meanings[i].means, said.s);
	if (reply->status == 429 && reply->retry_after > 0)
		return err_hint(e, "try again in %ld s; a login may do more",
		    reply->retry_after);
	if (reply->status == 401 && v->has_login)
		return err_hint(e,
		    "it knows the login that docker login kept, and says no");
	return err_hint(e, meanings[i].hint, v->asked);
}

static int
not_reached(
    const struct visit *v, const struct transfer_reply *reply, struct err *e)
{
	struct err why = *e;

	switch (reply->why) {
	case TRANSFER_STOPPED:
		return err_set(e, "stopped");
	case TRANSFER_TLS:
		err_set(e, "%s: no trusted TLS: %s", v->asked, why.text);
		return err_hint(e,
		    "a certificate of one's own: %s = ca=FILE below "
		    "[registries] of clnrm.conf; none at all: %s = insecure",
		    v->asked, v->asked);
	case TRANSFER_REFUSED:
		err_set(e, "%s: not reached: %s", v->asked, why.text);
		return err_hint(e, "is the network there, and the name right? "
				   "Proxies are those of https_proxy and "
				   "no_proxy");
	default:
		return err_set(e, "%s: %s", v->asked, why.text);
	}
}

/* ---- asking */

static int
ask_once(struct visit *v, const struct asking *it, struct transfer *t,
    struct transfer_reply *reply, struct err *e)
{
	AUTO_BUF url = BUF_INIT, authorization = BUF_INIT;
	struct transfer_request ask = {.accept = it->accept,
	    .ca = v->site ? v->site->ca : NULL,
	    .is_unchecked = v->site && v->site->is_insecure,
	    .from = it->from,
	    .end = it->end,
	    .limit = it->limit,
	    .stall_ns = v->r->how.stall_ns,
	    .whole_ns = it->take ? 0 : (int64_t)PATIENCE_S * NS_OF_S,
	    .take = it->take,
	    .arg = it->arg};

	buf_addf(&url, "%s/v2/%s", v->base, it->path);
	pthread_mutex_lock(&v->lock);
	buf_adds(&authorization, v->authorization.s);
	pthread_mutex_unlock(&v->lock);
	ask.url = url.s;
	ask.authorization = authorization.s;
	if (transfer_run(t, &ask, reply, e) == 0)
		return 0;
	return reply->why == TRANSFER_TAKER ? -1 : not_reached(v, reply, e);
}

/* Is the same to be asked again, after a while? */
static bool
wait_for_it(const struct transfer_reply *reply, int times)
{
	bool is_busy = reply->status == 429 || reply->status == 503 ||
		       reply->status == 502 || reply->status == 504;

	if (!is_busy || times + 1 >= TIMES || reply->retry_after > WAIT_S)
		return false;
	registry_pause(reply->retry_after >= 0
			   ? (int)reply->retry_after * MS_OF_S
			   : PAUSE_MS << times);
	return !stop_signal();
}

static int
let_in(struct visit *v, const struct transfer_reply *reply, struct err *e)
{
	int got;

	pthread_mutex_lock(&v->lock);
	got = visit_let_in(v, reply->challenge.s, e);
	pthread_mutex_unlock(&v->lock);
	return got;
}

int
visit_ask(struct visit *v, const struct asking *it,
    struct transfer_reply *reply, struct err *e)
{
	struct transfer *t = registry_take(v->r);
	bool was_let_in = false;
	int got, times = 0;

	for (;;) {
		got = ask_once(v, it, t, reply, e);
		if (got < 0)
			break;
		if (reply->status == 401 && reply->challenge.len &&
		    !was_let_in) {
			got = let_in(v, reply, e);
			was_let_in = true;
			if (got < 0)
				break;
		} else if (!wait_for_it(reply, times++)) {
			break;
		}
	}
	registry_give(v->r, t);
	return got;
}

/* ---- whom */

static int
ping(struct visit *v, struct err *e)
{
	AUTO_REPLY reply = TRANSFER_REPLY_INIT;
	struct asking it = {.path = ""};

	if (visit_ask(v, &it, &reply, e) < 0)
		return reply.why == TRANSFER_TLS ||
			       reply.why == TRANSFER_REFUSED ||
			       reply.why == TRANSFER_CUT
			 ? -2
			 : -1;
	/* Some let nobody in here whom they let in for a repository. */
	if (reply.status == 200 || reply.status == 401 || reply.status == 403)
		return 0;
	if (reply.status == 404) {
		err_set(e, "%s: it is no registry: it has no /v2/", v->asked);
		return -1;
	}
	return visit_refused(v, "/v2/", &reply, e);
}

static void
set_base(struct visit *v, const char *protocol)
{
	bool is_docker = !strcmp(v->asked, "docker.io");

	free(v->base);
	AUTO_BUF base = BUF_INIT;
	buf_addf(&base, "%s://%s", protocol,
	    is_docker ? "registry-1.docker.io" : v->asked);
	v->base = buf_steal(&base);
}

int
visit_begin(struct visit *v, const char *mirror, struct err *e)
{
	size_t n = strcspn(mirror ? mirror : "", "/");
	int got;

	v->asked = mirror ? arena_dup(&v->a, mirror, n) : v->host;
	v->path = mirror && mirror[n]
		    ? arena_fmt(&v->a, "%s/%s", mirror + n + 1, v->repository)
		    : v->repository;
	v->site = registry_site(v->r, v->asked);
	v->has_login = false;
	buf_reset(&v->authorization);
	set_base(v, "https");
	got = ping(v, e);
	if (got == -2 && v->site && v->site->is_insecure) {
		set_base(v, "http");
		got = ping(v, e);
	}
	return got < 0 ? -1 : 0;
}

/* ---- the layout */

static int
write_at(
    const char *dir, const char *name, const char *s, size_t n, struct err *e)
{
	AUTO_BUF path = BUF_INIT;

	buf_addf(&path, "%s/%s", dir, name);
	return file_replace(path.s, s, n, 0600, e);
}

/* "application/…+json; charset=utf-8" without what comes behind. */
static void
cut_type(struct buf *type)
{
	buf_cut(type, strcspn(type->s, "; \t"));
}

/* What the manifest itself says it is, else what the registry says. */
static int
find_type(const struct visit *v, const struct transfer_reply *reply,
    struct buf *type, struct err *e)
{
	AUTO_ARENA a = {0};
	struct err why;
	const struct value *it =
	    json_parse(&a, reply->body.s, reply->body.len, &why);

	buf_adds(type, value_str_or(value_get(it, "mediaType"), ""));
	if (!type->len)
		buf_add(type, reply->type.s, reply->type.len);
	cut_type(type);
	if (type->len && strstr(registry_manifests, type->s))
		return 0;
	err_set(e, "%s: %s: '%.80s' is no type of a manifest", v->asked,
	    v->name, type->s);
	return err_hint(e, "very old images are to be pushed anew");
}

static int
check_digest(const struct visit *v, const struct transfer_reply *reply,
    const char *hex, struct err *e)
{
	const char *want = strncmp(v->reference, "sha256:", 7) ? reply->digest.s
							       : v->reference;

	if (strncmp(want, "sha256:", 7) || !strcmp(want + 7, hex))
		return 0;
	return err_set(e, "%s: the manifest's digest is sha256:%s, not %.80s",
	    v->asked, hex, want);
}

static int
write_layout(
    const struct visit *v, const struct transfer_reply *reply, struct err *e)
{
	AUTO_JSON j = JSON_INIT;
	AUTO_BUF digest = BUF_INIT, type = BUF_INIT, path = BUF_INIT;
	char hex[HASH_HEX];

	hash_hex(reply->body.s, reply->body.len, hex);
	if (check_digest(v, reply, hex, e) < 0)
		return -1;
	if (find_type(v, reply, &type, e) < 0)
		return -1;
	buf_addf(&digest, "sha256:%s", hex);
	buf_addf(&path, "blobs/sha256/%s", hex);
	json_open(&j, NULL, '{');
	json_int(&j, "schemaVersion", 2);
	json_open(&j, "manifests", '[');
	json_open(&j, NULL, '{');
	json_str(&j, "mediaType", type.s);
	json_str(&j, "digest", digest.s);
	json_int(&j, "size", (int64_t)reply->body.len);
	json_close(&j, '}');
	json_close(&j, ']');
	json_close(&j, '}');
	if (write_at(v->dir, path.s, reply->body.s, reply->body.len, e) < 0 ||
	    write_at(v->dir, "index.json", j.text.s, j.text.len, e) < 0)
		return -1;
	return write_at(
	    v->dir, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", 30, e);
}

static int
fetch_top(struct visit *v, struct err *e)
{
	AUTO_REPLY reply = TRANSFER_REPLY_INIT;
	AUTO_BUF path = BUF_INIT;
	struct asking it = {
	    .accept = registry_manifests, .limit = REGISTRY_MANIFEST};

	buf_addf(&path, "%s/manifests/%s", v->path, v->reference);
	it.path = path.s;
	if (visit_ask(v, &it, &reply, e) < 0)
		return -1;
	if (reply.status != 200)
		return visit_refused(v, v->name, &reply, e);
	return write_layout(v, &reply, e);
}

/* ---- one image */

/* "docker.io/library/redis:7" in its parts; a digest goes before a tag. */
static int
split(struct visit *v, const char *name, struct err *e)
{
	AUTO_BUF full = BUF_INIT;
	char *slash, *at, *colon;

	if (image_name_full(name, &full, e) < 0)
		return -1;
	slash = strchr(full.s, '/');
	*slash = 0;
	v->host = arena_str(&v->a, full.s);
	at = strchr(slash + 1, '@');
	colon = strchr(slash + 1, ':');
	if (at && (strlen(at + 1) != 7 + HASH_HEX - 1 ||
		      strncmp(at + 1, "sha256:", 7) ||
		      strspn(at + 8, "0123456789abcdef") != HASH_HEX - 1)) {
		err_set(e, "'%s' has no good digest", name);
		return err_hint(e, "it is @sha256: and 64 digits of 0-9a-f");
	}
	v->reference =
	    at ? arena_str(&v->a, at + 1) : arena_str(&v->a, colon + 1);
	if (colon && (!at || colon < at))
		*colon = 0;
	if (at)
		*at = 0;
	v->repository = arena_str(&v->a, slash + 1);
	return 0;
}

/* From the first of the mirrors that has it, or from the host itself. */
static int
fetch_from_any(struct visit *v, struct err *e)
{
	const struct registry_site *site = registry_site(v->r, v->host);

	for (size_t i = 0; site && i < site->mirrors && !stop_signal(); i++)
		if (visit_begin(v, site->mirror[i], e) == 0 &&
		    fetch_top(v, e) == 0)
			return 0;
	return visit_begin(v, NULL, e) < 0 ? -1 : fetch_top(v, e);
}

static void
forget_parts(const struct visit *v)
{
	for (size_t i = 0; i < v->parts->n; i++) {
		AUTO_BUF path = BUF_INIT;

		buf_addf(&path, "%s/blobs/%s", v->r->set->store,
		    v->parts->entry[i].key);
		unlink(path.s);
	}
}

static int
pull(struct visit *v, struct image_done *done, struct err *e)
{
	const struct image_remote remote = {visit_fetch, v};
	AUTO_BUF dir = BUF_INIT;
	AUTO_FD held = image_scratch(v->r->set, "layout", &dir, e);
	int got;

	if (held < 0)
		return -1;
	v->dir = dir.s;
	got = fetch_from_any(v, e) < 0 ? -1
				       : image_import_remote(v->r->set, v->name,
					     dir.s, &remote, done, e);
	file_remove_tree(dir.s);
	if (got == 0)
		forget_parts(v); /* else the next try needs them */
	return got;
}

int
registry_pull(struct registry *r, const char *name, struct image_done *done,
    int64_t *came, struct err *e)
{
	AUTO_MAP parts = {0};
	struct visit v = {.r = r,
	    .name = name,
	    .authorization = BUF_INIT,
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .parts = &parts};
	int got = split(&v, name, e);

	if (got == 0)
		got = pull(&v, done, e);
	*came = v.came;
	buf_free(&v.authorization);
	free(v.base);
	arena_free(&v.a);
	return got;
}
