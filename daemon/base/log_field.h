/* What a line of the log has besides its sentence: names with values. */
#ifndef NUDGED_BASE_LOG_FIELD_H
#define NUDGED_BASE_LOG_FIELD_H

#include <stdbool.h>
#include <stdint.h>

enum log_field_kind {
    LOG_FIELD_END,
    LOG_FIELD_TEXT,
    LOG_FIELD_NUMBER,
    LOG_FIELD_DETAIL, /* what somebody else said: a server's words, a fault; told last */
    LOG_FIELD_ID,     /* the journal's MESSAGE_ID (base/log_ids.h); told there alone */
};

struct log_field {
    enum log_field_kind kind;
    const char *name; /* lower case, digits, "_" */
    const char *text; /* NULL or "": it has none, and the field is left out */
    int64_t number;
    bool said; /* by the sentence: for programs alone, left out of the text */
};

#define LOG_TEXT(name, text) ((struct log_field){LOG_FIELD_TEXT, name, text, 0, false})
#define LOG_NUMBER(name, number) \
    ((struct log_field){LOG_FIELD_NUMBER, name, 0, (int64_t)(number), false})
#define LOG_SAID(name, text) ((struct log_field){LOG_FIELD_TEXT, name, text, 0, true})
#define LOG_SAID_NUMBER(name, number) \
    ((struct log_field){LOG_FIELD_NUMBER, name, 0, (int64_t)(number), true})
#define LOG_DETAIL(text) ((struct log_field){LOG_FIELD_DETAIL, "detail", text, 0, false})
#define LOG_ID(id)       ((struct log_field){LOG_FIELD_ID, "message_id", id, 0, false})

/* The fields of one line, as log_with() takes them. */
#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__, {0}})

#endif
