/*
 * smtp_session_send(), at the end, is the whole of one mail: refuse_unoffered() (what the server
 * could not carry), begin() (has it said something before it was asked?), send_envelope(),
 * send_body(), read_answer(). Below them stand put() and hear(), which give and take bytes until a
 * deadline.
 *
 * Where PIPELINING is offered MAIL, RCPT and DATA go out together (RFC 2920, 3.1 allows DATA as
 * the last of a group): two round trips for a mail instead of four. So a refused RCPT may be
 * followed by a 354, and then the server waits for a mail: a lone dot ends it, and since it has no
 * recipient, nobody gets it. RSET goes out before the next MAIL, in its group, and only behind a
 * mail that was not taken.
 *
 * The final dot goes out with the last piece of the body, in one write. Right before each attempt
 * at that write stands the gate, and a look at what the server has said by then: a reply that came
 * before the dot is none to it.
 */
#include "send/smtp_session.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

enum {
    SESSION_PIECE = 16384,  /* bytes of one write, and of one TLS record */
    SESSION_COMMAND = 2048, /* a group of commands with two addresses */
    SESSION_TIDY_MS = 5000, /* what is known need not wait longer for replies that change nothing */
    SESSION_ERRORS_MOST = 8, /* Postfix answers late from the tenth on, and ends it at the 20th */
};

struct smtp_session {
    struct smtp_link link;
    struct smtp_reply reply; /* the last one */
    struct smtp_reply told;  /* the one that decided, where others came behind it */
    size_t errors;           /* replies of 4xx and 5xx since a mail was taken */
    bool unclean;            /* the last mail was not taken: RSET before the next */
    bool rude;               /* it stands where QUIT would be no command */
    bool used;               /* a mail was sent over it before */

    char in[4096]; /* heard */
    size_t in_at, in_length;

    char out[SESSION_PIECE];
};

/* ---- Bytes ---- */

static struct transfer *transfer_of(struct smtp_session *session)
{
    return &session->link.transfer;
}

/* Takes in what is there by now. False: lost, or more than can be. */
static bool fill(struct smtp_session *session)
{
    size_t received;
    session->in_at = session->in_length = 0;
    if (!smtp_link_receive(&session->link, session->in, sizeof session->in, &received))
        return false;
    session->in_length = received;
    return transfer_count(transfer_of(session), received);
}

/* There is more of what was heard than was taken. */
static bool has_more(const struct smtp_session *session)
{
    return session->in_at < session->in_length;
}

/* Takes what was heard into the reply, as far as that goes. */
static void take(struct smtp_session *session)
{
    while (has_more(session)) {
        size_t taken = smtp_reply_take(&session->reply, session->in + session->in_at,
                                       session->in_length - session->in_at);
        if (!taken)
            return;
        session->in_at += taken;
        if (session->reply.line_whole)
            transfer_tell(transfer_of(session), false, session->reply.line,
                          session->reply.line_length);
    }
}

/* Reads a reply to its end. False: none came; transfer_of()->stop says why, or it was lost. */
static bool hear(struct smtp_session *session)
{
    struct transfer *transfer = transfer_of(session);
    struct smtp_reply *reply = &session->reply;
    smtp_reply_begin(reply);
    for (;;) {
        take(session);
        if (reply->state == SMTP_REPLY_WHOLE) {
            session->errors += reply->code >= 400;
            return true;
        }
        if (reply->state == SMTP_REPLY_GARBLED) {
            transfer->stop = RETRY_GARBLED;
            snprintf(transfer->fault, sizeof transfer->fault, "%.200s", reply->line);
            return false;
        }
        if (!fill(session))
            return false;
        if (session->in_length == 0 && !transfer_wait(transfer, session->link.fd, POLLIN))
            return false;
    }
}

/* The server has said something that it was not asked for, or has ended the connection. */
static bool has_spoken(struct smtp_session *session)
{
    return has_more(session) || !fill(session) || has_more(session);
}

/* Gives all bytes out. `last`: with the end of a mail among them. False: it stopped, or was lost,
 * or the server has spoken first. */
static bool put(struct smtp_session *session, const char *bytes, size_t length, bool last)
{
    struct transfer *transfer = transfer_of(session);
    for (size_t at = 0, sent; at < length; at += sent) {
        if (last && (has_spoken(session) || !transfer_may_finish(transfer)))
            return false;
        if (!smtp_link_send(&session->link, bytes + at, length - at, &sent))
            return false;
        if (sent == 0) {
            short ready = transfer_wait(transfer, session->link.fd, POLLIN | POLLOUT);
            if (!ready || ((ready & POLLIN) && has_spoken(session)))
                return false;
        }
    }
    return true;
}

/* ---- Its life ---- */

struct smtp_session *smtp_session_new(const struct transfer_settings *settings)
{
    struct smtp_session *session = mem_zero(1, sizeof *session);
    smtp_link_init(&session->link, settings);
    return session;
}

