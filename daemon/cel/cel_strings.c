/*
 * Functions of strings and bytes: the standard ones, the strings and encoders
 * extensions (cel-go, ext/README.md), and letter case by Unicode. Places in a string
 * count characters (code points), not bytes.
 */
#include <string.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "cel/cel_format.h"
#include "cel/cel_function.h"
#include "cel/cel_regex.h"
#include "cel/cel_text.h"
#include "cel/cel_unicode.h"
#include "cel/cel_value.h"

/* ---- Building ---- */

/* The string of a builder that began with start(); false, with the error, where it grew
 * too long. */
static void start(struct buf *out)
{
    buf_init(out, CEL_STRING_MOST);
}

static bool finish(struct cel_call *call, struct buf *out)
{
    bool fine = !out->full;
    if (!fine)
        cel_call_fail(call, "the string is too long");
    else if ((fine = cel_spend_bytes(call->run, call->node, out->length)))
        *call->result =
            value_string(arena_copy(call->run->arena, buf_string(out), out->length), out->length);
    buf_free(out);
    return fine;
}

/* A part of the first argument, which it shares. */
static bool give_part(struct cel_call *call, size_t from, size_t to)
{
    *call->result = value_string(call->arguments[0].string + from, to - from);
    return true;
}

/* What a function reads of its arguments is paid for. */
static bool spend_reading(struct cel_call *call)
{
    size_t length = 0;
    for (uint32_t i = 0; i < call->count; i++)
        if (call->arguments[i].kind == VALUE_STRING || call->arguments[i].kind == VALUE_BYTES)
            length += call->arguments[i].length;
    return cel_spend_bytes(call->run, call->node, length);
}

/* ---- Searching ---- */

/* The byte at which character number `index` begins; `length` for the one behind the
 * last, SIZE_MAX beyond that. */
static size_t byte_of(const struct value *string, int64_t index)
{
    size_t at = 0;
    for (; index > 0 && at < string->length; index--)
        at += utf8_width(string->string + at, string->length - at);
    return index > 0 ? SIZE_MAX : at;
}

/* The first occurrence at or behind byte `from`, or SIZE_MAX. */
static size_t find(const struct value *string, const struct value *part, size_t from)
{
    if (part->length == 0)
        return from;
    const char *found =
        memmem(string->string + from, string->length - from, part->string, part->length);
    return found ? (size_t)(found - string->string) : SIZE_MAX;
}

/* The last occurrence at or before byte `from`. */
static size_t find_last(const struct value *string, const struct value *part, size_t from)
{
    if (part->length > string->length)
        return SIZE_MAX;
    size_t at = string->length - part->length;
    for (at = at < from ? at : from;; at--) {
        if (memcmp(string->string + at, part->string, part->length) == 0)
            return at;
        if (at == 0)
            return SIZE_MAX;
    }
}

static bool string_contains(struct cel_call *call)
{
    *call->result = value_bool(find(&call->arguments[0], &call->arguments[1], 0) != SIZE_MAX);
    return spend_reading(call);
}

static bool string_starts_with(struct cel_call *call)
{
    const struct value *string = &call->arguments[0], *part = &call->arguments[1];
    *call->result = value_bool(string->length >= part->length &&
                               memcmp(string->string, part->string, part->length) == 0);
    return true;
}

static bool string_ends_with(struct cel_call *call)
{
    const struct value *string = &call->arguments[0], *part = &call->arguments[1];
    *call->result = value_bool(
        string->length >= part->length &&
        memcmp(string->string + string->length - part->length, part->string, part->length) == 0);
    return true;
}

static bool give_index(struct cel_call *call, size_t byte)
{
    *call->result =
        value_int(byte == SIZE_MAX ? -1 : (int64_t)utf8_count(call->arguments[0].string, byte));
    return spend_reading(call);
}

/* The byte where a search begins: the third argument's, else `otherwise`. A place beyond
 * the end is an error, as the conformance suite has it; false after cel_fail. */
