#!/usr/bin/env bats
# clnrm-fmt from outside.
load helper
stderr= # run --separate-stderr sets it

# Where root cannot write either.
unprivileged() {
	chmod 755 "$BATS_TEST_TMPDIR"
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		env HOME=/nonexistent "$@"
}

ugly() {
	printf 'a=1\n[t]\nb =  2 # c\n'
}

pretty() {
	printf 'a = 1\n\n[t]\nb = 2 # c\n'
}

# What a TOML text says, as the conformance suite compares it.
meaning() {
	clnrm-lint --tagged-json <"$1"
}

# A formatted copy of each file "$@" means the same, has all its words and is
# stable.
is_safe() {
	local file n=0
	mkdir -p once twice
	for file; do
		n=$((n + 1))
		clnrm-fmt --stdin-filename "$file" <"$file" >once/x ||
			{ echo "$file: not formatted"; return 1; }
		clnrm-fmt --stdin-filename "$file" <once/x >twice/x
		cmp once/x twice/x || { echo "$file: not stable"; return 1; }
		cmp <(tr -d ' \t\r\n' <"$file") <(tr -d ' \t\r\n' <once/x) ||
			{ echo "$file: lost something"; return 1; }
		[ "$(comments "$file")" = "$(comments once/x)" ] ||
			{ echo "$file: lost a comment"; return 1; }
		! meaning "$file" >before 2>&1 || { meaning once/x >after &&
			cmp before after; } || { echo "$file: changed"; return 1; }
	done
	[ "$n" -gt 0 ]
}

# Lines with a comment, or what looks like one in a string.
comments() {
	grep -c '#' "$1" || :
}

@test "a file is formatted in place and listed; one that is well is not" {
	ugly >a.clnrm.toml
	pretty >b.clnrm.toml
	inode=$(stat -c %i b.clnrm.toml)
	run -0 clnrm-fmt a.clnrm.toml b.clnrm.toml
	[ "$output" = a.clnrm.toml ]
	cmp a.clnrm.toml <(pretty)
	[ "$(stat -c %i b.clnrm.toml)" = "$inode" ]
	run -0 clnrm-fmt a.clnrm.toml b.clnrm.toml
	[ -z "$output" ]
}

@test "the mode of a file stays, and a link stays a link" {
	ugly >a.toml
	chmod 640 a.toml
	ln -s a.toml link.toml
	run -0 clnrm-fmt link.toml
	[ "$output" = link.toml ]
	[ -L link.toml ]
	[ "$(stat -c %a a.toml)" = 640 ]
	cmp a.toml <(pretty)
}

@test "--check lists what would change, exits 1 and writes nothing" {
	ugly >a.toml
	pretty >b.toml
	run -1 clnrm-fmt --check a.toml b.toml
	[ "$output" = a.toml ]
	cmp a.toml <(ugly)
	run -0 clnrm-fmt --check b.toml
	[ -z "$output" ]
}

@test "--diff prints a patch that makes the file what fmt makes of it" {
	ugly >a.toml
	run -1 clnrm-fmt --diff a.toml
	cmp a.toml <(ugly)
	[ "${lines[0]}" = "--- a.toml" ]
	[ "${lines[2]}" = "@@ -1,3 +1,4 @@" ]
	command -v patch || cannot "there is no patch"
	patch -p0 <<<"$output"
	cmp a.toml <(pretty)
	run -0 clnrm-fmt --diff a.toml
	[ -z "$output" ]
}

@test "standard input goes to standard output" {
	run -0 --separate-stderr clnrm-fmt --stdin-filename x.toml < <(ugly)
	[ "$output" = "$(pretty)" ]
	run -1 clnrm-fmt --check --stdin-filename x.toml < <(ugly)
	[ "$output" = x.toml ]
	run -2 --separate-stderr clnrm-fmt --stdin-filename x.toml <<<'a ='
	[ -z "$output" ]
	run -2 clnrm-fmt - < <(ugly)
	run -2 clnrm-fmt --stdin-filename x.toml a.toml < <(ugly)
}

@test "without an operand the project's test files are formatted, and no others" {
	mkdir -p t/deep target
	ugly | tee t/deep/a.clnrm.toml target/b.clnrm.toml >t/other.toml
	cd t
	run -0 clnrm-fmt
	[ "$output" = "$(realpath deep/a.clnrm.toml)" ]
	cmp deep/a.clnrm.toml <(pretty)
	cmp other.toml <(ugly)
}

