/*
 * Figures: the families of base/metric_rows.h, counted from any thread, read as text in the
 * Prometheus exposition format (version 0.0.4).
 *
 * A family with labels has a series for each set of label values that was seen. Values are bounded
 * by what is loaded (names of rules, gateways, channels) or by tables in the code (reasons); beyond
 * METRICS_SERIES_MOST of a family all others are one series together, each label `other`.
 */
#ifndef NUDGED_BASE_METRICS_H
#define NUDGED_BASE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/metric_rows.h"

enum metric {
#define METRIC_ENUM(name, exposed, kind, unit, labels, help) METRIC_##name,
    METRICS(METRIC_ENUM)
#undef METRIC_ENUM
        METRIC_COUNT
};

enum metric_kind { METRIC_KIND_COUNTER, METRIC_KIND_GAUGE, METRIC_KIND_HISTOGRAM };
enum metric_unit { METRIC_UNIT_COUNT, METRIC_UNIT_MS, METRIC_UNIT_US };

enum { METRICS_LABELS_MOST = 3, METRICS_SERIES_MOST = 2048, METRICS_BUCKETS = 18 };

struct metric_row {
    const char *name, *labels, *help;
    enum metric_kind kind;
    enum metric_unit unit;
};

const struct metric_row *metrics_row(enum metric metric);
/* "counter" */
const char *metrics_kind_word(enum metric_kind kind);

/* The values of a family's labels, in the order of its row; NULL is told as `other`. */
#define METRIC_LABELS(...) ((const char *const[METRICS_LABELS_MOST]){__VA_ARGS__})

/* Adds to a counter or gauge. `labels` are copied; they are of no matter where the family has
 * none, and may be NULL there. */
void metrics_add(enum metric metric, int64_t amount);
void metrics_add_to(enum metric metric, const char *const *labels, int64_t amount);

/* What a gauge, or a counter that somebody else counts, is now. */
void metrics_set(enum metric metric, int64_t figure);
void metrics_set_to(enum metric metric, const char *const *labels, int64_t figure);

/* Something took so many microseconds: one more in a histogram. */
void metrics_observe(enum metric metric, int64_t us);
void metrics_observe_in(enum metric metric, const char *const *labels, int64_t us);

/* Of a counter or gauge: what was added to it, under all labels, since the program began. */
int64_t metrics_read(enum metric metric);

/* Each series of a counter or gauge, with its value of that label: a value comes as often as there
 * are series with it. `visit` asks nothing here. */
void metrics_each(enum metric metric, const char *label,
                  void (*visit)(void *context, const char *value, int64_t figure), void *context);

/* The family has no series any more. */
void metrics_forget(enum metric metric);
/* Series whose label `label` has a value that is not to be kept, as a reload has no such rule, go.
 * `other` stays. */
void metrics_keep(const char *label, bool (*keeps)(const void *context, const char *value),
                  const void *context);

/* All families, in the order of the table. */
void metrics_format(struct buf *out);

#endif
