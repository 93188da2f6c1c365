/*
 * Words (said_add …) are kept one for each topic, the newest: in whatever order they come, the
 * same words stand in the end. What stands of them is asked of two: the topic's, and all's.
 *
 * A record (said_read) is text that scripts write and merge (store/shared_said.lua). Of it only
 * a no is taken over: a yes expires with the document in which it stood.
 */
#include "customer/said.h"

#include <string.h>

#include "base/mailbox.h"
#include "base/utf8.h"

const char said_all[] = "all";

const char *said_topic(struct arena *arena, const struct value *topic)
{
    if (!topic || topic->kind == VALUE_NULL)
        return said_all;
    if (topic->kind != VALUE_STRING || topic->length == 0 || topic->length > SAID_TOPIC_MOST ||
        !utf8_valid(topic->string, topic->length) || utf8_has_control(topic->string, topic->length))
        return NULL;
    const char *folded = mailbox_fold(arena, (struct slice){topic->string, topic->length});
    return strlen(folded) <= SAID_TOPIC_MOST ? folded : NULL;
}

/* ---- Words ---- */

static bool is_all(const struct customer_said *word)
{
    return strcmp(word->topic, said_all) == 0;
}

static struct customer_said *find(const struct customer *customer, const char *topic)
{
    for (uint32_t i = 0; i < customer->said.count; i++)
        if (strcmp(customer->said.items[i].topic, topic) == 0)
            return &customer->said.items[i];
    return NULL;
}

/* The oldest yes, or no, to a topic; the count where there is none. */
static uint32_t oldest(const struct customer *customer, bool yes)
{
    uint32_t found = customer->said.count;
    for (uint32_t i = 0; i < customer->said.count; i++) {
        const struct customer_said *word = &customer->said.items[i];
        if (word->yes == yes && !is_all(word) &&
            (found == customer->said.count || word->at_ms < customer->said.items[found].at_ms))
            found = i;
    }
    return found;
}

/* A no is never dropped: the oldest grows to one to all, which newer words stand over. */
static void make_room(struct arena *arena, struct customer *customer)
{
    uint32_t index = oldest(customer, true);
    if (index < customer->said.count) {
        CUSTOMER_LIST_DROP(customer->said, index);
        return;
    }
    index = oldest(customer, false);
    int64_t at_ms = customer->said.items[index].at_ms;
    CUSTOMER_LIST_DROP(customer->said, index);
    said_add(arena, customer, said_all, false, at_ms);
}

bool said_add(struct arena *arena, struct customer *customer, const char *topic, bool yes,
              int64_t at_ms)
{
    struct customer_said *word = find(customer, topic);
    if (at_ms < 0) /* records have no sign */
        at_ms = 0;
    if (word && word->at_ms > at_ms)
        return false;
    if (word) {
        word->yes = yes;
        word->at_ms = at_ms;
        return true;
    }
    while (customer->said.count >= SAID_MOST)
        make_room(arena, customer);
    word = find(customer, topic); /* room may have been made by a no to all */
    if (word)
        return said_add(arena, customer, topic, yes, at_ms);
    const struct customer_said said = {.topic = topic, .yes = yes, .at_ms = at_ms};
    CUSTOMER_LIST_PUSH(arena, customer->said, said);
    return true;
}

/* The word that stands for a topic; NULL: nothing was said. */
static const struct customer_said *standing(const struct customer *customer, const char *topic)
{
    const struct customer_said *all = find(customer, said_all), *own = find(customer, topic);
    if (!all || !own)
        return own ? own : all;
    if (own->at_ms != all->at_ms)
        return own->at_ms > all->at_ms ? own : all;
    return own->yes ? all : own;
}

bool said_declined(const struct customer *customer, const char *topic)
{
    const struct customer_said *word = standing(customer, topic);
    return word && !word->yes;
}

bool said_wanted(const struct customer *customer, const char *topic)
{
    const struct customer_said *own = find(customer, topic);
    return own && own->yes && !is_all(own) && !said_declined(customer, topic);
}

bool said_any_no(const struct customer *customer)
{
    for (uint32_t i = 0; i < customer->said.count; i++)
        if (!customer->said.items[i].yes && said_declined(customer, customer->said.items[i].topic))
            return true;
    return false;
}

