#!/usr/bin/env bats
# The levels between full isolation and none, and whose users are inside.
load helper

of() {
	jq -r --arg t "$1" "select(.type == \$t) | $2" <<<"$output" | sed '/^$/d'
}

# The command "$@" where /proc is masked, as in a container.
with_masked_proc() {
	unshare -Urm --propagation private sh -c \
		'mount --bind /dev/null /proc/version && exec "$@"' sh "$@"
}

# The command "$@" where there is no network namespace to be had.
without_net() {
	unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_net_namespaces &&
		exec "$@"' sh "$@"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
	touch clnrm.conf
	unset CLNRM_ALLOW_DEGRADED
}

need_masks() {
	need_namespaces
	with_masked_proc true 2>/dev/null ||
		cannot "/proc cannot be masked here for a try"
}

need_no_net() {
	need_namespaces
	without_net true 2>/dev/null ||
		cannot "network namespaces cannot be refused here for a try"
}

@test "where /proc is masked the probe names the step, the cure and level no-proc" {
	need_masks
	run -0 with_masked_proc clnrm-exec --probe
	grep -qx 'missing isolation: full     proc: Operation not permitted' <<<"$output"
	[[ "$output" == *systempaths=unconfined* ]]
	grep -q '^ok  *isolation: no-proc' <<<"$output"
}

@test "where there is no network the probe names the step and level no-net" {
	need_no_net
	run -0 without_net clnrm-exec --probe
	grep -q '^missing isolation: full  *clone: No space left' <<<"$output"
	grep -q '^missing isolation: no-proc ' <<<"$output"
	grep -q '^ok  *isolation: no-net' <<<"$output"
}

@test "a test that accepts no-proc runs there, is told, and its files are its own" {
	need_masks
	one_step t.clnrm.toml 'echo 1 >made; kill -0 1 && echo $$; ls /proc/net >/dev/null && echo net' \
		<<<'isolation = "no-proc"'
	refused=with_masked_proc run executed t.clnrm.toml
	[ "$(of scenario.end .status)" = ok ]
	[ "$(of scenario.start .isolation)" = no-proc ]
	[ "$(of scenario.end '.isolation | [.level, .missing] | @json')" = \
		'["no-proc",["proc"]]' ]
	of scenario.end '.isolation.notes[]' | grep -q 'proc: Operation not permitted'
	[ ! -e made ]
}

@test "a step that is stubborn ends at level no-proc as well" {
	need_masks
	one_step t.clnrm.toml 'trap "" TERM; (trap "" TERM; setsid sleep 41752) & sleep 41752; sleep 41752' <<-'T'
	isolation = "no-proc"
	timeout_ms = 300
	T
	refused=with_masked_proc run executed t.clnrm.toml --grace 100ms
	[ "$(of scenario.end .status)" = timeout ]
	await is_gone 'sleep 41752'
}

@test "at level no-net the listener has a free port, and the rest is as in full" {
	need_no_net
	one_step t.clnrm.toml 'echo $OTEL_EXPORTER_OTLP_ENDPOINT; hostname; echo 1 >made; unshare -Ur true' \
		<<<'isolation = "no-net"'
	refused=without_net run executed t.clnrm.toml
	[ "$(of scenario.end '.isolation | [.level, .missing] | @json')" = \
		'["no-net",["network"]]' ]
	[[ "$(of step .stdout | head -n 1)" != *:4318 ]]
	[ "$(of step .stdout | sed -n 2p)" = clnrm ]
	[[ "$(of step .stderr)" == *"not permitted"* ]]
	[ ! -e made ]
}

@test "the least that a test accepts is held to" {
	need_masks
	need_no_net
	for least in full no-proc; do
		one_step t.clnrm.toml true <<<"isolation = \"$least\""
		run -3 without_net clnrm run t.clnrm.toml
		[[ "$output" == *"no $least isolation on this machine: clone:"* ]]
	done
	one_step t.clnrm.toml true </dev/null
	run -3 with_masked_proc clnrm run t.clnrm.toml
	[[ "$output" == *"no full isolation on this machine: proc:"* ]]
	run -0 with_masked_proc clnrm run --allow-degraded t.clnrm.toml
	[[ "$output" == *no-proc* ]]
	for least in no-net process; do
		one_step t.clnrm.toml true <<<"isolation = \"$least\""
		run -0 with_masked_proc clnrm run t.clnrm.toml
		[[ "$output" == *no-proc* ]]
	done
}

