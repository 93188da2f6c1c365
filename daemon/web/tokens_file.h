/*
 * Who may push events over the web: `tokens_file`. A line for each login:
 *
 *   # the shop's backend
 *   backend: DyXc0u3pQ1mH5b8ZrWn2Kf7T   order.* cart.* customer.updated
 *   # the newsletter's form, which signs what it sends
 *   whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD   customer.subscribed customer.unsubscribed
 *
 * A name of at most 19 characters, by which `explain` tells it, if there is one; the token, then
 * the types that it may push, with blanks or commas between: a type, `shop.*` for all that begin
 * so, or `*`. What changes consent or erases (outside_event_right) is in no pattern: a line that
 * may do it names the type in full. A token that begins with `whsec_` is a key that requests are
 * signed with (web/request_signature), and is never sent. Blank lines, and those that begin with #,
 * are passed over.
 *
 * Of a token only its SHA-256 is kept; of a key the key, for a signature needs it.
 */
#ifndef NUDGED_WEB_TOKENS_FILE_H
#define NUDGED_WEB_TOKENS_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/slice.h"

enum {
    TOKENS_FILE_MOST = 64 * 1024, /* bytes of the file */
    TOKENS_LOGINS_MOST = 256,
    TOKENS_KEYS_MOST = 8,   /* of the logins, those that sign: each is tried with every signature */
    TOKENS_TYPES_MOST = 64, /* of a line */
    TOKENS_TOKEN_LEAST = 20, /* characters: shorter ones can be guessed */
    TOKENS_TOKEN_MOST = 256,
};

struct tokens_file;
struct tokens_login;

/* Reads a file's text, which is not kept; `name` is for faults. NULL with all of them where there
 * is one: none of its lines counts then. An empty file is nobody, which is no fault. */
struct tokens_file *tokens_file_read(const char *text, size_t length, const char *name,
                                     struct diags *diags);
/* Likewise of a file. */
struct tokens_file *tokens_file_load(const char *path, struct diags *diags);
/* Overwrites what is secret. */
void tokens_file_destroy(struct tokens_file **file);

/* Whose token that is, or NULL; a key is nobody's token. The time it takes does not tell how much
 * of one was right. */
const struct tokens_login *tokens_file_find(const struct tokens_file *file, const char *token,
                                            size_t length);

/* The keys, in the order of their lines: "whsec_…". NULL past the last. */
const struct tokens_login *tokens_file_key(const struct tokens_file *file, size_t index,
                                           const char **key);

/* Whether the login may push events of a type. */
bool tokens_file_may(const struct tokens_login *login, const char *type, size_t length);
/* Of enum outside_right. */
unsigned tokens_file_rights(const struct tokens_login *login);
/* Its name, or "line-3": a plain word (base/word). */
const char *tokens_file_name(const struct tokens_login *login);
/* 16 hex digits that tell the login from others, as long as it has its token. Not secret. */
const char *tokens_file_mark(const struct tokens_login *login);

#endif
