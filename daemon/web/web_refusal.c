#include "web/web_refusal.h"

const struct web_refusal_row *web_refusal_row(enum web_refusal refusal)
{
    static const struct web_refusal_row rows[WEB_REFUSAL_COUNT] = {
        [WEB_REFUSAL_NONE] = {"none", "", 200},
#define WEB_REFUSAL_ROW(name, word, status, sentence) \
    [WEB_REFUSAL_##name] = {word, sentence, status},
        WEB_REFUSALS(WEB_REFUSAL_ROW)
#undef WEB_REFUSAL_ROW
    };
    return &rows[refusal];
}
