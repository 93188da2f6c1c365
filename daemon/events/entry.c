#include "events/entry.h"

#include <inttypes.h>
#include <string.h>

#include "base/word.h"

static bool read(struct arena *arena, const struct intake_entry *entry,
                 const struct shop_event_form *form, struct shop_event *event, struct diag *diag)
{
    if (!shop_event_read(arena, entry->event, entry->length, entry->id, form, event, diag))
        return false;
    event->parcel = entry->parcel;
    return true;
}

bool entry_read(struct arena *arena, const struct intake_entry *entry,
                const struct shop_event_form *read_as, struct shop_event *event, struct diag *diag)
{
    struct diag why = {0};
    struct shop_event_form form = *read_as;
    form.own = entry->own;
    form.whose = entry->whose;
    if (entry->login && word_is_plain(entry->login, strlen(entry->login)))
        form.login = entry->login;
    form.former = entry->former;
    if (entry->poison)
        diag_error(&why, "%" PRId64 " daemons ended over this event", entry->deliveries - 1);
    else if (!entry->event)
        diag_error(&why, "the entry has no field `event`");
    else if (entry->size > entry->length)
        diag_error(&why, "the event has %zu bytes", entry->size);
    else
        return read(arena, entry, &form, event, diag);
    *diag = why;
    diag_code(diag, entry->poison ? "poison" : entry->event ? "json-size" : "no-event");
    return false;
}
