/* What an SMTP server says through a whole dialogue: libcurl's part, the greeting, EHLO and the
 * login, and our own from MAIL on. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "peer_fixture.h"
#include "send/outgoing.h"

static char settings[512];
static char password[] = "/tmp/fuzz-smtp-XXXXXX";

static void remove_password(void)
{
    unlink(password);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    int file = mkstemp(password);
    if (file < 0 || write(file, "secret\n", 7) != 7 || close(file))
        abort();
    atexit(remove_password);
    snprintf(settings, sizeof settings,
             "{\"kind\": \"smtp\", \"host\": \"127.0.0.1\", \"port\": PORT, \"tls\": \"never\","
             " \"user\": \"shop\", \"password_file\": \"%s\", \"connect_timeout\": \"1s\","
             " \"command_timeout\": \"1s\", \"answer_timeout\": \"1s\"}",
             password);
    return peer_fixture_start() < 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct outgoing outgoing = {.mid = "m-1",
                                             .channel = "email",
                                             .mail = true,
                                             .envelope_from = "shop@shop.example",
                                             .envelope_to = "ana@example.com",
                                             .body = "Subject: hello\r\n\r\n.Hello\r\n",
                                             .body_length = 25};
    peer_fixture_send(settings, &outgoing, data, size);
    return 0;
}
