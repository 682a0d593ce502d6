#include "data/elf.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* What no honest file has more of. */
enum {
	MAX_PARTS = 1024,
	MAX_ENTRIES = 4096,
	MAX_TEXT = 4096,
	MAX_NEEDED = 1024,
	MAX_NOTES = 65536,
};

#if defined(__aarch64__)
enum { MACHINE = EM_AARCH64 };
#else
enum { MACHINE = EM_X86_64 };
#endif

struct source {
	int fd;
	const char *name;
	struct arena *arena;
	struct err *e;
	const Elf64_Phdr *part; /* part[parts] */
	size_t parts;
	const Elf64_Dyn *entry; /* entry[entries] */
	size_t entries;
};

static int
refuse(const struct source *s, const char *why)
{
	return err_set(s->e, "%s: no good ELF file: %s", s->name, why);
}

/* As many bytes as there are, n at most. */
static ssize_t
read_some(const struct source *s, void *to, size_t n, uint64_t at)
{
	size_t got = 0;
	ssize_t now;

	if (at > INT64_MAX - n)
		return refuse(s, "a place past all ends");
	while (got < n && (now = pread(s->fd, (char *)to + got, n - got,
			       (off_t)(at + got))) != 0)
		if (now > 0)
			got += (size_t)now;
		else if (errno != EINTR)
			return err_set(s->e, "%s:", s->name);
	return (ssize_t)got;
}

static int
read_all(const struct source *s, void *to, size_t n, uint64_t at)
{
	ssize_t got = read_some(s, to, n, at);

	if (got < 0)
		return -1;
	return (size_t)got < n ? refuse(s, "it is cut off") : 0;
}

static int
read_parts(struct source *s, const Elf64_Ehdr *head)
{
	size_t n = head->e_phnum;
	Elf64_Phdr *part;

	if (n && head->e_phentsize != sizeof *part)
		return refuse(s, "program headers of an unknown size");
	if (n > MAX_PARTS)
		return refuse(s, "too many program headers");
	part = arena_alloc(s->arena, (n + 1) * sizeof *part);
	s->part = part;
	s->parts = n;
	return read_all(s, part, n * sizeof *part, head->e_phoff);
}

static const Elf64_Phdr *
find_part(const struct source *s, uint32_t type)
{
	for (size_t i = 0; i < s->parts; i++)
		if (s->part[i].p_type == type)
			return &s->part[i];
	return NULL;
}

/* A text that ends within MAX_TEXT bytes. */
static int
read_text(const struct source *s, uint64_t at, const char **to)
{
	char text[MAX_TEXT];
	ssize_t got = read_some(s, text, sizeof text, at);

	if (got < 0)
		return -1;
	if (!memchr(text, 0, (size_t)got))
		return refuse(s, "a text without an end");
	*to = arena_str(s->arena, text);
	return 0;
}

static int
read_interp(const struct source *s, struct elf *out)
{
	const Elf64_Phdr *p = find_part(s, PT_INTERP);

	return p ? read_text(s, p->p_offset, &out->interp) : 0;
}

/* Notes are a name and a description each, in steps of four bytes. */
static int
read_notes(const struct source *s, const Elf64_Phdr *p, struct elf *out)
{
	char text[MAX_NOTES];
	Elf64_Nhdr note;
	size_t at = 0;
	ssize_t n = read_some(s, text,
	    p->p_filesz < sizeof text ? p->p_filesz : sizeof text, p->p_offset);

	while (n >= 0 && (size_t)n - at >= sizeof note) {
		size_t left = (size_t)n - at - sizeof note;

		memcpy(&note, text + at, sizeof note);
		at += sizeof note;
		out->is_go |= note.n_namesz == 4 && left >= 4 &&
			      !memcmp(text + at, "Go\0", 4);
		if (note.n_namesz > left ||
		    note.n_descsz > left - note.n_namesz)
			break;
		at += (note.n_namesz + 3u) & ~3u;
		at += (note.n_descsz + 3u) & ~3u;
		if (at > (size_t)n)
			break;
	}
	return n < 0 ? -1 : 0;
}

