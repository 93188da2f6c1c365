#include "base/slice.h"

#include "base/arena.h"

struct slice slice_copy(struct arena *arena, struct slice slice)
{
    if (slice.text)
        slice.text = arena_copy(arena, slice.text, slice.length);
    return slice;
}

struct slice slice_trim(struct slice slice, const char *blanks)
{
    while (slice.length && memchr(blanks, *slice.text, strlen(blanks))) {
        slice.text++;
        slice.length--;
    }
    while (slice.length && memchr(blanks, slice.text[slice.length - 1], strlen(blanks)))
        slice.length--;
    return slice;
}
