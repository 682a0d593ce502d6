/* Which keys there are, and what each may hold. */
#include <math.h>
#include <stddef.h>

#include "core/rule_int.h"

#define KEY(n, s, ...)                                   \
	{                                                \
		.name = (n), .shape = (s), ##__VA_ARGS__ \
	}
#define FROM(least) .flags = RULE_RANGE, .min = (least), .max = INFINITY
#define BETWEEN(least, most) .flags = RULE_RANGE, .min = (least), .max = (most)
#define ONE_OF(list) .flags = RULE_WORDS, .words = (list)
#define ANY_CASE_OF(list) .flags = RULE_WORDS | RULE_ANY_CASE, .words = (list)
#define LEVELS "full|no-proc|no-net|process"
#define END                  \
	{                    \
		.name = NULL \
	}

static const struct rule_key metadata[] = {
    KEY("name", RULE_STR, .flags = RULE_NEEDED | RULE_NAME),
    KEY("description", RULE_STR),
    KEY("timeout", RULE_STR),
    KEY("isolation", RULE_STR, ONE_OF(LEVELS)),
    END,
};

static const struct rule_key test[] = {
    KEY("metadata", RULE_TABLE, .sub = metadata),
    END,
};

static const struct rule_key meta[] = {
    KEY("name", RULE_STR, .flags = RULE_NEEDED | RULE_NAME),
    KEY("version", RULE_STR, .flags = RULE_NEEDED | RULE_NAME),
    KEY("description", RULE_STR),
    KEY("timeout", RULE_STR),
    KEY("isolation", RULE_STR, ONE_OF(LEVELS)),
    END,
};

static const struct rule_key volume[] = {
    KEY("host_path", RULE_STR, .flags = RULE_NEEDED | RULE_NAME),
    KEY("container_path", RULE_STR, .flags = RULE_NEEDED | RULE_NAME),
    KEY("read_only", RULE_BOOL),
    END,
};

static const struct rule_key health_check[] = {
    KEY("cmd", RULE_STRS, .flags = RULE_NEEDED),
    KEY("interval", RULE_INT, FROM(0)),
    KEY("timeout", RULE_INT, FROM(0)),
    KEY("retries", RULE_INT, FROM(0)),
    END,
};

static const struct rule_key service[] = {
    KEY("plugin", RULE_STR, .flags = RULE_NAME),
    KEY("type", RULE_STR),
    KEY("image", RULE_STR, .flags = RULE_NAME),
    KEY("args", RULE_STRS),
    KEY("env", RULE_STR_MAP),
    KEY("ports", RULE_INTS, BETWEEN(1, 65535)),
    KEY("volumes", RULE_TABLES, .sub = volume),
    KEY("health_check", RULE_TABLE, .sub = health_check),
    KEY("username", RULE_STR),
    KEY("password", RULE_STR),
    KEY("strict", RULE_BOOL),
    KEY("wait_for_span", RULE_STR, .flags = RULE_NAME),
    KEY("wait_for_span_timeout_secs", RULE_INT, FROM(0)),
    END,
};

static const struct rule_key step[] = {
    KEY("name", RULE_STR, .flags = RULE_NEEDED | RULE_NAME),
    KEY("command", RULE_STRS),
    KEY("run", RULE_STR, .flags = RULE_NAME),
    KEY("expected_output_regex", RULE_STR),
    KEY("workdir", RULE_STR),
    KEY("env", RULE_STR_MAP),
    KEY("expected_exit_code", RULE_INT, BETWEEN(0, 255)),
    KEY("continue_on_failure", RULE_BOOL),
    KEY("service", RULE_STR, .flags = RULE_NAME),
    KEY("timeout_ms", RULE_INT, FROM(1)),
    END,
};

static const struct rule_key policy[] = {
    KEY("security_level", RULE_STR, ANY_CASE_OF("low|medium|high")),
    KEY("max_execution_time", RULE_INT, FROM(1)),
    KEY("max_memory_mb", RULE_INT, FROM(1)),
    KEY("max_cpu_usage", RULE_NUMBER, BETWEEN(0, 1)),
    KEY("allowed_network_hosts", RULE_STRS),
    KEY("disallowed_commands", RULE_STRS),
    END,
};

static const struct rule_key artifacts[] = {
    KEY("collect", RULE_STRS, .flags = RULE_NEEDED),
    END,
};

