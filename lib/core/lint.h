/*
 * A rendered text held against the rules: its diagnostics, its plan, and how
 * people and programs read what was found.
 */
#ifndef CORE_LINT_H
#define CORE_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "core/finding.h"
#include "core/spec.h"
#include "core/stage.h"

struct lint {
	struct spec_source src;
	const struct value *includes; /* of the rendered record, or NULL */
	const char *s;		      /* s[n], the rendered text */
	size_t n;
	bool is_strict; /* all that there is to tell is an error */
	bool has_plan;	/* else no plan is written */
};

/*
 * Write a `diagnostic` for each finding, then the `plan` where none is an
 * error, and raise the status of *st.
 *
 * out: how many errors and warnings there are
 */
size_t lint_text(struct stage *st, const struct lint *l);

/*
 * What was written of texts before, within a bound; what was used least
 * recently is forgotten first.
 */
struct lint_cache {
	size_t max_entries, max_bytes; /* 0: nothing is kept */
	size_t entries, bytes, hits;
	struct map by_digest;
	struct lint_kept *newest, *oldest;
};

/*
 * lint_text(), or for a text that it had before what it wrote then, with the
 * `gen` of now.
 */
size_t lint_cached(
    struct lint_cache *c, struct stage *st, const struct lint *l);

void lint_cache_free(struct lint_cache *c);

enum lint_form {
	LINT_TEXT,  /* a block a finding, for people */
	LINT_LINES, /* a line a finding, for editors */
	LINT_JSON,  /* one object of all findings, at the end */
};

/* The findings of a run, as they are printed. */
struct lint_show {
	enum lint_form form;
	bool is_quiet; /* with text: no notes, no `ok`, no sum */
	bool has_color;
	size_t max; /* errors and warnings that are told; 0: all */
	struct out *out;
	struct finding_source source; /* the text at hand */
	size_t errors, warnings, left_out, files;
	char *last;	  /* the source that was counted last */
	struct json json; /* the findings so far */
};

/*
 * Print the diagnostics among the records s[n]; of more than may be told the
 * errors go first. Other records are dropped.
 */
void lint_show_records(struct lint_show *w, const char *s, size_t n);

/* A source was looked at; with `is_ok` nothing was found in it. */
void lint_show_source(struct lint_show *w, const char *path, bool is_ok);

/* Print what stands at the end, and free it all. */
void lint_show_end(struct lint_show *w);

#endif
