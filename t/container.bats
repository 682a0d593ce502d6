#!/usr/bin/env bats
# In a default container of a real engine there are no namespaces to be had.
load helper

image=clnrm-debian12

setup() {
	[ -z "${SAN-}" ] || skip "programs with sanitizers are not static; once is enough"
	cd "$BATS_TEST_TMPDIR" || exit 1
	docker image inspect $image >/dev/null 2>&1 ||
		cannot "no engine with the image $image"
}

# The command "$@" in a container with the options of $options, and our programs
# in its PATH.
contained() {
	# shellcheck disable=SC2086 # a list of options
	timeout 60 docker run --rm --network none ${options-} -v "$BIN:/clnrm:ro" \
		-v "$PWD:/project" -w /project $image \
		env PATH=/clnrm:/usr/bin:/bin "$@"
}

# probed LEVEL: that is the deepest level there is
probed() {
	run -0 contained clnrm-exec --probe
	[ "$(sed -n 's/^ok  *isolation: \([a-z-]*\).*/\1/p' <<<"$output" | head -n 1)" = "$1" ]
}

@test "in a default container clnrm run works at level process, says so, and refuses a test that asks for more" {
	touch clnrm.conf
	one_step t.clnrm.toml 'echo "in $HOME"' <<<'isolation = "process"'
	run -0 contained clnrm run t.clnrm.toml
	[[ "$output" == *"isolation: process"* ]]
	for least in full no-proc no-net; do
		one_step t.clnrm.toml true <<<"isolation = \"$least\""
		run -3 contained clnrm run t.clnrm.toml
		[[ "$output" == *"no $least isolation on this machine: clone: "* ]]
		[[ "$output" == *"seccomp=unconfined"* ]]
	done
	one_step t.clnrm.toml true </dev/null
	run -3 contained clnrm run t.clnrm.toml
	run -0 contained clnrm run --allow-degraded t.clnrm.toml
	[[ "$output" == *"isolation: process"* ]]
}

@test "what a container allows decides the level, and each level is really reached" {
	touch clnrm.conf
	probed process
	options='--security-opt seccomp=unconfined'
	probed no-proc
	[[ "$output" == *"proc: Operation not permitted"* ]]
	one_step t.clnrm.toml 'echo 1 >made; hostname' <<<'isolation = "no-proc"'
	run -0 contained clnrm run t.clnrm.toml
	[ ! -e made ]
	options='--cap-add SYS_ADMIN' # pivot_root is refused there
	probed no-proc
	run -0 contained clnrm run t.clnrm.toml
	[ ! -e made ]
	options='--security-opt seccomp=unconfined --security-opt systempaths=unconfined'
	probed full
	one_step t.clnrm.toml 'echo 1 >made; hostname' </dev/null
	run -0 contained clnrm run t.clnrm.toml
	[ ! -e made ]
}

@test "in a default container the demo, as the first command, reaches level process and says so" {
	git clone -q "$ROOT" clone
	run -0 timeout 900 docker run --rm --network host -v "$PWD/clone:/clone" \
		-w /clone $image sh -c 'git config --global safe.directory "*"; make demo deb'
	mv clone/build/*.deb "$BATS_FILE_TMPDIR/demo.deb"
	[[ "$output" == *PASS* ]]
	[[ "$output" == *FAIL* ]]
	[[ "$output" == *FAKE* ]]
	[[ "$output" == *"isolation: process"* ]]
	[[ "$output" == *"as promised"* ]]
}

@test "in a default container make check, as the first command, succeeds" {
	git clone -q "$ROOT" clone
	run timeout 1500 docker run --rm --network host -v "$PWD/clone:/other" \
		-w /other $image sh -c 'git config --global safe.directory "*"
			make check; make deb'
	grep -vE ' ok +[0-9]+ ms' <<<"$output" | tail -n 40
	[ "$status" = 0 ]
	[[ "$output" == *"Result: PASS"* ]]
	mv clone/build/*.deb "$BATS_FILE_TMPDIR/check.deb"
}

@test "a package made elsewhere of the same sources has the same bytes, pleases lintian and runs where it is installed" {
	cd "$BATS_FILE_TMPDIR" || exit 1
	cmp demo.deb check.deb
	if command -v lintian >/dev/null; then
		run -0 lintian --allow-root --fail-on error,warning demo.deb
	else
		cannot "no lintian"
	fi
	run -0 timeout 300 docker run --rm --network host -v "$PWD:/deb:ro" $image sh -c '
		apt-get update && apt-get install -y --no-install-recommends /deb/demo.deb
		cd /tmp && clnrm init && clnrm run --allow-degraded'
	[[ "$output" == *"isolation: process"* ]]
	[[ "$output" == *"ok 1 - hello"* ]]
}
