/*
 * Each filter takes its input apart with filter_call, has base/locale_format (ICU) or
 * templates/translate say it in the message's language, and returns the text. What cannot be
 * said so (no number, no date) comes out as it went in: a mail with an odd amount is better
 * than none. Only a mistake in the template itself fails.
 */
#include "templates/filter_format.h"

#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/json.h"
#include "base/locale_format.h"
#include "mail/html_text.h"
#include "templates/filter_call.h"

enum { JSON_MOST = 8 * 1024 * 1024 }; /* a part of a message or a file, as a string */

/* ---- t ---- */

struct expansion {
    const struct liquid_call *call;
    bool markup; /* values are escaped, unless they are markup themselves */
};

static bool append_value(void *context, const char *name, size_t length, struct buf *out)
{
    const struct expansion *expansion = context;
    const struct value *value = value_find(expansion->call->keywords, name, length);
    if (!value)
        return false;
    if (expansion->markup && value->kind == VALUE_STRING && (value->flags & LIQUID_SAFE))
        buf_add(out, value->string, value->length);
    else if (expansion->markup)
        filter_call_escape(expansion->call, out, filter_call_text(expansion->call, value));
    else
        buf_text(out, filter_call_text(expansion->call, value));
    return true;
}

/* A translation with markup in a part that has none: what a reader would see of it. Frees it. */
static bool return_plain(struct liquid_call *call, struct buf *markup)
{
    struct buf plain;
    buf_init(&plain, FILTER_CALL_TEXT_MOST);
    bool read =
        html_text(liquid_arena(call->run), &plain, buf_string(markup), markup->length, NULL);
    if (read && plain.length)
        buf_cut(&plain, plain.length - 1); /* its last line end */
    filter_call_return(call, buf_string(&plain));
    buf_free(&plain);
    buf_free(markup);
    return read || liquid_fail(call->run, "a translation's markup can't be read");
}

bool filter_format_t(struct liquid_call *call)
{
    const struct filter_context *context = filter_call_context(call);
    const char *key = filter_call_input(call);
    const struct value *number = value_get(call->keywords, "count");
    struct translate_text text;
    double count;
    const char *decimal = number ? filter_call_decimal(call, number) : NULL;
    if (decimal)
        count = decimal_read(decimal, strlen(decimal));
    translate_find(context->translate, context->locale, key, strlen(key), decimal ? &count : NULL,
                   liquid_arena(call->run), &text);
    struct expansion expansion = {call, text.markup && context->html};
    struct buf out;
    buf_init(&out, FILTER_CALL_TEXT_MOST);
    translate_expand(&out, &text, append_value, &expansion);
    if (text.markup && !context->html && !out.full)
        return return_plain(call, &out);
    const char *fault = out.full ? arena_printf(liquid_arena(call->run),
                                                "the translation `%s` becomes too long", key)
                                 : NULL;
    return text.markup ? filter_call_return_markup(call, &out, fault)
                       : filter_call_return_buffer(call, &out, fault);
}

/* ---- Money and numbers ---- */

static const char *currency_of(const struct liquid_call *call)
{
    const char *currency = filter_call_option(call, "currency", 0);
    if (!currency || !*currency)
        currency = filter_call_context(call)->currency;
    if (!currency || !*currency)
        currency = filter_call_shop(call, "currency");
    return currency;
}

/* Without a known currency an amount is a number with two places. What is no amount is
 * printed as it stands. */
static const char *money(const struct liquid_call *call, const struct value *amount,
                         enum locale_format_money form)
{
    struct arena *arena = liquid_arena(call->run);
    const char *locale = filter_call_context(call)->locale;
    const char *decimal = filter_call_decimal(call, amount), *currency = currency_of(call);
    const char *text = NULL;
    if (decimal && currency)
        text = locale_format_money(arena, locale, currency, decimal, form);
    if (decimal && !text)
        text = locale_format_number(arena, locale, decimal, 2);
    return text ? text : filter_call_text(call, amount);
}

bool filter_format_money(struct liquid_call *call)
{
    return filter_call_return(call, money(call, &call->input, LOCALE_FORMAT_MONEY));
}

bool filter_format_money_with_currency(struct liquid_call *call)
{
    return filter_call_return(call, money(call, &call->input, LOCALE_FORMAT_MONEY_CODE));
}

bool filter_format_money_without_currency(struct liquid_call *call)
{
    return filter_call_return(call, money(call, &call->input, LOCALE_FORMAT_MONEY_BARE));
}

bool filter_format_money_without_trailing_zeros(struct liquid_call *call)
{
    return filter_call_return(call, money(call, &call->input, LOCALE_FORMAT_MONEY_TRIMMED));
}

