/*
 * Two questions, and a section for each way to ask. What does it mean? A reply decides, if
 * one came that can: for SMTP the table `refusals`, by the step that it answers, its code and
 * its enhanced code; for HTTP the table `sayings`, where the gateway's `answers` told, else
 * `statuses`. Where none came, the table `silences`: what
 * counts is how far the attempt got, because past the body's end the message may have been
 * taken. When is the next attempt? retry_next(), at the end; before it stands the reading of
 * the two fields of an answer that have a grammar, enhanced codes and Retry-After.
 *
 * What differs from docs/delivery.md, "What a result means", is wrong in one of the two.
 */
#include "send/retry.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { RETRY_AFTER_LEAST_MS = 1000, RETRY_AFTER_MOST_MS = 3600000 };

/* ---- What it means that no reply decided ---- */

/* By how far the attempt came: `early` before the reply to MAIL or the request's first byte, `late`
 * when all of it had gone out. */
static const struct {
    enum outcome_kind early, within, late;
} silences[] = {
    [RETRY_NONE] = {OUTCOME_UNAVAILABLE, OUTCOME_RETRY, OUTCOME_UNCERTAIN},
    [RETRY_UNRESOLVED] = {OUTCOME_UNAVAILABLE, OUTCOME_RETRY, OUTCOME_UNCERTAIN},
    [RETRY_REFUSED] = {OUTCOME_UNAVAILABLE, OUTCOME_RETRY, OUTCOME_UNCERTAIN},
    [RETRY_NO_SOCKET] = {OUTCOME_UNAVAILABLE, OUTCOME_RETRY, OUTCOME_UNCERTAIN},
    [RETRY_TLS_FAILED] = {OUTCOME_UNAVAILABLE, OUTCOME_RETRY, OUTCOME_UNCERTAIN},
    [RETRY_TIMEOUT] = {OUTCOME_UNAVAILABLE, OUTCOME_RETRY, OUTCOME_UNCERTAIN},
    [RETRY_LOST] = {OUTCOME_UNAVAILABLE, OUTCOME_RETRY, OUTCOME_UNCERTAIN},
    [RETRY_FLOODED] = {OUTCOME_UNAVAILABLE, OUTCOME_RETRY, OUTCOME_UNCERTAIN},
    [RETRY_GARBLED] = {OUTCOME_UNAVAILABLE, OUTCOME_RETRY, OUTCOME_UNCERTAIN},
    [RETRY_CUT_OFF] = {OUTCOME_CUT, OUTCOME_CUT, OUTCOME_UNCERTAIN},
    [RETRY_NO_UTF8] = {OUTCOME_DEAD, OUTCOME_DEAD, OUTCOME_DEAD},
    [RETRY_TOO_BIG] = {OUTCOME_DEAD, OUTCOME_DEAD, OUTCOME_DEAD},
    [RETRY_CERTIFICATE] = {OUTCOME_GATEWAY_FAULT, OUTCOME_GATEWAY_FAULT, OUTCOME_GATEWAY_FAULT},
    [RETRY_NO_TLS] = {OUTCOME_GATEWAY_FAULT, OUTCOME_GATEWAY_FAULT, OUTCOME_GATEWAY_FAULT},
    [RETRY_LOGIN] = {OUTCOME_GATEWAY_FAULT, OUTCOME_GATEWAY_FAULT, OUTCOME_GATEWAY_FAULT},
    [RETRY_NO_AUTH] = {OUTCOME_GATEWAY_FAULT, OUTCOME_GATEWAY_FAULT, OUTCOME_GATEWAY_FAULT},
    [RETRY_MISCONFIGURED] = {OUTCOME_GATEWAY_FAULT, OUTCOME_GATEWAY_FAULT, OUTCOME_GATEWAY_FAULT},
};

