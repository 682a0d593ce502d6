#include "data/fake.h"

#include "data/fake_words.h"
#include "data/match.h"
#include "tap.h"

/* Data of a kind; what is no argument there is its `otherwise`. */
static struct value *
made(struct arena *a, const char *name, uint64_t seed)
{
	const struct fake_kind *kind = fake_find(name);
	int64_t arg[FAKE_ARGS] = {0};
	struct err e = {0};
	struct value *v;
	struct rng r;

	rng_seed(&r, seed);
	for (int i = 0; i < FAKE_ARGS; i++)
		arg[i] = kind->arg[i].otherwise;
	v = fake_make(kind, &r, arg, a, &e);
	is_str(e.text, "");
	return v;
}

/* What has a text of a form that can be told. */
static const struct {
	const char *name, *form;
} forms[] = {
    {"fake_address", "^[0-9]+ .+, .+, [A-Z].+ \\d{5}(-\\d{4})?$"},
    {"fake_cell_phone", "^[-0-9(). ]+$"},
    {"fake_city", "^[A-Z][A-Za-z ]+$"},
    {"fake_credit_card", "^[3-6]\\d{14,15}$"},
    {"fake_currency_code", "^[A-Z]{3}$"},
    {"fake_date", "^\\d{4}-[01]\\d-[0-3]\\d$"},
    {"fake_datetime",
	"^\\d{4}-[01]\\d-[0-3]\\dT[0-2]\\d:[0-5]\\d:[0-5]\\d\\+00:00$"},
    {"fake_domain", "^[a-z]+\\.[a-z]+$"},
    {"fake_email", "^[a-z]+@example\\.(com|net|org)$"},
    {"fake_extension", "^[a-z0-9]+$"},
    {"fake_file_path", "^/[a-z]+/[a-z]+/[a-z]+/[a-z]+\\.[a-z0-9]+$"},
    {"fake_filename", "^[a-z]+\\.[a-z0-9]+$"},
    {"fake_first_name", "^[A-Z][a-z]+$"},
    {"fake_hex_color", "^#[0-9a-f]{6}$"},
    {"fake_ipv4", "^\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}$"},
    {"fake_ipv6", "^[0-9A-F]{1,4}(:[0-9A-F]{1,4}){7}$"},
    {"fake_last_name", "^[A-Z][a-z]+$"},
    {"fake_latitude", "^-?\\d{1,2}\\.\\d{6}$"},
    {"fake_longitude", "^-?\\d{1,3}\\.\\d{6}$"},
    {"fake_mac_address", "^[0-9A-F]{2}(:[0-9A-F]{2}){5}$"},
    {"fake_mime_type", "^[a-z]+/[-a-z0-9.+]+$"},
    {"fake_name", "^[A-Z][a-z]+ [A-Z][a-z]+$"},
    {"fake_paragraph", "^([A-Z][a-z ]*\\. ){2,5}[A-Z][a-z ]*\\.$"},
    {"fake_password", "^[!-~]{8,19}$"},
    {"fake_phone", "^[-0-9(). x]+$"},
    {"fake_rgb_color", "^rgb\\(\\d{1,3}, \\d{1,3}, \\d{1,3}\\)$"},
    {"fake_semver", "^\\d\\.1?\\d\\.\\d{1,2}$"},
    {"fake_sentence", "^[A-Z][a-z]*( [a-z]+){3,8}\\.$"},
    {"fake_street", "^[A-Z][a-z]+ [A-Z][a-z]+$"},
    {"fake_string", "^[a-z]{10}$"},
    {"fake_suffix", "^[A-Za-z.]+$"},
    {"fake_time", "^[0-2]\\d:[0-5]\\d:[0-5]\\d$"},
    {"fake_title", "^(Mr|Mrs|Ms|Dr|Prof)\\.$|^Miss$"},
    {"fake_url", "^https://[a-z]+\\.[a-z]+$"},
    {"fake_user_agent", "^Mozilla/5\\.0 \\([^{}!]+$"},
    {"fake_username", "^[a-z]+([._][a-z]+|\\d\\d)$"},
    {"fake_uuid_seeded",
	"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
	"[0-9a-f]{12}$"},
    {"fake_word", "^[a-z]+$"},
    {"fake_words", "^[a-z]+ [a-z]+ [a-z]+$"},
    {"fake_zip", "^\\d{5}(-\\d{4})?$"},
};

static void
texts_have_their_form(void)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		AUTO_ARENA a = {0};
		struct err e = {0};
		const char *form = forms[i].form;
		AUTO_MATCH *m =
		    match_compile(MATCH_REGEX, form, strlen(form), NULL, &e);

		for (uint64_t seed = 0; is_true(m != NULL) && seed < 50;
		     seed++) {
			struct value *v = made(&a, forms[i].name, seed);

			if (!is_int(
				match_find(m, v->str.s, v->str.len, NULL, &e),
				1))
				printf("# %s: %s\n", forms[i].name, v->str.s);
		}
	}
}

static void
equal_seeds_give_equal_data(void)
{
	for (const struct fake_kind *k = fake_kinds; k->name; k++) {
		AUTO_ARENA a = {0};
		struct value *one = made(&a, k->name, 7);
		struct value *two = made(&a, k->name, 7);

		is_int(one->kind, two->kind);
		if (one->kind == VALUE_STR)
			is_str(one->str.s, two->str.s);
		else if (one->kind == VALUE_BOOL)
			is_int(one->b, two->b);
		else
			is_true(one->u == two->u);
	}
}

