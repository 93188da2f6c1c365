#include "mail/address.h"

#include <stdint.h>
#include <string.h>

#include "base/locale_format.h"
#include "base/slice.h"
#include "base/utf8.h"
#include "mail/header_line.h"

static bool fault(struct diag *diag, const char *text)
{
    return diag_fault(diag, "bad-address", "%s", text);
}

static bool is_atext(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c < 0x80 && c && strchr("!#$%&'*+-/=?^_`{|}~", (int)c));
}

/* RFC 6531 allows any character beyond ASCII; those that do not show (controls,
 * spaces, line and paragraph ends, direction marks, private use, tags) have no
 * business in an address. */
static bool is_visible(uint32_t c)
{
    return c > 0xa0 && c != 0xad && c != 0x1680 && !(c >= 0x2000 && c <= 0x200f) &&
           !(c >= 0x2028 && c <= 0x202f) && !(c >= 0x205f && c <= 0x206f) && c != 0x3000 &&
           !(c >= 0xe000 && c <= 0xf8ff) && c != 0xfeff && !(c >= 0xfff0 && c <= 0xffff) &&
           c < 0xe0000;
}

/* A dot-string: atoms joined by single dots. */
static bool check_dotted(const char *text, size_t length, bool *wide)
{
    bool after_dot = true;
    for (size_t at = 0, width; at < length; at += width) {
        uint32_t c = utf8_decode(text + at, length - at, &width);
        if (c == '.') {
            if (after_dot)
                return false;
            after_dot = true;
            continue;
        }
        if (c >= 0x80 ? !is_visible(c) : !is_atext(c))
            return false;
        *wide |= c >= 0x80;
        after_dot = false;
    }
    return !after_dot;
}

/* A quoted string without angle brackets: clients of SMTP scan for those. */
static bool check_quoted(const char *text, size_t length)
{
    if (length < 3 || text[length - 1] != '"')
        return false;
    for (size_t i = 1; i < length - 1; i++) {
        if (text[i] == '\\')
            i++;
        else if (text[i] == '"')
            return false;
        if (i == length - 1 || text[i] < ' ' || text[i] > '~' || text[i] == '<' || text[i] == '>')
            return false;
    }
    return true;
}

bool address_check(struct arena *arena, const char *text, struct address *address,
                   struct diag *diag)
{
    size_t length = strlen(text);
    const char *at = strrchr(text, '@');
    *address = (struct address){0};
    if (length == 0)
        return fault(diag, "the address is empty");
    if (length > ADDRESS_MOST)
        return fault(diag, "the address is longer than 254 bytes");
    if (utf8_invalid(text, length) != length)
        return fault(diag, "the address is not valid UTF-8");
    if (!at)
        return fault(diag, "the address has no `@`");
    size_t local = (size_t)(at - text);
    if (local == 0 || local > ADDRESS_LOCAL_MOST)
        return fault(diag, "the part of the address before `@` must have 1 to 64 bytes");
    bool right =
        *text == '"' ? check_quoted(text, local) : check_dotted(text, local, &address->utf8_local);
    if (!right)
        return fault(diag, "the part of the address before `@` has a character that does not "
                           "belong there");
    size_t written = length - local - 1;
    if (written > 1 && text[length - 1] == '.') /* the root, which SMTP does not write */
        written--;
    const char *domain = locale_format_domain(arena, at + 1, written);
    if (!domain)
        return fault(diag, "the part of the address after `@` is no domain name");
    size_t tail = strlen(domain);
    if (local + 1 + tail > ADDRESS_MOST)
        return fault(diag, "the address is longer than 254 bytes");
    char *mailbox = arena_alloc(arena, local + 1 + tail + 1);
    memcpy(mailbox, text, local + 1);
    memcpy(mailbox + local + 1, domain, tail + 1);
    address->mailbox = mailbox;
    return true;
}

const char *address_clean_name(struct arena *arena, struct slice name)
{
    const char *clean = header_line_clean(arena, name, ADDRESS_NAME_MOST);
    return *clean ? clean : NULL;
}

static const char *trim(struct arena *arena, const char *text, size_t length)
{
    const struct slice bare = utf8_trim((struct slice){text, length});
    return arena_copy(arena, bare.text, bare.length);
}

/* "\"Ana \\\"A\\\" Pop\"" to its content; what is no quoted string, as it is. */
static const char *unquote(struct arena *arena, const char *name)
{
    size_t length = strlen(name), to = 0;
    if (length < 2 || *name != '"' || name[length - 1] != '"')
        return name;
    char *bare = arena_alloc(arena, length);
    for (size_t i = 1; i < length - 1; i++) {
        if (name[i] == '"' || (name[i] == '\\' && ++i == length - 1))
            return name;
        bare[to++] = name[i];
    }
    bare[to] = '\0';
    return bare;
}

bool address_parse(struct arena *arena, const char *text, struct address *address,
                   struct diag *diag)
{
    const char *whole = trim(arena, text, strlen(text));
    const char *open = strrchr(whole, '<');
    size_t length = strlen(whole);
    if (!open || whole[length - 1] != '>')
        return address_check(arena, whole, address, diag);
    const char *bare = arena_copy(arena, open + 1, length - (size_t)(open - whole) - 2);
    const char *name = unquote(arena, trim(arena, whole, (size_t)(open - whole)));
    if (!address_check(arena, trim(arena, bare, strlen(bare)), address, diag))
        return false;
    address->name = address_clean_name(arena, slice_of(name));
    return true;
}

/* Atoms with spaces between them need no quotes (RFC 5322, 3.2.3; beyond ASCII RFC 6532). */
static bool needs_quotes(const char *name)
{
    for (; *name; name++)
        if (*name != ' ' && (unsigned char)*name < 0x80 && !is_atext((unsigned char)*name))
            return true;
    return false;
}

const char *address_print(struct arena *arena, const struct address *address)
{
    const char *name = address->name;
    if (!name || !*name)
        return address->mailbox;
    if (!needs_quotes(name))
        return arena_printf(arena, "%s <%s>", name, address->mailbox);
    char *quoted = arena_alloc(arena, 2 * strlen(name) + 1), *to = quoted;
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            *to++ = '\\';
        *to++ = *name;
    }
    *to = '\0';
    return arena_printf(arena, "\"%s\" <%s>", quoted, address->mailbox);
}
