/* Labels of Mermaid's diagrams: any text, so that it comes out as it was. */
#ifndef NUDGED_CTL_GRAPH_LABEL_H
#define NUDGED_CTL_GRAPH_LABEL_H

#include "base/buf.h"

/* Appends the text for within a label's quotes: what Mermaid or its Markdown would take for its own
 * as entity codes, white space as one space, long texts on several lines, the longest cut off. */
void graph_label_put(struct buf *out, const char *text);

#endif
