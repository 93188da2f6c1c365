/*
 * One function for each kind of check, most of them over a table of the keys that they concern;
 * config_check, at the end, names them all. None of them changes the configuration. A start, a
 * reload and `nudgectl check` all come through here, so they say the same.
 */
#include "config/config_check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/settings_fault.h"
#include "base/word.h"
#include "config/config_mail.h"
#include "config/config_paths.h"
#include "mail/address.h"
#include "mail/provider.h"
#include "mail/uri.h"
#include "redis/embedded.h"
#include "redis/endpoint.h"
#include "serve/loopback.h"
#include "store/keys.h"
#include "store/placement.h"
#include "web/hooks.h"
#include "web/page_colour.h"
#include "web/web_place.h"
#include "web/web_proxies.h"

struct checking {
    const struct config_check *config;
    struct diags *diags;
};

/* What stands at a key, "redis.url": for its place; NULL where the file does not say it. */
static const struct value *at_key(const struct checking *checking, const char *key)
{
    const char *dot = strchr(key, '.');
    if (!dot)
        return value_get(checking->config->root, key);
    const struct value *section = value_find(checking->config->root, key, (size_t)(dot - key));
    return value_get(section, dot + 1);
}

__attribute__((format(printf, 4, 5))) static struct diag *fault(const struct checking *checking,
                                                                const struct value *value,
                                                                enum diag_level level,
                                                                const char *format, ...)
{
    char text[sizeof((struct diag){0}.text)];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return settings_fault(checking->diags, checking->config->source, value, level, "%s", text);
}

/* ---- Names, which stand in Redis' keys and in JSON ---- */

static void check_name(const struct checking *checking, const struct value *place, const char *what,
                       const char *name)
{
    if (name && !word_is_plain(name, strlen(name)))
        diag_hint(fault(checking, place, DIAG_ERROR, "`%s` cannot be the name of %s", name, what),
                  "%s", word_hint);
}

static void check_names(const struct checking *checking)
{
    static const struct {
        const char *key, *what;
    } maps[] = {{"gateways", "a gateway"}, {"channels", "a channel"}};
    for (size_t m = 0; m < sizeof maps / sizeof *maps; m++) {
        const struct value *map = value_get(checking->config->root, maps[m].key);
        for (uint32_t i = 0; value_is(map, VALUE_MAP) && i < value_count(map); i++) {
            const struct value *key = &map->map->members[i].key;
            check_name(checking, key, maps[m].what, value_to_text(checking->config->arena, key));
        }
    }
    check_name(checking, at_key(checking, "instance"), "a daemon",
               checking->config->keys->instance);
}

/* ---- Redis, and the sockets ---- */

/* What the other keys say must go with the URL. */
static void check_redis_login(const struct checking *checking, const struct endpoint *endpoint)
{
    static const char *const of_tls[] = {"redis.ca_file", "redis.cert_file", "redis.key_file",
                                         "redis.server_name"};
    const struct config_redis *redis = &checking->config->keys->redis;
    bool named = endpoint->password && endpoint->password[0];
    if (named && redis->password_file)
        fault(checking, at_key(checking, "redis.password_file"), DIAG_ERROR,
              "there is a password in `redis.url` already");
    if (endpoint->user && redis->user)
        fault(checking, at_key(checking, "redis.user"), DIAG_ERROR,
              "there is a user in `redis.url` already");
    if (redis->key_file && !redis->cert_file)
        fault(checking, at_key(checking, "redis.key_file"), DIAG_ERROR,
              "`key_file` is the key of a `cert_file`");
    for (size_t i = 0; i < sizeof of_tls / sizeof *of_tls; i++) {
        const struct value *place = at_key(checking, of_tls[i]);
        if (place && endpoint->kind != ENDPOINT_TLS)
            diag_hint(fault(checking, place, DIAG_WARNING, "`redis.url` does not use TLS"),
                      "rediss://host:6379/0 does");
    }
}

