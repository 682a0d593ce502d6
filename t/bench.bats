#!/usr/bin/env bats
# clnrm-bench from outside: what it measures, compares and lets pass.
load helper

quick='--warm-up 10ms --measure 100ms'

# The records of a type that came of the last run.
of_type() {
	grep "^{\"type\":\"$1\"" records || { cat records; return 1; }
}

# One result with a hundred values of $2 ns, $3 times as large; more members
# may be given as JSON in $4.
result() {
	jq -nc --arg id "$1" --argjson ns "$2" --argjson by "${3:-1}" \
		--argjson more "${4:-{\}}" '($ns * $by) as $v |
		[range(100) | $v + (. % 5 - 2) * $v / 1000 | round] as $all |
		{type: "bench_result", schema: 1, id: $id, status: "ok",
		 quick: false, median_ns: ($v | round), p50_ns: ($v | round),
		 p95_ns: ($v | round), p99_ns: ($v | round),
		 mean_ns: ($v | round), peak_rss_kb: 1000,
		 observed_ns: $all, env: "e"} + $more'
}

baseline() {
	mkdir -p .clnrm/bench/baselines
	cat >".clnrm/bench/baselines/$1.ndjson"
}

limits() {
	mkdir -p .clnrm
	{ echo 'schema = 1'; cat; } >.clnrm/perf-baseline.toml
}

# shellcheck disable=SC2120 # `run` gives them
gate() {
	clnrm-bench gate --loose --format ndjson "$@"
}

# ---- what is measured

@test "a command is measured, and its records are those of the manual" {
	clnrm-bench cmd --id t $quick -- true | keep >records
	result=$(of_type bench_result)
	[ "$(jq -r .status <<<"$result")" = ok ]
	jq -e '.samples > 0 and .iterations >= .samples and .min_ns <= .p50_ns
		and .p50_ns <= .p95_ns and .p95_ns <= .p99_ns
		and .p99_ns <= .max_ns and .peak_rss_kb > 0' <<<"$result"
	jq -e '.ci95_median_ns[0] <= .median_ns
		and .median_ns <= .ci95_median_ns[1]' <<<"$result"
	of_type bench_env
	[ "$(jq -r .env <<<"$result")" = "$(of_type bench_env | jq -r .hash)" ]
	tail -n 1 records | grep '"type":"end"'
}

@test "sleep 0.1 takes a tenth of a second, give or take 3 ms" {
	# Others may disturb a try; what is wrong in us would be in all, and in
	# the fastest run.
	for _ in 1 2 3 4 5 6; do
		clnrm-bench cmd --samples 11 $quick -- sleep 0.1 >records
		of_type bench_result | jq -e '.min_ns >= 100000000'
		of_type bench_result | jq -e '.p50_ns <= 103000000 or
			(.noise.load > 1 and .min_ns <= 103000000)' && return
	done
	return 1
}

@test "a slow command is run ten times, and the record says so" {
	clnrm-bench cmd --samples 50 --warm-up 0ms --measure 50ms -- \
		sleep 0.02 >records
	[ "$(of_type bench_result | jq -c '[.samples, .iterations]')" = "[10,10]" ]
}

@test "a failing command yields an error and no time, and exit 3" {
	run -3 clnrm-bench cmd --format ndjson $quick -- sh -c 'exit 5'
	echo "$output" | keep >records
	result=$(of_type bench_result)
	[ "$(jq -r .status <<<"$result")" = error ]
	[ "$(jq -r .message <<<"$result")" = "exit status 5" ]
	jq -e 'has("median_ns") | not' <<<"$result"
	run -0 clnrm-bench cmd -i $quick -- sh -c 'exit 5'
	run -3 clnrm-bench cmd $quick -- sh -c 'kill -9 $$'
	[[ "$output" == *"killed by signal 9"* ]]
	run -3 clnrm-bench cmd $quick -- no-such-command
	[[ "$output" == *"not in PATH"* ]]
}

@test "a command that hangs is killed at its timeout" {
	run -3 clnrm-bench cmd --timeout 200ms $quick -- sleep 41753
	[[ "$output" == *"timed out and was killed"* ]]
	is_gone '^sleep 41753$'
}

@test "output that differs from run to run fails where it must not" {
	run -0 clnrm-bench cmd --same-output $quick -- echo same
	[[ "$output" == *'"checksum":"'* ]]
	run -3 clnrm-bench cmd --same-output $quick -- date +%N
	[[ "$output" == *"the output differs"* ]]
}

