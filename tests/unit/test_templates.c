/* The template folder: what is found, which language is chosen, and each fault with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/diag.h"
#include "folder_fixture.h"
#include "templates/templates.h"
#include "templates/templates_set.h"

struct room {
    char folder[FOLDER_FIXTURE_SIZE];
    struct diags diags;
    struct templates *templates;
};

static int enter(void **state)
{
    struct room *room = calloc(1, sizeof *room);
    folder_fixture_make(room->folder);
    *state = room;
    return 0;
}

static int leave(void **state)
{
    struct room *room = *state;
    folder_fixture_remove(room->folder);
    templates_destroy(&room->templates);
    diags_free(&room->diags);
    free(room);
    return 0;
}

static void put(struct room *room, const char *name, const char *text)
{
    folder_fixture_put(room->folder, name, text);
}

static void empty_folder(struct room *room)
{
    folder_fixture_remove(room->folder);
    assert_int_equal(mkdir(room->folder, 0700), 0);
    diags_free(&room->diags);
}

static bool load(struct room *room)
{
    const struct templates_settings settings = {.folder = room->folder, .default_locale = "en"};
    templates_destroy(&room->templates);
    room->templates = templates_load(&settings, &room->diags);
    return room->templates != NULL;
}

static void load_well(struct room *room)
{
    bool loaded = load(room);
    for (size_t i = 0; i < room->diags.count; i++)
        diag_print(&room->diags.items[i], stderr);
    assert_true(loaded);
}

/* "file:line:column: text" for each, without the folder. */
static const char *told(struct room *room, struct buf *out)
{
    buf_clear(out);
    for (size_t i = 0; i < room->diags.count; i++) {
        struct diag diag = room->diags.items[i];
        size_t length = strlen(room->folder) + 1;
        memmove(diag.file, diag.file + length, strlen(diag.file + length) + 1);
        diag_line(&diag, out);
        buf_char(out, '\n');
    }
    return buf_string(out);
}

#define FRONT "---\nsubject: Hello\n---\n"

static void found(void **state)
{
    struct room *room = *state;
    put(room, "welcome.html.liquid", FRONT "<p>Hi");
    put(room, "welcome.text.liquid", "Hi");
    put(room, "cart/reminder.html.liquid", FRONT "<p>Cart");
    put(room, "code.text.liquid", "Your code is {{ code }}");
    put(room, "twilio.json.liquid", "{\"to\": {{ message.to | json }}}");
    put(room, "snippets/button.liquid", "<a href=\"{{ url }}\">{{ text }}</a>");
    put(room, "layouts/default.html.liquid", "<body>{{ content }}</body>");
    put(room, "layouts/plain.text.liquid", "{{ content }}--");
    put(room, "notes.txt", "not a template");
    load_well(room);
    const struct templates *set = room->templates;
    assert_int_equal(templates_count(set), 3);
    assert_string_equal(templates_variant(set, 0)->name, "cart/reminder");
    assert_string_equal(templates_variant(set, 2)->text_file, "welcome.text.liquid");
    assert_true(templates_has(set, "welcome", true));
    assert_true(templates_has(set, "cart/reminder", false));
    assert_true(templates_has(set, "code", false));
    assert_false(templates_has(set, "code", true)); /* it has no subject */
    assert_false(templates_has(set, "twilio", false));
    assert_false(templates_has(set, "button", true));
    assert_non_null(templates_body(set, "twilio.json.liquid"));
    assert_null(templates_body(set, "welcome.html.liquid"));
    assert_non_null(templates_set_snippet(set, "buttonX", 6)->styled);
    assert_non_null(templates_set_snippet(set, "button", 6)->text);
    assert_null(templates_set_snippet(set, "none", 4));
    assert_non_null(templates_variant(set, 2)->html_layout);
    assert_null(templates_variant(set, 2)->text_layout);
    assert_string_equal(templates_default_locale(set), "en");
}

