#!/usr/bin/env bats
# Programs with the SDK of OpenTelemetry for JavaScript, in the cleanroom: every
# span that they make is judged, whatever way it comes.
load helper

# The SDK comes from the registry, or from the cache of npm; all tests share it,
# and the project's root that it is in.
setup_file() {
	[ -z "${SAN-}" ] || return 0
	cd "$BATS_FILE_TMPDIR" || return
	chmod 755 "$BATS_RUN_TMPDIR" .. .
	touch clnrm.conf
	if ! env -i PATH=/usr/local/bin:/usr/bin:/bin node --version; then
		echo "there is no node that a cleanroom sees" >lack
	elif ! install_sdk >npm.log 2>&1; then
		cat npm.log
		echo "npm cannot install the SDK here" >lack
	fi
	write_programs
}

install_sdk() {
	echo '{"private": true}' >package.json
	timeout 300 npm install --prefer-offline --ignore-scripts --no-audit \
		--no-fund --fetch-retries 1 \
		@opentelemetry/api@1.9.1 @opentelemetry/sdk-node@0.223.0
}

setup() {
	[ -z "${SAN-}" ] || skip "what an SDK sends is recorded, and tried with sanitizers"
	cd "$BATS_FILE_TMPDIR" || exit 1
	[ ! -e lack ] || cannot "$(cat lack)"
	need_namespaces
}

write_programs() {
	# What they all do, with a tracer of their own.
	cat >shop.js <<-'JS'
	const { trace, context, propagation, SpanKind, SpanStatusCode } =
		require("@opentelemetry/api");

	exports.shop = (tracer, above = context.active()) => {
		const order = tracer.startSpan("order", {
			kind: SpanKind.SERVER,
			attributes: {
				"order.id": "Ä-42", items: 3, total: 9.5, whole: -7, express: true,
				tags: ["a", "b"], sizes: [1, 2], weights: [0.5, 1e300], flags: [true, false],
			},
		}, above);
		const below = trace.setSpan(above, order);
		order.addEvent("received", { by: "web" });
		const pay = tracer.startSpan("pay", {
			kind: SpanKind.CLIENT,
			links: [{
				context: {
					traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
					spanId: "00f067aa0ba902b7", traceFlags: 1,
				},
				attributes: { why: "retry" },
			}],
		}, below);
		pay.recordException(new Error("declined"));
		pay.setStatus({ code: SpanStatusCode.ERROR, message: "declined" });
		pay.end();
		const ship = tracer.startSpan("ship", { kind: SpanKind.PRODUCER }, below);
		tracer.startSpan("pack", {}, trace.setSpan(below, ship)).end();
		ship.end();
		order.setStatus({ code: SpanStatusCode.OK });
		order.end();
	};

	// What a caller hands down, for one who asks.
	exports.caller = (propagator) => propagator.extract(context.active(),
		{ traceparent: process.env.TRACEPARENT },
		{ get: (from, key) => from[key], keys: Object.keys });
	JS
	# Set up by the environment alone.
	cat >told.js <<-'JS'
	const { NodeSDK } = require("@opentelemetry/sdk-node");
	const { trace } = require("@opentelemetry/api");
	const sdk = new NodeSDK();
	sdk.start();
	require("./shop").shop(trace.getTracer("shop", "1.2"));
	sdk.shutdown();
	JS
	# Reads no environment: the exporter's own URL, a resource of its own. With
	# the argument "caller" it takes up its caller's trace.
	cat >bare.js <<-'JS'
	const { tracing, resources, core } = require("@opentelemetry/sdk-node");
	const how = process.argv[3] || "proto";
	const { OTLPTraceExporter } =
		require("@opentelemetry/exporter-trace-otlp-" + how);
	const { shop, caller } = require("./shop");
	for (const name of Object.keys(process.env))
		if (name.startsWith("OTEL_"))
			delete process.env[name];
	const provider = new tracing.BasicTracerProvider({
		resource: resources.resourceFromAttributes({ "service.name": "a" }),
		spanProcessors: [new tracing.BatchSpanProcessor(new OTLPTraceExporter())],
	});
	const above = process.argv[2] === "caller"
		? caller(new core.W3CTraceContextPropagator()) : undefined;
	shop(provider.getTracer("shop", "1.2"), above);
	provider.shutdown().then(() => process.exit(0));
	JS
}

