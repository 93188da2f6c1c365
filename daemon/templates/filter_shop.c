#include "templates/filter_shop.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/decimal.h"
#include "base/digest.h"
#include "base/locale_format.h"
#include "templates/filter_call.h"

/* ---- Addresses of houses ---- */

struct lines {
    const struct liquid_call *call;
    struct buf *out;
    bool any;
};

static const char *member(const struct liquid_call *call, const char *name)
{
    const struct value *value = value_get(&call->input, name);
    return value && value->kind != VALUE_NULL ? filter_call_text(call, value) : "";
}

static void add_line(struct lines *lines, const char *a, const char *b, const char *c)
{
    const char *const parts[] = {a, b, c};
    bool begun = false;
    for (size_t i = 0; i < 3; i++) {
        if (!*parts[i])
            continue;
        if (begun)
            buf_char(lines->out, ' ');
        else if (lines->any)
            buf_text(lines->out, filter_call_context(lines->call)->html ? "<br>" : "\n");
        filter_call_escape(lines->call, lines->out, parts[i]);
        begun = lines->any = true;
    }
}

/* Where the postal code stands after the town, with the province between. */
static bool code_comes_last(const char *country)
{
    static const char *const codes[] = {"US", "CA", "AU", "GB", "IN", "IE", "NZ", "ZA"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcasecmp(codes[i], country) == 0)
            return true;
    return false;
}

bool filter_shop_format_address(struct liquid_call *call)
{
    struct buf out;
    buf_init(&out, FILTER_CALL_TEXT_MOST);
    struct lines lines = {call, &out, false};
    const char *name = member(call, "name"), *province = member(call, "province_code");
    if (*name)
        add_line(&lines, name, "", "");
    else
        add_line(&lines, member(call, "first_name"), member(call, "last_name"), "");
    add_line(&lines, member(call, "company"), "", "");
    add_line(&lines, member(call, "address1"), "", "");
    add_line(&lines, member(call, "address2"), "", "");
    if (code_comes_last(member(call, "country_code")))
        add_line(&lines, member(call, "city"), province, member(call, "zip"));
    else
        add_line(&lines, member(call, "zip"), member(call, "city"), "");
    add_line(&lines, member(call, "country"), "", "");
    return filter_call_return_markup(call, &out, "the address becomes too long");
}

/* ---- Words and amounts ---- */

/* {{ count | pluralize: "item", "items" }}: the word alone. */
bool filter_shop_pluralize(struct liquid_call *call)
{
    const char *decimal = filter_call_decimal(call, &call->input);
    bool one = decimal && decimal_read(decimal, strlen(decimal)) == 1;
    const char *word = filter_call_argument(call, one ? 0 : 1);
    return filter_call_return(call, word ? word : "");
}

/* Grams in the unit of the shop: {{ line.grams | weight_with_unit }}. */
bool filter_shop_weight_with_unit(struct liquid_call *call)
{
    static const struct {
        const char *unit;
        double grams;
    } units[] = {{"g", 1}, {"kg", 1000}, {"lb", 453.59237}, {"oz", 28.349523125}};
    const char *decimal = filter_call_decimal(call, &call->input);
    const char *unit = filter_call_argument(call, 0);
    if (!unit)
        unit = filter_call_shop(call, "weight_unit");
    if (!unit)
        unit = "kg";
    for (size_t i = 0; decimal && i < sizeof units / sizeof *units; i++) {
        char digits[DECIMAL_TEXT_SIZE];
        if (strcmp(units[i].unit, unit) != 0)
            continue;
        decimal_print(decimal_read(decimal, strlen(decimal)) / units[i].grams, digits);
        const char *text = locale_format_number(liquid_arena(call->run),
                                                filter_call_context(call)->locale, digits, -1);
        if (text)
            return filter_call_return(call,
                                      arena_printf(liquid_arena(call->run), "%s %s", text, unit));
    }
    return filter_call_return(call, filter_call_input(call));
}

/* "Green Tea, 100 g" to "green-tea-100-g". */
bool filter_shop_handle(struct liquid_call *call)
{
    char *text = arena_text(liquid_arena(call->run), filter_call_input(call)), *to = text;
    for (const char *from = text; *from; from++) {
        unsigned char c = (unsigned char)*from;
        if (c >= 0x80 || isalnum(c))
            *to++ = (char)(c < 0x80 ? tolower(c) : c);
        else if (to > text && to[-1] != '-')
            *to++ = '-';
    }
    if (to > text && to[-1] == '-')
        to--;
    *to = '\0';
    return filter_call_return(call, text);
}

/* A field of the shop's own, {type: …, value: …}: its value as text, a list's with commas. */
bool filter_shop_metafield_text(struct liquid_call *call)
{
    const struct value *field = value_get(&call->input, "value");
    const struct value *value = field ? field : &call->input;
    struct buf out;
    if (!value_is(value, VALUE_LIST))
        return filter_call_return(call, filter_call_text(call, value));
    buf_init(&out, FILTER_CALL_TEXT_MOST);
    for (uint32_t i = 0; i < value_count(value); i++) {
        buf_text(&out, i ? ", " : "");
        buf_text(&out, filter_call_text(call, &value->list->items[i]));
    }
    return filter_call_return_buffer(call, &out, "the text becomes too long");
}

/* "green tea" to "GreenTea". */
bool filter_shop_camelize(struct liquid_call *call)
{
    char *text = arena_text(liquid_arena(call->run), filter_call_input(call)), *to = text;
    bool begins = true;
    for (const char *from = text; *from; from++) {
        if (strchr(" -_", *from)) {
            begins = true;
            continue;
        }
        *to++ = begins ? (char)toupper((unsigned char)*from) : *from;
        begins = false;
    }
    *to = '\0';
    return filter_call_return(call, text);
}

/* ---- Hashes ---- */

bool filter_shop_sha1(struct liquid_call *call)
{
    const char *text = filter_call_input(call);
    char hex[41];
    digest_sha1_hex(text, strlen(text), hex);
    return filter_call_return(call, hex);
}

bool filter_shop_sha256(struct liquid_call *call)
{
    const char *text = filter_call_input(call);
    unsigned char digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    digest_sha256(text, strlen(text), digest);
    digest_hex(digest, DIGEST_SIZE, hex);
    return filter_call_return(call, hex);
}

bool filter_shop_hmac_sha256(struct liquid_call *call)
{
    const char *text = filter_call_input(call), *key = filter_call_argument(call, 0);
    unsigned char digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    digest_hmac(key ? key : "", key ? strlen(key) : 0, text, strlen(text), digest);
    digest_hex(digest, DIGEST_SIZE, hex);
    return filter_call_return(call, hex);
}