/* Addresses are those of memory; the loaded parts tell where that was. */
static int
find_offset(const struct source *s, uint64_t address, uint64_t *at)
{
	for (size_t i = 0; i < s->parts; i++) {
		const Elf64_Phdr *p = &s->part[i];

		if (p->p_type == PT_LOAD && address >= p->p_vaddr &&
		    address - p->p_vaddr < p->p_filesz) {
			*at = p->p_offset + (address - p->p_vaddr);
			return 0;
		}
	}
	return refuse(s, "an address outside of it");
}

static int
read_entries(struct source *s)
{
	const Elf64_Phdr *p = find_part(s, PT_DYNAMIC);
	size_t n = p ? p->p_filesz / sizeof *s->entry : 0;
	Elf64_Dyn *entry;

	if (n > MAX_ENTRIES)
		return refuse(s, "too many dynamic entries");
	entry = arena_alloc(s->arena, (n + 1) * sizeof *entry);
	if (n && read_all(s, entry, n * sizeof *entry, p->p_offset) < 0)
		return -1;
	s->entry = entry;
	while (s->entries < n && entry[s->entries].d_tag != DT_NULL)
		s->entries++;
	return 0;
}

static const char **
place_of(const struct source *s, struct elf *out, int64_t tag)
{
	switch (tag) {
	case DT_SONAME:
		return &out->soname;
	case DT_RPATH:
		return &out->rpath;
	case DT_RUNPATH:
		return &out->runpath;
	case DT_NEEDED:
		if (!out->needed)
			out->needed = arena_alloc(
			    s->arena, MAX_NEEDED * sizeof *out->needed);
		return out->needs < MAX_NEEDED ? &out->needed[out->needs++]
					       : NULL;
	default:
		return NULL;
	}
}

static int
read_wishes(const struct source *s, struct elf *out)
{
	uint64_t texts = 0;
	const char **to;

	for (size_t i = 0; i < s->entries; i++)
		if (s->entry[i].d_tag == DT_STRTAB &&
		    find_offset(s, s->entry[i].d_un.d_ptr, &texts) < 0)
			return -1;
	for (size_t i = 0; i < s->entries; i++) {
		to = place_of(s, out, s->entry[i].d_tag);
		if (to && !texts)
			return refuse(s, "names without a table of texts");
		if (to && read_text(s, texts + s->entry[i].d_un.d_val, to) < 0)
			return -1;
	}
	return 0;
}

static bool
is_native(const Elf64_Ehdr *head)
{
	return head->e_ident[EI_CLASS] == ELFCLASS64 &&
	       head->e_ident[EI_DATA] == ELFDATA2LSB &&
	       head->e_machine == MACHINE;
}

int
elf_read(
    int fd, const char *name, struct arena *a, struct elf *out, struct err *e)
{
	struct source s = {.fd = fd, .name = name, .arena = a, .e = e};
	Elf64_Ehdr head = {0};
	ssize_t got = read_some(&s, &head, sizeof head, 0);

	*out = (struct elf){0};
	if (got < 0)
		return -1;
	if (got < SELFMAG || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
		return 0;
	if (got > EI_DATA && head.e_ident[EI_CLASS] != ELFCLASS64)
		return 1;
	if ((size_t)got < sizeof head)
		return refuse(&s, "it is cut off");
	out->is_native = is_native(&head);
	if (!out->is_native)
		return 1;
	if (read_parts(&s, &head) < 0 || read_interp(&s, out) < 0 ||
	    read_entries(&s) < 0 || read_wishes(&s, out) < 0)
		return -1;
	for (size_t i = 0; i < s.parts; i++)
		if (s.part[i].p_type == PT_NOTE &&
		    read_notes(&s, &s.part[i], out) < 0)
			return -1;
	return 1;
}
