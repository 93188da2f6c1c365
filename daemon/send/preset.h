/*
 * Presets: kinds of gateways that are `http` with a file of defaults behind it. The files,
 * NAME.yaml, and the templates of their bodies are those of the folder gateways/, and built in;
 * docs/delivery.md has their form.
 */
#ifndef NUDGED_SEND_PRESET_H
#define NUDGED_SEND_PRESET_H

#include "base/arena.h"
#include "base/built_in.h"
#include "base/diag.h"
#include "send/gateway.h"

/* Ends with a row without a name. */
extern const struct built_in preset_files[];

/* The names of all presets, in the arena; ends with NULL. */
const char *const *preset_names(struct arena *arena);

/* The kind that a preset makes: of the settings of `http` with other defaults, and behind them
 * those of its own. In the arena. NULL: there is none of that name, or, with an error in `diags`,
 * its file has a fault. */
const struct gateway_kind *preset_kind(struct arena *arena, const char *name, struct diags *diags);

#endif
