#include "app/reloading.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "host/host.h"

enum { CHANGED_MOST = 4096 /* bytes of the names of keys */, TOLD_MOST = 1 << 20 };

/* Who has asked. */
struct waiter {
    struct waiter *next;
    reloading_on_done *done;
    void *context;
};

/* It is joined when the next is begun, long after it ended: a thread that has said that it is done
 * may still wait for a processor to end on, and the loop waits for none. */
struct thread {
    pthread_t id;
    bool begun;
};

struct reloading {
    struct reloading_options options;
    struct reloading_loaded loaded; /* the thread's while it runs */
    struct waiter *waiting, *later; /* for this load; for the next */
    bool loading, again;
    struct thread loader, tidier;
    int over; /* an eventfd: the load is done */
    struct event *on_over;
};

/* ---- In the thread ---- */

static void *load(void *context)
{
    struct reloading *reloading = context;
    struct reloading_loaded *loaded = &reloading->loaded;
    loaded->generation =
        generation_reload(reloading->options.config, &loaded->changed, &loaded->diags);
    if (loaded->generation && !host_check(loaded->generation->config, &loaded->diags))
        generation_release(&loaded->generation);
    eventfd_write(reloading->over, 1);
    return NULL;
}

/* What was in force before has left holes. */
static void *tidy(void *context)
{
    (void)context;
    mem_trim();
    return NULL;
}

/* ---- On the loop ---- */

static void join(struct thread *thread)
{
    if (thread->begun)
        pthread_join(thread->id, NULL);
    thread->begun = false;
}

/* Signals are the loop's. */
static void begin_thread(struct thread *thread, void *(*work)(void *context), void *context)
{
    sigset_t all, before;
    join(thread);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int fault = pthread_create(&thread->id, NULL, work, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (fault)
        mem_exhausted();
    thread->begun = true;
}

static void start(struct reloading *reloading)
{
    reloading->loading = true;
    reloading->loaded = (struct reloading_loaded){0};
    buf_init(&reloading->loaded.changed, CHANGED_MOST);
    begin_thread(&reloading->loader, load, reloading);
}

static void forget(struct reloading_loaded *loaded)
{
    generation_release(&loaded->generation);
    diags_free(&loaded->diags);
    buf_free(&loaded->changed);
}

void reloading_tell(const struct reloading_loaded *loaded, struct buf *told)
{
    for (size_t i = 0; i < loaded->diags.count; i++) {
        log_diag(&loaded->diags.items[i]);
        diag_format(&loaded->diags.items[i], told);
    }
    if (!loaded->changed.length)
        return;
    log_warning("changed in the configuration, and in force after a restart: %s",
                loaded->changed.data);
    buf_printf(told, "changed in the configuration, and in force after a restart: %s\n",
               loaded->changed.data);
}

static void answer(struct waiter *waiter, bool good, const struct buf *told)
{
    while (waiter) {
        struct waiter *next = waiter->next;
        if (waiter->done)
            waiter->done(waiter->context, good, told);
        free(waiter);
        waiter = next;
    }
}

static void on_over(evutil_socket_t fd, short what, void *context)
{
    struct reloading *reloading = context;
    struct waiter *waiting = reloading->waiting;
    struct buf told;
    eventfd_t count;
    (void)what;
    eventfd_read(fd, &count);
    reloading->loading = false;
    buf_init(&told, TOLD_MOST);
    bool good = reloading->options.loaded(reloading->options.context, &reloading->loaded, &told);
    forget(&reloading->loaded);
    reloading->waiting = reloading->later;
    reloading->later = NULL;
    if (reloading->again)
        start(reloading);
    else
        begin_thread(&reloading->tidier, tidy, NULL);
    reloading->again = false;
    answer(waiting, good, &told);
    buf_free(&told);
}

void reloading_begin(struct reloading *reloading, reloading_on_done *done, void *context)
{
    struct waiter **list = reloading->loading ? &reloading->later : &reloading->waiting;
    struct waiter *waiter = mem_alloc(sizeof *waiter);
    *waiter = (struct waiter){.next = *list, .done = done, .context = context};
    *list = waiter;
    if (reloading->loading)
        reloading->again = true;
    else
        start(reloading);
}

/* ---- The object ---- */

struct reloading *reloading_new(const struct reloading_options *options)
{
    struct reloading *reloading = mem_zero(1, sizeof *reloading);
    reloading->options = *options;
    reloading->over = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    reloading->on_over =
        event_new(options->base, reloading->over, EV_READ | EV_PERSIST, on_over, reloading);
    if (reloading->over < 0 || !reloading->on_over)
        mem_exhausted();
    event_add(reloading->on_over, NULL);
    return reloading;
}

void reloading_destroy(struct reloading **reloading)
{
    struct reloading *ended = *reloading;
    struct buf told;
    if (!ended)
        return;
    *reloading = NULL;
    join(&ended->tidier);
    join(&ended->loader);
    if (ended->loading)
        forget(&ended->loaded);
    buf_init(&told, TOLD_MOST);
    buf_text(&told, "the daemon ends\n");
    answer(ended->waiting, false, &told);
    answer(ended->later, false, &told);
    buf_free(&told);
    event_free(ended->on_over);
    close(ended->over);
    free(ended);
}
