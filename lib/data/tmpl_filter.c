/*
 * Which filter it is, and those for text.
 */
#include <stdio.h>
#include <string.h>

#include "base/cli.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "data/tmpl_int.h"

/* ---- the table */

static const struct tmpl_filter *const tables[] = {tmpl_text_filters,
    tmpl_list_filters, tmpl_number_filters, tmpl_markup_filters,
    tmpl_date_filters};

enum { KNOWN = 128 };

static const struct tmpl_filter *
find(const struct tmpl_filter *f, const struct tmpl_str *name)
{
	for (; f && f->name; f++)
		if (*f->name == *name->s &&
		    !strncmp(f->name, name->s, name->len) &&
		    !f->name[name->len])
			return f;
	return NULL;
}

const struct tmpl_filter *
tmpl_find_filter(const struct tmpl *t, const struct tmpl_str *name)
{
	const struct tmpl_filter *f = find(t->how.filter, name);

	for (size_t i = 0; !f && i < COUNT(tables); i++)
		f = find(tables[i], name);
	return f;
}

static size_t
names(const struct tmpl_filter *f, const char *to[], size_t n)
{
	for (; f && f->name && n < KNOWN - 1; f++)
		to[n++] = f->name;
	return n;
}

static struct value *
unknown(struct tmpl_run *r, const struct tmpl_call *c)
{
	const char *known[KNOWN];
	size_t n = names(r->t->how.filter, known, 0);
	char word[64];

	snprintf(word, sizeof word, "%.*s",
	    (int)(c->name.len < 60 ? c->name.len : 60), c->name.s);
	for (size_t i = 0; i < COUNT(tables); i++)
		n = names(tables[i], known, n);
	known[n++] = "default";
	tmpl_fail(r, c->at, "unknown filter `%s`", word);
	tmpl_hint_near(r, word, cli_nearest(word, known, n));
	return NULL;
}

static struct value *
apply(struct tmpl_use *u, const struct tmpl_filter *f, struct value *v)
{
	if (f->is_text && v->kind != VALUE_STR && v->kind != VALUE_TIME)
		return tmpl_refuse(
		    u, "wants a string, this is %s", value_kind_name(v->kind));
	return f->fn(u, v);
}

struct value *
tmpl_own_filter(struct tmpl_use *u, struct value *v)
{
	const struct tmpl_filter *f = NULL;

	for (size_t i = 0; !f && i < COUNT(tables); i++)
		f = find(tables[i], &u->name);
	return f ? apply(u, f, v) : unknown(u->r, u->call);
}

struct value *
tmpl_filter(struct tmpl_run *r, const struct tmpl_call *c, struct value *v)
{
	struct tmpl_given given[TMPL_ARGS];
	struct tmpl_use u = {r, c, c->name, given, 0};

	if (!c->filter)
		return unknown(r, c);
	if ((c->arg && tmpl_args(r, c, given, &u.n) < 0) ||
	    tmpl_afford(r, c->at) < 0)
		return NULL;
	return apply(&u, c->filter, v);
}

/* ---- text filters: v is a string */

/* What was built, if it is not too large; frees it. */
static struct value *
done(struct tmpl_use *u, struct buf *b)
{
	if (b->len <= TMPL_OUTPUT)
		return tmpl_new_buf(u->r, b);
	buf_free(b);
	return tmpl_refuse(u, "the text is larger than 64 MiB");
}

/* Without a large detour where all of it is ASCII, or NULL. */
static struct value *
ascii_case(struct tmpl_use *u, const struct value *v, char first)
{
	struct value *to = tmpl_new(u->r, VALUE_STR);
	size_t n = v->str.len;
	char *s = arena_take(u->r->arena, n + 1);

	for (size_t i = 0; i < n; i++) {
		char c = v->str.s[i];

		if (c & 0x80)
			return NULL;
		s[i] = (char)(c ^ ((unsigned char)(c - first) < 26) << 5);
	}
	s[n] = 0;
	to->str.s = s;
	to->str.len = n;
	return to;
}

