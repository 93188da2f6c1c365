/*
 * The table of tags. Each group of them has a file liquid_tag_*.c with its parse functions,
 * which are declared below.
 */
#ifndef NUDGED_LIQUID_LIQUID_TAGS_H
#define NUDGED_LIQUID_LIQUID_TAGS_H

#include "base/slice.h"
#include "liquid/liquid_parser.h"

enum { LIQUID_TAG_NAMES_MOST = 48 };

/* A tag as it was found. */
struct liquid_tag {
    struct slice name; /* `text` NULL: the text ended instead */
    struct slice markup;
};

/* Reads a tag with all that belongs to it. `node` comes zeroed but for its offset; one that
 * stays without a kind is dropped. `blank` (false before) is set for a tag that prints
 * nothing but white space. False after an error. */
typedef bool liquid_tag_function(struct liquid_parser *parser, const struct liquid_tag *tag,
                                 struct liquid_node *node, bool *blank);

struct liquid_tag_row {
    const char *name;
    liquid_tag_function *parse;
};

/* The row, or NULL: also for `liquid`, whose lines liquid_parse takes for tags of their own. */
const struct liquid_tag_row *liquid_tags_find(const struct slice *name);
/* All names that may stand behind {%, ended by NULL. */
void liquid_tags_names(const char *names[LIQUID_TAG_NAMES_MOST]);

static inline bool liquid_tag_is(const struct liquid_tag *tag, const char *name)
{
    return slice_is(tag->name, name);
}

/* `stop` is "end" and the name of `tag`. */
bool liquid_tag_is_end(const struct liquid_tag *stop, const struct liquid_tag *tag);

/* liquid_tag_assign.c: assign, capture, increment, decrement, echo */
liquid_tag_function liquid_tag_assign_parse, liquid_tag_assign_capture, liquid_tag_assign_increment,
    liquid_tag_assign_decrement, liquid_tag_assign_echo;
/* liquid_tag_case.c: case */
liquid_tag_function liquid_tag_case_parse;
/* liquid_tag_cycle.c: cycle, ifchanged */
liquid_tag_function liquid_tag_cycle_parse, liquid_tag_cycle_ifchanged;
/* liquid_tag_for.c: for, break, continue */
liquid_tag_function liquid_tag_for_parse, liquid_tag_for_break, liquid_tag_for_continue;
/* liquid_tag_if.c: if, unless */
liquid_tag_function liquid_tag_if_parse, liquid_tag_if_unless;
/* liquid_tag_partial.c: include, render */
liquid_tag_function liquid_tag_partial_include, liquid_tag_partial_render;
/* liquid_tag_raw.c: raw, comment, doc, # */
liquid_tag_function liquid_tag_raw_parse, liquid_tag_raw_comment, liquid_tag_raw_doc,
    liquid_tag_raw_inline;
/* liquid_tag_tablerow.c: tablerow */
liquid_tag_function liquid_tag_tablerow_parse;

#endif
