/*
 * The texts of each language, what they are called, and the titles of the topics that the shipped
 * rules have; below them, which language it is to be.
 */
#include "web/page_texts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Each language ---- */

static const struct page_language own[] = {
    {
        .tag = "en",
        .texts =
            {
                [PAGE_NOTHING] = "",
                [PAGE_LEAVE] = "Unsubscribe?",
                [PAGE_LEAVE_LEAD] = "{shop} will no longer write to you about:",
                [PAGE_LEAVE_BUTTON] = "Unsubscribe",
                [PAGE_LEAVE_ALL_BUTTON] = "Unsubscribe from everything",
                [PAGE_ORDERS_STAY] = "Messages about your orders will still come.",
                [PAGE_LEFT] = "You’re unsubscribed",
                [PAGE_ON_ITS_WAY] = "A message that is on its way already may still arrive.",
                [PAGE_CHOOSE] = "What may we write to you about?",
                [PAGE_CHOOSE_LEAD] = "Choose what you’d like to hear from {shop}. Before we begin "
                                     "something new, we’ll ask you by email to confirm it.",
                [PAGE_SAVE_BUTTON] = "Save",
                [PAGE_SAVED] = "Saved",
                [PAGE_UNCHANGED] = "Everything stays as it was.",
                [PAGE_MAIL_COMES] =
                    "We’re sending you an email. Please open the link in it to confirm:",
                [PAGE_CONFIRM] = "Please confirm",
                [PAGE_CONFIRM_LEAD] = "{shop} may write to you about:",
                [PAGE_CONFIRM_BUTTON] = "Yes, write to me",
                [PAGE_CONFIRM_NOTE] = "If it wasn’t you who asked for it, just close this page.",
                [PAGE_CONFIRMED] = "Thank you!",
                [PAGE_WAY_OUT] = "Each of these emails has a link to unsubscribe.",
                [PAGE_VOID] = "This link doesn’t work",
                [PAGE_VOID_LEAD] =
                    "It may have been cut off on its way. Please open it from the email "
                    "once more.",
                [PAGE_EXPIRED] = "This link has expired",
                [PAGE_EXPIRED_LEAD] = "It worked for seven days. Please ask us for a new one.",
                [PAGE_AWAY] = "Please try again",
                [PAGE_AWAY_LEAD] =
                    "We can’t reach our records just now, so nothing has changed yet. "
                    "Please try again in a minute.",
                [PAGE_AGAIN_BUTTON] = "Try again",
                [PAGE_ODD] = "That didn’t work",
                [PAGE_ODD_LEAD] =
                    "We couldn’t read what your browser sent, so nothing has changed. "
                    "Please open the link from the email once more.",
                [PAGE_QUESTIONS] = "Questions? We’re here:",
            },
        .all = "Everything except messages about your orders",
    },
    {
        .tag = "fi",
        .texts =
            {
                [PAGE_NOTHING] = "",
                [PAGE_LEAVE] = "Perutaanko viestit?",
                [PAGE_LEAVE_LEAD] = "{shop} ei enää kirjoita sinulle tästä aiheesta:",
                [PAGE_LEAVE_BUTTON] = "Peruuta viestit",
                [PAGE_LEAVE_ALL_BUTTON] = "Peruuta kaikki viestit",
                [PAGE_ORDERS_STAY] = "Tilauksiasi koskevat viestit tulevat edelleen.",
                [PAGE_LEFT] = "Viestit on peruttu",
                [PAGE_ON_ITS_WAY] = "Jo matkalla oleva viesti voi vielä tulla perille.",
                [PAGE_CHOOSE] = "Mistä saamme kirjoittaa sinulle?",
                [PAGE_CHOOSE_LEAD] =
                    "Valitse, mistä haluat kuulla. Lähettäjä on {shop}. Ennen kuin "
                    "aloitamme jotain uutta, pyydämme sinulta vahvistuksen "
                    "sähköpostitse.",
                [PAGE_SAVE_BUTTON] = "Tallenna",
                [PAGE_SAVED] = "Tallennettu",
                [PAGE_UNCHANGED] = "Kaikki on kuten ennenkin.",
                [PAGE_MAIL_COMES] =
                    "Lähetämme sinulle sähköpostin. Vahvista valintasi avaamalla siinä "
                    "oleva linkki:",
                [PAGE_CONFIRM] = "Vahvista vielä",
                [PAGE_CONFIRM_LEAD] = "{shop} saa kirjoittaa sinulle tästä aiheesta:",
                [PAGE_CONFIRM_BUTTON] = "Kyllä, kirjoittakaa minulle",
                [PAGE_CONFIRM_NOTE] = "Jos et pyytänyt tätä, voit vain sulkea sivun.",
                [PAGE_CONFIRMED] = "Kiitos!",
                [PAGE_WAY_OUT] = "Jokaisessa viestissä on linkki, jolla voit perua viestit.",
                [PAGE_VOID] = "Linkki ei toimi",
                [PAGE_VOID_LEAD] =
                    "Se on voinut katketa matkalla. Avaa linkki uudelleen sähköpostista.",
                [PAGE_EXPIRED] = "Linkki on vanhentunut",
                [PAGE_EXPIRED_LEAD] = "Se toimi seitsemän päivää. Pyydä meiltä uusi linkki.",
                [PAGE_AWAY] = "Yritä uudelleen",
                [PAGE_AWAY_LEAD] = "Emme juuri nyt pääse tietoihimme, joten mikään ei ole vielä "
                                   "muuttunut. Yritä hetken kuluttua uudelleen.",
                [PAGE_AGAIN_BUTTON] = "Yritä uudelleen",
                [PAGE_ODD] = "Se ei onnistunut",
                [PAGE_ODD_LEAD] = "Emme ymmärtäneet, mitä selaimesi lähetti, joten mikään ei ole "
                                  "muuttunut. Avaa linkki uudelleen sähköpostista.",
                [PAGE_QUESTIONS] = "Kysyttävää? Tavoitat meidät:",
            },
        .all = "Kaikki paitsi tilauksiasi koskevat viestit",
    },
    {
        .tag = "ro",
        .texts =
            {
                [PAGE_NOTHING] = "",
                [PAGE_LEAVE] = "Vrei să te dezabonezi?",
                [PAGE_LEAVE_LEAD] = "{shop} nu îți va mai scrie despre:",
                [PAGE_LEAVE_BUTTON] = "Dezabonează-mă",
                [PAGE_LEAVE_ALL_BUTTON] = "Dezabonează-mă de la tot",
                [PAGE_ORDERS_STAY] = "Mesajele despre comenzile tale vor veni în continuare.",
                [PAGE_LEFT] = "Te-ai dezabonat",
                [PAGE_ON_ITS_WAY] = "Un mesaj care este deja pe drum mai poate ajunge.",
                [PAGE_CHOOSE] = "Despre ce îți putem scrie?",
                [PAGE_CHOOSE_LEAD] =
                    "Alege ce vrei să primești de la {shop}. Înainte de a începe ceva "
                    "nou, îți cerem confirmarea prin email.",
                [PAGE_SAVE_BUTTON] = "Salvează",
                [PAGE_SAVED] = "Am salvat",
                [PAGE_UNCHANGED] = "Totul rămâne cum era.",
                [PAGE_MAIL_COMES] =
                    "Îți trimitem un email. Te rugăm să deschizi linkul din el ca să "
                    "confirmi:",
                [PAGE_CONFIRM] = "Te rugăm să confirmi",
                [PAGE_CONFIRM_LEAD] = "{shop} îți poate scrie despre:",
                [PAGE_CONFIRM_BUTTON] = "Da, scrieți-mi",
                [PAGE_CONFIRM_NOTE] =
                    "Dacă nu tu ai cerut asta, poți închide pur și simplu pagina.",
                [PAGE_CONFIRMED] = "Mulțumim!",
                [PAGE_WAY_OUT] = "Fiecare dintre aceste emailuri are un link de dezabonare.",
                [PAGE_VOID] = "Linkul nu funcționează",
                [PAGE_VOID_LEAD] =
                    "Poate s-a tăiat pe drum. Te rugăm să îl deschizi din nou din email.",
                [PAGE_EXPIRED] = "Linkul a expirat",
                [PAGE_EXPIRED_LEAD] = "A funcționat șapte zile. Te rugăm să ne ceri altul.",
                [PAGE_AWAY] = "Te rugăm să încerci din nou",
                [PAGE_AWAY_LEAD] =
                    "Acum nu putem ajunge la datele noastre, așa că încă nu s-a schimbat "
                    "nimic. Te rugăm să încerci din nou peste un minut.",
                [PAGE_AGAIN_BUTTON] = "Încearcă din nou",
                [PAGE_ODD] = "Nu a mers",
                [PAGE_ODD_LEAD] =
                    "Nu am putut citi ce a trimis browserul tău, așa că nu s-a schimbat "
                    "nimic. Te rugăm să deschizi din nou linkul din email.",
                [PAGE_QUESTIONS] = "Ai întrebări? Suntem aici:",
            },
        .all = "Tot, în afară de mesajele despre comenzile tale",
    },
    {
        .tag = "ru",
        .texts =
            {
                [PAGE_NOTHING] = "",
                [PAGE_LEAVE] = "Отписаться?",
                [PAGE_LEAVE_LEAD] = "{shop} больше не будет писать вам на эту тему:",
                [PAGE_LEAVE_BUTTON] = "Отписаться",
                [PAGE_LEAVE_ALL_BUTTON] = "Отписаться от всего",
                [PAGE_ORDERS_STAY] = "Сообщения о ваших заказах будут приходить и дальше.",
                [PAGE_LEFT] = "Вы отписались",
                [PAGE_ON_ITS_WAY] = "Письмо, которое уже в пути, ещё может прийти.",
                [PAGE_CHOOSE] = "О чём нам вам писать?",
                [PAGE_CHOOSE_LEAD] =
                    "Выберите, что вы хотите получать от {shop}. Прежде чем начать "
                    "что-то новое, мы попросим вас подтвердить это по почте.",
                [PAGE_SAVE_BUTTON] = "Сохранить",
                [PAGE_SAVED] = "Сохранено",
                [PAGE_UNCHANGED] = "Всё осталось как было.",
                [PAGE_MAIL_COMES] = "Мы отправляем вам письмо. Откройте ссылку из него, чтобы "
                                    "подтвердить:",
                [PAGE_CONFIRM] = "Подтвердите, пожалуйста",
                [PAGE_CONFIRM_LEAD] = "{shop} может писать вам на эту тему:",
                [PAGE_CONFIRM_BUTTON] = "Да, пишите мне",
                [PAGE_CONFIRM_NOTE] = "Если вы об этом не просили, просто закройте страницу.",
                [PAGE_CONFIRMED] = "Спасибо!",
                [PAGE_WAY_OUT] = "В каждом таком письме есть ссылка, чтобы отписаться.",
                [PAGE_VOID] = "Ссылка не работает",
                [PAGE_VOID_LEAD] =
                    "Возможно, она оборвалась по дороге. Откройте её из письма ещё раз.",
                [PAGE_EXPIRED] = "Срок ссылки истёк",
                [PAGE_EXPIRED_LEAD] = "Она действовала семь дней. Попросите нас прислать новую.",
                [PAGE_AWAY] = "Попробуйте ещё раз",
                [PAGE_AWAY_LEAD] = "Сейчас нам недоступны наши записи, поэтому пока ничего не "
                                   "изменилось. Попробуйте ещё раз через минуту.",
                [PAGE_AGAIN_BUTTON] = "Попробовать ещё раз",
                [PAGE_ODD] = "Не получилось",
                [PAGE_ODD_LEAD] =
                    "Мы не смогли прочитать, что прислал ваш браузер, поэтому ничего не "
                    "изменилось. Откройте ссылку из письма ещё раз.",
                [PAGE_QUESTIONS] = "Есть вопросы? Мы здесь:",
            },
        .all = "Всё, кроме сообщений о ваших заказах",
    },
};
enum { LANGUAGE_COUNT = sizeof own / sizeof *own };
const struct page_languages page_languages_own = {own, LANGUAGE_COUNT};

