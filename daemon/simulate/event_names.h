/*
 * By which names an event speaks of people, looked up in its text: as few bytes of it are read as
 * will do. That may be wrong where a text is written in a strange way (a member twice, or behind
 * those that are looked for): whoever reads the event then sees that its mark is another.
 */
#ifndef NUDGED_SIMULATE_EVENT_NAMES_H
#define NUDGED_SIMULATE_EVENT_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "customer/shop_event.h"

enum { EVENT_NAMES_PATHS = 16, EVENT_NAMES_MOST = 2 * EVENT_NAMES_PATHS };

/* Names by their hash (base/map's, of a customer_key's text). */
struct event_names {
    uint64_t hashes[EVENT_NAMES_MOST];
    uint32_t count;
    uint32_t mark; /* of the keys of whom it is about; 0: there is none */
};

struct event_names_reader {
    struct shop_event_form form;
    struct arena *arena;
    struct event_names_path {
        const char *member; /* of the customer, or of the event: `subject` */
        size_t length;
        struct customer_key_kind kind;
        bool is_subject, is_key; /* else it is somebody else's name, or one more of theirs */
    } paths[EVENT_NAMES_PATHS];
    uint32_t path_count;
    bool subject;               /* one of them is the subject's */
    bool scans;                 /* else each event is read whole */
    struct json_shapes *begins; /* of events, as far as they are scanned */
};

/* `others`: members of the customer whose value is the id of somebody else, NULL-terminated. False:
 * there are too many paths. To be closed either way. */
bool event_names_open(struct event_names_reader *reader, const struct shop_event_form *form,
                      const char *const *others);
void event_names_close(struct event_names_reader *reader);

/* What is no event has none. */
void event_names_read(struct event_names_reader *reader, struct slice event,
                      struct event_names *names);

/* The mark that event_names_read should have found. */
uint32_t event_names_mark(const struct shop_event *event);

#endif
