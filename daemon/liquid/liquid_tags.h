/*
 * The table of tags. Each group of them has a file liquid_tag_*.c with the parse
 * functions below.
 */
#ifndef NUDGED_LIQUID_LIQUID_TAGS_H
#define NUDGED_LIQUID_LIQUID_TAGS_H

#include "liquid/liquid_parser.h"
#include "liquid/liquid_run.h"
#include "liquid/liquid_variables.h"

enum { LIQUID_TAG_NAMES_MOST = 48 };

/* The row, or NULL: also for `liquid`, which is the parser's own. */
const struct liquid_tag_row *liquid_tags_find(const struct slice *name);
/* All names that may stand behind {%, ended by NULL. */
void liquid_tags_names(const char *names[LIQUID_TAG_NAMES_MOST]);

/* liquid_tag_if.c: if, unless */
bool liquid_tag_if_parse(struct liquid_parser *, const struct liquid_tag *, struct liquid_node *,
                         bool *blank);
bool liquid_tag_if_unless(struct liquid_parser *, const struct liquid_tag *, struct liquid_node *,
                          bool *blank);
/* liquid_tag_case.c */
bool liquid_tag_case_parse(struct liquid_parser *, const struct liquid_tag *, struct liquid_node *,
                           bool *blank);
/* liquid_tag_for.c: for, break, continue */
bool liquid_tag_for_parse(struct liquid_parser *, const struct liquid_tag *, struct liquid_node *,
                          bool *blank);
bool liquid_tag_for_break(struct liquid_parser *, const struct liquid_tag *, struct liquid_node *,
                          bool *blank);
bool liquid_tag_for_continue(struct liquid_parser *, const struct liquid_tag *,
                             struct liquid_node *, bool *blank);
/* liquid_tag_tablerow.c */
bool liquid_tag_tablerow_parse(struct liquid_parser *, const struct liquid_tag *,
                               struct liquid_node *, bool *blank);
/* liquid_tag_assign.c: assign, capture, increment, decrement, echo */
bool liquid_tag_assign_parse(struct liquid_parser *, const struct liquid_tag *,
                             struct liquid_node *, bool *blank);
bool liquid_tag_assign_capture(struct liquid_parser *, const struct liquid_tag *,
                               struct liquid_node *, bool *blank);
bool liquid_tag_assign_increment(struct liquid_parser *, const struct liquid_tag *,
                                 struct liquid_node *, bool *blank);
bool liquid_tag_assign_decrement(struct liquid_parser *, const struct liquid_tag *,
                                 struct liquid_node *, bool *blank);
bool liquid_tag_assign_echo(struct liquid_parser *, const struct liquid_tag *, struct liquid_node *,
                            bool *blank);
/* liquid_tag_cycle.c: cycle, ifchanged */
bool liquid_tag_cycle_parse(struct liquid_parser *, const struct liquid_tag *, struct liquid_node *,
                            bool *blank);
bool liquid_tag_cycle_ifchanged(struct liquid_parser *, const struct liquid_tag *,
                                struct liquid_node *, bool *blank);
/* liquid_tag_partial.c: include, render */
bool liquid_tag_partial_include(struct liquid_parser *, const struct liquid_tag *,
                                struct liquid_node *, bool *blank);
bool liquid_tag_partial_render(struct liquid_parser *, const struct liquid_tag *,
                               struct liquid_node *, bool *blank);
/* liquid_tag_text.c: raw, comment, doc, # */
bool liquid_tag_text_raw(struct liquid_parser *, const struct liquid_tag *, struct liquid_node *,
                         bool *blank);
bool liquid_tag_text_comment(struct liquid_parser *, const struct liquid_tag *,
                             struct liquid_node *, bool *blank);
bool liquid_tag_text_doc(struct liquid_parser *, const struct liquid_tag *, struct liquid_node *,
                         bool *blank);
bool liquid_tag_text_inline(struct liquid_parser *, const struct liquid_tag *, struct liquid_node *,
                            bool *blank);

#endif