static void check_sentinels(const struct checking *checking, const struct endpoint *endpoint)
{
    static const char *const of_them[] = {"redis.sentinel_user", "redis.sentinel_password_file"};
    for (size_t i = 0; i < sizeof of_them / sizeof *of_them; i++) {
        const struct value *place = at_key(checking, of_them[i]);
        if (place && !endpoint->master)
            diag_hint(fault(checking, place, DIAG_WARNING, "`redis.url` names no Sentinels"),
                      "redis+sentinel://host:26379,host:26379/mymaster does");
    }
}

static void check_redis(const struct checking *checking)
{
    const struct config_keys *keys = checking->config->keys;
    struct endpoint endpoint;
    struct diag diag = {0};
    char private[sizeof((struct sockaddr_un){0}.sun_path) + 64];
    if (keys->redis.url) {
        if (!endpoint_parse(checking->config->arena, keys->redis.url, &endpoint, &diag))
            diag_hint(fault(checking, at_key(checking, "redis.url"), DIAG_ERROR, "%s", diag.text),
                      "%s", diag.hint);
        else
            check_redis_login(checking, &endpoint);
        check_sentinels(checking, &endpoint);
        if (endpoint_is_cluster(&endpoint) && !keys->redis.shards)
            fault(checking, at_key(checking, "redis.url"), DIAG_ERROR,
                  "redis+cluster:// needs `redis: {shards: N}`");
    } else if (!embedded_find(keys->state, private, sizeof private)) {
        fault(checking, at_key(checking, "state"), DIAG_ERROR,
              "the state folder must be a whole path of at most 90 bytes: %s", keys->state);
    }
}

/* What an installation of many shards cannot do. */
static void check_shards(const struct checking *checking)
{
    const struct config_keys *keys = checking->config->keys;
    const struct placement placement = {.prefix = keys->redis.prefix,
                                        .shards = (size_t)keys->redis.shards};
    struct arena *arena = checking->config->arena;
    if (keys->redis.shards < 2)
        return;
    if (keys->events.list)
        diag_hint(fault(checking, at_key(checking, "events.list"), DIAG_ERROR,
                        "with `shards` there is no one list to push to"),
                  "each shard has its own, %s and so on; %s takes what is of any",
                  keys_spell(arena, placement_prefix(&placement, arena, 0), KEY_INBOX, NULL),
                  keys_spell(arena, placement.prefix, KEY_EVENTS, NULL));
}

static void check_admin_socket(const struct checking *checking)
{
    const char *path = checking->config->keys->admin_socket;
    size_t most = sizeof((struct sockaddr_un){0}.sun_path) - 1;
    if (strlen(path) > most)
        diag_hint(fault(checking, at_key(checking, "admin.socket"), DIAG_ERROR,
                        "the path of the admin socket is too long: %s", path),
                  "%zu bytes at most", most);
}

static void check_metrics(const struct checking *checking)
{
    const char *listen = checking->config->keys->metrics_listen;
    struct loopback loopback;
    struct diag diag = {0};
    if (listen && !loopback_parse(listen, &loopback, &diag))
        diag_hint(fault(checking, at_key(checking, "metrics.listen"), DIAG_ERROR, "%s", diag.text),
                  "%s", diag.hint);
}

/* ---- Files ---- */

/* systemd puts a service's credentials there when it starts it, for it alone. */
static bool is_credential(const char *path)
{
    static const char folder[] = "/run/credentials/";
    return strncmp(path, folder, sizeof folder - 1) == 0;
}

