/*
 * From the parts to the whole: what may be left out of an address (bare: quotes, the root of the
 * domain, what stands between digits), then folding it (fold_parts), and at the end the forms that
 * are made of the two. Nearly all addresses are plain, and need neither.
 */
#include "base/mailbox.h"

#include <limits.h>
#include <string.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/bytes.h"
#include "base/locale_format.h"
#include "base/utf8.h"

enum {
    DOMAIN_MOST = 253, /* letters, dots among them (RFC 1035, 2.3.4) */
    NUMBER_DIGITS = 5, /* shorter ones have nothing between their digits */
};

static bool is_ascii(struct slice text)
{
    return !bytes_have_high(text.text, text.length);
}

bool mailbox_has_plain_ends(struct slice address)
{
    if (!address.length || address.text[0] <= ' ' || address.text[address.length - 1] <= ' ')
        return false;
    return !strchr("\"(+0123456789", address.text[0]) && address.text[address.length - 1] != '.';
}

bool mailbox_is_plain(struct slice address)
{
    return mailbox_has_plain_ends(address) && is_ascii(address);
}

/* Of eight bytes the capitals of ASCII become small. */
static uint64_t lower_eight(uint64_t eight)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones * 0x80;
    uint64_t low = eight & ~highs;
    uint64_t from_a = low + ones * (0x80 - 'A'), past_z = low + ones * (0x7f - 'Z');
    return eight | ((from_a & ~past_z & ~eight & highs) >> 2);
}

