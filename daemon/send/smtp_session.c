/*
 * smtp_session_send(), at the end, is the whole of one mail: refuse_unoffered() (what the server
 * could not carry), begin() (has it said something before it was asked?), send_envelope(),
 * send_body(), read_answer(). Where one of them ends it, `seen` says how, and whether the
 * connection can carry another mail is `rude`.
 *
 * Where PIPELINING is offered MAIL, RCPT and DATA go out together (RFC 2920, 3.1 allows DATA as
 * the last of a group): two round trips for a mail instead of four. Behind a mail that was not
 * taken RSET goes out with the next MAIL, and DATA waits for the reply to RCPT: a server counts a
 * DATA in vain as an error more, and slows down whoever makes many. A server that answers 354
 * though it refused the recipient waits for a mail then. RFC 2920 would end it by a lone dot; but
 * who knows what such a server does with a mail that is empty: it is left instead, and DATA waits
 * for RCPT from then on.
 *
 * The final dot goes out with the last piece of the body, in one write. Right before each attempt
 * at that write stands the gate, and a look at what the server has said by then: a reply that came
 * before the dot is none to it.
 */
#include "send/smtp_session.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "send/smtp_talk.h"

enum {
    SESSION_PIECE = 16384,   /* bytes of one write, and of one TLS record */
    SESSION_TIDY_MS = 2000,  /* so long what is known waits for replies that change nothing */
    SESSION_ERRORS_MOST = 8, /* Postfix answers late from the tenth on, and ends it at the 20th */
};

struct smtp_session {
    struct smtp_talk talk;
    struct smtp_reply told;  /* the reply that decided, where others came behind it */
    size_t errors;           /* replies of 4xx and 5xx since a mail was taken */
    bool unclean;            /* the last mail was not taken: RSET before the next */
    bool rude;               /* it stands where no command can follow, QUIT neither */
    bool used;               /* a mail was sent over it before */
    bool waits;              /* DATA waits for RCPT: the server's 354 tells nothing */
    char out[SESSION_PIECE]; /* the last member */
};

static struct transfer *transfer_of(struct smtp_session *session)
{
    return &session->talk.link.transfer;
}

static bool is_open(const struct smtp_session *session)
{
    return session->talk.link.fd >= 0;
}

/* ---- Its life ---- */

struct smtp_session *smtp_session_new(const struct transfer_settings *settings)
{
    /* Of `out` most mails need a part only, and a connection has as many pages of it. */
    struct smtp_session *session = mem_alloc(sizeof *session);
    memset(session, 0, offsetof(struct smtp_session, out));
    smtp_link_init(&session->talk.link, settings);
    return session;
}

void smtp_session_drop(struct smtp_session *session)
{
    static const char quit[] = "QUIT\r\n";
    size_t sent;
    if (is_open(session) && !session->rude && !transfer_of(session)->lost) {
        transfer_tell(transfer_of(session), true, quit, sizeof quit - 1);
        smtp_link_send(&session->talk.link, quit, sizeof quit - 1, &sent);
    }
    smtp_link_drop(&session->talk.link);
}

void smtp_session_destroy(struct smtp_session **session)
{
    if (!*session)
        return;
    smtp_session_drop(*session);
    free(*session);
    *session = NULL;
}

bool smtp_session_ready(struct smtp_session *session)
{
    if (is_open(session) && session->errors >= SESSION_ERRORS_MOST)
        smtp_session_drop(session);
    return is_open(session);
}

bool smtp_session_connect(struct smtp_session *session, const char *url,
                          const struct smtp_login *login, struct transfer_seen *seen)
{
    smtp_talk_begin(&session->talk);
    session->errors = 0;
    session->unclean = session->rude = session->used = false;
    return smtp_link_connect(&session->talk.link, url, login, seen);
}

/* ---- The envelope ---- */

static bool hear(struct smtp_session *session)
{
    bool heard = smtp_talk_hear(&session->talk);
    session->errors += heard && session->talk.reply.code >= 400;
    return heard;
}

/* What would be refused is not tried: an address that the server would not understand goes
 * nowhere near it. */
static bool refuse_unoffered(struct smtp_session *session, const struct smtp_mail *mail)
{
    const struct smtp_extensions *offers = &session->talk.link.offers;
    struct transfer *transfer = transfer_of(session);
    if (!offers->utf8 && smtp_commands_need_utf8(mail)) {
        transfer->stop = RETRY_NO_UTF8;
    } else if (offers->most && mail->length > offers->most) {
        transfer->stop = RETRY_TOO_BIG;
        snprintf(transfer->fault, sizeof transfer->fault, "%zu bytes, and it takes %llu",
                 mail->length, (unsigned long long)offers->most);
    }
    return transfer->stop != RETRY_NONE;
}

