/* Handles of one thread, which have in common what runs them, and no connection. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "base/clock.h"
#include "send/handle.h"

#include "server_fixture.h"

enum { WAIT_MS = 10000 };

/* "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", as raw_http.py takes it. */
#define OK "485454502f312e3120323030200d0a436f6e74656e742d4c656e6774683a20300d0a0d0a"

static struct server_fixture server;

static int start(void **state)
{
    (void)state;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    server_fixture_start(&server, "raw_http.py", NULL, 1);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    server_fixture_stop(&server);
    return 0;
}

static void begin(struct handle *handle, const char *path)
{
    char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/whole/%s", server.ports[0], path);
    curl_easy_setopt(handle->curl, CURLOPT_URL, url);
    handle_begin(handle);
}

/* Runs each of `count` handles with what it waits for, until all have ended. */
static void run(struct handle *handles, size_t count)
{
    const int64_t until_ms = clock_monotonic_ms() + WAIT_MS;
    struct pollfd fds[HANDLE_SOCKETS];
    for (size_t left = count; left;) {
        assert_true(clock_monotonic_ms() < until_ms);
        left = 0;
        for (size_t i = 0; i < count; i++) {
            size_t awaited = handles[i].awaited_count;
            memcpy(fds, handles[i].awaited, awaited * sizeof *fds);
            if (!handles[i].ended)
                handle_step(&handles[i], fds, poll(fds, awaited, 1) > 0 ? awaited : 0);
            left += !handles[i].ended;
        }
    }
}

/* The number that the server gave to the connection of the next request. */
static int connection(void)
{
    int number = 0;
    assert_int_equal(sscanf(server_fixture_line(&server), "%d", &number), 1);
    return number;
}

static void each_keeps_a_connection(void **state)
{
    enum { HANDLES = 3, TIMES = 3 };
    (void)state;
    struct handle handles[HANDLES];
    int numbers[HANDLES] = {0};
    for (size_t i = 0; i < HANDLES; i++)
        handle_open(&handles[i]);
    for (size_t n = 0; n < TIMES; n++) {
        for (size_t i = 0; i < HANDLES; i++) { /* one free connection is there for each, at least */
            begin(&handles[i], "keep/" OK);
            run(&handles[i], 1);
            assert_int_equal(handles[i].result, CURLE_OK);
            int number = connection();
            assert_true(n == 0 || number == numbers[i]);
            numbers[i] = number;
        }
    }
    assert_true(numbers[0] != numbers[1] && numbers[1] != numbers[2] && numbers[0] != numbers[2]);
    for (size_t i = 0; i < HANDLES; i++)
        handle_close(&handles[i]);
}

static void they_run_at_once(void **state)
{
    enum { HANDLES = 20 };
    (void)state;
    struct handle handles[HANDLES];
    for (size_t i = 0; i < HANDLES; i++) {
        handle_open(&handles[i]);
        begin(&handles[i], i % 2 ? "keep/" OK : "close/");
    }
    run(handles, HANDLES);
    for (size_t i = 0; i < HANDLES; i++) {
        connection();
        assert_int_equal(handles[i].result, i % 2 ? CURLE_OK : CURLE_GOT_NOTHING);
        handle_close(&handles[i]);
    }
}

/* poll(2) may see that a connection is reset before it sees that an answer came first: the transfer
 * ends by what it reads, not as one that could not be sent. */
static void what_has_failed_is_read(void **state)
{
    (void)state;
    const int64_t until_ms = clock_monotonic_ms() + WAIT_MS;
    struct handle handle;
    handle_open(&handle);
    begin(&handle, "keep/" OK);
    while (!handle.ended) {
        struct pollfd fds[HANDLE_SOCKETS];
        const size_t count = handle.awaited_count;
        assert_true(clock_monotonic_ms() < until_ms);
        memcpy(fds, handle.awaited, count * sizeof *fds);
        const bool ready = poll(fds, count, 1) > 0;
        for (size_t i = 0; ready && i < count; i++)
            if (fds[i].revents & POLLIN)
                fds[i].revents = POLLERR;
        handle_step(&handle, fds, ready ? count : 0);
    }
    assert_int_equal(handle.result, CURLE_OK);
    handle_close(&handle);
    connection();
}

/* One whose time has come is gone on with in the step of another one, and told so. */
static void the_time_of_another(void **state)
{
    (void)state;
    struct handle waits, other;
    handle_open(&waits);
    handle_open(&other);
    curl_easy_setopt(waits.curl, CURLOPT_TIMEOUT_MS, 50L);
    begin(&waits, "hold/");
    handle_step(&waits, NULL, 0);
    const int64_t due_ms = handle_due_ms(&other);
    assert_true(due_ms < clock_monotonic_ms() + 100);
    while (clock_monotonic_ms() < due_ms)
        poll(NULL, 0, 1);
    begin(&other, "keep/" OK);
    run(&other, 1);
    assert_int_equal(other.result, CURLE_OK);
    assert_true(waits.ended);
    assert_int_equal(waits.result, CURLE_OPERATION_TIMEDOUT);
    handle_close(&waits);
    handle_close(&other);
    connection();
}

/* Another one of the thread ends in the middle of its transfer. */
static void one_is_given_up(void **state)
{
    (void)state;
    struct handle given_up, other;
    handle_open(&given_up);
    handle_open(&other);
    begin(&given_up, "hold/");
    handle_step(&given_up, NULL, 0);
    begin(&other, "keep/" OK);
    handle_step(&other, NULL, 0);
    handle_close(&given_up);
    assert_null(given_up.curl);
    run(&other, 1);
    assert_int_equal(other.result, CURLE_OK);
    handle_close(&other);
    handle_open(&other);
    begin(&other, "keep/" OK);
    run(&other, 1);
    assert_int_equal(other.result, CURLE_OK);
    handle_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_keeps_a_connection), cmocka_unit_test(they_run_at_once),
        cmocka_unit_test(what_has_failed_is_read), cmocka_unit_test(the_time_of_another),
        cmocka_unit_test(one_is_given_up),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
