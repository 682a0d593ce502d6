#!/usr/bin/env bats
# What a step does to get out of its cleanroom, as root and as a user, and what
# comes of it. t/escape/attempt.c makes each attempt and prints what it got; the
# same outside shows that it is a real one.
load helper

who() {
	[ "$(id -u)" = 0 ] && echo root
	echo user
}

# The command "$@" as one who has no rights.
as_user() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups \
			env HOME=/nonexistent "$@"
	else
		"$@"
	fi
}

as_root() {
	"$@"
}

# What the host has: a process that listens, files, and memory to share.
start_host() {
	perl -MIO::Socket -MSocket -e '
		my ($dir, $name) = @ARGV;
		chdir $dir;
		my $tcp = IO::Socket::INET->new(Listen => 9, LocalAddr => "127.0.0.1");
		for my $path ("./$name", "\0$name") {
			socket(my $s, PF_UNIX, SOCK_STREAM, 0);
			bind($s, pack_sockaddr_un($path)) or die "$path: $!";
			listen($s, 9);
			push @kept, $s;
		}
		chmod 0777, "./$name";
		my $shm = shmget($tcp->sockport, 16, 01666);
		open my $up, ">", "up.new";
		print $up $tcp->sockport, " $shm\n";
		close $up;
		rename "up.new", "up";
		$SIG{TERM} = sub { shmctl $shm, 0, 0; exit };
		sleep 1 while 1;
	' "$dir" "$name" 3>&- &
	echo $! >"$dir/pid"
	await test -e "$dir/up"
}

# The project: programs, and links that lead out of it.
make_project() {
	${CC:-cc} -D_GNU_SOURCE -std=gnu11 -O1 -static -o "$dir/attempt" \
		"$ROOT"/t/escape/*.c
	cp "$dir/attempt" "$dir/set-user-id"
	[ "$(id -u)" != 0 ] || chown 1000:1000 "$dir/set-user-id"
	chmod 4755 "$dir/set-user-id"
	touch "$dir/clnrm.conf"
	echo secret >"/tmp/$name"
	ln -s "/tmp/$name" "$dir/link-out"
	echo kept >"$out/linked"
	ln "$out/linked" "$dir/link-hard"
	ln -s "$out/linked" "$dir/link-soft"
	chmod 666 "$out/linked"
	cp "$BIN"/clnrm-render "$BIN"/clnrm-lint "$BIN"/clnrm-exec "$dir"
	read -r port _ <"$dir/up"
	cat >"$dir/t.clnrm.toml" <<-T
	[meta]
	name = "t"
	version = "1"
	[[scenario]]
	name = "s"
	[[scenario.steps]]
	name = "attempt"
	run = "./attempt $(cat "$dir/pid") $port $name"
	[[scenario.steps]]
	name = "look"
	run = '''
	ls /proc/self/fd | xargs
	echo changed >link-hard; echo changed >link-soft
	cat link-hard; ls -d /proc/[0-9]* | wc -l; cat /proc/1/comm
	echo word >/dev/null && head -c 1 /dev/zero | wc -c'''
	T
}

run_as() {
	(
		cd "$dir" || exit 1
		exec 9</
		"as_$1" ./clnrm-render t.clnrm.toml | "as_$1" ./clnrm-lint - |
			"as_$1" ./clnrm-exec --timeout 100s - >"$out/$1.records"
		jq -r 'select(.step == "attempt") | .stdout' "$out/$1.records" \
			>"$out/$1.inside"
		jq -r 'select(.step == "look") | .stdout' "$out/$1.records" \
			>"$out/$1.look"
		"as_$1" ./attempt "$(cat pid)" "$port" "$name" outside \
			>"$out/$1.outside" </dev/null
	)
}

setup_file() {
	clnrm-exec --probe | grep -q '^ok *isolation: full' || return 0
	command -v perl >/dev/null || return 0
	dir=$(mktemp -d /tmp/clnrm-escape.XXXXXX)
	out=$BATS_FILE_TMPDIR
	name=${dir##*/}.x
	chmod 755 "$dir"
	echo "$dir" >"$out/dir"
	start_host
	make_project
	for w in $(who); do
		run_as "$w"
	done
}

teardown_file() {
	dir=$(cat "$BATS_FILE_TMPDIR/dir" 2>/dev/null) || return 0
	kill "$(cat "$dir/pid")"
	rm -rf "$dir" "/tmp/${dir##*/}.x"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
	out=$BATS_FILE_TMPDIR
	[ -s "$out/dir" ] || need_namespaces
	[ -s "$out/dir" ] || cannot "no perl"
}

# got WHO PLACE NAME
got() {
	awk -v n="$3" '$1 == n { print $2 }' "$out/$1.$2"
}

# fails NAME OUTSIDE ERRNO...: inside it fails with one of these; outside, to
# root, it gives OUTSIDE ("-": it cannot be told there).
fails() {
	local w name=$1 outside=$2
	shift 2
	for w in $(who); do
		[[ " $* " == *" $(got "$w" inside "$name") "* ]] || {
			echo "$name as $w inside: $(got "$w" inside "$name"), not $*"
			return 1
		}
	done
	[ "$outside" = - ] || [ "$w" = "$(who | xargs)" ] ||
		[ "$(got root outside "$name")" = "$outside" ] || {
		echo "$name outside: $(got root outside "$name"), not $outside"
		return 1
	}
}

