/*
 * Signatures of webhooks, by every scheme: the first line stands in each header that one may look
 * at, the rest is the body. The secret is one that nobody guesses, so none is right.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "web/signature.h"
#include "web/sns.h"
#include "web/sns_url.h"

static const char secret[] = "whsec_c2V2ZW50aC1jb3VzaW4tb2YtdGhlLWZpc2htb25nZXI=";
static const char *const topics[] = {"arn:aws:sns:eu-west-1:123456789012:bounces", NULL};

static struct hook_delivery make(struct arena *arena, const struct signature_scheme *scheme,
                                 const char *value, struct slice body)
{
    static const char *const others[] = {"authorization", "webhook-id", "webhook-timestamp",
                                         "content-type"};
    struct hook_delivery delivery = {.body = body,
                                     .headers = value_new_map(arena, 8),
                                     .query = value_new_map(arena, 1),
                                     .received_ms = 1772445600000};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        value_set(arena, delivery.headers, others[i], value_text(value));
    value_set(arena, delivery.headers, scheme->header ? scheme->header : "x-signature",
              value_text(value));
    if (scheme->timestamp_header)
        value_set(arena, delivery.headers, scheme->timestamp_header, value_text("1772445600"));
    return delivery;
}

static void check(struct arena *arena, int index, const char *value, struct slice body)
{
    const struct signature_scheme *scheme = &signature_schemes[index];
    const struct signature_settings settings = {.scheme = index,
                                                .header = scheme->header ? NULL : "x-signature",
                                                .encoding = SIGNATURE_BASE64,
                                                .tolerance_ms = 300000};
    const struct hook_delivery delivery = make(arena, scheme, value, body);
    struct signature_secrets secrets = {.lines = {slice_of(secret)}, .count = 1};
    struct signature_check check = {.settings = &settings,
                                    .secrets = &secrets,
                                    .delivery = &delivery,
                                    .topics = topics,
                                    .arena = arena};
    enum signature_verdict head = signature_check_head(&check);
    if (scheme->head && !scheme->no_secret && head == SIGNATURE_GOOD)
        abort();
    if (signature_check_all(&check) == SIGNATURE_GOOD &&
        strcmp(signature_scheme_names[index], "none") != 0)
        abort();
    if (check.certificate_url && !sns_url_is_certificate(check.certificate_url, topics[0]))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *line = size ? memchr(text, '\n', size) : NULL;
    if (!line)
        return 0;
    for (int i = 0; signature_schemes[i].name; i++) {
        struct arena *arena = arena_new(16 * 1024);
        check(arena, i, arena_copy(arena, text, (size_t)(line - text)),
              slice_between(line + 1, text + size));
        arena_destroy(&arena);
    }
    return 0;
}