static void languages(void **state)
{
    static const struct {
        const char *name, *wanted, *file, *locale;
    } cases[] = {
        /* a variant of its own */
        {"a", "ro", "a.ro.html.liquid", "ro"},
        {"a", "ro-MD", "a.ro.html.liquid", "ro-MD"},
        {"a", "pt-BR", "a.pt-BR.html.liquid", "pt-BR"},
        {"a", "pt-PT", "a.html.liquid", "en"},
        /* files without a locale speak what there are translations for */
        {"a", "fi", "a.html.liquid", "fi"},
        {"a", "fi-FI", "a.html.liquid", "fi-FI"},
        {"a", "en-GB", "a.html.liquid", "en-GB"},
        {"a", "ru", "a.html.liquid", "en"},
        {"a", NULL, "a.html.liquid", "en"},
        /* no files without a locale */
        {"b", "ro", "b.ro.html.liquid", "ro"},
        {"b", "fi", "b.en.html.liquid", "en"},
        {"b", "en-US", "b.en.html.liquid", "en-US"},
        {"b", NULL, "b.en.html.liquid", "en"},
        {"none", "ro", NULL, NULL},
    };
    struct room *room = *state;
    put(room, "a.html.liquid", FRONT);
    put(room, "a.ro.html.liquid", FRONT);
    put(room, "a.pt_BR.html.liquid", FRONT);
    put(room, "b.en.html.liquid", FRONT);
    put(room, "b.ro.html.liquid", FRONT);
    put(room, "locales/fi.yaml", "x: y\n");
    load_well(room);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *locale = NULL;
        const struct templates_variant *variant =
            templates_choose(room->templates, cases[i].name, cases[i].wanted, &locale);
        if (!cases[i].file) {
            assert_null(variant);
            continue;
        }
        assert_non_null(variant);
        if (strcmp(cases[i].file, "a.pt-BR.html.liquid") == 0)
            assert_string_equal(variant->locale, "pt-BR");
        else
            assert_string_equal(variant->html_file, cases[i].file);
        assert_string_equal(locale, cases[i].locale);
    }
}

static void inherited(void **state)
{
    struct room *room = *state;
    put(room, "img/logo.png", "PNG");
    put(room, "layouts/shop.html.liquid", "{{ content }}");
    put(room, "a.html.liquid",
        "---\nsubject: Hello\nfrom: Shop <a@shop.example>\nlayout: shop\n"
        "headers: {X-Campaign: a}\nattachments:\n"
        "  - img/logo.png\n  - {file: img/logo.png, cid: logo, name: Logo.png}\n---\n");
    put(room, "a.ro.html.liquid", "---\nsubject: Bun venit\n---\n");
    put(room, "a.ro.text.liquid", "---\npreheader: Mai mult\nlayout: none\n---\n");
    load_well(room);
    const struct templates_variant *en = templates_variant(room->templates, 0);
    const struct templates_variant *ro = templates_variant(room->templates, 1);
    assert_string_equal(ro->locale, "ro");
    assert_non_null(ro->from);
    assert_non_null(ro->subject);
    assert_non_null(ro->preheader);
    assert_null(ro->reply_to);
    assert_null(en->preheader);
    assert_non_null(en->html_layout);
    assert_null(ro->html_layout);
    assert_int_equal(ro->header_count, 1);
    assert_string_equal(ro->headers[0].name, "X-Campaign");
    assert_int_equal(ro->file_count, 2);
    assert_string_equal(ro->files[0].name, "logo.png");
    assert_null(ro->files[0].content_id);
    assert_string_equal(ro->files[1].name, "Logo.png");
    assert_string_equal(ro->files[1].content_id, "logo");
    assert_string_equal(ro->files[1].type, "image/png");
    assert_memory_equal(ro->files[1].bytes, "PNG", 3);
}

