#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/stop.h"
#include "sys/transfer_int.h"

enum {
	REDIRECTS = 5,
	CONNECT_MS = 10000,
	NS_OF_MS = 1000000,
	HEADERS_MAX = 256 << 10, /* of all replies on the way */
	KEPT = 64 << 10,
	PIECE = 256 << 10, /* that is handed on at once */
	SLOWEST = 1024,	   /* bytes a second that are borne */
};

struct transfer {
	CURL *curl;
	const struct transfer_request *request;
	struct transfer_reply *to;
	size_t headers; /* bytes that came */
	char why[CURL_ERROR_SIZE];
	bool is_over; /* the limit */
};

void
transfer_reply_free(struct transfer_reply *r)
{
	buf_free(&r->body);
	buf_free(&r->type);
	buf_free(&r->challenge);
	buf_free(&r->digest);
	free(r->url);
	r->url = NULL;
}

static void
reset(struct transfer_reply *r)
{
	transfer_reply_free(r);
	*r = (struct transfer_reply)TRANSFER_REPLY_INIT;
}

static void
begin_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

CURL *
transfer_curl(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, begin_curl);
	return curl_easy_init();
}

struct transfer *
transfer_new(void)
{
	struct transfer *t = mem_new(1, sizeof *t);

	t->curl = transfer_curl();
	return t;
}

void
transfer_del(struct transfer *t)
{
	if (!t)
		return;
	curl_easy_cleanup(t->curl);
	free(t);
}

/* ---- what comes */

static size_t
take_body(char *s, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	const struct transfer_request *r = t->request;
	size_t limit = r->limit ? r->limit : KEPT;
	long status = 0;

	n *= size;
	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	if (r->take && (status == 200 || status == 206)) {
		if (r->take(r->arg, status == 206, s, n) == 0)
			return n;
		t->to->why = TRANSFER_TAKER;
		return 0;
	}
	if (n > limit - t->to->body.len) {
		t->is_over = true;
		return 0;
	}
	buf_add(&t->to->body, s, n);
	return n;
}

/* The value of a header, when this line is that. */
static bool
is_header(const char *line, size_t n, const char *name, struct buf *value)
{
	size_t len = strlen(name);

	if (n <= len || strncasecmp(line, name, len) || line[len] != ':')
		return false;
	line += len + 1;
	n -= len + 1;
	while (n && strchr(" \t", *line)) {
		line++;
		n--;
	}
	while (n && strchr(" \t\r\n", line[n - 1]))
		n--;
	buf_add(value, line, n);
	return true;
}

static void
take_line(struct transfer_reply *to, const char *s, size_t n)
{
	AUTO_BUF other = BUF_INIT;

	if (n > 5 && !strncmp(s, "HTTP/", 5)) { /* one more, after a redirect */
		buf_reset(&to->type);
		buf_reset(&to->digest);
		buf_reset(&to->challenge);
		to->retry_after = -1;
	} else if (is_header(s, n, "www-authenticate", &to->challenge)) {
		buf_addc(&to->challenge, '\n');
	} else if (is_header(s, n, "retry-after", &other)) {
		to->retry_after = strtol(other.s, NULL, 10);
	} else if (!is_header(s, n, "content-type", &to->type)) {
		is_header(s, n, "docker-content-digest", &to->digest);
	}
}

static size_t
take_header(char *s, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	n *= size;
	t->headers += n;
	if (t->headers > HEADERS_MAX) {
		t->is_over = true;
		return 0;
	}
	take_line(t->to, s, n);
	return n;
}

static int
look_up(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct transfer_request *r = arg;

	(void)a, (void)b, (void)c, (void)d;
	return stop_signal() || (r->is_over && r->is_over(r->arg));
}

/* ---- what is asked */

static struct curl_slist *
add_header(struct curl_slist *list, const char *name, const char *value)
{
	AUTO_BUF line = BUF_INIT;

	if (!value || !*value)
		return list;
	buf_addf(&line, "%s: %s", name, value);
	return curl_slist_append(list, line.s);
}

static struct curl_slist *
headers(const struct transfer_request *r)
{
	struct curl_slist *list = NULL;

	list = add_header(list, "Accept", r->accept);
	list = add_header(list, "Content-Type",
	    r->json	? "application/json"
	    : r->upload ? "application/x-tar"
			: NULL);
	if (r->json || r->upload)
		list = curl_slist_append(list, "Expect:");
	if (r->header)
		list = curl_slist_append(list, r->header);
	return add_header(list, "Authorization", r->authorization);
}