/* A secret that others may read is none. */
static void check_file(const struct checking *checking, const struct value *place, const char *path,
                       bool secret)
{
    struct stat status;
    const struct config_check *config = checking->config;
    path = config_paths_resolve(config->arena, config->folder, path);
    if (stat(path, &status) != 0) {
        bool hidden = errno == EACCES;
        if (is_credential(path))
            return;
        fault(checking, place, hidden ? DIAG_WARNING : DIAG_ERROR, "%s: %s", path, strerror(errno));
    } else if (S_ISDIR(status.st_mode)) {
        fault(checking, place, DIAG_ERROR, "%s: %s", path, strerror(EISDIR));
    } else if (access(path, R_OK) != 0) {
        diag_hint(fault(checking, place, DIAG_WARNING, "%s: %s", path, strerror(errno)),
                  "the user that nudged runs as must be able to read it");
    } else if (secret && status.st_mode & S_IROTH) {
        diag_hint(
            fault(checking, place, DIAG_WARNING, "everybody on this machine may read %s", path),
            "chmod o= %s", path);
    }
}

static void check_gateway_files(const struct checking *checking, const struct value *gateway)
{
    static const struct {
        const char *key;
        bool secret;
    } files[] = {{"password_file", true}, {"secret_file", true}, {"ca_file", false}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const struct value *place = value_get(gateway, files[i].key);
        if (value_is(place, VALUE_STRING))
            check_file(checking, place, value_to_text(checking->config->arena, place),
                       files[i].secret);
    }
}

static void check_redis_files(const struct checking *checking)
{
    const struct config_redis *redis = &checking->config->keys->redis;
    const struct {
        const char *key, *path;
        bool secret;
    } files[] = {{"redis.password_file", redis->password_file, true},
                 {"redis.sentinel_password_file", redis->sentinel_password_file, true},
                 {"redis.ca_file", redis->ca_file, false},
                 {"redis.cert_file", redis->cert_file, !redis->key_file},
                 {"redis.key_file", redis->key_file, true}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (files[i].path)
            check_file(checking, at_key(checking, files[i].key), files[i].path, files[i].secret);
}

static void check_files(const struct checking *checking)
{
    const struct config_check *config = checking->config;
    const struct value *gateways = value_get(checking->config->root, "gateways");
    for (uint32_t i = 0; value_is(gateways, VALUE_MAP) && i < value_count(gateways); i++)
        check_gateway_files(checking, &gateways->map->members[i].value);
    if (!config->own_secret)
        check_file(checking, at_key(checking, "secret_file"), config->keys->secret_file, true);
    if (config->keys->web.tokens_file)
        check_file(checking, at_key(checking, "web.tokens_file"), config->keys->web.tokens_file,
                   true);
    if (value_is(at_key(checking, "web.token_keys_file"), VALUE_STRING))
        check_file(checking, at_key(checking, "web.token_keys_file"),
                   config->keys->web.token_keys_file, true);
    check_redis_files(checking);
}

/* ---- What is open to the web ---- */

static void check_web_listen(const struct checking *checking)
{
    const struct web_settings *web = &checking->config->keys->web;
    const struct value *at = at_key(checking, "web.listen");
    struct web_place place;
    struct diag diag = {0};
    if (!web->listen)
        return;
    if (web->socket)
        diag_hint(fault(checking, at_key(checking, "web.socket"), DIAG_ERROR,
                        "`web` has either `listen` or `socket`"),
                  "`socket` is for a nudged-web that systemd starts, and that brings its own");
    if (!web_place_read(web->listen, &place, &diag))
        diag_hint(fault(checking, at, DIAG_ERROR, "%s", diag.text), "%s", diag.hint);
    else if (!place.own && !web->tls.certificate_file)
        diag_hint(fault(checking, at, DIAG_WARNING,
                        "not only this machine can connect there, and tokens go in the clear"),
                  "give it `tls`, or 127.0.0.1 and a proxy in front");
}

static void check_web_proxies(const struct checking *checking)
{
    const struct value *list = &checking->config->keys->web.proxies, *wrong;
    struct web_proxies proxies;
    if (!web_proxies_read(checking->config->arena, list, &proxies, &wrong))
        diag_hint(fault(checking, wrong, DIAG_ERROR, "`%s` is no network",
                        value_to_text(checking->config->arena, wrong)),
                  "192.0.2.7, 10.0.0.0/8 or 2001:db8::/32, with no bit behind its length");
}

/* Links that the whole world opens come to a port of this machine alone: through a proxy. */
static void check_web_behind(const struct checking *checking)
{
    const struct web_settings *web = &checking->config->keys->web;
    struct web_place place;
    struct diag diag;
    if (!web->public_url || !web->listen || web->tls.certificate_file ||
        value_count(&web->proxies) || !web_place_read(web->listen, &place, &diag) || !place.own)
        return;
    diag_hint(fault(checking, at_key(checking, "web.public_url"), DIAG_WARNING,
                    "all who come through the proxy count as one client, and share one "
                    "`limits.rate`"),
              "`proxies`: the proxy's address, such as 127.0.0.1, so that its X-Forwarded-For is "
              "believed");
}

static void check_web(const struct checking *checking)
{
    static const struct {
        const char *key;
        bool secret;
    } files[] = {{"certificate_file", false}, {"key_file", true}};
    const struct value *tls = at_key(checking, "web.tls");
    check_web_listen(checking);
    check_web_proxies(checking);
    check_web_behind(checking);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const struct value *at = value_get(tls, files[i].key);
        if (value_is(at, VALUE_STRING))
            check_file(checking, at, value_to_text(checking->config->arena, at), files[i].secret);
    }
    hooks_check(&checking->config->keys->web.webhooks, checking->config->source, checking->diags);
}

