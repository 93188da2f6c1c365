#include "base/base64.h"

#include <stdint.h>

size_t base64_encode(const void *bytes, size_t length, unsigned form, char *out)
{
    static const char standard[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *digits = form & BASE64_URL ? url : standard;
    const unsigned char *from = bytes;
    char *to = out;
    for (; length > 2; from += 3, length -= 3) {
        uint32_t three = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
        *to++ = digits[three >> 18];
        *to++ = digits[three >> 12 & 63];
        *to++ = digits[three >> 6 & 63];
        *to++ = digits[three & 63];
    }
    if (length) {
        uint32_t rest = (uint32_t)from[0] << 16 | (length > 1 ? (uint32_t)from[1] << 8 : 0);
        *to++ = digits[rest >> 18];
        *to++ = digits[rest >> 12 & 63];
        if (length > 1)
            *to++ = digits[rest >> 6 & 63];
    }
    while (form & BASE64_PADDED && (to - out) % 4)
        *to++ = '=';
    return (size_t)(to - out);
}

bool base64_append(struct buf *out, const void *bytes, size_t length, unsigned form)
{
    if (!buf_reserve(out, base64_size(length)))
        return false;
    out->length += base64_encode(bytes, length, form, out->data + out->length);
    out->data[out->length] = '\0';
    return true;
}

size_t base64_digits(const char *text, size_t length)
{
    for (int i = 0; i < 2 && length > 0 && text[length - 1] == '='; i++)
        length--;
    return length;
}

/* What a character stands for, or -1. */
static int value_of(char c, unsigned form)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '/')
        return form & BASE64_STANDARD ? c == '+' ? 62 : 63 : -1;
    if (c == '-' || c == '_')
        return form & BASE64_URL ? c == '-' ? 62 : 63 : -1;
    return -1;
}

struct decoding {
    unsigned char *out;
    size_t size, digits; /* written; taken */
    uint32_t bits;       /* of the digits taken, the last ones lowest */
};

/* Each of four digits but the first completes a byte. */
static void take_digit(struct decoding *in, int value)
{
    size_t place = in->digits++ % 4;
    in->bits = in->bits << 6 | (uint32_t)value;
    if (place)
        in->out[in->size++] = (unsigned char)(in->bits >> (6 - 2 * place));
}

bool base64_decode(const char *text, size_t length, unsigned form, void *out, size_t *size)
{
    struct decoding in = {.out = out};
    size_t digits = base64_digits(text, length);
    bool whole = length % 4 == 0;
    if (digits < length ? !whole || !(form & BASE64_PADDED) : !whole && !(form & BASE64_BARE))
        return false;
    for (size_t i = 0; i < digits; i++) {
        int value = value_of(text[i], form);
        if (value < 0)
            return false;
        take_digit(&in, value);
    }
    *size = in.size;
    uint32_t left = digits % 4 == 2 ? in.bits & 15 : digits % 4 == 3 ? in.bits & 3 : 0;
    return digits % 4 != 1 && (left == 0 || form & BASE64_LOOSE);
}

size_t base64_salvage(const char *text, size_t length, void *out)
{
    struct decoding in = {.out = out};
    for (size_t i = 0; i < length && text[i] != '='; i++) {
        int value = value_of(text[i], BASE64_STANDARD);
        if (value >= 0)
            take_digit(&in, value);
    }
    return in.size;
}
