/* Help on the options of ctl/selection, which `dead`, `outbox` and `uncertain` share. */
#ifndef NUDGED_CTL_SELECTION_HELP_H
#define NUDGED_CTL_SELECTION_HELP_H

#define SELECTION_HELP                                                                     \
    "\nOf many, retry and drop take those that all of these are true of; ls shows them:\n" \
    "  --all             all of them\n"                                                    \
    "  --rule NAME, --template NAME, --channel NAME, --gateway NAME, --customer WHO\n"     \
    "                    those of that rule, template, channel, gateway or customer\n"     \
    "  --reason WORD     dead: of that reason; outbox: queued, taken or later\n"           \
    "  --after TIME      from then on: 2026-03-01T08:00:00Z, or 2h (so long ago)\n"        \
    "  --before TIME     until then\n"                                                     \
    "  --older-than 1d   the same: until so long ago\n"                                    \
    "  --dry-run         retry, drop: says what would become of them\n"                    \
    "  --json            each in full, one JSON object a line; retry, drop: how many\n"

#endif
