#include "cel/cel_unicode.h"

#include <stdlib.h>
#include <unicode/ucasemap.h>

#include "base/mem.h"

/* Most characters keep their length in UTF-8; the rest asks again with more room. */
enum { SPARE = 64 };

bool cel_unicode_case(struct buf *out, const char *text, size_t length, bool upper)
{
    UErrorCode error = U_ZERO_ERROR;
    UCaseMap *map = ucasemap_open("", 0, &error);
    if (U_FAILURE(error))
        mem_exhausted(); /* the root locale is built in: nothing else can fail */
    int32_t room = (int32_t)length + SPARE;
    for (;;) {
        char *changed = mem_alloc((size_t)room);
        error = U_ZERO_ERROR;
        int32_t written =
            upper ? ucasemap_utf8ToUpper(map, changed, room, text, (int32_t)length, &error)
                  : ucasemap_utf8ToLower(map, changed, room, text, (int32_t)length, &error);
        bool fits = U_SUCCESS(error);
        bool fine = fits && buf_add(out, changed, (size_t)written);
        free(changed);
        if (fits || error != U_BUFFER_OVERFLOW_ERROR) {
            ucasemap_close(map);
            return fine;
        }
        room = written + 1;
    }
}
