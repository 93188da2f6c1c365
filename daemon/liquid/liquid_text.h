/*
 * Values as text: as they are printed, and as they stand inside a list.
 */
#ifndef NUDGED_LIQUID_LIQUID_TEXT_H
#define NUDGED_LIQUID_LIQUID_TEXT_H

#include "base/slice.h"
#include "liquid/liquid_run.h"

/* A string is itself; a list is "[1, \"a\", nil]", a map {"a"=>1}. The text lies in the
 * value or in the arena. False where memory ran out. Markup in escape mode (LIQUID_SAFE)
 * that has no tags is turned back into the text that it shows. */
bool liquid_text_of(struct liquid_run *run, const struct value *value, struct slice *text);

/* Likewise, but markup stays as it is; `safe` says whether it is some. */
bool liquid_text_markup(struct liquid_run *run, const struct value *value, struct slice *text,
                        bool *safe);

/* The value with its text, if it is markup without tags; else itself. */
bool liquid_text_plain(struct liquid_run *run, struct value *value);

/* A text as markup: itself, or escaped in the arena. False where memory ran out. */
bool liquid_text_escaped(struct liquid_run *run, struct slice text, struct slice *escaped);

/* As {{ }} prints: "" for nil, the items of a list one after the other. `escape`: what
 * is no markup becomes some. */
bool liquid_text_print(struct liquid_run *run, const struct value *value, bool escape);

#endif
