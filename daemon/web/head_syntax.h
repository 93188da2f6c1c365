/*
 * The head of a request as bytes, held to RFC 9112 to the letter: what one server takes for the end
 * of a line, of a name or of a request, and another does not, is how requests are smuggled through
 * a proxy. What libmicrohttpd forgives is refused here before it sees it: a line that ends in LF
 * alone, a CR, a NUL or another control character within, a folded line, a blank before the colon.
 *
 * Bytes come bit by bit: each look has all of them from the first one on, and goes on where the one
 * before stopped. What the fields say is another matter (web/head_rules).
 */
#ifndef NUDGED_WEB_HEAD_SYNTAX_H
#define NUDGED_WEB_HEAD_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "web/web_refusal.h"

enum { HEAD_TARGET_MOST = 4096, HEAD_METHOD_MOST = 16, HEAD_FIELDS_MOST = 100 };

struct head_syntax {
    size_t at;     /* where the first line begins that was not whole yet */
    size_t fields; /* lines with a name and a value */
    bool named;    /* the request line was read: */
    size_t method_at, method_length, target_at, target_length;
};

enum head_progress {
    HEAD_MORE,  /* it is not all here */
    HEAD_WHOLE, /* all of it, `at` bytes, is as it should be */
    HEAD_WRONG, /* *refusal says why */
};

/* All zero at first. `most`: bytes of the whole head. */
enum head_progress head_syntax_look(struct head_syntax *syntax, const char *bytes, size_t length,
                                    size_t most, enum web_refusal *refusal);

/* Within the bytes of the last look, once `named`. */
struct slice head_syntax_method(const struct head_syntax *syntax, const char *bytes);
struct slice head_syntax_target(const struct head_syntax *syntax, const char *bytes);

/* A character of a token (RFC 9110, 5.6.2). */
bool head_syntax_is_token(unsigned char c);

#endif
