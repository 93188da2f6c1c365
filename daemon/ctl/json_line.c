#include "ctl/json_line.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "ctl/plain.h"

enum { LINE_MOST = 64 << 20 };

void json_line_print(const struct value *value)
{
    struct buf line;
    buf_init(&line, LINE_MOST);
    json_print(&line, value);
    plain_json(buf_string(&line), line.length);
    putchar('\n');
    buf_free(&line);
}
