/*
 * A family without labels is one `figure`. One with labels has its series in a table and in a list,
 * which a lock guards; so has a histogram, whose one series has no label where it has none. What a
 * series counts is atomic all the same: it is read while others add.
 *
 * Figures say nothing about one another, so no order is needed. The count of a histogram is the
 * sum of its buckets, so that these two agree whenever it is read.
 */
#include "base/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

enum { LABELS_BYTES = 512 };

#define COUNTER   METRIC_KIND_COUNTER
#define GAUGE     METRIC_KIND_GAUGE
#define HISTOGRAM METRIC_KIND_HISTOGRAM
static const struct metric_row rows[METRIC_COUNT] = {
#define METRIC_ROW(name, exposed, kind, unit, labels, help) \
    [METRIC_##name] = {exposed, labels, help, kind, METRIC_UNIT_##unit},
    METRICS(METRIC_ROW)
#undef METRIC_ROW
};
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM

/* Upper bounds in microseconds: of what is quick, as deciding, and of what the world does. */
static const int64_t bounds[METRICS_BUCKETS] = {
    10,    25,    50,     100,    250,     500,     1000,     2500,      5000,
    10000, 25000, 100000, 250000, 1000000, 5000000, 30000000, 300000000, INT64_MAX};

struct histogram {
    atomic_int_least64_t buckets[METRICS_BUCKETS]; /* each for itself: not of those below */
    atomic_int_least64_t sum_us;
};

struct series {
    struct series *next; /* the newest is the last */
    char *labels;        /* as they are told: rule="welcome",channel="email" */
    char *key;           /* their values, each with a NUL behind it */
    size_t key_length;
    atomic_int_least64_t figure;
    struct histogram *histogram; /* NULL: of a counter or gauge */
};

/* Each on a cache line of its own: any thread may add to it. */
static struct family {
    _Alignas(64) atomic_int_least64_t figure; /* of all its series together, where it has some */
    struct map *table;                        /* by key; NULL: none yet */
    struct series *first, *last;
    size_t count;
} families[METRIC_COUNT];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* over all series */

const struct metric_row *metrics_row(enum metric metric)
{
    return &rows[metric];
}

const char *metrics_kind_word(enum metric_kind kind)
{
    static const char *const words[] = {"counter", "gauge", "histogram"};
    return words[kind];
}

/* ---- Labels ---- */

static const char other[] = "other";

/* The name of the label at `at`, which is moved behind it; its length, or 0 at the end. */
static size_t next_label(const char **at, const char **name)
{
    *name = *at;
    size_t length = strcspn(*at, ",");
    *at += length + ((*at)[length] == ',');
    return length;
}

/* Backslash, quote and line break are escaped. */
static void put_label(struct buf *out, const char *name, size_t length, const char *value)
{
    if (out->length)
        buf_text(out, ",");
    buf_add(out, name, length);
    buf_text(out, "=\"");
    for (; *value; value++) {
        if (*value == '\n')
            buf_text(out, "\\n");
        else if (*value == '\\' || *value == '"')
            buf_printf(out, "\\%c", *value);
        else
            buf_add(out, value, 1);
    }
    buf_text(out, "\"");
}

static void print_labels(enum metric metric, const char *const *values, struct buf *out)
{
    const char *at = rows[metric].labels, *name;
    size_t length;
    for (size_t i = 0; (length = next_label(&at, &name)); i++)
        put_label(out, name, length, values[i] ? values[i] : other);
}

/* How many labels the family has. */
static size_t count_labels(enum metric metric)
{
    const char *at = rows[metric].labels, *name;
    size_t count = 0;
    while (next_label(&at, &name))
        count++;
    return count;
}

/* The values one behind the other; the length of that. What does not fit is `other`. */
static size_t make_key(enum metric metric, const char *const *values, char key[LABELS_BYTES])
{
    size_t length = 0, count = count_labels(metric);
    for (size_t i = 0; i < count; i++) {
        const char *value = values[i] ? values[i] : other;
        size_t size = strlen(value) + 1, left = sizeof other * (count - i - 1);
        if (length + size + left > LABELS_BYTES) {
            value = other;
            size = sizeof other;
        }
        memcpy(key + length, value, size);
        length += size;
    }
    return length;
}

/* ---- Series ---- */

static void append(struct family *family, struct series *series)
{
    if (family->last)
        family->last->next = series;
    else
        family->first = series;
    family->last = series;
    family->count++;
    map_put(family->table, series->key, series->key_length, series);
}

static struct series *add_series(enum metric metric, const char *key, size_t length)
{
    struct family *family = &families[metric];
    struct series *series = mem_zero(1, sizeof *series);
    const char *values[METRICS_LABELS_MOST] = {0};
    struct buf labels;
    buf_init(&labels, 4 * LABELS_BYTES);
    series->key = mem_copy(key, length);
    series->key_length = length;
    for (size_t i = 0, at = 0; at < length; at += strlen(key + at) + 1)
        values[i++] = key + at;
    print_labels(metric, values, &labels);
    series->labels = mem_text(buf_string(&labels));
    buf_free(&labels);
    if (rows[metric].kind == METRIC_KIND_HISTOGRAM)
        series->histogram = mem_zero(1, sizeof *series->histogram);
    append(family, series);
    return series;
}

/* The series of these values, which may be new. With the lock held. */
static struct series *series_of(enum metric metric, const char *const *values)
{
    static const char *const others[METRICS_LABELS_MOST];
    struct family *family = &families[metric];
    char key[LABELS_BYTES];
    if (!*rows[metric].labels && family->first) /* a histogram's only one */
        return family->first;
    size_t length = make_key(metric, values, key);
    if (!family->table)
        family->table = map_new();
    struct series *series = map_get(family->table, key, length);
    if (!series && family->count >= METRICS_SERIES_MOST) {
        length = make_key(metric, others, key);
        series = map_get(family->table, key, length);
    }
    return series ? series : add_series(metric, key, length);
}

static void free_series(struct series *series)
{
    free(series->labels);
    free(series->key);
    free(series->histogram);
    free(series);
}

/* The table has no way to take one key out: it is made anew. */
static void keep_some(struct family *family,
                      bool (*keeps)(const void *context, const struct series *series),
                      const void *context)
{
    struct series *series = family->first;
    family->first = family->last = NULL;
    family->count = 0;
    map_clear(family->table);
    while (series) {
        struct series *next = series->next;
        series->next = NULL;
        if (keeps(context, series))
            append(family, series);
        else
            free_series(series);
        series = next;
    }
}

static bool keeps_none(const void *context, const struct series *series)
{
    (void)context;
    (void)series;
    return false;
}

void metrics_forget(enum metric metric)
{
    pthread_mutex_lock(&lock);
    if (families[metric].table)
        keep_some(&families[metric], keeps_none, NULL);
    pthread_mutex_unlock(&lock);
}

struct keeping {
    size_t place; /* of the label */
    bool (*keeps)(const void *context, const char *value);
    const void *context;
};

/* Of the label at that place. */
static const char *value_at(const struct series *series, size_t place)
{
    const char *value = series->key;
    while (place-- > 0)
        value += strlen(value) + 1;
    return value;
}

static bool keeps_value(const void *context, const struct series *series)
{
    const struct keeping *keeping = context;
    const char *value = value_at(series, keeping->place);
    return strcmp(value, other) == 0 || keeping->keeps(keeping->context, value);
}

/* Where the label stands among those of the family; false where it has none of that name. */
static bool find_label(enum metric metric, const char *label, size_t *place)
{
    const char *at = rows[metric].labels, *name;
    size_t length;
    for (*place = 0; (length = next_label(&at, &name)); ++*place)
        if (strlen(label) == length && memcmp(label, name, length) == 0)
            return true;
    return false;
}

void metrics_keep(const char *label, bool (*keeps)(const void *context, const char *value),
                  const void *context)
{
    struct keeping keeping = {.keeps = keeps, .context = context};
    pthread_mutex_lock(&lock);
    for (int i = 0; i < METRIC_COUNT; i++)
        if (families[i].table && find_label((enum metric)i, label, &keeping.place))
            keep_some(&families[i], keeps_value, &keeping);
    pthread_mutex_unlock(&lock);
}

/* ---- Counting ---- */

static void add(atomic_int_least64_t *figure, int64_t amount)
{
    atomic_fetch_add_explicit(figure, amount, memory_order_relaxed);
}

static void set(atomic_int_least64_t *figure, int64_t value)
{
    atomic_store_explicit(figure, value, memory_order_relaxed);
}

static int64_t get(const atomic_int_least64_t *figure)
{
    return atomic_load_explicit((atomic_int_least64_t *)(uintptr_t)figure, memory_order_relaxed);
}

void metrics_add(enum metric metric, int64_t amount)
{
    add(&families[metric].figure, amount);
}

void metrics_add_to(enum metric metric, const char *const *labels, int64_t amount)
{
    add(&families[metric].figure, amount);
    pthread_mutex_lock(&lock);
    add(&series_of(metric, labels)->figure, amount);
    pthread_mutex_unlock(&lock);
}

void metrics_set(enum metric metric, int64_t figure)
{
    set(&families[metric].figure, figure);
}

void metrics_set_to(enum metric metric, const char *const *labels, int64_t figure)
{
    pthread_mutex_lock(&lock);
    set(&series_of(metric, labels)->figure, figure);
    pthread_mutex_unlock(&lock);
}

void metrics_observe(enum metric metric, int64_t us)
{
    metrics_observe_in(metric, NULL, us);
}

void metrics_observe_in(enum metric metric, const char *const *labels, int64_t us)
{
    size_t bucket = 0;
    while (us > bounds[bucket])
        bucket++;
    pthread_mutex_lock(&lock);
    struct histogram *histogram = series_of(metric, labels)->histogram;
    add(&histogram->buckets[bucket], 1);
    add(&histogram->sum_us, us);
    pthread_mutex_unlock(&lock);
}

int64_t metrics_read(enum metric metric)
{
    return get(&families[metric].figure);
}

void metrics_each(enum metric metric, const char *label,
                  void (*visit)(void *context, const char *value, int64_t figure), void *context)
{
    size_t place;
    pthread_mutex_lock(&lock);
    if (find_label(metric, label, &place))
        for (const struct series *series = families[metric].first; series; series = series->next)
            visit(context, value_at(series, place), get(&series->figure));
    pthread_mutex_unlock(&lock);
}

/* ---- Telling ---- */

/* With the fraction that it has, and no digit more: "0.0025", "5". */
static const char *print_figure(enum metric_unit unit, int64_t figure, char out[32])
{
    int digits = unit == METRIC_UNIT_US ? 6 : unit == METRIC_UNIT_MS ? 3 : 0;
    int64_t whole = unit == METRIC_UNIT_US ? 1000000 : unit == METRIC_UNIT_MS ? 1000 : 1;
    int64_t rest = figure % whole < 0 ? -(figure % whole) : figure % whole;
    int length = snprintf(out, 32, "%s%" PRId64, figure < 0 && figure / whole == 0 ? "-" : "",
                          figure / whole);
    if (rest) {
        length += snprintf(out + length, 32 - (size_t)length, ".%0*" PRId64, digits, rest);
        while (out[length - 1] == '0')
            out[--length] = '\0';
    }
    return out;
}

static void put_figure(const struct metric_row *row, const char *labels, int64_t figure,
                       struct buf *out)
{
    char text[32];
    print_figure(row->unit, figure, text);
    if (*labels)
        buf_printf(out, "%s{%s} %s\n", row->name, labels, text);
    else
        buf_printf(out, "%s %s\n", row->name, text);
}

static void put_histogram(const struct metric_row *row, const struct series *series,
                          struct buf *out)
{
    const char *labels = series->labels, *comma = *labels ? "," : "";
    char text[32];
    int64_t count = 0;
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        count += get(&series->histogram->buckets[i]);
        bool last = bounds[i] == INT64_MAX;
        buf_printf(out, "%s_bucket{%s%sle=\"%s\"} %" PRId64 "\n", row->name, labels, comma,
                   last ? "+Inf" : print_figure(METRIC_UNIT_US, bounds[i], text), count);
    }
    print_figure(METRIC_UNIT_US, get(&series->histogram->sum_us), text);
    const char *open = *labels ? "{" : "", *close = *labels ? "}" : "";
    buf_printf(out, "%s_sum%s%s%s %s\n", row->name, open, labels, close, text);
    buf_printf(out, "%s_count%s%s%s %" PRId64 "\n", row->name, open, labels, close, count);
}

/* A histogram without labels is there from the beginning on. */
static void put_series(enum metric metric, struct buf *out)
{
    const struct metric_row *row = &rows[metric];
    if (!*row->labels)
        series_of(metric, NULL);
    for (const struct series *series = families[metric].first; series; series = series->next) {
        if (series->histogram)
            put_histogram(row, series, out);
        else
            put_figure(row, series->labels, get(&series->figure), out);
    }
}

void metrics_format(struct buf *out)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = &rows[i];
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
                   metrics_kind_word(row->kind));
        if (*row->labels || row->kind == METRIC_KIND_HISTOGRAM)
            put_series((enum metric)i, out);
        else
            put_figure(row, "", metrics_read((enum metric)i), out);
    }
    pthread_mutex_unlock(&lock);
}
