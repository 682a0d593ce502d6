/* Which keys there are, and what each may hold. */
#include <math.h>
#include <stddef.h>

#include "core/rule_int.h"

#define KEY(n, s, text, ...)                                             \
	{                                                                \
		.name = (n), .shape = (s), .does = (text), ##__VA_ARGS__ \
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
    KEY("name", RULE_STR, "The name of the test.",
	.flags = RULE_NEEDED | RULE_NAME),
    KEY("version", RULE_STR, "The version of the test, any text."),
    KEY("description", RULE_STR, "What the test is for."),
    KEY("author", RULE_STR, "Who wrote it."),
    KEY("tags", RULE_STRS, "What it is about, to be selected by."),
    KEY("timeout", RULE_STR,
	"The time-out of scenarios that set none, such as 120s. Units are ms, "
	"s, m, h, d."),
    KEY("isolation", RULE_STR,
	"The least isolation that the test accepts. Default: full.",
	ONE_OF(LEVELS)),
    KEY("priority", RULE_INT,
	"Of scenarios that wait for a worker, the one with the higher number "
	"runs first. Default: 0.",
	BETWEEN(-100, 100)),
    END,
};

static const struct rule_key test[] = {
    KEY("metadata", RULE_TABLE, "The older form of [meta].", .sub = metadata, ),
    END,
};

static const struct rule_key meta[] = {
    KEY("name", RULE_STR, "The name of the test.",
	.flags = RULE_NEEDED | RULE_NAME),
    KEY("version", RULE_STR, "The version of the test, any text.",
	.flags = RULE_NEEDED | RULE_NAME),
    KEY("description", RULE_STR, "What the test is for."),
    KEY("tags", RULE_STRS, "What it is about, to be selected by."),
    KEY("timeout", RULE_STR,
	"The time-out of scenarios that set none, such as 120s. Units are ms, "
	"s, m, h, d."),
    KEY("isolation", RULE_STR,
	"The least isolation that the test accepts. Default: full.",
	ONE_OF(LEVELS)),
    KEY("priority", RULE_INT,
	"Of scenarios that wait for a worker, the one with the higher number "
	"runs first. Default: 0.",
	BETWEEN(-100, 100)),
    KEY("inputs", RULE_STRS,
	"Patterns of files and directories that the test depends on, from the "
	"project's root on, such as data/**: a change of one runs it again."),
    END,
};

static const struct rule_key volume[] = {
    KEY("host_path", RULE_STR, "A directory of the host, absolute.",
	.flags = RULE_NEEDED | RULE_NAME),
    KEY("container_path", RULE_STR, "Where it appears, absolute.",
	.flags = RULE_NEEDED | RULE_NAME),
    KEY("read_only", RULE_BOOL, "Default: false."),
    END,
};

static const struct rule_key health_check[] = {
    KEY("cmd", RULE_STRS,
	"A command that ends with 0 once the service is ready.",
	.flags = RULE_NEEDED),
    KEY("interval", RULE_INT, "Seconds between two tries.", FROM(0)),
    KEY("timeout", RULE_INT, "Seconds that one try may take.", FROM(0)),
    KEY("retries", RULE_INT, "How many tries may fail.", FROM(0)),
    END,
};

static const struct rule_key ready[] = {
    KEY("tcp", RULE_INTS, "Ports that take a connection.", BETWEEN(1, 65535)),
    KEY("http", RULE_STR,
	"A URL in the cleanroom that answers with a status below 400.",
	.flags = RULE_NAME),
    KEY("log", RULE_STR,
	"A Perl-compatible expression that is found in what it prints.",
	.flags = RULE_NAME),
    KEY("command", RULE_STRS, "A command, run in its world, that ends with 0."),
    KEY("interval_ms", RULE_INT,
	"Milliseconds between two tries. Default: 5, doubled to 100.", FROM(1)),
    KEY("timeout_ms", RULE_INT,
	"Milliseconds until it counts as failed. Default: 60000.", FROM(1)),
    END,
};

