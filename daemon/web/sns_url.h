/*
 * Addresses that an Amazon SNS message names, and that somebody is to fetch: where its certificate
 * lies, and where a subscription is confirmed. Whoever writes such a message chooses them, so both
 * sides of the socket look at them by this: https at sns.REGION.amazonaws.com, nothing else, and
 * the region is the topic's. No user, no port, no escapes, no letters but ASCII's small ones in the
 * host: an address that is written in any other way is refused, not understood.
 */
#ifndef NUDGED_WEB_SNS_URL_H
#define NUDGED_WEB_SNS_URL_H

#include <stdbool.h>

#include "base/slice.h"

enum { SNS_URL_MOST = 2048, SNS_ARN_MOST = 300 };

/* arn:aws:sns:eu-west-1:123456789012:bounces: its region, within it; no text where it is none. */
struct slice sns_url_region(const char *arn);

/* https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem */
bool sns_url_is_certificate(const char *url, const char *arn);

/* https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=…&Token=…, of that very
 * topic. */
bool sns_url_is_confirmation(const char *url, const char *arn);

#endif
