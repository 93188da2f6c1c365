/* Whether a mailbox is gone, by what its server said of a mail after it was taken: a report of a
 * mail server, a provider's word. */
#ifndef NUDGED_SEND_MAILBOX_GONE_H
#define NUDGED_SEND_MAILBOX_GONE_H

#include <stdbool.h>

/* What send/retry makes of the same answer to RCPT; and a domain that there is not, which a relay
 * seldom knows that early. `code` 0: none was given; `enhanced` "": likewise. */
bool mailbox_gone(int code, const char *enhanced);

#endif