static const struct rule_key service[] = {
    KEY("plugin", RULE_STR,
	"What runs the service: generic_container (the default), surrealdb, "
	"ollama, vllm or tgi. The last three, once their image answers at "
	"/api/version or /health of its first port (11434, 8000, 80), are "
	"ready.",
	.flags = RULE_NAME),
    KEY("type", RULE_STR, "The older name of plugin.", .since = RULE_V04),
    KEY("image", RULE_STR,
	"The image that is its root; the generic container must have one. "
	"The image host is the host's root.",
	.flags = RULE_NAME),
    KEY("command", RULE_STRS,
	"The program and its arguments. Default: those of the image, where "
	"something is there to wait for; else nothing runs, and steps find its "
	"world."),
    KEY("args", RULE_STRS, "Arguments in place of those of the image."),
    KEY("env", RULE_STR_MAP, "Its environment, over that of the image."),
    KEY("workdir", RULE_STR, "Where it starts. Default: as the image says.",
	.flags = RULE_NAME),
    KEY("user", RULE_STR,
	"Who runs it and the steps in it: NAME, NAME:GROUP or numbers, as the "
	"image's /etc/passwd and /etc/group have them. Default: as the image "
	"says.",
	.flags = RULE_NAME),
    KEY("ports", RULE_INTS, "Ports that it listens on.", BETWEEN(1, 65535)),
    KEY("volumes", RULE_TABLES, "Directories of the host that it sees.",
	.sub = volume),
    KEY("description", RULE_STR, "What it is for."),
    KEY("depends_on", RULE_STRS,
	"Services that must be ready before it starts."),
    KEY("ready", RULE_TABLE,
	"What must hold before it counts as ready; all of it. Default: its "
	"ports take a connection.",
	.sub = ready),
    KEY("network", RULE_STR,
	"As that of a scenario, for all scenarios: services and steps share "
	"one.",
	ONE_OF("none|host")),
    KEY("reuse", RULE_BOOL,
	"Whether it lives on for the next scenario of the file, with its "
	"files, its processes and the network, until the last has ended. They "
	"then run one after the other. Default: false."),
    KEY("health_check", RULE_TABLE, "The older form of ready.command.",
	.sub = health_check),
    KEY("username", RULE_STR, "Of the plugin surrealdb. Default: root."),
    KEY("password", RULE_STR, "Of the plugin surrealdb. Default: root."),
    KEY("strict", RULE_BOOL, "Of the plugin surrealdb. Default: false."),
    KEY("wait_for_span", RULE_STR,
	"It is ready when a span of this name, or pattern, has ended.",
	.flags = RULE_NAME, .since = RULE_V10),
    KEY("wait_for_span_timeout_secs", RULE_INT, "Default: 30.", FROM(1),
	.since = RULE_V10),
    END,
};

static const struct rule_key step[] = {
    KEY("name", RULE_STR, "Its name, once in a scenario.",
	.flags = RULE_NEEDED | RULE_NAME),
    KEY("command", RULE_STRS, "The program and its arguments.",
	.flags = RULE_EITHER),
    KEY("run", RULE_STR,
	"A text for /bin/sh -c, in place of command. One of the two must be "
	"there.",
	.flags = RULE_EITHER | RULE_NAME),
    KEY("expected_output_regex", RULE_STR,
	"A Perl-compatible expression that must be found in standard output."),
    KEY("description", RULE_STR, "What it is for."),
    KEY("workdir", RULE_STR,
	"Where it starts, relative to the project's root."),
    KEY("env", RULE_STR_MAP, "Its environment, over that of the scenario."),
    KEY("expected_exit_code", RULE_INT, "Default: 0.", BETWEEN(0, 255)),
    KEY("continue_on_failure", RULE_BOOL,
	"Whether the steps behind it run although it fails. Default: false."),
    KEY("service", RULE_STR, "The name of a service.", .flags = RULE_NAME),
    KEY("user", RULE_STR, "Who runs it in the service. Default: as there.",
	.flags = RULE_NAME),
    KEY("timeout_ms", RULE_INT, "Milliseconds until it is stopped.", FROM(1)),
    END,
};

