/*
 * Opening a formatter costs ICU a tenth of a millisecond, using it a microsecond, and none may be
 * used by two threads at once: so each thread keeps those that it opened last, found by kind and
 * by a key that spells all that they were opened with. That cache comes first, then tags, which
 * decide what ICU is asked for; then one section for each thing that is formatted: it checks its
 * input, finds or opens the formatter, and copies the text into the arena.
 */
#include "base/locale_format.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/ucurr.h>
#include <unicode/udat.h>
#include <unicode/uenum.h>
#include <unicode/uidna.h>
#include <unicode/uloc.h>
#include <unicode/unumberformatter.h>
#include <unicode/upluralrules.h>
#include <unicode/ustring.h>

#include "base/mem.h"
#include "base/zone.h"

enum { KEPT_MOST = 64, KEY_SIZE = 160, ICU_LOCALE_SIZE = 96, TEXT_MOST = 256 };

/* ---- What each thread keeps ---- */

enum kind { KIND_NONE, KIND_NUMBER, KIND_DATE, KIND_PLURALS, KIND_DOMAIN };

struct kept {
    enum kind kind;
    char key[KEY_SIZE];
    void *object;
};

struct cache {
    struct kept kept[KEPT_MOST];
    size_t next; /* the place to be used next, the oldest one when all are taken */
    UFormattedNumber *result;
};

static _Thread_local struct cache *cache;
static pthread_key_t cache_key;
static pthread_once_t cache_once = PTHREAD_ONCE_INIT;

static void close_kept(struct kept *kept)
{
    switch (kept->kind) {
    case KIND_NUMBER:
        unumf_close(kept->object);
        break;
    case KIND_DATE:
        udat_close(kept->object);
        break;
    case KIND_PLURALS:
        uplrules_close(kept->object);
        break;
    case KIND_DOMAIN:
        uidna_close(kept->object);
        break;
    case KIND_NONE:
        break;
    }
    kept->kind = KIND_NONE;
}

static void close_cache(void *object)
{
    struct cache *old = object;
    for (size_t i = 0; i < KEPT_MOST; i++)
        close_kept(&old->kept[i]);
    unumf_closeResult(old->result);
    free(old);
}

static void prepare(void)
{
    UErrorCode status = U_ZERO_ERROR;
    if (pthread_key_create(&cache_key, close_cache) != 0)
        mem_exhausted();
    /* ICU falls back on the process's own locale before the root: what a customer
     * reads must not depend on the LANG of the machine. */
    uloc_setDefault("en", &status);
}

static struct cache *get_cache(void)
{
    if (cache)
        return cache;
    pthread_once(&cache_once, prepare);
    cache = mem_zero(1, sizeof *cache);
    UErrorCode status = U_ZERO_ERROR;
    cache->result = unumf_openResult(&status);
    if (U_FAILURE(status))
        mem_exhausted();
    pthread_setspecific(cache_key, cache);
    return cache;
}

static void *find_kept(enum kind kind, const char *key)
{
    const struct cache *mine = get_cache();
    for (size_t i = 0; i < KEPT_MOST; i++)
        if (mine->kept[i].kind == kind && strcmp(mine->kept[i].key, key) == 0)
            return mine->kept[i].object;
    return NULL;
}

static void *keep(enum kind kind, const char *key, void *object)
{
    struct cache *mine = get_cache();
    struct kept *kept = &mine->kept[mine->next];
    mine->next = (mine->next + 1) % KEPT_MOST;
    close_kept(kept);
    kept->kind = kind;
    kept->object = object;
    strcpy(kept->key, key);
    return object;
}

/* Joined with a separator that no part contains. False where that is too long. */
static bool make_key(char key[KEY_SIZE], const char *a, const char *b, int c)
{
    int length = snprintf(key, KEY_SIZE, "%s\n%s\n%d", a, b, c);
    return length > 0 && length < KEY_SIZE;
}

/* ---- Tags and texts ---- */

