/* A file of the template folder by its name: what it is part of, for whom, of what kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "templates/templates_path.h"

static void taken_apart(void **state)
{
    static const struct {
        const char *path, *name, *locale, *kind;
    } cases[] = {
        {"welcome.html.liquid", "welcome", "", "html"},
        {"cart/reminder.pt-BR.text.liquid", "cart/reminder", "pt-BR", "text"},
        {"welcome.pt_BR.html.liquid", "welcome", "pt-BR", "html"},
        {"twilio.json.liquid", "twilio", "", "json"},
        {"a.b/c.html.liquid", NULL, NULL, NULL},
        {"welcome.liquid", NULL, NULL, NULL},
        {"welcome.somewhere.html.liquid", NULL, NULL, NULL},
        {".html.liquid", NULL, NULL, NULL},
        {"two words.html.liquid", NULL, NULL, NULL},
    };
    (void)state;
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct templates_path parts;
        struct diag diag = {0};
        bool read = templates_path_read(arena, cases[i].path, &parts, &diag);
        assert_int_equal(read, cases[i].name != NULL);
        assert_int_equal(read, !diag.text[0]);
        if (!read)
            continue;
        assert_string_equal(parts.name, cases[i].name);
        assert_string_equal(parts.locale, cases[i].locale);
        assert_string_equal(parts.kind, cases[i].kind);
    }
    arena_destroy(&arena);
}

/* Only the last component has endings. */
static void cut(void **state)
{
    (void)state;
    char dotted[] = "a.b/c", plain[] = "default", both[] = "default.html";
    assert_string_equal(templates_path_cut(dotted), "");
    assert_string_equal(dotted, "a.b/c");
    assert_string_equal(templates_path_cut(plain), "");
    assert_string_equal(templates_path_cut(both), "html");
    assert_string_equal(both, "default");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken_apart),
        cmocka_unit_test(cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
