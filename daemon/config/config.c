/*
 * From nudged.yaml to a configuration that nobody has to check again (config_load):
 *
 *   read_root       the file; none is an empty one: everything has a default
 *   settings_read   its keys, each by its row in config_table.c, into config->keys
 *   fill_...        what a row cannot say, one function for each: paths become whole, the shop
 *                   and the mail get what is absent, conditions are compiled, gateways are read
 *                   by the tables of their kinds, channels (config_channels) find them by name
 *
 * A fault is noted with its place, and reading goes on, so that one run tells of all of them.
 * Behind loading stand the secret, which has a file of its own, and what other folders are given
 * of the configuration: the policy, the form of events.
 */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/locale_format.h"
#include "base/mem.h"
#include "base/settings_fault.h"
#include "base/word.h"
#include "base/yaml.h"
#include "base/yaml_hints.h"
#include "base/zone.h"
#include "base/zone_names.h"
#include "config/config_check.h"
#include "config/config_mail.h"
#include "config/config_paths.h"
#include "config/new_secret.h"
#include "customer/said.h"
#include "rules/condition.h"
#include "rules/field.h"
#include "rules/rule_expression.h"
#include "rules/segment_cycles.h"
#include "send/gateway_kinds.h"
#include "store/placement.h"
#include "web/mapping_file.h"

enum { SECRET_BYTES = 32, SECRET_LEAST = 16, SECRET_MOST = 4096, GATEWAYS_MOST = 64 };
enum { WEB_TEXT_MOST = 1 << 20 };

struct loading {
    struct config *config;
    struct settings_source source;
    struct diags *diags;
};

static const char *resolve(const struct config *config, const char *path)
{
    return config_paths_resolve(config->arena, config->folder, path);
}

static const char *whole(const struct config *config, const char *path)
{
    return config_paths_whole(config->arena, config->folder, path);
}

static void fill_paths(struct config *config)
{
    struct config_keys *keys = &config->keys;
    const char *state = getenv("STATE_DIRECTORY");
    keys->state = keys->state       ? whole(config, keys->state)
                  : state && *state ? arena_text(config->arena, state)
                                    : "/var/lib/nudged";
    keys->rules = resolve(config, keys->rules);
    keys->templates = resolve(config, keys->templates);
    const char *own = arena_printf(config->arena, "%s/secret", keys->state);
    keys->secret_file = keys->secret_file ? whole(config, keys->secret_file) : own;
    config->own_secret = strcmp(keys->secret_file, own) == 0;
    keys->admin_socket = keys->admin_socket
                             ? whole(config, keys->admin_socket)
                             : arena_printf(config->arena, "%s/admin.sock", keys->state);
    keys->redis.password_file = resolve(config, keys->redis.password_file);
    keys->redis.sentinel_password_file = resolve(config, keys->redis.sentinel_password_file);
    keys->redis.ca_file = resolve(config, keys->redis.ca_file);
    keys->redis.cert_file = resolve(config, keys->redis.cert_file);
    keys->redis.key_file = resolve(config, keys->redis.key_file);
    keys->archive.folder = config_paths_resolve(config->arena, keys->state, keys->archive.folder);
    char host[64] = "host";
    gethostname(host, sizeof host - 1);
    host[strcspn(host, ".")] = '\0';
    config->lasting_name = keys->instance ? keys->instance : arena_text(config->arena, host);
    if (!keys->instance)
        keys->instance = arena_printf(config->arena, "%.40s-%d", host, (int)getpid());
}

static void fill_shop(struct loading *loading)
{
    struct config *config = loading->config;
    struct value *shop = &config->keys.shop;
    if (shop->kind == VALUE_NULL)
        *shop = value_new_map(config->arena, 0);
    if (shop->kind != VALUE_MAP) {
        settings_fault(loading->diags, &loading->source, shop, DIAG_ERROR,
                       "`shop` must be a mapping");
        *shop = value_new_map(config->arena, 0);
    }
    for (const struct setting *row = config_shop_settings; row->key; row++) {
        const struct value *said = value_get(shop, row->key);
        if (said && said->kind != VALUE_NULL && said->kind != VALUE_STRING)
            settings_fault(loading->diags, &loading->source, said, DIAG_ERROR,
                           "`%s` must be a string, not %s", row->key, value_kind_name(said->kind));
    }
    const char *zone = value_to_text(config->arena, value_get(shop, "timezone"));
    const char *locale = value_to_text(config->arena, value_get(shop, "locale"));
    config->zone = zone ? zone : "UTC";
    config->locale = locale ? locale : "en";
    const struct value *currency = value_get(shop, "currency");
    if (value_is(currency, VALUE_STRING) &&
        !locale_format_is_currency(currency->string, currency->length))
        diag_hint(settings_fault(loading->diags, &loading->source, currency, DIAG_WARNING,
                                 "`currency` names none that there is"),
                  "three letters of ISO 4217 are meant, such as EUR");
    if (!zone_get(config->zone))
        zone_names_suggest(
            settings_fault(
                loading->diags, &loading->source, value_get(shop, "timezone"), DIAG_ERROR,
                "`%s` is no time zone; one such as Europe/Bucharest is meant", config->zone),
            config->zone);
}

