/*
 * Shares of customers: who gets which version of something, and who is held out. A place among all
 * is a hash of what it is for and of the customer's key: the same for ever, on every machine, over
 * every restart and restored copy; and of two purposes independent of each other.
 */
#ifndef NUDGED_BASE_SHARE_H
#define NUDGED_BASE_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/shape.h"
#include "base/value.h"

enum { SHARE_WHOLE = 10000 }; /* places: a percentage is a hundred of them */

/* From 0 to SHARE_WHOLE - 1. `purpose`: a word of the program, such as "split"; `name` is the
 * user's. */
uint32_t share_place(const char *purpose, const char *name, const char *key);

/* So many places as a percentage. */
double share_percent(uint32_t places);

/* Reads a percentage: a number from 0 to 100 with two decimals at most. False: it is none. */
bool share_read(const struct value *percentage, uint32_t *places);
extern const struct shape share_shape; /* of it */

#endif
