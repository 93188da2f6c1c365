/* From a message to a mail: variables, filters, headers, refusals; and the other forms. */
#include "compose_fixture.h"

#include "mail/confirm.h"
#include "mail/unsubscribe.h"

static void whole_mail(void **state)
{
    struct room *room = *state;
    put(room, "a.html.liquid",
        "---\nsubject: Welcome, {{ customer.first_name }}\nheaders: {X-Campaign: \"{{ message.rule "
        "}}\"}\n"
        "---\n<p>Hello, {{ customer.first_name }}</p>\n");
    load(room);
    compose_well(room, "{}");
    assert_string_equal(buf_string(&room->mail.wire),
                        "Date: Sun, 01 Mar 2026 10:00:00 +0200\r\n"
                        "From: Tea Shop <mail@shop.example>\r\n"
                        "To: Ana Pop <ana@example.com>\r\n"
                        "Subject: Welcome, Ana\r\n"
                        "Message-ID: <0a1b2c@shop.example>\r\n"
                        "Auto-Submitted: auto-generated\r\n"
                        "X-Campaign: welcome\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Content-Type: multipart/alternative;\r\n boundary=\"=_0a1b2c_a\"\r\n"
                        "\r\n--=_0a1b2c_a\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n\r\nHello, Ana\r\n"
                        "\r\n--=_0a1b2c_a\r\n"
                        "Content-Type: text/html; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>Hello, Ana</p>\r\n"
                        "\r\n--=_0a1b2c_a--\r\n");
    assert_string_equal(room->mail.from, "mail@shop.example");
    assert_string_equal(room->mail.to, "ana@example.com");
    assert_string_equal(room->mail.subject, "Welcome, Ana");
    assert_false(room->mail.smtputf8);
    assert_null(room->mail.preheader);
    const char *first = arena_text(room->arena, room->mail.wire.data);
    room->settings.now_ms += 3600000; /* a later attempt: the same mail */
    compose_well(room, "{}");
    assert_string_equal(room->mail.wire.data, first);
}