void
transfer_set_near(CURL *c, const struct transfer_request *r)
{
	if (r->socket)
		curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, r->socket);
	if (r->is_direct)
		curl_easy_setopt(c, CURLOPT_PROXY, "");
	if (r->cert)
		curl_easy_setopt(c, CURLOPT_SSLCERT, r->cert);
	if (r->key)
		curl_easy_setopt(c, CURLOPT_SSLKEY, r->key);
}

/* Its length is not known: it goes in chunks. */
static size_t
give_upload(char *to, size_t size, size_t n, void *arg)
{
	const struct transfer_request *r = arg;
	ssize_t got;

	do
		got = read(*r->upload, to, size * n);
	while (got < 0 && errno == EINTR);
	return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

static void
set_upload(CURL *c, const struct transfer_request *r)
{
	if (!r->upload)
		return;
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, give_upload);
	curl_easy_setopt(c, CURLOPT_READDATA, (void *)r);
}

static void
set_way(CURL *c, const struct transfer_request *r)
{
	bool is_secure = !strncasecmp(r->url, "https:", 6);
	AUTO_BUF range = BUF_INIT;

	curl_easy_setopt(c, CURLOPT_URL, r->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(
	    c, CURLOPT_REDIR_PROTOCOLS_STR, is_secure ? "https" : "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION,
	    r->form || r->json || r->method ? 0L : 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)REDIRECTS);
	if (r->ca)
		curl_easy_setopt(c, CURLOPT_CAINFO, r->ca);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, r->is_unchecked ? 0L : 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, r->is_unchecked ? 0L : 2L);
	if (r->form || r->json)
		curl_easy_setopt(
		    c, CURLOPT_COPYPOSTFIELDS, r->form ? r->form : r->json);
	transfer_set_near(c, r);
	set_upload(c, r);
	if (r->method)
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
	if (!r->end)
		return;
	buf_addf(&range, "%" PRIu64 "-%" PRIu64, r->from, r->end - 1);
	curl_easy_setopt(c, CURLOPT_RANGE, range.s);
}

static void
set_patience(CURL *c, const struct transfer_request *r)
{
	long stall_ms = (long)(r->stall_ns / NS_OF_MS);
	long connect_ms =
	    r->connect_ns ? (long)(r->connect_ns / NS_OF_MS) : stall_ms;

	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
	    connect_ms < CONNECT_MS ? connect_ms : (long)CONNECT_MS);
	if (stall_ms) {
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT,
		    r->is_terse ? 1L : (long)SLOWEST);
		curl_easy_setopt(
		    c, CURLOPT_LOW_SPEED_TIME, (stall_ms + 999) / 1000);
	}
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(r->whole_ns / NS_OF_MS));
}

static void
set_all(struct transfer *t, const struct transfer_request *r,
    struct curl_slist *list)
{
	CURL *c = t->curl;

	curl_easy_reset(c); /* connections stay */
	set_way(c, r);
	set_patience(c, r);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "clnrm/" VERSION);
	curl_easy_setopt(c, CURLOPT_BUFFERSIZE, (long)PIECE);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->why);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, look_up);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, (void *)r);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
}

/* ---- how it went */

static enum transfer_why
why(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
		return TRANSFER_REFUSED;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return TRANSFER_TLS;
	case CURLE_ABORTED_BY_CALLBACK:
		return TRANSFER_STOPPED;
	case CURLE_PARTIAL_FILE:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return TRANSFER_CUT;
	default:
		return TRANSFER_WRONG;
	}
}

static int
failed(struct transfer *t, CURLcode code, struct err *e)
{
	const char *text = *t->why ? t->why : curl_easy_strerror(code);

	if (t->to->why == TRANSFER_TAKER)
		return err_set(e, "not taken");
	t->to->why = t->is_over ? TRANSFER_WRONG : why(code);
	if (t->is_over)
		return err_set(e, "the reply is longer than it may be");
	return err_set(e, "%s", text);
}

static void
take_info(struct transfer *t)
{
	char *url = NULL;
	long status = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->curl, CURLINFO_EFFECTIVE_URL, &url);
	t->to->status = (int)status;
	if (url && strcmp(url, t->request->url))
		t->to->url = mem_str(url);
}

int
transfer_run(struct transfer *t, const struct transfer_request *request,
    struct transfer_reply *to, struct err *e)
{
	struct curl_slist *list = headers(request);
	CURLcode code;

	reset(to);
	t->request = request;
	t->to = to;
	t->headers = 0;
	t->is_over = false;
	*t->why = 0;
	set_all(t, request, list);
	code = curl_easy_perform(t->curl);
	curl_slist_free_all(list);
	take_info(t);
	return code == CURLE_OK ? 0 : failed(t, code, e);
}
