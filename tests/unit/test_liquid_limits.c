#include <pthread.h>

#include "liquid_fixture.h"

static const struct fixture_partial partials[] = {
    {"again", "{% render 'again' %}"},
    {"include", "{% include 'include' %}"},
    {NULL, NULL},
};

/* Each template passes one limit, and the fault says which. */
static const struct excess {
    const char *template;
    struct liquid_limits limits;
    size_t output; /* 0: enough */
    const char *text;
} excesses[] = {
    {"{% for i in (1..100000) %}{% endfor %}",
     {.steps = 1000},
     0,
     "the render takes more than 1000 steps"},
    {"{{ (1..1000000) | join }}", {.steps = 1000}, 0, "the render takes more than 1000 steps"},
    {"{{ (1..9000000000000000000) | size }}{{ (1..9000000000000000000) | last }}"
     "{{ (1..9000000000000000000) | reverse }}",
     {.steps = 1000},
     0,
     "the render takes more than 1000 steps"},
    {"{% for i in (1..9000000000000000000) %}{% for j in (1..9000000000000000000) %}{{ i }}"
     "{% endfor %}{% endfor %}",
     {.steps = 5000},
     0,
     "the render takes more than 5000 steps"},
    {"{% for i in (1..100) %}0123456789{% endfor %}",
     {0},
     100,
     "the output takes more than 100 bytes"},
    {"{% for i in (1..100) %}{{ 'a<b' | escape }}{% endfor %}",
     {0},
     100,
     "the output takes more than 100 bytes"},
    {"{% for i in (1..100) %}{% capture c %}{{ c }}0123456789{% endcapture %}{% endfor %}",
     {0},
     300,
     "the output takes more than 300 bytes"},
    {"{% render 'again' %}", {0}, 0, "templates are nested more than 32 deep"},
    {"{% include 'include' %}", {.depth = 5}, 0, "templates are nested more than 5 deep"},
    {"{% assign a = 'xxxxxxxxxxxxxxxx' %}{% for i in (1..40) %}{% assign a = a | append: a %}"
     "{% endfor %}",
     {.memory = 1 << 20},
     0,
     "the render takes more than 1048576 bytes of memory"},
    {"{% assign a = 'x' %}{% for i in (1..17) %}{% assign a = a | append: a %}{% endfor %}"
     "{{ a | split: '' }}",
     {.memory = 1 << 20},
     0,
     "the render takes more than 1048576 bytes of memory"},
    {"{% assign l = 'a,b,c,d' | split: ',' %}{% for i in (1..30) %}{% assign l = l | concat: l %}"
     "{% endfor %}",
     {.memory = 1 << 20},
     0,
     "the render takes more than 1048576 bytes of memory"},
    {"{% assign a = 'x' %}{% for i in (1..14) %}{% assign a = a | append: a %}{% endfor %}"
     "{{ a | replace: 'x', a }}",
     {.memory = 1 << 20},
     0,
     "the render takes more than 1048576 bytes of memory"},
    {"{% for i in (1..1000000000) %}{% assign a = i | times: 2 %}{% endfor %}",
     {.steps = 4000000000, .ms = 20, .memory = 1 << 20},
     0,
     "the render takes more than 20 ms"},
};

static void limit_output(struct fixture *fixture, size_t limit)
{
    buf_free(&fixture->out);
    buf_init(&fixture->out, limit ? limit : FIXTURE_OUTPUT_MOST);
}

static void limits_end_a_render(void **state)
{
    struct fixture *fixture = *state;
    fixture->partials = partials;
    for (size_t i = 0; i < sizeof excesses / sizeof *excesses; i++) {
        for (int go_on = 0; go_on < 2; go_on++) {
            arena_reset(fixture->arena);
            limit_output(fixture, excesses[i].output);
            fixture->input.limits = excesses[i].limits;
            fixture->input.go_on = go_on;
            const char *result = fixture_render(fixture, excesses[i].template, NULL);
            if (result)
                fail_msg("%s: no limit was passed", excesses[i].template);
            assert_string_equal(fixture->diag.text, excesses[i].text);
            assert_string_equal(fixture->diag.code, "liquid-limit");
            assert_true(fixture->diag.line > 0);
        }
    }
}

