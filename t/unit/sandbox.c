#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sandbox_kit.h"

static void
put(const char *name, const char *text)
{
	char path[128];
	AUTO_FD fd = -1;

	snprintf(path, sizeof path, "%s/%s", t.dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	is_true(fd >= 0 && !fd_write(fd, text, strlen(text)));
}

static int
sh_on_host(const char *script)
{
	char command[300];

	snprintf(command, sizeof command, "cd %s && %s", t.dir, script);
	return system(command);
}

static void
the_first_process_is_ours(void)
{
	if (!begin(SANDBOX_FULL))
		return;
	is_int(sh("cat /proc/1/comm; hostname; id -u; pwd"), 0);
	char want[200];
	snprintf(want, sizeof want, "clnrm-init\nclnrm\n0\n%s\n", t.dir);
	is_str(t.out.s, want);
	end();
}

static void
what_one_step_writes_the_next_one_reads(void)
{
	if (!begin(SANDBOX_FULL))
		return;
	is_int(sh("echo a >a; echo b >/tmp/b; echo c >$HOME/c; "
		  "echo d >/var/tmp/d"),
	    0);
	is_int(sh("cat a /tmp/b /home/clnrm/c /var/tmp/d"), 0);
	is_str(t.out.s, "a\nb\nc\nd\n");
	end();
}

static void
no_network_is_reached(void)
{
	if (!begin(SANDBOX_FULL))
		return;
	is_int(sh("bash -c 'echo >/dev/tcp/192.0.2.1/80'"), 1);
	is_true(strstr(t.out.s, "Network is unreachable") != NULL);
	end();
}

static void
a_sysctl_cannot_be_written(void)
{
	if (!begin(SANDBOX_FULL))
		return;
	is_true(sh("cat /proc/sys/vm/swappiness >/tmp/old; "
		   "cat /tmp/old >/proc/sys/vm/swappiness") != 0);
	is_true(
	    sh("mount -o remount,rw /proc/sys || mount -t tmpfs t /mnt") != 0);
	is_int(sh("cat /proc/keys /proc/timer_list"), 0);
	is_str(t.out.s, "");
	end();
}

static void
privileges_are_gone(void)
{
	if (!begin(SANDBOX_FULL))
		return;
	is_int(sh("sed -n '/^Cap/s/.*\t0*//p; /^NoNew/p' /proc/self/status; "
		  "umask"),
	    0);
	is_str(t.out.s, "\n\n\n\n\nNoNewPrivs:\t1\n0022\n");
	end();
}

static void
no_file_of_the_host_changes(void)
{
	AUTO_BUF text = BUF_INIT;
	char path[128];

	prepare(SANDBOX_FULL);
	put("kept", "old\n");
	if (build()) {
		is_int(sh("cat kept; echo new >kept; cat kept; rm kept; "
			  "echo more >more; mkdir below; ls"),
		    0);
		is_str(t.out.s, "old\nnew\nbelow\nmore\n");
	}
	snprintf(path, sizeof path, "%s/kept", t.dir);
	is_true(!file_read(path, &text, NULL));
	is_str(text.s, "old\n");
	is_int(count_entries(t.dir), 3);
	end();
}

static void
what_is_private_on_the_host_is_not_there(void)
{
	if (!begin(SANDBOX_FULL))
		return;
	is_int(sh("ls -A /run /root /mnt /media /var/tmp /sys /home"), 0);
	is_str(t.out.s, "/home:\nclnrm\n\n/media:\n\n/mnt:\n\n/root:\n\n/run:\n"
			"\n/sys:\n\n/var/tmp:\n");
	is_int(sh("ls -A /home/clnrm; echo; ls -A /tmp | wc -l; test -f "
		  "/etc/passwd "
		  "&& test -x /usr/bin/env && test -c /dev/null && test -w "
		  "/dev/shm && ls -d /dev/pts/ptmx"),
	    0);
	is_str(t.out.s, "\n1\n/dev/pts/ptmx\n"); /* 1: the project */
	end();
}

static int
listen_unix(const char *dir)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s/sock", dir);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 ||
	    listen(fd, 1) < 0 || chmod(a.sun_path, 0777) < 0)
		fd_close(&fd);
	return fd;
}

static int
connect_inside(const char *dir)
{
	char script[512];

	snprintf(script, sizeof script,
	    "perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); "
	    "connect(S, pack_sockaddr_un(\"%s/sock\")) and exit 0; "
	    "print $!; exit 1'",
	    dir);
	return sh(script);
}

