#!/usr/bin/env bats
# clnrm-images from-host: images of programs of this machine.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
	touch clnrm.conf
	export CLNRM_STORE=$PWD/store
}

# The root directory of an image.
root() {
	clnrm-images show "$1" | sed -n 's/^root: //p'
}

@test "from-host takes along libraries, interpreters and links, and it runs" {
	printf '#!/usr/bin/env perl\nprint "script\\n";\n' >script
	chmod +x script
	run -0 clnrm-images from-host tools sh ls ./script
	r=$(root tools)
	[ -e "$r$PWD/script" ]
	[ -f "$r/etc/passwd" ]
	[ "$(stat -c %a "$r/tmp")" = 1777 ]
	for program in sh ls perl; do
		path=$(command -v $program)
		[ ! -L "$path" ] || [ -L "$r$path" ]
		ldd "$(readlink -f "$path")" | grep -oE '/[^ ]+' >libs
		while IFS= read -r lib; do
			cmp "$lib" "$r$(readlink -f "$lib")"
		done <libs
	done
	[ "$(id -u)" = 0 ] || return 0
	run -0 env -i PATH=/usr/bin:/bin "$(command -v chroot)" "$r" /bin/sh -c 'echo *tc; ls -d /tmp'
	[ "${lines[*]}" = "etc /tmp" ]
	run -0 env -i PATH=/usr/bin:/bin "$(command -v chroot)" "$r" "$PWD/script"
	[ "$output" = script ]
}

@test "from-host gives the same image for the same programs" {
	run -0 clnrm-images from-host a cat
	key=${output:2:12}
	run -0 clnrm-images from-host b cat
	[ "$output" = "b $key was there" ]
}

@test "from-host tells the program that is not there" {
	run -2 clnrm-images from-host a sh no-such-program
	[[ "$output" == *"no-such-program: no such program in PATH" ]]
	[ -z "$(find store/roots store/tmp -mindepth 1 2>/dev/null)" ]
}

@test "from-host finds libraries where the program says, and tells what is nowhere" {
	command -v gcc || cannot "there is no compiler"
	mkdir -p app/lib
	echo 'int answer(void) { return 42; }' | gcc -shared -o app/lib/liba.so -x c -
	echo 'int answer(void); int main(void) { return answer(); }' |
		gcc -o app/run -x c - -Lapp/lib -la -Wl,-rpath,'$ORIGIN/lib'
	run -0 clnrm-images from-host app app/run
	r=$(root app)
	cmp app/lib/liba.so "$r$PWD/app/lib/liba.so"
	# Without /proc the loader is told where the program is.
	[ "$(id -u)" != 0 ] ||
		LD_ORIGIN_PATH=$PWD/app run -42 chroot "$r" "$PWD/app/run"
	rm app/lib/liba.so
	run -2 clnrm-images from-host gone app/run
	[[ "$output" == *"$PWD/app/run needs liba.so, which is nowhere" ]]
}

@test "from-host takes along a directory with all below it, and links that go round are told" {
	mkdir -p data/sub
	echo text >data/sub/file
	ln -s sub/file data/link
	mkfifo data/fifo
	run -0 clnrm-images from-host d cat "$PWD/data"
	[ "$(cat "$(root d)$PWD/data/sub/file")" = text ]
	[ "$(readlink "$(root d)$PWD/data/link")" = sub/file ]
	ln -s loop loop
	run -2 clnrm-images from-host l ./loop
	[[ "$output" == *"too many links"* ]]
}
