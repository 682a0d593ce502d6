/*
 * Who a program of an image runs as: `User` of its configuration.
 */
#ifndef CORE_IMAGE_USER_H
#define CORE_IMAGE_USER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "sys/sandbox.h"

struct image_user {
	struct sandbox_user ids;
	const char *home; /* as /etc/passwd has it, or NULL */
};

/* Who there is: an image's own /etc/passwd and /etc/group. */
struct image_accounts {
	struct buf passwd, group;
};

#define AUTO_ACCOUNTS \
	__attribute__((cleanup(image_accounts_free))) struct image_accounts
#define IMAGE_ACCOUNTS_INIT        \
	{                          \
		BUF_INIT, BUF_INIT \
	}

/*
 * What of them can be read; an image without any is fine.
 *
 * in:  root, the root directory of the image, O_PATH; links stay inside
 */
void image_accounts_read(int root, struct image_accounts *to);

void image_accounts_free(struct image_accounts *of);

/*
 * Look up NAME, NAME:GROUP, UID, UID:GID or a mix of them. Without a group it
 * is that of the user, else 0, and the user is in the groups that name him.
 *
 * err: -1 and *e: a name that is not there, an id above 65535
 * mem: home hangs off *a
 * src: OCI Image Format 1.1, config `User`; passwd(5), group(5)
 */
int image_user(const struct image_accounts *of, const char *text,
    struct arena *a, struct image_user *to, struct err *e);

#endif
