/* What nodes of a Redis Cluster tell: who serves which slot, and that a slot is not served here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "redis/redirect.h"
#include "redis/topology.h"

static bool read_slots(struct arena *arena, const char *resp, struct topology *topology,
                       struct diag *diag)
{
    struct reply_reader *reader = reply_reader_new(1 << 16);
    const struct reply *reply;
    struct diag none;
    reply_reader_feed(reader, resp, strlen(resp));
    assert_int_equal(reply_reader_next(reader, &reply, &none), REPLY_READY);
    bool read = topology_read(arena, reply, "asked", topology, diag);
    reply_reader_destroy(&reader);
    return read;
}

static void assert_master(const struct topology *topology, int slot, const char *host, int port)
{
    const struct endpoint_seed *master = topology_master(topology, slot);
    if (!host) {
        assert_null(master);
        return;
    }
    assert_non_null(master);
    assert_string_equal(master->host, host);
    assert_int_equal(master->port, port);
}

#define ID               "$3\r\nabc\r\n"
#define NODE(host, port) "*4\r\n" host ":" port "\r\n" ID "*0\r\n"

/* As Redis 7 has it, with metadata; 5 to 9 belong to nobody. */
static const char some[] =
    "*3\r\n"
    "*4\r\n:0\r\n:4\r\n" NODE("$1\r\na\r\n", "7000")
        NODE("$1\r\nb\r\n", "7001") "*3\r\n:10\r\n:16382\r\n" NODE(
            "$1\r\nb\r\n", "7002") "*3\r\n:16383\r\n:16383\r\n" NODE("$1\r\na\r\n", "7000");

static void test_who_serves_what(void **state)
{
    struct arena *arena = arena_new(512), *other = arena_new(512);
    struct topology topology;
    struct diag diag;
    (void)state;
    assert_true(read_slots(arena, some, &topology, &diag));
    struct topology copy = topology_copy(other, &topology);
    arena_destroy(&arena);
    assert_int_equal(copy.node_count, 3); /* the replica too, and each once */
    assert_master(&copy, 0, "a", 7000);
    assert_master(&copy, 4, "a", 7000);
    assert_master(&copy, 5, NULL, 0);
    assert_master(&copy, 9, NULL, 0);
    assert_master(&copy, 10, "b", 7002);
    assert_master(&copy, 16382, "b", 7002);
    assert_master(&copy, 16383, "a", 7000);
    assert_null(topology_master(&(struct topology){0}, 0));
    arena_destroy(&other);
}

/* Three ways to say that the host is the one that was asked. */
static void test_nodes_without_a_host(void **state)
{
    static const char *const hosts[] = {"$-1\r\n", "$0\r\n\r\n", "$1\r\n?\r\n"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct arena *arena = arena_new(512);
        struct topology topology;
        struct diag diag;
        const char *resp =
            arena_printf(arena, "*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n%s:7000\r\n" ID, hosts[i]);
        assert_true(read_slots(arena, resp, &topology, &diag));
        assert_master(&topology, 7, "asked", 7000);
        arena_destroy(&arena);
    }
}

static void test_many_nodes(void **state)
{
    enum { COUNT = 100 };
    struct arena *arena = arena_new(512);
    const char *resp = arena_printf(arena, "*%d\r\n", COUNT);
    struct topology topology;
    struct diag diag;
    (void)state;
    for (int i = 0; i < COUNT; i++)
        resp = arena_printf(arena, "%s*3\r\n:%d\r\n:%d\r\n" NODE("$1\r\na\r\n", "%d"), resp, i, i,
                            7000 + i);
    assert_true(read_slots(arena, resp, &topology, &diag));
    assert_int_equal(topology.node_count, COUNT);
    for (int i = 0; i < COUNT; i++)
        assert_master(&topology, i, "a", 7000 + i);
    arena_destroy(&arena);
}

static void test_no_topology(void **state)
{
    static const struct {
        const char *resp, *part; /* of the text */
    } bad[] = {
        {"-ERR This instance has cluster support disabled\r\n", "cluster support disabled"},
        {"*0\r\n", "knows no node"},
        {"+OK\r\n", "no list"},
        {"*1\r\n:1\r\n", "as CLUSTER SLOTS has it"},
        {"*1\r\n*2\r\n:0\r\n:1\r\n", "as CLUSTER SLOTS"},
        {"*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\na\r\n:1\r\n", "as CLUSTER SLOTS"},
        {"*1\r\n*3\r\n:-1\r\n:1\r\n*2\r\n$1\r\na\r\n:1\r\n", "as CLUSTER SLOTS"},
        {"*1\r\n*3\r\n:2\r\n:1\r\n*2\r\n$1\r\na\r\n:1\r\n", "as CLUSTER SLOTS"},
        {"*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\na\r\n:0\r\n", "as CLUSTER SLOTS"},
        {"*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\na\r\n:65536\r\n", "as CLUSTER SLOTS"},
        {"*1\r\n*4\r\n:0\r\n:1\r\n*2\r\n$1\r\na\r\n:1\r\n:1\r\n", "as CLUSTER SLOTS"},
    };
    struct arena *arena = arena_new(512);
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct diag diag = {.text = "no error"};
        struct topology topology;
        assert_false(read_slots(arena, bad[i].resp, &topology, &diag));
        if (!strstr(diag.text, bad[i].part))
            fail_msg("%s: %s", bad[i].resp, diag.text);
    }
    arena_destroy(&arena);
}

