/*
 * The list is read by its table (read_hook); each entry's mapping and secrets are files, looked at
 * here and never again. What is remembered between deliveries stands below: a few certificates.
 */
#include "web/hooks.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/word.h"
#include "web/mapping_file.h"
#include "web/outside_event.h"
#include "web/sns_url.h"

enum { SECRETS_FILE_MOST = 64 * 1024, CERTIFICATE_MOST = 16 * 1024, DAY_MS = 86400000 };

struct certificate {
    char url[SNS_URL_MOST];
    char text[CERTIFICATE_MOST];
    size_t length; /* 0: none */
    int64_t at_ms;
};

struct hooks {
    struct arena *arena;
    struct hook items[HOOKS_MOST];
    size_t count;
    struct {
        char *text;
        size_t length;
    } files[HOOKS_MOST]; /* of secrets */
    struct certificate *certificates;
};

/* ---- The table ---- */

struct hook_keys {
    const char *mapping, *path, *secret_file;
    struct value topic_arn;
};

#define IN(field) .offset = offsetof(struct hook_keys, field)

static const struct shape arn_shape = {
    .kind = SHAPE_TEXT, .pattern = "^arn:aws:sns:[a-z0-9-]+:[0-9]+:[A-Za-z0-9_.-]+$"};

const struct setting hooks_settings[] = {
    {.key = "mapping",
     .type = SETTING_TEXT,
     IN(mapping),
     .required = true,
     .help = "what its deliveries become: a file of `web.mappings`, or one that comes with nudged"},
    {.key = "path",
     .type = SETTING_TEXT,
     IN(path),
     .shape = &(const struct shape){.kind = SHAPE_TEXT, .pattern = "^/webhooks/" WORD_PATTERN "$"},
     .help = "where the provider sends them; default: `/webhooks/` and the mapping's name"},
    {.key = "secret_file",
     .type = SETTING_TEXT,
     IN(secret_file),
     .help = "the file with the secret, or with several on lines: any of them is right"},
    {.key = "topic_arn",
     .type = SETTING_TEXTS,
     IN(topic_arn),
     .shape = &(const struct shape){.kind = SHAPE_EITHER,
                                    .either =
                                        (const struct shape *const[]){
                                            &arn_shape,
                                            &(const struct shape){
                                                .kind = SHAPE_LIST, .of = &arn_shape, .least = 1},
                                            NULL}},
     .help = "of Amazon SNS: the topics that it may be of; it has no secret"},
    {0},
};

const struct shape hooks_shape = {
    .kind = SHAPE_LIST,
    .of = &(const struct shape){.kind = SHAPE_KEYS, .name = "webhook", .table = hooks_settings},
    .most = HOOKS_MOST};

/* ---- Reading ---- */

struct reading {
    struct hooks *hooks;
    const char *folder;
    bool secrets;
    const struct settings_source *source;
    struct diags *diags;
};

static struct diag *fault(const struct reading *in, const struct value *entry, const char *key,
                          const char *format, const char *word)
{
    const struct value *at = value_get(entry, key);
    bool placed = at && (at->flags & VALUE_PLACED); /* a path that was made whole is not */
    return settings_fault(in->diags, in->source, placed ? at : entry, DIAG_ERROR, format, word);
}

static void read_path(const struct reading *in, const struct value *entry, const char *path,
                      struct hook *hook)
{
    size_t length = sizeof HOOKS_PATH - 1;
    if (!path) {
        hook->word = mapping_name(hook->mapping);
    } else if (strncmp(path, HOOKS_PATH, length) == 0 &&
               word_is_plain(path + length, strlen(path + length))) {
        hook->word = path + length;
    } else {
        diag_hint(fault(in, entry, "path", "`%s` cannot be a webhook's path", path),
                  "one word behind %s: %sshopify", HOOKS_PATH, HOOKS_PATH);
        return;
    }
    if (hooks_find(in->hooks, hook->word))
        diag_hint(fault(in, entry, path ? "path" : "mapping", "`%s` is another webhook's path",
                        hook->word),
                  "give it a `path` of its own");
}

static void read_topics(const struct reading *in, const struct value *entry,
                        const struct value *list, struct hook *hook)
{
    struct arena *arena = in->hooks->arena;
    const char **topics = arena_zero(arena, sizeof *topics * (value_count(list) + 1));
    for (uint32_t i = 0; i < value_count(list); i++) {
        topics[i] = value_to_text(arena, &list->list->items[i]);
        if (!sns_url_region(topics[i]).text)
            fault(in, entry, "topic_arn", "`%s` is no topic of Amazon SNS", topics[i]);
    }
    hook->topics = topics;
}

static void read_secrets(const struct reading *in, const struct value *entry, const char *path,
                         struct hook *hook)
{
    const char *text;
    size_t length;
    struct diag diag = {0};
    struct hooks *hooks = in->hooks;
    if (!in->secrets)
        return;
    if (!file_read(hooks->arena, path, SECRETS_FILE_MOST, &text, &length, &diag)) {
        fault(in, entry, "secret_file", "%s", diag.text);
        return;
    }
    hooks->files[hooks->count].text = (char *)(uintptr_t)text;
    hooks->files[hooks->count].length = length;
    if (!signature_secrets_read(text, length, mapping_verify(hook->mapping), &hook->secrets, &diag))
        fault(in, entry, "secret_file", "%s", diag.text);
}