# Writes a.clnrm.toml: the program "$1", and all that can be said of its spans;
# of when they end nothing, for there the SDK errs as much as it is kept
# waiting. More of [otel] may follow on standard input.
a_test() {
	cat >a.clnrm.toml <<-T
	[meta]
	name = "a"
	version = "1"
	[[scenario]]
	name = "s"
	run = "$1"
	[[expect.span]]
	name = "order"
	kind = "server"
	attrs.all = { "order.id" = "Ä-42", items = 3, total = 9.5, whole = { lt = 0 } }
	attrs.any = { express = true, nothing = 1 }
	events.all = ["received"]
	[[expect.span]]
	name = "order"
	attrs.all = { tags = '["a","b"]', sizes = "[1,2]", weights = "[0.5,1e+300]", flags = "[true,false]" }
	[[expect.span]]
	name = "pay"
	kind = "client"
	parent = "order"
	sibling = "ship"
	events.any = ["exception"]
	[[expect.span]]
	name = "ship"
	kind = "producer"
	follows = "pay"
	duration_ms = { max = 60000 }
	[[expect.span]]
	name = "pack"
	kind = "internal"
	ancestor = "order"
	count = { eq = 1 }
	[expect.graph]
	must_include = [["order", "pay"], ["order", "ship"], ["ship", "pack"]]
	must_not_cross = [["pay", "ship"]]
	acyclic = true
	[expect.counts]
	spans_total = { eq = 4 }
	events_total = { eq = 2 }
	errors_total = { eq = 1 }
	by_name = { "p*" = { eq = 2 } }
	[expect.order]
	must_precede = [["order", "pay"], ["pay", "ship"]]
	must_follow = [["pack", "ship"]]
	[expect.status]
	by_name = { order = "OK", pay = "ERROR", "*p*k" = "UNSET" }
	[expect.hermeticity]
	no_external_services = true
	resource_attrs.must_match = { "service.name" = "a" }
	[otel]
	T
	cat >>a.clnrm.toml
	# Over gRPC "localhost" is asked for in the DNS too.
	case $1 in *grpc) sed -i /^no_external_services/d a.clnrm.toml ;; esac
}

