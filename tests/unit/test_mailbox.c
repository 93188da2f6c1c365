/* One mailbox, however it is written; and never two mailboxes for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mailbox.h"

/* Each form, and spellings of it. */
static const struct {
    const char *form, *spellings[8];
} mailboxes[] = {
    {"ana@example.com",
     {"ana@example.com", "ANA@Example.COM", "  ana@example.com", "ana@example.com\r\n",
      "\u00a0ana@example.com\u3000", "\tana@EXAMPLE.com\u2028"}},
    {"ana@xn--mnchen-3ya.example",
     {"ana@xn--mnchen-3ya.example", "ana@XN--MNCHEN-3YA.example", "ana@m\u00fcnchen.example",
      "ana@M\u00dcNCHEN.example", "ana@mu\u0308nchen.example", "Ana@MU\u0308NCHEN\u3002Example",
      " ana@\uff2d\u00dcNCHEN.example "}},
    {"анна@xn--e1afmkfd.xn--p1ai",
     {"АННА@ПРИМЕР.РФ", "Анна@пример.рф", "анна@xn--e1afmkfd.XN--P1AI"}},
    {"анна@example.com", {"анна@example.com", "АННА@EXAMPLE.COM", "АнНа@example.COM "}},
    /* ß is a letter of its own in a domain, and two in folding. */
    {"strasse@xn--strae-oqa.de", {"stra\u00dfe@stra\u00dfe.de", "STRASSE@XN--STRAE-OQA.de"}},
    {"\u00e9lan@example.com",
     {"\u00c9LAN@example.com", "e\u0301lan@example.com", "E\u0301LAN@example.com"}},
    {"\u03c3\u03c3@example.com", {"\u03a3\u03c2@example.com", "\u03c3\u03a3@example.com"}},
    /* Domains that are none stay apart, and are folded. */
    {"ana@m\u00fc_nchen.example", {"ana@M\u00dc_nchen.example", "ANA@mu\u0308_nchen.EXAMPLE"}},
    {"ana@", {"ANA@", " ana@ "}},
    {"@", {"@"}},
    {"a@b@xn--mnchen-3ya.de", {"A@B@M\u00dcNCHEN.de"}},
    {"ana.pop@example.com",
     {"\"ana.pop\"@example.com", "\"Ana\\.p\\op\"@EXAMPLE.com", "ana.pop@example.com.",
      " \"ana.pop\"@example.com. "}},
    {"\"ana pop\"@xn--mnchen-3ya.de",
     {"\"ana pop\"@M\u00dcNCHEN.de", "\"An\\a\\ pop\"@m\u00fcnchen.de."}},
    {"\"a\\\"n\\\\a\"@example.com", {"\"a\\\"n\\\\\\a\"@example.com"}},
    {"\"ana..pop\"@example.com", {"\"ana..pop\"@example.com", "\"ana.\\.pop\"@example.com"}},
    {"\"\"@example.com", {"\"\"@Example.com"}},
    {"анна.я@example.com", {"\"АННА.я\"@example.com"}},
    /* What is no quoted string stays what it is, and so does a domain that is a dot. */
    {"\"ana@example.com", {"\"Ana@example.com", "\"ana@example.com."}},
    {"\"ana\\\"@example.com", {"\"Ana\\\"@example.com"}},
    {"\"a\"b\"@example.com", {"\"A\"b\"@example.com"}},
    {"ana@.", {"Ana@."}},
    {"+40721000000",
     {"+40 721 000 000", " +40 721 000 000\n", "+40721000000", "+40-721-000-000",
      "(+40) 721/000.000", "+40\u00a0721\u2011000\u2013000"}},
    {"0721000000", {"0721 000 000", "(0721) 000-000", "0721.000.000"}},
    {"1 2 3", {"1 2 3"}},
    {"+40 721 000 000 ext", {"+40 721 000 000 EXT"}},
    {"40721+000000", {"40721+000000"}},
    {"@40 721 000", {"@40 721 000"}},
    {"-100123456", {"-100123456"}},
    {"\u00e9", {"\u00c9", "E\u0301"}},
    {"", {"", " \t\u2003"}},
    {"\xff"
     "a@example.com",
     {"\xff"
      "A@example.com"}},
};

