/*
 * Upper and lower case of all alphabets, by ICU; the one file of this folder that
 * includes it.
 */
#ifndef NUDGED_LIQUID_LIQUID_CASE_H
#define NUDGED_LIQUID_LIQUID_CASE_H

#include "base/slice.h"

enum liquid_case { LIQUID_UPPER, LIQUID_LOWER };

/* The length that the converted text has. Text that is not UTF-8 keeps its bytes. */
size_t liquid_case_length(enum liquid_case way, const struct slice *text);
/* Converts into memory of that length. */
void liquid_case_convert(enum liquid_case way, const struct slice *text, char *to, size_t length);

/* Compares without regard to the case of ASCII's letters, byte by byte. */
int liquid_case_compare(const struct slice *a, const struct slice *b);

#endif