static void test_epoch_of_a_sentinel(void **state)
{
    static const struct {
        const char *resp;
        int64_t epoch;
    } cases[] = {
        {"*4\r\n$2\r\nip\r\n$1\r\na\r\n$12\r\nconfig-epoch\r\n$2\r\n12\r\n", 12},
        {"*2\r\n$12\r\nconfig-epoch\r\n$1\r\n0\r\n", 0},
        {"*2\r\n$2\r\nip\r\n$1\r\na\r\n", -1},
        {"*2\r\n$12\r\nconfig-epoch\r\n$1\r\nx\r\n", -1},
        {"*0\r\n", -1},
        {"-NOPERM this user has no permissions to run the 'sentinel|master' command\r\n", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply_reader *reader = reply_reader_new(1 << 16);
        const struct reply *reply;
        struct diag none;
        reply_reader_feed(reader, cases[i].resp, strlen(cases[i].resp));
        assert_int_equal(reply_reader_next(reader, &reply, &none), REPLY_READY);
        assert_int_equal(topology_epoch(reply), cases[i].epoch);
        reply_reader_destroy(&reader);
    }
}

static void test_redirections(void **state)
{
    static const struct {
        const char *text;
        bool is;
    } errors[] = {
        {"MOVED 3999 127.0.0.1:6381", true},
        {"ASK 3999 127.0.0.1:6381", true},
        {"TRYAGAIN Multiple keys request during rehashing of slot", true},
        {"CLUSTERDOWN The cluster is down", true},
        {"ERR Script attempted to access a non local key in a cluster node script: f_1", true},
        {"ERR Script attempted to execute a write command while the cluster is down", true},
        {"MOVEDX 1", false},
        {"NOREPLICAS Not enough good replicas to write.", false},
        {"NOSCRIPT No matching script. Please use EVAL.", false},
        {"ERR CLUSTERDOWN", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        const struct reply reply = {
            .kind = REPLY_ERROR, .text = errors[i].text, .length = strlen(errors[i].text)};
        if (redirect_is(&reply) != errors[i].is)
            fail_msg("%s", errors[i].text);
    }
}

static void test_whom_a_redirection_names(void **state)
{
    static const struct {
        const char *error, *host; /* NULL: nobody */
        int port;
    } cases[] = {
        {"MOVED 3999 127.0.0.1:6381", "127.0.0.1", 6381},
        {"MOVED 3999 2001:db8::1:6381", "2001:db8::1", 6381},
        {"MOVED 3999 redis-7.example:6381", "redis-7.example", 6381},
        {"MOVED 3999 :6381", NULL, 0},
        {"MOVED 3999 ?:6381", NULL, 0},
        {"MOVED 3999 a:0", NULL, 0},
        {"MOVED 3999 a:65536", NULL, 0},
        {"MOVED 3999", NULL, 0},
        {"MOVED 3999 a-host-that-is-too-long:1", NULL, 0},
        {"ASK 3999 127.0.0.1:6381", NULL, 0},
        {"CLUSTERDOWN Hash slot not served", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char host[20];
        int port = 0;
        bool found = redirect_names(cases[i].error, "MOVED", host, sizeof host, &port);
        if (found != !!cases[i].host)
            fail_msg("%s", cases[i].error);
        if (found) {
            assert_string_equal(host, cases[i].host);
            assert_int_equal(port, cases[i].port);
        }
    }
    char host[20];
    int port = 0;
    assert_true(redirect_names("ASK 3999 10.0.0.7:6381", "ASK", host, sizeof host, &port));
    assert_string_equal(host, "10.0.0.7");
    assert_false(redirect_names("ASKING", "ASK", host, sizeof host, &port));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_serves_what),
        cmocka_unit_test(test_nodes_without_a_host),
        cmocka_unit_test(test_many_nodes),
        cmocka_unit_test(test_no_topology),
        cmocka_unit_test(test_epoch_of_a_sentinel),
        cmocka_unit_test(test_redirections),
        cmocka_unit_test(test_whom_a_redirection_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
