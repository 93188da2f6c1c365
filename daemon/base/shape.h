/*
 * What a value may look like, as data: for settings of which the type does not say it, because they
 * are read by hand (SETTING_VALUE), or not all of it. Nothing is read by it; the JSON Schemas are
 * made of it (base/schema), and a test holds the two together.
 */
#ifndef NUDGED_BASE_SHAPE_H
#define NUDGED_BASE_SHAPE_H

#include <stdbool.h>

#include "base/setting.h"

enum shape_kind {
    SHAPE_ANY,    /* nothing is said of it */
    SHAPE_TEXT,   /* a string; `pattern` */
    SHAPE_NUMBER, /* from `least` to `most` */
    SHAPE_AS,     /* as a row of type `as` is read, with no bounds */
    SHAPE_CHOICE, /* one of `words` */
    SHAPE_LIST,   /* each item is an `of`; at least `least` of them, at most `most` (0: any) */
    SHAPE_MAP,    /* of names that `pattern` fits to `of`; `least` and `most` as of a list */
    SHAPE_KEYS,   /* a mapping with the keys of `table` */
    SHAPE_EITHER, /* one of `either` */
    SHAPE_NULL,   /* nothing, said aloud */
};

struct shape {
    enum shape_kind kind;
    const char *name;    /* what contains itself must have one, and what stands in many places */
    const char *pattern; /* a regular expression as ECMA 262 has it; NULL: any */
    enum setting_type as;
    const char *const *words;          /* NULL-terminated */
    const struct shape *of;            /* NULL: of anything */
    const struct shape *const *either; /* NULL-terminated */
    const struct setting *table;
    /* Of SHAPE_KEYS, names with a blank between: keys that must stand there, besides those that
     * the table requires; with `may`, keys that may, and no others. */
    const char *must, *may;
    const char *one_of;            /* and of these exactly one */
    const char *const *needs;      /* "wait send": a key, and what must stand beside it */
    const struct setting *instead; /* rows in place of those of the same keys; NULL: none */
    double least, most;
    bool whole;   /* of a number: an integer */
    bool above;   /* `least` itself is too little */
    bool open;    /* of SHAPE_KEYS: other keys may stand there too */
    bool present; /* an explicit `null` is a value, and a wrong one: the key is not as if absent */
};

#endif
