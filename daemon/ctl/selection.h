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

/* Help on them. */
#define SELECTION_HELP                                                                     \
    "\nOf many, retry and drop take those that all of these are true of; ls shows them:\n" \
    "  --all             all of them\n"                                                    \
    "  --rule NAME, --template NAME, --channel NAME, --gateway NAME, --customer WHO\n"     \
    "                    those of that rule, template, channel, gateway or customer\n"     \
    "  --reason WORD     dead: of that reason; outbox: queued, taken or later\n"           \
    "  --after TIME      from then on: 2026-03-01T08:00:00Z, or 2h (so long ago)\n"        \
    "  --before TIME     until then\n"                                                     \
    "  --older-than 1d   the same: until so long ago\n"                                    \
    "  --dry-run         retry, drop: says what would become of them\n"                    \
    "  --json            ls, show: each in full, one JSON object a line\n"

/* Reads the times; `now_ms` is Redis' TIME. False with `diag`: one cannot be read. */
bool selection_read(struct selection *selection, int64_t now_ms, struct diag *diag);

/* Whether anything narrows it. */
bool selection_is_narrow(const struct selection *selection);

/* Whether the item is meant; `customer` is the person's key, where one was asked for. */
bool selection_has(const struct selection *selection, const char *customer,
                   const struct pile_item *item);

#endif
