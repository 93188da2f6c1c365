/* Every key of nudged.yaml: its type, range, default, and what it is for. */
#include "base/log.h"
#include "base/shape.h"
#include "base/word.h"
#include "config/config_channels.h"
#include "config/config_keys.h"
#include "customer/customer_record.h"
#include "rules/field.h"
#include "store/placement.h"

#define SECONDS(n) ((int64_t)(n)*1000)
#define DAYS(n)    ((int64_t)(n)*24 * 60 * 60 * 1000)

#define IN(type, field) .offset = offsetof(struct type, field)

static const char *const pushes[] = {"lpush", "rpush", NULL};
static const char *const opts[] = {"opt-in", "opt-out", NULL};
static const char *const fsyncs[] = {"everysec", "always", NULL};

static const struct shape text_shape = {.kind = SHAPE_TEXT};

static const struct shape some_texts_shape = {
    .kind = SHAPE_EITHER,
    .either = (const struct shape *const[]){
        &text_shape, &(const struct shape){.kind = SHAPE_LIST, .of = &text_shape, .least = 1},
        NULL}};

static const struct setting redis_settings[] = {
    {.key = "url",
     .type = SETTING_TEXT,
     IN(config_redis, url),
     .help =
         "`redis://[user:password@]host[:port][/db]`, `rediss://…` or `unix:///path`; "
         "`redis+sentinel://[user:password@]host:port,host:port/mymaster[/db]`, some Sentinels and "
         "the name of the master that they watch, and `rediss+sentinel://…`; with `shards` also "
         "`redis+cluster://[user:password@]host:port,host:port`, some nodes of a Redis Cluster, "
         "and `rediss+cluster://…`; absent: a private redis-server in the state folder"},
    {.key = "prefix",
     .type = SETTING_TEXT,
     IN(config_redis, prefix),
     .fallback = "nudged",
     .help = "the prefix of every key"},
    {.key = "shards",
     .type = SETTING_INT,
     IN(config_redis, shards),
     .fallback = "0",
     .least = 0,
     .most = PLACEMENT_SHARDS_MOST,
     .help = "how many parts the installation has, each with all its keys under `prefix{0}` and so "
             "on; 0: one, under `prefix`. It never changes"},
    {.key = "accept_loss",
     .type = SETTING_BOOL,
     IN(config_redis, accept_loss),
     .fallback = "false",
     .help = "start although this Redis may lose what it was given"},
    {.key = "user",
     .type = SETTING_TEXT,
     IN(config_redis, user),
     .help = "the user to log in as (ACL), where the URL names none; absent: `default`"},
    {.key = "password_file",
     .type = SETTING_TEXT,
     IN(config_redis, password_file),
     .help = "a file whose first line is the password, read at each connecting"},
    {.key = "sentinel_user",
     .type = SETTING_TEXT,
     IN(config_redis, sentinel_user),
     .help = "the user by which Sentinels are spoken to (ACL); absent: `default`"},
    {.key = "sentinel_password_file",
     .type = SETTING_TEXT,
     IN(config_redis, sentinel_password_file),
     .help = "a file whose first line is the password of the Sentinels; absent: they ask for none"},
    {.key = "ca_file",
     .type = SETTING_TEXT,
     IN(config_redis, ca_file),
     .help = "certificates to trust for `rediss://` (PEM); default: the system's"},
    {.key = "cert_file",
     .type = SETTING_TEXT,
     IN(config_redis, cert_file),
     .help = "the certificate to show to a `rediss://` that asks for one, and its chain (PEM)"},
    {.key = "key_file",
     .type = SETTING_TEXT,
     IN(config_redis, key_file),
     .help = "its private key, without a passphrase (PEM); absent: in `cert_file` too"},
    {.key = "server_name",
     .type = SETTING_TEXT,
     IN(config_redis, server_name),
     .help = "the name that the certificate of a `rediss://` must be for; absent: the URL's host"},
    {.key = "server",
     .type = SETTING_TEXT,
     IN(config_redis, server),
     .help = "the program of the private server; absent: redis-server, else valkey-server"},
    {.key = "fsync",
     .type = SETTING_CHOICE,
     IN(config_redis, fsync),
     .fallback = "everysec",
     .choices = fsyncs,
     .help = "how the private server writes to the disk: `always` loses nothing when the machine "
             "dies, and is slower"},
    {0},
};