/* ---- Mail ---- */

static void check_mail_addresses(const struct checking *checking)
{
    const struct config_mail *mail = &checking->config->keys->mail;
    const struct {
        const char *key, *text;
        bool named; /* a display name may stand before it */
    } addresses[] = {{"mail.from", mail->from, true},
                     {"mail.reply_to", mail->reply_to, true},
                     {"mail.bounces", mail->bounces, false},
                     {"mail.unsubscribe_mailto", mail->unsubscribe_mailto, false}};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct arena *arena = checking->config->arena;
        struct address address;
        struct diag diag = {0};
        const struct value *place = at_key(checking, addresses[i].key);
        if (!place || !addresses[i].text)
            continue;
        bool right = addresses[i].named ? address_parse(arena, addresses[i].text, &address, &diag)
                                        : address_check(arena, addresses[i].text, &address, &diag);
        if (!right)
            fault(checking, place, DIAG_ERROR, "`%s`: %s", strchr(addresses[i].key, '.') + 1,
                  diag.text);
    }
}

/* What no header could hold would be a dead letter with every mail. */
static void check_mail_ids(const struct checking *checking)
{
    const struct config_mail *mail = &checking->config->keys->mail;
    struct arena *arena = checking->config->arena;
    const struct value *domain = at_key(checking, "mail.message_id_domain");
    const struct value *list = at_key(checking, "mail.list_id");
    if (domain && mail->message_id_domain &&
        !config_mail_id(arena, mail->message_id_domain, strlen(mail->message_id_domain)))
        diag_hint(fault(checking, domain, DIAG_ERROR, "`message_id_domain` must be a domain"),
                  "such as shop.example, which stands behind the `@` of each Message-ID");
    if (!list || !mail->list_id)
        return;
    const struct slice id = config_mail_list(mail->list_id);
    if (!config_mail_id(arena, id.text, id.length))
        diag_hint(fault(checking, list, DIAG_ERROR, "`list_id` must be a name in dots"),
                  "such as news.shop.example, or `Tea Shop <news.shop.example>`");
}