const char *const page_text_names[PAGE_TEXT_COUNT] = {
    [PAGE_LEAVE] = "leave",
    [PAGE_LEAVE_LEAD] = "leave_lead",
    [PAGE_LEAVE_BUTTON] = "leave_button",
    [PAGE_LEAVE_ALL_BUTTON] = "leave_all_button",
    [PAGE_ORDERS_STAY] = "orders_stay",
    [PAGE_LEFT] = "left",
    [PAGE_ON_ITS_WAY] = "on_its_way",
    [PAGE_CHOOSE] = "choose",
    [PAGE_CHOOSE_LEAD] = "choose_lead",
    [PAGE_SAVE_BUTTON] = "save_button",
    [PAGE_SAVED] = "saved",
    [PAGE_UNCHANGED] = "unchanged",
    [PAGE_MAIL_COMES] = "mail_comes",
    [PAGE_CONFIRM] = "confirm",
    [PAGE_CONFIRM_LEAD] = "confirm_lead",
    [PAGE_CONFIRM_BUTTON] = "confirm_button",
    [PAGE_CONFIRM_NOTE] = "confirm_note",
    [PAGE_CONFIRMED] = "confirmed",
    [PAGE_WAY_OUT] = "way_out",
    [PAGE_VOID] = "void",
    [PAGE_VOID_LEAD] = "void_lead",
    [PAGE_EXPIRED] = "expired",
    [PAGE_EXPIRED_LEAD] = "expired_lead",
    [PAGE_AWAY] = "away",
    [PAGE_AWAY_LEAD] = "away_lead",
    [PAGE_AGAIN_BUTTON] = "again_button",
    [PAGE_ODD] = "odd",
    [PAGE_ODD_LEAD] = "odd_lead",
    [PAGE_QUESTIONS] = "questions",
};
/* ---- Topics of the shipped rules ---- */

