/*
 * What libcurl calls back in any transfer stands here: open_socket and close_socket say which
 * sockets there are, watch() looks once a second at least at the deadline of the phase and at
 * the daemon's wish. What is particular to a protocol is its own file's.
 */
#include "send/transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"

enum { TRANSFER_BODY_MS = 60000, TRANSFER_WATCH_MS = 1000 };

_Static_assert((int)TRANSFER_FAULT_SIZE >= CURL_ERROR_SIZE, "libcurl's words have room");

/* ---- Phases ---- */

void transfer_enter(struct transfer *transfer, enum retry_phase phase)
{
    transfer->phase = phase;
    transfer->phase_ms = clock_monotonic_ms();
}

static int64_t deadline_of_phase(const struct transfer *transfer)
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

static int64_t deadline_of(const struct transfer *transfer)
{
    int64_t deadline = deadline_of_phase(transfer);
    return transfer->until_ms && transfer->until_ms < deadline ? transfer->until_ms : deadline;
}

static bool is_cut(const struct transfer *transfer)
{
    const struct gateway_hooks *hooks = &transfer->settings.hooks;
    return hooks->is_cut && hooks->is_cut(hooks->context);
}

bool transfer_goes_on(struct transfer *transfer)
{
    if (is_cut(transfer))
        transfer->stop = RETRY_CUT_OFF;
    else if (clock_monotonic_ms() >= deadline_of(transfer))
        transfer->stop = RETRY_TIMEOUT;
    return transfer->stop == RETRY_NONE;
}

/* libcurl's CURLOPT_XFERINFOFUNCTION. */
static int watch(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    return !transfer_goes_on(context);
}

/* Until one of `fds` is ready, or `until_ms`, or the deadline, or for no reason. */
static int wait_for(struct transfer *transfer, struct pollfd *fds, size_t count, int64_t until_ms)
{
    const struct gateway_hooks *hooks = &transfer->settings.hooks;
    const int64_t deadline_ms = deadline_of(transfer);
    if (deadline_ms < until_ms)
        until_ms = deadline_ms;
    if (hooks->wait)
        return hooks->wait(hooks->context, fds, count, until_ms);
    int64_t ms = until_ms - clock_monotonic_ms();
    return poll(fds, count, ms < 0 ? 0 : ms < TRANSFER_WATCH_MS ? (int)ms : TRANSFER_WATCH_MS);
}

short transfer_wait(struct transfer *transfer, int fd, short events)
{
    struct pollfd ready = {.fd = fd, .events = events};
    while (transfer_goes_on(transfer)) {
        if (wait_for(transfer, &ready, 1, INT64_MAX) > 0)
            return ready.revents;
    }
    return 0;
}

bool transfer_may_finish(struct transfer *transfer)
{
    const struct gateway_hooks *hooks = &transfer->settings.hooks;
    bool may =
        !failpoint("send-before-end") && (!hooks->may_finish || hooks->may_finish(hooks->context));
    if (!may)
        transfer->stop = RETRY_CUT_OFF;
    return may;
}

bool transfer_count(struct transfer *transfer, size_t length)
{
    transfer->heard += length;
    if (transfer->heard <= TRANSFER_HEARD_MOST)
        return true;
    if (transfer->stop == RETRY_NONE)
        transfer->stop = RETRY_FLOODED;
    return false;
}

void transfer_tell(const struct transfer *transfer, bool out, const char *line, size_t length)
{
    const struct gateway_hooks *hooks = &transfer->settings.hooks;
    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
        length--;
    if (hooks->line)
        hooks->line(hooks->context, out, line, length);
}

/* ---- Sockets ---- */

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = context;
    (void)purpose;
    if (transfer->socket_count == HANDLE_SOCKETS)
        return CURL_SOCKET_BAD;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) {
        transfer->no_socket = errno == EMFILE || errno == ENFILE || errno == ENOBUFS;
        return CURL_SOCKET_BAD;
    }
    transfer->sockets[transfer->socket_count++] = fd;
    return fd;
}

