#!/bin/sh
# usage: only.sh SCENARIO TEST...
# Runs one scenario of tests: a jq filter in the middle of the pipe takes the
# others out of the plan.
set -eu
only=$1
shift
clnrm-render "$@" | clnrm-lint - |
	jq -c --unbuffered --arg only "$only" \
		'if .type == "plan" then .scenarios |= map(select(.name == $only)) else . end' |
	clnrm-exec - | clnrm-verify | clnrm-report
