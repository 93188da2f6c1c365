/*
 * The webhooks of the configuration, `web.webhooks`: which mapping stands at which path, and with
 * which secrets. Loaded before nudged-web confines itself; asked by the route of
 * web/hook_route.
 */
#ifndef NUDGED_WEB_HOOKS_H
#define NUDGED_WEB_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/settings.h"
#include "base/shape.h"
#include "web/mapping.h"
#include "web/signature.h"

enum {
    HOOKS_MOST = 64,
    HOOKS_CERTIFICATES_MOST = 8,
};

/* All paths of webhooks begin so. */
#define HOOKS_PATH "/webhooks/"

/* One of the list. */
struct hook {
    const struct mapping *mapping;
    const char *word; /* its path behind HOOKS_PATH */
    struct signature_secrets secrets;
    const char *const *topics; /* of SNS: ARNs; NULL-terminated */
    unsigned rights;           /* of enum outside_right: what the types that it lists need */
};

struct hooks;

/* A row of the list, and all that may stand in its place. */
extern const struct setting hooks_settings[];
extern const struct shape hooks_shape;

/* What can be told of the list without reading a file: faults are added to `diags`. */
void hooks_check(const struct value *list, const struct settings_source *source,
                 struct diags *diags);

/* `list` as it stands in the configuration. `folder`: of mappings, may not be there. `secrets`:
 * whether their files are read too; for `check`, which may not be allowed to, a file that cannot be
 * read is none. Faults are added to `diags`; NULL where there was an error. */
struct hooks *hooks_read(const struct value *list, const char *folder, bool secrets,
                         const struct settings_source *source, struct diags *diags);
/* Overwrites what is secret. */
void hooks_destroy(struct hooks **hooks);

size_t hooks_count(const struct hooks *hooks);
const struct hook *hooks_find(const struct hooks *hooks, const char *word);

/* ---- What is remembered between deliveries ---- */

/* A certificate that was fetched, by its address; no text: it is not known. Kept for a day. */
struct slice hooks_certificate(const struct hooks *hooks, const char *url, int64_t now_ms);
void hooks_keep_certificate(struct hooks *hooks, const char *url, struct slice text,
                            int64_t now_ms);

#endif
