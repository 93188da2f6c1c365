#include "redis/resp.h"

#include <string.h>

static size_t length_of(const char *const *argv, const size_t *lengths, size_t index)
{
    return lengths ? lengths[index] : strlen(argv[index]);
}

static size_t digits_of(size_t number)
{
    size_t digits = 1;
    while (number >= 10) {
        number /= 10;
        digits++;
    }
    return digits;
}

/* "$3\r\n": the mark, digits, an end of line. */
static size_t head_size(size_t number)
{
    return 1 + digits_of(number) + 2;
}

static char *print_end(char *to)
{
    to[0] = '\r';
    to[1] = '\n';
    return to + 2;
}

static char *print_head(char *to, char mark, size_t number)
{
    size_t digits = digits_of(number);
    *to++ = mark;
    for (size_t i = digits; i > 0; i--, number /= 10)
        to[i - 1] = (char)('0' + number % 10);
    return print_end(to + digits);
}

size_t resp_size(size_t argc, const char *const *argv, const size_t *lengths)
{
    size_t size = head_size(argc);
    for (size_t i = 0; i < argc; i++) {
        size_t length = length_of(argv, lengths, i);
        size += head_size(length) + length + 2;
    }
    return size;
}

char *resp_print(char *to, size_t argc, const char *const *argv, const size_t *lengths)
{
    to = print_head(to, '*', argc);
    for (size_t i = 0; i < argc; i++) {
        size_t length = length_of(argv, lengths, i);
        to = print_head(to, '$', length);
        if (length)
            memcpy(to, argv[i], length);
        to = print_end(to + length);
    }
    return to;
}
