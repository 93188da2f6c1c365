/* Prints docs/reference.md from the tables that read the files. */
#include <stdio.h>

#include "base/settings.h"
#include "config/config.h"
#include "rules/rule_read.h"
#include "rules/rule_steps.h"
#include "send/gateway_kinds.h"

enum { PAGE_MOST = 1 << 20 };

static void put_table(struct buf *out, const char *title, const char *about,
                      const struct setting *table)
{
    buf_printf(out, "\n## %s\n\n%s\n\n", title, about);
    settings_reference(table, out);
}

int main(void)
{
    struct buf page;
    buf_init(&page, PAGE_MOST);
    buf_text(&page, "# Reference\n\n"
                    "Every key of the files that nudged reads. This page is made from the tables "
                    "that read them: `./dev reference`.\n\n"
                    "Durations are written `500ms`, `30s`, `5m`, `1h`, `7d`, `2w`; sizes `512`, "
                    "`64KiB`, `1MiB`; rates `3 per 7d`.\n");
    put_table(&page, "nudged.yaml", "The configuration. All keys are optional.", config_settings);
    for (int i = 0; gateway_kinds[i]; i++) {
        char title[64], about[128];
        snprintf(title, sizeof title, "A gateway of kind `%s`", gateway_kinds[i]->name);
        snprintf(about, sizeof about, "Below `gateways:` of nudged.yaml, by a name of its own.");
        put_table(&page, title, about, gateway_kinds[i]->settings);
    }
    put_table(&page, "A rule", "One YAML document of `rules/*.yaml`.", rule_settings);
    put_table(&page, "The step `send`", "With more than a name: `send: {template: …}`.",
              rule_send_settings);
    fwrite(page.data, 1, page.length, stdout);
    bool complete = !page.full && !fflush(stdout);
    buf_free(&page);
    return complete ? 0 : 1;
}
