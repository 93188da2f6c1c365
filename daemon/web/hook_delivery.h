/*
 * What a webhook brings, as signatures and mappings see it: one POST of a provider. Nothing of it
 * is believed before its signature is.
 */
#ifndef NUDGED_WEB_HOOK_DELIVERY_H
#define NUDGED_WEB_HOOK_DELIVERY_H

#include <stdint.h>

#include "base/diag.h"
#include "base/json.h"
#include "base/slice.h"
#include "base/value.h"

struct hook_delivery {
    struct slice body;    /* as it came, to the last byte: over these a signature is made */
    struct value headers; /* map: names in lower case, to texts */
    struct value query;   /* map: parameters of the address, to texts */
    int64_t received_ms;  /* since 1970 */
};

/* The header's value, whatever the letter case of `name`; in the arena. NULL: there is none. */
const char *hook_delivery_header(const struct hook_delivery *delivery, const char *name,
                                 struct arena *arena);

/* Bytes as a text: each that is no UTF-8 is a "?". In the arena. */
struct value hook_delivery_text(struct arena *arena, struct slice bytes);

/* What is read of one: 16 MiB, 64 levels, 262,144 values, no key twice. */
extern const struct json_limits hook_delivery_json;

/* The body as data: JSON, or a form (a map of texts) where the content type says so, else a text.
 * False with `diag` where it says JSON and is none, or passes what is read of one; of a form 1 MiB
 * and 1,024 fields. */
bool hook_delivery_body(const struct hook_delivery *delivery, struct arena *arena,
                        struct value *body, struct diag *diag);

#endif
