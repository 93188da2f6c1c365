/* A connection over TLS: whom it trusts, what it shows, whose certificate it wants; and a password
 * in a file. */
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "redis/connection.h"
#include "redis_fixture.h"

struct scene {
    struct redis_fixture redis;
    int port; /* of TLS */
    bool ready, changed;
    char reason[512];
};

/* A CA, which signs the server for 127.0.0.1 and the name redis.shop, and a client; a stranger's
 * CA; a key with a passphrase. */
static const char make_certificates[] =
    "cd '%s' && exec >/dev/null 2>&1 && set -e\n"
    "ca() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
    "-keyout $1.key -out $1.pem -subj /CN=$1; }\n"
    "signed() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key "
    "-out $1.csr -subj /CN=$1 && printf \"$2\" >$1.ext && openssl x509 -req -in $1.csr -CA ca.pem "
    "-CAkey ca.key -days 2 -out $1.pem -extfile $1.ext; }\n"
    "ca ca; ca stranger\n"
    "signed server 'subjectAltName=IP:127.0.0.1,DNS:redis.shop'; signed client 'keyUsage="
    "digitalSignature'\n"
    "cat client.key client.pem >both.pem\n"
    "openssl ec -in client.key -aes256 -passout pass:x -out locked.key\n";

static void on_state(void *context, bool ready, const char *reason)
{
    struct scene *scene = context;
    scene->changed = true;
    scene->ready = ready;
    snprintf(scene->reason, sizeof scene->reason, "%s", reason ? reason : "");
}

static const char *in_folder(const struct scene *scene, const char *name, char out[160])
{
    if (!name)
        return NULL;
    snprintf(out, 160, "%s/%s", scene->redis.folder, name);
    return out;
}

/* TLS has no port 0: one that is free is found by trying. */
static int listen_with_tls(struct redis_fixture *redis)
{
    char set[512];
    snprintf(set, sizeof set,
             "CONFIG SET tls-ca-cert-file %s/ca.pem tls-cert-file %s/server.pem"
             " tls-key-file %s/server.key tls-auth-clients yes",
             redis->folder, redis->folder, redis->folder);
    assert_redis(redis, "OK", set);
    for (int try = 0; try < 50; try++) {
        int candidate = 20000 + (getpid() * 7 + try * 131) % 20000;
        if (strcmp(redis_fixture_ask(redis, "CONFIG SET tls-port %d", candidate), "OK") == 0)
            return candidate;
    }
    fail_msg("no port is free");
    return 0;
}

static bool open_scene(struct scene *scene)
{
    char command[2048];
    *scene = (struct scene){0};
    redis_fixture_open(&scene->redis, NULL);
    snprintf(command, sizeof command, make_certificates, scene->redis.folder);
    if (system(command) != 0)
        return false;
    scene->port = listen_with_tls(&scene->redis);
    return true;
}

/* Tries once; true where it became ready. */
static bool connects(struct scene *scene, const struct endpoint *endpoint)
{
    const struct connection_options options = {
        .base = scene->redis.base, .endpoint = *endpoint, .on_state = on_state, .context = scene};
    scene->changed = scene->ready = false;
    struct connection *connection = connection_new(&options);
    redis_fixture_run(&scene->redis, &scene->changed);
    connection_destroy(&connection);
    return scene->ready;
}

static const struct {
    const char *host, *ca, *cert, *key, *name;
    const char *reason; /* a part of it; NULL: it connects */
} cases[] = {
    {"127.0.0.1", "ca.pem", "client.pem", "client.key", NULL, NULL},
    {"127.0.0.1", "ca.pem", "both.pem", NULL, NULL, NULL},
    {"127.0.0.1", "ca.pem", "both.pem", NULL, "redis.shop", NULL},
    {"localhost", "ca.pem", "both.pem", NULL, "127.0.0.1", NULL},
    {"localhost", "ca.pem", "both.pem", NULL, NULL, "mismatch"},
    {"127.0.0.1", "ca.pem", "both.pem", NULL, "other.shop", "mismatch"},
    {"127.0.0.1", "stranger.pem", "both.pem", NULL, NULL, "certificate"},
    {"127.0.0.1", NULL, "both.pem", NULL, NULL, "certificate"},
    /* The first command may be written to a socket that the server has closed by then. */
    {"127.0.0.1", "ca.pem", NULL, NULL, NULL, "certificate required"},
    {"127.0.0.1", "ca.pem", "stranger.pem", "stranger.key", NULL, "unknown ca"},
    {"127.0.0.1", "nowhere.pem", NULL, NULL, NULL, "nowhere.pem: No such file or directory"},
    {"127.0.0.1", "ca.pem", "client.pem", "stranger.key", NULL,
     "stranger.key: key values mismatch"},
    {"127.0.0.1", "ca.pem", "client.pem", "locked.key", NULL, "locked.key: "},
    {"127.0.0.1", "ca.pem", "client.key", NULL, NULL, "client.key: "},
};

static void test_certificates(void **state)
{
    struct scene scene;
    (void)state;
    if (!open_scene(&scene)) {
        redis_fixture_close(&scene.redis);
        skip();
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char ca[160], cert[160], key[160];
        const struct endpoint endpoint = {.kind = ENDPOINT_TLS,
                                          .host = cases[i].host,
                                          .port = scene.port,
                                          .ca_file = in_folder(&scene, cases[i].ca, ca),
                                          .cert_file = in_folder(&scene, cases[i].cert, cert),
                                          .key_file = in_folder(&scene, cases[i].key, key),
                                          .server_name = cases[i].name};
        bool ready = connects(&scene, &endpoint);
        if (ready != !cases[i].reason || (!ready && !strstr(scene.reason, cases[i].reason)))
            fail_msg("case %zu: %s", i, ready ? "connects" : scene.reason);
    }
    redis_fixture_close(&scene.redis);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_true(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* Read at each connecting, so that a password may be changed while the daemon runs. */
static void test_password_in_a_file(void **state)
{
    struct scene scene = {0};
    char path[160];
    struct endpoint endpoint = {.kind = ENDPOINT_UNIX, .path = scene.redis.socket, .user = "ana"};
    (void)state;
    redis_fixture_open(&scene.redis, NULL);
    assert_redis(&scene.redis, "OK", "ACL SETUSER ana on >first ~* +@all");
    endpoint.password_file = in_folder(&scene, "password", path);
    assert_false(connects(&scene, &endpoint));
    assert_non_null(strstr(scene.reason, "password: No such file or directory"));
    write_file(path, "first\n");
    assert_true(connects(&scene, &endpoint));
    assert_redis(&scene.redis, "OK", "ACL SETUSER ana resetpass >second");
    assert_false(connects(&scene, &endpoint));
    assert_non_null(strstr(scene.reason, "WRONGPASS"));
    write_file(path, "second\nwhat else there is\n");
    assert_true(connects(&scene, &endpoint));
    endpoint.user = NULL;
    assert_redis(&scene.redis, "OK", "CONFIG SET requirepass second");
    assert_true(connects(&scene, &endpoint));
    redis_fixture_close(&scene.redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_password_in_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
