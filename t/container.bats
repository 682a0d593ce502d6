#!/usr/bin/env bats
# In a default container of a real engine there are no namespaces to be had.
load helper

image=clnrm-debian12

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
	docker image inspect $image >/dev/null 2>&1 ||
		cannot "no engine with the image $image"
}

@test "in a default container the demo, as the first command, reaches level process and says so" {
	git clone -q "$ROOT" clone
	run -0 timeout 900 docker run --rm --network host -v "$PWD/clone:/clone" \
		-w /clone $image sh -c 'git config --global safe.directory "*"; make demo'
	[[ "$output" == *PASS* ]]
	[[ "$output" == *FAIL* ]]
	[[ "$output" == *FAKE* ]]
	[[ "$output" == *"isolation: process"* ]]
	[[ "$output" == *"as promised"* ]]
}

@test "in a default container make check, as the first command, succeeds" {
	[ -z "${SAN-}" ] || skip "once is enough"
	git clone -q "$ROOT" clone
	run timeout 1500 docker run --rm --network host -v "$PWD/clone:/clone" \
		-w /clone $image sh -c 'git config --global safe.directory "*"; make check'
	grep -vE ' ok +[0-9]+ ms' <<<"$output" | tail -n 40
	[ "$status" = 0 ]
	[[ "$output" == *"Result: PASS"* ]]
}
