/*
 * A transfer's life. begin() and run() stand near the end and are its two halves; between
 * them libcurl runs and calls back:
 *
 *   open_socket, close_socket   which sockets there are
 *   on_debug                    each command that went out: the phase; each line that came
 *                               in: the reply to it
 *   give_body                   the body goes out; at its end stands the gate: does the
 *                               daemon still hold its lease? Then RETRY_ANSWER begins
 *   on_header, on_answer        HTTP's status line, headers, answer
 *   watch                       once a second at least: deadlines, and the daemon's wish
 *
 * A reply belongs to the last command, so none can be stale: the code that libcurl keeps
 * over a lost connection is not looked at.
 */
#include "send/transfer.h"

#include <curl/curl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"

/* The buffer is libcurl's for a body; with the copy that it makes for its dots it is the
 * larger part of what a connection takes in memory. */
enum { TRANSFER_SOCKETS = 8, TRANSFER_BODY_MS = 60000, TRANSFER_BUFFER = 32768 };

struct transfer {
    CURL *curl; /* NULL: no connection is kept */
    struct transfer_settings settings;
    int sockets[TRANSFER_SOCKETS]; /* open ones; two while IPv6 and IPv4 race */
    size_t socket_count;
    /* The last transfer lost its connection. libcurl 8.14 would begin the next one by rewinding
     * what that one has sent: it gets a new handle. */
    bool lost;

    /* The transfer under way. */
    bool mail;
    const char *body;
    size_t length, given;
    bool needs_utf8, offers_utf8;
    enum retry_phase phase;
    int64_t began_ms, phase_ms;
    enum retry_failure stop; /* why we ended it; RETRY_NONE: we did not */
    int code;                /* so far; of a reply of many lines before its last: 0 */
    size_t heard;            /* bytes from the server in this transfer */
    struct buf words;
    char retry_after[64];
    char fault[CURL_ERROR_SIZE];
};

/* ---- Phases ---- */

static void enter_phase(struct transfer *transfer, enum retry_phase phase)
{
    transfer->phase = phase;
    transfer->phase_ms = clock_monotonic_ms();
    transfer->code = 0;
    buf_clear(&transfer->words);
}

static int64_t deadline_of(const struct transfer *transfer)
{
    const struct transfer_settings *settings = &transfer->settings;
    switch (transfer->phase) {
    case RETRY_CONNECT:
    case RETRY_GREETING:
    case RETRY_TLS:
    case RETRY_AUTH:
        return transfer->began_ms + settings->connect_ms;
    case RETRY_MAIL:
    case RETRY_RCPT:
    case RETRY_DATA:
        return transfer->phase_ms + settings->command_ms;
    case RETRY_BODY:
        return transfer->phase_ms + TRANSFER_BODY_MS +
               (int64_t)transfer->length * 1000 / settings->bytes_per_s;
    case RETRY_ANSWER:
        break;
    }
    return transfer->phase_ms + settings->answer_ms;
}

/* libcurl's CURLOPT_XFERINFOFUNCTION; it is called in the blocking wait for SMTP's last
 * answer too. */
static int watch(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct transfer *transfer = context;
    const struct gateway_hooks *hooks = &transfer->settings.hooks;
    (void)a, (void)b, (void)c, (void)d;
    if (hooks->is_cut && hooks->is_cut(hooks->context))
        transfer->stop = RETRY_CUT_OFF;
    else if (clock_monotonic_ms() >= deadline_of(transfer))
        transfer->stop = RETRY_TIMEOUT;
    return transfer->stop != RETRY_NONE;
}

/* ---- The body ---- */

static bool may_finish(struct transfer *transfer)
{
    const struct gateway_hooks *hooks = &transfer->settings.hooks;
    bool may =
        !failpoint("send-before-end") && (!hooks->may_finish || hooks->may_finish(hooks->context));
    if (!may)
        transfer->stop = RETRY_CUT_OFF;
    return may;
}

/* A mail ends when nothing more is given: then libcurl sends the final dot. A request
 * ends with its last byte. */
static size_t give_body(char *out, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t left = transfer->length - transfer->given;
    size_t part = size * count < left ? size * count : left;
    if (transfer->phase < RETRY_BODY)
        enter_phase(transfer, RETRY_BODY);
    if (transfer->needs_utf8 && !transfer->offers_utf8) {
        transfer->stop = RETRY_NO_UTF8;
        return CURL_READFUNC_ABORT;
    }
    bool end = transfer->mail ? left == 0 : part == left;
    if (end && transfer->phase == RETRY_BODY) {
        if (!may_finish(transfer))
            return CURL_READFUNC_ABORT;
        enter_phase(transfer, RETRY_ANSWER);
    }
    memcpy(out, transfer->body + transfer->given, part);
    transfer->given += part;
    return part;
}

