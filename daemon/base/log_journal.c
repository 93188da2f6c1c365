#include "base/log_journal.h"

#ifdef HAVE_LIBSYSTEMD

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "base/log_line.h"

enum { FIELDS_MOST = 32, NAME_MOST = 64, BYTES_MOST = 16384 };

/* The texts that a line is made of, one behind the other. */
struct texts {
    char bytes[BYTES_MOST];
    size_t length;
    struct iovec items[FIELDS_MOST];
    int count;
};

/* Room for one that is at most so long; NULL where there is none, and it is left out. */
static char *begin(const struct texts *texts, size_t most)
{
    bool fits = texts->count < FIELDS_MOST && texts->length + most <= sizeof texts->bytes;
    return fits ? (char *)(uintptr_t)texts->bytes + texts->length : NULL;
}

static void end(struct texts *texts, size_t length)
{
    texts->items[texts->count++] = (struct iovec){texts->bytes + texts->length, length};
    texts->length += length;
}

/* `text` is told as it is. */
static void put_plain(struct texts *texts, const char *name, const char *text)
{
    size_t most = strlen(name) + strlen(text) + 2;
    char *at = begin(texts, most);
    if (at)
        end(texts, (size_t)snprintf(at, most, "%s=%s", name, text));
}

static void put_number(struct texts *texts, const char *name, int64_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, number);
    put_plain(texts, name, text);
}

static void put_field(struct texts *texts, const struct log_field *field)
{
    char name[NAME_MOST] = "NUDGED_", text[LOG_LINE_VALUE_MOST];
    size_t length = strlen(name);
    for (const char *c = field->name; *c && length + 1 < sizeof name; c++)
        name[length++] = (char)toupper((unsigned char)*c);
    name[length] = '\0';
    if (field->kind == LOG_FIELD_NUMBER) {
        put_number(texts, name, field->number);
    } else if (field->text && *field->text) {
        log_line_value(field->text, text, sizeof text);
        put_plain(texts, field->kind == LOG_FIELD_ID ? "MESSAGE_ID" : name, text);
    }
}

static void put_message(struct texts *texts, const struct log_journal_line *line)
{
    static const char name[] = "MESSAGE=";
    char *at = begin(texts, sizeof name + LOG_LINE_MOST);
    memcpy(at, name, sizeof name - 1);
    end(texts,
        sizeof name - 1 +
            log_line_text(line->sentence, line->fields, at + sizeof name - 1, LOG_LINE_MOST));
}

bool log_journal_listens(void)
{
    return access("/run/systemd/journal/socket", W_OK) == 0;
}

bool log_journal_send(const struct log_journal_line *line)
{
    struct texts texts;
    texts.length = 0;
    texts.count = 0;
    put_message(&texts, line);
    put_number(&texts, "PRIORITY", line->priority);
    put_plain(&texts, "CODE_FILE", line->file);
    put_number(&texts, "CODE_LINE", line->line);
    put_plain(&texts, "CODE_FUNC", line->function);
    for (const struct log_field *field = line->fields; field && field->kind; field++)
        put_field(&texts, field);
    return sd_journal_sendv(texts.items, texts.count) >= 0;
}

#else

bool log_journal_listens(void)
{
    return false;
}

bool log_journal_send(const struct log_journal_line *line)
{
    (void)line;
    return false;
}

#endif
