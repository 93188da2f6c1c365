/*
 * smtp_session_send(), at the end, is the whole of one mail; while it runs libcurl calls back:
 *
 *   on_debug    each command that went out: the phase; each line that came in: the reply to it
 *   give_body   the body goes out; at its end stands the gate: does the daemon still hold its
 *               lease? Then RETRY_ANSWER begins
 *
 * A reply belongs to the last command, so none can be stale: the code that libcurl keeps
 * over a lost connection is not looked at.
 */
#include "send/smtp_session.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"

/* The buffer is libcurl's for a body; with the copy that it makes for its dots it is the
 * larger part of what a connection takes in memory. */
enum { SESSION_BUFFER = 32768 };

struct smtp_session {
    struct transfer transfer;

    /* The mail under way. */
    const char *body;
    size_t given;
    bool needs_utf8, offers_utf8;
    int code; /* so far; of a reply of many lines before its last: 0 */
    struct buf words;
};

static void enter_phase(struct smtp_session *session, enum retry_phase phase)
{
    transfer_enter(&session->transfer, phase);
    session->code = 0;
    buf_clear(&session->words);
}

/* A mail ends when nothing more is given: then libcurl sends the final dot. */
static size_t give_body(char *out, size_t size, size_t count, void *context)
{
    struct smtp_session *session = context;
    struct transfer *transfer = &session->transfer;
    size_t left = transfer->length - session->given;
    size_t part = size * count < left ? size * count : left;
    if (transfer->phase < RETRY_BODY)
        enter_phase(session, RETRY_BODY);
    if (session->needs_utf8 && !session->offers_utf8) {
        transfer->stop = RETRY_NO_UTF8;
        return CURL_READFUNC_ABORT;
    }
    if (left == 0 && transfer->phase == RETRY_BODY) {
        if (!transfer_may_finish(transfer))
            return CURL_READFUNC_ABORT;
        enter_phase(session, RETRY_ANSWER);
    }
    memcpy(out, session->body + session->given, part);
    session->given += part;
    return part;
}

/* ---- What the server says ---- */

/* A line of an SMTP reply: "250-text" or, the last one, "250 text". */
static void take_reply(struct smtp_session *session, const char *line, size_t length)
{
    if (session->code || length < 3 || strspn(line, "0123456789") < 3)
        return;
    if (session->transfer.phase == RETRY_CONNECT)
        enter_phase(session, RETRY_GREETING);
    bool last = length == 3 || line[3] != '-';
    const char *text = length > 4 ? line + 4 : "";
    size_t text_length = length > 4 ? length - 4 : 0;
    if (session->transfer.phase == RETRY_GREETING && text_length >= 8 &&
        strncasecmp(text, "SMTPUTF8", 8) == 0)
        session->offers_utf8 = true;
    if (session->words.length == 0)
        buf_add(&session->words, line, 3);
    buf_char(&session->words, ' ');
    buf_add(&session->words, text, text_length);
    if (last)
        session->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/* An SMTP command went out: what comes in now answers it. */
static void note_command(struct smtp_session *session, const char *line)
{
    static const struct {
        const char *verb;
        enum retry_phase phase;
    } commands[] = {
        {"EHLO", RETRY_GREETING}, {"HELO", RETRY_GREETING}, {"STARTTLS", RETRY_TLS},
        {"AUTH", RETRY_AUTH},     {"MAIL", RETRY_MAIL},     {"RCPT", RETRY_RCPT},
        {"DATA", RETRY_DATA},
    };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strncmp(line, commands[i].verb, strlen(commands[i].verb)) == 0) {
            if (commands[i].phase == RETRY_GREETING)
                session->offers_utf8 = false;
            enter_phase(session, commands[i].phase);
            return;
        }
    }
    if (session->transfer.phase == RETRY_AUTH) /* the next step of a login */
        enter_phase(session, RETRY_AUTH);
}

/* A command, or a step of a login, which is a secret but for "AUTH" and the mechanism. */
static void tell_command(const struct smtp_session *session, const char *line, size_t length)
{
    char masked[64];
    if (session->transfer.phase == RETRY_AUTH) {
        char mechanism[32] = "";
        if (sscanf(line, "AUTH %31[A-Z0-9_-]", mechanism) == 1)
            length = (size_t)snprintf(masked, sizeof masked, "AUTH %s ***", mechanism);
        else
            length = (size_t)snprintf(masked, sizeof masked, "***");
        line = masked;
    }
    transfer_tell(&session->transfer, true, line, length);
}

static int on_debug(CURL *curl, curl_infotype type, char *bytes, size_t length, void *context)
{
    struct smtp_session *session = context;
    (void)curl;
    if (type != CURLINFO_HEADER_OUT && type != CURLINFO_HEADER_IN)
        return 0;
    char line[1024]; /* RFC 5321, 4.5.3.1.5: a reply's line has 512 */
    size_t part = length < sizeof line ? length : sizeof line - 1;
    memcpy(line, bytes, part);
    line[part] = '\0';
    if (type == CURLINFO_HEADER_IN) {
        take_reply(session, line, part);
        transfer_tell(&session->transfer, false, line, part);
        return 0;
    }
    if (strncmp(line, "QUIT", 4) == 0)
        transfer_deafen(&session->transfer); /* libcurl would wait for the answer */
    else
        note_command(session, line);
    tell_command(session, line, part);
    return 0;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct smtp_session *session = context;
    (void)bytes;
    return transfer_count(&session->transfer, size * count) ? size * count : 0;
}

/* ---- The connection ---- */

struct smtp_session *smtp_session_new(const struct transfer_settings *settings)
{
    struct smtp_session *session = mem_zero(1, sizeof *session);
    transfer_init(&session->transfer, settings);
    buf_init(&session->words, TRANSFER_HEARD_MOST);
    return session;
}

void smtp_session_drop(struct smtp_session *session)
{
    transfer_drop(&session->transfer);
}

void smtp_session_destroy(struct smtp_session **session)
{
    if (!*session)
        return;
    smtp_session_drop(*session);
    buf_free(&(*session)->words);
    free(*session);
    *session = NULL;
}

static void set_up(struct smtp_session *session)
{
    CURL *curl = session->transfer.curl;
    bool clear = session->transfer.settings.tls == TRANSFER_NEVER;
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(clear ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)SESSION_BUFFER);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, session);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(curl, CURLOPT_READDATA, session);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, session);
}

/* ---- One mail ---- */

static void begin(struct smtp_session *session, const struct smtp_session_mail *mail)
{
    if (transfer_begin(&session->transfer, mail->length))
        set_up(session);
    session->body = mail->body;
    session->given = 0;
    session->needs_utf8 = mail->utf8;
    session->code = 0;
    buf_clear(&session->words);
}

void smtp_session_send(struct smtp_session *session, const struct smtp_session_mail *mail,
                       struct transfer_seen *seen)
{
    begin(session, mail);
    CURL *curl = session->transfer.curl;
    struct curl_slist *to = curl_slist_append(NULL, mail->to);
    if (!to)
        mem_exhausted();
    curl_easy_setopt(curl, CURLOPT_URL, mail->url);
    curl_easy_setopt(curl, CURLOPT_USERNAME, mail->user);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, mail->password);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mail->from);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    transfer_run(&session->transfer, seen);
    seen->code = session->code;
    seen->words = buf_string(&session->words);
    seen->words_length = session->words.length;
    /* libcurl could not even give the dot to the kernel: nobody can have taken the mail. */
    if (seen->unsent && seen->phase == RETRY_ANSWER && !seen->code)
        seen->phase = RETRY_BODY;
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(to);
}