static void every_spelling_has_the_form(void **state)
{
    struct arena *arena = *state;
    for (size_t i = 0; i < sizeof mailboxes / sizeof *mailboxes; i++)
        for (size_t j = 0; mailboxes[i].spellings[j]; j++)
            assert_string_equal(mailbox_form(arena, slice_of(mailboxes[i].spellings[j])),
                                mailboxes[i].form);
}

static void no_form_is_that_of_another_and_each_is_its_own(void **state)
{
    struct arena *arena = *state;
    for (size_t i = 0; i < sizeof mailboxes / sizeof *mailboxes; i++) {
        assert_string_equal(mailbox_form(arena, slice_of(mailboxes[i].form)), mailboxes[i].form);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(mailboxes[i].form, mailboxes[j].form);
    }
}

/* Only so much of the text as the slice has. */
static void a_slice_ends_where_it_ends(void **state)
{
    struct arena *arena = *state;
    assert_string_equal(mailbox_form(arena, (struct slice){"ANA@M\u00dcNCHEN.dexx", 15}),
                        "ana@xn--mnchen-3ya.de");
    assert_string_equal(mailbox_form(arena, (struct slice){"ANA@x.dexx", 8}), "ana@x.de");
}

static void a_long_text_has_a_form_too(void **state)
{
    struct arena *arena = *state;
    char text[3 * 4000 + 16], *end = text;
    for (int i = 0; i < 4000; i++) /* folded it is longer than it was */
        end = stpcpy(end, "\u1f80");
    strcpy(end, "@X.example");
    const char *form = mailbox_form(arena, slice_of(text));
    assert_memory_equal(form, "\u1f00\u03b9\u1f00\u03b9", 10);
    assert_string_equal(form + 4000 * 5, "@x.example");
}

static void the_old_form_folded_ascii_alone(void **state)
{
    struct arena *arena = *state;
    assert_string_equal(mailbox_old_form(arena, slice_of(" ANA@M\u00dcNCHEN.de ")),
                        " ana@m\u00dcnchen.de ");
    assert_string_equal(mailbox_old_form(arena, slice_of("Ana@Shop.example")), "ana@shop.example");
}

static void the_former_form_kept_what_may_be_left_out(void **state)
{
    struct arena *arena = *state;
    assert_string_equal(mailbox_former_form(arena, slice_of(" \"Ana\"@M\u00fcnchen.de ")),
                        "\"ana\"@xn--mnchen-3ya.de");
    assert_string_equal(mailbox_former_form(arena, slice_of("+40 721 000 000")), "+40 721 000 000");
    assert_string_equal(mailbox_former_form(arena, slice_of("Ana@Shop.example.")),
                        "ana@shop.example.");
    assert_null(mailbox_former_form(arena, slice_of("1ana@M\u00fcnchen.de ")));
    assert_null(mailbox_former_form(arena, slice_of("+40721000000")));
    assert_null(mailbox_former_form(arena, slice_of("Ana@Shop.example")));
}

static int set_up(void **state)
{
    *state = arena_new(4096);
    return 0;
}

static int tear_down(void **state)
{
    struct arena *arena = *state;
    arena_destroy(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_has_the_form),
        cmocka_unit_test(no_form_is_that_of_another_and_each_is_its_own),
        cmocka_unit_test(a_slice_ends_where_it_ends),
        cmocka_unit_test(a_long_text_has_a_form_too),
        cmocka_unit_test(the_old_form_folded_ascii_alone),
        cmocka_unit_test(the_former_form_kept_what_may_be_left_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
