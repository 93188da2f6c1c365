#include "web/outside_event.h"

#include <string.h>

#include "base/json.h"
#include "base/json_place.h"
#include "customer/shop_event.h"
#include "customer/watch.h"

static const struct {
    const char *type;
    unsigned right;
} guarded[] = {{"customer.unsubscribed", OUTSIDE_SUBSCRIPTIONS},
               {"customer.subscribed", OUTSIDE_SUBSCRIPTIONS},
               {"customer.resubscribed", OUTSIDE_SUBSCRIPTIONS},
               {"customer.erased", OUTSIDE_ERASURE}};

unsigned outside_event_right(const char *type, size_t length)
{
    static const char messages[] = "message.";
    for (size_t i = 0; i < sizeof guarded / sizeof *guarded; i++)
        if (slice_is((struct slice){type, length}, guarded[i].type))
            return guarded[i].right;
    return length >= sizeof messages - 1 && memcmp(type, messages, sizeof messages - 1) == 0
               ? OUTSIDE_FEEDBACK
               : 0;
}

static bool refuse(struct diag *diag, struct slice text, const char *path)
{
    if (text.text)
        json_place_fault(diag, text.text, text.length, path);
    return false;
}

/* What nudged alone may say. */
static bool check_reserved(const struct value *root, struct slice text, struct diag *diag)
{
    if (value_is_text(value_get(root, "source"), "nudged")) {
        diag_fault(diag, "reserved-source", "`source: nudged` is for nudged's own events");
        return refuse(diag, text, "source");
    }
    if (value_get(root, "hops")) {
        diag_fault(diag, "reserved-hops", "`hops` is for nudged's own events");
        return refuse(diag, text, "hops");
    }
    return true;
}

static bool check_right(const struct value *root, struct slice text, unsigned rights,
                        struct diag *diag)
{
    const struct value *type = value_get(root, "type");
    if (!value_is(type, VALUE_STRING))
        return true;
    unsigned right = outside_event_right(type->string, type->length);
    if (!(right & ~rights))
        return true;
    if (right == OUTSIDE_FEEDBACK)
        diag_fault(diag, "reserved-type", "`message.*` is for nudged's own events");
    else
        diag_fault(diag, "no-right", "`%.*s` may not be pushed with this login", (int)type->length,
                   type->string);
    return refuse(diag, text, "type");
}

/* As the daemon will read it. */
static bool check_event(struct arena *arena, struct slice text, const struct outside_caller *caller,
                        struct outside_event *event, struct diag *diag)
{
    const struct shop_event_form form = {.key_paths = caller->key_paths};
    const char *entry = arena_printf(arena, "%lld-0", (long long)caller->now_ms);
    struct shop_event read;
    const char *product;
    if (!shop_event_read(arena, text.text, text.length, entry, &form, &read, diag) &&
        !watch_is_told(arena, &read, diag, &product)) {
        if (text.text == event->json.text) /* which nobody has seen */
            diag_place(diag, 0, 0, 0);
        return false;
    }
    event->type = read.type;
    event->id = read.id;
    return true;
}

bool outside_event_make(struct arena *arena, const struct value *root, struct slice text,
                        const struct outside_caller *caller, struct outside_event *event,
                        struct diag *diag)
{
    *event = (struct outside_event){0};
    if (root->kind == VALUE_MAP &&
        (!check_reserved(root, text, diag) || !check_right(root, text, caller->rights, diag)))
        return false;
    if (json_size(root) > json_event_limits.bytes)
        return diag_fault(diag, "json-size", "the event has more than %zu bytes",
                          json_event_limits.bytes);
    event->json = json_print_slice(arena, root, json_event_limits.bytes);
    return check_event(arena, text.text ? text : event->json, caller, event, diag);
}
