/*
 * subject_open finds the person: by a key, which may lead to another (ctl/who), or by an address
 * that stands in a document. subject_read then reads what is known by their keys, and looks
 * through what is not: messages that wait, dead letters.
 */
#include "ctl/subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mailbox.h"
#include "ctl/exit_codes.h"
#include "ctl/plain.h"
#include "ctl/who.h"
#include "customer/said.h"
#include "store/customers_now.h"
#include "store/dead_letters.h"
#include "store/find_customer.h"
#include "store/keys.h"
#include "store/traces.h"

enum { FIRST_CHUNK = 256 * 1024 };

/* ---- Whom the operator means ---- */

static bool has_document(const struct subject *subject, const char *key, struct diag *diag)
{
    const struct reply *there =
        session_command(subject->session, diag, "EXISTS",
                        keys_spell(subject->arena, subject->prefix, KEY_CUSTOMER, key, NULL), NULL);
    return there && there->integer == 1;
}

static int tell_several(const struct subject *subject, const char *name, const char *const *keys,
                        size_t count)
{
    fprintf(stderr, "nudgectl: %s is more than one person:\n", plain_of(subject->arena, name));
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "  %s\n", plain_of(subject->arena, keys[i]));
    fprintf(stderr, "hint: name one of them by this key\n");
    return EXIT_CODE_NO;
}

/* The person stands in the shard of that key. */
static void use_key(struct subject *subject, const char *key)
{
    const struct shards_item *shard = shards_of(subject->shards, key);
    subject->key = key;
    subject->session = shard->session;
    subject->prefix = shard->prefix;
    subject->erasures = (struct erasures){.session = subject->session,
                                          .prefix = subject->prefix,
                                          .policy = &subject->policy,
                                          .form = config_event_form(subject->context->config)};
}

/* Those of all shards, of which more than fit is enough to tell that they are several. */
static bool find_keys(const struct subject *subject, const char *name,
                      const char *keys[FIND_CUSTOMER_MOST], size_t *count, struct diag *diag)
{
    *count = 0;
    for (size_t k = 0; k < subject->shards->count; k++) {
        const struct shards_item *shard = &subject->shards->items[k];
        const char *found[FIND_CUSTOMER_MOST];
        size_t more;
        if (!find_customer(shard->session, shard->prefix, name, subject->arena, found, &more,
                           diag)) {
            if (!shards_pass(subject->shards, shard, diag))
                return false;
            more = 0;
        }
        for (size_t i = 0; i < more && *count < FIND_CUSTOMER_MOST; i++)
            keys[(*count)++] = found[i];
    }
    return true;
}

/* By an address, wherever it stands: whom it leads to as a key, and who has it in their profile. */
static bool find_address(struct subject *subject, const char *name, int *status)
{
    const char *keys[FIND_CUSTOMER_MOST + 1];
    size_t count;
    struct diag diag = {0};
    if (!find_keys(subject, name, keys, &count, &diag)) {
        *status = context_fail(&diag);
        return false;
    }
    bool led = has_document(subject, subject->key, &diag), among = false;
    for (size_t i = 0; i < count; i++)
        among = among || strcmp(keys[i], subject->key) == 0;
    if (led && !among)
        keys[count++] = subject->key;
    if (count > 1) {
        *status = tell_several(subject, name, keys, count);
        return false;
    }
    if (count == 1)
        use_key(subject, keys[0]);
    return true;
}

static bool find(struct subject *subject, const char *name, int *status)
{
    struct context *context = subject->context;
    struct diag diag = {0};
    if (!context->config->secret && !config_secret(context->config, false, &diag)) {
        *status = context_fail(&diag);
        return false;
    }
    config_policy(context->config, &subject->policy);
    use_key(subject, who_person(context, subject->shards, who_key(context, name)));
    bool is_address = strchr(name, '@') || name[0] == '+';
    return !is_address || find_address(subject, name, status);
}

struct subject *subject_open(struct context *context, const struct shards *shards, const char *name,
                             int *status)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct subject *subject = arena_zero(arena, sizeof *subject);
    *subject = (struct subject){.context = context, .shards = shards, .arena = arena};
    if (!find(subject, name, status))
        subject_close(&subject);
    return subject;
}

void subject_close(struct subject **subject)
{
    struct arena *arena = *subject ? (*subject)->arena : NULL;
    *subject = NULL;
    if (arena)
        arena_destroy(&arena);
}

/* ---- Names ---- */

