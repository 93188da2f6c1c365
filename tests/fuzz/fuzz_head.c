/* The head of a request to nudged-web: read the same whole or byte by byte, and what is taken has
 * one reading. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "web/head_rules.h"
#include "web/head_syntax.h"
#include "web/web_path.h"

enum { MOST = 16 * 1024 };

static enum head_progress look(struct head_syntax *syntax, const char *bytes, size_t length,
                               size_t step, enum web_refusal *refusal)
{
    enum head_progress progress = HEAD_MORE;
    *syntax = (struct head_syntax){0};
    for (size_t at = 0; at < length && progress == HEAD_MORE;) {
        at = length - at < step ? length : at + step;
        progress = head_syntax_look(syntax, bytes, at, MOST, refusal);
        if (syntax->at > at)
            abort();
    }
    return progress;
}

static void read_target(struct arena *arena, struct slice target)
{
    struct web_fields query = {0};
    const char *path;
    if (memchr(target.text, '\0', target.length))
        abort();
    if (!web_path_read(arena, target, &path, &query))
        return;
    if (*path != '/' || strstr(path, "/../") || strstr(path, "//") || strchr(path, '\\') ||
        utf8_has_control(path, strlen(path)) || !utf8_valid(path, strlen(path)))
        abort();
    if (query.count > WEB_PATH_PARAMETERS_MOST)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct head_syntax whole, pieces;
    enum web_refusal refusal = WEB_REFUSAL_NONE, other = WEB_REFUSAL_NONE;
    struct head_rules rules;
    struct arena *arena = arena_new(8192);
    char *bytes = arena_alloc(arena, size + 1);
    memcpy(bytes, data, size);
    enum head_progress progress = look(&whole, bytes, size, size + 1, &refusal);
    /* Why it is wrong may differ: of a version, say, or of a character in it. */
    if (size < 4096 && (look(&pieces, bytes, size, 1, &other) != progress ||
                        (progress == HEAD_WHOLE && pieces.at != whole.at)))
        abort();
    if (progress == HEAD_WRONG && refusal == WEB_REFUSAL_NONE)
        abort();
    if (progress == HEAD_WHOLE) {
        read_target(arena, head_syntax_target(&whole, bytes));
        head_rules_read_bytes(bytes, whole.at, &rules);
    }
    arena_destroy(&arena);
    return 0;
}
