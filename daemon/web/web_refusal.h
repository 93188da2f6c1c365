/*
 * Why a request from the web was refused: one word for the figures, a status, and a sentence. A
 * table, so that a stranger cannot make a new series or a new line of the log.
 */
#ifndef NUDGED_WEB_WEB_REFUSAL_H
#define NUDGED_WEB_WEB_REFUSAL_H

/* X(NAME, "word", status, "sentence") */
#define WEB_REFUSALS(X)                                                                           \
    X(BAD_REQUEST, "bad-request", 400, "the request is not HTTP as it should be")                 \
    X(PIPELINED, "pipelined", 400, "a request came before the answer to the one before it")       \
    X(BAD_LENGTH, "bad-length", 400, "the request has no length that one could rely on")          \
    X(BAD_PATH, "bad-path", 400, "the path is not plain")                                         \
    X(BAD_BODY, "bad-body", 400, "the body cannot be read")                                       \
    X(BAD_EVENT, "bad-event", 400, "an event cannot be taken")                                    \
    X(NO_TOKEN, "no-token", 401, "the request does not say whose it is")                          \
    X(WRONG_TOKEN, "wrong-token", 401, "nobody has this token, or the signature is wrong")        \
    X(REPLAYED, "replayed", 401, "the signature is too old, or was used before")                  \
    X(NOT_ALLOWED, "not-allowed", 403, "who asks may not do that")                                \
    X(NOT_FOUND, "not-found", 404, "there is nothing here")                                       \
    X(METHOD, "method", 405, "the method is none of this path")                                   \
    X(HEAD_TIME, "head-time", 408, "the header did not come in time")                             \
    X(BODY_TIME, "body-time", 408, "the request did not come in time")                            \
    X(CONFLICT, "conflict", 422, "the Idempotency-Key was used for another request")              \
    X(BODY_SIZE, "body-size", 413, "the body is too large")                                       \
    X(PATH_SIZE, "path-size", 414, "the path is too long")                                        \
    X(MEDIA_TYPE, "media-type", 415, "the Content-Type is none that is taken here")               \
    X(EXPECTATION, "expectation", 417, "the expectation cannot be met")                           \
    X(HEAD_SIZE, "head-size", 431, "the header is too large")                                     \
    X(RATE, "rate", 429, "too many requests")                                                     \
    X(CLIENT_CONNECTIONS, "client-connections", 429, "too many connections of one client")        \
    X(CONNECTIONS, "connections", 503, "too many connections in all")                             \
    X(BUFFERED, "buffered", 503, "too much is being received")                                    \
    X(DAEMON, "daemon", 503, "the events cannot be taken now")                                    \
    X(REPLICAS_BEHIND, "replicas-behind", 503, "replicas behind: too few are known to have it")   \
    X(STOPPING, "stopping", 503, "the listener is about to end")                                  \
    X(VERSION, "version", 505, "the version of HTTP is none that is spoken here")                 \
    /* Of webhooks, which are answered 200 all the same: sending them again would help nobody. */ \
    X(UNKNOWN_TOPIC, "unknown-topic", 200, "the mapping has no such topic")                       \
    X(NO_CUSTOMER, "no-customer", 200, "a delivery does not say whom it is about")                \
    X(UNUSABLE, "unusable", 200, "no event can be made of a delivery")                            \
    X(OTHER_BODY, "other-body", 200, "the id of a delivery came before with another body")        \
    X(UNKNOWN_MESSAGE, "unknown-message", 200, "nothing is known of the message any more")        \
    X(INTERNAL, "internal", 500, "the listener is at fault")

enum web_refusal {
    WEB_REFUSAL_NONE,
#define WEB_REFUSAL_ENUM(name, word, status, sentence) WEB_REFUSAL_##name,
    WEB_REFUSALS(WEB_REFUSAL_ENUM)
#undef WEB_REFUSAL_ENUM
        WEB_REFUSAL_COUNT
};

struct web_refusal_row {
    const char *word, *sentence;
    int status;
};

const struct web_refusal_row *web_refusal_row(enum web_refusal refusal);

#endif
