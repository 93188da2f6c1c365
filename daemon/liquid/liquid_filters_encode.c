#include "base/utf8.h"
#include "liquid/liquid_filters.h"
#include "liquid/liquid_lex.h"
#include "liquid/liquid_text.h"

static bool is_unreserved(char c)
{
    return liquid_lex_letter(c) || c == '-' || c == '.' || c == '~';
}

static bool url_encode(struct liquid_call *call)
{
    static const char hex[] = "0123456789ABCDEF";
    struct slice text;
    if (call->input.kind == VALUE_NULL)
        return true;
    if (!liquid_text_of(call->run, &call->input, &text))
        return false;
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++)
        length += is_unreserved(text.text[i]) || text.text[i] == ' ' ? 1 : 3;
    char *start = liquid_run_room(call->run, length), *to = start;
    if (!start)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.text[i];
        if (is_unreserved((char)c) || c == ' ') {
            *to++ = c == ' ' ? '+' : (char)c;
        } else {
            *to++ = '%';
            *to++ = hex[c >> 4];
            *to++ = hex[c & 15];
        }
    }
    return liquid_filters_give(call, start, length, false);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool give_decoded(struct liquid_call *call, const char *text, size_t length)
{
    if (!utf8_valid(text, length))
        return liquid_fail(call->run, "what is decoded is no UTF-8");
    return liquid_filters_give(call, text, length, false);
}

static bool url_decode(struct liquid_call *call)
{
    struct slice text;
    if (call->input.kind == VALUE_NULL)
        return true;
    if (!liquid_text_of(call->run, &call->input, &text))
        return false;
    char *start = liquid_run_room(call->run, text.length), *to = start;
    if (!start)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.text[i];
        int high = i + 2 < text.length ? hex_digit(text.text[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.text[i + 2]) : -1;
        if (c == '%' && i + 2 >= text.length) { /* cut short: the rest stays as it is */
            memcpy(to, text.text + i, text.length - i);
            to += text.length - i;
            break;
        }
        if (c == '%' && low >= 0) {
            *to++ = (char)(high << 4 | low);
            i += 2;
        } else {
            *to++ = c == '+' ? ' ' : c;
        }
    }
    return give_decoded(call, start, (size_t)(to - start));
}

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* RFC 4648, with padding. */
static bool encode(struct liquid_call *call, const char *alphabet)
{
    struct slice text;
    if (!liquid_text_of(call->run, &call->input, &text))
        return false;
    size_t length = (text.length + 2) / 3 * 4;
    char *start = liquid_run_room(call->run, length), *to = start;
    if (!start)
        return false;
    for (size_t i = 0; i < text.length; i += 3) {
        size_t left = text.length - i;
        uint32_t bits = (uint32_t)(unsigned char)text.text[i] << 16;
        if (left > 1)
            bits |= (uint32_t)(unsigned char)text.text[i + 1] << 8;
        if (left > 2)
            bits |= (unsigned char)text.text[i + 2];
        *to++ = alphabet[bits >> 18];
        *to++ = alphabet[bits >> 12 & 63];
        *to++ = left > 1 ? alphabet[bits >> 6 & 63] : '=';
        *to++ = left > 2 ? alphabet[bits & 63] : '=';
    }
    return liquid_filters_give(call, start, length, false);
}

static bool base64_encode(struct liquid_call *call)
{
    return encode(call, standard);
}

static bool base64_url_safe_encode(struct liquid_call *call)
{
    return encode(call, url_safe);
}

/* The value of a character, or -1. Both characters for 62 and 63 where `url`. */
static int base64_digit(char c, bool url)
{
    if (url && (c == '-' || c == '_'))
        return c == '-' ? 62 : 63;
    const char *found = c ? strchr(standard, c) : NULL;
    return found ? (int)(found - standard) : -1;
}

/* Strict: no other characters, no bits that the padding drops. Returns the bytes
 * written, or -1. */
static int64_t decode_to(char *to, const char *text, size_t digits, bool url)
{
    uint32_t bits = 0;
    int64_t length = 0;
    for (size_t i = 0; i < digits; i++) {
        int digit = base64_digit(text[i], url);
        if (digit < 0)
            return -1;
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 > 0)
            to[length++] = (char)(bits >> (2 * (3 - i % 4)));
    }
    uint32_t dropped = digits % 4 == 2 ? bits & 15 : digits % 4 == 3 ? bits & 3 : 0;
    return dropped || digits % 4 == 1 ? -1 : length;
}

static bool decode(struct liquid_call *call, bool url)
{
    struct slice text;
    if (!liquid_text_of(call->run, &call->input, &text))
        return false;
    size_t digits = text.length, padding = 0;
    while (digits > 0 && padding < 2 && text.text[digits - 1] == '=') {
        digits--;
        padding++;
    }
    bool whole = text.length % 4 == 0 || (url && padding == 0);
    char *to = liquid_run_room(call->run, digits);
    if (!to)
        return false;
    int64_t length = whole ? decode_to(to, text.text, digits, url) : -1;
    if (length < 0)
        return liquid_fail(call->run, "the text is no base64");
    return give_decoded(call, to, (size_t)length);
}

static bool base64_decode(struct liquid_call *call)
{
    return decode(call, false);
}

static bool base64_url_safe_decode(struct liquid_call *call)
{
    return decode(call, true);
}

const struct liquid_filter liquid_filters_encode[] = {
    {"base64_decode", base64_decode, 0, 0},
    {"base64_encode", base64_encode, 0, 0},
    {"base64_url_safe_decode", base64_url_safe_decode, 0, 0},
    {"base64_url_safe_encode", base64_url_safe_encode, 0, 0},
    {"url_decode", url_decode, 0, 0},
    {"url_encode", url_encode, 0, 0},
    {NULL, NULL, 0, 0},
};
