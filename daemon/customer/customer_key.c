#include "customer/customer_key.h"

#include <string.h>

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

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

static const char *spell(struct arena *arena, struct slice name, const char *value)
{
    size_t length = strlen(value);
    char *text = arena_alloc(arena, name.length + length + 2);
    memcpy(text, name.text, name.length);
    text[name.length] = ':';
    memcpy(text + name.length + 1, value, length + 1);
    return text;
}

bool customer_key_is_id(const char *const *paths, const char *text)
{
    struct slice name = path_name(paths[0]);
    return strncmp(text, name.text, name.length) == 0 && text[name.length] == ':';
}

/* False where the value cannot be a key. */
static bool make(struct arena *arena, struct slice name, struct slice value,
                 struct customer_key *key)
{
    const char *whole = arena_copy(arena, value.text, value.length);
    const char *text = is_address(name) ? mailbox_form(arena, value) : whole;
    if (!*text || strlen(whole) != value.length || value.length > CUSTOMER_KEY_VALUE_MOST ||
        strlen(text) > CUSTOMER_KEY_VALUE_MOST || has_control(text))
        return false;
    key->text = spell(arena, name, text);
    key->hash = map_hash(key->text, strlen(key->text));
    key->old = NULL;
    if (is_address(name)) {
        const char *old = slice_is(name, "email") ? mailbox_old_form(arena, value) : whole;
        if (strcmp(old, text) != 0 && !has_control(old))
            key->old = spell(arena, name, old);
    }
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
