#!/usr/bin/env bats
# clnrm-pull from outside, against a real registry.
load helper

# serve NAME [MORE]...: a registry with its data in $BATS_FILE_TMPDIR/NAME; more
# lines of its configuration below http.
serve() {
	local dir=$BATS_FILE_TMPDIR/$1
	mkdir -p "$dir/data"
	cat >"$dir/conf" <<-T
	version: 0.1
	log: {level: info, accesslog: {disabled: true}}
	storage: {filesystem: {rootdirectory: $dir/data}}
	http: {addr: "127.0.0.1:0", ${2-}}
	${3-}
	T
	docker-registry serve "$dir/conf" >"$dir/log" 2>&1 3>&- &
	echo $! >"$dir/pid"
	await grep -q 'listening on' "$dir/log"
}

# The port of such a registry.
port() {
	sed -nE 's/.*listening on [^ ]*:([0-9]+).*/\1/p' "$BATS_FILE_TMPDIR/$1/log" |
		head -n 1
}

end() {
	[ ! -f "$BATS_FILE_TMPDIR/$1/pid" ] || kill "$(cat "$BATS_FILE_TMPDIR/$1/pid")"
}

setup_file() {
	command -v docker-registry >/dev/null && command -v skopeo >/dev/null || return 0
	cd "$BATS_FILE_TMPDIR" || exit 1
	serve open
	htpasswd -Bbn me secret >htpasswd
	serve closed '' "auth: {htpasswd: {realm: here, path: $PWD/htpasswd}}"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 \
		-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
	serve secure "tls: {certificate: $PWD/cert.pem, key: $PWD/key.pem}"
	fill
}

teardown_file() {
	end open
	end closed
	end secure
}

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
	for program in docker-registry skopeo htpasswd openssl python3; do
		command -v $program >/dev/null || cannot "$program is not installed"
	done
	export CLNRM_STORE=$PWD/store DOCKER_CONFIG=$PWD/docker CI=1
	unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY
	open=127.0.0.1:$(port open) closed=127.0.0.1:$(port closed)
	secure=127.0.0.1:$(port secure)
	printf '[registries]\n%s = insecure\n%s = insecure\n' "$open" "$closed" >clnrm.conf
}

teardown() {
	[ ! -f proxies ] || xargs kill <proxies 2>/dev/null || :
	wait
}

# proxy NAME UPSTREAM_PORT MODE...: misbehaves in these ways; prints its host.
proxy() {
	local at
	python3 "$ROOT/t/pull.py" "$PWD/$1.log" "$2" "${@:3}" >/dev/null 3>&- &
	echo $! >>proxies
	await test -s "$1.log"
	at=127.0.0.1:$(head -n 1 "$1.log")
	printf '%s = insecure\n' "$at" >>clnrm.conf
	echo "$at"
}

digest() {
	sha256sum "$1" | cut -d ' ' -f 1
}

machine() {
	case $(uname -m) in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	*) uname -m ;;
	esac
}

unpacked() {
	case $1 in
	*.gz) gzip -dc "$1" ;;
	*.zst) zstd -qdc "$1" ;;
	*) cat "$1" ;;
	esac
}

# blob LAYOUT FILE TYPE [MORE]: keeps it; prints its descriptor.
blob() {
	mkdir -p "$1/blobs/sha256"
	cp "$2" "$1/blobs/sha256/$(digest "$2")"
	printf '{"mediaType":"%s","digest":"sha256:%s","size":%s%s}' "$3" \
		"$(digest "$2")" "$(stat -c %s "$2")" "${4-}"
}

