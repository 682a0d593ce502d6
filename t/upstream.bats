#!/usr/bin/env bats
# Test files of the project that clnrm re-creates: each gets the verdict of its
# row in the manifest, or of the list below.
load helper

# Rows that are errors there and are read as their authors meant here, each for
# a form that clnrm.toml(5) lists under COMPATIBILITY.
meant() {
	cat <<-'ROWS'
	crates/clnrm-core/tests/basic.clnrm.toml there is no plugin 'alpine'
	crates/clnrm-core/tests/framework/container_lifecycle.clnrm.toml [test] without 'metadata'
	crates/clnrm-core/tests/framework/plugin_system.clnrm.toml [test] without 'metadata'
	examples/advanced-features/concurrent-execution.clnrm.toml [test] without 'metadata'
	examples/advanced-features/hermetic-isolation.clnrm.toml [test] without 'metadata'
	examples/optimus-prime-platform/tests/executive-dashboard.clnrm.toml there is no plugin 'node'
	examples/optimus-prime-platform/tests/services-test.clnrm.toml there is no plugin 'postgres'
	examples/otel-detection/app-with-collector.clnrm.toml there is no plugin 'otel_collector'
	examples/otel-detection/basic-collector.clnrm.toml there is no plugin 'otel_collector'
	tests/surrealdb/authentication.clnrm.toml names its plugin by 'type'
	tests/surrealdb/basic-connection.clnrm.toml names its plugin by 'type'
	tests/surrealdb/crud-operations.clnrm.toml names its plugin by 'type'
	tests/surrealdb/namespace-database.clnrm.toml names its plugin by 'type'
	ROWS
}

# Rows that are warnings there and errors here: what they name is outside of any
# cleanroom. It is under COMPATIBILITY as well.
outside() {
	cat <<-'ROWS'
	examples/llm-proxy-tests/tgi-integration.clnrm.toml service 'tgi_service' has no 'image'
	test-autonomic-ai.clnrm.toml service 'ollama' has no 'image'
	ROWS
}

# The verdict of a file: ok, warning or error.
verdict_of() {
	clnrm-render --format ndjson "$1" | clnrm-lint --format ndjson - >said || :
	jq -rs 'map(select(.type == "diagnostic").severity) |
		if index("error") then "error" elif index("warning") then "warning"
		else "ok" end' said
}

# The rows of the manifest: path, expected.
rows() {
	tail -n +2 MANIFEST.tsv | cut -f1,6
}

@test "every file of upstream gets the verdict of its row, but those read as meant" {
	need_shared corpus/upstream
	cd "$SHARED/corpus/upstream"
	meant | cut -d' ' -f1 >"$BATS_TEST_TMPDIR/meant"
	outside | cut -d' ' -f1 >"$BATS_TEST_TMPDIR/outside"
	while IFS=$'\t' read -r path wanted; do
		cd "$SHARED/corpus/upstream"
		got=$(cd "$BATS_TEST_TMPDIR" && verdict_of "$SHARED/corpus/upstream/$path")
		if grep -qxF "$path" "$BATS_TEST_TMPDIR/meant"; then
			[ "$wanted $got" = "error warning" ]
		elif grep -qxF "$path" "$BATS_TEST_TMPDIR/outside"; then
			[ "$wanted $got" = "warning error" ]
		else
			[ "$got" = "$wanted" ]
		fi || echo "$path: $got, not $wanted"
	done < <(rows) >"$BATS_TEST_TMPDIR/wrong"
	cat "$BATS_TEST_TMPDIR/wrong"
	[ ! -s "$BATS_TEST_TMPDIR/wrong" ]
}

@test "the forms read as meant are named by their warning, and strict refuses them" {
	need_shared corpus/upstream
	while read -r path why; do
		[ "$(verdict_of "$SHARED/corpus/upstream/$path")" = warning ]
		jq -r 'select(.code == "W302").message' said | grep -qF "$why"
		clnrm-render --format ndjson "$SHARED/corpus/upstream/$path" |
			run -1 clnrm-lint --strict --format ndjson -
	done < <(meant)
}

@test "what is outside of any cleanroom is named by its error" {
	need_shared corpus/upstream
	while read -r path why; do
		[ "$(verdict_of "$SHARED/corpus/upstream/$path")" = error ]
		jq -r 'select(.severity == "error").message' said | grep -qxF "$why"
	done < <(outside)
}

@test "an error of upstream's files is told with its cause" {
	need_shared corpus/upstream
	while IFS='|' read -r path why; do
		[ "$(verdict_of "$SHARED/corpus/upstream/$path")" = error ]
		jq -r 'select(.severity == "error") | "\(.line):\(.column) \(.message)"' said |
			grep -qxF "$why" || { echo "$path"; cat said; return 1; }
	done <<-'ROWS'
	tests/self-test/clnrm-otel-validation.clnrm.toml|78:1 otel_validation.expected_traces[0].parent_child[0] is a table, expected an array of strings
	examples/optimus-prime-platform/tests/child-mode.clnrm.toml|15:12 services.ollama_ai.volumes[0] is a string, expected a table
	ROWS
}
