/*
 * Which of many dead letters or messages are meant: by their ids, or by what they have in common.
 * One grammar for `nudgectl dead`, `outbox` and `uncertain`.
 */
#ifndef NUDGED_CTL_SELECTION_H
#define NUDGED_CTL_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/command.h"
#include "ctl/pile_item.h"

enum { SELECTION_OPTIONS = 11 };

/* As it was asked for; NULL: not. Zero at first. */
struct selection {
    const char *rule, *reason, *template, *channel, *gateway, *customer;
    const char *before, *after, *older_than;
    bool all;
    int64_t from_ms, to_ms; /* selection_read: of these times, both included */
};

/* The rows of the options, behind those that stand in `options` already (its end is a row without a
 * name). */
void selection_add_options(struct selection *selection, struct command_option *options);

/* Reads the times; `now_ms` is Redis' TIME, `zone` that of times without an offset. False with
 * `diag`: one cannot be read. */
bool selection_read(struct selection *selection, const char *zone, int64_t now_ms,
                    struct diag *diag);

/* Whether anything narrows it. */
bool selection_is_narrow(const struct selection *selection);

/* Whether the item is meant; `customer` is the person's key, where one was asked for. */
bool selection_has(const struct selection *selection, const char *customer,
                   const struct pile_item *item);

#endif
