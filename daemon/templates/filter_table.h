/*
 * The filters that templates have beside those of Liquid itself: t, money, date by locale,
 * number, json, link, img_url, pluralize and the others that Shopify's notification
 * templates use. docs/templates.md has each.
 */
#ifndef NUDGED_TEMPLATES_FILTER_TABLE_H
#define NUDGED_TEMPLATES_FILTER_TABLE_H

#include "liquid/liquid.h"

/* For liquid_options.filters; the context of a render is a struct filter_context. Ends with a
 * row without a name. */
extern const struct liquid_filter filter_table[];

#endif