# Runs the file; prints the verdict and the rule that decided it.
verdict() {
	${as-} clnrm run --format ndjson "${1-a.clnrm.toml}" >out || :
	keep <out >/dev/null
	jq -r 'select(.type == "verdict") |
		[.verdict, .first_failure.rule // empty] | join(" ")' out
}

# The file with the sed script $1 applied, to b.clnrm.toml.
altered() {
	sed "$1" a.clnrm.toml >b.clnrm.toml
	if cmp -s a.clnrm.toml b.clnrm.toml; then
		return 1
	fi
}

# How the spans came and are bound: "VIA BOUND" a line, each once.
ways() {
	jq -r 'select(.type == "span" and .via != "clnrm") |
		.via + " " + .bound' out | sort -u
}

@test "a program set up by its environment is judged, by each protocol" {
	for protocol in http/protobuf http/json grpc; do
		a_test 'node told.js' <<<"protocol = '$protocol'"
		[ "$(verdict)" = pass ]
		[ "$(ways)" = "otlp run" ]
		altered 's/items = 3/items = 4/'
		[ "$(verdict b.clnrm.toml)" = "fail expect.span[0].attrs_all" ]
	done
}

@test "each wrong expectation is told by its rule" {
	a_test 'node told.js' </dev/null
	while IFS=$'\t' read -r want script; do
		altered "$script"
		got=$(verdict b.clnrm.toml)
		[ "$got" = "$want" ] || echo "$script: $got, not $want"
	done >wrong <<-'T'
	fake expect.span[4].existence	s/"pack"/"wrap"/g
	fail expect.span[0].kind	s/"server"/"client"/
	fail expect.span[0].attrs_all	s/Ä-42/A-42/
	fail expect.span[0].attrs_all	s/9.5/9/
	fail expect.span[0].attrs_any	s/express = true/express = false/
	fail expect.span[0].events_all	s/\["received"\]/["received", "sent"]/
	fail expect.span[1].attrs_all	s/"\[1,2\]"/"[1,2,3]"/
	fail expect.span[1].attrs_all	s/1e+300/1e+301/
	fail expect.span[2].parent	s/parent = "order"/parent = "ship"/
	fail expect.span[2].sibling	s/sibling = "ship"/sibling = "pack"/
	fail expect.span[2].events_any	s/"exception"/"received"/
	fail expect.span[3].follows	s/follows = "pay"/follows = "pack"/
	fail expect.span[3].duration	s/max = 60000/max = 0.000001/
	fail expect.span[4].ancestor	s/ancestor = "order"/ancestor = "pay"/; s/^count = .*//
	fail expect.span[4].count	s/count = { eq = 1 }/count = { eq = 2 }/
	fail expect.graph.must_include[2]	s/\["ship", "pack"\]/["order", "pack"]/
	fail expect.graph.must_not_cross[0]	s/, \["ship", "pack"\]\]/]/; s/must_not_cross = .*/must_not_cross = [["ship", "pack"]]/
	fail expect.counts.spans_total	s/{ eq = 4 }/{ eq = 5 }/
	fail expect.counts.events_total	s/events_total = { eq = 2 }/events_total = { lte = 1 }/
	fail expect.counts.errors_total	s/errors_total = { eq = 1 }/errors_total = { eq = 0 }/; s/pay = "ERROR",//
	fail expect.counts.by_name.p*	s/"p\*" = { eq = 2 }/"p*" = { gte = 3 }/
	fail expect.order.must_precede[1]	s/\["pay", "ship"\]\]/["pack", "order"]]/
	fail expect.status.by_name.pay	s/pay = "ERROR"/pay = "OK"/
	fail expect.hermeticity.resource_attrs.service.name	s/"service.name" = "a"/"service.name" = "b"/
	T
	cat wrong
	[ ! -s wrong ]
}

@test "a bare provider with the exporter's own address is bound by its listener" {
	for how in proto http grpc; do
		a_test "node bare.js alone $how" </dev/null
		[ "$(verdict)" = pass ]
		[ "$(ways)" = "otlp listener" ]
	done
	altered 's/eq = 4/eq = 5/'
	[ "$(verdict b.clnrm.toml)" = "fail expect.counts.spans_total" ]
	a_test 'node bare.js' <<<'identity = "strict"'
	[ "$(verdict)" = "fake expect.span[0].existence" ]
}

@test "a bare provider that takes up its caller's trace is bound by it" {
	a_test 'node bare.js caller' <<<'identity = "strict"'
	[ "$(verdict)" = pass ]
	[ "$(ways)" = "otlp trace" ]
	step=$(jq -r 'select(.type == "span" and .name == "clnrm.step:s").span_id' out)
	[ "$(jq -r 'select(.name == "order").parent_span_id' out)" = "$step" ]
	altered 's/whole = { lt = 0 }/whole = { gt = 0 }/'
	[ "$(verdict b.clnrm.toml)" = "fail expect.span[0].attrs_all" ]
}