static void fill_keys(struct loading *loading)
{
    struct config *config = loading->config;
    const struct value *list = &config->keys.customer.keys;
    uint32_t count = value_count(list);
    const char **keys = arena_zero(config->arena, sizeof *keys * (count + 1));
    for (uint32_t i = 0; i < count; i++)
        keys[i] = value_to_text(config->arena, &list->list->items[i]);
    if (count == 0)
        settings_fault(loading->diags, &loading->source, list, DIAG_ERROR,
                       "`keys` must name at least one place");
    config->customer_keys = keys;
}

/* A condition of the configuration; NULL where it is none, which was told. */
static struct cel_program *compile(struct loading *loading, const struct value *text,
                                   const char *name)
{
    const struct rule_reader reader = {.arena = loading->config->arena,
                                       .source = &loading->source,
                                       .diags = loading->diags,
                                       .references = &loading->config->references};
    if (text->kind != VALUE_STRING)
        diag_hint(settings_fault(loading->diags, &loading->source, text, DIAG_ERROR,
                                 "`%s` must be a condition, not %s", name,
                                 value_kind_name((enum value_kind)text->kind)),
                  "%s", yaml_hints_expression);
    return rule_condition(&reader, text, NULL);
}

/* One that is asked within itself has no answer. */
static void warn_of_cycles(struct loading *loading, const struct condition_segment *segments)
{
    const struct value *all = &loading->config->keys.segments;
    for (uint32_t i = 0; segments[i].name; i++) {
        if (!segment_cycles_has(segments, i, loading->config->arena))
            continue;
        struct diag *diag =
            settings_fault(loading->diags, &loading->source, &all->map->members[i].value,
                           DIAG_WARNING, "the segment `%s` asks about itself", segments[i].name);
        diag_code(diag, "segment-cycle");
        diag_hint(diag, "whatever asks about it fails; write what it is by fields and counts");
    }
}

/* The conditions of the configuration: who consents, and the named segments. */
static void fill_conditions(struct loading *loading)
{
    struct config *config = loading->config;
    const struct value *consent = &config->keys.policy.consent, *all = &config->keys.segments;
    uint32_t count = all->kind == VALUE_MAP ? value_count(all) : 0, kept = 0;
    struct condition_segment *segments = arena_zero(config->arena, sizeof *segments * (count + 1));
    struct cel_program **conditions =
        arena_zero(config->arena, sizeof(struct cel_program *) * (count + 2));
    if (all->kind != VALUE_MAP && all->kind != VALUE_NULL)
        settings_fault(loading->diags, &loading->source, all, DIAG_ERROR,
                       "`segments` must be a mapping of names to conditions");
    if (consent->kind != VALUE_NULL)
        conditions[kept] = config->consent = compile(loading, consent, "consent");
    kept += conditions[kept] != NULL;
    for (uint32_t i = 0; i < count; i++) {
        const struct value_member *member = &all->map->members[i];
        segments[i].name = value_to_text(config->arena, &member->key);
        segments[i].program = compile(loading, &member->value, segments[i].name);
        conditions[kept] = segments[i].program;
        kept += conditions[kept] != NULL;
    }
    warn_of_cycles(loading, segments);
    config->segments = segments;
    config->conditions = conditions;
}

/* ---- Fields ---- */

static void fill_fields(struct loading *loading)
{
    struct config *config = loading->config;
    const struct rule_reader reader = {.arena = config->arena,
                                       .source = &loading->source,
                                       .diags = loading->diags,
                                       .references = &config->references};
    config->fields = fields_read(&reader, &config->keys.customer.fields);
    config->field_defaults = fields_defaults(config->fields, config->arena);
}

/* ---- Topics ---- */

