#include "liquid/liquid_name.h"

uint32_t liquid_name_hash(const char *text, size_t length)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    return hash;
}

struct liquid_name liquid_name_of(const char *text, size_t length)
{
    return (struct liquid_name){text, (uint32_t)length, liquid_name_hash(text, length)};
}