static const struct rule_key policy[] = {
    KEY("security_level", RULE_STR,
	"How much is closed. With low, the network may be the host's. With "
	"medium, the default, it is the cleanroom's own. With high only the "
	"project, HOME, /tmp, /dev/shm and volumes can be written, and limits "
	"hold where the file sets none: 512 processes of "
	"each user and 1024 open files.",
	ANY_CASE_OF("low|medium|high")),
    KEY("max_execution_time", RULE_INT,
	"Seconds until the scenario is stopped.", FROM(1)),
    KEY("max_memory_mb", RULE_INT, "Memory of all its processes.", FROM(1)),
    KEY("max_cpu_usage", RULE_NUMBER, "Part of one processor.", BETWEEN(0, 1)),
    KEY("allowed_network_hosts", RULE_STRS,
	"Hosts that it may reach: loopback and services of this file, which it "
	"always may. Any other is an error."),
    KEY("disallowed_commands", RULE_STRS,
	"Programs that it may not start, by name or absolute path. A name is "
	"refused where a PATH of the test finds it; other names of the same "
	"file are not."),
    END,
};

static const struct rule_key artifacts[] = {
    KEY("collect", RULE_STRS,
	"What is kept: spans:NAME, logs:stdout, logs:stderr, files:PATH.",
	.flags = RULE_NEEDED),
    END,
};

static const struct rule_key expect_fail[] = {
    KEY("until", RULE_STR,
	"The last day on which it may fail, such as 2027-01-31.",
	.flags = RULE_NEEDED | RULE_NAME),
    KEY("why", RULE_STR, "What is known of it.",
	.flags = RULE_NEEDED | RULE_NAME),
    END,
};

static const struct rule_key scenario[] = {
    KEY("name", RULE_STR, "Its name, once in a file; no / in it.",
	.flags = RULE_NEEDED | RULE_NAME),
    KEY("service", RULE_STR, "The service of steps that name none.",
	.flags = RULE_NAME, .since = RULE_V10),
    KEY("run", RULE_STR,
	"A text for /bin/sh -c: a step, named like the scenario, before those "
	"of steps.",
	.flags = RULE_EITHER | RULE_NAME, .since = RULE_V10),
    KEY("steps", RULE_TABLES, "As [[steps]].", .sub = step,
	.flags = RULE_EITHER | RULE_BRIEF),
    KEY("concurrent", RULE_BOOL,
	"Whether its steps run all at once. Default: false."),
    KEY("timeout_ms", RULE_INT,
	"Milliseconds until it is stopped. Default: policy.max_execution_time, "
	"else the time-out of the test.",
	FROM(1)),
    KEY("policy", RULE_TABLE, "What it may do.", .sub = policy),
    KEY("network", RULE_STR,
	"Default: none, a loopback of its own. With host, its steps and "
	"services are in the host's network, which policy.security_level must "
	"allow: low.",
	ONE_OF("none|host")),
    KEY("artifacts", RULE_TABLE, "What is kept of it.", .sub = artifacts,
	.since = RULE_V10),
    KEY("isolation", RULE_STR, "As in [meta].", ONE_OF(LEVELS)),
    KEY("priority", RULE_INT, "As in [meta].", BETWEEN(-100, 100)),
    KEY("expect_fail", RULE_TABLE,
	"A failure that is known. Until the end of a day it is told and "
	"counted as skipped; a pass, and a failure later on, fail.",
	.sub = expect_fail),
    KEY("expected_exit_code", RULE_INT, "Of run; an error without it.",
	BETWEEN(0, 255), .since = RULE_V10),
    KEY("expected_output_regex", RULE_STR, "Of run; an error without it.",
	.since = RULE_V10),
    KEY("env", RULE_STR_MAP, "The environment of its steps."),
    KEY("workdir", RULE_STR, "Where steps start that set none."),
    END,
};

static const struct rule_key propagators[] = {
    KEY("use", RULE_STRS,
	"Names of propagators that the SDKs are told, such as tracecontext, "
	"baggage, b3.",
	.flags = RULE_NEEDED),
    END,
};