static struct value *
upper(struct tmpl_use *u, struct value *v)
{
	struct value *plain = ascii_case(u, v, 'a');
	struct buf b = BUF_INIT;

	if (plain)
		return plain;

	tmpl_upper(&b, v->str.s, v->str.len);
	return done(u, &b);
}

static struct value *
lower(struct tmpl_use *u, struct value *v)
{
	struct value *plain = ascii_case(u, v, 'A');
	struct buf b = BUF_INIT;

	if (plain)
		return plain;

	tmpl_lower(&b, v->str.s, v->str.len);
	return done(u, &b);
}

static size_t
char_len(const char *s, size_t n)
{
	uint32_t c;
	size_t len = n ? utf8_next(s, n, &c) : 0;

	return n && !len ? 1 : len;
}

static struct value *
capitalize(struct tmpl_use *u, struct value *v)
{
	size_t first = char_len(v->str.s, v->str.len);
	struct buf b = BUF_INIT;

	tmpl_upper(&b, v->str.s, first);
	tmpl_lower(&b, v->str.s + first, v->str.len - first);
	return done(u, &b);
}

static size_t
word_len(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n) {
		uint32_t c = 0;
		size_t len = utf8_next(s + i, n - i, &c);

		if (!len || !(tmpl_is_alpha(c) || (c >= '0' && c <= '9') ||
				c == '_' || c == '\''))
			break;
		i += len;
	}
	return i;
}

static struct value *
title(struct tmpl_use *u, struct value *v)
{
	const char *s = v->str.s, *end = s + v->str.len;
	struct buf b = BUF_INIT;

	while (s < end) {
		size_t word = word_len(s, (size_t)(end - s));
		size_t first = char_len(s, (size_t)(end - s));

		if (!word) {
			buf_add(&b, s, first);
			s += first;
			continue;
		}
		if (word > 1 && *s == '\'') { /* 'tis: 'Tis */
			buf_addc(&b, *s++);
			word--;
		}
		first = char_len(s, word);
		tmpl_upper(&b, s, first);
		tmpl_lower(&b, s + first, word - first);
		s += word;
	}
	return done(u, &b);
}

static struct value *
trimmed(struct tmpl_use *u, struct value *v, bool start, bool end)
{
	size_t n = v->str.len;
	const char *s = tmpl_trim(v->str.s, &n, start, end);

	return tmpl_new_str(u->r, s, n);
}

static struct value *
trim(struct tmpl_use *u, struct value *v)
{
	return trimmed(u, v, true, true);
}

static struct value *
trim_start(struct tmpl_use *u, struct value *v)
{
	return trimmed(u, v, true, false);
}

static struct value *
trim_end(struct tmpl_use *u, struct value *v)
{
	return trimmed(u, v, false, true);
}

/* An argument in which `\n` and `\t` mean newline and tab. */
static int
escaped_arg(
    struct tmpl_use *u, const char *name, bool need, struct tmpl_str *out)
{
	AUTO_BUF b = BUF_INIT;

	if (tmpl_str_arg(u, name, need, out) < 0)
		return -1;
	for (size_t i = 0; i < out->len; i++) {
		char next = i + 1 < out->len ? out->s[i + 1] : 0;

		if (out->s[i] == '\\' && (next == 'n' || next == 't'))
			buf_addc(&b, out->s[++i] == 'n' ? '\n' : '\t');
		else
			buf_addc(&b, out->s[i]);
	}
	*out = (struct tmpl_str){arena_dup(u->r->arena, b.s, b.len), b.len};
	return 0;
}

static struct value *
trim_start_matches(struct tmpl_use *u, struct value *v)
{
	const char *s = v->str.s;
	size_t n = v->str.len;
	struct tmpl_str p;

	if (escaped_arg(u, "pat", true, &p) < 0)
		return NULL;
	while (p.len && n >= p.len && !memcmp(s, p.s, p.len)) {
		s += p.len;
		n -= p.len;
	}
	return tmpl_new_str(u->r, s, n);
}

