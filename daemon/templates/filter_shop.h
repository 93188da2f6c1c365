/* Filters over what shops have: addresses, weights, names; and hashes. */
#ifndef NUDGED_TEMPLATES_FILTER_SHOP_H
#define NUDGED_TEMPLATES_FILTER_SHOP_H

#include "liquid/liquid.h"

bool filter_shop_format_address(struct liquid_call *call);
bool filter_shop_pluralize(struct liquid_call *call);
bool filter_shop_weight_with_unit(struct liquid_call *call);
bool filter_shop_handle(struct liquid_call *call);
bool filter_shop_metafield_text(struct liquid_call *call);
bool filter_shop_camelize(struct liquid_call *call);
bool filter_shop_sha1(struct liquid_call *call);
bool filter_shop_sha256(struct liquid_call *call);
bool filter_shop_hmac_sha256(struct liquid_call *call);

#endif
