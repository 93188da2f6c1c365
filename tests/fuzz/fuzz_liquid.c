#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "liquid/liquid.h"

/*
 * Parses and renders: the first byte chooses how strict the parser is, whether output is
 * escaped and whether a failure ends the render. A template may include and render itself.
 */
enum { LAX = 1, ESCAPE = 2, GO_ON = 4, STRICT_VALUES = 8, TEXT_MOST = 64 << 10 };

static const char data_text[] =
    "{\"a\": [1, 2.5, \"three\", null, true, [4, [5]]], \"m\": {\"x\": 1, \"y\": \"<b>&amp;\"},"
    "\"o\": [{\"id\": 2, \"t\": \"B\"}, {\"id\": 1, \"t\": \"a\"}, {\"t\": null}], \"s\": \"a "
    "b\\nc\","
    "\"n\": -3, \"f\": 10.25, \"big\": 123456789012345678901234567890, \"d\": \"2026-03-14\","
    "\"u\": \"\xc3\x84\xc3\x96 \xf0\x9f\x98\x80\", \"e\": \"\"}";

static struct arena *kept;
static struct value data;

static const struct liquid_template *find_self(void *context, const char *name, size_t length)
{
    return length && *name == 'x' ? NULL : context;
}

static void visit(void *context, const char *path, uint32_t line, uint32_t column)
{
    *(size_t *)context += strlen(path) + line + column;
}

static void read_data(void)
{
    struct diag diag;
    kept = arena_new(4096);
    json_read(kept, data_text, sizeof data_text - 1, &json_event_limits, &data, &diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0 || size > TEXT_MOST)
        return 0;
    if (!kept)
        read_data();
    static const enum liquid_syntax modes[] = {LIQUID_STRICT, LIQUID_LAX, LIQUID_STRICT_VALUES,
                                               LIQUID_FORGIVING};
    struct diags slips = {0};
    struct liquid_options options = {
        .find = find_self,
        .syntax = modes[(bytes[0] & LAX ? 1 : 0) + (bytes[0] & STRICT_VALUES ? 2 : 0)],
        .slips = &slips,
        .escape = bytes[0] & ESCAPE,
    };
    struct arena *arena = arena_new(1 << 14);
    struct diag diag;
    struct buf out;
    buf_init(&out, 1 << 20);
    struct liquid_template *template =
        liquid_parse(arena, "fuzz", (const char *)bytes + 1, size - 1, &options, &diag);
    if (template) {
        size_t sum = 0;
        struct liquid_input input = {
            .data = &data,
            .context = template,
            .limits = {.steps = 20000, .depth = 8, .ms = 2000, .memory = 4 << 20},
            .go_on = bytes[0] & GO_ON,
        };
        liquid_render(template, &input, arena, &out, &diag);
        liquid_variables(template, visit, &sum);
    }
    diags_free(&slips);
    buf_free(&out);
    arena_destroy(&arena);
    return 0;
}
