#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web/events_login.h"

#define TOKEN "DyXc0u3pQ1mH5b8ZrWn2Kf7T"
/* The test vector of docs/intake.md. */
#define KEY       "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
#define SIGNATURE "v1,WDhvX3+P05E5rbp18+R3PMAdqwho2kmQIdUocqnnwjI="
#define BODY      "{\"type\":\"order.placed\",\"id\":\"o1\",\"customer\":{\"id\":7}}"
#define SIGNED_S  INT64_C(1772445600)

enum { FIELDS_MOST = 4 };

struct world {
    struct arena *arena;
    struct tokens_file *tokens;
};

static int set_up(void **state)
{
    static const char text[] =
        "shop: " TOKEN " *\nother: whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA a\n"
        "signer: " KEY " order.*\n";
    struct world *world = calloc(1, sizeof *world);
    struct diags diags = {0};
    world->arena = arena_new(4096);
    world->tokens = tokens_file_read(text, strlen(text), "tokens", &diags);
    assert_non_null(world->tokens);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    tokens_file_destroy(&world->tokens);
    arena_destroy(&world->arena);
    free(world);
    return 0;
}

/* name, value, name, value, NULL */
static struct web_request request_of(struct world *world, const char *const *headers)
{
    struct web_field *items = arena_zero(world->arena, FIELDS_MOST * sizeof *items);
    struct web_request request = {.arena = world->arena, .body = slice_of(BODY)};
    for (; *headers; headers += 2)
        items[request.headers.count++] =
            (struct web_field){slice_of(headers[0]), slice_of(headers[1])};
    request.headers.items = items;
    return request;
}

/* Who it is, or the refusal's word. */
static const char *said(const struct events_login *login)
{
    return login->refusal ? web_refusal_row(login->refusal)->word
           : login->login ? tokens_file_name(login->login)
                          : "a signature";
}

static void test_tokens(void **state)
{
    static const struct {
        const char *headers[5];
        const char *says;
    } cases[] = {
        {{"Authorization", "Bearer " TOKEN}, "shop"},
        {{"authorization", "bearer   " TOKEN " "}, "shop"},
        {{"Authorization", "Bearer " TOKEN "x"}, "wrong-token"},
        {{"Authorization", "Bearer "}, "wrong-token"},
        {{"Authorization", "Bearer " KEY}, "wrong-token"}, /* is never sent */
        {{"Authorization", "Basic " TOKEN}, "no-token"},
        {{"Authorization", ""}, "no-token"},
        {{"Authorization", "Bearer " TOKEN, "Authorization", "Bearer " TOKEN}, "wrong-token"},
        {{"X-Token", TOKEN}, "no-token"},
        {{NULL}, "no-token"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct web_request request = request_of(world, cases[i].headers);
        const struct events_login head = events_login_head(world->tokens, &request, 0);
        const struct events_login all = events_login_all(world->tokens, &request, 0);
        if (strcmp(said(&head), cases[i].says) != 0 || strcmp(said(&all), cases[i].says) != 0)
            fail_msg("case %zu: %s, %s", i, said(&head), said(&all));
    }
}

static void test_signatures(void **state)
{
    static const struct {
        const char *id, *time, *signature;
        int64_t late_s; /* our clock, behind the signature's time */
        const char *head, *all;
    } cases[] = {
        {"delivery-1", "1772445600", SIGNATURE, 0, "a signature", "signer"},
        {"delivery-1", "1772445600", "v1,AAAA " SIGNATURE, 0, "a signature", "signer"},
        {"delivery-1", "1772445600", SIGNATURE, 300, "a signature", "signer"},
        {"delivery-1", "1772445600", SIGNATURE, -300, "a signature", "signer"},
        {"delivery-1", "1772445600", SIGNATURE, 301, "replayed", "replayed"},
        {"delivery-1", "1772445600", SIGNATURE, -301, "replayed", "replayed"},
        {"delivery-2", "1772445600", SIGNATURE, 0, "a signature", "wrong-token"},
        {"delivery-1", "1772445601", SIGNATURE, 0, "a signature", "wrong-token"},
        {"delivery-1", "1772445600", "v1,AAAA", 0, "a signature", "wrong-token"},
        {"delivery-1", "soon", SIGNATURE, 0, "replayed", "replayed"},
        {"", "1772445600", SIGNATURE, 0, "wrong-token", "wrong-token"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const headers[] = {"webhook-id",  cases[i].id,         "Webhook-Timestamp",
                                       cases[i].time, "webhook-signature", cases[i].signature,
                                       NULL};
        const int64_t now_ms = (SIGNED_S + cases[i].late_s) * 1000;
        const struct web_request request = request_of(world, headers);
        const struct events_login head = events_login_head(world->tokens, &request, now_ms);
        const struct events_login all = events_login_all(world->tokens, &request, now_ms);
        if (strcmp(said(&head), cases[i].head) != 0 || strcmp(said(&all), cases[i].all) != 0)
            fail_msg("case %zu: %s, %s", i, said(&head), said(&all));
    }
}

/* A token decides, where both are there; without a key nobody signs. */
static void test_both(void **state)
{
    static const char only_token[] = TOKEN " *";
    struct world *world = *state;
    struct diags diags = {0};
    const char *const signature[] = {"webhook-signature", SIGNATURE, NULL};
    const char *const both[] = {"webhook-signature", SIGNATURE, "Authorization", "Bearer x", NULL};
    struct web_request request = request_of(world, both);
    struct events_login login = events_login_head(world->tokens, &request, SIGNED_S * 1000);
    assert_string_equal(said(&login), "wrong-token");
    struct tokens_file *tokens = tokens_file_read(only_token, strlen(only_token), "tokens", &diags);
    request = request_of(world, signature);
    login = events_login_head(tokens, &request, SIGNED_S * 1000);
    assert_string_equal(said(&login), "wrong-token");
    tokens_file_destroy(&tokens);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tokens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_signatures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_both, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
