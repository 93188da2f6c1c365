/*
 * request_send(), at the end, is the whole of one request; while it runs libcurl calls back:
 *
 *   on_connected          the next that goes out is the header: it waits for the body
 *   on_debug              the header goes out: a request without a body is whole with it; the body
 *                         has gone out; and what libcurl tells in its words alone
 *   give_body             the body goes out; at its end stands the gate: does the daemon still
 *                         hold its lease? Then RETRY_ANSWER begins
 *   on_header, on_answer  the status line, header fields, the answer
 *   watch                 deadlines; and whether the answer is whole before the request is
 *
 * A final status decides, even one that comes early: then no more of the body goes out, and the
 * connection is not used again. A request that the server cannot have taken, because the kept
 * connection that it went out on had ended, or because it says so (HTTP/2), goes out once more at
 * once, over a new one.
 */
#include "send/request.h"

#include <ctype.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

enum {
    REQUEST_UPLOAD = 16384,   /* libcurl's buffers, while a request is under way: for a body, … */
    REQUEST_HEARD = 4096,     /* … and for an answer */
    REQUEST_LINE_MOST = 4096, /* so much of a header field is looked at */
    REQUEST_REST_MS = 10000,  /* for what comes behind an answer's header, */
    REQUEST_EARLY_MS = 2000,  /* less where the answer is early */
    REQUEST_IDLE_MS = 4000,   /* servers end connections that are idle, many of them after 5 s */
};

struct request {
    struct transfer transfer;
    int64_t idle_ms;  /* for so long the connection may be kept without work */
    int64_t ended_ms; /* when it had the last */

    /* The request under way. */
    const char *body;
    size_t given;
    int code;       /* so far */
    bool head_done; /* the header of the final answer has ended */
    int64_t length; /* of the answer's body, as its header says; -1: it does not */
    bool held;      /* the kernel holds back what does not fill a packet */
    bool early;     /* the answer came before all of the body had gone out */
    bool again;     /* libcurl is to begin it once more */
    bool repeated;  /* it has */
    bool excess;    /* the server said more than its answer */
    bool refused;   /* the server says that it has not looked at it (RFC 9113, 8.7 and 6.8) */
    int64_t stream; /* its own one of an HTTP/2 connection */
    struct buf answer, headers;
    char retry_after[64];
};

/* ---- What goes out ---- */

static void tell(const struct request *request, bool out, const char *bytes, size_t length)
{
    while (length) {
        const char *end = memchr(bytes, '\n', length);
        size_t part = end ? (size_t)(end + 1 - bytes) : length;
        transfer_tell(&request->transfer, out, bytes, part);
        bytes += part;
        length -= part;
    }
}

/* After an early answer: over HTTP/2 the last part of a body costs less than a new connection. */
static bool may_end(const struct request *request, size_t room)
{
    return request->transfer.multiplexed && request->transfer.length - request->given <= room;
}

/* The request ends with its last byte. */
static size_t give_body(char *out, size_t size, size_t count, void *context)
{
    struct request *request = context;
    struct transfer *transfer = &request->transfer;
    size_t left = transfer->length - request->given;
    size_t part = size * count < left ? size * count : left;
    if (request->code && !may_end(request, size * count))
        return CURL_READFUNC_PAUSE;
    if (transfer->phase < RETRY_BODY)
        transfer_enter(transfer, RETRY_BODY);
    if (part == left && transfer->phase == RETRY_BODY) {
        if (!transfer_may_finish(transfer))
            return CURL_READFUNC_ABORT;
        transfer_enter(transfer, RETRY_ANSWER);
    }
    memcpy(out, request->body + request->given, part);
    request->given += part;
    return part;
}

/* What stands behind `words`, with which the text begins; NULL: it does not. */
static const char *behind(const char *text, size_t length, const char *words)
{
    size_t part = strlen(words);
    return length > part && memcmp(text, words, part) == 0 ? text + part : NULL;
}

/* 0 where there is none. */
static int64_t number_at(const char *at, const char *end)
{
    int64_t number = 0;
    for (; at < end && isdigit((unsigned char)*at) && number < UINT32_MAX; at++)
        number = number * 10 + *at - '0';
    return number;
}

/* A farewell names the last stream that the server looks at: none behind it (RFC 9113, 6.8), though
 * it went out whole, as the two crossed. */