@test "what prepares a run is not timed" {
	clnrm-bench cmd --prepare 'sleep 0.05' --samples 10 --warm-up 0ms \
		--measure 50ms -- true >records
	of_type bench_result | jq -e '.setup_ns >= 50000000 and
		.median_ns < 50000000'
	run -3 clnrm-bench cmd --prepare 'exit 9' $quick -- true
	[[ "$output" == *"--prepare: exit status 9"* ]]
}

@test "the peak of memory is the command's own" {
	[ -z "${SAN-}" ] || skip "the memory of sanitizers is in it"
	clnrm-bench cmd $quick -- true >records
	small=$(of_type bench_result | jq .peak_rss_kb)
	# A baseline of 60 MB makes clnrm-bench large before it runs the old one.
	{
		clnrm-bench cmd --id big $quick -- true | grep bench_result
		head -c 60000000 /dev/zero | tr '\0' x |
			sed 's/^/{"type":"bench_result","id":"x","message":"/; s/$/"}/'
	} | baseline large
	clnrm-bench cmd --id big --baseline large $quick -- true >records
	large=$(of_type bench_result | jq .peak_rss_kb)
	[ $((large - small)) -lt 512 ] && [ $((small - large)) -lt 512 ]
}

@test "every sample is written with --raw, and less is said without" {
	clnrm-bench cmd --raw --id t --samples 10 --warm-up 0ms --measure 1ms \
		-- true | keep >records
	[ "$(of_type sample | jq '.ns | length')" = 10 ]
	of_type bench_result
}

@test "a shell is asked only when it is wanted" {
	run -3 clnrm-bench cmd $quick -- 'exit 0'
	run -0 clnrm-bench cmd --shell $quick -- 'exit 0'
}

@test "people get a table" {
	run -0 clnrm-bench cmd --format text --id here $quick -- true
	[[ "$output" == *"here"*"median"*"min"*"p95"*"cpu"*"MB"* ]]
}

@test "an interrupt ends the command and the stream" {
	nap="sleep 599.$BASHPID"
	# shellcheck disable=SC2086 # two words
	clnrm-bench cmd -- $nap >records &
	bench=$!
	await runs "^$nap"
	kill -INT $bench
	wait $bench || status=$?
	[ "$status" = 130 ]
	await is_gone "^$nap"
	tail -n 1 records | grep '"type":"end"'
}

# What standard error got on a terminal, in the file said: draws COMMAND.
draws() {
	SECONDS=0
	TERM=${TERM_IS-xterm} script -qec "clnrm-bench --format ndjson $1 >out" said \
		</dev/null >/dev/null
	most=$((10 * SECONDS + 15))
	run ! grep -q $'\033' out
}

@test "ux 4.3: how far it is is drawn on a terminal, wiped, and not drawn in CI" {
	command -v script >/dev/null || cannot "no script(1)"
	endless
	export SHELL=$BASH
	unset CI
	draws 'cmd --id here --warm-up 10ms --measure 400ms -- sleep 0.04'
	grep -qE 'here: [0-9]+ of [0-9]+ runs, [0-9]+ s' said
	[ "$(grep -oF 'here: ' said | wc -l)" -le $most ]
	last=$(tr -d '\n' <said)
	[[ "${last##*$'\r\033[K'}" != *here:* ]]
	draws 'pair --id two --pairs 10 --warm-up 150ms --measure 1s "sleep 0.05" "sleep 0.05"'
	grep -qE 'two: [0-9]+ of at most 10 pairs, [0-9]+ s' said
	[ "$(grep -oF 'of at most' said | wc -l)" -le $most ]
	draws 'run --timeout 300ms --suites suites' || :
	grep -qF '1 of 2: x/one' said
	CI=1 draws 'cmd --id here --warm-up 10ms --measure 100ms -- sleep 0.04'
	run ! grep -F here: said
	TERM_IS=dumb draws 'cmd --id here --warm-up 10ms --measure 100ms -- sleep 0.04'
	run ! grep -F here: said
	clnrm-bench cmd --id here --warm-up 10ms --measure 100ms -- sleep 0.04 >out 2>said
	[ ! -s said ]
}

# ---- samples

stats() {
	clnrm-bench stats --loose --format ndjson
}

@test "samples of any program become results" {
	for ns in 10 20 30 40; do
		echo "{\"type\":\"sample\",\"id\":\"mine\",\"ns\":$ns}"
	done | stats | keep >records
	jq -e '.median_ns == 25 and .p95_ns == 39 and .mean_ns == 25
		and .iterations == 4 and .p99_weak' <<<"$(of_type bench_result)"
}