/* ---- What the server says ---- */

/* Counts what was heard; false past the bound. */
static bool count_heard(struct transfer *transfer, size_t length)
{
    transfer->heard += length;
    if (transfer->heard <= TRANSFER_HEARD_MOST)
        return true;
    if (transfer->stop == RETRY_NONE)
        transfer->stop = RETRY_FLOODED;
    return false;
}

/* A line of an SMTP reply: "250-text" or, the last one, "250 text". */
static void take_reply(struct transfer *transfer, const char *line, size_t length)
{
    if (transfer->code || length < 3 || strspn(line, "0123456789") < 3)
        return;
    if (transfer->phase == RETRY_CONNECT)
        enter_phase(transfer, RETRY_GREETING);
    bool last = length == 3 || line[3] != '-';
    const char *text = length > 4 ? line + 4 : "";
    size_t text_length = length > 4 ? length - 4 : 0;
    if (transfer->phase == RETRY_GREETING && text_length >= 8 &&
        strncasecmp(text, "SMTPUTF8", 8) == 0)
        transfer->offers_utf8 = true;
    if (transfer->words.length == 0)
        buf_add(&transfer->words, line, 3);
    buf_char(&transfer->words, ' ');
    buf_add(&transfer->words, text, text_length);
    if (last)
        transfer->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/* An SMTP command went out: what comes in now answers it. */
static void note_command(struct transfer *transfer, const char *line)
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
                transfer->offers_utf8 = false;
            enter_phase(transfer, commands[i].phase);
            return;
        }
    }
    if (transfer->phase == RETRY_AUTH) /* the next step of a login */
        enter_phase(transfer, RETRY_AUTH);
}

/* Nothing more is read from the connection, so libcurl does not wait for what the server
 * says to QUIT: it would for two minutes. */
static void deafen(struct transfer *transfer)
{
    for (size_t i = 0; i < transfer->socket_count; i++)
        shutdown(transfer->sockets[i], SHUT_RD);
}

static int on_debug(CURL *curl, curl_infotype type, char *bytes, size_t length, void *context)
{
    struct transfer *transfer = context;
    (void)curl;
    if (type != CURLINFO_HEADER_OUT && type != CURLINFO_HEADER_IN)
        return 0;
    char line[1024]; /* RFC 5321, 4.5.3.1.5: a reply's line has 512 */
    size_t part = length < sizeof line ? length : sizeof line - 1;
    memcpy(line, bytes, part);
    line[part] = '\0';
    if (!transfer->mail) {
        /* A request without a body is whole with its header. */
        if (type == CURLINFO_HEADER_OUT && transfer->length == 0)
            enter_phase(transfer, RETRY_ANSWER);
    } else if (type == CURLINFO_HEADER_IN) {
        take_reply(transfer, line, part);
    } else if (strncmp(line, "QUIT", 4) == 0) {
        deafen(transfer);
    } else {
        note_command(transfer, line);
    }
    return 0;
}

/* Lines of HTTP's header; of SMTP's replies, which only count here. */
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t length = size * count;
    static const char retry[] = "retry-after:";
    if (!count_heard(transfer, length))
        return 0;
    if (transfer->mail)
        return length;
    char line[256];
    snprintf(line, sizeof line, "%.*s", (int)(length < 255 ? length : 255), bytes);
    int status;
    if (sscanf(line, "HTTP/%*s %3d", &status) == 1) {
        transfer->code = status >= 200 ? status : 0;
        transfer->retry_after[0] = '\0';
    } else if (strncasecmp(line, retry, sizeof retry - 1) == 0) {
        snprintf(transfer->retry_after, sizeof transfer->retry_after, "%.63s",
                 line + sizeof retry - 1);
    }
    return length;
}

static size_t on_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    if (!count_heard(transfer, size * count))
        return 0;
    buf_add(&transfer->words, bytes, size * count);
    return size * count;
}

/* ---- Sockets ---- */

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = context;
    (void)purpose;
    if (transfer->socket_count == TRANSFER_SOCKETS)
        return CURL_SOCKET_BAD;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    transfer->sockets[transfer->socket_count++] = fd;
    return fd;
}

static int close_socket(void *context, curl_socket_t fd)
{
    struct transfer *transfer = context;
    for (size_t i = 0; i < transfer->socket_count; i++) {
        if (transfer->sockets[i] == fd)
            transfer->sockets[i] = transfer->sockets[--transfer->socket_count];
    }
    return close(fd);
}