# manifest LAYOUT ARCH LAYER...: keeps an image of these layers; prints its descriptor.
manifest() {
	local to=$1 arch=$2 v=application/vnd.oci.image layer layers='' ids='' type
	shift 2
	for layer; do
		case $layer in
		*.gz) type=tar+gzip ;;
		*.zst) type=tar+zstd ;;
		*) type=tar ;;
		esac
		layers=$layers${layers:+,}$(blob "$to" "$layer" $v.layer.v1.$type)
		ids=$ids${ids:+,}\"sha256:$(unpacked "$layer" | sha256sum | cut -d ' ' -f 1)\"
	done
	printf '{"architecture":"%s","os":"linux","config":{"Cmd":["sh"],"Env":["A=b"]},"rootfs":{"type":"layers","diff_ids":[%s]}}' \
		"$arch" "$ids" >c
	printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' \
		$v.manifest.v1+json "$(blob "$to" c $v.config.v1+json)" "$layers" >m
	blob "$to" m $v.manifest.v1+json \
		",\"platform\":{\"architecture\":\"$arch\",\"os\":\"linux\"}"
}

# layout DIR DESCRIPTOR: an OCI layout of that.
layout() {
	echo '{"imageLayoutVersion":"1.0.0"}' >"$1/oci-layout"
	printf '{"schemaVersion":2,"manifests":[%s]}' "$2" >"$1/index.json"
}

# push LAYOUT NAME [OPTION]...: into the open registry.
push() {
	skopeo --insecure-policy copy -q --dest-tls-verify=false "${@:3}" \
		"oci:$1" "docker://127.0.0.1:$(port "${to-open}")/$2"
}

# What the tests fetch: team/big:1 with a layer of 1 MB that cannot be packed.
fill() {
	local arch
	mkdir -p root/bin root/etc
	cp "$(command -v busybox)" root/bin/busybox
	echo one >root/etc/one
	head -c 1000000 /dev/urandom >root/noise
	tar -C root -cf a.tar bin etc
	tar -C root -cf b.tar noise
	gzip -k a.tar b.tar
	zstd -q b.tar
	arch=$(machine)
	layout big "$(manifest big "$arch" a.tar.gz b.tar.gz)"
	push big team/big:1
	to=closed push big team/big:1 --dest-creds me:secret
	to=secure push big team/big:1
	layout packed "$(manifest packed "$arch" a.tar.gz b.tar.zst)"
	push packed team/packed:1
	tar -C root -cf other.tar --transform 's/one/other/' etc
	layout many "$(manifest many riscv64 other.tar),$(manifest many "$arch" a.tar),$(manifest many s390x other.tar)"
	cp many/index.json i
	layout many "$(blob many i application/vnd.oci.image.index.v1+json)"
	push many team/many:1 --all
}

root() {
	clnrm-images show "$1" | sed -n 's/^root: //p'
}

store_is_empty() {
	[ -z "$(clnrm-images list)" ] && [ -z "$(find store/tmp -mindepth 1)" ]
}

@test "an image is fetched, unpacked and told in a line" {
	run -0 clnrm-pull "$open/team/big:1"
	[[ "$output" =~ ^"$open/team/big:1 "[0-9a-f]{12}" "[0-9.]+" MiB, "[0-9]+" files, "[0-9.]+" MiB fetched"$ ]]
	cmp "$(root "$open/team/big:1")/noise" "$BATS_FILE_TMPDIR/root/noise"
	clnrm-images show "$open/team/big:1" | grep -qx 'env: A=b'
	[ -z "$(find store/tmp store/blobs -mindepth 1)" ]
}

@test "the images that tests need are found behind templates, and what is mapped is left" {
	cat >a.clnrm.toml <<-T
	[meta]
	name = "a"
	version = "1"
	{% for part in ["big", "packed"] %}
	[services.{{ part }}]
	plugin = "generic_container"
	image = "$open/team/{{ part }}:1"
	{% endfor %}
	[services.own]
	plugin = "generic_container"
	image = "mine:1"
	[[scenario]]
	name = "s"
	run = "true"
	T
	printf '[images]\nmine:* = host\n' >>clnrm.conf
	run -0 clnrm pull a.clnrm.toml
	[ "${#lines[@]}" = 2 ]
	[[ "$output" == *"/big:1 "*"/packed:1 "* ]]
	run -0 clnrm -n pull a.clnrm.toml
	[ "$output" = "clnrm-render a.clnrm.toml | clnrm-lint - | clnrm-pull -" ]
}