static void fill_topic(struct loading *loading, const struct value_member *member,
                       struct policy_topic *topic)
{
    static const char *const kinds[] = {"opt-in", "opt-out", NULL};
    const char *name = value_to_text(loading->config->arena, &member->key);
    const char *kind = value_to_text(loading->config->arena, &member->value);
    topic->name = said_topic(loading->config->arena, &member->key);
    topic->opt_in = kind && strcmp(kind, kinds[0]) == 0;
    if (!name || !word_is_plain(name, strlen(name)))
        diag_hint(settings_fault(loading->diags, &loading->source, &member->key, DIAG_ERROR,
                                 "a topic must be a word such as offers"),
                  "%s", word_hint);
    else if (strcmp(topic->name, said_all) == 0)
        settings_fault(loading->diags, &loading->source, &member->key, DIAG_ERROR,
                       "`all` is every topic, and none by itself");
    if (!kind || (!topic->opt_in && strcmp(kind, kinds[1]) != 0))
        diag_suggest(settings_fault(loading->diags, &loading->source, &member->value, DIAG_ERROR,
                                    "a topic is `opt-in` or `opt-out`"),
                     kind ? kind : "", kinds);
}

static void fill_topics(struct loading *loading)
{
    struct config *config = loading->config;
    const struct value *all = &config->keys.topics;
    if (all->kind == VALUE_NULL)
        return;
    if (all->kind != VALUE_MAP) {
        settings_fault(loading->diags, &loading->source, all, DIAG_ERROR,
                       "`topics` must be a mapping of names to `opt-in` or `opt-out`");
        return;
    }
    struct policy_topic *topics =
        arena_zero(config->arena, sizeof *topics * (value_count(all) + 1));
    for (uint32_t i = 0; i < value_count(all); i++)
        fill_topic(loading, &all->map->members[i], &topics[i]);
    config->topics = topics;
}

/* ---- Who may be written to ---- */

static void fill_only(struct loading *loading)
{
    struct config *config = loading->config;
    const struct value *list = &config->keys.deliver.only;
    uint32_t count = value_count(list);
    if (count == 0)
        return;
    const char **only = arena_zero(config->arena, sizeof *only * (count + 1));
    for (uint32_t i = 0; i < count; i++)
        only[i] = value_to_text(config->arena, &list->list->items[i]);
    config->only = only;
}

/* ---- Gateways ---- */

/* With none configured, messages go to a Maildir in the state folder. */
static struct value default_gateways(const struct config *config)
{
    struct arena *arena = config->arena;
    struct value all = value_new_map(arena, 1), one = value_new_map(arena, 2);
    const char *path = arena_printf(arena, "%s/mail", config->keys.state);
    value_set(arena, one, "kind", value_text("maildir"));
    value_set(arena, one, "path", value_text(path));
    value_set(arena, all, "maildir", one);
    return all;
}

/* A gateway's mapping with its files and folders resolved against the file's folder. */
static struct value with_resolved_paths(const struct config *config, const struct value *gateway)
{
    if (gateway->kind != VALUE_MAP)
        return *gateway;
    struct value all = value_new_map(config->arena, value_count(gateway));
    for (uint32_t i = 0; i < value_count(gateway); i++) {
        struct value_member member = gateway->map->members[i];
        const char *key = value_to_text(config->arena, &member.key);
        const char *path = value_to_text(config->arena, &member.value);
        size_t length = strlen(key), tail = strlen("_file");
        bool names_file = strcmp(key, "path") == 0 ||
                          (length > tail && strcmp(key + length - tail, "_file") == 0);
        if (names_file && path) {
            struct value resolved = value_text(resolve(config, path));
            resolved.flags = member.value.flags;
            resolved.place = member.value.place;
            member.value = resolved;
        }
        value_add(config->arena, all, member.key, member.value);
    }
    all.flags = gateway->flags;
    all.place = gateway->place;
    return all;
}

