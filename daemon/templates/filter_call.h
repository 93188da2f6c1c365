/* What the filters of templates share: arguments in, results out. */
#ifndef NUDGED_TEMPLATES_FILTER_CALL_H
#define NUDGED_TEMPLATES_FILTER_CALL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "liquid/liquid.h"
#include "templates/filter_context.h"

enum { FILTER_CALL_TEXT_MOST = 256 * 1024 }; /* of what one filter writes */

const struct filter_context *filter_call_context(const struct liquid_call *call);

/* A value as it is printed, NUL-terminated, in the arena. */
const char *filter_call_text(const struct liquid_call *call, const struct value *value);
const char *filter_call_input(const struct liquid_call *call);
/* A positional or keyword argument as text; NULL where it is absent or nil. */
const char *filter_call_argument(const struct liquid_call *call, int index);
const char *filter_call_keyword(const struct liquid_call *call, const char *name);
/* The keyword if it is there, else the positional argument. */
const char *filter_call_option(const struct liquid_call *call, const char *keyword, int index);

/* A number as exact decimal digits ("129.90"); NULL where the value is none. */
const char *filter_call_decimal(const struct liquid_call *call, const struct value *value);

/* The members of `shop`, or NULL. */
const char *filter_call_shop(const struct liquid_call *call, const char *name);

/* Results, copied into the arena; what they return is what the filter returns. A buffer is
 * freed; where it was full, the filter fails with the text `fault`. Markup is not escaped
 * again where the part is HTML. */
bool filter_call_return(struct liquid_call *call, const char *text);
bool filter_call_return_buffer(struct liquid_call *call, struct buf *out, const char *fault);
bool filter_call_return_markup(struct liquid_call *call, struct buf *out, const char *fault);

/* Appends with & < > " ' as entities where the part is HTML, else as it stands. */
void filter_call_escape(const struct liquid_call *call, struct buf *out, const char *text);

#endif
