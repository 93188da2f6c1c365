/*
 * Slots of a Redis Cluster: each key lies in one of 16,384, and each slot is served by one master
 * (the cluster specification, "Key distribution model").
 */
#ifndef NUDGED_REDIS_SLOT_H
#define NUDGED_REDIS_SLOT_H

#include <stddef.h>

enum { SLOT_COUNT = 16384 };

/* Of what stands between the first '{' and the first '}' behind it; of the whole key where that is
 * nothing. 0 to 16,383. */
int slot_of(const char *key, size_t length);

#endif
