/*
 * The members of a JSON object, as they stand in its text: only brackets and strings are told
 * apart. What the text has that is no JSON is found by who reads it (base/json_read).
 */
#ifndef NUDGED_SIMULATE_MEMBER_SCAN_H
#define NUDGED_SIMULATE_MEMBER_SCAN_H

#include <stdbool.h>

#include "base/slice.h"

struct member_scan {
    const char *at, *end; /* NULL: there are no more */
};

struct member_scan member_scan_open(struct slice object);
/* The next member: its name without quotes, with what stands for single characters as it stands
 * there; its value without blanks around it. False at the end, or where there is none. */
bool member_scan_next(struct member_scan *scan, struct slice *name, struct slice *value);
/* The same in two steps: the name, and then its value. In between, the members of the value, where
 * it is an object, can be scanned without a search for its end. */
bool member_scan_name(struct member_scan *scan, struct slice *name);
bool member_scan_value(struct member_scan *scan, struct slice *value);
struct member_scan member_scan_inner(const struct member_scan *scan);

/* Behind what is no blank. */
const char *member_scan_skip_blanks(const char *at, const char *end);
/* Behind the string that begins at `at`; NULL where it has no end. */
const char *member_scan_skip_string(const char *at, const char *end);

#endif
