#!/bin/sh
# Records what a program does, runs it again, and compares: nothing differs.
# Then it is given other work, the test passes still, and the trace tells.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp -r "${0%/*}/../python" "${0%/*}/../clnrm.conf" "$dir"
cd "$dir" || exit

clnrm record python/bill.clnrm.toml
clnrm run python/bill.clnrm.toml
clnrm diff
sed -i 's/3 4 5/5 4 3/' python/bill.clnrm.toml
clnrm run python/bill.clnrm.toml
clnrm diff
