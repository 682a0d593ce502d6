/*
 * The entries of a tar archive, read as a stream: ustar, pax, GNU long names
 * and base-256 numbers. It is strict, and holds one entry's names at a time,
 * never its content.
 *
 * src: POSIX.1-2017, pax, "ustar Interchange Format"; tar(5)
 */
#ifndef DATA_TAR_H
#define DATA_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/source.h"

enum tar_kind {
	TAR_FILE,
	TAR_LINK,    /* a hard link to the entry named `link` */
	TAR_SYMLINK, /* to the text `link` */
	TAR_DEVICE,  /* of either kind */
	TAR_DIR,
	TAR_FIFO,
};

enum {
	TAR_PATH_MAX = 4095,	/* bytes of a name or a link's target */
	TAR_META_MAX = 1 << 20, /* of what stands before one entry */
};

struct tar_entry {
	enum tar_kind kind;
	const char *name; /* as it stands there, without NUL */
	const char *link; /* "" where there is none */
	uint64_t at;	  /* where in the source its content begins */
	uint64_t size;	  /* of its content; 0 but for files */
	uint32_t mode;	  /* permissions, 07777 */
	uint64_t uid, gid;
	int64_t mtime_s;
	uint32_t mtime_ns;
};

struct tar {
	struct source *in;
	uint64_t left;	  /* content of this entry that is not read */
	unsigned padding; /* zeros behind it */
	bool is_over;
	struct buf name, link, meta;
};

#define AUTO_TAR __attribute__((cleanup(tar_free))) struct tar

/* mem: borrows the source, which stands at the archive's begin */
void tar_begin(struct tar *t, struct source *in);

/*
 * The next entry; what was not read of the one before is passed over.
 *
 * out: 1 and *to, or 0 behind the last one
 * err: -1 and *e: malformed, cut, a sparse file or another kind of entry
 *      that is not known, names beyond the limits above or with a NUL
 * mem: its texts hold until the next call
 */
int tar_next(struct tar *t, struct tar_entry *to, struct err *e);

/*
 * Read its content.
 *
 * out: bytes, n while there are as many; 0 at its end
 * err: -1 and *e when the archive is cut or cannot be read
 */
ssize_t tar_read(struct tar *t, char *to, size_t n, struct err *e);

void tar_free(struct tar *t);

#endif
