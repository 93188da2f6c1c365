#include "host/host_questions.h"

#include <stdlib.h>

#include "base/mem.h"
#include "host/host_feedback.h"
#include "host/host_question_person.h"
#include "host/host_sns.h"
#include "store/customers.h"

enum { OPEN_MOST = 1024, TEXT_MOST = 64 * 1024 };

struct host_questions {
    struct host_question_world world;
};

/* ---- The words ---- */

/* Whether somebody is there, for tests: the text comes back. */
static void echo(struct host_question *question)
{
    host_question_answer(question, ASK_TAKEN, question->text);
}

static const struct {
    const char *word;
    void (*begin)(struct host_question *question);
} rows[] = {
    {"echo", echo},
    {"person", host_question_person},
    {"feedback", host_feedback_begin},
    {"sns-certificate", host_sns_certificate},
    {"sns-confirm", host_sns_confirm},
};

/* ---- The outside ---- */

bool host_questions_take(struct host_questions *questions, struct wire_frame *frame)
{
    struct host_question_world *world = &questions->world;
    const struct slice word = wire_read_text(frame), text = wire_read_text(frame);
    if (!wire_read_all(frame) || text.length > TEXT_MOST)
        return false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (slice_is(word, rows[i].word)) {
            if (world->open < OPEN_MOST)
                rows[i].begin(host_question_new(world, frame->serial, text));
            else
                host_question_refuse(world, frame->serial);
            return true;
        }
    return false;
}

struct host_questions *host_questions_new(const struct host_question_options *options)
{
    struct host_questions *questions = mem_zero(1, sizeof *questions);
    questions->world.options = *options;
    questions->world.customers =
        mem_zero(placement_count(&options->routes.placement), sizeof *questions->world.customers);
    return questions;
}

void host_questions_destroy(struct host_questions **questions)
{
    struct host_questions *ended = *questions;
    if (!ended)
        return;
    *questions = NULL;
    for (size_t k = 0; k < placement_count(&ended->world.options.routes.placement); k++)
        customers_destroy(&ended->world.customers[k]);
    free(ended->world.customers);
    host_question_drop_all(&ended->world);
    free(ended);
}
