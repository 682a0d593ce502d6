#!/usr/bin/env bats
# clnrm-images from outside.
load helper
stderr= # run --separate-stderr sets it

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
	touch clnrm.conf
	export CLNRM_STORE=$PWD/store
	echo precious >precious
}

unprivileged() {
	chmod 777 "$BATS_TEST_TMPDIR"
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		env HOME=/nonexistent "$@"
}

# The root directory of an image.
root() {
	clnrm-images show "$1" | sed -n 's/^root: //p'
}

# One entry of a tar: entry TYPE NAME [LINK [CONTENT [SIZE]]]. What tar(1)
# would never write.
entry() {
	perl -e '
	my ($type, $name, $link, $text, $size) = @ARGV;
	$size = length $text unless defined $size;
	my $h = pack "a100 a8 a8 a8 a12 a12 A8 a1 a100 a6 a2 x247", $name,
		$type eq "5" ? "0000755" : "0000644", "0000000", "0000000",
		sprintf("%011o", $size), "00000000001", "", $type, $link,
		"ustar", "00";
	substr($h, 148, 8) = sprintf("%06o\0 ", unpack "%32C*", $h);
	print $h, $text, "\0" x (-length($text) % 512);
	' "$1" "$2" "${3-}" "${4-}" ${5+"$5"}
}

# So many letters.
many() {
	printf "%$1s" '' | tr ' ' "$2"
}

# The end of a tar.
over() {
	head -c 1024 /dev/zero
}

digest() {
	sha256sum "$1" | cut -d ' ' -f 1
}

# The busybox root, as a tar.
busybox_tar() {
	mkdir -p bb/bin bb/tmp bb/etc
	cp "$(command -v busybox)" bb/bin/busybox
	ln -sf busybox bb/bin/sh
	echo root:x:0:0::/:/bin/sh >bb/etc/passwd
	tar --owner=0 --group=0 -C bb -cf "$1" .
}

# An archive as docker save writes it, of the layers in the files "$@"[2..]:
# docker_archive OUT LAYER...
docker_archive() {
	local out=$PWD/$1 i=0 ids='' names='' layer
	rm -rf archive
	mkdir archive
	shift
	for layer; do
		i=$((i + 1))
		mkdir "archive/$i"
		cp "$layer" "archive/$i/layer.tar"
		ids="$ids${ids:+,}\"sha256:$(unpacked "$layer" | sha256sum | cut -d ' ' -f 1)\""
		names="$names${names:+,}\"$i/layer.tar\""
	done
	printf '{"architecture":"%s","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":[%s]}}' \
		"$(arch_of_images)" "${config-{\}}" "${ids_override-$ids}" >archive/config
	mv archive/config "archive/$(digest archive/config).json"
	printf '[{"Config":"%s","RepoTags":["%s"],"Layers":[%s]}]' \
		"$(cd archive && echo *.json)" "${tag-x:1}" "$names" >archive/manifest.json
	tar -C archive -cf "$out" .
}

arch_of_images() {
	case $(uname -m) in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	*) uname -m ;;
	esac
}

unpacked() {
	case $(head -c 4 "$1" | od -An -tx1 | tr -d ' ') in
	1f8b*) gzip -dc "$1" ;;
	28b52ffd) zstd -qdc "$1" ;;
	*) cat "$1" ;;
	esac
}

# Moves a file to blobs of the layout $1; prints its descriptor of type $3.
blob() {
	local hex
	hex=$(digest "$2")
	mkdir -p "$1/blobs/sha256"
	printf '{"mediaType":"%s","digest":"sha256:%s","size":%s%s}' \
		"$3" "$hex" "$(stat -c %s "$2")" "${4-}"
	cp "$2" "$1/blobs/sha256/$hex"
}

# An OCI layout in the directory $1 of the layer in the file $2 of type $3.
oci_layout() {
	local layer conf manifest v=application/vnd.oci.image
	layer=$(blob "$1" "$2" "$v.layer.v1.$3")
	printf '{"architecture":"%s","os":"linux","config":{"Cmd":["sh"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$(arch_of_images)" "$(unpacked "$2" | sha256sum | cut -d ' ' -f 1)" >c
	conf=$(blob "$1" c "$v.config.v1+json")
	printf '{"schemaVersion":2,"config":%s,"layers":[%s]}' "$conf" "$layer" >m
	manifest=$(blob "$1" m "$v.manifest.v1+json")
	echo '{"imageLayoutVersion":"1.0.0"}' >"$1/oci-layout"
	printf '{"schemaVersion":2,"manifests":[%s]}' "$manifest" >"$1/index.json"
}

