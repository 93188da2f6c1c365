/*
 * Two questions, and a section for each way to ask. What does it mean? A reply decides, if
 * one came that can: for SMTP judge_refusal() by its enhanced code, else by the step that it
 * answers; for HTTP judge_status() by the status. Where none came, judge_silence(): what
 * counts is how far the attempt got, because past the body's end the message may have been
 * taken. When is the next attempt? retry_next(), at the end; before it stands the reading of
 * the two fields of an answer that have a grammar, enhanced codes and Retry-After.
 *
 * What differs from docs/delivery.md, "What a result means", is wrong in one of the two.
 */
#include "send/retry.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { RETRY_AFTER_LEAST_MS = 1000, RETRY_AFTER_MOST_MS = 3600000 };

/* ---- What a reply to SMTP means ---- */

/* Enhanced codes that decide wherever they stand: Postfix, for one, answers the sender's
 * faults only at RCPT. A class of "5.7." stands for all of its details. */
static const struct {
    const char *enhanced;
    enum outcome_kind kind;
} enhanced_codes[] = {
    {"5.7.", OUTCOME_GATEWAY_FAULT},  /* policy, authentication, relaying denied */
    {"5.1.7", OUTCOME_GATEWAY_FAULT}, /* the sender's address is wrong */
    {"5.1.8", OUTCOME_GATEWAY_FAULT}, /* the sender's domain is wrong */
    {"5.1.1", OUTCOME_BOUNCED},       /* no such mailbox */
    {"5.1.3", OUTCOME_BOUNCED},       /* no valid address */
    {"5.1.6", OUTCOME_BOUNCED},       /* moved away */
    {"5.1.10", OUTCOME_BOUNCED},      /* the domain takes no mail (null MX) */
    {"5.2.1", OUTCOME_BOUNCED},       /* mailbox disabled */
    {"5.2.3", OUTCOME_DEAD},          /* too long for the mailbox */
    {"5.3.4", OUTCOME_DEAD},          /* too big for the system */
    {"5.6.7", OUTCOME_DEAD},          /* needs SMTPUTF8, which is not allowed here */
};

static bool matches(const char *pattern, const char *enhanced)
{
    size_t length = strlen(pattern);
    if (pattern[length - 1] == '.')
        return strncmp(pattern, enhanced, length) == 0;
    return strcmp(pattern, enhanced) == 0;
}

/* A 5xx. Before RCPT it speaks of us, not of the recipient: whatever the code says of an
 * address there, nobody is suppressed for it. */
static enum outcome_kind judge_refusal(const struct retry_attempt *attempt)
{
    enum outcome_kind kind = attempt->phase < RETRY_RCPT ? OUTCOME_GATEWAY_FAULT : OUTCOME_DEAD;
    const char *enhanced = attempt->enhanced ? attempt->enhanced : "";
    for (size_t i = 0; i < sizeof enhanced_codes / sizeof *enhanced_codes; i++) {
        if (matches(enhanced_codes[i].enhanced, enhanced)) {
            enum outcome_kind found = enhanced_codes[i].kind;
            return found == OUTCOME_BOUNCED && attempt->phase < RETRY_RCPT ? kind : found;
        }
    }
    return attempt->phase == RETRY_MAIL && attempt->code == 552 ? OUTCOME_DEAD : kind;
}

/* ---- What it means that no reply decided ---- */

static enum outcome_kind judge_silence(const struct retry_attempt *attempt)
{
    switch (attempt->failure) {
    case RETRY_CERTIFICATE:
    case RETRY_NO_TLS:
    case RETRY_LOGIN:
    case RETRY_MISCONFIGURED:
        return OUTCOME_GATEWAY_FAULT;
    case RETRY_NO_UTF8:
        return OUTCOME_DEAD;
    case RETRY_CUT_OFF:
        return attempt->phase == RETRY_ANSWER ? OUTCOME_UNCERTAIN : OUTCOME_CUT;
    case RETRY_NONE:
    case RETRY_UNRESOLVED:
    case RETRY_REFUSED:
    case RETRY_TLS_FAILED:
    case RETRY_TIMEOUT:
    case RETRY_LOST:
    case RETRY_FLOODED:
    case RETRY_GARBLED:
        break;
    }
    return attempt->phase == RETRY_ANSWER ? OUTCOME_UNCERTAIN : OUTCOME_RETRY;
}