static void marketing(void **state)
{
    struct room *room = *state;
    put(room, "a.text.liquid", FRONT "{{ unsubscribe_url }}");
    load(room);
    compose_well(room, "{\"class\": \"marketing\", \"topic\": \"offers & news\"}");
    const char *token = unsubscribe_make(room->arena, &room->settings.key, "id:7", "offers & news");
    char line[512];
    snprintf(line, sizeof line, "List-Unsubscribe:\r\n <https://shop.example/u/%s>,", token);
    assert_true(has_line(room, line));
    snprintf(line, sizeof line, " <mailto:leave@shop.example?subject=unsubscribe%%20%s>", token);
    assert_true(has_line(room, line));
    assert_true(has_line(room, "List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
    assert_true(has_line(room, "List-Id: <shop.example>"));
    assert_true(has_line(room, "Feedback-ID: welcome:offers---news:marketing:teashop"));
    snprintf(line, sizeof line, "https://shop.example/u/%s", token);
    assert_string_equal(room->mail.text, line);
    /* an address without HTTPS can't be one-click */
    room->settings.unsubscribe_url = "http://shop.example/u?t={token}&x";
    room->settings.list_id = "Чай <list.shop.example>";
    room->settings.feedback_id = NULL;
    compose_well(room, "{\"class\": \"marketing\"}");
    assert_null(strstr(room->mail.wire.data, "List-Unsubscribe-Post"));
    assert_null(strstr(room->mail.wire.data, "Feedback-ID"));
    assert_non_null(strstr(room->mail.wire.data, "List-Unsubscribe:\r\n <mailto:leave@"));
    assert_true(has_line(room, "List-Id: =?UTF-8?B?0KfQsNC5?= <list.shop.example>"));
    assert_non_null(strstr(room->mail.text, "http://shop.example/u?t=1."));
    /* nothing to say who signs: no links, and no headers that need one */
    room->settings.key.length = 0;
    room->settings.unsubscribe_mailto = NULL;
    compose_well(room, "{\"class\": \"marketing\"}");
    assert_null(strstr(room->mail.wire.data, "List-Unsubscribe"));
    assert_string_equal(room->mail.text, "");
    /* a receipt has none of these */
    compose_well(room, "{}");
    assert_null(strstr(room->mail.wire.data, "List-"));
}

/* Somebody else is shown no link that speaks for the customer, by whatever class; the shop's people
 * read the shop's language. */
static void elsewhere(void **state)
{
    struct room *room = *state;
    put(room, "a.text.liquid", FRONT "{{ unsubscribe_url }}{{ confirm_url }}{{ locale }}.");
    put(room, "locales/en.yaml", "a: b\n");
    put(room, "locales/ru.yaml", "a: b\n");
    load(room);
    room->settings.confirm_url = "https://shop.example/c/{token}";
    compose_well(room, "{\"class\": \"marketing\", \"topic\": \"news\", \"elsewhere\": true,"
                       " \"customer\": {\"locale\": \"ru\"}}");
    assert_string_equal(room->mail.text, "ru.");
    assert_null(strstr(room->mail.wire.data, "List-Unsubscribe"));
    assert_true(has_line(room, "List-Id: <shop.example>"));
    compose_well(room, "{\"elsewhere\": true, \"staff\": true,"
                       " \"customer\": {\"locale\": \"ru\"}}");
    assert_string_equal(room->mail.text, "en.");
    compose_well(room, "{\"elsewhere\": false}");
    assert_non_null(strstr(room->mail.text, "https://shop.example/u/"));
}

/* For the rule's topic, and seven days from when it was decided: the same over retries. */
static void confirmation(void **state)
{
    struct room *room = *state;
    put(room, "snippets/s.liquid", "{{ confirm_url }}");
    put(room, "a.text.liquid", FRONT "{% render 's' %}");
    load(room);
    compose_well(room, "{\"topic\": \"news\", \"decided\": 1772352000000}");
    assert_string_equal(room->mail.text, "");
    room->settings.confirm_url = "https://shop.example/yes?t={token}";
    const struct confirm_claim claim = {"id:7", "news", 1772352000000 + 7 * 86400000LL};
    const char *token = confirm_make(room->arena, &room->settings.key, &claim);
    for (int i = 0; i < 2; i++, room->settings.now_ms += 3600000) {
        compose_well(room, "{\"topic\": \"news\", \"decided\": 1772352000000}");
        assert_string_equal(room->mail.text,
                            arena_printf(room->arena, "https://shop.example/yes?t=%s", token));
    }
    room->settings.key.length = 0;
    compose_well(room, "{\"topic\": \"news\"}");
    assert_string_equal(room->mail.text, "");
}

static void variables(void **state)
{
    struct room *room = *state;
    put(room, "a.text.liquid",
        FRONT "{{ a }} {{ b }} {{ c }} {{ event.type }} {{ start.a }} {{ shop.name }} {{ locale }} "
              "{{ message.rule }} {{ now }} {% render 's' %}");
    put(room, "snippets/s.liquid", "{{ a }}|{{ shop.name }}|{{ customer.first_name }}");
    load(room);
    compose_well(room, "{\"start\": {\"a\": 1, \"b\": 1, \"c\": 1, \"shop\": 9},"
                       " \"event\": {\"type\": \"order.placed\", \"data\": {\"b\": 2, \"c\": 2}},"
                       " \"data\": {\"c\": 3}}");
    assert_string_equal(room->mail.text, "1 2 3 order.placed 1 Tea & Co en welcome "
                                         "2026-03-01T22:00:00+02:00 |Tea & Co|Ana");
}

static void escaping(void **state)
{
    struct room *room = *state;
    put(room, "layouts/default.html.liquid", "<body>{{ content }}<p>{{ x }}</p></body>");
    put(room, "layouts/default.text.liquid", "{{ content }}{{ x }}");
    put(room, "snippets/s.liquid", "<i>{{ y }}</i>");
    put(room, "a.html.liquid",
        "---\nsubject: \"{{ x }}\"\npreheader: \"{{ x }}!\"\n---\n"
        "<b>{{ x }}</b>{% render 's', y: x %}{{ x | raw }}");
    put(room, "a.text.liquid", "{{ x }}{% render 's', y: x %}");
    load(room);
    compose_well(room, "{\"data\": {\"x\": \"<&\\\"'>\"}}");
    assert_string_equal(room->mail.subject, "<&\"'>");
    assert_string_equal(
        room->mail.html,
        "<body><div style=\"display:none;max-height:0;overflow:hidden;"
        "mso-hide:all\">&lt;&amp;\"'>!</div><b>&lt;&amp;&quot;&#39;&gt;</b>"
        "<i>&lt;&amp;&quot;&#39;&gt;</i><&\"'><p>&lt;&amp;&quot;&#39;&gt;</p></body>");
    assert_string_equal(room->mail.text, "<&\"'><i><&\"'></i><&\"'>");
    assert_string_equal(room->mail.preheader, "<&\"'>!");
}

static void preheader(void **state)
{
    struct room *room = *state;
    put(room, "layouts/default.html.liquid", "<body><i>{{ preheader }}</i>{{ content }}</body>");
    put(room, "a.html.liquid", "---\nsubject: Hi\npreheader: More\n---\nx");
    put(room, "b.html.liquid", "---\nsubject: Hi\npreheader: \"{{ none }}\"\nlayout: none\n---\nx");
    load(room);
    compose_well(room, "{}");
    assert_string_equal(room->mail.html, "<body><i>More</i>x</body>");
    compose_well(room, "{\"template\": \"b\"}");
    assert_string_equal(room->mail.html, "x");
    assert_null(room->mail.preheader);
}

/* What a notification template of Shopify says, from what its webhook sends. */
static const char shopify_payload[] =
    "{\"name\": \"#1001\", \"currency\": \"USD\", \"subtotal_price\": \"119.60\","
    " \"total_price\": \"129.90\", \"total_tax\": \"5.30\", \"total_discounts\": \"0.00\","
    " \"created_at\": \"2026-03-01T10:00:00-05:00\","
    " \"order_status_url\": \"https://shop.example/o/1\","
    " \"total_shipping_price_set\": {\"shop_money\": {\"amount\": \"5.00\"}},"
    " \"shipping_lines\": [{\"title\": \"Post\", \"price\": \"5.00\","
    "  \"discount_allocations\": [{\"amount\": \"1.00\", \"discount_application_index\": 1}]}],"
    " \"tax_lines\": [{\"title\": \"State\", \"price\": \"5.30\"}],"
    " \"discount_applications\": [7, {\"type\": \"discount_code\", \"code\": \"spring\"}],"
    " \"fulfillments\": [{}, {\"tracking_numbers\": [\"T1\"], \"line_items\": ["
    "  {\"title\": \"Tea\", \"quantity\": 1, \"price\": \"59.80\"}, 3]}],"
    " \"shipping_address\": {\"name\": \"Ana\", \"city\": \"Cluj\", \"zip\": \"400001\"},"
    " \"line_items\": [{\"title\": \"Tea\", \"variant_title\": \"100 g\", \"quantity\": 2,"
    "  \"price\": \"59.80\", \"total_discount\": \"9.60\", \"requires_shipping\": true,"
    "  \"current_quantity\": 1, \"tax_lines\": [{\"price\": \"2.50\"}],"
    "  \"discount_allocations\": [{\"amount\": \"9.60\", \"discount_application_index\": 1},"
    "   {\"amount\": \"2\", \"discount_application_index\": 9}]}]}";
static const char shopify_template[] =
    "---\nsubject: \"Order {{ name }} confirmed\"\n---\n"
    "{% if requires_shipping %}{{ order_name }} {{ order_status_url }}{% endif %}\n"
    "{% for line in subtotal_line_items %}{{ line.title }} × {{ line.quantity }}"
    "{% if line.variant.title != 'Default Title' %} ({{ line.variant.title }}){% endif %} "
    "{% if line.original_line_price != line.final_line_price %}"
    "{{ line.original_line_price | money }} {% endif %}{{ line.final_line_price | money }}"
    "{% for part in line.discount_allocations %} {{ part.discount_application.title }} "
    "{{ part.amount | money }}{% if part.amount > 9 %}!{% endif %}{% endfor %}"
    "{% endfor %}\n"
    "{% for tax in tax_lines %}{% if tax.price > 5 %}{{ tax.title }} {{ tax.price | money }}"
    "{% endif %}{% endfor %}{% for discount in discount_applications %} {{ discount.title }} "
    "{{ discount.total_allocated_amount | money }}{% endfor %}"
    "{% if shipping_method.price > 4 %} {{ shipping_method.price | money }}{% endif %}"
    " {{ shop_name }}\n"
    "{{ subtotal_price | money }} {{ shipping_price | money }} {{ tax_price | money }} "
    "{{ total_price | money_with_currency }} {{ shipping_method.title }}\n"
    "{{ shipping_address | format_address }}\n"
    "{{ fulfillment.item_count }} of {{ item_count }} {{ fulfillment.tracking_numbers.first }}"
    "{% for part in fulfillment.fulfillment_line_items %} {{ part.quantity }} "
    "{{ part.line_item.title }} {{ part.line_item.final_line_price | money }}{% endfor %} "
    "{{ subtotal_line_items[0].refunded_quantity }} "
    "{{ subtotal_line_items[0].tax_lines[0].price | times: 2 }}";
static const char shopify_text[] = "#1001 https://shop.example/o/1\n"
                                   "Tea × 2 (100 g) $119.60 $110.00 spring $9.60!  $2.00\n"
                                   "State $5.30  $0.00 spring $10.60 $5.00 Tea & Co\n"
                                   "$119.60 $5.00 $5.30 $129.90 USD Post\n"
                                   "Ana\n400001 Cluj\n1 of 2 T1 1 Tea $59.80 1 5.0";

static void shopify(void **state)
{
    struct room *room = *state;
    put(room, "a.text.liquid", shopify_template);
    load(room);
    compose_well(room, arena_printf(room->arena,
                                    "{\"event\": {\"type\": \"orders/create\", "
                                    "\"data\": %s}}",
                                    shopify_payload));
    assert_string_equal(room->mail.subject, "Order #1001 confirmed");
    assert_string_equal(room->mail.text, shopify_text);
    compose_well(room, arena_printf(room->arena,
                                    "{\"event\": {\"type\": \"order.placed\", "
                                    "\"data\": {\"order\": %s}}}",
                                    shopify_payload));
    assert_string_equal(room->mail.text, shopify_text);
    put(room, "b.text.liquid",
        FRONT "{{ fulfillment.item_count }} {{ fulfillment.tracking_numbers.first }}"
              "{{ fulfillment.fulfillment_line_items[0].line_item.title }}");
    load(room);
    compose_well(room, "{\"template\": \"b\", \"data\": {\"tracking_numbers\": [\"T9\"],"
                       " \"line_items\": [{\"title\": \"Pot\", \"quantity\": 3}]}}");
    assert_string_equal(room->mail.text, "3 T9Pot");
    compose_well(room, "{\"data\": {\"line_items\": 5, \"order\": {\"line_items\": [1]}}}");
}

/* The sheet of the layout, in the layout, the part and a snippet; of a text part nothing. */
static void styles(void **state)
{
    struct room *room = *state;
    put(room, "layouts/default.html.liquid",
        "<style>td p{color:{{ shop.name }}}.button{a:b}@media(x){p{c:d}}</style>"
        "<body><td><p>L{{ content }}</td>");
    put(room, "snippets/button.liquid", "<a class=button>{{ x }}</a>");
    put(room, "a.html.liquid", FRONT "<style>i{e:f}</style><p>{% render 'button', x: 1 %}<i>");
    put(room, "a.text.liquid", "<p>");
    load(room);
    compose_well(room, "{}");
    assert_string_equal(
        room->mail.html,
        "<style>td p{color:Tea &amp; Co}.button{a:b}@media(x){p{c:d}}</style><body><td>"
        "<p style=\"color:Tea &amp; Co\">L<style>i{e:f}</style><p style=\"color:Tea &amp; Co\">"
        "<a class=button style=\"a:b\">1</a><i style=\"e:f\"></td>");
    assert_string_equal(room->mail.text, "<p>");
}

static void languages(void **state)
{
    struct room *room = *state;
    put(room, "locales/en.yaml",
        "hi: \"Hi, {{ name }}!\"\nlink_html: \"<a href='x'>{{ name }}</a>\"\n"
        "n: {one: \"{{ count }} item\", other: \"{{ count }} items\"}\n");
    put(room, "locales/ru.yaml",
        "hi: \"Привет, {{ name }}!\"\n"
        "n: {one: \"{{ count }} товар\", few: \"{{ count }} товара\", many: \"{{ count }} "
        "товаров\","
        " other: \"{{ count }} товара\"}\n");
    put(room, "a.html.liquid",
        "---\nsubject: \"{{ 'hi' | t: name: customer.first_name }}\"\n---\n"
        "{{ 'hi' | t: name: x }}/{{ 'link_html' | t: name: x }}/{{ 'n' | t: count: k }}/"
        "{{ 'no.key' | t }}/{{ 129.9 | money: 'RUB' }}/{{ now | date: format: 'long' }}/"
        "{{ '2026-03-01' | date: '%d.%m' }}");
    put(room, "a.text.liquid", "{{ 'link_html' | t: name: x }}");
    load(room);
    compose_well(room, "{\"locale\": \"ru_RU\", \"data\": {\"x\": \"<b>\", \"k\": 5}}");
    assert_string_equal(room->mail.subject, "Привет, Ana!");
    assert_string_equal(
        room->mail.html,
        "Привет, &lt;b&gt;!/<a href='x'>&lt;b&gt;</a>/5 товаров/"
        "translation missing: ru-RU.no.key/129,90\u00a0₽/1 марта 2026\u202fг./01.03");
    assert_string_equal(room->mail.text, "");
    compose_well(room, "{\"locale\": \"tlh\", \"data\": {\"x\": \"b\", \"k\": \"1\"}}");
    assert_string_equal(room->mail.html,
                        "Hi, b!/<a href='x'>b</a>/1 item/translation missing: en.no.key/"
                        "₽129.90/March 1, 2026/01.03");
    assert_string_equal(room->mail.text, "b");
    compose_well(room, "{\"locale\": \"../../etc\", \"data\": {\"k\": 2}}");
    assert_non_null(strstr(room->mail.html, "translation missing: en.no.key"));
}

/* {{ INPUT | FILTER }} in an HTML part. */
static const struct {
    const char *liquid, *html;
} filters[] = {
    {"{{ 1234.5 | money }}", "€1,234.50"},
    {"{{ \"1234.50\" | money }}", "€1,234.50"},
    {"{{ 5 | money: \"USD\" }}", "$5.00"},
    {"{{ 5 | money: currency: \"USD\" }}", "$5.00"},
    {"{{ none | money }}", ""},
    {"{{ \"free\" | money }}", "free"},
    {"{{ 5 | money_with_currency }}", "€5.00 EUR"},
    {"{{ 5 | money_without_currency }}", "5.00"},
    {"{{ 5 | money_without_trailing_zeros }}", "€5"},
    {"{{ 0.1 | times: 3 | money }}", "€0.30"},
    {"{{ 12 | unit_price_with_measurement: m }}", "€12.00/100g"},
    {"{{ 1234.567 | number }}", "1,234.567"},
    {"{{ 1234.567 | number: 1 }}", "1,234.6"},
    {"{{ \"x\" | number }}", "x"},
    {"{{ now | date: format: \"short\" }}", "3/1/26"},
    {"{{ now | date: format: \"date_at_time\" }}", "March 1, 2026 at 10:00\u202fPM"},
    {"{{ now | date: \"%Y-%m-%d %H:%M\" }}", "2026-03-01 22:00"},
    {"{{ \"2026-12-24\" | date: format: \"medium\" }}", "Dec 24, 2026"},
    {"{{ \"soon\" | date: format: \"medium\" }}", "soon"},
    {"{{ m | json | raw }}", "{\"reference_value\":100,\"reference_unit\":\"g\"}"},
    {"{{ 'a\"<' | json }}", "&quot;a\\&quot;&lt;&quot;"},
    {"{{ \"https://a.example/x\" | link | raw }}",
     "https://a.example/x?utm_source=nudged&utm_medium=email&utm_campaign=welcome"},
    {"{{ \"https://a.example/x?y=1#z\" | link: campaign: \"a b\", content: \"top\" | raw }}",
     "https://a.example/x?y=1&utm_source=nudged&utm_medium=email&utm_campaign=a%20b"
     "&utm_content=top#z"},
    {"{{ \"https://a.example?utm_source=me&utm_medium\" | link | raw }}",
     "https://a.example?utm_source=me&utm_medium&utm_campaign=welcome"},
    {"{{ \"mailto:a@b.example\" | link }}", "mailto:a@b.example"},
    {"{{ none | link }}", ""},
    {"{{ \"//cdn.shopify.com/s/files/tea.jpg?v=1\" | img_url: \"100x100\" }}",
     "https://cdn.shopify.com/s/files/tea_100x100.jpg?v=1"},
    {"{{ line | img_url: \"compact_cropped\" }}",
     "https://cdn.shopify.com/s/tea_compact_crop_center.png"},
    {"{{ line | img_url: \"nonsense\" }}", "https://cdn.shopify.com/s/tea.png"},
    {"{{ line | image_url: width: 300 | raw }}", "https://cdn.shopify.com/s/tea.png?width=300"},
    {"{{ \"/img/tea.png\" | img_url: \"small\" }}", "https://shop.example/img/tea.png"},
    {"{{ none | img_url: \"small\" }}", ""},
    {"{{ \"a.png\" | asset_url }}", "https://cdn.example/a/a.png"},
    {"{{ \"Visa Debit\" | payment_icon_png_url }}", "https://cdn.example/a/payment/visa_debit.png"},
    {"{{ \"visa\" | payment_type_img_url }}", "https://cdn.example/a/payment/visa.png"},
    {"{{ \"b.png\" | cdn_asset_url }}", "https://cdn.example/a/b.png"},
    {"{{ field | metafield_text }};{{ field.value | metafield_text }};{{ none | metafield_text }}",
     "30, &amp; more, false;30, &amp; more, false;"},
    {"{{ \"A<\" | link_to: \"https://a.example?x=1&y=2\" }}",
     "<a href=\"https://a.example?x=1&amp;y=2\">A&lt;</a>"},
    {"{{ line | img_tag: \"Tea\" }}",
     "<img src=\"https://cdn.shopify.com/s/tea.png\" alt=\"Tea\">"},
    {"{{ \"x.png\" | image_tag: width: 10 }}", "<img src=\"x.png\" alt=\"\" width=\"10\">"},
    {"{{ home | format_address }}", "Ana Pop<br>Str. Florilor &lt;1&gt;<br>400001 Cluj<br>Romania"},
    {"{{ us | format_address }}", "Joe<br>Troy NY 12180<br>United States"},
    {"{{ 1 | pluralize: \"item\", \"items\" }}", "item"},
    {"{{ 0 | pluralize: \"item\", \"items\" }}", "items"},
    {"{{ 1250 | weight_with_unit }}", "1.25 kg"},
    {"{{ 1250 | weight_with_unit: \"g\" }}", "1,250 g"},
    {"{{ \"Green Tea, 100 g!\" | handleize }}", "green-tea-100-g"},
    {"{{ \"green tea\" | camelize }}", "GreenTea"},
    {"{{ \"a\" | sha256 | truncate: 11 }}", "ca978112..."},
    {"{{ \"a\" | sha1 | truncate: 11 }}", "86f7e437..."},
    {"{{ \"a\" | hmac_sha256: \"k\" | truncate: 11 }}", "78da9151..."},
};

static void each_filter(void **state)
{
    struct room *room = *state;
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        put(room, "a.html.liquid", arena_printf(room->arena, FRONT "%s", filters[i].liquid));
        load(room);
        compose_well(
            room,
            "{\"data\": {\"m\": {\"reference_value\": 100, \"reference_unit\": \"g\"},"
            " \"field\": {\"type\": \"list\", \"value\": [30, \"& more\", false]},"
            " \"line\": {\"image\": {\"src\": \"//cdn.shopify.com/s/tea.png\"}},"
            " \"home\": {\"first_name\": \"Ana\", \"last_name\": \"Pop\","
            "  \"address1\": \"Str. Florilor <1>\", \"zip\": \"400001\", \"city\": \"Cluj\","
            "  \"country\": \"Romania\", \"country_code\": \"RO\", \"company\": null},"
            " \"us\": {\"name\": \"Joe\", \"city\": \"Troy\", \"province_code\": \"NY\","
            "  \"zip\": \"12180\", \"country\": \"United States\", \"country_code\": \"US\"}}}");
        if (strcmp(room->mail.html, filters[i].html) != 0)
            print_error("%s\n", filters[i].liquid);
        assert_string_equal(room->mail.html, filters[i].html);
    }
}

static void currency(void **state)
{
    struct room *room = *state;
    put(room, "a.text.liquid", FRONT "{{ 5 | money }}");
    load(room);
    compose_well(room, "{\"data\": {\"order\": {\"currency\": \"USD\"}}}");
    assert_string_equal(room->mail.text, "$5.00");
    compose_well(room, "{\"data\": {\"currency\": \"JPY\", \"order\": {\"currency\": \"USD\"}}}");
    assert_string_equal(room->mail.text, "¥5");
    room->settings.shop = NULL;
    compose_well(room, "{}");
    assert_string_equal(room->mail.text, "5.00");
}

static void addresses(void **state)
{
    struct room *room = *state;
    put(room, "a.text.liquid",
        "---\nsubject: Hi\nfrom: '\"{{ shop.name }}\" <team@b\u00fccher.example>'\n"
        "reply_to: help@shop.example\n---\n");
    load(room);
    room->settings.bounces = "bounce@shop.example";
    compose_well(room, "{\"to\": \"анна@пример.рф\", \"name\": \" Анна \"}");
    assert_true(has_line(room, "From: \"Tea & Co\" <team@xn--bcher-kva.example>") ||
                has_line(room, "From: Tea & Co <team@xn--bcher-kva.example>"));
    assert_true(has_line(room, "Reply-To: help@shop.example"));
    assert_true(has_line(room, "To: =?UTF-8?B?0JDQvdC90LA=?= <анна@xn--e1afmkfd.xn--p1ai>"));
    assert_string_equal(room->mail.from, "bounce@shop.example");
    assert_string_equal(room->mail.to, "анна@xn--e1afmkfd.xn--p1ai");
    assert_true(room->mail.smtputf8);
    compose_well(room, "{\"from\": \"me@shop.example\", \"name\": null}");
    assert_true(has_line(room, "From: me@shop.example"));
    assert_true(has_line(room, "To: ana@example.com"));
}

/* A hand that slipped over the keyboard holds no receipt back. */
static void cleaned(void **state)
{
    struct room *room = *state;
    put(room, "a.text.liquid",
        "---\nsubject: \"Dear {{ customer.first_name }}!\"\n"
        "from: \"{{ who }} <me@shop.example>\"\nheaders: {X-A: \"{{ h }}\"}\n---\n");
    load(room);
    compose_well(room,
                 "{\"name\": \" Ana\\t\\r\\nBcc: x\\u0085\", \"customer\": {\"first_name\": "
                 "\"An\\ta\\u0007\"}, \"data\": {\"who\": \"Tea\\t Shop \", \"h\": \"\\u007f\"}}");
    assert_true(has_line(room, "To: \"Ana Bcc: x\" <ana@example.com>"));
    assert_true(has_line(room, "From: Tea Shop <me@shop.example>"));
    assert_string_equal(room->mail.subject, "Dear An a !");
    assert_null(strstr(buf_string(&room->mail.wire), "X-A:"));
    assert_int_equal(count(buf_string(&room->mail.wire), "\r\nBcc"), 0);
    compose_well(room, "{\"name\": \" \\n\"}");
    assert_true(has_line(room, "To: ana@example.com"));
}

static void attachments(void **state)
{
    struct room *room = *state;
    put(room, "img/logo.png", "PNG");
    put(room, "terms.pdf", "PDF");
    put(room, "a.html.liquid",
        "---\nsubject: Hi\nattachments: [terms.pdf, {file: img/logo.png, cid: logo}]\n---\n"
        "<img src='cid:logo' alt='Logo'>");
    load(room);
    compose_well(room, "{}");
    assert_true(has_line(room, "Content-Type: multipart/mixed;"));
    assert_true(has_line(room, "Content-Type: multipart/related; type=\"text/html\";"));
    assert_true(has_line(room, "Content-ID: <logo>"));
    assert_true(has_line(room, " filename=\"terms.pdf\""));
    assert_string_equal(room->mail.text, "Logo\n");
}

static void refusals(void **state)
{
    static const struct {
        const char *members, *code;
    } cases[] = {
        {"{\"to\": \"ana\"}", "bad-address"},
        {"{\"to\": \"a@b.example\\r\\nBcc: x@y.example\"}", "bad-address"},
        {"{\"to\": null}", "bad-address"},
        {"{\"to\": \"ana@example.com\\u0000x\"}", "bad-address"},
        {"{\"data\": {\"r\": \"x\\n@y.example\"}}", "bad-address"},
        {"{\"data\": {\"r\": \"x\\u0000@y.example\"}}", "bad-address"},
        {"{\"data\": {\"r\": \"Ana <x@y.example\\u0007>\"}}", "bad-address"},
        {"{\"data\": {\"r\": \"x<@y.example\"}}", "bad-address"},
        {"{\"from\": \"x\"}", "bad-address"},
        {"{\"mid\": \"a b\"}", "bad-message"},
        {"{\"mid\": null}", "bad-message"},
        {"{\"template\": \"none\"}", "no-template"},
        {"{\"template\": null}", "bad-message"},
        {"{\"template\": \"loop\"}", "liquid-limit"},
        {"{\"template\": \"big\"}", "liquid-limit"},
        {"{\"template\": \"silent\"}", "bad-message"},
    };
    struct room *room = *state;
    put(room, "a.text.liquid",
        "---\nsubject: \"Hi {{ s }}\"\nreply_to: \"{{ r }}\"\n"
        "headers: {X-A: \"{{ h }}\"}\n---\n");
    put(room, "loop.text.liquid",
        FRONT "{% for i in (1..2000000) %}{% assign x = i %}{% endfor %}");
    put(room, "big.text.liquid", FRONT "{% for i in (1..200000) %}0123456789{% endfor %}");
    put(room, "silent.text.liquid", "Hi");
    load(room);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool composed = compose(room, cases[i].members);
        if (composed || strcmp(room->diag.code, cases[i].code) != 0)
            print_error("%s: %s\n", cases[i].members, room->diag.text);
        assert_false(composed);
        assert_string_equal(room->diag.code, cases[i].code);
        assert_true(room->diag.text[0]);
    }
    compose_well(room, "{}");
}

