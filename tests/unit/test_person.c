/* Whose events are, and what becomes theirs, by what Redis has of their keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "events/names.h"

static const char *const paths[] = {"customer.id", "customer.email", "customer.phone", NULL};
static const struct policy policy = {.secret = (const unsigned char *)"a secret",
                                     .secret_length = 8};

/* "e:a>id:7" is a redirect, "e:a" a document; each event has its keys. */
struct row {
    const char *name, *redis, *events[5];
    /* For each person in turn: the key, the number of events, what is taken, how often was read. */
    const char *wanted;
};

static const struct row rows[] = {
    {"an id alone is read once", "id:7", {"id:7", "id:7"}, "id:7 2 | 1"},
    {"nobody is known", "", {"email:a"}, "email:a 1 | 1"},
    {"a new id with a new address", "", {"id:7 email:a"}, "id:7 1 email:a | 1"},
    {"an address that leads there already",
     "email:a>id:7 id:7",
     {"id:7 email:a"},
     "id:7 1 email:a | 1"},
    {"an address alone leads to its id", "email:a>id:7 id:7", {"email:a"}, "id:7 1 email:a | 2"},
    {"who is forgotten is still meant", "email:a>id:7", {"email:a"}, "id:7 1 email:a | 2"},
    {"a guest gets an id", "email:a", {"id:7 email:a"}, "id:7 1 email:a* | 1"},
    {"a guest gets a phone number", "email:a", {"phone:1 email:a"}, "email:a 1 phone:1 | 1"},
    {"two guests are one, under the first that is known",
     "email:a phone:1",
     {"email:b phone:1 email:a"},
     "phone:1 1 email:b email:a* | 1"},
    {"all of a guest comes along",
     "email:a phone:1>email:a",
     {"id:7 phone:1"},
     "id:7 1 phone:1 email:a* | 2"},
    {"from address to number to id",
     "phone:1>email:a email:a>id:7 id:7",
     {"phone:1"},
     "id:7 1 phone:1 | 3"},
    {"two ids never join: an address goes to who used it last",
     "email:a>id:9 id:9",
     {"id:7 email:a"},
     "id:7 1 email:a | 1"},
    {"in one batch too",
     "",
     {"id:7 email:a", "id:9 email:a", "email:a"},
     "id:7 1 email:a, id:9 2 email:a | 1 1"},
    {"events of one between those of the other",
     "",
     {"id:7 email:a", "id:7", "id:9 email:a", "id:7 email:a"},
     "id:7 2 email:a, id:9 1 email:a, id:7 1 email:a | 1 1 1"},
    {"without an id the first is meant, the other stays",
     "email:a>id:7 phone:1>id:9 id:7 id:9",
     {"email:a phone:1"},
     "id:7 1 email:a | 2"},
    {"the first is nobody yet, two others are",
     "phone:1>id:9 email:b>id:7 id:7 id:9",
     {"email:a phone:1 email:b"},
     "email:a 1 | 2"},
    {"a guest beside one id becomes theirs",
     "email:a>id:7 id:7 phone:1",
     {"phone:1 email:a"},
     "id:7 1 phone:1* email:a | 2"},
    {"both keys meet in one batch", "", {"email:a", "id:7", "id:7 email:a"}, "id:7 3 email:a | 1"},
    {"what met meets those who were there",
     "email:a",
     {"email:a", "id:7", "id:7 email:a"},
     "id:7 3 email:a* | 1"},
    {"an address that leads to the id of another event of the batch",
     "email:a>id:7 id:7",
     {"id:7", "email:a"},
     "id:7 2 email:a | 1 1"}, /* the second work took the first, which was asked for */
    {"an old spelling is joined, and no name",
     "email:A",
     {"email:a/email:A"},
     "email:a 1 email:A* | 1"},
    {"an old spelling of nobody", "", {"id:7 email:a/email:A"}, "id:7 1 email:a | 1"},
    {"a redirect and a document of one key",
     "email:a>id:7 email:a id:7",
     {"email:a"},
     "id:7 1 email:a* | 2"},
    {"redirects in a circle", "email:a>phone:1 phone:1>email:a", {"email:a"}, NULL},
};

struct world {
    struct arena *arena;
    struct names *names;
    struct work *works[8];
    uint32_t work_count;
    const char *redirects[16][2], *documents[16];
    size_t redirect_count, document_count;
};

static void fill(struct world *world, const char *redis)
{
    char *text = arena_text(world->arena, redis), *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *to = strchr(word, '>');
        if (!to) {
            world->documents[world->document_count++] = word;
            continue;
        }
        *to = '\0';
        world->redirects[world->redirect_count][0] = word;
        world->redirects[world->redirect_count++][1] = to + 1;
    }
}

static struct shop_event *make_event(struct world *world, const char *keys, size_t number)
{
    struct shop_event *event = arena_zero(world->arena, sizeof *event);
    char *text = arena_text(world->arena, keys), *rest = NULL;
    event->keys = arena_zero(world->arena, 8 * sizeof *event->keys);
    event->entry = arena_printf(world->arena, "1-%zu", number);
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *old = strchr(word, '/');
        if (old)
            *old++ = '\0';
        event->keys[event->key_count++] = (struct customer_key){
            .text = word, .old = old, .is_id = customer_key_is_id(paths, word)};
    }
    event->key = event->keys[0].text;
    return event;
}

