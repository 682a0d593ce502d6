#!/usr/bin/env bats
# The JSON Schema of test files in Taplo, which is what editors ask about TOML.
load helper

# It comes from the registry, or from the cache of npm, once for all tests.
setup_file() {
	[ -z "${SAN-}" ] || return 0
	cd "$BATS_FILE_TMPDIR" || return
	clnrm schema >schema.json
	echo '{"private": true}' >package.json
	if ! node --version; then
		echo "there is no node" >lack
	elif ! timeout 300 npm install --prefer-offline --ignore-scripts \
		--no-audit --no-fund --fetch-retries 1 @taplo/cli@0.7.0 \
		>npm.log 2>&1; then
		cat npm.log
		echo "npm cannot install Taplo here" >lack
	fi
}

setup() {
	[ -z "${SAN-}" ] || skip "the schema is the same without sanitizers"
	[ ! -e "$BATS_FILE_TMPDIR/lack" ] || cannot "$(cat "$BATS_FILE_TMPDIR/lack")"
	cd "$BATS_TEST_TMPDIR" || exit 1
	ln -s "$BATS_FILE_TMPDIR/schema.json" .
	taplo=$BATS_FILE_TMPDIR/node_modules/.bin/taplo
}

@test "taplo finds nothing in the examples" {
	find "$ROOT/examples" -name '*.clnrm.toml' >files
	[ "$(wc -l <files)" -gt 15 ]
	xargs "$taplo" lint --schema "file://$PWD/schema.json" <files
}

@test "taplo finds a wrong type, an unknown key and a word that is none, as clnrm lint does" {
	one_step good.clnrm.toml true <<<$'[[expect.span]]\nname = "a"\nkind = "server"'
	sed 's/version = "1"/version = 1/' good.clnrm.toml >type.clnrm.toml
	sed 's/^\[\[scenario/extra = 1\n&/' good.clnrm.toml >key.clnrm.toml
	sed 's/"server"/"sever"/' good.clnrm.toml >word.clnrm.toml
	# The file names its schema itself, as an editor wants it.
	sed -i "1i #:schema file://$PWD/schema.json" ./*.clnrm.toml
	run -1 "$taplo" lint ./*.clnrm.toml
	said=$output
	[[ "$said" != *good.clnrm.toml* ]]
	for mistake in type:4 key:5 word:10; do
		file=${mistake%:*}.clnrm.toml
		[[ "$said" == *"$file:${mistake#*:}:"* ]]
		run -1 clnrm lint --strict --format github "$file"
		[[ "$output" == "$file:${mistake#*:}:"* ]]
	done
}