static const struct setting log_settings[] = {
    {.key = "level",
     .type = SETTING_CHOICE,
     IN(config_log, level),
     .fallback = "info",
     .choices = log_level_names,
     .reload = SETTING_RELOAD,
     .help = "the least important lines that are written; at `debug` each step of each event and "
             "message"},
    {.key = "format",
     .type = SETTING_CHOICE,
     IN(config_log, format),
     .fallback = "auto",
     .choices = log_format_names,
     .reload = SETTING_RELOAD,
     .help = "`text`: a sentence with key=value; `json`: an object a line; `auto`: to systemd's "
             "journal with fields where that reads, else `text`"},
    {.key = "addresses",
     .type = SETTING_BOOL,
     IN(config_log, addresses),
     .fallback = "false",
     .reload = SETTING_RELOAD,
     .help = "customers' addresses in full, not as keyed hashes"},
    {.key = "messages",
     .type = SETTING_BOOL,
     IN(config_log, messages),
     .fallback = "false",
     .reload = SETTING_RELOAD,
     .help = "a line for each message that was sent, at `info`"},
    {0},
};

static const struct setting customer_settings[] = {
    {.key = "keys",
     .type = SETTING_TEXTS,
     IN(config_customer, keys),
     .fallback = "[\"customer.id\", \"customer.email\"]",
     .help =
         "where an event says who it is about; the first is the id, the others are further keys; "
         "`subject` is possible",
     .shape = &some_texts_shape},
    {.key = "keep",
     .type = SETTING_DURATION,
     IN(config_customer, keep_ms),
     .fallback = "400d",
     .least = DAYS(1),
     .most = DAYS(3650),
     .help = "how long a customer is remembered after the last event or deadline"},
    {.key = "fields",
     .type = SETTING_VALUE,
     IN(config_customer, fields),
     .reload = SETTING_RELOAD,
     .help =
         "fields of the customer that are computed from events, in this order: a mapping of names "
         "to {default, on, if, set}",
     .shape = &fields_shape},
    {0},
};

static const struct setting events_settings[] = {
    {.key = "skew",
     .type = SETTING_DURATION,
     IN(config_events, skew_ms),
     .fallback = "5m",
     .most = DAYS(1),
     .reload = SETTING_RELOAD,
     .help = "an event's time further ahead than this counts as its arrival"},
    {.key = "batch",
     .type = SETTING_INT,
     IN(config_events, batch),
     .fallback = "100",
     .least = 1,
     .most = 1000,
     .help = "events decided together"},
    {.key = "list",
     .type = SETTING_TEXT,
     IN(config_events, list),
     .help = "key of a list that events may be pushed to; default: `PREFIX:inbox`; `\"\"`: none"},
    {.key = "list_push",
     .type = SETTING_CHOICE,
     IN(config_events, list_push),
     .fallback = "lpush",
     .choices = pushes,
     .help = "the command the shop pushes with, so that the oldest is taken first"},
    {0},
};

static const struct setting archive_settings[] = {
    {.key = "folder",
     .type = SETTING_TEXT,
     IN(config_archive, folder),
     .required = true,
     .help = "where every event is kept as a line of JSON, relative to the state folder; without "
             "`archive` none is"},
    {.key = "keep",
     .type = SETTING_DURATION,
     IN(config_archive, keep_ms),
     .fallback = "90d",
     .least = DAYS(1),
     .most = DAYS(3650),
     .reload = SETTING_RELOAD,
     .help =
         "how long events are kept; a file is deleted as a whole, when its newest line is older"},
    {.key = "size",
     .type = SETTING_SIZE,
     IN(config_archive, size),
     .fallback = "64MiB",
     .least = 1024,
     .most = (int64_t)1 << 40,
     .reload = SETTING_RELOAD,
     .help = "the size of a file; the next one is begun when it is full, and after a day"},
    {0},
};

