#!/usr/bin/env bats
# What makes one run like the other: the stopped clock, the seed, the order of
# things.
load helper

NOON=1735732800123456789 # 2025-01-01T12:00:00.123456789Z

# The members $2 of the records of type $1 in $output, one a line.
of() {
	jq -r --arg t "$1" "select(.type == \$t) | $2" <<<"$output" | sed '/^$/d'
}

# Writes t.clnrm.toml: one step, and [determinism] of $1; the command is $2.
frozen() {
	one_step t.clnrm.toml "$2" <<<"[determinism]
$1"
}

at_noon='freeze_clock = "2025-01-01T12:00:00.123456789Z"'

# Compiles t/freeze/waits.c to ./waits with the compiler "$@".
compile() {
	"$@" -O1 -o waits "$ROOT/t/freeze/waits.c" -pthread
}

# The library alone, as a step finds it.
library() {
	one_step lib.clnrm.toml 'base64 <"$LD_PRELOAD"' <<<"[determinism]
$at_noon"
	clnrm-render lib.clnrm.toml | clnrm-lint - | clnrm-exec - |
		jq -r 'select(.type == "step").stdout' | base64 -d >freeze.so
}

# ./waits with the clock at each of the times "$@": long past, and to come.
waits_well() {
	local ns
	library
	for ns; do
		CLNRM_CLOCK_NS=$ns LD_PRELOAD=$PWD/freeze.so \
			timeout 60 ./waits "$ns" >said || { cat said; return 1; }
		[ "$(grep -c ' ok$' said)" -gt 20 ]
	done
}

@test "programs of every kind see the frozen time" {
	frozen "$at_noon" 'date +%s.%N; bash -c "echo \$EPOCHSECONDS"; perl -e "print time"'
	run executed t.clnrm.toml
	[ "$(of step .stdout)" = $'1735732800.123456789\n1735732800\n1735732800' ]
	[ "$(of step .stderr)" = "" ]
	[ "$(of scenario.end .status)" = ok ]
	[[ "$(of scenario.end '.isolation.notes | join(",")')" != *clock:* ]]
}

@test "python sees the frozen time" {
	command -v /usr/bin/python3 >/dev/null || cannot "there is no python3"
	frozen "$at_noon" '/usr/bin/python3 -c "import time, datetime as d
print(time.time_ns(), d.datetime.now())"'
	run executed t.clnrm.toml
	[ "$(of step .stdout)" = "$NOON 2025-01-01 12:00:00.123456" ]
}

@test "the offset of the frozen time counts" {
	frozen 'freeze_clock = "2025-01-01T00:00:00+02:00"' 'date +%s; echo $FREEZE_CLOCK'
	run executed t.clnrm.toml
	[ "$(of step .stdout | xargs)" = "1735682400 2025-01-01T00:00:00+02:00" ]
}

@test "a time before the epoch is frozen too, and is no SOURCE_DATE_EPOCH" {
	frozen 'freeze_clock = "1969-12-31T23:59:58.5Z"' 'date +%s.%N; echo ${SOURCE_DATE_EPOCH-none}'
	run executed t.clnrm.toml
	[ "$(of step .stdout | xargs)" = "-2.500000000 none" ]
}

@test "timed waits return under a frozen clock, and other clocks go on" {
	compile cc
	waits_well "$NOON" 1000000000 4102444800000000000
}

@test "the same under musl" {
	command -v musl-gcc >/dev/null || cannot "there is no musl-gcc"
	compile musl-gcc
	waits_well "$NOON" 4102444800000000000
}

@test "timed waits return in a cleanroom" {
	compile cc
	frozen "$at_noon" "./waits $NOON"
	run executed t.clnrm.toml
	[[ "$(of step .stdout)" == *"condition ok"* ]]
	[ "$(of step .exit_code)" = 0 ]
}

@test "a step that preloads more keeps the frozen clock" {
	frozen "$at_noon
[scenario.steps.env]" true
	cat >t.clnrm.toml <<-T
	[meta]
	name = "t"
	version = "1"
	[determinism]
	$at_noon
	[[scenario]]
	name = "s"
	[[scenario.steps]]
	name = "a"
	run = 'date +%s; echo "\$LD_PRELOAD"'
	env = { LD_PRELOAD = "libm.so.6" }
	T
	run executed t.clnrm.toml
	[[ "$(of step .stdout)" == 1735732800$'\n'*"/clnrm-freeze.so:libm.so.6" ]]
}

@test "the clock is frozen below full isolation too, and nothing of it stays" {
	need_refusal
	mkdir tmp
	frozen "$at_noon" 'date +%s; ls -A "$TMPDIR" "$HOME"'
	TMPDIR=$PWD/tmp refused=without_namespaces run executed t.clnrm.toml
	[ "$(of scenario.end .isolation.level)" = process ]
	[ "$(of step .stdout | head -n 1)" = 1735732800 ]
	[[ "$(of step .stdout)" != *freeze* ]]
	[ -z "$(ls -A tmp)" ]
}

