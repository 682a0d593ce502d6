#include "core/page.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/utf8.h"

const char page_colors[] =
    ":root{--fg:#1b1f24;--bg:#fff;--dim:#57606a;--line:#d0d7de;--box:#f6f8fa;"
    "--good:#116329;--bad:#b3261e;--fake:#8250df;--warn:#7d4e00;"
    "--span:#2f6fb3}\n"
    "@media (prefers-color-scheme:dark){:root{--fg:#e6edf3;--bg:#0d1117;"
    "--dim:#9aa5b1;--line:#30363d;--box:#161b22;--good:#56d364;--bad:#ff7b72;"
    "--fake:#d2a8ff;--warn:#e3b341;--span:#79c0ff}}\n";

static const char rules[] =
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:72rem;padding:1rem;color:var(--fg);"
    "overflow-wrap:anywhere;background:var(--bg);font:1rem/1.5 "
    "system-ui,sans-serif}\n"
    "h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.2rem;margin:1.5rem 0 "
    ".5rem}h3{font-size:1rem;margin:0;display:inline}h4{font-size:.9rem;"
    "margin:1rem 0 .25rem}\n"
    "nav ul{columns:18rem}a{color:var(--span)}:focus-visible{outline:3px solid "
    "var(--span);"
    "outline-offset:2px}\n"
    ".skip{position:absolute;left:-99rem}.skip:focus{left:1rem}\n"
    "dl{display:grid;grid-template-columns:max-content "
    "1fr;gap:0 1rem;margin:.5rem 0}dt{color:var(--dim)}dd{margin:0;"
    "overflow-wrap:anywhere}\n"
    "details.test{border:1px solid var(--line);border-radius:6px;margin:.4rem "
    "0;padding:.4rem .7rem}\n"
    "summary{cursor:pointer;overflow-wrap:anywhere}\n"
    ".word{display:inline-block;min-width:4.2rem;font-weight:700}"
    ".pass{color:var(--good)}.fail,.error,.not{color:var(--bad)}"
    ".fake{color:var(--fake)}.skipped,.flaky{color:var(--warn)}"
    ".dim{color:var(--dim)}\n"
    "pre{background:var(--box);border:1px solid "
    "var(--line);border-radius:6px;padding:.6rem;overflow-x:auto;margin:.3rem "
    "0;font:.85rem/1.4 ui-monospace,monospace;white-space:pre-wrap;"
    "overflow-wrap:anywhere}\n"
    "table{border-collapse:collapse;width:100%;font-size:.85rem}"
    "th,td{text-align:left;vertical-align:top;padding:.15rem "
    ".5rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}"
    "th:nth-child(-n+2),td:nth-child(-n+2){min-width:5rem}\n"
    "tr.added{color:var(--good)}tr.removed{color:var(--bad)}"
    "tr.changed{color:var(--warn)}tr.moved{color:var(--fake)}\n"
    ".cut{border-left:4px solid var(--warn);padding-left:.6rem}\n"
    "@media print{body{max-width:none;color:#000;background:#fff}"
    "details.test{break-inside:avoid-page}pre{white-space:pre-wrap}"
    "nav,.skip{display:none}}\n";

static bool
is_markup(uint32_t c)
{
	return c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0) &&
	       c != 0xfffe && c != 0xffff;
}

static const char *
named(uint32_t c)
{
	return c == '&'	 ? "&amp;"
	     : c == '<'	 ? "&lt;"
	     : c == '>'	 ? "&gt;"
	     : c == '"'	 ? "&quot;"
	     : c == '\'' ? "&#39;"
			 : NULL;
}

/* Bytes of what only colours a terminal, "ESC [ 1 ; 31 m", at s[n]. */
static size_t
colour(const char *s, size_t n)
{
	size_t i = 2;

	if (n < 3 || s[0] != '\033' || s[1] != '[')
		return 0;
	while (i < n && strchr("0123456789;:", s[i]) && s[i])
		i++;
	return i < n && s[i] >= '@' && s[i] <= '~' ? i + 1 : 0;
}

void
page_escape(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint32_t c = 0;
		size_t code = colour(s + i, n - i);
		size_t len = utf8_next(s + i, n - i, &c);

		if (code)
			len = code;
		else if (!len)
			buf_adds(b, "\xef\xbf\xbd");
		else if (named(c))
			buf_adds(b, named(c));
		else if (utf8_is_turn(c))
			buf_addf(b, "\\u%04x", c);
		else if (c == '\t' || c == '\n' || is_markup(c))
			buf_add(b, s + i, len);
		i += len ? len : 1;
	}
}

void
page_begin(struct buf *b, const struct page *p)
{
	buf_adds(b, "<!doctype html>\n<html lang=\"en\">\n<head>\n"
		    "<meta charset=\"utf-8\">\n<meta "
		    "http-equiv=\"Content-Security-Policy\" "
		    "content=\"default-src 'none'; style-src "
		    "'unsafe-inline'");
	if (p->script)
		buf_addf(b, "; script-src 'sha256-%s'", p->script_hash);
	buf_adds(b, "\">\n<meta name=\"viewport\" "
		    "content=\"width=device-width, initial-scale=1\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n"
		    "<title>");
	page_escapes(b, p->title);
	buf_addf(b, "</title>\n<style>\n%s%s%s</style>\n</head>\n<body>\n",
	    page_colors, rules, p->style ? p->style : "");
	buf_addf(b, "<a class=\"skip\" href=\"#%s\">Skip to %s</a>\n", p->main,
	    p->skip);
}

void
page_end(struct buf *b, const struct page *p)
{
	if (p->script)
		buf_addf(b, "<script>%s</script>\n", p->script);
	buf_adds(b, "</body>\n</html>\n");
}
