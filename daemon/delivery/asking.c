/*
 * An item is a message that is asked about, a question a call under way:
 *
 *   asking_begin   its address's shard is another one: it waits for the end of the turn
 *   ask_some       those that wait for the same shard are asked about in one call
 *   on_answer      free, to be sent; or unknown; or
 *   learn          its own shard is told why it must not be sent, and it is given back
 */
#include "delivery/asking.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/address_words.h"

enum { TOGETHER = 64 /* messages in one question */ };

/* A message that is asked about. */
struct item {
    struct item *next; /* of those that wait to be asked about */
    struct attempt *attempt;
    struct destination *destination;
    struct address_question question;
    size_t shard; /* of its address */
};

/* A question under way; or, with one item, what was answered, on its way to the message's shard. */
struct question {
    struct asking *asking;
    struct question *before, *after;
    size_t count;
    struct item *items[TOGETHER];
};

struct asking {
    struct asking_options options;
    struct connection_owner owner;
    struct event *turn; /* asks about what came in a turn of the loop */
    struct item *waiting;
    struct question *first;
};

/* ---- Ends ---- */

static struct attempt *take_back(struct item *item)
{
    struct attempt *attempt = item->attempt;
    item->destination->promised--;
    free(item);
    return attempt;
}

static void end_question(struct question *question)
{
    if (question->before)
        question->before->after = question->after;
    else
        question->asking->first = question->after;
    if (question->after)
        question->after->before = question->before;
    free(question);
}

static struct question *begin_question(struct asking *asking)
{
    struct question *question = mem_zero(1, sizeof *question);
    question->asking = asking;
    question->after = asking->first;
    if (asking->first)
        asking->first->before = question;
    asking->first = question;
    return question;
}

/* ---- What stands against it ---- */

static void on_learnt(void *context, const struct diag *fault,
                      const struct address_objection *objections, size_t count)
{
    struct question *question = context;
    const struct asking_options *options = &question->asking->options;
    struct destination *destination = question->items[0]->destination;
    struct attempt *attempt = take_back(question->items[0]);
    (void)objections, (void)count;
    end_question(question);
    (fault ? options->unknown : options->objected)(options->context, attempt, destination);
}

static void learn(struct asking *asking, struct item *item,
                  const struct address_objection *objection)
{
    struct question *question = begin_question(asking);
    question->count = 1;
    question->items[0] = item;
    const struct address_call call = {
        .owner = &asking->owner, .callback = on_learnt, .context = question};
    address_words_learn(asking->options.shard->scripts, &item->question, objection, &call);
}

static void on_answer(void *context, const struct diag *fault,
                      const struct address_objection *objections, size_t count)
{
    struct question *question = context;
    struct asking *asking = question->asking;
    const struct asking_options *options = &asking->options;
    (void)count;
    for (size_t i = 0; i < question->count; i++) {
        struct item *item = question->items[i];
        struct destination *destination = item->destination;
        if (fault)
            options->unknown(options->context, take_back(item), destination);
        else if (objections[i].objects)
            learn(asking, item, &objections[i]);
        else
            options->free(options->context, take_back(item), destination);
    }
    end_question(question);
}

/* ---- Asking ---- */

/* Those of the same shard as the first, as many as go together. */
static void ask_some(struct asking *asking)
{
    struct address_question questions[TOGETHER];
    struct question *question = begin_question(asking);
    size_t shard = asking->waiting->shard;
    for (struct item **at = &asking->waiting; *at && question->count < TOGETHER;) {
        struct item *item = *at;
        if (item->shard != shard) {
            at = &item->next;
            continue;
        }
        *at = item->next;
        questions[question->count] = item->question;
        question->items[question->count++] = item;
    }
    const struct address_call call = {
        .owner = &asking->owner, .callback = on_answer, .context = question};
    address_words_ask(routes_scripts(&asking->options.routes, shard), questions, question->count,
                      &call);
}

static void on_turn(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct asking *asking = context;
    while (asking->waiting)
        ask_some(asking);
}

bool asking_begin(struct asking *asking, struct attempt *attempt, struct destination *destination)
{
    struct diag diag;
    const char *to = attempt_read(attempt, &diag) ? attempt_to(attempt) : NULL;
    if (!to) /* the sender will tell */
        return false;
    const char *hash = policy_address_hash(&attempt->generation->policy, to, attempt->arena);
    size_t shard = placement_of_name(&asking->options.routes.placement, hash);
    if (shard == asking->options.shard->number) /* who handed it out has asked */
        return false;
    struct item *item = mem_alloc(sizeof *item);
    *item = (struct item){
        .next = asking->waiting,
        .attempt = attempt,
        .destination = destination,
        .question = {.class_ = attempt->class_, .hash = hash, .topic = attempt->topic},
        .shard = shard};
    asking->waiting = item;
    destination->promised++;
    event_active(asking->turn, EV_TIMEOUT, 0);
    return true;
}

/* ---- The object ---- */

struct asking *asking_new(const struct asking_options *options)
{
    struct asking *asking = mem_zero(1, sizeof *asking);
    asking->options = *options;
    asking->turn = evtimer_new(options->base, on_turn, asking);
    if (!asking->turn)
        mem_exhausted();
    return asking;
}

static void drop(struct item *item)
{
    struct attempt *attempt = take_back(item);
    attempt_destroy(&attempt);
}

void asking_destroy(struct asking **asking)
{
    struct asking *ended = *asking;
    if (!ended)
        return;
    *asking = NULL;
    connection_silence(&ended->owner);
    while (ended->waiting) {
        struct item *item = ended->waiting;
        ended->waiting = item->next;
        drop(item);
    }
    while (ended->first) {
        for (size_t i = 0; i < ended->first->count; i++)
            drop(ended->first->items[i]);
        end_question(ended->first);
    }
    event_free(ended->turn);
    free(ended);
}
