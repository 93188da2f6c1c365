/* Messages of Amazon SNS: which addresses in them are fetched, and what their signature covers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/base64.h"
#include "base/json.h"
#include "web/sns.h"
#include "web/sns_url.h"

#define COUNT(array) (sizeof array / sizeof *(array))
#define ARN          "arn:aws:sns:eu-west-1:123456789012:bounces"
#define HOST         "https://sns.eu-west-1.amazonaws.com"
#define PEM          "/SimpleNotificationService-0123456789abcdef.pem"
#define CONFIRM      "/?Action=ConfirmSubscription&TopicArn=" ARN "&Token=2336412f37fb"

/* ---- Addresses ---- */

static void certificates(void **state)
{
    static const char *const good[] = {HOST PEM};
    static const char *const bad[] = {
        "",
        "http://sns.eu-west-1.amazonaws.com" PEM,
        "HTTPS://sns.eu-west-1.amazonaws.com" PEM,
        "https://SNS.eu-west-1.amazonaws.com" PEM,
        "https://sns.eu-west-2.amazonaws.com" PEM, /* another region than the topic's */
        "https://sns.eu-west-1.amazonaws.com.evil.example" PEM,
        "https://sns.eu-west-1.amazonaws.com:443" PEM,
        "https://sns.eu-west-1.amazonaws.com:8080" PEM,
        "https://sns.eu-west-1.amazonaws.com." PEM,
        "https://x@sns.eu-west-1.amazonaws.com" PEM,
        "https://sns.eu-west-1.amazonaws.com@evil.example" PEM,
        "https://sns.eu-west-1.amazonaws.com%40evil.example" PEM,
        "https://sns.eu-west-1.amazonaws.com\\@evil.example" PEM,
        "https://sns.eu-west-1.amazonaws.com#@evil.example" PEM,
        "https://sns.eu-west-1.amazonaws.com?@evil.example" PEM,
        "https://evil.example/sns.eu-west-1.amazonaws.com" PEM,
        "https://evilsns.eu-west-1.amazonaws.com" PEM,
        "https://sns.evil.eu-west-1.amazonaws.com" PEM,
        "https://sns.eu-west-1.amazonaws.co" PEM,
        "https://sns.eu-west-1.amaz\xc3\xb3naws.com" PEM,
        "https://sns.eu-west-1.\xd0\xb0mazonaws.com" PEM, /* a Cyrillic a */
        "https://sns.eu-west-1.amazonaws\xe3\x80\x82"
        "com" PEM, /* an ideographic full stop */
        "https://sns.eu-west-1.amazonaws.com/../SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com//SimpleNotificationService-1.pem",
        HOST "/SimpleNotificationService-1.pem/",
        HOST "/SimpleNotificationService-1.pem?x",
        HOST "/SimpleNotificationService-1.pem#x",
        HOST "/SimpleNotificationService-1%2f.pem",
        HOST "/SimpleNotificationService-.pem",
        HOST "/SimpleNotificationService-1.pem.pem",
        HOST "/SimpleNotificationService-1.pem\r\nHost: evil",
        HOST "/evil.pem",
        HOST CONFIRM,
        " " HOST PEM,
        HOST PEM " ",
        "https://127.0.0.1" PEM,
        "https://sns.eu-west-1.amazonaws.com",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        if (!sns_url_is_certificate(good[i], ARN))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (sns_url_is_certificate(bad[i], ARN))
            fail_msg("taken: %s", bad[i]);
}

static void confirmations(void **state)
{
    static const char *const good[] = {
        HOST CONFIRM,
        HOST "/?Action=ConfirmSubscription&TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A123456789012"
             "%3Abounces&Token=2336",
    };
    static const char *const bad[] = {
        HOST "/?Action=ConfirmSubscription&TopicArn=" ARN "x&Token=2336",
        HOST "/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-1:123456789012:b&Token=2",
        HOST "/?Action=DeleteTopic&TopicArn=" ARN "&Token=2336",
        HOST "/?Action=ConfirmSubscription&TopicArn=" ARN "&Token=2336&Action=DeleteTopic",
        HOST "/?Action=ConfirmSubscription&TopicArn=" ARN "&Token=",
        HOST "/?Action=ConfirmSubscription&TopicArn=" ARN,
        HOST "/?Action=ConfirmSubscription",
        HOST "/x?Action=ConfirmSubscription&TopicArn=" ARN "&Token=2336",
        "https://sns.eu-west-1.amazonaws.com.evil.example" CONFIRM,
        "https://sns.eu-west-1.amazonaws.com:1" CONFIRM,
        "https://u:p@sns.eu-west-1.amazonaws.com" CONFIRM,
        HOST PEM,
    };
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        if (!sns_url_is_confirmation(good[i], ARN))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (sns_url_is_confirmation(bad[i], ARN))
            fail_msg("taken: %s", bad[i]);
}

static void topics(void **state)
{
    static const char *const bad[] = {
        "",
        "arn:aws:sns:eu-west-1:123456789012",
        "arn:aws:sns:eu-west-1:123456789012:",
        "arn:aws:sns::123456789012:bounces",
        "arn:aws:sns:eu-west-1::bounces",
        "arn:aws:sns:eu-west-1.evil:123456789012:bounces",
        "arn:aws:sns:evil.example/:123456789012:bounces",
        "arn:aws:sns:EU-WEST-1:123456789012:bounces",
        "arn:aws:sns:eu-west-1:123456789012:bounces:d7e2",
        "arn:aws:sqs:eu-west-1:123456789012:bounces",
        "arn:aws:sns:eu-west-1:123456789012:boun ces",
    };
    (void)state;
    const struct slice region = sns_url_region(ARN);
    assert_true(slice_is(region, "eu-west-1"));
    for (size_t i = 0; i < COUNT(bad); i++)
        if (sns_url_region(bad[i]).text)
            fail_msg("taken: %s", bad[i]);
}

/* ---- Signatures ---- */

struct desk {
    struct arena *arena;
    EVP_PKEY *key;
    struct slice certificate;
};

static int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    char *text;
    desk->arena = arena_new(4096);
    desk->key = EVP_RSA_gen(2048);
    X509 *made = X509_new();
    BIO *to = BIO_new(BIO_s_mem());
    X509_gmtime_adj(X509_getm_notBefore(made), 0);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_set_pubkey(made, desk->key);
    X509_sign(made, desk->key, EVP_sha256());
    PEM_write_bio_X509(to, made);
    long length = BIO_get_mem_data(to, &text);
    desk->certificate =
        (struct slice){arena_copy(desk->arena, text, (size_t)length), (size_t)length};
    BIO_free(to);
    X509_free(made);
    *state = desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    EVP_PKEY_free(desk->key);
    arena_destroy(&desk->arena);
    free(desk);
    return 0;
}

