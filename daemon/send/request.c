/*
 * request_send(), at the end, is the whole of one request; while it runs libcurl calls back:
 *
 *   on_debug              the request's header went out: a request without a body is whole
 *   give_body             the body goes out; at its end stands the gate: does the daemon still
 *                         hold its lease? Then RETRY_ANSWER begins
 *   on_header, on_answer  the status line, headers, the answer
 */
#include "send/request.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"

/* The buffer is libcurl's for a body: the larger part of what a connection takes in memory. */
enum { REQUEST_BUFFER = 32768 };

struct request {
    struct transfer transfer;

    /* The request under way. */
    const char *body;
    size_t given;
    int code; /* so far */
    struct buf answer, headers;
    char retry_after[64];
};

/* ---- What goes out ---- */

/* The request ends with its last byte. */
static size_t give_body(char *out, size_t size, size_t count, void *context)
{
    struct request *request = context;
    struct transfer *transfer = &request->transfer;
    size_t left = transfer->length - request->given;
    size_t part = size * count < left ? size * count : left;
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

static int on_debug(CURL *curl, curl_infotype type, char *bytes, size_t length, void *context)
{
    struct request *request = context;
    (void)curl, (void)bytes, (void)length;
    if (type == CURLINFO_HEADER_OUT && request->transfer.length == 0)
        transfer_enter(&request->transfer, RETRY_ANSWER);
    return 0;
}

/* ---- What the server says ---- */

/* With its name in lower case. */
static void keep_header(struct request *request, const char *bytes, size_t length)
{
    size_t name = request->headers.length;
    buf_add(&request->headers, bytes, length);
    for (char *at = request->headers.data + name; *at && *at != ':'; at++)
        *at = (char)tolower((unsigned char)*at);
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct request *request = context;
    size_t length = size * count;
    static const char retry[] = "retry-after:";
    if (!transfer_count(&request->transfer, length))
        return 0;
    transfer_tell(&request->transfer, false, bytes, length);
    char line[256];
    snprintf(line, sizeof line, "%.*s", (int)(length < 255 ? length : 255), bytes);
    int status;
    if (sscanf(line, "HTTP/%*s %3d", &status) == 1) {
        request->code = status >= 200 ? status : 0;
        request->retry_after[0] = '\0';
        buf_clear(&request->headers);
    } else {
        keep_header(request, bytes, length);
        if (strncasecmp(line, retry, sizeof retry - 1) == 0)
            snprintf(request->retry_after, sizeof request->retry_after, "%.63s",
                     line + sizeof retry - 1);
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

static void set_up(struct request *request)
{
    CURL *curl = request->transfer.curl;
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)REQUEST_BUFFER);
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, request);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(curl, CURLOPT_READDATA, request);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, request);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, request);
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
    if (transfer_begin(&request->transfer, made->length))
        set_up(request);
    request->body = made->body;
    request->given = 0;
    request->code = 0;
    buf_clear(&request->answer);
    buf_clear(&request->headers);
    request->retry_after[0] = '\0';
}

static void run(struct request *request, struct transfer_seen *seen)
{
    transfer_run(&request->transfer, seen);
    seen->code = request->code;
    /* What libcurl could not even give to the kernel has no end: nobody can have taken it. */
    if (seen->unsent && seen->phase == RETRY_ANSWER && !seen->code)
        seen->phase = RETRY_BODY;
    seen->words = buf_string(&request->answer);
    seen->words_length = request->answer.length;
    seen->headers = buf_string(&request->headers);
    seen->headers_length = request->headers.length;
    seen->retry_after = request->retry_after;
}

void request_send(struct request *request, const struct request_settings *made,
                  struct transfer_seen *seen)
{
    begin(request, made);
    CURL *curl = request->transfer.curl;
    struct curl_slist *headers = list_headers(made->headers);
    curl_easy_setopt(curl, CURLOPT_URL, made->url);
    curl_easy_setopt(curl, CURLOPT_USERNAME, made->user);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, made->password);
    curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, made->aws_sigv4);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
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
    if (made->length || transfer_may_finish(&request->transfer)) {
        run(request, seen);
    } else {
        *seen = (struct transfer_seen){
            .failure = RETRY_CUT_OFF, .words = "", .headers = "", .fault = "", .retry_after = ""};
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
}