static void
a_socket_of_the_host_is_not_reached(void)
{
	char elsewhere[] = "/var/lib/clnrm-unit.XXXXXX";
	AUTO_FD near = -1, far = -1;

	prepare(SANDBOX_FULL);
	near = listen_unix(t.dir);
	is_true(near >= 0);
	if (mkdtemp(elsewhere) && !chmod(elsewhere, 0755))
		far = listen_unix(elsewhere);
	if (build()) {
		is_int(connect_inside(t.dir), 1);
		is_str(t.out.s, "Connection refused");
		if (far >= 0)
			is_int(connect_inside(elsewhere), 1);
		if (far >= 0)
			is_str(t.out.s, "Connection refused");
	}
	if (far >= 0)
		file_remove_tree(elsewhere);
	end();
}

static void
its_listeners_are_reached_from_inside(void)
{
	static const char *const to[] = {"127.0.0.1", "::1"};

	if (!begin(SANDBOX_FULL))
		return;
	is_true(t.ready.listeners >= 1);
	for (size_t i = 0; i < t.ready.listeners; i++) {
		struct sandbox_listener *l = &t.ready.listener[i];
		char script[128], text[8] = "";
		AUTO_FD got = -1;

		is_int(l->got, 4318);
		snprintf(script, sizeof script,
		    "bash -c 'echo hello >/dev/tcp/%s/4318'", to[l->is_v6]);
		is_int(sh(script), 0);
		got = accept(l->fd, NULL, NULL);
		is_int(read(got, text, sizeof text), 6);
		is_str(text, "hello\n");
	}
	end();
}

static void
a_command_that_cannot_start_has_an_errno(void)
{
	const char *const none[] = {"clnrm-is-not-there", NULL};
	const char *const empty[] = {"", NULL}, *const nothing[] = {NULL};
	const char *const file[] = {"./plain", NULL}, *const dir[] = {
							  "/etc", NULL};
	const char *const fine[] = {"pwd", NULL};

	if (!begin(SANDBOX_FULL))
		return;
	is_int(run(none, NULL), -ENOENT);
	is_int(run(empty, NULL), -ENOENT);
	is_int(run(nothing, NULL), -EINVAL);
	is_int(run(dir, NULL), -EACCES);
	is_int(sh("mkdir below; echo 1 >plain"), 0);
	is_int(run(file, NULL), -EACCES);
	is_true(!t.last.is_cwd);
	is_int(sh("chmod 755 plain"), 0);
	is_int(run(file, NULL), -ENOEXEC);
	is_int(run(fine, "gone"), -ENOENT);
	is_true(t.last.is_cwd);
	is_int(run(fine, "below"), 0);
	is_true(strstr(t.out.s, "/below\n") != NULL);
	t.env[0] = "PATH=/nowhere";
	is_int(run(fine, NULL), -ENOENT);
	end();
}

static void
large_arguments_and_environments_arrive(void)
{
	static char word[100 << 10], name[100 << 10];
	const char *const argv[] = {"sh", "-c",
	    "echo ${#1} ${#2} ${#3} ${#BIG}", "sh", word, word, word, NULL};

	if (!begin(SANDBOX_FULL))
		return;
	memset(word, 'x', sizeof word - 1);
	memset(name, 'y', sizeof name - 1);
	memcpy(name, "BIG=", 4);
	t.env[3] = name;
	is_int(run(argv, NULL), 0);
	is_str(t.out.s, "102399 102399 102399 102395\n");
	end();
}

static void
a_step_reports_its_end_and_its_use(void)
{
	if (!begin(SANDBOX_FULL))
		return;
	is_int(sh("exit 3"), 3);
	is_int(sh("kill -9 $$"), 128 + 9);
	is_int(sh("exec >&- 2>&-; sleep 0.05; exit 4"), 4);
	is_true(t.last.end_ns - t.last.start_ns >= 50000000);
	is_int(sh("i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done"), 0);
	is_true(
	    t.last.usage.ru_utime.tv_usec + t.last.usage.ru_stime.tv_usec > 0);
	is_true(t.last.usage.ru_maxrss > 100);
	end();
}

static void
several_steps_run_at_once(void)
{
	struct err e = {0};

	if (!begin(SANDBOX_FULL))
		return;
	start(7, "exec sleep 20");
	start(8, "trap '' TERM; setsid sleep 20 & exec sleep 20");
	is_int(sh("true"), 0);
	is_true(!sandbox_signal(t.s, 7, SIGTERM, &e));
	is_int(next(t.s), SANDBOX_STEP_DONE);
	is_int(t.last.step, 7);
	is_int(WTERMSIG(t.last.status), SIGTERM);
	is_true(!sandbox_signal(t.s, 7, SIGTERM, &e));
	is_true(!sandbox_signal(t.s, 8, SIGKILL, &e));
	is_int(next(t.s), SANDBOX_STEP_DONE);
	is_int(t.last.step, 8);
	is_int(WTERMSIG(t.last.status), SIGKILL);
	is_int(finish(10ll * SECOND, 0), SANDBOX_GONE_SELF);
	end();
}

