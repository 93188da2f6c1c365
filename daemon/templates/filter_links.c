/*
 * First addresses: `link` adds the campaign's parameters to a web address; the filters of
 * pictures and of the shop's files find an address (picture, absolute), and where Shopify's
 * own servers have the file, ask them for its size. Then markup around an address: <a> and
 * <img>, with every value escaped; in a text part what a reader needs of it.
 */
#include "templates/filter_links.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/percent.h"
#include "templates/filter_call.h"

enum { ADDRESS_MOST = 8192 };

static bool return_address(struct liquid_call *call, struct buf *out)
{
    return filter_call_return_buffer(call, out, "the address becomes longer than 8192 bytes");
}

/* ---- link: the campaign's parameters ---- */

static bool is_web(const char *address)
{
    return strncasecmp(address, "https://", 8) == 0 || strncasecmp(address, "http://", 7) == 0;
}

/* Is the parameter in the query, whatever its value? */
static bool has_parameter(const char *query, size_t length, const char *name)
{
    size_t size = strlen(name);
    while (length > 0) {
        const char *ampersand = memchr(query, '&', length);
        size_t part = ampersand ? (size_t)(ampersand - query) : length;
        if (part >= size && memcmp(query, name, size) == 0 && (part == size || query[size] == '='))
            return true;
        query += part + (ampersand != NULL);
        length -= part + (ampersand != NULL);
    }
    return false;
}

/* What each parameter is called as a keyword, and what it is without one. */
bool filter_links_link(struct liquid_call *call)
{
    const struct filter_context *context = filter_call_context(call);
    const struct {
        const char *name, *keyword, *standard;
    } parameters[] = {
        {"utm_source", "source", "nudged"},
        {"utm_medium", "medium", context->channel},
        {"utm_campaign", "campaign", context->rule},
        {"utm_content", "content", NULL},
        {"utm_term", "term", NULL},
    };
    const char *address = filter_call_input(call);
    if (!is_web(address))
        return filter_call_return(call, address);
    size_t base = strcspn(address, "#"), path = strcspn(address, "?#");
    const char *query = address + path + (address[path] == '?');
    size_t query_length = (size_t)(address + base - query);
    bool any = query_length > 0;
    struct buf out;
    buf_init(&out, ADDRESS_MOST);
    buf_add(&out, address, path);
    buf_text(&out, "?");
    buf_add(&out, query, query_length);
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        const char *value = filter_call_keyword(call, parameters[i].keyword);
        if (!value)
            value = parameters[i].standard;
        if (!value || !*value || has_parameter(query, query_length, parameters[i].name))
            continue;
        buf_printf(&out, "%s%s=", any ? "&" : "", parameters[i].name);
        percent_encode(&out, value, PERCENT_UNRESERVED);
        any = true;
    }
    if (!any)
        buf_cut(&out, path);
    buf_text(&out, address + base);
    return return_address(call, &out);
}

/* ---- Pictures ---- */

/* The address of a picture: a text, or that of a picture, a product, a line of an order. */
static const char *picture(const struct liquid_call *call)
{
    static const char *const members[] = {"src", "url", "image", "featured_image", "product"};
    const struct value *value = &call->input;
    for (unsigned depth = 0; value && value->kind == VALUE_MAP && depth < 4; depth++) {
        const struct value *next = NULL;
        for (size_t i = 0; i < sizeof members / sizeof *members && !next; i++) {
            next = value_get(value, members[i]);
            if (next && next->kind == VALUE_NULL)
                next = NULL;
        }
        value = next;
    }
    return value && value->kind == VALUE_STRING ? filter_call_text(call, value) : "";
}

/* "//cdn…" and "/files/a.png" are relative to a page; a mail has none. */
static const char *absolute(const struct liquid_call *call, const char *address)
{
    struct arena *arena = liquid_arena(call->run);
    if (address[0] == '/' && address[1] == '/')
        return arena_printf(arena, "https:%s", address);
    const char *shop = filter_call_shop(call, "url");
    if (address[0] != '/' || !shop)
        return address;
    size_t length = strlen(shop);
    while (length && shop[length - 1] == '/')
        length--;
    return arena_printf(arena, "%.*s%s", (int)length, shop, address);
}

/* Shopify's servers cut pictures to size as their address says; others would not find it. */
static bool resizes(const char *address)
{
    return strstr(address, "//cdn.shopify.com/") || strstr(address, "/cdn/shop/");
}

static bool is_size(const char *size)
{
    static const char *const names[] = {"pico",   "icon",  "thumb",  "small",    "compact",
                                        "medium", "large", "grande", "original", "master"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(size, names[i]) == 0)
            return true;
    size_t digits = strspn(size, "0123456789x");
    return digits > 1 && size[digits] == '\0' && strchr(size, 'x');
}

