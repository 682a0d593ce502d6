#include "data/value.h"

#include "tap.h"

static void
members_keep_the_order_of_insertion(void)
{
	AUTO_ARENA a = {0};
	struct value *t = value_new(&a, VALUE_TABLE);
	char key[16];

	for (int i = 0; i < 500; i++) {
		snprintf(key, sizeof key, "%d", 1000 - i);
		value_put(&a, t, key, value_int(&a, i));
	}
	is_int(value_count(t), 500);
	for (int i = 0; i < 500; i++) {
		snprintf(key, sizeof key, "%d", 1000 - i);
		is_str(t->table.member[i].key, key);
		is_int(value_int_or(value_get(t, key), -1), i);
	}
	is_null(value_get(t, "500"));
}

static void
a_member_set_again_keeps_its_place(void)
{
	AUTO_ARENA a = {0};
	struct value *t = value_new(&a, VALUE_TABLE);

	value_put(&a, t, "a", value_int(&a, 1));
	value_put(&a, t, "b", value_int(&a, 2));
	value_put(&a, t, "a", value_int(&a, 3));
	is_int(value_count(t), 2);
	is_str(t->table.member[0].key, "a");
	is_int(value_int_or(value_get(t, "a"), 0), 3);
}

static void
keys_may_hold_any_byte(void)
{
	AUTO_ARENA a = {0};
	struct value *t = value_new(&a, VALUE_TABLE);

	value_set(&a, t, "a\0b", 3, value_int(&a, 1));
	value_set(&a, t, "", 0, value_int(&a, 2));
	is_null(value_get(t, "a"));
	is_int(value_int_or(value_member(t, "a\0b", 3)->value, 0), 1);
	is_int(value_int_or(value_get(t, ""), 0), 2);
}

static void
a_claimed_member_is_new_once_and_borrows_its_key(void)
{
	AUTO_ARENA a = {0};
	struct value *t = value_new(&a, VALUE_TABLE);
	const char *text = "key=other";
	struct value_member *m = value_claim(&a, t, text, 3);

	is_null(m->value);
	is_true(m->key == text);
	is_int(m->len, 3);
	m->value = value_int(&a, 1);
	m = value_claim(&a, t, "key", 3);
	is_true(m->key == text);
	is_int(value_int_or(m->value, 0), 1);
	is_null(value_claim(&a, t, "ke", 2)->value);
	is_int(value_count(t), 2);
}

/* Around the numbers where the members move and where the index comes */
static void
claimed_members_are_found_when_the_table_grows(void)
{
	AUTO_ARENA a = {0};
	struct value *t = value_new(&a, VALUE_TABLE);
	char key[200][8];

	for (int i = 0; i < 200; i++) {
		size_t len = (size_t)snprintf(key[i], 8, "k%d", i);

		value_claim(&a, t, key[i], len)->value = value_int(&a, i);
		for (int k = 0; k <= i; k++)
			is_int(value_int_or(value_get(t, key[k]), -1), k);
		is_int(value_count(t), i + 1);
	}
	is_true(t->table.member[199].key == key[199]);
}

static void
a_list_keeps_its_items_when_it_grows(void)
{
	AUTO_ARENA a = {0};
	struct value *list = value_new(&a, VALUE_LIST);

	for (int i = 0; i < 1000; i++)
		value_add(&a, list, value_int(&a, i));
	is_int(value_count(list), 1000);
	for (int i = 0; i < 1000; i++)
		is_int(list->list.item[i]->i, i);
}

static void
a_path_goes_down_tables_and_lists(void)
{
	AUTO_ARENA a = {0};
	struct value *root = value_new(&a, VALUE_TABLE);
	struct value *list = value_new(&a, VALUE_LIST);
	struct value *item = value_new(&a, VALUE_TABLE);

	value_put(&a, root, "scenarios", list);
	value_add(&a, list, value_text(&a, "first"));
	value_add(&a, list, item);
	value_put(&a, item, "name", value_text(&a, "x"));
	is_str(value_str_or(value_find(root, "scenarios.1.name"), "-"), "x");
	is_str(value_str_or(value_find(root, "scenarios.0"), "-"), "first");
	is_true(value_find(root, "") == root);
	is_null(value_find(root, "scenarios.2.name"));
	is_null(value_find(root, "scenarios.0.name"));
	is_null(value_find(root, "none.name"));
	is_null(value_find(NULL, "name"));
}

static void
another_kind_gives_the_other_answer(void)
{
	AUTO_ARENA a = {0};
	struct value *n = value_int(&a, 7), *s = value_text(&a, "s");
	struct value *yes = value_bool(&a, true);

	is_int(value_int_or(n, 1), 7);
	is_int(value_int_or(s, 1), 1);
	is_int(value_int_or(NULL, 1), 1);
	is_int(value_int_or(value_float(&a, 2.0), 1), 1);
	is_str(value_str_or(s, "-"), "s");
	is_str(value_str_or(n, "-"), "-");
	is_true(value_bool_or(yes, false));
	is_true(!value_bool_or(n, false));
	is_int(value_count(s), 0);
	is_int(value_count(NULL), 0);
	is_null(value_get(s, "s"));
	is_null(value_get(NULL, "s"));
}

static void
kinds_have_the_names_that_toml_gives_them(void)
{
	is_str(value_kind_name(VALUE_STR), "string");
	is_str(value_kind_name(VALUE_UINT), "integer");
	is_str(value_kind_name(VALUE_LIST), "array");
	is_str(value_kind_name(VALUE_TABLE), "table");
	is_str(value_kind_name(VALUE_TIME), "date-time");
}

TAP_MAIN(TEST(members_keep_the_order_of_insertion),
    TEST(a_member_set_again_keeps_its_place), TEST(keys_may_hold_any_byte),
    TEST(a_claimed_member_is_new_once_and_borrows_its_key),
    TEST(claimed_members_are_found_when_the_table_grows),
    TEST(a_list_keeps_its_items_when_it_grows),
    TEST(a_path_goes_down_tables_and_lists),
    TEST(another_kind_gives_the_other_answer),
    TEST(kinds_have_the_names_that_toml_gives_them))
