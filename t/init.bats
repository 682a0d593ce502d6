#!/usr/bin/env bats
# What clnrm init makes of a directory that is a project already.
load helper

# A project of a kind, in a directory of its name.
project() {
	mkdir "$1"
	case $1 in
	make) printf 'all:\n\techo built >out\n' >make/Makefile ;;
	node) echo '{"name": "shop"}' >node/package.json ;;
	python)
		mkdir python/shop
		printf '[project]\nname = "shop"\n' >python/pyproject.toml
		echo 'total = 1' >python/shop/__init__.py
		;;
	cmake)
		printf 'cmake_minimum_required(VERSION 3.5)\nproject(shop NONE)\n' \
			>cmake/CMakeLists.txt
		;;
	esac
}

# Is the program where a cleanroom sees it?
is_seen() {
	[[ "$(readlink -f "$(PATH=/usr/local/bin:/usr/bin:/bin command -v "$1")")" == /usr/* ]]
}

@test "in a project a test of it is written, passes, and has no finding" {
	for kind in make:make node:node python:python3 cmake:cmake; do
		is_seen "${kind#*:}" || continue
		kind=${kind%:*}
		project $kind
		run -0 clnrm init $kind
		[[ "$output" == *"wrote  $kind/tests/project.clnrm.toml, of $kind/"* ]]
		run -0 clnrm lint --strict $kind/tests
		run -0 clnrm run --format text $kind/tests
		[[ "$output" == *"2 tests: 2 passed"* ]]
		tried=1
	done
	[ "$tried" ] || cannot "no program of a project is here"
	[ ! -e make/out ]
	run -0 clnrm init make
	[[ "$output" == *"kept   make/tests/project.clnrm.toml"* ]]
}

@test "a project whose test would not pass is told, and has none" {
	mkdir broken
	printf 'all:\n  no tab\n' >broken/Makefile
	run -0 clnrm init broken
	[[ "$output" == *"no test of broken/Makefile: "*"make -n"* ]]
	[ ! -e broken/tests/project.clnrm.toml ]
	run -0 clnrm run broken
	# The next kind that it is may do.
	printf '{' >broken/package.json
	printf 'all:\n\techo built\n' >broken/Makefile
	is_seen make || return 0
	run -0 clnrm init broken
	[[ "$output" == *"no test of broken/package.json"*"of broken/Makefile"* ]]
}

@test "where there is nothing, and nothing can run, the first test is written all the same" {
	run -0 clnrm init none
	[[ "$output" != *project* ]]
	[ "$(find none -type f | wc -l)" = 3 ]
	project make
	run -0 env -u CLNRM_ALLOW_DEGRADED CLNRM_BACKEND=nowhere clnrm init make
	[ -e make/tests/hello.clnrm.toml ]
	[ ! -e make/tests/project.clnrm.toml ]
}