static const struct {
    const char *topic;
    const char *titles[LANGUAGE_COUNT]; /* in the order of the languages */
} topics[] = {
    {"offers", {"Offers", "Tarjoukset", "Oferte", "Предложения"}},
    {"reminders", {"Reminders", "Muistutukset", "Mementouri", "Напоминания"}},
    {"feedback",
     {"Questions about your experience", "Kysymykset kokemuksistasi",
      "Întrebări despre experiența ta", "Вопросы о ваших впечатлениях"}},
    {"news", {"News", "Uutiset", "Noutăți", "Новости"}},
    {"alerts",
     {"Back in stock and price alerts", "Saatavuus- ja hintailmoitukset",
      "Alerte de stoc și de preț", "Уведомления о наличии и ценах"}},
};

const char *page_topic_title(const struct page_language *language, const char *topic)
{
    for (const struct page_topic *row = language->topics; row && row->topic; row++)
        if (strcasecmp(row->topic, topic) == 0)
            return row->title;
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++)
        for (size_t k = 0; k < LANGUAGE_COUNT && strcasecmp(topics[i].topic, topic) == 0; k++)
            if (strcmp(own[k].tag, language->tag) == 0)
                return topics[i].titles[k];
    return NULL;
}

/* ---- Which language ---- */

static const struct page_language *find(const struct page_languages *languages, const char *tag,
                                        size_t length)
{
    for (size_t i = 0; i < languages->count; i++) {
        const struct page_language *language = &languages->items[i];
        size_t size = strlen(language->tag);
        if (length >= size && strncasecmp(tag, language->tag, size) == 0 &&
            (length == size || tag[size] == '-' || tag[size] == '_'))
            return language;
    }
    return NULL;
}