static const struct setting quiet_settings[] = {
    {.key = "from",
     .type = SETTING_CLOCK,
     IN(config_quiet, from),
     .reload = SETTING_RELOAD,
     .help = "local time of the customer, \"21:00\""},
    {.key = "to",
     .type = SETTING_CLOCK,
     IN(config_quiet, to),
     .reload = SETTING_RELOAD,
     .help = "likewise, \"08:00\""},
    {0},
};

static const struct setting policy_settings[] = {
    {.key = "consent",
     .type = SETTING_EXPRESSION,
     IN(config_policy, consent),
     .reload = SETTING_RELOAD,
     .help = "who gets marketing; default: `customer.accepts_marketing == true`"},
    {.key = "cap",
     .type = SETTING_RATE,
     IN(config_policy, cap),
     .least = 1,
     .most = CUSTOMER_COUNTED_MOST,
     .reload = SETTING_RELOAD,
     .help = "marketing messages to one customer: `3 per 7d`"},
    {.key = "quiet_hours",
     .type = SETTING_SECTION,
     IN(config_policy, quiet),
     .section = quiet_settings,
     .help = "marketing waits for their end"},
    {.key = "brake",
     .type = SETTING_RATE,
     IN(config_policy, brake),
     .least = 1,
     .most = 1000000000,
     .reload = SETTING_RELOAD,
     .help = "marketing messages of one rule, over all daemons, above which it is paused: `5000 "
             "per 1h`"},
    {0},
};

static const struct setting deliver_settings[] = {
    {.key = "only",
     .type = SETTING_TEXTS,
     IN(config_deliver, only),
     .reload = SETTING_RELOAD,
     .help = "patterns of addresses, such as `*@shop.example`: nobody else is written to",
     .shape = &some_texts_shape},
    {0},
};

static const struct setting mail_settings[] = {
    {.key = "from",
     .type = SETTING_TEXT,
     IN(config_mail, from),
     .reload = SETTING_RELOAD,
     .help = "`Tea Shop <mail@shop.example>`; default: the shop's name and user at localhost"},
    {.key = "reply_to",
     .type = SETTING_TEXT,
     IN(config_mail, reply_to),
     .reload = SETTING_RELOAD,
     .help = "where answers go; default: `from`"},
    {.key = "bounce_domain",
     .type = SETTING_TEXT,
     IN(config_mail, bounce_domain),
     .reload = SETTING_RELOAD,
     .help = "each mail has an envelope sender of its own in this domain, whose mail `nudgectl "
             "feedback` reads"},
    {.key = "bounces",
     .type = SETTING_TEXT,
     IN(config_mail, bounces),
     .reload = SETTING_RELOAD,
     .help = "envelope sender; default: the address of `from`"},
    {.key = "unsubscribe_url",
     .type = SETTING_TEXT,
     IN(config_mail, unsubscribe_url),
     .reload = SETTING_RELOAD,
     .help = "an https address; `{token}` in it becomes the signed token; default: the page of "
             "`web.public_url`"},
    {.key = "unsubscribe_mailto",
     .type = SETTING_TEXT,
     IN(config_mail, unsubscribe_mailto),
     .reload = SETTING_RELOAD,
     .help = "an address that takes requests to unsubscribe"},
    {.key = "preferences_url",
     .type = SETTING_TEXT,
     IN(config_mail, preferences_url),
     .reload = SETTING_RELOAD,
     .help = "a page of preferences, an https address; `{token}` in it becomes the signed token of "
             "`{{ preferences_url }}`; default: that of `web.public_url`"},
    {.key = "confirm_url",
     .type = SETTING_TEXT,
     IN(config_mail, confirm_url),
     .reload = SETTING_RELOAD,
     .help = "the page of a double opt-in, an https address; `{token}` in it becomes the signed "
             "token of `{{ confirm_url }}`; default: that of `web.public_url`"},
    {.key = "list_id",
     .type = SETTING_TEXT,
     IN(config_mail, list_id),
     .reload = SETTING_RELOAD,
     .help = "List-Id (RFC 2919)"},
    {.key = "feedback_id",
     .type = SETTING_TEXT,
     IN(config_mail, feedback_id),
     .reload = SETTING_RELOAD,
     .help = "the sender's part of Feedback-ID"},
    {.key = "message_id_domain",
     .type = SETTING_TEXT,
     IN(config_mail, message_id_domain),
     .reload = SETTING_RELOAD,
     .help = "right side of Message-ID; default: the domain of `from`"},
    {0},
};

