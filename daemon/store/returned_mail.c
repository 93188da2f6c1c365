#include "store/returned_mail.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "store/keys.h"
#include "store/script_call.h"

enum { ARGUMENTS = 8, FIRST_CHUNK = 64 * 1024, TEXT_SIZE = 96, NAME_HASH = 16 };

static const char *const verbs[] = {[RETURNED_MAIL_BOUNCED] = "bounced",
                                    [RETURNED_MAIL_FAILED] = "failed",
                                    [RETURNED_MAIL_DELAYED] = "delayed",
                                    [RETURNED_MAIL_COMPLAINED] = "complained",
                                    [RETURNED_MAIL_UNSUBSCRIBED] = "unsubscribed"};
static const char *const reasons[] = {[RETURNED_MAIL_BOUNCED] = "returned",
                                      [RETURNED_MAIL_FAILED] = "returned",
                                      [RETURNED_MAIL_DELAYED] = "",
                                      [RETURNED_MAIL_COMPLAINED] = "complained",
                                      [RETURNED_MAIL_UNSUBSCRIBED] = ""};

/* ---- What the script takes and gives ---- */

void returned_mail_put_find(struct arguments *arguments, const char *mid)
{
    arguments_text(arguments, "find");
    arguments_text(arguments, mid);
}

void returned_mail_put_news(struct arguments *arguments, const char *mid,
                            const struct returned_mail_news *news)
{
    arguments_text(arguments, verbs[news->verb]);
    arguments_text(arguments, mid);
    arguments_number(arguments, news->trace_keep_ms);
    arguments_text(arguments, news->person);
    arguments_text(arguments, news->suppress ? reasons[news->verb] : "");
    arguments_text(arguments, news->words);
    arguments_text(arguments, news->enhanced);
    arguments_text(arguments, news->code ? arena_printf(arguments->arena, "%d", news->code) : "");
}

void returned_mail_put_once(struct arguments *arguments, const struct returned_mail_once *once)
{
    unsigned char digest[DIGEST_SIZE];
    char *hex = arena_alloc(arguments->arena, 2 * NAME_HASH + 1);
    digest_sha256(once->name, strlen(once->name), digest);
    digest_hex(digest, NAME_HASH, hex);
    arguments_text(arguments, hex);
    arguments_number(arguments, once->keep_ms);
    arguments_text(arguments, once->teller);
}

void returned_mail_put_spending(struct arguments *arguments, const struct returned_mail_once *once)
{
    const size_t of_news = 7; /* behind the verb */
    arguments_text(arguments, "spend");
    for (size_t i = 0; i < of_news; i++)
        arguments_text(arguments, "");
    returned_mail_put_once(arguments, once);
}

bool returned_mail_read_found(const struct reply *reply, struct arena *arena,
                              struct returned_mail *mail, struct diag *diag)
{
    *mail = (struct returned_mail){0};
    if (reply->kind == REPLY_ERROR)
        return reply_fault(reply, diag);
    if (reply->count < 3)
        return true;
    const struct reply *customer = reply_item(reply, 0);
    if (!reply_text(customer) || !reply_number(reply_item(reply, 2), &mail->day_ms))
        return diag_error(diag, "an answer of Redis that cannot be read");
    mail->customer = arena_copy(arena, customer->text, customer->length);
    mail->hash = arena_text(arena, reply_item(reply, 1)->text);
    return true;
}

bool returned_mail_read_verdict(const struct reply *reply, enum returned_mail_verdict *verdict,
                                struct diag *diag)
{
    static const char *const verdicts[] = {[RETURNED_MAIL_DONE] = "done",
                                           [RETURNED_MAIL_TWICE] = "twice",
                                           [RETURNED_MAIL_GONE] = "gone",
                                           [RETURNED_MAIL_SPENT] = "spent"};
    const size_t said = reply_word(reply, verdicts, sizeof verdicts / sizeof *verdicts);
    *verdict = (enum returned_mail_verdict)said;
    return said < sizeof verdicts / sizeof *verdicts ||
           diag_error(diag, "an answer of Redis that cannot be read");
}

/* ---- For who waits ---- */

bool returned_mail_find(struct session *session, const char *prefix, const char *mid,
                        struct arena *arena, struct returned_mail *mail, struct diag *diag)
{
    struct arguments arguments = script_call_begin(arena, SCRIPT_FEEDBACK, prefix, ARGUMENTS);
    returned_mail_put_find(&arguments, mid);
    const struct reply *reply = script_call(session, &arguments, diag);
    *mail = (struct returned_mail){0};
    return reply && returned_mail_read_found(reply, arena, mail, diag);
}

bool returned_mail_apply(struct session *session, const char *prefix, const char *mid,
                         const struct returned_mail_news *news, enum returned_mail_verdict *verdict,
                         struct diag *diag)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct arguments arguments = script_call_begin(arena, SCRIPT_FEEDBACK, prefix, ARGUMENTS);
    returned_mail_put_news(&arguments, mid, news);
    const struct reply *reply = script_call(session, &arguments, diag);
    arena_destroy(&arena);
    return reply && returned_mail_read_verdict(reply, verdict, diag);
}

bool returned_mail_suppress(struct session *session, const char *prefix, const char *hash,
                            int64_t at_ms, struct diag *diag)
{
    char text[TEXT_SIZE];
    struct arena *arena = arena_new(256);
    snprintf(text, sizeof text, "{\"reason\":\"returned\",\"at\":%" PRId64 "}", at_ms);
    bool done = session_command(session, diag, "HSETNX",
                                keys_spell(arena, prefix, KEY_SUPPRESSED, NULL), hash, text, NULL);
    arena_destroy(&arena);
    return done;
}