static const char *sign(struct desk *desk, const char *text, const EVP_MD *hash)
{
    unsigned char bytes[512];
    char *base64 = arena_zero(desk->arena, 1024);
    size_t length = sizeof bytes;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, NULL, hash, NULL, desk->key), 1);
    assert_int_equal(
        EVP_DigestSign(context, bytes, &length, (const unsigned char *)text, strlen(text)), 1);
    EVP_MD_CTX_free(context);
    base64_encode(bytes, length, BASE64_STANDARD | BASE64_PADDED, base64);
    return base64;
}

static const char notice[] = "Message\nhello\nMessageId\n22b8\nSubject\nMy Subject\nTimestamp\n"
                             "2012-05-02T00:54:06.655Z\nTopicArn\n" ARN "\nType\nNotification\n";
static const char notice_json[] =
    "{\"Type\": \"Notification\", \"MessageId\": \"22b8\", \"TopicArn\": \"%s\", "
    "\"Subject\": \"My Subject\", \"Message\": \"%s\", \"Timestamp\": "
    "\"2012-05-02T00:54:06.655Z\", \"SignatureVersion\": \"%d\", \"Signature\": \"%s\", "
    "\"SigningCertURL\": \"" HOST PEM "\", \"UnsubscribeURL\": \"x\"}";