/* As events/pipeline does. */
static void take(struct world *world, const struct row *row)
{
    for (size_t i = 0; row->events[i]; i++) {
        struct shop_event *event = make_event(world, row->events[i], i);
        const struct name *name = names_find(world->names, event->key);
        struct work *work = name ? name->work : NULL;
        if (!work) {
            work = arena_zero(world->arena, sizeof *work);
            work->key = event->key;
            world->works[world->work_count++] = work;
        }
        names_add_event(world->names, world->arena, work, event);
        work_add_event(world->arena, work, event, 1);
    }
}

static struct slice target_of(const struct world *world, const char *hash)
{
    for (size_t i = 0; i < world->redirect_count; i++)
        if (strcmp(policy_short_hash(&policy, world->redirects[i][0], world->arena), hash) == 0)
            return slice_of(world->redirects[i][1]);
    return (struct slice){0};
}

static struct slice document_of(const struct world *world, const char *key)
{
    for (size_t i = 0; i < world->document_count; i++)
        if (strcmp(world->documents[i], key) == 0)
            return slice_of("{}");
    return (struct slice){0};
}

/* How many readings it took. */
static int read_all(struct world *world)
{
    struct customers_query query;
    int readings = 0;
    names_forget(world->names);
    while (names_ask(world->names, world->arena, &query)) {
        struct slice documents[32] = {0}, targets[32] = {0}, records[32] = {0};
        for (size_t i = 0; i < query.count; i++)
            documents[i] = document_of(world, query.keys[i]);
        for (size_t i = 0; i < query.hash_count; i++)
            targets[i] = target_of(world, query.hashes[i]);
        const struct customers_found found = {
            .documents = documents, .targets = targets, .records = records};
        names_learn(world->names, world->arena, world->arena, &found);
        readings++;
    }
    return readings;
}

/* What a commit would leave behind. */
static void write(struct world *world, const struct person *person)
{
    for (uint32_t i = 0; i < person->taken_count; i++) {
        const char *key = person->taken[i]->text;
        size_t at = 0;
        while (at < world->redirect_count && strcmp(world->redirects[at][0], key) != 0)
            at++;
        world->redirects[at][0] = key;
        world->redirects[at][1] = person->name->text;
        world->redirect_count += at == world->redirect_count;
        for (size_t d = 0; d < world->document_count; d++)
            if (strcmp(world->documents[d], key) == 0)
                world->documents[d] = "";
    }
    world->documents[world->document_count++] = person->name->text;
}

static void tell(const struct person *person, struct buf *out)
{
    buf_printf(out, "%s%s %u", out->length ? ", " : "", person->name->text, person->event_count);
    for (uint32_t i = 0; i < person->taken_count; i++) {
        const struct name *name = person->taken[i];
        buf_printf(out, " %s%s", name->text, name->document.text ? "*" : "");
        assert_true(name->is_relied);
        assert_false(name->is_id);
    }
    for (uint32_t i = 0; i < person->relied_count; i++)
        assert_false(person->relied[i]->is_id);
}

static bool play(const struct row *row)
{
    struct world world = {.arena = arena_new(64 * 1024), .names = names_new()};
    char readings[64] = "";
    struct buf out;
    buf_init(&out, 4096);
    names_begin(world.names, &policy, paths, &(struct placement_home){0});
    fill(&world, row->redis);
    take(&world, row);
    for (uint32_t i = 0; i < world.work_count; i++) {
        struct work *work = world.works[i];
        while (work->state != WORK_DONE && work->event_count) {
            sprintf(readings + strlen(readings), " %d", read_all(&world));
            if (work->state == WORK_DONE)
                break; /* it was found to be another's */
            struct person *person = names_person(world.names, world.arena, work);
            assert_in_range(person->event_count, 1, work->event_count);
            tell(person, &out);
            write(&world, person);
            work->chosen = person->event_count;
            work_advance(work);
        }
        work->state = WORK_DONE;
    }
    buf_printf(&out, " |%s", readings);
    bool right = !row->wanted || strcmp(buf_string(&out), row->wanted) == 0;
    if (!right)
        print_error("%s: \"%s\", expected \"%s\"\n", row->name, buf_string(&out), row->wanted);
    buf_free(&out);
    names_destroy(&world.names);
    arena_destroy(&world.arena);
    return right;
}

static void every_row(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        wrong += !play(&rows[i]);
    assert_int_equal(wrong, 0);
}

/* A deadline of a key that was joined since is the person's; theirs of the same moment too. */
static void deadlines(void **state)
{
    (void)state;
    struct world world = {.arena = arena_new(64 * 1024), .names = names_new()};
    struct work one = {.key = "email:a", .due_ms = 7}, two = {.key = "id:7", .due_ms = 5};
    names_begin(world.names, &policy, paths, &(struct placement_home){0});
    fill(&world, "email:a>id:7 id:7");
    names_add_key(world.names, world.arena, &one, one.key);
    names_add_key(world.names, world.arena, &two, two.key);
    assert_int_equal(read_all(&world), 1);
    const struct work *left = one.state == WORK_DONE ? &two : &one;
    assert_int_equal(one.due_ms + two.due_ms, 7);
    assert_int_equal(left->due_ms, 7);
    const struct person *person = names_person(world.names, world.arena, left);
    assert_string_equal(person->name->text, "id:7");
    assert_int_equal(person->event_count, 0);
    assert_int_equal(person->relied_count, 1);
    names_destroy(&world.names);
    arena_destroy(&world.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_row), cmocka_unit_test(deadlines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
