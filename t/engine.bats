#!/usr/bin/env bats
# The plan that runs in the sandbox runs on container engines, and tells the same.
load helper

# A root of busybox alone, in the directory bb.
make_root() {
	mkdir -p bb/bin bb/etc bb/var
	cp "$(command -v busybox)" bb/bin/busybox
	for program in sh nc cat env id ls sleep wget mkdir rm touch tr true date head tail; do
		ln bb/bin/busybox "bb/bin/$program"
	done
	echo root:x:0:0::/root:/bin/sh >bb/etc/passwd
	echo app:x:77:78::/srv:/bin/sh >>bb/etc/passwd
}

setup_file() {
	export IMAGE=clnrm-test-$$ ENGINES=""
	command -v busybox >/dev/null || return 0
	cd "$BATS_FILE_TMPDIR" || return
	make_root
	for engine in docker podman; do
		[ -S "$(socket_of $engine)" ] || continue
		tar -C bb -c . | ask $engine POST "/images/create?fromSrc=-&repo=$IMAGE&tag=latest" \
			--data-binary @- -H 'Content-Type: application/x-tar' >/dev/null
		ENGINES+=" $engine"
	done
	printf '[images]\n%s = %s\n' "$IMAGE" "$PWD/bb" >clnrm.conf
}

teardown_file() {
	for engine in $ENGINES; do
		ask "$engine" DELETE "/images/$IMAGE?force=1" >/dev/null || :
	done
}

# What is slow need not run with sanitizers too.
once() {
	[ -z "${SAN-}" ] || skip "engines are slow; once is enough"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
	need_namespaces
	engines
	cp "$BATS_FILE_TMPDIR/clnrm.conf" .
}

# What is told of a test on a backend, without what may differ: who holds limits,
# times and usage; logs apart, since they come as they come.
told_by() {
	executed t.clnrm.toml --backend "$1" --image "$IMAGE" | clnrm-verify |
		jq -Sc 'select(.type | IN("begin", "end", "rendered", "plan") | not)
			| del(.id, .span_id, .trace_id, .parent_span_id, .backend, .usage, .worker,
				.digest, .enforced[]?.by, .isolation.notes?, .events[]?.attributes."container.id")
			| if .step == "much" then .stdout |= length else . end
			| if .resource then del(.resource.attributes."test.run.id") else . end
			| walk(if type == "object"
				then with_entries(select(.key | test("_nano$|_ns$") | not)) else . end)' |
		sed 's/stopped after [0-9]* ms/stopped/' >"told.$1"
	grep -v '"type":"log"' "told.$1" >"told.$1.most"
	grep '"type":"log"' "told.$1" | sort >"told.$1.logs" || :
}

