/*
 * Cuts a template into text, {{ outputs }} and {% tags %}, or the inside of a
 * `liquid` tag into lines. Quotes mean nothing here: the first }} or %} ends.
 */
#ifndef NUDGED_LIQUID_LIQUID_SCAN_H
#define NUDGED_LIQUID_LIQUID_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum liquid_piece_kind {
    LIQUID_PIECE_END,
    LIQUID_PIECE_TEXT,
    LIQUID_PIECE_OUTPUT,
    LIQUID_PIECE_TAG, /* lines are tags too */
};

struct liquid_piece {
    enum liquid_piece_kind kind;
    bool closed;         /* has its }} or %} */
    bool line;           /* stood in a `liquid` tag */
    bool trim_before;    /* {{- or {%- */
    bool trim_after;     /* -}} or -%} */
    struct slice all;    /* with its braces */
    struct slice name;   /* of a tag: letters and digits, or '#'; empty: none stands there */
    struct slice markup; /* of an output, or of a tag behind its name */
};

struct liquid_scan {
    const char *at, *end;
    bool lines;
};

void liquid_scan_next(struct liquid_scan *scan, struct liquid_piece *piece);

/* The piece ends with the tag `name`, whatever stands before it ("{% broken {% endraw %}").
 * `before` gets the bytes in front of that tag. */
bool liquid_scan_ends(const struct liquid_piece *piece, const char *name, size_t *before);

#endif
