#include "data/otlp_metric.h"

#include <stdlib.h>
#include <string.h>

#include "data/protobuf.h"

/* Field numbers; of the same meaning in both kinds of points but attributes. */
enum {
	START = 2,
	TIME = 3,
	NUMBER_DOUBLE = 4,
	NUMBER_INT = 6,
	NUMBER_ATTRIBUTES = 7,
	HISTOGRAM_COUNT = 4,
	HISTOGRAM_SUM = 5,
	HISTOGRAM_BUCKETS = 6,
	HISTOGRAM_BOUNDS = 7,
	HISTOGRAM_ATTRIBUTES = 9,
	HISTOGRAM_MIN = 11,
	HISTOGRAM_MAX = 12,
	METRIC_GAUGE = 5,
	METRIC_SUM = 7,
	METRIC_HISTOGRAM = 9,
	CUMULATIVE = 2,
};

static double
number(const struct value *v)
{
	if (v && v->kind == VALUE_FLOAT)
		return v->f;
	return (double)value_int_or(v, 0);
}

static void
put_message(struct buf *b, unsigned field, const struct buf *m)
{
	protobuf_bytes(b, field, m->s, m->len);
}

static void
put_text(struct buf *b, unsigned field, const char *s)
{
	protobuf_bytes(b, field, s, strlen(s));
}

static void
put_pair(struct buf *b, unsigned field, const char *key, const char *text)
{
	AUTO_BUF any = BUF_INIT;
	AUTO_BUF pair = BUF_INIT;

	put_text(&any, 1, text);
	put_text(&pair, 1, key);
	put_message(&pair, 2, &any);
	put_message(b, field, &pair);
}

static void
put_attributes(struct buf *b, unsigned field, const struct value *record)
{
	const struct value *all = value_get(record, "attributes");
	const char *stage = value_str_or(value_get(record, "stage"), NULL);

	for (size_t i = 0; i < value_count(all); i++)
		put_pair(b, field, all->table.member[i].key,
		    value_str_or(all->table.member[i].value, ""));
	if (stage)
		put_pair(b, field, "clnrm.stage", stage);
}

static void
put_times(struct buf *b, const struct value *record)
{
	const char *from =
	    value_str_or(value_get(record, "start_unix_nano"), "0");
	const char *to = value_str_or(value_get(record, "unix_nano"), "0");

	protobuf_fixed64(b, START, strtoull(from, NULL, 10));
	protobuf_fixed64(b, TIME, strtoull(to, NULL, 10));
}

static void
put_histogram(struct buf *b, const struct value *record)
{
	const struct value *v = value_get(record, "value");
	const struct value *buckets = value_get(v, "buckets");
	const struct value *bounds = value_get(v, "bounds");
	AUTO_BUF list = BUF_INIT;

	put_times(b, record);
	protobuf_fixed64(b, HISTOGRAM_COUNT,
	    (uint64_t)value_int_or(value_get(v, "count"), 0));
	protobuf_double(b, HISTOGRAM_SUM, number(value_get(v, "sum")));
	for (size_t i = 0; i < value_count(buckets); i++)
		protobuf_packed64(
		    &list, (uint64_t)value_int_or(buckets->list.item[i], 0));
	put_message(b, HISTOGRAM_BUCKETS, &list);
	buf_reset(&list);
	for (size_t i = 0; i < value_count(bounds); i++)
		protobuf_packed_double(&list, number(bounds->list.item[i]));
	put_message(b, HISTOGRAM_BOUNDS, &list);
	put_attributes(b, HISTOGRAM_ATTRIBUTES, record);
	protobuf_double(b, HISTOGRAM_MIN, number(value_get(v, "min")));
	protobuf_double(b, HISTOGRAM_MAX, number(value_get(v, "max")));
}

static void
put_number(struct buf *b, const struct value *record, bool is_counter)
{
	const struct value *v = value_get(record, "value");

	put_times(b, record);
	if (is_counter)
		protobuf_fixed64(b, NUMBER_INT, (uint64_t)value_int_or(v, 0));
	else
		protobuf_double(b, NUMBER_DOUBLE, number(v));
	put_attributes(b, NUMBER_ATTRIBUTES, record);
}

/* The member of the oneof `data`: points, and how they add up. */
static void
put_data(struct buf *b, const struct value *record)
{
	const char *kind = value_str_or(value_get(record, "kind"), "");
	bool is_histogram = !strcmp(kind, "histogram");
	bool is_counter = !strcmp(kind, "counter");
	AUTO_BUF point = BUF_INIT;
	AUTO_BUF data = BUF_INIT;

	if (is_histogram)
		put_histogram(&point, record);
	else
		put_number(&point, record, is_counter);
	put_message(&data, 1, &point);
	if (is_histogram || is_counter)
		protobuf_number(&data, 2, CUMULATIVE);
	if (is_counter)
		protobuf_number(&data, 3, 1); /* it only grows */
	put_message(b,
	    is_histogram ? METRIC_HISTOGRAM
	    : is_counter ? METRIC_SUM
			 : METRIC_GAUGE,
	    &data);
}

void
otlp_metric_add(struct otlp_metric *w, const struct value *record)
{
	AUTO_BUF metric = BUF_INIT;

	put_text(&metric, 1, value_str_or(value_get(record, "name"), ""));
	put_text(&metric, 3, value_str_or(value_get(record, "unit"), ""));
	put_data(&metric, record);
	put_message(&w->metrics, 2, &metric);
	w->n++;
}

void
otlp_metric_put(
    const struct otlp_metric *w, const char *version, struct buf *to)
{
	AUTO_BUF resource = BUF_INIT;
	AUTO_BUF scope = BUF_INIT;
	AUTO_BUF scoped = BUF_INIT;
	AUTO_BUF all = BUF_INIT;

	put_pair(&resource, 1, "service.name", "clnrm");
	put_pair(&resource, 1, "service.version", version);
	put_text(&scope, 1, "clnrm");
	put_text(&scope, 2, version);
	put_message(&scoped, 1, &scope);
	buf_add(&scoped, w->metrics.s, w->metrics.len);
	put_message(&all, 1, &resource);
	put_message(&all, 2, &scoped);
	put_message(to, 1, &all);
}

void
otlp_metric_reset(struct otlp_metric *w)
{
	buf_free(&w->metrics);
	*w = (struct otlp_metric)OTLP_METRIC_INIT;
}
