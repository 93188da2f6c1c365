/* A customer as an operator names one: "7", "id:7", "ana@example.com". */
#ifndef NUDGED_CTL_WHO_H
#define NUDGED_CTL_WHO_H

#include "ctl/shards.h"

/* The key that is meant: "7" is id:7, "ana@example.com" is email:ana@example.com, in any spelling.
 * In the configuration's arena, as below. */
const char *who_key(struct context *context, const char *customer);

/* The key under which the person stands; the key itself where it leads nowhere, or where the secret
 * cannot be read by which its redirect is found. */
const char *who_person(struct context *context, const struct shards *shards, const char *key);

#endif
