#include "base/share.h"

#include <math.h>

#include "base/buf.h"
#include "base/digest.h"

enum { NAMES_MOST = 64 * 1024, PERCENT = SHARE_WHOLE / 100 };

uint32_t share_place(const char *purpose, const char *name, const char *key)
{
    struct buf names;
    buf_init(&names, NAMES_MOST);
    buf_text(&names, purpose);
    buf_char(&names, '\0');
    buf_text(&names, name);
    buf_char(&names, '\0');
    buf_text(&names, key);
    uint64_t hash = digest_spread(buf_string(&names), names.length);
    buf_free(&names);
    return (uint32_t)((hash >> 32) * SHARE_WHOLE >> 32);
}

double share_percent(uint32_t places)
{
    return (double)places / (double)PERCENT;
}

const struct shape share_shape = {.kind = SHAPE_NUMBER, .least = 0, .most = 100};

bool share_read(const struct value *percentage, uint32_t *places)
{
    double number;
    if (!value_to_double(percentage, &number) || !(number >= 0 && number <= 100))
        return false;
    double exact = number * (double)PERCENT, whole = round(exact);
    *places = (uint32_t)whole;
    return fabs(exact - whole) < 1e-6;
}
