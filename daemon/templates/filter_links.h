/* Filters that make addresses of pages and pictures, and markup around them. */
#ifndef NUDGED_TEMPLATES_FILTER_LINKS_H
#define NUDGED_TEMPLATES_FILTER_LINKS_H

#include "liquid/liquid.h"

bool filter_links_link(struct liquid_call *call);
bool filter_links_img_url(struct liquid_call *call);
bool filter_links_image_url(struct liquid_call *call);
bool filter_links_asset_url(struct liquid_call *call);
bool filter_links_payment_icon(struct liquid_call *call);
bool filter_links_link_to(struct liquid_call *call);
bool filter_links_img_tag(struct liquid_call *call);
bool filter_links_image_tag(struct liquid_call *call);

#endif