/* {{ line | img_url: "compact_cropped" }}, {{ image | img_url: "100x100", crop: "center" }} */
bool filter_links_img_url(struct liquid_call *call)
{
    const char *address = absolute(call, picture(call)), *crop = filter_call_keyword(call, "crop");
    const char *scale = filter_call_keyword(call, "scale");
    const char *asked = filter_call_option(call, "size", 0);
    char *size = arena_text(liquid_arena(call->run), asked ? asked : "");
    char *cropped = strstr(size, "_cropped");
    if (cropped) {
        *cropped = '\0';
        crop = "center";
    }
    size_t path = strcspn(address, "?#"), name = path;
    while (name > 0 && address[name - 1] != '/')
        name--;
    const char *dot = memrchr(address + name, '.', path - name);
    if (!*address || !resizes(address) || !is_size(size) || !dot || strcmp(size, "master") == 0 ||
        strcmp(size, "original") == 0)
        return filter_call_return(call, address);
    struct buf out;
    buf_init(&out, ADDRESS_MOST);
    buf_add(&out, address, (size_t)(dot - address));
    buf_printf(&out, "_%s", size);
    if (crop)
        buf_printf(&out, "_crop_%s", crop);
    if (scale)
        buf_printf(&out, "@%sx", scale);
    buf_text(&out, dot);
    return return_address(call, &out);
}

/* {{ product | image_url: width: 300 }} */
bool filter_links_image_url(struct liquid_call *call)
{
    static const char *const names[] = {"width", "height", "crop", "format"};
    const char *address = absolute(call, picture(call));
    if (!*address || !resizes(address))
        return filter_call_return(call, address);
    struct buf out;
    buf_init(&out, ADDRESS_MOST);
    buf_text(&out, address);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = filter_call_keyword(call, names[i]);
        if (!value)
            continue;
        buf_printf(&out, "%c%s=", strchr(buf_string(&out), '?') ? '&' : '?', names[i]);
        percent_encode(&out, value, PERCENT_UNRESERVED);
    }
    return return_address(call, &out);
}

static bool return_asset(struct liquid_call *call, const char *folder, const char *name)
{
    const char *base = filter_call_shop(call, "assets_url");
    if (is_web(name) || !base)
        return filter_call_return(call, name);
    size_t length = strlen(base);
    while (length && base[length - 1] == '/')
        length--;
    return filter_call_return(
        call, arena_printf(liquid_arena(call->run), "%.*s/%s%s", (int)length, base, folder, name));
}

/* Where the shop keeps its files: shop.assets_url. */
bool filter_links_asset_url(struct liquid_call *call)
{
    return return_asset(call, "", filter_call_input(call));
}

bool filter_links_payment_icon(struct liquid_call *call)
{
    char *name = arena_text(liquid_arena(call->run), filter_call_input(call));
    for (char *c = name; *c; c++)
        *c = isalnum((unsigned char)*c) ? (char)tolower((unsigned char)*c) : '_';
    return *name ? return_asset(call, "payment/",
                                arena_printf(liquid_arena(call->run), "%s.png", name))
                 : filter_call_return(call, "");
}

/* ---- Markup ---- */

static bool return_markup(struct liquid_call *call, struct buf *out)
{
    return filter_call_return_markup(call, out, "the markup becomes too long");
}

static void add_attribute(const struct liquid_call *call, struct buf *out, const char *name,
                          const char *value)
{
    if (!value)
        return;
    buf_printf(out, " %s=\"", name);
    filter_call_escape(call, out, value);
    buf_char(out, '"');
}

/* {{ "Our shop" | link_to: shop.url }}; in a text part "Our shop (https://…)". */
bool filter_links_link_to(struct liquid_call *call)
{
    const char *address = filter_call_argument(call, 0), *text = filter_call_input(call);
    struct buf out;
    buf_init(&out, FILTER_CALL_TEXT_MOST);
    if (!filter_call_context(call)->html) {
        buf_printf(&out, "%s (%s)", text, address ? address : "");
        return return_markup(call, &out);
    }
    buf_text(&out, "<a");
    add_attribute(call, &out, "href", address ? address : "");
    add_attribute(call, &out, "title", filter_call_argument(call, 1));
    buf_char(&out, '>');
    filter_call_escape(call, &out, text);
    buf_text(&out, "</a>");
    return return_markup(call, &out);
}

static bool return_image(struct liquid_call *call, const char *const *names,
                         const char *const *values, size_t count)
{
    struct buf out;
    buf_init(&out, FILTER_CALL_TEXT_MOST);
    if (filter_call_context(call)->html) {
        buf_text(&out, "<img");
        for (size_t i = 0; i < count; i++)
            add_attribute(call, &out, names[i], values[i]);
        buf_char(&out, '>');
    } else if (values[1]) {
        buf_text(&out, values[1]);
    }
    return return_markup(call, &out);
}

/* {{ address | img_tag: "alt", "class" }} */
bool filter_links_img_tag(struct liquid_call *call)
{
    static const char *const names[] = {"src", "alt", "class"};
    const char *alt = filter_call_argument(call, 0);
    const char *const values[] = {absolute(call, picture(call)), alt ? alt : "",
                                  filter_call_argument(call, 1)};
    return return_image(call, names, values, 3);
}

/* {{ product | image_url: width: 300 | image_tag: alt: product.title }} */
bool filter_links_image_tag(struct liquid_call *call)
{
    static const char *const names[] = {"src", "alt", "width", "height", "class", "style"};
    const char *values[6] = {absolute(call, picture(call))};
    for (size_t i = 1; i < 6; i++)
        values[i] = filter_call_keyword(call, names[i]);
    if (!values[1])
        values[1] = "";
    return return_image(call, names, values, 6);
}