/* An address once, however it is spelt. */
static void add_name(struct subject *subject, const char *text, bool is_address)
{
    const char *hash = is_address ? policy_mailbox_hash(&subject->policy, text, subject->arena)
                                  : policy_short_hash(&subject->policy, text, subject->arena);
    for (uint32_t i = 0; i < subject->name_count; i++)
        if (subject->names[i].is_address == is_address && strcmp(subject->names[i].hash, hash) == 0)
            return;
    subject->names = arena_grow(subject->arena, subject->names, subject->name_count,
                                &subject->name_capacity, sizeof *subject->names);
    subject->names[subject->name_count++] =
        (struct subject_name){.text = text, .is_address = is_address, .hash = hash};
}

static void add_field(struct subject *subject, const char *field)
{
    const struct value known = customer_value(subject->arena, subject->customer);
    const char *address = value_to_text(subject->arena, value_get(&known, field));
    if (address && *address)
        add_name(subject, address, true);
}

/* What messages go to; then keys that are addresses too. */
static void add_addresses(struct subject *subject)
{
    const struct config *config = subject->context->config;
    uint32_t keys = subject->name_count;
    if (subject->customer) {
        add_field(subject, "email");
        add_field(subject, "phone");
        for (const struct rule_channel *channel = config->known_channels; channel->name; channel++)
            add_field(subject, channel->field);
    }
    for (uint32_t i = 0; i < keys; i++) {
        const char *key = subject->names[i].text, *value = strchr(key, ':');
        if (value && (strncmp(key, "email:", 6) == 0 || strncmp(key, "phone:", 6) == 0))
            add_name(subject, value + 1, true);
    }
}

static void add_names(struct subject *subject)
{
    add_name(subject, subject->key, false);
    for (uint32_t i = 0; subject->customer && i < subject->customer->keys.count; i++)
        add_name(subject, subject->customer->keys.items[i], false);
    add_addresses(subject);
}

/* What stands under a hash, else under that of a former program (NULL: there is none). False with a
 * diag; *text: NULL where there is nothing. */
static bool read_record(struct subject *subject, const char *table, const char *hash,
                        const char *former, struct slice *text, struct diag *diag)
{
    const struct reply *record = session_command(subject->session, diag, "HGET", table, hash, NULL);
    if (!record)
        return false;
    if (!reply_text(record) && former)
        return read_record(subject, table, former, NULL, text, diag);
    *text = slice_copy(subject->arena, (struct slice){reply_text(record), record->length});
    return true;
}

static bool read_names(struct subject *subject, struct diag *diag)
{
    const char *said = keys_spell(subject->arena, subject->prefix, KEY_SAID, NULL);
    const char *suppressed = keys_spell(subject->arena, subject->prefix, KEY_SUPPRESSED, NULL);
    for (uint32_t i = 0; i < subject->name_count; i++) {
        struct subject_name *name = &subject->names[i];
        struct policy_address known = {0};
        struct slice record;
        if (name->is_address)
            known = policy_address(&subject->policy, name->text, subject->arena);
        if (!read_record(subject, said, name->hash, known.former_said, &record, diag))
            return false;
        name->said = said_read(subject->arena, record);
        if (!name->is_address)
            continue;
        if (!read_record(subject, suppressed, known.hash, known.old_hash, &record, diag))
            return false;
        name->suppressed = record.text;
    }
    return true;
}

/* ---- What is known by their keys ---- */

static bool read_document(struct subject *subject, struct diag *diag)
{
    struct customers_found found;
    const char *const keys[] = {subject->key}, *const names[] = {""};
    const struct customers_query query = {.keys = keys, .names = names, .count = 1};
    if (!customers_now_read(subject->session, subject->prefix, &query, subject->arena, &found,
                            diag))
        return false;
    struct diag broken = {0};
    subject->now_ms = found.now_ms;
    subject->document = found.documents[0];
    if (subject->document.text)
        subject->customer = customer_read(subject->arena, subject->key, subject->document.text,
                                          subject->document.length, &broken);
    if (subject->document.text && !subject->customer)
        fprintf(stderr, "nudgectl: the document of %s cannot be read: %s\n",
                plain_of(subject->arena, subject->key), broken.text);
    return true;
}

static bool read_lists(struct subject *subject, struct diag *diag)
{
    const struct reply *trace = traces_read(subject->session, subject->prefix, subject->key, diag);
    if (!trace)
        return false;
    subject->trace = reply_copy(subject->arena, trace);
    return customers_now_starts(subject->session, subject->prefix, subject->key, subject->arena,
                                &subject->starts, &subject->start_count, diag) &&
           customers_now_watches(subject->session, subject->prefix, subject->key, subject->arena,
                                 &subject->watches, &subject->watch_count, diag);
}

