/*
 * The messages of a demo as pages to look at: NN.html and NN-text.html each, and index.html,
 * which lists them beside the one that is looked at.
 */
#ifndef NUDGED_CTL_DEMO_PAGES_H
#define NUDGED_CTL_DEMO_PAGES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/diag.h"

struct demo_pages {
    const char *folder; /* exists; stays the caller's */
    struct buf list;    /* of index.html, as far as it goes */
    int count;
};

struct demo_pages_message {
    const char *to, *subject; /* UTF-8; "" where absent */
    const char *html, *text;  /* the parts; NULL where absent */
};

void demo_pages_begin(struct demo_pages *pages, const char *folder);
/* Writes the message's own pages; its number is pages->count then. */
bool demo_pages_add(struct demo_pages *pages, const struct demo_pages_message *message,
                    struct diag *diag);
/* Writes index.html. */
bool demo_pages_end(struct demo_pages *pages, struct diag *diag);
void demo_pages_free(struct demo_pages *pages);

#endif