@test "no file system can be mounted, bound, remounted or unmounted" {
	fails mount "done" EPERM
	fails mount-proc "done" EPERM
	fails bind "done" EPERM
	fails remount "done" EPERM
	fails unmount "done" EPERM
}

@test "the newer calls that mount fail as well" {
	fails fsopen "done" EPERM
	fails open-tree "done" EPERM
}

@test "the root cannot be changed" {
	fails pivot-root "done" EPERM
	fails chroot "done" EPERM
}

@test "no file is opened by its handle" {
	fails open-handle "done" EPERM
}

@test "no namespace can be made, by any call" {
	fails unshare-users "done" EPERM
	fails unshare-network "done" EPERM
	fails clone "done" EPERM
	fails clone3 "done" ENOSYS
}

@test "no namespace can be joined" {
	fails setns "done" EPERM
	fails setns-init - EACCES EPERM
}

@test "the map of users cannot be written again" {
	fails uid-map - EPERM EACCES
}

@test "no process can be traced" {
	fails ptrace "done" EPERM
	fails ptrace-init - EPERM
}

@test "no memory of another process can be read" {
	fails process-memory "done" EPERM
	fails init-memory - EACCES
}

@test "the first process shows neither its root, its program nor its files" {
	fails init-root - EACCES
	fails init-program - EACCES
	fails init-descriptor - EACCES
}

@test "no process of the host gets a signal" {
	fails signal-host "done" ESRCH
	fails pidfd-host "done" ESRCH
}

@test "no process of the host can be seen" {
	fails environ-host "done" ENOENT
	for w in $(who); do
		[ "$(sed -n 3p "$out/$w.look")" -lt 10 ]
	done
}

@test "the first process takes a KILL and lives" {
	for w in $(who); do
		[ "$(got "$w" inside kill-init)" = "done" ]
		[ "$(sed -n 4p "$out/$w.look")" = clnrm-init ]
	done
}

@test "no descriptor is taken from another process" {
	fails pidfd-getfd "done" EPERM
}

@test "no descriptor of the caller leaks in" {
	fails descriptor "done" EBADF
	for w in $(who); do
		[ "$(sed -n 1p "$out/$w.look")" = "0 1 2 3" ] # 3: the look itself
	done
}

@test "keyrings, which have no namespace, are out of reach" {
	fails keyring "done" EPERM
	fails add-key "done" EPERM
}

@test "no sysctl can be written, by root neither" {
	fails swappiness "done" EROFS EACCES
	fails core-pattern "done" EROFS EACCES
}

@test "sysrq-trigger and kcore are the null device" {
	fails sysrq - ENXIO ENOENT
	fails kcore - ENXIO ENOENT
}

@test "bpf, perf, userfaultfd and io_uring are refused" {
	fails bpf EINVAL EPERM
	fails perf "done" EPERM
	fails userfaultfd "done" EPERM
	fails io-uring "done" EPERM
}

@test "no kernel, and no part of one, can be loaded" {
	fails module - EPERM
	fails kexec - EPERM
}

@test "clock, swap, log, name and power of the machine are left alone" {
	fails clock "done" EPERM
	fails swap ENOENT EPERM
	fails syslog "done" EPERM
	fails hostname "done" EPERM
	fails reboot EINVAL EPERM
}

@test "capabilities that are gone do not come back" {
	fails capset "done" EPERM
}

@test "nobody becomes another user, and joins no group" {
	fails setuid "done" EPERM EINVAL
	fails setgroups "done" EPERM
}

@test "a set-user-id program of another runs with the rights of who starts it" {
	fails set-user-id "done" EPERM
	[ "$(id -u)" != 0 ] || [ "$(got user outside set-user-id)" = "done" ]
}

@test "no real-time priority is to be had" {
	fails real-time "done" EPERM
}

@test "no device node can be made or changed, and devices work" {
	fails mknod "done" EPERM
	fails kmsg "done" ENOENT
	fails chmod-device "done" EROFS
	for w in $(who); do
		[ "$(sed -n 5p "$out/$w.look")" = 1 ]
	done
}

@test "no word is put into a terminal's input, be the call disguised or not" {
	fails tiocsti "done" EPERM
	fails tiocsti-wide "done" EPERM
	fails tioclinux ENOTTY EPERM
}

@test "abstract sockets and sockets of the project lead nowhere" {
	fails abstract-socket "done" ECONNREFUSED
	fails project-socket "done" ECONNREFUSED
}

@test "ports of the host are other ports, and there is no way further" {
	fails loopback "done" ECONNREFUSED
	fails network - ENETUNREACH
}

@test "sockets of other families are refused: vsock has no namespace" {
	fails vsock - EAFNOSUPPORT
	fails packet "done" EAFNOSUPPORT
}

@test "shared memory of the host is not there" {
	fails shared-memory "done" ENOENT
}

@test "a file of the host's /tmp is not there, nor by a link" {
	fails host-file "done" ENOENT
	fails link-out "done" ENOENT
}

@test "what is written through a hard or a soft link stays inside" {
	# A user inside cannot write what root outside owns.
	[ "$(id -u)" != 0 ] || [ "$(sed -n 2p "$out/root.look")" = changed ]
	[ "$(cat "$out/linked")" = kept ]
	[ "$(cat "$(cat "$out/dir")/link-hard")" = kept ]
}
