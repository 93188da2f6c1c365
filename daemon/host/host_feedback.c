/*
 * One piece of news after the other, each in these steps, as `nudgectl feedback` takes them too:
 *
 *   find -> follow (where the customer's key leads now, a few times) -> erased? -> tell
 *
 * A delivery that may be told once is spent in the step that takes the last of it.
 * Of many shards the first that knows the mail is the one of its customer; the delivery is spent in
 * shard 0, behind all: until then what comes again finds each of it known.
 * What the provider says is looked at again: an id of a message that we sent leads to whom it went,
 * and any other to nothing.
 */
#include "host/host_feedback.h"

#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "customer/said.h"
#include "decide/policy.h"
#include "redis/arguments.h"
#include "send/mailbox_gone.h"
#include "store/keys.h"
#include "store/returned_mail.h"
#include "store/returns.h"
#include "store/script_table.h"
#include "web/hook_news.h"

enum { FOLLOWED_MOST = 8, TEXT_MOST = 256, ARGUMENTS = 12, TELLER_BYTES = 8 };
enum { KEEP_MOST_MS = 7 * 24 * 60 * 60 * 1000 };

struct told {
    struct host_question *question;
    struct connection_owner owner;
    const struct config *config;
    struct policy policy;
    struct hook_news items[HOST_FEEDBACK_MOST];
    size_t count, next;
    struct returned_mail_once once; /* no name: it may be told again */
    char teller[2 * TELLER_BYTES + 1];
    bool spent;
    int64_t done, known, gone;

    /* Of the one under way. */
    size_t shard; /* that is asked */
    struct returned_mail mail;
    const char *person; /* the key under which they stand now */
    bool erased;
    int followed;
};

/* ---- Reading ---- */

static void copy_text(const struct value *value, char *to, size_t size)
{
    size_t length = value_is(value, VALUE_STRING) && value->length < size ? value->length : 0;
    if (length)
        memcpy(to, value->string, length);
    to[length] = '\0';
}

static bool read_one(const struct value *value, struct hook_news *one)
{
    const struct value *kind = value_get(value, "kind");
    int64_t code = 0;
    size_t found = 0;
    while (hook_news_kinds[found] && !value_is_text(kind, hook_news_kinds[found]))
        found++;
    value_to_int(value_get(value, "code"), &code);
    *one = (struct hook_news){.kind = (enum hook_news_kind)found,
                              .code = code >= 0 && code < 1000 ? (int)code : -1};
    copy_text(value_get(value, "message"), one->mid, sizeof one->mid);
    copy_text(value_get(value, "words"), one->words, sizeof one->words);
    copy_text(value_get(value, "enhanced"), one->enhanced, sizeof one->enhanced);
    return hook_news_is_whole(one);
}

/* {"name": …, "keep": ms} */
static bool read_once(struct told *told, const struct value *once)
{
    unsigned char teller[TELLER_BYTES];
    int64_t keep_ms = 0;
    if (!once)
        return true;
    const struct value *name = value_get(once, "name");
    value_to_int(value_get(once, "keep"), &keep_ms);
    if (!value_is(name, VALUE_STRING) || !name->length || name->length > ASK_ONCE_BYTES ||
        keep_ms < 1 || keep_ms > KEEP_MOST_MS)
        return false;
    digest_random(teller, sizeof teller);
    digest_hex(teller, sizeof teller, told->teller);
    told->once = (struct returned_mail_once){value_to_text(told->question->arena, name), keep_ms,
                                             told->teller};
    return true;
}

/* {"news": […], "once": …} */
static bool read_all(struct told *told, struct slice text)
{
    struct value asked;
    if (!json_read(told->question->arena, text.text, text.length, &json_event_limits, &asked, NULL))
        return false;
    const struct value *list = value_get(&asked, "news");
    if (!value_is(list, VALUE_LIST) || value_count(list) > HOST_FEEDBACK_MOST)
        return false;
    for (uint32_t i = 0; i < value_count(list); i++)
        if (!read_one(&list->list->items[i], &told->items[told->count++]))
            return false;
    return read_once(told, value_get(&asked, "once"));
}

/* ---- The end ---- */

