/*
 * One message being composed: its template chosen, its variables, its rendered
 * parts, its addresses and header fields. What compose makes a mail, a text or a
 * request's body of.
 */
#ifndef NUDGED_COMPOSE_COMPOSITION_H
#define NUDGED_COMPOSE_COMPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compose/compose_settings.h"
#include "mail/address.h"
#include "templates/filter_context.h"
#include "templates/templates.h"

enum { COMPOSITION_FIELDS_MOST = 64 };

enum composition_form { COMPOSITION_UNSTRUCTURED, COMPOSITION_MAILBOX, COMPOSITION_STRUCTURED };

/* A header field beside those of the MIME body. */
struct composition_field {
    const char *name;
    enum composition_form form;
    const char *value; /* decoded; of a mailbox, as people write it */
    struct address mailbox;
};

struct composition {
    const struct templates *templates;
    const struct compose_settings *settings;
    const struct value *message;
    struct arena *arena;
    struct diag *diag;

    const char *mid, *rule, *topic, *channel, *to;
    bool marketing;
    bool elsewhere;              /* to an address of its own: without the customer's links */
    const char *token;           /* to unsubscribe; NULL: none can be made */
    const char *unsubscribe_url; /* NULL: none */
    const char *preferences_url; /* NULL: none */
    const char *confirm_url;     /* of a double opt-in; NULL: none */

    const struct templates_variant *variant;
    const char *locale;
    struct value variables; /* all that templates see */
    struct value shared;    /* those of them that snippets see too */
    struct filter_context context;

    const char *subject, *preheader, *html, *text; /* NULL: the template has none */

    struct address from, reply_to, recipient; /* mailbox NULL: none */
    struct composition_field fields[COMPOSITION_FIELDS_MOST];
    size_t field_count;
};

/* Reads the message and makes its variables; `c` has its first five members set. */
bool composition_begin(struct composition *c);

/* Makes what templates see, and what their filters know. composition_begin has read the
 * message. */
void composition_variables(struct composition *c);
/* Likewise for a file by itself: what it is given, a map, stands over all the rest. */
void composition_own_variables(struct composition *c, const struct value *data);

/* Chooses the template and renders subject, preheader, HTML and text. */
bool composition_render(struct composition *c);

/* On a channel that has no mail: marks the text where it is a test (compose_settings). */
void composition_mark_text(struct composition *c);

/* Renders a template with the variables as they are; into the arena. */
bool composition_run(struct composition *c, const struct liquid_template *template, bool html,
                     size_t most, const char **text);

/* A line of the front matter as a header may have it (header_line_clean), of at most `most` bytes;
 * NULL where there is no template, or it comes out empty. */
bool composition_line(struct composition *c, const struct liquid_template *template, size_t most,
                      const char **line);

/* Checks the addresses of a mail; or of a channel that has numbers, tokens or names. */
bool composition_address(struct composition *c);
bool composition_plain_address(struct composition *c);

/* On a channel that has no mail: who sends, if anybody says so. What is no mailbox, as the
 * template's own `from` for a text message may be, is taken as it stands. */
bool composition_plain_sender(struct composition *c);

/* Lists the header fields of a mail: those of RFC 5322, Auto-Submitted (RFC 3834), for marketing
 * List-Unsubscribe (RFC 2369, 8058) and List-Id (RFC 2919), and the template's own. */
bool composition_list_fields(struct composition *c);

/* On a channel that has no mail: the template's own header fields alone. */
bool composition_own_fields(struct composition *c);

/* Appends one of them as it goes out. */
bool composition_write_field(const struct composition *c, const struct composition_field *field,
                             struct buf *out);

/* Puts the composed message in the place of the variable `message`: what the body of a request
 * sees. `envelope_from` may be NULL. `files`: what is attached too, which is heavy. */
bool composition_message(struct composition *c, const char *envelope_from, bool files);

/* Without white space at its ends; in the arena. */
const char *composition_trim(struct composition *c, const char *text);

#endif