@test "a test that does not lint, and a stream that was cut, are told" {
	echo 'x = ' >a.clnrm.toml
	run -2 clnrm pull a.clnrm.toml
	[[ "$output" == *"a.clnrm.toml:1:"* ]]
	run -3 clnrm-pull - <<<'{"type":"begin","v":1}'
	[[ "$output" == *"was cut"* ]]
}

@test "an image that is there needs no network, unless it is asked for anew" {
	front=$(proxy front "$(port open)")
	clnrm-pull "$front/team/big:1"
	: >front.log
	run -0 clnrm-pull "$front/team/big:1"
	[[ "$output" == *" was there" ]]
	[ ! -s front.log ]
	run -0 clnrm-pull --update "$front/team/big:1"
	[[ "$output" == *" is the newest" ]]
	grep -q manifests/1 front.log
	# Its manifest and configuration say so: no layer comes.
	[ "$(grep -c blobs/ front.log)" = 1 ]
}

@test "layers may be packed with zstd" {
	run -0 clnrm-pull "$open/team/packed:1"
	cmp "$(root "$open/team/packed:1")/noise" "$BATS_FILE_TMPDIR/root/noise"
}

@test "of several platforms the one of this machine is taken" {
	run -0 clnrm-pull "$open/team/many:1"
	[ -e "$(root "$open/team/many:1")/etc/one" ]
}

@test "a digest names an image, and nothing else will do for it" {
	local hex
	hex=$(digest "$BATS_FILE_TMPDIR/big/blobs/sha256/$(
		jq -r '.manifests[0].digest[7:]' "$BATS_FILE_TMPDIR/big/index.json")")
	run -0 clnrm-pull "$open/team/big@sha256:$hex" "$open/team/big:9@sha256:$hex"
	[ -e "$(root "$open/team/big@sha256:$hex")/noise" ]
	run -3 clnrm-pull "$open/team/big@sha256:$(printf %064d 0)"
	[[ "$output" == *"status 404"* ]]
	run -3 clnrm-pull "$open/team/big@sha256:12"
	[[ "$output" == *"no good digest"* ]]
}

@test "a layer that was changed on the registry's disk is refused" {
	local layer
	layer=$(jq -r '.layers[1].digest[7:]' "$BATS_FILE_TMPDIR"/big/blobs/sha256/"$(
		jq -r '.manifests[0].digest[7:]' "$BATS_FILE_TMPDIR/big/index.json")")
	cp -r "$BATS_FILE_TMPDIR/open/data" "$BATS_FILE_TMPDIR/broken.data"
	layer=$BATS_FILE_TMPDIR/open/data/docker/registry/v2/blobs/sha256/${layer:0:2}/$layer/data
	cp "$layer" good
	printf 'X' | dd of="$layer" bs=1 seek=5000 conv=notrunc status=none
	run -3 clnrm-pull "$open/team/big:1"
	cp good "$layer"
	[[ "$output" == *"has the digest"*"hint:"* ]]
	store_is_empty
	run -0 clnrm-pull "$open/team/big:1"
}

@test "a download that breaks off goes on where it ended" {
	front=$(proxy front "$(port open)" cut)
	run -0 clnrm-pull "$front/team/big:1"
	cmp "$(root "$front/team/big:1")/noise" "$BATS_FILE_TMPDIR/root/noise"
	grep -q ' bytes=300000-' front.log
	grep -q ' bytes=600000-' front.log
	grep -q ' bytes=900000-' front.log
}

has_part() {
	[ -n "$(find store/blobs -name '*.part' -size +250k 2>/dev/null)" ]
}