static void take_stream(struct request *request, const char *text, size_t length)
{
    static const char *const opened[] = {"Using Stream ID: ", "[HTTP/2] ["}; /* 7.88, 8 */
    static const char *const farewell[] = {"recveived GOAWAY", "received GOAWAY"};
    static const char last[] = "last_stream=";
    const char *at, *end = text + length;
    for (size_t i = 0; i < sizeof opened / sizeof *opened; i++) {
        if ((at = behind(text, length, opened[i])))
            request->stream = number_at(at, end);
        if ((at = behind(text, length, farewell[i])) &&
            (at = memmem(at, (size_t)(end - at), last, sizeof last - 1)) &&
            number_at(at + sizeof last - 1, end) < request->stream)
            request->refused = true;
    }
}

/* Its words are the only way in which libcurl tells of these. */
static void take_words(struct request *request, const char *text, size_t length)
{
    const struct {
        const char *words;
        bool *heard;
    } told[] = {{"REFUSED_STREAM", &request->refused},
                {"Connection died, retrying", &request->again},
                {"Excess found", &request->excess},
                {"Leftovers after chunking", &request->excess}};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (behind(text, length, told[i].words))
            *told[i].heard = true;
    take_stream(request, text, length);
}

/* Header and body go out together: alone the header would be a packet by itself, and a server that
 * answers by it would do so before the body came. The kernel holds nothing longer than 200 ms. */
static void hold_back(struct request *request, bool hold)
{
    const struct transfer *transfer = &request->transfer;
    const int value = hold;
    for (size_t i = 0; i < transfer->socket_count; i++)
        setsockopt(transfer->sockets[i], IPPROTO_TCP, TCP_CORK, &value, sizeof value);
    request->held = hold;
}

/* libcurl's CURLOPT_PREREQFUNCTION: there is a connection, and the request goes out next. */
static int on_connected(void *context, char *a, char *b, int c, int d)
{
    struct request *request = context;
    (void)a, (void)b, (void)c, (void)d;
    if (request->transfer.length)
        hold_back(request, true);
    return CURL_PREREQFUNC_OK;
}

/* With `again` libcurl begins once more by itself, over a new connection: it does so where nothing
 * of the body had gone out. */
static void take_head(struct request *request)
{
    if (request->again) {
        request->repeated = true;
        request->given = 0;
        request->refused = false;
        transfer_enter(&request->transfer, RETRY_CONNECT);
    }
    request->again = false;
    request->transfer.left_length = 0; /* of an older connection */
    if (request->transfer.length == 0)
        transfer_enter(&request->transfer, RETRY_ANSWER);
}

/* A first field that begins with a blank goes on with none. libcurl 7.88 would append it to the
 * last one of the answer before, which it has freed; it is told of the line before it looks at it.
 */
static void mend_fold(const struct request *request, char *line, size_t length)
{
    if (length && (*line == ' ' || *line == '\t') && request->headers.length == 0)
        *line = '-';
}

static int on_debug(CURL *curl, curl_infotype type, char *bytes, size_t length, void *context)
{
    struct request *request = context;
    (void)curl;
    if (type == CURLINFO_TEXT)
        take_words(request, bytes, length);
    if (type == CURLINFO_HEADER_IN)
        mend_fold(request, bytes, length);
    if (type == CURLINFO_HEADER_OUT) {
        take_head(request);
        tell(request, true, bytes, length);
    }
    if (type == CURLINFO_DATA_OUT && request->held && request->given == request->transfer.length)
        hold_back(request, false);
    return 0;
}

/* ---- What the server says ---- */

static void take_status(struct request *request, int status)
{
    request->code = status >= 200 ? status : 0;
    request->head_done = false;
    request->length = status == 204 || status == 304 ? 0 : -1;
    request->retry_after[0] = '\0';
    buf_clear(&request->headers);
}

/* "Keep-Alive: timeout=5": used again in its first half, so that the two never meet. */
static void take_keep(struct request *request, const char *field)
{
    const char *timeout = strcasestr(field, "timeout=");
    long long seconds = timeout ? strtoll(timeout + strlen("timeout="), NULL, 10) : 60;
    if (seconds < REQUEST_IDLE_MS / 500)
        request->idle_ms = seconds * 500;
}

