/*
 * endpoint_parse(), near the end, goes by the scheme: read_network() takes a URL with a host apart,
 * from its end (database, then login, then host and port), read_cluster() and read_sentinels() one
 * with the hosts of many, read_socket() one with a path and options. Behind it stand what is not
 * reading: who is reached how, copies, and what a log may show.
 */
#include "redis/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/hex.h"
#include "base/slice.h"

enum { DATABASE_MOST = 99999, DEFAULT_PORT = 6379, SENTINEL_PORT = 26379 };

/* Percent-decoded; NULL where an escape is broken or stands for NUL. */
static const char *decode(struct arena *arena, struct slice part)
{
    char *out = arena_alloc(arena, part.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < part.length; i++) {
        char c = part.text[i];
        if (c == '%') {
            int high = i + 2 < part.length ? hex_value(part.text[i + 1]) : -1;
            int low = i + 2 < part.length ? hex_value(part.text[i + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0))
                return NULL;
            c = (char)(high * 16 + low);
            i += 2;
        }
        out[length++] = c;
    }
    out[length] = '\0';
    return out;
}

/* Decodes into `*text`; an empty part leaves it as it was. */
static bool set_text(struct arena *arena, struct slice part, const char **text, struct diag *diag)
{
    if (part.length == 0)
        return true;
    *text = decode(arena, part);
    return *text || diag_error(diag, "a broken %%-escape in the address of Redis");
}

static bool set_number(struct slice part, int least, int most, int *number)
{
    long read = 0;
    if (part.length == 0 || part.length > 5)
        return false;
    for (size_t i = 0; i < part.length; i++) {
        if (part.text[i] < '0' || part.text[i] > '9')
            return false;
        read = read * 10 + (part.text[i] - '0');
    }
    if (read < least || read > most)
        return false;
    *number = (int)read;
    return true;
}

static bool set_database(struct slice part, struct endpoint *endpoint, struct diag *diag)
{
    if (part.length == 0 || set_number(part, 0, DATABASE_MOST, &endpoint->database))
        return true;
    return diag_error(diag, "the database of Redis must be a number from 0 to %d", DATABASE_MOST);
}

static bool read_login(struct arena *arena, struct slice login, struct endpoint *endpoint,
                       struct diag *diag)
{
    const char *end = login.text + login.length;
    const char *colon = memchr(login.text, ':', login.length);
    endpoint->password = "";
    if (!colon) /* as redis-cli reads it: a single word is a user without a password */
        return set_text(arena, login, &endpoint->user, diag);
    return set_text(arena, slice_between(login.text, colon), &endpoint->user, diag) &&
           set_text(arena, slice_between(colon + 1, end), &endpoint->password, diag);
}

/* host, host:port, [::1], [::1]:port, nothing; `port`: where it says none */
static bool read_host(struct arena *arena, struct slice host, int port, struct endpoint *endpoint,
                      struct diag *diag)
{
    const char *end = host.text + host.length;
    const char *name_end = end;
    const char *colon = NULL;
    if (host.length && *host.text == '[') {
        name_end = memchr(host.text, ']', host.length);
        if (!name_end || (name_end + 1 < end && name_end[1] != ':'))
            return diag_error(diag, "a broken IPv6 address in the address of Redis");
        colon = name_end + 1 < end ? name_end + 1 : NULL;
        host.text++;
    } else if ((colon = memchr(host.text, ':', host.length))) {
        name_end = colon;
    }
    endpoint->host = "localhost";
    endpoint->port = port;
    if (colon && !set_number(slice_between(colon + 1, end), 1, 65535, &endpoint->port))
        return diag_error(diag, "the port of Redis must be a number from 1 to 65535");
    return set_text(arena, slice_between(host.text, name_end), &endpoint->host, diag);
}

/* Takes what stands before the last '@' off. */
static bool take_login(struct arena *arena, struct slice *authority, struct endpoint *endpoint,
                       struct diag *diag)
{
    const char *end = authority->text + authority->length;
    const char *at = memrchr(authority->text, '@', authority->length);
    struct slice login = slice_between(authority->text, at ? at : authority->text);
    if (!at)
        return true;
    *authority = slice_between(at + 1, end);
    return read_login(arena, login, endpoint, diag);
}

static bool read_network(struct arena *arena, struct slice rest, struct endpoint *endpoint,
                         struct diag *diag)
{
    const char *end = rest.text + rest.length;
    const char *slash = memchr(rest.text, '/', rest.length);
    struct slice database = slash ? slice_between(slash + 1, end) : slice_between(end, end);
    struct slice authority = slice_between(rest.text, slash ? slash : end);
    return take_login(arena, &authority, endpoint, diag) &&
           read_host(arena, authority, DEFAULT_PORT, endpoint, diag) &&
           set_database(database, endpoint, diag);
}

