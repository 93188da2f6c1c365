#include "web/web_request.h"

#include <string.h>
#include <strings.h>

const char *web_request_header(const struct web_request *request, const char *name)
{
    for (size_t i = 0; i < request->headers.count; i++)
        if (strcasecmp(request->headers.items[i].name.text, name) == 0)
            return request->headers.items[i].value.text;
    return NULL;
}

size_t web_request_header_count(const struct web_request *request, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < request->headers.count; i++)
        count += strcasecmp(request->headers.items[i].name.text, name) == 0;
    return count;
}

const char *web_request_query(const struct web_request *request, const char *name)
{
    for (size_t i = 0; i < request->query.count; i++)
        if (strcmp(request->query.items[i].name.text, name) == 0)
            return request->query.items[i].value.text;
    return NULL;
}

bool web_request_is(const struct web_request *request, const char *type)
{
    const char *given = web_request_header(request, "Content-Type");
    if (!given)
        return false;
    const struct slice named = slice_trim((struct slice){given, strcspn(given, ";")}, " \t");
    return named.length == strlen(type) && strncasecmp(named.text, type, named.length) == 0;
}
