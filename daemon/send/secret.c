#include "send/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/percent.h"

static bool unreadable(struct secret *secret, struct outcome *outcome, const char *reason)
{
    secret_forget(secret);
    outcome_set(outcome, OUTCOME_GATEWAY_FAULT);
    outcome_printf(outcome, "%s: %s", secret->path, reason);
    return false;
}

/* Whole files of a few bytes: one read. */
static ssize_t load_file(struct secret *secret)
{
    int fd = open(secret->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t length = read(fd, secret->text, sizeof secret->text);
    int fault = errno;
    close(fd);
    errno = fault;
    return length;
}

bool secret_read(struct secret *secret, struct outcome *outcome)
{
    if (!secret->path || secret->known)
        return true;
    ssize_t length = load_file(secret);
    if (length < 0)
        return unreadable(secret, outcome, strerror(errno));
    if ((size_t)length == sizeof secret->text)
        return unreadable(secret, outcome, "longer than a password can be");
    secret->text[length] = '\0';
    secret->text[strcspn(secret->text, "\r\n")] = '\0';
    if (!secret->text[0])
        return unreadable(secret, outcome, "its first line is empty");
    for (const char *at = secret->text; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return unreadable(secret, outcome, "a control character in it");
    }
    secret->known = true;
    return true;
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
    buf_init(&other, 4 * SECRET_MOST);
    mask(secret->text, line);
    percent_encode(&other, secret->text, PERCENT_UNRESERVED);
    mask(buf_string(&other), line);
    buf_clear(&other);
    escape(secret->text, &other);
    mask(buf_string(&other), line);
    explicit_bzero(other.data, other.capacity);
    buf_free(&other);
}
