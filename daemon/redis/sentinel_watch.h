/*
 * Hears from Sentinels, over a link of its own to each, that a master was replaced
 * (`+switch-master`). A master that hangs and comes back before a command was too late would else
 * be written to until Sentinels have made it a replica, which they do after some seconds. Of
 * several one may itself hang, or be cut off with the old master.
 */
#ifndef NUDGED_REDIS_SENTINEL_WATCH_H
#define NUDGED_REDIS_SENTINEL_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "redis/endpoint.h"

struct event_base;
struct sentinel_watch;

/* There may be news: some master was replaced, now or before one began to be listened to, or one
 * that was lost may be there again; or `hears` is false: none is heard any more, until it is told
 * to whom to listen. */
typedef void sentinel_watch_on_news(void *context, bool hears);

/* `endpoint`: of the Sentinels; outlives the watch. */
struct sentinel_watch *sentinel_watch_new(struct event_base *base, const struct endpoint *endpoint,
                                          sentinel_watch_on_news *on_news, void *context);
void sentinel_watch_destroy(struct sentinel_watch **watch);

/* It listens to those of them too that it does not listen to, up to 16 in all. */
void sentinel_watch_listen(struct sentinel_watch *watch, const struct endpoint_seed *sentinels,
                           size_t count);

#endif