bool locale_format_is_tag(const char *text, size_t length)
{
    size_t part = 0, parts = 0;
    if (length > LOCALE_FORMAT_TAG_MOST)
        return false;
    for (size_t i = 0; i <= length; i++) {
        bool letter = i < length && ((text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z');
        bool digit = i < length && text[i] >= '0' && text[i] <= '9';
        if (letter || (digit && parts > 0)) {
            part++;
            continue;
        }
        if (i < length && text[i] != '-' && text[i] != '_')
            return false;
        if (part < 2 || part > (parts == 0 ? 3 : 8))
            return false;
        parts++;
        part = 0;
    }
    return true;
}

/* What is no tag is English, as ICU's default is. */
static void icu_locale(const char *tag, char out[ICU_LOCALE_SIZE])
{
    char hyphens[LOCALE_FORMAT_TAG_MOST + 1];
    UErrorCode status = U_ZERO_ERROR;
    size_t length = tag ? strlen(tag) : 0;
    get_cache(); /* before any use of ICU: sets its default locale */
    strcpy(out, "en");
    if (!length || !locale_format_is_tag(tag, length))
        return;
    for (size_t i = 0; i <= length; i++)
        hyphens[i] = tag[i] == '_' ? '-' : tag[i];
    uloc_forLanguageTag(hyphens, out, ICU_LOCALE_SIZE, NULL, &status);
    if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING)
        strcpy(out, "en");
}

static const char *to_utf8(struct arena *arena, const UChar *text, int32_t length)
{
    UErrorCode status = U_ZERO_ERROR;
    char utf8[TEXT_MOST * 3 + 1];
    int32_t size = 0;
    u_strToUTF8(utf8, sizeof utf8, &size, text, length, &status);
    return U_FAILURE(status) ? NULL : arena_copy(arena, utf8, (size_t)size);
}

/* ---- Plural forms ---- */

static const char *const categories[] = {"zero", "one", "two", "few", "many", "other"};
enum { CATEGORY_COUNT = sizeof categories / sizeof *categories };

static const char *category_named(const char *name)
{
    for (size_t i = 0; i < CATEGORY_COUNT; i++)
        if (strcmp(name, categories[i]) == 0)
            return categories[i];
    return "other";
}

static const UPluralRules *plural_rules(const char *tag)
{
    char locale[ICU_LOCALE_SIZE];
    UErrorCode status = U_ZERO_ERROR;
    icu_locale(tag, locale);
    UPluralRules *rules = find_kept(KIND_PLURALS, locale);
    if (rules)
        return rules;
    rules = uplrules_open(locale, &status);
    return U_FAILURE(status) ? NULL : keep(KIND_PLURALS, locale, rules);
}

const char *locale_format_plural(const char *locale, double number)
{
    const UPluralRules *rules = plural_rules(locale);
    UErrorCode status = U_ZERO_ERROR;
    UChar keyword[16];
    char name[16];
    if (!rules)
        return "other";
    int32_t length = uplrules_select(rules, number, keyword, 16, &status);
    if (U_FAILURE(status) || length >= 16)
        return "other";
    u_UCharsToChars(keyword, name, length);
    name[length] = '\0';
    return category_named(name);
}

/* ---- Numbers ---- */

bool locale_format_is_decimal(const char *text)
{
    size_t length = strlen(text), digits = 0;
    if (length == 0 || length > LOCALE_FORMAT_DECIMAL_MOST)
        return false;
    if (*text == '-' || *text == '+')
        text++;
    for (; *text >= '0' && *text <= '9'; text++)
        digits++;
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++)
            digits++;
    if (digits && (*text == 'e' || *text == 'E')) {
        text += text[1] == '-' || text[1] == '+' ? 2 : 1;
        size_t exponent = strspn(text, "0123456789");
        if (exponent == 0 || exponent > 2) /* 1e99 is an amount nobody has */
            return false;
        text += exponent;
    }
    return digits && !*text;
}

