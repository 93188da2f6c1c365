/*
 * The one document kept for each customer: profile, counters, running
 * journeys, recent sends, messages not yet taken, ids of recent events. It is
 * read from its JSON into an arena, changed in place by deciding, and printed
 * whole again. Every list in it has a bound.
 */
#ifndef NUDGED_CORE_CUSTOMER_H
#define NUDGED_CORE_CUSTOMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/value.h"

enum {
    CUSTOMER_FORMAT = 1, /* of the document; kept in P:meta too */
    CUSTOMER_DOCUMENT_MOST = 64 * 1024,
    CUSTOMER_TIMES_MOST = 32,    /* newest times kept for each counted event type */
    CUSTOMER_SENDS_MOST = 128,   /* newest sends, for limits and caps */
    CUSTOMER_OPEN_MOST = 64,     /* newest messages not known to be taken */
    CUSTOMER_JOURNEYS_MOST = 64, /* running at once */
    CUSTOMER_RING_MOST = 64,     /* newest ids of events without effect */
    CUSTOMER_SEEN_MOST = 256,    /* newest ids of events with an effect */
};

struct customer_count {
    const char *type;
    int64_t count, first_ms, last_ms;
    int64_t times[CUSTOMER_TIMES_MOST]; /* newest last */
    uint32_t time_count;
};

/* A message that was decided: what limits and caps count. */
struct customer_send {
    const char *mid, *rule, *run; /* `run`: a restart goes on with the run that it ends */
    int64_t at_ms;
    bool marketing;
};

/* A message that may still be withdrawn. */
struct customer_open {
    const char *mid, *rule, *origin, *topic;
    int64_t started_ms; /* time of the event that started its journey */
    int64_t give_up_ms; /* after that it is no longer anywhere */
    struct value start; /* data of that event where the rule's `until` asks for it; or null */
    bool marketing;
};

struct customer_journey {
    const char *rule, *origin; /* `origin` is that of the event that started it */
    const char *run;     /* origin of the first start, before any restart: what limits count */
    const char *step;    /* id of the step to do next */
    int64_t deadline_ms; /* when */
    int64_t clock_ms;    /* when the step before was due: the next wait counts from here */
    int64_t started_ms;  /* time of the event that started it */
    int64_t since_ms;    /* when the rule set that last touched it became active */
    struct value start;  /* that event: map type, id, time, source, data */
};

struct customer_seen {
    char identity[17];
    int64_t at_ms;
};

/* A total for each rule: customer.sent("welcome"). */
struct customer_total {
    const char *rule;
    int64_t count, last_ms;
};

#define CUSTOMER_LIST(type)       \
    struct {                      \
        type *items;              \
        uint32_t count, capacity; \
    }

struct customer {
    const char *key;
    const char *version;  /* token of the document that was read; "" for a new one */
    struct value profile; /* map: what events said */
    int64_t profile_ms;   /* the newest event that was merged */
    struct value fields;  /* map: what rules set; stands over the profile */
    struct value optouts; /* map: topic to milliseconds */
    CUSTOMER_LIST(struct customer_count) counts;
    CUSTOMER_LIST(struct customer_send) sends;
    CUSTOMER_LIST(struct customer_total) totals;
    CUSTOMER_LIST(struct customer_open) open;
    CUSTOMER_LIST(struct customer_journey) journeys;
    CUSTOMER_LIST(struct customer_seen) seen, ring;
};

/* A customer of whom nothing is known. `key` is not copied. */
struct customer *customer_new(struct arena *arena, const char *key);

/* Reads a document; `text` must live as long as the result. False where it is
 * none of ours (a newer format, broken): the customer must then be left alone. */
struct customer *customer_read(struct arena *arena, const char *key, const char *text,
                               size_t length, struct diag *diag);

/* Prints the document with its new version in front. Where it would pass
 * CUSTOMER_DOCUMENT_MOST, what is only kept for comfort goes first (the ring, times
 * of counts, older ids); false where that is not enough. */
bool customer_print(struct customer *customer, const char *version, struct buf *out);

/* What expressions and templates call `customer`: the profile under what rules set. */
struct value customer_value(struct arena *arena, const struct customer *customer);

/* Merges what an event of time `at_ms` says (RFC 7396); one that is older than the
 * newest only fills what is absent. */
void customer_merge(struct arena *arena, struct customer *customer, const struct value *patch,
                    int64_t at_ms);

const struct customer_count *customer_find_count(const struct customer *customer, const char *type);
void customer_add_count(struct arena *arena, struct customer *customer, const char *type,
                        int64_t at_ms);
const struct customer_total *customer_find_total(const struct customer *customer, const char *rule);

/* Remembers a message that was decided: among sends, totals and open messages. */
void customer_add_send(struct arena *arena, struct customer *customer,
                       const struct customer_open *message, const char *run, int64_t now_ms);
/* Forgets it: it was withdrawn or never arrived; its place under caps is given back. */
void customer_drop_send(struct customer *customer, const char *mid);
void customer_drop_open(struct customer *customer, uint32_t index);
void customer_drop_journey(struct customer *customer, uint32_t index);

/* Whether the event was seen: by id within `keep_ms`, or as one of the newest. */
bool customer_has_seen(const struct customer *customer, const char *identity, int64_t since_ms);
void customer_add_seen(struct arena *arena, struct customer *customer, const char *identity,
                       int64_t at_ms, bool effect);

/* Drops what is too old to matter: sends before `sends_ms`, ids before `seen_ms`, open
 * messages past their end. */
void customer_prune(struct customer *customer, int64_t now_ms, int64_t sends_ms, int64_t seen_ms);

/* Whether marketing under `topic` was declined. */
bool customer_opted_out(const struct customer *customer, const char *topic);

#endif
