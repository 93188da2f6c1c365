#include "web/sns_url.h"

#include <string.h>

static const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
static const char digits[] = "0123456789";
static const char word[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

/* Skips one or more of `characters`, and then `behind`. */
static bool pass(const char **at, const char *characters, const char *behind)
{
    size_t count = strspn(*at, characters), length = strlen(behind);
    if (!count || strncmp(*at + count, behind, length) != 0)
        return false;
    *at += count + length;
    return true;
}

static bool pass_text(const char **at, const char *text)
{
    size_t length = strlen(text);
    if (strncmp(*at, text, length) != 0)
        return false;
    *at += length;
    return true;
}

struct slice sns_url_region(const char *arn)
{
    const char *at = arn, *region;
    if (strlen(arn) > SNS_ARN_MOST || !pass_text(&at, "arn:aws:sns:"))
        return (struct slice){0};
    region = at;
    if (!pass(&at, lower, ":"))
        return (struct slice){0};
    const struct slice found = {region, (size_t)(at - region) - 1};
    return pass(&at, digits, ":") && pass(&at, word, "") && !*at ? found : (struct slice){0};
}

/* Up to the path's first slash, and behind it. */
static bool pass_host(const char **at, const char *arn)
{
    const struct slice region = sns_url_region(arn);
    if (!region.text || strlen(*at) > SNS_URL_MOST || !pass_text(at, "https://sns.") ||
        strncmp(*at, region.text, region.length) != 0)
        return false;
    *at += region.length;
    return pass_text(at, ".amazonaws.com/");
}

bool sns_url_is_certificate(const char *url, const char *arn)
{
    const char *at = url;
    return pass_host(&at, arn) && pass_text(&at, "SimpleNotificationService-") &&
           pass(&at, "abcdefghijklmnopqrstuvwxyz0123456789", ".pem") && !*at;
}

/* The topic as it stands, or with its colons escaped. */
static bool pass_topic(const char **at, const char *arn)
{
    for (; *arn; arn++) {
        bool escaped = *arn == ':' && (pass_text(at, "%3A") || pass_text(at, "%3a"));
        if (!escaped && *(*at)++ != *arn)
            return false;
    }
    return true;
}

bool sns_url_is_confirmation(const char *url, const char *arn)
{
    const char *at = url;
    return pass_host(&at, arn) && pass_text(&at, "?Action=ConfirmSubscription&TopicArn=") &&
           pass_topic(&at, arn) && pass_text(&at, "&Token=") &&
           pass(&at, "abcdefghijklmnopqrstuvwxyz0123456789", "") && !*at;
}