static void answer(struct told *told, enum ask_status status)
{
    struct arena *arena = told->question->arena;
    struct value counts = value_new_map(arena, 3);
    value_set(arena, counts, "done", value_int(told->done));
    value_set(arena, counts, "known", value_int(told->known));
    value_set(arena, counts, "gone", value_int(told->gone));
    connection_silence(&told->owner);
    host_question_answer(told->question, status, json_print_slice(arena, &counts, TEXT_MOST));
}

static void fail(struct told *told)
{
    answer(told, ASK_UNAVAILABLE);
}

static void cancel(struct host_question *question)
{
    struct told *told = question->own;
    connection_silence(&told->owner);
}

static bool is_sharded(const struct told *told)
{
    return told->question->options->routes.placement.shards > 0;
}

static struct scripts *scripts_of(const struct told *told)
{
    return routes_scripts(&told->question->options->routes, told->shard);
}

/* ---- tell ---- */

static void take_next(struct told *told);

static void on_told(void *context, const struct reply *reply, const struct diag *fault)
{
    struct told *told = context;
    enum returned_mail_verdict verdict;
    struct diag diag;
    (void)fault;
    if (!reply || !returned_mail_read_verdict(reply, &verdict, &diag)) {
        fail(told);
        return;
    }
    if (verdict == RETURNED_MAIL_SPENT) {
        answer(told, ASK_DUPLICATE);
        return;
    }
    told->done += verdict == RETURNED_MAIL_DONE;
    told->known += verdict == RETURNED_MAIL_TWICE;
    told->gone += verdict == RETURNED_MAIL_GONE;
    take_next(told);
}

/* What the same answer to RCPT would have meant, where the provider leaves that to us. */
static enum returned_mail_verb verb_of(const struct hook_news *one)
{
    static const enum returned_mail_verb verbs[] = {
        [HOOK_NEWS_BOUNCED] = RETURNED_MAIL_BOUNCED,
        [HOOK_NEWS_FAILED] = RETURNED_MAIL_FAILED,
        [HOOK_NEWS_DELAYED] = RETURNED_MAIL_DELAYED,
        [HOOK_NEWS_COMPLAINED] = RETURNED_MAIL_COMPLAINED,
        [HOOK_NEWS_UNSUBSCRIBED] = RETURNED_MAIL_UNSUBSCRIBED,
    };
    if (one->kind == HOOK_NEWS_FAILED && mailbox_gone(one->code, one->enhanced))
        return RETURNED_MAIL_BOUNCED;
    return verbs[one->kind];
}

static void tell(struct told *told)
{
    const struct hook_news *one = &told->items[told->next - 1];
    struct arguments arguments = arguments_begin(told->question->arena, ARGUMENTS);
    const enum returned_mail_verb verb = verb_of(one);
    const struct returned_mail_news news = {.verb = verb,
                                            .person = told->erased ? "" : told->person,
                                            .suppress = verb == RETURNED_MAIL_BOUNCED ||
                                                        verb == RETURNED_MAIL_COMPLAINED,
                                            .words = one->words,
                                            .enhanced = one->enhanced,
                                            .code = one->code,
                                            .trace_keep_ms = told->config->keys.customer.keep_ms};
    returned_mail_put_news(&arguments, one->mid, &news);
    if (told->once.name && told->next == told->count && !is_sharded(told)) {
        returned_mail_put_once(&arguments, &told->once);
        told->spent = true;
    }
    const struct connection_request request =
        arguments_request(&arguments, &told->owner, on_told, told);
    scripts_run(scripts_of(told), SCRIPT_FEEDBACK, &request);
}

/* ---- erased? ---- */

static void on_said(void *context, const struct reply *reply, const struct diag *fault)
{
    struct told *told = context;
    (void)fault;
    if (!reply || reply->kind == REPLY_ERROR) {
        fail(told);
        return;
    }
    told->erased =
        reply_text(reply) &&
        said_read(told->question->arena, (struct slice){reply->text, reply->length}).erased_ms >
            told->mail.day_ms;
    tell(told);
}

