#include "decide/per.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/decimal.h"
#include "base/digest.h"
#include "customer/customer_starts.h"
#include "decide/starts.h"

/* A text of this form is a digest: no other text of a value begins so. */
static const char digest_prefix[] = "sha256:";

enum { DIGEST_BYTES = 16, EXACT_MOST = 53 /* bits of a double */ };

/* As it is where that is short, and a C string. */
static const char *name_of(const char *text, size_t length, struct arena *arena)
{
    unsigned char digest[DIGEST_SIZE];
    char hex[2 * DIGEST_BYTES + 1];
    const size_t prefix = sizeof digest_prefix - 1;
    bool taken = length >= prefix && memcmp(text, digest_prefix, prefix) == 0;
    if (length <= CUSTOMER_PER_MOST && !taken && !memchr(text, '\0', length))
        return arena_copy(arena, text, length);
    digest_sha256(text, length, digest);
    digest_hex(digest, DIGEST_BYTES, hex);
    return arena_printf(arena, "%s%s", digest_prefix, hex);
}

/* 7, 7.0 and "7" are one. */
static const char *number_name(const struct value *value, struct arena *arena)
{
    char digits[DECIMAL_TEXT_SIZE];
    int64_t integer;
    size_t length;
    if ((value->flags & VALUE_SPELLED) && fabs(value->real) >= ldexp(1, EXACT_MOST))
        return name_of(value->text, value->length, arena);
    if (value_to_int(value, &integer))
        length = decimal_print_int(integer, digits);
    else if (value->kind == VALUE_UINT)
        length = decimal_print_natural(value->natural, digits);
    else
        length = decimal_print(value->real, digits);
    return arena_copy(arena, digits, length);
}

/* NULL where it can be none. */
static const char *value_name(const struct value *value, struct arena *arena)
{
    double number;
    if (value->kind == VALUE_STRING && value->length > 0)
        return name_of(value->string, value->length, arena);
    if (value->kind != VALUE_STRING && value_to_double(value, &number) && isfinite(number))
        return number_name(value, arena);
    return NULL;
}

bool per_ask(const struct rule *rule, const struct condition_view *view, struct arena *arena,
             const char **per, const char **fault)
{
    struct value value;
    *per = NULL;
    if (!rule->per)
        return true;
    if (!condition_view_value(rule->per, view, arena, &value, fault))
        return false;
    *per = value_name(&value, arena);
    if (!*per)
        *fault =
            value.kind == VALUE_STRING
                ? "it is an empty text"
                : arena_printf(arena, "it is %s", value_kind_name((enum value_kind)value.kind));
    return *per;
}

const char *per_of_start(const struct deciding *d, const struct rule *rule,
                         const struct value *start)
{
    const struct customer_journey journey = {.start = *start};
    struct condition_scene scene = deciding_scene(d, &journey);
    struct condition_view view;
    const char *per, *fault;
    if (!rule->per)
        return NULL;
    scene.event = NULL;
    condition_view_open(&view, &scene, d->arena);
    return per_ask(rule, &view, d->arena, &per, &fault) ? per : NULL;
}

bool per_is(struct deciding *d, const struct rule *rule, const char *per, const char *origin,
            const char *value)
{
    if (!rule->per)
        return true;
    if (!per) {
        const struct value *start = starts_event(d, origin);
        per = start ? per_of_start(d, rule, start) : NULL;
    }
    return !per || customer_journey_same_value(per, value);
}
