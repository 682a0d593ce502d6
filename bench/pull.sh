#!/bin/bash
# An image of some 170 MB, fetched from a registry on loopback into the store,
# beside skopeo copy to an OCI layout and umoci unpack. RUNS turns, one of each
# in turn, each time into an empty place; prints `sample` records: the medians,
# and the largest memory of ours.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
bin=${BIN:-$root/build/bin}
RUNS=${RUNS:-5}
for program in docker-registry skopeo umoci jq; do
	command -v $program >/dev/null || {
		echo "bench: pull: skipped: no $program" >&2
		exit 0
	}
done
dir=$(mktemp -d)
trap 'kill "$pid" 2>/dev/null || :; rm -rf "$dir"' EXIT
cd "$dir"

cat >conf <<T
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $dir/data}}
http: {addr: "127.0.0.1:0"}
T
docker-registry serve conf >log 2>&1 &
pid=$!
until grep -qs 'listening on' log; do sleep 0.05; done
at=127.0.0.1:$(sed -nE 's/.*listening on [^ ]*:([0-9]+).*/\1/p' log | head -n 1)

# Real files of this machine, in the layers of a plain image: a large one below,
# and smaller ones over it.
layer() {
	local to=$1 limit=$2 from=$3
	find "$from" -xdev -type f -readable -printf '%s %p\n' | LC_ALL=C sort -k 2 |
		awk -v limit="$limit" '$1 < 30000000 && (sum += $1) <= limit {
			sub(/^[0-9]+ \//, ""); print }' >list
	tar -C / -cf "$to" --owner=0 --group=0 -T list
}
blob() {
	local hex
	hex=$(sha256sum "$1" | cut -d ' ' -f 1)
	printf '{"mediaType":"%s","digest":"sha256:%s","size":%s}' "$2" "$hex" \
		"$(stat -c %s "$1")"
	cp "$1" "layout/blobs/sha256/$hex"
}
mkdir -p layout/blobs/sha256
v=application/vnd.oci.image
layers='' ids=''
for part in 110000000:/usr/lib 40000000:/usr/share 20000000:/usr/bin 1000000:/etc; do
	layer l.tar "${part%%:*}" "${part#*:}"
	ids=$ids${ids:+,}\"sha256:$(sha256sum l.tar | cut -d ' ' -f 1)\"
	gzip -f l.tar
	layers=$layers${layers:+,}$(blob l.tar.gz $v.layer.v1.tar+gzip)
done
case $(uname -m) in
x86_64) arch=amd64 ;;
*) arch=arm64 ;;
esac
printf '{"architecture":"%s","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[%s]}}' \
	$arch "$ids" >c
printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' \
	$v.manifest.v1+json "$(blob c $v.config.v1+json)" "$layers" >m
printf '{"schemaVersion":2,"manifests":[%s]}' \
	"$(blob m $v.manifest.v1+json)" >layout/index.json
echo '{"imageLayoutVersion":"1.0.0"}' >layout/oci-layout
skopeo --insecure-policy copy -q --dest-tls-verify=false oci:layout \
	"docker://$at/bench/image:1"
printf '[registries]\n%s = insecure\n' "$at" >clnrm.conf

ours() {
	CLNRM_STORE=$dir/store "$bin/clnrm-pull" -q "$at/bench/image:1"
}
theirs() {
	skopeo --insecure-policy copy -q --src-tls-verify=false \
		"docker://$at/bench/image:1" oci:copy:1 &&
		umoci unpack $rootless --image copy:1 bundle >/dev/null
}
rootless=
[ "$(id -u)" = 0 ] || rootless=--rootless

# Nanoseconds that the function $1 takes from an empty place to a synced disk.
taken() {
	local begun
	rm -rf store copy bundle
	sync
	begun=$(date +%s%N)
	"$1" || exit 1
	sync -f .
	echo $(($(date +%s%N) - begun))
}
for _ in $(seq "$RUNS"); do
	echo "$(taken ours) $(taken theirs)"
done >turns
rm -rf store
CLNRM_STORE=$dir/store command time -f %M -o memory "$bin/clnrm-pull" -q "$at/bench/image:1"
jq -cn --rawfile times turns --rawfile memory memory \
	--argjson packed "$(du -sb layout | cut -f 1)" \
	--argjson unpacked "$(du -sb store/roots | cut -f 1)" '
	def median: sort | .[length / 2 | floor];
	[$times | split("\n")[] | select(. != "") | split(" ") | map(tonumber)] as $t
	| {type: "sample", name: "pull", packed_bytes: $packed, unpacked_bytes: $unpacked,
	   a: "clnrm-pull", a_ns: ($t | map(.[0]) | median),
	   b: "skopeo copy, umoci unpack", b_ns: ($t | map(.[1]) | median),
	   ratio: ($t | map(.[0] / .[1]) | median * 1000 | round / 1000), limit: 1,
	   rss_kib: ($memory | tonumber), rss_limit_kib: 65536}
	| .holds = (.ratio <= .limit and .rss_kib <= .rss_limit_kib)'