/* What proves whose a delivery is: secrets, or topics. */
static void read_proof(const struct reading *in, const struct value *entry,
                       const struct hook_keys *keys, struct hook *hook)
{
    bool secrets = signature_has_secrets(mapping_verify(hook->mapping));
    bool topics = value_count(&keys->topic_arn) > 0;
    if (secrets && !keys->secret_file)
        diag_hint(
            fault(in, entry, "mapping", "`%s` needs a `secret_file`", mapping_name(hook->mapping)),
            "what the provider signs with, or its login or key: a line of a file");
    if (secrets && topics)
        fault(in, entry, "topic_arn", "`%s` has no `topic_arn`", mapping_name(hook->mapping));
    if (!secrets && keys->secret_file)
        fault(in, entry, "secret_file", "`%s` has no secret", mapping_name(hook->mapping));
    if (!secrets && !topics)
        diag_hint(
            fault(in, entry, "mapping", "`%s` needs a `topic_arn`", mapping_name(hook->mapping)),
            "which topics of Amazon SNS are yours");
    read_topics(in, entry, &keys->topic_arn, hook);
    if (secrets && keys->secret_file)
        read_secrets(in, entry, keys->secret_file, hook);
}

static unsigned rights_of(const struct mapping *mapping)
{
    const struct value *types = mapping_types(mapping);
    unsigned rights = 0;
    for (uint32_t i = 0; i < value_count(types); i++)
        rights |= outside_event_right(types->list->items[i].string, types->list->items[i].length);
    return rights;
}

static void read_hook(const struct reading *in, const struct value *entry)
{
    struct hooks *hooks = in->hooks;
    struct hook *hook = &hooks->items[hooks->count];
    struct hook_keys keys;
    struct diags found = {0};
    *hook = (struct hook){0};
    if (!settings_read(hooks_settings, entry, in->source, &keys, hooks->arena, in->diags))
        return;
    hook->mapping = mapping_file_read(hooks->arena, in->folder, keys.mapping, &found);
    for (size_t i = 0; i < found.count; i++) {
        struct diag *diag = &found.items[i];
        if (diag->line)
            diags_add(in->diags, diag);
        else /* it is about no file, but about this entry */
            diag_hint(fault(in, entry, "mapping", "%s", diag->text), "%s", diag->hint);
    }
    diags_free(&found);
    if (!hook->mapping)
        return;
    hook->rights = rights_of(hook->mapping);
    read_path(in, entry, keys.path, hook);
    read_proof(in, entry, &keys, hook);
    if (hook->word)
        hooks->count++;
}

static void check_list(const struct value *list, const struct settings_source *source,
                       struct diags *diags)
{
    if (list && list->kind != VALUE_NULL && list->kind != VALUE_LIST)
        settings_fault(diags, source, list, DIAG_ERROR, "`webhooks` is a list");
    if (value_count(list) > HOOKS_MOST)
        settings_fault(diags, source, list, DIAG_ERROR, "more than %d webhooks", HOOKS_MOST);
}

void hooks_check(const struct value *list, const struct settings_source *source,
                 struct diags *diags)
{
    struct arena *arena = arena_new(4096);
    struct hook_keys keys;
    check_list(list, source, diags);
    for (uint32_t i = 0; value_is(list, VALUE_LIST) && i < value_count(list); i++)
        settings_read(hooks_settings, &list->list->items[i], source, &keys, arena, diags);
    arena_destroy(&arena);
}

struct hooks *hooks_read(const struct value *list, const char *folder, bool secrets,
                         const struct settings_source *source, struct diags *diags)
{
    struct hooks *hooks = mem_zero(1, sizeof *hooks);
    const struct reading in = {hooks, folder, secrets, source, diags};
    size_t errors = diags->errors;
    hooks->arena = arena_new(16 * 1024);
    check_list(list, source, diags);
    for (uint32_t i = 0; value_is(list, VALUE_LIST) && i < value_count(list) && i < HOOKS_MOST; i++)
        read_hook(&in, &list->list->items[i]);
    if (diags->errors != errors)
        hooks_destroy(&hooks);
    return hooks;
}

void hooks_destroy(struct hooks **hooks)
{
    struct hooks *ended = *hooks;
    if (!ended)
        return;
    *hooks = NULL;
    for (size_t i = 0; i < HOOKS_MOST; i++)
        if (ended->files[i].text)
            OPENSSL_cleanse(ended->files[i].text, ended->files[i].length);
    arena_destroy(&ended->arena);
    free(ended->certificates);
    free(ended);
}

size_t hooks_count(const struct hooks *hooks)
{
    return hooks->count;
}

const struct hook *hooks_find(const struct hooks *hooks, const char *word)
{
    for (size_t i = 0; i < hooks->count; i++)
        if (strcmp(hooks->items[i].word, word) == 0)
            return &hooks->items[i];
    return NULL;
}

/* ---- Certificates ---- */

struct slice hooks_certificate(const struct hooks *hooks, const char *url, int64_t now_ms)
{
    for (size_t i = 0; hooks->certificates && i < HOOKS_CERTIFICATES_MOST; i++) {
        const struct certificate *kept = &hooks->certificates[i];
        if (kept->length && strcmp(kept->url, url) == 0 && now_ms - kept->at_ms < DAY_MS)
            return (struct slice){kept->text, kept->length};
    }
    return (struct slice){0};
}

/* In the place of the oldest. */
void hooks_keep_certificate(struct hooks *hooks, const char *url, struct slice text, int64_t now_ms)
{
    if (!hooks->certificates)
        hooks->certificates = mem_zero(HOOKS_CERTIFICATES_MOST, sizeof *hooks->certificates);
    struct certificate *place = hooks->certificates;
    for (size_t i = 1; i < HOOKS_CERTIFICATES_MOST; i++)
        if (hooks->certificates[i].at_ms < place->at_ms)
            place = &hooks->certificates[i];
    if (text.length > sizeof place->text || strlen(url) >= sizeof place->url)
        return;
    strcpy(place->url, url);
    memcpy(place->text, text.text, text.length);
    place->length = text.length;
    place->at_ms = now_ms;
}