# The scenario that has a bit of everything, run everywhere; once for all tests.
tell_everywhere() {
	cd "$BATS_FILE_TMPDIR" || return
	[ ! -e told.sandbox ] || return 0
	mkdir below shared seen
	echo kept >shared/file
	echo seen >seen/file
	cat >send.sh <<-'S'
	t=${TRACEPARENT#00-} now=$(date +%s)000000000
	wget -q -O - --header 'Content-Type: application/json' --post-data '{"resourceSpans":[{"scopeSpans":[{
		"spans":[{"traceId":"'${t%%-*}'","spanId":"b7ad6b7169203331","name":"work","kind":1,
		"startTimeUnixNano":"'$now'","endTimeUnixNano":"'$now'"}]}]}]}' http://127.0.0.1:4318/v1/traces
	S
	sed "s|@IMAGE@|$IMAGE|; s|@HERE@|$PWD|" >t.clnrm.toml <<-'T'
	[meta]
	name = "t"
	version = "1"
	[service.box]
	image = "@IMAGE@"
	volumes = [
		{ host_path = "@HERE@/shared", container_path = "/data" },
		{ host_path = "@HERE@/seen", container_path = "/seen", read_only = true },
	]
	[service.db]
	image = "@IMAGE@"
	command = ["sh", "-c", "echo starting; echo bad >&2; while :; do echo hello | nc -l -p 5432; done"]
	ports = [5432]
	ready = { log = "start", command = ["true"] }
	[service.after]
	image = "@IMAGE@"
	command = ["sh", "-c", "echo after; exec sleep 1000"]
	depends_on = ["db"]
	ready = { log = "after" }
	[limits]
	open_files = 77
	[[expect.span]]
	name = "work"
	[[scenario]]
	name = "s"
	[scenario.artifacts]
	collect = ["files:result.txt"]
	[[scenario.steps]]
	name = "both"
	service = "box"
	command = ["sh", "-c", "echo out; echo err >&2; pwd; exit 3"]
	expected_exit_code = 3
	workdir = "below"
	[[scenario.steps]]
	name = "environment"
	service = "box"
	command = ["sh", "-c", "env | sort | head -n 12; id -u; touch /tmp/a $HOME/b; ls /tmp $HOME"]
	env = { AAA = "1" }
	[[scenario.steps]]
	name = "user"
	service = "box"
	user = "app"
	command = ["sh", "-c", "id -u; id -g; echo $HOME"]
	[[scenario.steps]]
	name = "nothing"
	service = "box"
	command = ["no-such-program"]
	expected_exit_code = 127
	[[scenario.steps]]
	name = "much"
	service = "box"
	command = ["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x"]
	[[scenario.steps]]
	name = "signal"
	service = "box"
	command = ["sh", "-c", "kill -9 $$"]
	continue_on_failure = true
	[[scenario.steps]]
	name = "ask"
	service = "box"
	command = ["sh", "-c", "until nc db 5432; do sleep 0.05; done"]
	expected_output_regex = "hello"
	[[scenario.steps]]
	name = "send"
	service = "box"
	command = ["sh", "send.sh"]
	[[scenario.steps]]
	name = "outside"
	service = "box"
	command = ["sh", "-c", "nc -w 1 10.1.2.3 80; nc -w 1 10.1.2.3 81; true"]
	[[scenario.steps]]
	name = "own"
	command = ["sh", "-c", "echo result >result.txt"]
	[[scenario.steps]]
	name = "files"
	service = "box"
	command = ["sh", "-c", "cat /data/file /seen/file; echo x >/data/new; (echo x >/seen/new) 2>/dev/null || echo refused; ulimit -n; echo y >/var/made; rm /etc/passwd; mkdir /var/dir"]
	[[scenario.steps]]
	name = "slow"
	service = "box"
	command = ["sleep", "1000"]
	timeout_ms = 300
	T
	for backend in sandbox $ENGINES; do
		told_by "$backend"
	done
}

# everywhere COMMAND...: it holds of what each backend tells, with that in $stream.
everywhere() {
	(tell_everywhere)
	for backend in sandbox $ENGINES; do
		stream=$(cat "$BATS_FILE_TMPDIR/told.$backend")
		"$@" || { echo "on $backend: $*" >&2; return 1; }
	done
}

of() {
	jq -rc "select(.type == \"$1\") | ${2:-.}" <<<"$stream"
}

# tells WORDS TYPE FILTER
tells() {
	[ "$(of "$2" "$3" | sort | xargs)" = "$1" ]
}

