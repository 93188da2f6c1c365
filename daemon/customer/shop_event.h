/*
 * What a shop pushed: one event about one customer. Two forms are read
 * (docs/events.md): CloudEvents 1.0 JSON, and a short form in which every
 * member that is no attribute is data.
 */
#ifndef NUDGED_CUSTOMER_SHOP_EVENT_H
#define NUDGED_CUSTOMER_SHOP_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/slice.h"
#include "base/value.h"
#include "customer/customer_key.h"

enum {
    SHOP_EVENT_TYPE_MOST = 100, /* bytes */
    SHOP_EVENT_ID_MOST = 256,
    SHOP_EVENT_HOPS_MOST = 8,
};

struct json_shapes;

enum { SHOP_EVENT_KEYS_MOST = 8 };

/* The keys that were read last, by their paths: events of one person mostly name them alike. All
 * zero at first, and when what was read before is gone. */
struct shop_event_known {
    struct {
        struct slice value; /* text NULL: none */
        struct customer_key key;
    } keys[SHOP_EVENT_KEYS_MOST];
};

/* How events are read; the installation's own. Who has shapes keeps to the same `key_paths`. */
struct shop_event_form {
    const char *const *key_paths; /* NULL-terminated: "customer.id", "customer.email", "subject" */
    int64_t skew_ms;              /* a time further ahead of arrival than this counts as arrival */
    const char *zone;             /* in which a time is that says none, the shop's; NULL: UTC */
    struct json_shapes *shapes;   /* of this reader, with json_event_limits: events of a known shape
                                     are read faster, and refer to them too; NULL: none */
    struct shop_event_known *known; /* likewise; NULL: none */
    bool unmarked; /* nobody asks whether a repetition differs: no `content` is made */
    /* Of this entry alone. */
    const char *own;   /* nudged made it, of the customer with this key ("": as the event itself
                          says); NULL: it has no such mark */
    const char *login; /* who pushed it over the web; NULL: it came another way */
    const char
        *whose;  /* another shard knew that it is about who stands under this key; NULL: none */
    bool former; /* it may be of a program that set no marks: then `source` tells */
};

struct shop_event {
    const char *entry;  /* the stream entry's id: unique, the same at every delivery */
    const char *type;   /* "order.placed" */
    const char *id;     /* "" where the shop gave none */
    const char *source; /* "" where it gave none */
    const char *login;  /* who pushed it over the web; NULL: it came another way */
    const char *key;    /* of the customer: "id:7", "email:ana@example.com"; that of keys[0] */
    char identity[17];  /* hex: of source and id; of the JSON where there is no id */
    char origin[17];    /* hex: what journeys and messages that it starts are named by */
    char content[5]; /* hex: a mark of the JSON, by which a repetition that differs is told; "" of
                        what was not read, or is not to be marked */
    int64_t time_ms; /* never later than the arrival: by this events are compared */
    int64_t arrival_ms;
    struct customer_key *keys; /* all that it names the customer by, in the order of the paths: at
                                  least one, at most one id */
    uint32_t key_count;
    bool is_led;   /* the first of them is `whose`: the event itself names that person by others */
    uint32_t hops; /* events between this one and the shop's own */
    bool internal; /* made by nudged itself */
    struct slice parcel;   /* what came along from another shard; text NULL: nothing */
    struct value document; /* map: type, id, time (as the shop gave it), source, data (and hops):
                              conditions' `event` */
    struct value data;     /* map */
    struct value customer; /* map: what the event says of the customer; or null */
};

/* Reads an event's JSON, which must live as long as the result. `entry` is the
 * stream entry's id, whose first half is the arrival. False: `diag` has code,
 * text, line and column of what is wrong ("json-syntax", "no-type", "no-customer", "bad-time", …).
 */
bool shop_event_read(struct arena *arena, const char *text, size_t length, const char *entry,
                     const struct shop_event_form *form, struct shop_event *event,
                     struct diag *diag);

/* The key of the customer alone, whatever else is wrong with the event; NULL: it names none. */
const char *shop_event_key(struct arena *arena, const char *text, size_t length,
                           const struct shop_event_form *form);

/* Of an event that was read before, its document alone; null where it is none. */
struct value shop_event_document(struct arena *arena, const char *text, size_t length,
                                 const char *entry, const struct shop_event_form *form);

/* Makes what follows from the rest of an event that was not read: identity, origin and document. It
 * has an id. */
void shop_event_complete(struct arena *arena, struct shop_event *event);

enum { SHOP_EVENT_NAME_SIZE = 17 };

/* What an event with an id is known by again: its `identity`, and the `origin` of what it starts.
 * Both texts have at most SHOP_EVENT_ID_MOST bytes. */
void shop_event_name(const char *source, const char *id, char name[SHOP_EVENT_NAME_SIZE]);

/* Makes the origin of an event that has an id another one, for each number. */
void shop_event_name_by(struct shop_event *event, int64_t number);

/* The arrival that a stream entry's id tells, in milliseconds. */
int64_t shop_event_arrival(const char *entry);

#endif
