#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031 # each test is a subshell on purpose
load helper

teardown() {
	[ -z "${collector-}" ] || kill "$collector" 2>/dev/null || true
}

# Starts a collector with the options "$@" on a free port, in $port; its
# records go to the file `spans`.
start() {
	: >spans # or the last one's would be read
	clnrm-collect --listen 127.0.0.1:0 "$@" >spans 3>&- &
	collector=$!
	await grep -q '"type":"listening"' spans
	port=$(sed -n 's/.*"http":"127.0.0.1:\([0-9]*\)".*/\1/p' spans)
}

# Ends it, and waits for its `end`.
finish() {
	kill "$collector"
	wait "$collector" || true
	collector=
	[[ $(tail -n 1 spans) == '{"type":"end",'* ]]
}

# POSTs the file $1 as $2; the status is printed, the answer is in `answer`.
post() {
	curl -s -o answer -w '%{http_code}\n' -H "Content-Type: $2" "${@:3}" \
		--data-binary "@$1" "http://127.0.0.1:$port/v1/traces"
}

# The canonical spans, as the corpus has them.
canonical() {
	sed -n '/^{"type":"span"/s/.*,"bound":"no",/{/p' spans
}

a_request() {
	printf '{"resourceSpans":[{"scopeSpans":[{"spans":[%s]}]}]}' "$1"
}

a_span() {
	printf '{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"%016x","name":"%s"}' \
		"$1" "${2-op}"
}

