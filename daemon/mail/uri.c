#include "mail/uri.h"

#include <string.h>

#include "base/locale_format.h"
#include "base/percent.h"

/* RFC 3986, 2.2 and 2.3, the percent sign of what is encoded already, and the braces of `{token}`.
 */
#define URI_CHARACTERS ":/?#[]@!$&'()*+,;=-._~%{}"
/* RFC 6068, section 2: what needs no encoding in an address, its `@` among it. */
#define MAILTO_CHARACTERS "-._~!$'()*+,;:@"

static bool is_ascii(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] & 0x80)
            return false;
    return true;
}

/* The text, percent-encoded but for `safe`. */
static const char *encode(struct arena *arena, const char *text, const char *safe)
{
    struct buf out;
    buf_init(&out, 3 * strlen(text) + 1);
    percent_encode(&out, text, safe);
    const char *encoded = arena_copy(arena, buf_string(&out), out.length);
    buf_free(&out);
    return encoded;
}

const char *uri_ascii(struct arena *arena, const char *url)
{
    const char *host = strstr(url, "://"), *ascii = NULL;
    host = host ? host + 3 : url + strlen(url);
    size_t authority = strcspn(host, "/?#");
    const char *at = memchr(host, '@', authority);
    if (at) {
        authority -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    size_t length = *host == '[' ? authority : strcspn(host, ":/?#");
    if (is_ascii(host, length))
        return encode(arena, url, URI_CHARACTERS);
    ascii = locale_format_domain(arena, host, length);
    if (!ascii)
        return NULL;
    return encode(arena,
                  arena_printf(arena, "%.*s%s%s", (int)(host - url), url, ascii, host + length),
                  URI_CHARACTERS);
}

const char *uri_mailto(struct arena *arena, const char *mailbox)
{
    return arena_printf(arena, "mailto:%s", encode(arena, mailbox, MAILTO_CHARACTERS));
}