static const struct rule_key otel[] = {
    KEY("exporter", RULE_STR,
	"With stdout, spans are read from what the steps print too; with "
	"otlp-grpc the SDKs are told gRPC; else it decides nothing.",
	ANY_CASE_OF(
	    "stdout|otlp|otlp-http|otlp-grpc|jaeger|zipkin|datadog|newrelic")),
    KEY("endpoint", RULE_STR, "Part of the plan."),
    KEY("protocol", RULE_STR,
	"What the SDKs are told: http/protobuf (the default), http/json or "
	"grpc."),
    KEY("sample_ratio", RULE_NUMBER,
	"What the SDKs are told to keep of the traces that the code begins. "
	"All spans of the trace that it is given in TRACEPARENT are kept, or "
	"none where this is 0. Default: all.",
	BETWEEN(0, 1)),
    KEY("resources", RULE_STR_MAP,
	"Resource attributes that the SDKs are given."),
    KEY("headers", RULE_STR_MAP,
	"Headers that the SDKs are told to send with their spans.",
	.since = RULE_V10),
    KEY("propagators", RULE_TABLE, "How a trace goes from process to process.",
	.sub = propagators, .since = RULE_V10),
    KEY("identity", RULE_STR,
	"How a span must prove that it belongs to this run. Default: any.",
	ONE_OF("any|strict")),
    END,
};

static const struct rule_key matcher[] = {
    KEY("eq", RULE_SCALAR, "The value, compared as text."),
    KEY("not", RULE_SCALAR, "Any value but this one."),
    KEY("gte", RULE_NUMBER, "A number that is at least this one."),
    KEY("gt", RULE_NUMBER, "A number above this one."),
    KEY("lte", RULE_NUMBER, "A number that is at most this one."),
    KEY("lt", RULE_NUMBER, "A number below this one."),
    KEY("regex", RULE_STR,
	"A Perl-compatible expression that is found in the value as text."),
    KEY("exists", RULE_BOOL,
	"Whether the attribute is there; all others need it there."),
    END,
};

static const struct rule_key attrs[] = {
    KEY("all", RULE_MATCH_MAP,
	"Attributes that it must have. Values are compared as text. A table "
	"is a list of conditions, all of which must hold: eq, not, gte, gt, "
	"lte, lt, regex, exists. All but exists = false need the attribute to "
	"be there.",
	.sub = matcher, .flags = RULE_BRIEF),
    KEY("any", RULE_ATTRS,
	"One of them must hold; also an array of \"key=value\", each key "
	"once.",
	.sub = matcher, .flags = RULE_BRIEF),
    END,
};

static const struct rule_key events[] = {
    KEY("all", RULE_STRS, "Names of events that it must have."),
    KEY("any", RULE_STRS, "It must have one of them."),
    END,
};

static const struct rule_key range[] = {
    KEY("min", RULE_NUMBER, "Milliseconds.", FROM(0)),
    KEY("max", RULE_NUMBER, "Milliseconds.", FROM(0)),
    END,
};

static const struct rule_key duration[] = {
    KEY("min", RULE_NUMBER, "Milliseconds.", FROM(0)),
    KEY("max", RULE_NUMBER, "Milliseconds.", FROM(0)),
    KEY("p50", RULE_TABLE,
	"Bounds min and max on the median of all that are as asked. A "
	"quantile of too few is an error: it takes 6 spans.",
	.sub = range, .flags = RULE_BRIEF),
    KEY("p90", RULE_TABLE,
	"The same for what one in ten is above; it takes 10.", .sub = range,
	.flags = RULE_BRIEF),
    KEY("p95", RULE_TABLE,
	"The same for what one in twenty is above; it takes 20.", .sub = range,
	.flags = RULE_BRIEF),
    KEY("p99", RULE_TABLE,
	"The same for what one in a hundred is above; it takes 100.",
	.sub = range, .flags = RULE_BRIEF),
    END,
};

static const struct rule_key bound[] = {
    KEY("gte", RULE_INT, "At least.", FROM(0)),
    KEY("lte", RULE_INT, "At most.", FROM(0)),
    KEY("eq", RULE_INT, "Exactly; decides alone.", FROM(0)),
    END,
};