@test "known distributions give the exact percentiles, fences and counts" {
	{
		echo '{"type":"sample","id":"constant","ns":[7,7,7,7,7,7,7,7]}'
		echo '{"type":"sample","id":"two","ns":[1,1,1,1,1,3,3,3,3,3]}'
		jq -nc '{type: "sample", id: "wild",
			ns: ([range(51; 71)] + [100, 200, 20, 0])}'
	} | stats >records
	of_type bench_result >results
	grep '"constant"' results | jq -e '.median_ns == 7 and .sd_ns == 0
		and .mad_ns == 0 and .p99_ns == 7
		and ([.outliers[]] | add) == 0'
	grep '"two"' results | jq -e '.median_ns == 2 and .mad_ns == 1
		and .min_ns == 1 and .max_ns == 3 and .p95_ns == 3'
	grep '"wild"' results | jq -e '.outliers == {low_severe: 2, low_mild: 0,
		high_mild: 1, high_severe: 1}'
}

@test "equal samples give equal intervals" {
	sample='{"type":"sample","id":"a","ns":[5,3,8,1,9,2,7,4,6,12,11]}'
	echo "$sample" | stats | jq -c 'select(.id) | .ci95_mean_ns, .ci95_median_ns' >one
	echo "$sample" | stats | jq -c 'select(.id) | .ci95_mean_ns, .ci95_median_ns' >two
	[ -s one ]
	cmp one two
}

@test "a sample of a failing operation is an error and no time" {
	{
		echo '{"type":"sample","id":"a","ns":5}'
		echo '{"type":"sample","id":"a","error":"wrong sum"}'
	} | stats >records || :
	of_type bench_result | jq -e '.status == "error"
		and .message == "wrong sum" and (has("median_ns") | not)'
	{
		echo '{"type":"sample","id":"a","ns":5,"checksum":"1"}'
		echo '{"type":"sample","id":"a","ns":5,"checksum":"2"}'
	} | stats >records
	of_type bench_result | jq -e '.status == "error"'
}

@test "a sample without a time or a name is told, and exit 2" {
	run -2 stats <<<'{"type":"sample","id":"a"}'
	[[ "$output" == *'has no time in \"ns\"'* ]]
	run -2 stats <<<'{"type":"sample","ns":1}'
	run -2 stats <<<'{"type":"sample","id":"a","ns":-1}'
	run -2 stats <<<'{"type":"sample","id":"a","ns":[1,"x"]}'
	run -4 stats <<<'{"type":"other"}'
}

@test "a family over sizes has a scaling with it" {
	for n in 10 100 1000; do
		echo "{\"type\":\"sample\",\"id\":\"f/$n\",\"ns\":$((n * 50))}"
		echo "{\"type\":\"sample\",\"id\":\"g/$n\",\"ns\":$((n * n))}"
	done | stats | keep >records
	of_type bench_scaling | jq -se '.[0].exponent == 1 and .[0].linear
		and .[1].exponent == 2 and (.[1].linear | not)'
}

# ---- comparisons

busy() {
	echo "sh -c 'i=0; while [ \$i -lt $1 ]; do i=\$((i+1)); done'"
}

@test "a command that takes half as long again has regressed" {
	run -1 clnrm-bench pair --measure 2s --format ndjson "$(busy 4000)" "$(busy 6000)"
	echo "$output" | keep >records
	compare=$(of_type bench_compare)
	[ "$(jq -r .verdict <<<"$compare")" = regressed ]
	jq -e '.by == "cpu" or .by == "wall"' <<<"$compare"
	jq -e '.cpu.change > 0.2 and .cpu.change_ci95[0] > 0 and .cpu.p < 0.01' \
		<<<"$compare"
	# The answer was clear early.
	jq -e '.pairs < 50 and .looks < 6' <<<"$compare"
	run -0 clnrm-bench pair --measure 2s --format ndjson "$(busy 6000)" "$(busy 4000)"
	[[ "$output" == *'"verdict":"improved"'* ]]
}

@test "waiting longer is found by the time on the wall" {
	run -1 clnrm-bench pair --measure 2s --format ndjson 'sleep 0.05' 'sleep 0.2'
	echo "$output" >records
	of_type bench_compare | jq -e '.by == "wall" and .wall.change > 0.5
		and .turns == 1'
}

@test "a pair of commands that are soon over is several turns of both" {
	run clnrm-bench pair --measure 4s --pairs 8 --warm-up 0ms --format ndjson \
		"$(busy 100)" "$(busy 200)"
	echo "$output" | keep >records
	of_type bench_compare | jq -e '.turns > 1 and .turns <= 25 and .pairs == 8'
	run -1 clnrm-bench pair --measure 2s --format ndjson "$(busy 2000)" "$(busy 9000)"
	echo "$output" >records
	of_type bench_compare | jq -e '.cpu.change > 1 and .cpu.new_ns > .cpu.old_ns'
}

