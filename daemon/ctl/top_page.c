/*
 * Top down: who runs, what is wrong, the figures, the gateways, the rules that do most; at the
 * bottom the keys and the time. Rates are those of the last moments. What has no room is left out
 * from the bottom up.
 */
#include "ctl/top_page.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ctl/cells.h"
#include "ctl/columns.h"

enum { WRONG_MOST = 5, GATEWAYS_LEAST = 3 };

static size_t lines_of(const struct buf *out)
{
    size_t lines = 0;
    for (size_t i = 0; i < out->length; i++)
        lines += out->data[i] == '\n';
    return lines;
}

static size_t left_of(const struct top_page *page, const struct buf *out)
{
    size_t used = lines_of(out) + 1; /* the last line is the footer's */
    return page->size.lines > used ? page->size.lines - used : 0;
}

static void put_rate(struct columns *table, double rate)
{
    if (rate > 0)
        columns_printf(table, rate < 100 ? "%.1f" : "%.0f", rate);
    else
        columns_coloured(table, COLOUR_FAINT, "-");
}

/* ---- Gateways ---- */

static void put_gateway(struct columns *table, const struct standing *standing,
                        const struct standing_gateway *gateway, const struct pace_row *row)
{
    static const struct pace_row none;
    const struct pace_row *counts = row ? row : &none;
    columns_text(table, gateway->name);
    columns_coloured(table, status_page_colour(gateway->state),
                     standing_state_word(gateway->state));
    columns_number(table, gateway->sending);
    put_rate(table, counts->rates[TOP_SENT]);
    put_rate(table, counts->rates[TOP_RETRIED]);
    put_rate(table, counts->rates[TOP_REFUSED]);
    columns_number(table, gateway->sent);
    status_page_why(table, standing, gateway);
}

static void put_gateways(const struct top_page *page, size_t most, struct buf *out)
{
    static const struct columns_head heads[] = {{"GATEWAY", COLUMNS_TEXT},
                                                {"STATE", COLUMNS_TEXT},
                                                {"SENDING", COLUMNS_NUMBER},
                                                {"SENT/S", COLUMNS_NUMBER},
                                                {"RETRIED/S", COLUMNS_NUMBER},
                                                {"REFUSED/S", COLUMNS_NUMBER},
                                                {"SENT", COLUMNS_NUMBER},
                                                {"WHY, OR LAST FAILURE", COLUMNS_CUT},
                                                {0}};
    const struct standing *standing = page->standing;
    struct columns *table = columns_new(heads);
    for (size_t i = 0; i < standing->gateway_count && i < most; i++)
        put_gateway(table, standing, &standing->gateways[i],
                    pace_row(page->gateways, standing->gateways[i].name));
    columns_write(table, page->size.columns, out);
    columns_destroy(&table);
}

/* ---- Rules ---- */

static double busy(const struct pace_row *row)
{
    return row->rates[0] + row->rates[1] + row->rates[2];
}

/* Those that do most now, then those that did most. */
static int by_work(const void *a, const void *b)
{
    const struct pace_row *one = a, *two = b;
    double rates = busy(two) - busy(one);
    int64_t counts = two->counts[TOP_DECIDED] - one->counts[TOP_DECIDED];
    if (rates > 0 || rates < 0)
        return rates > 0 ? 1 : -1;
    if (counts)
        return counts > 0 ? 1 : -1;
    return strcmp(one->name, two->name);
}

static void put_rules(const struct top_page *page, size_t most, struct buf *out)
{
    static const struct columns_head heads[] = {
        {"RULE", COLUMNS_CUT},         {"DECIDED/S", COLUMNS_NUMBER},
        {"SENT/S", COLUMNS_NUMBER},    {"HELD BACK/S", COLUMNS_NUMBER},
        {"DECIDED", COLUMNS_NUMBER},   {"SENT", COLUMNS_NUMBER},
        {"HELD BACK", COLUMNS_NUMBER}, {0}};
    size_t count;
    const struct pace_row *rows = pace_rows(page->rules, &count);
    struct pace_row *sorted = mem_zero(count + 1, sizeof *sorted);
    struct columns *table = columns_new(heads);
    if (count) {
        memcpy(sorted, rows, sizeof *sorted * count);
        qsort(sorted, count, sizeof *sorted, by_work);
    }
    for (size_t i = 0; i < count && i < most; i++) {
        columns_text(table, sorted[i].name);
        for (size_t j = 0; j < PACE_COUNTS; j++)
            put_rate(table, sorted[i].rates[j]);
        for (size_t j = 0; j < PACE_COUNTS; j++)
            columns_number(table, sorted[i].counts[j]);
    }
    columns_write(table, page->size.columns, out);
    columns_destroy(&table);
    free(sorted);
}

/* ---- All of it ---- */

static void put_footer(const struct top_page *page, struct buf *out)
{
    char time[CLOCK_TEXT_SIZE];
    const char *keys = "q quits, space looks now";
    clock_format(page->standing->now_ms / 1000 * 1000, time);
    size_t width = cells_width(keys) + cells_width(time), columns = page->size.columns;
    for (size_t lines = lines_of(out); lines + 1 < page->size.lines; lines++)
        buf_char(out, '\n');
    buf_text(out, colour_begin(COLOUR_FAINT));
    buf_text(out, width <= columns ? keys : "");
    for (size_t i = width; i < columns; i++)
        buf_char(out, ' ');
    if (width <= columns)
        buf_text(out, time);
    buf_text(out, colour_end(COLOUR_FAINT));
}

/* An empty line and a table of at least a heading and a row. */
static void put_table(const struct top_page *page,
                      void (*put)(const struct top_page *, size_t, struct buf *), size_t keep,
                      struct buf *out)
{
    size_t left = left_of(page, out);
    if (left < keep + 3)
        return;
    buf_char(out, '\n');
    put(page, left - keep - 2, out);
}

static void set_rates(const struct top_page *page)
{
    const struct pace_row *all = pace_row(page->all, "all");
    page->standing->events_per_second = all ? all->rates[TOP_EVENTS] : 0;
    page->standing->messages_per_second = all ? all->rates[TOP_MESSAGES] : 0;
}

void top_page_write(const struct top_page *page, struct buf *out)
{
    const struct standing *standing = page->standing;
    const size_t columns = page->size.columns;
    size_t rules;
    set_rates(page);
    pace_rows(page->rules, &rules);
    status_page_head(standing, columns, out);
    if (standing->wrong_count)
        status_page_wrong(standing, columns, WRONG_MOST, out);
    buf_char(out, '\n');
    status_page_figures(standing, columns, out);
    put_table(page, put_gateways, rules ? GATEWAYS_LEAST + 2 : 0, out);
    if (rules)
        put_table(page, put_rules, 0, out);
    put_footer(page, out);
}
