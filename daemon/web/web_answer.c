#include "web/web_answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

enum { PROBLEM_MOST = 8192, RETRY_AFTER_S = 5 };

struct web_answer *web_answer_of(struct arena *arena, int status, const char *type,
                                 struct slice body)
{
    struct web_answer *answer = arena_zero(arena, sizeof *answer);
    answer->status = status;
    answer->type = type;
    answer->body = body;
    return answer;
}

struct web_answer *web_answer_text(struct arena *arena, int status, const char *text)
{
    const char *line = arena_printf(arena, "%s\n", text);
    return web_answer_of(arena, status, "text/plain; charset=utf-8", slice_of(line));
}

struct web_answer *web_answer_refuse(struct arena *arena, enum web_refusal refusal,
                                     const char *detail)
{
    const struct web_refusal_row *row = web_refusal_row(refusal);
    struct value problem = value_new_map(arena, 4);
    value_set(arena, problem, "title", value_text(row->sentence));
    value_set(arena, problem, "status", value_int(row->status));
    value_set(arena, problem, "reason", value_text(row->word));
    if (detail)
        value_set(arena, problem, "detail", value_text(detail));
    struct web_answer *answer = web_answer_of(arena, row->status, "application/problem+json",
                                              json_print_slice(arena, &problem, PROBLEM_MOST));
    answer->refusal = refusal;
    if (row->status == 429 || row->status == 503)
        answer->retry_after_s = RETRY_AFTER_S;
    return answer;
}

void web_answer_header(struct web_answer *answer, const char *name, const char *value)
{
    if (answer->header_count == WEB_ANSWER_HEADERS_MOST)
        abort();
    answer->headers[answer->header_count].name = name;
    answer->headers[answer->header_count++].value = value;
}
