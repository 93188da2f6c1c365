#include "gateway_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "send/gateway_kinds.h"

#include "server_fixture.h"

#define MAIL "Subject: hello\r\n\r\nHello\r\n"

const struct outgoing gateway_fixture_mail = {
    .mid = "m1",
    .channel = "email",
    .mail = true,
    .envelope_from = "shop@shop.example",
    .envelope_to = "ana@example.com",
    .body = MAIL,
    .body_length = sizeof MAIL - 1,
};

static bool may_finish(void *context)
{
    struct gateway_fixture *gateway = context;
    gateway->asked++;
    if (gateway->awaited)
        server_fixture_line(gateway->awaited);
    return !gateway->lease_passed;
}

static bool is_cut(void *context)
{
    const struct gateway_fixture *gateway = context;
    return gateway->cut || (gateway->cut_after_end && gateway->asked > 0) ||
           (gateway->cut_after && strstr(gateway->conversation, gateway->cut_after));
}

static void take_line(void *context, bool out, const char *text, size_t length)
{
    struct gateway_fixture *gateway = context;
    size_t used = strlen(gateway->conversation);
    snprintf(gateway->conversation + used, sizeof gateway->conversation - used, "%s %.*s\n",
             out ? ">" : "<", (int)length, text);
}

static void read_settings(struct gateway_fixture *gateway, const char *format, va_list args)
{
    struct value map;
    struct diag diag;
    *gateway = (struct gateway_fixture){.arena = arena_new(4096), .scratch = arena_new(4096)};
    const char *text = arena_vprintf(gateway->arena, format, args);
    if (!json_read(gateway->arena, text, strlen(text), &json_file_limits, &map, &diag))
        fail_msg("%s: %s", text, diag.text);
    gateway->kind =
        gateway_kinds_read(&map, NULL, gateway->arena, &gateway->settings, &gateway->diags);
}

void gateway_fixture_read(struct gateway_fixture *gateway, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    read_settings(gateway, format, args);
    va_end(args);
}

void gateway_fixture_open(struct gateway_fixture *gateway, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    read_settings(gateway, format, args);
    va_end(args);
    if (!gateway->kind)
        fail_msg("%s", gateway->diags.items[0].text);
    const struct gateway_hooks hooks = {
        .may_finish = may_finish, .is_cut = is_cut, .context = gateway, .line = take_line};
    gateway->connection = gateway->kind->open(gateway->settings, &hooks);
}

void gateway_fixture_close(struct gateway_fixture *gateway)
{
    if (gateway->connection)
        gateway->kind->close(gateway->connection);
    diags_free(&gateway->diags);
    arena_destroy(&gateway->arena);
    arena_destroy(&gateway->scratch);
}

const struct outcome *gateway_fixture_send(struct gateway_fixture *gateway,
                                           const struct outgoing *outgoing)
{
    memset(&gateway->outcome, 0xee, sizeof gateway->outcome);
    gateway->kind->send(gateway->connection, outgoing, gateway->scratch, &gateway->outcome);
    arena_reset(gateway->scratch);
    return &gateway->outcome;
}
