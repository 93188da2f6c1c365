#include "web/hook_news.h"

#include <ctype.h>
#include <string.h>

#include "base/utf8.h"

enum { MID_LENGTH = HOOK_NEWS_MID_SIZE - 1, CODE_LEAST = 200, CODE_MOST = 599, LOOKED_AT = 128 };

const char *const hook_news_kinds[] = {
    [HOOK_NEWS_BOUNCED] = "bounced",           [HOOK_NEWS_FAILED] = "failed",
    [HOOK_NEWS_DELAYED] = "delayed",           [HOOK_NEWS_COMPLAINED] = "complained",
    [HOOK_NEWS_UNSUBSCRIBED] = "unsubscribed", NULL};

/* ---- Which message ---- */

static bool is_mid(const char *text, size_t length)
{
    return length == MID_LENGTH && strspn(text, "0123456789abcdef") >= MID_LENGTH;
}

/* "0123…@shop.example", as it stands in <>, or by itself. */
static bool read_mid(const struct value *message, char mid[HOOK_NEWS_MID_SIZE])
{
    if (!value_is(message, VALUE_STRING))
        return false;
    const char *text = message->string;
    size_t length = message->length, skip = length && *text == '<';
    text += skip;
    length -= skip;
    if (length < MID_LENGTH || (length > MID_LENGTH && text[MID_LENGTH] != '@'))
        return false;
    memcpy(mid, text, MID_LENGTH);
    mid[MID_LENGTH] = '\0';
    return is_mid(mid, strlen(mid));
}

/* ---- What its server said ---- */

/* "5.1.1", class 2, 4 or 5 (RFC 3463); its length, or 0. */
static size_t enhanced_at(const char *text, size_t length)
{
    size_t at = 0, dots = 0, digits = 0;
    if (length < 5 || (*text != '2' && *text != '4' && *text != '5') || text[1] != '.')
        return 0;
    for (; at < length && at < HOOK_NEWS_ENHANCED_SIZE; at++) {
        if (text[at] == '.' && digits && dots < 2) {
            dots++;
            digits = 0;
        } else if (isdigit((unsigned char)text[at]) && digits < 3) {
            digits++;
        } else {
            break;
        }
    }
    return dots == 2 && digits && at < HOOK_NEWS_ENHANCED_SIZE ? at : 0;
}

static bool ends_word(const char *words, size_t at)
{
    return !words[at] || strchr(" -:;,)]", words[at]);
}

/* The first of each, at the beginning of a word near the beginning. */
static void look_into_words(struct hook_news *feedback)
{
    const char *words = feedback->words;
    for (size_t at = 0; words[at] && at < LOOKED_AT; at++) {
        size_t length = enhanced_at(words + at, strlen(words + at));
        if (at && !strchr(" ;:(#[-", words[at - 1]))
            continue;
        if (!*feedback->enhanced && length && ends_word(words, at + length))
            memcpy(feedback->enhanced, words + at, length);
        if (!feedback->code && (words[at] == '4' || words[at] == '5') &&
            isdigit((unsigned char)words[at + 1]) && isdigit((unsigned char)words[at + 2]) &&
            ends_word(words, at + 3))
            feedback->code =
                (words[at] - '0') * 100 + (words[at + 1] - '0') * 10 + (words[at + 2] - '0');
    }
}

static void read_code(const struct value *code, struct hook_news *feedback)
{
    int64_t number = 0;
    if (value_is(code, VALUE_STRING))
        for (uint32_t i = 0;
             i < code->length && isdigit((unsigned char)code->string[i]) && number <= CODE_MOST;
             i++)
            number = number * 10 + (code->string[i] - '0');
    else
        value_to_int(code, &number);
    if (number >= CODE_LEAST && number <= CODE_MOST)
        feedback->code = (int)number;
}

bool hook_news_make(enum hook_news_kind kind, const struct hook_news_parts *parts,
                    struct hook_news *feedback)
{
    *feedback = (struct hook_news){.kind = kind};
    if (!read_mid(parts->message, feedback->mid))
        return false;
    if (value_is(parts->words, VALUE_STRING))
        feedback->words[utf8_one_line(parts->words->string, parts->words->length, feedback->words,
                                      sizeof feedback->words - 1)] = '\0';
    const struct value *enhanced = parts->enhanced;
    if (value_is(enhanced, VALUE_STRING) &&
        enhanced_at(enhanced->string, enhanced->length) == enhanced->length)
        memcpy(feedback->enhanced, enhanced->string, enhanced->length);
    read_code(parts->code, feedback);
    look_into_words(feedback);
    return true;
}

bool hook_news_is_whole(const struct hook_news *feedback)
{
    size_t words = strnlen(feedback->words, sizeof feedback->words),
           enhanced = strnlen(feedback->enhanced, sizeof feedback->enhanced);
    return (unsigned)feedback->kind <= HOOK_NEWS_UNSUBSCRIBED &&
           is_mid(feedback->mid, strnlen(feedback->mid, sizeof feedback->mid)) &&
           words < sizeof feedback->words && utf8_valid(feedback->words, words) &&
           !utf8_has_control(feedback->words, words) && enhanced < sizeof feedback->enhanced &&
           enhanced_at(feedback->enhanced, enhanced) == enhanced &&
           (!feedback->code || (feedback->code >= CODE_LEAST && feedback->code <= CODE_MOST));
}
