#include "events/work_list.h"

void work_list_add(struct arena *arena, struct work_list *list, const char *text)
{
    if (list->count + 1 >= list->capacity) /* one more than needed, for the NULL */
        list->texts =
            arena_grow(arena, list->texts, list->capacity, &list->capacity, sizeof *list->texts);
    list->texts[list->count++] = text;
    list->texts[list->count] = NULL;
}
