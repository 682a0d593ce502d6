# What every .bats file loads: the programs in PATH, an empty directory to work
# in, the shared data, and a few words.
bats_require_minimum_version 1.5.0

ROOT=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
BIN=${BIN:-$ROOT/build/bin}
SHARED=${SHARED:-$ROOT/../shared}
PATH=$BIN:$PATH
export ROOT BIN SHARED PATH
unset NO_COLOR FORCE_COLOR CLICOLOR_FORCE CLNRM_DRIVER
# Tests run as deep as this machine lets them; need_namespaces says who wants it all.
export CLNRM_ALLOW_DEGRADED=1

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
	touch clnrm.conf # the project's root, whatever lies above
}

# Skip with a reason; under MUST_RUN=1 that is a failure.
cannot() {
	if [ "${MUST_RUN-}" = 1 ]; then
		echo "this machine must run it: $*" >&2
		return 1
	fi
	skip "$*"
}

# The test needs the data that stands beside the checkout.
need_shared() {
	[ -d "$SHARED/$1" ] && return
	[ -z "${CI-}" ] || { echo "no $1 in CI" >&2; return 1; }
	skip "the shared data is not beside this checkout"
}

# Writes the test file $1 with one scenario "s" that runs $2; more lines of
# TOML may follow on standard input.
one_step() {
	printf '[meta]\nname = "%s"\nversion = "1"\n[[scenario]]\nname = "s"\nrun = '"'''%s'''"'\n' \
		"$(basename "$1" .clnrm.toml | tr -dc 'a-z0-9-')" "$2" >"$1"
	[ -t 0 ] || cat >>"$1"
}

# The records that a file runs to, as exec leaves them: executed FILE [OPTION]...
executed() {
	clnrm-render "$1" | clnrm-lint - | ${refused-} clnrm-exec "${@:2}" - | keep
}

# Passes a stream on; at the test's end it is held against clnrm-records(7).
keep() {
	tee "$(mktemp "$BATS_TEST_TMPDIR/kept.XXXXXX")"
}

is_as_documented() {
	[ -z "$(jq -Rrn --rawfile man "$ROOT/man/clnrm-records.7" \
		-f "$ROOT/t/records.jq" "$1" | tee /dev/stderr)" ]
}

teardown() {
	hold_kept
}

hold_kept() {
	local stream
	for stream in "$BATS_TEST_TMPDIR"/kept.*; do
		[ ! -s "$stream" ] || is_as_documented "$stream"
	done
}

# Runs a command where the kernel refuses namespaces, as in a plain container.
without_namespaces() {
	unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_user_namespaces &&
		exec setpriv --inh-caps=-all --bounding-set=-all "$@"' sh "$@"
}

# Tests of what only namespaces can do.
need_namespaces() {
	clnrm-exec --probe | grep -q '^ok *isolation: full' ||
		cannot "full isolation is not to be had here"
}

need_refusal() {
	without_namespaces true 2>/dev/null ||
		cannot "namespaces cannot be refused here for a try"
}

# Waits until the command "$@" holds, 90 s at most.
await() {
	local end=$((SECONDS + 90))
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "never: $*" >&2; return 1; }
		sleep 0.02
	done
}

# The socket of an engine, whose name is $1.
socket_of() {
	case $1 in
	docker) echo "${DOCKER_HOST#unix://}" ;;
	podman) echo "${CONTAINER_HOST#unix://}" ;;
	esac
}

# Calls an engine: ask ENGINE METHOD PATH [OPTION]...
ask() {
	curl -sSf --max-time 60 --unix-socket "$(socket_of "$1")" -X "$2" "${@:4}" \
		"http://engine/v1.41$3"
}

# Those of Docker and Podman that are there; under MUST_RUN=1 both.
engines() {
	local engine there=''
	for engine in docker podman; do
		[ ! -S "$(socket_of $engine)" ] || there+=" $engine"
	done
	[ -n "$there" ] || cannot "DOCKER_HOST and CONTAINER_HOST name no socket of an engine"
	[ -z "${MUST_RUN-}" ] || [ "$there" = " docker podman" ] || cannot "both engines are needed"
	export ENGINES=$there
}

# Is any process running whose command line holds $1? Those in an engine's
# containers are another run's, unless this is one.
runs() {
	local pid
	for pid in $(pgrep -f -- "$1"); do
		grep -qs docker /proc/self/cgroup ||
			! grep -qs docker "/proc/$pid/cgroup" || continue
		return 0
	done
	return 1
}

is_gone() {
	! runs "$1"
}
