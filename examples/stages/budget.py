#!/usr/bin/env python3
"""usage: budget.py MILLISECONDS <JUDGED | clnrm-report

A stage that gives each step a budget of time. It stands behind clnrm-verify; a
scenario that passed with a step above the budget fails, and the check says by
how much. All other records pass through as they are."""
import json
import sys

budget = float(sys.argv[1])
slow = {}

for line in sys.stdin:
    record = json.loads(line)
    if record["type"] == "step":
        ms = record["duration_ns"] / 1e6
        if ms > budget:
            slow.setdefault(record["id"], (record["step"], ms))
    elif record["type"] == "verdict" and record["id"] in slow:
        step, ms = slow[record["id"]]
        same = {key: record[key]
                for key in ("id", "source", "gen", "variant", "scenario")}
        message = f'step "{step}": {ms:.0f} ms, budget {budget:.0f} ms'
        print(json.dumps({
            "type": "check", **same, "rule": "budget", "code": "X001",
            "file": record["source"], "line": 1, "column": 1, "ok": False,
            "message": message,
            "spans": [], "expected": f"at most {budget:.0f} ms",
            "actual": f"{ms:.0f} ms", "hint": None}))
        if record["verdict"] == "pass":
            record["verdict"] = "fail"
            record["first_failure"] = {"rule": "budget", "message": message}
            record["counts"]["failed"] += 1
        record["counts"]["checks"] += 1
        line = json.dumps(record) + "\n"
    print(line, end="", flush=True)
