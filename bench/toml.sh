#!/bin/sh
# Parse of test files in process, positions on and every value converted,
# against toml++ (libtomlplusplus-dev) in the same run: a is ours, b is theirs.
# Then the first table of a text that comes through a pipe, and its whole tree.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
lib=${LIB:-${BIN:-$root/build/bin}/../libclnrm.a}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/peer.cpp" <<'END'
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>
extern "C" size_t
peer_parse(const char *s, size_t n)
{
	return toml::parse(std::string_view(s, n)).size();
}
END

# text SIZE MARK: a test file of about that many bytes; MARK is in each comment.
text() {
	awk -v size="$1" -v mark="$2" 'BEGIN {
		s = "[meta]\nname = \"bench\"\nversion = \"1.0.0\"\n" \
		    "description = \"A test configuration, measured\"\n"
		for (i = 0; length(s) < size; i++)
			s = s "\n[[scenario]]\nname = \"scenario_" i "\"\n" \
			    "service = \"svc_" i "\"\n" \
			    "command = [\"sh\", \"-c\", \"echo '\''hello " i "'\''\"]\n" \
			    "timeout_ms = " 1000 + i "\nratio = 0." i "5\n" \
			    "enabled = " (i % 2 ? "true" : "false") "\n" \
			    "created = 2025-01-" sprintf("%02d", i % 28 + 1) "T10:00:00Z\n" \
			    "\n[services.svc_" i "]\nplugin = \"generic_container\"\n" \
			    "image = \"alpine:3." i % 28 "\"   # pinned" mark "\n" \
			    "env = { LEVEL = \"debug\", \"APP.NAME\" = \"app-" i "\" }\n" \
			    "ports = [80" 10 + i % 28 ", 90" 10 + i % 28 "]\n" \
			    "\n[[expect.span]]\nname = \"scenario_" i ".exec\"\n" \
			    "kind = \"internal\"\n" \
			    "attrs.all = { \"result\" = \"pass\", \"http.status_code\" = \"200\" }\n"
		printf "%s", s
	}'
}

g++ -O2 -std=c++17 -c -o "$dir/peer.o" "$dir/peer.cpp"
gcc -D_GNU_SOURCE -I"$root/lib" -std=gnu11 -O2 -c -o "$dir/toml.o" \
	"$root/bench/toml.c"
g++ -o "$dir/toml" "$dir/toml.o" "$dir/peer.o" "$lib"
text 1000 "" >"$dir/1.4k"
text 10000 "" >"$dir/10k"
text 100000 "" >"$dir/100k"
text 10000 " …" >"$dir/10k-utf8"
for size in 1.4k 10k 100k 10k-utf8; do
	"$dir/toml" parse "toml.parse.$size" 0.1 "$dir/$size"
done
"$dir/toml" first toml.first.100k 0.5 "$dir/100k"
