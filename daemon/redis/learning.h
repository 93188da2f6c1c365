/*
 * Learning what a Redis Cluster looks like, or where the master is that Sentinels watch, over links
 * made for it. Nodes are asked one after the other, until one of them knows. Sentinels are asked
 * side by side, and who has the highest configuration epoch is believed, of equals the first; one
 * that did not answer is not waited for, for some time. What is older than what this process has
 * followed counts only where more than half of the Sentinels say nothing newer.
 */
#ifndef NUDGED_REDIS_LEARNING_H
#define NUDGED_REDIS_LEARNING_H

#include <stdbool.h>
#include <stddef.h>

#include "redis/endpoint.h"
#include "redis/topology.h"

struct event_base;
struct learning;

/* What was learnt, which is good until the next start; or `topology` NULL: nobody knew, and why the
 * last one that was asked did not. */
typedef void learning_on_end(void *context, const struct topology *topology, const char *reason);

/* `endpoint`: of the cluster, or of the Sentinels; outlives the learning. */
struct learning *learning_new(struct event_base *base, const struct endpoint *endpoint,
                              learning_on_end *on_end, void *context);
void learning_destroy(struct learning **learning);

/* Begins to ask these nodes, in their order, which are copied; at least one. */
void learning_start(struct learning *learning, const struct endpoint_seed *nodes, size_t count);
/* Between a start and its on_end. */
bool learning_under_way(const struct learning *learning);

#endif