/* Of a mail that is on the way it is known by its own record, which an erasure deletes. */
static void ask_erased(struct told *told)
{
    struct arena *arena = told->question->arena;
    told->erased = told->mail.customer[0] == RETURNS_ERASED;
    if (told->erased || !told->mail.day_ms) {
        tell(told);
        return;
    }
    connection_command(scripts_connection(scripts_of(told)), &told->owner, on_said, told, "HGET",
                       keys_spell(arena, scripts_prefix(scripts_of(told)), KEY_SAID, NULL),
                       policy_short_hash(&told->policy, told->mail.customer, arena), NULL);
}

/* ---- follow ---- */

static void follow(struct told *told);

static void on_target(void *context, const struct reply *reply, const struct diag *fault)
{
    struct told *told = context;
    (void)fault;
    if (!reply || reply->kind == REPLY_ERROR) {
        fail(told);
    } else if (reply_text(reply)) {
        told->person = arena_copy(told->question->arena, reply->text, strcspn(reply->text, "\n"));
        follow(told);
    } else {
        ask_erased(told);
    }
}

static void follow(struct told *told)
{
    struct arena *arena = told->question->arena;
    if (told->followed++ == FOLLOWED_MOST) {
        ask_erased(told);
        return;
    }
    const char *hash = policy_short_hash(&told->policy, told->person, arena);
    connection_command(scripts_connection(scripts_of(told)), &told->owner, on_target, told, "GET",
                       keys_spell(arena, scripts_prefix(scripts_of(told)), KEY_TO, hash, NULL),
                       NULL);
}

/* ---- find ---- */

static void find(struct told *told);

static void on_found(void *context, const struct reply *reply, const struct diag *fault)
{
    struct told *told = context;
    const struct placement *placement = &told->question->options->routes.placement;
    struct diag diag;
    (void)fault;
    if (!reply || !returned_mail_read_found(reply, told->question->arena, &told->mail, &diag)) {
        fail(told);
    } else if (!told->mail.customer && told->shard + 1 < placement_count(placement)) {
        told->shard++;
        find(told);
    } else if (!told->mail.customer) {
        told->gone++;
        take_next(told);
    } else {
        told->person = told->mail.customer;
        told->followed = 0;
        follow(told);
    }
}

static void on_spent(void *context, const struct reply *reply, const struct diag *fault)
{
    struct told *told = context;
    enum returned_mail_verdict verdict;
    struct diag diag;
    (void)fault;
    if (!reply || !returned_mail_read_verdict(reply, &verdict, &diag))
        fail(told);
    else
        answer(told, verdict == RETURNED_MAIL_SPENT ? ASK_DUPLICATE : ASK_TAKEN);
}

/* What led to nobody is spent too. */
static void spend(struct told *told)
{
    struct arguments arguments = arguments_begin(told->question->arena, ARGUMENTS);
    told->shard = 0;
    returned_mail_put_spending(&arguments, &told->once);
    told->spent = true;
    const struct connection_request request =
        arguments_request(&arguments, &told->owner, on_spent, told);
    scripts_run(scripts_of(told), SCRIPT_FEEDBACK, &request);
}

static void find(struct told *told)
{
    struct arguments arguments = arguments_begin(told->question->arena, ARGUMENTS);
    returned_mail_put_find(&arguments, told->items[told->next - 1].mid);
    const struct connection_request request =
        arguments_request(&arguments, &told->owner, on_found, told);
    scripts_run(scripts_of(told), SCRIPT_FEEDBACK, &request);
}

static void take_next(struct told *told)
{
    if (told->next == told->count) {
        if (told->once.name && !told->spent)
            spend(told);
        else
            answer(told, ASK_TAKEN);
        return;
    }
    told->next++;
    told->shard = 0;
    find(told);
}

void host_feedback_begin(struct host_question *question)
{
    const struct host_question_options *options = question->options;
    struct told *told = arena_zero(question->arena, sizeof *told);
    told->question = question;
    told->config = options->generation(options->context)->config;
    config_policy(told->config, &told->policy);
    question->own = told;
    question->cancel = cancel;
    if (!read_all(told, question->text))
        host_question_answer(question, ASK_REFUSED, slice_of("no feedback"));
    else
        take_next(told);
}
