/*
 * A field grows in a `struct line`, which knows its column and so where to fold. What can stand
 * as it is goes in by tokens (add_tokens), all else as encoded words (add_words: RFC 2047, Q or B,
 * by which is shorter). header_unstructured, header_mailbox and header_structured are these two
 * with their refusals; header_parameter has rules of its own (RFC 2231). At the end dates, and the
 * names that a template may not use.
 */
#include "mail/header.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/digits.h"
#include "base/grapheme.h"
#include "base/utf8.h"
#include "base/zone.h"

/* RFC 2047: an encoded word has at most 75 characters, of which "=?UTF-8?Q?" and "?="
 * are 12. Tokens longer than TOKEN_MOST would not fold; they are encoded. */
enum { WORD_MOST = 75, WORD_FRAME = 12, TOKEN_MOST = 60, LINE_MOST = 998 };

/* One field being written: where its present line stands. */
struct line {
    struct buf *out;
    size_t column;
};

static bool finish(struct buf *out, const char *name, struct diag *diag)
{
    if (buf_add(out, "\r\n", 2))
        return true;
    return diag_fault(diag, "too-large", "no room for the header %s", name);
}

bool header_value_allowed(const char *what, const char *value, struct diag *diag)
{
    size_t length = strlen(value);
    if (length > HEADER_VALUE_MOST)
        return diag_fault(diag, "bad-header", "%s is longer than 8192 bytes", what);
    if (utf8_invalid(value, length) != length)
        return diag_fault(diag, "bad-header", "%s is not valid UTF-8", what);
    if (utf8_has_control(value, length))
        return diag_fault(diag, "bad-header", "%s has a line break or another control character",
                          what);
    return true;
}

static void add(struct line *line, const char *bytes, size_t length)
{
    buf_add(line->out, bytes, length);
    line->column += length;
}

static void fold(struct line *line)
{
    buf_text(line->out, "\r\n");
    line->column = 0;
}

static struct line begin(struct buf *out, const char *name)
{
    struct line line = {out, 0};
    add(&line, name, strlen(name));
    add(&line, ":", 1);
    return line;
}

/* Tokens joined by single spaces: the fold stands before a space, which stays. */
static void add_tokens(struct line *line, const char *value)
{
    while (*value) {
        size_t length = strcspn(value, " ");
        if (line->column + 1 + length > HEADER_LINE && line->column > 1)
            fold(line);
        add(line, " ", 1);
        add(line, value, length);
        value += length;
        if (*value)
            value++;
    }
}

/* ASCII that a reader takes as it stands: nothing that looks like an encoded word, no
 * white space that folding could lose, no token that could not be folded. */
static bool is_plain(const char *value)
{
    size_t token = 0;
    char before = ' ';
    if (strstr(value, "=?"))
        return false;
    for (const char *c = value; *c; before = *c++) {
        if (*c & 0x80 || (*c == ' ' && before == ' '))
            return false;
        token = *c == ' ' ? 0 : token + 1;
        if (token > TOKEN_MOST)
            return false;
    }
    return !*value || before != ' ';
}

/* ---- RFC 2047 ---- */

/* What the strictest place, a display name, allows (section 5, rule 3). */
static bool is_q_safe(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!*+-/", c));
}

static size_t q_size(const char *text, size_t length)
{
    size_t size = 0;
    for (size_t i = 0; i < length; i++)
        size += is_q_safe((unsigned char)text[i]) || text[i] == ' ' ? 1 : 3;
    return size;
}

static size_t b_size(size_t length)
{
    return (length + 2) / 3 * 4;
}

/* Where a text is best parted, of which `most` bytes fit. Some readers put a space between two
 * encoded words, or show each by itself: so behind a word, else between two of what people see as
 * characters. */
static size_t part(const char *text, size_t length, size_t most)
{
    size_t space = most;
    while (space && text[space - 1] != ' ')
        space--;
    return space && 3 * space >= most ? space : grapheme_floor(text, length, most);
}

/* The most whole characters whose encoding fits into `room`, or somewhat fewer; at least one. */
static size_t piece(const char *text, size_t length, size_t room, bool q)
{
    size_t taken = 0, size = 0;
    while (taken < length) {
        size_t width = utf8_width(text + taken, length - taken);
        size = q ? size + q_size(text + taken, width) : b_size(taken + width);
        if (size > room && taken)
            return part(text, length, taken);
        taken += width;
    }
    return taken;
}

