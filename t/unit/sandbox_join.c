#include <errno.h>

#include "sandbox_kit.h"

/*
 * A sandbox that is shared, and one that has its network; t.s is that of whom
 * sh() speaks to.
 */
static struct sandbox *host, *guest;
static struct sandbox_event of_host;

static bool
furnish(void)
{
	prepare(SANDBOX_FULL);
	t.plan.is_shared = true;
	if (!build()) {
		end();
		return false;
	}
	host = t.s;
	of_host = t.ready;
	t.ready.listeners = 0;
	t.plan.is_shared = false;
	t.plan.joins = of_host.address;
	t.plan.ports = 0;
	if (build()) {
		guest = t.s;
		return true;
	}
	printf("# %s: %s\n", t.last.what, strerror(t.last.error));
	is_true(false);
	return false;
}

static void
clear(void)
{
	t.s = host;
	sandbox_del(guest);
	drop(&of_host);
	end();
}

static const char serve[] =
    "exec perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("
    "Listen => 5, LocalAddr => q(127.0.0.1:7070)) or die; "
    "while ($c = $s->accept) { print $c qq(served\\n); close $c }'";
static const char ask[] =
    "for i in $(seq 100); do exec 3<>/dev/tcp/127.0.0.1/7070 && break; "
    "sleep 0.1; done 2>/dev/null; cat <&3";

static int
bash(const char *script)
{
	const char *const argv[] = {"bash", "-c", script, NULL};

	return run(argv, NULL);
}

static void
who_joins_has_the_network_and_nothing_else(void)
{
	if (!furnish())
		return;
	t.s = host;
	is_int(sh("echo theirs >/tmp/f; echo theirs >g; cat /proc/1/comm"), 0);
	start(2, serve);
	t.s = guest;
	is_int(bash(ask), 0);
	is_str(t.out.s, "served\n");
	is_int(sh("cat /tmp/f g"), 1);
	is_int(sh("cat /proc/[0-9]*/comm | grep -c perl; id -u"), 0);
	is_str(t.out.s, "0\n0\n");
	clear();
}
AS_A_USER(who_joins_has_the_network_and_nothing_else)

static void
the_network_outlives_who_joins_it(void)
{
	if (!furnish())
		return;
	t.s = host;
	start(2, serve);
	t.s = guest;
	is_int(bash(ask), 0);
	sandbox_del(guest);
	if (build())
		is_int(bash(ask), 0);
	guest = t.s;
	is_str(t.out.s, "served\n");
	clear();
}
AS_A_USER(the_network_outlives_who_joins_it)

static void
who_joins_counts_from_when_it_came(void)
{
	static const char stray[] = "echo >/dev/tcp/192.0.2.1/80";

	if (!furnish())
		return;
	t.s = host;
	is_int(bash(stray), 1);
	is_int(next(host), SANDBOX_STRAYS);
	is_int(t.last.strays, 1);
	sandbox_del(guest);
	if (build()) {
		is_int(bash(stray), 1);
		is_int(next(t.s), SANDBOX_STRAYS);
		is_int(t.last.strays, 1);
	}
	guest = t.s;
	clear();
}

static void
who_joins_cannot_close_the_network(void)
{
	if (!furnish())
		return;
	t.s = guest;
	is_true(sh("ip link set lo down || ifconfig lo down") != 0);
	is_int(sh("unshare -n true || nsenter -t 1 -n true"), 1);
	clear();
}

static void
nobody_joins_what_has_gone_or_is_not_shared(void)
{
	struct err e = {0};

	if (!furnish())
		return;
	t.plan.joins = t.ready.address; /* the guest's own */
	t.s = sandbox_new(&t.spawner, &t.plan, &e);
	is_int(next(t.s), SANDBOX_FAILED);
	is_str(t.last.what, "clone");
	is_int(t.last.error, ESRCH);
	sandbox_del(t.s);
	t.plan.joins = of_host.address;
	sandbox_kill(host);
	is_int(next(host), SANDBOX_CLOSED);
	t.s = sandbox_new(&t.spawner, &t.plan, &e);
	is_int(next(t.s), SANDBOX_FAILED);
	sandbox_del(t.s);
	clear();
}

TAP_MAIN(TEST(who_joins_has_the_network_and_nothing_else),
    TEST(who_joins_has_the_network_and_nothing_else_as_a_user),
    TEST(the_network_outlives_who_joins_it),
    TEST(the_network_outlives_who_joins_it_as_a_user),
    TEST(who_joins_counts_from_when_it_came),
    TEST(who_joins_cannot_close_the_network),
    TEST(nobody_joins_what_has_gone_or_is_not_shared))
