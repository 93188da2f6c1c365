/*
 * The log: one line for each thing worth an operator's attention, to standard
 * error, with the "<N>" priority prefix of systemd (sd-daemon(3)) where the
 * journal reads it, else with a time. key=value pairs follow the sentence.
 *
 * No secret and no customer's address goes into a log line. Where an address is
 * useful, log_address() says what may be shown.
 */
#ifndef NUDGED_BASE_LOG_H
#define NUDGED_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

extern const char *const log_level_names[]; /* "error", "warning", … NULL */

void log_set_level(enum log_level level);
/* Addresses in full, or masked ("a…@shop.example": the default). */
void log_show_addresses(bool show);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A diagnostic as one line, at the level of its own. */
void log_diag(const struct diag *diag);

/* The address as it may appear in a log. `out` takes `size` bytes; returns `out`. */
const char *log_address(const char *address, char *out, size_t size);

/* A server's words as they may appear in a log: each word with an "@" (or "%40") in it as
 * log_address() shows it, six digits or more in a row as "…", for it may be a telephone number. */
const char *log_masked(const char *words, char *out, size_t size);

#endif