const struct page_language *page_language_of(const struct page_languages *languages,
                                             const char *const *tags, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct page_language *language =
            tags[i] ? find(languages, tags[i], strlen(tags[i])) : NULL;
        if (language)
            return language;
    }
    return &languages->items[0];
}

/* In thousandths; 1000 where there is none. */
static int weight_of(const char *from, const char *end)
{
    int weight = 0, unit = 1000;
    for (; from < end && *from != ';'; from++)
        continue;
    while (from < end && (*from == ';' || *from == ' '))
        from++;
    if (end - from < 3 || (*from != 'q' && *from != 'Q') || from[1] != '=')
        return 1000;
    for (from += 2; from < end && unit > 0; from++)
        if (*from >= '0' && *from <= '9') {
            weight += (*from - '0') * unit;
            unit /= 10;
        }
    return weight > 1000 ? 1000 : weight;
}

const char *page_language_accepted(const struct page_languages *languages, const char *header,
                                   size_t length)
{
    const char *best = NULL, *end = header + length;
    int most = 0;
    for (const char *at = header; at < end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma ? comma : end, *tag = at;
        while (tag < stop && *tag == ' ')
            tag++;
        size_t size = 0;
        while (tag + size < stop && tag[size] != ';' && tag[size] != ' ')
            size++;
        const struct page_language *language = find(languages, tag, size);
        int weight = weight_of(tag, stop);
        if (language && weight > most) {
            best = language->tag;
            most = weight;
        }
        at = comma ? comma + 1 : end;
    }
    return best;
}