@test "a command against itself has not changed" {
	# One false alarm in forty is by design; three in a row are not.
	for _ in 1 2 3; do
		run clnrm-bench pair --measure 2s --self-test --format ndjson "$(busy 3000)"
		[ "$status" = 0 ] && break
	done
	[ "$status" = 0 ]
	[[ "$output" == *'"verdict":"no_change"'* || "$output" == *'"verdict":"inconclusive"'* ]]
	echo "$output" >records
	of_type bench_compare | jq -e '.old == .new'
}

@test "few pairs decide nothing, and that is no pass" {
	run -3 clnrm-bench pair --pairs 5 --warm-up 0ms --measure 100ms "$(busy 10)" "$(busy 20000)"
	[[ "$output" == *'"verdict":"too_few"'* ]]
}

@test "one of the two that fails is told, and exit 3" {
	run -3 clnrm-bench pair --format ndjson true false
	echo "$output" | keep >records
	[[ "$output" == *'false: exit status 1'* ]]
	run -2 clnrm-bench pair true "false 'x"
	[[ "$output" == *"open quote"* ]]
	run -2 clnrm-bench pair true
}

@test "counted instructions tell 2 % and are the same each time" {
	command -v valgrind >/dev/null || cannot "valgrind is not installed"
	run -1 clnrm-bench pair --exact --format ndjson "$(busy 4000)" "$(busy 4200)"
	echo "$output" | keep >records
	of_type bench_compare | jq -e '.mode == "exact" and .by == "instructions"
		and .instructions.change > 0.01 and .verdict == "regressed"'
	run -0 clnrm-bench pair --exact "$(busy 4000)" "$(busy 4000)"
	[[ "$output" == *'"verdict":"no_change"'* ]]
}

@test "files of results are suspect at most" {
	result a 1000000 >old
	result a 1000000 1.2 >new
	run -1 clnrm-bench compare --format ndjson old new
	echo "$output" | keep >records
	of_type bench_compare | jq -e '.verdict == "suspect" and .mode == "files"
		and (.wall.change - 0.2 | fabs) < 0.001 and .wall.p < 0.001'
	run -0 clnrm-bench compare old old
	[[ "$output" == *'"verdict":"no_change"'* ]]
	result b 5 >other
	run -4 clnrm-bench compare old other
}

# ---- baselines

@test "the old program runs beside the new one where it was kept" {
	cp "$(type -P sleep)" ./prog
	clnrm-bench cmd --id p --save-baseline main $quick -- ./prog 0.02 >records
	[ -s .clnrm/bench/baselines/main.ndjson ]
	grep -q '"type":"bench_env"' .clnrm/bench/baselines/main.ndjson
	cp "$(type -P true)" ./prog
	clnrm-bench cmd --id p --baseline main $quick -- ./prog 0.02 >records
	of_type bench_compare | jq -e '.mode == "pairs" and .verdict == "improved"'
}

@test "without the old program a stored baseline makes suspect at most" {
	# Both wait, so that time on the wall decides, and more than noise covers.
	cp "$(type -P sleep)" ./prog
	clnrm-bench cmd --id p --save-baseline main $quick -- ./prog 0.02 >records
	rm -r .clnrm/bench/programs
	echo >>./prog
	clnrm-bench cmd --id p --baseline main $quick -- ./prog 0.2 >records
	of_type bench_compare | jq -e '.mode == "files" and .verdict == "suspect"'
}

@test "a baseline that is not there is told" {
	run -2 clnrm-bench cmd --id p --baseline none $quick -- true
	[[ "$output" == *"none.ndjson"* ]]
	run -2 clnrm-bench cmd --id p --baseline ../x $quick -- true
	[[ "$output" == *"no name of a baseline"* ]]
}

# ---- gates

@test "limits are green, yellow and red" {
	limits <<-'T'
	[budget."a"]
	metric = "p95"
	limit_ms = 1
	T
	run -0 gate < <(result a 900000)
	grep '"bench_verdict"' <<<"$output" | keep >records
	of_type bench_verdict | jq -e '.status == "green" and .headroom == 0.1
		and .ratio == 0.9 and .overage_ns == 0 and (.fails | not)'
	run -0 gate < <(result a 1100000)
	[[ "$output" == *'"status":"yellow"'* ]]
	run -1 gate < <(result a 1300000)
	[[ "$output" == *'"status":"red"'*'"overage_ns":300000'* ]]
	run -1 gate --strict < <(result a 1150000)
}

