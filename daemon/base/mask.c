/*
 * A text is gone through once (copy_masked). At each place one of three may begin: the login of an
 * address, behind "://"; a parameter, behind "?" or "&"; in a line of a file a name with its value
 * behind a colon. Each is asked where its secret lies, as a span; what is within a span is not
 * copied.
 */
#include "base/mask.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char masked[] = "***";

struct span {
    size_t from, to; /* nothing where they are equal */
};

struct masking {
    const char *text;
    size_t length;
    bool is_line; /* of a file; perhaps cut at its end */
};

enum { CUT_LEAST = 40 }; /* bytes of an address that the end of a line may have cut */

static bool is_one_of(const char *word, size_t length, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == length && strncasecmp(*words, word, length) == 0)
            return true;
    return false;
}

/* What stands behind the last dash or underscore, or the whole name. */
static size_t last_word(const char *name, size_t length)
{
    size_t at = length;
    while (at > 0 && name[at - 1] != '-' && name[at - 1] != '_')
        at--;
    return at;
}

bool mask_is_secret(const char *name, size_t length)
{
    static const char *const words[] = {"authorization", "token",  "secret",    "password",
                                        "passwd",        "apikey", "signature", NULL};
    static const char *const key[] = {"key", NULL};
    size_t at = last_word(name, length);
    return is_one_of(name + at, length - at, words) ||
           (at > 0 && is_one_of(name + at, length - at, key));
}

static bool is_secret_parameter(const char *name, size_t length)
{
    static const char *const words[] = {"key", "pass", "pwd", "auth", "sig", NULL};
    return mask_is_secret(name, length) || is_one_of(name, length, words);
}

/* A space, a quote or a bracket ends an address in a text. */
static bool ends_address(char c)
{
    return (unsigned char)c <= ' ' || strchr("\"'`<>", c);
}

static size_t find_end(const struct masking *masking, size_t at, const char *ends)
{
    while (at < masking->length && !ends_address(masking->text[at]) &&
           !strchr(ends, masking->text[at]))
        at++;
    return at;
}

/* A password that was cut before its "@": from the colon to the end. */
static struct span cut_login_at(const struct masking *masking, size_t at, size_t end)
{
    const char *colon = memchr(masking->text + at, ':', end - at);
    if (!masking->is_line || end < masking->length || end - at < CUT_LEAST || !colon)
        return (struct span){0};
    return (struct span){(size_t)(colon + 1 - masking->text), end};
}

/* Behind "://": the password of user:password@host; a name alone may be a token, but for Redis
 * it is a user. */
static struct span login_at(const struct masking *masking, size_t at)
{
    const char *text = masking->text;
    size_t end = find_end(masking, at, "/?#"), from = at;
    const char *host = end > at ? memrchr(text + at, '@', end - at) : NULL;
    if (!host)
        return cut_login_at(masking, at, end);
    const char *colon = memchr(text + at, ':', (size_t)(host - (text + at)));
    bool redis = (at >= 8 && strncasecmp(text + at - 8, "redis", 5) == 0) ||
                 (at >= 9 && strncasecmp(text + at - 9, "rediss", 6) == 0);
    if (!colon && redis)
        return (struct span){0};
    if (colon)
        from = (size_t)(colon + 1 - text);
    return (struct span){from, (size_t)(host - text)};
}

/* Behind "?" or "&": name=value. */
static struct span parameter_at(const struct masking *masking, size_t at)
{
    size_t equals = find_end(masking, at, "=&?/:,;");
    if (equals == masking->length || masking->text[equals] != '=' ||
        !is_secret_parameter(masking->text + at, equals - at))
        return (struct span){0};
    return (struct span){equals + 1, find_end(masking, equals + 1, "&#,;")};
}

/* `Authorization: "Bearer abc"`, as YAML has it: the value, without what stands around it. */
static struct span field_at(const struct masking *masking, size_t at)
{
    static const char *const alone[] = {"authorization", "password", NULL};
    const char *text = masking->text;
    size_t end = at;
    while (end < masking->length && (isalnum((unsigned char)text[end]) || text[end] == '-'))
        end++;
    if (!is_one_of(text + at, end - at, alone) &&
        !(memchr(text + at, '-', end - at) && mask_is_secret(text + at, end - at)))
        return (struct span){0};
    if (end < masking->length && strchr("\"'", text[end]))
        end++;
    if (end >= masking->length || text[end++] != ':')
        return (struct span){0};
    while (end < masking->length && strchr(" \"'", text[end]))
        end++;
    struct span span = {end, end};
    while (span.to < masking->length && !strchr("\"'},", text[span.to]))
        span.to++;
    return span;
}

/* The secret that begins to be told at `at`. */
static struct span span_at(const struct masking *masking, size_t at)
{
    const char *text = masking->text;
    bool begins = at == 0 || strchr(" \"'{,", text[at - 1]);
    struct span span = {0};
    if (at >= 3 && memcmp(text + at - 3, "://", 3) == 0)
        span = login_at(masking, at);
    else if (at > 0 && strchr("?&", text[at - 1]))
        span = parameter_at(masking, at);
    else if (masking->is_line && begins)
        span = field_at(masking, at);
    return span;
}

void mask_value(const char *value, size_t length, struct buf *out)
{
    static const char *const schemes[] = {"bearer", "basic", "token", NULL};
    const char *space = memchr(value, ' ', length);
    size_t kept = space ? (size_t)(space - value) : 0;
    if (!is_one_of(value, kept, schemes))
        kept = 0;
    kept += kept > 0;
    if (length == kept || memchr(value, '{', length)) {
        buf_add(out, value, length);
        return;
    }
    buf_add(out, value, kept);
    buf_text(out, masked);
}

/* Copies up to `to`; offsets within that are moved along. */
static void copy_to(const struct masking *masking, size_t from, size_t to, struct buf *out,
                    size_t *places, const size_t *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (wanted[i] >= from && wanted[i] <= to)
            places[i] = out->length + (wanted[i] - from);
    buf_add(out, masking->text + from, to - from);
}

enum { PLACES_MOST = 4 };

static void copy_masked(const struct masking *masking, struct buf *out, size_t *places,
                        size_t count)
{
    size_t done = 0, wanted[PLACES_MOST];
    for (size_t i = 0; i < count; i++)
        wanted[i] = places[i];
    for (size_t at = 0; at < masking->length; at++) {
        struct span span = span_at(masking, at);
        if (span.from == span.to || span.from < done)
            continue;
        copy_to(masking, done, span.from, out, places, wanted, count);
        for (size_t i = 0; i < count; i++)
            if (wanted[i] > span.from && wanted[i] < span.to)
                places[i] = out->length;
        mask_value(masking->text + span.from, span.to - span.from, out);
        done = at = span.to;
    }
    copy_to(masking, done, masking->length, out, places, wanted, count);
}

void mask_text(const char *text, size_t length, struct buf *out)
{
    copy_masked(&(struct masking){text, length, false}, out, NULL, 0);
}

void mask_line(const char *line, size_t length, struct buf *out, size_t *places, size_t count)
{
    copy_masked(&(struct masking){line, length, true}, out, places, count);
}
