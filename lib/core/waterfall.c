#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "core/page.h"
#include "core/spans.h"
#include "core/waterfall.h"

const char waterfall_style[] =
    "svg{width:100%;height:auto;font:12px ui-monospace,monospace}"
    "svg text{fill:var(--fg)}svg .end{text-anchor:end}"
    "svg rect{fill:var(--span)}svg .ours rect{fill:var(--dim)}"
    "svg .critical rect{stroke:var(--fg);stroke-width:1.5}"
    "svg .bad rect{fill:var(--bad)}svg .bad .end{fill:var(--bad)}"
    "svg .missing rect{fill:none;stroke:var(--bad);stroke-dasharray:4 3}"
    "svg .missing text,svg .removed text{fill:var(--bad)}"
    "svg .removed rect{fill:var(--bad)}svg .added rect{fill:var(--good)}"
    "svg .added text{fill:var(--good)}svg .changed rect{fill:var(--warn)}"
    "svg .changed text{fill:var(--warn)}svg .moved rect{fill:var(--fake)}"
    "svg .moved text{fill:var(--fake)}"
    "svg line{stroke:var(--line)}svg .axis text{fill:var(--dim)}\n"
    ".zoom button{font:inherit;color:inherit;background:var(--box);border:1px "
    "solid var(--line);border-radius:6px;margin-right:.3rem;padding:.1rem "
    ".6rem;cursor:pointer}.zoom~svg g:not(.axis){cursor:zoom-in}\n"
    ".picture{overflow-x:auto}@media screen and (max-width:48rem){"
    ".picture svg{min-width:48rem}.zoom{position:sticky;left:0}}\n";

/* Bars keep their place as data; what is shown is the part [at, at + wide) of
 * all the time. The numbers are those of the enum below. */
const char waterfall_script[] =
    "const time=v=>v<1e-3?(v*1e6).toFixed(0)+' ns':v<1?(v*1e3).toPrecision(4)*1"
    "+' us':v<1e3?v.toPrecision(4)*1+' ms':(v/1e3).toPrecision(4)*1+' s';"
    "for(const svg of document.querySelectorAll('svg[data-ms]')){"
    "const L=320,W=540,all=+svg.dataset.ms,ticks=svg.querySelectorAll('.tick'),"
    "bars=[...svg.querySelectorAll('rect')].map(e=>[e,"
    "(e.getAttribute('x')-L)/W,+e.getAttribute('width')/W]);"
    "let at=0,wide=1;"
    "const show=(a,w)=>{wide=Math.min(1,Math.max(w,1e-7));"
    "at=Math.min(1-wide,Math.max(0,a));"
    "for(const[e,x,w]of bars){const p=Math.max(0,(x-at)/wide),"
    "q=Math.min(1,(x+w-at)/wide);e.style.visibility=q<0||p>1?'hidden':'';"
    "e.setAttribute('x',L+p*W);e.setAttribute('width',Math.max(2,(q-p)*W))}"
    "ticks.forEach((t,i)=>t.textContent="
    "time((at+wide*i/(ticks.length-1))*all))};"
    "const bar=document.createElement('p');bar.className='zoom';"
    "for(const[t,does]of[['zoom in',()=>show(at+wide/4,wide/2)],"
    "['zoom out',()=>show(at-wide/2,wide*2)],"
    "['earlier',()=>show(at-wide/4,wide)],['later',()=>show(at+wide/4,wide)],"
    "['all',()=>show(0,1)]]){const b=document.createElement('button');"
    "b.type='button';b.textContent=t;b.onclick=does;bar.append(b)}"
    "svg.before(bar);for(const[e,x,w]of bars)"
    "e.parentNode.onclick=()=>show(x-w*.05,w*1.1);"
    "svg.onwheel=e=>{if(!e.ctrlKey)return;e.preventDefault();"
    "const r=svg.getBoundingClientRect(),"
    "m=Math.min(1,Math.max(0,((e.clientX-r.left)/r.width*960-L)/W)),"
    "w=wide*(e.deltaY<0?.8:1.25);show(at+m*(wide-w),w)}}";

const char waterfall_script_hash[] =
    "BbGVN2DIFCQtkxb3NCGr+5+jKeMv3QVDnsw31saw110=";

