#include "core/setting.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/mem.h"
#include "data/conf.h"

/* Settings live as long as the process: options borrow their texts. */
static struct arena kept;

/* Of each option of the table: where its value is from; NULL: it is the default
 * or was on the command line. */
static const char *origin[64];

static void
unknown_key(
    const struct cli *tool, const char *path, const struct conf_entry *entry)
{
	const char *names[64], *near;
	size_t n = 0;

	for (const struct cli_opt *o = tool->opts; o->name; o++)
		if (n < COUNT(names))
			names[n++] = o->name;
	near = cli_nearest(entry->key, names, n);
	warn("%s:%u: unknown key '%s' in [%s]%s%s%s", path, entry->line,
	    entry->key, entry->section, near ? "; did you mean '" : "",
	    near ? near : "", near ? "'?" : "");
}

/* What is nobody's is told by the one whose it is meant to be; others may have
 * sections of their own, and slips are seldom in the first letter. */
static void
unknown_section(
    const char *mine, const char *path, const struct conf_entry *entry)
{
	static const char *const sections[] = {"bench", "collect", "contain",
	    "diff", "exec", "fmt", "images", "lint", "prove", "pull", "render",
	    "report", "select", "verify", "watch"};
	const char *near;

	for (size_t i = 0; i < COUNT(sections); i++)
		if (!strcmp(entry->section, sections[i]))
			return;
	near = cli_nearest(entry->section, sections, COUNT(sections));
	if (near && !strcmp(near, mine) && *near == *entry->section)
		warn("%s:%u: unknown section [%s]; did you mean [%s]?", path,
		    entry->line, entry->section, near);
}

static void
apply(const struct cli *tool, const char *path, uint64_t *done)
{
	const char *section = strchr(tool->name, '-') + 1;
	struct conf c = {0};
	struct err e = {0};
	uint64_t here = 0;

	if (conf_read(path, &kept, &c, &e) < 0)
		die(EXIT_INPUT, "%s", e.text);
	for (size_t i = 0; i < c.n; i++) {
		const struct conf_entry *it = &c.entry[i];
		const struct cli_opt *o;
		uint64_t bit;

		if (strcmp(it->section, section)) {
			if (!i || strcmp(it->section, it[-1].section))
				unknown_section(section, path, it);
			continue;
		}
		o = cli_find(tool->opts, it->key);
		if (!o) {
			if (!tool->has_own_keys)
				unknown_key(tool, path, it);
			continue;
		}
		bit = (uint64_t)1 << (o - tool->opts);
		if (*done & bit || cli_was_given(tool->opts, o))
			continue;
		if (cli_set(o, it->value, &e) < 0)
			die(EXIT_INPUT, "%s:%u: %s", path, it->line, e.text);
		origin[o - tool->opts] =
		    arena_fmt(&kept, "%s:%u", path, it->line);
		here |= bit;
	}
	*done |= here;
}

static void
from_environment(const struct cli *tool, uint64_t *done)
{
	for (const struct cli_opt *o = tool->opts; o->name; o++) {
		AUTO_BUF name = BUF_INIT;
		struct err e = {0};
		const char *text;

		buf_adds(&name, "CLNRM_");
		for (const char *c = o->name; *c; c++)
			buf_addc(&name,
			    *c == '-' ? '_' : (char)toupper((unsigned char)*c));
		text = getenv(name.s);
		if (!text || cli_was_given(tool->opts, o))
			continue;
		if (cli_set(o, text, &e) < 0)
			die(EXIT_INPUT, "%s: %s", name.s, e.text);
		origin[o - tool->opts] = arena_str(&kept, name.s);
		*done |= (uint64_t)1 << (o - tool->opts);
	}
}

static void
project_file(void (*fn)(void *arg, const char *path), void *arg)
{
	char dir[PATH_MAX], path[PATH_MAX + 16];

	if (!getcwd(dir, sizeof dir - 1))
		return;
	for (;;) {
		char *slash = strrchr(dir, '/');

		snprintf(path, sizeof path, "%s/clnrm.conf", dir);
		if (!access(path, F_OK)) {
			fn(arg, path);
			return;
		}
		if (!slash)
			return;
		*slash = 0;
	}
}

static void
user_file(void (*fn)(void *arg, const char *path), void *arg)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	AUTO_BUF path = BUF_INIT;

	if (base && *base == '/')
		buf_addf(&path, "%s/clnrm/clnrm.conf", base);
	else if (home && *home == '/')
		buf_addf(&path, "%s/.config/clnrm/clnrm.conf", home);
	else
		return;
	if (!access(path.s, F_OK))
		fn(arg, path.s);
}

void
setting_files(void (*fn)(void *arg, const char *path), void *arg)
{
	project_file(fn, arg);
	user_file(fn, arg);
}

struct applying {
	const struct cli *tool;
	uint64_t done; /* options that have their value */
};

static void
apply_file(void *arg, const char *path)
{
	struct applying *ap = arg;

	apply(ap->tool, path, &ap->done);
}

static void
put_value(struct buf *b, const struct cli_opt *o)
{
	const struct cli_list *list = o->to;

	switch (o->kind) {
	case CLI_FLAG:
		buf_addf(b, "%d", *(const int *)o->to);
		break;
	case CLI_INT:
		buf_addf(b, "%ld", *(const long *)o->to);
		break;
	case CLI_TIME:
		buf_addf(b, "%" PRId64 "ms", *(const int64_t *)o->to / 1000000);
		break;
	case CLI_SIZE:
		buf_addf(b, "%" PRId64, *(const int64_t *)o->to);
		break;
	case CLI_TEXT:
	case CLI_WORD:
		if (*(const char *const *)o->to)
			buf_adds(b, *(const char *const *)o->to);
		break;
	case CLI_LIST:
		for (size_t i = 0; i < list->n; i++)
			buf_addf(b, "%s%s", i ? " " : "", list->item[i]);
		break;
	}
}

_Noreturn static void
show(const struct cli *tool)
{
	const char *section = strchr(tool->name, '-') + 1;

	for (const struct cli_opt *o = tool->opts; o->name; o++) {
		const char *from = origin[o - tool->opts];
		AUTO_BUF b = BUF_INIT;

		put_value(&b, o);
		printf("%s\t%s.%s=%s\n",
		    from			   ? from
		    : cli_was_given(tool->opts, o) ? "command line"
						   : "default",
		    section, o->name, b.s ? b.s : "");
	}
	exit(fflush(stdout) ? EXIT_RUN : EXIT_YES);
}

char **
setting_start(const struct cli *tool, int argc, char *argv[])
{
	char **operands = cli_start(tool, argc, argv);
	struct applying ap = {tool, 0};

	from_environment(tool, &ap.done);
	setting_files(apply_file, &ap);
	if (getenv("CLNRM_SHOW_SETTINGS"))
		show(tool);
	return operands;
}
