/* Images that an engine fetches for itself. */
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/login.h"
#include "core/registry_int.h"
#include "data/json.h"

enum { LINE_MAX = 1 << 20, LAYERS_MAX = 4096 };

struct layer {
	int64_t wanted, here;
};

/* What the engine tells while it fetches, an object a line. */
struct order {
	struct registry *r;
	struct buf line;
	struct map layers; /* by id */
	struct arena a;
	struct err error;
	bool has_failed;
};

/* ---- who we are */

static void
print_login(const struct login *l, const char *host, struct json *j)
{
	json_open(j, NULL, '{');
	if (l->token.len) {
		json_str(j, "identitytoken", l->token.s);
	} else {
		json_str(j, "username", l->user.s);
		json_str(j, "password", l->secret.s);
	}
	json_str(j, "serveraddress",
	    strcmp(host, "docker.io") ? host : "https://index.docker.io/v1/");
	json_close(j, '}');
}

/* In the letters of RFC 4648, section 5. */
static int
add_login(const char *host, struct buf *header, struct err *e)
{
	AUTO_LOGIN l = LOGIN_INIT;
	AUTO_JSON j = JSON_INIT;
	int got = login_find(host, &l, e);

	if (got <= 0)
		return got;
	print_login(&l, host, &j);
	buf_adds(header, "X-Registry-Auth: ");
	base64_print(header, j.text.s, j.text.len);
	for (char *s = header->s; *s; s++)
		*s = *s == '+' ? '-' : *s == '/' ? '_' : *s;
	return 0;
}

/* ---- what it tells */

static void
move(struct order *o, struct layer *l, int64_t wanted, int64_t here)
{
	o->r->progress.wanted += wanted - l->wanted;
	o->r->progress.here += here - l->here;
	*l = (struct layer){wanted, here};
}

static void
take_progress(struct order *o, const struct value *v)
{
	const char *id = value_str_or(value_get(v, "id"), "");
	const char *status = value_str_or(value_get(v, "status"), "");
	const struct value *detail = value_get(v, "progressDetail");
	int64_t total = value_int_or(value_get(detail, "total"), 0);
	struct layer *l = map_get(&o->layers, id, strlen(id));

	if (!strcmp(status, "Downloading") && total > 0) {
		if (!l && o->layers.n < LAYERS_MAX) {
			l = arena_alloc(&o->a, sizeof *l);
			map_set(&o->layers, id, strlen(id), l);
		}
		if (l)
			move(o, l, total,
			    value_int_or(value_get(detail, "current"), 0));
	} else if (l) {
		move(o, l, l->wanted, l->wanted);
	}
}

/* Its answer has begun with a 200; what goes wrong then is told in it. */
static void
take_line(struct order *o, const char *s, size_t n)
{
	AUTO_ARENA a = {0};
	struct err why = {0};
	const struct value *v = json_parse(&a, s, n, &why);
	const char *error = value_str_or(value_get(v, "error"), NULL);

	if (error) {
		AUTO_BUF text = BUF_INIT;

		utf8_print(&text, error, strnlen(error, 600));
		err_set(&o->error, "%s", text.s);
		o->has_failed = true;
	} else {
		take_progress(o, v);
	}
}

static int
take(void *arg, bool is_part, const char *s, size_t n)
{
	struct order *o = arg;
	char *lf;

	(void)is_part;
	buf_add(&o->line, s, n);
	while ((lf = memchr(o->line.s, '\n', o->line.len))) {
		size_t len = (size_t)(lf - o->line.s);

		if (len)
			take_line(o, o->line.s, len);
		buf_drop(&o->line, len + 1);
	}
	if (o->r->how.tick)
		o->r->how.tick(o->r->how.arg);
	return o->line.len > LINE_MAX ? -1 : 0;
}

/* ---- asking */

