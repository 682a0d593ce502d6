#!/usr/bin/env bats
# The loop: `clnrm dev` as a person runs it, held against what it says.

# shellcheck disable=SC2030,SC2031 # each test has a shell of its own
load helper

# Starts the loop; its records go to the file `all`.
dev() {
	: >all
	clnrm dev --format ndjson "$@" >>all 2>err 3>&- &
	driver=$!
	await is_batch 0
}

is_batch() {
	grep -q '^{"type":"batch","gen":'"$1", all
}

# The sources of a generation's verdicts, and what they were.
verdicts() {
	jq -r --argjson gen "$1" 'select(.type == "verdict" and .gen == $gen) |
		"\(.source) \(.verdict)"' all | LC_ALL=C sort
}

# After the generation $1 these verdicts are all that it brought.
expect() {
	local gen=$1
	shift
	await is_batch "$gen" || { tail -n 5 all err; return 1; }
	[ "$(verdicts "$gen")" = "$(printf '%s\n' "$@")" ] && return
	grep -a diagnostic all; cat err; verdicts "$gen"
	return 1
}

why() {
	jq -r --argjson gen "$1" 'select(.type == "affected" and .gen == $gen) |
		"\(.source) \(.how) \(.by)"' all | LC_ALL=C sort
}

end_dev() {
	kill "$driver" 2>/dev/null || :
	wait "$driver" && status=0 || status=$?
}

# How often the pipe was begun anew.
is_begun() {
	[ "$(grep -c 'begins anew' err)" = "$1" ] && is_batch 0
}

