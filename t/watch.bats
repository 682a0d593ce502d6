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
	read -r -t 60 -u "$from" line || { echo "no record" >&2; return 1; }
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

# What is done while the watch stands still lies together, however busy the
# machine is.
at_once() {
	kill -STOP "$pid"
	"$@"
	kill -CONT "$pid"
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
	at_once sh -c 'echo 2 >a.new && mv a.new a'
	expect_batch 'modified a'
	at_once sed -i s/2/3/ a
	expect_batch 'modified a'
}

@test "a save as vim does it is one modification" {
	echo 1 >a
	watch .
	at_once perl -e 'sub w { open F, ">", $_[0] or die; print F "2\n"; close F }
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
	at_once sh -c 'touch a; echo 2 >a; echo 1 >a; : >gone; rm gone; echo x >marker'
	expect_batch 'created marker'
	[ "$line" = '{"type":"batch","gen":1,"size":1}' ]
}

@test "who may read, write or run a file is a change of it" {
	echo 1 >a
	echo 1 >b
	watch .
	chmod +x a
	expect_batch 'modified a'
	touch b
	chmod 755 a
	chmod -x a
	expect_batch 'modified a'
	[ "$(grep -c '"source":"b"' <<<"$line")" = 0 ]
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

@test "a batch waits for the lock of git, but not for one left behind" {
	mkdir .git
	: >.git/index.lock
	watch --debounce-max 1m .
	echo 1 >a
	sleep 0.1 # the silence alone would be 20 ms
	echo 1 >b
	rm .git/index.lock
	expect_batch 'created a
created b'
	: >.git/index.lock
	touch -d '1 minute ago' .git/index.lock
	echo 2 >a
	expect_batch 'modified a'
}

@test "a real checkout of git is one batch, there and back" {
	command -v git >/dev/null || cannot "git is not installed"
	git init -q -b one .
	files 300 old
	git add .
	commit() { git -c user.name=n -c user.email=e commit -q "$@"; }
	commit -m 1
	git checkout -q -b two
	files 300 new
	commit -a -m 2
	watch --debounce-max 1m .
	for branch in one two; do
		git checkout -q $branch
		next_batch
		[ "$(grep -c '^modified a' <<<"$batch")" = 300 ]
		[ "$(wc -l <<<"$batch")" = 300 ]
	done
	git rm -q a7
	expect_batch 'deleted a7'
}

@test "real editors make one modification a save" {
	echo 1 >a
	watch .
	if command -v vim >/dev/null; then
		at_once vim -es -u NONE -c 'set swapfile backup' -c '%s/1/2/' -c x a
		expect_batch 'modified a'
	fi
	at_once sed -i s/./3/ a
	expect_batch 'modified a'
	at_once perl -pi -e 's/3/4/' a
	expect_batch 'modified a'
	if command -v ed >/dev/null; then
		at_once ed -s a <<<$'1s/4/5/\nw\nq'
		expect_batch 'modified a'
	fi
}

@test "a random hour of a tree, in a minute: nothing is lost, nothing is made up" {
	run -0 timeout 300 perl "$ROOT/t/watch.pl" "${SEED:-$RANDOM}" "${ROUNDS:-60}"
	echo "$output" >&3
	run -0 timeout 300 perl "$ROOT/t/watch.pl" "${SEED:-$RANDOM}" 20 --poll 50ms
}

@test "sixteen paths are waited for longer than one" {
	watch .
	at_once perl -e 'open F, ">", $_ for map { "a$_" } 1 .. 40'
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
		next_batch
		if [ "$batch" = 'deleted d/a' ]; then # the machine is slow
			expect_batch 'created d/a'
		else
			[ "$batch" = 'modified d/a' ]
		fi
	done
}

is_large() {
	local kb
	kb=$(ps -o rss= -p "$(pgrep -f 'sleep 41757' | tail -n 1)" 2>/dev/null)
	[ "${kb:-0}" -gt 250000 ]
}

# The plan of file $1 as of generation $2, to stand between begin and end.
plan() {
	clnrm-render "$1" | clnrm-lint - | grep '^{"type":"plan"' |
		sed "s/\"gen\":0/\"gen\":$2/"
}

@test "a newer plan starts when the older run of the test is gone" {
	# So large that its end takes longer than a new beginning.
	one_step a.clnrm.toml 'perl -e "\$x = q(a) x 300_000_000; sleep 41757"' \
		<<<'isolation = "process"'
	one_step b.clnrm.toml 'sleep 1' <<<'isolation = "process"'
	{ plan a.clnrm.toml 0; plan b.clnrm.toml 0; } >first
	one_step a.clnrm.toml 'true' <<<'isolation = "process"'
	plan a.clnrm.toml 1 >second
	{
		echo '{"type":"begin","v":1}'
		cat first
		await is_large
		cat second
		await is_gone 'sleep 41757'
		await grep -q '"gen":1.*"status":"ok"' all
		echo '{"type":"end","stage":"lint","status":0,"records":1,"duration_ns":0}'
	} | clnrm-exec -j 3 - >all
	jq -r 'select(.type | startswith("scenario.")) |
		"\(.source) \(.gen) \(.type) \(.status // "")"' all >order
	[ "$(grep '^a' order)" = 'a.clnrm.toml 0 scenario.start 
a.clnrm.toml 0 scenario.end cancelled
a.clnrm.toml 1 scenario.start 
a.clnrm.toml 1 scenario.end ok' ]
	[ "$(grep '^b' order)" = 'b.clnrm.toml 0 scenario.start 
b.clnrm.toml 0 scenario.end ok' ]
}

@test "a link in the place of a directory takes its files away, whatever it leads to" {
	mkdir -p t/d t/other
	echo 1 | tee t/d/a >t/d/b
	echo 2 >t/other/a
	watch --debounce 300ms t
	rm -r t/d
	ln -s other t/d
	expect_batch 'created t/d
deleted t/d/a
deleted t/d/b'
	ln -s t link
	stop
	watch link # an operand may be one
	[[ "$batch" == *'initial link/other/a'* ]]
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
	run -0 --separate-stderr timeout 60 bash -c \
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

@test "at a limit of the kernel the rest is polled, with a note" {
	unshare -Ur true 2>/dev/null || cannot "no user namespace to lower a limit in"
	mkdir -p a b c d
	# shellcheck disable=SC2016 # for the inner shell
	coproc W { exec unshare -Ur sh -c 'echo 3 >/proc/sys/user/max_inotify_watches
		exec clnrm-watch .' 3>&-; }
	exec {from}<&"${W[0]}"
	pid=$W_PID
	until_type diagnostic
	[[ $(member message) == 'inotify limit reached (3 watches of ours'*polled ]]
	[[ $(member hint) == *'sysctl fs.inotify.max_user_watches='* ]]
	[ "$(member code)" = W401 ]
	next_batch
	until_type ready
	[ "$(member directories)" = 5 ]
	for d in a b c d; do
		echo 1 >$d/f
		expect_batch "created $d/f"
		mkdir $d/new && echo 1 >$d/new/f
		expect_batch "created $d/new/f"
		rm -r $d/new
		expect_batch "deleted $d/new/f"
	done
	stop
	run ! grep diagnostic <&"$from"
}

@test "without an inotify instance all is polled, with a note" {
	unshare -Ur true 2>/dev/null || cannot "no user namespace to lower a limit in"
	echo 1 >a
	# shellcheck disable=SC2016 # for the inner shell
	coproc W { exec unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_inotify_instances
		exec clnrm-watch .' 3>&-; }
	exec {from}<&"${W[0]}"
	pid=$W_PID
	until_type diagnostic
	[[ $(member message) == 'too many inotify instances'*'polled instead' ]]
	[[ $(member hint) == *'sysctl fs.inotify.max_user_instances='* ]]
	next_batch
	echo 2 >a
	expect_batch 'modified a'
}

@test "where no notices come from, the files are polled besides" {
	start /proc/sys/fs/inotify
	until_type diagnostic
	[[ $(member message) == *'is on proc, which does not tell all changes'* ]]
	next_batch
	[[ $batch == *'initial /proc/sys/fs/inotify/max_user_watches'* ]]
}

@test "polling sees what notices see, but for renames" {
	mkdir -p t/d
	echo 1 | tee t/a t/d/b >t/d/c
	watch --poll 20ms --debounce 300ms t
	echo 2 >t/d/b
	expect_batch 'modified t/d/b'
	mkdir -p t/n/m && echo 1 >t/n/m/x
	expect_batch 'created t/n/m/x'
	rm -r t/d
	expect_batch 'deleted t/d/b
deleted t/d/c'
	touch t/a
	mv t away
	expect_batch 'deleted t/a
deleted t/n/m/x'
	mv away t
	expect_batch 'created t/a
created t/n/m/x'
	stop
	run ! grep batch <&"$from"
}

@test "an operand that is a file is polled alone" {
	echo 1 | tee a >b
	watch --poll 20ms a
	echo 2 >b
	echo 2 >new && mv new a
	expect_batch 'modified a'
}

@test "a poll of no time is exit 2" {
	run -2 clnrm-watch --poll 0s .
	[[ $output == *'--poll'* ]]
}

@test "the sync file tells at once what came before it, and its text" {
	mkdir t
	watch --debounce 1m --debounce-max 1m --sync-file t/sync t
	echo 1 >t/a
	mkdir t/d && echo 1 >t/d/b
	echo one >t/sync
	expect_batch 'created t/a
created t/d/b'
	[ "$line" = '{"type":"batch","gen":1,"size":2,"sync":"one"}' ]
	echo two >t/sync
	next_batch
	[ "$line" = '{"type":"batch","gen":2,"size":0,"sync":"two"}' ]
	echo two >t/sync # the same again
	next_batch
	[ "$line" = '{"type":"batch","gen":3,"size":0,"sync":"two"}' ]
	rm t/sync
	echo 2 >t/a
	echo three >sync.new && mv sync.new t/sync
	expect_batch 'modified t/a'
	[ "$(member sync)" = three ]
}

@test "a sync file is seen though patterns would ignore it" {
	watch --debounce 1m --ignore 'sync*' --sync-file sync1 .
	echo 1 >sync2
	echo x >sync1
	next_batch
	[ "$line" = '{"type":"batch","gen":1,"size":0,"sync":"x"}' ]
}

# A watch that is told by lines, which $1 gets from us.
told_by() {
	mkfifo fifo
	start --from fifo "$@"
	exec {feed}>fifo
	next_batch
}

@test "lines of inotifywait are taken instead of notices" {
	mkdir -p t/d
	echo 1 | tee t/a >t/d/b
	told_by t
	echo 2 >t/a
	echo 2 >t/d/b
	echo 't/d/ CLOSE_WRITE,CLOSE b' >&"$feed"
	expect_batch 'modified t/d/b'
	echo 't/ CLOSE_WRITE,CLOSE a' >&"$feed"
	expect_batch 'modified t/a'
	echo x >'t/d/a MODIFY b'
	echo 't/d/ MODIFY a MODIFY b' >&"$feed"
	expect_batch 'created t/d/a MODIFY b'
	rm -r t/d
	echo 't/ DELETE,ISDIR d' >&"$feed"
	expect_batch 'deleted t/d/a MODIFY b
deleted t/d/b'
	exec {feed}>&-
	until_type end
	[ "$(member status)" = 0 ]
}

@test "lines of fswatch are taken, also with real paths and flags" {
	mkdir -p t/d
	echo 1 | tee t/a >t/b
	told_by t
	echo 2 | tee t/a >t/b
	echo "$PWD/t/a" >&"$feed"
	expect_batch 'modified t/a'
	echo "$PWD/t/b Updated IsFile" >&"$feed"
	expect_batch 'modified t/b'
}

@test "what such programs overlook is found by reading the tree again" {
	mkdir t
	told_by t
	mkdir -p t/new/deep && echo 1 >t/new/deep/f
	echo 't/ CREATE,ISDIR new' >&"$feed"
	expect_batch 'created t/new/deep/f'
	echo 1 >t/new/late # made before the program watched the directory
	expect_batch 'created t/new/late'
	echo 2 >t/new/late
	echo 'what is this?' >&"$feed"
	expect_batch 'modified t/new/late'
	echo 3 >t/new/late
	echo 't/ Q_OVERFLOW' >&"$feed"
	expect_batch 'modified t/new/late'
	echo 4 >t/new/late
	perl -e 'print "x" x 100_000, "\n"' >&"$feed"
	expect_batch 'modified t/new/late'
	echo 5 >t/new/late
	exec {feed}>&- # the last look
	expect_batch 'modified t/new/late'
}

@test "lines of looks alone are nothing" {
	mkdir t
	echo 1 >t/a
	told_by t
	echo 2 >t/a
	printf 't/ %s a\n' OPEN ACCESS CLOSE_NOWRITE,CLOSE >&"$feed"
	echo 't/ OPEN,ISDIR ' >&"$feed"
	echo 1 >t/b
	echo 't/ MODIFY b' >&"$feed"
	expect_batch 'created t/b'
}

@test "a real inotifywait drives the loop" {
	mkdir -p t/d
	echo 1 >t/a
	inotifywait -m -r -q t 2>/dev/null 3>&- | clnrm-watch --from - t 3>&- >all &
	await grep -q '"ready"' all
	# its watches may come later than our first look
	n=1
	changed() {
		n=$((n + 1))
		echo $n >t/d/b
		grep -q '"source":"t/d/b"' all
	}
	await changed
	echo 2 >t/a
	await grep -q '"source":"t/a","event":"modified"' all
	pkill -P $$ inotifywait
	await grep -q '"type":"end"' all
}

@test "a file of lines that is not there is exit 2" {
	run -2 clnrm-watch --from nowhere .
	[[ $output == *'nowhere: No such file or directory'* ]]
}

# The cache, once it holds file $1; those written a moment ago are not kept.
cached() {
	clnrm-watch --baseline --from /dev/null . >all
	grep -q "$(sha256sum "$1" | cut -c -64)" .clnrm/cache/hashes
}

@test "a baseline spares the reading of what has not changed since" {
	echo 1 >a
	await cached a
	cat .clnrm/cache/hashes >was
	sha=$(echo 1 | sha256sum | cut -c -64)
	other=${sha//[0-9]/f}
	{
		tail -n +2 was | sed "s/$sha/$other/" >body
		echo "clnrm-hashes 1 $(sha256sum body | cut -c -64)"
		cat body
	} >.clnrm/cache/hashes
	rm was body
	run -0 clnrm-watch --baseline --from /dev/null .
	[[ $output == *'"source":"a"'*"$other"* ]]
	echo 2 >a
	run -0 clnrm-watch --baseline --from /dev/null .
	[[ $output == *'"source":"a"'*"$(echo 2 | sha256sum | cut -c -64)"* ]]
}

@test "a baseline that was cut or meddled with is none" {
	echo 1 >a
	await cached a
	sha=$(echo 1 | sha256sum | cut -c -64)
	sed -i "s/$sha/${sha//[0-9]/f}/" .clnrm/cache/hashes
	run -0 clnrm-watch --baseline --from /dev/null .
	[[ $output == *'"source":"a"'*"$sha"* ]]
	for bytes in 0 1 40 80 85 120; do
		await cached a
		truncate -s $bytes .clnrm/cache/hashes
		run -0 clnrm-watch --baseline --from /dev/null .
		[[ $output == *'"source":"a"'*"$sha"* ]]
	done
}

@test "a baseline that cannot be kept is a warning" {
	echo 1 >a
	: >.clnrm
	run -0 clnrm-watch --baseline --from /dev/null .
	[[ $output == *'"code":"W403"'* ]]
	[[ $output == *'"source":"a"'* ]]
}

@test "each directory may have patterns, and the deeper ones decide" {
	mkdir -p t/d/e u
	echo '*.log' >.clnrmignore
	printf '!a.log\n/e/\n' >t/d/.clnrmignore
	echo '*.txt' >u/.clnrmignore
	echo 1 | tee a.log t/a.log t/d/a.log t/d/b.log t/d/e/x u/a.txt >t/a.txt
	watch .
	[ "$batch" = 'initial .clnrmignore
initial clnrm.conf
initial t/a.txt
initial t/d/.clnrmignore
initial t/d/a.log
initial u/.clnrmignore' ]
	rm u/.clnrmignore
	expect_batch 'deleted u/.clnrmignore'
	expect_batch 'created u/a.txt'
	echo '*' >u/.clnrmignore
	expect_batch 'created u/.clnrmignore'
	echo 2 | tee u/a.txt >t/a.txt
	expect_batch 'modified t/a.txt'
}

@test "patterns above an operand count, and --ignore goes before all" {
	mkdir -p t/d
	echo '*.log' >.clnrmignore
	printf '!a.log\n*.txt\n' >t/.clnrmignore
	echo 1 | tee t/d/a.log t/d/b.log t/d/a.txt t/d/c >t/d/e
	watch --ignore '!a.txt e' t/d
	[ "$batch" = 'initial t/d/a.log
initial t/d/a.txt
initial t/d/c' ]
}

@test "what git ignores is ignored, pattern for pattern" {
	command -v git >/dev/null || cannot "git is not installed"
	git init -q .
	mkdir -p a/b/c b/a/c foo/bar x.d 'sp ace'
	echo 1 | tee a/1 a/b/2 a/b/c/3 b/a/4 b/a/c/5 foo/6 foo/bar/7 x.d/8 \
		'sp ace/9' abc aXc 'a[c' '#h' '!n' 'tr ' 'q?' 'w*' 'b\s' >top
	while IFS= read -r patterns; do
		printf "$patterns" >.gitignore
		cp .gitignore .clnrmignore
		want=$(git -c core.quotePath=false ls-files -z --others \
			--exclude-standard | sort -z | tr '\0' '\n' |
			grep -vxF all || :)
		got=$(clnrm-watch --from /dev/null . | jq -r \
			'select(.type == "change") | .source' | LC_ALL=C sort)
		diff <(LC_ALL=C sort <<<"$want") <(echo "$got") ||
			{ echo "patterns: $patterns"; return 1; }
	done <<-'LINES'
		a
		/a
		a/
		a/*
		a/**
		**/a
		**/a/
		**/c/3
		a/**/3
		a/**/c
		**/b/**
		**
		*
		*/
		/*
		*\n!*/\n!*.d
		/*\n!/foo\n/foo/*\n!/foo/bar
		foo/*\n!foo/bar
		a?c
		a[A-Z]c
		a[!A-Z]c
		a[^b]c
		a[[:upper:]]c
		a[[]c
		a\\[c
		a[c
		\\#h
		#h
		\\!n
		!n
		tr\\ \n
		tr \n
		q\\?
		w\\*
		b\\\\s
		b\\
		[]-a]*
		[a-]*
		a**c
		a/b/**/3
		a/**/**/3
		sp\\ ace
		sp ace/
		*.d
		x.*\n!x.d
		abc\r\n
		/**/c
		foo/**/bar
		[!a-z]*
	LINES
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