static const struct rule_key span[] = {
    KEY("name", RULE_STR, "The name, or a pattern.",
	.flags = RULE_NEEDED | RULE_NAME),
    KEY("parent", RULE_STR, "The name of the span above it, or a pattern.",
	.flags = RULE_NAME),
    KEY("ancestor", RULE_STR,
	"The name of a span above it, at any distance, or a pattern.",
	.flags = RULE_NAME),
    KEY("sibling", RULE_STR,
	"The name of another span with the same parent, or a pattern.",
	.flags = RULE_NAME),
    KEY("follows", RULE_STR,
	"The name of a span that is over when it begins, or a pattern; where "
	"one is above the other, the beginnings decide.",
	.flags = RULE_NAME),
    KEY("kind", RULE_STR, "Its kind, in any case.",
	ANY_CASE_OF("internal|server|client|producer|consumer")),
    KEY("attrs", RULE_TABLE, "Its attributes.", .sub = attrs),
    KEY("events", RULE_TABLE, "Its events.", .sub = events),
    KEY("duration_ms", RULE_TABLE, "How long it took.", .sub = duration),
    KEY("count", RULE_TABLE,
	"A bound on the number of spans that satisfy all of this, a table of "
	"gte, lte, eq; { eq = 0 } is none. Default: at least one.",
	.sub = bound, .flags = RULE_BRIEF),
    END,
};

static const struct rule_key graph[] = {
    KEY("must_include", RULE_STRS_ARRAY,
	"Pairs [\"parent\", \"child\"] that must be there."),
    KEY("must_not_cross", RULE_STRS_ARRAY,
	"Pairs [\"parent\", \"child\"] that must not be there."),
    KEY("acyclic", RULE_BOOL,
	"Whether parents must form no cycle. Default: false."),
    END,
};

static const struct rule_key counts[] = {
    KEY("spans_total", RULE_TABLE,
	"A bound on the number of spans: a table of gte, lte, eq, integers "
	"from 0; eq decides alone.",
	.sub = bound, .flags = RULE_BRIEF),
    KEY("events_total", RULE_TABLE, "A bound on the number of events.",
	.sub = bound, .flags = RULE_BRIEF),
    KEY("errors_total", RULE_TABLE,
	"A bound on the number of spans with an error.", .sub = bound,
	.flags = RULE_BRIEF),
    KEY("by_name", RULE_TABLE_MAP,
	"Bounds on the number of spans, by name or pattern.", .sub = bound,
	.flags = RULE_BRIEF),
    END,
};

static const struct rule_key window[] = {
    KEY("outer", RULE_STR, "The name of the span that encloses the others.",
	.flags = RULE_NEEDED | RULE_NAME),
    KEY("contains", RULE_STRS,
	"Names of spans; each of them lies within one of the outer name.",
	.flags = RULE_NEEDED),
    END,
};

static const struct rule_key order[] = {
    KEY("must_precede", RULE_STRS_ARRAY, "Pairs [\"first\", \"second\"]."),
    KEY("must_follow", RULE_STRS_ARRAY, "Pairs [\"second\", \"first\"]."),
    END,
};

static const struct rule_key status[] = {
    KEY("all", RULE_STR,
	"The status of every span: OK, ERROR or UNSET, in any case.",
	ANY_CASE_OF("OK|ERROR|UNSET")),
    KEY("by_name", RULE_STR_MAP,
	"The status of spans, by name or pattern; in any case.",
	ANY_CASE_OF("OK|ERROR|UNSET")),
    END,
};

static const struct rule_key must_match[] = {
    KEY("must_match", RULE_SCALAR_MAP, "Attributes and their values."),
    END,
};

static const struct rule_key forbid_keys[] = {
    KEY("forbid_keys", RULE_STRS, "Names of attributes."),
    END,
};

static const struct rule_key hermeticity[] = {
    KEY("no_external_services", RULE_BOOL,
	"Whether no span may name a peer outside the cleanroom, and nothing "
	"may try to reach one."),
    KEY("no_outside_writes", RULE_BOOL,
	"Whether no file may be created, changed or deleted but in the "
	"project, HOME, /tmp, /var/tmp, /dev/shm, volumes and what writes "
	"names."),
    KEY("writes", RULE_STRS,
	"Absolute paths, or patterns of such, that may be written, too: "
	"\"/var/lib/app/**\"."),
    KEY("resource_attrs", RULE_TABLE,
	"Attributes that every resource must have.", .sub = must_match),
    KEY("sdk_resource_attrs", RULE_TABLE,
	"The same for those of the SDK, such as telemetry.sdk.language.",
	.sub = must_match),
    KEY("span_attrs", RULE_TABLE, "Attributes that no span may have.",
	.sub = forbid_keys),
    KEY("resource_attrs_must_match", RULE_ITEMS,
	"The older name of resource_attrs.must_match; both at once is an "
	"error.",
	.sub = must_match),
    KEY("span_attrs_forbid_keys", RULE_ITEMS,
	"The older name of span_attrs.forbid_keys; both at once is an error.",
	.sub = forbid_keys),
    END,
};

