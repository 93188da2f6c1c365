#include "redis/epochs.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

struct known {
    const char *master;
    int64_t epoch;
    struct known *next;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of all that stands here */
static struct known *first;                               /* for the time of the process */

static struct known *find(const char *master)
{
    struct known *known = first;
    while (known && strcmp(known->master, master) != 0)
        known = known->next;
    return known;
}

int64_t epochs_followed(const char *master)
{
    pthread_mutex_lock(&mutex);
    const struct known *known = find(master);
    const int64_t epoch = known ? known->epoch : -1;
    pthread_mutex_unlock(&mutex);
    return epoch;
}

void epochs_follow(const char *master, int64_t epoch)
{
    pthread_mutex_lock(&mutex);
    struct known *known = find(master);
    if (!known) {
        known = mem_alloc(sizeof *known);
        *known = (struct known){.master = mem_text(master), .next = first};
        first = known;
    }
    known->epoch = epoch;
    pthread_mutex_unlock(&mutex);
}
