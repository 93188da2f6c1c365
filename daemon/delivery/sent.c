#include "delivery/sent.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"

/* Rows, each of a few messages that share a digest: in a full one the oldest is forgotten. */
enum { ROW = 4, ROWS = SENT_MOST / ROW, MID_SIZE = 33 };

struct item {
    char mid[MID_SIZE];  /* "": none */
    const char *gateway; /* NULL: it is under way */
    int64_t losses, at_ms;
};

struct sent {
    struct item items[ROWS][ROW];
};

struct sent *sent_new(void)
{
    return mem_zero(1, sizeof(struct sent)); /* pages that nobody touches cost nothing */
}

void sent_destroy(struct sent **sent)
{
    free(*sent);
    *sent = NULL;
}

static size_t row_of(const char *mid)
{
    return digest_spread(mid, strlen(mid)) % ROWS;
}

/* NULL: it is not there. */
static const struct item *find(const struct sent *sent, const char *mid)
{
    const struct item *row = sent->items[row_of(mid)];
    for (size_t i = 0; *mid && i < ROW; i++)
        if (strcmp(row[i].mid, mid) == 0)
            return &row[i];
    return NULL;
}

static struct item *oldest(struct sent *sent, const char *mid)
{
    struct item *row = sent->items[row_of(mid)], *found = row;
    for (size_t i = 1; i < ROW; i++)
        if (row[i].at_ms < found->at_ms)
            found = &row[i];
    return found;
}

void sent_begin(struct sent *sent, const char *mid, int64_t losses, int64_t now_ms)
{
    struct item *item = (struct item *)find(sent, mid);
    if (strlen(mid) >= MID_SIZE)
        return;
    if (!item)
        item = oldest(sent, mid);
    strcpy(item->mid, mid);
    item->gateway = NULL;
    item->losses = losses;
    item->at_ms = now_ms;
}

void sent_end(struct sent *sent, const char *mid, const char *gateway, int64_t now_ms)
{
    struct item *item = (struct item *)find(sent, mid);
    if (!item)
        return;
    item->gateway = gateway;
    item->at_ms = now_ms;
    if (!gateway)
        *item = (struct item){0};
}

enum sent_state sent_find(const struct sent *sent, const char *mid, int64_t losses, int64_t now_ms,
                          const char **gateway)
{
    const struct item *item = find(sent, mid);
    if (!item || item->losses >= losses)
        return SENT_UNKNOWN;
    if (!item->gateway)
        return SENT_UNDER_WAY;
    *gateway = item->gateway;
    return now_ms - item->at_ms < SENT_KEEP_MS ? SENT_GONE : SENT_UNKNOWN;
}