# step_tells NAME MEMBER WORDS
step_tells() {
	[ "$(of step "select(.step == \"$1\").$2" | xargs)" = "$3" ]
}

# Containers of ours on an engine, with their volumes.
ours() {
	ask "$1" GET '/containers/json?all=1' |
		jq -r --argjson image "$(ask "$1" GET "/images/$IMAGE/json")" '.[]
			| select(.Labels."clnrm.session" and .ImageID == $image.Id) | .Id, .Mounts[]?.Name'
}

# Sets $socket.
need_docker() {
	[[ "$ENGINES" == *docker* ]] || cannot "there is no Docker"
	socket=$(socket_of docker)
}

has_none() {
	[ -z "$(ours "$1")" ]
}

has_containers() {
	[ "$(ours "$1" | grep -cE '^[0-9a-f]{64}$')" -ge "$2" ]
}

is_told_as_by_the_sandbox() {
	diff "$BATS_FILE_TMPDIR/told.sandbox.most" "$BATS_FILE_TMPDIR/told.$backend.most" &&
		diff "$BATS_FILE_TMPDIR/told.sandbox.logs" "$BATS_FILE_TMPDIR/told.$backend.logs"
}

@test "a run on an engine tells, record by record, what it tells in the sandbox" {
	everywhere is_told_as_by_the_sandbox
	for stream in "$BATS_FILE_TMPDIR"/kept.*; do
		is_as_documented "$stream"
	done
}

@test "steps: status, output, environment, directory, users and what cannot start" {
	everywhere step_tells both exit_code 3
	everywhere step_tells both stderr err
	everywhere step_tells user stdout "77 78 /srv"
	everywhere step_tells nothing exit_code 127
	everywhere step_tells signal signal 9
	everywhere step_tells much stdout $((1 << 20))
}

@test "a step that takes too long is ended" {
	everywhere step_tells slow timed_out true
	everywhere tells true check 'select(.rule == "scenarios[0].steps[11].timeout") | .ok == false'
}

@test "services are ready, reached by name, and their logs are told" {
	everywhere step_tells ask stdout hello
	everywhere tells "after box db" service 'select(.state == "ready").service'
	everywhere tells "after bad starting" log .text
}

@test "spans sent inside are heard, and judged" {
	everywhere tells work span 'select(.via == "otlp").name'
	everywhere tells true check 'select(.rule == "expect.span[0].existence").ok'
}

@test "what reaches outside, what is written where, volumes, limits and artifacts" {
	everywhere step_tells files stdout "kept seen refused 77"
	everywhere tells "outside 2" violation 'select(.kind == "network") | .step + " \(.count)"'
	everywhere tells "created/var/dir created/var/made deleted/etc/passwd" \
		violation 'select(.kind == "file") | .op + .path'
	everywhere tells 7 artifact .size
	[ ! -e "$BATS_FILE_TMPDIR/shared/new" ]
}

# One that is reused by three scenarios, the second of which runs $1.
reuse() {
	sed "s|@IMAGE@|$IMAGE|; s|@RUN@|$1|" >t.clnrm.toml <<-'T'
	[meta]
	name = "t"
	version = "1"
	[service.db]
	image = "@IMAGE@"
	reuse = true
	command = ["sh", "-c", """touch /srv.born; echo up; (while :; do echo hello | nc -l -p 5432; done) &
		while sleep 0.05; do rm /tmp/ask && echo asked && touch /tmp/told; done 2>/dev/null"""]
	ready = { log = "up", command = ["true"] }
	[service.box]
	image = "@IMAGE@"
	[[scenario]]
	name = "one"
	service = "db"
	run = "echo kept >/tmp/kept; touch /tmp/ask; until rm /tmp/told; do sleep 0.05; done 2>/dev/null"
	[[scenario.steps]]
	name = "outside"
	service = "box"
	command = ["sh", "-c", "touch /tmp/mine mine; until nc db 5432; do sleep 0.05; done; nc -w 1 10.1.2.3 80 || true"]
	[[scenario]]
	name = "two"
	service = "db"
	run = "@RUN@"
	[[scenario.steps]]
	name = "fresh"
	service = "box"
	command = ["ls", "/tmp/mine", "mine"]
	continue_on_failure = true
	[[scenario]]
	name = "three"
	service = "box"
	run = "cat /etc/hosts | head -n 1"
	T
}

@test "a service that is reused is so on engines as in the sandbox" {
	reuse 'cat /tmp/kept'
	for backend in sandbox $ENGINES; do
		told_by "$backend"
		diff told.sandbox.most "told.$backend.most"
		diff told.sandbox.logs "told.$backend.logs"
		[ "$backend" = sandbox ] || await has_none "$backend"
	done
	stream=$(cat told.sandbox)
	tells "one: ready one: starting three: ready two: ready" \
		service 'select(.service == "db") | .scenario + ": " + .state'
	step_tells two stdout kept
	step_tells fresh exit_code 1
}

@test "nothing of a service that is reused stays when the run is killed" {
	once
	reuse "sleep 1000"
	for engine in $ENGINES; do
		clnrm-render t.clnrm.toml | clnrm-lint - >plan
		clnrm-exec --backend "$engine" --image "$IMAGE" plan >out &
		await grep -q '"ready".*"reused":true' out
		kill -9 $!
		wait $! || :
		await has_none "$engine"
	done
}

@test "limits are held by the engine, or it is an error" {
	once
	for engine in $ENGINES; do
		one_step t.clnrm.toml 'head -c 100000000 /dev/zero | tail -c 90000000' <<-'T'
		[limits]
		memory_mb = 30
		T
		stream=$(executed t.clnrm.toml --backend "$engine" --image "$IMAGE")
		of scenario.end '.enforced[] | .limit, .by' | xargs | grep -q "memory_mb $engine"
		[[ "$(of step .error)" == "killed: out of memory, limits.memory_mb is 30" ]]
		one_step t.clnrm.toml true <<-'T'
		[limits]
		disk_mb = 10
		T
		run executed t.clnrm.toml --backend "$engine" --image "$IMAGE"
		[[ "$output" == *"limits.disk_mb cannot be held here"* ]]
	done
}

@test "an image that is not there, and an engine that is not, are told in a line" {
	one_step t.clnrm.toml true </dev/null
	for engine in $ENGINES; do
		run executed t.clnrm.toml --backend "$engine" --image clnrm-no-such:1
		[[ "$output" == *"image clnrm-no-such:1 is not there"* ]]
		run executed t.clnrm.toml --backend "$engine"
		[[ "$output" == *"--image NAME"* ]]
	done
	DOCKER_HOST=unix:///nowhere/socket run -3 clnrm-exec --backend docker - </dev/null
	[[ "$output" == *"the engine at unix:///nowhere/socket: No such file or directory; it is not running"* ]]
	DOCKER_HOST=unix://$PWD/stale answer stale ''
	DOCKER_HOST=unix://$PWD/stale run -3 clnrm-exec --backend docker - </dev/null
	[[ "$output" == *"/stale: Connection refused; it is not running"* ]]
	DOCKER_HOST=ssh://far run -3 clnrm-exec --backend docker - </dev/null
	[[ "$output" == *"only unix:// and tcp:// are spoken"* ]]
	run -2 clnrm-exec --backend cloud - </dev/null
}

@test "the engine that is found is told, and by doctor what it has and lacks" {
	for engine in $ENGINES; do
		run -0 clnrm-contain --backend "$engine"
		[[ "${lines[0]}" == "$engine "*" at unix://"*", API 1."* ]]
		run clnrm doctor --backend "$engine"
		grep -qE "^ok +$engine +[0-9.]+.* at unix://.*, API 1" <<<"$output"
		grep -qE '^ok +images +[1-9]' <<<"$output"
		grep -qE '^[a-z]+ +disk +[0-9]+ GiB free at /' <<<"$output"
		grep -qE '^ok +memory_mb +held by cgroup v' <<<"$output"
	done
	DOCKER_HOST=unix:///nowhere CONTAINER_HOST=unix:///nowhere run clnrm doctor
	[[ "$output" == *"missing docker"*"No such file"*"it is not running"* ]]
}

# answer SOCKET TEXT: one call is answered with it, and the socket is left behind.
answer() {
	python3 - "$@" <<-'P' 3>&- &
	import socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.bind(sys.argv[1])
	if sys.argv[2]:
	    s.listen()
	    c, _ = s.accept()
	    c.recv(65536)
	    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(sys.argv[2]))
	    c.sendall(sys.argv[2].encode())
	P
	[ "$2" ] || wait $!
	await test -S "$1"
}

