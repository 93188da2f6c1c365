/*
 * A diagnostic: what is wrong, where, and what to do about it. The text is
 * made where the fault is found and shown once, at the top. A diag owns
 * nothing: it is a value that may be copied and kept.
 *
 * Who finds a fault begins with diag_error(), for it clears, and adds what is known: code,
 * place, hint. Who passes it on may add the file. A warning is made likewise, then `level` set.
 *
 *   rules/cart.yaml:6:1: error: unknown key `untill`
 *       untill: order.placed
 *       ^~~~~~
 *   hint: did you mean `until`?
 */
#ifndef NUDGED_BASE_DIAG_H
#define NUDGED_BASE_DIAG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"

enum diag_level { DIAG_ERROR, DIAG_WARNING };

struct diag {
    enum diag_level level;
    char code[32];     /* a stable name of the fault ("unknown-key"); may be empty */
    char file[256];    /* empty when the text came from no file */
    uint32_t line;     /* from 1; 0: no place known */
    uint32_t column;   /* from 1, in characters; 0: the whole line */
    uint32_t width;    /* characters to underline; 0 or 1: a caret alone */
    char text[512];    /* one sentence, no final stop, no line break */
    char hint[256];    /* what to do; may be empty */
    char excerpt[160]; /* the line at fault, cut around the column */
    uint32_t caret;    /* column of the fault within `excerpt`, from 1 */
};

/* All setters accept a NULL diag and then do nothing. Text too long is cut at
 * a character's boundary; control characters are shown as '?'. */
void diag_clear(struct diag *diag);

/* Starts a new error: clears `diag`, then sets its text. Always returns false,
 * so that a function can `return diag_error(diag, …)`. */
bool diag_error(struct diag *diag, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Likewise, for a function that took the arguments itself. */
bool diag_verror(struct diag *diag, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* diag_error, with a code. */
bool diag_fault(struct diag *diag, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_code(struct diag *diag, const char *code);
void diag_file(struct diag *diag, const char *file);
void diag_place(struct diag *diag, uint32_t line, uint32_t column, uint32_t width);
void diag_hint(struct diag *diag, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets line and column from a byte offset into `source`, all of the text, and the excerpt. */
void diag_offset(struct diag *diag, const char *source, size_t length, size_t offset);

/* Sets the excerpt from the line and column that are already set. */
void diag_excerpt(struct diag *diag, const char *source, size_t length);

/* The bytes of line `number` (from 1) of a source, without its end; NULL past the last. */
const char *diag_source_line(const char *source, size_t length, uint32_t number, size_t *size);

/* The one of `names` (NULL-terminated) that other programs call `word` (base/other_words), that is
 * near it, or alone has it as its first words, or is its first words ("password", password_file);
 * or NULL. */
const char *diag_meant(const char *word, const char *const *names);

/* Hints "did you mean `x`?" with that one; where there is advice on `word` among such names, that;
 * and else nothing. */
void diag_suggest(struct diag *diag, const char *word, const char *const *names);

/* The name nearest to `word` by edit distance, or NULL. The distance that
 * still counts grows with the length of the word: 1 up to 3 characters, else 2,
 * 3 from 9 on. Swapped neighbours count as one. */
const char *diag_nearest(const char *word, const char *const *names);

/* One line: "file:line:column: text (hint)". For logs. */
void diag_line(const struct diag *diag, struct buf *out);

/* The full form shown above, each line ended by '\n'. */
void diag_format(const struct diag *diag, struct buf *out);
void diag_print(const struct diag *diag, FILE *stream);

/* A bounded collection, for checks that go on after the first fault; all zero at first. Of
 * those past the bound one error at most is kept, where warnings filled it. */
enum { DIAGS_MOST = 100 };

struct diags {
    struct diag *items; /* owned */
    size_t count;
    size_t errors;   /* counted past the bound too */
    size_t warnings; /* likewise */
};

void diags_free(struct diags *diags);                         /* and empties it */
void diags_add(struct diags *diags, const struct diag *diag); /* a copy */

#endif
