/*
 * Schemes of signatures: the examples that their owners publish, and everything that is not quite
 * one. The keys of those that sign by a key of their own are made here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/base64.h"
#include "base/settings.h"
#include "web/signature.h"

#define COUNT(array) (sizeof array / sizeof *(array))

struct desk {
    struct arena *arena;
    struct hook_delivery delivery;
    struct signature_settings settings;
    struct signature_secrets secrets;
    struct signature_check check;
};

static int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    desk->arena = arena_new(4096);
    *state = desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    arena_destroy(&desk->arena);
    free(desk);
    return 0;
}

/* "name: value" on lines. */
static struct value headers_of(struct arena *arena, const char *lines)
{
    struct value map = value_new_map(arena, 4);
    while (*lines) {
        const size_t name = strcspn(lines, ":"), all = strcspn(lines, "\n");
        value_set(arena, map, arena_copy(arena, lines, name),
                  value_text(arena_copy(arena, lines + name + 2, all - name - 2)));
        lines += all + (lines[all] == '\n');
    }
    return map;
}

static void set(struct desk *desk, const char *verify, const char *secrets, const char *headers,
                const char *body, int64_t now_s)
{
    struct value map = headers_of(desk->arena, verify);
    struct diags diags = {0};
    struct diag diag = {0};
    assert_true(
        settings_read(signature_settings, &map, NULL, &desk->settings, desk->arena, &diags));
    signature_settings_check(&desk->settings, &map, NULL, &diags);
    if (diags.count)
        fail_msg("%s: %s", verify, diags.items[0].text);
    if (!signature_secrets_read(secrets, strlen(secrets), &desk->settings, &desk->secrets, &diag))
        fail_msg("%s: %s", verify, diag.text);
    desk->delivery = (struct hook_delivery){.body = slice_of(body),
                                            .headers = headers_of(desk->arena, headers),
                                            .received_ms = now_s * 1000};
    desk->check = (struct signature_check){.settings = &desk->settings,
                                           .secrets = &desk->secrets,
                                           .delivery = &desk->delivery,
                                           .arena = desk->arena};
}

static const char *verdict(struct desk *desk)
{
    static const char *const names[] = {[SIGNATURE_GOOD] = "good",
                                        [SIGNATURE_MISSING] = "missing",
                                        [SIGNATURE_WRONG] = "wrong",
                                        [SIGNATURE_STALE] = "stale",
                                        [SIGNATURE_CERTIFICATE] = "certificate"};
    enum signature_verdict head = signature_check_head(&desk->check);
    enum signature_verdict all = signature_check_all(&desk->check);
    /* What the head is refused for, all of it is. */
    assert_true(head == SIGNATURE_GOOD || head == all);
    return names[all];
}

/* ---- What their owners publish ---- */

static const char github[] = "It's a Secret to Everybody";
static const char github_mac[] = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
static const char sendgrid_key[] =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw"
    "+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
static const char sendgrid_headers[] =
    "x-twilio-email-event-webhook-signature: "
    "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+"
    "luQAbPIqHh89M15TluLtEZtM="
    "\nx-twilio-email-event-webhook-timestamp: 1600112502";
static const char sendgrid_body[] =
    "[{\"email\":\"hello@world.com\",\"event\":\"dropped\",\"reason\":\"Bounced Address\",\"sg_"
    "event_id\":\"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA\",\"sg_message_id\":\"LRzXl_"
    "NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0\",\"smtp-id\":\"<LRzXl_"
    "NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>\",\"timestamp\":1600112492}]\r\n";
static const char standard_headers[] =
    "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek\nwebhook-timestamp: 1614265330\n"
    "webhook-signature: v1,AAAA v2,zz v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

