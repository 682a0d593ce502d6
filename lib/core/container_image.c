/* Images that the engine has: their configuration, and who their users are. */
#include <string.h>

#include "core/container_int.h"
#include "data/source.h"
#include "data/tar.h"

static void
answer(int control, struct wire *w)
{
	wire_send(control, w, 0);
}

void
container_tell_image(struct daemon *d, int control, struct wire *w)
{
	const char *name = wire_get_str(w);
	AUTO_ARENA a = {0};
	AUTO_JSON j = JSON_INIT;
	AUTO_WIRE to = WIRE_INIT;
	struct err e = {0};
	struct value *v;

	if (daemon_image(d, name ? name : "", &a, &v, &e) <= 0) {
		container_refuse(control, &e);
		return;
	}
	json_open(&j, NULL, '{');
	json_value(&j, "config", value_get(v, "Config"));
	json_close(&j, '}');
	to.type = WIRE_IMAGE;
	wire_str(&to, value_str_or(value_get(v, "Id"), ""));
	wire_str(&to, j.text.s);
	answer(control, &to);
}

/* ---- files of an image: out of a container that is never started */

static int
make(struct container_session *s, const char *image, struct arena *a,
    const char **id, struct err *e)
{
	AUTO_JSON j = JSON_INIT;
	struct value *v;
	int got;

	json_open(&j, NULL, '{');
	json_str(&j, "Image", image);
	json_open(&j, "Cmd", '[');
	json_str(&j, NULL, "/");
	json_close(&j, ']');
	container_session_label(s, &j);
	json_close(&j, '}');
	got = daemon_ask(s->daemon,
	    &(struct daemon_call){
		.path = "/containers/create", .json = j.text.s},
	    a, &v, e);
	if (got < 0 || got >= 400)
		return -1;
	*id = value_str_or(value_get(v, "Id"), "");
	return 0;
}

/* The first file of a tar. */
static void
unpack(const struct buf *tar, struct buf *to)
{
	AUTO_TAR t = {0};
	struct source *in = source_bytes(tar->s, tar->len, "archive");
	struct tar_entry en;
	struct err e = {0};
	char piece[4096];
	ssize_t n;

	tar_begin(&t, in);
	if (tar_next(&t, &en, &e) > 0 && en.kind == TAR_FILE)
		while ((n = tar_read(&t, piece, sizeof piece, &e)) > 0)
			buf_add(to, piece, (size_t)n);
	source_close(in);
}

static void
fetch(struct daemon *d, const char *id, const char *path, struct buf *to)
{
	AUTO_BUF call = BUF_INIT;
	AUTO_BUF tar = BUF_INIT;
	struct err e = {0};

	buf_addf(&call, "/containers/%s/archive?path=%s", id, path);
	if (daemon_call(d, &(struct daemon_call){.path = call.s}, &tar, &e) ==
	    200)
		unpack(&tar, to);
}

void
container_tell_users(struct container_session *s, int control, struct wire *w)
{
	const char *image = wire_get_str(w), *id = "";
	AUTO_ARENA a = {0};
	AUTO_BUF passwd = BUF_INIT;
	AUTO_BUF group = BUF_INIT;
	AUTO_WIRE to = WIRE_INIT;
	struct err e = {0};

	if (make(s, image ? image : "", &a, &id, &e) < 0) {
		container_refuse(control, &e);
		return;
	}
	fetch(s->daemon, id, "/etc/passwd", &passwd);
	fetch(s->daemon, id, "/etc/group", &group);
	container_remove(s->daemon, id, &e);
	to.type = WIRE_USERS;
	wire_str(&to, passwd.s);
	wire_str(&to, group.s);
	answer(control, &to);
}
