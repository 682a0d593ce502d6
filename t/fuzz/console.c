/*
 * Any bytes as a log: nothing in it is an error, each span is JSON, and pieces
 * of any size tell the same as the whole. The first byte says of which size.
 */
#include <stdint.h>

#include "base/die.h"
#include "data/console.h"
#include "data/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n);

struct told {
	size_t spans, lost, bytes;
};

static void
on_span(void *arg, enum console_form form, const struct otlp_span *span)
{
	struct told *t = arg;
	AUTO_ARENA a = {0};
	AUTO_BUF line = BUF_INIT;

	BUG_IF(!console_form_name(form));
	buf_addc(&line, '{');
	otlp_span_print(span, &line);
	buf_addc(&line, '}');
	BUG_IF(!json_parse(&a, line.s, line.len, NULL));
	t->spans++;
	t->bytes += line.len - 2;
}

static void
on_lost(void *arg, const struct err *e)
{
	struct told *t = arg;

	BUG_IF(!*e->text);
	t->lost++;
}

static struct told
read_log(const char *s, size_t n, size_t piece)
{
	struct told t = {0};
	struct console *c =
	    console_new(&(struct console_user){on_span, on_lost, &t});

	for (size_t at = 0; at < n; at += piece)
		console_feed(c, s + at, n - at < piece ? n - at : piece);
	console_end(c);
	console_del(c);
	return t;
}

int
LLVMFuzzerTestOneInput(const uint8_t *s, size_t n)
{
	const char *text = (const char *)s + 1;
	struct told whole, parts;

	if (n < 2)
		return 0;
	whole = read_log(text, n - 1, n);
	parts = read_log(text, n - 1, (size_t)*s + 1);
	BUG_IF(whole.spans != parts.spans || whole.lost != parts.lost ||
	       whole.bytes != parts.bytes);
	return 0;
}