static void fill_gateways(struct loading *loading)
{
    struct config *config = loading->config;
    struct value *all = &config->keys.gateways;
    if (all->kind == VALUE_NULL)
        *all = default_gateways(config);
    bool flat = value_is(value_get(all, "kind"), VALUE_STRING);
    if (flat || all->kind != VALUE_MAP || !value_count(all) || value_count(all) > GATEWAYS_MOST) {
        const char *text = flat ? "each gateway stands below a name of its own"
                                : "`gateways` must be a mapping of 1 to 64 names";
        diag_hint(settings_fault(loading->diags, &loading->source, all, DIAG_ERROR, "%s", text),
                  "gateways: {relay: {kind: smtp, host: smtp.shop.example}}");
        *all = value_new_map(config->arena, 0);
    }
    struct config_gateway *rows = arena_zero(config->arena, sizeof *rows * (value_count(all) + 1));
    for (uint32_t i = 0; i < value_count(all); i++) {
        const struct value_member *member = &all->map->members[i];
        struct config_gateway *row = &rows[config->gateway_count++];
        struct value resolved = with_resolved_paths(config, &member->value);
        row->name = value_to_text(config->arena, &member->key);
        row->place = &member->key;
        row->kind = gateway_kinds_read(&resolved, &loading->source, config->arena, &row->settings,
                                       loading->diags);
    }
    config->gateways = rows;
}

const char *config_gateway_body(const struct config_gateway *gateway,
                                const struct templates *templates, struct arena *arena)
{
    const struct gateway_kind *kind = gateway->kind;
    if (kind->form != GATEWAY_REQUEST)
        return NULL;
    const char *named = kind->body ? kind->body(gateway->settings) : NULL;
    const char *built_in = kind->built_in_body;
    if (named && (!built_in || strcmp(named, built_in) != 0))
        return named;
    const char *ending = built_in ? strchr(built_in, '.') : ".json.liquid";
    const char *own = arena_printf(arena, "%s%s", gateway->name, ending);
    return built_in && !templates_body(templates, own) ? built_in : own;
}

static void fill_channels(struct loading *loading)
{
    struct config *config = loading->config;
    const struct config_channels_input input = {.gateways = config->gateways,
                                                .topics = config_topic_names(config, config->arena),
                                                .source = &loading->source,
                                                .arena = config->arena,
                                                .diags = loading->diags};
    const struct config_channels channels = config_channels_read(&input, &config->keys.channels);
    config->channels = channels.rows;
    config->channel_count = channels.count;
    config->known_channels = channels.known;
    config->mail_channels = channels.mail;
}

/* A copy of what stands in `web`, in which the files that it names are whole paths. */
static struct value with_whole_files(const struct config *config, const struct value *value)
{
    static const char tail[] = "_file";
    struct value copy = *value;
    if (value->kind == VALUE_LIST) {
        copy = value_new_list(config->arena, value_count(value));
        for (uint32_t i = 0; i < value_count(value); i++)
            value_push(config->arena, copy, with_whole_files(config, &value->list->items[i]));
    } else if (value->kind == VALUE_MAP) {
        copy = value_new_map(config->arena, value_count(value));
        for (uint32_t i = 0; i < value_count(value); i++) {
            const struct value_member *member = &value->map->members[i];
            const char *key = value_to_text(config->arena, &member->key);
            const char *path = value_to_text(config->arena, &member->value);
            size_t length = strlen(key), end = sizeof tail - 1;
            bool is_file = path && length > end && strcmp(key + length - end, tail) == 0;
            value_add(config->arena, copy, member->key,
                      is_file ? value_text(whole(config, path))
                              : with_whole_files(config, &member->value));
        }
    }
    copy.flags = value->flags;
    copy.place = value->place;
    return copy;
}

/* What its pages say of the shop. */
static struct value shop_for_web(const struct config *config)
{
    static const char *const names[] = {"name", "url", "email", "locale"};
    struct value map = value_new_map(config->arena, 4);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct value *text = value_get(&config->keys.shop, names[i]);
        if (value_is(text, VALUE_STRING))
            value_set(config->arena, map, names[i], *text);
    }
    return map;
}

/* Whether some webhook tells of messages that were sent: what leads from them to whom they went to
 * is kept then. */
static bool hears_feedback(const struct config *config)
{
    const struct web_settings *web = &config->keys.web;
    struct arena *arena = arena_new(64 * 1024);
    struct diags told_elsewhere = {0};
    bool hears = false;
    for (uint32_t i = 0; value_is(&web->webhooks, VALUE_LIST) && i < value_count(&web->webhooks);
         i++) {
        const char *name =
            value_to_text(arena, value_get(&web->webhooks.list->items[i], "mapping"));
        const struct mapping *mapping =
            name ? mapping_file_read(arena, web->mappings, name, &told_elsewhere) : NULL;
        hears |= mapping && mapping_has_feedback(mapping);
    }
    diags_free(&told_elsewhere);
    arena_destroy(&arena);
    return hears;
}