static const UNumberFormatter *number_formatter(const char *locale, const char *skeleton)
{
    char key[KEY_SIZE];
    UErrorCode status = U_ZERO_ERROR;
    if (!make_key(key, locale, skeleton, 0))
        return NULL;
    UNumberFormatter *formatter = find_kept(KIND_NUMBER, key);
    if (formatter)
        return formatter;
    UChar wide[KEY_SIZE];
    u_charsToUChars(skeleton, wide, (int32_t)strlen(skeleton) + 1);
    formatter = unumf_openForSkeletonAndLocale(wide, -1, locale, &status);
    if (U_FAILURE(status)) {
        unumf_close(formatter);
        return NULL;
    }
    return keep(KIND_NUMBER, key, formatter);
}

static const char *format_decimal(struct arena *arena, const char *tag, const char *skeleton,
                                  const char *decimal)
{
    char locale[ICU_LOCALE_SIZE];
    UErrorCode status = U_ZERO_ERROR;
    UChar text[TEXT_MOST];
    if (!locale_format_is_decimal(decimal))
        return NULL;
    icu_locale(tag, locale);
    const UNumberFormatter *formatter = number_formatter(locale, skeleton);
    if (!formatter)
        return NULL;
    UFormattedNumber *result = get_cache()->result;
    unumf_formatDecimal(formatter, decimal, -1, result, &status);
    int32_t length = unumf_resultToString(result, text, TEXT_MOST, &status);
    return U_FAILURE(status) || length > TEXT_MOST ? NULL : to_utf8(arena, text, length);
}

static bool is_currency(const char *code)
{
    size_t i = 0;
    while ((code[i] | 0x20) >= 'a' && (code[i] | 0x20) <= 'z')
        i++;
    return i == 3 && !code[i];
}

bool locale_format_is_currency(const char *code, size_t length)
{
    UChar wide[4] = {0};
    if (length != 3)
        return false;
    for (size_t i = 0; i < 3; i++) {
        wide[i] = (UChar)(code[i] & ~0x20);
        if (wide[i] < 'A' || wide[i] > 'Z')
            return false;
    }
    return ucurr_getNumericCode(wide) > 0;
}

/* The spaces that some languages set beside a symbol that is hidden. */
static const char *trim_spaces(struct arena *arena, const char *text)
{
    static const char *const spaces[] = {" ", "\u00a0", "\u202f"};
    size_t start = 0, end = strlen(text);
    for (size_t i = 0; i < 3; i++) {
        size_t width = strlen(spaces[i]);
        if (end - start > width && memcmp(text + start, spaces[i], width) == 0)
            start += width;
        if (end - start > width && memcmp(text + end - width, spaces[i], width) == 0)
            end -= width;
    }
    return arena_copy(arena, text + start, end - start);
}

const char *locale_format_money(struct arena *arena, const char *locale, const char *currency,
                                const char *decimal, enum locale_format_money form)
{
    static const char *const skeletons[] = {
        [LOCALE_FORMAT_MONEY] = "unit-width-narrow",
        [LOCALE_FORMAT_MONEY_CODE] = "unit-width-narrow",
        [LOCALE_FORMAT_MONEY_BARE] = "unit-width-hidden",
        [LOCALE_FORMAT_MONEY_TRIMMED] = "unit-width-narrow precision-currency-standard/w",
    };
    char skeleton[KEY_SIZE], code[4] = "";
    if (!is_currency(currency))
        return NULL;
    for (size_t i = 0; i < 3; i++)
        code[i] = (char)(currency[i] & ~0x20);
    snprintf(skeleton, sizeof skeleton, "currency/%s %s", code, skeletons[form]);
    const char *text = format_decimal(arena, locale, skeleton, decimal);
    if (text && form == LOCALE_FORMAT_MONEY_BARE)
        return trim_spaces(arena, text);
    if (text && form == LOCALE_FORMAT_MONEY_CODE && !strstr(text, code))
        return arena_printf(arena, "%s %s", text, code);
    return text;
}

const char *locale_format_number(struct arena *arena, const char *locale, const char *decimal,
                                 int digits)
{
    char skeleton[KEY_SIZE];
    if (digits < -1 || digits > 15)
        return NULL;
    if (digits == -1)
        strcpy(skeleton, ".######");
    else if (digits == 0)
        strcpy(skeleton, "precision-integer");
    else
        snprintf(skeleton, sizeof skeleton, ".%.*s", digits, "000000000000000");
    return format_decimal(arena, locale, skeleton, decimal);
}