/* What stands before the `@` of each message is made by mail/verp. */
static void check_bounce_domain(const struct checking *checking)
{
    const struct config_mail *mail = &checking->config->keys->mail;
    struct arena *arena = checking->config->arena;
    const struct value *place = at_key(checking, "mail.bounce_domain");
    struct address address;
    struct diag diag;
    if (!mail->bounce_domain || !place)
        return;
    const char *example =
        arena_printf(arena, "r-01234567890123456789012345678901234567@%s", mail->bounce_domain);
    if (strchr(mail->bounce_domain, '@') || !address_check(arena, example, &address, &diag))
        diag_hint(fault(checking, place, DIAG_ERROR, "`bounce_domain` must be a domain"),
                  "such as bounces.shop.example: mail to whatever address there goes to `nudgectl "
                  "feedback`");
    else if (mail->bounces)
        fault(checking, at_key(checking, "mail.bounces"), DIAG_WARNING,
              "`bounces` is of no use beside `bounce_domain`");
}

static void check_provider(const struct checking *checking)
{
    const struct config_check *config = checking->config;
    const struct value *place = at_key(checking, "mail.from");
    if (place)
        provider_check(config->arena, config->keys->mail.from, config->source, place,
                       checking->diags);
}

static bool is_this_machine(const char *url)
{
    return strncasecmp(url, "http://127.", 11) == 0 ||
           strncasecmp(url, "http://localhost", 16) == 0;
}

/* An address that a token is put into, and why it must be HTTPS. */
static void check_link(const struct checking *checking, const char *key, const char *url,
                       const char *why)
{
    static const char *const known[] = {"token", NULL};
    const struct value *place = at_key(checking, key);
    if (!url || !place)
        return;
    if (strncasecmp(url, "https://", 8) != 0 && !is_this_machine(url))
        diag_hint(fault(checking, place, DIAG_ERROR, "`%s` must be an https address",
                        strchr(key, '.') + 1),
                  "%s", why);
    else if (!uri_ascii(checking->config->arena, url))
        fault(checking, place, DIAG_ERROR, "the host of `%s` is no domain name",
              strchr(key, '.') + 1);
    if (strstr(url, "{{")) {
        diag_hint(fault(checking, place, DIAG_ERROR, "`{{` stands for nothing: there is `{token}`"),
                  "write one brace: {token}");
        return;
    }
    for (const char *open = strchr(url, '{'); open; open = strchr(open + 1, '{')) {
        const char *name = arena_copy(checking->config->arena, open + 1, strcspn(open + 1, "}"));
        if (strcmp(name, "token") != 0)
            diag_suggest(fault(checking, place, DIAG_ERROR,
                               "`{%s}` stands for nothing: there is `{token}`", name),
                         name, known);
    }
}

/* An empty list would let everybody through, which nobody can mean. */
static void check_only(const struct checking *checking)
{
    const struct value *only = at_key(checking, "deliver.only");
    if (value_is(only, VALUE_LIST) && value_count(only) == 0)
        diag_hint(fault(checking, only, DIAG_ERROR, "`only` has no pattern"),
                  "such as `*@shop.example`; leave the key out, and everybody may be written to");
}

/* The link in List-Unsubscribe is one word of one line, with the token in it. */
static void check_link_length(const struct checking *checking, const char *url)
{
    enum { LINK_MOST = 512 };
    const char *uri = url ? uri_ascii(checking->config->arena, url) : NULL;
    if (uri && strlen(uri) > LINK_MOST)
        fault(checking, at_key(checking, "mail.unsubscribe_url"), DIAG_ERROR,
              "`unsubscribe_url` is longer than %d bytes, for which a header has no room",
              LINK_MOST);
}

static void check_links(const struct checking *checking)
{
    const struct config_mail *mail = &checking->config->keys->mail;
    check_link_length(checking, mail->unsubscribe_url);
    check_link(checking, "mail.unsubscribe_url", mail->unsubscribe_url, /* RFC 8058 */
               "mail programs offer one click to unsubscribe over HTTPS alone");
    check_link(checking, "mail.confirm_url", mail->confirm_url,
               "whoever reads the link on its way could say yes in its place");
    check_link(checking, "mail.preferences_url", mail->preferences_url,
               "whoever reads the link on its way could choose in its place");
}

