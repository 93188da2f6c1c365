#include "base/percent.h"

#include <string.h>

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool percent_encode(struct buf *out, const char *text, const char *safe)
{
    for (; *text; text++)
        if (is_alphanumeric(*text) || strchr(safe, *text))
            buf_char(out, *text);
        else
            buf_printf(out, "%%%02X", (unsigned char)*text);
    return !out->full;
}
