/*
 * What was counted, by name, at some moments of late; and how much it was in a second between the
 * oldest of them and the newest.
 */
#ifndef NUDGED_CTL_TALLY_H
#define NUDGED_CTL_TALLY_H

#include <stddef.h>
#include <stdint.h>

enum {
    TALLY_COUNTS = 3,  /* of each name */
    TALLY_MOMENTS = 6, /* that are kept */
    TALLY_MOST = 10000 /* names in one moment; others are passed over */
};

struct tally_row {
    const char *name;
    int64_t counts[TALLY_COUNTS];
    double rates[TALLY_COUNTS]; /* in a second; 0 where the name is new, or was counted anew */
};

struct tally;

struct tally *tally_new(void);
void tally_destroy(struct tally **tally);

/* Another moment begins; the oldest is forgotten. `now_ms`: monotonic. */
void tally_begin(struct tally *tally, int64_t now_ms);
/* Adds to one count of a name at this moment. */
void tally_add(struct tally *tally, const char *name, size_t index, int64_t count);

/* Of this moment, in the order in which they were added, with their rates. Good until the next
 * tally_begin. */
struct tally_row *tally_rows(struct tally *tally, size_t *count);
/* One of them; NULL: there is none. */
const struct tally_row *tally_row(struct tally *tally, const char *name);

#endif
