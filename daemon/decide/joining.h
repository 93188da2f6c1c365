/* Documents of other keys that prove to be this customer's become part of theirs. */
#ifndef NUDGED_DECIDE_JOINING_H
#define NUDGED_DECIDE_JOINING_H

#include <stddef.h>

#include "customer/customer.h"
#include "decide/deciding.h"

/* Joins them (customer/customer_join), in their order. Then, as if all had been one document from
 * the first: what one side's events ended ends, of journeys that their rule's `again` keeps apart
 * the newest stays, and what no longer may be sent is withdrawn. */
void joining_join(struct deciding *d, const struct customer *const *others, size_t count);
/* Tells of it in the line of the trace that was begun: the first event's; and at last, of
 * a join that no event has told, in a line of its own. */
void joining_tell(struct deciding *d);
void joining_end(struct deciding *d);

#endif
