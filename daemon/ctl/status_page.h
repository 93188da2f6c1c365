/* The page of `nudgectl status`, which is the upper half of `top`'s. */
#ifndef NUDGED_CTL_STATUS_PAGE_H
#define NUDGED_CTL_STATUS_PAGE_H

#include <stddef.h>

#include "base/buf.h"
#include "ctl/columns.h"
#include "ctl/standing.h"

/* Of a terminal; 0: as much as there is. */
struct status_page_size {
    size_t columns, lines;
};

/* Appends it. Where there are fewer lines than it takes, what is well is left out first. */
void status_page_write(const struct standing *standing, const struct status_page_size *size,
                       struct buf *out);

/* Behind it: a line for each shard. */
void status_page_shards(const struct standing *standing, size_t columns, struct buf *out);

/* Its parts, for who arranges them otherwise. */
void status_page_head(const struct standing *standing, size_t columns, struct buf *out);
void status_page_wrong(const struct standing *standing, size_t columns, size_t most,
                       struct buf *out);
void status_page_figures(const struct standing *standing, size_t columns, struct buf *out);
void status_page_queues(const struct standing *standing, size_t columns, size_t most,
                        struct buf *out);
void status_page_gateways(const struct standing *standing, size_t columns, size_t most,
                          struct buf *out);
void status_page_daemons(const struct standing *standing, size_t columns, size_t most,
                         struct buf *out);

/* Of a row: the colour of its state; and a cell with why it does not work, or what failed last. */
enum colour status_page_colour(enum standing_state state);
void status_page_why(struct columns *table, const struct standing *standing,
                     const struct standing_gateway *gateway);

#endif
