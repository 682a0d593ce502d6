#!/usr/bin/env python3
"""Traces with known facts, and expectations whose truth is worked out here.

usage: truth.py DIR COUNT SEED

Writes DIR/NNNN.clnrm.toml, DIR/spans.ndjson (what ran, as the runner's records)
and DIR/truth.tsv: SOURCE, RULE or `verdict`, and what is true of it. What
clnrm-verify(1) and clnrm.toml(5) say is done anew here, slowly and plainly.
"""
import itertools
import json
import random
import re
import sys

NAMES = ["a", "b", "c", "db.get", "db.put", "http/get", "x[1]"]
GLOBS = ["*", "db.*", "?", "[ab]", "[!a]", "http*get", "never", "n?ver"]
KINDS = ["INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]
VALUES = [0, 0, 1, 1, 7, 7, -3, 2**60, 2**60 + 1, 1.5, 1.0, "7", "x", "", "1e2", True, False]
MS = 1000000
PARTS = [MS // 4, MS // 2, MS // 4 * 3]
PEERS = ["localhost", "127.0.0.1:80", "shop", "example.com", "10.0.0.1"]


def text(v):
    """The canonical text of a scalar."""
    if isinstance(v, bool):
        return "true" if v else "false"
    return repr(v) if isinstance(v, float) else str(v)


def glob(pattern, name):
    if pattern == name:
        return True
    out, i = "", 0
    while i < len(pattern):
        c = pattern[i]
        if c == "[":
            end = pattern.index("]", i + 2)
            body = pattern[i + 1 : end]
            out += "[" + ("^" + body[1:] if body[0] == "!" else body) + "]"
            i = end
        else:
            out += {"*": ".*", "?": "."}.get(c, re.escape(c))
        i += 1
    return re.fullmatch(out, name, re.S) is not None


def as_number(v):
    s = text(v)
    if not re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", s):
        return None
    return int(s) if re.fullmatch(r"-?\d+", s) else float(s)


def shifted(*spans):
    """All that may have been: who begins at a whole millisecond can be later by parts of one."""
    ways = [[{k: s[k] + d for k in ("start", "end")} for d in [0] + PARTS * (s["start"] % MS == 0)]
            for s in spans]
    return itertools.product(*ways)


class Trace:
    """What ran: the spans that count, ours, and who is above whom."""

    def __init__(self, r):
        self.spans = []
        n = r.choice([0, 1, 2, 5, 12, 20])
        for i in range(n):
            up = r.randrange(i) if i and r.random() < 0.8 else None
            start = r.randrange(1, 60) if up is None else self.spans[up]["start"] // MS + r.randrange(0, 9)
            self.spans.append({
                "id": "%016x" % (i + 1),
                "parent": "" if up is None else self.spans[up]["id"],
                "name": r.choice(NAMES),
                "kind": r.choice(KINDS),
                "start": start * MS + r.choice([0, 0, 0, *PARTS]),
                "end": (start + r.choice([-1, 0, 1, 3, 8, 30])) * MS + r.choice([0, *PARTS]),
                "attrs": {k: r.choice(VALUES) for k in "nsv" if r.random() < 0.6},
                "events": [r.choice("pqr") for _ in range(r.randrange(3))],
                "status": r.choice(["UNSET", "UNSET", "OK", "ERROR"]),
                "service": r.choice(["shop", "shop", "shop", "pay"]),
                "bound": r.choice(["trace"] * 8 + ["run", "listener", "no"]),
                "via": r.choice(["otlp"] * 7 + ["stdout", "clnrm"]),
            })
        for s in self.spans:
            if r.random() < 0.1:
                s["parent"] = "f" * 16  # it never came
            if r.random() < 0.04:
                s["parent"] = r.choice(self.spans)["id"]  # perhaps a circle
            if r.random() < 0.1:
                s["attrs"][r.choice(["net.peer.name", "server.address"])] = r.choice(PEERS)
        self.sent = list(self.spans)
        if n and r.random() < 0.3:  # an exporter that tries again
            self.sent.append(dict(r.choice(self.spans), name="again"))
        self.sent = r.sample(self.sent, len(self.sent))
        self.judge()

    def judge(self):
        """The first of equal ids; what is not bound and not ours is nothing."""
        self.known, seen = [], set()
        for s in self.sent:
            if s["via"] != "clnrm" and s["bound"] == "no" or s["id"] in seen:
                continue
            seen.add(s["id"])
            self.known.append(s)
        self.counted = [s for s in self.known if s["via"] != "clnrm"]
        by_id = {s["id"]: s for s in self.known}
        self.up = {s["id"]: by_id.get(s["parent"]) for s in self.known}

    def above(self, s):
        """Every ancestor, once."""
        out, s = [], self.up[s["id"]]
        while s is not None and s not in out:
            out.append(s)
            s = self.up[s["id"]]
        return out

    def named(self, pattern, ours=False):
        return [s for s in (self.known if ours else self.counted) if glob(pattern, s["name"])]

    def before(self, a, b):
        if a is b or not a["start"] or b in self.above(a):
            return False
        if a in self.above(b):
            return any(x["start"] < y["start"] for x, y in shifted(a, b))
        return any(x["end"] >= x["start"] and x["end"] <= y["start"] for x, y in shifted(a, b))

    def record(self, s, source):
        return {"type": "span", "id": "1", "source": source, "gen": 0, "variant": None,
                "service": None, "via": s["via"], "bound": s["bound"], "trace_id": "1" * 32,
                "span_id": s["id"], "parent_span_id": s["parent"], "name": s["name"],
                "kind": s["kind"], "start_unix_nano": str(s["start"]),
                "end_unix_nano": str(s["end"]),
                "status": {"code": s["status"], "message": ""},
                "attributes": s["attrs"], "events": [{"name": e} for e in s["events"]],
                "resource": {"attributes": {"service.name": s["service"]}}}


# ---- bounds

def any_bound(r, near):
    n = max(0, near + r.choice([-1, 0, 0, 1]))
    return r.choice([{"eq": n}, {"gte": n}, {"lte": n}, {"gte": n, "lte": n + r.randrange(3)}])


def within(b, n):
    if "eq" in b:
        return n == b["eq"]
    return b.get("gte", 0) <= n <= b.get("lte", n)


def least(b):
    return b.get("eq", b.get("gte", 0))


# ---- tables of [expect]: each makes TOML, and tells what is true:
# a list of (rule, "holds", "fails" or "missing")

def toml(v):
    if isinstance(v, dict):
        return "{ " + ", ".join('"%s" = %s' % (k, toml(x)) for k, x in v.items()) + " }"
    return json.dumps(v)


def outcome(ok, missing=False):
    return "holds" if ok else "missing" if missing else "fails"


def some_name(r):
    return r.choice(NAMES + GLOBS)


def some_condition(r):
    v = r.choice(VALUES)
    n = r.choice([-3, 0, 0, 1, 1, 1.5, 7, 7, 2**60])
    return r.choice([v, v, {"not": v}, {"gte": n}, {"gt": n}, {"lte": n}, {"lt": n},
                     {"gte": 0, "lt": 8}, {"regex": "^[0-9x]+$"}, {"regex": "t|7"},
                     {"exists": True}, {"exists": False}])


def meets(want, attrs, key):
    if not isinstance(want, dict):
        return key in attrs and text(attrs[key]) == text(want)
    if want.get("exists") is False:
        return key not in attrs
    if key not in attrs:
        return False
    got, n = text(attrs[key]), as_number(attrs[key])
    compare = {"gte": lambda x: n >= x, "gt": lambda x: n > x,
               "lte": lambda x: n <= x, "lt": lambda x: n < x}
    for op, x in want.items():
        if op in compare and (n is None or not compare[op](x)):
            return False
        if op == "not" and got == text(x):
            return False
        if op == "regex" and not re.search(x, got):
            return False
    return True


def span(t, r):
    name = some_name(r)
    lines, conditions, kin = ["[[expect.span]]", "name = " + toml(name)], [], {}
    for word in ["parent", "ancestor", "sibling", "follows"]:
        if r.random() < 0.15:
            p = some_name(r)
            lines.append("%s = %s" % (word, toml(p)))
            conditions.append(word)
            kin[word] = (p, t.named(p, word in ["parent", "ancestor"]))
    kind = r.choice(KINDS).lower()
    if r.random() < 0.15:
        lines.append("kind = " + toml(kind))
        conditions.append("kind")
    want = {"all": {}, "any": {}}
    for word in want:
        if r.random() < 0.3:
            want[word] = {k: some_condition(r) for k in r.sample("nsv", r.randrange(1, 3))}
            lines.append("attrs.%s = %s" % (word, toml(want[word])))
            conditions.append("attrs_" + word)
    events = {"all": [], "any": []}
    for word in events:
        if r.random() < 0.15:
            events[word] = r.sample("pqrs", r.randrange(1, 3))
            lines.append("events.%s = %s" % (word, toml(events[word])))
            conditions.append("events_" + word)
    lo, hi = r.choice([0, 1, 3]), r.choice([3, 8, 30])
    if r.random() < 0.15:
        lines.append("duration_ms = { min = %d, max = %d }" % (lo, hi))
        conditions.append("duration")
    count = any_bound(r, r.randrange(3)) if r.random() < 0.3 else None
    if count:
        lines.append("count = " + toml(count))

    def holds(c, s):
        if c == "parent":
            return t.up[s["id"]] in kin[c][1] and t.up[s["id"]] is not None
        if c == "ancestor":
            return any(u in kin[c][1] for u in t.above(s))
        if c == "sibling":
            return s["parent"] != "" and any(
                o is not s and o["parent"] == s["parent"] for o in kin[c][1])
        if c == "follows":
            return any(t.before(o, s) for o in kin[c][1])
        if c == "kind":
            return s["kind"].lower() == kind
        if c in ["attrs_all", "attrs_any"]:
            w = want[c[6:]]
            hits = [meets(x, s["attrs"], k) for k, x in w.items()]
            return all(hits) if c == "attrs_all" else any(hits)
        if c in ["events_all", "events_any"]:
            hits = [e in s["events"] for e in events[c[7:]]]
            return all(hits) if c == "events_all" else any(hits)
        d = (s["end"] - s["start"]) / 1e6
        return s["end"] >= s["start"] and lo <= d <= hi

    there = t.named(name)
    hits = [[holds(c, s) for c in conditions] for s in there]
    whole = sum(all(h) for h in hits)
    facts = []
    if count is None or least(count) > 0:
        facts.append(("existence", outcome(there, True)))
    if count is not None:
        facts.append(("count", outcome(within(count, whole), not there)))
    elif there:
        best = max(range(len(there)), key=lambda i: (sum(hits[i]), -i))
        for c, h in zip(conditions, hits[best]):
            facts.append((c, outcome(h, c in kin and not kin[c][1])))
    return "\n".join(lines), [("expect.span[%d]." + c, o) for c, o in facts]


def pairs(r):
    return [[r.choice(NAMES + ["never"]), r.choice(NAMES + ["db.*"])] for _ in range(r.randrange(1, 3))]


def graph(t, r):
    include, cross, facts = pairs(r), pairs(r), []

    def edge(p, c):
        return any(t.up[s["id"]] in t.named(p, True) and t.up[s["id"]] for s in t.named(c))

    for i, (p, c) in enumerate(include):
        facts.append(("expect.graph.must_include[%d]" % i,
                      outcome(edge(p, c), not t.named(p, True) or not t.named(c))))
    for i, (p, c) in enumerate(cross):
        facts.append(("expect.graph.must_not_cross[%d]" % i, outcome(not edge(p, c))))
    circle = any(s in t.above(s) for s in t.known)
    facts.append(("expect.graph.acyclic", outcome(not circle)))
    return ("[expect.graph]\nmust_include = %s\nmust_not_cross = %s\nacyclic = true" %
            (toml(include), toml(cross)), facts)


def is_error(s):
    return s["status"] == "ERROR"


def counts(t, r):
    totals = {"spans_total": len(t.counted), "events_total": sum(len(s["events"]) for s in t.counted),
              "errors_total": sum(map(is_error, t.counted))}
    lines, facts = ["[expect.counts]"], []
    for key, n in totals.items():
        if r.random() < 0.6:
            b = any_bound(r, n)
            lines.append("%s = %s" % (key, toml(b)))
            facts.append(("expect.counts." + key,
                          outcome(within(b, n), not t.counted and least(b) > 0)))
    by_name = {}
    for name in r.sample(NAMES + GLOBS, r.randrange(3)):
        n = len(t.named(name))
        b = by_name[name] = any_bound(r, n)
        facts.append(("expect.counts.by_name." + name, outcome(within(b, n), not n and least(b) > 0)))
    lines.append("by_name = " + toml(by_name))
    return "\n".join(lines), facts


def window(t, r):
    outer = r.choice(NAMES + ["db.*"])
    inner = r.sample([n for n in NAMES + ["?"] if n != outer], r.randrange(1, 3))
    facts = []

    def inside(s, o):
        return (s is not o and s["end"] >= s["start"] and o["end"] >= o["start"] and
                any(x["start"] >= y["start"] and x["end"] <= y["end"] for x, y in shifted(s, o)))

    for i, name in enumerate(inner):
        spans, outs = t.named(name), t.named(outer)
        ok = spans and outs and all(any(inside(s, o) for o in outs) for s in spans)
        facts.append(("expect.window[0].contains[%d]" % i, outcome(ok, not spans or not outs)))
    return "[[expect.window]]\nouter = %s\ncontains = %s" % (toml(outer), toml(inner)), facts


def order(t, r):
    lines, facts = ["[expect.order]"], []
    key = r.choice(["must_precede", "must_follow"])
    list_ = [r.sample(NAMES + ["never"], 2)]
    lines.append("%s = %s" % (key, toml(list_)))
    for i, (x, y) in enumerate(list_):
        first, then = (t.named(x), t.named(y)) if key == "must_precede" else (t.named(y), t.named(x))
        ok = any(t.before(a, b) for a in first for b in then)
        facts.append(("expect.order.%s[%d]" % (key, i), outcome(ok, not first or not then)))
    return "\n".join(lines), facts


def status(t, r):
    lines, facts = ["[expect.status]"], []

    def check(rule, pattern, want):
        spans = t.named(pattern)
        ok = spans and all(s["status"] == want for s in spans)
        facts.append((rule, outcome(ok, not spans)))

    if r.random() < 0.3:
        want = r.choice(["OK", "ERROR", "UNSET"])
        lines.append("all = " + toml(want))
        check("expect.status.all", "*", want)
    else:
        name = some_name(r)
        want = r.choice(["OK", "ERROR", "UNSET"])
        lines.append("by_name = " + toml({name: want.lower()}))
        check("expect.status.by_name." + name, name, want)
    return "\n".join(lines), facts


def hermeticity(t, r):
    lines, facts = ["[expect.hermeticity]", "no_external_services = true"], []

    def is_out(s):
        for k in ["net.peer.name", "server.address"]:
            host = s["attrs"].get(k)
            if host is None or k == "server.address" and s["kind"] not in ["CLIENT", "PRODUCER"]:
                continue
            if host.split(":")[0] not in ["localhost", "127.0.0.1"]:
                return True
        return False

    facts.append(("expect.hermeticity.no_external_services",
                  outcome(not any(map(is_out, t.counted)))))
    want = r.choice(["shop", "pay"])
    lines.append('resource_attrs.must_match = { "service.name" = %s }' % toml(want))
    facts.append(("expect.hermeticity.resource_attrs.service.name",
                  outcome(t.counted and all(s["service"] == want for s in t.counted), not t.counted)))
    key = r.choice("nsvz")
    lines.append("span_attrs.forbid_keys = [%s]" % toml(key))
    facts.append(("expect.hermeticity.forbid_keys[0]",
                  outcome(not any(key in s["attrs"] for s in t.counted))))
    return "\n".join(lines), facts


TABLES = [graph, counts, window, order, status, hermeticity]


def make(r):
    t = Trace(r)
    parts, facts = [], []
    for i in range(r.randrange(3)):
        toml_text, found = span(t, r)
        parts.append(toml_text)
        facts += [(rule % i, o) for rule, o in found]
    for table in r.sample(TABLES, r.randrange(0 if parts else 1, 3)):
        toml_text, found = table(t, r)
        parts.append(toml_text)
        facts += found
    return t, parts, facts


def main():
    where, n, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    truth = open(where + "/truth.tsv", "w")
    ran = open(where + "/spans.ndjson", "w")
    for i in range(n):
        source = "%s/%04d.clnrm.toml" % (where, i)
        t, parts, facts = make(random.Random(seed * 1000003 + i))
        with open(source, "w") as f:
            f.write('[meta]\nname = "t%d"\nversion = "1"\n[[scenario]]\nname = "s"\nrun = "true"\n' % i)
            f.write("\n".join(parts) + "\n")
        outcomes = [o for _, o in facts]
        verdict = "fail" if "fails" in outcomes else "fake" if "missing" in outcomes else "pass"
        for rule, o in facts + [("verdict", verdict)]:
            print(source, rule, o if rule == "verdict" else o == "holds", sep="\t", file=truth)
        key = {"id": "1", "source": source, "gen": 0, "variant": None, "scenario": "s"}
        for s in t.sent:
            print(json.dumps(t.record(s, source)), file=ran)
        print(json.dumps(dict(type="step", step="s", exit_code=0, index=0, **key)), file=ran)
        complete = {"processes": True, "connections": True, "parents": True}
        print(json.dumps(dict(type="scenario.end", status="ok", complete=complete, **key)), file=ran)
    print('{"type":"end","stage":"exec","status":0}', file=ran)


main()
