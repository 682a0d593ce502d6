#include "core/lint.h"

#include "base/die.h"
#include "base/mem.h"
#include "tap.h"

#define GOOD                                                               \
	"[meta]\nname = \"x\"\nversion = \"1\"\n[[steps]]\nname = \"s\"\n" \
	"command = [\"true\"]\nexpected_output_regex = \"x\"\n"

/* What is written of a text, through the cache or without (NULL). */
static const char *
written(struct lint_cache *c, const struct lint *l, int *status)
{
	static char last[2][8192];
	static int turn;
	struct out o = {.fd = -1, .pending = BUF_INIT, .is_held = true};
	struct stage st = {.name = "lint", .out = &o};
	size_t found = c ? lint_cached(c, &st, l) : lint_text(&st, l);

	turn = !turn;
	snprintf(last[turn], sizeof last[turn], "%llu %zu %d\n%s",
	    (unsigned long long)st.records, found, st.status, o.pending.s);
	if (status)
		*status = st.status;
	out_free(&o);
	return last[turn];
}

static struct lint
lint_of(const char *text, int64_t gen)
{
	return (struct lint){.src = {.path = "a.toml", .gen = gen},
	    .s = text,
	    .n = strlen(text),
	    .has_plan = true};
}

static void
it_is_the_same_with_the_cache_and_without(void)
{
	static const char *const texts[] = {GOOD, GOOD "u = 1\n",
	    GOOD "workdir = 1\n", "\xff", "",
	    GOOD "env = { \"gen\" = \"1\", a = \",\\\"gen\\\":7\" }\n"};
	static const int64_t gens[] = {0, 1, 9, 10, 12345678901};
	struct lint_cache c = {.max_entries = 100, .max_bytes = 1 << 20};

	for (size_t i = 0; i < COUNT(texts); i++)
		for (size_t k = 0; k < COUNT(gens); k++) {
			struct lint l = lint_of(texts[i], gens[k]);
			int status, now;
			const char *plain = written(NULL, &l, &status);

			is_str(written(&c, &l, &now), plain);
			is_int(now, status);
		}
	is_int(c.entries, COUNT(texts));
	is_int(c.hits, COUNT(texts) * (COUNT(gens) - 1));
	lint_cache_free(&c);
	is_int(c.bytes, 0);
}

static void
what_is_not_the_same_is_not_taken_for_it(void)
{
	AUTO_ARENA a = {0};
	struct value *map = value_new(&a, VALUE_LIST);
	struct lint_cache c = {.max_entries = 100, .max_bytes = 1 << 20};
	struct lint l = lint_of(GOOD, 1);

	written(&c, &l, NULL);
	l.src.path = "b.toml";
	written(&c, &l, NULL);
	l.src.variant = "k=v";
	written(&c, &l, NULL);
	l.src.map = map;
	written(&c, &l, NULL);
	l.src.deps = map;
	written(&c, &l, NULL);
	l.includes = map;
	written(&c, &l, NULL);
	l.n--;
	written(&c, &l, NULL);
	l.is_strict = true;
	written(&c, &l, NULL);
	is_int(c.hits, 0);
	is_int(c.entries, 8);
	written(&c, &l, NULL);
	is_int(c.hits, 1);
	lint_cache_free(&c);
}

static void
ask(struct lint_cache *c, int number)
{
	char text[512];
	struct lint l;

	snprintf(text, sizeof text, GOOD "timeout_ms = %d\n", number);
	l = lint_of(text, 1);
	written(c, &l, NULL);
}

static void
what_was_used_least_recently_is_forgotten_first(void)
{
	struct lint_cache c = {.max_entries = 3, .max_bytes = 1 << 20};

	ask(&c, 1);
	ask(&c, 2);
	ask(&c, 3);
	ask(&c, 1);
	is_int(c.hits, 1);
	ask(&c, 4); /* 2 goes */
	is_int(c.entries, 3);
	ask(&c, 1);
	ask(&c, 3);
	ask(&c, 4);
	is_int(c.hits, 4);
	ask(&c, 2);
	is_int(c.hits, 4);
	is_int(c.entries, 3);
	lint_cache_free(&c);
}

static void
it_keeps_within_its_bytes(void)
{
	struct lint_cache c = {.max_entries = 1000, .max_bytes = 8000};

	for (int i = 0; i < 200; i++) {
		ask(&c, i);
		is_true(c.bytes <= c.max_bytes);
	}
	is_true(c.entries > 1 && c.entries < 50);
	ask(&c, 199);
	is_int(c.hits, 1);
	lint_cache_free(&c);
}

static void
without_room_nothing_is_kept(void)
{
	struct lint_cache c = {0};

	ask(&c, 1);
	ask(&c, 1);
	is_int(c.hits, 0);
	is_int(c.entries, 0);
	is_int(c.bytes, 0);
	lint_cache_free(&c);
}

TAP_MAIN(TEST(it_is_the_same_with_the_cache_and_without),
    TEST(what_is_not_the_same_is_not_taken_for_it),
    TEST(what_was_used_least_recently_is_forgotten_first),
    TEST(it_keeps_within_its_bytes), TEST(without_room_nothing_is_kept))
