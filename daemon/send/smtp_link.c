/*
 * libcurl speaks as far as CURLOPT_CONNECT_ONLY goes, and calls back with all that is said:
 *
 *   on_debug    each command that went out: the phase; each line that came in: the reply to it
 *   on_header   the same lines once more, where what they say can end it
 *
 * A reply belongs to the last command, so none can be stale. What a server says behind the last
 * reply that libcurl reads, in the same packet, libcurl keeps for itself: such words are never
 * taken for an answer.
 */
#include "send/smtp_link.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base64.h"

static void enter_phase(struct smtp_link *link, enum retry_phase phase)
{
    transfer_enter(&link->transfer, phase);
    smtp_reply_begin(&link->reply);
}

/* ---- What is said ---- */

static void note_offer(struct smtp_link *link)
{
    const struct smtp_reply *line = &link->reply;
    struct smtp_extensions *offers = &link->offers;
    const char *most = smtp_reply_offer(line, "SIZE");
    offers->pipelining |= smtp_reply_offer(line, "PIPELINING") != NULL;
    offers->eight_bit |= smtp_reply_offer(line, "8BITMIME") != NULL;
    offers->utf8 |= smtp_reply_offer(line, "SMTPUTF8") != NULL;
    offers->auth |= smtp_reply_offer(line, "AUTH") != NULL;
    if (most) {
        offers->size = true;
        offers->most = strtoull(most, NULL, 10);
    }
}

static void take_lines(struct smtp_link *link, const char *bytes, size_t length)
{
    if (link->replaced)
        smtp_reply_begin(&link->reply);
    link->replaced = false;
    if (link->transfer.phase == RETRY_CONNECT)
        enter_phase(link, RETRY_GREETING);
    for (size_t at = 0, taken; at < length; at += taken) {
        bool first = link->reply.first == 0;
        taken = smtp_reply_take(&link->reply, bytes + at, length - at);
        if (!taken)
            return;
        if (link->reply.line_whole && !first && link->transfer.phase == RETRY_GREETING)
            note_offer(link);
    }
    if (link->transfer.phase == RETRY_AUTH && link->reply.code / 100 == 2)
        link->logged_in = true;
}

static void note_command(struct smtp_link *link, const char *line)
{
    static const struct {
        const char *verb;
        enum retry_phase phase;
    } commands[] = {
        {"EHLO ", RETRY_GREETING},
        {"HELO ", RETRY_GREETING},
        {"STARTTLS", RETRY_TLS},
        {"AUTH ", RETRY_AUTH},
    };
    enum retry_phase phase = link->transfer.phase;
    /* Behind AUTH come steps of the login alone, and they may look like anything. */
    for (size_t i = 0; phase != RETRY_AUTH && i < sizeof commands / sizeof *commands; i++) {
        if (strncmp(line, commands[i].verb, strlen(commands[i].verb)) == 0)
            phase = commands[i].phase;
    }
    if (phase == RETRY_GREETING)
        link->offers = (struct smtp_extensions){0};
    transfer_enter(&link->transfer, phase);
    /* Where HELO is not answered, what was said to EHLO tells more than nothing. */
    link->replaced = true;
    if (strncmp(line, "HELO ", 5) != 0)
        smtp_reply_begin(&link->reply);
}

/* A command, or a step of a login, which is a secret but for "AUTH" and the mechanism. */
static void tell_command(const struct smtp_link *link, const char *line, size_t length)
{
    char masked[64];
    if (link->transfer.phase == RETRY_AUTH) {
        char mechanism[32] = "";
        if (strncmp(line, "AUTH ", 5) == 0 && sscanf(line + 5, "%31[A-Z0-9_-]", mechanism) == 1)
            length = (size_t)snprintf(masked, sizeof masked, "AUTH %s ***", mechanism);
        else
            length = (size_t)snprintf(masked, sizeof masked, "***");
        line = masked;
    }
    transfer_tell(&link->transfer, true, line, length);
}

/* Some servers say again what they do not take. */
static void tell_reply(const struct smtp_link *link, const char *line, size_t length)
{
    char said[SMTP_REPLY_LINE_MOST + 1];
    if (link->transfer.phase == RETRY_AUTH) {
        length = length < sizeof said - 1 ? length : sizeof said - 1;
        snprintf(said, sizeof said, "%.*s", (int)length, line);
        secret_mask(&link->secret, said);
        line = said;
        length = strlen(said);
    }
    transfer_tell(&link->transfer, false, line, length);
}