static const struct rule_key scenario[] = {
    KEY("name", RULE_STR, .flags = RULE_NEEDED | RULE_NAME),
    KEY("service", RULE_STR, .flags = RULE_NAME),
    KEY("run", RULE_STR, .flags = RULE_NAME),
    KEY("steps", RULE_TABLES, .sub = step),
    KEY("concurrent", RULE_BOOL),
    KEY("timeout_ms", RULE_INT, FROM(1)),
    KEY("policy", RULE_TABLE, .sub = policy),
    KEY("artifacts", RULE_TABLE, .sub = artifacts),
    KEY("isolation", RULE_STR, ONE_OF(LEVELS)),
    KEY("expected_exit_code", RULE_INT, BETWEEN(0, 255)),
    KEY("expected_output_regex", RULE_STR),
    KEY("env", RULE_STR_MAP),
    KEY("workdir", RULE_STR),
    END,
};

static const struct rule_key propagators[] = {
    KEY("use", RULE_STRS, .flags = RULE_NEEDED),
    END,
};

static const struct rule_key otel[] = {
    KEY("exporter", RULE_STR,
	ANY_CASE_OF(
	    "stdout|otlp|otlp-http|otlp-grpc|jaeger|zipkin|datadog|newrelic")),
    KEY("endpoint", RULE_STR),
    KEY("protocol", RULE_STR),
    KEY("sample_ratio", RULE_NUMBER, BETWEEN(0, 1)),
    KEY("resources", RULE_STR_MAP),
    KEY("headers", RULE_STR_MAP),
    KEY("propagators", RULE_TABLE, .sub = propagators),
    KEY("identity", RULE_STR, ONE_OF("any|strict")),
    END,
};

static const struct rule_key attrs[] = {
    KEY("all", RULE_SCALAR_MAP),
    KEY("any", RULE_ATTRS),
    END,
};

static const struct rule_key events[] = {
    KEY("all", RULE_STRS),
    KEY("any", RULE_STRS),
    END,
};

static const struct rule_key duration[] = {
    KEY("min", RULE_NUMBER, FROM(0)),
    KEY("max", RULE_NUMBER, FROM(0)),
    END,
};

static const struct rule_key span[] = {
    KEY("name", RULE_STR, .flags = RULE_NEEDED | RULE_NAME),
    KEY("parent", RULE_STR, .flags = RULE_NAME),
    KEY("kind", RULE_STR,
	ANY_CASE_OF("internal|server|client|producer|consumer")),
    KEY("attrs", RULE_TABLE, .sub = attrs),
    KEY("events", RULE_TABLE, .sub = events),
    KEY("duration_ms", RULE_TABLE, .sub = duration),
    END,
};

static const struct rule_key graph[] = {
    KEY("must_include", RULE_STRS_ARRAY),
    KEY("must_not_cross", RULE_STRS_ARRAY),
    KEY("acyclic", RULE_BOOL),
    END,
};

static const struct rule_key bound[] = {
    KEY("gte", RULE_INT, FROM(0)),
    KEY("lte", RULE_INT, FROM(0)),
    KEY("eq", RULE_INT, FROM(0)),
    END,
};

static const struct rule_key counts[] = {
    KEY("spans_total", RULE_TABLE, .sub = bound),
    KEY("events_total", RULE_TABLE, .sub = bound),
    KEY("errors_total", RULE_TABLE, .sub = bound),
    KEY("by_name", RULE_TABLE_MAP, .sub = bound),
    END,
};

static const struct rule_key window[] = {
    KEY("outer", RULE_STR, .flags = RULE_NEEDED | RULE_NAME),
    KEY("contains", RULE_STRS, .flags = RULE_NEEDED),
    END,
};

static const struct rule_key order[] = {
    KEY("must_precede", RULE_STRS_ARRAY),
    KEY("must_follow", RULE_STRS_ARRAY),
    END,
};

static const struct rule_key status[] = {
    KEY("all", RULE_STR, ANY_CASE_OF("OK|ERROR|UNSET")),
    KEY("by_name", RULE_STR_MAP, ANY_CASE_OF("OK|ERROR|UNSET")),
    END,
};

static const struct rule_key must_match[] = {
    KEY("must_match", RULE_SCALAR_MAP),
    END,
};

static const struct rule_key forbid_keys[] = {
    KEY("forbid_keys", RULE_STRS),
    END,
};

static const struct rule_key hermeticity[] = {
    KEY("no_external_services", RULE_BOOL),
    KEY("resource_attrs", RULE_TABLE, .sub = must_match),
    KEY("sdk_resource_attrs", RULE_TABLE, .sub = must_match),
    KEY("span_attrs", RULE_TABLE, .sub = forbid_keys),
    KEY("resource_attrs_must_match", RULE_ITEMS, .sub = must_match),
    KEY("span_attrs_forbid_keys", RULE_ITEMS, .sub = forbid_keys),
    END,
};

