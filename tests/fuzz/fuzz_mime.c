/*
 * What is encoded decodes to the same, by decoders of our own that know only the
 * RFCs; and whatever comes in, what goes out is ASCII in short lines.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mail/header.h"
#include "mail/mime.h"
#include "mail/mime_encoding.h"

enum { MOST = 1 << 20 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* CRLF only, at most `most` characters a line, ASCII. */
static void check_lines(const struct buf *wire, size_t most)
{
    size_t column = 0;
    for (size_t i = 0; i < wire->length; i++) {
        unsigned char c = (unsigned char)wire->data[i];
        if (c == '\r' || c == '\n') {
            require(c == '\r' && i + 1 < wire->length && wire->data[i + 1] == '\n');
            i++;
            column = 0;
            continue;
        }
        require(c < 0x80 && ++column <= most);
    }
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void add_hex(struct buf *out, const char *two)
{
    require(hex(two[0]) >= 0 && hex(two[1]) >= 0);
    buf_char(out, (char)(hex(two[0]) << 4 | hex(two[1])));
}

static void decode_base64(struct buf *out, const char *text, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    int have = 0;
    for (size_t i = 0; i < length && text[i] != '='; i++) {
        if (text[i] == '\r' || text[i] == '\n')
            continue;
        const char *digit = strchr(digits, text[i]);
        require(digit && *digit);
        bits = (bits << 6 | (uint32_t)(digit - digits)) & 0xffffff;
        if ((have += 6) >= 8)
            buf_char(out, (char)(bits >> (have -= 8) & 0xff));
    }
}

/* "=?UTF-8?Q?…?=" of `length` characters. */
static void decode_word(struct buf *out, const char *word, size_t length)
{
    require(length <= 75 && length > 12 && memcmp(word + length - 2, "?=", 2) == 0);
    const char *text = word + 10, *end = word + length - 2;
    if (word[8] == 'B') {
        decode_base64(out, text, (size_t)(end - text));
        return;
    }
    require(word[8] == 'Q');
    for (; text < end; text++)
        if (*text == '=') {
            add_hex(out, text + 1);
            text += 2;
        } else {
            buf_char(out, *text == '_' ? ' ' : *text);
        }
}

/* The words of an unfolded value: spaces between two encoded ones are not there. */
static void decode_words(struct buf *out, const char *value)
{
    bool encoded = false, first = true;
    while (*value) {
        size_t length = strcspn(value, " ");
        bool word = strncmp(value, "=?UTF-8?", 8) == 0;
        if (!first && !(word && encoded))
            buf_char(out, ' ');
        if (word)
            decode_word(out, value, length);
        else
            buf_add(out, value, length);
        encoded = word;
        first = false;
        value += length + (value[length] == ' ');
    }
}

/* The value behind "Name:" with its folds undone; NUL-terminated, without its first space. */
static char *unfold(const struct buf *wire)
{
    char *value = malloc(wire->length + 1), *to = value;
    const char *from = strchr(wire->data, ':') + 1;
    for (; *from; from++)
        if (*from != '\r' && *from != '\n')
            *to++ = *from;
    *to = '\0';
    if (*value == ' ')
        memmove(value, value + 1, strlen(value));
    return value;
}

static void fuzz_text(const char *text)
{
    struct buf wire, back;
    buf_init(&wire, MOST);
    buf_init(&back, MOST);
    if (header_unstructured(&wire, "Subject", text, NULL)) {
        check_lines(&wire, HEADER_LINE);
        char *value = unfold(&wire);
        decode_words(&back, value);
        require(strcmp(buf_string(&back), text) == 0);
        free(value);
    }
    buf_free(&wire);
    buf_free(&back);
}

static void decode_quoted(struct buf *out, const char *value)
{
    require(*value++ == '"');
    for (; *value != '"'; value++) {
        require(*value);
        buf_char(out, *value == '\\' ? *++value : *value);
    }
    require(value[1] == '\0');
}

static void fuzz_name(const char *text)
{
    struct buf wire, back;
    const struct address address = {.name = text, .mailbox = "ana@example.com"};
    buf_init(&wire, MOST);
    buf_init(&back, MOST);
    if (*text && header_mailbox(&wire, "To", &address, NULL)) {
        check_lines(&wire, HEADER_LINE);
        char *value = unfold(&wire), *end = value + strlen(value) - strlen(" <ana@example.com>");
        require(strcmp(end, " <ana@example.com>") == 0);
        *end = '\0';
        if (*value == '"')
            decode_quoted(&back, value);
        else
            decode_words(&back, value);
        require(strcmp(buf_string(&back), text) == 0);
        free(value);
    }
    buf_free(&wire);
    buf_free(&back);
}

/* ";\r\n filename*0*=UTF-8''…" and the like: each piece in its order. */
static void decode_parameter(struct buf *out, const char *wire)
{
    for (int number = 0; *wire; number++) {
        require(strncmp(wire, ";\r\n filename", 12) == 0);
        const char *value = strchr(wire, '=') + 1;
        size_t length = strcspn(value, ";\r");
        if (value[-2] != '*') {
            require(*value == '"');
            length = strlen(value);
            buf_add(out, value + 1, length - 2);
        } else {
            require(wire[13] == '=' || wire[13] == '0' + number || number > 9);
            size_t skip = number == 0 ? strlen("UTF-8''") : 0;
            for (size_t i = skip; i < length; i++)
                if (value[i] == '%') {
                    add_hex(out, value + i + 1);
                    i += 2;
                } else {
                    buf_char(out, value[i]);
                }
        }
        wire = value + length;
    }
}

static void fuzz_parameter(const char *text)
{
    struct buf wire, back;
    buf_init(&wire, MOST);
    buf_init(&back, MOST);
    if (header_parameter(&wire, "filename", text, NULL)) {
        check_lines(&wire, HEADER_LINE);
        decode_parameter(&back, wire.data);
        require(strcmp(buf_string(&back), text) == 0);
    }
    buf_free(&wire);
    buf_free(&back);
}

/* Text with the line ends that the wire has. */
static void canonical(struct buf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\r' || text[i] == '\n') {
            buf_add(out, "\r\n", 2);
            i += text[i] == '\r' && i + 1 < length && text[i + 1] == '\n';
        } else {
            buf_char(out, text[i]);
        }
}