static void add_q(struct line *line, const char *text, size_t length)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        const char hex[] = {'=', digits[c >> 4], digits[c & 15]};
        if (is_q_safe(c))
            add(line, &text[i], 1);
        else if (c == ' ')
            add(line, "_", 1);
        else
            add(line, hex, sizeof hex);
    }
}

static void add_b(struct line *line, const char *text, size_t length)
{
    char word[WORD_MOST + 1];
    add(line, word, base64_encode(text, length, BASE64_STANDARD | BASE64_PADDED, word));
}

/* Encoded words, each with its leading space and on a line of its own; readers drop what is between
 * two. */
static void add_words(struct line *line, const char *text)
{
    enum { LEAST_ROOM = 16 }; /* any character: 12 in Q, 8 in B */
    size_t length = strlen(text);
    bool q = q_size(text, length) <= b_size(length), first = true;
    for (; length; first = false) {
        if (!first || line->column + 1 + WORD_FRAME + LEAST_ROOM > HEADER_LINE)
            fold(line);
        size_t room = HEADER_LINE - line->column - 1;
        if (room > WORD_MOST)
            room = WORD_MOST;
        size_t taken = piece(text, length, room - WORD_FRAME, q);
        add(line, q ? " =?UTF-8?Q?" : " =?UTF-8?B?", 11);
        if (q)
            add_q(line, text, taken);
        else
            add_b(line, text, taken);
        add(line, "?=", 2);
        text += taken;
        length -= taken;
    }
}

bool header_unstructured(struct buf *out, const char *name, const char *value, struct diag *diag)
{
    if (!header_value_allowed(name, value, diag))
        return false;
    struct line line = begin(out, name);
    if (is_plain(value))
        add_tokens(&line, value);
    else
        add_words(&line, value);
    return finish(out, name, diag);
}

/* ---- Mailboxes ---- */