# Sends a file over the connection as it is, then hears the answer out: the
# statuses in a line.
talk() {
	perl -MIO::Socket::INET -e '
		my ($port, $file) = @ARGV;
		local ($/, $SIG{PIPE}) = (undef, "IGNORE");
		open my $in, "<:raw", $file or die;
		my $s = IO::Socket::INET->new("127.0.0.1:$port") or die;
		print $s scalar <$in>;
		$s->flush;
		shutdown $s, 1;
		alarm 10;
		my ($heard, @status) = (scalar(<$s>) // "");
		while ($heard =~ s{^HTTP/1\.1 (\d+)[^\r]*\r\n(.*?)\r\n\r\n}{}s ||
			$heard =~ s{^HTTP/1\.1 (100) Continue\r\n\r\n}{}) {
			push @status, $1;
			substr($heard, 0, $1) = "" if ($2 // "") =~ /Length: (\d+)/;
		}
		print join(",", @status), "\n";' "$port" "$1"
}

@test "the port is told before any span, and a span as soon as it came" {
	start
	[ "$(head -n 2 spans | jq -r .type | xargs)" = "begin listening" ]
	a_request "$(a_span 1 first)" >body
	[ "$(post body application/json)" = 200 ]
	[ "$(cat answer)" = "{}" ]
	[ "$(tail -n 1 spans | jq -c '[.type, .id, .service, .via, .bound, .name]')" = \
		'["span",null,null,"otlp","no","first"]' ]
}

@test "SIGTERM ends the stream with end, and status 143" {
	start
	kill "$collector"
	status=0
	wait "$collector" || status=$?
	collector=
	[ "$status" = 143 ]
	[ "$(tail -n 1 spans | jq -c '[.type, .stage, .status]')" = '["end","collect",143]' ]
}

@test "--max-spans ends it with status 0 once so many have come" {
	start --max-spans 2
	a_request "$(a_span 1),$(a_span 2)" >body
	[ "$(post body application/json)" = 200 ]
	wait "$collector"
	collector=
	[ "$(tail -n 1 spans | jq .status)" = 0 ]
}

@test "--timeout ends it with status 0, and 1 where spans were waited for" {
	clnrm-collect --listen 127.0.0.1:0 --timeout 10ms >spans
	run -1 clnrm-collect --listen 127.0.0.1:0 --timeout 10ms --max-spans 1
}

@test "a reader that goes away ends it" {
	mkfifo pipe
	clnrm-collect --listen 127.0.0.1:0 >pipe 3>&- &
	collector=$!
	head -n 2 <pipe >/dev/null
	wait "$collector"
	collector=
}

@test "an address in use is told in one line, and exits 3" {
	start
	run -3 clnrm-collect --listen "127.0.0.1:$port"
	[ "$(jq -r 'select(.type == "diagnostic") | .message' <<<"$output")" = \
		"cannot listen on 127.0.0.1:$port: Address already in use" ]
	[[ $output != *listening* ]]
}

@test "an address that is none is a usage error" {
	run -2 clnrm-collect --listen 4318
	run -2 clnrm-collect --listen 127.0.0.1:65536
	run -2 clnrm-collect --listen '[::g]:1'
	run -2 clnrm-collect operand
}

@test "both families listen, each told in its own record" {
	[ -e /proc/net/if_inet6 ] && grep -q '^0*1 ' /proc/net/if_inet6 ||
		cannot "there is no ::1 here"
	start --listen '[::1]:0'
	port=$(jq -r 'select(.type == "listening").http' spans | sed -n 's/^\[::1\]://p')
	a_request "$(a_span 1)" >body
	[ "$(curl -s -g -o /dev/null -w '%{http_code}' --data-binary @body \
		-H 'Content-Type: application/json' "http://[::1]:$port/v1/traces")" = 200 ]
}

@test "a span that is sent again is written once, with other contents twice" {
	start
	a_request "$(a_span 1 a),$(a_span 1 a)" >body
	post body application/json
	post body application/json
	[ "$(grep -c '"type":"span"' spans)" = 1 ]
	a_request "$(a_span 1 b)" >body
	post body application/json
	[ "$(grep -c '"type":"span"' spans)" = 2 ]
	[ "$(jq -r 'select(.type == "diagnostic") | .code + " " + .message' spans)" = \
		"W411 span 0000000000000001 came again with other contents" ]
}

@test "what is rejected is told to the sender in its own coding" {
	start
	a_request "$(a_span 1),{}" >body
	[ "$(post body application/json)" = 200 ]
	[ "$(jq -c .partialSuccess answer)" = \
		'{"rejectedSpans":"1","errorMessage":"1 span rejected: trace_id is 0 bytes, not 16"}' ]
	# One resource, one scope, one span without ids.
	printf '\n\004\022\002\022\000' >body
	[ "$(post body application/x-protobuf)" = 200 ]
	[ "$(head -c 6 answer | od -An -tx1)" = " 0a 30 08 01 12 2c" ]
	[ "$(tail -c +7 answer)" = "1 span rejected: trace_id is 0 bytes, not 16" ]
}

@test "an error is a google.rpc.Status in the request's coding" {
	start
	printf x >body
	[ "$(post body application/json)" = 400 ]
	[ "$(jq -c . answer)" = '{"message":"no JSON object at byte 0"}' ]
	[ "$(post body application/x-protobuf)" = 400 ]
	[ "$(head -c 1 answer)" = $'\022' ]
	[ "$(post body text/plain)" = 415 ]
	jq -e .message answer
	curl -s -D - -o /dev/null "http://127.0.0.1:$port/v1/traces" |
		tr -d '\r' | grep -ixq 'allow: post'
	curl -s "http://127.0.0.1:$port/v1/metrics" |
		jq -e '.message | contains("OTEL_METRICS_EXPORTER=none")'
}

@test "the program of the example is heard, and its trace joins its caller's" {
	[ -x "$ROOT/examples/spans/checkout" ] || cannot "checkout is not built"
	start --max-spans 3
	run -1 env OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:$port/" \
		TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 \
		OTEL_RESOURCE_ATTRIBUTES=test.run.id=a%2Cb OTEL_SERVICE_NAME=shop \
		"$ROOT/examples/spans/checkout" --fail
	[ "$output" = "card declined" ]
	wait "$collector"
	collector=
	[ "$(jq -c 'select(.type == "span" and .name == "checkout") |
		[.trace_id, .parent_span_id, .status.code, .resource.attributes]' spans)" = \
		'["4bf92f3577b34da6a3ce929d0e0e4736","00f067aa0ba902b7","ERROR",{"service.name":"shop","test.run.id":"a,b"}]' ]
	[ "$(jq -s '(map(select(.name == "checkout"))[0].span_id) as $top |
		map(select(.parent_span_id == $top).name)' -c spans)" = \
		'["checkout.reserve","checkout.pay"]' ]
}

# Sends a case of the corpus to a collector of its own, and says what is not as
# it should be. The arguments are the fields of `cases` below.
try_case() {
	local file=$1 method=$2 path=$3 want=$4 nd=$5 sum=$6 status
	start
	status=$(curl -s -o answer -w '%{http_code}' -H Content-Type: "${@:7}" \
		-X "$method" --data-binary "@$hostile/$file" \
		"http://127.0.0.1:$port$path")
	finish
	[ "$status" = "$want" ] || echo "$file: status $status, not $want"
	canonical >got
	if [ "$sum" ]; then
		echo "$sum  got" | sha256sum -c --quiet
	elif [ "$nd" ]; then
		# A span sent twice is written once.
		awk '!seen[$0]++' "$hostile/$nd" | cmp - got
	elif [ -s got ]; then
		echo "$file: a span"
	fi
}

cases() {
	jq -r '.[] | [.file, .method, .path, .expect.status,
		.expect.expect_ndjson // "", .expect.expect_ndjson_sha256 // "",
		(.headers[] | "-H", .[0] + ": " + .[1])] | @sh' "$1"
}

@test "every hostile request gets its status, and its spans byte for byte" {
	need_shared corpus/otlp
	local hostile=$SHARED/corpus/otlp/hostile case
	trap - DEBUG # it would take most of the time
	while IFS= read -r case; do
		eval "try_case $case" || echo "that was $case"
	done < <(cases "$hostile/cases.json") >wrong 2>&1
	cat wrong
	[ ! -s wrong ]
}

@test "every recorded export of an SDK is taken, byte for byte" {
	need_shared corpus/otlp
	local name type coding
	for body in "$SHARED"/corpus/otlp/recorded/*/*.{pb,json}{,.gz}; do
		[ -e "$body" ] || continue
		case $body in
		*.req.json) continue ;;
		esac
		name=${body##*/}
		name=${body%/*}/${name%%.*}
		type=application/json coding=identity
		case $body in *.pb*) type=application/x-protobuf ;; esac
		case $body in *.gz) coding=gzip ;; esac
		start
		[ "$(post "$body" $type -H "Content-Encoding: $coding")" = 200 ]
		finish
		canonical | cmp - "$name.expect.ndjson"
	done
}

@test "every raw stream of HTTP gets its statuses in order" {
	need_shared corpus/otlp
	local dir=$SHARED/corpus/otlp/hostile/http1 file got
	start
	while IFS= read -r file; do
		got=$(talk "$dir/$file")
		jq -e --arg f "$file" --arg got "$got" '.[] | select(.file == $f) |
			[.statuses, (.also_ok // [])[]] |
			any(.[]; map(tostring) | join(",") == $got)' \
			"$dir/cases.json" >/dev/null || echo "$file: $got"
	done < <(jq -r '.[].file' "$dir/cases.json") >wrong
	cat wrong
	[ ! -s wrong ]
}
