#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
	touch clnrm.conf
	nap="sleep 41751.$RANDOM$RANDOM" # nobody else's
	one_step slow.clnrm.toml "$nap" <<<'isolation = "process"'
}

# Starts the driver $shell in its own session; $driver is its pid.
start() {
	setsid env --default-signal=INT "$1" "$BIN/clnrm" run --format text . >out 2>&1 &
	driver=$!
	await runs "$nap"
}

is_dead() {
	! kill -0 "$1" 2>/dev/null
}

# Sends $2 under the shell $1: the report is printed, the exit is $3, and no
# stage stays.
ends() {
	command -v "$1" >/dev/null || cannot "no $1"
	start "$1"
	kids=$(pgrep -P $driver | tr '\n' ' ')
	kill "-$2" $driver
	wait $driver && status=0 || status=$?
	cat out
	[ $status = "$3" ]
	grep -qi interrupted out
	for kid in $kids; do
		await is_dead "$kid"
	done
	await is_gone "$nap"
}

@test "TERM ends the whole pipe under dash, with a report, exit 143" {
	ends dash TERM 143
}

@test "TERM ends the whole pipe under bash, with a report, exit 143" {
	ends bash TERM 143
}

@test "INT ends the whole pipe under dash, with a report, exit 130" {
	ends dash INT 130
}

@test "INT ends the whole pipe under bash, with a report, exit 130" {
	ends bash INT 130
}

@test "TERM in the first moments ends the pipe too" {
	for wait in 0 0.002 0.005 0.01 0.02 0.05; do
		setsid sh "$BIN/clnrm" run . >out 2>&1 &
		driver=$!
		sleep $wait
		kill -TERM $driver
		wait $driver && status=0 || status=$?
		[ $status = 143 ]
		await is_gone "$nap"
	done
}

@test "^C at a terminal ends the pipe, exit 130, under dash and bash" {
	command -v script >/dev/null || cannot "no script(1)"
	for shell in dash bash; do
		rm -f typed
		mkfifo typed
		script -qec "$shell $BIN/clnrm run --format text .; echo exit \$?" /dev/null \
			<typed >out 2>&1 &
		terminal=$!
		exec 9>typed
		await runs "$nap"
		printf '\003' >&9
		exec 9>&-
		wait $terminal || :
		cat out
		grep -q 'exit 130' out
		grep -qi interrupted out
		await is_gone "$nap"
	done
}

@test "a driver that is killed leaves no stage behind" {
	for shell in dash bash; do
		start $shell
		kids=$(pgrep -P $driver | tr '\n' ' ')
		kill -9 $driver
		wait $driver || :
		for kid in $kids; do
			await is_dead "$kid"
		done
		await is_gone "$nap"
	done
}

@test "a driver that is killed at a terminal leaves no stage behind" {
	command -v script >/dev/null || cannot "no script(1)"
	for shell in dash bash; do
		script -qec "$shell $BIN/clnrm run --format text $PWD" /dev/null \
			</dev/null >out 2>&1 &
		terminal=$!
		await runs "$nap"
		driver=$(pgrep -nf "^$shell $BIN/clnrm run --format text $PWD")
		kids=$(pgrep -P "$driver" | tr '\n' ' ')
		[ -n "$kids" ]
		kill -9 "$driver"
		wait $terminal || :
		for kid in $kids; do
			await is_dead "$kid"
		done
		await is_gone "$nap"
	done
}

is_empty() {
	[ -z "$(ls -A "$1")" ]
}

# The network of a process; it has to go with those who are in it.
network_of() {
	lsns -n -t net -o NS -p "$1" | tr -d ' '
}

network_is_gone() {
	! lsns -n -t net -o NS | tr -d ' ' | grep -qx "$1"
}

@test "kill -9 of exec leaves no process, network or file, at level full" {
	need_namespaces
	mkdir tmp
	TMPDIR=$PWD/tmp start dash
	network=$(network_of "$(pgrep -f "$nap" | tail -n 1)")
	[ -n "$network" ] && [ "$network" != "$(network_of $$)" ]
	pkill -9 -P $driver -x clnrm-exec
	wait $driver && status=0 || status=$?
	[ $status = 3 ]
	await is_gone "$nap"
	await network_is_gone "$network"
	[ -z "$(ls -A tmp)" ]
	run -1 grep clnrm /proc/self/mountinfo
}

@test "kill -9 of exec leaves no process or file, at level process" {
	need_refusal
	mkdir tmp
	TMPDIR=$PWD/tmp without_namespaces dash "$BIN/clnrm" run "$PWD" >out 2>&1 &
	await runs "$nap"
	[ -n "$(ls -A tmp)" ]
	pkill -9 -x clnrm-exec -P "$(pgrep -of "^dash $BIN/clnrm run $PWD")"
	await is_gone "$nap"
	await is_empty tmp
}