/* One of many; its host must be said, for what is nowhere else but here needs no list. */
static bool read_seed(struct arena *arena, struct slice host, int port, struct endpoint *endpoint,
                      struct endpoint_seed *seed, struct diag *diag)
{
    if (host.length == 0 || *host.text == ':')
        return diag_error(diag, "a node without a host in the address of Redis");
    if (!read_host(arena, host, port, endpoint, diag))
        return false;
    *seed = (struct endpoint_seed){endpoint->host, endpoint->port};
    return true;
}

/* host:port,host:port */
static bool read_seeds(struct arena *arena, struct slice rest, int port, struct endpoint *endpoint,
                       struct diag *diag)
{
    struct endpoint_seed *seeds = arena_alloc(arena, ENDPOINT_SEEDS_MOST * sizeof *seeds);
    size_t count = 0;
    const char *end = rest.text + rest.length;
    const char *at = rest.text, *comma;
    do {
        comma = memchr(at, ',', (size_t)(end - at));
        if (count == ENDPOINT_SEEDS_MOST)
            return diag_error(diag, "more than %d nodes in the address of Redis",
                              ENDPOINT_SEEDS_MOST);
        if (!read_seed(arena, slice_between(at, comma ? comma : end), port, endpoint,
                       &seeds[count++], diag))
            return false;
        at = comma ? comma + 1 : end;
    } while (comma);
    endpoint->host = seeds[0].host;
    endpoint->port = seeds[0].port;
    endpoint->seeds = seeds;
    endpoint->seed_count = count;
    return true;
}

static bool read_cluster(struct arena *arena, struct slice rest, struct endpoint *endpoint,
                         struct diag *diag)
{
    if (!take_login(arena, &rest, endpoint, diag))
        return false;
    if (rest.length && rest.text[rest.length - 1] == '/')
        rest.length--;
    if (memchr(rest.text, '/', rest.length))
        return diag_error(diag, "a Redis Cluster has no databases but 0");
    return read_seeds(arena, rest, DEFAULT_PORT, endpoint, diag);
}

static bool read_sentinels(struct arena *arena, struct slice rest, struct endpoint *endpoint,
                           struct diag *diag)
{
    if (!take_login(arena, &rest, endpoint, diag))
        return false;
    const char *end = rest.text + rest.length;
    const char *slash = memchr(rest.text, '/', rest.length);
    const char *name = slash ? slash + 1 : end;
    const char *second = memchr(name, '/', (size_t)(end - name));
    const char *database = second ? second + 1 : end;
    if (!set_text(arena, slice_between(name, second ? second : end), &endpoint->master, diag))
        return false;
    if (!endpoint->master) {
        diag_error(diag, "the address of Sentinels does not say which master");
        diag_hint(diag, "redis+sentinel://host:26379,host:26379/mymaster");
        return false;
    }
    return read_seeds(arena, slice_between(rest.text, slash ? slash : end), SENTINEL_PORT, endpoint,
                      diag) &&
           set_database(slice_between(database, end), endpoint, diag);
}

static bool read_option(struct arena *arena, struct slice option, struct endpoint *endpoint,
                        struct diag *diag)
{
    const char *equals = memchr(option.text, '=', option.length);
    struct slice name = slice_between(option.text, equals ? equals : option.text + option.length);
    struct slice value = equals ? slice_between(equals + 1, option.text + option.length) : name;
    if (slice_is(name, "db"))
        return set_database(value, endpoint, diag);
    if (slice_is(name, "user"))
        return set_text(arena, value, &endpoint->user, diag);
    if (slice_is(name, "password"))
        return set_text(arena, value, &endpoint->password, diag);
    diag_error(diag, "unknown option `%.*s` in the address of Redis", (int)name.length, name.text);
    diag_hint(diag, "there are db, user and password");
    return false;
}

static bool read_socket(struct arena *arena, struct slice rest, struct endpoint *endpoint,
                        struct diag *diag)
{
    const char *end = rest.text + rest.length;
    const char *question = memchr(rest.text, '?', rest.length);
    if (!set_text(arena, slice_between(rest.text, question ? question : end), &endpoint->path,
                  diag))
        return false;
    if (!endpoint->path || *endpoint->path != '/')
        return diag_error(diag, "the socket of Redis must be a whole path: unix:///run/redis.sock");
    if (strlen(endpoint->path) >= sizeof((struct sockaddr_un){0}.sun_path))
        return diag_error(diag, "the path of Redis' socket is longer than 107 bytes");
    for (const char *at = question; at && at < end;) {
        const char *next = memchr(at + 1, '&', (size_t)(end - at - 1));
        if (!read_option(arena, slice_between(at + 1, next ? next : end), endpoint, diag))
            return false;
        at = next;
    }
    if (endpoint->user && !endpoint->password)
        endpoint->password = "";
    return true;
}

static const struct {
    const char *scheme;
    enum endpoint_kind kind;
    bool (*read)(struct arena *arena, struct slice rest, struct endpoint *endpoint,
                 struct diag *diag);
} schemes[] = {{"redis://", ENDPOINT_TCP, read_network},
               {"rediss://", ENDPOINT_TLS, read_network},
               {"unix://", ENDPOINT_UNIX, read_socket},
               {"redis+cluster://", ENDPOINT_TCP, read_cluster},
               {"rediss+cluster://", ENDPOINT_TLS, read_cluster},
               {"redis+sentinel://", ENDPOINT_TCP, read_sentinels},
               {"rediss+sentinel://", ENDPOINT_TLS, read_sentinels}};

