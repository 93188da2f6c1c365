/* What a mapping is once it was read: for web/mapping_read and web/mapping_apply. */
#ifndef NUDGED_WEB_MAPPING_PARTS_H
#define NUDGED_WEB_MAPPING_PARTS_H

#include "cel/cel.h"
#include "web/mapping.h"

/* The names that expressions know, by their slot. */
enum mapping_root {
    MAPPING_BODY,
    MAPPING_HEADERS,
    MAPPING_QUERY,
    MAPPING_RECEIVED,
    MAPPING_TOPIC,
    MAPPING_ITEM,
    MAPPING_ROOTS,
};

enum mapping_method {
    MAPPING_HEADER, /* header("X-Topic"), in any letter case */
    MAPPING_JSON,   /* json(body.Message): the data that a text is */
};

/* An expression; or a map of parts, or a list of expressions of which the first that gives
 * something counts; neither: there is nothing. */
struct mapping_part {
    const char *name; /* of a member; "" for the whole */
    const struct cel_program *program;
    struct mapping_part *members;
    uint32_t count;
    bool first; /* the members are a list */
};

/* One event, or feedback. What a topic does not have is the mapping's. */
struct mapping_row {
    const char *type; /* NULL: the topic's name */
    bool is_feedback;
    enum hook_news_kind kind;
    const struct cel_program *condition; /* NULL: always */
    struct mapping_part id, time, source, customer, data;
    struct mapping_part message, code, enhanced, words;
};

struct mapping_topic {
    const char *name; /* "*": any other */
    struct mapping_row *rows;
    uint32_t count;
};

struct mapping {
    const char *name, *about;
    struct signature_settings verify;
    struct value types;
    const struct cel_program *ping;         /* NULL: there is no such delivery */
    const struct cel_program *each, *topic; /* `each` NULL: the body is one item */
    struct mapping_part id;                 /* of the whole delivery */
    struct mapping_topic *topics;
    uint32_t topic_count;
    bool has_feedback;
};

#endif
