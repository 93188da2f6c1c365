/* What expressions give, how they fail, and that they end. */
#include "cel_fixture.h"

#include <pthread.h>

static const struct fixture_case logic[] = {
    {"order.nothing || true", "true"},
    {"true || order.nothing", "true"},
    {"order.nothing && false", "false"},
    {"order.nothing || false", "fails: order.nothing: no such field"},
    {"order.nothing && true", "fails: order.nothing: no such field"},
    {"order.nothing || order.other", "fails: order.nothing: no such field"},
    {"order.total || true", "true"},
    {"order.total || false", "fails: an integer is no condition"},
    {"order.nothing ? 1 : 2", "fails: order.nothing: no such field"},
    {"order.total > 1 ? 1 : order.nothing", "1"},
    {"[1, 2].all(x, x < 2 || order.nothing)", "fails: order.nothing: no such field"},
    {"[1, 2].exists(x, x == 1 ? order.nothing : true)", "true"},
    {"[1, 2].all(x, x == 1 ? order.nothing : false)", "false"},
    {"[1, 2].exists_one(x, x == 1 ? order.nothing : true)", "fails: order.nothing: no such field"},
    {"[].all(x, order.nothing)", "true"},
    {"double('NaN') in [double('NaN')] || [double('NaN')] == [double('NaN')]", "false"},
    {"dyn(1.5) in {1: 2} || !(dyn(1.0) in {1: 2})", "false"},
    {"{1: 'a'}[dyn(1u)] + {1u: 'b'}[dyn(1.0)]", "\"ab\""},
    {"{dyn(1): 'a', dyn(1u): 'b'}", "compile: the key 1u is in the map twice"},
    {"has(optional.of({'a': 1}).?a) && !has({'a': {}}.?a.b)", "true"},
    {"optional.of({'a': [1]}).a[0]", "optional.of(1)"},
};

static void test_logic(void **state)
{
    (void)state;
    FIXTURE_TABLE(logic);
}

/* Numbers of a document beside literals and each other. */
static const struct fixture_case flexible[] = {
    {"order.total * 0.9", "72"},
    {"order.total + 1", "81"},
    {"order.weight + 1", "2.5"},
    {"order.debt + 3u", "-2"},
    {"order.total + 3u", "83u"},
    {"type(order.total + 3u) == uint", "true"},
    {"order.total / 3", "26.666666666666668"},
    {"order.total / 2", "40"},
    {"type(order.total / 2) == int", "true"},
    {"order.total / order.count", "26.666666666666668"},
    {"order.total / order.zero", "fails: division by zero"},
    {"order.total / 0.0", "fails: division by zero"},
    {"order.weight / order.zero", "fails: division by zero"},
    {"order.total % 3", "2"},
    {"order.whole % 3", "2"},
    {"order.weight % 2", "fails: the remainder of numbers that are not whole"},
    {"order.big + 1", "9223372036854776000"},
    {"order.big - 1", "9223372036854775806"},
    {"(order.total * 1.0 + 1) / 2u", "40.5"},
    {"-order.total + 0.5", "-79.5"},
    {"order.total == 80.0 && order.total == 80u && order.whole == 80", "true"},
    {"order.total in [80.0] && order.whole in [80u]", "true"},
    {"order.total > 79.9 && order.weight < 2 && order.weight > 1u", "true"},
    {"order.items[order.zero].sku", "\"TEA\""},
    {"['a', 'b'][order.weight]", "fails: ['a', 'b'][order.weight]: a double is no index of a list"},
    {"{80: 'x'}[order.whole]", "\"x\""},
    {"{order.whole: 1}", "{80: 1}"},
    {"math.round(order.weight) * 2", "4"},
    {"math.abs(order.debt) * 1.5", "7.5"},
    {"math.greatest(order.total, 81.5)", "81.5"},
    {"math.bitAnd(order.whole, 16)", "16"},
    {"math.bitAnd(order.weight, 16)", "fails: math.bitAnd() is not for a double and an integer"},
    {"order.id.substring(order.zero, order.count)", "\"o-1\""},
    {"int(order.total) + 0.5", "compile: no such operation: an integer + a double"},
    {"double(order.total) + 0.5", "80.5"},
    {"timestamp(order.zero) == timestamp('1970-01-01T00:00:00Z')", "true"},
    {"'%d %x %.1f'.format([order.whole, order.whole, order.total])", "\"80 50 80.0\""},
    {"string(order.whole) + string(order.price)", "\"80129.9\""},
    {"size(order.items) * order.weight", "3"},
    {"string(order.huge)", "\"12345678901234567891234\""},
    {"decimal(order.huge) + 1", "decimal(\"12345678901234567891235\")"},
    {"order.huge > 1 && order.huge == 12345678901234567891234.0", "true"},
};