static bool search_from(struct cel_call *call, size_t otherwise, size_t *from)
{
    *from = otherwise;
    if (call->count < 3)
        return true;
    int64_t index = call->arguments[2].integer;
    *from = index < 0 ? SIZE_MAX : byte_of(&call->arguments[0], index);
    return *from != SIZE_MAX || cel_call_fail(call, "%f() from a place out of the string's range");
}

static bool string_index_of(struct cel_call *call)
{
    size_t from;
    if (!search_from(call, 0, &from))
        return false;
    return give_index(call, find(&call->arguments[0], &call->arguments[1], from));
}

static bool string_last_index_of(struct cel_call *call)
{
    const struct value *string = &call->arguments[0], *part = &call->arguments[1];
    size_t from;
    if (!search_from(call, string->length, &from))
        return false;
    /* The search goes backwards byte by byte: its worst case is paid for. */
    int64_t rows = part->length < 64 ? 1 : part->length / 64;
    if (!cel_spend(call->run, call->node, (int64_t)string->length * rows / 64))
        return false;
    return give_index(call, find_last(string, part, from));
}

/* ---- Parts ---- */

static bool string_char_at(struct cel_call *call)
{
    const struct value *string = &call->arguments[0];
    size_t from =
        call->arguments[1].integer < 0 ? SIZE_MAX : byte_of(string, call->arguments[1].integer);
    if (from == SIZE_MAX)
        return cel_call_fail(call, "charAt() is out of the string's range");
    size_t width =
        from < string->length ? utf8_width(string->string + from, string->length - from) : 0;
    return give_part(call, from, from + width) && spend_reading(call);
}

static bool string_substring(struct cel_call *call)
{
    const struct value *string = &call->arguments[0];
    int64_t first = call->arguments[1].integer;
    int64_t last = call->count == 3 ? call->arguments[2].integer : INT64_MAX;
    size_t from = first < 0 ? SIZE_MAX : byte_of(string, first);
    size_t to = call->count == 3 ? byte_of(string, last) : string->length;
    if (from == SIZE_MAX || to == SIZE_MAX || last < first)
        return cel_call_fail(call, "substring() is out of the string's range");
    return give_part(call, from, to) && spend_reading(call);
}

