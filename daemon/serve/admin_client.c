#include "serve/admin_client.h"

#include <curl/curl.h>
#include <stdio.h>

#include "base/mem.h"
#include "serve/admin.h"

enum { DEFAULT_MS = 10000 };

static size_t take(char *bytes, size_t size, size_t count, void *arg)
{
    struct buf *body = arg;
    return buf_add(body, bytes, size * count) ? size * count : 0;
}

static void prepare(CURL *easy, const struct admin_question *question, const char *url,
                    struct buf *body)
{
    int64_t timeout = question->timeout_ms ? question->timeout_ms : DEFAULT_MS;
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, question->socket);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
    if (question->body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)question->length);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, question->body);
    } else if (question->method[0] == 'P') {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, question->method);
}

static bool fail(const struct admin_question *question, CURLcode code, bool full, struct diag *diag)
{
    if (full)
        return diag_error(diag, "the daemon's answer is too large");
    if (code == CURLE_COULDNT_CONNECT) {
        diag_error(diag, "no daemon answers at %s", question->socket);
        diag_hint(diag, "is nudged running, and is this its socket and its user?");
        return false;
    }
    return diag_error(diag, "asking the daemon at %s: %s", question->socket,
                      curl_easy_strerror(code));
}

bool admin_client_ask(const struct admin_question *question, struct admin_answer *answer,
                      struct diag *diag)
{
    char url[ADMIN_HEADERS_MOST];
    int length = snprintf(url, sizeof url, "http://nudged%s", question->target);
    if (length < 0 || (size_t)length >= sizeof url)
        return diag_error(diag, "the request is too long");
    CURL *easy = curl_easy_init();
    if (!easy)
        mem_exhausted();
    buf_init(&answer->body, ADMIN_ANSWER_MOST);
    prepare(easy, question, url, &answer->body);
    CURLcode code = curl_easy_perform(easy);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    answer->status = (int)status;
    curl_easy_cleanup(easy);
    if (code == CURLE_OK)
        return true;
    fail(question, code, answer->body.full, diag);
    buf_free(&answer->body);
    return false;
}