static void fuzz_quoted_printable(const char *text, size_t length)
{
    struct buf wire, back, want;
    buf_init(&wire, 8 * MOST);
    buf_init(&back, 8 * MOST);
    buf_init(&want, 8 * MOST);
    require(mime_encoding_quoted_printable(&wire, text, length));
    check_lines(&wire, 76);
    for (size_t i = 0; i < wire.length; i++)
        if (wire.data[i] != '=') {
            buf_char(&back, wire.data[i]);
        } else {
            if (wire.data[i + 1] != '\r')
                add_hex(&back, wire.data + i + 1);
            i += 2;
        }
    canonical(&want, text, length);
    require(want.length == back.length &&
            memcmp(buf_string(&want), buf_string(&back), want.length) == 0);
    buf_free(&wire);
    buf_free(&back);
    buf_free(&want);
}

static void fuzz_base64(const char *bytes, size_t length)
{
    struct buf wire, back;
    buf_init(&wire, 8 * MOST);
    buf_init(&back, 8 * MOST);
    require(mime_encoding_base64(&wire, bytes, length));
    check_lines(&wire, 76);
    decode_base64(&back, buf_string(&wire), wire.length);
    require(back.length == length && memcmp(buf_string(&back), bytes, length) == 0);
    buf_free(&wire);
    buf_free(&back);
}

/* What is taken for an address has one, and reads as the same again. */
static void fuzz_address(const char *text)
{
    struct arena *arena = arena_new(4096);
    struct address address, again;
    if (address_parse(arena, text, &address, NULL)) {
        const char *domain = strrchr(address.mailbox, '@') + 1;
        for (const char *c = address.mailbox; *c; c++)
            require((unsigned char)*c >= ' ' && *c != 0x7f && *c != '<' && *c != '>');
        for (const char *c = domain; *c; c++)
            require(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '-' ||
                    *c == '.');
        require(address_check(arena, address.mailbox, &again, NULL) &&
                strcmp(again.mailbox, address.mailbox) == 0);
    }
    arena_destroy(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MOST / 8)
        return 0;
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    fuzz_text(text);
    fuzz_name(text);
    fuzz_parameter(text);
    fuzz_address(text);
    fuzz_quoted_printable(text, size);
    fuzz_base64(text, size);
    free(text);
    return 0;
}