static const struct setting dedupe_settings[] = {
    {.key = "keep",
     .type = SETTING_DURATION,
     IN(config_keys, dedupe_keep_ms),
     .fallback = "7d",
     .least = SECONDS(60),
     .most = DAYS(365),
     .reload = SETTING_RELOAD,
     .help = "how long an event's id is remembered"},
    {0},
};

static const struct setting timers_settings[] = {
    {.key = "settle",
     .type = SETTING_DURATION,
     IN(config_keys, settle_ms),
     .fallback = "1s",
     .most = SECONDS(30),
     .help = "how long after a deadline it is acted on, so that late events win"},
    {0},
};

static const struct setting clocks_settings[] = {
    {.key = "rate",
     .type = SETTING_INT,
     IN(config_keys, clocks_rate),
     .fallback = "1000",
     .least = 1,
     .most = 100000,
     .help =
         "most customers that are asked in a second, by all clocks of rules and over all daemons"},
    {0},
};

static const struct setting dead_settings[] = {
    {.key = "keep",
     .type = SETTING_DURATION,
     IN(config_keys, dead_keep_ms),
     .fallback = "30d",
     .least = SECONDS(60),
     .most = DAYS(3650),
     .help = "how long dead letters are kept"},
    {0},
};

static const struct setting outbox_settings[] = {
    {.key = "most",
     .type = SETTING_INT,
     IN(config_keys, outbox_most),
     .fallback = "100000",
     .least = 100,
     .most = 10000000,
     .help = "messages waiting, for a retry too, above which new marketing waits for room; "
             "transactional "
             "messages above twice as many"},
    {0},
};

static const struct setting admin_settings[] = {
    {.key = "socket",
     .type = SETTING_TEXT,
     IN(config_keys, admin_socket),
     .help = "path of the admin socket; default: `admin.sock` in the state folder"},
    {0},
};

static const struct setting metrics_settings[] = {
    {.key = "listen",
     .type = SETTING_TEXT,
     IN(config_keys, metrics_listen),
     .help = "`127.0.0.1:9464` or `[::1]:9464`: `/metrics`, `/health`, `/ready` and `/live` are "
             "served there too, to this machine alone; absent: nowhere"},
    {0},
};

const struct setting config_shop_settings[] = {
    {.key = "name", .type = SETTING_TEXT, .help = "how mails call the shop"},
    {.key = "url", .type = SETTING_TEXT, .help = "its pages"},
    {.key = "email", .type = SETTING_TEXT, .help = "where people may write to"},
    {.key = "locale", .type = SETTING_TEXT, .help = "of customers who have none; default: en"},
    {.key = "timezone", .type = SETTING_TEXT, .help = "likewise; default: UTC"},
    {.key = "currency", .type = SETTING_TEXT, .help = "of sums that name none, as in ISO 4217"},
    {0},
};