static struct value *
trim_end_matches(struct tmpl_use *u, struct value *v)
{
	size_t n = v->str.len;
	struct tmpl_str p;

	if (escaped_arg(u, "pat", true, &p) < 0)
		return NULL;
	while (p.len && n >= p.len && !memcmp(v->str.s + n - p.len, p.s, p.len))
		n -= p.len;
	return tmpl_new_str(u->r, v->str.s, n);
}

/* The next place to replace at or behind s, or NULL. */
static const char *
next_place(const char *s, const char *end, const struct tmpl_str *from)
{
	if (from->len)
		return memmem(s, (size_t)(end - s), from->s, from->len);
	return s;
}

static struct value *
replace(struct tmpl_use *u, struct value *v)
{
	const char *s = v->str.s, *end = s + v->str.len, *at;
	struct buf b = BUF_INIT;
	struct tmpl_str from, to;

	if (tmpl_str_arg(u, "from", true, &from) < 0 ||
	    tmpl_str_arg(u, "to", true, &to) < 0)
		return NULL;
	while ((at = next_place(s, end, &from)) && b.len <= TMPL_OUTPUT) {
		size_t skip = from.len;

		buf_add(&b, s, (size_t)(at - s));
		buf_add(&b, to.s, to.len);
		s = at + skip;
		if (skip)
			continue;
		if (s == end)
			break;
		skip = char_len(s, (size_t)(end - s));
		buf_add(&b, s, skip);
		s += skip;
	}
	buf_add(&b, s, (size_t)(end - s));
	return done(u, &b);
}

static struct value *
truncate_filter(struct tmpl_use *u, struct value *v)
{
	struct tmpl_str end = {"…", sizeof "…" - 1};
	struct buf b = BUF_INIT;
	int64_t length = 255;
	size_t i = 0;

	if (tmpl_int_arg(u, "length", false, 0, &length) < 0 ||
	    tmpl_str_arg(u, "end", false, &end) < 0)
		return NULL;
	for (; length && i < v->str.len; length--)
		i += tmpl_cluster(v->str.s + i, v->str.len - i);
	buf_add(&b, v->str.s, i);
	if (i < v->str.len)
		buf_add(&b, end.s, end.len);
	return done(u, &b);
}

static struct value *
wordcount(struct tmpl_use *u, struct value *v)
{
	bool in_word = false;
	int64_t n = 0;

	for (size_t i = 0; i < v->str.len;) {
		uint32_t c = 0;
		size_t len = utf8_next(v->str.s + i, v->str.len - i, &c);
		bool is_space = len && tmpl_is_space(c);

		n += !is_space && !in_word;
		in_word = !is_space;
		i += len ? len : 1;
	}
	return tmpl_new_int(u->r, n);
}

/* Each byte of `set` becomes the text of that number in `to`. */
static struct value *
substitute(struct tmpl_use *u, const struct value *v, const char *set,
    const char *const to[])
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < v->str.len; i++) {
		char c = v->str.s[i];
		const char *at = c ? strchr(set, c) : NULL;

		if (at)
			buf_adds(&b, to[at - set]);
		else
			buf_addc(&b, c);
	}
	return done(u, &b);
}

static struct value *
addslashes(struct tmpl_use *u, struct value *v)
{
	static const char *const to[] = {"\\\\", "\\\"", "\\'"};

	return substitute(u, v, "\\\"'", to);
}

static struct value *
escape(struct tmpl_use *u, struct value *v)
{
	static const char *const to[] = {
	    "&amp;", "&lt;", "&gt;", "&quot;", "&#x27;", "&#x2F;"};

	return substitute(u, v, "&<>\"'/", to);
}

static struct value *
escape_xml(struct tmpl_use *u, struct value *v)
{
	static const char *const to[] = {
	    "&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};

	return substitute(u, v, "&<>\"'", to);
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static struct value *
percent(struct tmpl_use *u, const struct value *v, const char *keep)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < v->str.len; i++) {
		char c = v->str.s[i];

		if (is_alnum(c) || (c && strchr(keep, c)))
			buf_addc(&b, c);
		else
			buf_addf(&b, "%%%02X", (unsigned char)c);
	}
	return done(u, &b);
}

