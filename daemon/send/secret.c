#include "send/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/mem.h"

bool secret_read(struct secret *secret, struct outcome *outcome)
{
    char text[SECRET_FILE_MOST];
    struct diag diag;
    if (!secret->path || secret->text)
        return true;
    if (secret_file_read(secret->path, text, &diag)) {
        secret->text = mem_text(text);
    } else {
        outcome_set(outcome, OUTCOME_GATEWAY_FAULT);
        outcome_printf(outcome, "%s", diag.text);
    }
    explicit_bzero(text, sizeof text);
    return secret->text;
}

void secret_forget(struct secret *secret)
{
    if (secret->text)
        explicit_bzero(secret->text, strlen(secret->text));
    free(secret->text);
    secret->text = NULL;
}

/* ---- Where it stands in what a server says ---- */

static const char masked[] = "***";

enum {
    MASK_RUN_LEAST = 8,    /* digits of base64: four bytes of a secret at least */
    MASK_RUN_LOOKED = 1024 /* so many are looked at */
};

/* How long the byte is that is written at `at`: as it is, or as "%2F", "\\/", "\\u002f" or "&amp;".
 * 0: it is another one. */
static size_t spelling(const char *at, char byte)
{
    static const struct {
        char byte;
        const char *name;
    } entities[] = {{'&', "&amp;"}, {'<', "&lt;"},   {'>', "&gt;"},   {'"', "&quot;"},
                    {'"', "&#34;"}, {'\'', "&#39;"}, {'\'', "&#x27;"}};
    char code[8];
    if (*at != byte && !strchr("%\\&", *at))
        return 0;
    snprintf(code, sizeof code, "%%%02x", (unsigned char)byte);
    if (strncasecmp(at, code, 3) == 0)
        return 3;
    snprintf(code, sizeof code, "\\u%04x", (unsigned char)byte);
    if (strncasecmp(at, code, 6) == 0)
        return 6;
    if (*at == '\\' && at[1] == byte)
        return 2;
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (entities[i].byte == byte &&
            strncasecmp(at, entities[i].name, strlen(entities[i].name)) == 0)
            return strlen(entities[i].name);
    return *at == byte;
}

static size_t find_spelt(const char *at, const char *secret)
{
    const char *from = at, *next = secret;
    for (size_t length; *next && (length = spelling(at, *next)); next++)
        at += length;
    if (!*next)
        return (size_t)(at - from);
    /* one that looks as if it were encoded */
    return strncmp(from, secret, strlen(secret)) == 0 ? strlen(secret) : 0;
}

static bool is_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("+/-_", c));
}

/* The beginning of a secret in base64 that begins at one of the first digits. */
static bool holds(const char *digits, size_t count, const char *secret)
{
    char bytes[MASK_RUN_LOOKED];
    bool found = false;
    for (size_t from = 0; from < 4 && !found; from++) {
        size_t length = base64_salvage(digits + from, count - from, bytes);
        found = memmem(bytes, length, secret, sizeof masked) != NULL;
    }
    explicit_bzero(bytes, sizeof bytes);
    return found;
}

/* Of a run of base64 with the secret in it, as `Basic` and AUTH have it with the user. */
static size_t find_encoded(const char *at, const char *secret)
{
    char digits[MASK_RUN_LOOKED];
    size_t length = 0, count = 0;
    for (; is_digit(at[length]) || (at[length] == '\\' && at[length + 1] == '/'); length++)
        if (at[length] != '\\' && count < sizeof digits)
            digits[count++] = at[length] == '-' ? '+' : at[length] == '_' ? '/' : at[length];
    if (count < MASK_RUN_LEAST || !holds(digits, count, secret))
        return 0;
    return length + strspn(at + length, "=");
}

void secret_mask(const struct secret *secret, char *line)
{
    bool within = false; /* a run of digits */
    char *to = line;
    if (!secret->text || strlen(secret->text) < sizeof masked)
        return;
    for (const char *at = line; *at;) {
        size_t length = find_spelt(at, secret->text);
        if (!length && !within)
            length = find_encoded(at, secret->text);
        within = !length && is_digit(*at);
        if (length) {
            to = mempcpy(to, masked, sizeof masked - 1);
            at += length;
        } else {
            *to++ = *at++;
        }
    }
    *to = '\0';
}
