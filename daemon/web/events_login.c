#include "web/events_login.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "web/signature.h"

enum { ID_MOST = 255 };

static struct events_login refuse(enum web_refusal refusal, const char *why)
{
    return (struct events_login){.refusal = refusal, .why = why};
}

/* ---- A token ---- */

static struct events_login by_token(const struct tokens_file *tokens, const char *authorization)
{
    static const char scheme[] = "Bearer ";
    size_t skip = sizeof scheme - 1;
    if (strncasecmp(authorization, scheme, skip) != 0)
        return refuse(WEB_REFUSAL_NO_TOKEN, "the Authorization must be `Bearer` and a token");
    const struct slice token = slice_trim(slice_of(authorization + skip), " ");
    const struct tokens_login *login = tokens_file_find(tokens, token.text, token.length);
    if (!login)
        return refuse(WEB_REFUSAL_WRONG_TOKEN, NULL);
    return (struct events_login){.login = login};
}

/* ---- A signature ---- */

static struct value map_of(struct arena *arena, const struct web_fields *fields)
{
    struct value map = value_new_map(arena, (uint32_t)fields->count);
    for (size_t i = 0; i < fields->count; i++) {
        char *low = arena_text(arena, fields->items[i].name.text);
        for (char *at = low; *at; at++)
            *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
        value_set(arena, map, low, value_text(fields->items[i].value.text));
    }
    return map;
}

static int standard_webhooks(void)
{
    int scheme = 0;
    while (strcmp(signature_schemes[scheme].name, "standard-webhooks") != 0)
        scheme++;
    return scheme;
}

/* The login whose key signed it, or NULL: each key is tried by itself, to know whose it is. */
static const struct tokens_login *find_signer(const struct tokens_file *tokens,
                                              const struct web_request *request, int64_t now_ms,
                                              enum signature_verdict *verdict)
{
    const struct signature_settings settings = {.scheme = standard_webhooks(),
                                                .tolerance_ms = EVENTS_LOGIN_TOLERANCE_S * 1000};
    const struct hook_delivery delivery = {.body = request->body,
                                           .headers = map_of(request->arena, &request->headers),
                                           .received_ms = now_ms};
    const struct tokens_login *login, *found = NULL;
    const char *key;
    *verdict = SIGNATURE_WRONG;
    for (size_t i = 0; (login = tokens_file_key(tokens, i, &key)) != NULL; i++) {
        const struct signature_secrets secrets = {.lines = {slice_of(key)}, .count = 1};
        struct signature_check check = {.settings = &settings,
                                        .secrets = &secrets,
                                        .delivery = &delivery,
                                        .arena = request->arena};
        enum signature_verdict one = signature_check_all(&check);
        if (one == SIGNATURE_WRONG)
            continue;
        *verdict = one;
        found = login;
    }
    return found;
}

/* The headers of a signature: all there, once, and near in time. */
static struct events_login check_headers(const struct web_request *request, int64_t now_ms)
{
    static const char *const names[] = {"webhook-id", "webhook-timestamp", "webhook-signature"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (web_request_header_count(request, names[i]) != 1 ||
            !*web_request_header(request, names[i]))
            return refuse(WEB_REFUSAL_WRONG_TOKEN,
                          "a signature is webhook-id, webhook-timestamp and webhook-signature");
    if (strlen(web_request_header(request, "webhook-id")) > ID_MOST)
        return refuse(WEB_REFUSAL_WRONG_TOKEN, "a webhook-id has at most 255 bytes");
    int64_t late = now_ms / 1000 - atoll(web_request_header(request, "webhook-timestamp"));
    if (late > EVENTS_LOGIN_TOLERANCE_S || late < -EVENTS_LOGIN_TOLERANCE_S)
        return refuse(WEB_REFUSAL_REPLAYED, "webhook-timestamp is over 5 minutes from now");
    return (struct events_login){.is_signed = true};
}

/* ---- Both ---- */

struct events_login events_login_head(const struct tokens_file *tokens,
                                      const struct web_request *request, int64_t now_ms)
{
    const char *authorization = web_request_header(request, "Authorization");
    const char *key;
    if (web_request_header_count(request, "Authorization") > 1)
        return refuse(WEB_REFUSAL_WRONG_TOKEN, "Authorization stands there twice");
    if (authorization)
        return by_token(tokens, authorization);
    if (!web_request_header(request, "webhook-signature"))
        return refuse(WEB_REFUSAL_NO_TOKEN, NULL);
    if (!tokens_file_key(tokens, 0, &key))
        return refuse(WEB_REFUSAL_WRONG_TOKEN, NULL);
    return check_headers(request, now_ms);
}

struct events_login events_login_all(const struct tokens_file *tokens,
                                     const struct web_request *request, int64_t now_ms)
{
    struct events_login head = events_login_head(tokens, request, now_ms);
    enum signature_verdict verdict;
    if (!head.is_signed)
        return head;
    head.login = find_signer(tokens, request, now_ms, &verdict);
    if (verdict != SIGNATURE_GOOD)
        head = refuse(verdict == SIGNATURE_STALE ? WEB_REFUSAL_REPLAYED : WEB_REFUSAL_WRONG_TOKEN,
                      NULL);
    return head;
}
