#include "send/secret.h"

#include <string.h>

#include "base/buf.h"
#include "base/percent.h"

bool secret_read(struct secret *secret, struct outcome *outcome)
{
    struct diag diag;
    if (!secret->path || secret->known)
        return true;
    secret->known = secret_file_read(secret->path, secret->text, &diag);
    if (!secret->known) {
        outcome_set(outcome, OUTCOME_GATEWAY_FAULT);
        outcome_printf(outcome, "%s", diag.text);
    }
    return secret->known;
}

void secret_forget(struct secret *secret)
{
    explicit_bzero(secret->text, sizeof secret->text);
    secret->known = false;
}

static void mask(const char *text, char *line)
{
    static const char masked[] = "***";
    size_t length = strlen(text), keep = sizeof masked - 1;
    while (length > keep && (line = strstr(line, text)) != NULL) {
        memcpy(line, masked, keep);
        memmove(line + keep, line + length, strlen(line + length) + 1);
        line += keep;
    }
}

/* As JSON may write it: `\/`. */
static void escape(const char *text, struct buf *out)
{
    for (; *text; text++) {
        if (*text == '/')
            buf_char(out, '\\');
        buf_char(out, *text);
    }
}

void secret_mask(const struct secret *secret, char *line)
{
    struct buf other;
    if (!secret->known)
        return;
    buf_init(&other, 4 * SECRET_FILE_MOST);
    mask(secret->text, line);
    percent_encode(&other, secret->text, PERCENT_UNRESERVED);
    mask(buf_string(&other), line);
    buf_clear(&other);
    escape(secret->text, &other);
    mask(buf_string(&other), line);
    explicit_bzero(other.data, other.capacity);
    buf_free(&other);
}
