#!/usr/bin/env python3
"""Scores clnrm-diff on pairs of traces whose differences are known.

    diff.py GENERATOR [SPANS ...]

Runs the generator of the corpus for each number of spans, in every shape and
with both kinds of ids, and prints a line a pair: precision and recall of each
kind of difference, then of the same pair without the attribute that tells
spans apart: then one bound holds for all kinds together. Exits 1 where a
bound is missed. SHAPES and SEED in the environment choose others.

A found difference counts when kind, path and attribute agree. Two siblings
that changed places are one difference, found by either of them.
"""
import collections
import hashlib
import json
import os
import subprocess
import sys
import tempfile

SHAPES = os.environ.get("SHAPES", "mixed deep wide chain repeat").split()
FIELDS = {"kind": "kind", "status": "status", "service": "service",
          "duration": "duration_ns"}
SURE = ["add", "remove", "attr_added", "attr_changed", "attr_removed",
        "status", "duration", "kind", "service", "event_added"]


def load(path):
    return {s["span_id"]: s for s in map(json.loads, open(path))}


def digest(path):
    return hashlib.sha1(path.encode()).digest()


def paths(spans):
    """The names from the root down, of each span, as a digest: those of a
    chain would be a square of it."""
    known = {}
    for i in spans:
        chain = []
        while i and i not in known:
            chain.append(i)
            i = spans[i]["parent_span_id"]
        for j in reversed(chain):
            up, name = spans[j]["parent_span_id"], spans[j]["name"].encode()
            known[j] = known[up].copy() if up else hashlib.sha1()
            known[j].update(b"/" + name if up else name)
    return {i: path.digest() for i, path in known.items()}


def found(record, base, now):
    """A record as (kind, path, attribute)."""
    op, field = record["op"], record["field"] or ""
    path = base.get(record["base_span"]) or now.get(record["span"])
    if op in ("added", "removed"):
        return "add" if op == "added" else "remove", path, None
    if op in ("moved", "renamed", "reordered"):
        return {"moved": "move", "renamed": "rename",
                "reordered": "reorder"}[op], path, None
    if field.startswith("attributes."):
        kind = ("attr_added" if record["before"] is None else "attr_removed"
                if record["after"] is None else "attr_changed")
        return kind, path, field[len("attributes."):]
    if field.startswith("events."):
        return "event_added", path, None
    for kind, name in FIELDS.items():
        if field == name:
            return kind, path, None
    return field, path, None


def truths(changes):
    """The same of the truth; siblings that changed places are told as one."""
    for t in changes:
        op, path = t["op"], t["path"]
        yield op, path, t.get("attribute"), t.get("other")


def run(out, base, now):
    """The records of a comparison; none without its summary."""
    said = subprocess.run(["clnrm-diff", "%s/%s" % (out, base),
                           "%s/%s" % (out, now)], stdout=subprocess.PIPE)
    records = [json.loads(x) for x in said.stdout.splitlines()]
    if said.returncode > 1 or "diff.summary" not in [r["type"] for r in records]:
        sys.exit("clnrm-diff exits %d without a summary" % said.returncode)
    return [r for r in records if r["type"] == "diff"]


def score(out, base_name, now_name):
    base, now = (load("%s/%s.ndjson" % (out, n)) for n in ("baseline", "current"))
    b, c = paths(base), paths(now)
    records = run(out, base_name, now_name)
    got = collections.Counter(found(r, b, c) for r in records)
    hit, missed = collections.Counter(), collections.Counter()
    wanted = list(truths(json.load(open(out + "/truth.json"))["changes"]))
    for op, path, attribute, other in wanted:
        ok = False
        for p in (path, other):
            key = (op, digest(p), attribute) if p else None
            if got[key]:
                got[key] -= 1
                ok = True
                if op != "reorder":
                    break
        (hit if ok else missed)[op] += 1
        if not ok and os.environ.get("WHY"):
            print("    missed", op, path, attribute)
    false = collections.Counter()
    for (op, *_), n in got.items():
        false[op] += n
    if os.environ.get("WHY"):
        for r in records:
            if got[found(r, b, c)]:
                print("    false", r["op"], r["path"], r["field"])
    return hit, missed, false