static const struct {
    const char *file, *text, *told;
} faults[] = {
    {"a.html.liquid", "---\nsubject: Hi\nlayuot: x\n---\n",
     "a.html.liquid:3:1: unknown key `layuot` (did you mean `layout`?)\n"},
    {"a.html.liquid", "---\nsubject: Hi\n",
     "a.html.liquid:1:1: the front matter is not closed by a line `---`\n"},
    {"a.html.liquid", "---\nsubject: Order #{{ order.number }}\n---\n",
     "a.html.liquid:2:10: `subject` is cut at the `#`, which begins a comment here (write it in "
     "quotes)\n"},
    {"a.html.liquid", "---\nsubject: [x]\n---\n",
     "a.html.liquid:2:10: `subject` must be a text, not a list (write it in quotes)\n"},
    {"a.html.liquid", "---\n- x\n---\n",
     "a.html.liquid:2:1: front matter is a mapping: `subject: …`\n"},
    {"a.html.liquid", "<p>Hi",
     "a.html.liquid: the front matter has no `subject` (a file begins with a line `---`, `subject: "
     "…`, and another `---`)\n"},
    {"a.html.liquid", "---\nsubject: Hi\nlayout: shop\n---\n",
     "a.html.liquid:3:9: there is no layout `shop` in layouts/\n"},
    {"a.html.liquid", "---\nsubject: Hi\nheaders: {Bcc: x@y}\n---\n",
     "a.html.liquid:3:11: the header `Bcc` is not for templates to set\n"},
    {"a.html.liquid", "---\nsubject: Hi\nheaders: x\n---\n",
     "a.html.liquid:3:10: `headers` must be a mapping of names to texts\n"},
    {"a.html.liquid", "---\nsubject: Hi\nattachments: [../x]\n---\n",
     "a.html.liquid:3:15: an attachment is a path within the template folder\n"},
    {"a.html.liquid", "---\nsubject: Hi\nattachments: [/etc/hostname]\n---\n",
     "a.html.liquid:3:15: an attachment is a path within the template folder\n"},
    {"a.html.liquid", "---\nsubject: Hi\nattachments: x\n---\n",
     "a.html.liquid:3:14: `attachments` must be a list of at most 50 files\n"},
    {"a.html.liquid", "---\nsubject: Hi\nattachments: [{flie: x}]\n---\n",
     "a.html.liquid:3:16: unknown key `flie` (did you mean `file`?)\n"},
    {"a.html.liquid", "---\nsubject: Hi\nattachments: [{file: a.html.liquid, cid: a b}]\n---\n",
     "a.html.liquid:3:15: an attached file's `cid` has a character that no header can hold\n"},
    {"a.ro.html.liquid", FRONT,
     "a.ro.html.liquid: `a` has no files for the default language, `en`\n"},
    {"a.german.html.liquid", FRONT,
     "a.german.html.liquid: `german` is no language tag, and names have no dots\n"},
    {"a b.html.liquid", FRONT,
     "a b.html.liquid: a template's name has letters, digits, `-`, `_` and `/`\n"},
    {"a.liquid", "x",
     "a.liquid: a template's file ends in .html.liquid or .text.liquid (a snippet belongs into "
     "snippets/)\n"},
    {"layouts/a.liquid", "x",
     "layouts/a.liquid: a layout's file ends in .html.liquid or .text.liquid\n"},
    {"locales/ro.liquid", "x", "locales/ro.liquid: locales/ holds YAML files only\n"},
    {"a.text.liquid", "x\n\xff",
     "a.text.liquid:2:1: the file is not UTF-8 (save the file as UTF-8)\n"},
};

static void each_fault(void **state)
{
    struct room *room = *state;
    struct buf out;
    buf_init(&out, 10000);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        put(room, faults[i].file, faults[i].text);
        assert_false(load(room));
        assert_string_equal(told(room, &out), faults[i].told);
        empty_folder(room);
    }
    buf_free(&out);
}

/* Places count within the file, in the front matter and behind it. */
static void liquid_faults(void **state)
{
    static const struct {
        const char *text;
        unsigned line, column;
    } cases[] = {
        {"---\nsubject: Hi\n---\n<p>\n  {{ a | nonsense }}\n", 5, 0},
        {"---\nsubject: \"Hi {% nonsense %}\"\n---\n", 2, 0},
        {"---\nlayout: none\nsubject: |\n  Hi\n  {% nonsense %}\n---\n", 5, 0},
        {"---\nsubject: Hi\nheaders:\n  X-A: '{% nonsense %}'\n---\n", 4, 0},
        {"---\nsubject: {{ name }}\n---\n", 2, 0},
    };
    struct room *room = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put(room, "a.html.liquid", cases[i].text);
        assert_false(load(room));
        assert_int_equal(room->diags.count, 1);
        const struct diag *diag = &room->diags.items[0];
        assert_non_null(strstr(diag->file, "/a.html.liquid"));
        assert_int_equal(diag->line, cases[i].line);
        assert_true(diag->column > 0);
        if (i == 4)
            assert_string_equal(diag->hint, "write a value that begins with a brace in quotes");
        else /* the caret stands under the tag that is at fault */
            assert_true(strstr(diag->excerpt, "{") - diag->excerpt < (ptrdiff_t)diag->caret);
        empty_folder(room);
    }
}

/* What Shopify's parser passes over does not keep a template from loading; each slip is told
 * once, with its place in the file and the line that it stands in. */