/* Between two transfers a server has nothing to say but farewell ("421 idle too long"),
 * or it has closed: such a connection is not used again. */
static bool is_stale(const struct transfer *transfer)
{
    for (size_t i = 0; i < transfer->socket_count; i++) {
        struct pollfd ready = {.fd = transfer->sockets[i], .events = POLLIN};
        if (poll(&ready, 1, 0) != 0)
            return true;
    }
    return false;
}

/* ---- The handle ---- */

static void init_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct transfer *transfer_new(const struct transfer_settings *settings)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_curl);
    struct transfer *transfer = mem_zero(1, sizeof *transfer);
    transfer->settings = *settings;
    buf_init(&transfer->words, TRANSFER_HEARD_MOST);
    return transfer;
}

void transfer_drop(struct transfer *transfer)
{
    if (!transfer->curl)
        return;
    deafen(transfer);
    curl_easy_cleanup(transfer->curl);
    transfer->curl = NULL;
}

void transfer_destroy(struct transfer **transfer)
{
    if (!*transfer)
        return;
    transfer_drop(*transfer);
    buf_free(&(*transfer)->words);
    free(*transfer);
    *transfer = NULL;
}

static void set_callbacks(struct transfer *transfer)
{
    CURL *curl = transfer->curl;
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->fault);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(curl, CURLOPT_CLOSESOCKETDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(curl, CURLOPT_READDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
}

/* What holds for the handle's whole life. Not from the environment or the user's home: no
 * proxy, no .netrc. */
static void open_handle(struct transfer *transfer)
{
    const struct transfer_settings *settings = &transfer->settings;
    CURL *curl = transfer->curl = curl_easy_init();
    if (!curl)
        mem_exhausted();
    set_callbacks(transfer);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps,http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, 1L);
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)TRANSFER_BUFFER);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)settings->connect_ms);
    /* libcurl's own limit for one reply stands behind ours, so that it never is the first. */
    int64_t longest =
        settings->command_ms > settings->answer_ms ? settings->command_ms : settings->answer_ms;
    curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(longest / 1000 + 5));
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (settings->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, settings->ca_file);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
}

/* ---- One transfer ---- */

static enum retry_failure failure_of(CURLcode result)
{
    switch (result) {
    case CURLE_OK:
        return RETRY_NONE;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return RETRY_UNRESOLVED;
    case CURLE_COULDNT_CONNECT:
        return RETRY_REFUSED;
    case CURLE_OPERATION_TIMEDOUT:
        return RETRY_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
        return RETRY_TLS_FAILED;
    case CURLE_PEER_FAILED_VERIFICATION:
        return RETRY_CERTIFICATE;
    case CURLE_USE_SSL_FAILED:
        return RETRY_NO_TLS;
    case CURLE_LOGIN_DENIED:
    case CURLE_AUTH_ERROR:
        return RETRY_LOGIN;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_REMOTE_ACCESS_DENIED: /* a bad reply to EHLO */
        return RETRY_GARBLED;
    case CURLE_WRITE_ERROR:
        return RETRY_FLOODED;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_FAILED_INIT:
    case CURLE_URL_MALFORMAT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return RETRY_MISCONFIGURED;
    default:
        return RETRY_LOST;
    }
}

static void begin(struct transfer *transfer, const char *body, size_t length, bool mail)
{
    if (transfer->lost || is_stale(transfer))
        transfer_drop(transfer);
    transfer->lost = false;
    if (!transfer->curl)
        open_handle(transfer);
    transfer->mail = mail;
    transfer->body = body;
    transfer->length = length;
    transfer->given = 0;
    transfer->needs_utf8 = false;
    transfer->stop = RETRY_NONE;
    transfer->heard = 0;
    transfer->retry_after[0] = '\0';
    transfer->fault[0] = '\0';
    transfer->began_ms = clock_monotonic_ms();
    enter_phase(transfer, RETRY_CONNECT);
}

/* Runs what was set up. */
static void run(struct transfer *transfer, struct transfer_seen *seen)
{
    bool kept = transfer->socket_count > 0;
    CURLcode result = curl_easy_perform(transfer->curl);
    long fresh = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_NUM_CONNECTS, &fresh);
    enum retry_failure failure = transfer->stop != RETRY_NONE ? transfer->stop : failure_of(result);
    transfer->lost = failure == RETRY_LOST;
    /* What libcurl could not even give to the kernel has no end: for a mail that is the dot,
     * for a request its last bytes. Nobody can have taken it. */
    if (result == CURLE_SEND_ERROR && transfer->phase == RETRY_ANSWER && !transfer->code)
        transfer->phase = RETRY_BODY;
    if (failure != RETRY_NONE && !transfer->fault[0])
        snprintf(transfer->fault, sizeof transfer->fault, "%s", curl_easy_strerror(result));
    *seen = (struct transfer_seen){
        .phase = transfer->phase,
        .failure = failure,
        .code = transfer->code,
        .words = buf_string(&transfer->words),
        .words_length = transfer->words.length,
        .fault = transfer->fault,
        .retry_after = transfer->retry_after,
        .reused = kept && fresh == 0,
    };
}