/* With its name in lower case. */
static void take_field(struct request *request, const char *line, size_t line_length)
{
    static const char retry[] = "retry-after:", length[] = "content-length:";
    static const char keep[] = "keep-alive:";
    size_t name = request->headers.length;
    if (!buf_add(&request->headers, line, strnlen(line, line_length)))
        return;
    for (char *at = request->headers.data + name; *at && *at != ':'; at++)
        *at = (char)tolower((unsigned char)*at);
    const char *field = request->headers.data + name;
    if (strncmp(field, retry, sizeof retry - 1) == 0)
        snprintf(request->retry_after, sizeof request->retry_after, "%.63s",
                 field + sizeof retry - 1);
    else if (strncmp(field, length, sizeof length - 1) == 0)
        request->length = strtoll(field + sizeof length - 1, NULL, 10);
    else if (strncmp(field, keep, sizeof keep - 1) == 0)
        take_keep(request, field);
}

static void end_head(struct request *request)
{
    if (request->head_done || !request->code)
        return;
    request->head_done = true;
    if (!request->early)
        request->transfer.until_ms = clock_monotonic_ms() + REQUEST_REST_MS;
}

/* "HTTP/1.1 202 Accepted": 202; 0: it is no status line. */
static int status_of(const char *line, size_t length)
{
    static const char begin[] = "HTTP/";
    const char *at = line + sizeof begin - 1, *end = line + length;
    int status = 0;
    if (length < sizeof begin || memcmp(line, begin, sizeof begin - 1) != 0)
        return 0;
    while (at < end && !isspace((unsigned char)*at))
        at++;
    while (at < end && isspace((unsigned char)*at))
        at++;
    for (int i = 0; i < 3 && at < end && isdigit((unsigned char)*at); i++)
        status = status * 10 + (*at++ - '0');
    return status;
}

/* A line of the header; of a trailer too. */
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct request *request = context;
    const size_t length = size * count;
    int status;
    if (!transfer_count(&request->transfer, length))
        return 0;
    transfer_tell(&request->transfer, false, bytes, length);
    if (!length || bytes[0] == '\r' || bytes[0] == '\n') {
        end_head(request);
    } else if (!request->head_done && (status = status_of(bytes, length))) {
        request->transfer.multiplexed = bytes[5] >= '2';
        take_status(request, status);
    } else {
        take_field(request, bytes, length < REQUEST_LINE_MOST ? length : REQUEST_LINE_MOST);
    }
    return length;
}

static size_t on_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct request *request = context;
    if (!transfer_count(&request->transfer, size * count))
        return 0;
    buf_add(&request->answer, bytes, size * count);
    return size * count;
}

/* libcurl's CURLOPT_XFERINFOFUNCTION. `got` counts what came of the answer's body, `sent` what went
 * out of the request's. */
static int watch(void *context, curl_off_t a, curl_off_t got, curl_off_t b, curl_off_t sent)
{
    struct request *request = context;
    struct transfer *transfer = &request->transfer;
    (void)a, (void)b;
    if (!transfer_goes_on(transfer))
        return 1;
    if (!request->code || (size_t)sent >= transfer->length)
        return 0;
    if (!request->early)
        transfer->until_ms = clock_monotonic_ms() + REQUEST_EARLY_MS;
    request->early = true;
    if (may_end(request, 0)) /* all of it is on its way */
        return 0;
    return request->head_done && request->length >= 0 && got >= request->length;
}

/* ---- The connection ---- */

struct request *request_new(const struct transfer_settings *settings)
{
    struct request *request = mem_zero(1, sizeof *request);
    transfer_init(&request->transfer, settings);
    buf_init(&request->answer, TRANSFER_HEARD_MOST);
    buf_init(&request->headers, TRANSFER_HEARD_MOST);
    return request;
}

void request_drop(struct request *request)
{
    transfer_drop(&request->transfer);
}

void request_destroy(struct request **request)
{
    if (!*request)
        return;
    request_drop(*request);
    buf_free(&(*request)->answer);
    buf_free(&(*request)->headers);
    free(*request);
    *request = NULL;
}

static void set_callbacks(struct request *request)
{
    CURL *curl = request->transfer.handle.curl;
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, request);
    curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(curl, CURLOPT_PREREQDATA, request);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(curl, CURLOPT_READDATA, request);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, request);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, request);
}

static void set_up(struct request *request)
{
    CURL *curl = request->transfer.handle.curl;
    set_callbacks(request);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)REQUEST_UPLOAD);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, (long)REQUEST_HEARD);
    curl_easy_setopt(curl, CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
}

/* ---- One request ---- */

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

