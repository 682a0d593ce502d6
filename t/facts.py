#!/usr/bin/env python3
"""Tests of generated traces whose facts are known: all true, and one made wrong.

usage: facts.py GEN DIR COUNT

GEN is gen.py of the shared corpus. Writes COUNT directories below DIR, each with
its trace, true.clnrm.toml, false.clnrm.toml, and in `rule` what is wrong there.
"""
import json
import os
import random
import re
import runpy
import sys

HEAD = """[meta]
name = "t"
version = "1"
[[scenario]]
name = "s"
run = "true"
"""


def edges_of(spans):
    """The pairs of names that are parent and child, and ten that are not."""
    by_id = {s["span_id"]: s["name"] for s in spans}
    have = {(by_id[s["parent_span_id"]], s["name"]) for s in spans if s["parent_span_id"] in by_id}
    names = sorted(by_id.values())
    lack = sorted({(a, b) for a in names for b in names} - have)
    return sorted(have), lack[:10]


def known(facts, have, lack):
    """RULE, the table it stands in, its line when true, and when wrong."""
    bound = "{ eq = %d }"
    for i, (kind, n) in enumerate(facts["by_kind"].items()):
        line = 'name = "*"\nkind = "%s"\ncount = %s' % (kind, bound)
        yield "expect.span[%d].count" % i, "[[expect.span]]", line % n, line % (n + 1)
    totals = [("spans_total", facts["spans"]), ("errors_total", facts["by_status"].get("ERROR", 0))]
    totals += [("by_name.%s" % name, n) for name, n in facts["by_name"].items()]
    for key, n in totals:
        line = re.sub(r"(by_name\.)(.*)", r'\1"\2"', key) + " = " + bound
        yield "expect.counts." + key, "[expect.counts]", line % n, line % (n - 1 if n > 1 else n + 1)
    for key, right, wrong in ("must_include", have, lack), ("must_not_cross", lack, have):
        if right and wrong:
            line = key + " = %s"
            yield "expect.graph.%s[0]" % key, "[expect.graph]", *(line % json.dumps(p) for p in (right, wrong[:1]))


def table(rule):
    return re.split(r"[.\[]", rule)[1]


def text(rules, off):
    """All rules, the one of the name `off` wrong, without others that would contradict it."""
    out, last = [HEAD], None
    for rule, where, right, wrong in rules:
        if off and rule != off and table(rule) == table(off) and table(rule) != "span":
            continue
        if where != last or where.startswith("[["):
            out.append(where)
        out.append(wrong if rule == off else right)
        last = where
    return "\n".join(out) + "\n"


def main(gen, out, count):
    make = runpy.run_path(gen)["main"]
    for i in range(int(count)):
        d = os.path.join(out, "%04d" % i)
        shape = ["mixed", "deep", "wide", "repeat"][i % 4]
        sys.argv = [gen, "--spans", str(20 + i % 40), "--seed", str(i), "--changes", "0", "--out", d, "--shape", shape]
        make()
        with open(d + "/facts.json") as f, open(d + "/baseline.ndjson") as lines:
            rules = list(known(json.load(f), *edges_of([json.loads(line) for line in lines])))
        r = random.Random(i)
        kind = r.choice(sorted({table(rule[0]) for rule in rules}))
        off = r.choice([rule[0] for rule in rules if table(rule[0]) == kind])
        for name, what in ("true.clnrm.toml", text(rules, None)), ("false.clnrm.toml", text(rules, off)), ("rule", off + "\n"):
            with open(os.path.join(d, name), "w") as f:
                f.write(what)


main(*sys.argv[1:])
