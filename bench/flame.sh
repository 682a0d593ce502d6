#!/bin/sh
# Where the time goes, as flame graphs in flamegraphs/.
#
#   bench/flame.sh hot_reload|template_render|toml_parse|scalability|all
#
# Each is a benchmark of a suite, sampled by itself. Exit status 77: no sample
# could be had here.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
suites=${SUITES:-$root/build/bench}
out=${OUT:-flamegraphs}
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT

# flame NAME PROGRAM ID
flame() {
	KIT_PROFILE=$work/$1 "$suites/$2" run "$3" 10 100000000 "${MEASURE_NS:-3000000000}" \
		>"$work/samples" || return 1
	[ -s "$work/$1" ] || {
		echo "bench: $1: no sample: is $suites/$2 built, and nm there?" >&2
		exit 77
	}
	perl "$root/bench/flame.pl" "$3" "$suites/$2" "$work/$1" >"$out/$1.svg" || exit 77
	echo "$out/$1.svg"
}

[ $# -gt 0 ] || set -- all
mkdir -p "$out" || exit 3
for what; do
	case $what in
	hot_reload) flame hot_reload dx dx/hot_reload_workflow/complete_reload_cycle ;;
	template_render) flame template_render dx op/render ;;
	toml_parse) flame toml_parse micro micro/toml/100K ;;
	scalability) flame scalability dx dx/scalability/100_files ;;
	all) "$0" hot_reload template_render toml_parse scalability ;;
	*)
		echo 'usage: bench/flame.sh hot_reload|template_render|toml_parse|scalability|all' >&2
		exit 2
		;;
	esac || exit
done
