/*
 * nudgectl feedback: a bounce or a complaint, from standard input, as a mail server hands it to a
 * command (aliases(5), pipe(8)). It sends nothing and answers nobody, so it can be part of no loop;
 * what it does not understand ends here, with exit status 0. Whatever may be different in a minute
 * (Redis, the configuration, the secret) is EX_TEMPFAIL: the mail server keeps the report.
 *
 * Which mail it is about (identify): by a signed address, else by the mail's own Message-ID, whose
 * mid only who has seen the mail can know. Without either nothing vouches for what the report says:
 * it changes something only where an operator says so (--unsigned). What it says (judge) means what
 * the same answer to RCPT would have meant.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ctl/command.h"
#include "ctl/plain.h"
#include "ctl/report.h"
#include "ctl/who.h"
#include "customer/said.h"
#include "mail/verp.h"
#include "send/mailbox_gone.h"
#include "store/keys.h"
#include "store/returned_mail.h"
#include "store/returns.h"

enum { INPUT_MOST = 10 * 1024 * 1024, READ_SIZE = 64 * 1024 };

struct desk {
    struct context *context;
    const struct shards *shards;
    const struct shards_item *shard; /* of the person whom the mail went to */
    struct arena *arena;
    const char *recipient; /* as the mail server says it; NULL: the report's header does */
    bool unsigned_too;
    struct report report;
    struct policy policy;
    struct returned_mail_news news;
};

static int fail_for_now(const struct diag *diag)
{
    context_fail(diag);
    return EX_TEMPFAIL;
}

/* ---- Which mail ---- */

/* By the addresses that the report came to; by what it says the mail came from. */
static enum verp_verdict find_signed(const struct desk *desk, char mid[VERP_MID_SIZE])
{
    const struct verp_key key = {desk->policy.secret, desk->policy.secret_length};
    const struct report *report = &desk->report;
    static const char *const fields[] = {"X-Original-To", "Delivered-To", "Envelope-To", "To"};
    enum verp_verdict found = VERP_NONE, verdict;
    const char *texts[8] = {desk->recipient};
    size_t count = 1;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        texts[count++] = report_field(desk->arena, report->outer, fields[i]);
    texts[count++] = report_field(desk->arena, report->told, "Original-Mail-From");
    texts[count++] = report_field(desk->arena, report->returned, "Return-Path");
    for (size_t i = 0; i < count; i++) {
        if (!texts[i])
            continue;
        verdict = verp_find(&key, texts[i], strlen(texts[i]), mid);
        if (verdict == VERP_GOOD)
            return VERP_GOOD;
        found = verdict == VERP_FORGED ? verdict : found;
    }
    return found;
}

/* "<MID@shop.example>" of the mail that was returned. */
static bool find_id(const struct desk *desk, char mid[VERP_MID_SIZE])
{
    const char *id = report_field(desk->arena, desk->report.returned, "Message-ID");
    if (!id || *id != '<' || strspn(id + 1, "0123456789abcdef") != VERP_MID_SIZE - 1 ||
        id[VERP_MID_SIZE] != '@')
        return false;
    memcpy(mid, id + 1, VERP_MID_SIZE - 1);
    mid[VERP_MID_SIZE - 1] = '\0';
    return true;
}

/* ---- What it means ---- */

static void judge(struct desk *desk)
{
    const struct report *report = &desk->report;
    struct returned_mail_news *news = &desk->news;
    *news =
        (struct returned_mail_news){.verb = RETURNED_MAIL_DELAYED,
                                    .person = "",
                                    .words = report->words,
                                    .enhanced = report->enhanced,
                                    .code = report->code,
                                    .trace_keep_ms = desk->context->config->keys.customer.keep_ms};
    if (report->kind == REPORT_FAILED)
        news->verb = mailbox_gone(report->code, report->enhanced) ? RETURNED_MAIL_BOUNCED
                                                                  : RETURNED_MAIL_FAILED;
    if (report->kind == REPORT_COMPLAINT)
        news->verb = RETURNED_MAIL_COMPLAINED;
    news->suppress = news->verb == RETURNED_MAIL_BOUNCED || news->verb == RETURNED_MAIL_COMPLAINED;
}

/* ---- Whom it is about ---- */

/* They were erased since the mail was sent: of them nothing is written but that the address is not
 * to be written to. */
static bool was_erased(struct desk *desk, const char *key, int64_t day_ms, bool *erased,
                       struct diag *diag)
{
    const char *hash = policy_short_hash(&desk->policy, key, desk->arena);
    if ((*erased = key[0] == RETURNS_ERASED))
        return true;
    const struct reply *row =
        session_command(desk->shard->session, diag, "HGET",
                        keys_spell(desk->arena, desk->shard->prefix, KEY_SAID, NULL), hash, NULL);
    *erased = row && reply_text(row) &&
              said_read(desk->arena, (struct slice){row->text, row->length}).erased_ms > day_ms;
    return row != NULL;
}

static int tell(const char *mid, const struct returned_mail_news *news,
                enum returned_mail_verdict verdict)
{
    static const char *const verbs[] = {[RETURNED_MAIL_BOUNCED] = "bounced",
                                        [RETURNED_MAIL_FAILED] = "failed",
                                        [RETURNED_MAIL_DELAYED] = "delayed",
                                        [RETURNED_MAIL_COMPLAINED] = "complained"};
    const char *what = verdict == RETURNED_MAIL_TWICE  ? ", which was known"
                       : verdict == RETURNED_MAIL_GONE ? ", of which nothing is known any more"
                       : news->suppress                ? ", and its address is suppressed"
                                                       : "";
    printf("%s mid=%s%s: ", verbs[news->verb], mid, what);
    plain_text(news->words);
    printf("\n");
    return EXIT_SUCCESS;
}

