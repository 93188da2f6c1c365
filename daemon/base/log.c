/*
 * A line is made by log_write(), as its reader wants it (base/log_line), in one write(2): lines of
 * several threads never mix. Any thread may log; what they share is atomic or set once.
 *
 * Below stands what keeps people out of the log: addresses are told as keyed hashes and telephone
 * numbers not at all, unless the configuration shows them.
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
#include "base/digest.h"
#include "base/log_journal.h"
#include "base/log_line.h"
#include "base/mailbox.h"

enum { TEXT_MOST = 4096, HASH_BYTES = 8 };

const char *const log_level_names[] = {"error", "warning", "info", "debug", NULL};
const char *const log_format_names[] = {"auto", "text", "json", NULL};

/* Priorities of syslog(3), which the journal reads between "<" and ">". */
static const int priorities[] = {3, 4, 6, 7};

static atomic_int highest = LOG_LEVEL_INFO;
static atomic_int form = LOG_FORMAT_AUTO;
static atomic_bool addresses_shown;
static const void *secret;
static size_t secret_length;
static pthread_once_t looked = PTHREAD_ONCE_INIT;
static bool to_journal;  /* it reads our standard error, … */
static bool has_journal; /* … and takes fields too */

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&highest, (int)level, memory_order_relaxed);
}

bool log_wants(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&highest, memory_order_relaxed);
}

void log_set_format(enum log_format format)
{
    atomic_store_explicit(&form, (int)format, memory_order_relaxed);
}

void log_show_addresses(bool show)
{
    atomic_store_explicit(&addresses_shown, show, memory_order_relaxed);
}

void log_set_secret(const void *bytes, size_t length)
{
    secret = bytes;
    secret_length = length;
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
    has_journal = to_journal && log_journal_listens();
}

/* What a standard error that does not block has no room for is lost: nobody waits for a log. */
static void write_line(char *line, size_t length)
{
    line[length++] = '\n';
    ssize_t written;
    do
        written = write(STDERR_FILENO, line, length);
    while (written < 0 && errno == EINTR);
}

/* The journal takes what a line begins with for its priority. */
static size_t put_priority(char *line, size_t size, enum log_level level)
{
    return to_journal ? (size_t)snprintf(line, size, "<%d>", priorities[level]) : 0;
}

static void write_text(enum log_level level, const char *sentence, const struct log_field *fields)
{
    char line[LOG_LINE_MOST], now[CLOCK_TEXT_SIZE];
    size_t length = put_priority(line, sizeof line, level);
    if (!to_journal)
        length = (size_t)snprintf(line, sizeof line, "%s %s: ", clock_format(clock_wall_ms(), now),
                                  log_level_names[level]);
    length += log_line_text(sentence, fields, line + length, sizeof line - 1 - length);
    write_line(line, length);
}

static void write_json(enum log_level level, const char *sentence, const struct log_field *fields)
{
    char line[LOG_LINE_JSON_MOST], now[CLOCK_TEXT_SIZE];
    size_t length = put_priority(line, sizeof line, level);
    length += log_line_json(clock_format(clock_wall_ms(), now), log_level_names[level], sentence,
                            fields, line + length, sizeof line - 1 - length);
    write_line(line, length);
}

static bool write_journal(const struct log_place *place, const char *sentence,
                          const struct log_field *fields)
{
    return has_journal &&
           log_journal_send(&(struct log_journal_line){.priority = priorities[place->level],
                                                       .file = place->file,
                                                       .line = place->line,
                                                       .function = place->function,
                                                       .sentence = sentence,
                                                       .fields = fields});
}

void log_write(const struct log_place *place, const struct log_field *fields, const char *format,
               ...)
{
    int saved = errno;
    int wanted = atomic_load_explicit(&form, memory_order_relaxed);
    char sentence[TEXT_MOST];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    pthread_once(&looked, look_for_journal);
    if (length >= 0 && wanted == LOG_FORMAT_JSON)
        write_json(place->level, sentence, fields);
    else if (length >= 0 && !(wanted == LOG_FORMAT_AUTO && write_journal(place, sentence, fields)))
        write_text(place->level, sentence, fields);
    errno = saved;
}

