#include "host/host_sns.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "send/fetch.h"
#include "web/sns_url.h"

enum { AT_ONCE_MOST = 4, TIMEOUT_MS = 8000 /* below ASK_MS */, CERTIFICATE_MOST = 16 * 1024 };

struct errand {
    struct host_question *question;
    bool confirms;
    struct fetch fetch;
    bool good;
    pthread_t thread;
    int fd; /* readable once the thread is done */
    struct event *event;
};

static int at_once; /* the loop's alone */

static void end(struct errand *errand)
{
    pthread_join(errand->thread, NULL);
    event_free(errand->event);
    close(errand->fd);
    free(errand);
    at_once--;
}

static void cancel(struct host_question *question)
{
    struct errand *errand = question->own;
    atomic_store(&errand->fetch.cut, true);
    end(errand);
}

static bool is_certificate(const struct fetch *fetch)
{
    return fetch->length <= CERTIFICATE_MOST &&
           strncmp(fetch->body, "-----BEGIN CERTIFICATE-----", 27) == 0;
}

static void on_done(evutil_socket_t fd, short what, void *context)
{
    struct errand *errand = context;
    struct host_question *question = errand->question;
    const struct fetch *fetch = &errand->fetch;
    enum ask_status status = ASK_UNAVAILABLE;
    struct slice text = {"", 0};
    (void)fd, (void)what;
    if (errand->good && fetch->status == 200)
        status = errand->confirms || is_certificate(fetch) ? ASK_TAKEN : ASK_REFUSED;
    else if (errand->good && fetch->status < 500)
        status = ASK_REFUSED;
    if (status == ASK_TAKEN && !errand->confirms)
        text = slice_copy(question->arena, (struct slice){fetch->body, fetch->length});
    if (status != ASK_TAKEN)
        log_warning("Amazon SNS did not answer as it should: %s",
                    errand->good ? "another status, or no certificate" : fetch->words);
    else if (errand->confirms)
        log_info("a subscription of Amazon SNS is confirmed");
    end(errand);
    question->cancel = NULL;
    host_question_answer(question, status, text);
}

static void *run(void *context)
{
    struct errand *errand = context;
    errand->good = fetch_run(&errand->fetch);
    eventfd_write(errand->fd, 1);
    return NULL;
}

static void set_out(struct host_question *question, const char *url, bool confirms)
{
    const struct host_question_options *options = question->options;
    struct errand *errand = mem_zero(1, sizeof *errand);
    sigset_t all, before;
    errand->question = question;
    errand->confirms = confirms;
    errand->fetch.url = url;
    errand->fetch.timeout_ms = TIMEOUT_MS;
    errand->fetch.ca_file = options->generation(options->context)->config->keys.web.sns_ca_file;
    errand->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    errand->event = event_new(options->base, errand->fd, EV_READ, on_done, errand);
    if (errand->fd < 0 || !errand->event)
        mem_exhausted();
    event_add(errand->event, NULL);
    question->own = errand;
    question->cancel = cancel;
    at_once++;
    sigfillset(&all); /* signals are the loop's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int fault = pthread_create(&errand->thread, NULL, run, errand);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (fault)
        mem_exhausted();
}

static void begin(struct host_question *question, bool confirms)
{
    struct arena *arena = question->arena;
    struct value asked;
    if (!json_read(arena, question->text.text, question->text.length, &json_event_limits, &asked,
                   NULL))
        asked = value_null();
    const char *url = value_to_text(arena, value_get(&asked, "url"));
    const char *topic = value_to_text(arena, value_get(&asked, "topic"));
    bool may =
        url && topic &&
        (confirms ? sns_url_is_confirmation(url, topic) : sns_url_is_certificate(url, topic));
    if (!may)
        host_question_answer(question, ASK_REFUSED, slice_of("that is no address of Amazon SNS"));
    else if (at_once >= AT_ONCE_MOST)
        host_question_answer(question, ASK_UNAVAILABLE, slice_of(""));
    else
        set_out(question, url, confirms);
}

void host_sns_certificate(struct host_question *question)
{
    begin(question, false);
}

void host_sns_confirm(struct host_question *question)
{
    begin(question, true);
}
