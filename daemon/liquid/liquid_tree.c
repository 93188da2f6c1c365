#include "liquid/liquid_tree.h"

void liquid_tree_place(const struct liquid_template *template, uint32_t offset, struct diag *diag)
{
    diag_file(diag, template->name);
    diag_offset(diag, template->text, template->length, offset);
    diag->line += template->first_line - 1;
    diag->column += template->first_column - 1;
}

void liquid_place(const struct liquid_template *template, struct diag *diag)
{
    if (diag)
        liquid_tree_place(template, 0, diag);
}
