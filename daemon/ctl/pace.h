/*
 * What was counted, by name, at some moments of late; and how much it was in a second between the
 * oldest of them and the newest.
 */
#ifndef NUDGED_CTL_PACE_H
#define NUDGED_CTL_PACE_H

#include <stddef.h>
#include <stdint.h>

enum {
    PACE_COUNTS = 3,  /* of each name */
    PACE_MOMENTS = 6, /* that are kept */
    PACE_MOST = 10000 /* names in one moment; others are passed over */
};

struct pace_row {
    const char *name;
    int64_t counts[PACE_COUNTS];
    double rates[PACE_COUNTS]; /* in a second; 0 where the name is new, or was counted anew */
};

struct pace;

struct pace *pace_new(void);
void pace_destroy(struct pace **pace);

/* Another moment begins; the oldest is forgotten. `now_ms`: monotonic. */
void pace_begin(struct pace *pace, int64_t now_ms);
/* Adds to one count of a name at this moment. */
void pace_add(struct pace *pace, const char *name, size_t index, int64_t count);

/* Of this moment, in the order in which they were added, with their rates. Good until the next
 * pace_begin. */
struct pace_row *pace_rows(struct pace *pace, size_t *count);
/* One of them; NULL: there is none. */
const struct pace_row *pace_row(struct pace *pace, const char *name);

#endif