void log_diag(const struct diag *diag)
{
    struct buf line;
    buf_init(&line, TEXT_MOST);
    diag_line(diag, &line);
    struct log_field fields[] = {
        LOG_SAID("code", diag->code),
        LOG_SAID("file", diag->file),
        LOG_SAID("hint", diag->hint),
        diag->line ? LOG_SAID_NUMBER("line", diag->line) : (struct log_field){0},
        diag->column ? LOG_SAID_NUMBER("column", diag->column) : (struct log_field){0},
        {0},
    };
    log_with(diag->level == DIAG_WARNING ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, fields, "%s",
             buf_string(&line));
    buf_free(&line);
}

/* ---- Who is not named ---- */

/* As decide/policy does it. A hash without a key would be as good as the address: who has a list of
 * addresses could try them all. */
static void hash_address(const char *address, char *out, size_t size)
{
    unsigned char digest[DIGEST_SIZE];
    char digits[2 * HASH_BYTES + 1];
    if (!secret) {
        snprintf(out, size, "#…");
        return;
    }
    struct arena *arena = arena_new(512);
    const char *mailbox = mailbox_form(arena, slice_of(address));
    digest_hmac(secret, secret_length, mailbox, strlen(mailbox), digest);
    digest_hex(digest, HASH_BYTES, digits);
    arena_destroy(&arena);
    snprintf(out, size, "#%s", digits);
}

const char *log_address(const char *address, char *out, size_t size)
{
    if (atomic_load_explicit(&addresses_shown, memory_order_relaxed) || !*address)
        snprintf(out, size, "%s", address);
    else
        hash_address(address, out, size);
    return out;
}

const char *log_name(const char *name, char out[LOG_NAME_SIZE])
{
    if (strchr(name, '@'))
        return log_address(name, out, LOG_NAME_SIZE);
    snprintf(out, LOG_NAME_SIZE, "%s", name);
    return out;
}

enum { NUMBER_LEAST = 6 };

static bool ends_word(char c)
{
    return c == '\0' || strchr(" <>()[]{}\"'`;,=:/|\t", c) != NULL;
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

/* The first part of a word that names whom it is written to: "ana", of ana@shop.example. */
static bool is_local_part(const char *word, size_t length, const char *address)
{
    size_t local = address ? strcspn(address, "@") : 0;
    return local > 0 && address[local] && length == local && strncasecmp(word, address, local) == 0;
}

/* A word, and what ends a sentence behind it. */
static void add_masked(char *out, size_t size, const char *word, size_t length, const char *address)
{
    char text[TEXT_MOST], masked[TEXT_MOST];
    size_t bare = length;
    while (bare > 1 && strchr(".!?", word[bare - 1]))
        bare--;
    if (memchr(word, '@', length)) {
        snprintf(text, sizeof text, "%.*s", (int)bare, word);
        log_address(text, masked, sizeof masked);
        add(out, size, masked, strlen(masked));
        add(out, size, word + bare, length - bare);
    } else if (is_local_part(word, bare, address)) {
        add(out, size, "…", strlen("…"));
        add(out, size, word + bare, length - bare);
    } else if (memmem(word, length, "%40", 3)) {
        add(out, size, "…", strlen("…"));
    } else {
        add_word(out, size, word, length);
    }
}

const char *log_masked(const char *words, const char *address, char *out, size_t size)
{
    *out = '\0';
    if (atomic_load_explicit(&addresses_shown, memory_order_relaxed)) {
        snprintf(out, size, "%s", words);
        return out;
    }
    for (size_t length; *words; words += length) {
        for (length = 0; !ends_word(words[length]);)
            length++;
        if (length == 0)
            add(out, size, words, length = 1);
        else
            add_masked(out, size, words, length, address);
    }
    return out;
}
