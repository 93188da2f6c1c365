/*
 * The kinds of gateways there are: the one table of them, and the reading of a gateway's
 * settings, whatever its kind.
 */
#ifndef NUDGED_SEND_GATEWAY_KINDS_H
#define NUDGED_SEND_GATEWAY_KINDS_H

#include "send/gateway.h"

extern const struct gateway_kind *const gateway_kinds[]; /* ends with NULL */

/* Reads the settings of one gateway: `map` must have `kind`, one of the table or a preset
 * (send/preset). Gives the kind, which may lie in the arena, and its settings there (they begin
 * with a struct gateway_common); NULL where there was an error, which is in `diags`. */
const struct gateway_kind *gateway_kinds_read(const struct value *map,
                                              const struct settings_source *source,
                                              struct arena *arena, const void **settings,
                                              struct diags *diags);

#endif