static void published(void **state)
{
    struct desk *desk = *state;
    set(desk, "scheme: hmac-sha256\nheader: X-Hub-Signature-256\nprefix: sha256=", github,
        arena_printf(desk->arena, "x-hub-signature-256: sha256=%s", github_mac), "Hello, World!",
        0);
    assert_string_equal(verdict(desk), "good");
    set(desk, "scheme: ecdsa-p256", sendgrid_key, sendgrid_headers, sendgrid_body, 1600112502);
    assert_string_equal(verdict(desk), "good");
    set(desk, "scheme: standard-webhooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        standard_headers, "{\"test\": 2432232314}", 1614265330);
    assert_string_equal(verdict(desk), "good");
    /* RFC 8032, 7.1, test 3 */
    set(desk, "scheme: ed25519\nheader: x-sig",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "x-sig: 6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        "\xaf\x82", 0);
    assert_string_equal(verdict(desk), "good");
    /* RFC 7617, 2, and 2.1 */
    set(desk, "scheme: basic", "Aladdin:open sesame\ntest:123\u00a3",
        "authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "", 0);
    assert_string_equal(verdict(desk), "good");
    desk->delivery.headers = headers_of(desk->arena, "authorization: basic dGVzdDoxMjPCow==");
    assert_string_equal(verdict(desk), "good");
}

/* ---- HMAC of the body ---- */

static void bodies(void **state)
{
    static const char bare[] = "scheme: hmac-sha256\nheader: X-Sig";
    static const char base64[] = "scheme: hmac-sha256\nheader: X-Sig\nencoding: base64";
    static const char mac[] =
        "x-sig: 757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    static const struct {
        const char *verify, *secrets, *headers, *body, *verdict;
    } cases[] = {
        {bare, "It's a Secret to Everybody", mac, "Hello, World!", "good"},
        {bare, "new\n# the old one\n\n  It's a Secret to Everybody \r\n", mac, "Hello, World!",
         "good"},
        {bare, "It's a Secret to Everybody", mac, "Hello, World", "wrong"},
        {bare, "It's a Secret to Everybody", mac, "Hello, World! ", "wrong"},
        {bare, "It's a Secret to everybody", mac, "Hello, World!", "wrong"},
        {bare, "x", "", "Hello, World!", "missing"},
        {bare, "x", "x-other: 75", "Hello, World!", "missing"},
        {bare, "It's a Secret to Everybody", "x-sig: 757107", "Hello, World!", "wrong"},
        {bare, "It's a Secret to Everybody",
         "x-sig: 757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17 ",
         "Hello, World!", "wrong"},
        {bare, "It's a Secret to Everybody",
         "x-sig: zz7107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", "Hello, World!",
         "wrong"},
        {bare, "It's a Secret to Everybody",
         "x-sig: 757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17", "Hello, World!",
         "good"},
        {base64, "It's a Secret to Everybody",
         "x-sig: dXEH6g6yUJ/CESIczphLijdXC211hsIsRvQ3nIsEPhc=", "Hello, World!", "good"},
        {base64, "It's a Secret to Everybody", "x-sig: dXEH6g6yUJ/CESIczphLijdXC211hsIsRvQ3nIsEPhc",
         "Hello, World!", "wrong"},
        {base64, "It's a Secret to Everybody",
         "x-sig: dXEH6g6yUJ_CESIczphLijdXC211hsIsRvQ3nIsEPhc=", "Hello, World!", "wrong"},
        {base64, "x", "x-sig: ", "", "wrong"},
        {"scheme: hmac-sha256\nheader: X-Sig\nprefix: sha256=", "It's a Secret to Everybody", mac,
         "Hello, World!", "wrong"},
        /* RFC 2202, 3, test 2; RFC 4231, 4.3 */
        {"scheme: hmac-sha1\nheader: X-Signature", "Jefe",
         "x-signature: effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", "what do ya want for nothing?",
         "good"},
        {"scheme: hmac-sha512\nheader: X-Signature", "Jefe",
         "x-signature: 164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
         "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
         "what do ya want for nothing?", "good"},
        {"scheme: token\nheader: X-Token", "one\ntwo", "x-token: two", "{}", "good"},
        {"scheme: token\nheader: X-Token", "one\ntwo", "x-token: tw", "{}", "wrong"},
        {"scheme: token\nheader: X-Token\nprefix: k=", "two", "x-token: two", "{}", "wrong"},
        {"scheme: bearer", "one", "authorization: Bearer one", "", "good"},
        {"scheme: bearer", "one", "authorization: bearer  one", "", "good"},
        {"scheme: bearer", "one", "authorization: Bearer", "", "missing"},
        {"scheme: bearer", "one", "authorization: Bearer onee", "", "wrong"},
        {"scheme: bearer", "one", "authorization: Basic b25l", "", "missing"},
        {"scheme: basic", "a:b", "authorization: Basic YTpj", "", "wrong"},
        {"scheme: basic", "a:b", "authorization: Basic ####", "", "wrong"},
    };
    struct desk *desk = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        set(desk, cases[i].verify, cases[i].secrets, cases[i].headers, cases[i].body, 0);
        if (strcmp(verdict(desk), cases[i].verdict) != 0)
            fail_msg("case %zu: %s", i, verdict(desk));
    }
}

/* ---- Times ---- */

/* HMAC-SHA256 of "1492774577.{}" under "whsec_test". */
#define STRIPE_MAC "0d0602f6611bd2252dd4b74b58a4528355a7380639a15e6cc21e3059d56d5b8b"

static const char *stripe(struct desk *desk, const char *header, const char *body, int64_t now_s)
{
    set(desk, "scheme: stripe", "other\nwhsec_test",
        arena_printf(desk->arena, "stripe-signature: %s", header), body, now_s);
    return verdict(desk);
}

static void stripes(void **state)
{
    struct desk *desk = *state;
    const int64_t at = 1492774577;
    assert_string_equal(stripe(desk, "t=1492774577,v1=" STRIPE_MAC, "{}", at), "good");
    assert_string_equal(stripe(desk, "t=1492774577,v1=" STRIPE_MAC, "{}", at + 300), "good");
    assert_string_equal(stripe(desk, "t=1492774577,v1=" STRIPE_MAC, "{}", at + 301), "stale");
    assert_string_equal(stripe(desk, "t=1492774577,v1=" STRIPE_MAC, "{}", at - 301), "stale");
    assert_string_equal(stripe(desk, "v0=aa,v1=00,v1=" STRIPE_MAC ", t=1492774577", "{}", at),
                        "good");
    assert_string_equal(stripe(desk, "t=1492774578,v1=" STRIPE_MAC, "{}", at), "wrong");
    /* the first time counts, whichever comes behind it */
    assert_string_equal(stripe(desk, "t=1492779999,t=1492774577,v1=" STRIPE_MAC, "{}", at),
                        "wrong");
    assert_string_equal(stripe(desk, "t=1492774577,v0=" STRIPE_MAC, "{}", at), "wrong");
    assert_string_equal(stripe(desk, "t=1492774577", "{}", at), "wrong");
    assert_string_equal(stripe(desk, "v1=" STRIPE_MAC, "{}", at), "wrong");
    assert_string_equal(stripe(desk, "t=-1492774577,v1=" STRIPE_MAC, "{}", at), "wrong");
    assert_string_equal(stripe(desk, "t=99999999999999999999,v1=" STRIPE_MAC, "{}", at), "wrong");
    assert_string_equal(stripe(desk, "", "{}", at), "wrong");
    assert_string_equal(stripe(desk, "t=1492774577,v1=" STRIPE_MAC, "{} ", at), "wrong");
}

static void times(void **state)
{
    struct desk *desk = *state;
    set(desk, "scheme: standard-webhooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        standard_headers, "{\"test\": 2432232314}", 1614265330 + 301);
    assert_string_equal(verdict(desk), "stale");
    set(desk, "scheme: standard-webhooks\ntolerance: 10m", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        standard_headers, "{\"test\": 2432232314}", 1614265330 + 301);
    assert_string_equal(verdict(desk), "good");
    set(desk, "scheme: ecdsa-p256", sendgrid_key, sendgrid_headers, sendgrid_body,
        1600112502 + 301);
    assert_string_equal(verdict(desk), "stale");
    set(desk, "scheme: ecdsa-p256", sendgrid_key, sendgrid_headers, "[]", 1600112502);
    assert_string_equal(verdict(desk), "wrong");
}

/* ---- Mailgun ---- */

/* HMAC-SHA256 of "1770920772" and the token under "key". */
#define TOKEN       "e0b5477167110d68991efc6b9f89f0a11066af27834600e123"
#define MAILGUN_MAC "e8f5d8f1bd9ce26cc6e78f1cbde9e93cc2bba777a3d3005819ca8de26128118d"

static const char *mailgun(struct desk *desk, const char *sign, int64_t now_s)
{
    set(desk, "scheme: mailgun", "key", "content-type: application/json",
        arena_printf(desk->arena, "{\"signature\": {%s}, \"event-data\": {}}", sign), now_s);
    return verdict(desk);
}

static void mailguns(void **state)
{
    static const char good[] = "\"token\": \"" TOKEN "\", \"timestamp\": \"1770920772\", "
                               "\"signature\": \"" MAILGUN_MAC "\"";
    struct desk *desk = *state;
    const int64_t at = 1770920772;
    assert_string_equal(mailgun(desk, good, at + 300), "good");
    assert_string_equal(desk->check.once, TOKEN);
    assert_int_equal(desk->check.once_until_ms, (at + 300) * 1000);
    assert_string_equal(mailgun(desk, good, at + 301), "stale");
    assert_string_equal(mailgun(desk,
                                "\"token\": \"" TOKEN "\", \"timestamp\": 1770920772, "
                                "\"signature\": \"00\", \"parent-signature\": \"" MAILGUN_MAC "\"",
                                at),
                        "good");
    assert_string_equal(mailgun(desk,
                                "\"token\": \"" TOKEN "\", \"timestamp\": \"1770920773\", "
                                "\"signature\": \"" MAILGUN_MAC "\"",
                                at),
                        "wrong");
    assert_null(desk->check.once);
    /* a digit more here, one less there: the same text is signed */
    assert_string_equal(mailgun(desk,
                                "\"token\": \"2e0b5477167110d68991efc6b9f89f0a11066af27834600e123\""
                                ", \"timestamp\": \"177092077\", "
                                "\"signature\": \"" MAILGUN_MAC "\"",
                                at),
                        "stale");
    assert_string_equal(mailgun(desk, "\"token\": 7, \"timestamp\": 1", at), "wrong");
    assert_string_equal(mailgun(desk, "", at), "missing");
    set(desk, "scheme: mailgun", "key", "content-type: application/json", "{\"signature\":", at);
    assert_string_equal(verdict(desk), "wrong");
}

/* ---- Secrets, and `verify:` itself ---- */

static void files_of_secrets(void **state)
{
    static const struct {
        const char *scheme, *text, *fault;
    } cases[] = {
        {"hmac-sha256", "", "there is no secret in it"},
        {"hmac-sha256", "# x\n\n", "there is no secret in it"},
        {"basic", "a:b\nonlyauser\n", "line 2 is no secret for `basic`"},
        {"ecdsa-p256", "MFkwEw==", "line 1 is no secret for `ecdsa-p256`"},
        {"ed25519", "fc51", "line 1 is no secret for `ed25519`"},
        {"bearer", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17",
         "more than 16 secrets"},
    };
    struct desk *desk = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct value map = headers_of(
            desk->arena, arena_printf(desk->arena, "scheme: %s\nheader: x", cases[i].scheme));
        struct diags diags = {0};
        struct diag diag = {0};
        settings_read(signature_settings, &map, NULL, &desk->settings, desk->arena, &diags);
        assert_false(signature_secrets_read(cases[i].text, strlen(cases[i].text), &desk->settings,
                                            &desk->secrets, &diag));
        if (strncmp(diag.text, cases[i].fault, strlen(cases[i].fault)) != 0)
            fail_msg("case %zu: %s", i, diag.text);
        assert_null(strstr(diag.text, "onlyauser"));
    }
}

static void keys_of_verify(void **state)
{
    static const struct {
        const char *verify, *fault;
    } cases[] = {
        {"scheme: hmac-sha257", "`scheme`"},
        {"header: x", "`scheme`"},
        {"scheme: hmac-sha256", "`hmac-sha256` needs `header`"},
        {"scheme: basic\nheader: X", "`basic` has no `header`"},
        {"scheme: sns\ntolerance: 5m", "`sns` has no `tolerance`"},
        {"scheme: hmac-sha256\nheader: x\ntolerance: 5m", "`hmac-sha256` has no `tolerance`"},
    };
    struct desk *desk = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct value map = headers_of(desk->arena, cases[i].verify);
        struct diags diags = {0};
        settings_read(signature_settings, &map, NULL, &desk->settings, desk->arena, &diags);
        signature_settings_check(&desk->settings, &map, NULL, &diags);
        if (diags.errors != 1 || !strstr(diags.items[0].text, cases[i].fault))
            fail_msg("case %zu: %zu %s", i, diags.errors, diags.count ? diags.items[0].text : "");
        diags_free(&diags);
    }
    for (size_t i = 0; signature_schemes[i].name; i++)
        assert_string_equal(signature_schemes[i].name, signature_scheme_names[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(published, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(bodies, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(stripes, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(times, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(mailguns, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(files_of_secrets, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(keys_of_verify, open_desk, close_desk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
