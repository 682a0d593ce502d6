#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "sandbox_kit.h"

static char image[96], data[96], config[96];
static struct sandbox_volume volumes[3];
static struct sandbox_room rooms[2];

/* A root with busybox and nothing else, and two of them as rooms. */
static bool
furnish(void)
{
	char command[900];

	prepare(SANDBOX_FULL);
	snprintf(image, sizeof image, "%s/image", t.dir);
	snprintf(data, sizeof data, "%s/data", t.dir);
	snprintf(config, sizeof config, "%s/config", t.dir);
	snprintf(command, sizeof command,
	    "cd %s && mkdir -p image/bin image/etc data && "
	    "cp $(command -v busybox) image/bin/busybox && "
	    "for p in sh cat ls id echo mount chown su stat sleep nc kill; do "
	    "ln image/bin/busybox image/bin/$p; done && "
	    "echo v >data/v && echo c >config && echo kept >kept && "
	    "ln -s /etc image/dev && echo image >image/etc/name",
	    t.dir);
	if (system("command -v busybox >/dev/null") || system(command)) {
		tap_skip("busybox-static is not installed");
		end();
		return false;
	}
	volumes[0] = (struct sandbox_volume){data, "/srv/data", false};
	volumes[1] = (struct sandbox_volume){data, "/srv/fixed", true};
	volumes[2] = (struct sandbox_volume){config, "/etc/config", false};
	rooms[0] = (struct sandbox_room){image, volumes, 3};
	rooms[1] = (struct sandbox_room){image, NULL, 0};
	t.plan.room = rooms;
	t.plan.rooms = 2;
	t.plan.hosts = "127.0.0.1 localhost db api\n";
	if (build())
		return true;
	end();
	return false;
}

static int
in_room(unsigned room, const char *script)
{
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};
	AUTO_FD out = memfd_create("out", MFD_CLOEXEC);
	struct sandbox_step step = {.id = 1,
	    .argv = (char *const *)argv,
	    .env = (char *const *)t.env,
	    .room = room,
	    .in = -1,
	    .out = out,
	    .err = out};
	struct err e = {0};

	is_true(!sandbox_run(t.s, &step, &e));
	buf_reset(&t.out);
	if (!is_int(next(t.s), SANDBOX_STEP_DONE))
		return -1000;
	is_true(lseek(out, 0, SEEK_SET) == 0 &&
		!fd_drain(out, "out", 0, &t.out, NULL));
	return t.last.error ? -t.last.error : WEXITSTATUS(t.last.status);
}

static void
a_room_has_the_files_of_its_image_and_the_project(void)
{
	if (!furnish())
		return;
	is_int(in_room(1, "cat /etc/name; ls /usr 2>&1; cat kept; id -u"), 0);
	is_str(
	    t.out.s, "image\nls: /usr: No such file or directory\nkept\n0\n");
	is_true(sh("test -e /etc/name") != 0);
	is_int(sh("ls /usr >/dev/null"), 0);
	end();
}
AS_A_USER(a_room_has_the_files_of_its_image_and_the_project)

static void
what_a_room_writes_nobody_else_sees(void)
{
	if (!furnish())
		return;
	is_int(in_room(1, "echo 1 >kept; echo 1 >/etc/name; echo 1 >/tmp/x; "
			  "echo 1 >/srv/data/v; cat /srv/data/v kept"),
	    0);
	is_str(t.out.s, "1\n1\n");
	is_int(in_room(2, "cat kept /etc/name; cat /tmp/x"), 1);
	is_true(!strncmp(t.out.s, "kept\nimage\ncat:", 15));
	is_int(sh("cat kept data/v"), 0);
	is_str(t.out.s, "kept\nv\n");
	is_true(in_room(1, "echo 2 >/srv/fixed/v") != 0);
	is_int(in_room(1, "cat /etc/config; echo 2 >/etc/config"), 0);
	is_str(t.out.s, "c\n");
	end();
	is_true(access(config, F_OK) < 0);
}
AS_A_USER(what_a_room_writes_nobody_else_sees)

static void
names_are_found_in_every_room(void)
{
	if (!furnish())
		return;
	is_int(in_room(2, "cat /etc/hosts"), 0);
	is_str(t.out.s, t.plan.hosts);
	is_int(sh("cat /etc/hosts"), 0);
	is_str(t.out.s, t.plan.hosts);
	is_true(in_room(2, "echo >/etc/hosts") != 0);
	end();
}
AS_A_USER(names_are_found_in_every_room)

static void
rooms_share_their_network_and_processes(void)
{
	if (!furnish())
		return;
	start(7, "exec sleep 41811");
	is_int(in_room(1, "sh -c 'cat /proc/[0-9]*/cmdline' | cat -v"), 0);
	is_true(strstr(t.out.s, "sleep^@41811") != NULL);
	is_int(in_room(1, "echo hello | nc -l -p 7000 >/dev/null & "
			  "sleep 0.2"),
	    0);
	is_int(in_room(2, "nc 127.0.0.1 7000 </dev/null"), 0);
	is_str(t.out.s, "hello\n");
	end();
}

