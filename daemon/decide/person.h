/*
 * Whose events are, by what is known of their keys:
 *
 *   - Each id is a person. A key of another kind is the person's to whom it leads; or, where a
 *     document stands under it, a person of its own, of whom no id is known.
 *   - An event is about its id. Without one, about whom its keys name, if no two of those are
 *     ids; else about whom the first of them names.
 *   - Of one that another shard has led here, the person is who stands under its first key; an id
 *     that it was given there it does not have itself.
 *   - Who has no id becomes part of whom the event is about. What names another id leads to
 *     whom the event is about from then on if that has an id too; else it stays.
 */
#ifndef NUDGED_DECIDE_PERSON_H
#define NUDGED_DECIDE_PERSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "customer/shop_event.h"
#include "decide/name_table.h"

enum {
    PERSON_JOINS_MOST = 16, /* documents that become part of another in one commit */
    PERSON_HOPS_MOST = 8,   /* redirects one behind the other; in a circle they were made by hand */
};

struct person {
    struct name *name;    /* the key under which the person stands */
    uint32_t event_count; /* the first so many of the events are about them */
    bool is_plain;        /* one event names them by an id and keys that lead to it already */
    struct name **taken;  /* what leads to them, or will, besides it: some may have documents */
    uint32_t taken_count;
    struct name **relied; /* all of which must still lead where it led */
    uint32_t relied_count;
};

struct person_question {
    const struct name_table *by_key; /* all names: of the events, and those to which they lead */
    struct name *const *names;       /* that can be theirs: at least one */
    uint32_t name_count;
    const struct shop_event *const *events; /* none: a deadline, of the first name */
    uint32_t event_count;
};

/* The person whom the first event is about, or the deadline, with all events that can be decided
 * together with it. In the arena. */
struct person *person_of(const struct person_question *question, struct arena *arena);

#endif
