#include "core/export_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define MS INT64_C(1000000)

/* Of two variables, the one that speaks of traces goes first. */
static const char *
variable(const char *name)
{
	char text[64];
	const char *got;

	snprintf(text, sizeof text, "OTEL_EXPORTER_OTLP_TRACES_%s", name);
	got = getenv(text);
	if (got && *got)
		return got;
	snprintf(text, sizeof text, "OTEL_EXPORTER_OTLP_%s", name);
	got = getenv(text);
	return got ? got : "";
}

static void
add_decoded(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char hex[3] = "", *end;
		long c = -1;

		if (s[i] == '%' && i + 2 < n) {
			memcpy(hex, s + i + 1, 2);
			c = strtol(hex, &end, 16);
			if (*end)
				c = -1;
		}
		if (c >= 0)
			i += 2;
		buf_addc(b, c >= 0 ? (char)c : s[i]);
	}
}

/* "k=v,k2=v2", values percent-encoded, as lines of a header. */
static int
add_headers(struct buf *b, const char *list, struct err *e)
{
	while (*list) {
		size_t n = strcspn(list, ","), key = strcspn(list, "=,");
		AUTO_BUF value = BUF_INIT;

		while (n && *list == ' ') {
			list++;
			n--;
			key--;
		}
		if (key < n) {
			add_decoded(&value, list + key + 1, n - key - 1);
			if (strpbrk(value.s, "\r\n") || !key)
				return err_set(e,
				    "OTEL_EXPORTER_OTLP_HEADERS: "
				    "'%.*s' is no header",
				    (int)key, list);
			buf_addf(b, "%.*s: %s\r\n", (int)key, list, value.s);
		}
		list += n;
		list += *list == ',';
	}
	return 0;
}

int
export_setting(struct export_setting *to, struct err *e)
{
	const char *coding = variable("COMPRESSION");
	long ms = strtol(variable("TIMEOUT"), NULL, 10);
	AUTO_BUF b = BUF_INIT;

	to->is_gzip = !strcmp(coding, "gzip");
	to->timeout_ns = ms > 0 && ms < 3600000 ? ms * MS : 10000 * MS;
	buf_addf(&b,
	    "Content-Type: application/x-protobuf\r\n"
	    "User-Agent: OTel-OTLP-Exporter-clnrm/%s\r\n%s",
	    VERSION, to->is_gzip ? "Content-Encoding: gzip\r\n" : "");
	if (add_headers(&b, variable("HEADERS"), e) < 0)
		return -1;
	to->headers = buf_steal(&b);
	return 0;
}

int
export_path(struct http_url *url, const char *tail, struct err *e)
{
	static const char traces[] = "/v1/traces";
	size_t n = strlen(url->path), len = sizeof traces - 1;

	if (n >= len && !strcmp(url->path + n - len, traces))
		n -= len;
	while (n && url->path[n - 1] == '/')
		n--;
	if (n + strlen(tail) >= sizeof url->path || strchr(url->path, '?'))
		return err_set(e, "the URL cannot be followed by %s", tail);
	memcpy(url->path + n, tail, strlen(tail) + 1);
	return 0;
}
