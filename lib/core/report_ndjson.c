#include <string.h>

#include "core/report_int.h"

static void
ndjson_record(struct view *w, const struct record *record)
{
	record_pass(record, w->out);
}

const struct report_form report_ndjson = {
    .name = "ndjson", .record = ndjson_record};
