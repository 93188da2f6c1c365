#include "cel/cel_regex.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uregex.h>
#include <unicode/utext.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cel/cel_pattern.h"

enum {
    TRANSLATED_MOST = 64 * CEL_REGEX_PATTERN_MOST,
    TIME_LIMIT = 5,           /* ICU's unit: about a millisecond */
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

static URegularExpression *compile(const struct value *pattern)
{
    struct buf translated;
    UErrorCode error = U_ZERO_ERROR;
    URegularExpression *regex = NULL;
    buf_init(&translated, TRANSLATED_MOST);
    if (cel_pattern_translate(pattern->string, pattern->length, &translated)) {
        UText *text =
            utext_openUTF8(NULL, buf_string(&translated), (int64_t)translated.length, &error);
        regex = uregex_openUText(text, UREGEX_UNIX_LINES, NULL, &error);
        utext_close(text);
        uregex_setTimeLimit(regex, TIME_LIMIT, &error);
        uregex_setStackLimit(regex, STACK_LIMIT, &error);
    }
    buf_free(&translated);
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
    URegularExpression *regex = compile(pattern);
    if (!regex)
        return NULL;
    drop(oldest);
    *oldest = (struct kept){.pattern = mem_copy(pattern->string, pattern->length),
                            .length = pattern->length,
                            .used = cache->clock,
                            .regex = regex};
    return regex;
}

enum cel_regex_result cel_regex_search(const struct value *pattern, const struct value *text)
{
    URegularExpression *regex = pattern->length <= CEL_REGEX_PATTERN_MOST ? find(pattern) : NULL;
    if (!regex)
        return CEL_REGEX_INVALID;
    UErrorCode error = U_ZERO_ERROR;
    UText *subject = utext_openUTF8(NULL, text->string, text->length, &error);
    uregex_setUText(regex, subject, &error);
    bool found = uregex_find(regex, 0, &error);
    utext_close(subject);
    if (U_FAILURE(error))
        return CEL_REGEX_EXHAUSTED;
    return found ? CEL_REGEX_FOUND : CEL_REGEX_NONE;
}