/* `begins`: the phase in which the gateway begins to hear of the message. */
static void judge_silence(const struct retry_attempt *attempt, enum retry_phase begins,
                          struct outcome *outcome)
{
    if (attempt->phase < begins)
        outcome->kind = silences[attempt->failure].early;
    else if (attempt->phase < RETRY_ANSWER)
        outcome->kind = silences[attempt->failure].within;
    else
        outcome->kind = silences[attempt->failure].late;
    outcome->code = 0;
    outcome->enhanced[0] = '\0';
    outcome->unhealthy = outcome->kind != OUTCOME_DEAD && attempt->failure != RETRY_CUT_OFF &&
                         attempt->failure != RETRY_NO_SOCKET;
    if (attempt->failure == RETRY_TOO_BIG) /* as if the server had said so */
        outcome->suspect = OUTCOME_SUSPECT_REFUSAL;
}

static void begin_outcome(const struct retry_attempt *attempt, struct outcome *outcome)
{
    outcome->code = attempt->code;
    snprintf(outcome->enhanced, sizeof outcome->enhanced, "%s",
             attempt->enhanced ? attempt->enhanced : "");
    outcome->id[0] = '\0';
    outcome->retry_after_ms = 0;
    outcome->slow_down = false;
    outcome->unhealthy = false;
    outcome->suspect = OUTCOME_UNSUSPECTED;
}

/* ---- What a reply to SMTP means ---- */

/* A 5xx means what the first row says that fits. Up to MAIL it speaks of us, not of the recipient:
 * whatever the code says of an address there, nobody is suppressed for it. From RCPT on it speaks
 * of this message: one recipient's policy (5.7.x) is not the gateway's fault. */
static const struct refusal {
    enum retry_phase first, last;
    int code;             /* 0: any */
    const char *enhanced; /* NULL: any; "": none; "5.7.": with all of its details */
    enum outcome_kind kind;
    enum outcome_suspect suspect;
} refusals[] = {
    /* The sender's address or domain is wrong. Postfix, for one, says so only at RCPT. */
    {RETRY_CONNECT, RETRY_ANSWER, 0, "5.1.7", OUTCOME_GATEWAY_FAULT, OUTCOME_UNSUSPECTED},
    {RETRY_CONNECT, RETRY_ANSWER, 0, "5.1.8", OUTCOME_GATEWAY_FAULT, OUTCOME_UNSUSPECTED},
    {RETRY_CONNECT, RETRY_MAIL, 0, "5.7.", OUTCOME_GATEWAY_FAULT, OUTCOME_UNSUSPECTED},
    /* Too long for the mailbox, too big for the system, in need of SMTPUTF8: told at MAIL too. */
    {RETRY_MAIL, RETRY_ANSWER, 0, "5.2.3", OUTCOME_DEAD, OUTCOME_SUSPECT_REFUSAL},
    {RETRY_MAIL, RETRY_ANSWER, 0, "5.3.4", OUTCOME_DEAD, OUTCOME_SUSPECT_REFUSAL},
    {RETRY_MAIL, RETRY_ANSWER, 0, "5.6.7", OUTCOME_DEAD, OUTCOME_SUSPECT_REFUSAL},
    {RETRY_MAIL, RETRY_MAIL, 552, NULL, OUTCOME_DEAD, OUTCOME_SUSPECT_REFUSAL},
    {RETRY_CONNECT, RETRY_MAIL, 0, NULL, OUTCOME_GATEWAY_FAULT, OUTCOME_UNSUSPECTED},
    /* No such mailbox, no valid address, moved away, null MX, disabled. */
    {RETRY_RCPT, RETRY_ANSWER, 0, "5.1.1", OUTCOME_BOUNCED, OUTCOME_UNSUSPECTED},
    {RETRY_RCPT, RETRY_ANSWER, 0, "5.1.3", OUTCOME_BOUNCED, OUTCOME_UNSUSPECTED},
    {RETRY_RCPT, RETRY_ANSWER, 0, "5.1.6", OUTCOME_BOUNCED, OUTCOME_UNSUSPECTED},
    {RETRY_RCPT, RETRY_ANSWER, 0, "5.1.10", OUTCOME_BOUNCED, OUTCOME_UNSUSPECTED},
    {RETRY_RCPT, RETRY_ANSWER, 0, "5.2.1", OUTCOME_BOUNCED, OUTCOME_UNSUSPECTED},
    /* "User unknown", or relaying denied: bare codes do not tell these apart. */
    {RETRY_RCPT, RETRY_RCPT, 550, "", OUTCOME_DEAD, OUTCOME_SUSPECT_MAILBOX},
    {RETRY_RCPT, RETRY_RCPT, 551, "", OUTCOME_DEAD, OUTCOME_SUSPECT_MAILBOX},
    {RETRY_RCPT, RETRY_RCPT, 553, "", OUTCOME_DEAD, OUTCOME_SUSPECT_MAILBOX},
    {RETRY_RCPT, RETRY_ANSWER, 0, NULL, OUTCOME_DEAD, OUTCOME_SUSPECT_REFUSAL},
};

