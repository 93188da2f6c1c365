/* What next_date() and is_today() take for a day of the year and for a time of day. */
#ifndef NUDGED_CEL_CEL_MOMENT_H
#define NUDGED_CEL_CEL_MOMENT_H

#include <stdbool.h>

#include "base/value.h"

/* Whether the string is "1990-05-17" (whatever follows), "05-17" or "--05-17"; "09:00". */
bool cel_moment_is_date(const struct value *text);
bool cel_moment_is_clock(const struct value *text);

#endif
