#!/usr/bin/env bats
load helper

# The members $2 of the records of type $1 in $output, one a line.
of() {
	jq -r --arg t "$1" "select(.type == \$t) | $2" <<<"$output" | sed '/^$/d'
}

@test "a step's output, exit status and usage are told" {
	one_step t.clnrm.toml 'echo out; echo err >&2; exit 3' </dev/null
	run executed t.clnrm.toml
	[ "$(of step '[.stdout, .stderr, .exit_code, .signal, .timed_out] | @json')" = \
		'["out\n","err\n",3,null,false]' ]
	[ "$(of step '.usage.max_rss > 0 and .duration_ns > 0')" = true ]
	[ "$(of scenario.end .status)" = failed ]
}

@test "steps run in order, and a later one finds what an earlier one left" {
	cat >t.clnrm.toml <<-'T'
	[meta]
	name = "t"
	version = "1"
	[[scenario]]
	name = "s"
	[[scenario.steps]]
	name = "a"
	command = ["sh", "-c", "echo 1 >file; echo 2 >/tmp/file; echo 3 >~/file"]
	[[scenario.steps]]
	name = "b"
	command = ["sh", "-c", "cat file /tmp/file ~/file"]
	T
	run executed t.clnrm.toml
	[ "$(of step .stdout | xargs)" = "1 2 3" ]
	clnrm-exec --probe | grep -q '^ok *isolation: full' || return 0
	[ ! -e file ]
}

# A scenario whose steps, a line of shell each, run at once.
at_once() {
	printf '[meta]\nname = "t"\nversion = "1"\n[[scenario]]\nname = "s"\nconcurrent = true\ntimeout_ms = 20000\n'
	for command; do
		printf '[[scenario.steps]]\nname = "%s"\ncommand = ["sh", "-c", """%s"""]\n' \
			"${command%%;*}" "$command"
	done
}

until_there='until [ -e /tmp/$0 ]; do sleep 0.01; done'

@test "concurrent steps run all at once" {
	at_once ": one; >/tmp/one; ${until_there/\$0/two}; exit 0" \
		": two; >/tmp/two; ${until_there/\$0/three}; echo 2" \
		": three; ${until_there/\$0/one}; >/tmp/three" >t.clnrm.toml
	run executed t.clnrm.toml
	[ "$(of scenario.end .status)" = ok ]
	[ "$(of step '"\(.index) \(.exit_code) \(.stdout)"' | sort | xargs)" = "0 0 1 0 2 2 0" ]
	[ "$(of span 'select(.name | startswith("clnrm.step")).span_id' | sort -u | wc -l)" = 3 ]
}

@test "a concurrent step that fails lets the others come to their end" {
	at_once "exit 3" "sleep 0.3; echo late" >t.clnrm.toml
	run executed t.clnrm.toml
	[ "$(of scenario.end .status)" = failed ]
	[ "$(of step '"\(.index) \(.exit_code) \(.stdout)"' | xargs)" = "0 3 1 0 late" ]
}

@test "concurrent steps are timed and stopped each by itself, or all" {
	{
		at_once "sleep 41761" "echo quick"
		echo 'timeout_ms = 60000'
	} | sed 's/^timeout_ms = 20000/timeout_ms = 700/' >t.clnrm.toml
	run executed t.clnrm.toml
	[ "$(of scenario.end .status)" = timeout ]
	[ "$(of step '"\(.index) \(.timed_out)"' | xargs)" = "1 false 0 true" ]
	{
		at_once "sleep 41761" | sed '$a timeout_ms = 200'
		printf '[[scenario.steps]]\nname = "slow"\ncommand = ["sleep", "0.5"]\n'
	} >t.clnrm.toml
	run executed t.clnrm.toml
	[ "$(of scenario.end .status)" = timeout ]
	[ "$(of step '"\(.index) \(.timed_out)"' | xargs)" = "0 true 1 false" ]
	is_gone 'sleep 41761'
}

@test "a command is an argument vector, no shell looks at it" {
	cat >t.clnrm.toml <<-'T'
	[meta]
	name = "t"
	version = "1"
	[[scenario]]
	name = "s"
	[[scenario.steps]]
	name = "a"
	command = ["printf", "%s|", "a b", "$HOME", "", "*"]
	T
	run executed t.clnrm.toml
	[ "$(of step .stdout)" = 'a b|$HOME||*|' ]
}