/* What was said before a reset is still there, though libcurl met the reset first, as it sent. */
static void keep_left(struct transfer *transfer, int fd)
{
    ssize_t got = recv(fd, transfer->left, sizeof transfer->left - 1, MSG_DONTWAIT);
    transfer->left_length = got > 0 ? (size_t)got : 0;
    transfer->left[transfer->left_length] = '\0';
}

static void forget_socket(struct transfer *transfer, int fd)
{
    for (size_t i = 0; i < transfer->socket_count; i++) {
        if (transfer->sockets[i] == fd)
            transfer->sockets[i] = transfer->sockets[--transfer->socket_count];
    }
}

static int close_socket(void *context, curl_socket_t fd)
{
    struct transfer *transfer = context;
    if (fd == transfer->released)
        return 0;
    keep_left(transfer, fd);
    forget_socket(transfer, fd);
    return close(fd);
}

/* Between two transfers a server has nothing to say but farewell ("421 idle too long"),
 * or it has closed: such a connection is not used again. */
static bool is_stale(const struct transfer *transfer)
{
    if (transfer->multiplexed)
        return false;
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

void transfer_init(struct transfer *transfer, const struct transfer_settings *settings)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_curl);
    *transfer = (struct transfer){.settings = *settings, .released = -1};
}

void transfer_drop(struct transfer *transfer)
{
    if (!transfer->handle.curl)
        return;
    /* Nothing more is read, so nothing waits for a farewell: TLS has one, too. */
    for (size_t i = 0; i < transfer->socket_count; i++)
        shutdown(transfer->sockets[i], SHUT_RD);
    handle_close(&transfer->handle);
    transfer->multiplexed = false;
}

void transfer_release(struct transfer *transfer, int fd)
{
    forget_socket(transfer, fd);
    transfer->released = fd;
    transfer_drop(transfer);
    transfer->released = -1;
}

static void set_callbacks(struct transfer *transfer)
{
    CURL *curl = transfer->handle.curl;
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->fault);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(curl, CURLOPT_CLOSESOCKETDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
}

/* What holds for the handle's whole life. Not from the environment or the user's home: no
 * proxy, no .netrc. */
static void open_handle(struct transfer *transfer)
{
    const struct transfer_settings *settings = &transfer->settings;
    handle_open(&transfer->handle);
    set_callbacks(transfer);
    CURL *curl = transfer->handle.curl;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); /* no wait for a name nobody asks for now */
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, 1L);
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
}

/* ---- One transfer ---- */

/* libcurl says of each failed open(2) and socket(2) that something is wrong with what it is about:
 * a host, a file of certificates. */
static bool lacks_descriptors(void)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    bool lacks = fd < 0 && (errno == EMFILE || errno == ENFILE);
    if (fd >= 0)
        close(fd);
    return lacks;
}

static enum retry_failure failure_of(const struct transfer *transfer, CURLcode result)
{
    switch (result) {
    case CURLE_OK:
        return RETRY_NONE;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return lacks_descriptors() ? RETRY_NO_SOCKET : RETRY_UNRESOLVED;
    case CURLE_COULDNT_CONNECT:
        return transfer->no_socket ? RETRY_NO_SOCKET : RETRY_REFUSED;
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
        return lacks_descriptors() ? RETRY_NO_SOCKET : RETRY_MISCONFIGURED;
    default:
        return RETRY_LOST;
    }
}

void transfer_resume(struct transfer *transfer, size_t length, enum retry_phase phase)
{
    transfer->length = length;
    transfer->until_ms = 0;
    transfer->left_length = 0;
    transfer->stop = RETRY_NONE;
    transfer->heard = 0;
    transfer->no_socket = false;
    transfer->fault[0] = '\0';
    transfer->began_ms = clock_monotonic_ms();
    transfer_enter(transfer, phase);
}

