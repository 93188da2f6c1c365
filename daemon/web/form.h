/*
 * The fields of a form that was posted, in the two encodings that browsers and mail programs use:
 * application/x-www-form-urlencoded, and multipart/form-data (RFC 7578), which RFC 8058 asks for.
 */
#ifndef NUDGED_WEB_FORM_H
#define NUDGED_WEB_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

enum { FORM_FIELDS_MOST = 256, FORM_BODY_MOST = 32 * 1024 };

struct form_field {
    const char *name, *value; /* UTF-8 as it came; without NUL */
};

struct form {
    const struct form_field *fields;
    size_t count;
};

/* `type` is the Content-Type; NULL is read as the first encoding. All lies in the arena. False
 * where it is neither, cannot be read, has more fields, or is longer than FORM_BODY_MOST. */
bool form_read(struct arena *arena, const char *type, struct slice body, struct form *form);

/* The value of the first field of that name; NULL: there is none. */
const char *form_get(const struct form *form, const char *name);

/* Whether there is a field of that name and value. */
bool form_has(const struct form *form, const char *name, const char *value);

#endif
