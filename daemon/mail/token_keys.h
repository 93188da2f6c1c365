/*
 * The file of the keys that sign tokens, `token_keys_file`: a key in each line, the newest last.
 *
 *   # any comment
 *   2026a 8f1c…            an id (letters, digits, '-' and '_', 1 to 16), then 64 to 128 hex digits
 *
 * The last one signs; all are read with, so that links in old mails go on working for as long as
 * their key stands there. The id "1" is none: so is the key named that is made of `secret_file`.
 */
#ifndef NUDGED_MAIL_TOKEN_KEYS_H
#define NUDGED_MAIL_TOKEN_KEYS_H

#include "base/diag.h"
#include "mail/token.h"

enum {
    TOKEN_KEYS_MOST = 32,
    TOKEN_KEYS_FILE_MOST = 16 * 1024, /* bytes */
    TOKEN_KEYS_LINE_SIZE = 96,
};

/* Ids of tokens that are signed with the installation's secret, in the open form. */
#define TOKEN_KEYS_SECRET_ID "1"

struct token_keys {
    const struct token_key *items; /* NULL: none */
    size_t count;
};

/* Of the file's text. The keys lie in the arena, which then holds secrets. A file without a key is
 * a fault. False: `diag` has the place, and never shows a key. */
bool token_keys_read(struct arena *arena, const char *file, const char *text, size_t length,
                     struct token_keys *keys, struct diag *diag);

/* Of the file itself. */
bool token_keys_load(struct arena *arena, const char *file, struct token_keys *keys,
                     struct diag *diag);

/* A line of such a file with a new key, which is named by the day; with its line break. */
void token_keys_new_line(char line[TOKEN_KEYS_LINE_SIZE]);

/* The one that signs; NULL where there is none. */
const struct token_key *token_keys_newest(const struct token_keys *keys);

#endif