@test "an engine that is too old or none at all is told in a line" {
	answer old '{"ApiVersion":"1.24","MinAPIVersion":"1.12"}'
	DOCKER_HOST=unix://$PWD/old run -3 clnrm-exec --backend docker - </dev/null
	[[ "$output" == *"/old speaks versions 1.12 to 1.24 of the API; 1.40 to "*"; Docker 19.03 or newer"* ]]
	answer other '{}'
	DOCKER_HOST=unix://$PWD/other run -3 clnrm-exec --backend docker - </dev/null
	[[ "$output" == *"/other is no container engine"* ]]
}

# relay PLACE SOCKET [DIR]: what comes to one goes to the other, as t/relay.py
# says; $! ends both sides.
relay() {
	python3 "$ROOT/t/relay.py" "$@" 3>&- &
	echo $! >>relays
	await test -e "${1#tcp:}"
}

teardown() {
	[ -z "${driver-}" ] || kill "$driver" 2>/dev/null || :
	[ ! -f relays ] || xargs kill <relays 2>/dev/null || :
	hold_kept
}

@test "an engine that goes away in the middle is an error, and what was done is kept" {
	one_step t.clnrm.toml true <<-'T'
	[[scenario]]
	name = "after"
	run = "sleep 1000"
	T
	clnrm-render t.clnrm.toml | clnrm-lint - >plan
	for engine in $ENGINES; do
		relay "$engine" "$(socket_of "$engine")"
		relay=$(tail -n 1 relays)
		DOCKER_HOST=unix://$PWD/$engine clnrm-exec --backend auto -j 1 --image "$IMAGE" plan >told 3>&- &
		runner=$!
		await grep -q '"type":"scenario.start".*"after"' told ||
			await grep -q '"type":"scenario.start".*"after"' told
		kill -KILL "$relay"
		status=0
		wait $runner || status=$?
		[ $status = 3 ]
		stream=$(cat told)
		tells "error ok" scenario.end .status
		tells E401 diagnostic 'select(.stage == "exec").code'
		clnrm-contain --backend "$engine" --sweep
		await has_none "$engine"
	done
}

