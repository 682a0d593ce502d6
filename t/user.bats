#!/usr/bin/env bats
# Users of images: services and steps run as who the image, or the test, says.
load helper

setup() {
	need_namespaces
	[ "$(id -u)" = 0 ] || cannot "not root"
	command -v busybox >/dev/null || cannot "busybox-static is not installed"
	dir=$(mktemp -d /tmp/clnrm-user.XXXXXX)
	chmod 755 "$dir"
	mkdir -m 777 "$dir/project"
	mkdir "$dir/bin"
	cp "$BIN"/clnrm-{render,lint,exec,images} "$dir/bin"
	cd "$dir/project" || exit 1
	export CLNRM_STORE=$dir/store
	make_image
	printf '[images]\nbb = bb\nhost-like = host\n' >clnrm.conf
}

teardown() {
	cd / || exit 1
	[ -z "${dir-}" ] || rm -rf "$dir"
}

make_image() {
	mkdir -p bb/bin bb/etc bb/home/app bb/private
	cp "$(command -v busybox)" bb/bin/busybox
	for program in sh id cat sleep touch stat true; do
		ln bb/bin/busybox "bb/bin/$program"
	done
	printf 'root:x:0:0::/root:/bin/sh\napp:x:1000:100::/home/app:/bin/sh\n' >bb/etc/passwd
	printf 'root:x:0:\nusers:x:100:\nwheel:x:10:app\n' >bb/etc/group
	chmod 700 bb/private
	chown 1000:100 bb/home/app
}

# A store image "img" of it, with User $1.
import() {
	mkdir -p a/1
	tar -C bb -cf a/1/layer.tar .
	printf '{"architecture":"%s","os":"linux","config":{"User":"%s","Cmd":["sh","-c","id -u; exec sleep 100"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$(uname -m | sed 's/x86_64/amd64/;s/aarch64/arm64/')" "$1" \
		"$(sha256sum <a/1/layer.tar | cut -d' ' -f1)" >config
	mv config "a/$(sha256sum <config | cut -d' ' -f1).json"
	printf '[{"Config":"%s","RepoTags":["img:1"],"Layers":["1/layer.tar"]}]' \
		"$(cd a && echo *.json)" >a/manifest.json
	clnrm-images import img:1 a
	rm -r a
}

# The records of a test with the service on standard input, run by "$@".
run_by() {
	{
		printf '[meta]\nname = "t"\nversion = "1"\n'
		cat
	} >t.clnrm.toml
	chmod -R a+rX "$dir/store" 2>/dev/null || :
	clnrm-render t.clnrm.toml | clnrm-lint - |
		"$@" "$dir/bin/clnrm-exec" - >"$BATS_TEST_TMPDIR/kept.x" || :
	output=$(cat "$BATS_TEST_TMPDIR/kept.x")
	is_as_documented "$BATS_TEST_TMPDIR/kept.x"
}

of() {
	jq -r --arg t "$1" "select(.type == \$t) | $2" <<<"$output" | sed '/^$/d'
}

as_user() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

# One who has subordinate ids.
with_ids() {
	[ -u /usr/bin/newuidmap ] || cannot "no newuidmap"
	echo nobody:200000:65536 >"$dir/ids"
	unshare -m --propagation private bash -c 'mount --bind '"$dir"'/ids /etc/subuid &&
		mount --bind '"$dir"'/ids /etc/subgid &&
		exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"' sh "$@"
}

who='id -u; id -g; id -G; echo $HOME; touch /private/x; touch ~/y && stat -c %u ~/y; echo shown >/dev/stdout'