/* libcurl knows these two in capitals alone, where a server may write them as it likes (RFC 5321,
 * 4.1.1.1). It is told of the line before it looks at it. */
static void mend_offer(const struct smtp_link *link, char *line, size_t length)
{
    const struct smtp_reply *reply = &link->reply;
    if (link->transfer.phase != RETRY_GREETING || !reply->line_whole)
        return;
    if (!smtp_reply_offer(reply, "STARTTLS") && !smtp_reply_offer(reply, "AUTH"))
        return;
    for (size_t i = 0; i < length; i++)
        line[i] = (char)toupper((unsigned char)line[i]);
}

static int on_debug(CURL *curl, curl_infotype type, char *bytes, size_t length, void *context)
{
    struct smtp_link *link = context;
    (void)curl;
    if (type == CURLINFO_HEADER_IN) {
        take_lines(link, bytes, length);
        mend_offer(link, bytes, length);
        tell_reply(link, bytes, length);
    } else if (type == CURLINFO_HEADER_OUT) {
        char line[256];
        snprintf(line, sizeof line, "%.*s", (int)(length < 255 ? length : 255), bytes);
        note_command(link, line);
        tell_command(link, line, strlen(line));
    }
    return 0;
}

/* libcurl would wait for more behind what is no reply, and try HELO where EHLO is put off. */
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct smtp_link *link = context;
    struct transfer *transfer = &link->transfer;
    (void)bytes;
    if (!transfer_count(transfer, size * count))
        return 0;
    if (link->reply.state == SMTP_REPLY_GARBLED) {
        transfer->stop = RETRY_GARBLED;
        return 0;
    }
    if (transfer->phase == RETRY_GREETING && link->reply.code / 100 == 4)
        return 0;
    return size * count;
}

/* ---- Its life ---- */

void smtp_link_init(struct smtp_link *link, const struct transfer_settings *settings)
{
    transfer_init(&link->transfer, settings);
    link->fd = -1;
    smtp_reply_begin(&link->reply);
}

void smtp_link_drop(struct smtp_link *link)
{
    if (link->clear && link->fd >= 0)
        close(link->fd);
    transfer_drop(&link->transfer);
    link->fd = -1;
}

static void set_up(struct smtp_link *link, const char *url, const struct smtp_login *login)
{
    CURL *curl = link->transfer.handle.curl;
    bool clear = link->transfer.settings.tls == TRANSFER_NEVER;
    char options[64];
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(clear ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    curl_easy_setopt(curl, CURLOPT_USERNAME, login->user);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, login->password);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, login->token);
    /* With AUTH, a step less. Not for LOGIN, whose servers may ask for the name nevertheless, and
     * would be told the password instead. */
    curl_easy_setopt(curl, CURLOPT_SASL_IR, (long)(login->token != NULL));
    if (login->mechanism) {
        snprintf(options, sizeof options, "AUTH=%s", login->mechanism);
        curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, options);
    }
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, link);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, link);
}

/* A login that is asked for and was not made: libcurl goes on without where none is offered. */
static void check_login(const struct smtp_link *link, const struct smtp_login *login,
                        struct transfer_seen *seen)
{
    if (seen->failure != RETRY_NONE || !login->user || link->logged_in)
        return;
    seen->phase = RETRY_AUTH;
    seen->failure = link->offers.auth ? RETRY_LOGIN : RETRY_NO_AUTH;
    seen->code = 0;
}

/* What libcurl does not tell: the line that is no reply, and why a token is refused, which comes
 * back as a challenge (RFC 7628, 3.2.2). */
static void explain(struct smtp_link *link, const struct transfer_seen *seen)
{
    char *fault = link->transfer.fault;
    if (seen->failure == RETRY_GARBLED && link->reply.state == SMTP_REPLY_GARBLED)
        snprintf(fault, TRANSFER_FAULT_SIZE, "%.200s", link->reply.line);
    if (seen->failure != RETRY_LOGIN || seen->code != 334 || seen->words_length < 4)
        return;
    size_t length = 0, given = seen->words_length - 4;
    const size_t most = (TRANSFER_FAULT_SIZE - 1) / 3 * 4;
    const unsigned form = BASE64_STANDARD | BASE64_PADDED | BASE64_BARE | BASE64_LOOSE;
    base64_decode(seen->words + 4, given < most ? given : most, form, fault, &length);
    fault[length] = '\0';
}

