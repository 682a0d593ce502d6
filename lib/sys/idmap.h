/*
 * Which ids of the machine stand behind the users and groups of a user
 * namespace, and mounts whose files are seen through such a map.
 */
#ifndef SYS_IDMAP_H
#define SYS_IDMAP_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * All that exist inside. Where /etc/subuid gives root none, its range begins
 * above those that systemd hands to containers, and below 2^31, where signed
 * numbers end.
 */
enum { IDMAP_IDS = 65536, IDMAP_FIRST = 0x70000000 };

struct idmap_range {
	unsigned first, count;
};

/*
 * The largest range that `file`, written as subuid(5) has it, gives to a user,
 * named or by number.
 *
 * out: true and *r, or false
 */
bool idmap_subordinate(const char *file, uid_t user, struct idmap_range *r);

/*
 * Map 0 and up of the user namespace of `pid` to a range of users, and one of
 * groups. Each map can be written once.
 *
 * err: -1 with errno; *is_begun when the first of both was written
 */
int idmap_write(pid_t pid, const struct idmap_range *users,
    const struct idmap_range *groups, bool *is_begun);

/* Map 0 to our own user and group. -1 with errno; *what is the file. */
int idmap_write_one(pid_t pid, const char **what);

/*
 * The same, and 1 and up to what /etc/subuid and /etc/subgid give us, by
 * newuidmap(1) and newgidmap(1).
 *
 * out: *users, what is behind 1 and up
 * err: -1 with errno; *is_begun as above
 */
int idmap_write_helped(pid_t pid, struct idmap_range *users, bool *is_begun);

/*
 * A copy of the mount that `path` lies on, from there on, without the mounts
 * below it; its files show the ids that `userns` maps them to. Read-only.
 *
 * out: a descriptor of the detached mount
 * err: -1 with errno: EINVAL when the file system cannot do it
 * src: mount_setattr(2)
 */
int idmap_clone(const char *path, int userns);

#endif
