#!/usr/bin/env python3
"""What a live comparison costs when 1 % new spans come.

    live.py NAME BIN BASELINE CURRENT

The same spans of CURRENT are compared at once and, in the same round, by
--live, which has all but the last hundredth when these come. Prints a sample:
seconds of processor, the median of five rounds each.
"""
import json
import os
import statistics
import subprocess
import sys

ROUNDS = 5


def spent(pid):
    """Seconds of processor that a living process has used."""
    with open("/proc/%d/schedstat" % pid) as f:
        return int(f.read().split()[0]) / 1e9


def at_once(tool, base, now):
    before = os.times()
    with open(now) as stdin:
        subprocess.run([tool, "--format", "text", base, "-"], stdin=stdin,
                       stdout=subprocess.DEVNULL)
    after = os.times()
    return (after.children_user - before.children_user +
            after.children_system - before.children_system)


def await_spans(out, n):
    """Until what was found so far is that of so many spans."""
    for line in out:
        record = json.loads(line)
        if record["type"] == "diff.summary" and record["spans"] == n:
            return
    sys.exit("live.py: the result of %d spans never came" % n)


def live(tool, base, lines):
    """What the last hundredth costs, and what all before that did."""
    most = len(lines) - len(lines) // 100
    p = subprocess.Popen([tool, "--live", "--format", "ndjson", base, "-"],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    p.stdin.write(b"".join(lines[:most]))
    p.stdin.flush()
    await_spans(p.stdout, most)
    before = spent(p.pid)
    p.stdin.write(b"".join(lines[most:]))
    p.stdin.flush()
    await_spans(p.stdout, len(lines))
    cost = spent(p.pid) - before
    p.stdin.close()
    p.stdout.read()
    p.wait()
    return cost


def main():
    name, tool, base, now = sys.argv[1:]
    lines = open(now, "rb").readlines()
    a, b = [], []
    for _ in range(ROUNDS):
        a.append(live(tool, base, lines))
        b.append(at_once(tool, base, now))
    a, b = statistics.median(a), statistics.median(b)
    ratio = round(a / b, 3)
    print(json.dumps({"type": "sample", "name": name, "a_s": round(a, 4),
                      "b_s": round(b, 4), "ratio": ratio, "limit": 0.1,
                      "holds": ratio <= 0.1}, separators=(",", ":")))


main()