static void test_flexible(void **state)
{
    (void)state;
    FIXTURE_TABLE(flexible);
}

static const struct fixture_case results[] = {
    {"order.items.filter(i, i.price > 10).map(i, i.sku)", "[\"CUP\"]"},
    {"order.items.map(i, i.price > 5, i.price)", "[12]"},
    {"order.items.sortBy(i, -i.price).map(i, i.sku)", "[\"CUP\", \"TEA\"]"},
    {"['b', 'c', 'a'].sort()", "[\"a\", \"b\", \"c\"]"},
    {"[3, 1.5, 2u].sort()", "[1.5, 2u, 3]"},
    {"[[1, 'a'], [1, 'b'], [0, 'c']].sortBy(p, p[0]).map(p, p[1])", "[\"c\", \"a\", \"b\"]"},
    {"customer.transformMap(k, v, k + '=' + v)",
     "{\"tier\": \"tier=gold\", \"name\": \"name=Ana\", \"birthday\": \"birthday=1990-05-17\"}"},
    {"['x', 'y'].transformMapEntry(i, v, {v: i})", "{\"x\": 0, \"y\": 1}"},
    {"['x', 'x'].transformMapEntry(i, v, {v: i})", "compile: the key \"x\" is in the map twice"},
    {"cel.bind(t, order.total * 2, t + t)", "320"},
    {"cel.bind(t, order.nothing, order.total > 5 || t)", "true"},
    {"cel.bind(t, [1, 2].map(y, y * 10), [5].map(z, t[0] + z))", "[15]"},
    {"[1, 2].map(x, cel.bind(d, x * 2, [10, 20].map(y, y + d)))", "[[12, 22], [14, 24]]"},
    {"has(order.total) && !has(order.nothing)", "true"},
    {"has(order.nothing.more)", "fails: order.nothing: no such field"},
    {"has(order.?nothing.more)", "false"},
    {"order.?nothing.orValue(5)", "5"},
    {"order.?items[?7].?sku.orValue('none')", "\"none\""},
    {"order.?items[0].sku.value()", "\"TEA\""},
    {"[?order.?nothing, ?order.?count]", "[3]"},
    {"{?'a': order.?nothing, 'b': 1}", "{\"b\": 1}"},
    {"order.?total.optMap(t, t + 1)", "optional.of(81)"},
    {"order.?nothing.or(order.?count).value()", "3"},
    {"optional.of(1).orValue(1 / order.zero)", "1"},
    {"'x' in customer || 'tier' in customer", "true"},
    {"order.coupon == null", "true"},
    {"type(order.coupon) == null_type", "true"},
    {"order.items == [{'price': 4.5, 'sku': 'TEA'}, {'sku': 'CUP', 'price': 12.0}]", "true"},
    {"lists.range(5).slice(1, 3) + [[1, [2]]].flatten(2)", "[1, 2, 1, 2]"},
    {"[1, 1.0, 2, 'a', 'a'].distinct()", "[1, 2, \"a\"]"},
    {"sets.contains(order.tags, ['eu']) && !sets.intersects(order.tags, ['us'])", "true"},
    {"sets.equivalent([1, 2, 2], [2u, 1.0])", "true"},
};

static void test_results(void **state)
{
    (void)state;
    FIXTURE_TABLE(results);
}

