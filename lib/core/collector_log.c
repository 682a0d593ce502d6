#include "core/collector_int.h"

#include <stdlib.h>

#include "base/mem.h"
#include "data/console.h"

struct collector_log {
	struct collector *collector;
	const char *via;
	struct console *console;
};

static void
on_span(void *arg, enum console_form form, const struct otlp_span *span)
{
	struct collector_log *l = arg;

	collector_add(l->collector, span, l->via, console_form_name(form));
}

static void
on_lost(void *arg, const struct err *e)
{
	struct collector_log *l = arg;

	collector_tell(l->collector, COLLECTOR_LOST, e);
}

struct collector_log *
collector_log_new(struct collector *c, const char *via)
{
	struct collector_log *l = mem_new(1, sizeof *l);

	*l = (struct collector_log){.collector = c,
	    .via = via,
	    .console =
		console_new(&(struct console_user){on_span, on_lost, l})};
	return l;
}

void
collector_log_feed(struct collector_log *l, const char *s, size_t n)
{
	console_feed(l->console, s, n);
}

void
collector_log_del(struct collector_log *l)
{
	if (!l)
		return;
	console_end(l->console);
	console_del(l->console);
	free(l);
}
