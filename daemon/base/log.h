/*
 * The log: one line for each thing worth an operator's attention: a sentence, and fields with
 * names. To systemd's journal with its fields, where that reads our standard error; else there, as
 * text behind a time, or as JSON.
 *
 * No secret and no customer's address goes into a log line. Where an address is
 * useful, log_address() says what may be shown.
 */
#ifndef NUDGED_BASE_LOG_H
#define NUDGED_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/log_field.h"
#include "base/log_ids.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
/* AUTO: the journal with fields, where it reads; else TEXT. TEXT and JSON go to standard error, in
 * either case. */
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

extern const char *const log_level_names[];  /* "error", "warning", … NULL */
extern const char *const log_format_names[]; /* "auto", "text", "json", NULL */

void log_set_level(enum log_level level);
void log_set_format(enum log_format format);
/* Addresses in full, or as keyed hashes ("#3f9a0b1c2d3e4f50": the default). */
void log_show_addresses(bool show);
/* The key of these: the installation's secret; referred to. Without one all are "#…". Before
 * threads begin. */
void log_set_secret(const void *secret, size_t length);

/* Whether lines of that level are written: for who would work for one. */
bool log_wants(enum log_level level);

struct log_place {
    enum log_level level;
    int line;
    const char *file, *function;
};
void log_write(const struct log_place *place, const struct log_field *fields, const char *format,
               ...) __attribute__((format(printf, 3, 4)));

/* log_with(LOG_LEVEL_INFO, LOG_FIELDS(LOG_TEXT("rule", name)), "a rule goes on"). Nothing is
 * evaluated where the level is not written. */
#define log_with(level_, fields, ...)                                                    \
    do {                                                                                 \
        if (log_wants(level_))                                                           \
            log_write(&(struct log_place){level_, __LINE__, __FILE__, __func__}, fields, \
                      __VA_ARGS__);                                                      \
    } while (0)

#define log_error(...)   log_with(LOG_LEVEL_ERROR, NULL, __VA_ARGS__)
#define log_warning(...) log_with(LOG_LEVEL_WARNING, NULL, __VA_ARGS__)
#define log_info(...)    log_with(LOG_LEVEL_INFO, NULL, __VA_ARGS__)
#define log_debug(...)   log_with(LOG_LEVEL_DEBUG, NULL, __VA_ARGS__)

/* A diagnostic as one line, at the level of its own. */
void log_diag(const struct diag *diag);

/* The address as it may appear in a log: the first digits of the hash by which it stands in Redis
 * (P:suppressed). `out` takes `size` bytes; returns `out`. */
const char *log_address(const char *address, char *out, size_t size);

enum { LOG_NAME_SIZE = 280 };

/* An id, of an event for example: as it is, but as log_address() shows it where it holds an "@". */
const char *log_name(const char *name, char out[LOG_NAME_SIZE]);

/* A server's words as they may appear in a log: each word with an "@" in it as log_address() shows
 * it ("%40": as "…"), six digits or more in a row as "…", for it may be a telephone number, and so
 * the local part of `address`, to whom the message was, where it stands alone. `address` NULL: it
 * is not known. */
const char *log_masked(const char *words, const char *address, char *out, size_t size);

#endif