static const struct rule_key expect[] = {
    KEY("span", RULE_TABLES, .sub = span),
    KEY("graph", RULE_TABLE, .sub = graph),
    KEY("counts", RULE_TABLE, .sub = counts),
    KEY("window", RULE_TABLES, .sub = window),
    KEY("order", RULE_TABLE, .sub = order),
    KEY("status", RULE_TABLE, .sub = status),
    KEY("hermeticity", RULE_TABLE, .sub = hermeticity),
    END,
};

static const struct rule_key expected_span[] = {
    KEY("name", RULE_STR, .flags = RULE_NEEDED | RULE_NAME),
    KEY("attributes", RULE_SCALAR_MAP),
    KEY("required", RULE_BOOL),
    KEY("min_duration_ms", RULE_NUMBER, FROM(0)),
    KEY("max_duration_ms", RULE_NUMBER, FROM(0)),
    END,
};

static const struct rule_key expected_trace[] = {
    KEY("span_names", RULE_STRS, .flags = RULE_NEEDED),
    KEY("trace_id", RULE_STR),
    KEY("complete", RULE_BOOL),
    KEY("parent_child", RULE_STRS_ARRAY),
    END,
};

static const struct rule_key otel_validation[] = {
    KEY("enabled", RULE_BOOL, .flags = RULE_NEEDED),
    KEY("validate_spans", RULE_BOOL),
    KEY("validate_traces", RULE_BOOL),
    KEY("validate_exports", RULE_BOOL),
    KEY("validate_performance", RULE_BOOL),
    KEY("max_overhead_ms", RULE_NUMBER, FROM(0)),
    KEY("expected_spans", RULE_TABLES, .sub = expected_span),
    KEY("expected_traces", RULE_TABLES, .sub = expected_trace),
    KEY("expect_graph", RULE_TABLE, .sub = graph),
    KEY("expect_counts", RULE_TABLE, .sub = counts),
    KEY("expect_windows", RULE_TABLES, .sub = window),
    KEY("expect_hermeticity", RULE_TABLE, .sub = hermeticity),
    KEY("expect_order", RULE_TABLE, .sub = order),
    KEY("expect_status", RULE_TABLE, .sub = status),
    END,
};

static const struct rule_key report[] = {
    KEY("json", RULE_STR, .flags = RULE_NAME),
    KEY("junit", RULE_STR, .flags = RULE_NAME),
    KEY("digest", RULE_STR, .flags = RULE_NAME),
    END,
};

static const struct rule_key determinism[] = {
    KEY("seed", RULE_INT, FROM(0)),
    KEY("freeze_clock", RULE_STR),
    END,
};

static const struct rule_key limits[] = {
    KEY("cpu_millicores", RULE_INT, FROM(1)),
    KEY("memory_mb", RULE_INT, FROM(1)),
    KEY("processes", RULE_INT, FROM(1)),
    KEY("open_files", RULE_INT, FROM(1)),
    KEY("output_bytes", RULE_INT, FROM(1)),
    KEY("disk_mb", RULE_INT, FROM(1)),
    KEY("optional", RULE_STRS,
	ONE_OF("cpu_millicores|memory_mb|processes|open_files|"
	       "output_bytes|disk_mb")),
    END,
};

static const struct rule_key env[] = {
    KEY("pass", RULE_STRS),
    END,
};

const struct rule_key rule_root[] = {
    KEY("test", RULE_TABLE, .sub = test),
    KEY("meta", RULE_TABLE, .sub = meta),
    KEY("services", RULE_TABLE_MAP, .sub = service),
    KEY("service", RULE_TABLE_MAP, .sub = service),
    KEY("steps", RULE_TABLES, .sub = step),
    KEY("scenario", RULE_TABLES, .sub = scenario),
    KEY("assertions", RULE_ANY_MAP),
    KEY("otel_validation", RULE_TABLE, .sub = otel_validation),
    KEY("otel", RULE_TABLE, .sub = otel),
    KEY("vars", RULE_ANY_MAP),
    KEY("matrix", RULE_STRS_MAP),
    KEY("expect", RULE_TABLE, .sub = expect),
    KEY("report", RULE_TABLE, .sub = report),
    KEY("determinism", RULE_TABLE, .sub = determinism),
    KEY("limits", RULE_TABLE, .sub = limits),
    KEY("otel_headers", RULE_STR_MAP),
    KEY("otel_propagators", RULE_TABLE, .sub = propagators),
    KEY("env", RULE_TABLE, .sub = env),
    END,
};
