#!/usr/bin/env bats
load helper

staged() {
	make -C "$ROOT" install B="${BIN%/bin}" SAN="${SAN-}" PREFIX=/usr DESTDIR="$PWD/dest"
}

@test "install puts programs and manuals in place, uninstall takes them away" {
	staged
	for tool in clnrm clnrm-render clnrm-lint clnrm-exec clnrm-verify \
		clnrm-report clnrm-watch clnrm-collect clnrm-fmt clnrm-init; do
		[ -x "dest/usr/bin/$tool" ]
		[ -f "dest/usr/share/man/man1/$tool.1" ]
	done
	for file in bash-completion/completions/clnrm zsh/site-functions/_clnrm \
		fish/vendor_completions.d/clnrm.fish; do
		grep -q clnrm "dest/usr/share/$file"
	done
	jq -e .properties dest/usr/share/clnrm/schema.json >/dev/null
	make -C "$ROOT" uninstall PREFIX=/usr DESTDIR="$PWD/dest"
	[ -z "$(find dest -type f)" ]
}

@test "installed, it runs as nobody without a home, where namespaces are allowed" {
	[ "$(id -u)" = 0 ] || cannot "only root can become nobody"
	open=$(mktemp -d)
	chmod 755 "$open"
	cd "$open"
	staged
	touch clnrm.conf
	one_step t.clnrm.toml 'echo $HOME; touch "$HOME/x" /tmp/y z' </dev/null
	setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent \
		"$PWD/dest/usr/bin/clnrm" doctor | grep -q '^ok *isolation: full' ||
		cannot "nobody cannot have namespaces here"
	run -0 setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent \
		"$PWD/dest/usr/bin/clnrm" run t.clnrm.toml
	[ ! -e z ]
	rm -rf "$open"
}

@test "doctor tells the level and what is missing with its cure" {
	run -0 clnrm doctor
	[[ "$output" == *"isolation:"* ]]
	need_refusal
	run -0 without_namespaces clnrm doctor
	[[ "$output" == *"missing"*"isolation: full"* ]]
	[[ "$output" == *"ok"*"isolation: process"* ]]
}