@test "root inside is nobody outside, and reads what root outside may" {
	need_namespaces
	[ "$(id -u)" = 0 ] || cannot "not root"
	echo secret >secret
	chmod 600 secret
	one_step t.clnrm.toml \
		'cat secret; stat -c "%u %a" secret; id -u; cat /proc/self/uid_map; echo more >>secret; cat secret; cat /etc/shadow' </dev/null
	run executed t.clnrm.toml
	of scenario.end '.isolation.notes[]' | grep -q '^users, files id-mapped: 0-65535 are' ||
		cannot "files cannot be id-mapped here: $(of scenario.end '.isolation.notes[]')"
	of step .stdout >said
	[ "$(sed -n 1,3p said | xargs)" = "secret 0 600 0" ]
	read -r inside outside count < <(sed -n 4p said)
	[ "$inside $count" = "0 65536" ]
	[ "$outside" -gt 65535 ]
	[ "$(sed -n 5,6p said | xargs)" = "secret more" ]
	grep -q '^root:' said
	[ "$(cat secret)" = secret ]
}

@test "where files cannot be id-mapped the users are the machine's, it is told, and /proc is shut" {
	need_namespaces
	[ "$(id -u)" = 0 ] || cannot "not root"
	one_step t.clnrm.toml \
		'echo a >made && cat made; cat /proc/self/uid_map; cat /proc/sys/vm/swappiness >old; cat old >/proc/sys/vm/swappiness; chmod 666 /dev/null; for f in /proc/irq/*/smp_affinity; do cat $f >old; cat old >$f && echo written $f; done; true' </dev/null
	# Of an overlay none can be made.
	mkdir lower upper work top
	cp clnrm.conf t.clnrm.toml lower
	run unshare -m --propagation private bash -c "
		mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work top || exit 77
		cd top; clnrm-render t.clnrm.toml | clnrm-lint - | clnrm-exec -"
	[ "$status" != 77 ] || cannot "no overlay"
	of scenario.end '.isolation.notes[]' | grep -qx \
		'users: 0-65535 are those of the machine (id-mapping the project: EINVAL)'
	[ "$(of step .stdout | xargs)" = "a 0 0 65536" ]
	[[ "$(of step .stderr)" == *"/proc/sys/vm/swappiness: Read-only"* ]]
	[[ "$(of step .stderr)" == *"'/dev/null': Read-only"* ]]
	[ ! -e upper/made ]
}

@test "a user with subordinate ids has them inside" {
	need_namespaces
	[ "$(id -u)" = 0 ] || cannot "not root"
	[ -u /usr/bin/newuidmap ] || cannot "no newuidmap"
	mkdir -m 777 project
	mkdir bin
	cp "$BIN"/clnrm-{render,lint,exec} bin
	touch project/clnrm.conf
	echo nobody:200000:65536 >ids
	one_step project/t.clnrm.toml 'touch ~/a && chown 7:7 ~/a; cat /proc/self/uid_map | xargs' </dev/null
	dir=$(mktemp -d /tmp/clnrm-ids.XXXXXX)
	chmod 755 "$dir"
	cp -a bin project "$dir"
	run unshare -m --propagation private bash -c "
		mount --bind ids /etc/subuid; mount --bind ids /etc/subgid
		cd $dir/project; PATH=$dir/bin:\$PATH
		clnrm-render t.clnrm.toml | clnrm-lint - | setpriv --reuid 65534 --regid 65534 --clear-groups clnrm-exec -"
	rm -rf "$dir"
	of scenario.end '.isolation.notes[]' | grep -qx \
		'users: 1-65536 are 200000-265535 of the machine'
	[ "$(of step .stdout)" = "0 65534 1 1 200000 65536" ]
}
