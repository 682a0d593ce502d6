#include "sys/httpd_int.h"

#include <string.h>
#include <strings.h>

#include "base/hex.h"

enum { CHUNK_LINE = 4096 };

int
httpd_reader_refuse(struct httpd_reader *r, int status, const char *why)
{
	r->phase = HTTPD_REFUSED;
	r->is_last = true;
	r->wants_100 = false;
	r->rq.refused = status;
	r->rq.why = why;
	r->rq.body = "";
	r->rq.len = 0;
	return -1;
}

bool
httpd_reader_is_amid(const struct httpd_reader *r)
{
	if (r->phase == HTTPD_HEAD || r->phase == HTTPD_WHOLE)
		return r->in.len > r->at;
	return r->phase != HTTPD_REFUSED;
}

/* Idle connections hold little memory. */
static void
ease(struct buf *b)
{
	if (b->cap > HTTPD_IDLE)
		buf_free(b);
}

void
httpd_reader_free(struct httpd_reader *r)
{
	buf_free(&r->in);
	buf_free(&r->head);
	buf_free(&r->body);
}

static void
begin(struct httpd_reader *r)
{
	buf_drop(&r->in, r->at);
	r->at = r->scanned = 0;
	buf_reset(&r->body);
	ease(&r->body);
	if (!r->in.len)
		ease(&r->in);
	r->phase = HTTPD_HEAD;
	r->left = 0;
	r->trailer = 0;
	r->is_chunked = r->has_length = r->has_host = r->wants_100 = false;
	r->rq = (struct httpd_request){"", "", "", "", "", 0, 0, ""};
}

static bool
is_token(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/*
 * The end of the header: behind its empty line. 0: not there yet.
 */
static int
find_head(struct httpd_reader *r, size_t *end)
{
	const char *s = r->in.s;
	char *lf;

	/* An empty line before a request is to be forgiven. */
	while (r->in.len - r->at >= 2 && !memcmp(s + r->at, "\r\n", 2))
		r->at += 2;
	if (r->scanned < r->at)
		r->scanned = r->at;
	if (r->in.len > r->at && s[r->at] != '\r' && !is_token(s[r->at]))
		return httpd_reader_refuse(r, 400, "this is not HTTP");
	while ((lf = memchr(s + r->scanned, '\n', r->in.len - r->scanned))) {
		size_t i = (size_t)(lf - s);

		if (i - r->at >= HTTPD_HEADERS)
			break;
		if (i == r->at || s[i - 1] != '\r')
			return httpd_reader_refuse(
			    r, 400, "a line that does not end in CR LF");
		r->scanned = i + 1;
		if (i >= r->at + 3 && s[i - 2] == '\n') {
			*end = i + 1;
			return 1;
		}
	}
	if (r->in.len - r->at > HTTPD_HEADERS)
		return httpd_reader_refuse(
		    r, 431, "a header of more than 64 KiB");
	return 0;
}

/* Bytes that no line of a header holds. */
static bool
has_control(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] < 0x20 && s[i] != '\t') ||
		    s[i] == 0x7f)
			return true;
	return false;
}

static int
read_version(struct httpd_reader *r, const char *s)
{
	if (strlen(s) != 8 || memcmp(s, "HTTP/", 5) || s[5] < '0' ||
	    s[5] > '9' || s[6] != '.' || s[7] < '0' || s[7] > '9')
		return httpd_reader_refuse(r, 400, "a bad request line");
	if (s[5] == '2')
		return httpd_reader_refuse(r, 505,
		    "this port speaks HTTP/1.1, not HTTP/2 (gRPC): set "
		    "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf");
	if (s[5] != '1')
		return httpd_reader_refuse(r, 505, "not HTTP/1.1");
	r->minor = s[7] - '0';
	r->is_last = r->minor == 0;
	return 0;
}

/* METHOD SP TARGET SP VERSION; the line is cut up in place. */
static int
read_request_line(struct httpd_reader *r, char *line)
{
	char *target = strchr(line, ' '), *version;

	version = target ? strchr(target + 1, ' ') : NULL;
	if (!version || target == line || version == target + 1)
		return httpd_reader_refuse(r, 400, "a bad request line");
	*target++ = *version++ = 0;
	for (const char *c = line; *c; c++)
		if (!is_token(*c))
			return httpd_reader_refuse(r, 400, "a bad method");
	if (read_version(r, version) < 0)
		return -1;
	target[strcspn(target, "?#")] = 0;
	r->rq.method = line;
	r->rq.path = target;
	if (!strncasecmp(target, "http://", 7)) {
		target = strchr(target + 7, '/');
		r->rq.path = target ? target : "/";
	}
	return 0;
}