void said_keep_noes(struct customer *customer)
{
    const struct customer kept = *customer; /* what stands is asked while words go */
    uint32_t count = 0;
    bool stands[SAID_MOST];
    for (uint32_t i = 0; i < kept.said.count && i < SAID_MOST; i++)
        stands[i] = !kept.said.items[i].yes && said_declined(&kept, kept.said.items[i].topic);
    for (uint32_t i = 0; i < kept.said.count && i < SAID_MOST; i++)
        if (stands[i])
            customer->said.items[count++] = customer->said.items[i];
    customer->said.count = count;
}

/* Of two words of the same time a no stands. */
static bool is_news(const struct customer *customer, const struct customer_said *word)
{
    const struct customer_said *mine = find(customer, word->topic);
    return !mine || mine->at_ms < word->at_ms || (mine->at_ms == word->at_ms && mine->yes);
}

void said_join(struct arena *arena, struct customer *customer, const struct customer *other)
{
    for (uint32_t i = 0; i < other->said.count; i++) {
        const struct customer_said *word = &other->said.items[i];
        if (is_news(customer, word))
            said_add(arena, customer, word->topic, word->yes, word->at_ms);
    }
    customer->said_unrecorded |= other->said_unrecorded;
}

/* ---- Records ---- */

static bool read_ms(const char **at, const char *end, int64_t *ms)
{
    const char *from = *at;
    *ms = 0;
    while (*at < end && **at >= '0' && **at <= '9' && *at - from < 15)
        *ms = *ms * 10 + *(*at)++ - '0';
    return *at > from;
}

static void add_no(struct arena *arena, struct said_record *record, const char *topic,
                   int64_t at_ms)
{
    if (record->noes.count == SAID_MOST) /* more than a script writes */
        topic = said_all;
    const struct customer_said no = {.topic = topic, .at_ms = at_ms};
    CUSTOMER_LIST_PUSH(arena, record->noes, no);
}

/* "-<ms>", "-<ms>=<topic>", "+<ms>=<topic>", "!<ms>=<identity>" */
static void read_line(struct arena *arena, struct said_record *record, struct slice line)
{
    const char *at = line.text, *end = line.text + line.length, *rest = NULL;
    const char sign = *at++;
    int64_t ms;
    bool good = (sign == '-' || sign == '+' || sign == '!') && read_ms(&at, end, &ms);
    if (good && at + 1 < end && *at == '=')
        rest = arena_copy(arena, at + 1, (size_t)(end - at - 1));
    else if (at < end || sign == '+')
        good = false;
    if (!good) {
        add_no(arena, record, said_all, 0);
    } else if (sign == '-') {
        add_no(arena, record, rest ? rest : said_all, ms);
    } else if (sign == '!') {
        record->erased_ms = ms;
        record->erasure = rest ? rest : "";
    }
}

struct said_record said_read(struct arena *arena, struct slice text)
{
    struct said_record record = {.erasure = ""};
    const char *at = text.text, *end = text.text ? text.text + text.length : NULL;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (!line_end)
            line_end = end;
        if (line_end > at)
            read_line(arena, &record, slice_between(at, line_end));
        at = line_end + 1;
    }
    return record;
}

bool said_take_over(struct arena *arena, struct customer *customer,
                    const struct said_record *record)
{
    bool taken = false;
    for (uint32_t i = 0; i < record->noes.count; i++) {
        const struct customer_said *no = &record->noes.items[i];
        if (is_news(customer, no))
            taken |= said_add(arena, customer, no->topic, false, no->at_ms);
    }
    return taken;
}

static bool has_no(const struct said_record *record, const struct customer_said *word)
{
    for (uint32_t i = 0; i < record->noes.count; i++) {
        const struct customer_said *no = &record->noes.items[i];
        if (no->at_ms >= word->at_ms && (is_all(no) || strcmp(no->topic, word->topic) == 0))
            return true;
    }
    return false;
}

bool said_has_noes(const struct said_record *record, const struct customer *customer)
{
    for (uint32_t i = 0; i < customer->said.count; i++) {
        const struct customer_said *word = &customer->said.items[i];
        if (!word->yes && said_declined(customer, word->topic) && !has_no(record, word))
            return false;
    }
    return true;
}
