#include "send/envelope.h"

#include <string.h>

#include "base/utf8.h"

static bool refuse(struct outcome *outcome, const char *what, const char *why)
{
    outcome_set(outcome, OUTCOME_DEAD);
    outcome_printf(outcome, "%s %s", what, why);
    return false;
}

/* `without`: characters that it must not hold, beside those that no line may. */
static bool check_line(const char *address, const char *without, const char *what,
                       struct outcome *outcome)
{
    size_t length = strlen(address);
    if (length > ENVELOPE_PLAIN_MOST)
        return refuse(outcome, what, "is longer than 4096 bytes");
    if (!utf8_valid(address, length))
        return refuse(outcome, what, "is not valid UTF-8");
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)address[i];
        /* U+0080 to U+009F are control characters too. */
        bool control = c < ' ' || c == 0x7f || (c == 0xc2 && (unsigned char)address[i + 1] < 0xa0);
        if (control || strchr(without, c))
            return refuse(outcome, what, "holds a character that no address may have");
    }
    return true;
}

static bool check_address(const char *address, const char *what, struct outcome *outcome)
{
    if (strlen(address) > ENVELOPE_ADDRESS_MOST)
        return refuse(outcome, what, "is longer than 254 bytes");
    if (!check_line(address, " <>", what, outcome))
        return false;
    const char *at = strrchr(address, '@');
    if (!at || at == address || !at[1])
        return refuse(outcome, what, "is no address");
    return true;
}

/* Bytes of which none but an LF stands behind a CR, and an LF nowhere else; the first one has one
 * before it. */
static inline unsigned char odd_bytes(const char *bytes, size_t length)
{
    unsigned char odd = 0;
    for (size_t i = 0; i < length; i++)
        odd |= (unsigned char)((bytes[i - 1] == '\r') ^ (bytes[i] == '\n')) | !bytes[i];
    return odd;
}

/* Lines that end in CRLF, and no NUL: in blocks of a length that the compiler knows, so that it
 * takes many bytes at a time. */
static bool are_lines(const char *body, size_t length)
{
    enum { BLOCK = 128 };
    unsigned char odd = body[0] == '\n' || !body[0];
    size_t at = 1;
    for (; length - at >= BLOCK; at += BLOCK)
        odd |= odd_bytes(body + at, BLOCK);
    return !(odd | odd_bytes(body + at, length - at)) && body[length - 1] != '\r';
}

static bool check_body(const char *body, size_t length, struct outcome *outcome)
{
    if (length >= 2 && body[length - 1] == '\n' && are_lines(body, length))
        return true;
    if (length < 2 || memcmp(body + length - 2, "\r\n", 2) != 0)
        return refuse(outcome, "the mail", "does not end with a line break");
    if (memchr(body, '\0', length))
        return refuse(outcome, "the mail", "holds a NUL");
    const char *end = body + length;
    for (const char *at = body; (at = memchr(at, '\r', (size_t)(end - at))) != NULL; at += 2) {
        if (at + 1 == end || at[1] != '\n')
            return refuse(outcome, "the mail", "holds a bare carriage return");
        if (at + 2 == end)
            break;
    }
    for (const char *at = body; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++) {
        if (at == body || at[-1] != '\r')
            return refuse(outcome, "the mail", "holds a bare line feed");
    }
    return true;
}

static const char recipient[] = "the recipient's address";

static bool has_recipient(const struct outgoing *outgoing, struct outcome *outcome)
{
    return (outgoing->envelope_to && *outgoing->envelope_to) ||
           refuse(outcome, recipient, "is missing");
}

bool envelope_check_plain(const struct outgoing *outgoing, struct outcome *outcome)
{
    return has_recipient(outgoing, outcome) &&
           check_line(outgoing->envelope_to, "", recipient, outcome) &&
           check_body(outgoing->body, outgoing->body_length, outcome);
}

bool envelope_check(const struct outgoing *outgoing, struct outcome *outcome)
{
    if (!has_recipient(outgoing, outcome) ||
        !check_address(outgoing->envelope_to, recipient, outcome))
        return false;
    const char *from = outgoing->envelope_from ? outgoing->envelope_from : "";
    if (*from && !check_address(from, "the sender's address", outcome))
        return false;
    return check_body(outgoing->body, outgoing->body_length, outcome);
}

bool envelope_check_mid(const char *mid, struct outcome *outcome)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(mid);
    if (!length || length > 128 || mid[0] == '.' || strspn(mid, allowed) != length)
        return refuse(outcome, "the message's id", "can be no file's name");
    return true;
}
