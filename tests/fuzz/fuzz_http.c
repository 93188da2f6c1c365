/* What an HTTP API answers to a request, through libcurl and its callbacks. */
#include <stdint.h>

#include "peer_fixture.h"
#include "send/outgoing.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return peer_fixture_start() < 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct outgoing outgoing = {.mid = "m-1",
                                             .channel = "sms",
                                             .envelope_from = "",
                                             .envelope_to = "+1",
                                             .body = "{\"to\": \"+1\"}",
                                             .body_length = 12};
    peer_fixture_send("{\"kind\": \"http\", \"url\": \"http://127.0.0.1:PORT/\","
                      " \"connect_timeout\": \"1s\", \"answer_timeout\": \"1s\","
                      " \"answers\": {\"id\": \"answer.body.id\", \"words\": \"answer.body.why\","
                      " \"wait\": \"answer.headers['x-wait']\"}}",
                      &outgoing, data, size);
    return 0;
}
