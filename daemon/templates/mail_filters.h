/*
 * The filters of the mail layer, beside those of Liquid itself: t, money,
 * date by locale, number, json, link, img_url, pluralize and the others that
 * Shopify's notification templates use. docs/templates.md has each.
 */
#ifndef NUDGED_TEMPLATES_MAIL_FILTERS_H
#define NUDGED_TEMPLATES_MAIL_FILTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/value.h"
#include "liquid/liquid.h"
#include "templates/translate.h"

struct templates;

/* liquid_input.context of every render of this layer: one for each part. */
struct mail_filters_context {
    const struct templates *templates; /* whose snippets `render` finds; may be NULL */
    const struct translate *translate; /* may be NULL: every key is missing */
    const char *locale;
    bool html;                /* the part's output is HTML: interpolated values are escaped */
    const struct value *shop; /* a map, or NULL: currency, url, assets_url are read */
    const char *currency;     /* of the message, before shop.currency; may be NULL */
    const char *zone;         /* IANA; NULL: UTC */
    int64_t now_ms;
    const char *rule; /* utm_campaign; may be NULL */
    const char *channel;
};

extern const struct liquid_filter mail_filters[];

#endif
