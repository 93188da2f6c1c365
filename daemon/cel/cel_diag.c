#include "cel/cel_diag.h"

#include "base/utf8.h"

bool cel_diag_error(struct diag *diag, const char *text, uint32_t length, uint32_t offset,
                    uint32_t width, const char *message, const char *hint)
{
    diag_error(diag, "%s", message);
    diag_code(diag, "cel-syntax");
    diag_offset(diag, text, length, offset);
    if (diag) {
        size_t left = length - offset;
        diag->width = (uint32_t)utf8_count(text + offset, width < left ? width : left);
    }
    if (hint)
        diag_hint(diag, "%s", hint);
    return false;
}
