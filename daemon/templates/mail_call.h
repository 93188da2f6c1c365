/* What the filters of the mail layer share: arguments in, results out. */
#ifndef NUDGED_TEMPLATES_MAIL_CALL_H
#define NUDGED_TEMPLATES_MAIL_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "liquid/liquid.h"
#include "templates/mail_filters.h"

enum { MAIL_CALL_TEXT_MOST = 256 * 1024 }; /* of what one filter writes */

const struct mail_filters_context *mail_call_context(const struct liquid_call *call);

/* A value as it is printed, NUL-terminated, in the arena. */
const char *mail_call_text(const struct liquid_call *call, const struct value *value);
const char *mail_call_input(const struct liquid_call *call);
/* A positional or keyword argument as text; NULL where it is absent or nil. */
const char *mail_call_argument(const struct liquid_call *call, int index);
const char *mail_call_keyword(const struct liquid_call *call, const char *name);
/* The keyword if it is there, else the positional argument. */
const char *mail_call_option(const struct liquid_call *call, const char *keyword, int index);

/* A number as exact decimal digits ("129.90"); NULL where the value is none. */
const char *mail_call_decimal(const struct liquid_call *call, const struct value *value);

/* The members of `shop`, or NULL. */
const char *mail_call_shop(const struct liquid_call *call, const char *name);

/* Results; both return true. Bytes are copied into the arena. Markup is not escaped again. */
bool mail_call_return(struct liquid_call *call, const char *text);
bool mail_call_return_markup(struct liquid_call *call, const struct buf *markup);

/* Appends with & < > " ' as entities where the part is HTML, else as it stands. */
void mail_call_escape(const struct liquid_call *call, struct buf *out, const char *text);

#endif