# A tar on standard input is refused for this reason, and leaves nothing.
refused() {
	cat >bad.tar
	run -2 clnrm-images import bad bad.tar
	[[ "$output" == *"$1"* ]] || { echo "$output"; return 1; }
	is_untouched
}

is_untouched() {
	[ "$(cat precious)" = precious ]
	[ ! -s store/names ]
	[ -z "$(find store/roots store/tmp -mindepth 1 2>/dev/null)" ]
}

@test "a root tar is imported once, whatever it is packed with, and runs" {
	busybox_tar bb.tar
	gzip -k bb.tar
	zstd -q bb.tar
	run -0 clnrm-images import bb bb.tar
	[[ "$output" =~ ^bb\ [0-9a-f]{12}\ [0-9.]+\ MiB,\ 7\ files$ ]]
	key=${output:3:12}
	run -0 clnrm-images import gz:1 bb.tar.gz
	[ "$output" = "gz:1 $key was there" ]
	run -0 clnrm-images import ghcr.io/a/b - <bb.tar.zst
	run -0 clnrm-images list
	[ "${#lines[@]}" = 3 ]
	[[ "${lines[0]}" == "bb:latest "*" $key "* ]]
	[[ "${lines[2]}" == "ghcr.io/a/b:latest "* ]]
	[ "$(ls store/roots | wc -l)" = 1 ]
	cmp "$(root bb)/bin/busybox" bb/bin/busybox
	[ "$(readlink "$(root bb)/bin/sh")" = busybox ]
	[ "$(id -u)" = 0 ] || return 0
	[ "$(chroot "$(root bb)" /bin/busybox sh -c 'echo $((6 * 7))')" = 42 ]
}

@test "a directory is imported, and what it is of stays when it changes" {
	mkdir -p tree/sub
	echo one >tree/sub/a
	chmod 640 tree/sub/a
	touch -d @1000000000 tree/sub/a tree/sub
	run -0 clnrm-images import tree tree
	echo two >tree/sub/a
	[ "$(cat "$(root tree)/sub/a")" = one ]
	[ "$(stat -c '%a %Y' "$(root tree)/sub/a")" = "640 1000000000" ]
	[ "$(stat -c %Y "$(root tree)/sub")" = 1000000000 ]
}

