#include "base/duration.h"
#include "rules/rule_step_kinds.h"

static void refuse_wait(const struct rule_reader *reader, const struct value *value)
{
    static const char length[] = "a length of time such as 30m, 1h or 3d";
    const char *planned = value_get(value, "until") ? "until"
                          : value_get(value, "for") ? "for"
                                                    : NULL;
    struct diag *diag;
    if (planned) {
        diag = settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                              "`wait: {%s: …}` is planned, and not there yet", planned);
        diag_code(diag, "planned");
        diag_hint(diag, "a wait is %s", length);
        return;
    }
    diag = settings_fault(reader->diags, reader->source, value, DIAG_ERROR, "`wait` must be %s",
                          length);
    if (value->kind == VALUE_INT)
        diag_hint(diag, "a unit is missing: ms, s, m, h, d or w");
}

void rule_step_wait_read(struct rule_step_reader *steps, const struct value *step_value,
                         const struct value *value)
{
    const struct rule_reader *reader = steps->reader;
    struct rule_step *step = rule_step_reader_add(steps, RULE_STEP_WAIT, value);
    steps->rule->waits = true;
    if (value->kind != VALUE_STRING ||
        !duration_parse(value->string, value->length, &step->wait_ms))
        refuse_wait(reader, value);
    step->id = rule_step_reader_id(steps, value_get(step_value, "id"), "wait", value);
}
