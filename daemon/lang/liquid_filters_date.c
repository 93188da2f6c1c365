#include "lang/liquid_filters.h"

const struct liquid_filter liquid_filters_date[] = {
    {NULL, NULL, 0, 0},
};