/* ---- Dates ---- */

static UDateFormatStyle date_style(enum locale_format_style style)
{
    static const UDateFormatStyle styles[] = {
        [LOCALE_FORMAT_NONE] = UDAT_NONE,     [LOCALE_FORMAT_SHORT] = UDAT_SHORT,
        [LOCALE_FORMAT_MEDIUM] = UDAT_MEDIUM, [LOCALE_FORMAT_LONG] = UDAT_LONG,
        [LOCALE_FORMAT_FULL] = UDAT_FULL,
    };
    return styles[style];
}

/* ICU's own zones are as old as the library; the offset comes from the system's, and ICU
 * gets a zone that has no other. */
enum { FIXED_ZONE_SIZE = 16 };

static void fixed_zone(const char *name, int64_t ms, char out[FIXED_ZONE_SIZE])
{
    struct zone *zone = name ? zone_get(name) : NULL;
    struct zone_time local;
    strcpy(out, "UTC");
    if (!zone || strcmp(name, "UTC") == 0)
        return;
    zone_local(zone, ms, &local);
    int minutes = abs(local.offset) % (24 * 60);
    snprintf(out, FIXED_ZONE_SIZE, "GMT%c%02d:%02d", local.offset < 0 ? '-' : '+', minutes / 60,
             minutes % 60);
}

static UDateFormat *date_formatter(const char *locale, const char *zone,
                                   enum locale_format_style date, enum locale_format_style time)
{
    char key[KEY_SIZE];
    UChar wide[FIXED_ZONE_SIZE];
    UErrorCode status = U_ZERO_ERROR;
    if (!make_key(key, locale, zone, (int)date * 10 + (int)time))
        return NULL;
    UDateFormat *formatter = find_kept(KIND_DATE, key);
    if (formatter)
        return formatter;
    u_charsToUChars(zone, wide, (int32_t)strlen(zone) + 1);
    formatter = udat_open(date_style(time), date_style(date), locale, wide, -1, NULL, 0, &status);
    if (U_FAILURE(status)) {
        udat_close(formatter);
        return NULL;
    }
    return keep(KIND_DATE, key, formatter);
}

const char *locale_format_date(struct arena *arena, const char *tag, const char *zone, int64_t ms,
                               enum locale_format_style date, enum locale_format_style time)
{
    char locale[ICU_LOCALE_SIZE], fixed[FIXED_ZONE_SIZE];
    UErrorCode status = U_ZERO_ERROR;
    UChar text[TEXT_MOST];
    icu_locale(tag, locale);
    if (date == LOCALE_FORMAT_NONE && time == LOCALE_FORMAT_NONE)
        return NULL;
    fixed_zone(zone, ms, fixed);
    UDateFormat *formatter = date_formatter(locale, fixed, date, time);
    if (!formatter)
        return NULL;
    int32_t length = udat_format(formatter, (UDate)ms, text, TEXT_MOST, NULL, &status);
    return U_FAILURE(status) || length > TEXT_MOST ? NULL : to_utf8(arena, text, length);
}

/* ---- Domains ---- */

const char *locale_format_domain(struct arena *arena, const char *domain, size_t length)
{
    enum { DOMAIN_MOST = 253 };
    UErrorCode status = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    char ascii[DOMAIN_MOST + 1];
    UIDNA *idna = find_kept(KIND_DOMAIN, "");
    if (!idna) {
        idna = uidna_openUTS46(UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
                                   UIDNA_NONTRANSITIONAL_TO_ASCII,
                               &status);
        if (U_FAILURE(status))
            return NULL;
        keep(KIND_DOMAIN, "", idna);
    }
    if (length == 0 || length > 4 * DOMAIN_MOST)
        return NULL;
    int32_t size =
        uidna_nameToASCII_UTF8(idna, domain, (int32_t)length, ascii, sizeof ascii, &info, &status);
    if (U_FAILURE(status) || info.errors || size <= 0 || size > DOMAIN_MOST ||
        ascii[size - 1] == '.')
        return NULL;
    return arena_copy(arena, ascii, (size_t)size);
}
