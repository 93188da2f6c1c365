#include "base/size.h"

#include <stdio.h>
#include <string.h>

/* In the order in which size_format tries them. */
static const struct unit {
    const char *name;
    int64_t bytes;
} units[] = {
    {"TiB", INT64_C(1) << 40},
    {"GiB", INT64_C(1) << 30},
    {"MiB", INT64_C(1) << 20},
    {"KiB", INT64_C(1) << 10},
    {"TB", INT64_C(1000000000000)},
    {"GB", INT64_C(1000000000)},
    {"MB", INT64_C(1000000)},
    {"kB", INT64_C(1000)},
    /* Read, but never reached in writing. */
    {"KB", INT64_C(1000)},
    {"B", 1},
    {"", 1},
};

enum { UNIT_COUNT = sizeof units / sizeof *units, UNITS_WRITTEN = 8 };

bool size_parse(const char *text, size_t length, int64_t *bytes)
{
    int64_t number = 0;
    size_t at = 0;
    for (; at < length && text[at] >= '0' && text[at] <= '9'; at++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text[at] - '0', &number))
            return false;
    if (at == 0)
        return false;
    if (at + 1 < length && text[at] == ' ')
        at++;
    for (size_t i = 0; i < UNIT_COUNT; i++)
        if (strlen(units[i].name) == length - at &&
            memcmp(units[i].name, text + at, length - at) == 0)
            return !__builtin_mul_overflow(number, units[i].bytes, bytes);
    return false;
}

void size_pattern(struct buf *out)
{
    buf_text(out, "[0-9]+(?: ?(?:");
    for (size_t i = 0; i < UNIT_COUNT; i++)
        if (*units[i].name)
            buf_printf(out, "%s%s", i ? "|" : "", units[i].name);
    buf_text(out, "))?");
}

const char *size_format(int64_t bytes, char out[SIZE_TEXT_SIZE])
{
    for (size_t i = 0; bytes > 0 && i < UNITS_WRITTEN; i++) {
        if (bytes % units[i].bytes == 0) {
            snprintf(out, SIZE_TEXT_SIZE, "%lld%s", (long long)(bytes / units[i].bytes),
                     units[i].name);
            return out;
        }
    }
    snprintf(out, SIZE_TEXT_SIZE, "%lld", (long long)bytes);
    return out;
}
