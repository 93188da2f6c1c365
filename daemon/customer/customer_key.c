#include "customer/customer_key.h"

#include <string.h>

#include "base/bytes.h"
#include "base/mailbox.h"
#include "base/map.h"
#include "base/whole.h"

/* "email" of "customer.email". */
static struct slice path_name(const char *path)
{
    const char *dot = strrchr(path, '.');
    return slice_of(dot ? dot + 1 : path);
}

static struct customer_key_kind kind_of(const char *const *paths, struct slice name)
{
    const bool is_email = slice_is(name, "email");
    return (struct customer_key_kind){.name = name,
                                      .first = path_name(paths[0]),
                                      .is_email = is_email,
                                      .is_address = is_email || slice_is(name, "phone")};
}

struct customer_key_kind customer_key_kind_of(const char *const *paths, const char *path)
{
    return kind_of(paths, path_name(path));
}

static char *spell(struct arena *arena, struct slice name, struct slice value)
{
    char *text = arena_alloc(arena, name.length + value.length + 2);
    memcpy(text, name.text, name.length);
    text[name.length] = ':';
    memcpy(text + name.length + 1, value.text, value.length);
    text[name.length + 1 + value.length] = '\0';
    return text;
}

static bool is_of(struct slice name, const char *text)
{
    return strncmp(text, name.text, name.length) == 0 && text[name.length] == ':';
}

bool customer_key_is_id(const char *const *paths, const char *text)
{
    return is_of(path_name(paths[0]), text);
}

/* As former programs spelt it; NULL where that is the same. */
static const char *old_of(struct arena *arena, const struct customer_key_kind *kind,
                          struct slice value, struct slice form)
{
    if (kind->is_email && mailbox_is_plain(value))
        return NULL;
    const char *former = mailbox_former_form(arena, value);
    const struct slice old = former           ? slice_of(former)
                             : kind->is_email ? slice_of(mailbox_old_form(arena, value))
                                              : value;
    bool same = old.length == form.length && bytes_are_same(old.text, form.text, form.length);
    return same || bytes_have_control(old.text, old.length) ? NULL : spell(arena, kind->name, old);
}

static uint64_t unusual(uint64_t eight)
{
    return bytes_control(eight) | bytes_high(eight);
}

/* An id or an address as nearly all are: its form is seen at once. */
static bool is_usual(const struct customer_key_kind *kind, struct slice value)
{
    bool ends = kind->is_address
                    ? kind->is_email && mailbox_has_plain_ends(value)
                    : value.length && value.text[0] > ' ' && value.text[value.length - 1] > ' ';
    return ends && value.length <= CUSTOMER_KEY_VALUE_MOST &&
           !bytes_any(value.text, value.length, unusual);
}

static void make_usual(struct arena *arena, const struct customer_key_kind *kind,
                       struct slice value, struct customer_key *key)
{
    char *text = spell(arena, kind->name, value);
    if (kind->is_email)
        mailbox_lower(text + kind->name.length + 1, value.length);
    key->text = text;
    key->old = NULL;
    key->hash = map_hash(text, kind->name.length + 1 + value.length);
}

/* False where the value cannot be a key. */
static bool make(struct arena *arena, const struct customer_key_kind *kind, struct slice value,
                 struct customer_key *key)
{
    if (is_usual(kind, value)) {
        make_usual(arena, kind, value, key);
        return true;
    }
    const struct slice form = kind->is_address ? slice_of(mailbox_form(arena, value)) : value;
    if (!form.length || memchr(value.text, '\0', value.length) ||
        value.length > CUSTOMER_KEY_VALUE_MOST || form.length > CUSTOMER_KEY_VALUE_MOST ||
        bytes_have_control(form.text, form.length))
        return false;
    key->text = spell(arena, kind->name, form);
    key->hash = map_hash(key->text, kind->name.length + 1 + form.length);
    key->old = kind->is_address ? old_of(arena, kind, value, form) : NULL;
    return true;
}

bool customer_key_read(struct arena *arena, const struct customer_key_kind *kind,
                       const struct value *value, struct customer_key *key)
{
    char digits[DECIMAL_TEXT_SIZE];
    struct slice text = {.text = value->string, .length = value->length};
    if (value->kind != VALUE_STRING && !whole_text(value, digits, &text))
        return false;
    if (!make(arena, kind, text, key))
        return false;
    key->is_id = is_of(kind->first, key->text);
    return true;
}

bool customer_key_make(struct arena *arena, const char *const *paths, const char *path,
                       const struct value *value, struct customer_key *key)
{
    const struct customer_key_kind kind = customer_key_kind_of(paths, path);
    return customer_key_read(arena, &kind, value, key);
}

struct customer_key customer_key_of(struct arena *arena, const char *const *paths, const char *text)
{
    struct customer_key key = {.text = text};
    const char *colon = strchr(text, ':');
    const struct customer_key_kind kind =
        kind_of(paths, colon ? slice_between(text, colon) : (struct slice){"", 0});
    if (!colon || !make(arena, &kind, slice_of(colon + 1), &key))
        key = (struct customer_key){.text = text, .hash = map_hash(text, strlen(text))};
    key.is_id = is_of(kind.first, key.text);
    return key;
}
