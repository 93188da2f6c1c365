#include "mail/verp.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/digest.h"

enum { MID_BYTES = 16, MID_DIGITS = 26, SIGNATURE_DIGITS = 12, DIGITS = 38, SIGNED_SIZE = 64 };

static const char prefix[] = "r-", digits[] = "abcdefghijklmnopqrstuvwxyz234567";

/* `count` digits of base32 of the bytes' first bits; bits beyond the last byte are 0. */
static void encode(const unsigned char *bytes, size_t length, size_t count, char *out)
{
    for (size_t i = 0; i < count; i++) {
        unsigned value = 0;
        for (size_t bit = 5 * i; bit < 5 * i + 5; bit++) {
            unsigned byte = bit / 8 < length ? bytes[bit / 8] : 0;
            value = value << 1 | (byte >> (7 - bit % 8) & 1u);
        }
        out[i] = digits[value];
    }
}

/* The bytes of MID_DIGITS digits, in any letter case; false where a bit that is left over is not
 * 0. */
static bool decode(const char *text, unsigned char bytes[MID_BYTES + 1])
{
    memset(bytes, 0, MID_BYTES + 1);
    for (size_t i = 0; i < MID_DIGITS; i++) {
        const char *digit = strchr(digits, tolower((unsigned char)text[i]));
        for (size_t bit = 0; bit < 5; bit++)
            if ((digit - digits) >> (4 - bit) & 1)
                bytes[(5 * i + bit) / 8] |= (unsigned char)(0x80u >> (5 * i + bit) % 8);
    }
    return bytes[MID_BYTES] == 0;
}

static bool is_mid(const char *mid)
{
    return strlen(mid) == VERP_MID_SIZE - 1 && strspn(mid, "0123456789abcdef") == strlen(mid);
}

static void sign(const struct verp_key *key, const char *mid, char out[SIGNATURE_DIGITS])
{
    static const char purpose[] = "return";
    char text[SIGNED_SIZE];
    unsigned char mac[DIGEST_SIZE];
    memcpy(text, purpose, sizeof purpose); /* its NUL divides */
    memcpy(text + sizeof purpose, mid, VERP_MID_SIZE - 1);
    digest_hmac(key->bytes, key->length, text, sizeof purpose + VERP_MID_SIZE - 1, mac);
    encode(mac, sizeof mac, SIGNATURE_DIGITS, out);
}

static unsigned nibble(char hex)
{
    return (unsigned)(hex <= '9' ? hex - '0' : hex - 'a' + 10);
}

bool verp_make(const struct verp_key *key, const char *mid, char out[VERP_SIZE])
{
    unsigned char bytes[MID_BYTES];
    if (key->length == 0 || !is_mid(mid))
        return false;
    for (size_t i = 0; i < MID_BYTES; i++)
        bytes[i] = (unsigned char)(nibble(mid[2 * i]) << 4 | nibble(mid[2 * i + 1]));
    memcpy(out, prefix, sizeof prefix - 1);
    encode(bytes, sizeof bytes, MID_DIGITS, out + sizeof prefix - 1);
    sign(key, mid, out + sizeof prefix - 1 + MID_DIGITS);
    out[VERP_SIZE - 1] = '\0';
    return true;
}

/* DIGITS behind the prefix, in any letter case. */
static enum verp_verdict verify(const struct verp_key *key, const char *text,
                                char mid[VERP_MID_SIZE])
{
    unsigned char bytes[MID_BYTES + 1];
    char right[SIGNATURE_DIGITS];
    unsigned char got[SIGNATURE_DIGITS];
    for (size_t i = 0; i < DIGITS; i++)
        if (!text[i] || !strchr(digits, tolower((unsigned char)text[i])))
            return VERP_NONE;
    if (key->length == 0 || !decode(text, bytes))
        return VERP_FORGED;
    digest_hex(bytes, MID_BYTES, mid);
    sign(key, mid, right);
    for (size_t i = 0; i < SIGNATURE_DIGITS; i++)
        got[i] = (unsigned char)tolower((unsigned char)text[MID_DIGITS + i]);
    return digest_equal(got, (const unsigned char *)right, SIGNATURE_DIGITS) ? VERP_GOOD
                                                                             : VERP_FORGED;
}

enum verp_verdict verp_find(const struct verp_key *key, const char *text, size_t length,
                            char mid[VERP_MID_SIZE])
{
    enum verp_verdict found = VERP_NONE;
    for (size_t at = 0; at + VERP_SIZE - 1 <= length; at++) {
        if (tolower((unsigned char)text[at]) != 'r' || text[at + 1] != '-')
            continue;
        enum verp_verdict verdict = verify(key, text + at + sizeof prefix - 1, mid);
        if (verdict == VERP_GOOD)
            return VERP_GOOD;
        if (verdict == VERP_FORGED)
            found = VERP_FORGED;
    }
    *mid = '\0';
    return found;
}