static bool matches(const char *pattern, const char *enhanced)
{
    size_t length = strlen(pattern);
    if (length && pattern[length - 1] == '.')
        return strncmp(pattern, enhanced, length) == 0;
    return strcmp(pattern, enhanced) == 0;
}

static bool fits(const struct refusal *row, const struct retry_attempt *attempt)
{
    return attempt->phase >= row->first && attempt->phase <= row->last &&
           (!row->code || row->code == attempt->code) &&
           (!row->enhanced || matches(row->enhanced, attempt->enhanced ? attempt->enhanced : ""));
}

static void judge_refusal(const struct retry_attempt *attempt, struct outcome *outcome)
{
    const struct refusal *row = refusals;
    while (!fits(row, attempt)) /* the rows without codes take all that is left */
        row++;
    outcome->kind = row->kind;
    outcome->suspect = row->suspect;
    outcome->unhealthy = row->kind == OUTCOME_GATEWAY_FAULT;
}

/* A 4xx. At RCPT it mostly speaks of the recipient: greylisting, a full mailbox. 421 to MAIL is
 * the server's goodbye (RFC 5321, 3.8), and no word of the message. */
static void judge_delay(const struct retry_attempt *attempt, struct outcome *outcome)
{
    bool system = attempt->enhanced && matches("4.3.", attempt->enhanced);
    bool busy = attempt->code == 421;
    bool early = attempt->phase < RETRY_MAIL || (attempt->phase == RETRY_MAIL && busy);
    outcome->kind = early ? OUTCOME_UNAVAILABLE : OUTCOME_RETRY;
    outcome->unhealthy = attempt->phase != RETRY_RCPT || busy || system;
    outcome->slow_down = busy;
}

void retry_smtp(const struct retry_attempt *attempt, struct outcome *outcome)
{
    begin_outcome(attempt, outcome);
    int class = attempt->code / 100;
    if (class == 5)
        judge_refusal(attempt, outcome);
    else if (class == 4)
        judge_delay(attempt, outcome);
    else if (class == 2 && attempt->phase == RETRY_ANSWER) /* before that it is not for the mail */
        outcome->kind = OUTCOME_SENT;
    else
        judge_silence(attempt, RETRY_RCPT, outcome);
}

/* ---- What an HTTP status means ---- */

/* The first row that fits decides; what is not here is no status that ends a request. */
static const struct status {
    int first, last;
    enum outcome_kind kind;
    enum outcome_suspect suspect;
    bool unhealthy;
} statuses[] = {
    {200, 299, OUTCOME_SENT, OUTCOME_UNSUSPECTED, false},
    /* not followed: the configured URL is no longer the right one */
    {300, 399, OUTCOME_GATEWAY_FAULT, OUTCOME_UNSUSPECTED, true},
    {401, 401, OUTCOME_GATEWAY_FAULT, OUTCOME_UNSUSPECTED, true},
    {407, 407, OUTCOME_GATEWAY_FAULT, OUTCOME_UNSUSPECTED, true},
    {408, 408, OUTCOME_RETRY, OUTCOME_UNSUSPECTED, true},
    {425, 425, OUTCOME_RETRY, OUTCOME_UNSUSPECTED, false},
    {429, 429, OUTCOME_UNAVAILABLE, OUTCOME_UNSUSPECTED, true},
    {400, 499, OUTCOME_DEAD, OUTCOME_SUSPECT_REFUSAL, false},
    {501, 501, OUTCOME_DEAD, OUTCOME_SUSPECT_REFUSAL, true},
    {503, 503, OUTCOME_RETRY, OUTCOME_UNSUSPECTED, true},
    {505, 505, OUTCOME_DEAD, OUTCOME_SUSPECT_REFUSAL, true},
    /* 500, 502, 504 and what proxies add to them: the request may have been done */
    {500, INT_MAX, OUTCOME_UNCERTAIN, OUTCOME_UNSUSPECTED, true},
};

