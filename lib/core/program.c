#include "core/program.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "data/elf.h"

enum {
	MAX_INTERPRETERS = 5, /* the kernel's own limit */
	MAX_LINE = 256,	      /* of a #! */
	MAX_WORDS = 64,	      /* of a script that are looked at */
};

static int
open_program(const char *path)
{
	struct stat st;
	AUTO_FD fd = -1;

	/* Never open what is a device or a pipe. */
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
	    access(path, X_OK) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd_steal(&fd);
}

static void
join(const char *dir, const char *name, size_t n, struct buf *path)
{
	buf_reset(path);
	if (n > 2 && !memcmp(name, "./", 2)) {
		name += 2;
		n -= 2;
	}
	if (*name != '/' || !n)
		buf_addf(path, "%s/", dir);
	buf_add(path, name, n);
}

/* As execvp(3) finds it; *path is where. */
static int
find(const struct program *p, const char *name, struct buf *path)
{
	AUTO_FD fd = -1;

	if (strchr(name, '/') || !*name) {
		join(p->dir, name, strlen(name), path);
		return open_program(path->s);
	}
	for (const char *at = p->path; at && fd < 0;) {
		size_t n = strcspn(at, ":");

		join(p->dir, at, n, path);
		buf_addf(path, "/%s", name);
		fd = open_program(path->s);
		at = at[n] ? at + n + 1 : NULL;
	}
	return fd_steal(&fd);
}

static const char *
escape_of(const struct elf *elf)
{
	return !elf->is_native ? "is for another kind of machine"
	     : elf->is_go      ? "is by Go, which asks the kernel itself"
	     : !elf->interp    ? "is static"
			       : NULL;
}

/* The interpreter of a script; `env` stands for the program it looks for. */
static bool
read_interpreter(int fd, char line[MAX_LINE], const char **name)
{
	ssize_t n = pread(fd, line, MAX_LINE - 1, 0);
	char *rest, *slash;

	if (n < 3 || memcmp(line, "#!", 2) != 0)
		return false;
	line[n] = 0;
	line[strcspn(line, "\n")] = 0;
	rest = line + 2;
	rest += strspn(rest, " \t");
	*name = strsep(&rest, " \t");
	slash = strrchr(*name, '/');
	if (slash && !strcmp(slash, "/env") && rest && *rest != '-') {
		rest += strspn(rest, " \t");
		*name = strsep(&rest, " \t");
	}
	return **name;
}

static void
add(struct buf *why, const char *path, const char *what)
{
	AUTO_BUF line = BUF_INIT;

	buf_addf(&line, "%s %s\n", path, what);
	if (!strstr(why->s, line.s))
		buf_add(why, line.s, line.len);
}

/* Was it found? Then *why says what is to be said of it. */
static bool
look(const struct program *p, const char *name, struct buf *why)
{
	AUTO_BUF path = BUF_INIT;
	char line[MAX_LINE];

	for (int i = 0; i < MAX_INTERPRETERS; i++) {
		AUTO_ARENA a = {0};
		AUTO_FD fd = find(p, name, &path);
		struct elf elf;
		int got;

		if (fd < 0)
			return i > 0;
		got = elf_read(fd, path.s, &a, &elf, NULL);
		if (got > 0 && escape_of(&elf))
			add(why, path.s, escape_of(&elf));
		if (got || !read_interpreter(fd, line, &name))
			return true;
	}
	return true;
}

/* A shell may run any of its words; one that it does not costs a doubt. */
static void
look_at_script(const struct program *p, const char *text, struct buf *why)
{
	static const char between[] = " \t\n;|&(){}`$'\"<>=";

	for (int i = 0; *text && i < MAX_WORDS; i++) {
		AUTO_BUF word = BUF_INIT;
		size_t n;

		text += strspn(text, between);
		n = strcspn(text, between);
		buf_add(&word, text, n);
		if (n)
			look(p, word.s, why);
		text += n;
	}
}

void
program_escapes(const struct program *p, char *const argv[], struct buf *why)
{
	if (!argv[0])
		return;
	if (!look(p, argv[0], why))
		add(why, argv[0], "is not to be seen outside the cleanroom");
	else if (argv[1] && !strcmp(argv[1], "-c") && argv[2])
		look_at_script(p, argv[2], why);
}
