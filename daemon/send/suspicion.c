#include "send/suspicion.h"

#include <stdio.h>
#include <string.h>

void suspicion_init(struct suspicion *suspicion)
{
    *suspicion = (struct suspicion){0};
}

enum suspicion_kind suspicion_kind_of(const struct outcome *outcome)
{
    if (outcome->kind == OUTCOME_BOUNCED)
        return SUSPICION_BOUNCED;
    if (outcome->kind != OUTCOME_DEAD || outcome->suspect == OUTCOME_UNSUSPECTED)
        return SUSPICION_NONE;
    return outcome->suspect == OUTCOME_SUSPECT_MAILBOX ? SUSPICION_MAILBOX : SUSPICION_REFUSAL;
}

/* Different recipients of the row, of bounces or of all else. */
static size_t count_recipients(const struct suspicion *suspicion, bool bounced)
{
    uint64_t recipients[SUSPICION_MOST];
    size_t count = 0;
    for (size_t i = 0; i < suspicion->count; i++) {
        const struct suspicion_item *item = &suspicion->items[i];
        size_t at = 0;
        if ((item->kind == SUSPICION_BOUNCED) != bounced)
            continue;
        while (at < count && recipients[at] != item->recipient)
            at++;
        if (at == count)
            recipients[count++] = item->recipient;
    }
    return count;
}

static bool has_known_bounce(const struct suspicion *suspicion)
{
    for (size_t i = 0; i < suspicion->count; i++)
        if (suspicion->items[i].kind == SUSPICION_BOUNCED && suspicion->items[i].known)
            return true;
    return false;
}

static enum suspicion_kind blame(const struct suspicion *suspicion, size_t suspect)
{
    if (count_recipients(suspicion, false) >= suspect)
        return SUSPICION_REFUSAL;
    if (has_known_bounce(suspicion) && count_recipients(suspicion, true) >= suspect)
        return SUSPICION_BOUNCED;
    return SUSPICION_NONE;
}

/* It was blamed already: a stale mailbox is still one, where bounces are not what it is blamed for.
 */
static bool shares_blame(const struct suspicion *suspicion, const struct suspicion_item *item)
{
    return item->kind != SUSPICION_BOUNCED || item->known || suspicion->blamed == SUSPICION_BOUNCED;
}

bool suspicion_add(struct suspicion *suspicion, const struct suspicion_item *item, size_t suspect)
{
    if (suspicion->blamed != SUSPICION_NONE && !shares_blame(suspicion, item))
        return false;
    if (suspicion->count == SUSPICION_MOST)
        memmove(suspicion->items, suspicion->items + 1,
                --suspicion->count * sizeof *suspicion->items);
    struct suspicion_item *added = &suspicion->items[suspicion->count++];
    *added = *item;
    added->number = ++suspicion->last;
    if (suspicion->blamed == SUSPICION_NONE)
        suspicion->blamed = blame(suspicion, suspect);
    return suspicion->blamed != SUSPICION_NONE;
}

void suspicion_end(struct suspicion *suspicion)
{
    suspicion->count = 0;
}

void suspicion_clear(struct suspicion *suspicion)
{
    suspicion->count = 0;
    suspicion->blamed = SUSPICION_NONE;
}

void suspicion_note_letter(struct suspicion *suspicion, uint64_t number, const char *letter)
{
    for (size_t i = 0; i < suspicion->count; i++)
        if (suspicion->items[i].number == number)
            snprintf(suspicion->items[i].letter, SUSPICION_LETTER_SIZE, "%s", letter);
}
