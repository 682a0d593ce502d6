#include "core/explain.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

enum { WIDTH = 78 };

static const struct {
	const char *code, *title, *text;
} codes[] = {
    {"E101", "cannot be read",
	"A file that was named, or found below a directory, could not be "
	"opened or read. The message has the reason of the system: it is not "
	"there, is a directory, or may not be read."},
    {"E102", "is not UTF-8",
	"Test files and templates are UTF-8. The place is that of the first "
	"byte that is not. Save the file as UTF-8; iconv(1) converts one."},
    {"E104", "nothing to judge in a saved file",
	"A file that was given as a saved run or trace (clnrm verify SAVED "
	"--against, clnrm analyze --traces) holds neither a span nor a run of "
	"these tests. Read are records of clnrm, OTLP/JSON, spans as an "
	"object a line, and what console exporters print."},
    {"E110", "a template with wrong syntax",
	"The text has a {{, {% or {# and does not parse as a template "
	"(clnrm-render(1) has the language). Where the marker is meant as "
	"text, write {% raw %} before it and {% endraw %} behind it."},
    {"E111", "a template that cannot be evaluated",
	"A filter, a function or an operator refused what it was given. The "
	"message names it and what it wants."},
    {"E120", "a variable that is not set, or cannot be",
	"The template uses a variable that has no value. Variables come from "
	"--var NAME=VALUE, from [vars] in the file, and from the environment; "
	"the filter default(value=...) gives one that may be missing a value."},
    {"E201", "exit status",
	"A step ended with another exit status than the test expects, or was "
	"ended by a signal. Its output is shown below the finding. Where the "
	"status is right, write it: expected_exit_code = 3."},
    {"E202", "output",
	"expected_output_regex was not found in what the step wrote to "
	"standard output. The expression is searched for anywhere; (?m) lets ^ "
	"and $ stand at lines."},
    {"E203", "the time ran out",
	"The step or the scenario ran longer than its time-out and was "
	"stopped, with all that it had started. The limit is timeout_ms, "
	"policy.max_execution_time, meta.timeout, or --timeout, the first of "
	"them that is there."},
    {"E204", "a required span is missing",
	"Exit status and output were right, and the program under test never "
	"emitted a span that must be there. That is a fake green: nothing "
	"proves that the code ran. See whether the SDK is switched on, whether "
	"the exporter reaches the endpoint in OTEL_EXPORTER_OTLP_ENDPOINT, and "
	"whether the program ends it before it exits."},
    {"E205", "a span is not as expected",
	"Spans of the name are there, and none satisfies all that "
	"[[expect.span]] says of it, or an edge, a window, an order, a status "
	"or an attribute is wrong. The finding shows the nearest one."},
    {"E206", "a count is not as expected",
	"The number of spans, events or errors is outside of its bound in "
	"[expect.counts]."},
    {"E207", "a step did not run",
	"A step before it failed, or the scenario was stopped, so that this "
	"one never began. continue_on_failure = true in the earlier step lets "
	"it run."},
    {"E208", "a failure that is known did not come, or lasts too long",
	"The scenario has expect_fail. It passed, and what is no longer "
	"expected is to be taken out of the test; or it fails after the day "
	"until which that was known."},
    {"E301", "no TOML",
	"The text breaks the rules of TOML 1.0. All errors of a file are told "
	"in one pass: after an error the reader goes on at the next line or "
	"table."},
    {"E302", "a key is missing",
	"A table lacks a key that it must have; clnrm.toml(5) marks those with "
	"a star."},
    {"E303", "a value of the wrong type",
	"No type is taken for another: a number is no string, a table no list. "
	"Quotes make a string, double brackets [[...]] a list of tables."},
    {"E304", "a value that cannot be right",
	"The type is right and the value is not: out of its range, none of the "
	"words that are allowed, a pattern that does not compile, a reference "
	"to what is not there, or expectations that cannot hold together."},
    {"E305", "a name is given twice",
	"Two scenarios, two steps of a scenario, or two keys that mean the "
	"same have one name, and a verdict could not say which of them it is "
	"about."},
    {"E306", "nothing to run",
	"A test without a step would pass whatever happens, so it is an "
	"error."},
    {"E401", "the cleanroom could not be built, or was lost",
	"The kernel refused a namespace, a mount or a limit, or the process "
	"that holds the cleanroom went away. `clnrm doctor` tells what this "
	"machine can do."},
    {"E402", "the level of isolation cannot be had",
	"The test wants more isolation than this machine can give, or its "
	"policy does: security_level high and disallowed_commands need files "
	"of their own, medium and high a network. `clnrm "
	"doctor` tells what is missing; --allow-degraded takes the level that "
	"there is, and every report then says so."},
    {"E403", "a limit cannot be enforced",
	"The test sets a limit that nobody holds here, such as processes "
	"without a cgroup. limits.optional names those that may go "
	"unenforced."},
    {"E406", "clnrm-watch cannot go on",
	"What was watched is gone, or a limit of the kernel is reached; the "
	"message names the setting, such as fs.inotify.max_user_watches."},
    {"E407", "clnrm-collect cannot listen or wait",
	"The address is taken, or may not be listened on."},
    {"E408", "an image that is not there",
	"A service names an image that is neither in the store nor mapped by "
	"[images] of clnrm.conf. `clnrm pull` fetches what tests need from "
	"registries; `clnrm images import NAME FILE` takes in an archive of "
	"`docker save`, an OCI layout or a tar of a root directory; "
	"NAME = host in [images] takes the host's own files."},
    {"E409", "a service did not get ready",
	"A service ended before it was ready, could not be started, or did not "
	"get ready in time (ready.timeout_ms). The finding has the check that "
	"did not hold and the last lines that the service printed."},
    {"E421", "a report cannot be written",
	"A file that --report or [report] names is not there now, or is what "
	"it was before: the message has the system's reason. Files of [report] "
	"stay below the directory of the run."},
    {"E430", "a command that is measured fails",
	"What fails takes another time than what works, so it yields none. "
	"clnrm-bench -i takes runs with any exit status."},
    {"E431", "a sample without a name or a time",
	"A `sample` has \"id\", a text, and \"ns\", a number or a list of "
	"them, 0 or more."},
    {"E432", "no benchmark was judged",
	"No result that came has a limit or a baseline, so the gate would pass "
	"whatever happens. `clnrm-bench budget` writes limits, "
	"--save-baseline a baseline."},
    {"E501", "the stream is empty or was cut",
	"A stage before this one died, or the stream was cut by hand: its last "
	"record is no `end`. What is not whole is never green. --loose takes a "
	"stream that was cut on purpose."},
    {"E502", "a line that is no record",
	"A line of the stream is no JSON object with a type. clnrm-records(7) "
	"has the form."},
    {"E503", "records of a newer version",
	"A stage of a newer clnrm wrote the stream. Use programs of one "
	"version."},
    {"E504", "a line longer than the limit",
	"No record is longer than 64 MiB. Larger bodies belong into files."},
    {"W301", "an unknown key",
	"Nobody reads the key, so what it says is not done and not checked. "
	"The hint names the key that is nearest."},
    {"W302", "taken, though not as the format has it; or taken and not judged",
	"An older form, a slip whose meaning is plain, or a setting that "
	"decides nothing. It is run as the message says; the section "
	"COMPATIBILITY of clnrm.toml(5) lists the forms."},
    {"W303", "good to know",
	"Nothing is wrong with the file, but a person would want to know: a "
	"secret in plain text, a port that is taken twice, a bound that is not "
	"looked at."},
    {"W304", "a table states expectations, and nobody judges them",
	"Older formats had such tables, and their runner never looked at them. "
	"The verdict line names them. What must hold stands in [expect], or in "
	"expected_output_regex and expected_exit_code of a step."},
    {"W305", "a file that is no test, and is skipped",
	"The file has none of the tables of a test: it is a macro library, a "
	"manifest or the like. Give it a name that does not end in "
	".clnrm.toml."},
    {"W306", "an expectation that nothing can meet, or anything does",
	"A name in an edge or an order is none of the spans that the file "
	"expects, which is a slip in most cases; or a window or an order says "
	"what is always so."},
    {"W307", "a service that nobody speaks of, or reuses",
	"No step and no other service names it or one of its ports: it is "
	"started for nothing, or a step forgot its `service`. Or it has "
	"`reuse`, and the file one scenario."},
    {"W308", "a scenario that proves little",
	"All it asks is that its steps end with 0, which `true` does too. "
	"Expect an output or, better, a span that only the real code emits."},
    {"W309", "a test that cannot be tried by clnrm-prove",
	"clnrm prove replaces steps by stubs that print what the test expects. "
	"For this expression no such text could be made, mostly since it looks "
	"around itself ((?=...), (?<!...)); or --only service was asked for a "
	"test that has no service."},
    {"W401", "clnrm-watch sees less than it should",
	"A directory could not be looked into, or events were lost and all was "
	"looked at again."},
    {"W402", "a pattern that is left out",
	"A line of an ignore file does not parse, and is not used."},
    {"W403", "clnrm-watch cannot keep its digests",
	"The file that --baseline names could not be read or written. All is "
	"watched as ever, and the next start looks at every file again."},
    {"W405", "asked for beside the run, and not there yet",
	"What this version does not do, and no verdict depends on: a digest of "
	"traces that have none."},
    {"W406", "an artifact that could not be kept",
	"A file that artifacts.collect names is not there, is no regular file, "
	"is larger than 64 MiB, or could not be written below "
	".clnrm/artifacts."},
    {"W407", "a run that is not kept whole",
	"The stream of a kept run was longer than 256 MiB, and ends with this "
	"warning. What was to come is lost to who reads it again; the report "
	"of the run itself had all of it. --report ndjson=FILE keeps a stream "
	"of any length."},
    {"W411", "a span came again with other bytes",
	"Two exports with the same ids differ. The first one counts."},
    {"W412", "more spans than can be remembered",
	"Duplicates are told from originals by their ids, and there were too "
	"many."},
    {"W413", "spans with ids that cannot be",
	"A trace id or span id is all zero, or of the wrong length."},
    {"W414", "a request was refused",
	"An exporter sent what is no OTLP, or too much of it."},
    {"W415", "a request that was not quite right was taken",
	"An exporter breaks a rule of OTLP that does no harm."},
    {"W416", "a printed span that cannot be read",
	"What looks like a span in a program's output is cut off, as by a "
	"program that ends while it prints, is larger than 2 MiB, or is mixed "
	"with what another thread prints. Spans sent over OTLP have none of "
	"this."},
    {"W417", "spans that could not be exported",
	"clnrm-collect --export could not send all spans to the backend: it "
	"was not there, answered with an error, or took too long. The run is "
	"not touched by that. The message has the last reason; see whether "
	"the URL is that of an OTLP/HTTP receiver (port 4318, not 4317)."},
    {"W418", "spans of a trace that an earlier run had",
	"They came to the listener with times of this run, but the id of their "
	"trace stands in .clnrm/runs: what was saved then is sent again, or "
	"the code under test uses one id for ever. They are shown and do not "
	"count. Code that takes up TRACEPARENT, or makes a new id in each run, "
	"is not touched by this."},
    {"W419", "not all tests were selected, or in another order",
	"clnrm-select left tests out, as --filter or --shard told it, or put "
	"them in a random order. A run of some tests says nothing of the "
	"others; --order random with the --seed of the message gives the same "
	"order again."},
    {"W420", "a test that is not held against its recording",
	"The file below .clnrm/baseline cannot be read as a recorded trace, or "
	"the spans of the tests that run, or differ from what was recorded, "
	"are more than are held at a time (256 MiB). The verdict is not "
	"touched by that. clnrm record --update FILE records the test anew."},
};

/* Prose in lines that fit a terminal. */
static void
add_lines(struct buf *b, const char *text)
{
	size_t used = 0;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (used && used + 1 + n > WIDTH) {
			buf_addc(b, '\n');
			used = 0;
		} else if (used) {
			buf_addc(b, ' ');
			used++;
		}
		buf_add(b, text, n);
		used += n;
		text += n + (text[n] == ' ');
	}
	buf_addc(b, '\n');
}

int
explain(struct buf *b, const char *code)
{
	bool is_all = !strcmp(code, "all");
	size_t was = b->len;

	for (size_t i = 0; i < COUNT(codes); i++) {
		if (is_all) {
			buf_addf(b, "%s  %s\n", codes[i].code, codes[i].title);
		} else if (!strcasecmp(code, codes[i].code)) {
			buf_addf(
			    b, "%s: %s\n\n", codes[i].code, codes[i].title);
			add_lines(b, codes[i].text);
		}
	}
	return b->len == was ? -1 : 0;
}