/* What comes from a customer's data holds nothing back, and begins no field of its own. */
static void lines_are_cleaned(void **state)
{
    struct room *room = *state;
    put(room, "a.text.liquid",
        "---\nsubject: \"Hi {{ s }}\"\nfrom: \"{{ n }} <mail@shop.example>\"\n"
        "headers: {X-A: \"{{ s }}\", X-B: \"{{ from }} {{ subject }} {{ locale }}\"}\n---\n");
    put(room, "b.text.liquid", "---\nsubject: \"{{ s }}\"\n---\n");
    load(room);
    room->settings.list_id = "Tea\tShop <list.shop.example>";
    compose_well(
        room, "{\"name\": \"An\\u0000a\\r\\nBcc: x@y.example\", \"class\": \"marketing\","
              " \"data\": {\"s\": \"a\\t\\r\\nBcc: \\u0000x\\u0085\\u2028\", \"n\": \"T\\rea\"}}");
    assert_string_equal(room->mail.subject, "Hi a Bcc: x");
    assert_true(has_line(room, "Subject: Hi a Bcc: x"));
    assert_true(has_line(room, "X-A: a Bcc: x"));
    assert_true(has_line(room, "X-B: mail@shop.example Hi a Bcc: x en"));
    assert_true(has_line(room, "From: T ea <mail@shop.example>"));
    assert_true(has_line(room, "To: \"An a Bcc: x@y.example\" <ana@example.com>"));
    assert_true(has_line(room, "List-Id: Tea Shop <list.shop.example>"));
    compose_well(room, "{\"data\": {\"s\": \"b\", \"n\": \"\", \"from\": \"Bo\"}}");
    assert_true(has_line(room, "From: mail@shop.example"));
    assert_true(has_line(room, "X-B: Bo Hi b en"));
    compose_well(room, "{\"template\": \"b\", \"data\": {\"s\": \" \\t\"}}");
    assert_true(has_line(room, "Subject:"));
}

