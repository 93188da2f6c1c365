/* CSS of a layout's and a template's own <style> put into the markup, once, at load. */
#ifndef NUDGED_TEMPLATES_TEMPLATES_STYLE_H
#define NUDGED_TEMPLATES_TEMPLATES_STYLE_H

#include "templates/templates_set.h"

/* All files are read and compiled; pairs are joined. Layouts are styled by their own sheet,
 * parts by their layout's and their own, snippets by the sheet of the only layout, or of
 * `default` where there are several. */
void templates_style(struct templates *set);

#endif
