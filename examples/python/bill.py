"""Sums up a bill, and tells by its spans that it did."""
import json
import os
import sys
import time
import urllib.request

TRACE, PARENT = os.environ["TRACEPARENT"].split("-")[1:3]


class Span:
    """A span from `with` to its end; those within have it as their parent."""

    ended = []
    above = [PARENT]

    def __init__(self, name, **attributes):
        self.name, self.attributes = name, attributes

    def __enter__(self):
        self.id, self.start = os.urandom(8).hex(), time.time_ns()
        self.parent = Span.above[-1]
        Span.above.append(self.id)
        return self

    def __exit__(self, kind, *_):
        Span.above.pop()
        Span.ended.append({
            "traceId": TRACE,
            "spanId": self.id,
            "parentSpanId": self.parent,
            "name": self.name,
            "kind": 1,
            "startTimeUnixNano": str(self.start),
            "endTimeUnixNano": str(time.time_ns()),
            "attributes": [{"key": k.replace("_", "."),
                            "value": {"intValue": str(v)}}
                           for k, v in self.attributes.items()],
            "status": {"code": 2 if kind else 1},
        })


def export():
    body = {"resourceSpans": [{"scopeSpans": [{"spans": Span.ended}]}]}
    urllib.request.urlopen(urllib.request.Request(
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] + "/v1/traces",
        json.dumps(body).encode(), {"Content-Type": "application/json"})).close()


items = [int(word) for word in sys.argv[1:]]
with Span("bill", bill_first=items[0]):
    with Span("bill.sum", bill_items=len(items)):
        print(sum(items))
export()
