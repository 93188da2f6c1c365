/*
 * Dates as people and machines write them: "2016-03-14T10:00:00+02:00", "March 14,
 * 2016", "14 Mar 2016 10am", "Mon, 14 Mar 2016 10:00:00 GMT", "14/03/2016" (a slashed
 * or dotted date is read day first unless its year comes first), "20160314T1000".
 * The rules are those of Ruby's Date._parse, as far as they concern such texts.
 */
#ifndef NUDGED_LIQUID_LIQUID_DATE_TEXT_H
#define NUDGED_LIQUID_LIQUID_DATE_TEXT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum { LIQUID_DATE_TEXT_NONE = INT_MIN }; /* a part that the text does not have */

struct liquid_date_text {
    int year, month, day, year_day, hour, minute, second;
    int nanosecond; /* 0 without one */
    bool has_offset, utc;
    int offset; /* minutes east of UTC */
};

/* False where the text has neither a date nor a time, or more than 128 bytes. Parts are not
 * yet checked. */
bool liquid_date_text_parse(const char *text, size_t length, struct liquid_date_text *date);

#endif