bool transfer_begin(struct transfer *transfer, size_t length)
{
    if (transfer->lost || is_stale(transfer))
        transfer_drop(transfer);
    bool fresh = !transfer->handle.curl;
    if (fresh)
        open_handle(transfer);
    transfer->lost = false;
    transfer_resume(transfer, length, RETRY_CONNECT);
    return fresh;
}

/* As curl_easy_perform(), with our own way to wait. */
static CURLcode perform(struct transfer *transfer)
{
    struct handle *handle = &transfer->handle;
    struct pollfd fds[HANDLE_SOCKETS];
    size_t count = 0;
    handle_begin(handle);
    for (handle_step(handle, fds, count); !handle->ended; handle_step(handle, fds, count)) {
        count = handle->awaited_count;
        memcpy(fds, handle->awaited, count * sizeof *fds);
        if (wait_for(transfer, fds, count, handle_due_ms(handle)) <= 0)
            count = 0;
        if (!handle->ended && !transfer_goes_on(transfer))
            return CURLE_ABORTED_BY_CALLBACK;
    }
    return (CURLcode)handle->result;
}

void transfer_run(struct transfer *transfer, struct transfer_seen *seen)
{
    bool kept = transfer->socket_count > 0;
    CURLcode result = perform(transfer);
    long fresh = 0;
    curl_easy_getinfo(transfer->handle.curl, CURLINFO_NUM_CONNECTS, &fresh);
    enum retry_failure failure =
        transfer->stop != RETRY_NONE ? transfer->stop : failure_of(transfer, result);
    transfer->lost = failure == RETRY_LOST;
    if (failure != RETRY_NONE && !transfer->fault[0])
        snprintf(transfer->fault, sizeof transfer->fault, "%s", curl_easy_strerror(result));
    *seen = (struct transfer_seen){
        .phase = transfer->phase,
        .failure = failure,
        .unsent = result == CURLE_SEND_ERROR,
        .words = "",
        .headers = "",
        .fault = transfer->fault,
        .retry_after = "",
        .reused = kept && fresh == 0,
    };
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
        [RETRY_NO_SOCKET] = "no descriptor is left",
        [RETRY_TLS_FAILED] = "the TLS handshake failed",
        [RETRY_CERTIFICATE] = "the server's certificate was not accepted",
        [RETRY_NO_TLS] = "the server offers no TLS, which is required,",
        [RETRY_LOGIN] = "no way to log in that the server accepts",
        [RETRY_NO_AUTH] = "the server offers no AUTH, and `user` asks for a login",
        [RETRY_NO_UTF8] = "the address needs SMTPUTF8, which the server does not offer",
        [RETRY_TOO_BIG] = "the mail is longer than the server takes",
        [RETRY_TIMEOUT] = "no answer in time",
        [RETRY_LOST] = "the connection was lost",
        [RETRY_FLOODED] = "the server said more than 64 KiB",
        [RETRY_GARBLED] = "what the server said is no reply",
        [RETRY_CUT_OFF] = "given up by this daemon",
        [RETRY_MISCONFIGURED] = "the gateway's settings do not work",
    };
    /* Where we stopped it ourselves libcurl only knows that a callback said so. */
    bool ours = seen->failure == RETRY_CUT_OFF || seen->failure == RETRY_TIMEOUT ||
                seen->failure == RETRY_FLOODED || seen->failure == RETRY_NO_SOCKET;
    bool lacking = seen->failure == RETRY_NO_UTF8 || seen->failure == RETRY_TOO_BIG ||
                   seen->failure == RETRY_NO_AUTH;
    bool told = seen->fault[0] && !ours;
    outcome_printf(outcome, "%s%s%s%s%s", failures[seen->failure], lacking ? "" : " ",
                   lacking ? "" : phases[seen->phase], told ? ": " : "", told ? seen->fault : "");
}
