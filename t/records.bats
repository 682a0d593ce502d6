#!/usr/bin/env bats
# What the stages write is what clnrm-records(7) says.
load helper

manual=$ROOT/man/clnrm-records.7

# Holds streams against the manual: a line a finding.
held() {
	jq -Rrn --rawfile man "$manual" -f "$ROOT/t/records.jq" "$@"
}

# The whole pipe over an example, and what render tells lint.
run_example() {
	cd "$ROOT" || return
	clnrm-render "examples/$1" | tee "$BATS_TEST_TMPDIR/rendered" |
		clnrm-lint - | clnrm-exec - |
		clnrm-verify >"$BATS_TEST_TMPDIR/stream" || :
	cd "$BATS_TEST_TMPDIR" || return
	grep -q "\"verdict\":\"$2\"" stream
}

is_as_the_manual_says() {
	run held "$@"
	[ -z "$output" ] || { echo "$output"; return 1; }
}

@test "a passing run's records are those of the manual" {
	run_example hello pass
	is_as_the_manual_says rendered stream
}

@test "a run's records with spans are those of the manual" {
	run_example spans pass
	grep -q '"via":"otlp"' stream
	is_as_the_manual_says rendered stream
}

@test "a fake run's records are those of the manual" {
	run_example fake-green fake
	is_as_the_manual_says rendered stream
}

@test "a failing run's records are those of the manual" {
	run_example failing fail
	is_as_the_manual_says rendered stream
}

@test "records of a test with every table are those of the manual" {
	cat >all.clnrm.toml <<-'T'
	[meta]
	name = "all"
	version = "1"
	description = "every table"
	[env]
	pass = ["LANG"]
	[limits]
	processes = 50
	open_files = 100
	disk_mb = 10
	optional = ["processes", "disk_mb"]
	[otel]
	identity = "strict"
	[otel.resources]
	"service.name" = "shop"
	[determinism]
	seed = 7
	[[scenario]]
	name = "one"
	timeout_ms = 5000
	isolation = "process"
	[[scenario.steps]]
	name = "out"
	command = ["sh", "-c", "echo out; kill -9 $$"]
	env = { A = "b" }
	workdir = "."
	timeout_ms = 1000
	continue_on_failure = true
	[[scenario.steps]]
	name = "absent"
	command = ["no-such-command"]
	expected_exit_code = 127
	expected_output_regex = "x"
	[[scenario]]
	name = "two"
	isolation = "process"
	run = "true"
	[[expect.span]]
	name = "a"
	parent = "b"
	kind = "server"
	attrs.all = { k = "v" }
	attrs.any = { k = "v" }
	events.any = ["e"]
	duration_ms = { min = 1, max = 5.5 }
	[expect.counts]
	spans_total = { gte = 1 }
	by_name = { a = { eq = 1 } }
	[expect.graph]
	must_include = [["b", "a"]]
	acyclic = true
	[[expect.window]]
	outer = "b"
	contains = ["a"]
	[expect.order]
	must_precede = [["b", "a"]]
	[expect.status]
	all = "OK"
	by_name = { a = "ok" }
	[expect.hermeticity]
	no_external_services = true
	resource_attrs.must_match = { "service.name" = "shop" }
	span_attrs.forbid_keys = ["secret"]
	T
	clnrm-render all.clnrm.toml | clnrm-lint - | clnrm-exec - |
		clnrm-verify >stream || :
	grep -q '"signal":9' stream
	grep -q '"error":"cannot start no-such-command' stream
	grep -q '"name":"all/two"' stream
	is_as_the_manual_says stream
}

@test "diagnostics of every stage are as the manual says" {
	printf '[meta]\nname = 3\n[odd]\n' >wrong.clnrm.toml
	printf '[meta]\nname = "{{ none }}"\n' >unset.clnrm.toml
	clnrm-render . none.clnrm.toml | clnrm-lint - | clnrm-exec - |
		clnrm-verify >stream || :
	echo nonsense | clnrm-verify >>stream || :
	clnrm-exec - </dev/null >>stream || :
	for code in E101 E120 E302 E303 E501 E502 W301; do
		grep -q "\"code\":\"$code\"" stream || { cat stream; return 1; }
	done
	is_as_the_manual_says stream
}