void transfer_send_mail(struct transfer *transfer, const struct transfer_mail *mail,
                        struct transfer_seen *seen)
{
    begin(transfer, mail->body, mail->length, true);
    transfer->needs_utf8 = mail->utf8;
    CURL *curl = transfer->curl;
    struct curl_slist *to = curl_slist_append(NULL, mail->to);
    if (!to)
        mem_exhausted();
    curl_easy_setopt(curl, CURLOPT_URL, mail->url);
    curl_easy_setopt(
        curl, CURLOPT_USE_SSL,
        (long)(transfer->settings.tls == TRANSFER_NEVER ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    curl_easy_setopt(curl, CURLOPT_USERNAME, mail->user);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, mail->password);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mail->from);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    run(transfer, seen);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(to);
}

static struct curl_slist *list_headers(const char *const *headers)
{
    struct curl_slist *list = NULL;
    for (; *headers; headers++) {
        struct curl_slist *longer = curl_slist_append(list, *headers);
        if (!longer)
            mem_exhausted();
        list = longer;
    }
    return list;
}

void transfer_send_request(struct transfer *transfer, const struct transfer_request *request,
                           struct transfer_seen *seen)
{
    begin(transfer, request->body, request->length, false);
    CURL *curl = transfer->curl;
    struct curl_slist *headers = list_headers(request->headers);
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_USERNAME, request->user);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, request->password);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    /* libcurl sends a request again by itself where a kept connection broke. Not one with a
     * body, because nothing here can be rewound; one without a body gets a new connection. */
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, (long)(request->length == 0));
    if (request->length) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, NULL);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->length);
    } else {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    if (request->length || may_finish(transfer)) {
        run(transfer, seen);
    } else {
        *seen = (struct transfer_seen){
            .failure = RETRY_CUT_OFF, .words = "", .fault = "", .retry_after = ""};
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
}

/* ---- Words ---- */

void transfer_explain(const struct transfer_seen *seen, struct outcome *outcome)
{
    static const char *const phases[] = {
        [RETRY_CONNECT] = "while connecting",
        [RETRY_GREETING] = "at the greeting",
        [RETRY_TLS] = "at STARTTLS",
        [RETRY_AUTH] = "at the login",
        [RETRY_MAIL] = "at MAIL FROM",
        [RETRY_RCPT] = "at RCPT TO",
        [RETRY_DATA] = "at DATA",
        [RETRY_BODY] = "while the message went out",
        [RETRY_ANSWER] = "while waiting for the answer to the message",
    };
    static const char *const failures[] = {
        [RETRY_NONE] = "an answer out of place",
        [RETRY_UNRESOLVED] = "no address for the host",
        [RETRY_REFUSED] = "no connection",
        [RETRY_TLS_FAILED] = "the TLS handshake failed",
        [RETRY_CERTIFICATE] = "the server's certificate was not accepted",
        [RETRY_NO_TLS] = "the server offers no TLS, which is required,",
        [RETRY_LOGIN] = "no way to log in that the server accepts",
        [RETRY_NO_AUTH] = "the server offers no AUTH, and `user` asks for a login,",
        [RETRY_NO_UTF8] = "the address needs SMTPUTF8, which the server does not offer",
        [RETRY_TIMEOUT] = "no answer in time",
        [RETRY_LOST] = "the connection was lost",
        [RETRY_FLOODED] = "the server said more than 64 KiB",
        [RETRY_GARBLED] = "what the server said is no reply",
        [RETRY_CUT_OFF] = "given up by this daemon",
        [RETRY_MISCONFIGURED] = "the gateway's settings do not work",
    };
    /* Where we stopped it ourselves libcurl only knows that a callback said so. */
    bool ours = seen->failure == RETRY_CUT_OFF || seen->failure == RETRY_NO_UTF8 ||
                seen->failure == RETRY_TIMEOUT || seen->failure == RETRY_FLOODED;
    if (ours || !seen->fault[0])
        outcome_printf(outcome, "%s %s", failures[seen->failure], phases[seen->phase]);
    else
        outcome_printf(outcome, "%s %s: %s", failures[seen->failure], phases[seen->phase],
                       seen->fault);
}