/* Just below it nothing happens. */
static void limits_are_exact(void **state)
{
    struct fixture *fixture = *state;
    limit_output(fixture, 1000);
    assert_non_null(fixture_render(fixture, "{% for i in (1..100) %}0123456789{% endfor %}", NULL));
    fixture->input.limits.steps = 12; /* the document 2, ten rounds of one */
    assert_non_null(fixture_render(fixture, "{% for i in (1..10) %}{% endfor %}", NULL));
    fixture->input.limits.steps = 11;
    assert_null(fixture_render(fixture, "{% for i in (1..10) %}{% endfor %}", NULL));
}

static const struct fixture_case shown[] = {
    {"a{{ 1 | divided_by: 0 }}b", NULL, "aLiquid error (line 1): divided by zerob"},
    {"\n{% if 'a' < 1 %}x{% endif %}b", NULL,
     "\nLiquid error (line 2): a string cannot be compared with an integerb"},
    {"[{% assign x = 1 | divided_by: 0 %}{{ x }}]", NULL, "[]"},
    {"{% for i in (1..2) %}{{ i }}{{ 'x' | slice: 'y' }}{% endfor %}", NULL,
     "1Liquid error (line 1): the argument must be an integer, not a string"
     "2Liquid error (line 1): the argument must be an integer, not a string"},
    {"{% render 'none' %}.", NULL, "Liquid error (line 1): there is no template `none`."},
};

static void a_render_may_go_on(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.go_on = true;
    FIXTURE_CHECK(fixture, shown);
}

/* Nothing is changed by a render: many threads share one template. */
struct sharer {
    const struct liquid_template *template;
    struct value *data;
    bool same;
};

static const char shared_text[] =
    "{% for i in items %}{% cycle 'a', 'b' %}{% increment n %}{{ i.t | upcase | append: n }}"
    "{{ '2026-03-01' | date: '%d %B' }}{% assign last = i.t %}{% capture c %}{{ last }}"
    "{% endcapture %}{{ c }}{% endfor %}{{ n }}";

static void *render_often(void *argument)
{
    struct sharer *sharer = argument;
    struct arena *arena = arena_new(1024);
    struct buf first, again;
    struct liquid_input input = {.data = sharer->data, .zone = "Europe/Bucharest"};
    buf_init(&first, 4096);
    buf_init(&again, 4096);
    sharer->same = liquid_render(sharer->template, &input, arena, &first, NULL);
    for (int i = 0; i < 2000 && sharer->same; i++) {
        arena_reset(arena);
        buf_clear(&again);
        sharer->same = liquid_render(sharer->template, &input, arena, &again, NULL) &&
                       strcmp(buf_string(&first), buf_string(&again)) == 0;
    }
    buf_free(&first);
    buf_free(&again);
    arena_destroy(&arena);
    return NULL;
}

static void threads_share_a_template(void **state)
{
    static const char json[] = "{\"items\": [{\"t\": \"x\"}, {\"t\": \"y\"}]}";
    struct fixture *fixture = *state;
    struct value data;
    struct sharer sharers[2];
    pthread_t threads[2];
    assert_true(json_read(fixture->arena, json, sizeof json - 1, &json_event_limits, &data,
                          &fixture->diag));
    const struct liquid_template *template =
        liquid_parse(fixture->arena, "shared", shared_text, sizeof shared_text - 1,
                     &fixture->options, &fixture->diag);
    for (int i = 0; i < 2; i++) {
        sharers[i] = (struct sharer){template, &data, false};
        assert_int_equal(pthread_create(&threads[i], NULL, render_often, &sharers[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_true(sharers[i].same);
    }
}

/* A template outlives the text that it was made of. */
static void the_text_is_copied(void **state)
{
    struct fixture *fixture = *state;
    char text[] = "{% assign x = 'kept' %}{{ x }} text";
    const struct liquid_template *template = liquid_parse(
        fixture->arena, "copied", text, sizeof text - 1, &fixture->options, &fixture->diag);
    memset(text, '#', sizeof text);
    struct value data = value_new_map(fixture->arena, 0);
    struct liquid_input input = {.data = &data};
    assert_true(liquid_render(template, &input, fixture->arena, &fixture->out, &fixture->diag));
    assert_string_equal(buf_string(&fixture->out), "kept text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(limits_end_a_render), FIXTURE_TEST(limits_are_exact),
        FIXTURE_TEST(a_render_may_go_on),  FIXTURE_TEST(threads_share_a_template),
        FIXTURE_TEST(the_text_is_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
