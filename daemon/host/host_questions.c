#include "host/host_questions.h"

#include <stdlib.h>

#include "base/mem.h"
#include "host/host_feedback.h"
#include "host/host_question_person.h"
#include "host/host_sns.h"
#include "store/customers.h"

enum { OPEN_MOST = 1024, TEXT_MOST = 64 * 1024, FIRST_CHUNK = 2048 };

struct host_questions {
    struct host_questions_options options;
    struct customers *customers;
    struct host_question *first;
    size_t open;
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

/* ---- Answers ---- */

static void send_answer(struct host_questions *questions, uint32_t serial, enum ask_status status,
                        struct slice text)
{
    struct host_channel *channel = questions->options.channel;
    struct buf *out = host_channel_out(channel);
    size_t begun = wire_begin(out, WIRE_ANSWER, serial);
    wire_number(out, status);
    wire_text(out, text);
    host_channel_send(channel, begun);
}

static void forget(struct host_question *question)
{
    struct host_questions *questions = question->questions;
    struct host_question **at = &questions->first;
    while (*at != question)
        at = &(*at)->next;
    *at = question->next;
    questions->open--;
    arena_destroy(&question->arena);
    free(question);
}

void host_question_answer(struct host_question *question, enum ask_status status, struct slice text)
{
    send_answer(question->questions, question->serial, status, text);
    forget(question);
}

/* ---- The outside ---- */

static struct host_question *new_question(struct host_questions *questions, uint32_t serial,
                                          struct slice text)
{
    struct host_question *question = mem_zero(1, sizeof *question);
    question->questions = questions;
    question->options = &questions->options;
    question->customers = questions->customers;
    question->arena = arena_new(FIRST_CHUNK);
    question->serial = serial;
    question->text = slice_copy(question->arena, text);
    question->next = questions->first;
    questions->first = question;
    questions->open++;
    return question;
}

bool host_questions_take(struct host_questions *questions, struct wire_frame *frame)
{
    const struct slice word = wire_read_text(frame), text = wire_read_text(frame);
    if (!wire_read_all(frame) || text.length > TEXT_MOST)
        return false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (slice_is(word, rows[i].word)) {
            if (questions->open < OPEN_MOST)
                rows[i].begin(new_question(questions, frame->serial, text));
            else
                send_answer(questions, frame->serial, ASK_UNAVAILABLE, slice_of(""));
            return true;
        }
    return false;
}

bool host_questions_busy(const struct host_questions *questions)
{
    return questions->open > 0;
}

struct host_questions *host_questions_new(const struct host_questions_options *options)
{
    struct host_questions *questions = mem_zero(1, sizeof *questions);
    questions->options = *options;
    questions->customers = customers_new(options->scripts, NULL);
    return questions;
}

void host_questions_destroy(struct host_questions **questions)
{
    struct host_questions *ended = *questions;
    if (!ended)
        return;
    *questions = NULL;
    customers_destroy(&ended->customers);
    while (ended->first) {
        struct host_question *question = ended->first;
        if (question->cancel)
            question->cancel(question);
        forget(question);
    }
    free(ended);
}
