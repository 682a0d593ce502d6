#!/usr/bin/env bats
# The arrows of the tree: tools -> core -> data -> base, core -> sys -> base.
# A noun is what stands before the first `_` of a file's name.
load helper

# Where an include may stand.
sources() {
	(cd "$1" && find lib tools -name '*.[ch]')
}

# The include lines of a tree, as "FILE LAYER/NOUN.h".
includes() {
	(cd "$1" && sources . | xargs grep -HoE \
		'^#include "[a-z]+/[a-z0-9_]+\.h"') | sed -E 's/:#include "/ /; s/"$//'
}

# The noun of each path in the columns: lib/data/toml_int.h -> data/toml.
nouns() {
	sed -E 's,\blib/,,g; s,([a-z]+/[a-z0-9]+)(_[a-z0-9_]*)?\.[ch]\b,\1,g'
}

# Includes that go up, or sideways between data and sys.
wrong_arrows() {
	includes "$1" | awk '
	BEGIN {
		may["tools"] = "bench core data sys base"
		may["core"] = "core data sys base"
		may["data"] = "data base"
		may["sys"] = "sys base"
		may["base"] = "base"
		may["guest"] = "sys base"
	}
	{
		from = $1; sub(/^lib\//, "", from); sub(/\/.*/, "", from)
		to = $2; sub(/\/.*/, "", to)
		if (index(" " may[from] " ", " " to " ") == 0) print
	}'
}

# Quoted includes that name no layer.
nameless_includes() {
	(cd "$1" && sources . | xargs grep -HnE '^#include "' |
		grep -vE '"(base|data|sys|core|bench)/[a-z0-9_]+\.h"$') || :
}

# What tsort says of the nouns that lean on each other in a circle.
loops() {
	includes "$1" | grep '^lib/' | nouns | awk '$1 != $2' | sort -u |
		{ tsort >/dev/null; } 2>&1
}

# Nouns that stand in several layers.
twins() {
	(cd "$1" && echo lib/*/*.[ch]) | tr ' ' '\n' | nouns | sort -u |
		sed 's,.*/,,' | sort | uniq -d
}

# Files that include the inside of a noun that is not theirs.
trespassers() {
	includes "$1" | grep '_int\.h$' |
		awk '{ print $1, $0 }' | nouns | awk '$1 != $3'
}

# Foreign libraries that several nouns include.
shared_libraries() {
	(cd "$1" && sources . | xargs grep -HoE \
		'^#include <(yajl/|ini\.h|nettle/|pcre2\.h|inotifytools/|zlib\.h|zstd\.h|nghttp2/|curl/)') | tr : ' ' | nouns | sort -u |
		awk '{ print $3 }' | sort | uniq -d
}

# Headers that do not begin with a comment.
silent_headers() {
	(cd "$1" && for h in lib/*/*.h; do
		head -n 1 "$h" | grep -q '^/\*' || echo "$h"
	done)
}

# A small tree to break: a tool, and a noun in each layer.
tree() {
	mkdir -p tools lib/{base,data,sys,core}
	echo '#include "core/rule.h"' >tools/clnrm-lint.c
	printf '/* A rule. */\n#include "data/toml.h"\n' >lib/core/rule.h
	printf '/* TOML. */\n#include "base/buf.h"\n' >lib/data/toml.h
	echo '#include "data/toml_int.h"' >lib/data/toml_parse.c
	printf '/* Inside. */\n#include "data/toml.h"\n' >lib/data/toml_int.h
	printf '/* A loop. */\n#include "base/buf.h"\n' >lib/sys/loop.h
	printf '/* Bytes. */\n#include <stddef.h>\n' >lib/base/buf.h
}

# The check "$1" finds nothing in our tree nor in a small one.
is_quiet() {
	run "$1" "$ROOT"
	[ -z "$output" ] || { echo "$output"; return 1; }
	tree
	run "$1" .
	[ -z "$output" ]
}

@test "no include goes up, and data and sys do not see each other" {
	is_quiet wrong_arrows
	echo '#include "sys/loop.h"' >>lib/data/toml_parse.c
	run wrong_arrows .
	[ "$output" = "lib/data/toml_parse.c sys/loop.h" ]
	echo '#include "core/rule.h"' >>lib/sys/loop.h
	run wrong_arrows .
	[ "${#lines[@]}" = 2 ]
}

@test "every include of ours names its layer" {
	is_quiet nameless_includes
	echo '#include "toml.h"' >lib/data/toml.c
	run nameless_includes .
	[ "$output" = 'lib/data/toml.c:1:#include "toml.h"' ]
}

@test "no nouns lean on each other in a circle" {
	is_quiet loops
	echo '#include "data/json.h"' >>lib/data/toml_parse.c
	printf '/* JSON. */\n#include "data/toml.h"\n' >lib/data/json.h
	run loops .
	[[ "$output" == *"loop:"*"data/json"* ]]
}

@test "a noun occurs once in the tree" {
	is_quiet twins
	touch lib/sys/toml_watch.c
	run twins .
	[ "$output" = toml ]
}

@test "the inside of a noun is its own" {
	is_quiet trespassers
	echo '#include "data/toml_int.h"' >>lib/core/rule.h
	run trespassers .
	[[ "$output" == *core/rule* ]]
}

@test "a foreign library is included by one noun" {
	is_quiet shared_libraries
	echo '#include <yajl/yajl_parse.h>' >lib/data/json.c
	echo '#include <yajl/yajl_gen.h>' >lib/data/json_write.c
	run shared_libraries .
	[ -z "$output" ]
	echo '#include <yajl/yajl_gen.h>' >>lib/core/rule.h
	run shared_libraries .
	[ "$output" = "<yajl/" ]
}

@test "every header says what it is before it declares anything" {
	is_quiet silent_headers
	echo '#include <stddef.h>' >lib/base/map.h
	run silent_headers .
	[ "$output" = lib/base/map.h ]
}
