/*
 * From text to nodes. A tag's parse function reads its own markup and has what stands up
 * to the tag's end read here, where its inner tags come to the same functions again.
 */
#ifndef NUDGED_LIQUID_LIQUID_PARSE_H
#define NUDGED_LIQUID_LIQUID_PARSE_H

#include "liquid/liquid_tags.h"

/* Parses up to a tag that is none of the table's (`else`, `endif`, an unknown one),
 * which is given in `stop`; false after an error. */
bool liquid_parse_body(struct liquid_parser *parser, struct liquid_body *body,
                       struct liquid_tag *stop);
/* Ends a body: without its text where the block that holds it is blank. */
void liquid_parse_close(struct liquid_body *body, bool drop_text);
/* Parses the whole of a block without branches: up to end<name of tag>. */
bool liquid_parse_block(struct liquid_parser *parser, const struct liquid_tag *tag,
                        struct liquid_body *body);

/* Fails: `stop` ended the body of `tag` (NULL: of the template) and may not. */
bool liquid_parse_stray(struct liquid_parser *parser, const struct liquid_tag *tag,
                        const struct liquid_tag *stop);

#endif