@test "an archive of docker save is imported with its configuration" {
	busybox_tar bb.tar
	config='{"Env":["A=b"],"Entrypoint":["/bin/sh","-c"],"Cmd":["id"],"WorkingDir":"/tmp","User":"7","Healthcheck":{"Test":["CMD","true"],"Interval":5}}'
	docker_archive x.tar bb.tar
	run -0 clnrm-images import x:1 x.tar
	[[ "$output" == "x:1 $(cd archive && ls [0-9a-f]*.json | head -c 12) "* ]]
	run -0 clnrm-images show x:1
	[ "${lines[2]}" = "env: A=b" ]
	[[ "$output" == *"entrypoint: /bin/sh
entrypoint: -c
cmd: id
workdir: /tmp
user: 7
healthcheck: CMD
healthcheck: true" ]]
	gzip x.tar
	run -0 clnrm-images import y x.tar.gz
	[[ "$output" == *"was there" ]]
	run -0 clnrm-images import z archive
	[[ "$output" == *"was there" ]]
}

@test "an OCI layout is imported, as a directory or a tar, packed or not" {
	busybox_tar bb.tar
	gzip -k bb.tar
	zstd -q bb.tar
	oci_layout one bb.tar tar
	oci_layout two bb.tar.gz tar+gzip
	oci_layout three bb.tar.zst tar+zstd
	tar -C three -cf three.tar .
	run -0 clnrm-images import one one
	[[ "$output" == *" 7 files" ]]
	for layout in two three three.tar; do
		run -0 clnrm-images import other "$layout"
		[[ "$output" == *"was there" ]] # the configuration is the same
	done
	clnrm-images remove one other
	run -0 clnrm-images import three three.tar
	[[ "$output" == *" 7 files" ]]
}

@test "of an index with several platforms the one of this machine is taken" {
	busybox_tar bb.tar
	oci_layout l bb.tar tar
	jq -c --arg arch "$(arch_of_images)" '.manifests[0] as $m | .manifests = [
		($m | .digest = "sha256:" + "0" * 64 | .platform = {os: "linux", architecture: "s390x"}),
		($m | .platform = {os: "linux", architecture: $arch}),
		($m | .digest = "sha256:" + "0" * 64 | .platform = {os: "unknown", architecture: "unknown"})]' \
		l/index.json >i
	mv i l/index.json
	run -0 clnrm-images import l l
	jq -c '.manifests |= map(.platform.architecture = "s390x")' l/index.json >i
	mv i l/index.json
	run -2 clnrm-images import l2 l
	[[ "$output" == *"of its 2 images 0 fit linux/$(arch_of_images)"* ]]
}

@test "of several images in an archive the one of that name is taken" {
	busybox_tar bb.tar
	docker_archive x.tar bb.tar
	jq -c '. + [.[0] | .RepoTags = ["docker.io/library/y:2"]]' archive/manifest.json >m
	mv m archive/manifest.json
	run -0 clnrm-images import y:2 archive
	run -2 clnrm-images import z archive
	[[ "$output" == *"it holds 2 images, and none has the name docker.io/library/z:latest"* ]]
}

@test "a real docker save is imported as the engine has it" {
	docker version >/dev/null 2>&1 || cannot "no engine answers"
	busybox_tar bb.tar
	docker import -c 'CMD ["sh"]' bb.tar clnrm-images-test:1 >/dev/null
	id=$(docker image inspect --format '{{.Id}}' clnrm-images-test:1)
	docker save clnrm-images-test:1 | gzip >x.tar.gz
	docker rmi clnrm-images-test:1 >/dev/null
	run -0 clnrm-images import x x.tar.gz
	run -0 clnrm-images show x
	[ "${lines[1]}" = "key: ${id#sha256:}" ]
	[[ "$output" == *"cmd: sh"* ]]
}

# ---- layers

@test "a layer removes from below, whatever its order, and never from itself" {
	{ entry 5 d/; entry 0 d/old "" x; entry 0 gone "" x; entry 5 o/
		entry 0 o/low "" x; entry 0 stays "" x; over; } >l1
	# Each whiteout stands behind what the same layer brings.
	{ entry 5 d/; entry 0 d/new "" x; entry 0 .wh.d; entry 0 .wh.gone
		entry 0 o/high "" x; entry 0 o/.wh..wh..opq
		entry 0 .wh..wh.plnk; entry 0 .wh.never; over; } >l2
	docker_archive x.tar l1 l2
	run -0 clnrm-images import x x.tar
	[ "$(cd "$(root x)" && find . | sort | tr '\n' ' ')" = ". ./d ./d/new ./o ./o/high ./stays " ]
}

@test "whiteouts follow no link of a lower layer" {
	{ entry 5 etc/; entry 0 etc/passwd "" x; entry 2 way etc
		entry 2 out ../..; entry 2 abs "$PWD"; over; } >l1
	{ entry 0 way/.wh.passwd; entry 0 way/.wh..wh..opq; entry 0 abs/.wh.precious
		entry 0 out/.wh..wh..opq; over; } >l2
	docker_archive x.tar l1 l2
	run -0 clnrm-images import x x.tar
	[ -f "$(root x)/etc/passwd" ]
	[ "$(cat precious)" = precious ]
}

@test "whiteouts of no file, and files below one, are refused" {
	for name in .wh. .wh.. .wh... d/.wh. .wh.a/b; do
		{ entry 0 $name; over; } | refused "whiteout"
	done
}

@test "a layer that turns a directory into a link and writes through it stays within" {
	{ entry 5 d/; entry 0 d/a "" x; entry 5 ".$PWD/"; over; } >l1
	{ entry 2 d "$PWD"; entry 0 d/precious "" new; over; } >l2
	{ entry 2 e ../../../../../../../..; entry 0 "e$PWD/new" "" new; over; } >l3
	docker_archive x.tar l1 l2 l3
	run -0 clnrm-images import x x.tar
	[ "$(cat precious)" = precious ]
	[ ! -e new ]
	[ "$(cat "$(root x)$PWD/precious" "$(root x)$PWD/new")" = newnew ]
}

@test "files, links and directories of a layer replace each other" {
	{ entry 5 a/; entry 0 a/x "" x; entry 0 b "" x; entry 2 c nowhere; over; } >l1
	{ entry 0 a "" file; entry 5 b/; entry 0 c "" file; entry 1 d a; over; } >l2
	docker_archive x.tar l1 l2
	run -0 clnrm-images import x x.tar
	r=$(root x)
	[ "$(cat "$r/a" "$r/c" "$r/d")" = filefilefile ]
	[ -d "$r/b" ]
	[ ! -L "$r/c" ]
	[ "$r/a" -ef "$r/d" ]
}

# ---- hostile archives

@test "names that lead out are refused" {
	{ entry 0 "$PWD/precious" "" new; over; } | refused "a name that is absolute"
	{ entry 0 ../precious "" new; over; } | refused 'a name with `..` in it'
	{ entry 0 a/../../precious "" new; over; } | refused 'a name with `..` in it'
	{ entry 5 ..; over; } | refused 'a name with `..` in it'
	{ entry 0 ""; over; } | refused "a name that is empty"
	{ entry 2 . "$PWD"; over; } | refused "the root itself, but no directory"
}

@test "links that lead out are kept as they are, and lead nowhere" {
	{ entry 2 out "$PWD"; entry 2 up ../../..; entry 0 up/precious "" new
		over; } >x.tar
	run -0 clnrm-images import x x.tar
	[ "$(cat precious)" = precious ]
	[ "$(readlink "$(root x)/out")" = "$PWD" ]
	[ "$(cat "$(root x)/precious")" = new ]
	clnrm-images remove x
	{ entry 2 out "$PWD"; entry 0 out/precious "" new; over; } |
		refused "'out/precious': out/precious: No such file"
}

@test "hard links to outside are refused" {
	{ entry 1 a "$PWD/precious"; over; } | refused "a hard link to no file within"
	{ entry 1 a ../../../precious; over; } | refused "a hard link to no file within"
	{ entry 2 l ../../..; entry 1 a l/precious; over; } | refused "No such file"
	{ entry 2 l "$PWD"; entry 1 a l/precious; over; } | refused "No such file"
	[ "$(stat -c %h precious)" = 1 ]
}

@test "devices are left out and told, set-id bits need the closed store" {
	{ entry 3 null; entry 4 disk; entry 6 pipe; entry 0 a; over; } >x.tar
	run -0 --separate-stderr clnrm-images import x x.tar
	[[ "$stderr" == *"2 devices were left out"* ]]
	[ "$(ls "$(root x)" | tr '\n' ' ')" = "a pipe " ]
	[ -p "$(root x)/pipe" ]
	[ "$(stat -c %a store store/roots | tr '\n' ' ')" = "700 700 " ]
}

@test "sizes beyond the archive and beyond the limits are refused" {
	{ entry 0 a "" x 8000000000; over; } | refused "cut within a file"
	{ entry 0 a "" x 70000000000; over; } | refused "cut within a file"
	entry 0 a "" "" 18000000000 >bad.tar
	truncate -s 18000002048 bad.tar
	run -2 clnrm-images import bad bad.tar
	[[ "$output" == *"more than 17179869184 bytes"*"--max-size"* ]]
	export CLNRM_MAX_SIZE=1K
	{ entry 0 a "" "$(many 1025 x)"; over; } | refused "--max-size"
	{ entry 0 a "" "$(many 1000 x)"; over; } >x.tar
	run -0 clnrm-images import x x.tar
	unset CLNRM_MAX_SIZE
	clnrm-images remove x
	export CLNRM_MAX_FILES=2
	{ entry 0 a; entry 0 b; entry 0 c; over; } | refused "--max-files"
}

@test "what unpacks to more than the limit is refused before it fills the disk" {
	head -c 20000000 /dev/zero | gzip >bomb
	export CLNRM_MAX_SIZE=1M CLNRM_MAX_FILES=100
	run -2 clnrm-images import x bomb
	[[ "$output" == *"more than"*bytes* ]]
	{ entry 0 a; over; head -c 20000000 /dev/zero; } >layer
	zstd -q layer
	docker_archive x.tar layer.zst
	run -2 clnrm-images import x x.tar
	[[ "$output" == *"more than"*"bytes come out of it"* ]]
	is_untouched
}

@test "names too deep or too long are refused" {
	perl -e 'print "d/" x 40' >deep
	for _ in 1 2 3 4 5 6 7; do printf '%s' "$(cat deep)"; done >deeper
	printf '%s' "$(cat deeper)f" >name
	{ entry L ././@LongLink "" "$(cat name)"; entry 0 a; over; } |
		refused "a name of more than 256 parts"
	{ entry L ././@LongLink "" "$(many 5000 n)"; entry 0 a; over; } |
		refused "a name of more than 4095 bytes"
	{ entry L ././@LongLink "" "$(many 256 n)"; entry 0 a; over; } |
		refused "with more than 255 bytes"
}

@test "a name with a NUL is refused" {
	{ entry x x "" "12 path=a@b
" | perl -0777 -pe 's/a\@b/a\0b/'; entry 0 a; over; } | refused "a name with a NUL byte"
}

@test "a cut archive is refused, plain or packed" {
	busybox_tar bb.tar
	head -c 100000 bb.tar | refused "it was cut"
	gzip -k bb.tar
	head -c 100000 bb.tar.gz | refused "malformed gzip: it was cut"
	zstd -q bb.tar
	head -c 100000 bb.tar.zst | refused "malformed zstd: it was cut"
	printf '' | refused "it was cut, or is empty"
	head -c 5000 /dev/urandom | refused "sum is wrong"
}

@test "a digest or a diff_id that does not agree is refused" {
	busybox_tar bb.tar
	ids_override='"sha256:'$(printf %064d 0)'"' docker_archive x.tar bb.tar
	run -2 clnrm-images import x x.tar
	[[ "$output" == *"not the diff_id sha256:000"* ]]
	is_untouched
	docker_archive x.tar bb.tar
	mv archive/*[0-9a-f].json "archive/$(printf %064d 0).json"
	sed -i 's/"Config":"[0-9a-f]*/"Config":"'"$(printf %064d 0)"'/' archive/manifest.json
	run -2 clnrm-images import x archive
	[[ "$output" == *"its digest is sha256:"* ]]
	oci_layout l bb.tar tar
	hex=$(digest bb.tar)
	cp --remove-destination bb.tar "l/blobs/sha256/$hex"
	printf x | dd of="l/blobs/sha256/$hex" bs=1 seek=1000000 conv=notrunc status=none
	run -2 clnrm-images import x l
	[[ "$output" == *"its digest is sha256:"*"not sha256:$hex"* ]]
	rm "l/blobs/sha256/$hex"
	run -2 clnrm-images import x l
	[[ "$output" == *"is not in it"* ]]
	is_untouched
}

@test "manifests that make no sense are refused" {
	busybox_tar bb.tar
	docker_archive x.tar bb.tar
	for text in '' '{' '[]' '[{}]' '[{"Config":"../../precious","Layers":["a"]}]' \
		'[{"Config":"1/layer.tar","Layers":[]}]' '[{"Config":7,"Layers":7}]'; do
		printf '%s' "$text" >archive/manifest.json
		run -2 clnrm-images import x archive
	done
	ln -sf ../precious archive/manifest.json
	run -2 clnrm-images import x archive
	oci_layout l bb.tar tar
	for text in '' '{}' '{"manifests":[]}' '{"manifests":[{"digest":"sha512:1"}]}' \
		'{"manifests":[{"digest":"sha256:../../../precious"}]}'; do
		printf '%s' "$text" >l/index.json
		run -2 clnrm-images import x l
	done
	is_untouched
}

# ---- the store

@test "an import that was killed leaves what gc removes, and nothing else" {
	mkfifo slow
	busybox_tar bb.tar
	clnrm-images import x - <slow &
	pid=$!
	exec 5>slow
	head -c 100000 bb.tar >&5
	await test -d store/tmp
	kill -9 $pid
	wait $pid || :
	exec 5>&-
	mkdir store/tmp/draft.dead
	touch store/tmp/draft.dead/file
	run -0 clnrm-images gc
	[ "$output" = "removed: 0 images, 0 B; 1 unfinished" ]
	[ -z "$(ls store/tmp)" ]
	run -0 clnrm-images import x bb.tar
}

@test "the same image can be imported many times at once" {
	busybox_tar bb.tar
	docker_archive x.tar bb.tar
	for i in 1 2 3 4 5 6 7 8; do
		clnrm-images import "x:$i" x.tar >"said.$i" 2>&1 &
	done
	wait
	cat said.*
	[ "$(cat said.* | grep -c 'was there')" = 7 ]
	[ "$(clnrm-images list | wc -l)" = 8 ]
	[ "$(ls store/roots | wc -l)" = 1 ]
	[ -z "$(ls store/tmp)" ]
}

@test "the same root can be imported many times at once" {
	busybox_tar bb.tar
	for i in 1 2 3 4 5 6; do
		clnrm-images import "x:$i" bb >"said.$i" 2>&1 &
	done
	wait
	[ "$(clnrm-images list | wc -l)" = 6 ]
	[ "$(ls store/roots | wc -l)" = 1 ]
	[ -z "$(ls store/tmp)" ]
}

@test "remove forgets a name, and the image with its last one" {
	busybox_tar bb.tar
	clnrm-images import a bb.tar
	clnrm-images import b bb.tar
	run -0 clnrm-images remove a
	[[ "$output" == "removed: 0 images"* ]]
	run -0 clnrm-images remove docker.io/library/b:latest
	[[ "$output" == "removed: 1 images, "*MiB* ]]
	run -2 clnrm-images remove b
	[[ "$output" == *"'b' is not in the store"* ]]
	[ -z "$(ls store/roots)" ]
}

@test "a file of [images] is unpacked at its first use, and again when it changes" {
	busybox_tar bb.tar
	mkdir images
	mv bb.tar images/
	printf '[images]\nredis:* = images/bb.tar\nstore = /nowhere\nmysql = host\n' >clnrm.conf
	r=$(root redis:7)
	[ -x "$r/bin/busybox" ]
	inode=$(stat -c %i "$r")
	[ "$(root docker.io/library/redis:latest)" = "$r" ]
	run -0 clnrm-images gc
	[ "$(stat -c %i "$(root redis)")" = "$inode" ]
	run -0 clnrm-images list # and no warning of names that are no options
	[[ "$output" == "-  "* ]]
	[ "${#lines[@]}" = 1 ]
	{ entry 0 other; over; } >images/bb.tar
	[ -f "$(root redis)/other" ]
	run -0 clnrm-images gc
	[[ "$output" == "removed: 1 images"* ]]
	[ "$(root mysql)" = / ]
	[ "$(root host)" = / ]
	run -2 clnrm-images show alpine
	[[ "$output" == *"clnrm images import alpine FILE"* ]]
}

@test "an unprivileged user has his own store, modes stay and owners do not" {
	unprivileged true || cannot "no other user is to be had"
	mkdir -p tree/shut
	touch tree/shut/a tree/b
	chown -R 3:4 tree
	chmod 0 tree/shut/a
	chmod 4111 tree/b
	chmod 0 tree/shut
	tar -C tree -cf x.tar .
	# The ways to the test's own directory are shut.
	mine=$(mktemp -d)
	chmod 777 "$mine"
	export CLNRM_STORE=$mine/store
	run -0 unprivileged "$BIN/clnrm-images" import x x.tar
	r=$(root x)
	[ "$(stat -c '%u %a' "$r/shut" "$r/b" "$r/shut/a" | tr '\n' ' ')" = "65534 700 65534 4111 65534 0 " ]
	run -0 unprivileged "$BIN/clnrm-images" remove x
	[ -z "$(find "$mine/store/roots" "$mine/store/tmp" -mindepth 1)" ]
	rm -r "$mine"
	export CLNRM_STORE=$PWD/store
	clnrm-images import x x.tar
	[ "$(stat -c '%u:%g' "$(root x)/b")" = 3:4 ]
}

@test "owners that no sandbox maps are nobody's" {
	[ "$(id -u)" = 0 ] || cannot "only root gives files away"
	touch a
	tar --owner=70000 --group=65535 -cf x.tar a
	clnrm-images import x x.tar
	[ "$(stat -c '%u:%g' "$(root x)/a")" = 65534:65535 ]
}

@test "the driver hands its words on" {
	run -0 clnrm -n images import a 'b c'
	[ "$output" = "clnrm-images import a 'b c'" ]
	run -0 clnrm images list
	[ -z "$output" ]
	run -2 clnrm-images import a
	run -2 clnrm-images no-such-verb
	run -2 clnrm-images import 'a b' .
	[[ "$output" == *"no name of an image"* ]]
}
