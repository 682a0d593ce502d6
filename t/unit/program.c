#include "core/program.h"

#include <elf.h>
#include <sys/stat.h>

#include "scratch.h"
#include "tap.h"

/* A head that says "of this machine", with nothing behind it: static. */
static void
write_static(const char *path)
{
	Elf64_Ehdr head = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
#if defined(__aarch64__)
		.e_machine = EM_AARCH64,
#else
		.e_machine = EM_X86_64,
#endif
	};
	AUTO_FD fd = -1;

	scratch_enter();
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	if (fd < 0 || fd_write(fd, (char *)&head, sizeof head) < 0)
		abort();
}

static void
write_script(const char *path, const char *text)
{
	scratch_write(path, text);
	chmod(path, 0755);
}

/* What is said of a command, without the directory. */
static const char *
escapes(const char *a, const char *b, const char *c)
{
	static char said[512];
	const char *argv[] = {a, b, c, NULL};
	char path[128];
	struct program p = {.path = path, .dir = scratch_path};
	AUTO_BUF why = BUF_INIT;
	char *at;

	scratch_enter();
	snprintf(path, sizeof path, "bin:%s/more:/usr/bin:/bin", scratch_path);
	program_escapes(&p, (char *const *)argv, &why);
	snprintf(said, sizeof said, "%s", why.s);
	while ((at = strstr(said, scratch_path)))
		memmove(at, at + strlen(scratch_path),
		    strlen(at + strlen(scratch_path)) + 1);
	return said;
}

static void
a_dynamic_program_is_reached(void)
{
	is_str(escapes("ls", NULL, NULL), "");
	is_str(escapes("/bin/sh", NULL, NULL), "");
	is_str(escapes(NULL, NULL, NULL), "");
}

static void
a_static_one_is_not(void)
{
	write_static("x");
	is_str(escapes("./x", NULL, NULL), "/x is static\n");
}

static void
the_path_is_searched_in_its_order(void)
{
	scratch_enter();
	mkdir("bin", 0755);
	mkdir("more", 0755);
	write_static("more/y");
	is_str(escapes("y", NULL, NULL), "/more/y is static\n");
	write_static("bin/y");
	is_str(escapes("y", NULL, NULL), "/bin/y is static\n");
	chmod("bin/y", 0644);
	is_str(escapes("y", NULL, NULL), "/more/y is static\n");
}

static void
the_interpreter_of_a_script_is_looked_at(void)
{
	char text[128];

	write_static("x");
	snprintf(text, sizeof text, "#! %s/x -f\n", scratch_path);
	write_script("script", text);
	is_str(escapes("./script", NULL, NULL), "/x is static\n");
	write_script("plain", "#!/bin/sh\n");
	is_str(escapes("./plain", NULL, NULL), "");
	mkdir("bin", 0755);
	write_static("bin/z");
	write_script("env", "#!/usr/bin/env z\n");
	is_str(escapes("./env", NULL, NULL), "/bin/z is static\n");
	write_script("loop", "#!./loop\n");
	is_str(escapes("./loop", NULL, NULL), "");
	write_script("none", "#!\n");
	is_str(escapes("./none", NULL, NULL), "");
}

static void
the_words_of_a_shell_are_looked_at(void)
{
	write_static("x");
	is_str(escapes("sh", "-c", "ls; (./x) && ./x"), "/x is static\n");
	is_str(escapes("sh", "-c", "./not-here /dev/tty /proc/kmsg"), "");
	is_str(escapes("sh", "-c", ""), "");
}

static void
what_is_not_there_is_told(void)
{
	is_str(escapes("made-inside", NULL, NULL),
	    "made-inside is not to be seen outside the cleanroom\n");
	is_str(escapes("/dev/null", NULL, NULL),
	    "/dev/null is not to be seen outside the cleanroom\n");
}

static void
a_broken_program_is_none_of_ours(void)
{
	write_script("cut", "\x7f"
			    "ELF\2\1");
	is_str(escapes("./cut", NULL, NULL), "");
}

TAP_MAIN(TEST(a_dynamic_program_is_reached), TEST(a_static_one_is_not),
    TEST(the_path_is_searched_in_its_order),
    TEST(the_interpreter_of_a_script_is_looked_at),
    TEST(the_words_of_a_shell_are_looked_at), TEST(what_is_not_there_is_told),
    TEST(a_broken_program_is_none_of_ours))