/* {{ line.unit_price | unit_price_with_measurement: line.unit_price_measurement }} */
bool filter_format_unit_price(struct liquid_call *call)
{
    const struct value *measure = call->count > 0 ? &call->arguments[0] : NULL;
    const struct value *unit = value_get(measure, "reference_unit");
    const struct value *quantity = value_get(measure, "reference_value");
    /* the measurement stands where the other filters have the currency */
    struct liquid_call amount = *call;
    amount.count = 0;
    const char *price = money(&amount, &call->input, LOCALE_FORMAT_MONEY);
    if (!unit)
        return filter_call_return(call, price);
    double one;
    bool single = !quantity || (value_to_double(quantity, &one) && one == 1);
    return filter_call_return(call, arena_printf(liquid_arena(call->run), "%s/%s%s", price,
                                                 single ? "" : filter_call_text(call, quantity),
                                                 filter_call_text(call, unit)));
}

bool filter_format_number(struct liquid_call *call)
{
    const char *decimal = filter_call_decimal(call, &call->input);
    const char *digits = filter_call_option(call, "digits", 0);
    const char *text = NULL;
    if (digits &&
        (strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 2 || atoi(digits) > 15))
        return liquid_fail(call->run, "`number` takes from 0 to 15 digits");
    if (decimal)
        text = locale_format_number(liquid_arena(call->run), filter_call_context(call)->locale,
                                    decimal, digits && *digits ? atoi(digits) : -1);
    return filter_call_return(call, text ? text : filter_call_input(call));
}

/* ---- Dates ---- */

struct named_format {
    const char *name;
    enum locale_format_style date, time;
};

static const struct named_format formats[] = {
    {"short", LOCALE_FORMAT_SHORT, LOCALE_FORMAT_NONE},
    {"medium", LOCALE_FORMAT_MEDIUM, LOCALE_FORMAT_NONE},
    {"long", LOCALE_FORMAT_LONG, LOCALE_FORMAT_NONE},
    {"full", LOCALE_FORMAT_FULL, LOCALE_FORMAT_NONE},
    {"time", LOCALE_FORMAT_NONE, LOCALE_FORMAT_SHORT},
    {"none", LOCALE_FORMAT_NONE, LOCALE_FORMAT_NONE},
    /* Shopify's names */
    {"abbreviated_date", LOCALE_FORMAT_MEDIUM, LOCALE_FORMAT_NONE},
    {"basic", LOCALE_FORMAT_SHORT, LOCALE_FORMAT_NONE},
    {"date", LOCALE_FORMAT_LONG, LOCALE_FORMAT_NONE},
    {"date_at_time", LOCALE_FORMAT_LONG, LOCALE_FORMAT_SHORT},
    {"default", LOCALE_FORMAT_FULL, LOCALE_FORMAT_SHORT},
    {"on_date", LOCALE_FORMAT_MEDIUM, LOCALE_FORMAT_NONE},
};

static const struct named_format *format_named(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(name, formats[i].name) == 0)
            return &formats[i];
    return NULL;
}

/* Without `format` or `time` it is Liquid's own filter, with its strftime. */
bool filter_format_date(struct liquid_call *call)
{
    const struct filter_context *context = filter_call_context(call);
    const char *name = filter_call_keyword(call, "format"),
               *time = filter_call_keyword(call, "time");
    const struct named_format *format = name ? format_named(name) : NULL;
    const struct named_format *clock = time ? format_named(time) : NULL;
    int64_t ms;
    int offset;
    if (!name && !time)
        return call->count == 1
                   ? liquid_filter_standard("date", 4)->apply(call)
                   : liquid_fail(call->run, "`date` needs a format: \"%%d.%%m.%%Y\" or "
                                            "format: \"long\"");
    if ((name && !format) || (time && !clock))
        return liquid_fail(call->run, "`%s` is no format of dates: short, medium, long, full",
                           name && !format ? name : time);
    if (!liquid_time(call->run, &call->input, &ms, &offset))
        return filter_call_return(call, filter_call_input(call));
    const char *text = locale_format_date(liquid_arena(call->run), context->locale, context->zone,
                                          ms, format ? format->date : LOCALE_FORMAT_NONE,
                                          clock    ? clock->date
                                          : format ? format->time
                                                   : LOCALE_FORMAT_NONE);
    return filter_call_return(call, text ? text : "");
}

/* ---- json ---- */

bool filter_format_json(struct liquid_call *call)
{
    struct buf out;
    buf_init(&out, JSON_MOST);
    json_print(&out, &call->input);
    return filter_call_return_buffer(call, &out, "`json` would write more than 8388608 bytes");
}