@test "HOME and TMPDIR stay empty, and the library cannot be lost from there" {
	frozen "$at_noon" 'ls -A ~ "$TMPDIR"; rm -rf "$TMPDIR"/* "$TMPDIR"/.??*; date +%s'
	cd "$(mktemp -d -p /var/tmp)"
	touch clnrm.conf
	mv "$OLDPWD/t.clnrm.toml" .
	run executed t.clnrm.toml
	rm -r "$PWD"
	[[ "$(of step .stdout)" != *freeze* ]]
	[[ "$(of step .stdout)" == *1735732800 ]]
	[ -z "$(of step .stderr)" ]
}

@test "a static program is told as a doubt" {
	cp "$(command -v busybox)" . && ! readelf -l busybox | grep -q INTERP ||
		cannot "there is no static busybox"
	frozen "$at_noon" './busybox date +%s'
	run executed t.clnrm.toml
	[ "$(of scenario.end '.isolation.notes[] | select(startswith("clock:"))')" = \
		"clock: partial: $PWD/busybox is static" ]
	[ "$(of step .stdout)" -gt 1735732800 ]
}

@test "without a frozen clock time goes on, and nothing is preloaded" {
	before=$(date +%s)
	one_step t.clnrm.toml 'date +%s; env | grep -E "PRELOAD|CLOCK|SEED|EPOCH"; true' </dev/null
	run executed t.clnrm.toml
	[ "$(of step .stdout)" -ge "$before" ]
}

@test "the seed reaches the step, and those who draw by their own variables" {
	frozen 'seed = 4294967303' 'echo $CLNRM_SEED $PYTHONHASHSEED $PERL_HASH_SEED'
	run executed t.clnrm.toml
	[ "$(of step .stdout)" = "4294967303 7 7" ]
	frozen 'seed = 0' 'echo $CLNRM_SEED $PYTHONHASHSEED ${CLNRM_CLOCK_NS-none}'
	run executed t.clnrm.toml
	[ "$(of step .stdout)" = "0 0 none" ]
}

@test "the environment of a step is in the order of its bytes, whatever the file's" {
	cat >t.clnrm.toml <<-'T'
	[meta]
	name = "t"
	version = "1"
	[determinism]
	seed = 7
	[[scenario]]
	name = "s"
	[[scenario.steps]]
	name = "a"
	command = ["env"]
	env = { ZEBRA = "1", AARDVARK = "2" }
	T
	run executed t.clnrm.toml
	of step .stdout >got
	LC_ALL=C sort -c got
	grep -qx HOSTNAME=clnrm got
	grep -qx TZ=UTC got
	grep -qx LC_ALL=C.UTF-8 got
	[ "$(sed -n 1p got)" = AARDVARK=2 ]
}

@test "what a step sees is the same in two runs" {
	need_namespaces # else HOME and ports are the machine's
	frozen "seed = 7
$at_noon" 'env | grep -vE "^(TRACEPARENT|OTEL_RESOURCE)"; date -Ins; id; cd ~
for i in 9 3 7 1 8 2; do mkdir d$i; : >f$i; done; ls -U; ls -lU --full-time d9 | wc -l
perl -e "%h = map { \$_ => 1 } 1..99; print keys %h"'
	run executed t.clnrm.toml
	first=$(of step .stdout)
	[ "$(of step .exit_code)" = 0 ]
	run executed t.clnrm.toml
	[ "$(of step .stdout)" = "$first" ]
}

@test "hostname, users and process numbers are the same in two runs" {
	need_namespaces
	frozen 'seed = 7' 'hostname; id; echo $$ $PPID; sh -c "echo \$\$"'
	run executed t.clnrm.toml
	first=$(of step .stdout)
	[ "${first%%$'\n'*}" = clnrm ]
	run executed t.clnrm.toml
	[ "$(of step .stdout)" = "$first" ]
}

@test "a clock that is no time is an error of the plan" {
	frozen "$at_noon" true
	clnrm-render t.clnrm.toml | clnrm-lint - |
		sed 's/"freeze_clock":"[^"]*"/"freeze_clock":"3000-01-01T00:00:00Z"/' >plans
	run -2 clnrm-exec plans
	[ "$(of diagnostic '.code + " " + .message' | grep E304)" = \
		"E304 determinism.freeze_clock is '3000-01-01T00:00:00Z', which is no time between 1678 and 2262" ]
}

@test "sixteen scenarios at a time have the clock frozen each" {
	{
		printf '[meta]\nname = "t"\nversion = "1"\n[determinism]\n%s\n' "$at_noon"
		for i in $(seq 16); do
			printf '[[scenario]]\nname = "s%s"\n[[scenario.steps]]\nname = "a"\ncommand = ["date", "+%%s"]\n' "$i"
		done
	} >t.clnrm.toml
	run executed t.clnrm.toml -j 8
	[ "$(of step .stdout | grep -cx 1735732800)" = 16 ]
	[ "$(of scenario.end .status | grep -cx ok)" = 16 ]
}
