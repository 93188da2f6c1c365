#include "send/mailbox_gone.h"

#include <string.h>

#include "send/retry.h"

static bool is_domain(const char *enhanced)
{
    return strcmp(enhanced, "5.1.2") == 0 || strcmp(enhanced, "5.4.4") == 0;
}

bool mailbox_gone(int code, const char *enhanced)
{
    struct outcome outcome;
    const struct retry_attempt attempt = {.phase = RETRY_RCPT,
                                          .code = code >= 500        ? code
                                                  : *enhanced == '5' ? 554
                                                                     : 0,
                                          .enhanced = enhanced};
    if (!attempt.code || *enhanced == '4')
        return false;
    outcome_set(&outcome, OUTCOME_DEAD);
    retry_smtp(&attempt, &outcome);
    return outcome.kind == OUTCOME_BOUNCED || outcome.suspect == OUTCOME_SUSPECT_MAILBOX ||
           is_domain(enhanced);
}