enum {
	ROW = 20,
	WIDTH = 960,
	BARS_AT = 320, /* behind the names */
	BARS_WIDE = 540,
	CHAR = 8, /* wide, about, and a little more */
	INDENT = 10,
	MAX_INDENT = 12, /* steps */
	TICKS = 4,
	DIGITS = 1,
};

static int
compare(const void *a, const void *b)
{
	const struct bar *x = a, *y = b;
	int names;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	if (x->end_ns != y->end_ns)
		return x->end_ns > y->end_ns ? -1 : 1;
	names = strcmp(x->name ? x->name : "", y->name ? y->name : "");
	return names ? names : strcmp(x->id ? x->id : "", y->id ? y->id : "");
}

/* The index of the parent, or n; a bar is not its own. */
static size_t
parent_of(const struct bar bar[], size_t n, size_t i)
{
	const char *id = bar[i].parent;

	for (size_t k = 0; id && *id && k < n; k++)
		if (k != i && bar[k].id && !strcmp(bar[k].id, id))
			return k;
	return n;
}

struct walk {
	struct bar *bar, *to;
	size_t n, done;
	size_t *up, *stack;
	bool *is_seen;
};

/* A root, what is below it, and no recursion: depth is as hostile as input. */
static void
walk(struct walk *t, size_t root)
{
	size_t top = 0;

	t->stack[top++] = root;
	t->is_seen[root] = true;
	while (top) {
		size_t i = t->stack[--top];

		t->to[t->done++] = t->bar[i];
		for (size_t k = t->n; k--;) {
			if (t->up[k] != i || t->is_seen[k])
				continue;
			t->is_seen[k] = true;
			t->bar[k].depth = t->bar[i].depth + 1;
			t->stack[top++] = k;
		}
	}
}

void
waterfall_sort(struct bar bar[], size_t n)
{
	struct walk t = {.bar = bar, .n = n};

	if (!n)
		return;
	qsort(bar, n, sizeof *bar, compare);
	t.to = mem_new(n, sizeof *t.to);
	t.up = mem_new(n, sizeof *t.up);
	t.stack = mem_new(n, sizeof *t.stack);
	t.is_seen = mem_new(n, sizeof *t.is_seen);
	for (size_t i = 0; i < n; i++)
		t.up[i] = parent_of(bar, n, i);
	for (size_t i = 0; i < n; i++)
		if (t.up[i] == n)
			walk(&t, i);
	for (size_t i = 0; i < n; i++) /* circles have no root */
		if (!t.is_seen[i])
			walk(&t, i);
	memcpy(bar, t.to, n * sizeof *bar);
	free(t.to);
	free(t.up);
	free(t.stack);
	free(t.is_seen);
}

/* What of a name has room before the bars. */
static void
put_name(struct buf *b, const char *name, unsigned from)
{
	size_t n = 0, len = strlen(name);

	for (unsigned i = 0; i < (BARS_AT - from) / CHAR - 3 && n < len; i++) {
		uint32_t c;
		size_t step = utf8_next(name + n, len - n, &c);

		n += step ? step : 1;
	}
	page_escape(b, name, n);
	if (n < len)
		buf_adds(b, "...");
}

static const char *
class_of(const struct bar *s)
{
	return s->is_missing ? "missing"
	     : s->mark	     ? s->mark
	     : s->is_error   ? "bad"
	     : s->is_ours    ? "ours"
			     : "span";
}

static int64_t
took(const struct bar *s)
{
	return s->end_ns > s->start_ns ? s->end_ns - s->start_ns : 0;
}

static void
put_title(struct buf *b, const struct bar *s)
{
	buf_adds(b, "<title>");
	page_escapes(b, s->name ? s->name : "?");
	if (!s->is_timeless && !s->is_missing)
		buf_addf(b, ", %.3f ms", (double)took(s) / 1e6);
	if (s->kind) {
		buf_adds(b, ", ");
		page_escapes(b, s->kind);
	}
	if (s->is_error)
		buf_adds(b, ", status ERROR");
	if (s->is_critical)
		buf_adds(b, ", on the critical path");
	if (s->words) {
		buf_adds(b, "\n");
		page_escapes(b, s->words);
	}
	buf_adds(b, "</title>");
}

struct frame {
	int64_t from, all;
	size_t top; /* where the bars begin */
};