/* Of an answer whose words say what it means. */
static const struct {
    enum outcome_kind kind;
    enum outcome_suspect suspect;
    bool unhealthy;
} sayings[] = {
    [RETRY_SAID_SENT] = {OUTCOME_SENT, OUTCOME_UNSUSPECTED, false},
    [RETRY_SAID_UNAVAILABLE] = {OUTCOME_UNAVAILABLE, OUTCOME_UNSUSPECTED, true},
    [RETRY_SAID_RETRY] = {OUTCOME_RETRY, OUTCOME_UNSUSPECTED, true},
    [RETRY_SAID_BOUNCED] = {OUTCOME_BOUNCED, OUTCOME_UNSUSPECTED, false},
    [RETRY_SAID_GATEWAY] = {OUTCOME_GATEWAY_FAULT, OUTCOME_UNSUSPECTED, true},
    [RETRY_SAID_REFUSED] = {OUTCOME_DEAD, OUTCOME_SUSPECT_REFUSAL, false},
};

static void judge_saying(const struct retry_attempt *attempt, struct outcome *outcome)
{
    outcome->kind = sayings[attempt->said].kind;
    outcome->suspect = sayings[attempt->said].suspect;
    outcome->unhealthy = sayings[attempt->said].unhealthy;
    if (outcome->kind == OUTCOME_RETRY || outcome->kind == OUTCOME_UNAVAILABLE)
        outcome->retry_after_ms = attempt->retry_after_ms;
    outcome->slow_down = attempt->said == RETRY_SAID_UNAVAILABLE;
}

static void judge_status(const struct retry_attempt *attempt, struct outcome *outcome)
{
    const struct status *row = statuses;
    while (attempt->code < row->first || attempt->code > row->last)
        row++;
    outcome->kind = row->kind;
    outcome->suspect = row->suspect;
    outcome->unhealthy = row->unhealthy;
    if (row->kind == OUTCOME_RETRY || row->kind == OUTCOME_UNAVAILABLE)
        outcome->retry_after_ms = attempt->retry_after_ms;
    outcome->slow_down = attempt->code == 429 || (attempt->code == 503 && outcome->retry_after_ms);
}

void retry_http(const struct retry_attempt *attempt, struct outcome *outcome)
{
    begin_outcome(attempt, outcome);
    bool says = attempt->said != RETRY_SAID_NOTHING && attempt->said != RETRY_SAID_NOT_SENT;
    if (attempt->code < 200)
        judge_silence(attempt, RETRY_BODY, outcome);
    else if (says)
        judge_saying(attempt, outcome);
    else
        judge_status(attempt, outcome);
    if (outcome->kind == OUTCOME_SENT && attempt->said == RETRY_SAID_NOT_SENT) {
        outcome->kind = OUTCOME_UNCERTAIN;
        outcome->unhealthy = true;
    }
    if (outcome->kind == OUTCOME_UNCERTAIN && attempt->idempotent)
        outcome->kind = attempt->failure == RETRY_CUT_OFF ? OUTCOME_CUT : OUTCOME_RETRY;
}

/* ---- Enhanced codes and Retry-After ---- */

/* A number of one to three digits without a leading zero; its length, or 0. */
static size_t number_length(const char *text, size_t length)
{
    size_t digits = 0;
    while (digits < length && isdigit((unsigned char)text[digits]))
        digits++;
    return digits > 3 || (digits > 1 && text[0] == '0') ? 0 : digits;
}

