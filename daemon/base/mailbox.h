/*
 * An address as what it names. One mailbox is written in many ways: with white space around it,
 * with capitals of any script, with its domain in letters (bücher.example) or as a server has it
 * (xn--bcher-kva.example). What is known of one spelling is meant for all of them.
 */
#ifndef NUDGED_BASE_MAILBOX_H
#define NUDGED_BASE_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

/* The form by which an address is recognised, never the one to write to: without white space
 * around it, the domain in lower-case A-labels (UTS #46, non-transitional), what stands before
 * the last `@` folded (NFC, full case folding). A domain that is none, and an address without
 * `@` (a phone number), are folded; of bytes that are no UTF-8 only the ASCII letters. Every text
 * has one, and the form of a form is itself. In the arena. */
const char *mailbox_form(struct arena *arena, struct slice address);

/* The domain of that form: "bücher.example" as "xn--bcher-kva.example". "" where the address has
 * none that DNS could know. In the arena. */
const char *mailbox_domain(struct arena *arena, struct slice address);

/* How programs of the first format recognised it: with ASCII letters in lower case, all else as it
 * is. In the arena. */
const char *mailbox_old_form(struct arena *arena, struct slice address);

/* Where it stands: the form of an address that is plain. */
void mailbox_lower(char *text, size_t length);

/* Whether it is ASCII without white space around it: then both forms are it in lower case. */
bool mailbox_is_plain(struct slice address);

/* A text without regard to letter case: NFC and full case folding; of bytes that are no UTF-8 only
 * the ASCII letters. In the arena. */
const char *mailbox_fold(struct arena *arena, struct slice text);

#endif
