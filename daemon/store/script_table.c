#include "store/script_table.h"

#define SCRIPT_SOURCE(name, file) extern const char script_##file[];
SCRIPT_TABLE(SCRIPT_SOURCE)
#undef SCRIPT_SOURCE

const char *const script_table[] = {
#define SCRIPT_ROW(name, file) script_##file,
    SCRIPT_TABLE(SCRIPT_ROW)
#undef SCRIPT_ROW
};