static void test_fault_places(void **state)
{
    static const struct {
        const char *text, *fault;
        uint32_t offset;
    } cases[] = {
        {"order.total > 1 && order.customer.name == 'x'", "order.customer: no such field", 25},
        {"order.coupon.code == 'X'", "order.coupon.code: null has no fields", 13},
        {"order.items[5].sku == 'x'", "order.items[5]: index out of range", 11},
        {"order.items[0]['x'] == 'x'", "order.items[0]['x']: no such key", 14},
        {"absent.x", "absent: not known here", 0},
        {"1 + order.id", "no such operation: an integer + a string", 2},
        {"order.total in order.id", "`in` looks into a list or a map, not a string", 12},
        {"'a'.contains(order.total)", "contains() is not for a string and an integer", 4},
        {"duration(order.id)", "\"o-1042\" is no duration such as \"1h30m\" or \"7d\"", 0},
        {"!order.total", "no such operation: !an integer", 0},
        {"order.items.map(i, i.nothing)", "i.nothing: no such field", 21},
        {"optional.none().value()", "value() of an optional that has none", 16},
        {"order.total.exists(x, true)", "an integer has no elements to go through", 12},
    };
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    fixture.environment.unchecked = true; /* so that constant faults get as far as this */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cel_program *program = fixture_compile(&fixture, cases[i].text);
        struct value result;
        assert_non_null(program);
        print_message("%s\n", cases[i].text);
        assert_false(cel_eval(program, &fixture.input, fixture.arena, &result, &fixture.fault));
        assert_string_equal(fixture.fault.text, cases[i].fault);
        assert_int_equal(fixture.fault.offset, cases[i].offset);
    }
    fixture_end(&fixture);
}

/* The host's methods */

static bool answer(void *context, int index, const struct value *arguments, int count,
                   struct arena *arena, struct value *result, const char **fault)
{
    (void)arena;
    ++*(int *)context;
    if (index == 1) {
        *fault = "no such segment";
        return false;
    }
    *result = value_int(value_is_text(&arguments[0], "order.placed") ? 3 + count : 0);
    return true;
}

static void test_methods(void **state)
{
    static const struct cel_method methods[] = {
        {.root = "customer", .name = "count", .least = 1, .most = 2},
        {.root = "customer", .name = "segment", .least = 1, .most = 1},
        {0}};
    static const struct fixture_case cases[] = {
        {"customer.count('order.placed')", "4"},
        {"customer.count('order.placed', duration('1d')) == 5", "true"},
        {"customer.segment('vip')", "fails: no such segment"},
        {"customer.segment('vip') || true", "true"},
        {"false && customer.count('order.placed') > 1", "false"},
        {"[1].map(customer, customer.count('x'))", "compile: there is no function count()"},
        {"order.count('x')", "compile: there is no function count()"},
    };
    (void)state;
    int calls = 0;
    struct fixture fixture;
    fixture_start(&fixture);
    fixture.environment.methods = methods;
    fixture.input.context = &calls;
    assert_string_equal(fixture_eval(&fixture, "customer.count('order.placed')"),
                        "fails: customer.count('order.placed'): cannot be asked here");
    fixture.input.call = answer;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(fixture_eval(&fixture, cases[i].text), cases[i].wanted);
    assert_int_equal(calls, 4);
    fixture_end(&fixture);
}

/* Tracing */

struct steps {
    const char *text;
    struct buf out;
};

static void note_step(void *context, const struct cel_step *step)
{
    struct steps *steps = context;
    buf_printf(&steps->out, "%.*s=", (int)step->length, steps->text + step->offset);
    if (step->value)
        cel_print(&steps->out, step->value);
    else
        buf_text(&steps->out, step->fault);
    buf_char(&steps->out, ';');
}

