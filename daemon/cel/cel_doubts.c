#include "cel/cel_doubts.h"

#include <string.h>

#include "cel/cel_diag.h"

enum { QUOTED_MOST = 60 };

__attribute__((format(printf, 4, 5))) static void warn(const struct cel_doubts *doubts,
                                                       const struct cel_node *node,
                                                       const char *message, const char *hint, ...)
{
    struct diag warning;
    const struct cel_program *program = doubts->program;
    if (!doubts->warnings)
        return;
    cel_diag_error(&warning, program->text, program->length, node->offset, node->length, message,
                   NULL);
    warning.level = DIAG_WARNING;
    diag_code(&warning, "cel-doubt");
    va_list args;
    va_start(args, hint);
    diag_hint(&warning, "%s", arena_vprintf(doubts->arena, hint, args));
    va_end(args);
    diags_add(doubts->warnings, &warning);
}

static const char *text_of(const struct cel_doubts *doubts, const struct cel_node *node)
{
    return cel_node_text(doubts->arena, doubts->program->text, node, QUOTED_MOST);
}

/* ---- Names ---- */

const char *cel_doubts_meant(const struct value *name)
{
    static const struct {
        const char *word, *meant;
    } words[] = {
        {"nil", "null"},           {"None", "null"},           {"NULL", "null"},
        {"Null", "null"},          {"undefined", "null"},      {"blank", "null"},
        {"True", "true"},          {"TRUE", "true"},           {"yes", "true"},
        {"False", "false"},        {"FALSE", "false"},         {"no", "false"},
        {"person", "customer"},    {"profile", "customer"},    {"contact", "customer"},
        {"recipient", "customer"}, {"subscriber", "customer"}, {"user", "customer"},
        {"trigger", "event"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (value_is_text(name, words[i].word))
            return words[i].meant;
    return NULL;
}

void cel_doubts_name(const struct cel_doubts *doubts, const struct cel_node *node)
{
    const char *meant = cel_doubts_meant(&node->value);
    if (meant)
        warn(doubts, node,
             arena_printf(doubts->arena, "`%s` is a field of the event's data here",
                          text_of(doubts, node)),
             "did you mean `%s`? if not, a sample in events.yaml tells so", meant);
}

void cel_doubts_list(const struct cel_doubts *doubts, const struct cel_node *list,
                     const struct value *members)
{
    bool bare = list->kind == CEL_NODE_LIST && list->count > 0;
    for (uint32_t i = 0; bare && i < list->count; i++)
        bare = list->children[i]->kind == CEL_NODE_MEMBER && !members;
    if (bare)
        warn(doubts, list, "these are fields of the event's data, not texts",
             "a text stands in quotes: [\"%s\"]", text_of(doubts, list->children[0]));
}

void cel_doubts_event(const struct cel_doubts *doubts, const struct cel_node *argument,
                      const struct cel_type *type)
{
    if (argument->kind == CEL_NODE_SELECT && type->document)
        warn(doubts, argument, "this is a field of the event's data, not a text",
             "a name stands in quotes: \"%s\"", text_of(doubts, argument));
}

/* ---- Comparisons ---- */

/* "20" and "-20.00". */
static bool reads_as_number(const struct value *text)
{
    static const char digits[] = "0123456789";
    size_t at = text->length > 0 && text->string[0] == '-', points = 0, begin = at;
    for (; at < text->length && (strchr(digits, text->string[at]) || text->string[at] == '.'); at++)
        points += text->string[at] == '.';
    return text->length < 20 && at == text->length && at > begin && points < 2 &&
           text->string[begin] != '.' && text->string[at - 1] != '.' &&
           memchr(text->string, '\0', text->length) == NULL;
}

/* A document's field, and a text that is written out beside it; false where it is not that. */
static bool find_text(const struct cel_node *node, const struct cel_type *left,
                      const struct cel_type *right, const struct cel_node **field,
                      const struct cel_node **text)
{
    bool behind = left->document;
    *field = node->children[!behind];
    *text = node->children[behind];
    return (behind ? left : right)->document && (*text)->kind == CEL_NODE_CONSTANT &&
           (*text)->value.kind == VALUE_STRING;
}

/* Whether the shop sends the field as a number or as a text: "9" is behind "20". */
void cel_doubts_comparison(const struct cel_doubts *doubts, const struct cel_node *node,
                           const struct cel_type *left, const struct cel_type *right)
{
    const struct cel_node *field, *text;
    if (!find_text(node, left, right, &field, &text))
        return;
    int length = (int)text->value.length;
    const char *word = text->value.string;
    if (node->op != CEL_EQUAL && node->op != CEL_UNEQUAL && reads_as_number(&text->value))
        warn(doubts, node, "a number cannot be compared with a text, and texts go letter by letter",
             "write `%.*s` without quotes; where the shop sends a text, decimal(%s)", length, word,
             text_of(doubts, field));
    else if (value_is_text(&text->value, "true") || value_is_text(&text->value, "false"))
        warn(doubts, node, "in quotes this is a text, which equals no true or false",
             "write `%.*s` without quotes; where the shop sends a text, a sample in events.yaml "
             "tells so",
             length, word);
}
