#include "web/posted_binary.h"

#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/utf8.h"

enum { ATTRIBUTES_MOST = 64 };

static const char prefix[] = "ce-";

/* a-z and 0-9, as the standard names attributes; headers come in any letter case. */
static bool read_name(struct arena *arena, struct slice header, struct slice *name)
{
    size_t length = header.length - (sizeof prefix - 1);
    char *low = arena_copy(arena, header.text + sizeof prefix - 1, length);
    for (size_t i = 0; i < length; i++) {
        if (low[i] >= 'A' && low[i] <= 'Z')
            low[i] = (char)(low[i] - 'A' + 'a');
        if (!((low[i] >= 'a' && low[i] <= 'z') || (low[i] >= '0' && low[i] <= '9')))
            return false;
    }
    *name = (struct slice){low, length};
    return length > 0;
}

/* A value that stands in double quotes, without them and their backslashes (section 3.1.3.2). */
static struct slice unquote(struct arena *arena, struct slice value)
{
    if (value.length < 2 || value.text[0] != '"' || value.text[value.length - 1] != '"')
        return value;
    char *plain = arena_alloc(arena, value.length);
    size_t length = 0;
    for (size_t i = 1; i < value.length - 1; i++) {
        if (value.text[i] == '\\' && i + 1 < value.length - 1)
            i++;
        plain[length++] = value.text[i];
    }
    return (struct slice){plain, length};
}

/* One round of percent-decoding; a stray `%` stays. */
static struct slice decode(struct arena *arena, struct slice value)
{
    char *plain = arena_alloc(arena, value.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < value.length; i++) {
        int high = value.text[i] == '%' && i + 2 < value.length ? hex_value(value.text[i + 1]) : -1,
            low = high >= 0 ? hex_value(value.text[i + 2]) : -1;
        plain[length++] = low >= 0 ? (char)(high * 16 + low) : value.text[i];
        i += low >= 0 ? 2 : 0;
    }
    return (struct slice){plain, length};
}

static bool add_attribute(struct arena *arena, const struct web_field *header, struct value event,
                          struct diag *diag)
{
    struct slice name, value = decode(arena, unquote(arena, header->value));
    if (!read_name(arena, header->name, &name))
        return diag_fault(diag, "bad-attribute", "`%s` names no attribute: a-z and 0-9",
                          header->name.text);
    if (slice_is(name, "data") || slice_is(name, "database64"))
        return diag_fault(diag, "bad-attribute", "the data is the body, not a header");
    if (value_find(&event, name.text, name.length))
        return diag_fault(diag, "bad-attribute", "`%s` stands there twice", header->name.text);
    if (value_count(&event) == ATTRIBUTES_MOST)
        return diag_fault(diag, "bad-attribute", "more than %d attributes", ATTRIBUTES_MOST);
    if (!utf8_valid(value.text, value.length))
        return diag_fault(diag, "json-utf8", "`%s` is not UTF-8", header->name.text);
    value_add(arena, event, value_string(name.text, name.length),
              value_string(value.text, value.length));
    return true;
}

bool posted_binary_attributes(struct arena *arena, const struct web_fields *headers,
                              struct value *event, struct diag *diag)
{
    *event = value_new_map(arena, 8);
    for (size_t i = 0; i < headers->count; i++)
        if (strncasecmp(headers->items[i].name.text, prefix, sizeof prefix - 1) == 0 &&
            !add_attribute(arena, &headers->items[i], *event, diag))
            return false;
    value_remove(*event, "datacontenttype"); /* which is Content-Type */
    return true;
}
