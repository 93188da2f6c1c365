/* What a Redis says to a connection: to its greeting, to a command, and unasked; and its INFO. */
#include <stdint.h>
#include <stdlib.h>

#include "base/log.h"
#include "peer_fixture.h"
#include "redis/server_check.h"
#include "redis/session.h"

static struct endpoint endpoint = {.kind = ENDPOINT_TCP, .host = "127.0.0.1", .password = "secret"};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    log_set_level(LOG_LEVEL_ERROR);
    endpoint.port = peer_fixture_start();
    return 0;
}

static void answered(void *context, const struct reply *reply, const struct diag *fault)
{
    (void)context;
    if (!reply && !fault->text[0])
        abort();
}

static void talk(struct session *session)
{
    struct diag diag = {0};
    const struct reply *reply = session_command(session, &diag, "INFO", NULL);
    if (!reply && !diag.text[0])
        abort();
    if (reply && reply_text(reply)) {
        server_check_version(reply_text(reply), &diag);
        server_check_persistence(reply_text(reply), &diag);
    }
    for (int i = 0; i < 2; i++)
        session_push(session, 1, (const char *[]){"PING"}, NULL, answered, NULL);
    session_drain(session, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct diag diag = {0};
    peer_fixture_say(data, size);
    struct session *session = session_open(&endpoint, 1000, &diag);
    if (session)
        talk(session);
    else if (!diag.text[0])
        abort();
    session_close(&session);
    peer_fixture_silence();
    return 0;
}
