/*
 * What the fields of a head may say together: one length that can be relied on, one Host, no field
 * twice that is read once. As RFC 9110 and 9112 have it, and stricter where a server may be.
 */
#ifndef NUDGED_WEB_HEAD_RULES_H
#define NUDGED_WEB_HEAD_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "web/web_refusal.h"
#include "web/web_request.h"

struct head_rules {
    bool chunked;    /* the body is, and so has no length */
    uint64_t length; /* of the body, where it is not chunked; 0: there is none */
    bool expects;    /* Expect: 100-continue: the body waits for our word */
};

/* WEB_REFUSAL_NONE where all is right; then `rules` is filled in. `version_1_1`: the request is
 * HTTP/1.1, not 1.0. */
enum web_refusal head_rules_read(const struct web_fields *headers, bool version_1_1,
                                 struct head_rules *rules);

/* Likewise of a head as bytes that web/head_syntax has found whole and right. They are cut into
 * pieces: each line end and colon becomes a NUL. */
enum web_refusal head_rules_read_bytes(char *bytes, size_t length, struct head_rules *rules);

#endif