/* What nudged-web is told: the section, and what else of the configuration it needs. */
static void fill_web(struct loading *loading, const struct value *root)
{
    struct config *config = loading->config;
    struct arena *arena = config->arena;
    const struct value *section = value_get(root, "web");
    struct value told = value_new_map(arena, 2), keys = value_new_list(arena, 4);
    struct diags again = {0};
    struct value web =
        value_is(section, VALUE_MAP) ? with_whole_files(config, section) : value_new_map(arena, 0);
    /* Its faults were told when the file was read. */
    settings_read(web_settings_table, &web, &loading->source, &config->keys.web, arena, &again);
    diags_free(&again);
    config->keys.web.socket = whole(config, config->keys.web.socket);
    if (config->keys.web.public_url && !config->keys.web.token_keys_file) {
        const char *path = arena_printf(arena, "%s/token-keys", config->keys.state);
        config->keys.web.token_keys_file = path;
        config->own_token_keys = true;
        value_set(arena, web, "token_keys_file", value_text(path));
    }
    config->links = config_links_of(arena, &config->keys);
    for (const char *const *key = config->customer_keys; *key; key++)
        value_push(arena, keys, value_text(*key));
    value_set(arena, told, "web", web);
    config->keys.web.mappings = whole(config, config->keys.web.mappings);
    value_set(arena, told, "customer_keys", keys);
    value_set(arena, told, "mappings", value_text(config->keys.web.mappings));
    config->hears_feedback = hears_feedback(config);
    value_set(arena, told, "shop", shop_for_web(config));
    config->web_text = json_print_slice(arena, &told, WEB_TEXT_MOST).text;
}

/* ---- Loading ---- */

/* The root mapping of the file, or null where the file is empty. */
static bool read_root(struct loading *loading, struct value *root)
{
    struct config *config = loading->config;
    struct diag diag = {0};
    static const char *const expressions[] = {"consent", "segments", "answers", "set", "if", NULL};
    const struct yaml_options options = {.file = config->file, .expression_keys = expressions};
    struct value documents;
    *root = value_null();
    if (!config->file[0])
        return true;
    if (!yaml_read_file(config->arena, &options, &documents, &loading->source.text,
                        &loading->source.length, &diag)) {
        diags_add(loading->diags, &diag);
        return false;
    }
    if (value_count(&documents) > 1) {
        settings_fault(loading->diags, &loading->source, &documents.list->items[1], DIAG_ERROR,
                       "the configuration is one YAML document");
        return false;
    }
    if (value_count(&documents))
        *root = documents.list->items[0];
    return true;
}

static void fill_file(struct config *config, const char *file)
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    config->file = arena_text(config->arena, file ? file : "");
    config->folder = slash ? arena_copy(config->arena, file, (size_t)(slash - file)) : ".";
    if (slash == file && slash)
        config->folder = "/";
}

static void check_all(const struct loading *loading, const struct value *root)
{
    const struct config *config = loading->config;
    const struct config_check check = {.keys = &config->keys,
                                       .source = &config->source,
                                       .root = root,
                                       .folder = config->folder,
                                       .own_secret = config->own_secret,
                                       .arena = config->arena};
    config_check(&check, loading->diags);
}

struct config *config_load(const char *file, struct diags *diags)
{
    struct config *config = mem_zero(1, sizeof *config);
    struct loading loading = {.config = config, .diags = diags};
    struct value root;
    size_t errors = diags->errors;
    config->arena = arena_new(16 * 1024);
    fill_file(config, file);
    loading.source.file = config->file[0] ? config->file : "(defaults)";
    if (read_root(&loading, &root)) {
        /* What had a fault is as if it were absent, and all else is read on. */
        settings_read(config_settings, &root, &loading.source, &config->keys, config->arena, diags);
        fill_paths(config);
        fill_shop(&loading);
        config_mail_fill(config->arena, &config->keys);
        fill_keys(&loading);
        fill_conditions(&loading);
        fill_fields(&loading);
        fill_topics(&loading);
        fill_only(&loading);
        fill_gateways(&loading);
        fill_channels(&loading);
        fill_web(&loading, &root);
        config->source = loading.source;
        config->root = root;
        check_all(&loading, &root);
    }
    if (diags->errors != errors)
        config_destroy(&config);
    return config;
}

void config_destroy(struct config **config)
{
    if (!*config)
        return;
    arena_destroy(&(*config)->arena);
    free(*config);
    *config = NULL;
}

bool config_print(const struct config *config, struct buf *out)
{
    return settings_print(config_settings, &config->keys, out);
}