@test "what a killed process fetched is not fetched again" {
	front=$(proxy front "$(port open)" stall)
	clnrm-pull "$front/team/big:1" 3>&- &
	await has_part
	kill -9 $!
	wait $! || :
	after=$(proxy after "$(port open)")
	run -0 clnrm-pull "$after/team/big:1"
	grep -q ' bytes=300000-' after.log
}

@test "what is left of a broken download that has gone bad is fetched anew" {
	front=$(proxy front "$(port open)" stall)
	clnrm-pull "$front/team/big:1" 3>&- &
	await has_part
	kill -9 $!
	wait $! || :
	for part in store/blobs/*.part; do
		[ ! -s "$part" ] || printf XXXX | dd of="$part" bs=1 seek=100 conv=notrunc status=none
	done
	run -0 clnrm-pull "$open/team/big:1"
}

@test "gc removes what is left of broken downloads" {
	front=$(proxy front "$(port open)" stall)
	clnrm-pull "$front/team/big:1" 3>&- &
	await has_part
	kill -9 $!
	wait $! || :
	clnrm-images gc
	[ -z "$(find store/blobs store/tmp -mindepth 1)" ]
}

login() {
	mkdir -p docker
	printf '{"auths":{"%s":{"auth":"%s"}}}' "$1" \
		"$(printf %s "$2" | base64)" >docker/config.json
}

@test "a registry with passwords wants the login that docker keeps" {
	run -3 clnrm-pull "$closed/team/big:1"
	[[ "$output" == *"wants a login"*"hint: docker login $closed"* ]]
	login "$closed" me:wrong
	run -3 clnrm-pull "$closed/team/big:1"
	[[ "$output" == *"status 401"*"says no"* ]]
	login "$closed" me:secret
	run -0 clnrm-pull "$closed/team/big:1"
}

# A helper that docker would call, with the text of its answer.
helper() {
	mkdir -p helpers docker
	printf '#!/bin/sh\n[ "$1" = get ] || exit 1\nhost=$(cat)\n%s\n' "$1" \
		>helpers/docker-credential-own
	chmod +x helpers/docker-credential-own
	printf '{"credHelpers":{"%s":"own"}}' "$closed" >docker/config.json
}

@test "logins come from credential helpers, too" {
	helper 'printf "{\"ServerURL\":\"%s\",\"Username\":\"me\",\"Secret\":\"secret\"}" "$host"'
	PATH=$PWD/helpers:$PATH run -0 clnrm-pull "$closed/team/big:1"
	rm -r store
	echo '{"credsStore":"own"}' >docker/config.json
	PATH=$PWD/helpers:$PATH run -0 clnrm-pull "$closed/team/big:1"
}

@test "a helper that is missing, fails or says too much is told" {
	helper 'echo "the keyring is locked"; exit 1'
	run -3 clnrm-pull "$closed/team/big:1"
	[[ "$output" == *"docker-credential-own: No such file"* ]]
	PATH=$PWD/helpers:$PATH run -3 clnrm-pull "$closed/team/big:1"
	[[ "$output" == *"the keyring is locked"* ]]
	helper 'yes'
	PATH=$PWD/helpers:$PATH run -3 clnrm-pull "$closed/team/big:1"
	[[ "$output" == *"its answer is too long"* ]]
	helper 'echo "credentials not found in native keychain"; exit 1'
	PATH=$PWD/helpers:$PATH run -3 clnrm-pull "$closed/team/big:1"
	[[ "$output" == *"wants a login"* ]]
}

@test "a token is fetched where the registry says, by who is known there" {
	front=$(proxy front "$(port open)" token login)
	run -3 clnrm-pull "$front/team/big:1"
	[[ "$output" == *"a token: status 401"*"who are you?"* ]]
	login "$front" me:secret
	run -0 clnrm-pull "$front/team/big:1"
	grep -q '/token?service=a%2C%20b&scope=repository%3Ateam%2Fbig%3Apull' front.log
}

@test "a place for tokens that is no URL is refused" {
	front=$(proxy front "$(port open)" evil-realm)
	run -3 clnrm-pull "$front/team/big:1"
	[[ "$output" == *"which is no URL"* ]]
}

@test "credentials are not shown to whom a registry sends us" {
	back=$(proxy back "$(port open)")
	front=$(proxy front "${back#*:}" token away)
	run -0 clnrm-pull "$front/team/big:1"
	grep -q 'blobs/.* Bearer good' front.log
	grep -q 'blobs/' back.log
	run ! grep -q 'blobs/.*Bearer' back.log
}

@test "mirrors are asked first, and the host itself when they fail" {
	mirror=$(proxy mirror "$(port open)")
	dead=$(proxy dead "$(port open)" denied)
	sed -i "s/^$open = .*/$open = insecure mirror=127.0.0.1:1 mirror=$dead mirror=$mirror/" clnrm.conf
	run -0 clnrm-pull "$open/team/big:1"
	grep -q blobs/ mirror.log
	rm -r store
	sed -i "s/^$open = .*/$open = insecure mirror=$dead/" clnrm.conf
	run -0 clnrm-pull "$open/team/big:1"
}

