/*
 * A line is made by write_format(): nothing where its level is not written, else the prefix that
 * its reader wants (the journal a priority, people a time), and the text without what a terminal
 * would obey, in one write(2). Any thread may log; what they share is atomic or set once.
 *
 * Below stands what keeps people out of the log: addresses and telephone numbers are masked,
 * unless the configuration shows them.
 */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mask.h"
#include "base/utf8.h"

enum { LINE_MOST = 1024, TEXT_MOST = 4096 };

const char *const log_level_names[] = {"error", "warning", "info", "debug", NULL};

/* Priorities of syslog(3), which the journal reads between "<" and ">". */
static const char *const journal_prefixes[] = {"<3>", "<4>", "<6>", "<7>"};

static atomic_int highest = LOG_LEVEL_INFO;
static atomic_bool addresses_shown;
static pthread_once_t looked = PTHREAD_ONCE_INIT;
static bool to_journal;

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&highest, (int)level, memory_order_relaxed);
}

void log_show_addresses(bool show)
{
    atomic_store_explicit(&addresses_shown, show, memory_order_relaxed);
}

/* JOURNAL_STREAM is inherited by what runs below a service too: it counts only where
 * it names our own standard error (systemd.exec(5)). */
static void look_for_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat status;
    to_journal = stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
                 fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
                 status.st_ino == inode;
}

static size_t put_prefix(char *line, size_t size, enum log_level level)
{
    pthread_once(&looked, look_for_journal);
    char now[CLOCK_TEXT_SIZE];
    int length = to_journal ? snprintf(line, size, "%s", journal_prefixes[level])
                            : snprintf(line, size, "%s %s: ", clock_format(clock_wall_ms(), now),
                                       log_level_names[level]);
    return (size_t)length;
}

/* One write(2) for the whole line, so that lines of several threads never mix. What a
 * standard error that does not block has no room for is lost: nobody waits for a log. */
static void write_line(enum log_level level, const char *text)
{
    char line[LINE_MOST];
    size_t length = put_prefix(line, sizeof line, level);
    length += utf8_show(text, strlen(text), line + length, sizeof line - 1 - length);
    line[length++] = '\n';
    ssize_t written;
    do
        written = write(STDERR_FILENO, line, length);
    while (written < 0 && errno == EINTR);
}

static void write_format(enum log_level level, const char *format, va_list args)
{
    if ((int)level > atomic_load_explicit(&highest, memory_order_relaxed))
        return;
    int saved = errno;
    char text[TEXT_MOST];
    struct buf shown;
    buf_init(&shown, 2 * TEXT_MOST);
    if (vsnprintf(text, sizeof text, format, args) >= 0) {
        mask_text(text, strlen(text), &shown);
        write_line(level, buf_string(&shown));
    }
    buf_free(&shown);
    errno = saved;
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_format(LOG_LEVEL_ERROR, format, args);
    va_end(args);
}

void log_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_format(LOG_LEVEL_WARNING, format, args);
    va_end(args);
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_format(LOG_LEVEL_INFO, format, args);
    va_end(args);
}

void log_debug(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_format(LOG_LEVEL_DEBUG, format, args);
    va_end(args);
}

void log_diag(const struct diag *diag)
{
    struct buf line;
    buf_init(&line, TEXT_MOST);
    diag_line(diag, &line);
    if (diag->level == DIAG_WARNING)
        log_warning("%s", buf_string(&line));
    else
        log_error("%s", buf_string(&line));
    buf_free(&line);
}

/* ---- Who is not named ---- */

const char *log_address(const char *address, char *out, size_t size)
{
    size_t length = strlen(address);
    const char *domain = strrchr(address, '@');
    if (atomic_load_explicit(&addresses_shown, memory_order_relaxed) || length == 0) {
        snprintf(out, size, "%s", address);
        return out;
    }
    /* A first character that is the "@" or no UTF-8 shows nothing. */
    size_t first = utf8_width(address, length);
    if (address == domain || !utf8_valid(address, first))
        first = 0;
    snprintf(out, size, "%.*s…%s", (int)first, address, domain ? domain : "");
    return out;
}

enum { NUMBER_LEAST = 6 };

static bool ends_word(char c)
{
    return c == '\0' || strchr(" <>()[]\"';,=", c) != NULL;
}

static void add(char *out, size_t size, const char *text, size_t length)
{
    size_t there = strlen(out), room = size - 1 - there;
    if (length <= room) { /* whole words only */
        memcpy(out + there, text, length);
        out[there + length] = '\0';
    }
}

/* A word without an address: digits in a row are a number that is nobody's, where they are few. */
static void add_word(char *out, size_t size, const char *word, size_t length)
{
    static const char digits[] = "0123456789";
    for (size_t at = 0, run; at < length; at += run) {
        bool number = strchr(digits, word[at]) != NULL;
        run = number ? strspn(word + at, digits) : strcspn(word + at, digits);
        if (run > length - at)
            run = length - at;
        if (number && run >= NUMBER_LEAST)
            add(out, size, "…", strlen("…"));
        else
            add(out, size, word + at, run);
    }
}

const char *log_masked(const char *words, char *out, size_t size)
{
    char word[TEXT_MOST], masked[TEXT_MOST];
    *out = '\0';
    if (atomic_load_explicit(&addresses_shown, memory_order_relaxed)) {
        snprintf(out, size, "%s", words);
        return out;
    }
    for (size_t length; *words; words += length) {
        for (length = 0; !ends_word(words[length]);)
            length++;
        if (length == 0) {
            add(out, size, words, length = 1);
            continue;
        }
        snprintf(word, sizeof word, "%.*s", (int)length, words);
        if (strchr(word, '@'))
            log_address(word, masked, sizeof masked);
        else if (strstr(word, "%40"))
            snprintf(masked, sizeof masked, "…");
        else
            masked[0] = '\0';
        if (*masked)
            add(out, size, masked, strlen(masked));
        else
            add_word(out, size, word, strlen(word));
    }
    return out;
}