const struct config_channel *config_find_channel(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->channel_count; i++)
        if (strcmp(config->channels[i].name, name) == 0)
            return &config->channels[i];
    return NULL;
}

const char *const *config_topic_names(const struct config *config, struct arena *arena)
{
    uint32_t count = 0;
    if (!config->topics)
        return NULL;
    while (config->topics[count].name)
        count++;
    const char **names = arena_alloc(arena, sizeof *names * (count + 1));
    for (uint32_t i = 0; i <= count; i++)
        names[i] = config->topics[i].name;
    return names;
}

bool config_make_state(const struct config *config, struct diag *diag)
{
    if (mkdir(config->keys.state, 0700) == 0 || errno == EEXIST)
        return true;
    return diag_error(diag, "cannot make the state folder %s: %s", config->keys.state,
                      strerror(errno));
}

/* ---- The secret ---- */

static bool make_secret(const char *path, struct diag *diag)
{
    unsigned char bytes[SECRET_BYTES];
    char hex[2 * SECRET_BYTES + 2];
    digest_random(bytes, sizeof bytes);
    digest_hex(bytes, sizeof bytes, hex);
    strcat(hex, "\n");
    return new_secret_write(path, hex, diag);
}

bool config_secret(struct config *config, bool may_create, struct diag *diag)
{
    const char *path = config->keys.secret_file, *text;
    size_t length;
    if (may_create && config->own_secret && access(path, F_OK) != 0 && !make_secret(path, diag))
        return false;
    if (!file_read(config->arena, path, SECRET_MOST, &text, &length, diag))
        return false;
    while (length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    if (length < SECRET_LEAST)
        return diag_error(diag, "%s: a secret has at least %d bytes", path, SECRET_LEAST);
    config->secret = (const unsigned char *)text;
    config->secret_length = length;
    return true;
}

struct token_key config_secret_key(const struct config *config)
{
    return (struct token_key){.id = TOKEN_KEYS_SECRET_ID,
                              .bytes = config->secret,
                              .length = config->secret_length,
                              .open = true};
}

/* ---- For other folders ---- */

struct placement config_placement(const struct config *config)
{
    const struct config_redis *redis = &config->keys.redis;
    return (struct placement){.prefix = redis->prefix, .shards = (size_t)redis->shards};
}

void config_policy(const struct config *config, struct policy *policy)
{
    const struct placement placement = {.shards = (size_t)config->keys.redis.shards};
    *policy = (struct policy){
        .consent = config->consent,
        .segments = config->segments,
        .topics = config->topics,
        .cap = config->keys.policy.cap,
        .brake = {.count = placement_part(&placement, config->keys.policy.brake.count),
                  .per_ms = config->keys.policy.brake.per_ms},
        .only = config->only,
        .fields = config->fields,
        .field_defaults = config->field_defaults,
        .key_paths = config->customer_keys,
        .quiet_from = config->keys.policy.quiet.from,
        .quiet_to = config->keys.policy.quiet.to,
        .dedupe_keep_ms = config->keys.dedupe_keep_ms,
        .mails_return = config->keys.mail.bounce_domain || config->hears_feedback,
        .zone = config->zone,
        .shop = config->keys.shop,
        .secret = config->secret,
        .secret_length = config->secret_length,
    };
    if (policy->quiet_to < 0)
        policy->quiet_from = -1;
}

void config_compose(const struct config *config, struct compose_settings *compose)
{
    const struct config_mail *mail = &config->keys.mail;
    const struct config_links links = config->links;
    const struct token_key *newest = token_keys_newest(&config->token_keys);
    *compose = (struct compose_settings){
        .from = mail->from,
        .reply_to = mail->reply_to,
        .bounces = mail->bounces,
        .bounce_domain = mail->bounce_domain,
        .shop = &config->keys.shop,
        .unsubscribe_url = links.unsubscribe,
        .unsubscribe_mailto = mail->unsubscribe_mailto,
        .preferences_url = links.preferences,
        .confirm_url = links.confirm,
        .list_id = mail->list_id,
        .feedback_id = mail->feedback_id,
        .message_id_domain = mail->message_id_domain,
        .mail_channels = config->mail_channels,
        .zone = config->zone,
        .key = newest ? *newest : config_secret_key(config),
    };
}

struct shop_event_form config_event_form(const struct config *config)
{
    return (struct shop_event_form){.key_paths = config->customer_keys,
                                    .skew_ms = config->keys.events.skew_ms,
                                    .zone = config->zone};
}