static void begin_outcome(const struct retry_attempt *attempt, struct outcome *outcome)
{
    outcome->code = attempt->code;
    snprintf(outcome->enhanced, sizeof outcome->enhanced, "%s",
             attempt->enhanced ? attempt->enhanced : "");
    outcome->retry_after_ms = 0;
    outcome->slow_down = false;
}

/* 4xx and 5xx decide at every step, 2xx only over the whole mail. */
static bool reply_decides(const struct retry_attempt *attempt)
{
    int class = attempt->code / 100;
    return class == 4 || class == 5 || (class == 2 && attempt->phase == RETRY_ANSWER);
}

void retry_smtp(const struct retry_attempt *attempt, struct outcome *outcome)
{
    begin_outcome(attempt, outcome);
    if (!reply_decides(attempt)) {
        outcome->code = 0;
        outcome->enhanced[0] = '\0';
        outcome->kind = judge_silence(attempt);
    } else if (attempt->code >= 500) {
        outcome->kind = judge_refusal(attempt);
    } else {
        outcome->kind = attempt->code >= 400 ? OUTCOME_RETRY : OUTCOME_SENT;
    }
    outcome->slow_down = attempt->code == 421;
    outcome->unreachable = outcome->kind == OUTCOME_RETRY && attempt->phase < RETRY_MAIL;
}

/* Statuses whose meaning is not that of their class. */
static const struct {
    int status;
    enum outcome_kind kind;
} statuses[] = {
    {401, OUTCOME_GATEWAY_FAULT}, {403, OUTCOME_GATEWAY_FAULT}, {407, OUTCOME_GATEWAY_FAULT},
    {408, OUTCOME_RETRY},         {425, OUTCOME_RETRY},         {429, OUTCOME_RETRY},
    {501, OUTCOME_DEAD},          {503, OUTCOME_RETRY},         {505, OUTCOME_DEAD},
};

static enum outcome_kind judge_status(int status)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (statuses[i].status == status)
            return statuses[i].kind;
    }
    switch (status / 100) {
    case 2:
        return OUTCOME_SENT;
    case 3: /* not followed: the configured URL is no longer the right one */
        return OUTCOME_GATEWAY_FAULT;
    case 4:
        return OUTCOME_DEAD;
    default: /* 500, 502, 504 and what proxies add to them: the request may have been done */
        return OUTCOME_UNCERTAIN;
    }
}

void retry_http(const struct retry_attempt *attempt, struct outcome *outcome)
{
    begin_outcome(attempt, outcome);
    outcome->kind = attempt->code >= 200 ? judge_status(attempt->code) : judge_silence(attempt);
    if (outcome->kind == OUTCOME_UNCERTAIN && attempt->idempotent)
        outcome->kind = attempt->failure == RETRY_CUT_OFF ? OUTCOME_CUT : OUTCOME_RETRY;
    if (outcome->kind == OUTCOME_RETRY)
        outcome->retry_after_ms = attempt->retry_after_ms;
    outcome->slow_down = attempt->code == 429;
    outcome->unreachable =
        outcome->kind == OUTCOME_RETRY && !attempt->code && attempt->phase < RETRY_BODY;
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

int64_t retry_after(const char *text, int64_t now_ms)
{
    while (*text == ' ' || *text == '\t')
        text++;
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
    if (ms < RETRY_AFTER_LEAST_MS)
        return RETRY_AFTER_LEAST_MS;
    return ms > RETRY_AFTER_MOST_MS ? RETRY_AFTER_MOST_MS : ms;
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