# An engine of one's own, as $DOCKER_HOST, on a disk of 40 MB below `disk`.
small_engine() {
	mkdir disk
	mount -t tmpfs -o size=40m tmpfs disk || cannot "no mounts"
	export DOCKER_HOST=unix://$PWD/small
	setsid dockerd --data-root "$PWD/disk/data" --exec-root "$PWD/run" \
		--bridge none --iptables=false -H "$DOCKER_HOST" \
		--pidfile "$PWD/pid" >/dev/null 2>&1 3>&- &
	await docker version >/dev/null 2>&1
}

is_silent() {
	! docker version >/dev/null 2>&1
}

# What others give back is taken, too.
keep_full() {
	until [ -e enough ]; do
		head -c 100m /dev/zero >>disk/fill || :
		sleep 0.01
	done
}

end_small_engine() {
	touch enough
	wait "$filler"
	kill "$(cat pid)"
	await is_silent
	umount disk
}

@test "an engine whose disk is full is told in a line, and what was done is kept" {
	command -v dockerd >/dev/null || cannot "no dockerd"
	small_engine
	tar -C "$BATS_FILE_TMPDIR/bb" -c . | docker import - "$IMAGE" >/dev/null
	mkdir project
	touch project/clnrm.conf
	head -c 4m /dev/zero >project/much
	for test in a b; do
		one_step project/$test.clnrm.toml true </dev/null
		clnrm-render project/$test.clnrm.toml | clnrm-lint - |
			grep '"type":"plan"' >$test.plan
	done
	: >told
	got=0
	(
		await grep -q '"type":"scenario.end"' told
		keep_full
	) 2>log 3>&- &
	filler=$!
	{
		cat a.plan
		await test -s disk/fill
		cat b.plan
	} | clnrm-exec --loose --backend docker --image "$IMAGE" >told || got=$?
	end_small_engine
	[ $got = 3 ]
	stream=$(cat told)
	tells "error ok" scenario.end .status
	[ "$(of diagnostic .hint)" = \
		"the engine's disk is full: docker system prune makes room" ]
}

@test "what is set up ahead of a save sees the files of that save, and goes with the loop" {
	once
	for engine in $ENGINES; do
		await has_none "$engine"
		echo old >file
		one_step t.clnrm.toml 'cat file; echo first' </dev/null
		clnrm dev --format ndjson --backend "$engine" --image "$IMAGE" . >all 2>err 3>&- &
		driver=$!
		await grep -qF 'old\nfirst' all
		await has_containers "$engine" 1
		echo new >file
		one_step t.clnrm.toml 'cat file; echo second' </dev/null
		await grep -qE '"stdout":"[a-z]+.nsecond' all
		kill "$driver"
		wait "$driver" || :
		await has_none "$engine"
		grep -qF 'new\nsecond' all
		run ! grep -qF 'old\nsecond' all
		rm all
	done
}

# certify NAME [SUBJECT_ALT]: NAME/cert.pem and its key, by the ca.pem that is here.
certify() {
	mkdir -p "$1"
	[ -e ca.pem ] || openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem \
		-days 2 -subj /CN=ca 2>/dev/null
	cp ca.pem "$1"
	openssl req -newkey rsa:2048 -nodes -keyout "$1/key.pem" -out "$1/csr" \
		-subj "/CN=$1" 2>/dev/null
	openssl x509 -req -in "$1/csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
		-extfile <(echo "${2:+subjectAltName=$2}") -out "$1/cert.pem" 2>/dev/null
}