# The latest verdict on a source.
is_now() {
	[ "$(jq -r --arg source "$1" 'select(.type == "verdict" and .source == $source) |
		.verdict' all | tail -n 1)" = "$2" ]
}

teardown() {
	[ -z "${driver-}" ] || end_dev
	[ ! -s all ] || is_as_documented all
}

@test "an edit runs the test that it is in, and no other" {
	one_step a.clnrm.toml true </dev/null
	one_step b.clnrm.toml true </dev/null
	dev .
	expect 0 'a.clnrm.toml pass' 'b.clnrm.toml pass'
	one_step a.clnrm.toml false </dev/null
	expect 1 'a.clnrm.toml fail'
	touch b.clnrm.toml
	one_step a.clnrm.toml 'exit 0' </dev/null
	expect 2 'a.clnrm.toml pass'
}

@test "an edited template or macro runs its users, and says so" {
	mkdir lib
	echo 'run = "true"' >lib/step.tera
	echo '{% macro run() %}run = "true"{% endmacro run %}' >lib/m.tera
	one_step a.clnrm.toml true </dev/null
	for file in b c; do
		printf '[meta]\nname = "%s"\nversion = "1"\n[[scenario]]\nname = "s"\n' $file
		[ $file = c ] || echo '{% include "lib/step.tera" %}'
		[ $file = b ] || echo '{% import "lib/m.tera" as m %}{{ m::run() }}'
	done >both
	sed -n '1,/include/p' both >b.clnrm.toml.tera
	sed '1,/include/d' both >c.clnrm.toml.tera
	dev .
	expect 0 'a.clnrm.toml pass' 'b.clnrm.toml.tera pass' 'c.clnrm.toml.tera pass'
	echo 'run = "false"' >lib/step.tera
	expect 1 'b.clnrm.toml.tera fail'
	[ "$(why 1)" = 'b.clnrm.toml.tera template lib/step.tera' ]
	sed -i 's/true/exit 0/' lib/m.tera
	expect 2 'c.clnrm.toml.tera pass'
}

@test "a file below a volume or fitting an input runs who declared it" {
	need_namespaces
	mkdir -p data/deep fixtures/deep other
	echo 1 >data/deep/x
	echo 1 >fixtures/deep/y
	one_step plain.clnrm.toml true </dev/null
	one_step input.clnrm.toml 'grep -q 1 fixtures/deep/y' </dev/null
	sed -i 's,^version.*,&\ninputs = ["fixtures/**/y" \, "other/"],' input.clnrm.toml
	one_step volume.clnrm.toml 'grep -q 1 /seen/deep/x' <<-T
	service = "box"
	[service.box]
	plugin = "generic_container"
	image = "box"
	[[service.box.volumes]]
	host_path = "$PWD/data"
	container_path = "/seen"
	T
	mkdir -p root/bin
	cp "$(command -v busybox)" root/bin/
	for word in sh grep; do ln -s busybox "root/bin/$word"; done
	printf '[images]\nbox = root\n' >clnrm.conf
	dev --debounce 300ms .
	expect 0 'input.clnrm.toml pass' 'plain.clnrm.toml pass' 'volume.clnrm.toml pass'
	echo 2 >data/deep/x
	expect 1 'volume.clnrm.toml fail'
	[ "$(why 1)" = 'volume.clnrm.toml volume data/deep/x' ]
	echo 2 >fixtures/deep/y
	expect 2 'input.clnrm.toml fail'
	[ "$(why 2)" = 'input.clnrm.toml input fixtures/deep/y' ]
	echo 1 >other/new
	expect 3 'input.clnrm.toml fail'
	# Both in one batch: it runs once, as it is now.
	echo 1 >fixtures/deep/y
	echo '#' >>input.clnrm.toml
	expect 4 'input.clnrm.toml pass'
}

@test "a volume outside of the project is watched once a test has it, and from then on" {
	need_namespaces
	mkdir -p data/deep p/root/bin
	cp "$(command -v busybox)" p/root/bin/
	for word in sh grep; do ln -s busybox "p/root/bin/$word"; done
	echo 1 >data/deep/x
	cd p
	printf '[images]\nbox = root\n' >clnrm.conf
	one_step a.clnrm.toml 'grep -q 1 /seen/deep/x' <<-T
	service = "box"
	[service.box]
	plugin = "generic_container"
	image = "box"
	[[service.box.volumes]]
	host_path = "$(realpath ..)/data"
	container_path = "/seen"
	T
	one_step b.clnrm.toml true </dev/null
	dev .
	is_now a.clnrm.toml pass
	await grep -qx "$(realpath ..)/data" .clnrm/cache/volumes
	# Whether it is watched yet or not.
	echo 2 >../data/deep/x
	await is_now a.clnrm.toml fail
	echo 1 >../data/deep/x
	await is_now a.clnrm.toml pass
	[ "$(jq -r 'select(.type == "verdict") | .source' all | grep -c b.clnrm)" = 1 ]
	end_dev
	dev
	echo 3 >../data/deep/new
	await grep -q '"type":"affected".*"by":"/.*/data/deep/new"' all
	[ "$(jq -r 'select(.type == "change" and .event == "initial") | .source' all | grep -c /data/)" = 0 ]
}

@test "a test that only the rest of the project has is none, a template is one" {
	mkdir tests lib
	echo 'run = "true"' >lib/step
	one_step other.clnrm.toml true </dev/null
	printf '[meta]\nname = "a"\nversion = "1"\n[[scenario]]\nname = "s"\n{%% include "lib/step" %%}\n' \
		>tests/a.clnrm.toml.tera
	dev tests
	expect 0 'tests/a.clnrm.toml.tera pass'
	echo '#' >>other.clnrm.toml
	echo 'run = "false"' >lib/step
	await is_now tests/a.clnrm.toml.tera fail
	run ! grep -q '"type":"verdict".*other.clnrm.toml' all
}

@test "from within the project paths are written as from there" {
	mkdir sub lib
	one_step sub/a.clnrm.toml true </dev/null
	echo >lib/x
	cd sub
	dev a.clnrm.toml
	expect 0 'a.clnrm.toml pass'
	one_step a.clnrm.toml false </dev/null
	expect 1 'a.clnrm.toml fail'
}

@test "what editors leave beside a file runs nothing, and their saves run once" {
	one_step a.clnrm.toml true </dev/null
	dev --debounce 100ms .
	# vim, with its swap file, its probe and its backup
	perl -e 'sub put { open my $f, ">", $_[0]; print $f $_[1] }
		put(".a.clnrm.toml.swp", 1); put("4913", ""); unlink "4913";
		open F, "<", "a.clnrm.toml"; $t = join "", <F>;
		rename "a.clnrm.toml", "a.clnrm.toml~"; put("a.clnrm.toml", "$t#1\n");
		unlink "a.clnrm.toml~", ".a.clnrm.toml.swp"'
	expect 1 'a.clnrm.toml pass'
	# emacs, with its lock and its own kept copy
	perl -e 'symlink "me\@here.1", ".#a.clnrm.toml"; open F, ">", "#a.clnrm.toml#"; close F;
		open F, ">>", "a.clnrm.toml"; print F "#2\n"; close F;
		unlink ".#a.clnrm.toml", "#a.clnrm.toml#"'
	expect 2 'a.clnrm.toml pass'
	sed -i 's/#2/#3/' a.clnrm.toml
	expect 3 'a.clnrm.toml pass'
	# VS Code: truncate, write; and JetBrains: a temporary, two renames
	perl -e 'open F, "+<", "a.clnrm.toml"; @t = <F>; truncate F, 0; seek F, 0, 0; print F @t, "#4\n"'
	expect 4 'a.clnrm.toml pass'
	perl -e 'open F, ">", "a.clnrm.toml___jb_tmp___"; open G, "a.clnrm.toml"; print F <G>, "#5\n"; close F;
		rename "a.clnrm.toml", "a.clnrm.toml___jb_old___";
		rename "a.clnrm.toml___jb_tmp___", "a.clnrm.toml"; unlink "a.clnrm.toml___jb_old___"'
	expect 5 'a.clnrm.toml pass'
	[ "$(jq -r 'select(.type == "change" and .gen > 0) | .source' all |
		sort -u)" = a.clnrm.toml ]
}

@test "a person reads what changed, why a test ran, and how long it took" {
	echo 'run = "true"' >step
	printf '[meta]\nname = "a"\nversion = "1"\n[[scenario]]\nname = "s"\n{%% include "step" %%}\n' \
		>a.clnrm.toml.tera
	clnrm dev --format text . >said 2>&1 3>&- &
	driver=$!
	await grep -q '1 passed' said
	echo 'run = "exit 7"' >step
	await grep -q '^edit to verdict' said
	grep -qx 'changed: step' said
	grep -qE '^FAIL  a .*exit 7.*\(template step\)$' said
	grep -qE '^edit to verdict: [0-9]+ ms \(watch [0-9]+, plan [0-9]+, run [0-9]+, judge [0-9]+\)$' said
	# The error is told before what could be better.
	[ "$(grep -nm 1 '^error\[' said | cut -d: -f1)" -lt "$(grep -n '^note\[' said | tail -n 1 | cut -d: -f1)" ]
	echo 1 >README
	await grep -qx 'changed: README; no test depends on it' said
}

@test "after random edits the verdicts are those of a cold run" {
	need_namespaces
	run -0 "$ROOT/t/stale" dev 12 5
	[[ "$output" == *"none was stale"* ]]
}

@test "keys at a terminal run all, pause, go on and quit; the terminal is as before" {
	command -v script >/dev/null || cannot "no script(1)"
	one_step a.clnrm.toml true </dev/null
	mkfifo typed
	SHELL=/bin/sh script -qec 'stty -a >before; clnrm dev --format text .; echo exit $?; stty -a >after' \
		/dev/null <typed >said 2>&1 3>&- &
	terminal=$!
	exec 9>typed
	await grep -q '1 passed' said
	printf a >&9
	await has 2 '1 passed'
	printf '?' >&9
	await has 1 'p: pause'
	printf p >&9
	await has 1 'paused'
	one_step a.clnrm.toml false </dev/null
	watch=$(pgrep -x clnrm-watch -P "$(pgrep -P "$(pgrep -P $terminal)")")
	sleep 0.1
	before=$(ticks "$watch")
	sleep 0.5
	[ $(($(ticks "$watch") - before)) -lt 10 ] # it waits, and does not turn
	printf '\n' >&9
	await has 1 '1 failed' # all ran, as they are now
	run ! grep -q '^changed: ' said
	printf p >&9
	await has 1 'going on'
	await has 1 'changed: a.clnrm.toml'
	await has 2 '1 failed'
	printf f >&9
	await has 3 '1 failed'
	printf q >&9
	await has 1 'exit 130'
	exec 9>&-
	wait $terminal || :
	[ "$(cat before)" = "$(cat after)" ]
}

@test "the screen is cleared for what comes of a change, on a terminal and when asked" {
	command -v script >/dev/null || cannot "no script(1)"
	clear=$(printf '\033[H\033[2J')
	for option in --clear --color=never; do
		one_step a.clnrm.toml true </dev/null
		mkfifo "typed$option"
		SHELL=/bin/sh TERM=xterm script -qec "clnrm dev --format text $option ." \
			/dev/null <"typed$option" >said 2>&1 3>&- &
		terminal=$!
		exec 9>"typed$option"
		await has 1 '1 passed'
		run ! grep -qF "$clear" said
		one_step a.clnrm.toml false </dev/null
		await has 1 '1 failed'
		printf q >&9
		exec 9>&-
		wait $terminal || :
		cp said "said$option"
	done
	grep -qF "${clear}changed: a.clnrm.toml" said--clear
	run ! grep -qF "$clear" said--color=never
}

# The processor time of a process, in hundredths of a second.
ticks() {
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

has() {
	[ "$(grep -c "$2" said)" -ge "$1" ]
}

@test "a test that hangs is ended by its next save, and the others go on" {
	one_step hangs.clnrm.toml true </dev/null
	one_step b.clnrm.toml true </dev/null
	dev -j 2 .
	one_step hangs.clnrm.toml 'sleep 41771' <<<'isolation = "process"'
	await runs 'sleep 41771'
	one_step b.clnrm.toml false </dev/null
	await is_now b.clnrm.toml fail
	one_step hangs.clnrm.toml 'exit 0' </dev/null
	await is_now hangs.clnrm.toml pass
	await is_gone 'sleep 41771'
	grep -q '"type":"scenario.end".*"status":"cancelled"' all
}

@test "a template with an error is told, and runs when it is mended" {
	echo 'run = "true"' >step
	printf '[meta]\nname = "a"\nversion = "1"\n[[scenario]]\nname = "s"\n{%% include "step" %%}\n' \
		>a.clnrm.toml.tera
	dev .
	expect 0 'a.clnrm.toml.tera pass'
	echo '{{ oops' >step
	expect 1
	grep -q '"type":"diagnostic".*"severity":"error"' all
	rm step
	expect 2
	echo 'run = "exit 0"' >step
	expect 3 'a.clnrm.toml.tera pass'
	echo 'not = = toml' >a.clnrm.toml.tera
	expect 4
}

@test "a project that is moved away and back goes on" {
	mkdir -p away/p
	touch away/p/clnrm.conf
	one_step away/p/a.clnrm.toml true </dev/null
	cp -r away/p p
	dev p
	expect 0 'p/a.clnrm.toml pass'
	mv p elsewhere
	await grep -q 'p is gone' all
	one_step elsewhere/a.clnrm.toml false </dev/null
	mv elsewhere p
	await is_now p/a.clnrm.toml fail
	one_step p/a.clnrm.toml true </dev/null
	await is_now p/a.clnrm.toml pass
}

@test "the loop is a kept run once it ends, and what failed last is known" {
	one_step a.clnrm.toml true </dev/null
	one_step b.clnrm.toml false </dev/null
	dev .
	expect 0 'a.clnrm.toml pass' 'b.clnrm.toml fail'
	one_step a.clnrm.toml false </dev/null
	await is_now a.clnrm.toml fail
	one_step b.clnrm.toml true </dev/null
	await is_now b.clnrm.toml pass
	end_dev
	run clnrm report --format failed last
	[ "$output" = a.clnrm.toml ]
	[ -d "$(echo .clnrm/runs/2*/)failed/a" ]
	[ ! -e "$(echo .clnrm/runs/2*/)failed/b" ]
}

@test "settings that change begin the pipe anew" {
	one_step a.clnrm.toml 'sleep 1.5' </dev/null
	dev .
	expect 0 'a.clnrm.toml pass'
	printf '[exec]\ntimeout = 500ms\n' >clnrm.conf
	await is_begun 1
	await is_now a.clnrm.toml fail
	grep -q 'the settings changed' err
}

@test "a stage that is killed is told, and the pipe begins anew and goes on" {
	for stage in watch render lint exec verify report; do
		one_step a.clnrm.toml true </dev/null
		dev .
		: >all
		pkill -9 -P "$driver" -x "clnrm-$stage"
		await is_begun 1 || { cat err; false; }
		grep -q 'a stage was lost' err
		one_step a.clnrm.toml "exit 3" </dev/null
		await is_now a.clnrm.toml fail
		end_dev
		[ "$status" = 143 ]
	done
}

@test "a stage that cannot live at all is no endless loop" {
	mkdir bin
	cp "$BIN"/* bin/
	printf '#!/bin/sh\nkill -9 $$\n' >bin/clnrm-verify
	run -3 timeout 60 bin/clnrm dev .
	[ "$(grep -c 'begins anew' <<<"$output")" = 2 ]
}

@test "an operand that is not there ends the loop at once, exit 2" {
	run -2 clnrm dev nowhere
	[[ "$output" != *anew* ]]
}

@test "a full disk is told, and the loop goes on when there is room" {
	[ "$(id -u)" = 0 ] || cannot "only root can mount"
	mkdir small
	mount -t tmpfs -o size=64k small small 2>/dev/null || cannot "nothing can be mounted"
	one_step a.clnrm.toml true </dev/null
	dev --report junit=small/junit.xml --report html=small/page.html .
	dd if=/dev/zero of=small/fill bs=1k 2>/dev/null || :
	one_step a.clnrm.toml false </dev/null
	await is_now a.clnrm.toml fail
	rm small/fill
	one_step a.clnrm.toml 'exit 0' </dev/null
	await is_now a.clnrm.toml pass
	await grep -q 'tests="1" failures="0"' small/junit.xml
	kill "$driver" # until it ends a report may be held open there
	await is_dead
	umount small
}

is_dead() {
	! kill -0 "$driver" 2>/dev/null
}

is_driver() {
	tr '\0' ' ' <"/proc/$driver/cmdline" | grep -q 'sh .*clnrm dev'
}

@test "an interrupt at any moment leaves nothing" {
	for i in $(seq 0 11); do
		one_step a.clnrm.toml "sleep 4178$i" </dev/null
		one_step b.clnrm.toml true </dev/null
		setsid env --default-signal=INT clnrm dev . >all 2>err 3>&- &
		driver=$!
		await is_driver # before, an interrupt is ignored or meets nobody
		perl -e "select undef, undef, undef, $i * 0.015"
		[ "$i" -lt 8 ] || { await runs "sleep 4178$i"; one_step b.clnrm.toml "exit $i" </dev/null; }
		kill -INT -- -$driver
		await is_dead
		wait $driver && status=0 || status=$?
		driver=
		[ "$status" = 130 ]
		await is_gone "sleep 4178$i"
		await is_gone "clnrm-watch --around \."
	done
	: >all
}