@test "headers of [otel] are on what the SDK sends" {
	# Between the SDK and the listener, to see them.
	cat >between.js <<-'JS'
	const http = require("http");
	const { spawn } = require("child_process");
	const to = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
	const seen = new Set();
	const server = http.createServer((from, back) => {
		seen.add(`${from.headers["x-team"]}|${from.headers["x-key"]}`);
		from.pipe(http.request(to + from.url,
			{ method: from.method, headers: from.headers },
			(got) => got.pipe(back.writeHead(got.statusCode, got.headers))));
	}).listen(0, "127.0.0.1", () => {
		process.env.OTEL_EXPORTER_OTLP_ENDPOINT =
			`http://127.0.0.1:${server.address().port}`;
		spawn("node", ["told.js"], { stdio: "inherit" }).on("exit", (code) => {
			console.log([...seen].join());
			process.exit(code);
		});
	});
	JS
	for protocol in http/protobuf http/json; do
		a_test 'node between.js' <<-T
		protocol = "$protocol"
		headers = { x-team = "a b,c=d%", x-key = "plain" }
		T
		sed -i "s/^run = .*/&\nexpected_output_regex = '^a b,c=d%[|]plain\$'/" a.clnrm.toml
		[ "$(verdict)" = pass ]
		altered 's/"plain" }/"other" }/'
		[ "$(verdict b.clnrm.toml)" = "fail scenarios[0].steps[0].stdout_regex" ]
	done
}

@test "propagators of [otel] carry the trace from one program to the next" {
	cat >cross.js <<-'JS'
	const http = require("http");
	const { NodeSDK } = require("@opentelemetry/sdk-node");
	const { trace, context, propagation, ROOT_CONTEXT } =
		require("@opentelemetry/api");
	const sdk = new NodeSDK();
	sdk.start();
	const tracer = trace.getTracer("shop");
	const server = http.createServer((from, back) => {
		const above = propagation.extract(ROOT_CONTEXT, from.headers);
		tracer.startSpan("answer", {}, above).end();
		console.log(["b3", "traceparent", "uber-trace-id"]
			.filter((key) => key in from.headers).join() || "none");
		back.end();
	}).listen(0, "127.0.0.1", () => {
		const ask = tracer.startSpan("ask");
		const headers = {};
		propagation.inject(trace.setSpan(context.active(), ask), headers);
		http.get({ host: "127.0.0.1", port: server.address().port, headers },
			(got) => got.resume().on("end", () => {
				ask.end();
				server.close();
				sdk.shutdown();
			}));
	});
	JS
	while read -r name header want; do
		cat >a.clnrm.toml <<-T
		[meta]
		name = "a"
		version = "1"
		[[scenario]]
		name = "s"
		run = "node cross.js"
		expected_output_regex = '^$header\$'
		[[expect.span]]
		name = "answer"
		parent = "ask"
		[otel]
		propagators.use = ["$name"]
		T
		got=$(verdict)
		[ "$got" = "$want" ] || echo "$name: $got, not $want"
	done >wrong <<-'T'
	tracecontext traceparent pass
	b3 b3 pass
	none none fail expect.span[0].parent
	T
	cat wrong
	[ ! -s wrong ]
}

@test "resources and the ratio of samples of [otel] are in what the SDK sends" {
	a_test 'node told.js' <<-'T'
	sample_ratio = 1
	resources = { "deployment.environment.name" = "a b", "service.version" = "1.2" }
	[expect.hermeticity.sdk_resource_attrs]
	must_match = { "deployment.environment.name" = "a b", "service.version" = "1.2", "telemetry.sdk.language" = "nodejs" }
	T
	[ "$(verdict)" = pass ]
	altered 's/, "service.version" = "1.2" }/ }/'
	[ "$(verdict b.clnrm.toml)" = "fail expect.hermeticity.resource_attrs.service.version" ]
	altered 's/sample_ratio = 1/sample_ratio = 0/'
	[ "$(verdict b.clnrm.toml)" = "fake expect.span[0].existence" ]
}

