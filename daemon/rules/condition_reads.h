/*
 * The part of an event that a condition reads: what must be kept of one that is asked about again
 * later. What a segment reads that it asks for belongs to it.
 */
#ifndef NUDGED_RULES_CONDITION_READS_H
#define NUDGED_RULES_CONDITION_READS_H

#include "rules/condition.h"

/* Of an event's document (map type, id, time, source, data) what the condition reads where that is
 * the scene's `event`: the condition's answer is the same with either. A map that has `data`; it
 * shares values with the document. A NULL program reads nothing. `segments` as in a scene. */
struct value condition_reads_event(const struct cel_program *program,
                                   const struct condition_segment *segments,
                                   const struct value *document, struct arena *arena);

/* Likewise where the document is the scene's `start`, and there is an event beside it. */
struct value condition_reads_start(const struct cel_program *program,
                                   const struct condition_segment *segments,
                                   const struct value *document, struct arena *arena);

/* Whether it reads anything of that root, by its name. */
bool condition_reads_root(const struct cel_program *program, enum condition_root root,
                          const struct condition_segment *segments, struct arena *arena);
/* Whether it reads `collected`, of which nothing is kept. */
bool condition_reads_collected(const struct cel_program *program,
                               const struct condition_segment *segments, struct arena *arena);

/* Whether it may read anything of an event: of the one that is decided, or, as
 * condition_reads_past, of one before. True where it asks for a segment. */
bool condition_reads_events(const struct cel_program *program);
/* Likewise, of the start or of what was collected. */
bool condition_reads_past(const struct cel_program *program);

/* Of what is known of a customer (customer_value) the fields that the condition names. */
struct value condition_reads_customer(const struct cel_program *program,
                                      const struct condition_segment *segments,
                                      const struct value *customer, struct arena *arena);

/* Calls for each member of the customer that it names, as often as it does. */
void condition_reads_members(const struct cel_program *program,
                             void (*see)(void *context, const char *member, size_t length),
                             void *context);

#endif
