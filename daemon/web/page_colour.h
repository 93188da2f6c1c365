/*
 * The shop's colour as the pages may use it: whatever it is, what stands on it can be read, and it
 * can be told from what it stands on (WCAG 2.2, 1.4.3 and 1.4.11).
 */
#ifndef NUDGED_WEB_PAGE_COLOUR_H
#define NUDGED_WEB_PAGE_COLOUR_H

#include <stdbool.h>
#include <stdint.h>

struct page_colour {
    uint8_t red, green, blue;
};

/* "#rrggbb" or "#rgb". */
bool page_colour_read(const char *text, struct page_colour *colour);

/* Contrast of two, 1 to 21. */
double page_colour_contrast(struct page_colour a, struct page_colour b);

/* The same colour, mixed with black or white as little as is needed for a contrast of at least
 * 3 with the ground. */
struct page_colour page_colour_on(struct page_colour colour, struct page_colour ground);

/* Black or white: what can be read on it (at least 4.5). */
struct page_colour page_colour_ink(struct page_colour colour);

#endif
