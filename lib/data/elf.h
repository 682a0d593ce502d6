/*
 * What an ELF file asks of the dynamic linker.
 *
 * src: System V ABI (gABI), chapters 4 and 5; Go's cmd/internal/buildid
 */
#ifndef DATA_ELF_H
#define DATA_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct elf {
	bool is_native; /* 64 bits, of this machine's kind and byte order; else
			   nothing below is known */
	bool is_go;	/* Go made it: it calls the kernel past the libc */
	const char *interp;  /* the dynamic linker; NULL: none, so a static
				program, or a library */
	const char *soname;  /* NULL: none */
	const char *rpath;   /* NULL: none */
	const char *runpath; /* NULL: none */
	const char **needed; /* needed[needs], the names of libraries */
	size_t needs;
};

/*
 * Read the headers of a file; no more of it than they name, however large it
 * is.
 *
 * in:  fd, a regular file; its position stays. `name` is for the message
 * out: 1 and *out; 0 when it is no ELF file
 * err: -1 and *e when it cannot be read, is cut off, or contradicts itself
 * mem: the texts hang off *a, 6 MiB at most
 */
int elf_read(
    int fd, const char *name, struct arena *a, struct elf *out, struct err *e);

#endif
