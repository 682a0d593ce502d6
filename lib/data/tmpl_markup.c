/*
 * Filters for HTML, and for names in addresses.
 */
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "data/tmpl_int.h"

/* ---- HTML */

/* The end of the tag or comment at s, or NULL. */
static const char *
end_of_tag(const char *s, const char *end)
{
	size_t n = (size_t)(end - s);
	const char *nl = memchr(s, '\n', n);
	const char *close;

	if (n > 4 && !memcmp(s, "<!--", 4)) {
		close = memmem(s + 4, n - 4, "-->", 3);
		if (close && (!nl || nl > close))
			return close + 3;
	}
	close = memchr(s, '>', n);
	return close ? close + 1 : NULL;
}

static struct value *
striptags(struct tmpl_use *u, struct value *v)
{
	const char *s = v->str.s, *end = s + v->str.len;
	struct buf b = BUF_INIT;

	while (s < end) {
		const char *open = memchr(s, '<', (size_t)(end - s));
		const char *behind = open ? end_of_tag(open, end) : NULL;

		if (!behind)
			break;
		buf_add(&b, s, (size_t)(open - s));
		s = behind;
	}
	buf_add(&b, s, (size_t)(end - s));
	return tmpl_new_buf(u->r, &b);
}

static struct value *
spaceless(struct tmpl_use *u, struct value *v)
{
	const char *s = v->str.s, *end = s + v->str.len;
	struct buf b = BUF_INIT;

	while (s < end) {
		const char *close = memchr(s, '>', (size_t)(end - s));
		size_t left;
		const char *next;

		if (!close)
			break;
		buf_add(&b, s, (size_t)(close + 1 - s));
		s = close + 1;
		left = (size_t)(end - s);
		next = tmpl_trim(s, &left, true, false);
		if (left && *next == '<')
			s = next;
	}
	buf_add(&b, s, (size_t)(end - s));
	return tmpl_new_buf(u->r, &b);
}

static struct value *
linebreaksbr(struct tmpl_use *u, struct value *v)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < v->str.len; i++) {
		const char *s = v->str.s + i;

		if (*s == '\n')
			buf_adds(&b, "<br>");
		else if (*s != '\r' || i + 1 == v->str.len || s[1] != '\n')
			buf_addc(&b, *s);
		if (b.len > TMPL_OUTPUT) {
			buf_free(&b);
			return tmpl_refuse(u, "the text is larger than 64 MiB");
		}
	}
	return tmpl_new_buf(u->r, &b);
}

/* ---- slugs */

