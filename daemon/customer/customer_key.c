#include "customer/customer_key.h"

#include <string.h>

#include "base/bytes.h"
#include "base/decimal.h"
#include "base/mailbox.h"
#include "base/map.h"

/* "email" of "customer.email". */
static struct slice path_name(const char *path)
{
    const char *dot = strrchr(path, '.');
    return slice_of(dot ? dot + 1 : path);
}

static bool is_address(struct slice name)
{
    return slice_is(name, "email") || slice_is(name, "phone");
}

static const char *spell(struct arena *arena, struct slice name, struct slice value)
{
    char *text = arena_alloc(arena, name.length + value.length + 2);
    memcpy(text, name.text, name.length);
    text[name.length] = ':';
    memcpy(text + name.length + 1, value.text, value.length);
    text[name.length + 1 + value.length] = '\0';
    return text;
}

bool customer_key_is_id(const char *const *paths, const char *text)
{
    struct slice name = path_name(paths[0]);
    return strncmp(text, name.text, name.length) == 0 && text[name.length] == ':';
}

/* As programs of the first format spelt it; NULL where that is the same. */
static const char *old_of(struct arena *arena, struct slice name, struct slice value,
                          struct slice form)
{
    bool email = slice_is(name, "email");
    if (email && mailbox_is_plain(value))
        return NULL;
    const struct slice old = email ? slice_of(mailbox_old_form(arena, value)) : value;
    bool same = old.length == form.length && bytes_are_same(old.text, form.text, form.length);
    return same || bytes_have_control(old.text, old.length) ? NULL : spell(arena, name, old);
}

/* False where the value cannot be a key. */
static bool make(struct arena *arena, struct slice name, struct slice value,
                 struct customer_key *key)
{
    bool address = is_address(name);
    const struct slice form = address ? slice_of(mailbox_form(arena, value)) : value;
    if (!form.length || memchr(value.text, '\0', value.length) ||
        value.length > CUSTOMER_KEY_VALUE_MOST || form.length > CUSTOMER_KEY_VALUE_MOST ||
        bytes_have_control(form.text, form.length))
        return false;
    key->text = spell(arena, name, form);
    key->hash = map_hash(key->text, name.length + 1 + form.length);
    key->old = address ? old_of(arena, name, value, form) : NULL;
    return true;
}

bool customer_key_make(struct arena *arena, const char *const *paths, const char *path,
                       const struct value *value, struct customer_key *key)
{
    char digits[DECIMAL_TEXT_SIZE];
    struct slice text = {.text = value->string, .length = value->length};
    if (value_is(value, VALUE_INT))
        text = (struct slice){digits, decimal_print_int(value->integer, digits)};
    else if (value->kind != VALUE_STRING)
        return false;
    if (!make(arena, path_name(path), text, key))
        return false;
    key->is_id = customer_key_is_id(paths, key->text);
    return true;
}

struct customer_key customer_key_of(struct arena *arena, const char *const *paths, const char *text)
{
    struct customer_key key = {.text = text};
    const char *colon = strchr(text, ':');
    if (!colon || !make(arena, slice_between(text, colon), slice_of(colon + 1), &key))
        key = (struct customer_key){.text = text, .hash = map_hash(text, strlen(text))};
    key.is_id = customer_key_is_id(paths, key.text);
    return key;
}
