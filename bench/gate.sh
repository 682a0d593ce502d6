#!/bin/sh
# Does the gate stop what it has to? A renderer that is 10 % slower has to be red,
# one that is 1 % slower not, and none at all green again. The slow-down is linked
# around the renderer's entry. A record for each; exit status 1 where one is wrong.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
bin=${BIN:-$root/build/bin}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# plant PERCENT: a renderer with it
plant() {
	gcc -D_GNU_SOURCE -DPLANT="$1" -I"$root/lib" -std=gnu11 -O2 -c \
		-o "$dir/plant.o" "$root/bench/plant.c"
	gcc -static -Wl,--gc-sections -Wl,--wrap=tmpl_render -o "$dir/plant.$1" \
		"$bin/../tools/clnrm-render.o" "$dir/plant.o" "$bin/../libclnrm.a" \
		-linih -lyajl_s -lnettle -lpcre2-8 -linotifytools -lz -lzstd \
		-lnghttp2 -lm
}

for percent in 0 1 10; do
	plant $percent
done
cd "$dir"
cat >t.clnrm.toml.tera <<'T'
{% for i in range(end=30000) %}k{{ i }} = "{{ i * 2 }} {{ name | upper }}"
{% endfor %}
T
echo '{"name": "a"}' >context

# measure OPTION NAME: the renderer that is there
measure() {
	"$bin/clnrm-bench" cmd --id render --format ndjson --warm-up 300ms \
		--measure 2s --pairs "${PAIRS:-200}" "$1" "$2" -- \
		./render --context context t.clnrm.toml.tera
}

cp plant.0 render
measure --save-baseline main >saved
worst=0
for percent in 0 1 10 0; do
	cp "plant.$percent" render
	measure --baseline main >measured || :
	rc=0
	"$bin/clnrm-bench" gate --strict --format ndjson <measured >judged || rc=$?
	want=0
	[ $percent != 10 ] || want=1
	[ $rc = $want ] || worst=1
	jq -cs --argjson percent $percent --argjson rc $rc --argjson want $want '
		(map(select(.type == "bench_compare"))[0]) as $c |
		{type: "sample", name: "gate.planted", percent: $percent,
		 change: $c[$c.by].change, verdict: $c.verdict, pairs: $c.pairs,
		 status: $rc, wanted: $want, holds: ($rc == $want)}' measured
done
exit $worst