/* 3,000 letters, of two characters each: a subject and a name are cut, a header keeps more. */
static void lines_are_cut(void **state)
{
    enum { LETTERS = 3000 };
    struct room *room = *state;
    char letters[3 * LETTERS + 1], members[8 * LETTERS];
    put(room, "a.text.liquid", "---\nsubject: \"{{ s }}\"\nheaders: {X-A: \"{{ s }}\"}\n---\n");
    load(room);
    for (size_t i = 0; i < LETTERS; i++)
        memcpy(letters + 3 * i, "e\u0301", 3);
    letters[3 * LETTERS] = '\0';
    snprintf(members, sizeof members, "{\"name\": \"%s\", \"data\": {\"s\": \"%s\"}}", letters,
             letters);
    compose_well(room, members);
    assert_int_equal(strlen(room->mail.subject), HEADER_LINE_MOST / 3 * 3);
    assert_memory_equal(room->mail.subject, letters, HEADER_LINE_MOST / 3 * 3);
}

/* A fault in a template has its file and its place; so has one of what a template made. */
static void render_fault(void **state)
{
    static const struct {
        const char *data, *code;
        uint32_t line, column;
    } cases[] = {
        {"{}", "liquid-render", 8, 8},
        {"{\"r\": \"nobody\", \"by\": 1}", "bad-address", 3, 12},
        {"{\"r\": \"a <c\\n@d.example>\", \"by\": 1}", "bad-address", 3, 12},
    };
    struct room *room = *state;
    put(room, "a.html.liquid",
        "---\nsubject: \"Hi {{ s }}\"\nreply_to: \"{{ r }}\"\nheaders:\n  X-A: \"{{ h "
        "}}\"\n---\n<p>\n"
        "{{ 5 | divided_by: by }}");
    load(room);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_false(compose(room, arena_printf(room->arena, "{\"data\": %s}", cases[i].data)));
        assert_string_equal(room->diag.code, cases[i].code);
        assert_non_null(strstr(room->diag.file, "a.html.liquid"));
        assert_int_equal(room->diag.line, cases[i].line);
        assert_int_equal(room->diag.column, cases[i].column);
    }
}

