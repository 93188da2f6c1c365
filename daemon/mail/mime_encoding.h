/*
 * The two encodings of what is not lines of ASCII (RFC 2045, section 6): quoted-printable (6.7)
 * and base64 (6.8), in lines of at most 76 characters that end in CRLF. All append; false where
 * the buffer is full.
 */
#ifndef NUDGED_MAIL_MIME_ENCODING_H
#define NUDGED_MAIL_MIME_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Text with line ends of any kind, which become CRLF. Escapes too what EBCDIC or a mailbox's
 * format could change ("From ", a dot alone). */
bool mime_encoding_quoted_printable(struct buf *out, const char *text, size_t length);

/* Bytes. The last line ends too. */
bool mime_encoding_base64(struct buf *out, const void *bytes, size_t length);
/* Text: its line ends become CRLF first, the canonical form (RFC 2049, section 4). */
bool mime_encoding_base64_text(struct buf *out, const char *text, size_t length);

/* Is quoted-printable the smaller one for a text, line ends left out? */
bool mime_encoding_prefers_quoted_printable(const char *text, size_t length);

#endif