static int
read_length(struct httpd_reader *r, const char *s)
{
	uint64_t n = 0;

	if (r->has_length)
		return httpd_reader_refuse(r, 400, "two lengths");
	r->has_length = true;
	if (!*s)
		return httpd_reader_refuse(r, 400, "a bad length");
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return httpd_reader_refuse(r, 400, "a bad length");
		if (n <= HTTPD_BODY)
			n = n * 10 + (uint64_t)(*s - '0');
	}
	r->left = n;
	return 0;
}

static bool
has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = list; *s;) {
		size_t len;

		s += strspn(s, " \t,");
		len = strcspn(s, " \t,");
		if (len == n && !strncasecmp(s, word, n))
			return true;
		s += len;
	}
	return false;
}

static int
once(struct httpd_reader *r, const char **to, const char *value)
{
	if (**to)
		return httpd_reader_refuse(r, 400, "a header sent twice");
	*to = value;
	return 0;
}

static int
read_coding(struct httpd_reader *r, const char *value)
{
	if (r->is_chunked || strcasecmp(value, "chunked"))
		return httpd_reader_refuse(
		    r, 501, "a transfer coding other than chunked");
	r->is_chunked = true;
	return 0;
}

static int
read_field(struct httpd_reader *r, const char *name, const char *value)
{
	if (!strcasecmp(name, "content-length"))
		return read_length(r, value);
	if (!strcasecmp(name, "transfer-encoding"))
		return read_coding(r, value);
	if (!strcasecmp(name, "content-type"))
		return once(r, &r->rq.content_type, value);
	if (!strcasecmp(name, "content-encoding"))
		return once(r, &r->rq.content_encoding, value);
	if (!strcasecmp(name, "host")) {
		if (r->has_host)
			return httpd_reader_refuse(r, 400, "two hosts");
		r->has_host = true;
	}
	if (!strcasecmp(name, "connection"))
		r->is_last = r->is_last || has_word(value, "close");
	if (!strcasecmp(name, "expect")) {
		if (strcasecmp(value, "100-continue"))
			return httpd_reader_refuse(
			    r, 417, "an expectation other than 100-continue");
		r->wants_100 = r->minor > 0;
	}
	return 0;
}

