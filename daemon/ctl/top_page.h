/* What `top` draws. */
#ifndef NUDGED_CTL_TOP_PAGE_H
#define NUDGED_CTL_TOP_PAGE_H

#include "base/buf.h"
#include "ctl/pace.h"
#include "ctl/status_page.h"

/* The counts of its paces. */
enum { TOP_EVENTS, TOP_MESSAGES };                     /* of all, under "all" */
enum { TOP_SENT, TOP_RETRIED, TOP_REFUSED };           /* of a gateway */
enum { TOP_DECIDED, TOP_SENT_OF_RULE, TOP_HELD_BACK }; /* of a rule */

struct top_page {
    struct standing *standing; /* its rates are set to those of the pace */
    struct pace *all, *gateways, *rules;
    struct status_page_size size;
};

/* Appends as many lines as the terminal has, none wider than it. */
void top_page_write(const struct top_page *page, struct buf *out);

#endif