static void slips(void **state)
{
    struct room *room = *state;
    struct buf out;
    buf_init(&out, 10000);
    put(room, "a.html.liquid",
        "---\nsubject: \"\xc3\x84 {{ order.name) }}\"\nheaders:\n  X-A: |\n    x\n    {{ a b "
        "}}\n---\n"
        "<p>{{ b..c }}{% if a %%}x{% endif %}\n");
    put(room, "snippets/s.liquid", "{{ url) }}");
    load_well(room);
    assert_int_equal(room->diags.errors, 0);
    assert_int_equal(room->diags.warnings, 5);
    assert_string_equal(
        told(room, &out),
        "a.html.liquid:8:8: unexpected `..`, where the end should be (it is passed over, as "
        "Shopify does)\n"
        "a.html.liquid:8:22: unexpected `%`, where the end should be (it is passed over, as "
        "Shopify does)\n"
        "snippets/s.liquid:1:7: unexpected `)`, where the end should be (it is passed over, as "
        "Shopify does)\n"
        "a.html.liquid:2:26: unexpected `)`, where the end should be (it is passed over, as "
        "Shopify does)\n"
        "a.html.liquid:6:10: unexpected `b`, where the end should be (it is passed over, as "
        "Shopify does)\n");
    assert_non_null(strstr(room->diags.items[3].excerpt, "subject:"));
    buf_free(&out);
}

/* All files are read, so that one run tells of all faults. */
static void all_faults(void **state)
{
    struct room *room = *state;
    put(room, "a.html.liquid", "<p>");
    put(room, "b.html.liquid", FRONT "{% if %}");
    put(room, "snippets/c.liquid", "{{ x | nonsense }}");
    put(room, "locales/ro.yaml", "- x\n");
    assert_false(load(room));
    assert_int_equal(room->diags.errors, 4);
}

static void attached_bound(void **state)
{
    struct room *room = *state;
    size_t half = TEMPLATES_ATTACHED_MOST / 2 + 1;
    char *bytes = calloc(1, half);
    folder_fixture_put_bytes(room->folder, "a.bin", bytes, half);
    folder_fixture_put_bytes(room->folder, "b.bin", bytes, half);
    free(bytes);
    put(room, "a.html.liquid", "---\nsubject: Hi\nattachments: [a.bin, b.bin]\n---\n");
    assert_false(load(room));
    assert_non_null(strstr(room->diags.items[0].text, "at most 5242880 may go with a message"));
    diags_free(&room->diags);
    put(room, "a.html.liquid", "---\nsubject: Hi\nattachments: [a.bin]\n---\n");
    load_well(room);
}

/* A link that leads out of the folder is not followed into a mail. */
static void link_outside(void **state)
{
    struct room *room = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/secret", room->folder);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    put(room, "a.html.liquid", "---\nsubject: Hi\nattachments: [secret]\n---\n");
    assert_false(load(room));
}

static void check(void **state)
{
    struct room *room = *state;
    struct buf out;
    buf_init(&out, 10000);
    put(room, "img/logo.png", "PNG");
    put(room, "locales/en.yaml", "a: {b: B}\n");
    put(room, "a.html.liquid",
        "---\nsubject: \"{{ 'a.b' | t }}\"\nattachments: [{file: img/logo.png, cid: logo}]\n---\n"
        "{{ 'a.c' | t: name: x }} {{ \"a.b\"|t }} {{ 'text' | truncate: 3 }}\n"
        "<img src=\"cid:logo\" alt=\"x\"><img\nsrc=x><image>\n"
        "<img src=\"cid:other\" alt=''>\n"
        "{% render 'there' %}{% render 'gone' %}{% render 'ther' %}\n"
        "{{ 1 | money: 'EURO' }}{{ 1 | money: 'eur' }}{{ 'EURO' | money: b.c }}\n");
    put(room, "snippets/there.liquid", "<img class=alt>");
    load_well(room);
    templates_check(room->templates, &room->diags);
    assert_int_equal(room->diags.errors, 0);
    assert_string_equal(
        told(room, &out),
        "snippets/there.liquid:1:1: the picture has no `alt` text (write alt=\"\" where it only "
        "decorates)\n"
        "a.html.liquid:5:5: there is no translation `a.c` in the default language\n"
        "a.html.liquid:10:16: there is no currency `EURO` (three letters of ISO 4217 are meant, "
        "such as EUR)\n"
        "a.html.liquid:6:29: the picture has no `alt` text (write alt=\"\" where it only "
        "decorates)\n"
        "a.html.liquid:9:31: there is no snippet `gone` in snippets/\n"
        "a.html.liquid:9:50: there is no snippet `ther` in snippets/ (did you mean `there`?)\n"
        "a.html.liquid:8:11: `cid:other` is not among the attachments of the front matter "
        "(attachments: [{file: logo.png, cid: logo.png}])\n");
    buf_free(&out);
}

