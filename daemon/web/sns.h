/*
 * A message of Amazon SNS, as it comes to a subscriber over HTTPS:
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
#ifndef NUDGED_WEB_SNS_H
#define NUDGED_WEB_SNS_H

#include <stdbool.h>

#include "web/signature.h"

enum sns_kind {
    SNS_NOTIFICATION,
    SNS_SUBSCRIPTION,   /* whoever subscribed us asks: SubscribeURL confirms */
    SNS_UNSUBSCRIPTION, /* we are subscribed no more; its SubscribeURL would undo that */
};

/* Texts lie in the arena; "" for what it does not have. */
struct sns_message {
    enum sns_kind kind;
    const char *topic; /* ARN */
    const char *id, *time, *message, *subject, *token;
    const char *subscribe_url, *certificate_url;
    const char *signature;
    int version; /* 1: SHA-1, 2: SHA-256 */
};

/* Reads the body. False where it is no such message. */
bool sns_read(const struct hook_delivery *delivery, struct arena *arena,
              struct sns_message *message);

/* Whether the certificate (PEM) signed it. */
bool sns_is_signed(const struct sns_message *message, struct slice certificate,
                   struct arena *arena);

#endif