static void broken_characters(void **state)
{
    struct room *room = *state;
    put(room, "a.text.liquid", "---\nsubject: Hi\n---\n{{ '%FF%00x%C4' | url_decode }}");
    load(room);
    if (compose(room, "{}"))
        assert_null(strchr(room->mail.text, '\xff'));
}

static void text_channels(void **state)
{
    struct room *room = *state;
    struct compose_text text;
    put(room, "a.text.liquid", "\n Your code is {{ code }}. \n");
    put(room, "b.html.liquid", "---\nsubject: Title\n---\n<p>From <b>HTML</b></p>");
    load(room);
    struct value message = message_with(
        room, "{\"channel\": \"sms\", \"to\": \"+40 722\", \"data\": {\"code\": \"<1>\"}}");
    assert_true(compose_text(room->templates, &room->settings, &message, room->arena, &text, NULL));
    assert_string_equal(text.text, "Your code is <1>.");
    assert_string_equal(text.to, "+40 722");
    assert_null(text.subject);
    message = message_with(room, "{\"channel\": \"push\", \"template\": \"b\", \"to\": \"tok\"}");
    assert_true(compose_text(room->templates, &room->settings, &message, room->arena, &text, NULL));
    assert_string_equal(text.text, "From HTML");
    assert_string_equal(text.subject, "Title");
    message = message_with(room, "{\"channel\": \"sms\", \"to\": \"+40\\n1\"}");
    assert_false(
        compose_text(room->templates, &room->settings, &message, room->arena, &text, &room->diag));
    assert_string_equal(room->diag.code, "bad-address");
}