@test "a mirror's prefix stands before the repository" {
	sed -i "s,^$open = .*,hub.example = mirror=$open/team\n$open = insecure," clnrm.conf
	run -0 clnrm-pull hub.example/big:1
	[ -e "$(root hub.example/big:1)/noise" ]
}

@test "words that say nothing of a registry are told with their line" {
	printf '[registries]\nx.example = unsafe\n' >clnrm.conf
	run -2 clnrm-pull x.example/y
	[[ "$output" == *"clnrm.conf:2: 'unsafe' says nothing of a registry"* ]]
}

@test "without TLS, or with a certificate of nobody we know, is refused unless told" {
	: >clnrm.conf
	run -3 clnrm-pull "$open/team/big:1"
	[[ "$output" == *"no trusted TLS"*"hint:"*"insecure"* ]]
	run -3 clnrm-pull "$secure/team/big:1"
	[[ "$output" == *"no trusted TLS"* ]]
	printf '[registries]\n%s = ca=cert.pem\n' "$secure" >clnrm.conf
	cp "$BATS_FILE_TMPDIR/cert.pem" .
	run -0 clnrm-pull "$secure/team/big:1"
	rm -r store
	printf '[registries]\n%s = insecure\n' "$secure" >clnrm.conf
	run -0 clnrm-pull "$secure/team/big:1"
}

@test "what is not there, denied or not reached is one line and a hint" {
	run -3 clnrm-pull "$open/team/none:1"
	[[ "$output" == *"$open/team/none:1: status 404, it is not there"*"hint:"* ]]
	front=$(proxy front "$(port open)" denied)
	run -3 clnrm-pull "$front/team/big:1"
	[[ "$output" == *"status 403"*'not\x1b[31m you'*"hint:"* ]]
	run -3 clnrm-pull 127.0.0.1:1/x
	[[ "$output" == *"not reached"* ]]
	silent=$(proxy silent "$(port open)" silent)
	run -3 clnrm-pull --stall 1s "$silent/team/big:1"
}

@test "a registry that is busy is asked again when it says, or names its time" {
	front=$(proxy front "$(port open)" busy)
	run -0 clnrm-pull "$front/team/big:1"
	[ "$(grep -c manifests/1 front.log)" = 3 ]
	full=$(proxy full "$(port open)" full)
	run -3 clnrm-pull "$full/team/big:1"
	[[ "$output" == *"status 429"*"try again in 3600 s"* ]]
}

@test "a body without end, a huge manifest and circles of redirects come to an end" {
	endless=$(proxy endless "$(port open)" endless)
	run -3 timeout 60 clnrm-pull "$endless/team/big:1"
	[[ "$output" == *"is longer than the"* ]]
	huge=$(proxy huge "$(port open)" huge)
	run -3 timeout 60 clnrm-pull "$huge/team/big:1"
	[[ "$output" == *"longer than it may be"* ]]
	circle=$(proxy circle "$(port open)" loop)
	run -3 timeout 60 clnrm-pull "$circle/team/big:1"
	[[ "$output" == *"redirects"* ]]
	store_is_empty
}