@test "the first failed step is the last, unless it may fail" {
	cat >t.clnrm.toml <<-'T'
	[meta]
	name = "t"
	version = "1"
	[[scenario]]
	name = "s"
	[[scenario.steps]]
	name = "a"
	run = "false"
	continue_on_failure = true
	[[scenario.steps]]
	name = "b"
	run = "exit 4"
	expected_exit_code = 4
	[[scenario.steps]]
	name = "c"
	run = "false"
	[[scenario.steps]]
	name = "d"
	run = "true"
	T
	run executed t.clnrm.toml
	[ "$(of step .step | xargs)" = "a b c" ]
}

@test "a signal is no exit status" {
	one_step t.clnrm.toml 'kill -9 $$' </dev/null
	run executed t.clnrm.toml
	[ "$(of step '[.exit_code, .signal] | @json')" = '[null,9]' ]
}

@test "a program that does not exist is told by name" {
	cat >t.clnrm.toml <<-'T'
	[meta]
	name = "t"
	version = "1"
	[[scenario]]
	name = "s"
	[[scenario.steps]]
	name = "a"
	command = ["no-such-program", "x"]
	T
	run executed t.clnrm.toml
	[ "$(of step .exit_code)" = 127 ]
	[ "$(of step .error)" = "cannot start no-such-program: No such file or directory" ]
	run -1 clnrm run t.clnrm.toml
	[[ "$output" == *"no-such-program"* ]]
}

@test "a step that takes too long is killed with its whole tree" {
	one_step t.clnrm.toml \
		'trap "" TERM; (trap "" TERM; setsid sleep 41731) & sleep 41731; sleep 41731' \
		<<<'timeout_ms = 200'
	run executed t.clnrm.toml --grace 100ms
	[ "$(of step .timed_out)" = true ]
	[ "$(of scenario.end .status)" = timeout ]
	await is_gone 'sleep 41731'
}

@test "the output of a step that was killed is kept" {
	one_step t.clnrm.toml 'echo before; sleep 50' <<<'timeout_ms = 300'
	run executed t.clnrm.toml --grace 100ms
	[ "$(of step .stdout)" = before ]
}

@test "a step that closes its stdout is waited for" {
	one_step t.clnrm.toml 'exec >&- 2>&-; sleep 0.3; exit 5' </dev/null
	run executed t.clnrm.toml
	[ "$(of step .exit_code)" = 5 ]
}

@test "a child in the background that holds the pipe is not waited for" {
	one_step t.clnrm.toml 'sleep 41732 & echo done' </dev/null
	run executed t.clnrm.toml
	[ "$(of step .stdout)" = "done" ]
	[ "$(of step '.duration_ns < 5e9')" = true ]
	await is_gone 'sleep 41732'
}

@test "a child in the background that writes for ever does not hold the step" {
	one_step t.clnrm.toml 'yes 41735 & sleep 0.2; echo' <<<'timeout_ms = 5000'
	run executed t.clnrm.toml --capture 1K --grace 100ms
	[ "$(of scenario.end .status)" = ok ]
	await is_gone 'yes 41735'
}

@test "a closed standard input, output or error is no other file" {
	one_step t.clnrm.toml 'cat; exec <&-; echo $?' </dev/null
	clnrm-render t.clnrm.toml | clnrm-lint - >plan
	clnrm-exec plan <&- 2>&- >out
	[ "$(jq -r 'select(.type == "step") | .stdout' out)" = 0 ]
	run -3 timeout 60 sh -c 'clnrm-exec - <&-'
	[[ "$output" == *"Bad file descriptor"* ]]
	run -3 --separate-stderr sh -c 'clnrm-exec plan >&-'
	run -0 sh -c 'clnrm run . <&-'
}

@test "of 100 MB the first and the last half are kept, the rest is counted" {
	one_step t.clnrm.toml \
		'echo first; head -c 100000000 /dev/zero | tr "\0" x; echo; echo last' </dev/null
	executed t.clnrm.toml --capture 64K >out
	[ "$(jq -r 'select(.type == "step") | .truncated.stdout' out)" -gt 99900000 ]
	jq -j 'select(.type == "step") | .stdout' out >text
	[ "$(head -n 1 text)" = first ]
	[ "$(tail -n 1 text)" = last ]
	[ "$(wc -c <text)" -le 65537 ]
}

