/*
 * What is posted to /v1/events: of the input's first line the letter chooses the content type, then
 * comes the body. What is taken is an event for the daemon too, and nothing that nudged alone says.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "customer/shop_event.h"
#include "web/posted_events.h"

static const char *const paths[] = {"customer.id", "customer.email", NULL};
static const int64_t now_ms = 1772445600000;
static struct tokens_file *tokens;

static void drop_tokens(void)
{
    tokens_file_destroy(&tokens);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char text[] = "abcdefghijklmnopqrstuvwxyz *\n";
    struct diags diags = {0};
    (void)argc, (void)argv;
    tokens = tokens_file_read(text, sizeof text - 1, "tokens", &diags);
    if (!tokens)
        abort();
    atexit(drop_tokens);
    return 0;
}

static struct web_field field(const char *name, const char *value)
{
    return (struct web_field){slice_of(name), slice_of(value)};
}

static void check_event(struct arena *arena, const struct outside_event *made)
{
    static const struct shop_event_form form = {.key_paths = paths, .skew_ms = 300000};
    struct shop_event event;
    struct diag diag;
    if (!shop_event_read(arena, made->json.text, made->json.length, "1772445600000-0", &form,
                         &event, &diag))
        abort();
    const struct value *source = value_get(&event.document, "source");
    if (value_get(&event.document, "hops") || strncmp(event.type, "message.", 8) == 0 ||
        strcmp(event.type, "customer.erased") == 0 ||
        (value_is(source, VALUE_STRING) && strcmp(source->string, "nudged") == 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {
        "application/json", "application/x-ndjson", "application/cloudevents+json",
        "application/cloudevents-batch+json", "application/json; charset=utf-8"};
    if (size < 2 || data[0] < 'a' || data[0] >= 'a' + 6)
        return 0;
    const int which = data[0] - 'a';
    struct web_field items[] = {field("content-type", which < 5 ? types[which] : types[0]),
                                field("ce-specversion", "1.0"), field("ce-type", "order.placed"),
                                field("ce-id", "7"), field("ce-source", "/shop")};
    const struct web_fields headers = {items, which < 5 ? 1 : 5};
    struct arena *arena = arena_new(16 * 1024);
    const struct slice body = {arena_copy(arena, (const char *)data + 2, size - 2), size - 2};
    const struct posted_from from = {.login =
                                         tokens_file_find(tokens, "abcdefghijklmnopqrstuvwxyz", 26),
                                     .key_paths = paths,
                                     .once = which & 1 ? "once" : NULL,
                                     .now_ms = now_ms};
    struct posted_events posted = {0};
    struct diag diag;
    enum posted_form form = posted_form(&headers, &diag);
    if (form == POSTED_UNKNOWN)
        abort();
    posted_events_read(arena, form, &headers, body, &from, &posted);
    if (posted.count > POSTED_EVENTS_MOST)
        abort();
    for (size_t i = 0; i < posted.count; i++)
        if (!posted.items[i].fault)
            check_event(arena, &posted.items[i].event);
        else if (!posted.items[i].fault->text[0])
            abort();
    arena_destroy(&arena);
    return 0;
}
