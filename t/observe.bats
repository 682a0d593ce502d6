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
	[ "$(of violation '[.step, .count]' | xargs)" = "[null,2] [b,1]" ]
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