static enum signature_verdict ask(struct desk *desk, const char *body, struct slice certificate)
{
    static const char *const own[] = {"arn:aws:sns:eu-west-1:123456789012:other", ARN, NULL};
    const struct signature_settings settings = {.scheme = 11};
    const struct hook_delivery delivery = {.body = slice_of(body),
                                           .headers = value_new_map(desk->arena, 1)};
    struct signature_check check = {.settings = &settings,
                                    .delivery = &delivery,
                                    .topics = own,
                                    .certificate = certificate,
                                    .arena = desk->arena};
    assert_string_equal(signature_schemes[settings.scheme].name, "sns");
    enum signature_verdict verdict = signature_check_all(&check);
    assert_int_equal(verdict == SIGNATURE_CERTIFICATE, check.certificate_url != NULL);
    return verdict;
}

static void notices(void **state)
{
    struct desk *desk = *state;
    struct arena *arena = desk->arena;
    const struct slice none = {0};
    const char *one = sign(desk, notice, EVP_sha1()), *two = sign(desk, notice, EVP_sha256());
    const char *good = arena_printf(arena, notice_json, ARN, "hello", 1, one);
    assert_int_equal(ask(desk, good, none), SIGNATURE_CERTIFICATE);
    assert_int_equal(ask(desk, good, desk->certificate), SIGNATURE_GOOD);
    assert_int_equal(
        ask(desk, arena_printf(arena, notice_json, ARN, "hello", 2, two), desk->certificate),
        SIGNATURE_GOOD);
    assert_int_equal(
        ask(desk, arena_printf(arena, notice_json, ARN, "hello", 2, one), desk->certificate),
        SIGNATURE_WRONG);
    assert_int_equal(
        ask(desk, arena_printf(arena, notice_json, ARN, "hello", 3, one), desk->certificate),
        SIGNATURE_WRONG);
    assert_int_equal(
        ask(desk, arena_printf(arena, notice_json, ARN, "hellp", 1, one), desk->certificate),
        SIGNATURE_WRONG);
    assert_int_equal(
        ask(desk, arena_printf(arena, notice_json, ARN, "hello", 1, ""), desk->certificate),
        SIGNATURE_MISSING);
    /* a topic that is not ours: nothing is fetched for it */
    assert_int_equal(
        ask(desk,
            arena_printf(arena, notice_json, "arn:aws:sns:eu-west-1:666:bounces", "hello", 1, one),
            none),
        SIGNATURE_WRONG);
    assert_int_equal(ask(desk, good, slice_of("no certificate")), SIGNATURE_WRONG);
    assert_int_equal(ask(desk, "{\"Type\": \"Other\"}", none), SIGNATURE_MISSING);
    assert_int_equal(ask(desk, "[]", none), SIGNATURE_MISSING);
}

static void subscriptions(void **state)
{
    struct desk *desk = *state;
    const char *text = "Message\nYou have chosen\nMessageId\n165\nSubscribeURL\n" HOST CONFIRM
                       "\nTimestamp\n2012-04-26T20:45:04.751Z\nToken\n2336412f37fb\nTopicArn\n" ARN
                       "\nType\nSubscriptionConfirmation\n";
    const char *body = arena_printf(
        desk->arena,
        "{\"Type\": \"SubscriptionConfirmation\", \"MessageId\": \"165\", \"Token\": "
        "\"2336412f37fb\", \"TopicArn\": \"" ARN "\", \"Message\": \"You have chosen\", "
        "\"SubscribeURL\": \"" HOST CONFIRM "\", \"Timestamp\": \"2012-04-26T20:45:04.751Z\", "
        "\"SignatureVersion\": \"2\", \"Signature\": \"%s\", \"SigningCertURL\": \"" HOST PEM "\"}",
        sign(desk, text, EVP_sha256()));
    struct sns_message message;
    const struct hook_delivery delivery = {.body = slice_of(body),
                                           .headers = value_new_map(desk->arena, 1)};
    assert_int_equal(ask(desk, body, desk->certificate), SIGNATURE_GOOD);
    assert_true(sns_read(&delivery, desk->arena, &message));
    assert_int_equal(message.kind, SNS_SUBSCRIPTION);
    assert_true(sns_url_is_confirmation(message.subscribe_url, message.topic));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates),
        cmocka_unit_test(confirmations),
        cmocka_unit_test(topics),
        cmocka_unit_test_setup_teardown(notices, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(subscriptions, open_desk, close_desk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