static struct value *
urlencode(struct tmpl_use *u, struct value *v)
{
	return percent(u, v, "-._~/%");
}

static struct value *
urlencode_strict(struct tmpl_use *u, struct value *v)
{
	return percent(u, v, "");
}

struct indent {
	struct tmpl_str prefix;
	bool first, blank;
};

static void
indent_line(struct buf *b, const char *s, size_t n, bool is_first,
    const struct indent *how)
{
	if (!is_first)
		buf_addc(b, '\n');
	if (n && s[n - 1] == '\r')
		n--;
	if ((is_first && how->first) ||
	    (!is_first && (tmpl_trim(s, &(size_t){n}, true, false) < s + n ||
			      how->blank)))
		buf_add(b, how->prefix.s, how->prefix.len);
	buf_add(b, s, n);
}

static struct value *
indent(struct tmpl_use *u, struct value *v)
{
	struct indent how = {{"    ", 4}, false, false};
	const char *s = v->str.s, *end = s + v->str.len;
	struct buf b = BUF_INIT;

	if (tmpl_str_arg(u, "prefix", false, &how.prefix) < 0 ||
	    tmpl_bool_arg(u, "first", &how.first) < 0 ||
	    tmpl_bool_arg(u, "blank", &how.blank) < 0)
		return NULL;
	for (const char *line = s; line < end && b.len <= TMPL_OUTPUT;) {
		const char *nl = memchr(line, '\n', (size_t)(end - line));
		const char *stop = nl ? nl : end;

		indent_line(&b, line, (size_t)(stop - line), line == s, &how);
		line = stop + 1;
	}
	return done(u, &b);
}

static void
add_part(struct tmpl_use *u, struct value *list, const char *s, size_t n)
{
	tmpl_push(u->r, list, tmpl_new_str(u->r, s, n));
}

static void
split_chars(struct tmpl_use *u, struct value *list, const struct value *v)
{
	add_part(u, list, "", 0);
	for (size_t i = 0; i < v->str.len;) {
		size_t n = char_len(v->str.s + i, v->str.len - i);

		add_part(u, list, v->str.s + i, n);
		i += n;
	}
	add_part(u, list, "", 0);
}

static struct value *
split(struct tmpl_use *u, struct value *v)
{
	const char *s = v->str.s, *end = s + v->str.len, *at;
	struct value *list = tmpl_new(u->r, VALUE_LIST);
	struct tmpl_str pat;

	if (escaped_arg(u, "pat", true, &pat) < 0)
		return NULL;
	if (!pat.len && v->str.len > TMPL_ITEMS)
		return tmpl_refuse(u, "more than %d parts", TMPL_ITEMS);
	if (!pat.len) {
		split_chars(u, list, v);
		return list;
	}
	while ((at = memmem(s, (size_t)(end - s), pat.s, pat.len))) {
		if (list->list.n >= TMPL_ITEMS)
			return tmpl_refuse(u, "more than %d parts", TMPL_ITEMS);
		add_part(u, list, s, (size_t)(at - s));
		s = at + pat.len;
	}
	add_part(u, list, s, (size_t)(end - s));
	return list;
}

const struct tmpl_filter tmpl_text_filters[] = {
    {"addslashes", addslashes, true},
    {"capitalize", capitalize, true},
    {"escape", escape, true},
    {"escape_xml", escape_xml, true},
    {"indent", indent, true},
    {"lower", lower, true},
    {"replace", replace, true},
    {"split", split, true},
    {"title", title, true},
    {"trim", trim, true},
    {"trim_end", trim_end, true},
    {"trim_end_matches", trim_end_matches, true},
    {"trim_start", trim_start, true},
    {"trim_start_matches", trim_start_matches, true},
    {"truncate", truncate_filter, true},
    {"upper", upper, true},
    {"urlencode", urlencode, true},
    {"urlencode_strict", urlencode_strict, true},
    {"wordcount", wordcount, true},
    {0},
};
