#include "store/remembered.h"

#include "base/digest.h"

enum { NAME_HASH = 16 /* bytes of it that are kept */ };

const char *remembered_hash(struct arena *arena, struct slice name)
{
    unsigned char digest[DIGEST_SIZE];
    char *hex = arena_alloc(arena, 2 * NAME_HASH + 1);
    digest_sha256(name.text, name.length, digest);
    digest_hex(digest, NAME_HASH, hex);
    return hex;
}