static void tell_commands(struct smtp_session *session, const char *text, size_t length)
{
    for (size_t at = 0, part; at < length; at += part) {
        part = (size_t)((const char *)memchr(text + at, '\n', length - at) + 1 - (text + at));
        transfer_tell(transfer_of(session), true, text + at, part);
    }
}

/* The reply that has just been heard decides; others may come behind it. */
static void decide(struct smtp_session *session, struct transfer_seen *seen)
{
    session->told = session->talk.reply;
    seen->code = session->told.code;
    seen->words = session->told.words;
    seen->words_length = session->told.words_length;
}

/* The server spoke before it was asked, or the connection is lost: what it said last may say why,
 * "421 4.4.2 timeout". What says more than "not now" does not decide: it may be meant for something
 * else. */
static void hear_why(struct smtp_session *session, struct transfer_seen *seen)
{
    struct transfer *transfer = transfer_of(session);
    const struct smtp_reply *reply = &session->talk.reply;
    session->rude = true;
    if (transfer->stop != RETRY_NONE)
        return;
    transfer->until_ms = clock_monotonic_ms() + SESSION_TIDY_MS;
    if (!hear(session))
        return;
    if (reply->code / 100 == 4)
        decide(session, seen);
    else
        snprintf(transfer->fault, sizeof transfer->fault, "%.*s", (int)reply->words_length,
                 reply->words);
}

enum order {
    ORDER_KEPT, /* the next mail finds the connection as it should be */
    ORDER_LOST,
    ORDER_UNKNOWN, /* there was a reply too many: which of them answers what, nobody knows */
};

/* The replies behind one that decided. None of them changes what was decided, nor is waited for
 * long. */
static enum order tidy(struct smtp_session *session, const struct smtp_commands *commands,
                       size_t next, size_t given)
{
    const struct smtp_reply *reply = &session->talk.reply;
    transfer_of(session)->until_ms = clock_monotonic_ms() + SESSION_TIDY_MS;
    for (; next < commands->count && commands->list[next].end <= given; next++) {
        if (!hear(session) || reply->code == 421)
            return ORDER_LOST;
        if (commands->list[next].phase != RETRY_DATA || reply->code >= 400)
            continue;
        session->waits = true;
        return reply->code < 300 ? ORDER_UNKNOWN : ORDER_LOST;
    }
    return smtp_talk_has_more(&session->talk) ? ORDER_UNKNOWN : ORDER_KEPT;
}

/* A reply that is not the one to go on with. */
static void end_envelope(struct smtp_session *session, const struct smtp_commands *commands,
                         size_t step, size_t given, struct transfer_seen *seen)
{
    struct transfer *transfer = transfer_of(session);
    enum order order = ORDER_KEPT;
    if (step == 0 && commands->reset) { /* a connection that cannot be used again, then */
        transfer->lost = true;
        return;
    }
    decide(session, seen);
    if (seen->code < 400 || seen->code == 421)
        order = ORDER_LOST;
    else if (commands->list[step].end < given)
        order = tidy(session, commands, step + 1, given);
    if (order != ORDER_KEPT)
        session->rude = true;
    if (order == ORDER_UNKNOWN)
        seen->code = 0;
    transfer->phase = commands->list[step].phase;
    transfer->stop = RETRY_NONE;
}

/* The text that goes out together with a command ends there. */
static size_t group_end(const struct smtp_session *session, const struct smtp_commands *commands,
                        size_t command)
{
    size_t last = commands->count - 1;
    if (!session->talk.link.offers.pipelining)
        return commands->list[command].end;
    bool alone = commands->reset || session->waits;
    return commands->list[alone && command < last ? last - 1 : last].end;
}

/* True: the server waits for the mail. */
static bool send_envelope(struct smtp_session *session, const struct smtp_commands *commands,
                          struct transfer_seen *seen)
{
    size_t given = 0;
    session->unclean = true;
    for (size_t i = 0; i < commands->count; i++) {
        const struct smtp_command *command = &commands->list[i];
        size_t end = group_end(session, commands, i);
        transfer_enter(transfer_of(session), command->phase);
        if (end > given) {
            tell_commands(session, commands->text + given, end - given);
            if ((given && smtp_talk_has_spoken(&session->talk)) ||
                !smtp_talk_put(&session->talk, commands->text + given, end - given)) {
                hear_why(session, seen);
                return false;
            }
            given = end;
        }
        if (!hear(session))
            return false;
        if (session->talk.reply.code / 100 != command->class) {
            end_envelope(session, commands, i, given, seen);
            return false;
        }
    }
    return true;
}

