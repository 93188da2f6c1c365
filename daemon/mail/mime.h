/*
 * The body of a mail (RFC 2045, 2046): multipart/alternative (2046, 5.1.4) with the text first
 * and the HTML second, the HTML in a multipart/related (RFC 2387) where it shows images of its
 * own, all in a multipart/mixed (2046, 5.1.3) where files are attached. Text is quoted-printable
 * or base64, by which is smaller; everything on the wire is ASCII in lines of at most 76
 * characters that end in CRLF.
 */
#ifndef NUDGED_MAIL_MIME_H
#define NUDGED_MAIL_MIME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"

struct mime_file {
    const char *name;       /* UTF-8, without folders */
    const char *type;       /* "image/png" */
    const char *content_id; /* without <>: shown inline; NULL: attached */
    const void *bytes;
    size_t length;
    const char *charset; /* "utf-8"; NULL: none is said */
};

struct mime_body {
    const char *text; /* UTF-8; any kind of line end; may be NULL when there is HTML */
    const char *html; /* may be NULL when there is text */
    const struct mime_file *files;
    size_t file_count;
    const char *mid; /* the boundaries are made of it: the same body gives the same bytes.
                        Letters, digits, '-' and '_' are used, at most 32 of them */
};

/* Appends "MIME-Version", "Content-…" and all that follows, the empty line
 * between header and body included. A fault: bad file name or type ("bad-header"),
 * the buffer's bound ("too-large"). */
bool mime_write(struct buf *out, const struct mime_body *body, struct diag *diag);

/* Can the headers hold the file's name, type and content id? ("bad-header") */
bool mime_check_file(const struct mime_file *file, struct diag *diag);

/* Sets a file's type and charset, which need its bytes: as somebody has `said` it ("text/csv;
 * charset=latin1"), or, where that is NULL, by the ending of `path`; "application/octet-stream"
 * where it is unknown. Of a text a reader would have to guess what is not said: the charset is
 * UTF-8; of one that is not, none is said, and by its ending alone it is an octet-stream. */
void mime_type(struct arena *arena, struct mime_file *file, const char *said, const char *path);

#endif
