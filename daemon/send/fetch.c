#include "send/fetch.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct fetch *fetch = context;
    if (size * count > FETCH_MOST - fetch->length)
        return 0;
    memcpy(fetch->body + fetch->length, bytes, size * count);
    fetch->length += size * count;
    return size * count;
}

static int watch(void *context, curl_off_t all, curl_off_t got, curl_off_t whole, curl_off_t sent)
{
    struct fetch *fetch = context;
    (void)all, (void)got, (void)whole, (void)sent;
    return atomic_load(&fetch->cut);
}

static void set_up(CURL *curl, struct fetch *fetch)
{
    curl_easy_setopt(curl, CURLOPT_URL, fetch->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)fetch->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, fetch);
    if (fetch->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, fetch->ca_file);
}

bool fetch_run(struct fetch *fetch)
{
    CURL *curl = curl_easy_init();
    long status = 0;
    fetch->status = 0;
    fetch->length = 0;
    if (!curl) {
        snprintf(fetch->words, sizeof fetch->words, "no libcurl");
        return false;
    }
    set_up(curl, fetch);
    const CURLcode result = curl_easy_perform(curl);
    if (result == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    else
        snprintf(fetch->words, sizeof fetch->words, "%s", curl_easy_strerror(result));
    curl_easy_cleanup(curl);
    fetch->status = (int)status;
    fetch->body[fetch->length] = '\0';
    return result == CURLE_OK;
}