/* White_Space of the Unicode Character Database (PropList.txt). */
static bool is_space(uint32_t code)
{
    return (code >= 9 && code <= 13) || code == ' ' || code == 0x85 || code == 0xa0 ||
           code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

static bool string_trim(struct cel_call *call)
{
    const struct value *string = &call->arguments[0];
    size_t from = SIZE_MAX, to = 0, width;
    for (size_t at = 0; at < string->length; at += width) {
        if (is_space(utf8_decode(string->string + at, string->length - at, &width)))
            continue;
        if (from == SIZE_MAX)
            from = at;
        to = at + width;
    }
    return give_part(call, from == SIZE_MAX ? 0 : from, to) && spend_reading(call);
}

static bool string_split(struct cel_call *call)
{
    const struct value *string = &call->arguments[0], *separator = &call->arguments[1];
    int64_t limit = call->count == 3 ? call->arguments[2].integer : -1;
    *call->result = value_new_list(call->run->arena, 0);
    size_t at = 0;
    while (limit < 0 || limit > 1) {
        size_t next = separator->length ? find(string, separator, at)
                      : at < string->length
                          ? at + utf8_width(string->string + at, string->length - at)
                          : SIZE_MAX;
        if (next == SIZE_MAX || (separator->length == 0 && next >= string->length))
            break;
        if (!cel_spend(call->run, call->node, 1))
            return false;
        value_push(call->run->arena, *call->result, value_string(string->string + at, next - at));
        at = next + separator->length;
        limit -= limit > 0;
    }
    bool rest = limit != 0 && (separator->length > 0 || string->length > 0);
    if (rest)
        value_push(call->run->arena, *call->result,
                   value_string(string->string + at, string->length - at));
    return spend_reading(call);
}

/* ---- Making new strings ---- */

static bool string_replace(struct cel_call *call)
{
    const struct value *string = &call->arguments[0], *old = &call->arguments[1];
    const struct value *new = &call->arguments[2];
    int64_t limit = call->count == 4 ? call->arguments[3].integer : -1;
    struct buf out;
    start(&out);
    size_t at = 0;
    bool empty = old->length == 0; /* then `new` goes before each character and to the end */
    for (; limit != 0; limit -= limit > 0) {
        size_t next = find(string, old, at);
        if (next == SIZE_MAX)
            break;
        buf_add(&out, string->string + at, next - at);
        buf_add(&out, new->string, new->length);
        at = next + old->length;
        if (out.full || (empty && at == string->length))
            break;
        if (empty) {
            size_t width = utf8_width(string->string + at, string->length - at);
            buf_add(&out, string->string + at, width);
            at += width;
        }
    }
    buf_add(&out, string->string + at, string->length - at);
    return finish(call, &out) && spend_reading(call);
}

static bool list_join(struct cel_call *call)
{
    const struct value_list *list = call->arguments[0].list;
    struct value separator = call->count == 2 ? call->arguments[1] : value_string("", 0);
    struct buf out;
    start(&out);
    for (uint32_t i = 0; i < list->count && !out.full; i++) {
        const struct value *item = &list->items[i];
        if (item->kind != VALUE_STRING) {
            buf_free(&out);
            return cel_fail_with(call->run, call->node, "join() of a list that holds %a", item,
                                 item);
        }
        if (i > 0)
            buf_add(&out, separator.string, separator.length);
        buf_add(&out, item->string, item->length);
    }
    return finish(call, &out) && cel_spend(call->run, call->node, list->count);
}

static bool string_reverse(struct cel_call *call)
{
    const struct value *string = &call->arguments[0];
    if (!cel_spend_bytes(call->run, call->node, string->length))
        return false;
    char *reversed = arena_alloc(call->run->arena, string->length + 1u);
    size_t to = string->length, width;
    reversed[to] = '\0';
    for (size_t at = 0; at < string->length; at += width) {
        width = utf8_width(string->string + at, string->length - at);
        to -= width;
        memcpy(reversed + to, string->string + at, width);
    }
    *call->result = value_string(reversed, string->length);
    return true;
}

/* Letters from `first` to first + 25 are moved by `shift`. */
static bool change_ascii(struct cel_call *call, char first, int shift)
{
    const struct value *string = &call->arguments[0];
    if (!cel_spend_bytes(call->run, call->node, string->length))
        return false;
    char *changed = arena_copy(call->run->arena, string->string, string->length);
    for (uint32_t i = 0; i < string->length; i++)
        if (changed[i] >= first && changed[i] <= first + 25)
            changed[i] = (char)(changed[i] + shift);
    *call->result = value_string(changed, string->length);
    return true;
}

static bool string_lower_ascii(struct cel_call *call)
{
    return change_ascii(call, 'A', 'a' - 'A');
}

static bool string_upper_ascii(struct cel_call *call)
{
    return change_ascii(call, 'a', 'A' - 'a');
}

static bool change_case(struct cel_call *call, bool upper)
{
    const struct value *string = &call->arguments[0];
    struct buf out;
    start(&out);
    cel_unicode_case(&out, string->string, string->length, upper);
    return finish(call, &out);
}

static bool string_lower(struct cel_call *call)
{
    return change_case(call, false);
}

static bool string_upper(struct cel_call *call)
{
    return change_case(call, true);
}

static bool string_quote(struct cel_call *call)
{
    const struct value *string = &call->arguments[0];
    struct buf out;
    start(&out);
    cel_text_add_quoted(&out, string->string, string->length);
    return finish(call, &out);
}

static bool string_format(struct cel_call *call)
{
    struct buf out;
    start(&out);
    if (!cel_format(call, &out)) {
        buf_free(&out);
        return false;
    }
    return finish(call, &out) && spend_reading(call);
}

static bool string_matches(struct cel_call *call)
{
    const struct value *text = &call->arguments[0], *pattern = &call->arguments[1];
    if (!cel_spend(call->run, call->node, CEL_REGEX_COST) || !spend_reading(call))
        return false;
    switch (cel_regex_search(pattern, text)) {
    case CEL_REGEX_FOUND:
        *call->result = value_bool(true);
        return true;
    case CEL_REGEX_NONE:
        *call->result = value_bool(false);
        return true;
    case CEL_REGEX_INVALID:
        return cel_fail_with(call->run, call->node, "%v is no regular expression", pattern,
                             pattern);
    case CEL_REGEX_EXHAUSTED:
        break;
    }
    call->run->budget = -1; /* not to be absorbed: the next one would be as bad */
    return cel_fail_with(call->run, call->node, "the regular expression %v takes too much work",
                         pattern, pattern);
}

/* ---- Base64 ---- */

static bool encode_base64(struct cel_call *call)
{
    const struct value *bytes = &call->arguments[0];
    struct buf out;
    start(&out);
    base64_append(&out, bytes->string, bytes->length, BASE64_STANDARD | BASE64_PADDED);
    return finish(call, &out);
}

/* Padding may be missing altogether; what there is must be right. */
static bool decode_base64(struct cel_call *call)
{
    enum { FORM = BASE64_STANDARD | BASE64_PADDED | BASE64_BARE | BASE64_LOOSE };
    const struct value *text = &call->arguments[0];
    size_t digits = base64_digits(text->string, text->length), size;
    if (!cel_spend_bytes(call->run, call->node, digits))
        return false;
    char *bytes = arena_alloc(call->run->arena, digits + 1);
    if (!base64_decode(text->string, text->length, FORM, bytes, &size))
        return cel_call_fail(call, "base64.decode() of a text that is no base64");
    bytes[size] = '\0';
    *call->result = value_string(bytes, size);
    call->result->kind = VALUE_BYTES;
    return true;
}

const struct cel_function cel_functions_strings[] = {
    {"base64.decode", "s>y", decode_base64, "the bytes that the base64 text stands for"},
    {"base64.encode", "y>s", encode_base64, "the bytes as base64 text"},
    {"charAt", "s.i>s", string_char_at, "the character at that place; \"\" behind the last"},
    {"contains", "s.s>b", string_contains, "whether the text occurs in the string"},
    {"endsWith", "s.s>b", string_ends_with, "whether the string ends with the text"},
    {"format", "s.l>s", string_format, "\"%s: %.2f\" filled with the list's values"},
    {"indexOf", "s.s>i", string_index_of, "where the text occurs first, or -1"},
    {"indexOf", "s.si>i", string_index_of, "likewise, at that place or behind it"},
    {"join", "l.>s", list_join, "the list's strings in a row"},
    {"join", "l.s>s", list_join, "likewise, with a text between them"},
    {"lastIndexOf", "s.s>i", string_last_index_of, "where the text occurs last, or -1"},
    {"lastIndexOf", "s.si>i", string_last_index_of, "likewise, at that place or before it"},
    {"lower", "s:>s", string_lower, "small letters, by Unicode"},
    {"lowerAscii", "s.>s", string_lower_ascii, "small letters; only A to Z are changed"},
    {"matches", "s:s>b", string_matches, "whether the regular expression matches a part"},
    {"replace", "s.ss>s", string_replace, "the first text replaced by the second, everywhere"},
    {"replace", "s.ssi>s", string_replace, "likewise, at most so many times"},
    {"reverse", "s.>s", string_reverse, "the string, last character first"},
    {"split", "s.s>l", string_split, "the parts between the separators"},
    {"split", "s.si>l", string_split, "likewise, in at most so many parts"},
    {"startsWith", "s.s>b", string_starts_with, "whether the string begins with the text"},
    {"strings.quote", "s>s", string_quote, "the string in quotes, with escapes"},
    {"substring", "s.i>s", string_substring, "from that place on"},
    {"substring", "s.ii>s", string_substring, "from the first place up to the second"},
    {"trim", "s.>s", string_trim, "without white space at both ends"},
    {"upper", "s:>s", string_upper, "capital letters, by Unicode"},
    {"upperAscii", "s.>s", string_upper_ascii, "capital letters; only a to z are changed"},
    {0},
};