/* What a server says of a login may have the secret in it. */
static void mask(struct smtp_link *link, struct transfer_seen *seen)
{
    char words[SMTP_REPLY_WORDS_MOST + 1];
    size_t length = seen->words_length;
    for (size_t i = 0; i < length; i++)
        words[i] = seen->words[i] ? seen->words[i] : ' ';
    words[length] = '\0';
    secret_mask(&link->secret, words);
    seen->words_length = strlen(words);
    memcpy(link->reply.words, words, seen->words_length);
    secret_mask(&link->secret, link->transfer.fault);
}

bool smtp_link_connect(struct smtp_link *link, const char *url, const struct smtp_login *login,
                       struct transfer_seen *seen)
{
    smtp_link_drop(link);
    transfer_begin(&link->transfer, 0);
    set_up(link, url, login);
    link->offers = (struct smtp_extensions){0};
    link->logged_in = link->replaced = false;
    link->secret.text = (char *)(login->token ? login->token : login->password);
    smtp_reply_begin(&link->reply);
    transfer_run(&link->transfer, seen);
    seen->code = link->reply.code;
    seen->words = link->reply.words;
    seen->words_length = link->reply.words_length;
    check_login(link, login, seen);
    explain(link, seen);
    mask(link, seen);
    link->secret.text = NULL; /* the caller's */
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (seen->failure == RETRY_NONE)
        curl_easy_getinfo(link->transfer.handle.curl, CURLINFO_ACTIVESOCKET, &fd);
    if (fd == CURL_SOCKET_BAD) {
        smtp_link_drop(link);
        return false;
    }
    link->fd = fd;
    link->clear = link->transfer.settings.tls == TRANSFER_NEVER;
    if (link->clear)
        transfer_release(&link->transfer, fd);
    else /* from here on it only has to say that it works */
        curl_easy_setopt(link->transfer.handle.curl, CURLOPT_VERBOSE, 0L);
    return true;
}

/* ---- What it carries ---- */

static bool lose(struct smtp_link *link, const char *why)
{
    struct transfer *transfer = &link->transfer;
    transfer->lost = true;
    if (!transfer->fault[0])
        snprintf(transfer->fault, sizeof transfer->fault, "%s", why);
    return false;
}

static bool lose_socket(struct smtp_link *link)
{
    char words[128];
    return lose(link, strerror_r(errno, words, sizeof words));
}

static bool is_put_off(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static bool send_clear(struct smtp_link *link, const char *bytes, size_t length, size_t *sent)
{
    ssize_t done = send(link->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    *sent = done > 0 ? (size_t)done : 0;
    return done >= 0 || is_put_off() || lose_socket(link);
}

bool smtp_link_send(struct smtp_link *link, const char *bytes, size_t length, size_t *sent)
{
    if (link->clear)
        return send_clear(link, bytes, length, sent);
    CURLcode result = curl_easy_send(link->transfer.handle.curl, bytes, length, sent);
    if (result == CURLE_AGAIN)
        *sent = 0;
    return result == CURLE_OK || result == CURLE_AGAIN || lose(link, curl_easy_strerror(result));
}

static const char closed[] = "the server has closed it";

static bool receive_clear(struct smtp_link *link, char *bytes, size_t room, size_t *received)
{
    ssize_t got = recv(link->fd, bytes, room, MSG_DONTWAIT);
    *received = got > 0 ? (size_t)got : 0;
    if (got == 0)
        return lose(link, closed);
    return got > 0 || is_put_off() || lose_socket(link);
}

bool smtp_link_receive(struct smtp_link *link, char *bytes, size_t room, size_t *received)
{
    if (link->clear)
        return receive_clear(link, bytes, room, received);
    *received = 0;
    CURLcode result = curl_easy_recv(link->transfer.handle.curl, bytes, room, received);
    if (result == CURLE_AGAIN || (result == CURLE_OK && *received > 0))
        return true;
    return lose(link, result == CURLE_OK ? closed : curl_easy_strerror(result));
}

/* In the clear nothing can be there that the socket does not tell of. */
bool smtp_link_await(struct smtp_link *link, char *bytes, size_t room, size_t *received)
{
    bool waits = link->clear;
    for (;; waits = true) {
        if (waits && !transfer_wait(&link->transfer, link->fd, POLLIN))
            return false;
        if (!smtp_link_receive(link, bytes, room, received))
            return false;
        if (*received > 0)
            return true;
    }
}
