/* Fuzzer of places in URLs and headers: what was taken as a template fills without a control
 * character, and a URL keeps its host. The input is the template, a NUL, and what fills it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/value.h"
#include "send/fill.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, const struct buf *filled, enum fill_into into)
{
    for (size_t i = 0; i < filled->length; i++)
        if ((unsigned char)filled->data[i] < ' ' || filled->data[i] == 0x7f)
            abort();
    size_t host = into == FILL_URL ? 8 + strcspn(text + 8, "/") : 0;
    if (strncmp(text, buf_string(filled), host) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(1024);
    const char *text = arena_copy(arena, (const char *)data, size);
    size_t length = strlen(text);
    const char *value = length < size ? text + length + 1 : "";
    struct value seen = value_new_map(arena, 1), message = value_new_map(arena, 1);
    value_set(arena, message, "subject", value_text(value));
    value_set(arena, seen, "message", message);
    const struct fill_source source = {
        .mid = "m-1", .channel = "sms", .to = value, .from = "", .secret = value, .seen = &seen};
    struct fill_fault fault;
    struct outcome outcome;
    for (int into = FILL_URL; into <= FILL_HEADER; into++) {
        struct buf filled;
        buf_init(&filled, 4096);
        if ((into == FILL_URL ? fill_wrong_url(text) : fill_wrong(text)) == NULL &&
            !fill_unknown(text, &fault) &&
            fill_text(text, (enum fill_into)into, &source, &filled, &outcome))
            check(text, &filled, (enum fill_into)into);
        buf_free(&filled);
    }
    arena_destroy(&arena);
    return 0;
}