/* Values can't add a field, whatever a template does with them. */
static void one_of_each(void **state)
{
    static const char *const fields[] = {"\r\nDate:",    "\r\nFrom:",       "\r\nTo:",
                                         "\r\nSubject:", "\r\nMessage-ID:", "\r\nMIME-Version:"};
    struct room *room = *state;
    put(room, "a.text.liquid", "---\nsubject: \"{{ s }}\"\n---\n{{ s }}");
    load(room);
    compose_well(room, "{\"data\": {\"s\": \"=?utf-8?Q?x=0D=0ABcc:_x?= \u2028 Bcc: y\"}}");
    const char *wire = arena_printf(room->arena, "\r\n%s", room->mail.wire.data);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        assert_int_equal(count(wire, fields[i]), 1);
    assert_int_equal(count(wire, "\r\nBcc"), 0);
    assert_string_equal(room->mail.subject, "=?utf-8?Q?x=0D=0ABcc:_x?= Bcc: y");
}

static const char *single_text(struct room *room, const char *name, const char *text,
                               const char *json)
{
    const struct templates_settings settings = {.folder = room->folder, .default_locale = "en"};
    const struct settings_source source = {
        .file = arena_printf(room->arena, "%s/%s", room->folder, name),
        .text = text,
        .length = strlen(text)};
    const struct value data = read_json(room, json);
    struct templates_single single;
    const char *made = NULL;
    memset(&room->diag, 0, sizeof room->diag);
    templates_destroy(&room->templates);
    room->templates = templates_single(&settings, &source, &single, &room->diags);
    assert_non_null(room->templates);
    bool done = compose_single(room->templates, &single, &room->settings, &data, room->arena, &made,
                               &room->diag);
    assert_true(done == (made != NULL));
    return made;
}

