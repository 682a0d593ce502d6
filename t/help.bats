#!/usr/bin/env bats
# What a person asks the driver: help of a verb, settings, completions.
load helper

@test "the help of a verb tells the options that it takes, and only these" {
	run -0 clnrm run -h
	[[ "${lines[0]}" == "  run [FILES] "* ]]
	[[ "$output" == *"--failed"*"--filter EXPR"*"--timeout"* ]]
	[[ "$output" != *"--poll"* && "$output" != *"red-green"* ]]
	run -0 clnrm dev --help
	[[ "$output" == *"--poll"* ]]
	for verb in cache explain schema; do
		run -0 clnrm $verb -h
		[[ "$output" == "  $verb "* && ${#lines[@]} -le 4 ]]
	done
	for verb in init template record repro red-green config completions; do
		run -0 clnrm $verb -h
		[[ "$output" == "clnrm-$verb: "*"usage: clnrm-$verb"* ]]
		[ "$output" = "$("clnrm-$verb" x --help)" ]
		[ ! -e tests ]
		run -2 clnrm $verb --hepl
		[ "$output" = "clnrm-$verb: unknown option --hepl; did you mean --help?" ]
		run -2 clnrm $verb --zzzzzz
		[ "$output" = "clnrm-$verb: unknown option --zzzzzz; see clnrm-$verb --help" ]
		run -0 clnrm -n $verb 'a b' -x
		[ "$output" = "clnrm-$verb 'a b' -x" ]
	done
	run -0 clnrm verify -h
	[[ "$output" == *"--against TEST"*"--traces"* ]]
	for verb in dry-run lint pull prove analyze doctor; do
		clnrm "$verb" -h | grep -oE '^ +(-[a-zA-Z], +)?--[a-z-]+' |
			sed 's/.*--/--/' | while IFS= read -r flag; do
			clnrm completions --words -- "$verb" | grep -qxF -e "$flag" ||
				{ echo "$verb $flag"; return 1; }
		done
	done
}

@test "each setting is told with where it is from" {
	printf '[exec]\njobs = 3\n' >clnrm.conf
	run -0 env CLNRM_ORDER=name clnrm config --show-origin
	[[ "$output" == *"$PWD/clnrm.conf:2	exec.jobs=3"* ]]
	[[ "$output" == *"CLNRM_ORDER	select.order=name"* ]]
	[[ "$output" == *"default	verify.cache=0"* ]]
	run -0 clnrm config
	grep -qx 'exec.jobs=3' <<<"$output"
	for stage in watch render lint select exec verify report collect diff; do
		grep -q "^$stage\." <<<"$output" || { echo "$stage"; return 1; }
	done
	printf '[exec]\ngrace = long\n' >clnrm.conf
	run -2 clnrm config
	run -2 clnrm config --list
}