def rate(hit, missed, false, ops):
    h, m, f = (sum(x[o] for o in ops) for x in (hit, missed, false))
    return (h / (h + f) if h + f else 1.0, h / (h + m) if h + m else 1.0)


def without_step(out):
    for name in ("baseline", "current"):
        with open("%s/%s.bare.ndjson" % (out, name), "w") as f:
            for line in open("%s/%s.ndjson" % (out, name)):
                s = json.loads(line)
                s["attributes"].pop("step", None)
                f.write(json.dumps(s, ensure_ascii=False) + "\n")


def net(out):
    """Of equal siblings only their number at each path can be told. What was
    reported must lie between that and the truth."""
    base, now = (load("%s/%s.ndjson" % (out, n)) for n in ("baseline", "current"))
    b, c = paths(base), paths(now)
    changes = json.load(open(out + "/truth.json"))["changes"]
    most = collections.Counter()
    for t in changes:
        most[{"add": "added", "remove": "removed"}[t["op"]]] += t["spans"]
    want = collections.Counter(c.values())
    want.subtract(b.values())
    got, other = collections.Counter(), 0
    for r in run(out, "baseline.ndjson", "current.ndjson"):
        if r["op"] in most:
            got[r["op"]] += r["spans"]
        elif r["op"] in ("moved", "renamed"):
            # one that went here and one that came there may be the same
            got.update(most.keys())
        else:
            other += 1
    least = {"added": sum(n for n in want.values() if n > 0),
             "removed": -sum(n for n in want.values() if n < 0)}
    return got, most, least, other


def line(name, args, out, generator):
    subprocess.run([sys.executable, generator, "--out", out] + args,
                   check=True, stdout=subprocess.DEVNULL)
    if "repeat" in args:
        got, most, least, other = net(out)
        ok = all(least[k] <= got[k] <= most[k] for k in most)
        print("%-28s added %d (%d to %d)  removed %d (%d to %d)  others %d%s" % (
            name, got["added"], least["added"], most["added"], got["removed"],
            least["removed"], most["removed"], other, "" if ok else "  MISSED"))
        return ok
    ok = True
    without_step(out)
    for what, base, now, most, bound in (
            ("ndjson", "baseline.ndjson", "current.ndjson", 1, .98),
            ("otlp", "baseline.otlp.json", "current.otlp.json", 1, .98),
            ("no step", "baseline.bare.ndjson", "current.bare.ndjson", 0, 0)):
        r = score(out, base, now)
        sure = rate(*r, SURE)
        rest = rate(*r, ["move", "rename"])
        order = rate(*r, ["reorder"])
        good = min(sure) >= most and min(rest) >= bound and \
            min(order) >= bound
        if what == "no step":
            good = min(rate(*r, SURE + ["move", "rename", "reorder"])) >= .95
        ok = ok and good
        print("%-28s %-8s sure %.3f %.3f  moved, renamed %.3f %.3f  "
              "reordered %.3f %.3f%s" % (name, what, *sure, *rest, *order,
                                         "" if good else "  MISSED"))
    return ok


def main():
    generator, sizes = sys.argv[1], sys.argv[2:] or ["10", "100", "1000"]
    ok = True
    with tempfile.TemporaryDirectory() as out:
        for n in sizes:
            for shape in SHAPES:
                for ids in ("same", "renamed"):
                    args = ["--spans", n, "--shape", shape, "--ids", ids,
                            "--noise", "--seed",
                            os.environ.get("SEED", "5")]
                    ok = line(" ".join([n, shape, ids]), args, out,
                              generator) and ok
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
