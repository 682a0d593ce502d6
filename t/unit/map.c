#include "base/map.h"

#include "tap.h"

static void *
get(const struct map *m, const char *key)
{
	return map_get(m, key, strlen(key));
}

static void *
set(struct map *m, const char *key, void *value)
{
	return map_set(m, key, strlen(key), value);
}

static void
an_empty_one_holds_nothing(void)
{
	AUTO_MAP m = {0};

	is_null(get(&m, "a"));
	is_null(map_del(&m, "a", 1));
	is_int(m.alive, 0);
}

static void
keys_keep_the_order_in_which_they_came(void)
{
	AUTO_MAP m = {0};
	char key[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof key, "key %d", i);
		is_null(set(&m, key, &m));
	}
	is_int(m.n, 1000);
	is_int(m.alive, 1000);
	for (size_t i = 0; i < m.n; i++) {
		snprintf(key, sizeof key, "key %zu", i);
		if (strcmp(m.entry[i].key, key)) {
			is_str(m.entry[i].key, key);
			break;
		}
	}
	is_true(get(&m, "key 999") == &m);
	is_null(get(&m, "key 1000"));
}

static void
setting_again_gives_the_old_value_and_keeps_the_place(void)
{
	AUTO_MAP m = {0};
	int one, two;

	set(&m, "a", &one);
	set(&m, "b", &one);
	is_true(set(&m, "a", &two) == &one);
	is_true(get(&m, "a") == &two);
	is_int(m.n, 2);
	is_str(m.entry[0].key, "a");
}

static void
a_removed_key_is_gone_and_can_come_back(void)
{
	AUTO_MAP m = {0};
	int one, two;

	set(&m, "a", &one);
	set(&m, "b", &two);
	is_true(map_del(&m, "a", 1) == &one);
	is_null(map_del(&m, "a", 1));
	is_null(get(&m, "a"));
	is_int(m.alive, 1);
	is_true(get(&m, "b") == &two);
	is_null(set(&m, "a", &two));
	is_true(get(&m, "a") == &two);
	is_int(m.alive, 2);
}

static void
removed_keys_take_no_room_in_the_long_run(void)
{
	AUTO_MAP m = {0};
	char key[16];

	set(&m, "stays", &m);
	for (int i = 0; i < 10000; i++) {
		snprintf(key, sizeof key, "%d", i);
		set(&m, key, &m);
		map_del(&m, key, strlen(key));
	}
	is_int(m.alive, 1);
	is_true(get(&m, "stays") == &m);
	is_true(m.slots <= 64);
	is_true(m.cap <= 64);
}

static void
keys_are_bytes_with_a_length(void)
{
	AUTO_MAP m = {0};
	int one, two, three;

	map_set(&m, "a\0b", 3, &one);
	map_set(&m, "a\0c", 3, &two);
	map_set(&m, "", 0, &three);
	is_true(map_get(&m, "a\0b", 3) == &one);
	is_true(map_get(&m, "a\0c", 3) == &two);
	is_true(map_get(&m, "", 0) == &three);
	is_null(map_get(&m, "a", 1));
}

TAP_MAIN(TEST(an_empty_one_holds_nothing),
    TEST(keys_keep_the_order_in_which_they_came),
    TEST(setting_again_gives_the_old_value_and_keeps_the_place),
    TEST(a_removed_key_is_gone_and_can_come_back),
    TEST(removed_keys_take_no_room_in_the_long_run),
    TEST(keys_are_bytes_with_a_length))
