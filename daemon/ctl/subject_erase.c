/*
 * The event that erases is decided at once (events/at_once), so that all goes the way that a shop's
 * own event would take, in one commit. What a document may not know of, messages that it had no
 * room to list, is brought to that decision. What the commit cannot find by a key, dead letters and
 * what bounces are told by, is looked through behind it; it is safe to do all of that again.
 */
#include "ctl/subject_erase.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/exit_codes.h"
#include "ctl/json_line.h"
#include "ctl/loading.h"
#include "ctl/plain.h"
#include "ctl/subject_export.h"
#include "events/at_once.h"

/* What went, or would. */
struct tally {
    uint32_t journeys, withdrawn, marked, uncertain;
    uint64_t letters, returns;
    bool document;
    size_t trace;
};

/* ---- What is there ---- */

static struct tally foresee(const struct subject *subject)
{
    struct tally tally = {.document = subject->document.text != NULL,
                          .journeys = subject->customer ? subject->customer->journeys.count : 0,
                          .letters = subject->letter_count,
                          .trace = subject->trace->count};
    for (uint32_t i = 0; i < subject->message_count; i++) {
        const struct messages_item *message = &subject->messages[i];
        const char *state = messages_field(message, "state");
        bool arrived = strcmp(state, "uncertain") == 0 || *messages_field(message, "bound");
        if (strcmp(state, "taken") == 0)
            tally.marked++;
        else if (arrived)
            tally.uncertain++;
        else
            tally.withdrawn++;
    }
    return tally;
}

/* ---- The event ---- */

/* Their messages as an open list, whether or not the document has them. */
static struct customer *bring(const struct subject *subject)
{
    struct customer *brought = customer_new(subject->arena, subject->key);
    brought->first.at_ms = subject->now_ms;
    for (uint32_t i = 0; i < subject->message_count; i++) {
        const struct customer_open open = {.mid = subject->messages[i].mid,
                                           .rule = "",
                                           .origin = "",
                                           .topic = "",
                                           .started_ms = subject->now_ms,
                                           .give_up_ms = INT64_MAX,
                                           .reads = value_null()};
        CUSTOMER_LIST_PUSH(subject->arena, brought->open, open);
    }
    return brought;
}

static bool decide_it(struct subject *subject, struct at_once_done *done, struct diag *diag)
{
    const struct config *config = subject->context->config;
    struct generation *generation = loading_generation(subject->context, NULL);
    const struct customer_key key =
        customer_key_of(subject->arena, config->customer_keys, subject->key);
    if (!generation)
        return diag_error(diag, "rules or templates are broken: nobody was erased");
    const struct at_once erasure = {
        .session = subject->session,
        .prefix = subject->prefix,
        .shard = shards_of(subject->shards, subject->key)->number,
        .config = config,
        .generation = generation,
        .event = at_once_event(subject->arena, "customer.erased", &key, 1, subject->now_ms),
        .brought = bring(subject)};
    bool good = at_once_decide(&erasure, subject->arena, done, diag);
    generation_release(&generation);
    return good;
}

static bool erase(struct subject *subject, struct tally *tally, struct diag *diag)
{
    struct at_once_done done;
    if (!decide_it(subject, &done, diag))
        return false;
    tally->withdrawn = done.withdrawn[CUSTOMER_PLACE_WAITS];
    tally->marked = done.withdrawn[CUSTOMER_PLACE_HAND];
    tally->uncertain = done.withdrawn[CUSTOMER_PLACE_UNCERTAIN];
    struct erasures_gone gone;
    if (!erasures_drop(&subject->erasures, &gone, diag)) {
        fprintf(stderr,
                "nudgectl: %s is erased; daemons look again for what names them elsewhere\n",
                plain_of(subject->arena, subject->key));
        return false;
    }
    tally->letters = gone.letters;
    tally->returns = gone.returns;
    return true;
}

/* ---- What is said of it ---- */

static void print_part(const char **before, uint64_t count, const char *one, const char *many)
{
    if (!count)
        return;
    printf("%s%" PRIu64 " %s", *before, count, count == 1 ? one : many);
    *before = ", ";
}

