/*
 * Gateway `smtp`: a submission server or relay. One connection is kept for each
 * sender thread and renewed after some messages or some time, so that servers
 * behind one name share the work and none is held for ever.
 *
 * send_mail(), at the end, is the whole of one message: the envelope's guard, a kept connection
 * or a new one, the dialogue (again over a new one, where a kept one had been ended by the
 * server), and retry's judgement over what was seen. Before it stand the settings, and the
 * connection from its opening to its rest.
 */
#include "send/smtp.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "send/envelope.h"
#include "send/secret.h"
#include "send/smtp_session.h"

struct smtp_settings {
    struct gateway_common common;
    const char *host;
    int64_t port; /* 0: by `tls` and `user` */
    int tls;      /* enum transfer_tls */
    const char *user;
    const char *password_file;
    const char *token_file;
    int auth; /* of auth_names */
    const char *ca_file;
    const char *helo;
    int64_t connect_timeout, command_timeout, answer_timeout;
    int64_t lowest_speed;
    int64_t renew_messages;
    int64_t renew_after;
};

static const char *const tls_names[] = {"starttls", "smtps", "never", NULL};
static const char *const auth_names[] = {"offered", "plain", "login", "xoauth2", NULL};
static const char *const mechanisms[] = {NULL, "PLAIN", "LOGIN", "XOAUTH2"};

enum { AUTH_OFFERED, AUTH_XOAUTH2 = 3 };

#define SMTP_FIELD(name) .key = #name, .offset = offsetof(struct smtp_settings, name)

static const struct setting settings_table[] = {
    GATEWAY_COMMON_SETTINGS("smtp", struct smtp_settings, "4"),
    {SMTP_FIELD(host), .type = SETTING_TEXT, .fallback = "localhost",
     .help = "the server's name or address"},
    {SMTP_FIELD(port), .type = SETTING_INT, .fallback = "0", .least = 0, .most = 65535,
     .help = "0: 465 with `tls: smtps`, 587 with a user, else 25"},
    {SMTP_FIELD(tls), .type = SETTING_CHOICE, .fallback = "starttls", .choices = tls_names,
     .help = "starttls and smtps are required and verified; never sends in the clear"},
    {SMTP_FIELD(user), .type = SETTING_TEXT,
     .help = "the name to log in with; without it there is no login"},
    {SMTP_FIELD(password_file), .type = SETTING_TEXT,
     .help = "a file whose first line is the password"},
    {SMTP_FIELD(token_file), .type = SETTING_TEXT,
     .help = "a file whose first line is an OAuth 2.0 access token, instead of a password"},
    {SMTP_FIELD(auth), .type = SETTING_CHOICE, .fallback = "offered", .choices = auth_names,
     .help = "how to log in; offered: the best of what the server offers"},
    {SMTP_FIELD(ca_file), .type = SETTING_TEXT,
     .help = "certificates to trust instead of the system's (PEM)"},
    {SMTP_FIELD(helo), .type = SETTING_TEXT, .help = "the name given in EHLO; else the machine's"},
    {SMTP_FIELD(connect_timeout), .type = SETTING_DURATION, .fallback = "30s", .least = 1,
     .most = 600000, .help = "longest time from the name's look-up to the end of the login"},
    {SMTP_FIELD(command_timeout), .type = SETTING_DURATION, .fallback = "5m", .least = 1,
     .most = 3600000, .help = "longest wait for the reply to MAIL, RCPT and DATA each"},
    {SMTP_FIELD(answer_timeout), .type = SETTING_DURATION, .fallback = "10m", .least = 1,
     .most = 3600000, .help = "longest wait for the answer to a whole message (RFC 5321: 10m)"},
    {SMTP_FIELD(lowest_speed), .type = SETTING_SIZE, .fallback = "1KiB", .least = 1,
     .most = 1 << 30,
     .help = "bytes in a second: a message may take a minute, and the time that its size takes at "
             "this speed"},
    {SMTP_FIELD(renew_messages), .type = SETTING_INT, .fallback = "500", .least = 1,
     .most = 1000000, .help = "messages over one connection before a new one is made"},
    {SMTP_FIELD(renew_after), .type = SETTING_DURATION, .fallback = "5m", .least = 1000,
     .most = 86400000, .help = "longest age of a connection that is used again"},
    {0},
};

