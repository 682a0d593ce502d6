#!/usr/bin/env bats
# What clnrm init makes of a directory that is a project already.
load helper

# A project of a kind, with a test of its own, in a directory of its name.
project() {
	mkdir "$1"
	case $1 in
	make) printf 'all:\n\techo built >out\ncheck:\n\techo checked\n' >make/Makefile ;;
	node)
		echo '{"name": "shop", "scripts": {"test": "node --test"}}' >node/package.json
		echo 'require("node:test")("sells", () => {})' >node/shop.test.js
		;;
	python)
		mkdir python/shop
		printf '[project]\nname = "shop"\n' >python/pyproject.toml
		printf 'import unittest\nclass Shop(unittest.TestCase):\n    def test_it(self): pass\n' \
			>python/test_shop.py
		;;
	cmake)
		printf '%s\n' 'cmake_minimum_required(VERSION 3.5)' 'project(shop NONE)' \
			'enable_testing()' 'add_test(NAME sells COMMAND true)' >cmake/CMakeLists.txt
		;;
	go)
		printf 'module example.com/shop\n' >go/go.mod
		printf 'package shop\nimport "testing"\nfunc TestIt(t *testing.T) {}\n' \
			>go/shop_test.go
		;;
	cargo)
		mkdir cargo/src
		printf '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n' >cargo/Cargo.toml
		printf '#[test]\nfn sells() {}\n' >cargo/src/lib.rs
		;;
	esac
}

# Is the program where a cleanroom sees it?
is_seen() {
	[[ "$(readlink -f "$(PATH=/usr/local/bin:/usr/bin:/bin command -v "$1")")" == /@(usr|opt)/* ]]
}

# The test of a project is there, passes, and has no finding; so do the tests of
# the project itself, once they are no comment.
is_good_of() {
	[[ "$output" == *"wrote  $1/tests/project.clnrm.toml, of "* ]]
	run -0 clnrm lint --strict "$1/tests"
	run -0 clnrm run --format text "$1/tests"
	[[ "$output" == *"2 tests: 2 passed"* ]]
	sed -i '/^# clnrm/!s/^# \([[nre]\)/\1/' "$1/tests/project.clnrm.toml"
	run -0 clnrm lint --strict "$1/tests"
	run -0 clnrm run --format text "$1/tests"
	[[ "$output" == *"PASS  project/tests"*"3 tests: 3 passed"* ]]
}

@test "in a project a test of it is written, passes, and has no finding" {
	for kind in make:make node:node python:python3 cmake:cmake; do
		is_seen "${kind#*:}" || continue
		kind=${kind%:*}
		project $kind
		run -0 clnrm init $kind
		is_good_of $kind
		tried=1
	done
	[ "$tried" ] || cannot "no program of a project is here"
	[ ! -e make/out ]
	run -0 clnrm init make
	[[ "$output" == *"kept   make/tests/project.clnrm.toml"* ]]
}

@test "a go module has a test that passes" {
	is_seen go || skip "go is not installed for all users"
	project go
	run -0 clnrm init go
	is_good_of go
}

@test "a cargo package has a test that passes" {
	is_seen cargo || skip "cargo is not installed for all users"
	project cargo
	run -0 clnrm init cargo
	is_good_of cargo
}

@test "a program that is not there, or below a HOME, is told with the cure" {
	for kind in cargo:cargo go:go cmake:cmake; do
		is_seen "${kind#*:}" || break
	done
	program=${kind#*:} kind=${kind%:*}
	! is_seen "$program" || skip "all programs of projects are here"
	project "$kind"
	run -0 env PATH="$BIN:/usr/bin:/bin" clnrm init "$kind"
	[[ "$output" == *"no test of "*": $program is not installed"* ]]
	# What it does is not asked: nothing of it is seen.
	install -D /bin/true "bin/$program"
	run -0 env PATH="$PWD/bin:$BIN:/usr/bin:/bin" clnrm init "$kind"
	[[ "$output" == *"a cleanroom does not see $PWD/bin/$program; install $program for all users"* ]]
	[ ! -e "$kind/tests/project.clnrm.toml" ]
}

@test "a .gitignore that is there is kept, and what it lacks is told" {
	mkdir shop
	printf '/target\n.clnrm/cache/\n' >shop/.gitignore
	run -0 clnrm init shop
	[[ "$output" == *$'\n'"kept   shop/.gitignore; add to it: .clnrm/artifacts/ .clnrm/runs/ .clnrm/history.db"$'\n'* ]]
	[ "$(wc -l <shop/.gitignore)" = 2 ]
	rm shop/.gitignore
	run -0 clnrm init shop
	run -0 clnrm init shop
	[[ "$output" == *$'\n'"kept   shop/.gitignore"$'\n'* ]]
}

@test "a project whose test would not pass is told, and has none" {
	mkdir broken
	printf 'all:\n  no tab\n' >broken/Makefile
	run -0 clnrm init broken
	[[ "$output" == *"no test of Makefile: "*"make -n ("*"missing separator"* ]]
	[ ! -e broken/tests/project.clnrm.toml ]
	run -0 clnrm run broken
	# The next kind that it is may do.
	printf '{' >broken/package.json
	printf 'all:\n\techo built\n' >broken/Makefile
	is_seen make || return 0
	run -0 clnrm init broken
	[[ "$output" == *"no test of package.json"*", of Makefile"* ]]
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
