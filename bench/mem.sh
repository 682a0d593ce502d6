#!/bin/sh
# Memory, into memory_profiles/: heap profiles of a reload, of a thousand
# templates one after the other, and of a hundred files; leaks; growth from
# 2000 templates to 4000; memory_summary.md. Exit status 1: it leaks, or
# grows by more than 512 kB; 77: there is no valgrind.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
bin=${BIN:-$root/build/bin}
lib=$bin/../libclnrm.a
PATH=$bin:$PATH
mkdir -p "${OUT:-memory_profiles}"
out=$(cd "${OUT:-memory_profiles}" && pwd)
command -v valgrind >/dev/null || {
	echo 'bench: there is no valgrind' >&2
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for many in 100 1000 2000 4000; do
	clnrm-bench gen templates --size $many -o "$work/$many"
done
touch "$work/clnrm.conf"
worst=0

# Valgrind sees the heap of programs that share their C library: ours do not.
shared() {
	gcc -o "$work/$1" "$2" "$lib" -linih -lyajl_s -lnettle -lpcre2-8 \
		-linotifytools -lz -lzstd -lnghttp2 -lm
}

shared render "$bin/../tools/clnrm-render.o"
shared dx "$bin/../bench/suite/dx.o"

heap() {
	tool=$1
	shift
	valgrind --quiet --tool="$tool" "$@"
}

# Who takes memory for others is not who holds it.
takers=$(grep -ohE '^(mem|arena|buf)_[a-z]+\(' "$root"/lib/base/mem.c \
	"$root"/lib/base/arena.c "$root"/lib/base/buf.c | tr -d '(' | sort -u |
	sed 's/^/--alloc-fn=/' | tr '\n' ' ')

# profile NAME COMMAND...: its massif profile, and a row of the table
profile() {
	name=$1
	shift
	# shellcheck disable=SC2086 # a list of options
	heap massif $takers --massif-out-file="$out/$name.massif" "$@" >"$work/said" 2>&1 ||
		{ cat "$work/said" >&2; exit 3; }
	awk -F= -v name="$name" '
		/^mem_heap_B=/ { n++; sum += $2; if ($2 > peak) peak = $2 }
		END { printf "| %s | %.0f kB | %.0f kB |\n", name, peak / 1024, sum / n / 1024 }' \
		"$out/$name.massif"
}

# Who holds the most at the peak.
top() {
	ms_print "$out/$1.massif" 2>/dev/null |
		grep -oE '[0-9.]+% \([0-9,]+B\) 0x[0-9A-F]+: [^ ]+ \([^)]*\)' |
		sed -E 's/0x[0-9A-F]+: //' | sort -rn | awk '!seen[$3]++' | head -n 3 |
		sed "s/^/- $1: /"
}

rss() {
	clnrm-bench cmd --format ndjson --quick -- clnrm-render "$1" |
		sed -n 's/.*"peak_rss_kb":\([0-9]*\).*/\1/p' | head -n 1
}

cd "$work"
{
	printf '# Memory\n\n| work | peak of the heap | mean |\n| --- | --- | --- |\n'
	profile hot_reload ./dx run dx/hot_reload_workflow/complete_reload_cycle 10 1 1
	profile sustained_load ./render 1000
	profile hundred_files ./render 100
	printf '\n## Top consumers\n\n'
	for name in hot_reload sustained_load hundred_files; do
		top $name
	done
	printf '\n## Growth\n\n'
	few=$(rss 2000)
	many=$(rss 4000)
	echo "$((many - few))" >grown
	printf '2000 templates: %s kB resident at most; 4000: %s kB.\n' \
		"$few" "$many"
	printf '\n## Leaks\n\n'
	if heap memcheck --leak-check=full --show-leak-kinds=definite \
		--errors-for-leak-kinds=definite --error-exitcode=9 \
		./render 100 >said 2>leaks; then
		echo 'None.'
	else
		sed 's/^/    /' leaks
		echo 1 >leaked
	fi
} >"$out/memory_summary.md"
[ ! -e leaked ] || worst=1
[ "$(cat grown)" -le "${GROWTH_KB:-512}" ] || worst=1
cat "$out/memory_summary.md"
exit $worst