static void print_tally(const struct subject *subject, const struct tally *tally, bool dry)
{
    const char *before = "  ";
    printf("%s ", dry ? "would erase" : "erased");
    plain_text(subject->key);
    printf("\n");
    for (uint32_t i = 1; i < subject->name_count; i++) {
        printf("  ");
        plain_text(subject->names[i].text);
        printf("\n");
    }
    print_part(&before, tally->document, "document", "");
    print_part(&before, tally->trace, "line of the trace", "lines of the trace");
    print_part(&before, tally->journeys, "journey", "journeys");
    print_part(&before, tally->withdrawn, "message withdrawn", "messages withdrawn");
    print_part(&before, tally->letters, "dead letter", "dead letters");
    print_part(&before, tally->returns, "mail that might bounce", "mails that might bounce");
    printf("%s", *before == ',' ? "\n" : "");
    if (tally->marked)
        printf("  %" PRIu32 " in a sender's hand: may still arrive, and leaves no trace\n",
               tally->marked);
    if (tally->uncertain)
        printf("  %" PRIu32 " that may have arrived: not sent again\n", tally->uncertain);
    printf("  stays: when it was, each no and each suppression, under keyed hashes\n");
    if (subject->context->config->keys.archive.folder)
        printf("  archive: a line of theirs goes when its file is done with, within a day\n");
}

static void print_json(const struct subject *subject, const struct tally *tally, bool dry)
{
    struct value line = value_new_map(subject->arena, 8);
    value_set(subject->arena, line, "customer", value_text(subject->key));
    value_set(subject->arena, line, "erased", value_bool(!dry));
    value_set(subject->arena, line, "document", value_bool(tally->document));
    value_set(subject->arena, line, "trace", value_int((int64_t)tally->trace));
    value_set(subject->arena, line, "journeys", value_int(tally->journeys));
    value_set(subject->arena, line, "withdrawn", value_int(tally->withdrawn));
    value_set(subject->arena, line, "in_hand", value_int(tally->marked));
    value_set(subject->arena, line, "uncertain", value_int(tally->uncertain));
    value_set(subject->arena, line, "dead", value_int((int64_t)tally->letters));
    value_set(subject->arena, line, "returns", value_int((int64_t)tally->returns));
    json_line_print(&line);
}

static void tell(const struct subject *subject, const struct subject_erase *how,
                 const struct tally *tally, bool dry)
{
    if (how->json)
        print_json(subject, tally, dry);
    else
        print_tally(subject, tally, dry);
}

/* ---- The command ---- */

/* A question on a terminal; elsewhere there is nobody to ask. */
static bool is_wanted(const struct subject *subject)
{
    char answer[16] = "";
    fprintf(stderr, "This cannot be undone. Erase %s? [y/N] ",
            plain_of(subject->arena, subject->key));
    if (!fgets(answer, sizeof answer, stdin))
        return false;
    answer[strcspn(answer, "\r\n")] = '\0';
    return strcmp(answer, "y") == 0 || strcmp(answer, "yes") == 0;
}

/* Of whom nothing is known any more the archive may still tell. */
static bool is_archived(const struct subject *subject)
{
    const char *folder = subject->context->config->keys.archive.folder;
    struct value found = value_new_map(subject->arena, 1);
    struct diag ignored;
    return folder && subject_export_archive(subject, folder, &found, &ignored) &&
           value_count(value_get(&found, "archive")) > 0;
}

int subject_erase_run(struct subject *subject, const struct subject_erase *how)
{
    struct diag diag = {0};
    struct tally tally = foresee(subject);
    bool asks = !how->yes && !how->dry;
    if (!subject_is_known(subject) && !is_archived(subject)) {
        fprintf(stderr, "nudgectl: nothing is known of the customer %s\n",
                plain_of(subject->arena, subject->key));
        return EXIT_CODE_NO;
    }
    if (asks && !isatty(STDIN_FILENO)) {
        fprintf(stderr, "nudgectl: nobody is there to be asked: --yes erases, --dry-run says what "
                        "would go\n");
        return EX_USAGE;
    }
    if (how->dry || asks)
        tell(subject, how, &tally, true);
    if (how->dry)
        return EXIT_SUCCESS;
    if (asks && !is_wanted(subject)) {
        fprintf(stderr, "nudgectl: nobody was erased\n");
        return EXIT_CODE_NO;
    }
    if (!erase(subject, &tally, &diag))
        return context_fail(&diag);
    tell(subject, how, &tally, false);
    return EXIT_SUCCESS;
}
