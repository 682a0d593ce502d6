#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "sys/sandbox_int.h"
#include "sys/seccomp.h"

/*
 * Without own mounts root's rights to files stay, for the files are the
 * machine's and may be anybody's; all others go. In a room they stay too, as
 * far as there are users to become: images are made for it. KILL is the
 * supervisor's alone: a step may change its user, and must end all the same.
 */
enum {
	KEPT = 1 << CAP_CHOWN | 1 << CAP_DAC_OVERRIDE |
	       1 << CAP_DAC_READ_SEARCH | 1 << CAP_FOWNER | 1 << CAP_FSETID |
	       1 << CAP_SETGID | 1 << CAP_SETUID | 1 << CAP_NET_BIND_SERVICE,
};

static unsigned
kept_capabilities(const struct world *w, bool is_room)
{
	return world_is_own(w) && !(is_room && w->has_ids) ? 0 : KEPT;
}

static int
drop_capabilities(unsigned keep, unsigned own)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct has[2] = {{0}};

	if (syscall(SYS_capget, &head, has) < 0)
		return -1;
	for (int cap = 0; has[0].effective & 1 << CAP_SETPCAP; cap++) {
		if (cap < 32 && keep & 1u << cap)
			continue;
		if (!prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			continue;
		if (errno != EINVAL)
			return -1;
		break; /* the end of those that the kernel knows */
	}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	has[0].permitted &= keep | own;
	has[0].effective =
	    has[0].permitted & ~(unsigned)(own & 1 << CAP_DAC_READ_SEARCH);
	has[1].permitted = has[1].effective = 0;
	has[0].inheritable = has[1].inheritable = 0;
	return (int)syscall(SYS_capset, &head, has);
}

/* No program that a step runs gets these. */
static unsigned
own_capabilities(const struct world *w, bool is_room)
{
	unsigned kill = !world_is_own(w) || w->has_ids ? 1 << CAP_KILL : 0;

	return kill |
	       (world_is_own(w) && !is_room ? 1 << CAP_DAC_READ_SEARCH : 0);
}

void
privilege_search(bool on)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct has[2] = {{0}};

	if (syscall(SYS_capget, &head, has) < 0)
		return;
	has[0].effective &= ~(1u << CAP_DAC_READ_SEARCH);
	if (on)
		has[0].effective |=
		    has[0].permitted & 1u << CAP_DAC_READ_SEARCH;
	syscall(SYS_capset, &head, has);
}

int
privilege_drop(struct world *w, bool is_room)
{
	const struct seccomp_rules rules = {SECCOMP_DENY_ALL & ~w->allow};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return world_fails(w, "no_new_privs");
	if (drop_capabilities(kept_capabilities(w, is_room),
		own_capabilities(w, is_room)) < 0)
		return world_fails(w, "capabilities");
	/* Hides our descriptors from those inside. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* Init makes none of these calls either. */
	if (!seccomp_enter(&rules))
		return 0;
	if (world_is_own(w))
		return world_fails(w, "seccomp");
	world_note(w, "seccomp: %s", strerrorname_np(errno));
	return 0;
}