static void
at_level_process_only_home_and_tmpdir_are_fresh(void)
{
	AUTO_BUF text = BUF_INIT;
	char path[128];

	if (!begin(SANDBOX_PROCESS))
		return;
	is_int(sh("echo 1 >made; cd; pwd; cd $TMPDIR; pwd; ls -A ~ ."), 0);
	snprintf(path, sizeof path, "%s/made", t.dir);
	is_true(!file_read(path, &text, NULL));
	is_str(text.s, "1\n");
	buf_reset(&text);
	buf_addf(&text, "%s\n%s\n.:\n\n%s:\n", t.ready.home, t.ready.tmpdir,
	    t.ready.home);
	is_str(t.out.s, text.s);
	is_int(t.ready.listener[0].asked, 4318);
	is_true(t.ready.listener[0].got != 0);
	end();
	is_int(access(t.ready.home, F_OK), -1);
}

static void
at_level_process_root_keeps_his_rights_to_files_alone(void)
{
	if (geteuid() != 0) {
		tap_skip("needs root");
		return;
	}
	if (!begin(SANDBOX_PROCESS))
		return;
	put("foreign", "1\n");
	is_int(sh("chown 7:7 foreign && chmod 600 foreign && echo 2 >foreign "
		  "&& cat foreign && rm foreign"),
	    0);
	is_str(t.out.s, "2\n");
	is_int(sh("sed -n 's/^CapEff:\t0*//p; s/^CapBnd:\t0*//p; "
		  "s/^NoNewPrivs:\t//p; s/^Seccomp:\t//p' "
		  "/proc/self/status"),
	    0);
	/* An engine's own bounds have no DAC_READ_SEARCH. */
	is_true(!strcmp(t.out.s, "4df\n4df\n1\n2\n") ||
		!strcmp(t.out.s, "4db\n4db\n1\n2\n"));
	is_true(sh("unshare -m true") != 0);
	is_true(sh("mount -t tmpfs t $TMPDIR") != 0);
	end();
}

/* Its user is another: only one who may signal all can end it. */
static void
at_level_process_a_step_of_another_user_ends(void)
{
	if (geteuid() != 0) {
		tap_skip("needs root");
		return;
	}
	if (!begin(SANDBOX_PROCESS))
		return;
	is_int(sh("setpriv --reuid 7 --clear-groups sleep 30 & exit"), 0);
	is_int(finish(0, 10ll * SECOND), SANDBOX_GONE_TERM);
	end();
}

static void
users_inside_are_none_of_the_machine(void)
{
	unsigned inside, outside, count;

	if (geteuid() != 0) {
		tap_skip("needs root");
		return;
	}
	prepare(SANDBOX_FULL);
	put("private", "1\n");
	is_int(sh_on_host("chmod 600 private"), 0);
	if (!build()) {
		end();
		return;
	}
	if (strncmp(t.ready.ids, "users, files id-mapped", 22)) {
		tap_skip(t.ready.ids);
	} else {
		is_int(sh("cat /proc/self/uid_map"), 0);
		is_int(
		    sscanf(t.out.s, "%u %u %u", &inside, &outside, &count), 3);
		is_true(!inside && outside > 65535 && count == 65536);
		is_int(sh("cat private; echo 2 >private; cat private; stat -c "
			  "'%u %g %a' private"),
		    0);
		is_str(t.out.s, "1\n2\n0 0 600\n");
	}
	end();
}

static void
a_call_is_allowed_by_name(void)
{
	prepare(SANDBOX_FULL);
	if (build())
		is_true(sh("unshare -U true") != 0);
	sandbox_del(t.s);
	t.plan.allow = SECCOMP_DENY_NAMESPACES;
	if (build())
		is_int(sh("unshare -U true"), 0);
	end();
}

static void
a_fork_bomb_meets_its_limit(void)
{
	prepare(SANDBOX_FULL);
	t.plan.limit[SANDBOX_PROCESSES] = 20;
	if (build() && !*t.ready.held_by[SANDBOX_PROCESSES])
		tap_skip(t.ready.notes);
	else if (t.s && *t.ready.held_by[SANDBOX_PROCESSES]) {
		is_int(sh("i=0; while [ $i -lt 19 ]; do sleep 30 & "
			  "i=$((i + 1)); done"),
		    0);
		is_true(sh("sleep 30 & sleep 30 & sleep 30") != 0);
		is_int(finish(0, 10ll * SECOND), SANDBOX_GONE_TERM);
		start(
		    1, "exec perl -e '$SIG{TERM} = \"IGNORE\"; fork while 1'");
		is_int(finish(50000000, 0), SANDBOX_GONE_KILL);
	}
	end();
}

static void
what_is_written_has_a_limit(void)
{
	prepare(SANDBOX_FULL);
	t.plan.disk_bytes = 1 << 20;
	if (build()) {
		is_true(sh("head -c 2000000 /dev/zero >a") != 0);
		is_true(strstr(t.out.s, "No space") != NULL);
	}
	end();
}