static bool is_atoms(const char *name)
{
    for (; *name; name++)
        if (!(*name == ' ' || (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
              (*name >= '0' && *name <= '9') || strchr("!#$%&'*+-/=?^_`{|}~", *name)))
            return false;
    return true;
}

/* The name as a quoted string; false where that could not stand on one line. */
static bool add_quoted(struct line *line, const char *name)
{
    char quoted[HEADER_LINE];
    size_t to = 0;
    quoted[to++] = '"';
    for (; *name; name++) {
        if (to + 3 > TOKEN_MOST)
            return false;
        if (*name == '"' || *name == '\\')
            quoted[to++] = '\\';
        quoted[to++] = *name;
    }
    quoted[to++] = '"';
    if (line->column + 1 + to > HEADER_LINE)
        fold(line);
    add(line, " ", 1);
    add(line, quoted, to);
    return true;
}

bool header_mailbox(struct buf *out, const char *name, const struct address *address,
                    struct diag *diag)
{
    const char *display = address->name;
    if (display && !header_value_allowed("the name", display, diag))
        return false;
    if (!header_value_allowed("the address", address->mailbox, diag))
        return false;
    struct line line = begin(out, name);
    if (!display || !*display) {
        add(&line, " ", 1);
        add(&line, address->mailbox, strlen(address->mailbox));
        return finish(out, name, diag);
    }
    if (is_plain(display) && is_atoms(display))
        add_tokens(&line, display);
    else if (!is_plain(display) || !add_quoted(&line, display))
        add_words(&line, display);
    size_t length = strlen(address->mailbox);
    if (line.column + 3 + length > HEADER_LINE)
        fold(&line);
    add(&line, " <", 2);
    add(&line, address->mailbox, length);
    add(&line, ">", 1);
    return finish(out, name, diag);
}

bool header_structured(struct buf *out, const char *name, const char *value, struct diag *diag)
{
    if (!header_value_allowed(name, value, diag))
        return false;
    for (const char *c = value; *c; c++)
        if (*c & 0x80)
            return diag_fault(diag, "bad-header", "%s must be ASCII", name);
    for (const char *c = value; *c; c += strspn(c, " ")) {
        size_t token = strcspn(c, " ");
        if (token > LINE_MOST - HEADER_LINE)
            return diag_fault(diag, "bad-header", "%s has a word that no line can hold", name);
        c += token;
    }
    struct line line = begin(out, name);
    add_tokens(&line, value);
    return finish(out, name, diag);
}

/* ---- RFC 2231 ---- */

static bool is_attribute_char(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$&+-.^_`{|}~", c));
}

/* Percent-encodes whole characters from `text` until `room` is used; returns the bytes
 * read. */
static size_t add_percent(struct buf *out, const char *text, size_t length, size_t room)
{
    size_t taken = 0, used = 0;
    while (taken < length) {
        size_t width = utf8_width(text + taken, length - taken), size = 0;
        for (size_t i = 0; i < width; i++)
            size += is_attribute_char((unsigned char)text[taken + i]) ? 1 : 3;
        if (used + size > room && taken)
            break;
        for (size_t i = 0; i < width; i++) {
            unsigned char c = (unsigned char)text[taken + i];
            buf_printf(out, is_attribute_char(c) ? "%c" : "%%%02X", c);
        }
        used += size;
        taken += width;
    }
    return taken;
}

bool header_parameter(struct buf *out, const char *name, const char *value, struct diag *diag)
{
    if (!header_value_allowed(name, value, diag))
        return false;
    size_t length = strlen(value), frame = strlen(name) + 8;
    bool quotable = is_plain(value) && !strpbrk(value, "\"\\") && frame + length <= HEADER_LINE;
    if (quotable) {
        if (!buf_printf(out, ";\r\n %s=\"%s\"", name, value))
            return diag_fault(diag, "too-large", "no room for the parameter %s", name);
        return true;
    }
    bool first = true, single = length * 3 + frame + 8 <= HEADER_LINE;
    for (int number = 0; length || first; number++) {
        buf_printf(out, ";\r\n %s*", name);
        if (!single)
            buf_printf(out, "%d*", number);
        buf_text(out, first ? "=UTF-8''" : "=");
        size_t taken = add_percent(out, value, length, HEADER_LINE - frame - 10);
        value += taken;
        length -= taken;
        first = false;
    }
    if (out->full)
        return diag_fault(diag, "too-large", "no room for the parameter %s", name);
    return true;
}

/* ---- Dates and names ---- */

const char *header_date(int64_t ms, const char *zone, char out[HEADER_DATE_SIZE])
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct zone_time t;
    zone_local(zone_or_utc(zone), ms, &t);
    int away = t.offset < 0 ? -t.offset : t.offset;
    char *to = out;
    memcpy(to, days[t.weekday], 3);
    memcpy(to + 3, ", ", 2);
    to = digits_put_two(to + 5, t.day, ' ');
    memcpy(to, months[t.month - 1], 3);
    to[3] = ' ';
    to = digits_put(to + 4, t.year, 4);
    *to = ' ';
    to = digits_put_two(to + 1, t.hour, ':');
    to = digits_put_two(to, t.minute, ':');
    to = digits_put_two(to, t.second, ' ');
    *to = t.offset < 0 ? '-' : '+';
    to = digits_put(to + 1, away / 60, 2);
    *digits_put(to, away % 60, 2) = '\0';
    return out;
}

/* What nudged writes itself, what servers write on the way, and what would send
 * copies elsewhere. */
static const char *const reserved[] = {
    "auto-submitted", "bcc",          "cc",
    "date",           "delivered-to", "feedback-id",
    "from",           "message-id",   "mime-version",
    "received",       "reply-to",     "return-path",
    "sender",         "subject",      "to",
    "apparently-to",  "errors-to",    "dkim-signature",
};
static const char *const reserved_prefixes[] = {
    "content-", "list-unsubscribe", "list-id", "resent-", "arc-", "authentication-"};

bool header_name_allowed(const char *name, struct diag *diag)
{
    size_t length = strlen(name);
    if (length == 0 || length > HEADER_NAME_MOST)
        return diag_fault(diag, "bad-header", "a header's name must have 1 to 64 characters");
    for (const char *c = name; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              *c == '-'))
            return diag_fault(diag, "bad-header",
                              "`%s`: a header's name has letters, digits and hyphens", name);
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcasecmp(name, reserved[i]) == 0)
            return diag_fault(diag, "bad-header", "the header `%s` is not for templates to set",
                              name);
    for (size_t i = 0; i < sizeof reserved_prefixes / sizeof *reserved_prefixes; i++)
        if (strncasecmp(name, reserved_prefixes[i], strlen(reserved_prefixes[i])) == 0)
            return diag_fault(diag, "bad-header", "the header `%s` is not for templates to set",
                              name);
    return true;
}
