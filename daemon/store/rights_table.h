/*
 * Every command of Redis that nudged and nudgectl run, within scripts and without: what README's
 * `ACL SETUSER` gives, and rights.lua asks for before a daemon enters. A test holds the three, and
 * what the code names, together.
 */
#ifndef NUDGED_STORE_RIGHTS_TABLE_H
#define NUDGED_STORE_RIGHTS_TABLE_H

#include <stddef.h>

/* As ACL SETUSER spells them, without '+': "hset", "xgroup|create". */
extern const char *const rights_table[];
extern const size_t rights_table_count;

/* Further ones that README's line gives, which a daemon does without where it must: a user of a
 * former release has not got them. Ended by NULL. */
extern const char *const rights_wished[];

#endif