/* A file by itself: its data stand over all that a message would bring; snippets lie beside it. */
static void single_file(void **state)
{
    static const struct {
        const char *name, *text, *data, *expected;
    } cases[] = {
        {"x.liquid", "{{ a }} {{ shop.name }} {{ locale }} {{ now | date: '%H' }}",
         "{\"a\": \"<\"}", "< Tea & Co en 22"},
        {"x.html.liquid", "---\nsubject: Hi\n---\n{{ a }} {{ shop.name }}", "{\"a\": \"<\"}",
         "&lt; Tea &amp; Co"},
        {"x.liquid", "{{ shop.name }} {{ now }} {{ message.to }} {{ event }} {{ 2.5 | money }}",
         "{\"shop\": {\"name\": \"My\", \"currency\": \"USD\"}, \"now\": 1, \"locale\": \"fi\", "
         "\"message\": {\"to\": \"+4\"}, \"event\": \"e\"}",
         "My 1 +4 e 2,50\u00a0$"},
        {"x.liquid", "{% render 'own', b: 1 %}{% include 'kept' %}", "{\"a\": 2}", "<1>Tea & Co;2"},
        {"x.liquid", "{% if total_price > 9 %}{{ order_name }} {{ shop_name }}{% endif %}",
         "{\"order\": {\"name\": \"#7\", \"total_price\": \"12.00\", \"line_items\": []}}",
         "#7 Tea & Co"},
    };
    struct room *room = *state;
    put(room, "own.liquid", "<{{ b }}{{ a }}>{{ shop.name }}");
    put(room, "snippets/kept.liquid", ";{{ a }}{{ x) }}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *made = single_text(room, cases[i].name, cases[i].text, cases[i].data);
        assert_non_null(made);
        assert_string_equal(made, cases[i].expected);
    }
    assert_int_equal(room->diags.warnings, 1); /* the slip of the snippet */
    assert_null(single_text(room, "x.liquid", "\n{% render 'none' %}", "{}"));
    assert_string_equal(room->diag.code, "liquid-render");
    assert_int_equal(room->diag.line, 2);
    put(room, "bad.liquid", "{{ x | nope }}");
    assert_null(single_text(room, "x.liquid", "{% render 'bad' %}", "{}"));
    assert_int_equal(room->diags.errors, 1);
    assert_null(single_text(room, "x.text.liquid",
                            "{% for i in (1..200000) %}0123456789{% endfor %}", "{}"));
    assert_string_equal(room->diag.code, "liquid-limit");
    templates_destroy(&room->templates);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(lines_are_cleaned), TEST(lines_are_cut), TEST(whole_mail),        TEST(marketing),
        TEST(elsewhere),         TEST(confirmation),  TEST(variables),         TEST(escaping),
        TEST(preheader),         TEST(styles),        TEST(shopify),           TEST(languages),
        TEST(each_filter),       TEST(currency),      TEST(addresses),         TEST(attachments),
        TEST(refusals),          TEST(render_fault),  TEST(broken_characters), TEST(text_channels),
        TEST(one_of_each),       TEST(single_file),   TEST(cleaned),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
