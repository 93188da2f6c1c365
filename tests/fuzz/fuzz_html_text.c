#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "message/html_text.h"

/* Whatever the HTML: valid UTF-8 in tidy lines, or a fault with its code. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out;
    struct diag diag = {0};
    buf_init(&out, 4 << 20);
    if (!html_text(&out, (const char *)data, size, &diag)) {
        if (strcmp(diag.code, "html-text") != 0)
            abort();
    } else if (out.length) {
        if (!utf8_valid(out.data, out.length) || out.data[out.length - 1] != '\n' ||
            memchr(out.data, '\r', out.length) || memchr(out.data, '\0', out.length) ||
            strstr(out.data, " \n") || strstr(out.data, "\n\n\n") || out.data[0] == '\n')
            abort();
    }
    buf_free(&out);
    return 0;
}