static void
links_of_an_image_lead_nowhere(void)
{
	if (!furnish())
		return;
	is_int(in_room(1, "ls -ld /dev | cat; echo x >/dev/null; ls /etc"), 0);
	is_true(*t.out.s == 'd');
	is_true(strstr(t.out.s, "null") == NULL);
	end();
}

static void
nothing_of_the_machine_is_reached_from_a_room(void)
{
	if (!furnish())
		return;
	is_true(in_room(1, "mount -t tmpfs t /tmp") != 0);
	is_true(in_room(1, "mount -o remount,rw /proc/sys") != 0);
	is_true(in_room(1, "cat /proc/sys/vm/swappiness "
			   ">/proc/sys/vm/swappiness") != 0);
	is_true(in_room(1, "ls /proc/1/root/") != 0);
	end();
}

static void
steps_of_rooms_end_with_the_rest(void)
{
	if (!furnish())
		return;
	is_int(in_room(1, "sleep 41812 >/dev/null 2>&1 & echo"), 0);
	finish(0, SECOND);
	is_true(system("pgrep -f 'sleep 4181[2]' >/dev/null") != 0);
	end();
}
AS_A_USER(steps_of_rooms_end_with_the_rest)

static void
a_step_of_a_room_can_be_signalled(void)
{
	const char *const argv[] = {"/bin/sleep", "100", NULL};
	struct sandbox_step step = {.id = 9,
	    .argv = (char *const *)argv,
	    .room = 2,
	    .in = -1,
	    .out = -1,
	    .err = -1};
	struct err e = {0};

	if (!furnish())
		return;
	step.env = (char *const *)t.env;
	is_true(!sandbox_run(t.s, &step, &e));
	is_true(!sandbox_signal(t.s, 9, SIGTERM, &e));
	is_int(next(t.s), SANDBOX_STEP_DONE);
	is_int(WTERMSIG(t.last.status), SIGTERM);
	end();
}

static void
users_of_an_image_can_be_become_by_root(void)
{
	if (geteuid() != 0) {
		tap_skip("a user has one id");
		return;
	}
	if (!furnish())
		return;
	is_int(in_room(1, "echo 'u:x:1000:1000::/:/bin/sh' >/etc/passwd; "
			  "echo x >/tmp/f; chown 1000 /tmp/f; "
			  "stat -c %u /tmp/f; su u -c 'id -u'"),
	    0);
	is_str(t.out.s, "1000\n1000\n");
	end();
}

static void
a_port_inside_can_be_dialled(void)
{
	struct err e = {0};
	char byte = 0;

	if (!furnish())
		return;
	is_true(!sandbox_dial(t.s, 5, 7001, &e));
	is_int(next(t.s), SANDBOX_DIALED);
	is_int(t.last.error, ECONNREFUSED);
	is_int(in_room(1, "echo hello | nc -l -p 7001 >/dev/null & "
			  "sleep 0.2"),
	    0);
	is_true(!sandbox_dial(t.s, 6, 7001, &e));
	is_int(next(t.s), SANDBOX_DIALED);
	is_int(t.last.step, 6);
	struct pollfd p = {.fd = t.last.fd, .events = POLLIN};
	is_int(poll(&p, 1, 5000), 1);
	is_int(read(t.last.fd, &byte, 1), 1);
	is_int(byte, 'h');
	close(t.last.fd);
	end();
}

static void
an_image_that_is_not_there_is_told(void)
{
	struct err e = {0};

	prepare(SANDBOX_FULL);
	rooms[0] = (struct sandbox_room){"/nowhere", NULL, 0};
	t.plan.room = rooms;
	t.plan.rooms = 1;
	t.s = sandbox_new(&t.spawner, &t.plan, &e);
	is_int(next(t.s), SANDBOX_FAILED);
	if (strstr(t.last.what, "/nowhere"))
		is_int(t.last.error, ENOENT);
	else
		tap_skip(t.last.what);
	end();
}

TAP_MAIN(TEST(a_room_has_the_files_of_its_image_and_the_project),
    TEST(a_room_has_the_files_of_its_image_and_the_project_as_a_user),
    TEST(what_a_room_writes_nobody_else_sees),
    TEST(what_a_room_writes_nobody_else_sees_as_a_user),
    TEST(names_are_found_in_every_room),
    TEST(names_are_found_in_every_room_as_a_user),
    TEST(rooms_share_their_network_and_processes),
    TEST(links_of_an_image_lead_nowhere),
    TEST(nothing_of_the_machine_is_reached_from_a_room),
    TEST(steps_of_rooms_end_with_the_rest),
    TEST(steps_of_rooms_end_with_the_rest_as_a_user),
    TEST(a_step_of_a_room_can_be_signalled),
    TEST(users_of_an_image_can_be_become_by_root),
    TEST(a_port_inside_can_be_dialled),
    TEST(an_image_that_is_not_there_is_told))
