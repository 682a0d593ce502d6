/*
 * The tree that TOML, JSON and templates share.
 *
 * Every value hangs off the arena it was made with; texts have lengths and a
 * NUL behind them. Tables keep the order of insertion.
 */
#ifndef DATA_VALUE_H
#define DATA_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum value_kind {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_INT,   /* int64_t */
	VALUE_UINT,  /* uint64_t, only above INT64_MAX */
	VALUE_FLOAT, /* double, any */
	VALUE_STR,
	VALUE_TIME, /* a TOML date or time, as its text in str */
	VALUE_LIST,
	VALUE_TABLE,
};

/* Which of TOML's four a VALUE_TIME is. */
enum value_time {
	VALUE_OFFSET_DATE_TIME,
	VALUE_LOCAL_DATE_TIME,
	VALUE_LOCAL_DATE,
	VALUE_LOCAL_TIME,
};

/* A place in a text: line and column (in characters) from 1, bytes from 0. */
struct value_pos {
	uint32_t line, column; /* 0: unknown */
	uint32_t offset, end;  /* the byte range [offset, end) */
};

struct value;

struct value_member {
	const char *key;
	uint32_t len, hash;
	struct value_pos at; /* of the key */
	struct value *value;
};

struct value {
	enum value_kind kind;
	enum value_time time;
	struct value_pos at;
	union {
		bool b;
		int64_t i;
		uint64_t u;
		double f;
		struct {
			const char *s;
			size_t len;
		} str;
		struct {
			struct value **item;
			size_t n, cap;
		} list;
		struct {
			struct value_member *member;
			uint32_t n, cap;
			struct value_index *index; /* once there are many */
		} table;
	};
};

struct value *value_new(struct arena *a, enum value_kind kind);
struct value *value_bool(struct arena *a, bool b);
struct value *value_int(struct arena *a, int64_t i);
struct value *value_float(struct arena *a, double f);

/* A text copied into the arena. */
struct value *value_str(struct arena *a, const char *s, size_t len);
struct value *value_text(struct arena *a, const char *s);

/* Append to a list. */
void value_add(struct arena *a, struct value *list, struct value *item);

/* Set a member; one that is there keeps its place and gets the new value. */
struct value_member *value_set(struct arena *a, struct value *table,
    const char *key, size_t len, struct value *v);

/* The same for a key that is a C string. */
static inline struct value_member *
value_put(
    struct arena *a, struct value *table, const char *key, struct value *v)
{
	return value_set(a, table, key, __builtin_strlen(key), v);
}

/*
 * The member of that key, which is made when it is not there: then its value
 * is NULL, for the caller to set.
 *
 * mem: borrows key[len], which lives as long as the table
 */
struct value_member *value_claim(
    struct arena *a, struct value *table, const char *key, size_t len);

/* The member of that key, or NULL; also NULL when `v` is no table or NULL. */
struct value_member *value_member(
    const struct value *v, const char *key, size_t len);

/* The same by the key and its key_hash() of base/key.h. */
struct value_member *value_member_by(
    const struct value *v, uint32_t hash, const char *key, size_t len);

/* Its value, or NULL. */
struct value *value_get(const struct value *v, const char *key);

/* Down a path of keys and indexes, "scenarios.0.name"; NULL if absent. */
struct value *value_find(const struct value *v, const char *path);

/* What the value holds, or `otherwise` when absent or of another kind. */
const char *value_str_or(const struct value *v, const char *otherwise);
int64_t value_int_or(const struct value *v, int64_t otherwise);
double value_num_or(const struct value *v, double otherwise); /* of either */
bool value_bool_or(const struct value *v, bool otherwise);

/* Items of a list, members of a table, else 0. */
size_t value_count(const struct value *v);

/* "string", "integer", "array", …: TOML's word for the kind. */
const char *value_kind_name(enum value_kind kind);

#endif