@test "links, events and statuses arrive with all that the program said of them" {
	for way in 'protocol = "http/protobuf"' 'protocol = "http/json"' \
		'protocol = "grpc"' 'exporter = "stdout"'; do
		a_test 'node told.js' <<<"$way"
		[ "$(verdict)" = pass ]
		jq -c 'select(.type == "span" and .name == "pay") |
			.links[0] += {flags: 0} |
			[.status, .links, .events[0].name,
			.events[0].attributes["exception.message"]]' out
	done >ways
	[ "$(sort -u ways)" = '[{"code":"ERROR","message":"declined"},[{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","trace_state":"","flags":0,"attributes":{"why":"retry"},"dropped_attributes":0}],"exception","declined"]' ]
}

@test "times that the program tells are judged to the nanosecond" {
	cat >timed.js <<-'JS'
	const { NodeSDK } = require("@opentelemetry/sdk-node");
	const { trace } = require("@opentelemetry/api");
	const sdk = new NodeSDK();
	sdk.start();
	const tracer = trace.getTracer("shop");
	const now = Math.floor(Date.now() / 1000) - 100;
	for (const [name, from, to] of [["day", 1, 9], ["noon", 4, 9], ["late", 9, 10]])
		tracer.startSpan(name, { startTime: [now, from] }).end([now, to]);
	sdk.shutdown();
	JS
	cat >a.clnrm.toml <<-'T'
	[meta]
	name = "a"
	version = "1"
	[[scenario]]
	name = "s"
	run = "node timed.js"
	[[expect.window]]
	outer = "day"
	contains = ["noon"]
	[expect.order]
	must_precede = [["day", "late"], ["noon", "late"]]
	T
	[ "$(verdict)" = pass ]
	altered 's/"noon"\]$/"late"]/'
	[ "$(verdict b.clnrm.toml)" = "fail expect.window[0].contains[0]" ]
	altered 's/"day", "late"/"day", "noon"/'
	[ "$(verdict b.clnrm.toml)" = "fail expect.order.must_precede[0]" ]
}

@test "spans that the SDK prints are judged where the file reads what is printed" {
	a_test 'node told.js' <<<'exporter = "stdout"'
	[ "$(verdict)" = pass ]
	[ "$(ways)" = "stdout run" ]
	altered 's/pay = "ERROR"/pay = "OK"/'
	[ "$(verdict b.clnrm.toml)" = "fail expect.status.by_name.pay" ]
	a_test 'node told.js' <<<'exporter = "otlp"'
	altered 's/node told.js/OTEL_TRACES_EXPORTER=console node told.js/'
	[ "$(verdict b.clnrm.toml)" = "fake expect.span[0].existence" ]
}

@test "a program that leaves without a word to its SDK has proved nothing" {
	sed 's/^sdk.shutdown.*/process.exit(0);/' told.js >rash.js
	a_test 'node rash.js' </dev/null
	[ "$(verdict)" = "fake expect.span[0].existence" ]
}

@test "programs that run at once are all heard" {
	cat >both.sh <<-'SH'
	node told.js &
	node bare.js caller http
	wait
	SH
	a_test 'sh both.sh' </dev/null
	altered 's/eq = 4/eq = 8/; s/events_total.*//; s/errors_total.*//
		s/count = { eq = 1 }/count = { eq = 2 }/; s/eq = 2 } }/eq = 4 } }/'
	[ "$(verdict b.clnrm.toml)" = pass ]
	[ "$(ways)" = "otlp run"$'\n'"otlp trace" ]
}

@test "all of it as a user without rights" {
	[ "$(id -u)" = 0 ] || skip "the others have shown it"
	as="setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent"
	$as clnrm-exec --probe | grep -q '^ok *isolation: full' ||
		cannot "nobody cannot have namespaces here"
	for program in told.js bare.js 'bare.js caller grpc'; do
		a_test "node $program" </dev/null
		[ "$(verdict)" = pass ]
		altered 's/kind = "client"/kind = "server"/'
		[ "$(verdict b.clnrm.toml)" = "fail expect.span[2].kind" ]
	done
	a_test 'node told.js' <<<'exporter = "stdout"'
	[ "$(verdict)" = pass ]
}