/* ---- The public pages ---- */

/* The token stands behind it, as one more word of its path. */
static void check_public_url(const struct checking *checking)
{
    const struct web_settings *web = &checking->config->keys->web;
    const struct value *place = at_key(checking, "web.public_url");
    if (!place || !web->public_url)
        return;
    if (strncasecmp(web->public_url, "https://", 8) != 0 && !is_this_machine(web->public_url))
        diag_hint(fault(checking, place, DIAG_ERROR, "`public_url` must be an https address"),
                  "mail programs offer one click to unsubscribe over HTTPS alone");
    else if (!uri_ascii(checking->config->arena, web->public_url))
        fault(checking, place, DIAG_ERROR, "the host of `public_url` is no domain name");
    else if (strpbrk(web->public_url, "{}?# \"<>"))
        diag_hint(
            fault(checking, place, DIAG_ERROR, "`public_url` must be an address without a query"),
            "such as https://mail.shop.example: `/u/` and the token stand behind it");
    else if (!web->listen && !web->socket)
        diag_hint(fault(checking, place, DIAG_WARNING, "nothing listens for `public_url`"),
                  "set `listen` under `web`: \"127.0.0.1:8025\", and a proxy in front of it");
}

static void check_colour(const struct checking *checking)
{
    const struct web_settings *web = &checking->config->keys->web;
    struct page_colour colour;
    if (web->colour && !page_colour_read(web->colour, &colour))
        diag_hint(fault(checking, at_key(checking, "web.colour"), DIAG_ERROR,
                        "`colour` must be six hex digits behind a `#`, in quotes"),
                  "colour: \"#2f5d50\"");
}

/* ---- Quiet hours ---- */

/* Said by half, or without a length, they are none, and marketing goes at night. */
/* Zones that are called as the winter half of others is. */
static void check_zone(const struct checking *checking)
{
    const struct value *zone = value_get(&checking->config->keys->shop, "timezone");
    if (value_is_text(zone, "EST") || value_is_text(zone, "MST"))
        diag_hint(fault(checking, zone, DIAG_WARNING, "`%s` has no summer time", zone->string),
                  "a place has it: America/New_York, America/Denver");
}

static void check_quiet_hours(const struct checking *checking)
{
    const struct config_quiet *quiet = &checking->config->keys->policy.quiet;
    const struct value *hours = at_key(checking, "policy.quiet_hours");
    const char *why = NULL;
    if (!value_is(hours, VALUE_MAP))
        return;
    if (value_get(hours, "start") || value_get(hours, "end"))
        return; /* told as unknown keys */
    if (!value_get(hours, "from") || !value_get(hours, "to"))
        why = arena_printf(checking->config->arena, "without `%s` there are no quiet hours",
                           value_get(hours, "from") ? "to" : "from");
    else if (quiet->from >= 0 && quiet->from == quiet->to)
        why = "quiet hours that begin and end at one time are none";
    if (why)
        diag_hint(fault(checking, hours, DIAG_WARNING, "%s", why),
                  "quiet_hours: {from: \"21:00\", to: \"08:00\"}");
}

void config_check(const struct config_check *config, struct diags *diags)
{
    const struct checking checking = {.config = config, .diags = diags};
    check_names(&checking);
    check_redis(&checking);
    check_shards(&checking);
    check_admin_socket(&checking);
    check_metrics(&checking);
    check_files(&checking);
    check_web(&checking);
    check_mail_addresses(&checking);
    check_mail_ids(&checking);
    check_bounce_domain(&checking);
    check_provider(&checking);
    check_only(&checking);
    check_links(&checking);
    check_public_url(&checking);
    check_colour(&checking);
    check_zone(&checking);
    check_quiet_hours(&checking);
}
