#include "core/waterfall.h"
#include "tap.h"

/* The names in their order, each behind as many dots as it is deep. */
static const char *
order(struct bar bar[], size_t n)
{
	static char last[512];
	AUTO_BUF b = BUF_INIT;

	waterfall_sort(bar, n);
	for (size_t i = 0; i < n; i++) {
		for (unsigned k = 0; k < bar[i].depth; k++)
			buf_addc(&b, '.');
		buf_addf(&b, "%s ", bar[i].name);
	}
	snprintf(last, sizeof last, "%s", b.s);
	return last;
}

static struct bar
bar(const char *name, const char *parent, int64_t from, int64_t to)
{
	return (struct bar){.id = name,
	    .name = name,
	    .parent = parent,
	    .start_ns = from,
	    .end_ns = to};
}

static void
spans_stand_below_their_parent_in_the_order_of_their_begin(void)
{
	struct bar v[] = {bar("d", "b", 7, 8), bar("c", "a", 5, 6),
	    bar("b", "a", 2, 9), bar("a", "", 1, 10), bar("e", "gone", 0, 1)};

	is_str(order(v, 5), "e a .b ..d .c ");
}

static void
the_order_does_not_depend_on_that_of_arrival(void)
{
	struct bar v[] = {bar("c", "a", 2, 3), bar("b", "a", 2, 3),
	    bar("a", NULL, 1, 9), bar("z", "a", 2, 8)};
	struct bar w[] = {v[3], v[1], v[0], v[2]};

	is_str(order(v, 4), "a .z .b .c ");
	is_str(order(w, 4), "a .z .b .c ");
}

static void
a_circle_is_drawn_and_ends(void)
{
	struct bar v[] = {
	    bar("a", "b", 1, 9), bar("b", "a", 2, 3), bar("c", "c", 4, 5)};

	is_str(order(v, 3), "c a .b ");
	waterfall_sort(v, 0);
}

static void
a_chain_of_any_depth_is_walked(void)
{
	enum { DEEP = 400 };
	static char name[DEEP + 1][8];
	struct bar v[DEEP];

	for (int i = 0; i <= DEEP; i++)
		snprintf(name[i], sizeof name[i], "s%d", i);
	for (int i = 0; i < DEEP; i++)
		v[DEEP - 1 - i] = bar(name[i + 1], name[i], i, DEEP);
	waterfall_sort(v, DEEP);
	for (unsigned i = 0; i < DEEP; i++)
		is_int(v[i].depth, i);
}

static void
a_picture_stays_within_its_frame_whatever_the_times(void)
{
	struct bar v[] = {bar("a", "", INT64_MAX, 0),
	    bar("b", "", 0, INT64_MAX), bar("c", "", 0, 0)};
	struct waterfall one = {.bar = &v[2], .bars = 1, .label = ""};
	struct waterfall all = {.bar = v, .bars = 3, .label = ""};
	AUTO_BUF b = BUF_INIT;

	waterfall_print(&b, &one);
	is_true(strstr(b.s, "viewBox=\"0 0 960 24\""));
	is_true(strstr(b.s, "x=\"320.0\" y=\"4\" width=\"2.0\""));
	waterfall_print(&b, &all);
	is_true(!strstr(b.s, "nan") && !strstr(b.s, "inf"));
	is_true(!strstr(b.s, "width=\"-"));
}

static void
a_name_is_cut_at_a_character_and_escaped(void)
{
	struct bar v = bar("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa4"
			   "<b>",
	    "", 0, 1);
	struct waterfall one = {.bar = &v, .bars = 1, .label = ""};
	AUTO_BUF b = BUF_INIT;

	waterfall_print(&b, &one);
	is_true(strstr(b.s, "a\xc3\xa4...</text>"));
	is_true(strstr(b.s, "a\xc3\xa4&lt;b&gt;, 0.000 ms</title>"));
}

TAP_MAIN(TEST(spans_stand_below_their_parent_in_the_order_of_their_begin),
    TEST(the_order_does_not_depend_on_that_of_arrival),
    TEST(a_circle_is_drawn_and_ends), TEST(a_chain_of_any_depth_is_walked),
    TEST(a_picture_stays_within_its_frame_whatever_the_times),
    TEST(a_name_is_cut_at_a_character_and_escaped))
