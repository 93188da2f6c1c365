#include "lang/cel_regex.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uregex.h>
#include <unicode/utext.h>

#include "base/mem.h"

enum {
    TIME_LIMIT = 50,          /* ICU's unit: about a millisecond */
    STACK_LIMIT = 512 * 1024, /* bytes of backtracking */
};

/* A compiled pattern of this thread. */
struct kept {
    char *pattern; /* NULL: a free place */
    uint32_t length;
    uint64_t used; /* by the cache's clock */
    URegularExpression *regex;
};

struct cache {
    struct kept kept[CEL_REGEX_KEPT];
    uint64_t clock;
};

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void drop(struct kept *kept)
{
    if (!kept->pattern)
        return;
    uregex_close(kept->regex);
    free(kept->pattern);
    kept->pattern = NULL;
}

static void end_cache(void *data)
{
    struct cache *cache = data;
    for (int i = 0; i < CEL_REGEX_KEPT; i++)
        drop(&cache->kept[i]);
    free(cache);
}

static void make_key(void)
{
    if (pthread_key_create(&key, end_cache) != 0)
        mem_exhausted();
}

static struct cache *own_cache(void)
{
    pthread_once(&once, make_key);
    struct cache *cache = pthread_getspecific(key);
    if (!cache) {
        cache = mem_zero(1, sizeof *cache);
        pthread_setspecific(key, cache);
    }
    return cache;
}

/* What ICU has and RE2 has not: (?=…) (?!…) (?<=…) (?<!…) (?>…), possessive quantifiers,
 * back-references \1 and \k<name>. Escapes and character classes are stepped over. */
static bool is_foreign(const char *pattern, uint32_t length)
{
    bool in_class = false;
    for (uint32_t i = 0; i + 1 < length; i++) {
        char c = pattern[i], next = pattern[i + 1];
        if (c == '\\') {
            if (!in_class && ((next >= '1' && next <= '9') || next == 'k' || next == 'G' ||
                              next == 'Z' || next == 'X' || next == 'R'))
                return true;
            i++;
        } else if (in_class) {
            in_class = c != ']';
        } else if (c == '[') {
            in_class = true;
            i += next == '^';
            i += i + 1 < length && pattern[i + 1] == ']';
        } else if (c == '(' && next == '?' && i + 2 < length) {
            char kind = pattern[i + 2];
            bool behind =
                kind == '<' && i + 3 < length && (pattern[i + 3] == '=' || pattern[i + 3] == '!');
            if (kind == '=' || kind == '!' || kind == '>' || kind == '#' || behind)
                return true;
        } else if (strchr("*+?}", c) && next == '+') {
            return true;
        }
    }
    return false;
}

/* RE2's name for a group, (?P<name>…), in ICU's words: (?<name>…). Returns the length. */
static uint32_t translate(const char *pattern, uint32_t length, char *out)
{
    uint32_t written = 0;
    for (uint32_t i = 0; i < length; i++) {
        if (pattern[i] == '\\' && i + 1 < length) {
            out[written++] = pattern[i++];
        } else if (i + 3 < length && memcmp(pattern + i, "(?P<", 4) == 0) {
            memcpy(out + written, "(?", 2);
            written += 2;
            i += 3;
        }
        out[written++] = pattern[i];
    }
    return written;
}

static URegularExpression *compile(const char *pattern, uint32_t length)
{
    char translated[CEL_REGEX_PATTERN_MOST];
    UErrorCode error = U_ZERO_ERROR;
    uint32_t written = translate(pattern, length, translated);
    UText *text = utext_openUTF8(NULL, translated, written, &error);
    URegularExpression *regex = uregex_openUText(text, 0, NULL, &error);
    utext_close(text);
    if (U_SUCCESS(error))
        uregex_setTimeLimit(regex, TIME_LIMIT, &error);
    if (U_SUCCESS(error))
        uregex_setStackLimit(regex, STACK_LIMIT, &error);
    if (U_SUCCESS(error))
        return regex;
    if (regex)
        uregex_close(regex);
    return NULL;
}

/* The pattern's place in the cache: found, or compiled in place of the one that was
 * not used for longest. NULL where it is no regular expression. */
static URegularExpression *find(const struct value *pattern)
{
    struct cache *cache = own_cache();
    struct kept *oldest = &cache->kept[0];
    cache->clock++;
    for (int i = 0; i < CEL_REGEX_KEPT; i++) {
        struct kept *kept = &cache->kept[i];
        if (kept->pattern && kept->length == pattern->length &&
            memcmp(kept->pattern, pattern->string, kept->length) == 0) {
            kept->used = cache->clock;
            return kept->regex;
        }
        if (!kept->pattern ? oldest->pattern != NULL : oldest->pattern && kept->used < oldest->used)
            oldest = kept;
    }
    URegularExpression *regex = compile(pattern->string, pattern->length);
    if (!regex)
        return NULL;
    drop(oldest);
    *oldest = (struct kept){.pattern = mem_copy(pattern->string, pattern->length),
                            .length = pattern->length,
                            .used = cache->clock,
                            .regex = regex};
    return regex;
}

const char *cel_regex_search(const struct value *pattern, const struct value *text, bool *found)
{
    if (pattern->length >= CEL_REGEX_PATTERN_MOST)
        return "the regular expression is too long";
    *found = pattern->length == 0; /* which ICU refuses to compile; it matches anything */
    if (*found)
        return NULL;
    if (is_foreign(pattern->string, pattern->length))
        return "%v: look-around, back-references and possessive repeats are not supported";
    URegularExpression *regex = find(pattern);
    if (!regex)
        return "%v is no regular expression";
    UErrorCode error = U_ZERO_ERROR;
    UText *subject = utext_openUTF8(NULL, text->string, text->length, &error);
    uregex_setUText(regex, subject, &error);
    *found = uregex_find(regex, 0, &error);
    utext_close(subject);
    if (U_FAILURE(error))
        return "the regular expression %v takes too much work";
    return NULL;
}