@test "the environment is clean, and a variable passes only when it is named" {
	export SECRET=s PASSED=p
	one_step t.clnrm.toml 'env' <<-'T'
	[env]
	pass = ["PASSED"]
	T
	run executed t.clnrm.toml
	of step .stdout >vars
	run -1 grep '^SECRET' vars
	grep -qx PASSED=p vars
	grep -qx HOME=/home/clnrm vars || skip "not in a cleanroom of its own"
	for line in TMPDIR=/tmp TZ=UTC LC_ALL=C.UTF-8 CLNRM_TEST_NAME=t \
		OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf \
		OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 \
		OTEL_TRACES_SAMPLER=always_on OTEL_METRICS_EXPORTER=none \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; do
		grep -qx "$line" vars
	done
	grep -qE '^TRACEPARENT=00-[0-9a-f]{32}-[0-9a-f]{16}-01$' vars
	grep -qE '^OTEL_RESOURCE_ATTRIBUTES=test.run.id=[0-9a-f]{16}$' vars
}

@test "the host's files are seen and never changed" {
	need_namespaces
	echo old >file
	one_step t.clnrm.toml 'cat file; echo new >file; rm clnrm.conf; touch more; cat file' </dev/null
	run executed t.clnrm.toml
	[ "$(of step .stdout | xargs)" = "old new" ]
	[ "$(cat file)" = old ]
	[ -e clnrm.conf ]
	[ ! -e more ]
}

@test "there is no way out: no network, no capability, no sysctl, no host process" {
	need_namespaces
	command -v perl >/dev/null || cannot "no perl"
	one_step t.clnrm.toml \
		'ls /sys/class/net 2>/dev/null; grep CapEff /proc/self/status; grep NoNewPrivs /proc/self/status
		echo 1 >/proc/sys/vm/swappiness || echo refused
		ls /home /root /run /mnt /media | grep -v : | xargs
		perl -MSocket -e "socket(S,PF_INET,SOCK_STREAM,0); print connect(S,sockaddr_in(80,inet_aton(q(192.0.2.1)))) ? qq(out\n) : qq(\$!\n)"
		ls -d /proc/[0-9]* | wc -l' </dev/null
	run executed t.clnrm.toml
	of step .stdout >said
	grep -q 'CapEff:.0000000000000000' said
	grep -q 'NoNewPrivs:.1' said
	grep -qx refused said
	grep -qx clnrm said
	grep -q 'Network is unreachable' said
	[ "$(tail -n 1 said)" -lt 10 ]
}

@test "no unix socket of the host is reachable, not even below the project" {
	need_namespaces
	command -v perl >/dev/null || cannot "no perl"
	perl -MIO::Socket::UNIX -e \
		'$| = 1; $s = IO::Socket::UNIX->new(Local => "sock", Listen => 1); print "up\n"; sleep 60' >up &
	server=$!
	await test -s up
	one_step t.clnrm.toml \
		'test -e clnrm.conf && perl -MIO::Socket::UNIX -e "print IO::Socket::UNIX->new(Peer => q(sock)) ? q(reached) : q(refused)"' </dev/null
	run executed t.clnrm.toml
	kill $server
	[ "$(of step .stdout)" = refused ]
}

@test "spans are heard on the loopback, tied to the run, and parents are found" {
	cp "$ROOT/examples/spans/checkout" .
	one_step t.clnrm.toml './checkout' <<<'isolation = "process"'
	run executed t.clnrm.toml
	[ "$(of span 'select(.via == "otlp") | .name' | sort | xargs)" = \
		"checkout checkout.pay checkout.reserve" ]
	[ "$(of span 'select(.via == "otlp") | .bound' | sort -u)" = trace ]
	[ "$(of scenario.end '.complete | @json')" = \
		'{"processes":true,"connections":true,"parents":true}' ]
	[ "$(of span 'select(.via == "clnrm") | .name' | sort | xargs)" = \
		"clnrm.run clnrm.step:s" ]
}

