#!/usr/bin/env bats
# What the policy of a scenario closes, shown by an attempt, as root and as one
# who has no rights.
load helper

who() {
	[ "$(id -u)" = 0 ] && echo root
	echo user
}

as_root() {
	"$@"
}

as_user() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups \
			env HOME=/nonexistent "$@"
	else
		"$@"
	fi
}

setup() {
	dir=$(mktemp -d /tmp/clnrm-policy.XXXXXX)
	chmod 755 "$dir"
	mkdir -m 777 "$dir/project" "$dir/bin"
	cp "$BIN"/clnrm-{render,lint,exec} "$dir/bin"
	cd "$dir/project" || exit 1
	touch clnrm.conf
	unset CLNRM_ALLOW_DEGRADED
}

teardown() {
	cd / || exit 1
	rm -rf "$dir"
}

of() {
	jq -r --arg t "$1" "select(.type == \$t) | $2" <<<"$output" | sed '/^$/d'
}

# The records of t.clnrm.toml, run by $1.
run_as() {
	"as_$1" "$dir/bin/clnrm-render" t.clnrm.toml |
		"as_$1" "$dir/bin/clnrm-lint" - |
		"as_$1" ${refused-} "$dir/bin/clnrm-exec" - >stream || :
	is_as_documented stream
	output=$(cat stream)
}

need_busybox() {
	command -v busybox >/dev/null || cannot "busybox-static is not installed"
	mkdir -p bb/bin bb/etc
	cp "$(command -v busybox)" bb/bin/busybox
	for program in "$@"; do
		ln bb/bin/busybox "bb/bin/$program"
	done
	[ "$(id -u)" != 0 ] || chown -R 65534:65534 bb
	echo '[images]
bb = bb' >clnrm.conf
}

level() {
	printf 'policy = { security_level = "%s" }\n' "$1"
}

# ---- levels

@test "at level high only the project, HOME, /tmp and /dev/shm can be written" {
	need_namespaces
	for who in $(who); do
		one_step t.clnrm.toml 'for d in . ~ /tmp /dev/shm / /usr /etc /var /var/tmp /run /dev /home; do touch $d/new 2>/dev/null && echo $d; done; mkdir new.d && echo 1 >new.d/f && rm -r new.d && echo made; echo 1 >/etc/hosts' \
			<<<"$(level high)"
		run_as "$who"
		[ "$(of step .stdout | xargs)" = ". /home/clnrm /tmp /dev/shm made" ]
		[[ "$(of step .stderr)" == *"Read-only file system"* ]]
		one_step t.clnrm.toml 'touch /var/tmp/new /run/new && echo done' \
			<<<"$(level medium)"
		run_as "$who"
		[ "$(of step .stdout)" = "done" ]
	done
}

@test "at level high the world of a service is closed but for its volumes" {
	need_namespaces
	need_busybox sh
	mkdir -m 777 data
	echo one >file
	cat >t.clnrm.toml <<-T
	[meta]
	name = "t"
	version = "1"
	[service.s]
	image = "bb"
	volumes = [{ host_path = "$PWD/data", container_path = "/data" },
		{ host_path = "$PWD/file", container_path = "/etc/file" }]
	[[scenario]]
	name = "s"
	policy = { security_level = "HIGH" }
	service = "s"
	[[scenario.steps]]
	name = "try"
	run = "for d in / /bin /etc /data /tmp /dev . ~; do touch \$d/new 2>/dev/null && echo \$d; done; echo two >/etc/file && echo file"
	T
	for who in $(who); do
		run_as "$who"
		[ "$(of step .stdout | xargs)" = "/data /tmp . /home/clnrm file" ]
	done
	[ "$(cat file)" = one ]
}