struct smtp {
    const struct smtp_settings *settings;
    char *url;
    struct smtp_session *session;
    struct secret secret; /* password or token */
    int64_t carried;      /* messages over this connection */
    int64_t opened_ms;    /* when its first one began */
};

/* ---- Settings ---- */

/* One colon alone stands before a port; an address of IPv6 has two at least. */
static bool is_host(const char *host)
{
    size_t length = strlen(host);
    const char *colon = strchr(host, ':');
    return length > 0 && length < 256 && (!colon || colon != strrchr(host, ':')) &&
           strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%") ==
               length;
}

static bool is_this_machine(const char *host)
{
    return strcasecmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "::1") == 0;
}

static void check_login(const struct smtp_settings *settings, const struct value *map,
                        const struct settings_source *source, struct diags *diags)
{
    const char *file = settings->password_file ? "password_file" : "token_file";
    bool secret = settings->password_file || settings->token_file;
    if (settings->user && !secret && !value_get(map, "password") && !value_get(map, "pass"))
        settings_fault(diags, source, value_get(map, "user"), DIAG_ERROR,
                       "`user` needs a `password_file` or a `token_file`");
    if (secret && !settings->user)
        settings_fault(diags, source, value_get(map, file), DIAG_ERROR, "`%s` needs a `user`",
                       file);
    if (settings->password_file && settings->token_file)
        settings_fault(diags, source, value_get(map, "token_file"), DIAG_ERROR,
                       "a login has a `password_file` or a `token_file`");
    if (settings->auth != AUTH_OFFERED && !secret)
        settings_fault(diags, source, value_get(map, "auth"), DIAG_ERROR, "`auth` needs a `user`");
    else if (secret && settings->auth != AUTH_OFFERED &&
             (settings->auth == AUTH_XOAUTH2) != (settings->token_file != NULL))
        settings_fault(diags, source, value_get(map, "auth"), DIAG_ERROR, "`auth: %s` needs a `%s`",
                       auth_names[settings->auth],
                       settings->auth == AUTH_XOAUTH2 ? "token_file" : "password_file");
}

static bool check_settings(const void *of, const struct value *map,
                           const struct settings_source *source, struct diags *diags)
{
    const struct smtp_settings *settings = of;
    size_t errors = diags->errors;
    if (!is_host(settings->host))
        diag_hint(settings_fault(diags, source, value_get(map, "host"), DIAG_ERROR,
                                 "`host` is a name or an address, without a scheme or a port"),
                  "the port is a key of its own: `port: 587`");
    if (settings->helo && (!is_host(settings->helo) || strchr(settings->helo, '%')))
        settings_fault(diags, source, value_get(map, "helo"), DIAG_ERROR,
                       "`helo` is a host's name");
    check_login(settings, map, source, diags);
    if (settings->tls == TRANSFER_NEVER && settings->user && !is_this_machine(settings->host))
        settings_fault(diags, source, value_get(map, "tls"), DIAG_WARNING,
                       "`tls: never` shows the password to everyone on the way");
    return diags->errors == errors;
}

static char *make_url(const struct smtp_settings *settings)
{
    int port = (int)settings->port;
    if (!port)
        port = settings->tls == TRANSFER_SMTPS ? 465 : settings->user ? 587 : 25;
    bool bare = strchr(settings->host, ':') && settings->host[0] != '[';
    char url[600];
    snprintf(url, sizeof url, "%s://%s%s%s:%d/%s",
             settings->tls == TRANSFER_SMTPS ? "smtps" : "smtp", bare ? "[" : "", settings->host,
             bare ? "]" : "", port, settings->helo ? settings->helo : "");
    return mem_text(url);
}

/* ---- What was seen ---- */

static void judge(const struct transfer_seen *seen, struct outcome *outcome)
{
    char enhanced[OUTCOME_ENHANCED_SIZE] = "";
    if (seen->words_length > 4)
        retry_enhanced(seen->code, seen->words + 4, seen->words_length - 4, enhanced);
    retry_smtp(
        &(struct retry_attempt){
            .phase = seen->phase,
            .failure = seen->failure,
            .code = seen->code,
            .enhanced = enhanced,
        },
        outcome);
    if (outcome->code)
        outcome_words(outcome, seen->words, seen->words_length);
    else
        transfer_explain(seen, outcome);
}

