#!/usr/bin/env bats
# Services: what runs beside the steps, in worlds of their images.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
	need_namespaces
	command -v busybox >/dev/null || cannot "busybox-static is not installed"
	printf '[images]\nbb = bb\nhost-like = host\n' >clnrm.conf
	mkdir -p bb/bin bb/etc
	cp "$(command -v busybox)" bb/bin/busybox
	for program in sh nc httpd echo sleep cat env id ls touch kill stat date head true; do
		ln bb/bin/busybox "bb/bin/$program"
	done
}

# A test with the services on standard input and a step that runs $1.
serve() {
	{
		printf '[meta]\nname = "t"\nversion = "1"\n'
		cat
		printf '[[scenario]]\nname = "s"\nrun = '"'''%s'''"'\nexpected_exit_code = 0\n' "$1"
	} >t.clnrm.toml
	run executed t.clnrm.toml
	stream=$output
}

of() {
	jq -rc "select(.type == \"$1\") | ${2:-.}" <<<"$stream"
}

states() {
	of service '.service + " " + .state' | xargs
}

@test "a service is ready before the first step, and reached by its name" {
	serve 'until busybox nc db 5432; do sleep 0.05; done' <<-'T'
	[service.db]
	image = "bb"
	command = ["sh", "-c", "sleep 0.1; echo up; while :; do echo hello | nc -l -p 5432; done"]
	ports = [5432]
	T
	[ "$(states)" = "db starting db ready" ]
	[ "$(of step .stdout)" = hello ]
	[ "$(of log '.service + ": " + .text' | head -n 1)" = "db: up" ]
	[ "$(of scenario.end .status)" = ok ]
}

@test "services begin when those that they depend on are ready" {
	serve true <<-'T'
	[service.c]
	image = "bb"
	command = ["sleep", "100"]
	depends_on = ["b"]
	ready = { command = ["true"] }
	[service.b]
	image = "bb"
	command = ["sh", "-c", "sleep 0.1; echo b is here; exec sleep 100"]
	depends_on = ["a"]
	ready = { log = "is h.re" }
	[service.a]
	image = "bb"
	command = ["sh", "-c", "echo x >/tmp/index.html; exec httpd -f -p 8080 -h /tmp"]
	ready = { http = "http://a:8080/index.html" }
	T
	run executed t.clnrm.toml
	stream=$output
	[ "$(states)" = "a starting a ready b starting b ready c starting c ready" ]
	[ "$(of scenario.end .status)" = ok ]
}

