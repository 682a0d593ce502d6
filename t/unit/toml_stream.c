#include "data/toml.h"

#include "base/buf.h"
#include "tap.h"
#include "tree.h"

/* The tables handed on: "a.b{2}" is the table at a.b, with two keys. */
static void
note(void *ctx, const struct toml_part *part, size_t n, struct value *table)
{
	struct buf *to = ctx;

	for (size_t i = 0; i < n; i++)
		buf_addf(to, "%s%s", i ? "." : "", part[i].s);
	buf_addf(to, "{%zu} ", value_count(table));
}

static bool
is_same_finds(const struct toml_finds *a, const struct toml_finds *b)
{
	if (a->n != b->n || a->errors != b->errors)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->find[i].is_warning != b->find[i].is_warning ||
		    !tree_same_place(&a->find[i].at, &b->find[i].at) ||
		    strcmp(a->find[i].err.text, b->find[i].err.text) ||
		    strcmp(a->find[i].err.hint, b->find[i].err.hint))
			return false;
	return true;
}

/* In pieces of so many bytes, after a first one. */
static bool
is_same_in_pieces(const char *s, size_t n, size_t first, size_t each)
{
	AUTO_ARENA a = {0};
	struct toml_finds whole, cut;
	struct value *v = toml_check(&a, "x", s, n, false, &whole);
	struct toml_stream *t = toml_open(&a, "x", false, NULL, &cut);

	toml_feed(t, s, first);
	for (size_t i = first; i < n; i += each)
		toml_feed(t, s + i, n - i < each ? n - i : each);
	return tree_same(v, toml_close(t)) && is_same_finds(&whole, &cut);
}

static void
any_cut(const char *s, size_t n)
{
	for (size_t i = 0; i <= n; i++)
		if (!is_true(is_same_in_pieces(s, n, i, n + 1)))
			printf("# cut at byte %zu of: %s\n", i, s);
	for (size_t each = 1; each < 8; each++)
		if (!is_true(is_same_in_pieces(s, n, 0, each)))
			printf("# in pieces of %zu: %s\n", each, s);
}

static void
any_cut_of(const char *s)
{
	any_cut(s, strlen(s));
}

static void
feed(struct toml_stream *t, const char *s)
{
	toml_feed(t, s, strlen(s));
}

static void
a_table_is_handed_on_before_the_rest_is_there(void)
{
	AUTO_ARENA a = {0};
	AUTO_BUF said = BUF_INIT;
	struct toml_handler h = {note, &said};
	struct toml_finds f;
	struct toml_stream *t = toml_open(&a, "x", false, &h, &f);

	feed(t, "top = 1\n[a.b]\nx = 1\ny");
	is_str(said.s, "{1} ");
	feed(t, " = 2\n[[c]]\n[[");
	is_str(said.s, "{1} a.b{2} ");
	feed(t, "c]] # two\nz = [\n");
	is_str(said.s, "{1} a.b{2} c{0} ");
	feed(t, "1]");
	is_int(value_count(toml_close(t)), 3);
	is_str(said.s, "{1} a.b{2} c{0} c{1} ");
	is_int(f.n, 0);
}

static void
after_an_error_no_table_is_handed_on(void)
{
	AUTO_ARENA a = {0};
	AUTO_BUF said = BUF_INIT;
	struct toml_handler h = {note, &said};
	struct toml_finds f;
	struct toml_stream *t = toml_open(&a, "x", false, &h, &f);

	feed(t, "[a]\nx = 1\n[b]\ny = \n[c]\nz = 1\n");
	toml_close(t);
	is_str(said.s, "a{1} ");
	is_int(f.errors, 1);
}

static void
a_path_has_its_keys_as_they_are(void)
{
	AUTO_ARENA a = {0};
	AUTO_BUF said = BUF_INIT;
	struct toml_handler h = {note, &said};
	struct toml_finds f;
	struct toml_stream *t = toml_open(&a, "x", false, &h, &f);

	feed(t, "[a]\n[ a . \"\\u00e9\" .'c d']\nx=1\n");
	toml_close(t);
	is_str(said.s, "a{0} a.é.c d{1} ");
}