/* How lower-case letters are spelled in ASCII. */
static const struct spelling {
	uint16_t first, last;
	const char *text;
} spellings[] = {{0xa9, 0xa9, "-c-"}, {0xaa, 0xaa, "a"}, {0xae, 0xae, "-r-"},
    {0xb0, 0xb0, "deg"}, {0xb2, 0xb2, "2"}, {0xb3, 0xb3, "3"},
    {0xb5, 0xb5, "u"}, {0xb9, 0xb9, "1"}, {0xba, 0xba, "o"}, {0xd7, 0xd7, "x"},
    {0xdf, 0xdf, "ss"}, {0xe0, 0xe5, "a"}, {0xe6, 0xe6, "ae"},
    {0xe7, 0xe7, "c"}, {0xe8, 0xeb, "e"}, {0xec, 0xef, "i"}, {0xf0, 0xf0, "d"},
    {0xf1, 0xf1, "n"}, {0xf2, 0xf6, "o"}, {0xf8, 0xf8, "o"}, {0xf9, 0xfc, "u"},
    {0xfd, 0xfd, "y"}, {0xfe, 0xfe, "th"}, {0xff, 0xff, "y"},
    {0x100, 0x105, "a"}, {0x106, 0x10d, "c"}, {0x10e, 0x111, "d"},
    {0x112, 0x11b, "e"}, {0x11c, 0x123, "g"}, {0x124, 0x127, "h"},
    {0x128, 0x131, "i"}, {0x132, 0x133, "ij"}, {0x134, 0x135, "j"},
    {0x136, 0x138, "k"}, {0x139, 0x142, "l"}, {0x143, 0x148, "n"},
    {0x14a, 0x14b, "ng"}, {0x14c, 0x151, "o"}, {0x152, 0x153, "oe"},
    {0x154, 0x159, "r"}, {0x15a, 0x161, "s"}, {0x162, 0x167, "t"},
    {0x168, 0x173, "u"}, {0x174, 0x175, "w"}, {0x176, 0x178, "y"},
    {0x179, 0x17e, "z"}, {0x17f, 0x17f, "s"}, {0x1a0, 0x1a1, "o"},
    {0x1af, 0x1b0, "u"}, {0x218, 0x219, "s"}, {0x21a, 0x21b, "t"},
    {0x300, 0x36f, ""}, {0x3ac, 0x3ac, "a"}, {0x3ad, 0x3ae, "e"},
    {0x3af, 0x3af, "i"}, {0x3b1, 0x3b1, "a"}, {0x3b2, 0x3b2, "b"},
    {0x3b3, 0x3b3, "g"}, {0x3b4, 0x3b4, "d"}, {0x3b5, 0x3b5, "e"},
    {0x3b6, 0x3b6, "z"}, {0x3b7, 0x3b7, "e"}, {0x3b8, 0x3b8, "th"},
    {0x3b9, 0x3b9, "i"}, {0x3ba, 0x3ba, "k"}, {0x3bb, 0x3bb, "l"},
    {0x3bc, 0x3bc, "m"}, {0x3bd, 0x3bd, "n"}, {0x3be, 0x3be, "x"},
    {0x3bf, 0x3bf, "o"}, {0x3c0, 0x3c0, "p"}, {0x3c1, 0x3c1, "r"},
    {0x3c2, 0x3c3, "s"}, {0x3c4, 0x3c4, "t"}, {0x3c5, 0x3c5, "u"},
    {0x3c6, 0x3c6, "ph"}, {0x3c7, 0x3c7, "kh"}, {0x3c8, 0x3c8, "ps"},
    {0x3c9, 0x3c9, "o"}, {0x3ca, 0x3ca, "i"}, {0x3cb, 0x3cb, "u"},
    {0x3cc, 0x3cc, "o"}, {0x3cd, 0x3cd, "u"}, {0x3ce, 0x3ce, "o"},
    {0x430, 0x430, "a"}, {0x431, 0x431, "b"}, {0x432, 0x432, "v"},
    {0x433, 0x433, "g"}, {0x434, 0x434, "d"}, {0x435, 0x435, "e"},
    {0x436, 0x436, "zh"}, {0x437, 0x437, "z"}, {0x438, 0x439, "i"},
    {0x43a, 0x43a, "k"}, {0x43b, 0x43b, "l"}, {0x43c, 0x43c, "m"},
    {0x43d, 0x43d, "n"}, {0x43e, 0x43e, "o"}, {0x43f, 0x43f, "p"},
    {0x440, 0x440, "r"}, {0x441, 0x441, "s"}, {0x442, 0x442, "t"},
    {0x443, 0x443, "u"}, {0x444, 0x444, "f"}, {0x445, 0x445, "kh"},
    {0x446, 0x446, "ts"}, {0x447, 0x447, "ch"}, {0x448, 0x448, "sh"},
    {0x449, 0x449, "shch"}, {0x44a, 0x44a, "-"}, {0x44b, 0x44b, "y"},
    {0x44c, 0x44c, "-"}, {0x44d, 0x44d, "e"}, {0x44e, 0x44e, "iu"},
    {0x44f, 0x44f, "ia"}, {0x450, 0x450, "e"}, {0x451, 0x451, "io"},
    {0x454, 0x454, "ie"}, {0x456, 0x456, "i"}, {0x457, 0x457, "yi"},
    {0x1ea0, 0x1eb7, "a"}, {0x1eb8, 0x1ec7, "e"}, {0x1ec8, 0x1ecb, "i"},
    {0x1ecc, 0x1ee3, "o"}, {0x1ee4, 0x1ef1, "u"}, {0x1ef2, 0x1ef9, "y"},
    {0x2000, 0x206f, "-"}, {0x2190, 0x27bf, "-"}, {0x3000, 0x3003, "-"},
    {0x4e0a, 0x4e0a, "shang-"}, {0x4e0b, 0x4e0b, "xia-"},
    {0x4e16, 0x4e16, "shi-"}, {0x4e1c, 0x4e1c, "dong-"},
    {0x4e2d, 0x4e2d, "zhong-"}, {0x4eac, 0x4eac, "jing-"},
    {0x4eba, 0x4eba, "ren-"}, {0x4f60, 0x4f60, "ni-"}, {0x5317, 0x5317, "bei-"},
    {0x5357, 0x5357, "nan-"}, {0x56fd, 0x56fd, "guo-"}, {0x571f, 0x571f, "tu-"},
    {0x5927, 0x5927, "da-"}, {0x5929, 0x5929, "tian-"},
    {0x597d, 0x597d, "hao-"}, {0x5b57, 0x5b57, "zi-"}, {0x5b66, 0x5b66, "xue-"},
    {0x5c0f, 0x5c0f, "xiao-"}, {0x5c71, 0x5c71, "shan-"},
    {0x6587, 0x6587, "wen-"}, {0x65e5, 0x65e5, "ri-"}, {0x6708, 0x6708, "yue-"},
    {0x6728, 0x6728, "mu-"}, {0x672c, 0x672c, "ben-"},
    {0x6771, 0x6771, "dong-"}, {0x6c34, 0x6c34, "shui-"},
    {0x706b, 0x706b, "huo-"}, {0x751f, 0x751f, "sheng-"},
    {0x754c, 0x754c, "jie-"}, {0x897f, 0x897f, "xi-"}, {0x8bed, 0x8bed, "yu-"}};

