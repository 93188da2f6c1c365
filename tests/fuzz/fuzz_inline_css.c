#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "templates/inline_css.h"

/* Declarations are put in; of the text itself nothing is lost, and its lines stay. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(64 * 1024);
    struct css_rules *rules = css_rules_new(arena);
    struct inline_css_place place = {0};
    const char *html = arena_copy(arena, data, size);
    size_t length, at = 0, lines = 0;
    inline_css_collect(rules, html, size);
    inline_css_find_content(html, size, &place);
    const char *styled = inline_css_apply(arena, rules, &place, html, size, &length);
    for (size_t i = 0; i < length; i++) {
        if (at < size && styled[i] == html[at])
            at++;
        lines += styled[i] == '\n';
    }
    for (size_t i = 0; i < size; i++)
        lines -= html[i] == '\n';
    if (at != size || lines != 0)
        abort();
    arena_destroy(&arena);
    return 0;
}