void retry_enhanced(int code, const char *text, size_t length, char out[OUTCOME_ENHANCED_SIZE])
{
    out[0] = '\0';
    if (length < 5 || text[0] != '0' + code / 100 || text[1] != '.')
        return;
    size_t subject = number_length(text + 2, length - 2);
    size_t dot = 2 + subject;
    if (!subject || dot >= length || text[dot] != '.')
        return;
    size_t detail = number_length(text + dot + 1, length - dot - 1);
    size_t end = dot + 1 + detail;
    if (!detail || (end < length && !isspace((unsigned char)text[end])))
        return;
    memcpy(out, text, end);
    out[end] = '\0';
}

static int month_of(const char name[4])
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int month = 0; month < 12; month++) {
        if (strncmp(months + 3 * month, name, 3) == 0)
            return month;
    }
    return -1;
}

/* RFC 9110, 5.6.7: the present form and the two obsolete ones that must be understood. */
static bool read_date(const char *text, int64_t now_ms, int64_t *ms)
{
    struct tm tm = {0};
    char month[4] = "", zone[4] = "";
    int read = sscanf(text, "%*3[A-Za-z], %2d %3s %4d %2d:%2d:%2d %3s", &tm.tm_mday, month,
                      &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, zone);
    if (read != 7) {
        read = sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d %3s", &tm.tm_mday, month,
                      &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, zone);
        int64_t year = 1970 + now_ms / 31556952000;
        tm.tm_year += (int)(year - year % 100);
        if (tm.tm_year > year + 50)
            tm.tm_year -= 100;
    }
    if (read != 7) {
        memcpy(zone, "GMT", 4);
        read = 1 + sscanf(text, "%*3[A-Za-z] %3s %2d %2d:%2d:%2d %4d", month, &tm.tm_mday,
                          &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &tm.tm_year);
    }
    tm.tm_mon = month_of(month);
    tm.tm_year -= 1900;
    if (read < 7 || tm.tm_mon < 0 || strcmp(zone, "GMT") != 0)
        return false;
    *ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

static int64_t held(int64_t ms)
{
    if (ms < RETRY_AFTER_LEAST_MS)
        return RETRY_AFTER_LEAST_MS;
    return ms > RETRY_AFTER_MOST_MS ? RETRY_AFTER_MOST_MS : ms;
}

int64_t retry_after(const char *text, int64_t now_ms)
{
    while (*text == ' ' || *text == '\t')
        text++;
    if (!*text)
        return 0;
    size_t digits = strspn(text, "0123456789");
    int64_t ms;
    if (digits && text[digits + strspn(text + digits, " \t\r\n")] == '\0') {
        ms = digits > 6 ? RETRY_AFTER_MOST_MS : 0;
        for (size_t i = 0; ms < RETRY_AFTER_MOST_MS && i < digits; i++)
            ms = ms * 10 + (text[i] - '0') * 1000;
    } else if (read_date(text, now_ms, &ms)) {
        ms -= now_ms;
    } else {
        return 0;
    }
    return held(ms);
}

int64_t retry_wait(double seconds)
{
    if (!(seconds > 0))
        return 0;
    int64_t most = RETRY_AFTER_MOST_MS;
    return held(seconds * 1000 < (double)most ? (int64_t)(seconds * 1000) : most);
}

/* ---- When ---- */

bool retry_next(uint32_t attempts, int64_t retry_after_ms, int64_t now_ms, int64_t give_up_ms,
                uint64_t random, int64_t *next_ms)
{
    int64_t last_ms = give_up_ms - RETRY_BEFORE_END_MS;
    if (now_ms >= last_ms)
        return false;
    int64_t most = RETRY_FIRST_MS;
    for (uint32_t i = 1; i < attempts && most < RETRY_MOST_MS; i++)
        most *= 2;
    if (most > RETRY_MOST_MS)
        most = RETRY_MOST_MS;
    /* A Retry-After is met by many messages at once: a quarter of it spreads them. */
    int64_t least = retry_after_ms ? retry_after_ms : 1000;
    int64_t range = retry_after_ms ? retry_after_ms / 4 : most - least;
    int64_t next = now_ms + least + (int64_t)(random % (uint64_t)(range + 1));
    *next_ms = next < last_ms ? next : last_ms;
    return true;
}
