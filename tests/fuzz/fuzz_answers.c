/* Fuzzer of what is made of an API's answer: its header fields, a NUL, its body. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/settings.h"
#include "send/answers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct answers_settings settings_of(struct arena *arena)
{
    static const struct {
        const char *key, *text;
    } rows[] = {{"sent", "answer.body.ok == true"},
                {"retry", "answer.body.error in ['busy', 'later']"},
                {"bounced", "answer.body.errors.exists(e, e.code > 7)"},
                {"refused", "answer.headers['x-a'].matches('^(a|b)+$')"},
                {"id", "answer.headers['x-id']"},
                {"words", "answer.body.errors[0].message"},
                {"wait", "answer.body.wait"}};
    struct answers_settings settings;
    struct diags diags = {0};
    struct value map = value_new_map(arena, 8);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        value_set(arena, map, rows[i].key, value_text(rows[i].text));
    settings_read(answers_settings, &map, NULL, &settings, arena, &diags);
    if (diags.count)
        abort();
    return settings;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);
    struct diags diags = {0};
    struct answers_meaning meaning;
    const struct answers_settings settings = settings_of(arena);
    const struct answers *answers = answers_compile(arena, &settings, NULL, &diags);
    const char *headers = arena_copy(arena, (const char *)data, size);
    size_t length = strlen(headers), body = length < size ? length + 1 : size;
    const struct answers_heard heard = {.status = 200,
                                        .headers = headers,
                                        .headers_length = length,
                                        .body = headers + body,
                                        .body_length = size - body};
    answers_ask(answers, &heard, arena, &meaning);
    if (diags.count || meaning.said == RETRY_SAID_NOTHING || meaning.wait_ms < 0 ||
        (meaning.id && !*meaning.id))
        abort();
    arena_destroy(&arena);
    return 0;
}
