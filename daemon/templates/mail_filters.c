#include "templates/mail_filters.h"

#include "templates/mail_format.h"
#include "templates/mail_links.h"
#include "templates/mail_shop.h"

const struct liquid_filter mail_filters[] = {
    {"t", mail_format_t, 0, 0},
    {"translate", mail_format_t, 0, 0},
    {"money", mail_format_money, 0, 1},
    {"money_with_currency", mail_format_money_with_currency, 0, 1},
    {"money_without_currency", mail_format_money_without_currency, 0, 1},
    {"money_without_trailing_zeros", mail_format_money_without_trailing_zeros, 0, 1},
    {"unit_price_with_measurement", mail_format_unit_price, 0, 1},
    {"number", mail_format_number, 0, 1},
    {"date", mail_format_date, 0, 1},
    {"json", mail_format_json, 0, 0},
    {"link", mail_links_link, 0, 0},
    {"img_url", mail_links_img_url, 0, 1},
    {"product_img_url", mail_links_img_url, 0, 1},
    {"image_url", mail_links_image_url, 0, 0},
    {"asset_url", mail_links_asset_url, 0, 0},
    {"file_url", mail_links_asset_url, 0, 0},
    {"shopify_asset_url", mail_links_asset_url, 0, 0},
    {"cdn_asset_url", mail_links_asset_url, 0, 0},
    {"payment_icon_png_url", mail_links_payment_icon, 0, 0},
    {"payment_type_img_url", mail_links_payment_icon, 0, 0},
    {"link_to", mail_links_link_to, 1, 2},
    {"img_tag", mail_links_img_tag, 0, 3},
    {"image_tag", mail_links_image_tag, 0, 0},
    {"format_address", mail_shop_format_address, 0, 0},
    {"pluralize", mail_shop_pluralize, 2, 2},
    {"weight_with_unit", mail_shop_weight_with_unit, 0, 1},
    {"handle", mail_shop_handle, 0, 0},
    {"handleize", mail_shop_handle, 0, 0},
    {"metafield_text", mail_shop_metafield_text, 0, 0},
    {"camelize", mail_shop_camelize, 0, 0},
    {"sha1", mail_shop_sha1, 0, 0},
    {"sha256", mail_shop_sha256, 0, 0},
    {"hmac_sha256", mail_shop_hmac_sha256, 1, 1},
    {0},
};