static void
open_files_have_a_limit(void)
{
	prepare(SANDBOX_FULL);
	t.plan.open_files = 64;
	if (build()) {
		is_int(t.ready.open_files, 64);
		is_int(sh("ulimit -n; ulimit -c"), 0);
		is_str(t.out.s, "64\n0\n");
	}
	end();
}

static void
a_set_up_that_fails_names_its_step(void)
{
	struct err e = {0};

	prepare(SANDBOX_PROCESS);
	t.plan.project = "/nonexistent/clnrm";
	t.s = sandbox_new(&t.spawner, &t.plan, &e);
	is_int(next(t.s), SANDBOX_FAILED);
	is_str(t.last.what, "project /nonexistent/clnrm");
	is_int(t.last.error, ENOENT);
	is_str(t.last.hint, "the project's root does not exist");
	is_int(sandbox_event(t.s, &t.last, &e), 0);
	end();
}

static void
a_mount_below_the_project_is_an_empty_directory(void)
{
	char path[128];

	prepare(SANDBOX_FULL);
	put("plain", "1\n");
	snprintf(path, sizeof path, "%s/mounted", t.dir);
	is_true(!mkdir(path, 0755));
	/* Steps of ours are not seen by the rest of the host. */
	sandbox_stop(&t.spawner);
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("t", path, "tmpfs", 0, NULL) < 0) {
		tap_skip("a mount needs root");
		end();
		return;
	}
	put("mounted/secret", "2\n");
	snprintf(path, sizeof path, "%s/below", t.dir);
	is_true(!mkdir(path, 0755));
	put("below/deep", "3\n");
	is_true(!sandbox_start(&t.spawner, NULL));
	if (build()) {
		is_int(sh("ls . mounted; cat plain below/deep; echo 4 >plain; "
			  "echo 5 >below/deep"),
		    0);
		is_str(t.out.s, ".:\nbelow\nmounted\nplain\n\nmounted:\n"
				"1\n3\n");
	}
	snprintf(path, sizeof path, "%s/mounted", t.dir);
	umount(path);
	end();
}

/* Each of these is tried again by a user without rights. */

AS_A_USER(the_first_process_is_ours)
AS_A_USER(what_one_step_writes_the_next_one_reads)
AS_A_USER(no_network_is_reached)
AS_A_USER(a_sysctl_cannot_be_written)
AS_A_USER(privileges_are_gone)
AS_A_USER(no_file_of_the_host_changes)
AS_A_USER(what_is_private_on_the_host_is_not_there)
AS_A_USER(a_socket_of_the_host_is_not_reached)
AS_A_USER(its_listeners_are_reached_from_inside)
AS_A_USER(at_level_process_only_home_and_tmpdir_are_fresh)

TAP_MAIN(TEST(the_first_process_is_ours),
    TEST(what_one_step_writes_the_next_one_reads), TEST(no_network_is_reached),
    TEST(a_sysctl_cannot_be_written), TEST(privileges_are_gone),
    TEST(no_file_of_the_host_changes),
    TEST(what_is_private_on_the_host_is_not_there),
    TEST(a_socket_of_the_host_is_not_reached),
    TEST(its_listeners_are_reached_from_inside),
    TEST(a_command_that_cannot_start_has_an_errno),
    TEST(large_arguments_and_environments_arrive),
    TEST(a_step_reports_its_end_and_its_use), TEST(several_steps_run_at_once),
    TEST(at_level_process_only_home_and_tmpdir_are_fresh),
    TEST(at_level_process_root_keeps_his_rights_to_files_alone),
    TEST(at_level_process_a_step_of_another_user_ends),
    TEST(users_inside_are_none_of_the_machine), TEST(a_call_is_allowed_by_name),
    TEST(a_fork_bomb_meets_its_limit), TEST(what_is_written_has_a_limit),
    TEST(open_files_have_a_limit), TEST(a_set_up_that_fails_names_its_step),
    TEST(the_first_process_is_ours_as_a_user),
    TEST(what_one_step_writes_the_next_one_reads_as_a_user),
    TEST(no_network_is_reached_as_a_user),
    TEST(a_sysctl_cannot_be_written_as_a_user),
    TEST(privileges_are_gone_as_a_user),
    TEST(no_file_of_the_host_changes_as_a_user),
    TEST(what_is_private_on_the_host_is_not_there_as_a_user),
    TEST(a_socket_of_the_host_is_not_reached_as_a_user),
    TEST(its_listeners_are_reached_from_inside_as_a_user),
    TEST(at_level_process_only_home_and_tmpdir_are_fresh_as_a_user),
    TEST(a_mount_below_the_project_is_an_empty_directory))