/* ---- The connection ---- */

static void *open_connection(const void *of, const struct gateway_hooks *hooks)
{
    const struct smtp_settings *settings = of;
    struct smtp *smtp = mem_zero(1, sizeof *smtp);
    smtp->settings = settings;
    smtp->url = make_url(settings);
    if (settings->user)
        smtp->secret.path = settings->token_file ? settings->token_file : settings->password_file;
    smtp->session = smtp_session_new(&(struct transfer_settings){
        .tls = (enum transfer_tls)settings->tls,
        .ca_file = settings->ca_file,
        .connect_ms = settings->connect_timeout,
        .command_ms = settings->command_timeout,
        .answer_ms = settings->answer_timeout,
        .bytes_per_s = settings->lowest_speed,
        .hooks = *hooks,
    });
    return smtp;
}

static void close_connection(void *connection)
{
    struct smtp *smtp = connection;
    smtp_session_destroy(&smtp->session);
    secret_forget(&smtp->secret);
    free(smtp->url);
    free(smtp);
}

static void rest_connection(void *connection)
{
    struct smtp *smtp = connection;
    smtp_session_drop(smtp->session);
}

static void renew_connection(struct smtp *smtp)
{
    int64_t age = clock_monotonic_ms() - smtp->opened_ms;
    if (smtp->carried >= smtp->settings->renew_messages || age >= smtp->settings->renew_after)
        smtp_session_drop(smtp->session);
}

/* Makes one. The secret is read for each, so that a new one takes effect by itself. */
static bool connect_anew(struct smtp *smtp, struct transfer_seen *seen, struct outcome *outcome)
{
    const struct smtp_settings *settings = smtp->settings;
    if (!secret_read(&smtp->secret, outcome))
        return false;
    const struct smtp_login login = {
        .user = settings->user,
        .password = settings->password_file ? smtp->secret.text : NULL,
        .token = settings->token_file ? smtp->secret.text : NULL,
        .mechanism = mechanisms[settings->auth],
    };
    smtp->carried = 0;
    smtp->opened_ms = clock_monotonic_ms();
    bool connected = smtp_session_connect(smtp->session, smtp->url, &login, seen);
    secret_forget(&smtp->secret);
    if (!connected)
        judge(seen, outcome);
    return connected;
}

/* ---- One message ---- */

/* The server ended a kept connection just as it was used again: it has seen nothing of
 * this message, and a new connection is no second attempt. */
static bool was_stale(const struct transfer_seen *seen)
{
    bool ended = seen->code == 421 || (!seen->code && seen->failure == RETRY_LOST);
    return seen->reused && ended && seen->phase <= RETRY_MAIL;
}

static void send_mail(void *connection, const struct outgoing *outgoing, struct arena *arena,
                      struct outcome *outcome)
{
    struct smtp *smtp = connection;
    struct transfer_seen seen;
    (void)arena;
    outcome_set(outcome, OUTCOME_DEAD);
    if (!envelope_check(outgoing, outcome))
        return;
    const struct smtp_mail mail = {
        .from = outgoing->envelope_from ? outgoing->envelope_from : "",
        .to = outgoing->envelope_to,
        .utf8 = outgoing->smtputf8,
        .body = outgoing->body,
        .length = outgoing->body_length,
    };
    renew_connection(smtp);
    do {
        if (!smtp_session_ready(smtp->session) && !connect_anew(smtp, &seen, outcome))
            return;
        smtp_session_send(smtp->session, &mail, &seen);
    } while (was_stale(&seen));
    smtp->carried++;
    judge(&seen, outcome);
}

const struct gateway_kind smtp_kind = {
    .name = "smtp",
    .form = GATEWAY_MAIL,
    .settings = settings_table,
    .settings_size = sizeof(struct smtp_settings),
    .check = check_settings,
    .open = open_connection,
    .close = close_connection,
    .send = send_mail,
    .rest = rest_connection,
};