static const struct rule_key expect[] = {
    KEY("span", RULE_TABLES,
	"Some span of the name must satisfy all that is said of it. A pattern "
	"has *, ? and [a-z].",
	.sub = span),
    KEY("graph", RULE_TABLE, "Which spans are above which.", .sub = graph),
    KEY("counts", RULE_TABLE, "How many there must be.", .sub = counts),
    KEY("window", RULE_TABLES, "Which spans lie within which.", .sub = window),
    KEY("order", RULE_TABLE,
	"Which spans begin before which. An order that nothing can keep is an "
	"error.",
	.sub = order),
    KEY("status", RULE_TABLE, "How spans end.", .sub = status),
    KEY("hermeticity", RULE_TABLE,
	"What must not reach outside, nor be told of it.", .sub = hermeticity),
    END,
};

static const struct rule_key expected_span[] = {
    KEY("name", RULE_STR, "The name, or a pattern.",
	.flags = RULE_NEEDED | RULE_NAME),
    KEY("attributes", RULE_SCALAR_MAP, "As attrs.all."),
    KEY("required", RULE_BOOL, "Whether it is judged. Default: true."),
    KEY("min_duration_ms", RULE_NUMBER, "Milliseconds.", FROM(0)),
    KEY("max_duration_ms", RULE_NUMBER, "Milliseconds.", FROM(0)),
    END,
};

static const struct rule_key expected_trace[] = {
    KEY("span_names", RULE_STRS, "Names of its spans.", .flags = RULE_NEEDED),
    KEY("trace_id", RULE_STR, "Decides nothing."),
    KEY("complete", RULE_BOOL, "Whether each of the names must be there."),
    KEY("parent_child", RULE_STRS_ARRAY, "As graph.must_include."),
    END,
};

static const struct rule_key otel_validation[] = {
    KEY("enabled", RULE_BOOL, "Whether any of it is judged.",
	.flags = RULE_NEEDED),
    KEY("validate_spans", RULE_BOOL,
	"Whether expected_spans are judged. Default: true."),
    KEY("validate_traces", RULE_BOOL,
	"Whether expected_traces are judged. Default: true."),
    KEY("validate_exports", RULE_BOOL, "Decides nothing."),
    KEY("validate_performance", RULE_BOOL, "Decides nothing."),
    KEY("max_overhead_ms", RULE_NUMBER, "Decides nothing.", FROM(0)),
    KEY("expected_spans", RULE_TABLES, "As [[expect.span]].",
	.sub = expected_span),
    KEY("expected_traces", RULE_TABLES,
	"As must_include, and as spans that must be there.",
	.sub = expected_trace),
    KEY("expect_graph", RULE_TABLE,
	"As [expect.graph]; both at once is an error.", .sub = graph,
	.flags = RULE_BRIEF),
    KEY("expect_counts", RULE_TABLE,
	"As [expect.counts]; both at once is an error.", .sub = counts,
	.flags = RULE_BRIEF),
    KEY("expect_windows", RULE_TABLES, "As [[expect.window]].", .sub = window,
	.flags = RULE_BRIEF),
    KEY("expect_hermeticity", RULE_TABLE,
	"As [expect.hermeticity]; both at once is an error.",
	.sub = hermeticity, .flags = RULE_BRIEF),
    KEY("expect_order", RULE_TABLE,
	"As [expect.order]; both at once is an error.", .sub = order,
	.flags = RULE_BRIEF),
    KEY("expect_status", RULE_TABLE,
	"As [expect.status]; both at once is an error.", .sub = status,
	.flags = RULE_BRIEF),
    END,
};

static const struct rule_key report[] = {
    KEY("json", RULE_STR, "A path. Default: report.json.", .flags = RULE_NAME),
    KEY("junit", RULE_STR, "A path. Default: junit.xml.", .flags = RULE_NAME),
    KEY("digest", RULE_STR, "A path. Default: digest.txt.", .flags = RULE_NAME),
    END,
};

