/*
 * What ICU knows about languages: plural forms, numbers, money, dates, and the
 * ASCII form of domain names. The one file that includes ICU in this folder.
 *
 * Locales are BCP 47 tags ("ro", "pt-BR"); an unknown one behaves as its language,
 * then as English. Formatters are opened once for each thread and kept
 * (a bounded number), so any thread may call at any time. Texts are in the arena;
 * NULL where the input is out of range.
 */
#ifndef NUDGED_BASE_LOCALE_FORMAT_H
#define NUDGED_BASE_LOCALE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { LOCALE_FORMAT_TAG_MOST = 35, LOCALE_FORMAT_DECIMAL_MOST = 64 };

/* A language tag: two or three letters, then subtags of 2 to 8 letters and digits
 * joined by '-' or '_'; at most LOCALE_FORMAT_TAG_MOST bytes. */
bool locale_format_is_tag(const char *text, size_t length);

/* The CLDR plural category of a cardinal: "zero", "one", "two", "few", "many", "other". */
const char *locale_format_plural(const char *locale, double number);

/* Digits with an optional sign, point and exponent, at most LOCALE_FORMAT_DECIMAL_MOST. */
bool locale_format_is_decimal(const char *text);

enum locale_format_money {
    LOCALE_FORMAT_MONEY,         /* 129,90 € */
    LOCALE_FORMAT_MONEY_CODE,    /* 129,90 € EUR; 129,90 RON has its code already */
    LOCALE_FORMAT_MONEY_BARE,    /* 129,90 */
    LOCALE_FORMAT_MONEY_TRIMMED, /* 129 € where the fraction is zero, else 129,90 € */
};

/* `decimal`: in units of the currency ("129.9"); exact. `currency`: three letters, ISO 4217. */
const char *locale_format_money(struct arena *arena, const char *locale, const char *currency,
                                const char *decimal, enum locale_format_money form);

/* Whether ISO 4217 has the code; its letters may be small ones. */
bool locale_format_is_currency(const char *code, size_t length);

/* With the language's separators: 1 234,5. `digits` after the point, 0 to 15; -1: as
 * many as are needed, at most 6. */
const char *locale_format_number(struct arena *arena, const char *locale, const char *decimal,
                                 int digits);

enum locale_format_style {
    LOCALE_FORMAT_NONE,
    LOCALE_FORMAT_SHORT,
    LOCALE_FORMAT_MEDIUM,
    LOCALE_FORMAT_LONG,
    LOCALE_FORMAT_FULL,
};

/* `ms` since 1970 in the zone, by the system's data as base/zone has it. NULL, and a zone that
 * there is not, is UTC. The longer times name the offset: "GMT+2". */
const char *locale_format_date(struct arena *arena, const char *locale, const char *zone,
                               int64_t ms, enum locale_format_style date,
                               enum locale_format_style time);

/* "münchen.example" to "xn--mnchen-3ya.example" (UTS 46, nontransitional, STD3 rules),
 * lower case. NULL where it is no domain name. */
const char *locale_format_domain(struct arena *arena, const char *domain, size_t length);

#endif
