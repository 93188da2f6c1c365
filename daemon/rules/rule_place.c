#include "rules/rule_place.h"

void rule_place_move(const struct settings_source *source, const struct value *value,
                     struct diag *diag)
{
    uint32_t line, column;
    settings_fault_origin(source, value, &line, &column);
    bool block = line != value->place.line;
    diag_file(diag, source->file);
    if (block || diag->line == 1)
        diag_place(diag, line + diag->line - 1, column + diag->column - 1, diag->width);
    else /* a text in quotes that goes on in another line */
        diag_place(diag, value->place.line, value->place.column, 1);
    if (source->text)
        diag_excerpt(diag, source->text, source->length);
}