static const struct rule_key determinism[] = {
    KEY("seed", RULE_INT, "Of what is drawn at random.", FROM(0)),
    KEY("freeze_clock", RULE_STR,
	"The time that the test sees, such as 2025-01-01T00:00:00Z."),
    END,
};

static const struct rule_key limits[] = {
    KEY("cpu_millicores", RULE_INT, "Thousandths of a processor.", FROM(1)),
    KEY("memory_mb", RULE_INT, "Memory of all processes of a scenario.",
	FROM(1)),
    KEY("processes", RULE_INT, "Processes and threads of a scenario.", FROM(1)),
    KEY("open_files", RULE_INT, "Open files of a process.", FROM(1)),
    KEY("output_bytes", RULE_INT,
	"What a step may write to standard output and error.", FROM(1)),
    KEY("disk_mb", RULE_INT, "What a scenario may write.", FROM(1)),
    KEY("optional", RULE_STRS,
	"Those that may go unenforced where the machine cannot.",
	ONE_OF("cpu_millicores|memory_mb|processes|open_files|"
	       "output_bytes|disk_mb")),
    END,
};

static const struct rule_key env[] = {
    KEY("pass", RULE_STRS, "Variables of the caller that the test may see."),
    END,
};

const struct rule_key rule_root[] = {
    KEY("test", RULE_TABLE, "The older form of [meta].", .sub = test,
	.since = RULE_V04, .flags = RULE_EITHER),
    KEY("meta", RULE_TABLE,
	"What the test is. Where [test.metadata] is there too, this goes "
	"first.",
	.sub = meta, .since = RULE_V06, .flags = RULE_EITHER),
    KEY("services", RULE_TABLE_MAP, "The same as [service.NAME].",
	.sub = service, .since = RULE_V04, .flags = RULE_BRIEF),
    KEY("service", RULE_TABLE_MAP, "What runs beside the steps.",
	.sub = service, .since = RULE_V06),
    KEY("steps", RULE_TABLES,
	"What is run, one after the other. These are one scenario, named after "
	"the test, before the others.",
	.sub = step, .flags = RULE_OR),
    KEY("scenario", RULE_TABLES, "Steps in a cleanroom of their own.",
	.sub = scenario, .since = RULE_V06, .flags = RULE_OR),
    KEY("assertions", RULE_ANY_MAP, "Decides nothing, and the verdict says so.",
	.since = RULE_V04),
    KEY("otel_validation", RULE_TABLE,
	"The older form of [expect], read where enabled is true.",
	.sub = otel_validation, .since = RULE_V04),
    KEY("otel", RULE_TABLE, "How spans come.", .sub = otel, .since = RULE_V06),
    KEY("vars", RULE_ANY_MAP, "Variables for templates, of any type.",
	.since = RULE_V06),
    KEY("matrix", RULE_STRS_MAP, "Cells for templates.", .since = RULE_V06),
    KEY("expect", RULE_TABLE, "What must be seen of the test.", .sub = expect,
	.since = RULE_V06),
    KEY("report", RULE_TABLE, "Files that a run writes, below its directory.",
	.sub = report, .since = RULE_V06),
    KEY("determinism", RULE_TABLE, "What is the same in every run.",
	.sub = determinism, .since = RULE_V06),
    KEY("limits", RULE_TABLE, "What is enforced on each scenario.",
	.sub = limits, .since = RULE_V06),
    KEY("otel_headers", RULE_STR_MAP, "The older form of otel.headers.",
	.since = RULE_V04),
    KEY("otel_propagators", RULE_TABLE, "The older form of otel.propagators.",
	.sub = propagators, .since = RULE_V04),
    KEY("env", RULE_TABLE,
	"What the test sees of the caller's environment; else nothing.",
	.sub = env, .since = RULE_V06),
    END,
};

bool
rule_is_of(const struct rule_key *k, enum rule_since generation)
{
	if (k->since == RULE_ALWAYS || generation == RULE_ALWAYS)
		return true;
	return k->since == RULE_V04 ? generation == RULE_V04
				    : generation >= k->since;
}