@test "names that lead elsewhere are no names" {
	for name in ../x a/../../x /etc/passwd 'a b' 'a?b' 'x:1%2f' ''; do
		run clnrm-pull -- "$name"
		[ "$status" = 2 ] || { echo "$name: $status $output"; return 1; }
	done
}

@test "a hostile archive is refused, and leaves nothing" {
	echo out >evil
	tar -P -cf e.tar --transform 's,evil,../../evil,' evil
	layout evil.lay "$(manifest evil.lay "$(machine)" e.tar)"
	push evil.lay team/evil:1
	run -3 clnrm-pull "$open/team/evil:1"
	[[ "$output" == *"'../../evil'"* ]]
	store_is_empty
}

@test "a layer larger than an image may be is not even fetched" {
	front=$(proxy front "$(port open)")
	run -3 clnrm-pull --max-size 100K "$front/team/big:1"
	[[ "$output" == *"hint: if that is right: --max-size"* ]]
	store_is_empty
}

@test "several images come at once, and layers that they share" {
	run -0 clnrm-pull -j 3 "$open"/team/{big,packed,many}:1 "$open/team/none:1" || [ "$status" = 3 ]
	[ "$(clnrm-images list | wc -l)" = 3 ]
	[[ "$output" == *"none:1: "*"404"* ]]
}

@test "two processes that fetch the same image fetch each part once" {
	front=$(proxy front "$(port open)" cut)
	clnrm-pull "$front/team/big:1" 3>&- &
	clnrm-pull "$front/team/big:1"
	wait $!
	[ -e "$(root "$front/team/big:1")/noise" ]
	# Neither a layer nor the rest of one is asked for twice.
	[ -z "$(grep blobs/ front.log | grep bytes= | sort | uniq -d)" ]
}

@test "a disk without room is told" {
	unshare -Urm true || cannot "nothing can be mounted here"
	mkdir store
	cat >small <<-'T'
	mount -t tmpfs -o size=700k none store || exit 77
	exec clnrm-pull "$1"
	T
	run unshare -Urm sh small "$open/team/big:1"
	[ "$status" != 77 ] || cannot "nothing can be mounted here"
	[ "$status" = 3 ]
	[[ "$output" == *"No space left on device"* ]]
}

@test "on a terminal there is a bar, which is wiped; in a log there is none" {
	command -v script >/dev/null || cannot "script is not installed"
	front=$(proxy front "$(port open)" cut)
	run -0 env -u CI TERM=xterm script -qec "clnrm-pull $front/team/big:1" /dev/null </dev/null
	[[ "$output" == *$'\r\e[K['*" images"*$'\r\e[K'*"fetched"* ]]
	run -0 env CI=1 TERM=xterm script -qec "clnrm-pull --update $front/team/packed:1" /dev/null </dev/null
	[[ "$output" != *$'\e'* ]]
}

@test "a signal ends it soon, and nothing half is kept as whole" {
	front=$(proxy front "$(port open)" stall)
	clnrm-pull "$front/team/big:1" 3>&- &
	await has_part
	kill -TERM $!
	rc=0
	wait $! || rc=$?
	[ $rc = 143 ]
	store_is_empty
}

# forget ENGINE NAME...: as if it had never been fetched.
forget() {
	local name
	for name in "${@:2}"; do
		ask "$1" DELETE "/images/$name?force=1" >/dev/null 2>&1 || :
	done
}

