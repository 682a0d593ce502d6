#!/usr/bin/env bats
# What a scenario did that reaches out of its cleanroom, and what it read.
load helper

# A test of steps a, b, ... that run the arguments; more TOML on standard input.
steps() {
	local name=a run
	{
		printf '[meta]\nname = "t"\nversion = "1"\n[[scenario]]\nname = "s"\n'
		for run; do
			printf '[[scenario.steps]]\nname = "%s"\nrun = '"'''%s'''"'\ncontinue_on_failure = true\n' \
				"$name" "$run"
			name=$(tr a-y b-z <<<"$name")
		done
		[ -t 0 ] || cat
	} >t.clnrm.toml
}

# The records of type $1 in $stream, through the jq filter $2.
of() {
	jq -rc "select(.type == \"$1\") | ${2:-.}" <<<"$stream"
}

observed() {
	need_namespaces
	run executed t.clnrm.toml
	stream=$output
}

# A program that calls each address FAMILY:KIND:ADDRESS, twice if told so.
call() {
	cat >call.py <<-'P'
	import socket, sys
	for word in sys.argv[1:]:
	    family, kind, address = word.split("/")
	    s = socket.socket(getattr(socket, "AF_" + family), getattr(socket, "SOCK_" + kind))
	    try:
	        if kind == "DGRAM": s.sendto(b"x", (address, 53))
	        else: s.connect((address, 80))
	    except OSError as e: print(e.errno)
	P
}