static const char *
spelled(uint32_t c)
{
	size_t low = 0, high = COUNT(spellings);

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (spellings[mid].last < c)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < COUNT(spellings) && spellings[low].first <= c)
		return spellings[low].text;
	return c < 0xc0 ? "-" : NULL;
}

static void
add_slug(struct buf *b, const char *s, size_t n)
{
	for (; n; s++, n--)
		if ((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9'))
			buf_addc(b, *s);
		else if (b->len && b->s[b->len - 1] != '-')
			buf_addc(b, '-');
}

static struct value *
slugify(struct tmpl_use *u, struct value *v)
{
	struct buf b = BUF_INIT;
	AUTO_BUF low = BUF_INIT;

	tmpl_lower(&low, v->str.s, v->str.len);
	for (size_t i = 0, len; i < low.len; i += len) {
		uint32_t c = 0;
		const char *text = low.s + i;

		len = utf8_next(text, low.len - i, &c);
		if (c >= 0x80 && !(text = spelled(c))) {
			buf_free(&b);
			return tmpl_refuse(u,
			    "no spelling of '%.*s' in ASCII is known", (int)len,
			    low.s + i);
		}
		len = len ? len : 1;
		add_slug(&b, text, c >= 0x80 ? strlen(text) : len);
	}
	if (b.len && b.s[b.len - 1] == '-')
		buf_cut(&b, b.len - 1);
	return tmpl_new_buf(u->r, &b);
}

const struct tmpl_filter tmpl_markup_filters[] = {
    {"linebreaksbr", linebreaksbr, true},
    {"slugify", slugify, true},
    {"spaceless", spaceless, true},
    {"striptags", striptags, true},
    {0},
};
