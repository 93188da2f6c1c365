#include "liquid/liquid_date.h"
#include "liquid/liquid_filters.h"
#include "liquid/liquid_strftime.h"
#include "liquid/liquid_text.h"

bool liquid_time(struct liquid_run *run, const struct value *value, int64_t *ms, int *offset)
{
    struct liquid_date date;
    struct value plain = *value;
    if (!liquid_text_plain(run, &plain) ||
        !liquid_date_read(&plain, run->input->now_ms, run->input->zone, &date))
        return false;
    *ms = date.seconds * 1000 + date.nanosecond / 1000000;
    *offset = date.local.offset;
    return true;
}

/* What is no date is passed on. */
static bool date_filter(struct liquid_call *call)
{
    struct liquid_run *run = call->run;
    struct slice format;
    struct liquid_date date;
    struct value plain = call->input;
    if (!liquid_text_of(run, &call->arguments[0], &format) || !liquid_text_plain(run, &plain))
        return false;
    call->result = call->input;
    if (format.length == 0 ||
        !liquid_date_read(&plain, run->input->now_ms, run->input->zone, &date))
        return true;
    buf_clear(&run->scratch);
    if (!liquid_strftime(&run->scratch, &date, format.text, format.length))
        return liquid_run_over(run, "a date takes more than %llu bytes of memory",
                               run->limits.memory);
    char *text = liquid_run_copy(run, run->scratch.data, run->scratch.length);
    return text && liquid_filters_give(call, text, run->scratch.length, false);
}

const struct liquid_filter liquid_filters_date[] = {
    {"date", date_filter, 1, 1},
    {NULL, NULL, 0, 0},
};