/* By its id alone nobody knows the shard. */
static bool find_mail(struct desk *desk, const char *mid, struct returned_mail *mail,
                      struct diag *diag)
{
    *mail = (struct returned_mail){0};
    for (size_t k = 0; k < desk->shards->count && !mail->customer; k++) {
        desk->shard = &desk->shards->items[k];
        if (!returned_mail_find(desk->shard->session, desk->shard->prefix, mid, desk->arena, mail,
                                diag))
            return shards_blame(desk->shards, desk->shard, diag);
    }
    return true;
}

/* Whoever else has the address is not written to either. */
static bool suppress_elsewhere(const struct desk *desk, const char *hash, struct diag *diag)
{
    for (size_t k = 0; k < desk->shards->count; k++) {
        const struct shards_item *shard = &desk->shards->items[k];
        if (shard != desk->shard &&
            !returned_mail_suppress(shard->session, shard->prefix, hash, clock_wall_ms(), diag))
            return shards_blame(desk->shards, shard, diag);
    }
    return true;
}

static int apply(struct desk *desk, const char *mid)
{
    struct returned_mail mail;
    enum returned_mail_verdict verdict = RETURNED_MAIL_GONE;
    struct diag diag = {0};
    bool erased = false;
    if (!find_mail(desk, mid, &mail, &diag))
        return fail_for_now(&diag);
    if (!mail.customer)
        return tell(mid, &desk->news, RETURNED_MAIL_GONE);
    const char *person = who_person(desk->context, desk->shards, mail.customer);
    if (mail.day_ms && (!was_erased(desk, mail.customer, mail.day_ms, &erased, &diag)))
        return fail_for_now(&diag);
    desk->news.person = erased ? "" : person;
    if ((desk->news.suppress && !suppress_elsewhere(desk, mail.hash, &diag)) ||
        !returned_mail_apply(desk->shard->session, desk->shard->prefix, mid, &desk->news, &verdict,
                             &diag))
        return fail_for_now(&diag);
    return tell(mid, &desk->news, verdict);
}

/* ---- Reports for which nothing vouches ---- */

static int trust(struct desk *desk)
{
    struct diag diag = {0};
    const char *address = desk->report.recipient;
    if (!desk->unsigned_too || !strchr(address, '@')) {
        printf("nothing: no signed address and no mail of ours in it, so anybody may have written "
               "it\n");
        return EXIT_SUCCESS;
    }
    if (!desk->news.suppress) {
        printf("nothing: it is not about the mailbox\n");
        return EXIT_SUCCESS;
    }
    const char *hash = policy_address_hash(&desk->policy, address, desk->arena);
    if (!suppress_elsewhere(desk, hash, &diag))
        return fail_for_now(&diag);
    printf("suppressed, on your word: ");
    plain_text(address);
    printf("\n");
    return EXIT_SUCCESS;
}

static int consider(struct desk *desk)
{
    char mid[VERP_MID_SIZE];
    enum verp_verdict found = find_signed(desk, mid);
    judge(desk);
    if (desk->report.kind == REPORT_NONE) {
        printf("nothing: no report of a failure, a delay or a complaint\n");
        return EXIT_SUCCESS;
    }
    if (found == VERP_GOOD || (found == VERP_NONE && find_id(desk, mid)))
        return apply(desk, mid);
    if (found == VERP_NONE)
        return trust(desk);
    printf("nothing: the signature of its address is wrong\n");
    return EXIT_SUCCESS;
}

/* ---- The command line ---- */

/* At most INPUT_MOST bytes count; the rest is read too, or the mail server would see a broken
 * pipe. */
static bool read_all(struct buf *input)
{
    char *piece = mem_alloc(READ_SIZE);
    ssize_t got;
    while ((got = read(STDIN_FILENO, piece, READ_SIZE)) > 0) {
        size_t room = INPUT_MOST - input->length;
        buf_add(input, piece, (size_t)got < room ? (size_t)got : room);
    }
    free(piece);
    return got == 0;
}

static bool open_desk(struct desk *desk)
{
    struct diag diag = {0};
    desk->shards = shards_open(desk->context);
    if (!desk->shards)
        return false;
    if (!config_secret(desk->context->config, false, &diag)) {
        context_fail(&diag);
        return false;
    }
    config_policy(desk->context->config, &desk->policy);
    return true;
}

static int run(struct desk *desk)
{
    struct buf input;
    buf_init(&input, INPUT_MOST);
    int status = EX_TEMPFAIL;
    if (!read_all(&input)) {
        fprintf(stderr, "nudgectl: standard input cannot be read\n");
    } else if (open_desk(desk)) {
        report_read(desk->arena, buf_string(&input), input.length, &desk->report);
        status = consider(desk);
    }
    buf_free(&input);
    return status;
}

int command_feedback(struct context *context, int argc, char **argv)
{
    struct desk desk = {.context = context};
    const struct command_option options[] = {{.name = "--recipient", .value = &desk.recipient},
                                             {.name = "--unsigned", .flag = &desk.unsigned_too},
                                             {0}};
    int count = command_options(context, argc, argv, options);
    if (!command_no_arguments(count, argv))
        return EX_USAGE;
    desk.arena = arena_new(64 * 1024);
    int status = run(&desk);
    arena_destroy(&desk.arena);
    return status;
}