/* ---- What is looked through ---- */

static bool is_key(const struct subject *subject, const char *text)
{
    for (uint32_t i = 0; i < subject->name_count; i++)
        if (!subject->names[i].is_address && strcmp(subject->names[i].text, text) == 0)
            return true;
    return false;
}

static bool on_message(void *context, const struct messages_item *item)
{
    struct subject *subject = context;
    if (!is_key(subject, messages_field(item, "customer")))
        return true;
    subject->messages = arena_grow(subject->arena, subject->messages, subject->message_count,
                                   &subject->message_capacity, sizeof *subject->messages);
    struct messages_item *kept = &subject->messages[subject->message_count++];
    *kept = *item;
    kept->mid = arena_text(subject->arena, item->mid);
    kept->fields = reply_copy(subject->arena, item->fields);
    kept->body = reply_copy(subject->arena, item->body);
    kept->held = reply_copy(subject->arena, item->held);
    return true;
}

bool subject_is_of(const struct subject *subject, const struct erasures_text *text,
                   struct arena *arena)
{
    const char *const *named = erasures_names(&subject->erasures, text, arena);
    for (; *named; named++)
        for (uint32_t i = 0; i < subject->name_count; i++)
            if (strcmp(subject->names[i].hash, *named) == 0)
                return true;
    return false;
}

static bool on_letter(void *context, const struct reply *letter)
{
    struct subject *subject = context;
    struct arena *arena = arena_new(16 * 1024);
    const struct reply *body = dead_letters_field(letter, "body");
    const char *customer = dead_letters_field(letter, "customer")->text;
    const char *own = dead_letters_field(letter, "own")->text;
    const struct erasures_text text = {.text = {reply_text(body), body->length},
                                       .customer = *customer ? customer : own,
                                       .entry = reply_item(letter, 0)->text};
    bool theirs = subject_is_of(subject, &text, arena);
    arena_destroy(&arena);
    if (!theirs)
        return true;
    subject->letters = arena_grow(subject->arena, subject->letters, subject->letter_count,
                                  &subject->letter_capacity, sizeof *subject->letters);
    subject->letters[subject->letter_count++] = reply_copy(subject->arena, letter);
    return true;
}

bool subject_read_own(struct subject *subject, struct diag *diag)
{
    if (!read_document(subject, diag))
        return false;
    add_names(subject);
    return read_names(subject, diag) && read_lists(subject, diag);
}

bool subject_read(struct subject *subject, struct diag *diag)
{
    return subject_read_own(subject, diag) &&
           messages_walk_outbox(subject->session, subject->prefix, on_message, subject, diag) &&
           messages_walk_uncertain(subject->session, subject->prefix, on_message, subject, diag) &&
           dead_letters_walk(subject->session, subject->prefix, on_letter, subject, diag);
}

/* ---- What it comes to ---- */

bool subject_is_known(const struct subject *subject)
{
    bool known = subject->document.text || subject->trace->count || subject->start_count ||
                 subject->message_count || subject->letter_count;
    for (uint32_t i = 0; i < subject->name_count; i++)
        known = known || subject->names[i].suppressed || subject->names[i].said.noes.count;
    return known;
}

int64_t subject_erased_ms(const struct subject *subject)
{
    int64_t erased_ms = 0;
    for (uint32_t i = 0; i < subject->name_count; i++)
        if (subject->names[i].said.erased_ms > erased_ms)
            erased_ms = subject->names[i].said.erased_ms;
    return erased_ms;
}

bool subject_says_apart(const struct subject *subject, const struct customer_said *word)
{
    for (uint32_t i = 0; subject->customer && i < subject->customer->said.count; i++) {
        const struct customer_said *own = &subject->customer->said.items[i];
        if (strcmp(own->topic, word->topic) == 0 && own->at_ms >= word->at_ms)
            return false;
    }
    return !word->yes;
}

bool subject_declines_all(const struct subject *subject)
{
    if (subject->customer && said_declined(subject->customer, said_all))
        return true;
    for (uint32_t i = 0; i < subject->name_count; i++)
        for (uint32_t k = 0; k < subject->names[i].said.noes.count; k++) {
            const struct customer_said *no = &subject->names[i].said.noes.items[k];
            if (strcmp(no->topic, said_all) == 0 && subject_says_apart(subject, no))
                return true;
        }
    return false;
}
