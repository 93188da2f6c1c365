/* Filters that speak the customer's language: translations, money, numbers, dates; and JSON. */
#ifndef NUDGED_TEMPLATES_FILTER_FORMAT_H
#define NUDGED_TEMPLATES_FILTER_FORMAT_H

#include "liquid/liquid.h"

bool filter_format_t(struct liquid_call *call);
bool filter_format_money(struct liquid_call *call);
bool filter_format_money_with_currency(struct liquid_call *call);
bool filter_format_money_without_currency(struct liquid_call *call);
bool filter_format_money_without_trailing_zeros(struct liquid_call *call);
bool filter_format_unit_price(struct liquid_call *call);
bool filter_format_number(struct liquid_call *call);
bool filter_format_date(struct liquid_call *call);
bool filter_format_json(struct liquid_call *call);

#endif
