/* An entry of the stream, read into the event that it brings. */
#ifndef NUDGED_EVENTS_ENTRY_H
#define NUDGED_EVENTS_ENTRY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "customer/shop_event.h"
#include "store/intake.h"

/* False with code and text of what is wrong. */
bool entry_read(struct arena *arena, const struct intake_entry *entry,
                const struct shop_event_form *read_as, struct shop_event *event, struct diag *diag);

#endif
