#include "decide/unchanged.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "customer/customer_print.h"

static const char *document_of(struct deciding *d)
{
    struct buf text;
    buf_init(&text, 2 * CUSTOMER_DOCUMENT_MOST);
    customer_print(d->customer, "", &text);
    const char *document = arena_text(d->arena, buf_string(&text));
    buf_free(&text);
    return document;
}

struct unchanged unchanged_begin(struct deciding *d)
{
    return (struct unchanged){.document = document_of(d),
                              .dead_count = d->decision->dead_count,
                              .emit_count = d->decision->emit_count,
                              .emitted_count = d->emitted_count};
}

bool unchanged_is(struct deciding *d, const struct unchanged *begun)
{
    return d->decision->dead_count == begun->dead_count &&
           d->decision->emit_count == begun->emit_count &&
           d->emitted_count == begun->emitted_count && strcmp(document_of(d), begun->document) == 0;
}

/* Which rule did what, and why: by this it is known that it was told. Particulars may differ. */
static const char *identity_of(struct deciding *d)
{
    static const char *const members[] = {"rule", "rules", "what", "why"};
    struct buf text;
    buf_init(&text, CUSTOMER_DOCUMENT_MOST);
    for (uint32_t i = 0; i < trace_count(&d->trace); i++)
        for (size_t m = 0; m < sizeof members / sizeof *members; m++) {
            const struct value *member = value_get(&d->trace.did.list->items[i], members[m]);
            if (member)
                json_print(&text, member);
            buf_char(&text, ' ');
        }
    char *identity = arena_alloc(d->arena, SHOP_EVENT_NAME_SIZE);
    shop_event_name("clock told", buf_string(&text), identity);
    buf_free(&text);
    return identity;
}

bool unchanged_was_told(struct deciding *d)
{
    if (d->trace.silent)
        return true; /* nobody waits for it */
    const char *identity = identity_of(d);
    if (customer_has_seen(d->customer, identity, d->now_ms - d->policy->dedupe_keep_ms))
        return true;
    customer_add_seen(d->arena, d->customer, identity, "", d->now_ms, true);
    return false;
}
