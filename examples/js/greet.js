// Greets, and tells by its spans that it did.
const { context, propagation, SpanKind, trace } = require("@opentelemetry/api");
const { NodeSDK } = require("@opentelemetry/sdk-node");

const sdk = new NodeSDK(); // where spans go stands in its environment
sdk.start();

const above = propagation.extract(context.active(),
	{ traceparent: process.env.TRACEPARENT });
const tracer = trace.getTracer("greet");
const to = process.argv[2];

tracer.startActiveSpan("greet", {}, above, (greet) => {
	const options = { kind: SpanKind.PRODUCER, attributes: { "greet.to": to } };
	tracer.startActiveSpan("greet.send", options, (send) => {
		console.log(`hello, ${to}`);
		send.end();
	});
	greet.end();
});
sdk.shutdown();