enum { SCHEMES = sizeof schemes / sizeof *schemes };

static bool refuse_scheme(struct arena *arena, const char *url, struct diag *diag)
{
    const char *end = strstr(url, "://");
    const char *names[SCHEMES + 1] = {NULL};
    for (size_t i = 0; i < SCHEMES; i++)
        names[i] = schemes[i].scheme;
    diag_error(diag, "the address of Redis has an unknown form");
    diag_hint(diag, "redis://host:6379/0, rediss://host:6379/0, unix:///run/redis.sock, "
                    "redis+cluster://host:7000,host:7001 or "
                    "redis+sentinel://host:26379,host:26379/mymaster");
    if (end)
        diag_suggest(diag, arena_printf(arena, "%.*s", (int)(end + 3 - url), url), names);
    return false;
}

bool endpoint_parse(struct arena *arena, const char *url, struct endpoint *endpoint,
                    struct diag *diag)
{
    *endpoint = (struct endpoint){0};
    for (size_t i = 0; i < SCHEMES; i++) {
        size_t length = strlen(schemes[i].scheme);
        if (strncmp(url, schemes[i].scheme, length) != 0)
            continue;
        endpoint->kind = schemes[i].kind;
        return schemes[i].read(arena, slice_of(url + length), endpoint, diag);
    }
    return refuse_scheme(arena, url, diag);
}

/* ---- Who is reached how ---- */

bool endpoint_is_cluster(const struct endpoint *endpoint)
{
    return endpoint->seed_count && !endpoint->master;
}

struct endpoint endpoint_at(const struct endpoint *endpoint, const struct endpoint_seed *where)
{
    struct endpoint there = *endpoint;
    there.host = where->host;
    there.port = where->port;
    there.seeds = NULL;
    there.seed_count = 0;
    return there;
}

struct endpoint endpoint_asked(const struct endpoint *endpoint, const struct endpoint_seed *where)
{
    struct endpoint asked = endpoint_at(endpoint, where);
    if (!endpoint->master)
        return asked;
    asked.master = NULL;
    asked.database = 0;
    asked.user = endpoint->sentinel_user;
    asked.password = endpoint->sentinel_user ? "" : NULL;
    asked.password_file = endpoint->sentinel_password_file;
    return asked;
}

bool endpoint_is_number(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

struct endpoint endpoint_copy(struct arena *arena, const struct endpoint *endpoint)
{
    struct endpoint copy = *endpoint;
    const char **texts[] = {&copy.host,        &copy.path,          &copy.user,
                            &copy.password,    &copy.master,        &copy.password_file,
                            &copy.ca_file,     &copy.cert_file,     &copy.key_file,
                            &copy.server_name, &copy.sentinel_user, &copy.sentinel_password_file};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (*texts[i])
            *texts[i] = arena_text(arena, *texts[i]);
    if (copy.seed_count) {
        struct endpoint_seed *seeds = arena_alloc(arena, copy.seed_count * sizeof *seeds);
        for (size_t i = 0; i < copy.seed_count; i++)
            seeds[i] = (struct endpoint_seed){arena_text(arena, endpoint->seeds[i].host),
                                              endpoint->seeds[i].port};
        copy.seeds = seeds;
    }
    return copy;
}

/* Where many are. */
static void show_seeds(const struct endpoint *endpoint, char *out, size_t size)
{
    const char *scheme = endpoint->kind == ENDPOINT_TLS ? "rediss" : "redis";
    size_t at =
        (size_t)snprintf(out, size, "%s+%s://", scheme, endpoint->master ? "sentinel" : "cluster");
    for (size_t i = 0; i < endpoint->seed_count && at < size; i++) {
        const struct endpoint_seed *seed = &endpoint->seeds[i];
        at +=
            (size_t)snprintf(out + at, size - at, strchr(seed->host, ':') ? "%s[%s]:%d" : "%s%s:%d",
                             i ? "," : "", seed->host, seed->port);
    }
    if (endpoint->master && at < size)
        snprintf(out + at, size - at, "/%s/%d", endpoint->master, endpoint->database);
}

const char *endpoint_show(const struct endpoint *endpoint, char *out, size_t size)
{
    if (endpoint->seed_count)
        show_seeds(endpoint, out, size);
    else if (endpoint->kind == ENDPOINT_UNIX)
        snprintf(out, size, "unix://%s?db=%d", endpoint->path, endpoint->database);
    else
        snprintf(out, size, strchr(endpoint->host, ':') ? "%s://[%s]:%d/%d" : "%s://%s:%d/%d",
                 endpoint->kind == ENDPOINT_TLS ? "rediss" : "redis", endpoint->host,
                 endpoint->port, endpoint->database);
    return out;
}
