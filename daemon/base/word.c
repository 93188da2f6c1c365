#include "base/word.h"

#include <string.h>

const char word_hint[] = "1 to 64 letters a-z, digits, `-`, `_` and `.`, and no `-` or `.` first";

bool word_is_plain(const char *text, size_t length)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    if (length == 0 || length > WORD_MOST || text[0] == '-' || text[0] == '.')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!text[i] || !strchr(plain, text[i]))
            return false;
    return true;
}