@test "targets and thresholds of short names are limits" {
	limits <<-'T'
	[baselines]
	diff_ms = 100
	[thresholds]
	diff_ms = 500
	[alias]
	diff_ms = "op/diff:p95"
	T
	run -0 gate < <(result op/diff 100000000)
	[[ "$output" == *'"status":"green"'* ]]
	run -0 gate < <(result op/diff 400000000)
	[[ "$output" == *'"status":"yellow"'* ]]
	run -1 gate < <(result op/diff 600000000)
	[[ "$output" == *'"status":"red"'* ]]
}

@test "results 9, 16, 21, 31 and 51 % above the baseline reach the levels" {
	result a 1000000 | baseline main
	level() {
		run -"$1" gate --baseline main < <(result a 1000000 "$2")
		echo "$output" >records
		of_type bench_verdict | jq -e --arg level "$3" '.level == $level'
	}
	level 0 1.09 none
	level 0 1.16 warning
	level 0 1.21 ci
	level 1 1.31 critical
	level 1 1.51 blocker
	[[ "$output" == *'"verdict":"suspect"'* ]]
}

@test "a restless machine widens the gate" {
	noise='{"noise":{"score":0.2,"steal":0,"load":0,"jitter":0.2}}'
	result a 1000000 1 "$noise" | baseline main
	run -0 gate --baseline main < <(result a 1000000 1.31 "$noise")
	run -1 gate --baseline main < <(result a 1000000 1.6 "$noise")
}

@test "a missing result is never a pass" {
	limits <<-'T'
	[budget."a"]
	limit_ms = 1
	[budget."b"]
	limit_ms = 1
	T
	run -3 gate < <(result a 900000)
	grep '"bench_verdict"' <<<"$output" | keep >records
	[[ "$output" == *'"id":"b"'*'"status":"missing"'* ]]
	run -0 gate a < <(result a 900000)
	run -3 gate a < <(result a 9 1 '{"status":"error","message":"x"}')
	run -3 gate a < <(result a 9 1 '{"quick":true}')
	run -0 gate --allow-quick a < <(result a 9 1 '{"quick":true}')
	result c 1 | baseline main
	run -3 gate --baseline main c < <(result a 900000)
	[[ "$output" == *'"id":"c"'*'"status":"missing"'* ]]
	run -3 clnrm-bench gate a < <(result a 900000)
	[[ "$output" == *"was cut"* ]]
}

@test "nothing to judge is exit 4" {
	run -4 gate < <(result a 1)
	[[ "$output" == *"nothing was judged"* ]]
}

@test "another machine's baseline warns, and never fails" {
	result a 1000000 | baseline main
	run -0 gate --baseline main < <(result a 1000000 2 '{"env":"other"}')
	[[ "$output" == *"of another machine"* ]]
}

@test "a proven regression fails a strict gate, however small" {
	cp "$(type -P true)" ./prog
	clnrm-bench cmd --id p --save-baseline main $quick -- ./prog 0.02 >records
	cp "$(type -P sleep)" ./prog
	run -1 bash -c "clnrm-bench cmd --id p --baseline main $quick -- ./prog \
		0.02 | clnrm-bench gate --strict --format text"
	[[ "$output" == *"FAIL"*"regressed"* ]]
}

@test "an alert runs a command with the verdicts that fail" {
	limits <<-'T'
	[budget."a"]
	limit_ms = 1
	[budget."b"]
	limit_ms = 1
	T
	run -1 gate --on-alert 'cat >alert' \
		< <(result a 900000; result b 9000000)
	[ "$(jq -r .id alert)" = b ]
	rm alert
	run -0 gate --on-alert 'cat >alert' < <(result a 9; result b 9)
	[ ! -e alert ]
}

@test "people read a budget report" {
	limits <<-'T'
	[budget."a"]
	limit_ms = 1
	T
	run -1 clnrm-bench gate --loose --format text < <(result a 1300000)
	[[ "$output" == "FAIL  a p95_ns 1.30 ms, budget 1.00 ms, 300 us over (+30.0 %), red" ]]
}

@test "mistakes in the limits are told with their place, and exit 2" {
	wrong() {
		limits
		run -2 gate < <(result a 1)
		[[ "$output" == *"$1"* ]] || { echo "$output"; return 1; }
	}
	wrong '3:1: limt_ms: unknown key' <<-'T'
	[budget."a"]
	limt_ms = 1
	T
	wrong 'no unit' <<-'T'
	[budget."a"]
	limit = 1
	T
	wrong '[alias]' <<-'T'
	[baselines]
	diff_ms = 1
	T
	wrong 'unknown key' <<<'[extra]'
	wrong 'did you mean warning' <<-'T'
	[levels]
	waning = 0.1
	T
	wrong 'unknown metric' <<-'T'
	[budget."a"]
	metric = "p96"
	limit_ms = 1
	T
	wrong 'the unit does not fit' <<-'T'
	[budget."a"]
	metric = "peak_rss"
	limit_ms = 1
	T
}

