#include "base/base64.h"
#include "base/hex.h"
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
        int high = i + 2 < text.length ? hex_value(text.text[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text.text[i + 2]) : -1;
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

static bool encode(struct liquid_call *call, unsigned form)
{
    struct slice text;
    if (!liquid_text_of(call->run, &call->input, &text))
        return false;
    char *start = liquid_run_room(call->run, base64_size(text.length));
    if (!start)
        return false;
    size_t length = base64_encode(text.text, text.length, form, start);
    return liquid_filters_give(call, start, length, false);
}

static bool encode_standard(struct liquid_call *call)
{
    return encode(call, BASE64_STANDARD | BASE64_PADDED);
}

static bool encode_url_safe(struct liquid_call *call)
{
    return encode(call, BASE64_URL | BASE64_PADDED);
}

static bool decode(struct liquid_call *call, unsigned form)
{
    struct slice text;
    if (!liquid_text_of(call->run, &call->input, &text))
        return false;
    size_t length;
    char *to = liquid_run_room(call->run, base64_digits(text.text, text.length));
    if (!to)
        return false;
    if (!base64_decode(text.text, text.length, form, to, &length))
        return liquid_fail(call->run, "the text is no base64");
    return give_decoded(call, to, length);
}

static bool decode_standard(struct liquid_call *call)
{
    return decode(call, BASE64_STANDARD | BASE64_PADDED);
}

static bool decode_url_safe(struct liquid_call *call)
{
    return decode(call, BASE64_STANDARD | BASE64_URL | BASE64_PADDED | BASE64_BARE);
}

const struct liquid_filter liquid_filters_encode[] = {
    {"base64_decode", decode_standard, 0, 0},
    {"base64_encode", encode_standard, 0, 0},
    {"base64_url_safe_decode", decode_url_safe, 0, 0},
    {"base64_url_safe_encode", encode_url_safe, 0, 0},
    {"url_decode", url_decode, 0, 0},
    {"url_encode", url_encode, 0, 0},
    {NULL, NULL, 0, 0},
};