@test "the span of a step tells of its start, its program and its end" {
	for step in 'exit 0' 'exit 3' 'kill -9 $$'; do
		one_step t.clnrm.toml "$step" </dev/null
		run executed t.clnrm.toml
		of span 'select(.name == "clnrm.step:s") | . as $span | [.attributes.result, .status.code] +
			(.events | map(.name + "=" + (.attributes["process.command"] // .attributes.exit_code // "")))
			+ [.events | map(.time_unix_nano) == [$span.start_unix_nano, $span.start_unix_nano, $span.end_unix_nano]]
			| join(" ")'
		of span 'select(.name == "clnrm.step:s") | .id == .events[0].attributes["container.id"]'
	done >told
	[ "$(cat told)" = "pass OK container.start= container.exec=/bin/sh container.stop=0 true
true
fail ERROR container.start= container.exec=/bin/sh container.stop=3 true
true
fail ERROR container.start= container.exec=/bin/sh container.stop=137 true
true" ]
	printf '[meta]\nname = "t"\nversion = "1"\n[[steps]]\nname = "s"\ncommand = ["/no/such"]\n' >t.clnrm.toml
	run executed t.clnrm.toml
	[ "$(of span 'select(.name == "clnrm.step:s").events | map(.name) | join(" ")')" = \
		"container.start container.stop" ]
}

@test "a fork bomb stays within limits.processes" {
	need_namespaces
	clnrm-exec --probe | grep -q '^ok *limits.processes' ||
		cannot "no pids cgroup to write"
	one_step t.clnrm.toml \
		'for i in $(seq 200); do sleep 41733 & done 2>err; grep -c . err; pgrep -c sleep' <<-'T'
	[limits]
	processes = 20
	T
	run executed t.clnrm.toml
	[ "$(of scenario.end '.enforced[0].limit')" = processes ]
	is_gone 'sleep 41733'
	of step .stderr | grep -qi 'fork' || [ "$(of step .exit_code)" != 0 ]
}

@test "a limit that nobody holds is an error, unless it is optional" {
	need_refusal
	one_step t.clnrm.toml true <<-'T'
	isolation = "process"
	[limits]
	processes = 20
	T
	if without_namespaces clnrm-exec --probe | grep -q '^ok *limits.processes'; then
		skip "the limit is held even there"
	fi
	refused=without_namespaces run executed t.clnrm.toml
	[ "$(of diagnostic 'select(.stage == "exec").code')" = E403 ]
	[ "$(of scenario.end .status)" = error ]
	echo 'optional = ["processes"]' >>t.clnrm.toml
	refused=without_namespaces run executed t.clnrm.toml
	[ "$(of scenario.end .status)" = ok ]
}

@test "limits are told with who holds them, and output_bytes is how much is kept" {
	need_namespaces
	one_step t.clnrm.toml 'ulimit -n; head -c 5000 /dev/zero | tr "\0" x' <<-'T'
	[limits]
	open_files = 50
	disk_mb = 1
	output_bytes = 100
	T
	run executed t.clnrm.toml
	[ "$(of scenario.end '.enforced | map(.limit) | join(" ")')" = \
		"open_files disk_mb output_bytes" ]
	[ "$(of step '.stdout | length')" = 100 ]
	[[ "$(of step .stdout)" == 50* ]]
}

@test "writing beyond limits.disk_mb fails" {
	need_namespaces
	one_step t.clnrm.toml 'head -c 3000000 /dev/zero >file' <<-'T'
	[limits]
	disk_mb = 1
	T
	run executed t.clnrm.toml
	[[ "$(of step .stderr)" == *"No space left"* ]]
}

@test "where namespaces are refused a test that wants them is an error, exit 3" {
	need_refusal
	unset CLNRM_ALLOW_DEGRADED
	one_step t.clnrm.toml true </dev/null
	run -3 without_namespaces clnrm run t.clnrm.toml
	[[ "$output" == *"isolation"* ]]
	[[ "$output" == *"--allow-degraded"* ]]
	run -0 without_namespaces clnrm run --allow-degraded t.clnrm.toml
	[[ "$output" == *"process"* ]]
}

@test "at level process a step has its own HOME and TMPDIR, and they go" {
	need_refusal
	mkdir tmp
	one_step t.clnrm.toml 'touch "$HOME/a" "$TMPDIR/b"; echo "$HOME $TMPDIR"; setsid sleep 41734 &' \
		<<<'isolation = "process"'
	TMPDIR=$PWD/tmp refused=without_namespaces run executed t.clnrm.toml --grace 100ms
	[ "$(of scenario.end .isolation.level)" = process ]
	[ "$(of scenario.end '.isolation.missing | length > 3')" = true ]
	[ -n "$(of step .stdout)" ]
	[ -z "$(ls tmp)" ]
	await is_gone 'sleep 41734'
}

@test "memory is held for all processes together, and who was killed for it is told" {
	need_namespaces
	one_step t.clnrm.toml 'perl -e "my \$x = qq(a) x (200 << 20); print length \$x"' <<-'T'
	[limits]
	memory_mb = 50
	T
	run executed t.clnrm.toml
	of scenario.end '.enforced[0] | .limit + " " + .by' | grep -qE '^memory_mb (cgroup v[12] memory|RLIMIT_AS of each process)$'
	[ "$(of step .stdout)" = "" ]
	[ "$(of scenario.end .status)" = failed ]
	of scenario.end '.enforced[0].by' | grep -q cgroup || return 0
	[[ "$(of step .error)" == "killed: out of memory, limits.memory_mb is 50" ]]
}

@test "standard output and error can be opened by their names in /dev" {
	one_step t.clnrm.toml 'echo out >/dev/stdout; echo err >/dev/stderr; cat </dev/stdin' </dev/null
	run executed t.clnrm.toml
	[ "$(of step '.stdout + .stderr' | xargs)" = "out err" ]
	[ "$(of step .exit_code)" = 0 ]
}

@test "the policy of a scenario limits it too" {
	need_namespaces
	one_step t.clnrm.toml true <<<'policy = { max_memory_mb = 64, security_level = "high" }'
	run executed t.clnrm.toml
	of scenario.end '.enforced[].limit' | grep -qx memory_mb
}

@test "processor time is held" {
	need_namespaces
	one_step t.clnrm.toml 'perl -e "1 for 1 .. 30000000"' <<-'T'
	[limits]
	cpu_millicores = 200
	T
	run executed t.clnrm.toml
	if [ "$(of scenario.end .status)" = error ]; then
		[ "$(of diagnostic 'select(.stage == "exec").code')" = E403 ]
		cannot "no cgroup for processors is writable"
	fi
	# Five times as long as it computes, or nearly so.
	[ "$(of step '.duration_ns > (.usage.user_ns + .usage.system_ns) * 3')" = true ]
}

@test "many scenarios at a time share nothing" {
	need_namespaces
	{
		printf '[meta]\nname="t"\nversion="1"\n'
		for i in $(seq 24); do
			printf '[[scenario]]\nname="s%s"\nrun="echo %s >only; sleep 0.05; cat only; ls -a ~ /tmp | wc -l"\n' $i $i
		done
	} >t.clnrm.toml
	run executed t.clnrm.toml -j 8
	[ "$(of scenario.end .status | sort | uniq -c | xargs)" = "24 ok" ]
	[ "$(of step '.scenario + " " + (.stdout | split("\n")[0])' | awk '"s" $2 != $1' | wc -l)" = 0 ]
}

@test "unknown records pass byte for byte, before the end that follows them" {
	one_step t.clnrm.toml true </dev/null
	odd='{"type":"odd.one",  "x":[1, 2.50,"\u00e9"] }'
	{
		clnrm-render t.clnrm.toml | clnrm-lint - | sed '$d'
		echo "$odd"
		echo '{"type":"end","stage":"odd","status":0,"records":0,"duration_ns":0}'
	} >in
	clnrm-exec - <in >out
	grep -qxF "$odd" out
	# the foreign end is a barrier: it passes after what was owed
	[ "$(grep -n '"stage":"odd"' out | cut -d: -f1)" -gt \
		"$(grep -n '"type":"scenario.end"' out | cut -d: -f1)" ]
}

@test "records come from a file too, one, and --probe reads none" {
	printf '{"type":"odd"}\n{"type":"end","stage":"lint","status":0}\n' >in
	run -0 clnrm-exec in
	[ "${lines[0]}" = '{"type":"odd"}' ]
	run -2 clnrm-exec in in
	run -2 clnrm-exec none
	[[ "$output" == *"none: No such file"* ]]
	run -2 clnrm-exec --probe in
}

@test "a terminal on standard input is a misuse" {
	command -v script >/dev/null || cannot "no script(1)"
	run script -qec 'clnrm-exec; echo "exit $?"' /dev/null
	[[ "$output" == *"usage: clnrm-exec"* ]]
	[[ "$output" == *"exit 2"* ]]
}

@test "artifacts are kept: files, what was printed, spans" {
	need_namespaces
	one_step t.clnrm.toml "echo out; echo err >&2; mkdir d; echo kept >d/f; ln -s /proc/1/environ e; $ROOT/examples/spans/checkout pay >/dev/null; true" <<-'T'
	artifacts.collect = ["files:d/f", "files:e", "files:none", "files:/etc", "logs:stdout", "logs:stderr", "spans:default"]
	T
	run executed t.clnrm.toml
	[ "$(of artifact .artifact | sort | xargs)" = "files:d/f logs:stderr logs:stdout spans:default" ]
	[ "$(cat .clnrm/artifacts/t/s/d_f)" = kept ]
	[ "$(head -n 1 .clnrm/artifacts/t/s/stdout.log)" = out ]
	[ "$(head -n 1 .clnrm/artifacts/t/s/stderr.log)" = err ]
	[ "$(jq -r .name .clnrm/artifacts/t/s/spans.json | wc -l)" = "$(of span 'select(.via == "otlp").name' | wc -l)" ]
	[ "$(of diagnostic 'select(.code == "W406").message')" = "artifact files:e: Permission denied
artifact files:none: No such file or directory
artifact files:/etc: Is a directory" ]
}

@test "an artifact that is a link out, a device, a pipe or a socket brings nothing" {
	need_namespaces
	secret=$(mktemp /tmp/clnrm-secret.XXXXXX)
	echo secret >"$secret"
	one_step t.clnrm.toml "ln -s $secret out; ln -s /proc/self/environ env
		ln -s /proc/self/mem mem; ln -s /dev/zero zero; ln -s /proc/1/root$secret root
		ln -s ../../../../../../../../..$secret up; mkfifo pipe
		perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => \"socket\", Listen => 1)'
		readlink out; head -c 1 env | wc -c; test -p pipe && test -S socket && echo made" <<-'T'
	artifacts.collect = ["files:out", "files:env", "files:mem", "files:zero", "files:root", "files:up", "files:pipe", "files:socket"]
	T
	run executed t.clnrm.toml
	rm "$secret"
	[ "$(of step .stdout | xargs)" = "$secret 1 made" ]
	[ -z "$(of artifact .artifact)" ]
	[ ! -e .clnrm/artifacts ] || run -1 grep -r . .clnrm/artifacts
	[ "$(of diagnostic 'select(.code == "W406").message' | wc -l)" = 8 ]
}

@test "of scenarios that wait the one with the higher priority runs first" {
	printf '[meta]\nname = "t"\nversion = "1"\npriority = 2\n' >t.clnrm.toml
	for s in first:-1 second: third:7 fourth:2; do
		printf '[[scenario]]\nname = "%s"\nrun = "true"\n' "${s%:*}"
		[ -z "${s#*:}" ] || printf 'priority = %s\n' "${s#*:}"
	done >>t.clnrm.toml
	run executed t.clnrm.toml -j 1
	[ "$(of scenario.start .scenario | xargs)" = "third second fourth first" ]
}

# The cleanrooms that the spawner of exec's process $1 holds.
waiting() {
	pgrep -x clnrm-init -P "$(pgrep -x clnrm-spawn -P "$1")"
}

@test "in a live stream cleanrooms wait for the next save, and see it" {
	need_namespaces
	mkdir d
	touch clnrm.conf gone d/old
	echo old >kept
	echo old >renamed
	one_step t.clnrm.toml 'cat kept renamed new; ls d gone 2>&1; cat /tmp/left' </dev/null
	clnrm-render t.clnrm.toml | clnrm-lint - >plans
	plan=$(grep '"plan"' plans)
	mkfifo in
	clnrm-exec - <in >out &
	exec 9>in
	printf '%s\n{"type":"batch","gen":0,"size":1}\n' "$plan" >&9
	await grep -q '"batch"' out
	await waiting $! >/dev/null
	sleep 0.1
	rooms=$(waiting $!)
	echo new >kept
	echo new >other
	mv other renamed
	echo new >new
	rm -r gone d
	mkdir d
	touch d/new
	printf '%s\n{"type":"batch","gen":1,"size":1}\n' \
		"${plan/\"gen\":0/\"gen\":1}" >&9
	await grep -q '"batch","gen":1' out
	echo '{"type":"end","stage":"lint","status":0,"records":1,"duration_ns":1}' >&9
	exec 9>&-
	wait $!
	run cat out
	[ "$(of step 'select(.gen == 1).stdout' | tr -d "'" | xargs)" = \
		"new new new ls: cannot access gone: No such file or directory d: new" ] ||
		{ of step .stdout; return 1; }
	for room in $rooms; do
		run ! kill -0 "$room"
	done
}
