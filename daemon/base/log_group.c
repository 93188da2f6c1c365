#include "base/log_group.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/log_line.h"
#include "base/mem.h"

enum { KEY_MOST = 160, FIELDS_MOST = 6, VALUES_MOST = 160, COUNT_SIZE = 32 };

static const char others[] = "other kinds";

struct kind {
    char key[KEY_MOST]; /* as it is told */
    const char *words;
    struct log_field fields[1 + FIELDS_MOST + 1]; /* `more`, and those of the kind */
    char values[VALUES_MOST];                     /* what these refer to */
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
    kind->fields[0] = LOG_SAID_NUMBER("more", kind->more);
    log_with(LOG_LEVEL_WARNING, kind->fields, "… and %s more like it within %s: %s",
             print_count(kind->more, count), time, kind->words);
    kind->more = 0;
    kind->since_ms = now_ms;
}

/* What its fields refer to is in the kind itself. */
static void move_kind(struct kind *to, const struct kind *from)
{
    *to = *from;
    for (size_t i = 1; i <= FIELDS_MOST && to->fields[i].kind; i++)
        if (to->fields[i].text)
            to->fields[i].text = to->values + (from->fields[i].text - from->values);
}

void log_group_tell(struct log_group *group, int64_t now_ms)
{
    for (size_t i = 0; i < group->count;) {
        struct kind *kind = &group->kinds[i];
        bool due = now_ms - kind->since_ms >= LOG_GROUP_MS;
        if (due && kind->more == 0) {
            move_kind(kind, &group->kinds[--group->count]);
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

static struct kind *find(struct log_group *group, const char *key)
{
    for (size_t i = 0; i < group->count; i++)
        if (strcmp(group->kinds[i].key, key) == 0)
            return &group->kinds[i];
    return NULL;
}

/* Fields that there is no room for are left out. */
static void copy_fields(struct kind *kind, const struct log_field *fields)
{
    size_t used = 0, count = 1;
    for (const struct log_field *field = fields; field && field->kind; field++) {
        const char *text = field->text ? field->text : "";
        size_t size = strlen(text) + 1;
        if (count > FIELDS_MOST || used + size > sizeof kind->values)
            continue;
        kind->fields[count] = *field;
        kind->fields[count++].text = memcpy(kind->values + used, text, size);
        used += size;
    }
    kind->fields[count] = (struct log_field){0};
}

bool log_group_is_news(struct log_group *group, int64_t now_ms, const char *words,
                       const struct log_field *fields)
{
    char key[KEY_MOST];
    if (!group)
        return true;
    log_group_tell(group, now_ms);
    key[log_line_text(words, fields, key, sizeof key - 1)] = '\0';
    struct kind *known = find(group, key);
    if (!known && group->count >= LOG_GROUP_KINDS) {
        strcpy(key, words = others);
        fields = NULL;
        known = find(group, key);
    }
    if (known) {
        known->more++;
        return false;
    }
    known = &group->kinds[group->count++];
    *known = (struct kind){.words = words, .since_ms = now_ms};
    strcpy(known->key, key);
    copy_fields(known, fields);
    return true;
}