void mailbox_lower(char *text, size_t length)
{
    char *c = text, *end = text + length;
    for (uint64_t eight; (size_t)(end - c) >= sizeof eight; c += sizeof eight) {
        eight = lower_eight(bytes_eight(c));
        memcpy(c, &eight, sizeof eight);
    }
    for (; c < end; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
}

static const char *lower_ascii(struct arena *arena, struct slice text)
{
    char *lower = arena_copy(arena, text.text, text.length);
    mailbox_lower(lower, text.length);
    return lower;
}

/* ---- Folding ---- */

struct wide {
    UChar *text;
    int32_t length;
};

/* How much room the longest expansion of each step needs, in UTF-16 units for each unit or byte:
 * of UAX #15 (NFD 4, NFC 3) and of CaseFolding.txt (3). */
enum { WIDE_GROWTH = 4, WIDE_MOST = INT_MAX / 256 };

static struct wide wide_new(struct arena *arena, int32_t from)
{
    return (struct wide){.text = arena_alloc(arena, sizeof(UChar) * (size_t)(from + 1))};
}

static struct wide normalize(struct arena *arena, struct wide from, const UNormalizer2 *form,
                             UErrorCode *status)
{
    int32_t room = from.length * WIDE_GROWTH;
    struct wide to = wide_new(arena, room);
    to.length = unorm2_normalize(form, from.text, from.length, to.text, room, status);
    return to;
}

static struct wide fold_case(struct arena *arena, struct wide from, UErrorCode *status)
{
    int32_t room = from.length * WIDE_GROWTH;
    struct wide to = wide_new(arena, room);
    to.length = u_strFoldCase(to.text, room, from.text, from.length, U_FOLD_CASE_DEFAULT, status);
    return to;
}

/* As Unicode matches texts without regard to case (3.13, D145), composed at the end. NULL where
 * it is no UTF-8. */
static const char *fold_wide(struct arena *arena, struct slice text)
{
    UErrorCode status = U_ZERO_ERROR;
    if (text.length > WIDE_MOST)
        return NULL;
    struct wide wide = wide_new(arena, (int32_t)text.length);
    u_strFromUTF8(wide.text, (int32_t)text.length, &wide.length, text.text, (int32_t)text.length,
                  &status);
    if (U_FAILURE(status))
        return NULL;
    wide = normalize(arena, wide, unorm2_getNFDInstance(&status), &status);
    wide = fold_case(arena, wide, &status);
    wide = normalize(arena, wide, unorm2_getNFCInstance(&status), &status);
    if (U_FAILURE(status))
        return NULL;
    int32_t length, room = 3 * wide.length;
    char *folded = arena_alloc(arena, (size_t)room + 1);
    u_strToUTF8(folded, room, &length, wide.text, wide.length, &status);
    if (U_FAILURE(status))
        return NULL;
    folded[length] = '\0';
    return folded;
}

const char *mailbox_fold(struct arena *arena, struct slice text)
{
    const char *folded = is_ascii(text) ? NULL : fold_wide(arena, text);
    return folded ? folded : lower_ascii(arena, text);
}

/* ---- The forms ---- */

/* Some capitals have no labels, and their small letters have. */
static const char *domain_form(struct arena *arena, struct slice domain)
{
    const char *labels = locale_format_domain(arena, domain.text, domain.length);
    if (labels)
        return labels;
    const char *folded = mailbox_fold(arena, domain);
    labels = locale_format_domain(arena, folded, strlen(folded));
    return labels ? labels : folded;
}

/* Without white space around it, and folded. */
static const char *fold_parts(struct arena *arena, struct slice address)
{
    address = utf8_trim(address);
    if (is_ascii(address))
        return lower_ascii(arena, address);
    const char *at = memrchr(address.text, '@', address.length);
    if (!at)
        return mailbox_fold(arena, address);
    struct slice domain = slice_between(at + 1, address.text + address.length);
    const char *local = mailbox_fold(arena, slice_between(address.text, at));
    return arena_printf(arena, "%s@%s", local,
                        is_ascii(domain) ? lower_ascii(arena, domain) : domain_form(arena, domain));
}

/* What a quoted string says (RFC 5321, 4.1.2); NULL where it is not closed, or goes on. */
static char *unquote(struct arena *arena, struct slice quoted)
{
    char *said = arena_alloc(arena, quoted.length + 1), *to = said;
    if (quoted.length < 2 || quoted.text[0] != '"' || quoted.text[quoted.length - 1] != '"')
        return NULL;
    for (size_t i = 1; i < quoted.length - 1; i++) {
        if (quoted.text[i] == '"' || (quoted.text[i] == '\\' && ++i == quoted.length - 1))
            return NULL;
        *to++ = quoted.text[i];
    }
    *to = '\0';
    return said;
}

/* Atoms with single dots between them: what needs no quotes. */
static bool is_dotted(const char *said)
{
    size_t length = strlen(said), width;
    bool after_dot = true;
    for (size_t at = 0; at < length; at += width) {
        uint32_t point = utf8_decode(said + at, length - at, &width);
        if (utf8_is_space(point) || utf8_is_unshown(point) ||
            (point < 0x80 && strchr("\"(),:;<>@[\\]", (int)point)) || (point == '.' && after_dot))
            return false;
        after_dot = point == '.';
    }
    return !after_dot;
}

/* With the quotes that it needs, and no more within them. */
static const char *quote(struct arena *arena, const char *said)
{
    if (is_dotted(said))
        return said;
    char *quoted = arena_alloc(arena, 2 * strlen(said) + 3), *to = quoted;
    *to++ = '"';
    for (; *said; *to++ = *said++)
        if (*said == '"' || *said == '\\')
            *to++ = '\\';
    strcpy(to, "\"");
    return quoted;
}

static bool is_between_digits(uint32_t point)
{
    bool hyphen = point >= 0x2010 && point <= 0x2015;
    return utf8_is_space(point) || hyphen || (point < 0x80 && strchr("-./()", (int)point));
}

/* The digits of a telephone number, behind its +; what is none stays as it is. */
static struct slice bare_number(struct arena *arena, struct slice text)
{
    char *number = arena_alloc(arena, text.length + 1), *to = number;
    size_t digits = 0, width;
    for (size_t at = 0; at < text.length; at += width) {
        uint32_t point = utf8_decode(text.text + at, text.length - at, &width);
        bool digit = point >= '0' && point <= '9', plus = point == '+' && to == number;
        if (digit || plus)
            *to++ = (char)point;
        else if (at == 0 ? point != '(' : !is_between_digits(point))
            return text;
        digits += digit;
    }
    *to = '\0';
    return digits >= NUMBER_DIGITS ? slice_between(number, to) : text;
}

static bool has_root(struct slice domain)
{
    const struct slice rest = {domain.text, domain.length - 1};
    return domain.length > 1 && domain.text[rest.length] == '.' &&
           rest.text[rest.length - 1] != '.' && utf8_trim(rest).length == rest.length;
}

/* Without what may be left out: quotes, the root of the domain, what stands between digits. */
static struct slice bare(struct arena *arena, struct slice address)
{
    const char *at = memrchr(address.text, '@', address.length);
    if (!at)
        return bare_number(arena, address);
    const char *end = address.text + address.length,
               *said = unquote(arena, slice_between(address.text, at));
    if (has_root(slice_between(at + 1, end)))
        end--;
    if (!said)
        return slice_between(address.text, end);
    return slice_of(arena_printf(arena, "%s%.*s", quote(arena, said), (int)(end - at), at));
}

const char *mailbox_form(struct arena *arena, struct slice address)
{
    if (mailbox_is_plain(address)) /* nearly all are: nothing to ask ICU */
        return lower_ascii(arena, address);
    return fold_parts(arena, bare(arena, utf8_trim(address)));
}

const char *mailbox_former_form(struct arena *arena, struct slice address)
{
    if (mailbox_is_plain(address))
        return NULL;
    const char *former = fold_parts(arena, address);
    return strcmp(mailbox_form(arena, address), former) == 0 ? NULL : former;
}

const char *mailbox_old_form(struct arena *arena, struct slice address)
{
    return lower_ascii(arena, address);
}

const char *mailbox_domain(struct arena *arena, struct slice address)
{
    const char *form = mailbox_form(arena, address), *at = strrchr(form, '@');
    size_t length = at ? strlen(at + 1) : 0;
    if (length == 0 || length > DOMAIN_MOST ||
        strspn(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789-_.") < length)
        return "";
    return arena_copy(arena, at + 1, length);
}
