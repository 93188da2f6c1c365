#include "ctl/simulate_subject.h"

#include "base/json.h"
#include "compose/compose.h"
#include "decide/message_body.h"

/* As it comes out of the store, where it is JSON; with its code. */
static bool stored_body(const struct decision_message *sent, struct arena *arena,
                        struct value *stored, struct diag *diag)
{
    const struct slice text = json_print_slice(arena, &sent->body, COMPOSE_WIRE_MOST);
    if (!json_read(arena, text.text, text.length, &json_file_limits, stored, diag))
        return false;
    if (sent->step->code)
        message_body_give(arena, *stored, arena_printf(arena, "%s-TEST", sent->step->code));
    return true;
}

const char *simulate_subject(const struct generation *generation,
                             const struct simulation_message *message, struct arena *arena,
                             struct diag *diag)
{
    struct compose_settings settings = generation->compose;
    struct value body;
    settings.now_ms = message->at_ms;
    if (!stored_body(message->sent, arena, &body, diag))
        return NULL;
    if (!message->sent->step->mail) {
        struct compose_text text;
        if (!compose_text(generation->templates, &settings, &body, arena, &text, diag))
            return NULL;
        return text.subject ? text.subject : "";
    }
    struct compose_mail mail = {0};
    buf_init(&mail.wire, COMPOSE_WIRE_MOST);
    bool made = compose_mail(generation->templates, &settings, &body, arena, &mail, diag);
    buf_free(&mail.wire);
    return made ? mail.subject : NULL;
}