static void note(void *context, const char *file, const char *path, uint32_t line, uint32_t column)
{
    buf_printf(context, "%s:%u:%u %s\n", file, line, column, path);
}

static void variables(void **state)
{
    struct room *room = *state;
    struct buf out;
    buf_init(&out, 10000);
    put(room, "layouts/default.html.liquid", "{{ shop.name }}\n{{ content }}");
    put(room, "snippets/button.liquid", "{{ url }}{{ customer.name }}{% render 'button' %}");
    put(room, "a.html.liquid",
        "---\nsubject: Order {{ order.id }}\n---\n{{ order.total }}{% render 'button', url: "
        "cart.url %}");
    load_well(room);
    templates_variables(room->templates, templates_variant(room->templates, 0), note, &out);
    assert_string_equal(buf_string(&out), "a.html.liquid:2:19 order.id\n"
                                          "a.html.liquid:4:4 order.total\n"
                                          "snippets/button.liquid:1:13 customer.name\n"
                                          "a.html.liquid:4:43 cart.url\n"
                                          "layouts/default.html.liquid:1:4 shop.name\n"
                                          "layouts/default.html.liquid:2:4 content\n");
    buf_free(&out);
}

static void no_folder(void **state)
{
    struct room *room = *state;
    const struct templates_settings settings = {.folder = "/nowhere/at/all"};
    assert_null(templates_load(&settings, &room->diags));
    assert_int_equal(room->diags.errors, 1);
}

static struct templates *read_single(struct room *room, const char *name, const char *text,
                                     struct templates_single *single)
{
    char file[FOLDER_FIXTURE_SIZE + 64];
    const struct templates_settings settings = {.folder = "/nowhere/at/all"};
    snprintf(file, sizeof file, "%s/%s", room->folder, name);
    const struct settings_source source = {.file = file, .text = text, .length = strlen(text)};
    diags_free(&room->diags);
    return templates_single(&settings, &source, single, &room->diags);
}

/* A file by itself: what it is goes by its name, slips and faults are told as those of a set. */
static void single(void **state)
{
    static const struct {
        const char *name, *text;
        bool part, html;
        const char *told; /* where a set is made, warnings */
        bool made;
    } cases[] = {
        {"a.liquid", FRONT "{{ x }}", false, false, "", true},
        {"a.text.liquid", FRONT "{{ x }}", true, false, "", true},
        {"a.ro.html.liquid", FRONT "{{ x) }}", true, true,
         "a.ro.html.liquid:4:5: unexpected `)`, where the end should be (it is passed over, as "
         "Shopify does)\n",
         true},
        {"a.json.liquid", "\xef\xbb\xbf{{ x | nope }}", false, false,
         "a.json.liquid:1:8: unknown filter `nope`\n", false},
        {"a.html.liquid", "---\nsubjct: Hi\n---\n", true, true,
         "a.html.liquid:2:1: unknown key `subjct` (did you mean `subject`?)\n", false},
        {"a.html.liquid", "a\n\xff", true, true,
         "a.html.liquid:2:1: the file is not UTF-8 (save the file as UTF-8)\n", false},
    };
    struct room *room = *state;
    struct templates_single got;
    struct buf out;
    buf_init(&out, 10000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct templates *set = read_single(room, cases[i].name, cases[i].text, &got);
        assert_string_equal(told(room, &out), cases[i].told);
        assert_true((set != NULL) == cases[i].made && (got.liquid != NULL) == cases[i].made);
        assert_true(got.part == cases[i].part && got.html == cases[i].html);
        templates_destroy(&set);
    }
    buf_free(&out);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(found),         TEST(languages),  TEST(inherited),      TEST(each_fault),
        TEST(liquid_faults), TEST(all_faults), TEST(attached_bound), TEST(link_outside),
        TEST(check),         TEST(variables),  TEST(no_folder),      TEST(slips),
        TEST(single),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
