#include "commit_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

int commit_fixture_open(void **state)
{
    struct commit_fixture *scene = malloc(sizeof *scene);
    redis_fixture_open(&scene->redis, NULL);
    store_fixture_open(&scene->store, &scene->redis, "one");
    scene->customers = customers_new(scene->store.scripts, scene->store.instance);
    *state = scene;
    return 0;
}

int commit_fixture_close(void **state)
{
    struct commit_fixture *scene = *state;
    customers_destroy(&scene->customers);
    store_fixture_close(&scene->store);
    redis_fixture_close(&scene->redis);
    free(scene);
    return 0;
}

static void put_list(struct buf *out, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_printf(out, i ? " %s" : "%s", texts[i]);
}

void commit_fixture_on_commit(void *context, const struct commit_result *result)
{
    static const char *const places[] = {"waits", "hand", "uncertain", "gone"};
    static const char *const names[] = {"done",   "stale", "facts", "moved",
                                        "broken", "gone",  "failed"};
    struct commit_fixture_result *into = context;
    struct buf out;
    assert_false(into->done);
    into->done = true;
    buf_init(&out, sizeof into->text - 1);
    buf_text(&out, names[result->outcome]);
    if (result->outcome == COMMIT_STALE)
        buf_printf(&out, " %s", result->document.text ? result->document.text : "(none)");
    for (size_t i = 0; i < result->record_count; i++)
        buf_printf(&out, " %s", result->records[i].text ? result->records[i].text : "-");
    if (result->outcome == COMMIT_FACTS) {
        buf_char(&out, ' ');
        put_list(&out, result->suppressed, result->suppressed_count);
        buf_char(&out, '|');
        for (size_t i = 0; i < result->place_count; i++)
            buf_printf(&out, i ? " %s:%s" : "%s:%s", result->places[i].mid,
                       places[result->places[i].place]);
        put_list(&out, result->declined, result->declined_count);
        put_list(&out, result->unknown, result->unknown_count);
    }
    if (result->outcome == COMMIT_MOVED)
        buf_printf(&out, " %s", result->moved);
    if (result->outcome == COMMIT_BROKEN)
        buf_printf(&out, " %s %s", result->broken, result->what);
    if (result->outcome == COMMIT_GONE) {
        buf_char(&out, ' ');
        put_list(&out, result->gone, result->gone_count);
    }
    if (result->outcome == COMMIT_FAILED)
        buf_printf(&out, " %s", result->fault->code);
    snprintf(into->text, sizeof into->text, "%s", buf_string(&out));
    buf_free(&out);
}

const char *commit_fixture_ask(struct commit_fixture *scene, const struct commit *commit)
{
    static struct commit_fixture_result results[4];
    static size_t turn;
    struct commit_fixture_result *result = &results[turn++ % 4];
    *result = (struct commit_fixture_result){0};
    store_fixture_commit(scene->customers, commit, commit_fixture_on_commit, result);
    assert_false(result->done);
    redis_fixture_run(&scene->redis, &result->done);
    return result->text;
}

struct commit commit_fixture_document(const char *seen, const char *version, const char *text)
{
    return (struct commit){.customer = "id:7",
                           .seen = seen,
                           .version = version,
                           .document = {text, strlen(text)},
                           .expire_ms = LATER};
}

void commit_fixture_event(struct commit_fixture *scene, char id[32])
{
    snprintf(id, 32, "%s", redis_fixture_ask(&scene->redis, "XADD t:events * event {}"));
    redis_fixture_ask(&scene->redis, "XREADGROUP GROUP nudged %s STREAMS t:events >",
                      instance_consumer(scene->store.instance));
}
