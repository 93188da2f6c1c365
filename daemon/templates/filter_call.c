#include "templates/filter_call.h"

#include <string.h>

#include "base/decimal.h"
#include "base/locale_format.h"
#include "base/slice.h"
#include "liquid/liquid_escape.h"

const struct filter_context *filter_call_context(const struct liquid_call *call)
{
    return liquid_context(call->run);
}

const char *filter_call_text(const struct liquid_call *call, const struct value *value)
{
    const struct value text = liquid_string(call->run, value);
    return arena_copy(liquid_arena(call->run), text.string, text.length);
}

const char *filter_call_input(const struct liquid_call *call)
{
    return filter_call_text(call, &call->input);
}

static const char *text_or_null(const struct liquid_call *call, const struct value *value)
{
    return value && value->kind != VALUE_NULL ? filter_call_text(call, value) : NULL;
}

const char *filter_call_argument(const struct liquid_call *call, int index)
{
    return index < call->count ? text_or_null(call, &call->arguments[index]) : NULL;
}

const char *filter_call_keyword(const struct liquid_call *call, const char *name)
{
    return text_or_null(call, value_get(call->keywords, name));
}

const char *filter_call_option(const struct liquid_call *call, const char *keyword, int index)
{
    const char *text = filter_call_keyword(call, keyword);
    return text ? text : filter_call_argument(call, index);
}

const char *filter_call_decimal(const struct liquid_call *call, const struct value *value)
{
    struct arena *arena = liquid_arena(call->run);
    char digits[DECIMAL_TEXT_SIZE];
    if (value->flags & VALUE_SPELLED)
        return arena_copy(arena, value->text, value->length);
    switch (value->kind) {
    case VALUE_INT:
        return arena_copy(arena, digits, decimal_print_int(value->integer, digits));
    case VALUE_DOUBLE:
        return arena_copy(arena, digits, decimal_print(value->real, digits));
    case VALUE_STRING: {
        const struct slice bare = slice_trim(slice_of(filter_call_text(call, value)), " \t\r\n");
        const char *text = arena_copy(arena, bare.text, bare.length);
        return locale_format_is_decimal(text) ? text : NULL;
    }
    default:
        return NULL;
    }
}

const char *filter_call_shop(const struct liquid_call *call, const char *name)
{
    const struct value *shop = filter_call_context(call)->shop;
    return text_or_null(call, value_get(shop, name));
}

bool filter_call_return(struct liquid_call *call, const char *text)
{
    size_t length = strlen(text);
    call->result = value_string(arena_copy(liquid_arena(call->run), text, length), length);
    return true;
}

bool filter_call_return_buffer(struct liquid_call *call, struct buf *out, const char *fault)
{
    bool fits = !out->full;
    if (fits)
        call->result = value_string(
            arena_copy(liquid_arena(call->run), buf_string(out), out->length), out->length);
    buf_free(out);
    return fits || liquid_fail(call->run, "%s", fault);
}

bool filter_call_return_markup(struct liquid_call *call, struct buf *out, const char *fault)
{
    call->safe = filter_call_context(call)->html;
    return filter_call_return_buffer(call, out, fault);
}

void filter_call_escape(const struct liquid_call *call, struct buf *out, const char *text)
{
    if (filter_call_context(call)->html)
        liquid_escape(out, text, strlen(text));
    else
        buf_text(out, text);
}
