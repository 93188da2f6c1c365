#include "templates/mail_format.h"

#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/json.h"
#include "base/locale_format.h"
#include "mail/html_text.h"
#include "templates/mail_call.h"

/* --- t --- */

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
        mail_call_escape(expansion->call, out, mail_call_text(expansion->call, value));
    else
        buf_text(out, mail_call_text(expansion->call, value));
    return true;
}

/* A translation with markup in a part that has none: what a reader would see of it. */
static bool return_plain(struct liquid_call *call, const struct buf *markup)
{
    struct buf plain;
    buf_init(&plain, MAIL_CALL_TEXT_MOST);
    bool read =
        html_text(liquid_arena(call->run), &plain, buf_string(markup), markup->length, NULL);
    if (read && plain.length)
        buf_cut(&plain, plain.length - 1); /* its last line end */
    mail_call_return(call, buf_string(&plain));
    buf_free(&plain);
    return read || liquid_fail(call->run, "a translation's markup can't be read");
}

bool mail_format_t(struct liquid_call *call)
{
    const struct mail_filters_context *context = mail_call_context(call);
    const char *key = mail_call_input(call);
    const struct value *number = value_get(call->keywords, "count");
    struct translate_text text;
    double count;
    const char *decimal = number ? mail_call_decimal(call, number) : NULL;
    if (decimal)
        count = decimal_read(decimal, strlen(decimal));
    translate_find(context->translate, context->locale, key, strlen(key), decimal ? &count : NULL,
                   liquid_arena(call->run), &text);
    struct expansion expansion = {call, text.markup && context->html};
    struct buf out;
    buf_init(&out, MAIL_CALL_TEXT_MOST);
    bool done = translate_expand(&out, &text, append_value, &expansion) ||
                liquid_fail(call->run, "the translation `%s` becomes too long", key);
    if (done && text.markup)
        done = context->html ? mail_call_return_markup(call, &out) : return_plain(call, &out);
    else if (done)
        mail_call_return(call, buf_string(&out));
    buf_free(&out);
    return done;
}

/* --- money and numbers --- */

static const char *currency_of(const struct liquid_call *call)
{
    const char *currency = mail_call_option(call, "currency", 0);
    if (!currency || !*currency)
        currency = mail_call_context(call)->currency;
    if (!currency || !*currency)
        currency = mail_call_shop(call, "currency");
    return currency;
}

/* Without a known currency an amount is a number with two places. What is no amount is
 * printed as it stands. */
static const char *money(const struct liquid_call *call, const struct value *amount,
                         enum locale_format_money form)
{
    struct arena *arena = liquid_arena(call->run);
    const char *locale = mail_call_context(call)->locale;
    const char *decimal = mail_call_decimal(call, amount), *currency = currency_of(call);
    const char *text = NULL;
    if (decimal && currency)
        text = locale_format_money(arena, locale, currency, decimal, form);
    if (decimal && !text)
        text = locale_format_number(arena, locale, decimal, 2);
    return text ? text : mail_call_text(call, amount);
}

bool mail_format_money(struct liquid_call *call)
{
    return mail_call_return(call, money(call, &call->input, LOCALE_FORMAT_MONEY));
}

bool mail_format_money_with_currency(struct liquid_call *call)
{
    return mail_call_return(call, money(call, &call->input, LOCALE_FORMAT_MONEY_CODE));
}

bool mail_format_money_without_currency(struct liquid_call *call)
{
    return mail_call_return(call, money(call, &call->input, LOCALE_FORMAT_MONEY_BARE));
}

bool mail_format_money_without_trailing_zeros(struct liquid_call *call)
{
    return mail_call_return(call, money(call, &call->input, LOCALE_FORMAT_MONEY_TRIMMED));
}

/* {{ line.unit_price | unit_price_with_measurement: line.unit_price_measurement }} */
bool mail_format_unit_price(struct liquid_call *call)
{
    const struct value *measure = call->count > 0 ? &call->arguments[0] : NULL;
    const struct value *unit = value_get(measure, "reference_unit");
    const struct value *quantity = value_get(measure, "reference_value");
    /* the measurement stands where the other filters have the currency */
    struct liquid_call amount = *call;
    amount.count = 0;
    const char *price = money(&amount, &call->input, LOCALE_FORMAT_MONEY);
    if (!unit)
        return mail_call_return(call, price);
    double one;
    bool single = !quantity || (value_to_double(quantity, &one) && one == 1);
    return mail_call_return(call, arena_printf(liquid_arena(call->run), "%s/%s%s", price,
                                               single ? "" : mail_call_text(call, quantity),
                                               mail_call_text(call, unit)));
}

bool mail_format_number(struct liquid_call *call)
{
    const char *decimal = mail_call_decimal(call, &call->input);
    const char *digits = mail_call_option(call, "digits", 0);
    const char *text = NULL;
    if (digits &&
        (strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 2 || atoi(digits) > 15))
        return liquid_fail(call->run, "`number` takes from 0 to 15 digits");
    if (decimal)
        text = locale_format_number(liquid_arena(call->run), mail_call_context(call)->locale,
                                    decimal, digits && *digits ? atoi(digits) : -1);
    return mail_call_return(call, text ? text : mail_call_input(call));
}

/* --- dates --- */

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
bool mail_format_date(struct liquid_call *call)
{
    const struct mail_filters_context *context = mail_call_context(call);
    const char *name = mail_call_keyword(call, "format"), *time = mail_call_keyword(call, "time");
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
        return mail_call_return(call, mail_call_input(call));
    const char *text = locale_format_date(liquid_arena(call->run), context->locale, context->zone,
                                          ms, format ? format->date : LOCALE_FORMAT_NONE,
                                          clock    ? clock->date
                                          : format ? format->time
                                                   : LOCALE_FORMAT_NONE);
    return mail_call_return(call, text ? text : "");
}

/* --- json --- */

bool mail_format_json(struct liquid_call *call)
{
    struct buf out;
    buf_init(&out, MAIL_CALL_TEXT_MOST);
    bool fits = json_print(&out, &call->input);
    if (fits)
        mail_call_return(call, buf_string(&out));
    buf_free(&out);
    return fits ||
           liquid_fail(call->run, "`json` would write more than %d bytes", MAIL_CALL_TEXT_MOST);
}