static void test_trace(void **state)
{
    static const struct fixture_case cases[] = {
        {"order.total >= 100.0 && customer.tier in ['gold']",
         "order.total=80;order.total >= 100.0=false;"
         "order.total >= 100.0 && customer.tier in ['gold']=false;"},
        {"order.x || order.count == 3",
         "order.x=order.x: no such field;order.count=3;order.count == 3=true;"
         "order.x || order.count == 3=true;"},
        {"now > timestamp('2026-01-01T00:00:00Z')",
         "now=timestamp(\"2026-03-01T08:30:00Z\");"
         "timestamp('2026-01-01T00:00:00Z')=timestamp(\"2026-01-01T00:00:00Z\");"
         "now > timestamp('2026-01-01T00:00:00Z')=true;"},
        {"(order.total + 1) * 2", "order.total=80;order.total + 1=81;(order.total + 1) * 2=162;"},
    };
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct steps steps = {.text = cases[i].text};
        struct cel_tracer tracer = {note_step, &steps};
        struct value result;
        buf_init(&steps.out, 1 << 16);
        assert_true(cel_eval_traced(fixture_compile(&fixture, cases[i].text), &fixture.input,
                                    fixture.arena, &tracer, &result, &fixture.fault));
        assert_string_equal(buf_string(&steps.out), cases[i].wanted);
        buf_free(&steps.out);
    }
    fixture_end(&fixture);
}

/* Bounds: each of these would run or grow for very long. */
static void test_bounds(void **state)
{
    static const struct fixture_case cases[] = {
        {"lists.range(order.count * 1000).all(a, lists.range(order.count * 1000).all(b, a + b >= "
         "0))",
         "fails: the expression takes too much work"},
        {"lists.range(order.big)", "fails: the expression takes too much work"},
        {"lists.range(40 * order.count).map(i, order.id).join()"
         ".replace('', order.id.replace('', order.id.replace('', order.id.replace('', order.id))))",
         "fails: the string is too long"},
        {"lists.range(100000 * order.count).map(i, order.id)"
         ".exists(s, s.matches('^(a+)+$')) || true",
         "fails: the expression takes too much work"},
        {"('a'.replace('', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') + order.id)"
         ".matches('^(a+)+$')",
         "fails: the regular expression \"^(a+)+$\" takes too much work"},
        {"[1, 2].exists(i, ('a'.replace('', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') + order.id)"
         ".matches('^(a+)+$')) || order.total > 1",
         "fails: the regular expression \"^(a+)+$\" takes too much work"},
        {"lists.range(2000 * order.count).transformMapEntry(i, v, {v + order.zero: v}).size()",
         "fails: the expression takes too much work"},
        {"lists.range(1000 * order.count).map(i, lists.range(1000 * order.count)).distinct()",
         "fails: the expression takes too much work"},
    };
    (void)state;
    FIXTURE_TABLE(cases);
}

/* A constant that would cost much is left to the run, where it fails or not. */
static void test_folding(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture);
    assert_string_equal(fixture_eval(&fixture, "lists.range(500000).size()"), "500000");
    assert_string_equal(fixture_eval(&fixture, "lists.range(2000000).size()"),
                        "fails: the expression takes too much work");
    assert_string_equal(fixture_eval(&fixture, "[1, 2, 3].map(x, x * x)[2]"), "9");
    fixture_end(&fixture);
}

/* One program, several threads, each with its own arena: also where patterns are kept. */
struct worker {
    pthread_t thread;
    struct fixture *fixture;
    const struct cel_program *program;
    uint32_t matches;
};

static void *work(void *context)
{
    struct worker *worker = context;
    struct arena *arena = arena_new(4096);
    for (int i = 0; i < 2000; i++) {
        struct value result;
        worker->matches +=
            cel_eval(worker->program, &worker->fixture->input, arena, &result, NULL) &&
            value_is(&result, VALUE_BOOL) && result.boolean;
        arena_reset(arena);
    }
    arena_destroy(&arena);
    return NULL;
}

static void test_threads(void **state)
{
    enum { WORKERS = 3 };
    (void)state;
    struct fixture fixture;
    struct worker workers[WORKERS];
    fixture_start(&fixture);
    const struct cel_program *program = fixture_compile(
        &fixture, "order.id.matches('^o-[0-9]+$') && now.getHours('Europe/Helsinki') == 10"
                  " && order.items.map(i, i.price).sort()[0] == 4.5");
    assert_non_null(program);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.fixture = &fixture, .program = program};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].matches, 2000);
    }
    fixture_end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logic),   cmocka_unit_test(test_flexible),
        cmocka_unit_test(test_results), cmocka_unit_test(test_fault_places),
        cmocka_unit_test(test_methods), cmocka_unit_test(test_trace),
        cmocka_unit_test(test_threads), cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_folding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
