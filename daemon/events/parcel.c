#include "events/parcel.h"

#include <string.h>

#include "base/json.h"
#include "customer/customer_starts.h"

/* Of a document, a hundred lines of a trace, and what waits: a start may be a whole event. */
static const struct json_limits limits = {.bytes = 64 << 20, .depth = 8, .nodes = 1 << 20};

static struct slice text_of(const struct value *value)
{
    return value_is(value, VALUE_STRING) ? (struct slice){value->string, value->length}
                                         : (struct slice){0};
}

static void read_records(struct arena *arena, const struct value *records, struct parcel *parcel)
{
    struct said_text *texts = arena_alloc(arena, sizeof *texts * (value_count(records) + 1));
    for (uint32_t i = 0; value_is(records, VALUE_LIST) && i < value_count(records); i++) {
        const struct value *record = &records->list->items[i];
        const char *name = value_to_text(arena, value_get(record, "name"));
        if (name)
            texts[parcel->record_count++] =
                (struct said_text){name, slice_copy(arena, text_of(value_get(record, "record")))};
    }
    parcel->records = texts;
}

/* "<origin> <event>". One that cannot be read is as one that is not there. */
static void bring_start(struct arena *arena, struct customer *brought, struct slice text)
{
    const char *space = text.text ? memchr(text.text, ' ', text.length) : NULL;
    struct value event;
    struct diag diag;
    if (!space)
        return;
    size_t length = (size_t)(space - text.text);
    if (json_read(arena, space + 1, text.length - length - 1, &json_file_limits, &event, &diag) &&
        event.kind == VALUE_MAP)
        customer_starts_learn(brought, arena_copy(arena, text.text, length), &event);
}

/* They stand there no longer: this commit writes them. */
static void bring_starts(struct arena *arena, struct customer *brought, const struct value *starts)
{
    for (uint32_t i = 0; value_is(starts, VALUE_LIST) && i < value_count(starts); i++)
        bring_start(arena, brought, text_of(&starts->list->items[i]));
    for (uint32_t i = 0; i < brought->starts.count; i++) {
        struct customer_start *start = &brought->starts.items[i];
        if (start->event.kind != VALUE_MAP)
            customer_starts_learn(brought, start->origin, NULL);
        start->stored = false;
    }
}

bool parcel_open(struct arena *arena, struct slice text, struct parcel *parcel, struct diag *diag)
{
    struct value root;
    *parcel = (struct parcel){0};
    if (!text.text || !json_read(arena, text.text, text.length, &limits, &root, diag))
        return text.text ? false : diag_error(diag, "nothing came with it");
    const char *key = value_to_text(arena, value_get(&root, "key"));
    const struct slice document = text_of(value_get(&root, "document"));
    read_records(arena, value_get(&root, "records"), parcel);
    if (!document.text || !key)
        return true;
    struct customer *brought = customer_read(arena, key, document.text, document.length, diag);
    if (brought)
        bring_starts(arena, brought, value_get(&root, "starts"));
    parcel->brought = brought;
    return brought != NULL;
}
