/*
 * Messages are taken out of the outbox as soon as a gateway can begin them: for each channel the
 * first of its gateways that is free takes from the channel's queue, and each other one what is
 * bound to it. Looks again five times in a second, when it is woken, and whenever something ended.
 */
#ifndef NUDGED_DELIVERY_TAKING_H
#define NUDGED_DELIVERY_TAKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "delivery/choice.h"
#include "delivery/gateways.h"
#include "delivery/granting.h"
#include "store/outbox_at_once.h"
#include "store/shard.h"

struct taking;
struct event_base;

struct taking_options {
    struct event_base *base;
    struct shard *shard;
    const struct config *config; /* as it started */
    struct gateways *gateways;
    struct granting *granting; /* NULL: there is one shard */
    /* A message was taken for it, under this lease; gone when the callback returns. */
    void (*begin)(void *context, struct destination *destination, int64_t term,
                  const struct outbox_message *message);
    /* A take has ended: taking_place() may say more than before. */
    void (*on_room)(void *context);
    void *context;
};

struct taking *taking_new(const struct taking_options *options);
void taking_destroy(struct taking **taking);

void taking_start(struct taking *taking);
/* Nothing more is taken; what lost answers may have taken is put back. */
void taking_stop(struct taking *taking);
/* A commit that begins messages was lost: so is what that took, also after the stop. */
void taking_note_lost(struct taking *taking);
bool taking_goes_on(const struct taking *taking); /* between start and stop */

/* A gateway may have room: looks for the channels that were not found empty. */
void taking_look(struct taking *taking);
/* Likewise as messages came back from it: what waits for a connection to its domain is asked for
 * too. */
void taking_look_freed(struct taking *taking);
/* There may be something new in any channel. */
void taking_look_anew(struct taking *taking);
/* Other rates are in force: what waits for a token asks anew. */
void taking_reload(struct taking *taking);

/* A place for a message that is about to be decided: where one is kept (promised to `destination`)
 * it can begin as soon as Redis has it, and needs no take. Only while nothing stands in the
 * channel's queue, as far as is known here, and for a gateway that nothing bounds but its
 * connections. */
enum outbox_place taking_place(struct taking *taking, const char *channel,
                               struct destination **destination);
/* So many messages may be decided together and yet leave no connection idle; at least one. */
size_t taking_together(const struct taking *taking);
/* Something was put into channels' queues. */
void taking_note_queued(struct taking *taking);

/* True while a message is asked for, or is being put back. */
bool taking_busy(const struct taking *taking);
/* Channels whose marketing waited for events when it was last asked for. */
size_t taking_behind(const struct taking *taking);

/* Redis' clock, as the last answer told it. */
int64_t taking_now_ms(const struct taking *taking);
/* The gateways of a channel; NULL: it is not configured. */
const struct choice *taking_choice(const struct taking *taking, const char *channel);

#endif
