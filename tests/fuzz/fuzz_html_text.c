#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "mail/html_parsed.h"
#include "mail/html_text.h"

static void check(const struct buf *out)
{
    if (!utf8_valid(out->data, out->length) || out->data[out->length - 1] != '\n' ||
        memchr(out->data, '\r', out->length) || memchr(out->data, '\0', out->length) ||
        strstr(out->data, " \n") || strstr(out->data, "\n\n\n") || out->data[0] == '\n')
        abort();
}

/* Whatever the HTML: valid UTF-8 in tidy lines, the same by either reader, or a fault with
 * its code. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out, parsed;
    struct diag diag = {0}, other = {0};
    struct arena *arena = arena_new(65536);
    buf_init(&out, 4 << 20);
    buf_init(&parsed, 4 << 20);
    bool made = html_text(arena, &out, (const char *)data, size, &diag);
    if (!made && strcmp(diag.code, "html-text") != 0)
        abort();
    if (made && out.length)
        check(&out);
    if (made && html_parsed_read(&parsed, (const char *)data, size, &other) &&
        strcmp(buf_string(&out), buf_string(&parsed)) != 0)
        abort();
    buf_free(&parsed);
    buf_free(&out);
    arena_destroy(&arena);
    return 0;
}
