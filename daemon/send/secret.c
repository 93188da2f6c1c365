#include "send/secret.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/percent.h"

bool secret_read(struct secret *secret, struct outcome *outcome)
{
    char text[SECRET_FILE_MOST];
    struct diag diag;
    if (!secret->path || secret->text)
        return true;
    if (secret_file_read(secret->path, text, &diag)) {
        secret->text = mem_text(text);
    } else {
        outcome_set(outcome, OUTCOME_GATEWAY_FAULT);
        outcome_printf(outcome, "%s", diag.text);
    }
    explicit_bzero(text, sizeof text);
    return secret->text;
}

void secret_forget(struct secret *secret)
{
    if (secret->text)
        explicit_bzero(secret->text, strlen(secret->text));
    free(secret->text);
    secret->text = NULL;
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
    if (!secret->text)
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
