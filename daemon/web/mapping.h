/*
 * A mapping: the file that says which events a provider's webhook becomes (docs/webhooks.md). Of a
 * delivery that its signature vouches for it makes none, one or several: the topic chooses the
 * rows, and each row is an event, its parts expressions (CEL) over the delivery; or it is feedback
 * on a message that we sent.
 *
 * What the body calls an id is never the event's, unless the mapping says so, and only the types
 * that it lists come through it. Immutable once read: any number of deliveries, each with an arena
 * of its own.
 */
#ifndef NUDGED_WEB_MAPPING_H
#define NUDGED_WEB_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/shape.h"
#include "web/hook_delivery.h"
#include "web/hook_news.h"
#include "web/signature.h"

struct mapping;

/* Reads the text of a file; `name` is what it is known by, its file's without `.yaml`. Faults are
 * added to `diags`, with line and caret; NULL where there was an error. All lies in the arena;
 * `text` may go. */
struct mapping *mapping_read(struct arena *arena, const char *name, const char *file,
                             const char *text, size_t length, struct diags *diags);

const char *mapping_name(const struct mapping *mapping);
const char *mapping_about(const struct mapping *mapping); /* one line; "" */
const struct signature_settings *mapping_verify(const struct mapping *mapping);
/* The types that it lets through: a list of texts. */
const struct value *mapping_types(const struct mapping *mapping);
/* Whether it tells of messages that we sent. */
bool mapping_has_feedback(const struct mapping *mapping);

/* Whether a delivery may be one that only asks whether somebody is there, which need not be signed;
 * whether this one is. Such a body is small. */
enum { MAPPING_PING_MOST = 256 };
bool mapping_has_ping(const struct mapping *mapping);
bool mapping_is_ping(const struct mapping *mapping, const struct hook_delivery *delivery,
                     struct arena *arena);

/* Keys whose values are expressions: for base/yaml. NULL-terminated. */
extern const char *const mapping_expression_keys[];
/* For the JSON Schema. */
extern const struct shape mapping_shape;

/* ---- A delivery ---- */

enum { MAPPING_EVENTS_MOST = 4096, MAPPING_LEFT_MOST = 256 };
enum { MAPPING_COST_MOST = 2000000 }; /* elements that the expressions may visit, all together */

/* One row that was true of a delivery, or of one item of it. */
struct mapping_event {
    const char *topic;
    const char *type;          /* NULL: it is feedback */
    struct value event;        /* map: the short form, with an id always */
    struct hook_news feedback; /* of a row that is that */
};

/* A part that a row left out, because its expression failed: "customer.phone", and why. */
struct mapping_left {
    const char *topic, *part, *why;
};

/* All in the arena. */
struct mapping_result {
    struct mapping_event *events;
    uint32_t count;
    const char *id;   /* of the whole delivery, as the head of the mapping says; NULL: none */
    uint32_t unknown; /* items whose topic the mapping does not have */
    const char *unknown_topic; /* the first of these; NULL: none */
    uint32_t unwanted;         /* rows whose `if` was not true */
    struct mapping_left *left;
    uint32_t left_count; /* at most MAPPING_LEFT_MOST are told */
};

/* False with `diag` where nothing can be made of the delivery: no JSON, no topic, `each` is no
 * list, more events than MAPPING_EVENTS_MOST, expressions that cost more than MAPPING_COST_MOST. */
bool mapping_apply(const struct mapping *mapping, const struct hook_delivery *delivery,
                   struct arena *arena, struct mapping_result *result, struct diag *diag);

#endif