static const struct {
	const char *part, *hint;
} cures[] = {
    {"no basic auth", "docker login %s"},
    {"unauthorized", "docker login %s, as one who may read it"},
    {"denied", "is the name right? Else docker login %s, as one who may"},
    {"unknown", "is the name right, and the tag?"},
    {"not found", "is the name right, and the tag?"},
    {"HTTP response to HTTPS",
	"the engine wants TLS of %s: with Podman, %s = insecure below "
	"[registries] of clnrm.conf; with Docker, insecure-registries of its "
	"daemon.json"},
    {"x509", "the engine does not trust %s: its certificate belongs to "
	     "/etc/docker/certs.d/%s/ca.crt, or /etc/containers/certs.d"},
    {"no such host", "is the network there, and the name %s right?"},
    {"connection refused", "does %s run? The engine asks for itself"},
};

static int
explain(const char *host, struct err *e)
{
	char short_host[101];

	snprintf(short_host, sizeof short_host, "%s", host);
	for (size_t i = 0; i < COUNT(cures); i++)
		if (strstr(e->text, cures[i].part))
			return err_hint(
			    e, cures[i].hint, short_host, short_host);
	return -1;
}

static void
add_path(const struct registry *r, const struct daemon *d, const char *full,
    const char *host, struct buf *path)
{
	const struct registry_site *site = registry_site(r, host);
	bool is_loose = d->is_podman && site && site->is_insecure;

	/* Not all versions of Podman know it of the call that Docker has. */
	buf_adds(path, is_loose
			   ? "/libpod/images/pull?tlsVerify=false&reference="
			   : "/images/create?fromImage=");
	daemon_escape(path, full);
}

static int
ask(struct order *o, struct daemon *d, const char *full, const char *host,
    struct err *e)
{
	AUTO_BUF path = BUF_INIT, header = BUF_INIT, body = BUF_INIT;
	int got;

	if (add_login(host, &header, e) < 0)
		return -1;
	add_path(o->r, d, full, host, &path);
	got = daemon_call(d,
	    &(struct daemon_call){.method = "POST",
		.path = path.s,
		.header = header.len ? header.s : NULL,
		.wait_ns = o->r->how.stall_ns,
		.take = take,
		.arg = o},
	    &body, e);
	if (got >= 0 && o->line.len) /* the last one */
		take(o, false, "\n", 1);
	if (o->has_failed)
		*e = o->error;
	return o->has_failed || got >= 400 ? explain(host, e)
	     : got < 0			   ? -1
					   : 0;
}

static int
order(struct registry *r, struct daemon *d, const char *name, struct err *e)
{
	struct order o = {.r = r, .line = BUF_INIT};
	AUTO_BUF full = BUF_INIT;
	AUTO_BUF host = BUF_INIT;
	int got = image_name_full(name, &full, e);

	if (got == 0) {
		buf_add(&host, full.s, strcspn(full.s, "/"));
		got = ask(&o, d, full.s, host.s, e);
	}
	buf_free(&o.line);
	map_free(&o.layers);
	arena_free(&o.a);
	return got;
}

/* 1 with its id, without "sha256:", and its size; 0: it has none. */
static int
look(struct daemon *d, const char *name, struct image_done *done, struct err *e)
{
	AUTO_ARENA a = {0};
	struct value *v;
	const char *id;
	int got = daemon_image(d, name, &a, &v, e);

	if (got <= 0)
		return got;
	id = value_str_or(value_get(v, "Id"), "");
	if (!strncmp(id, "sha256:", 7))
		id += 7;
	snprintf(done->key, sizeof done->key, "%s", id);
	done->bytes = value_int_or(value_get(v, "Size"), 0);
	return 1;
}

int
registry_order(struct registry *r, struct daemon *d, const char *name,
    bool is_update, struct image_done *done, struct err *e)
{
	char was[HASH_HEX] = "";
	int got = look(d, name, done, e);

	if (got < 0 || (got && !is_update))
		return got < 0 ? -1 : 0;
	if (got)
		memcpy(was, done->key, sizeof was);
	if (order(r, d, name, e) < 0 || look(d, name, done, e) <= 0)
		return -1;
	done->is_new = strcmp(was, done->key) != 0;
	return 0;
}
