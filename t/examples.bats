#!/usr/bin/env bats
# Everything in examples/ is what it says, and does it.
load helper

setup_file() {
	git -C "$ROOT" ls-files -z examples | tar -C "$ROOT" --null -T - -c |
		tar -C "$BATS_FILE_TMPDIR" -x
	cp "$ROOT/examples/spans/checkout" "$BATS_FILE_TMPDIR/examples/spans/"
}

setup() {
	cd "$BATS_FILE_TMPDIR/examples" || exit 1
}

passes() {
	run -0 clnrm run --format text "$@"
	echo "$output"
	[[ "$output" == *"PASS "* ]]
}

@test "the examples are in form, and lint has nothing to tell" {
	run -0 clnrm fmt --check .
	run clnrm lint --strict .
	echo "$output"
	[ "$status" = 0 ]
}

@test "matrix, macros: templates of tests pass" {
	passes matrix macros
	[[ "$output" == *"5 tests: 5 passed"* ]]
}

@test "python: a program without an SDK proves what it does" {
	command -v python3 >/dev/null || cannot "no python3"
	passes python
	[[ "$output" == *"2 spans"* ]]
}

@test "js: a program with the SDK for JavaScript proves what it does" {
	[ -z "${SAN-}" ] || skip "what the SDK sends is tried with sanitizers elsewhere"
	env -i PATH=/usr/local/bin:/usr/bin:/bin node --version ||
		cannot "there is no node that a cleanroom sees"
	timeout 300 npm install --prefix js --prefer-offline --ignore-scripts \
		--no-audit --no-fund --fetch-retries 1 || cannot "npm cannot install the SDK here"
	passes js
}

@test "http, chaos: servers are ready when they answer, and may die" {
	command -v python3 curl >/dev/null || cannot "no python3 or no curl"
	need_namespaces
	passes http chaos
	[[ "$output" == *"2 tests: 2 passed"* ]]
}

@test "services: a real PostgreSQL and a real Redis, of the machine's own programs" {
	[ -x /usr/lib/postgresql/15/bin/postgres ] && command -v redis-server >/dev/null ||
		cannot "no postgresql or no redis-server"
	need_namespaces
	export CLNRM_IMAGES=$BATS_TEST_TMPDIR XDG_DATA_HOME=$BATS_TEST_TMPDIR
	services/images.sh
	passes services
}

@test "templates: each that is printed passes lint and runs" {
	command -v python3 curl redis-server bash >/dev/null ||
		cannot "no python3, curl, bash or redis-server"
	need_namespaces
	mkdir "$BATS_TEST_TMPDIR/new" && cd "$BATS_TEST_TMPDIR/new" || exit 1
	touch clnrm.conf
	for name in $(clnrm template | grep -vx ci); do
		clnrm template "$name" -o "$name.clnrm.toml.tera"
		run -2 clnrm template "$name" -o "$name.clnrm.toml.tera"
	done
	[ "$(clnrm template | wc -l)" = $(($(find "$ROOT/examples/templates" -type f | wc -l) + 1)) ]
	diff <(clnrm template ci) "$ROOT/examples/ci/github.yml"
	run -2 clnrm template nothing
	run -0 clnrm lint --strict .
	passes .
	[[ "$output" == *"10 tests: 10 passed"* ]]
}

@test "fake-green: each of them is caught" {
	run -1 clnrm run --format text fake-green
	n=$(find fake-green -name '*.toml' | wc -l)
	[[ "$output" == *"$n fake-green"* ]]
}

@test "stages: a jq filter and a Python stage of one's own stand in the pipe" {
	run -0 stages/only.sh quick stages
	[[ "$output" == *"ok 1 - stages"*"1..1" ]]
	clnrm-render stages | clnrm-lint - | clnrm-exec - >run
	clnrm-verify <run | stages/budget.py 100 >judged || :
	run -1 clnrm-report --format text judged
	[[ "$output" == *"FAIL  stages/slow"*"budget 100 ms"* ]]
}

@test "baseline: the same is the same, and what changed is told in a line" {
	run -1 baseline/try.sh
	echo "$output"
	[[ "${lines[-1]}" == *"bill.first"*3*5* ]] ||
		[ "$(grep -c 'bill.first.*3.*5' <<<"$output")" = 1 ]
}

@test "ci: the hook, the Makefile and the crontab do what they say" {
	mkdir "$BATS_TEST_TMPDIR/p" && cd "$BATS_TEST_TMPDIR/p" || exit 1
	git init -q . && clnrm init
	cp "$OLDPWD/ci/pre-commit" .git/hooks/pre-commit
	cp "$OLDPWD/ci/Makefile" .
	git add -A
	git -c user.name=n -c user.email=e commit -qm one
	echo 'version =' >>tests/hello.clnrm.toml
	run git -c user.name=n -c user.email=e commit -qam two
	[ "$status" -ne 0 ]
	git checkout -q tests
	run -0 make test
	run -0 make report.html
	grep -qi "^<!doctype html>" report.html
	HOME=$PWD/home && mkdir -p home && cp -r . "$BATS_TEST_TMPDIR/project" && mv "$BATS_TEST_TMPDIR/project" home
	export HOME
	sed -n 's/^17 3 \* \* \* *//p' "$BATS_FILE_TMPDIR/examples/ci/crontab" >line
	run -0 sh line
	[ -z "$output" ]
	sed -i 's/echo hello/echo goodbye/' home/project/tests/hello.clnrm.toml
	run -0 sh line
	[[ "$output" == *FAIL* ]]
}

@test "ci: a problem matcher and an errorformat find the place of a finding" {
	printf '[meta]\nname = "x"\nversion = 1\n' >"$BATS_TEST_TMPDIR/x.clnrm.toml"
	run -1 clnrm lint --format github "$BATS_TEST_TMPDIR/x.clnrm.toml"
	jq -er --arg line "${lines[-1]}" '.problemMatcher[0].pattern[0].regexp as $r |
		$line | capture("^(?<file>.+?):(?<line>\\d+):(?<column>\\d+)") as $p |
		test($r) and $p.line == "3"' ci/problem-matcher.json
	if command -v vim >/dev/null; then
		run vim -es -u NONE +'source ci/clnrm.vim' \
			+"cgetexpr systemlist('clnrm lint --format github $BATS_TEST_TMPDIR/x.clnrm.toml')" \
			+'verbose echo getqflist()[-1].lnum' +q
		[[ "$output" == *3* ]]
	fi
}
