/*
 * The messages of a demo as pages to look at: NN.html and NN-text.html each, and index.html,
 * which shows them one at a time and says what was held back, and why. How it looks stands in
 * demo/index.html.liquid of the examples.
 */
#ifndef NUDGED_CTL_DEMO_PAGES_H
#define NUDGED_CTL_DEMO_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/value.h"

/* What the page is made from; all of it in the arena. */
struct demo_pages {
    struct arena *arena;
    const char *folder;                /* exists */
    const char *template;              /* the path of index.html.liquid */
    struct value messages, held, dead; /* lists of maps */
    int count;                         /* of messages */
};

struct demo_pages_message {
    const char *to, *subject; /* UTF-8; "" where absent */
    const char *html, *text;  /* the parts; NULL where absent */
};

/* What was not sent: to whom, by which rule, why in one word and in more. */
struct demo_held {
    const char *who, *rule, *why, *words;
};

void demo_pages_begin(struct demo_pages *pages, struct arena *arena, const char *folder,
                      const char *template);
/* Writes the message's own pages; its number is pages->count then. */
bool demo_pages_add(struct demo_pages *pages, const struct demo_pages_message *message,
                    struct diag *diag);
void demo_pages_hold(struct demo_pages *pages, const struct demo_held *held);
/* An event or a message that was given up. */
void demo_pages_bury(struct demo_pages *pages, const char *reason, const char *detail);
/* Writes index.html. */
bool demo_pages_end(struct demo_pages *pages, size_t events, struct diag *diag);

#endif