/* ---- The mail itself ---- */

/* The first dot behind `from` that begins a line. Dots are fewer than lines. */
static const char *next_dot(const char *from, size_t length)
{
    const char *dot = from, *end = from + length;
    while ((dot = memchr(dot + 1, '.', (size_t)(end - dot - 1))) != NULL && dot[-1] != '\n')
        ;
    return dot;
}

/* Copies a piece of the body, a line's first dot doubled (RFC 5321, 4.5.2); how much of it, and
 * how many bytes that became. There is room left for the end of the mail. */
static size_t stuff(const struct smtp_mail *mail, size_t *at, char *out)
{
    size_t used = 0;
    const size_t room = SESSION_PIECE - 4;
    while (*at < mail->length && used < room) {
        const char *from = mail->body + *at;
        if (*from == '.' && (*at == 0 || from[-1] == '\n'))
            out[used++] = '.';
        size_t part = mail->length - *at < room + 1 - used ? mail->length - *at : room + 1 - used;
        const char *dot = next_dot(from, part);
        if (dot)
            part = (size_t)(dot - from);
        memcpy(out + used, from, part);
        used += part;
        *at += part;
    }
    return used;
}

/* True: all of it went out. */
static bool send_body(struct smtp_session *session, const struct smtp_mail *mail,
                      struct transfer_seen *seen)
{
    static const char end[] = ".\r\n";
    session->rude = true;
    transfer_enter(transfer_of(session), RETRY_BODY);
    for (size_t at = 0; at < mail->length;) {
        size_t used = stuff(mail, &at, session->out);
        bool last = at == mail->length;
        if (last) {
            memcpy(session->out + used, end, sizeof end - 1);
            used += sizeof end - 1;
        }
        if (!(last ? smtp_talk_put_end : smtp_talk_put)(&session->talk, session->out, used)) {
            hear_why(session, seen);
            return false;
        }
    }
    transfer_enter(transfer_of(session), RETRY_ANSWER);
    transfer_tell(transfer_of(session), true, end, sizeof end - 1);
    return true;
}

static void read_answer(struct smtp_session *session, struct transfer_seen *seen)
{
    if (!hear(session))
        return;
    decide(session, seen);
    session->rude = seen->code == 421 || seen->code / 100 == 3;
    session->unclean = seen->code >= 300;
    if (!session->unclean)
        session->errors = 0;
}

/* ---- One mail ---- */

/* False: the server has said something, or ended the connection, before it was asked. A kept
 * connection is then one that has been ended; on a new one it may say why. */
static bool begin(struct smtp_session *session, struct transfer_seen *seen)
{
    if (!smtp_talk_has_spoken(&session->talk))
        return true;
    if (seen->reused)
        transfer_of(session)->lost = true;
    else
        hear_why(session, seen);
    return false;
}

static void exchange(struct smtp_session *session, const struct smtp_mail *mail,
                     struct transfer_seen *seen)
{
    struct smtp_commands commands;
    if (!begin(session, seen))
        return;
    smtp_commands_make(&commands, mail, &session->talk.link.offers, session->unclean);
    if (send_envelope(session, &commands, seen) && send_body(session, mail, seen))
        read_answer(session, seen);
}

void smtp_session_send(struct smtp_session *session, const struct smtp_mail *mail,
                       struct transfer_seen *seen)
{
    struct transfer *transfer = transfer_of(session);
    *seen = (struct transfer_seen){.words = "", .retry_after = "", .reused = session->used};
    session->used = true;
    transfer_resume(transfer, mail->length, seen->reused ? RETRY_MAIL : RETRY_GREETING);
    transfer->lost = false;
    bool tried = !refuse_unoffered(session, mail);
    if (tried)
        exchange(session, mail, seen);
    seen->phase = transfer->phase;
    seen->failure = transfer->stop;
    if (!seen->code && seen->failure == RETRY_NONE && transfer->lost)
        seen->failure = RETRY_LOST;
    seen->fault = transfer->fault;
    if (tried && (!seen->code || session->rude || transfer->lost))
        smtp_session_drop(session);
}
