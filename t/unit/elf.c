#include "data/elf.h"

#include <elf.h>
#include <limits.h>
#include <stddef.h>

#include "scratch.h"
#include "tap.h"

/* A program with all that is read; it is loaded a page above its place. */
enum { BASE = 0x1000, PARTS = 4 };

struct image {
	Elf64_Ehdr head;
	Elf64_Phdr part[PARTS];
	Elf64_Dyn dyn[8];
	struct {
		Elf64_Nhdr head;
		char name[4], text[4];
	} note;
	char interp[16];
	char text[64];
};

#define PART(type, member)                                                  \
	{                                                                   \
		.p_type = type, .p_offset = offsetof(struct image, member), \
		.p_filesz = sizeof((struct image *)0)->member               \
	}

static const struct image good = {
    .head = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
#if defined(__aarch64__)
	.e_machine = EM_AARCH64,
#else
	.e_machine = EM_X86_64,
#endif
	.e_phoff = offsetof(struct image, part),
	.e_phentsize = sizeof(Elf64_Phdr),
	.e_phnum = PARTS},
    .part = {PART(PT_INTERP, interp), PART(PT_DYNAMIC, dyn),
	PART(PT_NOTE, note),
	{.p_type = PT_LOAD, .p_vaddr = BASE, .p_filesz = sizeof(struct image)}},
    .dyn = {{DT_NEEDED, {1}}, {DT_NEEDED, {6}}, {DT_RUNPATH, {11}},
	{DT_RPATH, {16}}, {DT_SONAME, {21}},
	{DT_STRTAB, {BASE + offsetof(struct image, text)}}, {DT_NULL, {0}},
	{DT_NEEDED, {1}}},
    .note = {{4, 4, 4}, "Go", "id"},
    .interp = "/lib/ld.so",
    .text = "\0one.\0two.\0/run\0/old\0self",
};

static struct elf elf;
static struct err err;
static struct arena arena;

static int
try(const void *s, size_t n)
{
	AUTO_FD fd = scratch_input(s, n);

	arena_free(&arena);
	err = (struct err){0};
	return elf_read(fd, "x", &arena, &elf, &err);
}

static const char *
why(const struct image *image)
{
	return try(image, sizeof *image) < 0 ? err.text : "";
}

static void
what_a_program_asks_for_is_read(void)
{
	is_int(try(&good, sizeof good), 1);
	is_true(elf.is_native);
	is_true(elf.is_go);
	is_str(elf.interp, "/lib/ld.so");
	is_str(elf.soname, "self");
	is_str(elf.rpath, "/old");
	is_str(elf.runpath, "/run");
	is_int(elf.needs, 2);
	is_str(elf.needed[0], "one.");
	is_str(elf.needed[1], "two.");
}

static void
what_is_not_there_is_null(void)
{
	struct image one = good;

	for (int i = 0; i < 3; i++)
		one.part[i].p_type = PT_NULL;
	is_int(try(&one, sizeof one), 1);
	is_true(elf.is_native && !elf.is_go);
	is_null(elf.interp);
	is_null(elf.soname);
	is_int(elf.needs, 0);
}

static void
another_file_is_no_elf_file(void)
{
	is_int(try("", 0), 0);
	is_int(try("#!/bin/sh\n", 10), 0);
	is_int(try("\x7f"
		   "ELG",
		   4),
	    0);
}

static void
another_machine_is_told_by_its_head(void)
{
	struct image one = good;

	one.head.e_machine = EM_MIPS;
	is_int(try(&one, sizeof one.head), 1);
	is_true(!elf.is_native);
	one = good;
	one.head.e_ident[EI_DATA] = ELFDATA2MSB;
	is_int(try(&one, sizeof one.head), 1);
	is_true(!elf.is_native);
	one = good;
	one.head.e_ident[EI_CLASS] = ELFCLASS32;
	is_int(try(&one, sizeof(Elf32_Ehdr)), 1);
	is_true(!elf.is_native);
}

static void
a_file_that_is_cut_anywhere_is_refused(void)
{
	int whole = 0;

	for (size_t n = 5; n < offsetof(struct image, text); n++)
		whole += try(&good, n) != -1;
	is_int(whole, 0);
	is_str(err.text, "x: no good ELF file: a text without an end");
}

static void
what_contradicts_itself_is_refused(void)
{
	struct image one = good;

	one.head.e_phentsize = 8;
	is_str(why(&one),
	    "x: no good ELF file: program headers of an unknown size");
	one = good;
	one.head.e_phnum = 65535;
	is_str(why(&one), "x: no good ELF file: too many program headers");
	one = good;
	one.head.e_phoff = UINT64_MAX;
	is_str(why(&one), "x: no good ELF file: a place past all ends");
	one = good;
	one.dyn[5].d_un.d_ptr = 1;
	is_str(why(&one), "x: no good ELF file: an address outside of it");
	one = good;
	one.dyn[5].d_tag = DT_DEBUG;
	is_str(
	    why(&one), "x: no good ELF file: names without a table of texts");
	one = good;
	one.dyn[0].d_un.d_val = UINT32_MAX;
	is_str(why(&one), "x: no good ELF file: a text without an end");
	one = good;
	one.part[1].p_filesz = UINT64_MAX;
	is_str(why(&one), "x: no good ELF file: too many dynamic entries");
	memset(one.interp, 'x', sizeof one.interp + sizeof one.text);
	is_int(try(&one, sizeof one), -1);
}

static void
more_libraries_than_honest_are_let_be(void)
{
	enum { MANY = 2000 };
	static struct {
		struct image image;
		Elf64_Dyn dyn[MANY];
	} one;

	one.image = good;
	one.image.part[1].p_offset = offsetof(__typeof__(one), dyn);
	one.image.part[1].p_filesz = sizeof one.dyn;
	one.image.part[3].p_filesz = sizeof one;
	one.dyn[0] = good.dyn[5];
	for (int i = 1; i < MANY; i++)
		one.dyn[i] = good.dyn[0];
	is_int(try(&one, sizeof one), 1);
	is_int(elf.needs, 1024);
}

static void
notes_of_any_length_are_survived(void)
{
	struct image one = good;

	memcpy(one.note.name, "GNU", 4);
	is_int(try(&one, sizeof one), 1);
	is_true(!elf.is_go);
	one.note.head.n_namesz = UINT32_MAX;
	is_int(try(&one, sizeof one), 1);
	one.note.head = (Elf64_Nhdr){4, UINT32_MAX, 1};
	is_int(try(&one, sizeof one), 1);
	one.part[2].p_filesz = UINT64_MAX;
	is_int(try(&one, sizeof one), 1);
	is_true(!elf.is_go);
}

static void
a_shell_is_dynamic(void)
{
	AUTO_FD fd = open("/bin/sh", O_RDONLY);

	is_int(elf_read(fd, "sh", &arena, &elf, &err), 1);
	is_true(elf.is_native && !elf.is_go);
	is_true(elf.interp && *elf.interp == '/');
	is_true(elf.needs > 0 && elf.needs < 20);
	arena_free(&arena);
}

TAP_MAIN(TEST(what_a_program_asks_for_is_read), TEST(what_is_not_there_is_null),
    TEST(another_file_is_no_elf_file),
    TEST(another_machine_is_told_by_its_head),
    TEST(a_file_that_is_cut_anywhere_is_refused),
    TEST(what_contradicts_itself_is_refused),
    TEST(more_libraries_than_honest_are_let_be),
    TEST(notes_of_any_length_are_survived), TEST(a_shell_is_dynamic))