@test "what watch and collect write is as the manual says" {
	echo x >a.clnrm.toml
	mkfifo changes
	clnrm-watch . >changes &
	watcher=$!
	{
		until [[ "$line" == *'"ready"'* ]]; do
			read -r line || break
			echo "$line"
		done >stream
		rm a.clnrm.toml
		until [[ "$line" == *'"deleted"'* ]]; do
			read -r line || break
			echo "$line"
		done >>stream
		kill -TERM $watcher
		cat >>stream
	} <changes
	clnrm-collect --listen 127.0.0.1:0 --timeout 10ms --count >>stream
	for type in change batch ready listening collected end; do
		grep -q "\"type\":\"$type\"" stream
	done
	is_as_the_manual_says stream
}

@test "whatever verify says of saved streams is as the manual says" {
	for stream in "$ROOT"/t/corpus/verdict/*.ndjson; do
		clnrm-verify "$stream" || :
	done | grep -E '^\{"type":"(check|verdict|diagnostic|end)"' >said
	is_as_the_manual_says said
}

@test "saved streams that claim to be whole are as the manual says" {
	found=0
	while IFS= read -r stream; do
		# These are whole on purpose: they begin and end.
		[[ "$(head -n 1 "$stream")" == *'"type":"begin"'* &&
			"$(tail -n 1 "$stream")" == *'"type":"end"'* ]] || continue
		found=$((found + 1))
		is_as_the_manual_says "$stream" || { echo "$stream"; return 1; }
	done < <(find "$ROOT/t/corpus" -name '*.ndjson')
	[ $found -gt 0 ] || skip "there are none"
}

@test "the manual's examples are what it says, and each type has one" {
	is_as_the_manual_says --arg examples 1 "$manual"
	diff <(grep -o '^{"type":"[a-z._]*"' "$manual" | cut -d'"' -f4 | sort) \
		<(held --arg list 1 </dev/null)
}

@test "every type and every code that a program writes is in the manual" {
	diff <({
		grep -rhoE -e '(stage_record|record_begin)\([^"()]*"[a-z._]+"' \
			-e '"type\\":\\"[a-z._]+\\"' "$ROOT"/lib/core "$ROOT"/tools \
			--include='*.c'
		grep -oE '\{"type":"[a-z._]+"' "$ROOT/tools/clnrm"
	} | sed 's/^.*["]\([a-z._]*\)\\*"$/\1/' |
		sort -u) <(held --arg list 1 </dev/null)
	diff <(grep -rhoE '"[EW][0-9]{3}"' "$ROOT"/lib "$ROOT"/tools \
		--include='*.c' | tr -d '"' | sort -u) \
		<(sed -n 's/^\.It \([EW][0-9]*\)$/\1/p' "$manual")
}

@test "what the manual does not say is found" {
	told() {
		run held <<<"$1"
		[[ "$output" == *"$2"* ]] || { echo "$1: $output"; return 1; }
	}
	told '{"type":"novel"}' 'the type novel is not in the manual'
	told '{"gen":0,"type":"batch","size":1}' 'is not the first member'
	told 'nonsense' 'no JSON object'
	told '{"type":"batch","gen":0}' 'batch.size is missing'
	told '{"type":"batch","gen":0,"size":"1"}' 'batch.size is no integer: "1"'
	told '{"type":"batch","gen":0.5,"size":1}' 'batch.gen is no integer'
	told '{"type":"batch","gen":0,"size":1,"x":2}' 'batch.x is not in the manual'
	told '{"type":"begin","v":1,"run":"7C","argv":[1]}' 'begin.run is no id'
	told '{"type":"begin","v":1,"run":"7C","argv":[1]}' 'begin.argv is no string[]'
	sed -n 's/\\e/\\/g; /^{"type":"\(plan\|diagnostic\)"/p' "$manual" >whole
	told "$(grep '"plan"' whole | sed 's/"eq":null/"eq":"1"/')" 'spans_total is no bound'
	told "$(grep '"plan"' whole | sed 's/"exit_code":0,//')" \
		'plan.scenarios[0].steps[0].exit_code is missing'
	told "$(grep '"plan"' whole | sed 's/,4,1\]/,"4",1]/')" 'plan.at.scenarios[0] is no place'
	told "$(grep '"diag' whole | sed 's/"error"/"fatal"/')" 'is no error|warning|note'
	run held < <(grep '"diag' whole | sed 's/null}/null,"file":"x"}/')
	[ -z "$output" ]
}