/* Each line of the first table closes all that it opens. */
static void
what_only_looks_open_holds_no_table_back(void)
{
	AUTO_ARENA a = {0};
	AUTO_BUF said = BUF_INIT;
	struct toml_handler h = {note, &said};
	struct toml_finds f;
	struct toml_stream *t = toml_open(&a, "x", false, &h, &f);

	feed(t, "e = [\"\", '', \"\"\"\"\"\", ''''''] # \"\"\" [\n"
		"q = \"\"\"\"\"a\"\"\"\"\"\nr = ''''\n'''''\n"
		"s = \"[{\\\"\\\\\" # '\nt = '[\\'\n[u]\n");
	is_str(said.s, "{5} ");
	toml_close(t);
	is_int(f.n, 0);
}

static void
wherever_a_document_is_cut_its_tree_is_the_same(void)
{
	any_cut_of(
	    "\xef\xbb\xbf\"ä\\\"#[\" = 'é\\' # \"\"\" [ '''\r\n"
	    "s = \"\"\"\"x\n[no]\n\\\"\"\"\" \\\n  y\"\"\"\"\" # ü\n"
	    "l = '''''\n#' ]'''''\n"
	    "e = [\"\", '', \"\"\"\"\"\", ''''''] # [\n"
	    "[a . \"b]\" .c]\n x.y = [ # ]\n 1, {z = \"}\", w=[]},\n\n]\n"
	    "[[t]]\nd = 1979-05-27 07:32:00Z\n[[t]]\nf = -0.0\n"
	    "i = {\n  k = 1,\n}\n[t.u]\nlast = true");
}

static void
wherever_a_document_is_cut_the_same_errors_are_found(void)
{
	any_cut_of(
	    "a = 1\nx = foo \"\"\"\ny = \"\"\"\nabc\nz = 1\n\"\"\"\nw = 2\n");
	any_cut_of("a = [1,\n  x y\n]\n[b]\nc = 1\nc = 2\n[b]\nd = {e = 1\n"
		   "[t\nd = \"\"\"never\n[u]\ne = 01\n");
	any_cut_of("é = 1\n\"é\" = \"é\x01\nb = ]\nc = 'x\n[[c]] ü\n[c]\n\r");
	any_cut_of("[a.b]\n[a]\nb.c = 1\nq = \"\\q\"\n[a] # twice\nz = '''");
}

static void
a_byte_that_is_not_utf_8_is_all_that_is_told(void)
{
	any_cut_of("a = 1\nb = \n[t]\nc = 2\n# ä\xff\n[u]\n");
	any_cut_of("é = \"é\x01 é \xff\n");
	any_cut_of("a = 1\nb = \"\"\"\xe2\x82");
	any_cut("a = 1\n\0 \xff\n", 10);
}

static void
after_fifty_errors_the_rest_is_as_if_it_came_at_once(void)
{
	AUTO_BUF text = BUF_INIT;

	for (int i = 0; i < 60; i++)
		buf_adds(&text, i < 55 ? "k = 1\n" : "?\n");
	any_cut(text.s, text.len);
	buf_adds(&text, "\xff");
	any_cut(text.s, text.len);
}

static void
an_empty_document_is_an_empty_table(void)
{
	AUTO_ARENA a = {0};
	struct toml_finds f;
	struct toml_stream *t = toml_open(&a, "x", false, NULL, &f);

	toml_feed(t, NULL, 0);
	is_int(value_count(toml_close(t)), 0);
	is_int(f.n, 0);
}

TAP_MAIN(TEST(a_table_is_handed_on_before_the_rest_is_there),
    TEST(after_an_error_no_table_is_handed_on),
    TEST(a_path_has_its_keys_as_they_are),
    TEST(what_only_looks_open_holds_no_table_back),
    TEST(wherever_a_document_is_cut_its_tree_is_the_same),
    TEST(wherever_a_document_is_cut_the_same_errors_are_found),
    TEST(a_byte_that_is_not_utf_8_is_all_that_is_told),
    TEST(after_fifty_errors_the_rest_is_as_if_it_came_at_once),
    TEST(an_empty_document_is_an_empty_table))