@test "at level high limits hold where the file has none, and those of the file go first" {
	need_namespaces
	for who in $(who); do
		one_step t.clnrm.toml 'ulimit -n; for i in $(seq 600); do sleep 41762 & done; echo "$i"' <<<"$(level high)"
		run_as "$who"
		[ "$(of step .stdout)" = 1024 ]
		[[ "$(of step .stderr)" == *[Ff]ork* ]]
		[ "$(of scenario.end '.enforced[] | .limit + " " + .by')" = \
			"processes RLIMIT_NPROC of each user
open_files RLIMIT_NOFILE" ]
		one_step t.clnrm.toml 'ulimit -n' <<-T
		$(level high)
		[limits]
		open_files = 77
		T
		run_as "$who"
		[ "$(of step .stdout)" = 77 ]
	done
}

@test "at level high the clock can be stopped all the same" {
	need_namespaces
	one_step t.clnrm.toml 'date +%s' <<-T
	$(level high)
	[determinism]
	freeze_clock = "2025-01-01T00:00:00Z"
	T
	run_as user
	[ "$(of step .stdout)" = 1735689600 ] || { of diagnostic .; false; }
}

# ---- network

# Something on the host's loopback; its port is in $port.
listen() {
	perl -MIO::Socket::INET -e '
		my $l = IO::Socket::INET->new(Listen => 9, LocalAddr => "127.0.0.1") or die;
		open my $up, ">", "up.new"; print $up $l->sockport; close $up;
		rename "up.new", "up";
		while (my $c = $l->accept) { print $c "from outside\n"; close $c }' 3>&- &
	listener=$!
	await test -e up
	port=$(cat up)
}

@test "the host's network is reached where it is asked for at level low, and not else" {
	need_namespaces
	listen
	for who in $(who); do
		one_step t.clnrm.toml "bash -c 'cat </dev/tcp/127.0.0.1/$port'; echo \$OTEL_EXPORTER_OTLP_ENDPOINT" <<-T
		network = "host"
		$(level low)
		T
		run_as "$who"
		[ "$(of step .stdout | head -n 1)" = "from outside" ]
		[ "$(of scenario.start .isolation)" = full ]
		[ "$(of scenario.end '.isolation | [.level, .missing] | @json')" = '["full",[]]' ]
		of scenario.end '.isolation.notes[]' | grep -qx 'network: host, as asked'
		# A port that others may have is not ours to take.
		[[ "$(of step .stdout | tail -n 1)" != *:4318 ]]
		for level in low medium high; do
			one_step t.clnrm.toml "bash -c 'cat </dev/tcp/127.0.0.1/$port'" \
				<<<"$(level $level)"
			run_as "$who"
			[[ "$(of step .stderr)" == *"Connection refused"* ]]
			! of scenario.end '.isolation.notes[]' | grep 'network' || return 1
		done
	done
	kill "$listener"
}

@test "in the host's network a span is bound by what it says, not by where it came" {
	need_namespaces
	cp "$ROOT/examples/spans/checkout" . || cannot "no example of spans"
	for network in none host; do
		one_step t.clnrm.toml "env -u TRACEPARENT OTEL_RESOURCE_ATTRIBUTES= ./checkout pay" <<-T
		network = "$network"
		$(level low)
		T
		run_as root
		of span 'select(.via == "otlp").bound' | sort -u >"$network"
	done
	[ "$(cat none)" = listener ]
	[ "$(cat host)" = no ]
}

# ---- programs

@test "a disallowed program cannot be started, by its name or its path" {
	need_namespaces
	for who in $(who); do
		one_step t.clnrm.toml 'perl -e 1; echo $? >&2; /usr/bin/perl -e 1 || echo $?; /bin/perl -e 1 || echo $?; chmod 755 /usr/bin/perl; rm -f /usr/bin/perl; mv /usr/bin/perl /tmp; cp /usr/bin/perl /tmp/p; /tmp/p; ln -s /usr/bin/perl /tmp/q; /tmp/q -e 1 || echo $?; /usr/bin/head -n 1 clnrm.conf || echo $?' \
			<<<'policy = { disallowed_commands = ["perl", "/usr/bin/head", "no-such-program"] }'
		printf '[[scenario.steps]]\nname = "itself"\ncommand = ["perl"]\nexpected_exit_code = 126\n' >>t.clnrm.toml
		run_as "$who"
		[ "$(of step 'select(.step == "s").stdout' | xargs)" = "126 126 126 126" ]
		[ "$(of step 'select(.step == "itself") | [.exit_code, .error] | @json')" = \
			'[126,"cannot start perl: disallowed by policy"]' ]
	done
}

@test "of a program with many names the one that is disallowed is refused, in images too" {
	need_namespaces
	need_busybox sh nc
	ln -s busybox bb/bin/wget
	mkdir bb/own
	ln bb/bin/busybox bb/own/id
	# The shell of busybox starts what is built in without a file.
	{
		cat <<-'T'
		[meta]
		name = "t"
		version = "1"
		[service.s]
		image = "bb"
		env = { PATH = "/bin:/own" }
		[[scenario]]
		name = "s"
		service = "s"
		policy = { disallowed_commands = ["wget", "nc", "id"] }
		T
		for command in wget nc id /own/id 'busybox", "id' 'sh", "-c", "/bin/wget'; do
			printf '[[scenario.steps]]\nname = "%s"\ncommand = ["%s"]\ncontinue_on_failure = true\n' \
				"${command//\"/}" "$command"
		done
	} >t.clnrm.toml
	for who in $(who); do
		run_as "$who"
		[ "$(of step .exit_code | xargs)" = "126 126 126 126 0 126" ]
	done
}

# ---- where there is no way to hold it

@test "at level process a policy that cannot be held is an error that names the level" {
	need_refusal
	while IFS='|' read -r policy said least lacks; do
		one_step t.clnrm.toml true <<-T
		isolation = "process"
		policy = { $policy }
		T
		refused=without_namespaces run_as root
		[ "$(of diagnostic 'select(.stage == "exec") | .code + " " + .message')" = \
			"E402 policy.$said, which level $lacks has not" ]
		[[ "$(of diagnostic 'select(.stage == "exec").hint')" == \
			"isolation = \"$least\" is the least"*--allow-degraded* ]]
		[ "$(of scenario.end .status)" = error ]
		CLNRM_ALLOW_DEGRADED=1 refused=without_namespaces run_as root
		of scenario.end '.isolation.notes[]' | grep -qx "policy not held: $said"
		[ "$(of scenario.end .status)" = ok ]
	done <<-'T'
	security_level = "high"|security_level = "high" needs files and a network of its own|no-proc|no-net
	security_level = "medium"|security_level = "medium" needs a network of its own|no-proc|no-net
	disallowed_commands = ["wget"]|disallowed_commands needs files of its own|no-net|process
	T
	one_step t.clnrm.toml true <<-'T'
	isolation = "process"
	network = "host"
	policy = { security_level = "low", max_execution_time = 9 }
	T
	refused=without_namespaces run_as root
	[ "$(of scenario.end .status)" = ok ]
}
