/* Filters that speak the customer's language: translations, money, numbers, dates. */
#ifndef NUDGED_TEMPLATES_MAIL_FORMAT_H
#define NUDGED_TEMPLATES_MAIL_FORMAT_H

#include "liquid/liquid.h"

bool mail_format_t(struct liquid_call *call);
bool mail_format_money(struct liquid_call *call);
bool mail_format_money_with_currency(struct liquid_call *call);
bool mail_format_money_without_currency(struct liquid_call *call);
bool mail_format_money_without_trailing_zeros(struct liquid_call *call);
bool mail_format_unit_price(struct liquid_call *call);
bool mail_format_number(struct liquid_call *call);
bool mail_format_date(struct liquid_call *call);
bool mail_format_json(struct liquid_call *call);

#endif
