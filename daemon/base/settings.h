/*
 * Settings as data: a table says of every key its type, range, default, unit,
 * whether a reload may change it, and one line of help. The same table reads a
 * YAML mapping into a struct, prints it again, makes the reference
 * page, and will make the editors' schema, so none of these can drift from another.
 */
#ifndef NUDGED_BASE_SETTINGS_H
#define NUDGED_BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/value.h"

/* The C type of the field at `offset` stands behind each. */
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

enum setting_reload { SETTING_RESTART, SETTING_RELOAD };

struct setting {
    const char *key;
    enum setting_type type;
    size_t offset;
    const char *fallback;          /* the default as it would be written; NULL: none. Lists
                                      and values as JSON: ["a", "b"] */
    int64_t least, most;           /* both 0: no bound. INT64_MIN, INT64_MAX: none on one
                                      side. Of a rate, they bound the count */
    const char *const *choices;    /* NULL-terminated */
    const struct setting *section; /* ends with a row without a key */
    bool required;
    enum setting_reload reload;
    const char *help; /* one line */
};

/* Where a mapping came from, for diagnostics with excerpts. */
struct settings_source {
    const char *file;
    const char *text; /* may be NULL: no excerpts */
    size_t length;
};

/* Fills `into` with defaults, then with what `map` says. A NULL or null `map` is
 * an empty one, and a key whose value is `null` or `~` counts as absent; one with nothing
 * behind its colon is a fault, unless it is a section. A section that is absent has its defaults,
 * and nothing in it is required. Every fault (unknown key with "did you mean", wrong type, out of
 * range, missing) is added to `diags`; false where there was an error. Texts lie in the arena;
 * values share their parts with `map`. */
bool settings_read(const struct setting *table, const struct value *map,
                   const struct settings_source *source, void *into, struct arena *arena,
                   struct diags *diags);

/* Prints the effective settings as YAML that reads back as the same; what is absent is
 * left out. False where the buffer is full. */
bool settings_print(const struct setting *table, const void *from, struct buf *out);

/* Appends the table as Markdown, one row for each key ("smtp.host" in a section): type,
 * default, range, whether a reload changes it, help. */
bool settings_reference(const struct setting *table, struct buf *out);

/* "between 1 and 256", "at least 1s", "at most 1MiB", or "" where there is no bound. */
enum { SETTINGS_RANGE_SIZE = 128 };
const char *settings_range(const struct setting *setting, char out[SETTINGS_RANGE_SIZE]);

/* The line and the column (from 1) at which the text of a string itself begins: behind its
 * quote, or on the line below a `|`. */
void settings_text_place(const struct settings_source *source, const struct value *value,
                         uint32_t *line, uint32_t *column);

/* Adds an error or a warning at the place of `value` (which may be NULL). Returns the
 * diag inside `diags` for a hint, or a scratch one when the bound is reached. */
struct diag *settings_fault(struct diags *diags, const struct settings_source *source,
                            const struct value *value, enum diag_level level, const char *format,
                            ...) __attribute__((format(printf, 5, 6)));

#endif
