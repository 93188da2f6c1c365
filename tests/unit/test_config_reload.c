/* What a reload takes from a changed file, what it leaves as it started, and what it names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config_reload.h"

static const char as_started[] = "state: /var/lib/one\n"
                                 "shop: {name: One, timezone: UTC}\n"
                                 "policy: {cap: 1 per 1d, consent: \"true\"}\n"
                                 "segments: {vip: \"true\"}\n"
                                 "customer: {keys: [customer.id]}\n"
                                 "gateways:\n"
                                 "  one: {kind: maildir, path: /mail/one, rate: 1 per 1s}\n"
                                 "  two: {kind: maildir, path: /mail/two}\n";

struct desk {
    char path[64];
    struct config *started, *next;
    struct buf changed;
    struct diags diags;
};

static void write_file(const struct desk *desk, const char *text)
{
    FILE *file = fopen(desk->path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    strcpy(desk->path, "/tmp/nudged-reload-XXXXXX");
    int fd = mkstemp(desk->path);
    assert_true(fd >= 0);
    close(fd);
    buf_init(&desk->changed, 4096);
    write_file(desk, as_started);
    desk->started = config_load(desk->path, &desk->diags);
    assert_non_null(desk->started);
    desk->started->secret = (const unsigned char *)"the secret of the start";
    desk->started->secret_length = strlen("the secret of the start");
    *state = desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    config_destroy(&desk->next);
    config_destroy(&desk->started);
    buf_free(&desk->changed);
    diags_free(&desk->diags);
    unlink(desk->path);
    free(desk);
    return 0;
}

/* The names of what waits for a restart; the configuration is desk->next. */
static const char *reload(struct desk *desk, const char *text)
{
    write_file(desk, text);
    config_destroy(&desk->next);
    buf_clear(&desk->changed);
    desk->next = config_reload(desk->started, &desk->changed, &desk->diags);
    return buf_string(&desk->changed);
}

static const struct gateway_common *common(const struct config *config, size_t i)
{
    return config->gateways[i].settings;
}

static void the_same_file(void **state)
{
    struct desk *desk = *state;
    assert_string_equal(reload(desk, as_started), "");
    assert_non_null(desk->next);
    assert_int_equal(desk->next->gateway_count, 2);
}

static void what_a_reload_changes(void **state)
{
    struct desk *desk = *state;
    const char *changed = reload(desk, "state: /var/lib/one\n"
                                       "shop: {name: Two, timezone: Europe/Helsinki}\n"
                                       "policy: {cap: 2 per 1d, quiet_hours: "
                                       "{from: \"21:00\", to: \"08:00\"}}\n"
                                       "dedupe: {keep: 2d}\n"
                                       "log: {level: debug, messages: true}\n"
                                       "mail: {reply_to: help@shop.example}\n"
                                       "customer: {keys: [customer.id]}\n"
                                       "gateways:\n"
                                       "  one: {kind: maildir, path: /mail/one, rate: 5 per 1s}\n"
                                       "  two: {kind: maildir, path: /mail/two, rate: 6 per 1s}\n");
    struct policy policy;
    assert_string_equal(changed, "");
    config_policy(desk->next, &policy);
    assert_null(policy.consent);
    assert_null(policy.segments[0].name);
    assert_int_equal(policy.cap.count, 2);
    assert_int_equal(policy.quiet_from, 21 * 60);
    assert_int_equal(policy.dedupe_keep_ms, 2 * 24 * 60 * 60 * 1000);
    assert_string_equal(policy.zone, "Europe/Helsinki");
    assert_string_equal(value_get(&policy.shop, "name")->string, "Two");
    assert_ptr_equal(policy.secret, desk->started->secret);
    assert_true(desk->next->keys.log.messages);
    assert_string_equal(desk->next->keys.mail.reply_to, "help@shop.example");
    assert_int_equal(common(desk->next, 0)->rate.count, 5);
    assert_int_equal(common(desk->next, 1)->rate.count, 6);
    assert_int_equal(common(desk->started, 0)->rate.count, 1);
}

/* It is named, and is as it started. */
static void what_waits_for_a_restart(void **state)
{
    struct desk *desk = *state;
    const char *changed = reload(desk, "state: /var/lib/two\n"
                                       "shop: {name: One, timezone: UTC}\n"
                                       "redis: {prefix: other}\n"
                                       "customer: {keys: [customer.email]}\n"
                                       "drain: 20s\n"
                                       "gateways:\n"
                                       "  three: {kind: maildir, path: /mail/three}\n"
                                       "  one: {kind: maildir, path: /mail/1, rate: 2 per 1s}\n"
                                       "channels: {email: one}\n");
    assert_string_equal(changed,
                        "state, secret_file, redis.prefix, customer.keys, channels, "
                        "admin.socket, drain, gateways.one.path, gateways.two, gateways.three");
    const struct config *next = desk->next;
    assert_string_equal(next->keys.state, "/var/lib/one");
    assert_string_equal(next->keys.redis.prefix, "nudged");
    assert_true(next->own_secret);
    assert_ptr_equal(next->secret, desk->started->secret);
    assert_string_equal(next->customer_keys[0], "customer.id");
    assert_int_equal(next->gateway_count, 2);
    assert_string_equal(next->gateways[0].name, "one");
    assert_int_equal(common(next, 0)->rate.count, 2);
    assert_string_equal(next->gateways[1].name, "two");
    assert_int_equal(next->channel_count, 1);
    assert_ptr_equal(next->channels[0].gateways[1], &desk->started->gateways[1]);
}

static void another_kind(void **state)
{
    struct desk *desk = *state;
    const char *changed = reload(desk, "state: /var/lib/one\n"
                                       "customer: {keys: [customer.id]}\n"
                                       "gateways:\n"
                                       "  one: {kind: smtp, host: mail.example, rate: 9 per 1s}\n"
                                       "  two: {kind: maildir, path: /mail/two}\n");
    assert_string_equal(changed, "gateways.one");
    assert_int_equal(common(desk->next, 0)->rate.count, 1);
    assert_string_equal(desk->next->gateways[0].kind->name, "maildir");
}

static void a_broken_file(void **state)
{
    struct desk *desk = *state;
    assert_string_equal(reload(desk, "state: /var/lib/two\nuntill: x\n"), "");
    assert_null(desk->next);
    assert_int_equal(desk->diags.errors, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)
    const struct CMUnitTest tests[] = {
        TEST(the_same_file), TEST(what_a_reload_changes), TEST(what_waits_for_a_restart),
        TEST(another_kind),  TEST(a_broken_file),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