void smtp_session_drop(struct smtp_session *session)
{
    static const char quit[] = "QUIT\r\n";
    size_t sent;
    if (session->link.fd >= 0 && !session->rude && !transfer_of(session)->lost) {
        transfer_tell(transfer_of(session), true, quit, sizeof quit - 1);
        smtp_link_send(&session->link, quit, sizeof quit - 1, &sent);
    }
    smtp_link_drop(&session->link);
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
    if (session->link.fd >= 0 && session->errors >= SESSION_ERRORS_MOST)
        smtp_session_drop(session);
    return session->link.fd >= 0;
}

bool smtp_session_connect(struct smtp_session *session, const char *url,
                          const struct smtp_login *login, struct transfer_seen *seen)
{
    session->in_at = session->in_length = 0;
    session->errors = 0;
    session->unclean = session->rude = session->used = false;
    return smtp_link_connect(&session->link, url, login, seen);
}

/* ---- The envelope ---- */

static bool is_ascii(const char *bytes, size_t length)
{
    uint64_t any = 0, word;
    size_t at = 0;
    for (; at + sizeof word <= length; at += sizeof word) {
        memcpy(&word, bytes + at, sizeof word);
        any |= word;
    }
    for (; at < length; at++)
        any |= (unsigned char)bytes[at];
    return (any & 0x8080808080808080) == 0;
}

/* What would be refused is not tried: an address that the server would not understand goes
 * nowhere near it. */
static bool refuse_unoffered(struct smtp_session *session, const struct smtp_session_mail *mail,
                             bool utf8)
{
    const struct smtp_extensions *offers = &session->link.offers;
    struct transfer *transfer = transfer_of(session);
    if (utf8 && !offers->utf8) {
        transfer->stop = RETRY_NO_UTF8;
    } else if (offers->most && mail->length > offers->most) {
        transfer->stop = RETRY_TOO_BIG;
        snprintf(transfer->fault, sizeof transfer->fault, "%zu bytes, and it takes %llu",
                 mail->length, (unsigned long long)offers->most);
    }
    return transfer->stop != RETRY_NONE;
}

struct step {
    enum retry_phase phase;
    int class;  /* of the reply that lets it go on */
    size_t end; /* of its line in the group */
};

struct group {
    char text[SESSION_COMMAND];
    size_t length;
    struct step steps[4];
    size_t count;
    bool resets; /* the first one is RSET */
};

static void add_step(struct group *group, enum retry_phase phase, int class)
{
    group->steps[group->count++] = (struct step){phase, class, group->length};
}

__attribute__((format(printf, 2, 3))) static void add_text(struct group *group, const char *format,
                                                           ...)
{
    va_list args;
    va_start(args, format);
    int length =
        vsnprintf(group->text + group->length, sizeof group->text - group->length, format, args);
    va_end(args);
    group->length += (size_t)length;
}

static void make_group(const struct smtp_session *session, const struct smtp_session_mail *mail,
                       bool utf8, struct group *group)
{
    const struct smtp_extensions *offers = &session->link.offers;
    group->length = group->count = 0;
    group->resets = session->unclean;
    if (group->resets) {
        add_text(group, "RSET\r\n");
        add_step(group, RETRY_MAIL, 2);
    }
    add_text(group, "MAIL FROM:<%s>", mail->from);
    if (offers->size)
        add_text(group, " SIZE=%zu", mail->length);
    if (offers->eight_bit && !is_ascii(mail->body, mail->length))
        add_text(group, " BODY=8BITMIME");
    add_text(group, "%s\r\n", utf8 ? " SMTPUTF8" : "");
    add_step(group, RETRY_MAIL, 2);
    add_text(group, "RCPT TO:<%s>\r\n", mail->to);
    add_step(group, RETRY_RCPT, 2);
    add_text(group, "DATA\r\n");
    add_step(group, RETRY_DATA, 3);
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
    session->told = session->reply;
    seen->code = session->told.code;
    seen->words = session->told.words;
    seen->words_length = session->told.words_length;
}

/* The server spoke before it was asked. That may say why it ends here: "421 4.4.2 timeout". What
 * says more than "not now" does not decide: it may be meant for something else. */
static void hear_why(struct smtp_session *session, struct transfer_seen *seen)
{
    struct transfer *transfer = transfer_of(session);
    const struct smtp_reply *reply = &session->reply;
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
    transfer->lost = false;
}

enum order {
    ORDER_KEPT, /* the next mail finds the connection as it should be */
    ORDER_LOST,
    ORDER_UNKNOWN, /* there was a reply too many: which of them answers what, nobody knows */
};

/* The replies behind one that decided. None of them changes what was decided, nor is waited for
 * long. */
