#!/usr/bin/env bats
# The manuals, --help and README.md say what the programs do.
load helper

man_of() {
	echo "$ROOT/man/$1.1"
}

programs() {
	(cd "$ROOT/tools" && printf '%s\n' clnrm*) | sed 's/\.c$//'
}

setup() {
	[ -z "${SAN-}" ] || skip "what is written is the same without sanitizers"
	cd "$BATS_TEST_TMPDIR" || exit 1
	touch clnrm.conf
}

# A section of a manual, as it is written.
section() {
	sed -n "/^\.Sh $1\$/,/^\.Sh /p" "$2" | sed '1d; /^\.Sh /d'
}

# The options that a manual explains, one a line: -j, --jobs. Help and version
# are the same everywhere.
told_options() {
	section OPTIONS "$1" | grep '^\.It Fl' | sed 's/ Ns.*//' |
		grep -oE '(Fl -?|, -)[A-Za-z][a-z-]*' | sed -E 's/^(Fl|,) /-/' |
		sort -u | grep -vxE -e '-h|--help|-V|--version'
}

# The same of a text of help.
helped_options() {
	grep -E '^  ( *|-[A-Za-z],? )--[a-z]' |
		grep -oE '^ *(-[A-Za-z],? )? *--[a-z-]+' | tr -s ' ,' '\n' |
		sort -u | grep -xE -e '--?[A-Za-z].*' |
		grep -vxE -e '-h|--help|-V|--version'
}

# The options that the driver hands on, out of its table.
routed_options() {
	sed -n '/^route()/,/^}/p' "$ROOT/tools/clnrm" |
		sed -nE 's/^\t(-[^)]*)\).*/\1/p' | tr -d ' ' | tr '|' '\n' | sort -u
}

# Does every stage of a pipe, as printed, know its options? Each gets --help
# behind them, and the first that is wrong ends it before.
pipe_is_known() {
	local stage
	while IFS= read -r stage; do
		eval "$stage --help" >said 2>&1 </dev/null ||
			{ echo "$stage: $(head -n 1 said)"; return 1; }
	done < <(sed 's/ | /\n/g; s/ <\/dev\/null//g' <<<"$1")
}

need_mandoc() {
	command -v mandoc >/dev/null || cannot "mandoc is not installed"
}

@test "every program has a manual that names it" {
	for program in $(programs); do
		grep -qx ".Nm $program" "$(man_of "$program")" ||
			{ echo "$program"; return 1; }
	done
	for page in "$ROOT"/man/*.1; do
		programs | grep -qx "$(basename "$page" .1)" || { echo "$page"; return 1; }
	done
}

@test "the manuals are clean mdoc" {
	need_mandoc
	for page in "$ROOT"/man/*; do
		run mandoc -T lint -W warning "$page"
		[ -z "$output" ] || { echo "$output"; return 1; }
	done
}

@test "a manual refers to manuals that are there" {
	grep -hoE '^\.Xr clnrm[a-z.-]* [1-8]' "$ROOT"/man/* | sort -u |
		sed 's/^\.Xr //; s/ /./' >pages
	while IFS= read -r page; do
		[ -f "$ROOT/man/$page" ] || { echo "$page"; return 1; }
	done <pages
}

@test "each program's --help and its manual have the same options" {
	for program in $(programs); do
		[ "$program" != clnrm ] || continue
		diff <("$program" --help | helped_options) \
			<(told_options "$(man_of "$program")") ||
			{ echo "$program: < help, > manual"; return 1; }
	done
}

@test "each option of a synopsis is explained" {
	for program in $(programs); do
		section SYNOPSIS "$(man_of "$program")" |
			grep -oE 'Fl -?[A-Za-z][a-z-]*' | sed 's/^Fl /-/' | sort -u |
			grep -vxE -e '-h|-V' |
			comm -23 - <(told_options "$(man_of "$program")") >unknown
		[ ! -s unknown ] || { echo "$program"; cat unknown; return 1; }
	done
}

@test "the driver's verbs and options are those of its manual" {
	diff <(clnrm --help | sed -nE 's/^  ([a-z-]+) .*/\1/p' | sort) \
		<(section VERBS "$(man_of clnrm)" |
			sed -nE 's/^\.It Cm ([a-z-]+).*/\1/p' | sort)
	diff <({ clnrm --help | helped_options; routed_options; } | sort -u) \
		<(told_options "$(man_of clnrm)")
}

@test "every option that the driver hands on is known where it goes" {
	for option in $(routed_options); do
		case $option in
		-j | --jobs | --keep | --max-errors) value=3 ;;
		--report) value=junit=junit.xml ;;
		--slow | --timeout | --grace | --debounce* | --poll) value=1s ;;
		--capture) value=1K ;;
		--color) value=never ;;
		--format) value=text ;;
		--no-tests) value=pass ;;
		--root | --warm) value=. ;;
		--backend) value=auto ;;
		--from | --image | --sync-file) value=x ;;
		--otlp) value=http://localhost:4318 ;;
		--ignore | --var) value=a=b ;;
		--filter) value=tag:db ;;
		--order) value=name ;;
		--seed) value=7 ;;
		--shard) value=1/2 ;;
		*) value= ;;
		esac
		run -0 clnrm -n dev "$option" $value
		pipe_is_known "$output"
	done
}

@test "every option of the watch can be given to the driver" {
	for option in $(clnrm-watch --help | helped_options); do
		case $option in
		--around | --keys) continue ;; # these the driver gives itself
		esac
		routed_options | grep -qxe "$option" || { echo "$option"; return 1; }
	done
}