@test "an engine fetches for itself, once, and that is what it runs" {
	engines
	front=$(proxy front "$(port open)")
	one_step t.clnrm.toml 'sleep 0' <<-T
	[service.box]
	image = "{{ vars.host }}/team/big:1"
	command = ["busybox", "sleep", "1000"]
	T
	for engine in $ENGINES; do
		all=(--backend "$engine" --image "$front/team/many:1" --var "host=$front")
		run clnrm run "${all[@]}" t.clnrm.toml
		[[ "$output" == *"hint: \"clnrm-pull --backend $engine $front/team/big:1\""* ]]
		run -0 --separate-stderr clnrm pull "${all[@]}" t.clnrm.toml
		[ "$(wc -l <<<"$output")" = 2 ]
		[[ "${lines[0]}" =~ ^"$front/team/big:1 "[0-9a-f]{12}" "[0-9.]+" MiB, fetched by $engine"$ ]]
		asked=$(wc -l <front.log)
		run -0 clnrm-pull --backend "$engine" "$front"/team/{big,many}:1
		[[ "${lines[0]}" =~ ^"$front/team/big:1 "[0-9a-f]{12}" was there"$ ]]
		[ "$(wc -l <front.log)" = "$asked" ]
		run -0 clnrm-pull --backend "$engine" --update "$front/team/big:1"
		[[ "$output" == *" is the newest" ]]
		[ "$(wc -l <front.log)" -gt "$asked" ]
		forget "$engine" "$front"/team/{big,many}:1
	done
}

@test "what an engine cannot fetch is told with its cure, also when its answer had begun" {
	engines
	for engine in $ENGINES; do
		run -3 clnrm-pull --backend "$engine" "$open/team/big:9"
		[[ "$output" == *"$open/team/big:9: "*"unknown"*"hint: is the name right, and the tag?" ]]
		run -2 clnrm-pull --backend "$engine" a/../b
	done
	hex=$(jq -r '.layers[1].digest[7:]' "$BATS_FILE_TMPDIR"/big/blobs/sha256/"$(
		jq -r '.manifests[0].digest[7:]' "$BATS_FILE_TMPDIR/big/index.json")")
	layer=$BATS_FILE_TMPDIR/open/data/docker/registry/v2/blobs/sha256/${hex:0:2}/$hex/data
	cp "$layer" good
	printf 'X' | dd of="$layer" bs=1 seek=5000 conv=notrunc status=none
	for engine in $ENGINES; do
		run clnrm-pull --backend "$engine" "$open/team/big:1"
		echo "$status"
	done >statuses
	cp good "$layer"
	[ "$(sort -u statuses)" = 3 ]
	run -2 clnrm-pull --backend cloud x
	DOCKER_HOST=unix:///nowhere run -3 clnrm-pull --backend docker x
	[[ "$output" == *"unix:///nowhere: No such file"*"hint: it is not running"* ]]
}

@test "an engine is given the login that docker keeps, and digests" {
	engines
	hex=$(jq -r '.manifests[0].digest[7:]' "$BATS_FILE_TMPDIR/big/index.json")
	for engine in $ENGINES; do
		rm -rf docker
		run -3 clnrm-pull --backend "$engine" "$closed/team/big:1"
		[[ "$output" == *"hint: docker login $closed"* ]]
		login "$closed" me:wrong
		run -3 clnrm-pull --backend "$engine" "$closed/team/big:1"
		[[ "$output" == *"unauthorized"* ]]
		login "$closed" me:secret
		run -0 clnrm-pull --backend "$engine" "$closed/team/big@sha256:$hex"
		[[ "$output" == *"fetched by $engine" ]]
		run -0 clnrm-pull --backend "$engine" "$closed/team/big:1"
		forget "$engine" "$closed/team/big:1" "$closed/team/big@sha256:$hex"
	done
}

@test "how far an engine is, is shown on a terminal" {
	engines
	[[ "$ENGINES" == *docker* ]] || cannot "there is no Docker"
	command -v script >/dev/null || cannot "script is not installed"
	run -0 env -u CI TERM=xterm script -qec "clnrm-pull --backend docker $open/team/big:1" /dev/null </dev/null
	forget docker "$open/team/big:1"
	[[ "$output" == *$'\r\e[K['*" of 1 images"*$'\r\e[K'*"fetched by docker"* ]]
}
