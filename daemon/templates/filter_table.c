#include "templates/filter_table.h"

#include "templates/filter_format.h"
#include "templates/filter_links.h"
#include "templates/filter_shop.h"

const struct liquid_filter filter_table[] = {
    {"t", filter_format_t, 0, 0},
    {"translate", filter_format_t, 0, 0},
    {"money", filter_format_money, 0, 1},
    {"money_with_currency", filter_format_money_with_currency, 0, 1},
    {"money_without_currency", filter_format_money_without_currency, 0, 1},
    {"money_without_trailing_zeros", filter_format_money_without_trailing_zeros, 0, 1},
    {"unit_price_with_measurement", filter_format_unit_price, 0, 1},
    {"number", filter_format_number, 0, 1},
    {"date", filter_format_date, 0, 1},
    {"json", filter_format_json, 0, 0},
    {"link", filter_links_link, 0, 0},
    {"img_url", filter_links_img_url, 0, 1},
    {"product_img_url", filter_links_img_url, 0, 1},
    {"image_url", filter_links_image_url, 0, 0},
    {"asset_url", filter_links_asset_url, 0, 0},
    {"file_url", filter_links_asset_url, 0, 0},
    {"shopify_asset_url", filter_links_asset_url, 0, 0},
    {"cdn_asset_url", filter_links_asset_url, 0, 0},
    {"payment_icon_png_url", filter_links_payment_icon, 0, 0},
    {"payment_type_img_url", filter_links_payment_icon, 0, 0},
    {"link_to", filter_links_link_to, 1, 2},
    {"img_tag", filter_links_img_tag, 0, 3},
    {"image_tag", filter_links_image_tag, 0, 0},
    {"format_address", filter_shop_format_address, 0, 0},
    {"pluralize", filter_shop_pluralize, 2, 2},
    {"weight_with_unit", filter_shop_weight_with_unit, 0, 1},
    {"handle", filter_shop_handle, 0, 0},
    {"handleize", filter_shop_handle, 0, 0},
    {"metafield_text", filter_shop_metafield_text, 0, 0},
    {"camelize", filter_shop_camelize, 0, 0},
    {"sha1", filter_shop_sha1, 0, 0},
    {"sha256", filter_shop_sha256, 0, 0},
    {"hmac_sha256", filter_shop_hmac_sha256, 1, 1},
    {0},
};