@test "a service and the steps in it run as the image says" {
	import app
	run_by env <<-T
	[service.s]
	image = "img:1"
	ready = { log = "1000" }
	[[steps]]
	name = "in"
	service = "s"
	run = '''$who'''
	[[steps]]
	name = "out"
	run = "id -u"
	T
	[ "$(of log .text)" = 1000 ]
	[ "$(of step 'select(.step == "in").stdout' | head -n 5 | xargs)" = \
		"1000 100 100 10 /home/app 1000" ]
	[[ "$(of step 'select(.step == "in").stderr')" == *"/private/x: Permission denied"* ]]
	[ "$(of step 'select(.step == "out").stdout')" = 0 ]
	# They are ended by TERM, though they are somebody else's.
	[ "$(of scenario.end .complete.processes)" = true ]
}

@test "the test's own word on users goes first, and HOME of the environment too" {
	import app:wheel
	run_by env <<-'T'
	[service.s]
	image = "img:1"
	user = "4711:12"
	env = { HOME = "/mine" }
	[[steps]]
	name = "service"
	service = "s"
	run = "id -u; id -g; echo $HOME"
	[[steps]]
	name = "own"
	service = "s"
	user = "app"
	run = "id -u; id -G; echo $HOME"
	[[steps]]
	name = "root"
	service = "s"
	user = "root"
	command = ["sh", "-c", "id -u; touch /private/x && echo can"]
	T
	[ "$(of step .stdout | xargs)" = "4711 12 /mine 1000 100 10 /mine 0 can" ]
}

@test "a user that the image does not have is an error that names him" {
	run_by env <<-'T'
	[service.s]
	image = "bb"
	user = "nobody-here"
	[[steps]]
	name = "x"
	service = "s"
	run = "true"
	T
	[ "$(of diagnostic 'select(.stage == "exec") | .code + " " + .message + " " + .hint')" = \
		"E304 user nobody-here is not in /etc/passwd of the image of service s" ]
	[ -z "$(of step .step)" ]
}

@test "with one id a step goes on as that, and it is told" {
	chown -R 65534:65534 bb
	run_by as_user <<-T
	[service.s]
	image = "bb"
	user = "app"
	[[steps]]
	name = "in"
	service = "s"
	run = "id -u"
	[[steps]]
	name = "own"
	service = "s"
	user = "10"
	run = "id -u"
	T
	[ "$(of step .stdout | xargs)" = "0 0" ]
	[ "$(of scenario.end '.isolation.notes[]' | grep '^user ')" = \
		"user app of s: there is one id here, runs as 0
user 10 of own: there is one id here, runs as 0" ]
}

@test "with subordinate ids a user of the image is one of them" {
	chown -R 65534:65534 bb
	run_by with_ids <<-T
	[service.s]
	image = "bb"
	user = "app"
	command = ["sh", "-c", "echo up; trap '' TERM; while :; do sleep 0.05; done"]
	ready = { log = "up" }
	[[steps]]
	name = "in"
	service = "s"
	run = "id -u; id -G; echo \$HOME; touch /private/x; touch /tmp/y && stat -c %u /tmp/y"
	T
	[ "$(of step .stdout | xargs)" = "1000 100 10 /home/app 1000" ]
	[[ "$(of step .stderr)" == *"/private/x: Permission denied"* ]]
	[ "$(of scenario.end .complete.processes)" = false ] # it had to be killed
	! of scenario.end '.isolation.notes[]' | grep '^user ' || return 1
}

@test "the host's files have no users to become, and lint wants a service" {
	run_by env <<-'T'
	[service.s]
	image = "host-like"
	user = "daemon"
	[[steps]]
	name = "in"
	service = "s"
	run = "id -u"
	T
	[ "$(of step .stdout)" = 0 ]
	of scenario.end '.isolation.notes[]' | grep -qx 'user daemon of s: only images have users, runs as 0'
	printf '[meta]\nname = "t"\nversion = "1"\n[[steps]]\nname = "a"\nuser = "x"\ncommand = ["true"]\n' >t.clnrm.toml
	run -1 clnrm-lint --format text t.clnrm.toml
	[[ "$output" == *"E304"*"steps[0] has a 'user', and no service that has users"* ]]
}
