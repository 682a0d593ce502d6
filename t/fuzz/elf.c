/*
 * Any bytes as an ELF file: what is read of it is text.
 */
#include <stdint.h>
#include <sys/mman.h>

#include "base/die.h"
#include "base/file.h"
#include "data/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *s, size_t n)
{
	AUTO_ARENA a = {0};
	AUTO_FD fd = memfd_create("elf", MFD_CLOEXEC);
	struct err e = {0};
	struct elf elf;
	int got;

	if (fd < 0 || fd_write(fd, (const char *)s, n) < 0)
		return 0;
	got = elf_read(fd, "-", &a, &elf, &e);
	BUG_IF(got < 0 && !*e.text);
	BUG_IF(got > 0 && elf.interp && strlen(elf.interp) > n);
	for (size_t i = 0; got > 0 && i < elf.needs; i++)
		BUG_IF(strlen(elf.needed[i]) > n);
	return 0;
}
