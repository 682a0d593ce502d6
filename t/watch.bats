#!/usr/bin/env bats
# clnrm-watch from outside. Tests await records; none sleeps.

# shellcheck disable=SC2030,SC2031 # each test has a shell of its own
load helper

# Starts a watch; its records are read from descriptor $from, a copy, since
# bash closes its own when the process ends.
start() {
	coproc W { exec clnrm-watch "$@" 3>&-; }
	exec {from}<&"${W[0]}"
	pid=$W_PID
}

# The same, and reads the initial batch.
watch() {
	start "$@"
	next_batch
}

teardown() {
	[ -z "${pid-}" ] || ! kill "$pid" 2>/dev/null || wait "$pid" || true
}

# The next record goes into $line.
next() {
	read -r -t 20 -u "$from" line || { echo "no record" >&2; return 1; }
}

# Reads on to the next record of a type.
until_type() {
	while next; do
		[[ $line == '{"type":"'"$1"'"'* ]] && return
	done
	return 1
}

member() {
	jq -r ".$1" <<<"$line"
}

# Reads a batch; $batch is "event source[ < from]" for each of its changes.
next_batch() {
	local changes=()
	while next; do
		case $line in
		'{"type":"change"'*) changes+=("$line") ;;
		'{"type":"end"'*) return 1 ;;
		'{"type":"batch"'*) break ;;
		esac
	done
	[[ $line == '{"type":"batch"'* ]] || return 1
	[ ${#changes[@]} = 0 ] || last=${changes[-1]}
	batch=$(printf '%s\n' "${changes[@]}" | jq -r '.event + " " + .source +
		(if .from then " < " + .from else "" end)')
}

# The next batch, after whatever came before, is this alone.
expect_batch() {
	next_batch
	[ "$batch" = "$1" ] && return
	echo "got: $batch" >&2
	return 1
}

stop() {
	kill "$pid"
	wait "$pid" && status=0 || status=$?
}

# Makes $1 files a1 ... at once, each holding $2.
files() {
	perl -e 'for (1 .. $ARGV[0]) { open F, ">", "$ARGV[2]a$_" or die;
		print F $ARGV[1] . $_; close F }' "$1" "$2" "${3-}"
}

@test "every file is told at the start, sorted, with its hash" {
	mkdir -p tests/d
	printf abc >tests/d/b
	: >tests/a
	start tests
	next
	[ "$(member type)" = begin ]
	[ "$(member 'argv[1]')" = tests ]
	next
	[ "$(jq -c '[.source, .event, .from, .gen, .sha256_before, .size,
		.partial, .debounce_ms]' <<<"$line")" = \
		'["tests/a","initial",null,0,null,0,false,0]' ]
	next
	[ "$(member source)" = tests/d/b ]
	[ "$(member sha256)" = "$(printf abc | sha256sum | cut -c -64)" ]
	next
	[ "$line" = '{"type":"batch","gen":0,"size":2}' ]
	next
	[ "$(jq -c '[.type, .files, .directories]' <<<"$line")" = \
		'["ready",2,2]' ]
}

@test "an empty directory is ready all the same" {
	mkdir empty
	watch empty
	[ "$line" = '{"type":"batch","gen":0,"size":0}' ]
	until_type ready
}

@test "a save in place is one modification with both hashes" {
	printf 1 >a
	watch a
	printf 2 >a
	expect_batch 'modified a'
	[ "$line" = '{"type":"batch","gen":1,"size":1}' ]
	line=$last
	[ "$(member sha256_before)" = "$(printf 1 | sha256sum | cut -c -64)" ]
	[ "$(member sha256)" = "$(printf 2 | sha256sum | cut -c -64)" ]
	[ "$(member debounce_ms)" = 20 ]
	[ "$(member gen)" = 1 ]
	[ "$(jq '(.emit_unix_nano | tonumber) >= (.event_unix_nano | tonumber)' \
		<<<"$line")" = true ]
}

@test "a save by rename is one modification" {
	echo 1 >a
	watch .
	echo 2 >a.new && mv a.new a
	expect_batch 'modified a'
	sed -i s/2/3/ a
	expect_batch 'modified a'
}

@test "a save as vim does it is one modification" {
	echo 1 >a
	watch .
	perl -e 'sub w { open F, ">", $_[0] or die; print F "2\n"; close F }
		w ".a.swp"; w "4913"; unlink "4913"; rename "a", "a~";
		w "a"; unlink "a~"; unlink ".a.swp"'
	expect_batch 'modified a'
}

@test "a deletion and a creation are told, and a new name is a move" {
	echo 1 >a
	watch .
	echo 2 >b
	expect_batch 'created b'
	rm a
	expect_batch 'deleted a'
	line=$last
	[ "$(member sha256)" = null ]
	[ "$(member size)" = null ]
	mv b c
	expect_batch 'moved c < b'
	mkdir d && mv c d/e
	expect_batch 'moved d/e < c'
}

@test "a touch, an undo and a file that came and went report nothing" {
	echo 1 >a
	watch .
	touch a
	perl -e 'for (2, 1) { open F, ">", "a"; print F "$_\n"; close F }'
	perl -e 'open F, ">", "gone"; close F; unlink "gone"'
	echo x >marker
	expect_batch 'created marker'
	[ "$line" = '{"type":"batch","gen":1,"size":1}' ]
}

@test "links count from their creation" {
	echo 1 >a
	watch .
	ln -s a soft
	expect_batch 'created soft'
	ln a hard
	next_batch
	[[ $batch == 'created hard' ]]
}

@test "a checkout of 1,000 files is one batch" {
	mkdir d
	files 1000 old d/
	clnrm-watch --debounce 500ms --debounce-max 20s . 3>&- >all &
	pid=$!
	await grep -q '"ready"' all
	perl -e 'for (1 .. 1000) { unlink "d/a$_"; open F, ">", "d/a$_";
		print F "new$_"; close F }'
	await grep -q '"type":"batch","gen":1,"size":1000}' all
	[ "$(grep -c '"source":"d/a.*"event":"modified"' all)" = 1000 ]
	run ! grep '"deleted"' all
}

@test "sixteen paths are waited for longer than one" {
	watch .
	perl -e 'open F, ">", $_ for map { "a$_" } 1 .. 40'
	next_batch
	line=$last
	[ "$(member debounce_ms)" = 50 ]
}

@test "a batch that never falls silent is cut and says so" {
	watch --debounce 1m --debounce-max 50ms .
	echo 1 >a
	expect_batch 'created a'
	line=$last
	[ "$(member partial)" = true ]
	[ "$(member debounce_ms)" = 60000 ]
}

@test "a file in directories that are made at once is not lost" {
	watch .
	for i in 1 2 3 4 5 6 7 8; do
		perl -e 'my $d = "d$ARGV[0]"; mkdir $d;
			mkdir $d .= "/$_" for 1 .. 7;
			open F, ">", "$d/f" or die; print F 1' $i
		expect_batch "created d$i/1/2/3/4/5/6/7/f"
	done
}

@test "a directory that moves in is read, and one that moves out is gone" {
	mkdir -p t/in outside/m/n
	echo 1 >outside/m/n/a
	echo 1 >outside/m/b
	watch t
	mv outside/m t/m
	expect_batch 'created t/m/b
created t/m/n/a'
	mv t/m outside/m
	expect_batch 'deleted t/m/b
deleted t/m/n/a'
	echo 2 >outside/m/n/a
	echo 1 >t/marker
	expect_batch 'created t/marker'
}

@test "a directory that is renamed moves its files, and goes on" {
	mkdir -p d/e
	echo 1 >d/e/a
	watch .
	mv d n
	expect_batch 'moved n/e/a < d/e/a'
	echo 2 >n/e/a
	expect_batch 'modified n/e/a'
	mkdir d
	echo 1 >d/x
	expect_batch 'created d/x'
}

@test "a directory removed and made again is watched again" {
	mkdir d
	echo 0 >d/a
	watch .
	for i in 1 2 3 4 5 6 7 8 9; do
		perl -e 'unlink "d/a"; rmdir "d"; mkdir "d";
			open F, ">", "d/a"; print F $ARGV[0]' $i
		expect_batch 'modified d/a'
	done
}

@test "an operand that goes away is told, and watched when it is back" {
	mkdir t
	echo 1 >t/a
	watch t
	until_type ready
	mv t elsewhere
	until_type diagnostic
	[ "$(member message)" = 't is gone; waiting for it to come back' ]
	expect_batch 'deleted t/a'
	mv elsewhere t
	expect_batch 'created t/a'
	echo 2 >t/a
	expect_batch 'modified t/a'
}

@test "an operand that is a file is watched alone, by any way of saving" {
	echo 1 >a
	echo 1 >b
	watch ./a
	[ "$batch" = 'initial ./a' ]
	echo 2 >b
	echo 2 >a
	expect_batch 'modified ./a'
	echo 3 >new && mv new a
	expect_batch 'modified ./a'
	rm a
	expect_batch 'deleted ./a'
}

@test "an operand within another is told once, by the outer name" {
	mkdir t
	echo 1 >t/a
	watch t/a . "$PWD/t"
	[ "$batch" = 'initial clnrm.conf
initial t/a' ]
}

@test "version control, editors' files and .clnrm are ignored" {
	mkdir -p .git/objects .clnrm/cache .hg .svn
	touch .git/objects/x .clnrm/cache/x .hg/x .svn/x a~ .a.swp '#a#' '.#a'
	echo 1 >a
	watch .
	[ "$batch" = 'initial a
initial clnrm.conf' ]
	until_type ready
	[ "$(member directories)" = 1 ]
	echo 2 >.git/objects/y
	echo 2 >.a.swp
	mkdir -p x/.git && echo 1 >x/.git/y
	echo 1 >marker
	expect_batch 'created marker'
}

@test "patterns come from the project and from the command line" {
	printf '# built\nbuild/\n/top\n!build/keep\n' >.clnrmignore
	mkdir -p build x/build t
	echo 1 | tee build/a x/build/a top t/top t/a.log >t/a
	watch --ignore '*.log' .
	[ "$batch" = 'initial .clnrmignore
initial clnrm.conf
initial t/a
initial t/top' ]
}

@test "patterns bind to the project's root, wherever the operand is" {
	echo /t/tmp/ >.clnrmignore
	mkdir -p t/tmp t/x/tmp
	echo 1 | tee t/tmp/a >t/x/tmp/a
	watch "$PWD/t"
	[ "$batch" = "initial $PWD/t/x/tmp/a" ]
}

@test "patterns of clnrm.conf are separated by blanks" {
	printf '[watch]\nignore = target *.log\n' >clnrm.conf
	mkdir target
	echo 1 | tee target/a a.log >a
	watch .
	[ "$batch" = 'initial a
initial clnrm.conf' ]
}

@test "a .clnrmignore that is edited counts from then on" {
	mkdir d
	echo d >.clnrmignore
	echo 1 >d/a
	watch .
	[ "$batch" = 'initial .clnrmignore
initial clnrm.conf' ]
	echo '*.log' >.clnrmignore
	expect_batch 'modified .clnrmignore'
	expect_batch 'created d/a'
	echo 1 >d/a.log
	echo 2 >d/a
	expect_batch 'modified d/a'
}

@test "without an operand it is the project, also from within" {
	mkdir -p d/e
	echo 1 >d/a
	watch
	[ "$batch" = 'initial clnrm.conf
initial d/a' ]
	kill "$pid"
	cd d/e
	watch
	[ "$batch" = "initial $BATS_TEST_TMPDIR/clnrm.conf
initial $BATS_TEST_TMPDIR/d/a" ]
}

@test "the watch's own output in the tree is no change" {
	clnrm-watch . >log 3>&- &
	pid=$!
	await grep -q '"ready"' log
	echo 1 >a
	await grep -q '"source":"a"' log
	run ! grep '"source":"log"' log
}

@test "a reader that is slow loses nothing, and the last state is told" {
	files 2000 old
	start .
	next # begin; by then the pipe fills up, and nobody reads
	files 2000 newer
	rm a7
	echo x >zz
	cat <&"$from" >all 3>&- &
	await grep -q '"source":"zz"' all
	run -0 jq -rs 'map(select(.source == "a7") | .event) | last' all
	[[ $output =~ ^(null|deleted)$ ]]
	want=$(printf newer2000 | sha256sum | cut -c -64)
	await grep -q "\"source\":\"a2000\".*\"sha256\":\"$want\"" all
}

@test "after the queue ran over, the tree is read again and nothing is lost" {
	[ "$(cat /proc/sys/fs/inotify/max_queued_events)" -le 16384 ] ||
		cannot "the queue of notices is too long to run over"
	mkdir d
	echo 1 | tee d/b >d/c
	clnrm-watch . 3>&- >all &
	pid=$!
	await grep -q '"ready"' all
	kill -STOP "$pid"
	# A notice that is like the one before it would be merged with that.
	perl -e 'for (1 .. 20000) { open F, ">", $_ % 2 ? "d/b" : "d/c" }'
	files 1000 x d/
	mkdir e
	echo 1 >e/late
	rm d/b
	kill -CONT "$pid"
	await grep -q 'queue of notices ran over' all
	await grep -q '"source":"e/late"' all
	echo 2 >e/late
	await grep -q "\"$(echo 2 | sha256sum | cut -c -64)\"" all
	stop
	[ "$(grep -c '"source":"d/a.*"event":"created"' all)" = 1000 ]
	[ "$(grep -c '"source":"d/b.*"event":"deleted"' all)" = 1 ]
}

@test "an order to stop tells what is dirty, then the end" {
	for signal in TERM INT HUP; do
		rm -f a
		watch --debounce 1m .
		echo 1 >a
		kill -$signal "$pid"
		expect_batch 'created a'
		until_type end
		n=$(kill -l $signal)
		[ "$(member status)" = $((128 + n)) ]
		[ "$(member stage)" = watch ]
		wait "$pid" && status=0 || status=$?
		[ $status = $((128 + n)) ]
	done
}

@test "a reader that goes away ends the watch quietly" {
	# shellcheck disable=SC2016 # for the inner shell
	run -0 --separate-stderr timeout 20 bash -c \
		'clnrm-watch . | head -n 1 >/dev/null; exit ${PIPESTATUS[0]}'
	[ -z "$stderr" ]
	[ -z "$output" ]
}

@test "an operand that is not there is exit 2 and a diagnostic" {
	run -2 clnrm-watch nowhere
	[ "$(sed -n 2p <<<"$output" | jq -c '[.type, .code, .message]')" = \
		'["diagnostic","E101","cannot watch nowhere: No such file or directory"]' ]
	[ "$(tail -n 1 <<<"$output" | jq -c '[.type, .status]')" = '["end",2]' ]
}

@test "a limit of the kernel is exit 3 and names the sysctl" {
	unshare -Ur true 2>/dev/null || cannot "no user namespace to lower a limit in"
	mkdir -p a b c d
	run -3 unshare -Ur sh -c 'echo 3 >/proc/sys/user/max_inotify_watches
		exec timeout 20 clnrm-watch .'
	[[ $output == *'inotify limit reached (3 watches of ours'* ]]
	[[ $output == *'"hint":"'*'sysctl fs.inotify.max_user_watches='* ]]
	run -3 unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_inotify_instances
		exec timeout 20 clnrm-watch .'
	[[ $output == *'too many inotify instances'* ]]
	[[ $output == *'sysctl fs.inotify.max_user_instances='* ]]
}

@test "a duration without a unit is exit 2 and shows the fix" {
	run -2 clnrm-watch --debounce 10 .
	[[ $output == *"--debounce: '10' has no unit"*10ms* ]]
	run -2 clnrm-watch --debounce soon .
	[[ $output == *"'soon' is not a duration"* ]]
}

@test "names with blanks, quotes and line ends are one record each" {
	watch .
	echo 1 >$'a "b"\nc'
	next_batch
	line=$last
	[ "$(member source)" = $'a "b"\nc' ]
}
