/*
 * What an item of the trace tells beyond its words, for `nudgectl explain`: the values that the
 * decision saw. All of these members are optional, and each text has a bound:
 *
 *   no, yes   the part of a condition that was false, or true
 *   in        a list: the segments whose condition it is a part of, the outermost first
 *   saw       what the part saw: {"cart.total": 12.5}
 *   lacks     a list: what of that was not there
 *   since     when something began, happened or was said, in ms
 *   by        the type of the event that did
 *
 * Those of sends: decide/because_send.
 */
#ifndef NUDGED_DECIDE_BECAUSE_H
#define NUDGED_DECIDE_BECAUSE_H

#include <stdbool.h>

#include "decide/deciding.h"
#include "rules/condition_reason.h"

enum { BECAUSE_TEXT_MOST = 120, BECAUSE_VALUE_MOST = 60, BECAUSE_TEXTS_MOST = 4 };

/* Each does nothing where `item` is null: the line is full. */

/* A condition that was asked in this scene, and has answered so. NULL: there was none. */
void because_condition(struct deciding *d, struct value item, const struct cel_program *condition,
                       const struct condition_scene *scene, bool answer);
/* Likewise of one that was asked by a view. */
void because_view(struct deciding *d, struct value item, const struct cel_program *condition,
                  const struct condition_view *view, bool answer);
/* Likewise of one that was looked into before. */
void because_found(struct deciding *d, struct value item, const struct condition_reason *reason,
                   bool answer);
/* What an expression saw that gave something else than yes or no; `name`: its member, such as
 * "to". */
void because_expression(struct deciding *d, struct value item, const char *name,
                        const struct cel_program *program, const struct condition_scene *scene);
/* By which earlier event something is over. */
void because_past(struct deciding *d, struct value item, const struct ends_past *past);
/* One field of the customer: what it has, or that it is not there. */
void because_field(struct deciding *d, struct value item, const char *field,
                   const struct customer *customer);

void because_text(struct deciding *d, struct value item, const char *name, const char *text);
/* A NULL-terminated list. */
void because_texts(struct deciding *d, struct value item, const char *name,
                   const char *const *texts);
/* A time, or a number of anything. */
void because_number(struct deciding *d, struct value item, const char *name, int64_t number);
/* A place among all customers, or so many of those places, as a percentage. */
void because_share(struct deciding *d, struct value item, const char *name, uint32_t places);

#endif