@test "every verb's pipe is one that its stages understand" {
	for verb in run dev dry-run render lint verify report doctor pull; do
		run -0 clnrm -n $verb
		pipe_is_known "$output"
	done
}

@test "exit statuses are those that all tools share" {
	need_shared spec
	codes=$(sed -n '/^## 2\. Exit codes/,/^## 3/p' "$SHARED/spec/ux.md" |
		sed -nE 's/^\| ([0-9n+]+) \|.*/\1/p')
	[ "$(wc -w <<<"$codes")" = 7 ]
	for program in $(programs); do
		section 'EXIT STATUS' "$(man_of "$program")" |
			sed -n 's/^\.It //p' >told
		for status in 0 2 3; do
			grep -qx $status told || { echo "$program: no $status"; return 1; }
		done
		grep -vxF "$codes" told && { echo "$program"; return 1; }
		sort -c -g told
	done
}

@test "the examples of the manuals parse" {
	need_mandoc
	mkdir shims
	cat >shims/shim <<-'T'
	#!/bin/sh
	PATH=${PATH#*:}
	echo >>"$SHIMS/ran"
	case ${0##*/} in
	clnrm) clnrm -n "$@" >/dev/null ;;
	*) "${0##*/}" "$@" --help ;;
	esac >/dev/null 2>"$SHIMS/said" </dev/null || cat "$SHIMS/said" >>"$SHIMS/wrong"
	T
	chmod +x shims/shim
	for program in $(programs); do
		ln -s shim "shims/$program"
	done
	export SHIMS=$PWD/shims
	touch shims/ran shims/wrong
	# Some examples are about the last run.
	mkdir -p .clnrm/runs/20260101T000000.000Z-abcd0123
	echo '{"type":"verdict","id":"1","source":"a","gen":0,"variant":null,"scenario":"s","name":"a","verdict":"fail"}' \
		>.clnrm/runs/20260101T000000.000Z-abcd0123/stream.ndjson
	# Examples are indented deeper than the words about them.
	for page in "$ROOT"/man/*.[17]; do
		mandoc -T ascii -O width=500 "$page" | perl -pe 's,.\x08,,g' |
			sed -n '/^EXAMPLES/,/^[A-DF-Z]/s/^ \{8,\}\(\$ \)\{0,1\}//p' |
			sed -E ':more; /(\\|\|)$/{ N; s/\\?\n */ /; b more; }'
	done | grep -E '^(clnrm|.*\| *clnrm)' >examples
	[ "$(wc -l <examples)" -ge 10 ]
	while IFS= read -r example; do
		: >shims/ran
		grep -oE '<[a-z.]+' <<<"$example" | tr -d '<' | xargs -r touch
		PATH=$PWD/shims:$PATH bash -c "$example"$'\n'wait >/dev/null 2>&1 </dev/null || :
		want=$(grep -oE '(^|[|&;(] *)clnrm' <<<"$example" | wc -l)
		[ "$(wc -l <shims/ran)" = "$want" ] && [ ! -s shims/wrong ] ||
			{ echo "$example"; cat shims/wrong; return 1; }
	done <examples
}

# What stands in README.md's blocks of one language.
readme() {
	sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$ROOT/README.md" | grep -v '^```'
}

@test "README.md's targets are in the Makefile, and it is read in a few minutes" {
	[ "$(wc -l <"$ROOT/README.md")" -le 120 ]
	readme sh | grep '^make ' >targets
	[ -s targets ]
	while read -ra line; do
		make -C "$ROOT" -n "${line[@]:1}" >/dev/null ||
			{ echo "${line[@]}"; return 1; }
	done <targets
}

@test "README.md's other commands run, one after the other, in an empty directory" {
	rm clnrm.conf
	readme sh | grep -v '^make ' >session
	grep -q '^clnrm run' session
	run -0 sh -ex session </dev/null
	[[ "$output" == *"PASS"* ]]
}

@test "README.md's test file passes lint" {
	readme toml >a.clnrm.toml
	[ -s a.clnrm.toml ]
	run -0 clnrm lint a.clnrm.toml
}

@test "the demo keeps its promise" {
	run -0 env B="${BIN%/bin}" "$ROOT/examples/demo"
	[[ "$output" == *"as promised"* ]]
}

@test "the terminal in README.md shows what comes" {
	need_namespaces
	cp -r "$ROOT/examples" . && cd examples || exit 1
	sed -nE 's,^<text[^>]*>(.*)</text>$,\1,p' terminal.svg |
		sed -E 's,</?tspan[^>]*>,,g; s,&lt;,<,g; s,&gt;,>,g; s,&amp;,\&,g' >shown
	read -ra command < <(sed -n '1s/^\$ clnrm run //p' shown)
	run -1 clnrm run --format text "${command[@]}"
	as_ever() { sed -E 's/[0-9]+\.[0-9]+s/0s/g; s,runs/[^/]*/,,' | grep .; }
	diff <(sed 1d shown | as_ever) <(as_ever <<<"$output")
}

@test "what is told of speed stands in the table that was measured, nowhere else" {
	local figure='[0-9.]+ (ms|us|ns|MB/s)\b|(twice|[0-9]+|two|three|four|five|ten) times (as|faster)'
	sed '/^<!-- peers:/,/^<!-- end of peers/d' "$ROOT/README.md" >told
	grep -q 'peers.sh --write' told
	grep -q '^| a one-step run ' "$ROOT/README.md"
	run ! grep -nEi "$figure" told
	run ! grep -nEi '(twice|[0-9]+|two|three|four|five|ten) times (as (fast|many|quick)|faster)' \
		"$ROOT"/man/*.[157]
}
