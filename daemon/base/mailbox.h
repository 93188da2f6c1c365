/*
 * An address as what it names. One mailbox is written in many ways: with white space around it,
 * with capitals of any script, with its domain in letters (bücher.example) or as a server has it
 * (xn--bcher-kva.example), in quotes that it does not need; a telephone number, with anything
 * between its digits. What is known of one spelling is meant for all of them.
 */
#ifndef NUDGED_BASE_MAILBOX_H
#define NUDGED_BASE_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

/* The form by which an address is recognised, never the one to write to: without white space
 * around it, the domain in lower-case A-labels (UTS #46, non-transitional) without the dot of the
 * root, what stands before the last `@` folded (NFC, full case folding), and what it says where it
 * is in quotes, which it keeps only where it needs them (RFC 5321, 4.1.2). A domain that is none,
 * and an address without `@`, are folded; of bytes that are no UTF-8 only the ASCII letters. Of a
 * telephone number, five digits and more with white space or any of -./() among them, its digits
 * and a + before them. Every text has one, and the form of a form is itself. In the arena. */
const char *mailbox_form(struct arena *arena, struct slice address);

/* The domain of that form: "bücher.example" as "xn--bcher-kva.example". "" where the address has
 * none that DNS could know. In the arena. */
const char *mailbox_domain(struct arena *arena, struct slice address);

/* How programs of the second and third format recognised it: with its quotes, its root, and what
 * stands between digits; NULL where that is its form. In the arena. */
const char *mailbox_former_form(struct arena *arena, struct slice address);

/* How programs of the first format recognised it: with ASCII letters in lower case, all else as it
 * is. In the arena. */
const char *mailbox_old_form(struct arena *arena, struct slice address);

/* Where it stands: the form of an address that is plain. */
void mailbox_lower(char *text, size_t length);

/* Whether it is ASCII that begins and ends as nearly all do, without white space around it, quotes,
 * or a number's digits: then both forms are it in lower case. */
bool mailbox_is_plain(struct slice address);
/* The same of one that is known to be ASCII. */
bool mailbox_has_plain_ends(struct slice address);

/* A text without regard to letter case: NFC and full case folding; of bytes that are no UTF-8 only
 * the ASCII letters. In the arena. */
const char *mailbox_fold(struct arena *arena, struct slice text);

#endif
