#include "simulate/said_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

void said_names_free(struct said_names *names)
{
    free(names->asked);
    free(names->told);
    *names = (struct said_names){0};
}

static void add(struct said_name **items, uint32_t *count, struct said_name name)
{
    *items = mem_grow(*items, *count, sizeof **items);
    (*items)[(*count)++] = name;
}

static struct said_name of(const char *name, uint32_t part)
{
    return (struct said_name){map_hash(name, strlen(name)), part};
}

void said_names_ask(struct said_names *names, const char *name, uint32_t part)
{
    add(&names->asked, &names->asked_count, of(name, part));
}

void said_names_tell(struct said_names *names, const char *name, uint32_t part)
{
    add(&names->told, &names->told_count, of(name, part));
}

void said_names_join(struct said_names *names, const struct said_names *other)
{
    for (uint32_t i = 0; i < other->asked_count; i++)
        add(&names->asked, &names->asked_count, other->asked[i]);
    for (uint32_t i = 0; i < other->told_count; i++)
        add(&names->told, &names->told_count, other->told[i]);
}

static int by_hash(const void *a, const void *b)
{
    const struct said_name *one = a, *two = b;
    return (one->hash > two->hash) - (one->hash < two->hash);
}

bool said_names_meet(struct said_names *names)
{
    if (!names->told_count)
        return false;
    qsort(names->told, names->told_count, sizeof *names->told, by_hash);
    for (uint32_t i = 1; i < names->told_count; i++)
        if (names->told[i].hash == names->told[i - 1].hash &&
            names->told[i].part != names->told[i - 1].part)
            return true;
    for (uint32_t i = 0; i < names->asked_count; i++) {
        const struct said_name *told =
            bsearch(&names->asked[i], names->told, names->told_count, sizeof *names->told, by_hash);
        if (told && told->part != names->asked[i].part)
            return true;
    }
    return false;
}