static void
other_seeds_give_other_data(void)
{
	for (const struct fake_kind *k = fake_kinds; k->name; k++) {
		AUTO_ARENA a = {0};
		struct value *first = made(&a, k->name, 0);
		int others = 0;

		for (uint64_t seed = 1; seed < 30; seed++) {
			struct value *v = made(&a, k->name, seed);

			others += v->kind == VALUE_STR
				    ? strcmp(v->str.s, first->str.s) != 0
				: v->kind == VALUE_BOOL ? v->b != first->b
							: v->u != first->u;
		}
		if (!is_true(others > 5))
			printf("# %s\n", k->name);
	}
}

static void
no_mark_of_a_pattern_is_left(void)
{
	AUTO_ARENA a = {0};

	for (const struct fake_kind *k = fake_kinds; k->name; k++)
		for (uint64_t seed = 0; k->pattern && seed < 200; seed++) {
			const char *s = made(&a, k->name, seed)->str.s;

			is_true(*s && !strpbrk(s, "{}!#"));
		}
}

static void
the_vectors_of_the_generator_hold_for_its_data(void)
{
	AUTO_ARENA a = {0};

	is_str(made(&a, "fake_string", 42)->str.s, "dngowqzkza");
	is_int(made(&a, "fake_int", 42)->i, 133);
	is_int(made(&a, "fake_port", 42)->i, 9630);
	is_str(made(&a, "fake_semver", 42)->str.s, "1.10.24");
	is_true(made(&a, "fake_float", 42)->f == 526.5574090027739);
	is_str(made(&a, "fake_string", 1)->str.s, "vzurflfeug");
	is_int(made(&a, "fake_int", 1)->i, 824);
}

static void
a_card_number_passes_its_check(void)
{
	AUTO_ARENA a = {0};

	for (uint64_t seed = 0; seed < 100; seed++) {
		struct value *v = made(&a, "fake_credit_card", seed);
		int sum = 0;

		for (size_t i = 0; i < v->str.len; i++) {
			int d = v->str.s[v->str.len - 1 - i] - '0';

			d *= i % 2 ? 2 : 1;
			sum += d > 9 ? d - 9 : d;
		}
		is_int(sum % 10, 0);
	}
}

/* Made with two arguments; the second of one is not looked at. */
static struct value *
asked(
    struct arena *a, const char *name, int64_t one, int64_t two, struct err *e)
{
	int64_t arg[FAKE_ARGS] = {one, two};
	struct rng r;

	rng_seed(&r, 3);
	return fake_make(fake_find(name), &r, arg, a, e);
}

static void
arguments_bound_what_is_drawn(void)
{
	AUTO_ARENA a = {0};
	struct err e = {0};
	int64_t i;

	is_int(asked(&a, "fake_string", 0, 0, &e)->str.len, 0);
	is_int(asked(&a, "fake_string", 65536, 0, &e)->str.len, 65536);
	is_int(asked(&a, "fake_password", 12, 13, &e)->str.len, 12);
	is_int(asked(&a, "fake_int_range", -5, -4, &e)->i, -5);
	i = asked(&a, "fake_int_range", INT32_MIN, INT32_MAX, &e)->i;
	is_true(i >= INT32_MIN && i < INT32_MAX);
	is_true(asked(&a, "fake_bool", 100, 0, &e)->b);
	is_true(!asked(&a, "fake_bool", 0, 0, &e)->b);
	is_str(asked(&a, "fake_words", 0, 0, &e)->str.s, "");
	is_true(strstr(asked(&a, "fake_words", 2, 0, &e)->str.s, " ") != NULL);
}

static void
arguments_out_of_range_are_refused(void)
{
	AUTO_ARENA a = {0};
	struct err e = {0};

	is_null(asked(&a, "fake_string", -1, 0, &e));
	is_str(e.text, "`len` is 0 to 65536, not -1");
	is_null(asked(&a, "fake_words", INT64_MAX, 0, &e));
	is_null(asked(&a, "fake_int_range", 0, INT64_MAX, &e));
	is_null(asked(&a, "fake_bool", 101, 0, &e));
	is_str(e.text, "`ratio` is 0 to 100, not 101");
	is_null(asked(&a, "fake_sentence", 4, 4, &e));
	is_str(e.text, "`min` is not below `max`: 4, 4");
}

static void
there_are_fifty_six_kinds_in_order(void)
{
	int n = 0;

	for (const struct fake_kind *k = fake_kinds; k->name; k++, n++) {
		is_true(!k[1].name || strcmp(k->name, k[1].name) < 0);
		is_true(!k->pattern != !k->make);
		is_true(fake_find(k->name) == k);
	}
	is_int(n, 56);
	is_null(fake_find("fake_news"));
	is_true(fake_find("fake_uuid")->is_never_seeded);
	is_null(fake_words("", 0));
}

static void
examples_are_always_the_same(void)
{
	int n = 0;

	for (const struct fake_example *x = fake_examples; x->name; x++, n++)
		is_true(!x[1].name || strcmp(x->name, x[1].name) < 0);
	is_int(n, 27);
	is_str(fake_example("name.full")->text, "John Doe");
	is_null(fake_example("uuid.v4")->text);
	is_null(fake_example("name"));
}

TAP_MAIN(TEST(texts_have_their_form), TEST(equal_seeds_give_equal_data),
    TEST(other_seeds_give_other_data), TEST(no_mark_of_a_pattern_is_left),
    TEST(the_vectors_of_the_generator_hold_for_its_data),
    TEST(a_card_number_passes_its_check), TEST(arguments_bound_what_is_drawn),
    TEST(arguments_out_of_range_are_refused),
    TEST(there_are_fifty_six_kinds_in_order),
    TEST(examples_are_always_the_same))
