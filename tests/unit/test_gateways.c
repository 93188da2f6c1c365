/* Room that one shard asked for and does not need is offered to the others. Its gateway never
 * sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/event.h>

#include "delivery/gateways.h"

enum { SHARDS = 3 };

static char connection;

static void *open_connection(const void *settings, const struct gateway_hooks *hooks)
{
    (void)settings;
    (void)hooks;
    return &connection;
}

static void close_connection(void *opened)
{
    assert_ptr_equal(opened, &connection);
}

static void count(void *context)
{
    int *heard = context;
    ++*heard;
}

static void who_found_no_room_hears_of_what_is_given_back(void **state)
{
    const struct gateway_kind kind = {
        .name = "silent", .blocks = true, .open = open_connection, .close = close_connection};
    const struct gateway_common settings = {.kind = kind.name, .connections = 1};
    const struct config_gateway gateway = {.name = "g", .kind = &kind, .settings = &settings};
    const struct config config = {.gateways = &gateway, .gateway_count = 1};
    struct event_base *base = event_base_new();
    struct diag diag;
    int heard[SHARDS] = {0};
    (void)state;
    struct gateways *gateways = gateways_new(
        &(struct gateways_options){.base = base, .config = &config, .shards = SHARDS}, &diag);
    assert_non_null(gateways);
    for (size_t i = 0; i < SHARDS; i++)
        gateways_join(gateways, i,
                      &(struct gateways_member){.on_given_back = count, .context = &heard[i]},
                      NULL);
    struct destination *destination = gateways_of(gateways, &gateway);
    gateways_give_back(gateways, destination);
    event_base_loop(base, EVLOOP_NONBLOCK);
    assert_int_equal(heard[0], 0);
    destination->wanted = true;
    gateways_give_back(gateways, destination);
    gateways_give_back(gateways, destination);
    assert_int_equal(heard[0], 0); /* not within the call */
    event_base_loop(base, EVLOOP_NONBLOCK);
    event_base_loop(base, EVLOOP_NONBLOCK);
    for (size_t i = 0; i < SHARDS; i++)
        assert_int_equal(heard[i], 1);
    gateways_destroy(&gateways);
    event_base_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_found_no_room_hears_of_what_is_given_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