@test "a service that ends before it is ready is explained by its last lines" {
	serve true <<-'T'
	[service.db]
	image = "bb"
	command = ["sh", "-c", "echo cannot open /data; exit 3"]
	ports = [5432]
	T
	[ "$(of service .detail | tail -n 1)" = "ended with 3 before it was ready" ]
	[ "$(of diagnostic 'select(.code == "E409") | .message, .hint')" = \
		"service db: ended with 3 before it was ready
seen: cannot open /data" ]
	[ "$(of scenario.end .status)" = error ]
	[ -z "$(of step)" ]
	clnrm-verify <<<"$stream" >judged || :
	[ "$(jq -r 'select(.type == "verdict").verdict' judged)" = error ]
}

@test "a service that is not ready in time says which check did not hold" {
	serve true <<-'T'
	[service.db]
	image = "bb"
	command = ["sleep", "100"]
	ready = { tcp = [5432], timeout_ms = 200 }
	T
	[ "$(of diagnostic 'select(.code == "E409").message')" = \
		"service db: not ready after 200 ms: port 5432: Connection refused" ]
	serve true <<-'T'
	[service.db]
	image = "bb"
	command = ["sh", "-c", "exec httpd -f -p 8080 -h /tmp"]
	ready = { http = "http://127.0.0.1:8080/none", timeout_ms = 300 }
	T
	[ "$(of diagnostic 'select(.code == "E409").message')" = \
		"service db: not ready after 300 ms: http://127.0.0.1:8080/none: status 404" ]
}

@test "a command that cannot start, and an image that is not there, are errors" {
	serve true <<-'T'
	[service.db]
	image = "bb"
	command = ["nothing-like-it"]
	ports = [1]
	T
	[ "$(of diagnostic 'select(.code == "E409").message')" = \
		"service db: cannot start nothing-like-it: No such file or directory before it was ready" ]
	serve true <<-'T'
	[service.db]
	image = "never-imported:9"
	command = ["x"]
	T
	[ "$(of diagnostic 'select(.stage == "exec").code')" = E408 ]
	of diagnostic 'select(.code == "E408") | .message + .hint' | grep -q 'clnrm images import'
}

@test "a step runs in the world of its service, with its environment" {
	serve true <<-'T'
	[service.tools]
	image = "bb"
	env = { TOOL = "hammer" }
	[[steps]]
	name = "in"
	service = "tools"
	run = "echo $TOOL $MORE; ls /; touch /made; cat clnrm.conf | head -n 1; id -u"
	env = { MORE = "nails" }
	[[steps]]
	name = "again"
	service = "tools"
	command = ["ls", "/made"]
	[[steps]]
	name = "out"
	run = "test ! -e /made && test -d /usr"
	T
	run executed t.clnrm.toml
	stream=$output
	[ "$(of step 'select(.step == "in").stdout' | head -n 1)" = "hammer nails" ]
	of step 'select(.step == "in").stdout' | grep -qx '\[images\]'
	[ "$(of step 'select(.step == "in").stdout' | grep -cx usr)" = 0 ]
	[ "$(of step .exit_code | xargs)" = "0 0 0 0" ]
	[ ! -e bb/made ]
}

@test "volumes are seen, written below a private layer, or not at all" {
	mkdir data && echo v >data/v
	serve true <<-T
	[service.s]
	image = "bb"
	volumes = [{ host_path = "$PWD/data", container_path = "/a" },
		{ host_path = "$PWD/data", container_path = "/b", read_only = true }]
	[[steps]]
	name = "w"
	service = "s"
	run = "cat /a/v /b/v; echo w >/a/v; cat /a/v; ! echo w >/b/v"
	T
	[ "$(of step .stdout | xargs)" = "v v w" ]
	[ "$(cat data/v)" = v ]
}

@test "the image host is the machine's own files, in the scenario's world" {
	serve 'bash -c "cat </dev/tcp/api/9000"' <<-'T'
	[service.api]
	image = "host-like"
	command = ["perl", "-MIO::Socket::INET", "-e", "my $l = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 9000, Listen => 5, ReuseAddr => 1) or die; while (my $c = $l->accept) { print $c qq(hi\n); close $c }"]
	ports = [9000]
	T
	[ "$(of step .stdout)" = hi ] || { of diagnostic; false; }
}

@test "a service is ready when its span has ended" {
	serve true <<-T
	[service.shop]
	image = "host"
	command = ["$ROOT/examples/spans/checkout", "pay"]
	wait_for_span = "no.such.span"
	wait_for_span_timeout_secs = 1
	T
	of diagnostic 'select(.code == "E409").message' | grep -q 'service shop: '
}

@test "a step that takes too long is killed, and the services live on" {
	cat >t.clnrm.toml <<-'T'
	[meta]
	name = "t"
	version = "1"
	[service.db]
	image = "bb"
	command = ["sh", "-c", "while :; do echo hello | nc -l -p 5432; done"]
	ports = [5432]
	[service.here]
	image = "host"
	command = ["sh", "-c", "while :; do date +%s%N >/tmp/now; sleep 0.05; done"]
	ready = { command = ["test", "-s", "/tmp/now"] }
	[[scenario]]
	name = "s"
	concurrent = true
	[[scenario.steps]]
	name = "slow"
	command = ["sh", "-c", "setsid sleep 41763 & sleep 41763"]
	timeout_ms = 200
	[[scenario.steps]]
	name = "later"
	command = ["sh", "-c", "sleep 1; busybox nc db 5432; date -r /tmp/now +%s; date +%s"]
	T
	run executed t.clnrm.toml
	stream=$output
	[ "$(of step '"\(.step) \(.timed_out)"' | xargs)" = "slow true later false" ]
	said=$(of step 'select(.step == "later").stdout')
	[ "${said%%$'\n'*}" = hello ]
	[ "$(sort -n <<<"$(tail -n +2 <<<"$said")" | awk 'NR == 1 { a = $1 } END { print $1 - a <= 2 }')" = 1 ]
	is_gone 'sleep 41763'
}

@test "services end with their scenario, TERM first" {
	serve true <<-'T'
	[service.s]
	image = "bb"
	command = ["sh", "-c", "trap 'echo bye; exit' TERM; echo up; while :; do sleep 0.05; done"]
	ready = { log = "up" }
	T
	of log .text | grep -qx bye
	[ "$(of scenario.end .complete.processes)" = true ]
}

@test "nothing of the machine is reached from a service's world" {
	python3 -c 'pass' || cannot "no python3"
	python3 - "$PWD/socket" <<-'PY' &
	import socket, sys, time
	s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(1); time.sleep(20)
	PY
	await test -S socket
	serve true <<-T
	[service.s]
	image = "bb"
	volumes = [{ host_path = "$PWD", container_path = "/v" }]
	[[steps]]
	name = "tries"
	service = "s"
	run = "ls -l /v/socket; nc local:/v/socket </dev/null; echo \$?; nc 192.0.2.1 80 </dev/null; echo \$?; ls /proc/1/root; cat /proc/1/environ"
	continue_on_failure = true
	T
	kill %1
	# It is there, and nobody listens behind it.
	of step 'select(.step == "tries").stdout' | grep -q socket
	[ "$(of step 'select(.step == "tries").stdout' | grep -cx 0)" = 0 ]
	of step 'select(.step == "tries").stderr' | grep -qi 'unreachable'
}

@test "a frozen clock stands in services too" {
	serve 'true' <<-'T'
	[determinism]
	freeze_clock = "2025-01-01T00:00:00Z"
	[service.s]
	image = "bb"
	[[steps]]
	name = "in"
	service = "s"
	run = "stat -c %s $LD_PRELOAD"
	T
	[ "$(of step 'select(.step == "in").stdout')" -gt 1000 ]
}

@test "the manual knows service and log" {
	serve true <<-'T'
	[service.db]
	image = "bb"
	command = ["sh", "-c", "echo up; exec sleep 100"]
	ready = { log = "up" }
	T
	printf '%s\n' "$stream" | grep -E '"type":"(service|log)"' >kept.mine
	[ "$(wc -l <kept.mine)" = 3 ]
	is_as_documented kept.mine
}

@test "at level process images are refused, and say how to go on" {
	need_refusal
	printf '[meta]\nname = "t"\nversion = "1"\n[service.s]\nimage = "bb"\n[[scenario]]\nname = "s"\nrun = "true"\nisolation = "process"\n' >t.clnrm.toml
	refused=without_namespaces run executed t.clnrm.toml
	stream=$output
	[ "$(of diagnostic 'select(.stage == "exec").code')" = E402 ]
}
