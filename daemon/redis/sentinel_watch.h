/*
 * Hears from a Sentinel, over a link of its own, that a master was replaced (`+switch-master`).
 * A master that hangs and comes back before a command was too late would else be written to until
 * Sentinels have made it a replica, which they do after some seconds.
 */
#ifndef NUDGED_REDIS_SENTINEL_WATCH_H
#define NUDGED_REDIS_SENTINEL_WATCH_H

#include <stdbool.h>

#include "redis/endpoint.h"

struct event_base;
struct sentinel_watch;

/* There may be news: some master was replaced, now or before it began to hear; or `hears` is false:
 * it hears no more, until it is told to whom to listen. */
typedef void sentinel_watch_on_news(void *context, bool hears);

/* `endpoint`: of the Sentinels; outlives the watch. */
struct sentinel_watch *sentinel_watch_new(struct event_base *base, const struct endpoint *endpoint,
                                          sentinel_watch_on_news *on_news, void *context);
void sentinel_watch_destroy(struct sentinel_watch **watch);

/* Where it hears nothing: it listens to this one, which has just answered. */
void sentinel_watch_listen(struct sentinel_watch *watch, const struct endpoint_seed *sentinel);

#endif
