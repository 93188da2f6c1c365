#include "base/metrics.h"

#include <stdatomic.h>

static const struct {
    const char *exposed, *type, *help;
} table[METRIC_COUNT] = {
#define METRIC_ROW(name, exposed, type, help) [METRIC_##name] = {exposed, type, help},
    METRICS(METRIC_ROW)
#undef METRIC_ROW
};

/* Each on a cache line of its own: the senders' threads add to a few of them at every
 * message. Figures say nothing about one another, so no order is needed. */
static struct {
    _Alignas(64) atomic_int_least64_t figure;
} figures[METRIC_COUNT];

void metrics_add(enum metric metric, int64_t amount)
{
    atomic_fetch_add_explicit(&figures[metric].figure, amount, memory_order_relaxed);
}

int64_t metrics_read(enum metric metric)
{
    return atomic_load_explicit(&figures[metric].figure, memory_order_relaxed);
}

void metrics_format(struct buf *out)
{
    for (int i = 0; i < METRIC_COUNT; i++) {
        const char *name = table[i].exposed;
        buf_printf(out, "# HELP nudged_%s %s\n# TYPE nudged_%s %s\nnudged_%s %lld\n", name,
                   table[i].help, name, table[i].type, name,
                   (long long)metrics_read((enum metric)i));
    }
}
