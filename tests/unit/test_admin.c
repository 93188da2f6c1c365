/* The admin socket over a real Unix socket: the daemon's loop in a thread of its own. */
#include <event2/event.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "serve/admin.h"
#include "serve/admin_client.h"

struct house {
    char folder[64];
    char path[128];
    struct event_base *base;
    struct admin *admin;
    pthread_t thread;
    int seen; /* calls of handlers */
};

/* Handlers */

static void handle_echo(void *context, const struct admin_request *request,
                        struct admin_reply *reply)
{
    struct house *house = context;
    house->seen++;
    assert_int_equal(strlen(request->body), request->length);
    buf_printf(&reply->body, "%s|%s|%s", request->path, request->query, request->body);
}

static void handle_fault(void *context, const struct admin_request *request,
                         struct admin_reply *reply)
{
    (void)context;
    (void)request;
    struct diag diag;
    diag_error(&diag, "unknown key `untill`");
    diag_file(&diag, "rules/cart.yaml");
    diag_place(&diag, 6, 1, 6);
    reply->status = 422;
    diag_format(&diag, &reply->body);
    diag_error(&diag, "another fault");
    diag_format(&diag, &reply->body);
}

static void handle_flood(void *context, const struct admin_request *request,
                         struct admin_reply *reply)
{
    (void)context;
    (void)request;
    while (buf_text(&reply->body, "a line of sixteen bytes or so\n"))
        continue;
}

static void handle_large(void *context, const struct admin_request *request,
                         struct admin_reply *reply)
{
    (void)context;
    (void)request;
    for (int i = 0; i < 100000; i++)
        buf_text(&reply->body, "0123456789");
}

static void handle_stop(void *context, const struct admin_request *request,
                        struct admin_reply *reply)
{
    struct house *house = context;
    (void)request;
    buf_text(&reply->body, "stopping");
    event_base_loopbreak(house->base);
}

static const struct admin_route routes[] = {
    {"GET", "/echo", handle_echo},      {"POST", "/echo", handle_echo},
    {"POST", "/fault", handle_fault},   {"GET", "/flood", handle_flood},
    {"GET", "/large", handle_large},    {"POST", "/stop", handle_stop},
    {"GET", "/metrics", admin_metrics}, {0},
};

/* The house */

static void *house_run(void *arg)
{
    struct house *house = arg;
    event_base_dispatch(house->base);
    admin_destroy(&house->admin);
    return NULL;
}

static int house_folder(void **state)
{
    static struct house house;
    house = (struct house){.folder = "/tmp/nudged-admin-XXXXXX"};
    assert_non_null(mkdtemp(house.folder));
    snprintf(house.path, sizeof house.path, "%s/admin", house.folder);
    house.base = event_base_new();
    *state = &house;
    return 0;
}

static int house_folder_gone(void **state)
{
    struct house *house = *state;
    char lock[160];
    event_base_free(house->base);
    unlink(house->path);
    snprintf(lock, sizeof lock, "%s.lock", house->path);
    unlink(lock);
    return rmdir(house->folder);
}

static int house_open(void **state)
{
    struct diag diag;
    house_folder(state);
    struct house *house = *state;
    house->admin = admin_open(house->base, house->path, routes, house, &diag);
    assert_non_null(house->admin);
    return pthread_create(&house->thread, NULL, house_run, house);
}

static int ask(const struct house *house, const char *method, const char *target, const char *body,
               struct buf *text)
{
    struct admin_question question = {house->path, method, target, body, body ? strlen(body) : 0,
                                      5000};
    struct admin_answer answer;
    struct diag diag;
    if (!admin_client_ask(&question, &answer, &diag))
        fail_msg("%s %s: %s", method, target, diag.text);
    *text = answer.body;
    return answer.status;
}

static int house_close(void **state)
{
    struct house *house = *state;
    struct buf text;
    int status = ask(house, "POST", "/stop", NULL, &text);
    bool told = !strcmp(buf_string(&text), "stopping");
    buf_free(&text);
    pthread_join(house->thread, NULL);
    bool gone = access(house->path, F_OK) != 0;
    return house_folder_gone(state) || status != 200 || !told || !gone || house->admin;
}

/* What is answered */

