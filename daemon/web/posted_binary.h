/* The binary form of CloudEvents over HTTP: the attributes in `ce-` headers, the data as the body.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#31
 */
#ifndef NUDGED_WEB_POSTED_BINARY_H
#define NUDGED_WEB_POSTED_BINARY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/value.h"
#include "web/web_request.h"

/* The attributes as members of a map; false with `diag`: a header's name or value is none. */
bool posted_binary_attributes(struct arena *arena, const struct web_fields *headers,
                              struct value *event, struct diag *diag);

#endif