@test "limits are written from what was measured, and are read again" {
	result a/b 1000000 | clnrm-bench budget --loose -o .clnrm/perf-baseline.toml
	grep -q '^limit_us = 2000.000' .clnrm/perf-baseline.toml
	run -0 gate < <(result a/b 1900000)
	run -1 gate < <(result a/b 2500000)
	run -4 clnrm-bench budget --loose </dev/null
	run -3 --separate-stderr clnrm-bench budget < <(result a/b 1)
	[[ "$output" != *cut* ]]
	# shellcheck disable=SC2154 # `run` gives it
	[[ "$stderr" == *"the stream into bench was cut"* ]]
}

# ---- spans, suites, the rest

@test "spans of runs have latencies by their path, and gates take them" {
	span() {
		printf '{"trace_id":"%032d","span_id":"%016d","parent_span_id":"%s","name":"%s","start_time_unix_nano":"1000","end_time_unix_nano":"%d"}\n' \
			1 "$1" "$2" "$3" "$(($4 + 1000))"
	}
	for run in 1 2 3; do
		{
			span 1 '' root $((run * 1000))
			span 2 0000000000000001 child $((run * 100))
		} >$run.ndjson
	done
	clnrm-bench spans --save-baseline main 1.ndjson 2.ndjson 3.ndjson |
		keep >records
	of_type bench_result | jq -se 'map({(.id): .median_ns}) | add ==
		{"spans/root": 2000, "spans/root/child": 200}'
	[ -s .clnrm/bench/baselines/main.ndjson ]
	clnrm-bench spans --baseline main 1.ndjson | keep >records
	of_type bench_compare | jq -se 'map([.id, .old, .mode, .wall.new_ns]) ==
		[["spans/root", "main", "files", 1000],
		 ["spans/root/child", "main", "files", 100]]'
	run -2 clnrm-bench spans /dev/null
}

@test "workloads are the same bytes each time, and others by another seed" {
	clnrm-bench gen >kinds
	[ "$(wc -l <kinds)" = 17 ]
	cut -f 1 kinds | grep -vx 'templates\|tree' >texts
	while read -r kind; do
		clnrm-bench gen "$kind" --size 50 >one
		clnrm-bench gen "$kind" --size 50 >again
		[ -s one ] && cmp one again
	done <texts
	clnrm-bench gen trace --seed 43 >other
	run ! cmp -s other <(clnrm-bench gen trace)
	[ "$(clnrm-bench gen file --size 10K | wc -c)" = 10240 ]
	run -2 clnrm-bench gen tracee
	[[ "$output" == *"did you mean trace?"* ]]
	run -2 clnrm-bench gen tree
	[[ "$output" == *"-o names the directory"* ]]
}

