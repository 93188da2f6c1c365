/*
 * The events of one or several files in the order in which they came (simulate/history_line says
 * when that was). Each file may be out of order by HISTORY_WINDOW lines, its first lines by
 * HISTORY_NEAR_MS at most; of the same moment the file that was added first is first, then the
 * line.
 *
 * An event without a time comes with the one before it.
 */
#ifndef NUDGED_SIMULATE_HISTORY_H
#define NUDGED_SIMULATE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/slice.h"

enum { HISTORY_WINDOW = 10000, HISTORY_NEAR_MS = 24 * 3600 * 1000 };

struct history;

struct history_entry {
    struct slice event; /* its JSON; text NULL: the line is too large to be one */
    int64_t at_ms;
    bool lasts;       /* it stays as long as the history; else until the next call */
    const char *file; /* as it is to be shown */
    uint64_t line;    /* from 1 */
    uint64_t number;  /* in the order of the history, from 0 */
    uint32_t mark;    /* as simulate/event_names found it; 0: nobody has looked */
};

/* `zone`: the shop's, which outlives it; NULL: UTC. */
struct history *history_new(const char *zone);
void history_destroy(struct history **history);

/* `name` "-" is standard input. False where it cannot be opened. */
bool history_add(struct history *history, const char *name, struct diag *diag);

/* The next event. False at the end; or where a file
 * cannot be read on or is out of order, and then `diag` has a text. Blank lines and comments are
 * passed over, and the last one of an archive where it is cut off. */
bool history_next(struct history *history, struct history_entry *entry, struct diag *diag);

/* Whether every entry lasts. */
bool history_lasts(const struct history *history);
/* Of a history that lasts: begins it anew. */
void history_rewind(struct history *history);
/* Likewise: what was looked at need not stay in memory, and is read again where it is needed. */
void history_forget(const struct history *history);

/* Bytes that were read so far. */
uint64_t history_bytes(const struct history *history);

#endif
