/* What the filters of templates know of the message that is rendered. */
#ifndef NUDGED_TEMPLATES_FILTER_CONTEXT_H
#define NUDGED_TEMPLATES_FILTER_CONTEXT_H

#include <stdbool.h>

#include "base/value.h"
#include "templates/translate.h"

struct templates;

/* liquid_input.context of every render with the filters of filter_table: one for each part.
 * It may be the first member of something larger. All but `locale` may be NULL. */
struct filter_context {
    const struct templates *templates; /* whose snippets `render` finds */
    const struct translate *translate; /* NULL: every key is missing */
    const char *locale;
    bool html;                /* the part's output is HTML: interpolated values are escaped */
    const struct value *shop; /* a map: currency, url, assets_url are read */
    const char *currency;     /* of the message, before shop.currency */
    const char *zone;         /* IANA; NULL: UTC */
    const char *rule;         /* utm_campaign */
    const char *channel;
};

#endif
