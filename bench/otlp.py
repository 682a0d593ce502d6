#!/usr/bin/env python3
"""otlp.py FORM SPANS EACH: prints spans of one resource, in traces of EACH.

FORM is `records`; `run`, those of a whole run of t.clnrm.toml; or `requests`:
OTLP in JSON, EACH spans a line. Each span has its parent, five attributes and,
one in four, an event.
"""
import json
import sys

form, count, each = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def value(v):
    kind = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue"}[type(v)]
    return {kind: str(v) if kind == "intValue" else v}


def pairs(attributes):
    return [{"key": k, "value": value(v)} for k, v in attributes.items()]


def wired(s):
    return {"traceId": s["trace_id"], "spanId": s["span_id"], "parentSpanId": s["parent_span_id"],
            "flags": s["flags"], "name": s["name"], "kind": ["", "INTERNAL", "SERVER", "CLIENT"].index(s["kind"]),
            "startTimeUnixNano": s["start_unix_nano"], "endTimeUnixNano": s["end_unix_nano"],
            "attributes": pairs(s["attributes"]),
            "events": [{"timeUnixNano": e["time_unix_nano"], "name": e["name"],
                        "attributes": pairs(e["attributes"])} for e in s["events"]],
            "status": {"code": 1} if s["status"]["code"] == "OK" else {}}


def request(spans):
    return {"resourceSpans": [{"resource": {"attributes": pairs(resource["attributes"])},
                               "scopeSpans": [{"scope": {"name": scope["name"], "version": scope["version"]},
                                               "spans": [wired(s) for s in spans]}]}]}


def tell(v):
    print(json.dumps(v, separators=(",", ":")))


resource = {"attributes": {"service.name": "shop", "telemetry.sdk.language": "cpp",
                           "telemetry.sdk.name": "opentelemetry", "host.name": "bench"},
            "dropped_attributes": 0, "schema_url": ""}
scope = {"name": "shop", "version": "1.2", "attributes": {}, "dropped_attributes": 0, "schema_url": ""}
names = ["order", "pay", "ship", "pack", "GET /items/{id}", "SELECT items", "cache.get", "render"]
start = 1700000000000000000
waiting = []
for i in range(count):
    at = i % each
    begin = start + i * 1000003
    span = {"type": "span", "id": "1", "source": "t.clnrm.toml", "gen": 0, "variant": None, "service": None,
            "via": "otlp", "bound": "trace", "trace_id": "%032x" % (i // each + 1), "span_id": "%016x" % (i + 1),
            "parent_span_id": "%016x" % (i - at + (at + 1) // 2) if at else "", "trace_state": "", "flags": 257,
            "name": names[at % 8], "kind": ["INTERNAL", "SERVER", "CLIENT"][at % 3],
            "start_unix_nano": str(begin), "end_unix_nano": str(begin + 5000017 + at),
            "status": {"code": "UNSET" if at % 16 else "OK", "message": ""},
            "attributes": {"http.request.method": "GET", "http.response.status_code": 200 + at % 4,
                           "retry": at % 2 == 0, "share": at / 8 + 0.25, "url.path": "/items/%d" % i},
            "dropped_attributes": 0,
            "events": [] if at % 4 else [{"time_unix_nano": str(begin + 1000), "name": "cache.miss",
                                          "attributes": {"key": "item-%d" % i}, "dropped_attributes": 0}],
            "dropped_events": 0, "links": [], "dropped_links": 0, "resource": resource, "scope": scope}
    if form != "requests":
        tell(span)
        continue
    waiting.append(span)
    if len(waiting) == each or i + 1 == count:
        tell(request(waiting))
        waiting = []
if form == "run":
    key = {"id": "1", "source": "t.clnrm.toml", "gen": 0, "variant": None, "scenario": "s"}
    tell(dict(type="step", step="s", exit_code=0, index=0, **key))
    complete = {"processes": True, "connections": True, "parents": True}
    tell(dict(type="scenario.end", status="ok", complete=complete, **key))
    tell({"type": "end", "stage": "exec", "status": 0})
