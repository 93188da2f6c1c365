/*
 * Tells who watches a product of what happens to it: looks whether somebody is to be told
 * (commit.lua puts them on a list), and tells a bounded number at a time (tell.lua), as long as the
 * stream is short: each is an event to be decided. Any number of daemons do so together.
 */
#ifndef NUDGED_STORE_TELLER_H
#define NUDGED_STORE_TELLER_H

#include "redis/scripts.h"
#include "store/instance.h"

struct beat;
struct event_base;
struct teller;

/* It does not begin by itself. */
struct teller *teller_new(struct event_base *base, struct scripts *scripts,
                          const struct instance *instance, struct beat *beat);
void teller_destroy(struct teller **teller);

void teller_start(struct teller *teller);
/* What is under way is written all the same. */
void teller_stop(struct teller *teller);

#endif
