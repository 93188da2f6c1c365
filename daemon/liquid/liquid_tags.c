#include "liquid/liquid_tags.h"

static const struct liquid_tag_row rows[] = {
    {"#", liquid_tag_raw_inline},
    {"assign", liquid_tag_assign_parse},
    {"break", liquid_tag_for_break},
    {"capture", liquid_tag_assign_capture},
    {"case", liquid_tag_case_parse},
    {"comment", liquid_tag_raw_comment},
    {"continue", liquid_tag_for_continue},
    {"cycle", liquid_tag_cycle_parse},
    {"decrement", liquid_tag_assign_decrement},
    {"doc", liquid_tag_raw_doc},
    {"echo", liquid_tag_assign_echo},
    {"for", liquid_tag_for_parse},
    {"if", liquid_tag_if_parse},
    {"ifchanged", liquid_tag_cycle_ifchanged},
    {"include", liquid_tag_partial_include},
    {"increment", liquid_tag_assign_increment},
    {"raw", liquid_tag_raw_parse},
    {"render", liquid_tag_partial_render},
    {"tablerow", liquid_tag_tablerow_parse},
    {"unless", liquid_tag_if_unless},
};

/* What stands behind {% too, but is read by the parser or by a block. */
static const char *const others[] = {
    "liquid",       "else",    "elsif",      "when",        "endif",
    "endunless",    "endcase", "endfor",     "endtablerow", "endcapture",
    "endifchanged", "endraw",  "endcomment", "enddoc",      NULL,
};

_Static_assert(sizeof rows / sizeof *rows + sizeof others / sizeof *others <= LIQUID_TAG_NAMES_MOST,
               "liquid_tags_names has room for all");

const struct liquid_tag_row *liquid_tags_find(const struct slice *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (slice_is(*name, rows[i].name))
            return &rows[i];
    return NULL;
}

void liquid_tags_names(const char *names[LIQUID_TAG_NAMES_MOST])
{
    size_t count = sizeof rows / sizeof *rows;
    for (size_t i = 0; i < count; i++)
        names[i] = rows[i].name;
    memcpy(names + count, others, sizeof others);
}

bool liquid_tag_is_end(const struct liquid_tag *stop, const struct liquid_tag *tag)
{
    return stop->name.length == tag->name.length + 3 && memcmp(stop->name.text, "end", 3) == 0 &&
           memcmp(stop->name.text + 3, tag->name.text, tag->name.length) == 0;
}
