#include "base/log_group.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

enum { WORDS_MOST = 160, COUNT_SIZE = 32 };

static const char others[] = "other kinds";

struct kind {
    char words[WORDS_MOST];
    int64_t since_ms; /* when one was told in full, or those that followed were */
    uint64_t more;    /* since then */
};

struct log_group {
    struct kind kinds[LOG_GROUP_KINDS + 1]; /* the last one for all others */
    size_t count;
};

struct log_group *log_group_new(void)
{
    return mem_zero(1, sizeof(struct log_group));
}

void log_group_destroy(struct log_group **group)
{
    free(*group);
    *group = NULL;
}

/* With a comma before each three digits: "1,999". */
static const char *print_count(uint64_t count, char out[COUNT_SIZE])
{
    char digits[COUNT_SIZE];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count), used = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

static void tell_kind(struct kind *kind, int64_t now_ms)
{
    char count[COUNT_SIZE], time[32] = "a minute";
    int64_t passed_ms = now_ms - kind->since_ms;
    if (kind->more == 0)
        return;
    if (passed_ms < LOG_GROUP_MS)
        snprintf(time, sizeof time, "%" PRId64 " s", passed_ms / 1000 + 1);
    log_warning("… and %s more like it within %s: %s", print_count(kind->more, count), time,
                kind->words);
    kind->more = 0;
    kind->since_ms = now_ms;
}

void log_group_tell(struct log_group *group, int64_t now_ms)
{
    for (size_t i = 0; i < group->count;) {
        struct kind *kind = &group->kinds[i];
        bool due = now_ms - kind->since_ms >= LOG_GROUP_MS;
        if (due && kind->more == 0) {
            *kind = group->kinds[--group->count];
            continue;
        }
        if (due)
            tell_kind(kind, now_ms);
        i++;
    }
}

void log_group_end(struct log_group *group, int64_t now_ms)
{
    for (size_t i = 0; i < group->count; i++)
        tell_kind(&group->kinds[i], now_ms);
    group->count = 0;
}

static struct kind *find(struct log_group *group, const char *words)
{
    for (size_t i = 0; i < group->count; i++)
        if (strcmp(group->kinds[i].words, words) == 0)
            return &group->kinds[i];
    return NULL;
}

bool log_group_is_news(struct log_group *group, int64_t now_ms, const char *kind, ...)
{
    char words[WORDS_MOST];
    va_list args;
    if (!group)
        return true;
    log_group_tell(group, now_ms);
    va_start(args, kind);
    vsnprintf(words, sizeof words, kind, args);
    va_end(args);
    struct kind *known = find(group, words);
    if (!known && group->count >= LOG_GROUP_KINDS) {
        strcpy(words, others);
        known = find(group, words);
    }
    if (known) {
        known->more++;
        return false;
    }
    known = &group->kinds[group->count++];
    *known = (struct kind){.since_ms = now_ms};
    strcpy(known->words, words);
    return true;
}
