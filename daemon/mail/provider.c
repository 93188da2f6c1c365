#include "mail/provider.h"

#include <string.h>

#include "mail/address.h"

/* Their owners say by DMARC that mail from there comes from their own servers alone. */
static const char *const providers[] = {
    "gmail.com",   "googlemail.com", "yahoo.com",  "ymail.com",  "outlook.com",
    "hotmail.com", "live.com",       "msn.com",    "icloud.com", "me.com",
    "aol.com",     "gmx.de",         "gmx.net",    "gmx.com",    "web.de",
    "mail.ru",     "yandex.ru",      "yandex.com", "proton.me",  "protonmail.com",
    "zoho.com",    "mail.com",       "yahoo.ro",   "seznam.cz",  NULL};

void provider_check(struct arena *arena, const char *from, const struct settings_source *source,
                    const struct value *place, struct diags *diags)
{
    struct address address;
    if (!address_parse(arena, from, &address, NULL))
        return;
    const char *domain = strrchr(address.mailbox, '@') + 1;
    for (const char *const *provider = providers; *provider; provider++)
        if (strcmp(domain, *provider) == 0)
            diag_hint(settings_fault(diags, source, place, DIAG_WARNING,
                                     "mail from %s that its own servers did not send is refused",
                                     domain),
                      "use an address of the shop's own domain");
}