@test "a directory without a test file is exit 4" {
	mkdir empty
	run -4 clnrm-fmt empty
	[[ "$output" == *"no test file below this directory"* ]]
}

@test "what is no TOML is told with its line, and the others get formatted" {
	printf 'a = 1\nb = \n' >a.toml
	ugly >b.toml
	run -2 --separate-stderr clnrm-fmt a.toml b.toml gone.toml
	[ "$output" = b.toml ]
	[[ "$stderr" == *"error[E301]: "*"--> a.toml:2:5"*"2 | b ="* ]]
	[[ "$stderr" == *"error[E101]: "*"gone.toml"* ]]
	[ "$(cat a.toml)" = "$(printf 'a = 1\nb = \n')" ]
	cmp b.toml <(pretty)
}

@test "what is not UTF-8 is told and left alone" {
	printf 'a = "\xff"  \n' >a.toml
	cp a.toml b.toml
	run -2 clnrm-fmt a.toml
	[[ "$output" == *"error[E102]: byte 0xff is not UTF-8"* ]]
	cmp a.toml b.toml
}

@test "keys keep their order, and --sort takes their comments along" {
	printf '# of b\nb = 1\na = 2\n' >a.toml
	run -0 clnrm-fmt --check a.toml
	run -0 clnrm-fmt --sort a.toml
	[ "$(cat a.toml)" = "$(printf 'a = 2\n# of b\nb = 1')" ]
}

@test "the tags of a template stay as they are" {
	printf 'a={{ x }}  \n\n\n\n{%% if  y %%}\nb=1\n{%% endif %%}' >a.clnrm.toml.tera
	run -0 clnrm-fmt a.clnrm.toml.tera
	printf 'a={{ x }}\n\n{%% if  y %%}\nb=1\n{%% endif %%}\n' |
		cmp - a.clnrm.toml.tera
}

@test "a template that cannot be seen through is left alone, and told" {
	printf 'a = "{{ x }}  \nb = 1  \n' >a.toml.tera
	cp a.toml.tera b
	run -0 --separate-stderr clnrm-fmt a.toml.tera
	[ -z "$output" ]
	[[ "$stderr" == *"left as it is"* ]]
	cmp a.toml.tera b
}

@test "a file that cannot be written is exit 3, and stays as it was" {
	unprivileged true || cannot "no other user is to be had"
	mkdir shut
	ugly | tee shut/a.toml >shut/b.toml
	chmod 555 shut
	run -3 unprivileged "$(command -v clnrm-fmt)" shut/a.toml shut/b.toml
	[ "$(grep -c 'Permission denied' <<<"$output")" = 2 ]
	cmp shut/a.toml <(ugly)
	[ "$(find shut -type f | wc -l)" = 2 ]
}

@test "a file that vanishes is told, and not made again" {
	mkfifo a.toml
	clnrm-fmt a.toml >said 2>&1 &
	exec 5>a.toml
	rm a.toml
	ugly >&5
	exec 5>&-
	wait $! && status=0 || status=$?
	[ "$status" = 3 ]
	grep -q 'No such file' said
	[ ! -e a.toml ]
}

@test "many files are formatted at a time, and listed in their order" {
	mkdir many
	for i in $(seq -w 300); do
		echo "a=1$i" >"many/$i.clnrm.toml"
	done
	run -0 clnrm-fmt -j 8 many
	[ "$output" = "$(printf '%s\n' many/*)" ]
	[ "$(cat many/* | sort -u | wc -l)" = 300 ]
	run -0 clnrm-fmt -j auto --check many
	run -2 clnrm-fmt -j 0 many
}

@test "every valid file of the TOML suite is safe to format" {
	need_shared conformance/toml
	mapfile -t files < <(find "$SHARED/conformance/toml/valid" -name '*.toml')
	for file in "${files[@]}"; do
		meaning "$file" >was 2>&1 || continue
		echo "$file"
	done >valid
	mapfile -t files <valid
	[ "${#files[@]}" -gt 150 ]
	is_safe "${files[@]}"
}

@test "every file of the original that is TOML or a template is safe to format" {
	need_shared corpus/upstream
	find "$SHARED/corpus/upstream" -name '*.toml*' >all
	while IFS= read -r file; do
		! clnrm-fmt --stdin-filename x <"$file" >said 2>&1 || echo "$file"
	done <all >good
	mapfile -t files <good
	[ "${#files[@]}" -gt 50 ]
	is_safe "${files[@]}"
}
