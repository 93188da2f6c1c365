#include "send/handle.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

/* What runs the handles of a thread, while there are any. */
struct handle_thread {
    CURLM *multi;
    int64_t due_ms; /* libcurl wants to look at the time then; INT64_MAX: it does not */
    size_t handles;
};

static _Thread_local struct handle_thread *current;

/* NULL: one of libcurl's own, with which it closes connections. */
static struct handle *owner_of(CURL *curl)
{
    char *handle = NULL;
    curl_easy_getinfo(curl, CURLINFO_PRIVATE, &handle);
    return (struct handle *)(void *)handle;
}

/* libcurl's CURLMOPT_SOCKETFUNCTION. */
static int note_socket(CURL *curl, curl_socket_t fd, int what, void *context, void *socket)
{
    static const short events[] = {
        [CURL_POLL_IN] = POLLIN, [CURL_POLL_OUT] = POLLOUT, [CURL_POLL_INOUT] = POLLIN | POLLOUT};
    struct handle *handle = owner_of(curl);
    size_t at = 0;
    (void)context, (void)socket;
    if (!handle)
        return 0;
    while (at < handle->awaited_count && handle->awaited[at].fd != fd)
        at++;
    if (what == CURL_POLL_REMOVE) {
        if (at < handle->awaited_count)
            handle->awaited[at] = handle->awaited[--handle->awaited_count];
    } else if (at < HANDLE_SOCKETS) {
        handle->awaited[at] = (struct pollfd){.fd = fd, .events = events[what]};
        handle->awaited_count += at == handle->awaited_count;
    }
    return 0;
}

/* libcurl's CURLMOPT_TIMERFUNCTION. */
static int note_time(CURLM *multi, long ms, void *context)
{
    struct handle_thread *thread = context;
    (void)multi;
    thread->due_ms = ms < 0 ? INT64_MAX : clock_monotonic_ms() + ms;
    return 0;
}

/* ---- Its life ---- */

static struct handle_thread *join_thread(void)
{
    if (!current) {
        current = mem_zero(1, sizeof *current);
        current->due_ms = INT64_MAX;
        current->multi = curl_multi_init();
        if (!current->multi)
            mem_exhausted();
        curl_multi_setopt(current->multi, CURLMOPT_SOCKETFUNCTION, note_socket);
        curl_multi_setopt(current->multi, CURLMOPT_TIMERFUNCTION, note_time);
        curl_multi_setopt(current->multi, CURLMOPT_TIMERDATA, current);
        curl_multi_setopt(current->multi, CURLMOPT_MAXCONNECTS, 1L); /* in each cache */
    }
    current->handles++;
    return current;
}

static void leave_thread(struct handle_thread *thread)
{
    if (--thread->handles)
        return;
    curl_multi_cleanup(thread->multi);
    free(thread);
    current = NULL;
}

void handle_open(struct handle *handle)
{
    *handle = (struct handle){.curl = curl_easy_init(), .cache = curl_share_init()};
    if (!handle->curl || !handle->cache ||
        curl_share_setopt(handle->cache, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT) != CURLSHE_OK)
        mem_exhausted();
    handle->thread = join_thread();
    curl_easy_setopt(handle->curl, CURLOPT_PRIVATE, handle);
    curl_easy_setopt(handle->curl, CURLOPT_SHARE, handle->cache);
    /* The table of hosts is the thread's: a connection that is made anew asks for the name anew. */
    curl_easy_setopt(handle->curl, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
}

void handle_close(struct handle *handle)
{
    curl_multi_remove_handle(handle->thread->multi, handle->curl);
    curl_easy_cleanup(handle->curl);
    curl_share_cleanup(handle->cache);
    leave_thread(handle->thread);
    *handle = (struct handle){0};
}

/* ---- A transfer ---- */

void handle_begin(struct handle *handle)
{
    handle->ended = false;
    curl_multi_remove_handle(handle->thread->multi, handle->curl); /* of the transfer before */
    curl_multi_add_handle(handle->thread->multi, handle->curl);
}

static void tell_ended(struct handle_thread *thread)
{
    const CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(thread->multi, &left))) {
        struct handle *handle = owner_of(message->easy_handle);
        handle->result = (int)message->data.result;
        handle->ended = true;
    }
}

void handle_step(struct handle *handle, const struct pollfd *fds, size_t count)
{
    struct handle_thread *thread = handle->thread;
    int running, woken = 0;
    for (size_t i = 0; i < count; i++) {
        /* What has failed is read, as libcurl's own poll(2) has it: CURL_CSELECT_ERR alone ends the
         * transfer with CURLE_SEND_ERROR, though all was sent and an answer waits to be read. */
        const int events = (fds[i].revents & (POLLIN | POLLERR | POLLHUP) ? CURL_CSELECT_IN : 0) |
                           (fds[i].revents & POLLOUT ? CURL_CSELECT_OUT : 0);
        if (events && ++woken)
            curl_multi_socket_action(thread->multi, fds[i].fd, events, &running);
    }
    if (!woken || thread->due_ms <= clock_monotonic_ms())
        curl_multi_socket_action(thread->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    tell_ended(thread);
}

int64_t handle_due_ms(const struct handle *handle)
{
    return handle->thread->due_ms;
}