static void
put_rect(
    struct buf *b, const struct bar *s, size_t y, const struct frame *frame)
{
	double at = (double)(s->start_ns - frame->from) / (double)frame->all;
	double wide = (double)took(s) / (double)frame->all;

	buf_addf(b,
	    "<rect x=\"%.*f\" y=\"%zu\" width=\"%.*f\" height=\"%d\" "
	    "rx=\"2\"/>",
	    DIGITS, BARS_AT + at * BARS_WIDE, y + 4, DIGITS,
	    wide * BARS_WIDE > 2 ? wide * BARS_WIDE : 2.0, ROW - 8);
}

static void
put_bar(struct buf *b, const struct bar *s, size_t y, const struct frame *frame)
{
	unsigned depth = s->depth < MAX_INDENT ? s->depth : MAX_INDENT;

	buf_addf(b, "<g class=\"%s%s\">", class_of(s),
	    s->is_critical ? " critical" : "");
	put_title(b, s);
	buf_addf(b, "<text x=\"%u\" y=\"%zu\">", depth * INDENT, y + 14);
	put_name(b, s->name ? s->name : "?", depth * INDENT);
	buf_adds(b, "</text>");
	if (!s->is_timeless)
		put_rect(b, s, y, frame);
	buf_addf(b, "<text class=\"end\" x=\"%d\" y=\"%zu\">", WIDTH, y + 14);
	if (s->is_error)
		buf_adds(b, "ERROR ");
	if (s->is_missing)
		buf_adds(b, "missing");
	else if (!s->is_timeless)
		span_took_print(b, (double)took(s));
	buf_adds(b, "</text></g>\n");
}

static void
put_axis(struct buf *b, const struct frame *frame, size_t tall)
{
	buf_adds(b, "<g class=\"axis\">");
	for (int i = 0; i <= TICKS; i++) {
		int x = BARS_AT + BARS_WIDE * i / TICKS;

		buf_addf(b,
		    "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%zu\"/><text "
		    "class=\"tick\" text-anchor=\"middle\" x=\"%d\" "
		    "y=\"12\">",
		    x, ROW - 4, x, tall, x);
		span_took_print(b, (double)frame->all * i / TICKS);
		buf_adds(b, "</text>");
	}
	buf_adds(b, "</g>\n");
}

/* Of all that have a time. */
static struct frame
frame_of(const struct waterfall *w)
{
	int64_t from = INT64_MAX, to = INT64_MIN;

	for (size_t i = 0; i < w->bars; i++) {
		const struct bar *s = &w->bar[i];

		if (s->is_timeless)
			continue;
		from = s->start_ns < from ? s->start_ns : from;
		to = s->end_ns > to ? s->end_ns : to;
		to = s->start_ns > to ? s->start_ns : to;
	}
	return (struct frame){from, to > from ? to - from : 1,
	    w->has_axis && to >= from ? ROW : 0};
}

void
waterfall_print(struct buf *b, const struct waterfall *w)
{
	struct frame frame = frame_of(w);
	size_t tall = w->bars * ROW + 4 + frame.top;

	/* On a narrow screen it is moved, and stays as large as it can be read.
	 */
	if (!w->is_alone)
		buf_adds(b,
		    "<div class=\"picture\" role=\"group\" tabindex=\"0\" "
		    "aria-label=\"spans over time\">\n");
	buf_addf(b, "<svg viewBox=\"0 0 %d %zu\" role=\"img\"", WIDTH, tall);
	if (w->is_alone)
		buf_adds(b, " xmlns=\"http://www.w3.org/2000/svg\"");
	if (w->has_axis)
		buf_addf(b, " data-ms=\"%g\"", (double)frame.all / 1e6);
	buf_addf(b, " aria-label=\"%zu spans in %.2f ms; ", w->bars,
	    (double)frame.all / 1e6);
	page_escapes(b, w->label);
	buf_adds(b, "\">\n");
	if (w->is_alone)
		buf_addf(b, "<style>%s%ssvg{background:var(--bg)}</style>\n",
		    page_colors, waterfall_style);
	if (frame.top)
		put_axis(b, &frame, tall);
	for (size_t i = 0; i < w->bars; i++)
		put_bar(b, &w->bar[i], frame.top + i * ROW, &frame);
	buf_adds(b, w->is_alone ? "</svg>\n" : "</svg>\n</div>\n");
}
