/*
 * Inside of clnrm-bench: its settings, and the verbs that read streams.
 */
#ifndef BENCH_VERB_H
#define BENCH_VERB_H

#include "base/cli.h"
#include "core/bench.h"

extern const struct cli bench_cli;

/* What is set, and what is under way. */
extern struct bench_tool {
	const char *format, *baseline, *budget, *on_alert, *headroom, *out_file;
	struct cli_list history;
	int loose, strict, allow_quick;
	struct stage st;
	struct bench_view view;
	struct out *people; /* standard error */
	struct bench_plan plan;
} bench;

/* Show what there is, say why, and exit. */
_Noreturn void bench_fail(int status, const struct err *e);

/* The number of an option; what is none ends it. */
double bench_fraction(
    const char *name, const char *text, double least, double most);
void bench_make_plan(bool is_pair);

/* From now on each record is shown as soon as it is put. */
void bench_watch(void);
void bench_begin(char *argv[]);
int bench_end(void);

/* The results that --baseline names; and those shown held beside them. */
void bench_read_baseline(struct bench_set *before);
void bench_compare_baseline(struct bench_set *before);

/* ---- verbs */

int bench_verb_stats(char **word, char *argv[]);
int bench_verb_spans(char **word, char *argv[]);
int bench_verb_compare(char **word, char *argv[]);
int bench_verb_gate(char **word, char *argv[]);
int bench_verb_budget(char **word, char *argv[]);
int bench_verb_report(char **word, char *argv[]);

#endif