static void test_routes(void **state)
{
    static const struct {
        const char *method, *target, *body;
        int status;
        const char *text;
    } cases[] = {
        {"GET", "/echo", NULL, 200, "/echo||"},
        {"GET", "/echo?a=1&b=%20x", NULL, 200, "/echo|a=1&b=%20x|"},
        {"POST", "/echo", "body", 200, "/echo||body"},
        {"POST", "/echo", NULL, 200, "/echo||"},
        {"POST", "/fault", "", 422,
         "rules/cart.yaml:6:1: error: unknown key `untill`\nerror: another fault\n"},
        {"GET", "/flood", NULL, 500, "the answer is too large\n"},
        {"GET", "/nowhere", NULL, 404, "error: no such path\n"},
        {"GET", "/ech", NULL, 404, "error: no such path\n"},
        {"POST", "/metrics", NULL, 405, "error: only by GET, HEAD\n"},
        {"GET", "/stop", NULL, 405, "error: only by POST\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf text;
        int status = ask(*state, cases[i].method, cases[i].target, cases[i].body, &text);
        assert_string_equal(buf_string(&text), cases[i].text);
        assert_int_equal(status, cases[i].status);
        buf_free(&text);
    }
}

static void test_large_answer(void **state)
{
    struct buf text;
    assert_int_equal(ask(*state, "GET", "/large", NULL, &text), 200);
    assert_int_equal(text.length, 1000000);
    buf_free(&text);
}

static void test_metrics(void **state)
{
    struct buf text;
    assert_int_equal(ask(*state, "GET", "/metrics", NULL, &text), 200);
    assert_non_null(strstr(buf_string(&text), "\nnudged_events_decided_total "));
    buf_free(&text);
}

static void test_only_the_owner(void **state)
{
    const struct house *house = *state;
    struct stat status;
    assert_int_equal(stat(house->path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

/* Raw requests that curl would not send */

static int raw_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = 5};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(address.sun_path, path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

/* The status of the answer, or 0 where the connection ends without one. */
static int raw_ask(const char *path, const char *bytes, size_t length)
{
    int fd = raw_connect(path), status = 0;
    char answer[512];
    size_t have = 0;
    for (size_t sent = 0; sent < length;) {
        ssize_t more = send(fd, bytes + sent, length - sent, MSG_NOSIGNAL);
        if (more < 0)
            break;
        sent += (size_t)more;
    }
    for (;;) {
        ssize_t more = recv(fd, answer + have, sizeof answer - 1 - have, 0);
        if (more <= 0)
            break;
        have += (size_t)more;
        answer[have] = '\0';
        if (have == sizeof answer - 1 || strstr(answer, "\r\n\r\n"))
            break;
    }
    answer[have] = '\0';
    close(fd);
    sscanf(answer, "HTTP/1.1 %d", &status);
    return status;
}

static void test_bad_requests(void **state)
{
    struct house *house = *state;
    static const struct {
        const char *request;
        int least, most; /* of the status; 0 with no answer */
    } cases[] = {
        {"nonsense\r\n\r\n", 400, 400},
        {"DELETE /echo HTTP/1.1\r\n\r\n", 405, 405},
        {"POST /echo HTTP/1.1\r\nContent-Length: 65537\r\n\r\n", 400, 413},
        {"POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, 413},
        {"GET http://[::1/ HTTP/1.1\r\n\r\n", 400, 400},
    };
    int before = house->seen;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status = raw_ask(house->path, cases[i].request, strlen(cases[i].request));
        assert_in_range(status, cases[i].least, cases[i].most);
    }
    assert_int_equal(house->seen, before);
}

static void test_large_requests(void **state)
{
    struct house *house = *state;
    size_t length = 200000;
    char *request = malloc(length);
    assert_non_null(request);
    memset(request, 'a', length);
    memcpy(request, "GET /echo HTTP/1.1\r\nX: ", 23);
    int before = house->seen;
    int status = raw_ask(house->path, request, length);
    assert_true(status == 0 || (status >= 400 && status < 500));
    memset(request, '5', length);
    memcpy(request, "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n", 58);
    status = raw_ask(house->path, request, length);
    assert_true(status == 0 || (status >= 400 && status < 500));
    assert_int_equal(house->seen, before);
    free(request);
}

/* A client that goes away in the middle disturbs nobody. */
static void test_client_gone(void **state)
{
    struct house *house = *state;
    int half = raw_connect(house->path);
    assert_int_equal(send(half, "POST /ec", 8, 0), 8);
    int unread = raw_connect(house->path);
    assert_int_equal(send(unread, "GET /large HTTP/1.1\r\n\r\n", 23, 0), 23);
    close(unread);
    struct buf text;
    assert_int_equal(ask(house, "GET", "/echo", NULL, &text), 200);
    buf_free(&text);
    close(half);
}

/* Opening */

static void test_stale_socket(void **state)
{
    struct house *house = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct diag diag;
    strcpy(address.sun_path, house->path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    house->admin = admin_open(house->base, house->path, routes, house, &diag);
    assert_non_null(house->admin);
    assert_null(admin_open(house->base, house->path, routes, house, &diag));
    assert_non_null(strstr(diag.text, "another daemon listens"));
    assert_int_equal(access(house->path, F_OK), 0);
    admin_destroy(&house->admin);
    assert_int_equal(access(house->path, F_OK), -1);
    admin_destroy(&house->admin);
}

struct racer {
    const char *path;
    pthread_barrier_t *start, *end;
    bool won;
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    struct event_base *base = event_base_new();
    struct diag diag;
    pthread_barrier_wait(racer->start);
    struct admin *admin = admin_open(base, racer->path, routes, NULL, &diag);
    racer->won = admin != NULL;
    pthread_barrier_wait(racer->end); /* nobody leaves before all have tried */
    admin_destroy(&admin);
    event_base_free(base);
    return NULL;
}

/* Daemons that start at once where a dead one's socket is left: one of them has the path. */
static void test_one_of_many(void **state)
{
    enum { RACERS = 8, ROUNDS = 30 };
    const struct house *house = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, house->path);
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[RACERS];
        pthread_barrier_t start, end;
        struct racer racers[RACERS];
        int fd = socket(AF_UNIX, SOCK_STREAM, 0), won = 0;
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
        close(fd);
        pthread_barrier_init(&start, NULL, RACERS);
        pthread_barrier_init(&end, NULL, RACERS);
        for (int i = 0; i < RACERS; i++) {
            racers[i] = (struct racer){.path = house->path, .start = &start, .end = &end};
            assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
        }
        for (int i = 0; i < RACERS; i++) {
            pthread_join(threads[i], NULL);
            won += racers[i].won;
        }
        pthread_barrier_destroy(&start);
        pthread_barrier_destroy(&end);
        assert_int_equal(won, 1);
        assert_int_equal(access(house->path, F_OK), -1);
    }
}

static void test_cannot_open(void **state)
{
    struct house *house = *state;
    struct diag diag;
    FILE *file = fopen(house->path, "w");
    assert_non_null(file);
    fclose(file);
    assert_null(admin_open(house->base, house->path, routes, house, &diag));
    assert_non_null(strstr(diag.text, "not a socket"));
    assert_int_equal(access(house->path, F_OK), 0);
    char longest[160];
    memset(longest, 'a', sizeof longest);
    longest[159] = '\0';
    assert_null(admin_open(house->base, longest, routes, house, &diag));
    assert_non_null(strstr(diag.text, "too long"));
    assert_null(admin_open(house->base, "/nowhere/at/all", routes, house, &diag));
    assert_non_null(strstr(diag.text, "No such file"));
}

static void test_nobody_listens(void **state)
{
    const struct house *house = *state;
    struct admin_question question = {house->path, "GET", "/status", NULL, 0, 0};
    struct admin_answer answer;
    struct diag diag;
    assert_false(admin_client_ask(&question, &answer, &diag));
    assert_non_null(strstr(diag.text, "no daemon answers at"));
    assert_true(diag.hint[0]);
    char target[ADMIN_HEADERS_MOST + 1];
    memset(target, '/', sizeof target - 1);
    target[sizeof target - 1] = '\0';
    question.target = target;
    assert_false(admin_client_ask(&question, &answer, &diag));
    assert_string_equal(diag.text, "the request is too long");
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_routes, house_open, house_close),
        cmocka_unit_test_setup_teardown(test_large_answer, house_open, house_close),
        cmocka_unit_test_setup_teardown(test_metrics, house_open, house_close),
        cmocka_unit_test_setup_teardown(test_only_the_owner, house_open, house_close),
        cmocka_unit_test_setup_teardown(test_bad_requests, house_open, house_close),
        cmocka_unit_test_setup_teardown(test_large_requests, house_open, house_close),
        cmocka_unit_test_setup_teardown(test_client_gone, house_open, house_close),
        cmocka_unit_test_setup_teardown(test_stale_socket, house_folder, house_folder_gone),
        cmocka_unit_test_setup_teardown(test_one_of_many, house_folder, house_folder_gone),
        cmocka_unit_test_setup_teardown(test_cannot_open, house_folder, house_folder_gone),
        cmocka_unit_test_setup_teardown(test_nobody_listens, house_folder, house_folder_gone),
    };
    return cmocka_run_group_tests_name("admin", tests, NULL, NULL);
}