@test "every attempt to reach outside is counted, by step" {
	call
	steps 'for i in 1 2 3; do python3 call.py INET/STREAM/192.0.2.1; done' \
		'python3 call.py INET/DGRAM/192.0.2.1 INET6/STREAM/2001:db8::1 INET6/DGRAM/2001:db8::1' \
		'echo nothing' </dev/null
	observed
	[ "$(of violation '[.step, .kind, .count, .target]')" = '["a","network",3,null]
["b","network",3,null]' ]
}

@test "talk on the loopback is no attempt" {
	steps 'python3 -c "
import socket
for family, at in ((socket.AF_INET, \"127.0.0.1\"), (socket.AF_INET6, \"::1\")):
    s = socket.socket(family)
    s.bind((at, 0))
    s.listen()
    socket.create_connection(s.getsockname()[:2]).close()
    socket.socket(family, socket.SOCK_DGRAM).sendto(b\"x\", (at, 9))
"' </dev/null
	observed
	[ "$(of step '.exit_code')" = 0 ]
	[ -z "$(of violation)" ]
}

@test "what a service tries before the first step is no step's" {
	call
	printf '[images]\nhost = host\n' >clnrm.conf
	steps true 'python3 call.py INET/STREAM/192.0.2.1' <<-'T'
	[service.caller]
	image = "host"
	command = ["sh", "-c", "python3 call.py INET/STREAM/192.0.2.1 INET/DGRAM/192.0.2.1; touch /tmp/called; exec sleep 100"]
	ready = { command = ["test", "-e", "/tmp/called"] }
	T
	observed
	[ "$(of violation '.step' | uniq | xargs)" = "null b" ]
	[ "$(of violation .count | paste -sd+ | bc)" = 3 ]
}

@test "an attempt that no span tells of breaks no_external_services" {
	call
	steps 'python3 call.py INET/STREAM/192.0.2.1' true <<-'T'
	[expect.hermeticity]
	no_external_services = true
	T
	need_namespaces
	run -1 clnrm run t.clnrm.toml
	[[ "$output" == *'1 attempt to reach outside, the first in step \"a\"'* ]]
	steps true <<-'T'
	[expect.hermeticity]
	no_external_services = true
	T
	run -0 clnrm run t.clnrm.toml
}

@test "a saved run is judged by what it tried, too" {
	call
	steps 'python3 call.py INET/STREAM/192.0.2.1' <<-'T'
	[expect.hermeticity]
	no_external_services = true
	T
	need_namespaces
	executed t.clnrm.toml >saved.ndjson
	run -1 clnrm verify saved.ndjson --against t.clnrm.toml
	[[ "$output" == *'1 attempt to reach outside'* ]]
}

# The files of the violations, one a line: OP PATH.
written() {
	of violation 'select(.kind == "file") | [.op, .path] | join(" ")'
}

@test "files that are created, changed, deleted and moved outside are listed" {
	need_namespaces
	echo old >mine
	steps 'touch /new /run/lock.pid /etc/new; mkdir -p /opt/app/data; echo 1 >/opt/app/data/f
		echo "# x" >>/etc/passwd; rm /etc/group; mv /etc/shells /etc/my-shells; chmod 600 /etc/profile
		rm -r /etc/skel; mkdir /etc/skel; touch /etc/skel/n' </dev/null
	observed
	[ "$(of step .exit_code)" = 0 ]
	diff <(written) - <<-'W'
	deleted /etc/group
	created /etc/my-shells
	created /etc/new
	changed /etc/passwd
	changed /etc/profile
	deleted /etc/shells
	deleted /etc/skel
	created /etc/skel/n
	created /new
	created /opt/app
	created /opt/app/data
	created /opt/app/data/f
	created /run/lock.pid
	W
}

@test "what is declared is no violation, nor what was only opened or undone" {
	need_namespaces
	mkdir sub
	echo old >mine
	steps 'echo x >mine; rm -r sub; touch here ~/there /tmp/a /var/tmp/b /dev/shm/c; echo y >/dev/null
		exec 3>>/etc/passwd; touch /etc/new; rm /etc/new; mkdir /opt/x; rmdir /opt/x' </dev/null
	observed
	[ "$(of step .exit_code)" = 0 ]
	[ -z "$(written)" ]
}

@test "set-up leaves nothing that looks written" {
	need_namespaces
	printf '[images]\nhost = host\n' >clnrm.conf
	steps true <<-'T'
	[service.a]
	image = "host"
	command = ["sleep", "100"]
	ready = { command = ["true"] }
	[determinism]
	seed = 1
	freeze_clock = "2025-01-01T00:00:00Z"
	T
	observed
	[ "$(of scenario.end .status)" = ok ]
	[ -z "$(written)" ]
}

@test "a project below a directory that is always fresh is found declared there" {
	need_namespaces
	[ "$(id -u)" = 0 ] || cannot "only root may make a directory in /mnt"
	dir=$(mktemp -d /mnt/clnrm-observe.XXXXXX)
	chmod 755 "$dir"
	steps 'touch here ../beside' </dev/null
	mkdir "$dir/project"
	cp t.clnrm.toml "$dir/project"
	touch "$dir/project/clnrm.conf"
	cd "$dir/project"
	observed
	cd "$BATS_TEST_TMPDIR"
	rm -r "$dir"
	[ "$(written)" = "created $dir/beside" ]
}

@test "what a service writes in its image is told with its name" {
	need_namespaces
	command -v busybox >/dev/null || cannot "busybox-static is not installed"
	mkdir -p bb/bin bb/etc data
	cp "$(command -v busybox)" bb/bin/busybox
	ln bb/bin/busybox bb/bin/sh
	echo x >bb/etc/conf
	printf '[images]\nbb = bb\n' >clnrm.conf
	steps true <<-T
	[service.db]
	image = "bb"
	command = ["sh", "-c", """
	busybox mkdir -p /var/lib/db
	echo 1 >/var/lib/db/file
	busybox chmod 700 /var/lib/db
	[ \$(busybox id -u) != 0 ] || busybox chown 70:70 /var/lib/db
	echo y >>/etc/conf
	echo z >/data/z
	echo >/tmp/up
	exec busybox sleep 100"""]
	ready = { command = ["busybox", "test", "-e", "/tmp/up"] }
	volumes = [{ host_path = "$PWD/data", container_path = "/data" }]
	T
	observed
	[ "$(of violation '[.service, .op, .path] | join(" ")')" = "db changed /etc/conf
db created /var/lib
db created /var/lib/db
db created /var/lib/db/file" ]
}

@test "of very many files the rest is a number" {
	need_namespaces
	steps 'mkdir /opt/many; cd /opt/many; seq 1200 | xargs touch' </dev/null
	observed
	[ "$(written | wc -l)" = 1001 ]
	[ "$(of violation 'select(.path == null) | .count')" = 201 ]
}

@test "no_outside_writes forbids what writes does not name" {
	need_namespaces
	steps 'mkdir -p /var/lib/app; touch /var/lib/app/x' <<-'T'
	[expect.hermeticity]
	no_outside_writes = true
	T
	run -1 clnrm run t.clnrm.toml
	[[ "$output" == *'2 files written outside of the declared places: created /var/lib/app, …'* ]]
	echo 'writes = ["/var/lib/app", "/var/lib/app/**"]' >>t.clnrm.toml
	run -0 clnrm run t.clnrm.toml
	sed -i 's,"/var/lib/app/\*,"var/lib/app/*,' t.clnrm.toml
	run -2 clnrm run t.clnrm.toml
	[[ "$output" == *"'var/lib/app/**' is no absolute path"* ]]
}

# ---- --observe

watched() {
	need_namespaces
	run executed t.clnrm.toml --observe
	stream=$output
}

# The inputs, one a line: KIND PATH.
inputs() {
	of input '[.kind, .path] | join(" ")'
}

has() {
	grep -qx -- "$1" <<<"$(inputs)" || { echo "no $1 in:" >&2; inputs >&2; return 1; }
}

lacks() {
	! grep -x -- "$1" <<<"$(inputs)" >&2
}

digest() {
	sha256sum | cut -d " " -f 1
}

@test "what a scenario read, ran, listed, missed and followed is told" {
	echo data >data.txt
	mkdir sub
	touch sub/b sub/a
	ln -s data.txt link
	steps 'cat link; ls sub; test -e nothere; echo x >out.txt; cat out.txt; touch /tmp/t; cat /tmp/t; cat ~/no /proc/self/stat >/dev/null; true' </dev/null
	watched
	[ "$(of step .exit_code)" = 0 ]
	[ "$(of scenario.end .inputs_whole)" = true ]
	has 'read data.txt'
	has 'link link'
	has 'listed sub'
	has 'missing nothere'
	has 'executed /usr/bin/ls'
	has 'read /usr/lib/.*/libc.so.6'
	has 'executed /usr/lib/.*/ld-linux.*'
	lacks '.* out.txt'
	lacks '.* /tmp.*'
	lacks '.* /home.*'
	lacks '.* /proc.*'
	[ "$(of input 'select(.path == "data.txt") | .sha256')" = "$(digest <data.txt)" ]
	[ "$(of input 'select(.path == "sub") | .sha256')" = "$(printf 'a\nb\n' | digest)" ]
	[ "$(of input 'select(.path == "link") | .sha256')" = "$(printf data.txt | digest)" ]
	[ "$(of input 'select(.path == "nothere") | .sha256')" = null ]
	[ "$(inputs | wc -l)" = "$(inputs | sort -u | wc -l)" ]
}

@test "a script's interpreter and a library that is loaded late are inputs" {
	printf '#!/usr/bin/python3\nimport ctypes, sys\nctypes.CDLL("libm.so.6")\nprint(open("data").read())\n' >tool
	chmod +x tool
	echo data >data
	steps './tool' </dev/null
	watched
	[ "$(of step .exit_code)" = 0 ]
	has 'executed tool'
	has 'link /usr/bin/python3'
	has 'executed /usr/bin/python3\..*'
	has 'read /.*/libm.so.6'
	has 'read data'
}

@test "variables that are let in are inputs" {
	export CLNRM_T_IN=value
	steps true <<-'T'
	[env]
	pass = ["CLNRM_T_IN", "CLNRM_T_OUT"]
	T
	watched
	[ "$(of input 'select(.kind == "env") | [.path, .sha256] | join(" ")')" = \
		"CLNRM_T_IN $(printf value | digest)
CLNRM_T_OUT " ]
}

@test "who called whom outside is told, and no more often than it was" {
	call
	steps 'python3 call.py INET/STREAM/192.0.2.1 INET/STREAM/192.0.2.1 INET/STREAM/127.0.0.1' \
		'python3 call.py INET6/DGRAM/2001:db8::1' <<-'T'
	[expect.hermeticity]
	no_external_services = true
	T
	watched
	[ "$(of violation '[.step, .target, .count]')" = '["a","192.0.2.1:80",2]
["b","[2001:db8::1]:53/udp",1]' ]
	of violation .program | grep -qx '/usr/bin/python3.*'
	[ "$(of violation '.pid > 1' | sort -u)" = true ]
	run -1 clnrm run --observe t.clnrm.toml
	[[ "$output" == *"outside: 192.0.2.1:80"* ]]
}

@test "many short programs, threads and static programs go on as they would" {
	need_namespaces
	command -v busybox >/dev/null || cannot "busybox-static is not installed"
	touch seen
	steps 'i=0; while [ $i -lt 1000 ]; do /usr/bin/true || exit 1; i=$((i + 1)); done' \
		'busybox cat seen' 'python3 -c "
import os, threading
def look():
    for _ in range(500): os.stat(\"/etc/passwd\")
all = [threading.Thread(target=look) for _ in range(4)]
[t.start() for t in all]
[t.join() for t in all]
"' </dev/null
	watched
	[ "$(of step .exit_code | xargs)" = "0 0 0" ]
	has 'executed /usr/bin/true'
	has "executed $(readlink -f "$(command -v busybox)")"
	has 'read seen'
	has 'read /etc/passwd'
}

@test "a service in an image is observed, and its image is one input" {
	need_namespaces
	command -v busybox >/dev/null || cannot "busybox-static is not installed"
	export XDG_DATA_HOME=$PWD/store
	mkdir -p bb/bin bb/etc data
	cp "$(command -v busybox)" bb/bin/busybox
	ln bb/bin/busybox bb/bin/sh
	echo x >bb/etc/conf
	echo seed >data/seed
	tar -C bb -cf bb.tar .
	clnrm images import bb bb.tar
	steps true <<-T
	[service.db]
	image = "bb"
	command = ["sh", "-c", "busybox cat /etc/conf /data/seed; busybox nc -w 1 192.0.2.1 80; echo >/tmp/up; exec busybox sleep 100"]
	ready = { command = ["busybox", "test", "-e", "/tmp/up"] }
	volumes = [{ host_path = "$PWD/data", container_path = "/data" }]
	T
	watched
	[ "$(of scenario.end '[.status, .inputs_whole] | join(" ")')" = "ok true" ]
	has 'image bb'
	of input 'select(.kind == "image") | .sha256' | grep -qE '^[0-9a-f]{64}$'
	has 'read data/seed'
	lacks '.* /etc/conf'
	[ "$(of violation 'select(.kind == "network") | [.service, .target, .program] | join(" ")')" = \
		"db 192.0.2.1:80 /bin/sh" ]
}

@test "a killed runner leaves nothing that waits for it" {
	need_namespaces
	steps ': observed-41733; while :; do cat /etc/passwd >/dev/null; done' </dev/null
	clnrm-render t.clnrm.toml | clnrm-lint - >plan
	clnrm-exec --observe plan >/dev/null &
	await runs observed-41733
	kill -9 $!
	await is_gone observed-41733
}

@test "what is not observed is said not to be" {
	steps true </dev/null
	need_refusal
	refused=without_namespaces run executed t.clnrm.toml --observe --allow-degraded
	stream=$output
	[ "$(of scenario.end '[.status, .inputs_whole] | join(" ")')" = "ok false" ]
	of scenario.end '.isolation.notes[]' | grep -qx 'inputs: level process is not observed'
	[ -z "$(inputs)" ]
}

@test "nothing is told of inputs unless it is asked" {
	steps 'cat /etc/passwd' </dev/null
	observed
	[ -z "$(inputs)" ]
	[ "$(of scenario.end 'has("inputs_whole")')" = false ]
	CLNRM_OBSERVE=1 run executed t.clnrm.toml
	stream=$output
	has 'read /etc/passwd'
}