@test "test files of a workload have their size, and break no rule" {
	for kind in toml-simple toml-medium toml-large scenario; do
		clnrm-bench gen $kind >$kind.clnrm.toml
	done
	for size in 300 1K 10K; do
		clnrm-bench gen toml --size $size >$size.clnrm.toml
	done
	[ "$(cat 300.clnrm.toml 1K.clnrm.toml 10K.clnrm.toml | wc -c)" = 11564 ]
	clnrm-lint --format ndjson ./*.clnrm.toml >found
	run ! grep -E '"severity":"(error|warning)"' found
	echo '{"v0": "a", "v1": "b", "v2": "c"}' >vars
	for kind in simple medium complex; do
		clnrm-bench gen template-$kind >t.clnrm.toml.tera
		clnrm-render --context vars t.clnrm.toml.tera >out
		grep -q '^name = "a"' out
	done
}

@test "a changed trace has the same spans but for those that changed" {
	clnrm-bench gen trace --size 1000 >a.ndjson
	clnrm-bench gen trace --size 1000 --mutate 10 >b.ndjson
	[ "$(wc -l <a.ndjson)" = 1000 ]
	same=$(sort a.ndjson b.ndjson | uniq -d | wc -l)
	[ "$same" -gt 850 ] && [ "$same" -lt 1000 ]
	run -1 clnrm-diff a.ndjson b.ndjson
	run -0 clnrm-diff a.ndjson a.ndjson
}

@test "a tree of a workload has what must be ignored beside its files" {
	clnrm-bench gen tree --size 100 -o t
	[ "$(find t -type f -not -path 't/.git/*' -not -path 't/target/*' \
		-not -path 't/node_modules/*' | wc -l)" = 100 ]
	[ -d t/.git ] && [ -d t/target ] && [ -d t/node_modules ]
	clnrm-bench gen templates --size 3 -o many
	[ "$(echo many/*)" = "many/test_0.clnrm.toml.tera many/test_1.clnrm.toml.tera many/test_2.clnrm.toml.tera" ]
}

@test "suites are programs that list benchmarks and print samples" {
	mkdir suites
	cat >suites/mine <<-'T'
	#!/bin/sh
	case $1 in
	list)
		echo '{"type":"bench","id":"x/one","suite":"x","metric":"p95_ns","limits":{"target":100}}'
		echo '{"type":"bench","id":"x/bad","suite":"x","metric":"p95_ns","limits":{"target":100}}'
		;;
	run)
		[ "$2" = x/one ] || exit 7
		echo '{"type":"sample","id":"x/one","ns":[50,51,52,53]}'
		;;
	esac
	T
	chmod +x suites/mine
	clnrm-bench list --suites suites | keep >records
	[ "$(of_type bench | jq -r .id | xargs)" = "x/one x/bad" ]
	clnrm-bench run --suites suites | keep >records
	of_type bench_result | jq -se '.[0].status == "ok" and .[0].median_ns == 52
		and .[1].status == "error" and .[1].message == "exit status 7"'
	result x/one 20 | baseline main
	clnrm-bench run --suites suites --baseline main x/one | keep >records
	of_type bench_compare | jq -e '.id == "x/one" and .old == "main"
		and .wall.old_ns == 20 and .wall.new_ns == 52'
	run -2 clnrm-bench run --suites suites --baseline none
	[[ "$output" == *none.ndjson* ]]
	run -0 bash -c 'clnrm-bench run --suites suites x/one | clnrm-bench gate'
	[[ "$output" == *'"status":"green"'* ]]
	run -3 bash -c 'clnrm-bench run --suites suites | clnrm-bench gate'
	run -4 clnrm-bench list --suites suites none/
	run -3 clnrm-bench list --suites absent
}

# A suite whose benchmark x/one is over at once, and x/long never.
endless() {
	nap="sleep 598.$BASHPID"
	mkdir suites
	cat >suites/mine <<-T
	#!/bin/sh
	case \$1-\${2-} in
	list-)
		echo '{"type":"bench","id":"x/one","suite":"x"}'
		echo '{"type":"bench","id":"x/long","suite":"x"}'
		;;
	run-x/one) echo '{"type":"sample","id":"x/one","ns":[50,51,52,53]}' ;;
	*)
		setsid $nap 3>&- &
		$nap
		;;
	esac
	T
	chmod +x suites/mine
}

@test "ux 5.5: a result is there before the next benchmark ends" {
	endless
	clnrm-bench run --format ndjson --suites suites 3>&- >records &
	bench=$!
	await grep -q '"type":"bench","id":"x/long"' records
	of_type bench_env
	of_type bench_result | jq -e '.id == "x/one" and .median_ns == 52'
	run ! grep '"type":"end"' records
	kill -INT $bench
	wait $bench || status=$?
	[ "$status" = 130 ]
	tail -n 1 records | grep '"type":"end"'
	await is_gone "^$nap"
}

@test "kill -9 in the middle of a run leaves nothing of the suite" {
	endless
	clnrm-bench run --format ndjson --suites suites 3>&- >records &
	bench=$!
	await grep -q '"type":"bench","id":"x/long"' records
	await runs "^$nap"
	kill -KILL $bench
	wait $bench || status=$?
	[ "$status" = 137 ]
	await is_gone "$nap"
	await is_gone "$PWD/suites/mine"
	of_type bench_result
}

@test "our own suites are listed with their limits, and run" {
	clnrm-bench list | keep >records
	of_type bench | jq -r .id >ids
	[ "$(sort -u ids | wc -l)" = "$(wc -l <ids)" ]
	for suite in op path e2e dx cmd user micro io scale clean scen mem; do
		grep -q "^$suite/" ids
	done
	clnrm-bench run $quick micro/toml/1K op/render cmd/render path/reload_multi \
		clean/metrics io/read1/ op/span_collect mem/metrics/ \
		micro/toml_stream clean/execute_test | keep >records
	of_type bench_result | jq -se 'length == 13 and all(.[]; .status == "ok")'
}

@test "what needs an engine is listed where one answers, else told" {
	export DOCKER_HOST=unix://$PWD/none CONTAINER_HOST=unix://$PWD/none
	clnrm-bench list op/ 2>told | keep >records
	[[ "$(cat told)" == *"op/container are skipped: the engine at unix://$PWD/none: "* ]]
	of_type bench | jq -r .id >ids
	grep -q '^op/scenario$' ids
	run ! grep -E '^op/(connect|container)' ids
	run -4 clnrm-bench run $quick op/connect
	of_type bench | jq -c 'select(.id == "op/render")' >listed
	run -3 clnrm-bench gate --allow-quick <listed
}

@test "a report has every result, and no blank" {
	limits <<-'T'
	[budget."a/b"]
	limit_ms = 1
	T
	result a/b 1300000 >one
	result '<i>|' 500 >>one
	gate <one >judged || :
	run -0 clnrm-bench report --loose judged
	[[ "$output" == *"2 benchmarks measured"*"1 budgets judged, 1 not kept"* ]]
	[[ "$output" == *"| a/b | p95_ns | 1.30 ms | 1.00 ms | 300 us | red, FAILS |"* ]]
	[[ "$output" == *"&lt;i&gt;&#124;"* ]]
	run ! grep -E '\|  *\||TBD' <<<"$output"
	clnrm-bench report --loose --format html --history one judged >page
	[[ "$(cat page)" == *"<svg"*"class=area"*"class=line"* ]]
	run ! grep -E '<i>|src=|href=|<td>(<td|$)' page
	for n in 10 100 1000; do
		printf '{"type":"sample","id":"s/%d","ns":[%d,%d]}\n' $n ${n}0 ${n}1
	done | clnrm-bench stats --loose --format ndjson >family
	clnrm-bench report --loose --format html family >page
	[[ "$(cat page)" == *"<th>fit"*"aria-label=scaling"*"class=dot"* ]]
	cmp <(clnrm-bench report --loose --format md judged) \
		<(clnrm-bench report --loose judged)
	run -0 clnrm-bench report --loose --format bencher judged
	[[ "$output" == *"test a/b ... bench: 1300000 ns/iter (+/- 0)"* ]]
	run -0 clnrm-bench report --loose --format prometheus judged
	[[ "$output" == *'clnrm_bench_seconds{id="a/b",quantile="0.95"} 0.001300000'* ]]
	run -4 clnrm-bench report --loose </dev/null
}

@test "the full suite runs with its hooks, keeps ten results, and ends as its gate" {
	mkdir -p hooks .clnrm/bench/results
	for hook in pre-task post-suite notify post-task; do
		printf '#!/bin/sh\ncat >>%s\nexit 1\n' "$PWD/$hook.json" >hooks/$hook
	done
	chmod +x hooks/*
	for i in 0 1 2 3 4 5 6 7 8 9; do
		touch .clnrm/bench/results/2000-01-0$i.ndjson
	done
	run -0 "$ROOT/bench/run.sh" --quick --hooks hooks path/render
	[[ "$output" == *"hook pre-task: status 1"*"1 budgets, 0 not kept"* ]]
	[ "$(jq -r .event pre-task.json post-suite.json post-task.json | xargs)" = \
		"pre-task post-suite post-task" ]
	[ ! -e notify.json ]
	[ "$(find .clnrm/bench/results -name '*.ndjson' | wc -l)" = 10 ]
	grep -q path/render .clnrm/bench/report.md
	run -0 sqlite3 .clnrm/history.db "select count(*) from bench
		where id = 'path/render' and p50 <= p95 and rss > 0"
	[ "$output" = 1 ]
	run -4 "$ROOT/bench/run.sh" --quick --hooks hooks none/
	jq -e '.event == "notify" and .status == 4' notify.json
}

@test "a benchmark draws where its time goes" {
	[ -z "${SAN-}" ] || skip "sanitizers have stacks of their own"
	SUITES=${BIN%/bin}/bench OUT=flames MEASURE_NS=200000000 \
		run -0 "$ROOT/bench/flame.sh" template_render
	[[ "$(cat flames/template_render.svg)" == "<svg"*"kit_run"*"tmpl_render"*"</svg>" ]]
	run -2 "$ROOT/bench/flame.sh" nothing
}

@test "settings are printed, and nothing runs" {
	run -0 clnrm-bench cmd --dump-config --quick -- touch ran
	[[ "$output" == *"samples = 10"*"warm-up = 0.300s"* ]]
	[ ! -e ran ]
}

@test "an unknown verb is told with the nearest" {
	run -2 clnrm-bench gat
	[[ "$output" == *"did you mean gate?"* ]]
	run -2 clnrm-bench
}
