/*
 * Deliveries of webhooks: the input's first line is the topic's header, the rest the body; each of
 * the mappings that are built in makes of it what it can. Its events come through the same door as
 * those that are posted.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "web/mapping.h"
#include "web/mapping_file.h"
#include "web/outside_event.h"

static const char *const topic_headers[] = {"x-shopify-topic", "x-wc-webhook-topic", "x-event-key",
                                            "x-amz-sns-message-type"};

static struct arena *kept;
static struct mapping *mappings[64];

static void drop_mappings(void)
{
    arena_destroy(&kept);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct diags diags = {0};
    (void)argc, (void)argv;
    kept = arena_new(256 * 1024);
    const char *const *names = mapping_file_names(kept);
    for (size_t i = 0; names[i]; i++)
        if (!(mappings[i] = mapping_file_read(kept, NULL, names[i], &diags)))
            abort();
    diags_free(&diags);
    atexit(drop_mappings);
    return 0;
}

static void take(struct arena *arena, const struct mapping_event *mapped)
{
    static const char *const paths[] = {"customer.id", "customer.email", NULL};
    const struct outside_caller caller = {
        .key_paths = paths, .now_ms = 1772445600000, .rights = OUTSIDE_SUBSCRIPTIONS};
    struct outside_event event;
    struct diag diag = {0};
    if (!mapped->type) {
        if (!hook_news_is_whole(&mapped->feedback))
            abort();
        return;
    }
    if (!outside_event_make(arena, &mapped->event, (struct slice){0}, &caller, &event, &diag) &&
        !diag.text[0])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *line = size ? memchr(text, '\n', size) : NULL;
    if (!line)
        return 0;
    for (size_t i = 0; mappings[i]; i++) {
        struct arena *arena = arena_new(16 * 1024);
        struct hook_delivery delivery = {.body = slice_between(line + 1, text + size),
                                         .headers = value_new_map(arena, 8),
                                         .query = value_new_map(arena, 1),
                                         .received_ms = 1772445600000};
        const char *topic = arena_copy(arena, text, (size_t)(line - text));
        value_set(arena, delivery.headers, "content-type", value_text("application/json"));
        for (size_t h = 0; h < sizeof topic_headers / sizeof *topic_headers; h++)
            value_set(arena, delivery.headers, topic_headers[h], value_text(topic));
        struct mapping_result result = {0};
        struct diag diag = {0};
        if (mapping_apply(mappings[i], &delivery, arena, &result, &diag)) {
            for (uint32_t k = 0; k < result.count; k++)
                take(arena, &result.events[k]);
        } else if (!diag.text[0]) {
            abort();
        }
        arena_destroy(&arena);
    }
    return 0;
}
