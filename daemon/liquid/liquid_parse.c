#include "liquid/liquid_parser.h"

/* Offsets have 32 bits; no template is a tenth as long. */
enum { TEXT_MOST = 16 << 20 };

struct liquid_template *liquid_parse(struct arena *arena, const char *name, const char *text,
                                     size_t length, const struct liquid_options *options,
                                     struct diag *diag)
{
    struct liquid_template *template = arena_zero(arena, sizeof *template);
    if (length > TEXT_MOST) {
        diag_error(diag, "a template may have at most %d bytes", TEXT_MOST);
        diag_file(diag, name);
        return NULL;
    }
    *template = (struct liquid_template){
        .name = arena_text(arena, name),
        .text = arena_copy(arena, text, length),
        .length = (uint32_t)length,
        .first_line = options->first_line ? options->first_line : 1,
        .first_column = options->first_column ? options->first_column : 1,
        .options = options,
    };
    struct liquid_scan scan = {template->text, template->text + length, .lines = false};
    struct liquid_parser parser = {.arena = arena,
                                   .template = template,
                                   .scan = &scan,
                                   .diag = diag,
                                   .lax = options->syntax >= LIQUID_LAX,
                                   .lax_tags = options->syntax != LIQUID_STRICT,
                                   .forgives = options->syntax == LIQUID_FORGIVING};
    struct liquid_tag stop;
    if (!liquid_parser_body(&parser, &template->body, &stop))
        return NULL;
    if (stop.name.text) {
        liquid_parser_stray(&parser, NULL, &stop);
        return NULL;
    }
    liquid_parser_close(&template->body, false);
    return template;
}
