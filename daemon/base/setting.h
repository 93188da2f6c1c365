/*
 * One setting: a row in a table of them. What is done with a table: base/settings.
 */
#ifndef NUDGED_BASE_SETTING_H
#define NUDGED_BASE_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shape;

/* Behind each stands the C type of its field, and what that holds without a value. */
enum setting_type {
    SETTING_TEXT,       /* const char *, in the arena; NULL when absent */
    SETTING_BOOL,       /* bool */
    SETTING_INT,        /* int64_t, within least and most; 0 when absent */
    SETTING_DURATION,   /* int64_t, milliseconds, within least and most */
    SETTING_SIZE,       /* int64_t, bytes: 512, 64KiB, 1MiB, 2GiB; within least and most */
    SETTING_CHOICE,     /* int: the index in `choices`; -1 when absent */
    SETTING_RATE,       /* struct setting_rate: "3 per 7d" */
    SETTING_CLOCK,      /* int: minutes of the day, "09:00"; -1 when absent */
    SETTING_TEXTS,      /* struct value: a list of strings; one string counts as a list of one;
                           an empty list when absent */
    SETTING_EXPRESSION, /* struct value: a string with its place, kept as written; `true` and
                           numbers are taken too; VALUE_NULL when absent */
    SETTING_VALUE,      /* struct value: anything, as it stands; VALUE_NULL when absent */
    SETTING_SECTION,    /* a struct of its own at `offset`, read through `section` */
};

struct setting_rate {
    int64_t count; /* 0 when absent */
    int64_t per_ms;
};

/* What makes a changed value count. */
enum setting_reload {
    SETTING_RESTART,
    SETTING_RELOAD,
    SETTING_BY_PART, /* a value of which each part has a row of its own, in another table */
};

struct setting {
    const char *key; /* NULL in the row behind the last, which ends a table */
    enum setting_type type;
    size_t offset;                 /* of its field in the struct that the table describes */
    const char *fallback;          /* the default as it would be written; NULL: none. Lists
                                      and values as JSON: ["a", "b"] */
    int64_t least, most;           /* both 0: no bound. INT64_MIN, INT64_MAX: none on one
                                      side. Of a rate, they bound the count */
    const char *const *choices;    /* of a choice: NULL-terminated */
    const struct setting *section; /* of a section: its own table */
    bool required;                 /* absent is a fault */
    enum setting_reload reload;
    const char *help;          /* one line */
    const struct shape *shape; /* what the type does not say of it (base/shape); NULL: nothing */
};

/* "between 1 and 256", "at least 1s", "at most 1MiB", or "" where there is no bound. */
enum { SETTING_RANGE_SIZE = 128 };
const char *setting_range(const struct setting *setting, char out[SETTING_RANGE_SIZE]);

#endif
