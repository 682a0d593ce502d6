/* The texts of a bundle that are made for it. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/utf8.h"
#include "core/bundle_int.h"

static void
line(struct buf *b, const char *name, const char *text)
{
	if (!text)
		return;
	buf_addf(b, "%s: ", name);
	utf8_print(b, text, strlen(text));
	buf_addc(b, '\n');
}

static void
lines(struct buf *b, const char *name, const struct value *list)
{
	for (size_t i = 0; i < value_count(list); i++)
		line(b, name, value_str_or(list->list.item[i], NULL));
}

static void
limits(struct buf *b, const struct value *list)
{
	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *it = list->list.item[i];

		buf_addf(b, "limit: %s, by %s\n",
		    value_str_or(value_get(it, "limit"), "?"),
		    value_str_or(value_get(it, "by"), "?"));
	}
}

void
bundle_environment(struct bundle *u, const struct value *end, struct buf *b)
{
	const struct value *isolation = value_get(end, "isolation");
	const char *level = value_str_or(value_get(isolation, "level"), NULL);
	struct utsname os;

	line(b, "test", u->test);
	line(b, "scenario", value_str_or(value_get(end, "scenario"), NULL));
	line(b, "source", u->key.source);
	line(b, "variant", u->key.variant);
	line(b, "status", value_str_or(value_get(end, "status"), NULL));
	line(b, "backend", u->backend);
	line(b, "isolation", level ? level : "none");
	lines(b, "missing", value_get(isolation, "missing"));
	lines(b, "note", value_get(isolation, "notes"));
	limits(b, value_get(end, "enforced"));
	line(b, "clnrm", VERSION);
	if (uname(&os) == 0)
		buf_addf(b, "kernel: %s %s %s\n", os.sysname, os.release,
		    os.machine);
	u->is_degraded |= level && strcmp(level, "full") != 0;
}

static void
quote(struct buf *b, const char *text)
{
	buf_addc(b, '\'');
	for (; *text; text++)
		if (*text == '\'')
			buf_adds(b, "'\\''");
		else
			buf_addc(b, *text);
	buf_addc(b, '\'');
}

/* Where our programs are. */
static void
add_path(struct buf *b)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n <= 0)
		return;
	self[n] = 0;
	*strrchr(self, '/') = 0;
	buf_adds(b, "PATH=");
	quote(b, self);
	buf_adds(b, ":$PATH\n");
}

void
bundle_repeat(const struct bundle *u, const char *run, struct buf *b)
{
	char *cwd = getcwd(NULL, 0);

	buf_adds(b, "#!/bin/sh\n# Repeats \"");
	utf8_print(b, u->test, strlen(u->test));
	if (u->scenario) {
		buf_adds(b, "\", scenario \"");
		utf8_print(b, u->scenario, strlen(u->scenario));
	}
	buf_addf(b,
	    "\", as it was planned in the run\n# %s, whatever its file "
	    "says now. Options are those of clnrm-exec.\n",
	    run);
	add_path(b);
	buf_adds(b, "plan=$(cd \"$(dirname \"$0\")\" && pwd)/plan.json\ncd ");
	quote(b, cwd ? cwd : ".");
	buf_addf(b,
	    " || exit 3\nclnrm-exec --loose%s \"$@\" \"$plan\" | "
	    "clnrm-verify | clnrm-report\n",
	    u->is_degraded ? " --allow-degraded" : "");
	free(cwd);
}