# runs_here: in the containers of the engine that the environment names.
runs_here() {
	clnrm run --backend docker --image "$IMAGE" t.clnrm.toml | grep -q "^ok 1 - t"
}

@test "an engine is reached over tcp, by no proxy, and over TLS where both are known" {
	need_docker
	one_step t.clnrm.toml 'head -c 300000 /dev/zero' </dev/null
	export http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1
	relay tcp:port "$socket"
	DOCKER_HOST=tcp://127.0.0.1 run -3 clnrm-contain --backend docker
	[[ "$output" == *" port 2375 "* ]]
	DOCKER_HOST=tcp://127.0.0.1:$(<port)
	runs_here
	certify server IP:127.0.0.1
	certify client
	relay tcp:tls "$socket" server
	DOCKER_HOST=tcp://127.0.0.1:$(<tls)
	export DOCKER_HOST DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=$PWD/client
	runs_here
	DOCKER_CERT_PATH='' DOCKER_CONFIG=$PWD/client runs_here
	DOCKER_TLS_VERIFY='' runs_here
	mkdir nobody other
	cp ca.pem nobody
	DOCKER_CERT_PATH=$PWD/nobody run -3 clnrm-contain --backend docker
	[[ "$output" == *"the engine at tcp://127.0.0.1:"*": "* ]]
	cp client/{cert,key}.pem other
	DOCKER_CERT_PATH=$PWD/other run -3 clnrm-contain --backend docker
	[[ "$output" == *"the engine at tcp://"*"ca.pem"*"DOCKER_CERT_PATH" ]]
	openssl req -x509 -newkey rsa:2048 -nodes -keyout other/ca.key -out other/ca.pem \
		-days 2 -subj /CN=other 2>/dev/null
	DOCKER_CERT_PATH=$PWD/other run -3 clnrm-contain --backend docker
	[[ "$output" == *"the engine at tcp://"*"certificate"*"DOCKER_CERT_PATH" ]]
}

@test "an engine is found by the context that docker uses" {
	need_docker
	command -v docker >/dev/null || cannot "docker is not installed"
	one_step t.clnrm.toml true </dev/null
	export DOCKER_CONFIG=$PWD/docker
	unset DOCKER_HOST
	certify server IP:127.0.0.1
	certify client
	relay tcp:tls "$socket" server
	docker context create near --docker "host=unix://$socket"
	docker context create far --docker \
		"host=tcp://127.0.0.1:$(<tls),ca=client/ca.pem,cert=client/cert.pem,key=client/key.pem"
	docker context use far
	runs_here
	run -0 clnrm-contain --backend docker
	[[ "$output" == *" at tcp://127.0.0.1:$(<tls), API"* ]]
	DOCKER_CONTEXT=near run -0 clnrm-contain --backend docker
	[[ "$output" == *" at unix://$socket, API"* ]]
	DOCKER_CONTEXT=none run -3 clnrm-contain --backend docker
	[[ "$output" == *"docker's context none names no engine; docker context ls"* ]]
}

# of_three NAME: a plan with as many services.
of_three() {
	one_step t.clnrm.toml "sleep 1000" <<-T
	$(for name in a b c; do
		printf '[service.%s]\nimage = "%s"\ncommand = ["sleep", "1000"]\nready = { command = ["true"] }\n' $name "$IMAGE"
	done)
	T
	clnrm-render t.clnrm.toml | clnrm-lint - >"$1"
}

@test "a run that is ended, or killed at any moment, leaves no container and no volume" {
	once
	of_three plan
	mkfifo out
	for engine in $ENGINES; do
		await has_none "$engine"
		for at in "TERM 4" "KILL 1" "KILL 3" "KILL 4"; do
			{ cat out >told && touch over; } 3>&- &
			clnrm-exec --backend "$engine" --image "$IMAGE" plan >out 3>&- &
			runner=$!
			await has_containers "$engine" "${at#* }"
			kill "-${at% *}" $runner
			begun=$(date +%s%N)
			wait $runner || :
			# Who removes them writes there, too.
			await test -e over
			echo "# $engine: $at of 4 containers: all removed in $((($(date +%s%N) - begun) / 1000000)) ms" >&3
			rm over
			has_none "$engine"
		done
	done
}