static enum order tidy(struct smtp_session *session, const struct group *group, size_t next)
{
    struct transfer *transfer = transfer_of(session);
    static const char dot[] = ".\r\n";
    bool accepted = false;
    transfer->until_ms = clock_monotonic_ms() + SESSION_TIDY_MS;
    for (; next < group->count; next++) {
        if (!hear(session) || session->reply.code == 421)
            return ORDER_LOST;
        if (group->steps[next].phase == RETRY_RCPT)
            accepted = session->reply.code < 300;
        else if (session->reply.code < 300) /* which is none to DATA */
            return ORDER_UNKNOWN;
    }
    if (has_more(session))
        return ORDER_UNKNOWN;
    if (session->reply.code >= 400)
        return ORDER_KEPT;
    if (accepted) /* without a sender: somebody would get the empty mail */
        return ORDER_LOST;
    transfer_tell(transfer, true, dot, sizeof dot - 1);
    if (!put(session, dot, sizeof dot - 1, false) || !hear(session) || session->reply.code == 421)
        return ORDER_LOST;
    return ORDER_KEPT;
}

/* A reply that is not the one to go on with. */
static void end_envelope(struct smtp_session *session, const struct group *group, size_t step,
                         struct transfer_seen *seen)
{
    struct transfer *transfer = transfer_of(session);
    enum order order = ORDER_KEPT;
    if (step == 0 && group->resets) { /* a connection that cannot be used again, then */
        transfer->lost = true;
        return;
    }
    decide(session, seen);
    if (seen->code < 400 || seen->code == 421)
        order = ORDER_LOST;
    else if (session->link.offers.pipelining)
        order = tidy(session, group, step + 1);
    if (order != ORDER_KEPT)
        session->rude = true;
    if (order == ORDER_UNKNOWN)
        seen->code = 0;
    transfer->phase = group->steps[step].phase;
    transfer->stop = RETRY_NONE;
}

/* True: the server waits for the mail. */
static bool send_envelope(struct smtp_session *session, const struct group *group,
                          struct transfer_seen *seen)
{
    size_t given = 0;
    session->unclean = true;
    for (size_t i = 0; i < group->count; i++) {
        const struct step *step = &group->steps[i];
        size_t end = session->link.offers.pipelining ? group->length : step->end;
        transfer_enter(transfer_of(session), step->phase);
        if (end > given) {
            if (given && has_spoken(session)) {
                hear_why(session, seen);
                return false;
            }
            tell_commands(session, group->text + given, end - given);
            if (!put(session, group->text + given, end - given, false))
                return false;
            given = end;
        }
        if (!hear(session))
            return false;
        if (session->reply.code / 100 != step->class) {
            end_envelope(session, group, i, seen);
            return false;
        }
    }
    return true;
}

/* ---- The mail itself ---- */

/* Copies a piece of the body, a line's first dot doubled (RFC 5321, 4.5.2); how much of it, and
 * how many bytes that became. There is room left for the end of the mail. */
static size_t stuff(const struct smtp_session_mail *mail, size_t *at, char *out)
{
    size_t used = 0;
    const size_t room = SESSION_PIECE - 4;
    while (*at < mail->length && used < room) {
        const char *from = mail->body + *at;
        if (*from == '.' && (*at == 0 || from[-1] == '\n'))
            out[used++] = '.';
        size_t part = mail->length - *at < room + 1 - used ? mail->length - *at : room + 1 - used;
        const char *dot = memmem(from, part, "\n.", 2);
        if (dot)
            part = (size_t)(dot - from) + 1;
        memcpy(out + used, from, part);
        used += part;
        *at += part;
    }
    return used;
}

/* True: all of it went out. */
static bool send_body(struct smtp_session *session, const struct smtp_session_mail *mail,
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
        if (!put(session, session->out, used, last)) {
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
    if (!has_spoken(session))
        return true;
    if (seen->reused)
        transfer_of(session)->lost = true;
    else
        hear_why(session, seen);
    session->rude = true;
    return false;
}

static void exchange(struct smtp_session *session, const struct smtp_session_mail *mail, bool utf8,
                     struct transfer_seen *seen)
{
    struct group group;
    if (!begin(session, seen))
        return;
    make_group(session, mail, utf8, &group);
    if (send_envelope(session, &group, seen) && send_body(session, mail, seen))
        read_answer(session, seen);
}

void smtp_session_send(struct smtp_session *session, const struct smtp_session_mail *mail,
                       struct transfer_seen *seen)
{
    struct transfer *transfer = transfer_of(session);
    bool utf8 = mail->utf8 || !is_ascii(mail->from, strlen(mail->from)) ||
                !is_ascii(mail->to, strlen(mail->to));
    *seen = (struct transfer_seen){.words = "", .retry_after = "", .reused = session->used};
    session->used = true;
    transfer_resume(transfer, mail->length, seen->reused ? RETRY_MAIL : RETRY_GREETING);
    transfer->lost = false;
    bool tried = !refuse_unoffered(session, mail, utf8);
    if (tried)
        exchange(session, mail, utf8, seen);
    seen->phase = transfer->phase;
    seen->failure = transfer->stop;
    if (!seen->code && seen->failure == RETRY_NONE && transfer->lost)
        seen->failure = RETRY_LOST;
    seen->fault = transfer->fault;
    if (tried && (!seen->code || session->rude || transfer->lost))
        smtp_session_drop(session);
}