static void begin(struct request *request, const struct request_settings *made)
{
    if (clock_monotonic_ms() - request->ended_ms >= request->idle_ms)
        request_drop(request);
    request->idle_ms = REQUEST_IDLE_MS;
    if (transfer_begin(&request->transfer, made->length))
        set_up(request);
    request->body = made->body;
    request->given = 0;
    request->early = request->again = request->repeated = false;
    request->excess = request->refused = request->held = false;
    request->stream = 0;
    buf_clear(&request->answer);
    take_status(request, 0);
}

static void put(struct request *request, const struct request_settings *made)
{
    CURL *curl = request->transfer.handle.curl;
    curl_easy_setopt(curl, CURLOPT_URL, made->url);
    curl_easy_setopt(curl, CURLOPT_USERNAME, made->user);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, made->password);
    curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, made->aws_sigv4);
    /* As it is written; but newer libcurls sign only a path that they have normalised. */
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, (long)!made->aws_sigv4);
    /* libcurl sends a request again by itself where a kept connection broke. Not one with a
     * body, because nothing here can be rewound; one without a body gets a new connection. */
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, (long)(made->length == 0));
    if (made->length) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, NULL);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)made->length);
    } else {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, made->method);
}

/* An answer came, and then a reset, which libcurl met first, as it sent. In clear text the status
 * is still there. */
static void take_left(struct request *request)
{
    const struct transfer *transfer = &request->transfer;
    int status;
    if (sscanf(transfer->left, "HTTP/1.%*1d %3d", &status) == 1 && status >= 200 &&
        memchr(transfer->left, '\n', transfer->left_length))
        take_status(request, status);
}

/* Whether libcurl gave all of it to the kernel: what it could not give has no end, and nobody can
 * have taken it. With `again` it counts anew. */
static bool all_went_out(const struct request *request, const struct transfer_seen *seen)
{
    curl_off_t sent = 0;
    curl_easy_getinfo(request->transfer.handle.curl, CURLINFO_SIZE_UPLOAD_T, &sent);
    return !seen->unsent && (request->again || (size_t)sent >= request->transfer.length);
}

/* How far the request came, where no status decides. */
static void place(struct request *request, struct transfer_seen *seen)
{
    if (request->refused)
        seen->phase = RETRY_CONNECT;
    else if (seen->phase == RETRY_ANSWER && !all_went_out(request, seen))
        seen->phase = RETRY_BODY;
    if (seen->phase < RETRY_BODY)
        return;
    if (seen->failure == RETRY_LOST)
        take_left(request);
    /* That is what libcurl says of an answer that is neither HTTP/1 nor 2. */
    if (seen->failure == RETRY_MISCONFIGURED)
        seen->failure = RETRY_GARBLED;
}

/* What was seen. */
static void see(struct request *request, struct transfer_seen *seen)
{
    if (!request->code)
        place(request, seen);
    seen->code = request->code;
    seen->words = buf_string(&request->answer);
    seen->words_length = request->answer.length;
    seen->headers = buf_string(&request->headers);
    seen->headers_length = request->headers.length;
    seen->retry_after = request->retry_after;
    tell(request, false, seen->words, seen->words_length);
}

static void run(struct request *request, const struct request_settings *made,
                struct transfer_seen *seen)
{
    begin(request, made);
    put(request, made);
    struct curl_slist *headers = list_headers(made->headers);
    curl_easy_setopt(request->transfer.handle.curl, CURLOPT_HTTPHEADER, headers);
    if (made->length || transfer_may_finish(&request->transfer)) {
        transfer_run(&request->transfer, seen);
        see(request, seen);
    } else {
        *seen = (struct transfer_seen){
            .failure = RETRY_CUT_OFF, .words = "", .headers = "", .fault = "", .retry_after = ""};
    }
    curl_easy_setopt(request->transfer.handle.curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    request->ended_ms = clock_monotonic_ms();
    if (seen->failure != RETRY_NONE || request->excess ||
        (request->early && !request->transfer.multiplexed))
        request_drop(request);
}

/* Nobody can have taken it, and a new connection may do better. */
static bool was_stale(const struct request *request, const struct transfer_seen *seen)
{
    if (seen->code || request->repeated || request->transfer.stop != RETRY_NONE)
        return false;
    bool kept = seen->reused || request->again;
    return request->refused || (kept && request->transfer.heard == 0 &&
                                seen->phase < RETRY_ANSWER && seen->failure == RETRY_LOST);
}

void request_send(struct request *request, const struct request_settings *made,
                  struct transfer_seen *seen)
{
    run(request, made, seen);
    if (was_stale(request, seen))
        run(request, made, seen);
}