static int
read_header_line(struct httpd_reader *r, char *line)
{
	char *colon = strchr(line, ':'), *value, *end;

	if (*line == ' ' || *line == '\t')
		return httpd_reader_refuse(r, 400, "a folded header line");
	if (!colon || colon == line)
		return httpd_reader_refuse(r, 400, "a bad header line");
	*colon = 0;
	for (const char *c = line; *c; c++)
		if (!is_token(*c))
			return httpd_reader_refuse(r, 400, "a bad header name");
	value = colon + 1 + strspn(colon + 1, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = 0;
	return read_field(r, line, value);
}

/* What the lines say together. */
static int
check_framing(struct httpd_reader *r)
{
	if (r->is_chunked && (r->has_length || !r->minor))
		return httpd_reader_refuse(
		    r, 400, "chunked, and a length or HTTP/1.0 besides");
	if (r->minor && !r->has_host)
		return httpd_reader_refuse(r, 400, "no Host");
	if (r->left > HTTPD_BODY)
		return httpd_reader_refuse(
		    r, 413, "a body of more than 64 MiB");
	r->phase = r->is_chunked ? HTTPD_CHUNK : HTTPD_LENGTH;
	return 0;
}

static int
read_head(struct httpd_reader *r, size_t end)
{
	char *line;

	buf_reset(&r->head);
	buf_add(&r->head, r->in.s + r->at, end - r->at);
	r->at = end;
	line = r->head.s;
	for (bool is_first = true;; is_first = false) {
		char *cr = memchr(
		    line, '\r', r->head.len - (size_t)(line - r->head.s));
		int rc;

		if (cr == line && cr[1] == '\n')
			break;
		if (cr[1] != '\n' || has_control(line, (size_t)(cr - line)))
			return httpd_reader_refuse(
			    r, 400, "a control character in the header");
		*cr = 0;
		rc = is_first ? read_request_line(r, line)
			      : read_header_line(r, line);
		if (rc < 0)
			return -1;
		line = cr + 2;
	}
	return check_framing(r);
}

/* Move what is there of a chunk into the body. */
static void
take_chunk(struct httpd_reader *r)
{
	size_t n = r->in.len - r->at;

	if (n > r->left)
		n = (size_t)r->left;
	buf_add(&r->body, r->in.s + r->at, n);
	r->at += n;
	r->left -= n;
}

/* A line up to its CRLF. 1: *line and *len; 0: not whole. */
static int
take_line(struct httpd_reader *r, const char **line, size_t *len)
{
	const char *s = r->in.s + r->at;
	size_t n = r->in.len - r->at;
	const char *lf = memchr(s, '\n', n);

	if (lf ? lf - s > CHUNK_LINE : n > CHUNK_LINE)
		return httpd_reader_refuse(r, 400, "a chunk's line too long");
	if (!lf)
		return 0;
	if (lf == s || lf[-1] != '\r')
		return httpd_reader_refuse(
		    r, 400, "a line that does not end in CR LF");
	*line = s;
	*len = (size_t)(lf - 1 - s);
	r->at += *len + 2;
	return 1;
}

static int
read_chunk_size(struct httpd_reader *r)
{
	const char *s;
	size_t n, i = 0;
	uint64_t size = 0;
	int got = take_line(r, &s, &n);

	if (got <= 0)
		return got;
	r->wants_100 = false;
	for (; i < n && hex_value(s[i]) >= 0; i++) {
		if (size >> 32)
			return httpd_reader_refuse(r, 400, "a bad chunk size");
		size = size << 4 | (uint64_t)hex_value(s[i]);
	}
	if (!i || (i < n && !strchr("; \t", s[i])) || has_control(s, n))
		return httpd_reader_refuse(r, 400, "a bad chunk size");
	if (size > HTTPD_BODY || r->body.len + size > HTTPD_BODY)
		return httpd_reader_refuse(
		    r, 413, "a body of more than 64 MiB");
	r->left = size;
	r->phase = size ? HTTPD_CHUNK_DATA : HTTPD_TRAILER;
	return 1;
}

static int
read_chunk_data(struct httpd_reader *r)
{
	take_chunk(r);
	if (r->left || r->in.len - r->at < 2)
		return 0;
	if (memcmp(r->in.s + r->at, "\r\n", 2))
		return httpd_reader_refuse(
		    r, 400, "a chunk that does not end in CR LF");
	r->at += 2;
	r->phase = HTTPD_CHUNK;
	return 1;
}

static int
finish(struct httpd_reader *r, const char *body, size_t n)
{
	r->phase = HTTPD_WHOLE;
	r->rq.body = body;
	r->rq.len = n;
	return 1;
}

/* A body of known length is handed out where it came in. */
static int
read_body(struct httpd_reader *r)
{
	const char *body = r->in.s + r->at;

	if (r->in.len > r->at)
		r->wants_100 = false;
	if (r->in.len - r->at < r->left)
		return 0;
	r->at += (size_t)r->left;
	return finish(r, body, (size_t)r->left);
}

static int
read_trailer(struct httpd_reader *r)
{
	const char *s;
	size_t n;
	int got;

	while ((got = take_line(r, &s, &n)) > 0 && n)
		if ((r->trailer += n) > HTTPD_HEADERS)
			return httpd_reader_refuse(
			    r, 431, "a trailer of more than 64 KiB");
	return got > 0 ? finish(r, r->body.s, r->body.len) : got;
}

/* One step; 1: there may be another. */
static int
step(struct httpd_reader *r)
{
	size_t end;
	int got;

	switch (r->phase) {
	case HTTPD_HEAD:
		got = find_head(r, &end);
		if (got > 0)
			got = read_head(r, end) < 0 ? -1 : 1;
		return got;
	case HTTPD_LENGTH:
		return read_body(r);
	case HTTPD_CHUNK:
		return read_chunk_size(r);
	case HTTPD_CHUNK_DATA:
		return read_chunk_data(r);
	case HTTPD_TRAILER:
		return read_trailer(r);
	default:
		return -1;
	}
}

int
httpd_reader_next(struct httpd_reader *r)
{
	int got;

	if (r->phase == HTTPD_WHOLE || !r->rq.method)
		begin(r);
	do {
		got = step(r);
	} while (got > 0 && r->phase != HTTPD_WHOLE);
	/* A chunk's bytes are kept once, not twice. */
	if (r->phase > HTTPD_LENGTH && got == 0) {
		buf_drop(&r->in, r->at);
		r->at = r->scanned = 0;
	}
	return got;
}