const struct setting config_settings[] = {
    {.key = "state",
     .type = SETTING_TEXT,
     IN(config_keys, state),
     .help = "the state folder; default: $STATE_DIRECTORY, else /var/lib/nudged"},
    {.key = "rules",
     .type = SETTING_TEXT,
     IN(config_keys, rules),
     .fallback = "rules",
     .reload = SETTING_RELOAD,
     .help = "folder of the rules, relative to this file"},
    {.key = "templates",
     .type = SETTING_TEXT,
     IN(config_keys, templates),
     .fallback = "templates",
     .reload = SETTING_RELOAD,
     .help = "folder of the templates, relative to this file"},
    {.key = "secret_file",
     .type = SETTING_TEXT,
     IN(config_keys, secret_file),
     .help = "the secret that names messages and signs tokens; default: `secret` in the state "
             "folder, made at the first start"},
    {.key = "instance",
     .type = SETTING_TEXT,
     IN(config_keys, instance),
     .help = "name of this daemon among those on one Redis; default: host name and process id",
     .shape = &(const struct shape){.kind = SHAPE_TEXT, .pattern = "^" WORD_PATTERN "$"}},
    {.key = "redis",
     .type = SETTING_SECTION,
     IN(config_keys, redis),
     .section = redis_settings,
     .help = "where events come from and all state is kept"},
    {.key = "log",
     .type = SETTING_SECTION,
     IN(config_keys, log),
     .section = log_settings,
     .help = "what is written to standard error"},
    {.key = "shop",
     .type = SETTING_VALUE,
     IN(config_keys, shop),
     .reload = SETTING_RELOAD,
     .help =
         "what rules and templates call `shop`: name, url, locale, timezone, currency, address, "
         "email, logo, …; docs/templates.md lists what the shipped messages read",
     .shape =
         &(const struct shape){.kind = SHAPE_KEYS, .table = config_shop_settings, .open = true}},
    {.key = "segments",
     .type = SETTING_VALUE,
     IN(config_keys, segments),
     .reload = SETTING_RELOAD,
     .help = "a mapping of names to conditions: `customer.segment(\"vip\")`",
     .shape =
         &(const struct shape){.kind = SHAPE_MAP, .of = &(const struct shape){.kind = SHAPE_TEXT}}},
    {.key = "topics",
     .type = SETTING_VALUE,
     IN(config_keys, topics),
     .reload = SETTING_RELOAD,
     .help =
         "a mapping of topics to `opt-in` or `opt-out`; absent: each that a rule has is opt-out",
     .shape =
         &(const struct shape){.kind = SHAPE_MAP,
                               .pattern = "^(?![Aa][Ll][Ll]$)" WORD_PATTERN "$",
                               .of = &(const struct shape){.kind = SHAPE_CHOICE, .words = opts}}},
    {.key = "customer",
     .type = SETTING_SECTION,
     IN(config_keys, customer),
     .section = customer_settings,
     .help = "who is a customer"},
    {.key = "events",
     .type = SETTING_SECTION,
     IN(config_keys, events),
     .section = events_settings,
     .help = "how events are read"},
    {.key = "archive",
     .type = SETTING_SECTION,
     IN(config_keys, archive),
     .section = archive_settings,
     .help = "every event, for `nudgectl simulate`"},
    {.key = "dedupe", .type = SETTING_SECTION, .section = dedupe_settings, .help = "events twice"},
    {.key = "timers", .type = SETTING_SECTION, .section = timers_settings, .help = "deadlines"},
    {.key = "clocks", .type = SETTING_SECTION, .section = clocks_settings, .help = "of rules"},
    {.key = "policy",
     .type = SETTING_SECTION,
     IN(config_keys, policy),
     .section = policy_settings,
     .help = "what applies to every rule"},
    {.key = "mail",
     .type = SETTING_SECTION,
     IN(config_keys, mail),
     .section = mail_settings,
     .help = "headers of every mail"},
    {.key = "gateways",
     .type = SETTING_VALUE,
     IN(config_keys, gateways),
     .reload = SETTING_BY_PART,
     .help = "a mapping of names to gateways; default: one `maildir` in the state folder"},
    {.key = "channels",
     .type = SETTING_VALUE,
     IN(config_keys, channels),
     .help = "a mapping of names to channels: their gateways in order, or more ([below]"
             "(#a-channel)); default: `email` through all gateways",
     .shape = &config_channels_shape},
    {.key = "deliver",
     .type = SETTING_SECTION,
     IN(config_keys, deliver),
     .section = deliver_settings,
     .help = "who may be written to at all"},
    {.key = "outbox", .type = SETTING_SECTION, .section = outbox_settings, .help = "back-pressure"},
    {.key = "dead", .type = SETTING_SECTION, .section = dead_settings, .help = "dead letters"},
    {.key = "admin", .type = SETTING_SECTION, .section = admin_settings, .help = "for nudgectl"},
    {.key = "metrics",
     .type = SETTING_SECTION,
     .section = metrics_settings,
     .help = "for Prometheus and probes"},
    {.key = "web",
     .type = SETTING_SECTION,
     IN(config_keys, web),
     .section = web_settings_table,
     .help = "what is open to the web; absent: nothing"},
    {.key = "drain",
     .type = SETTING_DURATION,
     IN(config_keys, drain_ms),
     .fallback = "30s",
     .most = SECONDS(600),
     .help = "how long begun transfers may go on after SIGTERM"},
    {0},
};
