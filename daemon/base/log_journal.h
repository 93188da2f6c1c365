/*
 * Lines for systemd's journal, with their fields (systemd.journal-fields(7)): NUDGED_MID=…,
 * NUDGED_GATEWAY=…, PRIORITY, CODE_FILE, CODE_LINE, CODE_FUNC, MESSAGE_ID. MESSAGE is the line as
 * text, for who reads without asking for fields.
 */
#ifndef NUDGED_BASE_LOG_JOURNAL_H
#define NUDGED_BASE_LOG_JOURNAL_H

#include <stdbool.h>

#include "base/log_field.h"

struct log_journal_line {
    int priority; /* syslog(3) */
    const char *file, *function;
    int line;
    const char *sentence;
    const struct log_field *fields; /* NULL: none */
};

/* False where the journal cannot be had: built without libsystemd, or nobody listens. */
bool log_journal_listens(void);
/* False likewise, as far as it is told: what nobody hears is lost silently (sd_journal_print(3)).
 */
bool log_journal_send(const struct log_journal_line *line);

#endif
